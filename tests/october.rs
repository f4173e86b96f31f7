//! The week of 25 October 2023: a cancellation decided in another team's notes, from the sentence to the list, against a real SMTP
//! server where `tests/run` has set one up, else into a maildir. The note is ours; its shape is that of a real one.

#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/house.rs"]
mod house;
mod support;

use house::{House, Mail};
use support::{SmtpServer, left_out, python};

const SCHEDULE: &str = r#"
format = 1
title = "NumPy"
home = "https://numpy.example.org"
contact = "Calendar team <team@example.org>"
organisers = ["Dana <dana@example.org>", "Eli <eli@example.org>"]
list = "discussion@lists.example.org"
letters = "reminders"
remind = ["1 day"]
cities = { "Los Angeles" = "America/Los_Angeles", "Berlin" = "Europe/Berlin", "Kolkata" = "Asia/Kolkata" }
MORE
[[notes]]
folder = "../notes"
trusted = TRUSTED
url = "https://notes.example.org/{path}"

[[series]]
id = "community"
title = "NumPy community meeting"
every = "2 weeks"
from = 2023-10-25
time = "17:00"
zone = "UTC"
join = "https://meet.example.org/community"

[[series]]
id = "optimization"
title = "NumPy Optimization Team"
every = "3 weeks"
from = 2023-08-07
time = "09:00"
zone = "America/Los_Angeles"
join = "https://meet.example.org/optimization"

[[series]]
id = "documentation"
title = "NumPy documentation team"
every = "4 weeks"
from = 2023-10-27
time = "16:00"
zone = "UTC"
"#;

const NOTE: &str = "# 2023-10-25 NumPy community meeting

- Time: 5:00pm UTC
- Join via https://meet.example.org/community

**Present:** Ana Ruiz, Bo Lind, Dana Katz

## New topics

- Cancel the next Optimization Team meeting, because at least Ana, Bo, and Chi are not available. Dana will do this, and also begin to \
mail invites to the list.

## Action items

";

/// A community with the schedule of that autumn, and letters to a server or into a maildir.
struct Week {
    house: House,
    server: Option<SmtpServer>,
    _stored: tempfile::TempDir,
}

impl Week {
    fn begin(more: &str, trusted: bool) -> Week {
        let stored = tempfile::tempdir().unwrap();
        let server = python().map(|python| SmtpServer::start(&python, stored.path(), &["ok"]));
        if server.is_none() {
            left_out(
                "the week of 25 October over SMTP",
                "tests/.venv with aiosmtpd is missing (tests/run makes it); letters go into a maildir",
            );
        }
        let house = House::new(server.as_ref().map(|server| server.port));
        std::fs::create_dir_all(house.path().join("notes")).unwrap();
        let schedule = SCHEDULE.replace("MORE", more).replace("TRUSTED", if trusted { "true" } else { "false" });
        house.write("config/communities/numpy.toml", &schedule);
        Week { house, server, _stored: stored }
    }

    fn note(&self, text: &str) {
        self.house.write("notes/community-2023-10-25.md", text);
    }

    fn at(&self, time: &str) -> String {
        self.house.round(time)
    }

    fn mail(&self) -> Vec<Mail> {
        match &self.server {
            Some(server) => server.letters().iter().map(|bytes| Mail::parse(bytes)).collect(),
            None => self.house.mail(),
        }
    }

    fn to(&self, address: &str) -> Vec<Mail> {
        self.mail().into_iter().filter(|mail| mail.header("To").contains(address)).collect()
    }

    fn to_the_list(&self) -> Vec<Mail> {
        self.to("discussion@lists.example.org")
    }

    fn open_proposal(&self, now: &str) -> String {
        let changes = self.house.json(&["changes", "--json", "--now", now]);
        let open: Vec<_> = changes.iter().filter(|change| change["state"] == "open").collect();
        assert_eq!(open.len(), 1, "{changes:?}");
        open[0]["id"].as_str().unwrap().to_owned()
    }

    /// Up to the proposal: a first round, the note at 19:00Z, the letters at 19:30Z.
    fn asked(more: &str, trusted: bool) -> Week {
        let week = Week::begin(more, trusted);
        week.at("2023-10-25T16:00:00Z");
        assert!(week.mail().is_empty(), "a first round on an empty store is silent");
        week.note(NOTE);
        week.at("2023-10-25T19:00:00Z");
        week.at("2023-10-25T19:29:00Z");
        assert!(week.mail().is_empty(), "a sentence counts only after it was quiet");
        week.at("2023-10-25T19:30:00Z");
        week
    }
}

fn published(week: &Week, path: &str) -> String {
    let store = convened::store::Store::open(&week.house.path().join("state")).unwrap();
    let publication = store.publication().unwrap();
    String::from_utf8(publication.documents.get(path).unwrap_or_else(|| panic!("{path}")).bytes.to_vec()).unwrap().replace("\r\n ", "")
}

#[test]
fn a_cancellation_decided_in_another_teams_notes_reaches_the_list_once() {
    let week = Week::asked("", true);
    let asked = week.mail();
    assert_eq!(asked.len(), 2, "one proposal for each organiser");
    for organiser in ["dana@example.org", "eli@example.org"] {
        let mail = &week.to(organiser)[0];
        let text = mail.flowing();
        assert!(text.contains("Cancel the next Optimization Team meeting, because at least Ana, Bo, and Chi are not available."), "{text}");
        assert!(text.contains("community-2023-10-25.md:10") || mail.body.contains("community-2023-10-25.md, line 10"), "{text}");
        assert!(text.contains("Monday 30 October 2023, 16:00 UTC"), "{text}");
        assert!(text.contains("CANCELLED Mon 30 Oct 16:00 UTC: NumPy Optimization Team"), "the very letter: {text}");
        assert!(text.contains("https://cal.example.org/decide/"));
    }
    assert_ne!(asked[0].body, asked[1].body, "links belong to one organiser");

    let id = week.open_proposal("2023-10-25T19:31:00Z");
    week.house.well(&["approve", &id, "--reason", "Too many of us are away.", "--now", "2023-10-25T19:40:00Z"]);
    week.at("2023-10-25T19:41:00Z");
    assert!(week.to_the_list().is_empty(), "the grace is not over");
    week.at("2023-10-25T19:50:00Z");
    let told = week.to_the_list();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].subject(), "CANCELLED Mon 30 Oct 16:00 UTC: NumPy Optimization Team");
    assert!(told[0].flowing().contains("Too many of us are away."));
    assert!(!told[0].flowing().contains("Ana"), "the list gets what an organiser confirmed");

    let feed = published(&week, "/feeds/numpy/optimization.ics");
    let event = feed.split("BEGIN:VEVENT").find(|event| event.contains("RECURRENCE-ID;TZID=America/Los_Angeles:20231030T090000")).unwrap();
    assert!(event.contains("STATUS:CANCELLED"), "{event}");
    assert!(event.contains("CANCELLED: NumPy Optimization Team") && event.contains("Too many of us are away."));
    assert!(!event.contains("meet.example.org"), "no join link");

    week.at("2023-10-26T16:00:00Z");
    let documentation = week.to_the_list().pop().unwrap();
    assert_eq!(documentation.subject(), "Fri 27 Oct 16:00 UTC: NumPy documentation team");
    let text = documentation.flowing();
    assert!(text.contains("NumPy Optimization Team") && text.to_lowercase().contains("cancelled") && text.contains("30 Oct"), "{text}");

    week.at("2023-10-29T16:00:00Z");
    week.at("2023-10-29T17:00:00Z");
    week.at("2023-10-30T15:00:00Z");
    assert!(!week.to_the_list().iter().any(|mail| mail.subject().starts_with("Mon 30 Oct")), "no reminder of a cancelled meeting");

    week.at("2023-11-19T17:00:00Z");
    let reminder = week.to_the_list().pop().unwrap();
    assert_eq!(reminder.subject(), "Mon 20 Nov 17:00 UTC: NumPy Optimization Team");
    let text = reminder.flowing();
    assert!(text.contains("Kolkata 22:30, one hour later than on 9 October"), "{}", reminder.body);
    assert!(!text.contains("Los Angeles 09:00, ") && !text.contains("Berlin 18:00, "), "{}", reminder.body);

    let items = week.house.json(&["items", "--all", "--json", "--now", "2023-10-26T00:00:00Z"]);
    let of_dana: Vec<_> = items.iter().filter(|item| item["line"] == 10).collect();
    assert_eq!(of_dana.len(), 2, "{items:?}");
    assert!(of_dana[0]["text"].as_str().unwrap().starts_with("Cancel the next Optimization Team meeting"));
    assert_eq!((&of_dana[0]["state"], &of_dana[1]["state"]), (&"done".into(), &"open".into()), "the first is done by the decision");
    assert!(of_dana[1]["text"].as_str().unwrap().contains("mail invites to the list"));

    let lines: Vec<String> = week.house.json(&["outbox", "--json"]).iter().map(|line| line["fate"].as_str().unwrap().to_owned()).collect();
    assert!(lines.iter().all(|fate| fate == "sent"), "{lines:?}");
}

#[test]
fn an_approval_without_a_reason_gives_none() {
    let week = Week::asked("", true);
    let id = week.open_proposal("2023-10-25T19:31:00Z");
    week.house.well(&["approve", &id, "--no-reason", "--now", "2023-10-25T19:40:00Z"]);
    week.at("2023-10-25T19:50:00Z");
    let told = week.to_the_list().pop().unwrap();
    assert!(!told.flowing().contains("available"), "{}", told.body);
    let feed = published(&week, "/feeds/numpy/optimization.ics");
    assert!(feed.contains("STATUS:CANCELLED") && !feed.contains("not available"));
}

#[test]
fn restore_takes_it_back_everywhere_in_the_same_thread() {
    let week = Week::asked("", true);
    let id = week.open_proposal("2023-10-25T19:31:00Z");
    week.house.well(&["approve", &id, "--now", "2023-10-25T19:40:00Z"]);
    week.at("2023-10-25T19:50:00Z");
    let sequence = |feed: &str| -> u64 {
        let event =
            feed.split("BEGIN:VEVENT").find(|event| event.contains("RECURRENCE-ID;TZID=America/Los_Angeles:20231030T090000")).unwrap();
        event.lines().find_map(|line| line.trim().strip_prefix("SEQUENCE:")).unwrap().parse().unwrap()
    };
    let cancelled = sequence(&published(&week, "/feeds/numpy/optimization.ics"));
    week.house.well(&["restore", "numpy/optimization", "--on", "2023-10-30", "--now", "2023-10-26T08:00:00Z"]);
    week.at("2023-10-26T08:10:00Z");
    let told = week.to_the_list();
    assert_eq!(told.len(), 2, "{:?}", told.iter().map(Mail::subject).collect::<Vec<_>>());
    assert_eq!(told[1].subject(), "RESTORED Mon 30 Oct 16:00 UTC: NumPy Optimization Team");
    assert_eq!(told[1].header("In-Reply-To"), told[0].header("Message-ID"));
    let feed = published(&week, "/feeds/numpy/optimization.ics");
    assert!(!feed.contains("STATUS:CANCELLED"));
    assert!(sequence(&feed) > cancelled, "readers believe a higher SEQUENCE");
    let agenda = week.house.json(&["agenda", "numpy/optimization", "--json", "--now", "2023-10-26T09:00:00Z"]);
    assert_eq!(agenda[0]["status"], "confirmed");
    week.at("2023-10-29T16:00:00Z");
    assert_eq!(
        week.to_the_list().last().unwrap().subject(),
        "Mon 30 Oct 16:00 UTC: NumPy Optimization Team",
        "its reminder comes after all"
    );
}

#[test]
fn what_is_taken_back_within_the_grace_was_never_said() {
    let week = Week::asked("", true);
    let id = week.open_proposal("2023-10-25T19:31:00Z");
    week.house.well(&["approve", &id, "--now", "2023-10-25T19:40:00Z"]);
    week.at("2023-10-25T19:40:30Z");
    week.house.well(&["restore", "numpy/optimization", "--on", "2023-10-30", "--now", "2023-10-25T19:45:00Z"]);
    week.at("2023-10-25T19:50:00Z");
    week.at("2023-10-25T20:30:00Z");
    assert!(week.to_the_list().is_empty());
}

#[test]
fn a_trusted_source_under_the_policy_apply_needs_no_hand() {
    let week = Week::asked("changes-from-notes = \"apply\"\napply-after = \"2 hours\"", true);
    let asked = week.mail();
    assert_eq!(asked.len(), 2, "the organisers are told first");
    week.at("2023-10-25T21:29:00Z");
    assert!(week.to_the_list().is_empty());
    week.at("2023-10-25T21:30:00Z");
    week.at("2023-10-25T21:40:00Z");
    let told = week.to_the_list();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].subject(), "CANCELLED Mon 30 Oct 16:00 UTC: NumPy Optimization Team");
    assert!(!told[0].flowing().contains("Ana"), "no reason that names a person: {}", told[0].body);
}

#[test]
fn an_untrusted_source_under_the_policy_apply_asks() {
    let week = Week::asked("changes-from-notes = \"apply\"", false);
    assert_eq!(week.mail().len(), 2);
    week.at("2023-10-25T21:30:00Z");
    week.at("2023-10-25T22:30:00Z");
    assert!(week.to_the_list().is_empty(), "a sentence that nobody decided cancels nothing");
    let agenda = week.house.json(&["agenda", "numpy/optimization", "--json", "--now", "2023-10-25T23:00:00Z"]);
    assert_eq!(agenda[0]["status"], "confirmed");
    week.at("2023-10-29T16:00:00Z");
    let reminder = week.to_the_list().pop().unwrap();
    assert!(!reminder.flowing().contains("Not certain"), "words of an untrusted source never go to a list: {}", reminder.body);
}

#[test]
fn a_first_start_after_the_note_asks_the_organisers_and_tells_the_list_nothing() {
    let week = Week::begin("", true);
    week.note(NOTE);
    week.at("2023-10-25T20:00:00Z");
    week.at("2023-10-25T20:30:00Z");
    assert_eq!(week.to("dana@example.org").len(), 1);
    assert_eq!(week.to("eli@example.org").len(), 1);
    assert!(week.to_the_list().is_empty());
}

#[test]
fn an_unanswered_proposal_is_asked_again_and_the_reminder_says_not_certain() {
    let week = Week::asked("", true);
    week.at("2023-10-28T16:00:00Z");
    week.at("2023-10-28T16:05:00Z");
    assert_eq!(week.to("dana@example.org").len(), 2, "48 hours before");
    week.at("2023-10-29T16:00:00Z");
    let reminder = week.to_the_list().pop().unwrap();
    let text = reminder.flowing();
    assert!(
        text.contains("Not certain: the notes of 25 October speak of cancelling this meeting; the organisers have not confirmed."),
        "{text}"
    );
    week.at("2023-10-30T10:00:00Z");
    assert_eq!(week.to("dana@example.org").iter().filter(|mail| mail.header("X-Convened-Kind") == "proposal").count(), 3, "6 hours before");
    week.at("2023-10-30T16:00:00Z");
    let changes = week.house.json(&["changes", "--json", "--now", "2023-10-30T16:01:00Z"]);
    assert_eq!(changes[0]["state"], "expired");
    assert!(!week.to_the_list().iter().any(|mail| mail.subject().starts_with("CANCELLED")));
}

#[test]
fn a_sentence_edited_before_the_answer_is_asked_anew() {
    let week = Week::asked("", true);
    let id = week.open_proposal("2023-10-25T19:31:00Z");
    week.note(&NOTE.replace("because at least Ana, Bo, and Chi are not available", "because of the sprint"));
    week.at("2023-10-25T20:00:00Z");
    week.at("2023-10-25T20:30:00Z");
    let asked = week.to("dana@example.org");
    assert_eq!(asked.len(), 2, "asked anew");
    assert!(asked[1].flowing().contains("because of the sprint"));
    assert_eq!(week.open_proposal("2023-10-25T20:31:00Z"), id, "the same question");
    week.note(&NOTE.replace(
        "- Cancel the next Optimization Team meeting, because at least Ana, Bo, and Chi are not available.",
        "- Nothing to cancel.",
    ));
    week.at("2023-10-25T21:00:00Z");
    week.at("2023-10-25T21:30:00Z");
    let changes = week.house.json(&["changes", "--json", "--now", "2023-10-25T21:31:00Z"]);
    assert_eq!(changes[0]["state"], "withdrawn");
    assert!(week.to_the_list().is_empty());
}

#[test]
fn a_sentence_edited_after_the_answer_changes_nothing_by_itself() {
    let week = Week::asked("", true);
    let id = week.open_proposal("2023-10-25T19:31:00Z");
    week.house.well(&["approve", &id, "--now", "2023-10-25T19:40:00Z"]);
    week.at("2023-10-25T19:50:00Z");
    week.note(&NOTE.replace("Cancel the next Optimization Team meeting, because", "Discussed the next Optimization Team meeting;"));
    for time in ["2023-10-25T21:00:00Z", "2023-10-25T21:30:00Z", "2023-10-25T22:30:00Z"] {
        week.at(time);
    }
    assert_eq!(week.to("dana@example.org").len(), 2, "the organisers are told once");
    assert_eq!(week.to_the_list().len(), 1, "nothing happens by itself");
    let agenda = week.house.json(&["agenda", "numpy/optimization", "--json", "--now", "2023-10-25T23:00:00Z"]);
    assert_eq!((&agenda[0]["status"], &agenda[0]["join"]), (&"cancelled".into(), &serde_json::json!([])), "no link to a cancelled meeting");
    assert_eq!(agenda[1]["join"], serde_json::json!(["https://meet.example.org/optimization"]));
}

#[test]
fn declined_stays_declined_however_the_sentence_is_copied() {
    let week = Week::asked("", true);
    let id = week.open_proposal("2023-10-25T19:31:00Z");
    week.house.well(&["decline", &id, "--now", "2023-10-25T19:40:00Z"]);
    week.house.write("notes/community-2023-10-26.md", &NOTE.replace("2023-10-25", "2023-10-26"));
    week.at("2023-10-26T12:00:00Z");
    week.at("2023-10-26T12:30:00Z");
    assert_eq!(week.to("dana@example.org").len(), 1);
    assert!(week.to_the_list().iter().all(|mail| !mail.subject().starts_with("CANCELLED")));
}

#[test]
fn the_founding_note_itself_is_asked_about_and_told() {
    let Some(note) = corpus::seed("numpy-community-2023-10-25.md") else { return };
    let week = Week::begin("", true);
    week.at("2023-10-25T16:00:00Z");
    week.note(&std::fs::read_to_string(note).unwrap());
    week.at("2023-10-25T19:00:00Z");
    week.at("2023-10-25T19:29:00Z");
    assert!(week.mail().is_empty());
    week.at("2023-10-25T19:30:00Z");
    assert!(week.to("dana@example.org")[0].flowing().contains("Monday 30 October 2023, 16:00 UTC"));
    let id = week.open_proposal("2023-10-25T19:31:00Z");
    week.house.well(&["approve", &id, "--now", "2023-10-25T19:40:00Z"]);
    week.at("2023-10-25T19:50:00Z");
    assert_eq!(week.to_the_list()[0].subject(), "CANCELLED Mon 30 Oct 16:00 UTC: NumPy Optimization Team");
}
