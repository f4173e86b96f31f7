//! People's own templates, read from the configuration's folder by the program itself.

use crate::orchard;

const OURS: &str =
    "Subject: {{ meeting.short }}: {{ meeting.title }}\n\nWe meet, and everybody is welcome.\n\n{{ meeting.when }}\n\n{{ foot }}\n";

#[test]
fn a_broken_template_keeps_the_last_good_one_also_after_a_restart_and_is_a_fault() {
    let house = orchard();
    house.write("config/templates/letters/reminder.txt", OURS);
    house.round("2026-11-01T08:00:00Z");
    house.write("config/templates/letters/reminder.txt", &OURS.replace("meeting.when", "meeting.wehn"));
    // Each round is a program of its own: what it knows it has from the store.
    house.round("2026-11-02T08:00:00Z");
    house.round("2026-11-04T16:00:01Z");
    let mail = house.mail();
    let last = mail.iter().find(|mail| mail.subject().contains("Pruning")).unwrap_or_else(|| panic!("no reminder"));
    assert!(
        last.body.contains("We meet, and everybody is welcome.") && last.body.contains("Thursday 5 November 2026, 16:00 UTC"),
        "{}",
        last.body
    );
    let check = house.run(&["check", "--now", "2026-11-04T16:00:01Z"]);
    assert_eq!(check.status.code(), Some(1));
    let said = String::from_utf8(check.stdout).unwrap();
    assert!(
        said.contains("templates/letters/reminder.txt:5: fault[bad-template]: Nothing is called \"wehn\" of \"meeting\" in this letter (column 12). Did you mean \"when\"?"),
        "{said}"
    );
    assert!(said.contains("The last good version of this file of 1 November 2026, 08:00 UTC stays in force."), "{said}");
}

#[test]
fn a_template_that_was_never_good_or_is_gone_leaves_the_letter_to_the_built_in_one() {
    let house = orchard();
    let letter = |house: &crate::House| house.well(&["letter", "orchard/pruning", "--now", "2026-11-01T08:00:00Z"]);
    let built_in = letter(&house);
    house.write("config/templates/orchard/letters/reminder.txt", "Subject: {{ nothing }}\n");
    assert_eq!(letter(&house), built_in);
    house.write("config/templates/orchard/letters/reminder.txt", OURS);
    assert!(letter(&house).contains("everybody is welcome"));
    house.round("2026-11-01T08:00:00Z");
    std::fs::remove_dir_all(house.path().join("config/templates")).unwrap();
    house.round("2026-11-02T08:00:00Z");
    assert_eq!(letter(&house), built_in);
}

#[test]
fn check_shows_what_own_templates_make_and_finds_what_a_letter_to_come_would_lack() {
    let house = orchard();
    house.write("config/templates/letters/digest.txt", "Subject: Orchard from {{ from }}\n\n{{ count }} meetings!\n\n{{ foot }}\n");
    house.write("config/templates/letters/remindr.txt", OURS);
    let said = house.well(&["check", "--letters", "--now", "2026-11-01T08:00:00Z"]);
    assert!(
        said.contains("templates/letters/digest.txt, for orchard; what it tells is made up:\n\nSubject: Orchard from Sun 1 Nov\n\n3 meetings!\n\nCalendar to subscribe to:\n"),
        "{said}"
    );
    assert!(said.contains("templates/letters/remindr.txt: warning[unknown-template]: There is no letter of the kind \"remindr\". Did you mean reminder.txt?"), "{said}");
    house.write("config/templates/letters/cancelled.txt", "Subject: OFF {{ short }}\n\n{{ meetings[0].short }}\n\n{{ foot }}\n");
    let check = house.run(&["check", "--now", "2026-11-01T08:00:00Z"]);
    assert_eq!(check.status.code(), Some(1), "an extra meeting that was taken back has no meeting any more");
    assert!(String::from_utf8(check.stdout).unwrap().contains("templates/letters/cancelled.txt:3: fault[bad-template]"));
}

#[test]
fn the_letter_of_every_kind_can_be_read_beforehand_and_its_template_copied() {
    let house = orchard();
    for kind in ["reminder", "cancelled", "moved", "restored", "extra", "changed", "clocks", "digest", "hello", "proposal", "remarks"] {
        let letter = house.well(&["letter", "orchard/community", "--kind", kind, "--now", "2026-11-01T08:00:00Z"]);
        assert!(letter.starts_with("Subject: ") && letter.contains("Orchard") && letter.lines().count() > 10, "{kind}: {letter}");
        let template = house.well(&["letter", "orchard/community", "--kind", kind, "--template"]);
        house.write(&format!("config/templates/letters/{kind}.txt"), &template);
        let copied = house.well(&["letter", "orchard/community", "--kind", kind, "--now", "2026-11-01T08:00:00Z"]);
        assert_eq!(copied, letter, "a copy writes the same letter");
    }
    house.well(&["check", "--now", "2026-11-01T08:00:00Z"]);
}

#[test]
fn an_own_page_is_checked_kept_and_put_in_place_as_a_letter_is() {
    let house = orchard();
    let page = "{% extends \"built-in/community.html\" %}{% block intro %}<p>Bring a basket.</p>{% endblock %}";
    let path = "config/templates/orchard/pages/community.html";
    house.write(path, page);
    house.round("2026-11-01T08:00:00Z");
    assert!(house.well(&["page", "community", "--of", "orchard"]).contains("<p>Bring a basket.</p>"));
    house.write(path, &page.replace("Bring a basket", "{{ comunity.title }}"));
    house.round("2026-11-02T08:00:00Z");
    assert!(house.well(&["page", "community", "--of", "orchard"]).contains("<p>Bring a basket.</p>"), "the last good one, after a restart");
    let check = house.run(&["check", "--now", "2026-11-02T09:00:00Z"]);
    assert_eq!(check.status.code(), Some(1));
    let said = String::from_utf8(check.stdout).unwrap();
    let fault = "templates/orchard/pages/community.html:1: fault[bad-template]: Nothing is called \"comunity\" in this page (column ";
    assert!(said.contains(fault) && said.contains("Did you mean \"community\"?") && said.contains("stays in force"), "{said}");
    let copy = house.well(&["page", "community", "--template"]);
    house.write(path, &copy);
    assert_eq!(house.well(&["page", "community", "--of", "orchard"]), house.well(&["page", "community"]), "a copy makes the same page");
}
