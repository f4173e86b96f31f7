//! People's own templates: what they may do, what is said of a wrong one, and what holds whatever they say.

use super::*;
use crate::output::letter::sample;
use crate::output::letter::templates::{self, Templates};
use crate::output::own::BAD_TEMPLATE;
use crate::plan::Asking;
use crate::source::Grade;

fn file(path: &str, words: &str) -> crate::source::Text {
    crate::source::Text::new(path, words.as_bytes().to_vec())
}

fn own(files: &[(&str, &str)]) -> Sender {
    let files: Vec<crate::source::Text> = files.iter().map(|(path, words)| file(path, words)).collect();
    Sender { templates: Templates::new(&files), ..sender() }
}

fn reminder_of(meetings: Vec<Reminded>) -> Intent {
    intent(Kind::Reminder, About::Reminder { meetings, elsewhere: Vec::new() })
}

fn plain() -> Intent {
    reminder_of(vec![reminded(meeting("meeting", "2023-11-08T17:00:00"))])
}

/// The letter by a template of people's own, which keeps the promises of all letters.
fn by(template: &str, intent: &Intent) -> String {
    let sender = own(&[("templates/letters/reminder.txt", template)]);
    let now = utc("2023-11-07T17:00:00Z");
    assert_eq!(fault(intent, &calendar(), &sender, now), None);
    let letter = compose(intent, &calendar(), &sender, None, now);
    let text = text(intent, &calendar(), &sender, now);
    for line in text.body.lines() {
        let alone = line.starts_with("https://") && !line.contains(' ');
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 72 || alone, "{line}");
        assert!(!crate::output::words::is_command(line.split_whitespace().next().unwrap_or_default()), "{line}");
    }
    assert!(letter.bytes.len() < 30_000 && letter.bytes.is_ascii());
    format!("Subject: {}\n\n{}", text.subject, text.body)
}

#[track_caller]
fn complains(template: &str, line: u32, of_what: &str) {
    let remarks = templates::faults(&file("templates/letters/reminder.txt", template), &sample::values(Kind::Reminder));
    let remark = remarks.first().unwrap_or_else(|| panic!("nothing is said of {template}"));
    assert_eq!((remark.code, remark.grade, remark.place.line), (BAD_TEMPLATE, Grade::Fault, line), "{remark}");
    assert!(remark.sentence.contains(of_what), "{remark}");
}

#[test]
fn each_built_in_template_writes_every_sample_of_its_kind() {
    for kind in Kind::ALL {
        let samples = sample::values(kind);
        assert!(samples.len() >= 4, "{kind:?}");
        let text =
            crate::source::Text::new(format!("templates/letters/{}.txt", kind.word()), templates::built_in(kind).as_bytes().to_vec());
        assert_eq!(templates::faults(&text, &samples), [], "{kind:?}");
    }
}

#[test]
fn a_small_template_suffices() {
    let letter = by(
        "Subject: {{ meeting.short }}: {{ meeting.title }}\n\nDear orchardists, we meet!\n\n{{ meeting.when }}\n\n{{ foot }}\n",
        &plain(),
    );
    assert_eq!(
        letter,
        "Subject: Wed 8 Nov 17:00 UTC: Orchard community meeting\n\n\
         Dear orchardists, we meet!\n\n\
         Wednesday 8 November 2023, 17:00 UTC\n\
         1 hour, until 18:00 UTC\n  Los Angeles  09:00\n  Berlin       18:00\n  Kolkata      22:30\n  Auckland     Thu 9 Nov 06:00\n\n\
         Calendar to subscribe to:\nhttps://cal.orchard.example/feeds/orchard.ics\n\
         All dates of these meetings:\nhttps://cal.orchard.example/c/orchard/meeting\n\n\
         Questions: simply reply, or write to hello@orchard.example.\n\
         To sort these letters away, filter on\nX-Convened-Series: orchard/meeting\n\
         Our code of conduct:\nhttps://orchard.example/conduct\n\
         -- \nThe calendar of Orchard\nhttps://cal.orchard.example/c/orchard\n"
    );
}

#[test]
fn a_community_s_template_stands_before_that_of_all_and_both_before_the_built_in() {
    let common = ("templates/letters/reminder.txt", "Subject: common {{ title }}\n\n{{ foot }}");
    let theirs = ("templates/orchard/letters/reminder.txt", "Subject: ours {{ title }}\n\n{{ foot }}");
    let others = ("templates/tide/letters/reminder.txt", "Subject: tide {{ title }}\n\n{{ foot }}");
    let subject = |sender: &Sender| text(&plain(), &calendar(), sender, utc("2023-11-07T17:00:00Z")).subject;
    assert_eq!(subject(&own(&[common, theirs, others])), "ours Orchard community meeting");
    assert_eq!(subject(&own(&[common, others])), "common Orchard community meeting");
    assert_eq!(subject(&own(&[others])), "Wed 8 Nov 17:00 UTC: Orchard community meeting");
}

#[test]
fn the_letter_that_an_organiser_is_shown_is_written_by_the_same_template() {
    let asking = Asking {
        proposal: proposal(Proposed::Cancel(vec![wall("2023-10-30T09:00:00")])),
        now: vec![meeting("pruning", "2023-10-30T09:00:00")],
        would: Some((
            decision("pruning", vec![("2023-10-30T09:00:00", Verdict::Cancel)], None),
            vec![cancelled("pruning", "2023-10-30T09:00:00", None)],
        )),
    };
    let intent = intent(Kind::Proposal, About::Proposal { asked: crate::plan::Asked::First, proposals: vec![asking] });
    let sender =
        own(&[("templates/letters/cancelled.txt", "Subject: OFF {{ short }}: {{ title }}\n\nNo meeting this time.\n\n{{ foot }}")]);
    let letter = text(&intent, &calendar(), &sender, utc("2023-10-25T20:00:00Z")).body;
    assert!(letter.contains("    Subject: OFF Mon 30 Oct 16:00 UTC: Orchard Pruning Team\n\n    No meeting this time.\n"), "{letter}");
}

#[test]
fn what_is_wrong_is_said_with_line_column_and_what_to_write_instead() {
    complains(
        "Subject: {{ meeting.short }}\n\n  {{ meeting.titel }}\n",
        3,
        "Nothing is called \"titel\" of \"meeting\" in this letter (column 14). Did you mean \"title\"?",
    );
    complains("Subject: {{ titel }}\n", 1, "Nothing is called \"titel\" in this letter (column 13). Did you mean \"title\"?");
    complains(
        "Subject: x\n\n{% for one in meetings %}\n{{ one.wehn }}\n{% endfor %}\n",
        4,
        "Nothing is called \"wehn\" of \"one\" in this letter (column 8).",
    );
    complains("Subject: x\n\n{{ meeting.when|warp }}\n", 3, "There is no filter \"warp\" (column 17). Did you mean \"wrap\"?");
    complains("Subject: x\n\n{% if meeting %}\nno end\n", 4, "This is not a template");
    complains("Subject: x\n\n{{ meeting.when\n", 3, "This is not a template");
    complains("Subject: x\n\n{{ meeting.title + 1 }}\n", 3, "This cannot be written (column 4)");
    complains("{{ meeting.when }}\n", 1, "has no subject. Begin the template with a line \"Subject: {{ title }}\"");
    complains("Subject: x\n\n{% include \"foot.txt\" %}\n", 3, "A template of a letter stands alone");
    let loops =
        "{% for a in meeting.when %}{% for b in meeting.when %}{% for c in meeting.when %}{{ c }}{% endfor %}{% endfor %}{% endfor %}";
    complains(&format!("Subject: x\n\n{loops}\n"), 3, "Take a");
    complains("Subject: x\n\n{{ \"a very long line \" * 100000 }}\n", 0, "larger than 256 kB");
    let bytes = crate::source::Text::new("templates/letters/moved.txt", vec![b'S', 0xff]);
    assert!(templates::faults(&bytes, &[])[0].sentence.contains("not UTF-8"));
    assert!(templates::faults(&file("templates/letters/moved.txt", &"x".repeat(1 << 17)), &[])[0].sentence.contains("larger than 64 kB"));
}

#[test]
fn a_name_that_only_some_letters_lack_is_found_before_one_of_them_is_due() {
    // The rich sample has a PIN in "where"; a phone that is absent must be asked for with "if".
    complains("Subject: x\n\n{{ meeting.notes.url }}\n", 3, "\"url\" of \"meeting.notes\"");
    let asks = "Subject: x\n\n{% if meeting.notes %}\n{{ meeting.notes.url }}\n{% endif %}\n";
    assert_eq!(templates::faults(&file("templates/letters/reminder.txt", asks), &sample::values(Kind::Reminder)), []);
}

#[test]
fn a_file_that_names_no_kind_is_said() {
    let of = |path| templates::of(path);
    assert!(matches!(of("templates/letters/moved.txt"), Some(Ok(templates::Of { community: None, kind: Kind::Moved }))));
    assert!(matches!(of("templates/tide/letters/moved.txt"), Some(Ok(templates::Of { community: Some(id), .. })) if id == "tide"));
    let Some(Err(remark)) = of("templates/letters/remindr.txt") else { panic!("it is taken") };
    assert!(remark.sentence.contains("Did you mean reminder.txt?"), "{remark}");
    assert!(of("templates/pages/home.txt").is_none() && of("communities/letters/moved.txt").is_none());
}

#[test]
fn a_template_that_fails_at_a_real_letter_leaves_it_to_the_built_in_one_and_says_so() {
    let sender = own(&[("templates/letters/reminder.txt", "Subject: {{ meeting.nothing }}\n\nx\n")]);
    let now = utc("2023-11-07T17:00:00Z");
    assert_eq!(text(&plain(), &calendar(), &sender, now), text(&plain(), &calendar(), &super::sender(), now));
    let remark = fault(&plain(), &calendar(), &sender, now).unwrap();
    assert_eq!((&*remark.place.file, remark.place.line), ("templates/letters/reminder.txt", 1));
}

#[test]
fn what_holds_for_every_letter_holds_for_theirs() {
    let long = "we really ought to speak about it ".repeat(9);
    let template = format!(
        "Subject: Who comes\n\nset the table\n   who brings bread\nFrom here on {long}\n* {long}\n> {long}\n\
         Look at https://orchard.example/one, and (later) at https://orchard.example/two.\n\u{202e}turned\u{7} {{{{ foot }}}}{{# x #}}\n\n\n\n\n"
    );
    let letter = by(&template, &plain());
    assert!(
        letter.starts_with("Subject: Reminder: Who comes\n\n* set the table\n   * who brings bread\n* From here on we really"),
        "{letter}"
    );
    assert!(
        letter.contains("\n* we really ought") && letter.contains("\n  speak about it") && letter.contains("\n> we really ought"),
        "{letter}"
    );
    assert!(letter.contains("\nLook at\nhttps://orchard.example/one\nand (later) at\nhttps://orchard.example/two\n"), "{letter}");
    assert!(letter.contains("\nturned\n\nCalendar to subscribe to:\n"), "{letter}");
}

#[test]
fn a_letter_of_theirs_that_is_too_long_keeps_its_foot() {
    let template = "Subject: x\n\n{% for one in meeting.items %}{{ \"All work and no play. \" * 2000 }}{% endfor %}\n\n{{ foot }}\n";
    let items = vec![item("one", &[], 1)];
    let letter = by(template, &reminder_of(vec![Reminded { items, ..reminded(meeting("meeting", "2023-11-08T17:00:00")) }]));
    assert!(
        letter.contains(
            "\n\nThis letter was too long and ends here. The rest:\nhttps://cal.orchard.example/c/orchard/meeting\n\nCalendar to"
        ),
        "{letter}"
    );
    assert!(letter.ends_with("-- \nThe calendar of Orchard\nhttps://cal.orchard.example/c/orchard\n"), "{letter}");
}

#[test]
fn a_rehearsal_says_so_above_a_template_of_theirs() {
    let sender = own(&[("templates/letters/reminder.txt", "Subject: {{ meeting.short }}\n\nOur words.\n\n{{ foot }}")]);
    let rehearsed = Intent { to: community().organisers, instead_of: Some(list()), ..plain() };
    let body = text(&rehearsed, &calendar(), &sender, utc("2023-11-07T17:00:00Z")).body;
    assert!(
        body.starts_with(
            "This is a rehearsal: only the organisers get this letter. It would\nhave gone to talk@lists.orchard.example.\n\nOur words.\n"
        ),
        "{body}"
    );
}

#[test]
fn words_of_others_are_never_a_template() {
    let items = vec![item("{{ 7 * 7 }} {% include 'x' %} {# gone #}", &["{{ foot }}"], 1)];
    let intent = reminder_of(vec![Reminded { items, ..reminded(meeting("meeting", "2023-11-08T17:00:00")) }]);
    let mut calendar = calendar();
    calendar.communities[0].series[1].title = "{{ title }} {% raw %}".to_owned();
    let letter = read_in(&calendar, &intent, "2023-11-07T17:00:00Z");
    assert!(letter.starts_with("Subject: Wed 8 Nov 17:00 UTC: {{ title }} {% raw %}\n"), "{letter}");
    assert!(letter.contains("\n{{ foot }}\n  * {{ 7 * 7 }} {% include 'x' %} {# gone #}\n"), "{letter}");
}

#[test]
fn every_name_that_a_template_may_use_is_listed() {
    let listed = include_str!("../../../../config/templates/README.md");
    let mut missing = std::collections::BTreeSet::new();
    for kind in Kind::ALL {
        for values in sample::values(kind) {
            for key in values.try_iter().unwrap().map(|key| key.to_string()) {
                let value = values.get_attr(&key).unwrap();
                // Of a list of values, the first one shows what each has.
                let first =
                    value.try_iter().ok().and_then(|mut each| each.next()).filter(|first| first.kind() == minijinja::value::ValueKind::Map);
                let of = if value.kind() == minijinja::value::ValueKind::Map { Some(value) } else { first };
                let inner: Vec<String> =
                    of.iter().flat_map(|of| of.try_iter().into_iter().flatten()).map(|key| format!(".{key}")).collect();
                for name in inner.into_iter().chain([key]).filter(|name| !listed.contains(&format!("`{name}`"))) {
                    missing.insert(format!("{} {name}", kind.word()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "config/templates/README.md does not list {missing:?}");
    for kind in Kind::ALL {
        assert!(listed.contains(&format!("`{}`", kind.word())), "{kind:?}");
    }
}
