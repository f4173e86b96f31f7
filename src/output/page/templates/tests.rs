use minijinja::context;

use super::*;
use crate::meeting::calendar::{Calendar, Verdicts};
use crate::output::publication::{Publication, Site, publish};
use crate::plan::component::parts;
use crate::plan::component::sample::{site, tide, utc};
use crate::plan::ledger::Ledger;
use crate::source::Grade;

fn file(path: &str, words: &str) -> Text {
    Text::new(path, words.as_bytes().to_vec())
}

fn faults_of(path: &str, words: &str) -> Vec<Remark> {
    let of = of(path).unwrap().unwrap();
    faults(&file(path, words), &of, &[])
}

/// What is said of a template: one fault on a line, with these words.
fn complains(path: &str, words: &str, line: u32, part: &str) {
    let said = faults_of(path, words);
    let [remark] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!((remark.code, remark.grade, remark.place.line), (BAD_TEMPLATE, Grade::Fault, line), "{remark}");
    assert!(remark.sentence.contains(part), "{remark}");
}

fn publication(calendar: &Calendar, own: &[Text], previous: Option<&Publication>) -> Publication {
    let (ledger, now) = (Ledger::default(), utc("2026-11-20T12:00:00Z"));
    let made = parts(calendar, &Verdicts::of(&[]), &ledger.revisions, now, previous.map_or(&[][..], Publication::parts));
    let site = Site { templates: Templates::new(own), ..site() };
    publish(calendar, &ledger, &made, &site, now, previous)
}

fn text(publication: &Publication, path: &str) -> String {
    String::from_utf8(publication.documents[path].bytes.to_vec()).unwrap()
}

#[test]
fn a_copy_of_each_template_is_taken_and_makes_the_very_page() {
    let ours = publication(&tide(), &[], None);
    for name in NAMES {
        let path = format!("templates/pages/{name}.html");
        let copy = file(&path, Templates::default().in_force(name, None).unwrap().1);
        assert_eq!(faults_of(&path, std::str::from_utf8(&copy.bytes).unwrap()), [], "{name}");
        let copied = publication(&tide(), &[copy], None);
        for (path, document) in &ours.documents {
            assert_eq!(document.bytes, copied.documents[path].bytes, "{name}: {path}");
        }
    }
}

#[test]
fn a_community_has_its_own_template_before_that_of_all() {
    let own = [
        file(
            "templates/pages/home.html",
            "{% extends \"built-in/home.html\" %}{% block intro %}<p>Welcome to {{ site }}.</p>{% endblock %}",
        ),
        file("templates/pages/community.html", "<h1>All: {{ community.title }}</h1>"),
        file("templates/tide/pages/community.html", "{% extends \"built-in/community.html\" %}{% block intro %}<p>Ahoy.</p>{% endblock %}"),
        file("templates/tide/pages/style.css", ".own { color: red }\n"),
        file("templates/pages/style.css", ".all { color: blue }\n"),
    ];
    let made = publication(&tide(), &own, None);
    assert!(text(&made, "/").contains("<p>Welcome to Calendars.</p>"));
    let tide_page = text(&made, "/c/tide/");
    assert!(tide_page.contains("<p>Ahoy.</p>") && tide_page.contains("What is coming") && tide_page.contains("/c/tide/style.css"));
    assert!(text(&made, "/c/tide/style.css").ends_with(".own { color: red }\n"));
    assert!(text(&made, "/style.css").ends_with(".all { color: blue }\n"));
    assert!(made.remarks().next().is_none());
    let templates = Templates::new(&own);
    assert_eq!(
        templates.page("community.html", Some("other"), &context! { community => context! { title => "A <b>" } }).0,
        "<h1>All: A &lt;b&gt;</h1>"
    );
}

#[test]
fn nothing_that_a_template_says_lets_markup_through() {
    let values = context! { title => "<b onclick='x'>", list => vec!["<i>"], map => context! { a => "<u>" } };
    for words in [
        "{{ title }}{{ list }}{{ map }}",
        "{% autoescape false %}{{ title }}{{ list }}{{ map }}{{ list|join('<') }}{% endautoescape %}",
        "{% set x %}{{ title }}{% endset %}{{ x }}{{ x|upper }}{{ x ~ title }}",
        "{% autoescape false %}{% set x %}{{ title }}{% endset %}{% endautoescape %}{{ x }}",
        "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(title) }}{{ m(title)|replace('&lt;', '<') }}",
        "{{ title|replace('b', '<') }}{{ list|join('<p>') }}{{ list|first }}{{ title|default('') }}{{ title[:3] }}",
    ] {
        let (page, fault) = Templates::new(&[file("templates/pages/items.html", words)]).page("items.html", None, &values);
        assert_eq!(fault, None, "{words}");
        assert!(!page.contains('<'), "{words}: {page}");
    }
    for filter in ["safe", "escape", "tojson", "urlize"] {
        complains(
            "templates/pages/items.html",
            &format!("<h1>x</h1>\n  {{{{ site|{filter} }}}}"),
            2,
            &format!("There is no filter \"{filter}\""),
        );
    }
}

#[test]
fn a_slip_is_said_with_line_column_and_the_name_that_was_meant() {
    let path = "templates/numpy/pages/community.html";
    complains(
        path,
        "<h1>x</h1>\n<p>{{ comunity.title }}</p>",
        2,
        "Nothing is called \"comunity\" in this page (column 16). Did you mean \"community\"?",
    );
    complains(path, "{{ community.titel }}", 1, "Did you mean \"title\"?");
    complains(path, "<p>\n{% if site %}", 2, "This is not a template");
    complains(path, "{% extends \"bases.html\" %}", 1, "There is no such template");
    complains(path, "<p>\n<script>alert(1)</script>", 2, "column 1: no script stands inside a page");
    complains(path, "<p style=\"{{ site }}\">", 1, "no style stands in a tag");
    complains("templates/pages/style.css", "p { color: red }\n@import 'x';", 2, "fetches nothing from elsewhere");
    // A macro that our pages need.
    let said = faults_of("templates/pages/rows.html", "{% macro zone() %}{% endmacro %}");
    assert!(!said.is_empty() && said.iter().all(|remark| &*remark.place.file == "templates/pages/rows.html"), "{said:?}");
    let wrong = of("templates/pages/comunity.html").unwrap().unwrap_err();
    assert!(wrong.sentence.contains("Did you mean community.html?"), "{wrong}");
    let ours = of("templates/pages/decide.html").unwrap().unwrap_err();
    assert!(ours.sentence.starts_with("There is no page \"decide\" to be written by a template."), "{ours}");
    assert_eq!((of("templates/letters/moved.txt"), of("templates/pages/notes.txt")), (None, None));
}

#[test]
fn a_template_that_would_not_end_is_a_fault_and_holds_up_nothing() {
    let deep = |depth: usize| format!("{}x{}", "{% for a in [1,2,3,4,5,6,7,8,9,0] %}".repeat(depth), "{% endfor %}".repeat(depth));
    complains("templates/pages/home.html", &deep(9), 1, "takes too many steps for one page");
    complains("templates/pages/meeting.html", &deep(6), 1, "takes too many steps for one page");
    complains("templates/pages/home.html", "{{ \"a very long line \" * 1000000 }}", 0, "larger than 4 MB");
    complains("templates/pages/home.html", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", 1, "This cannot be written");
}

#[test]
fn a_page_that_a_template_cannot_make_is_made_by_ours_and_it_is_said_until_it_is_mended() {
    // It goes wrong only for what these pages hold, which no sample does.
    let words = "{% if community.title == \"Tide\" %}{{ nothing }}{% endif %}<h1>x</h1>";
    let own = [file("templates/pages/community.html", words)];
    assert_eq!(faults_of("templates/pages/community.html", words), []);
    let calendar = tide();
    let first = publication(&calendar, &own, None);
    assert!(text(&first, "/c/tide/").contains("What is coming"), "{}", text(&first, "/c/tide/"));
    let said: Vec<_> = first.remarks().collect();
    assert!(said.len() == 1 && said[0].0.as_deref() == Some("tide") && said[0].1.sentence.contains("nothing"), "{said:?}");
    let second = publication(&calendar, &own, Some(&first));
    assert_eq!(second.remarks().collect::<Vec<_>>(), said, "also where nothing is made again");
    let mended = publication(&calendar, &[file("templates/pages/community.html", "<h1>mended</h1>")], Some(&second));
    assert_eq!(text(&mended, "/c/tide/"), "<h1>mended</h1>");
    assert!(mended.remarks().next().is_none());
    let gone = publication(&calendar, &[], Some(&mended));
    assert_eq!(text(&gone, "/c/tide/"), text(&first, "/c/tide/"));
}

#[test]
fn every_built_in_template_is_read() {
    let ours = ours();
    for (name, _) in BUILT_IN {
        ours.get_template(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert!(NAMES.iter().all(|name| BUILT_IN.iter().any(|(known, _)| *known == format!("{name}.html"))));
}
