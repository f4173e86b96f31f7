use std::collections::BTreeMap;

use icalendar::parser::{read_calendar, unfold};

use super::*;
use crate::meeting::calendar::{Calendar, Verdicts};
use crate::meeting::change::{Decision, Verdict};
use crate::meeting::series::JoinLinks;
use crate::plan::component::sample::{self, decide, site, tide, utc, wall};
use crate::plan::component::{components, parts};

const NOW: &str = "2026-11-20T12:00:00Z";

fn printed(calendar: &Calendar, decisions: &[Decision], revisions: &BTreeMap<String, Revision>, now: DateTime<Utc>) -> Vec<Printed> {
    let parts = parts(calendar, &Verdicts::of(decisions), revisions, now, &[]);
    let of_series = calendar.all_series().zip(&parts).map(|(owner, part)| super::print(owner, &part.components, revisions, &site(), now));
    of_series.flatten().collect()
}

fn print(calendar: &Calendar, decisions: &[Decision], form: Form) -> String {
    let now = utc(NOW);
    let printed = printed(calendar, decisions, &BTreeMap::new(), now);
    let head = Head { title: "Tide", colour: Some("teal"), url: "https://calendar.example.org/feeds/tide.ics" };
    feed(head, printed.iter(), form, now).unwrap()
}

/// The events of a feed, unfolded, each as its lines.
fn events(text: &str) -> Vec<Vec<String>> {
    let flat = unfold(text);
    let parts = flat.split("BEGIN:VEVENT").skip(1);
    parts
        .map(|part| part.split("END:VEVENT").next().unwrap().lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
        .collect()
}

fn has(event: &[String], line: &str) -> bool {
    event.iter().any(|other| other == line)
}

fn cancelled_and_moved() -> Vec<Decision> {
    vec![
        decide("tide/call", NOW, &[("2026-12-02T18:00:00", Verdict::Cancel)], Some("A holiday; see, you.")),
        decide("tide/workshop", NOW, &[("2026-12-07T09:00:00", Verdict::Move { to: wall("2026-12-08T10:30:00") })], None),
    ]
}

#[test]
fn a_whole_feed_reads_like_this() {
    let mut calendar = tide();
    calendar.communities[0].series.truncate(1);
    let text = print(&calendar, &[], Form::Cancelled);
    let expected = "BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//convened//convened//EN
CALSCALE:GREGORIAN
X-WR-CALNAME:Tide
NAME;VALUE=TEXT:Tide
SOURCE;VALUE=URI:https://calendar.example.org/feeds/tide.ics
REFRESH-INTERVAL;VALUE=DURATION:PT1H
X-PUBLISHED-TTL:PT1H
COLOR:teal
BEGIN:VEVENT
DESCRIPTION:Join: https://video.example.org/tide\\nPhone: +1 555-010-0199\\, PIN 828 997 153#\\n\\nEvery two weeks on Wednesday\\, 18:00 UTC.\\nSan Francisco 10:00\\, from 14 March 2027 11:00\\, from 7 November 2027 10:00\\nBerlin 19:00\\, from 28 March 2027 20:00\\, from 31 October 2027 19:00\\nKolkata 23:30\\n\\nAgenda and notes: https://pad.example.org/tide\\nPage: https://calendar.example.org/c/tide/call
DTEND:20260114T190000Z
DTSTAMP:20261120T120000Z
DTSTART:20260114T180000Z
LAST-MODIFIED:20261120T120000Z
LOCATION:https://video.example.org/tide
RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=WE;WKST=MO
SEQUENCE:3622320
STATUS:CONFIRMED
SUMMARY:Tide call
UID:call-20260114@meet.example.org
URL:https://pad.example.org/tide
CONFERENCE;FEATURE=VIDEO;LABEL=Join;VALUE=URI:https://video.example.org/tide
CONFERENCE;FEATURE=PHONE;LABEL=Phone;VALUE=URI:tel:+15550100199
END:VEVENT
END:VCALENDAR
";
    assert_eq!(unfold(&text).replace("\r\n", "\n"), expected);
}

#[test]
fn a_cancelled_meeting_is_said_in_three_forms() {
    let decisions = cancelled_and_moved();
    let text = print(&tide(), &decisions, Form::Cancelled);
    let all = events(&text);
    let cancelled = &all[1];
    assert!(has(cancelled, "RECURRENCE-ID:20261202T180000Z"), "{cancelled:?}");
    assert!(has(cancelled, "STATUS:CANCELLED"));
    assert!(has(cancelled, "SUMMARY:CANCELLED: Tide call"));
    assert!(has(cancelled, "TRANSP:TRANSPARENT"));
    assert!(cancelled.iter().any(|line| line.contains("Reason: A holiday\\; see\\, you.")));
    assert!(!cancelled.iter().any(|line| line.contains("video.example.org") || line.contains("828 997")));

    let shown = events(&print(&tide(), &decisions, Form::Show));
    assert!(has(&shown[1], "STATUS:CONFIRMED") && has(&shown[1], "SUMMARY:CANCELLED: Tide call"));

    let dropped = events(&print(&tide(), &decisions, Form::Drop));
    assert_eq!(dropped.len(), all.len() - 1);
    assert!(has(&dropped[0], "EXDATE:20261202T180000Z"));
    assert!(!all[0].iter().any(|line| line.starts_with("EXDATE")));
}

#[test]
fn a_moved_meeting_keeps_its_uid_and_says_from_when_in_the_zone_of_its_rule() {
    let all = events(&print(&tide(), &cancelled_and_moved(), Form::Cancelled));
    let moved = all.iter().find(|event| event.iter().any(|line| line.contains("moved from"))).unwrap();
    assert!(has(moved, "UID:workshop-20260105@meet.example.org"));
    assert!(has(moved, "RECURRENCE-ID;TZID=America/Los_Angeles:20261207T090000"));
    assert!(has(moved, "DTSTART;TZID=America/Los_Angeles:20261208T103000"));
    assert!(has(moved, "DTEND;TZID=America/Los_Angeles:20261208T113000"));
    assert!(has(moved, "SUMMARY:Tide workshop (moved from Mon 7 Dec)"));
    assert!(has(moved, "STATUS:CONFIRMED"));
}

#[test]
fn the_form_that_leaves_out_raises_the_sequence_of_the_rule_and_never_lowers_it() {
    let sequence = |decisions: &[Decision], revisions: &BTreeMap<String, Revision>, at: &str| {
        let now = utc(at);
        let printed = printed(&tide(), decisions, revisions, now);
        let head = Head { title: "Tide", colour: None, url: "https://calendar.example.org/x.ics" };
        let text = feed(head, printed.iter(), Form::Drop, now).unwrap();
        let line = events(&text)[0].iter().find(|line| line.starts_with("SEQUENCE")).unwrap().clone();
        line.trim_start_matches("SEQUENCE:").parse::<u32>().unwrap()
    };
    let mut memory = BTreeMap::new();
    let record = |decisions: &[Decision], memory: &mut BTreeMap<String, Revision>, at: &str| {
        let found = components(&tide(), &Verdicts::of(decisions), memory, utc(at));
        memory.extend(crate::plan::component::revise(&found, memory, utc(at)));
    };
    record(&[], &mut memory, "2026-11-20T12:00:00Z");
    let first = sequence(&[], &memory, "2026-11-20T12:00:00Z");
    let cancel = decide("tide/call", "2026-11-21T12:00:00Z", &[("2026-12-02T18:00:00", Verdict::Cancel)], None);
    let decisions = [cancel.clone()];
    record(&decisions, &mut memory, "2026-11-21T12:00:00Z");
    let second = sequence(&decisions, &memory, "2026-11-21T12:00:00Z");
    let decisions = [cancel, decide("tide/call", "2026-11-22T12:00:00Z", &[("2026-12-02T18:00:00", Verdict::Restore)], None)];
    record(&decisions, &mut memory, "2026-11-22T12:00:00Z");
    let third = sequence(&decisions, &memory, "2026-11-22T12:00:00Z");
    let much_later = sequence(&decisions, &memory, "2027-11-22T12:00:00Z");
    assert!(first < second && second < third && third <= much_later);
}

#[test]
fn links_that_are_shown_on_the_page_only_are_in_no_feed() {
    let mut calendar = tide();
    calendar.communities[0].join_links = JoinLinks::Page;
    for form in Form::ALL {
        let text = unfold(&print(&calendar, &cancelled_and_moved(), form));
        assert!(!text.contains("video.example.org") && !text.contains("828 997") && !text.contains("tel:"));
        assert!(text.contains("LOCATION:https://calendar.example.org/c/tide/call/next"));
    }
}

#[test]
fn an_empty_feed_is_none() {
    let head = Head { title: "Empty", colour: None, url: "https://calendar.example.org/x.ics" };
    assert_eq!(feed(head, [].iter(), Form::Cancelled, utc(NOW)), None);
}

#[test]
fn strangers_words_end_no_line_and_open_no_property() {
    let mut calendar = tide();
    let series = &mut calendar.communities[0].series[0];
    series.title = "Call\r\nATTENDEE:mailto:eve@example.org\u{0}\u{202e}".to_owned();
    series.description = Some("one\rBEGIN:VALARM\nEND:VEVENT".to_owned());
    series.join[0].label = Some("\"; X=\"\r\nY:z".to_owned());
    series.join[0].url = "https://video.example.org/\r\nATTENDEE:x".to_owned();
    series.agenda = Some("javascript:alert(1)".to_owned());
    let text = print(&calendar, &[], Form::Cancelled);
    let flat = unfold(&text);
    assert!(
        flat.lines().all(|line| !line.starts_with("ATTENDEE") && !line.starts_with("BEGIN:VALARM") && !line.starts_with("Y:")),
        "{flat}"
    );
    assert!(!flat.contains("javascript"));
    assert_eq!(flat.matches("\nEND:VEVENT").count(), 2);
    read_calendar(&flat).unwrap();
}

#[test]
fn a_single_meeting_is_a_file_under_a_uid_of_its_own() {
    let (calendar, now) = (tide(), utc(NOW));
    let decisions = cancelled_and_moved();
    let verdicts = Verdicts::of(&decisions);
    let found = components(&calendar, &verdicts, &BTreeMap::new(), now);
    let community = &calendar.communities[0];
    let of = |series: usize, at: &str| {
        let series = &community.series[series];
        let meeting = crate::meeting::calendar::occurrence(series, &verdicts, wall(at)).unwrap();
        single(
            (community, series),
            &meeting,
            &found,
            &BTreeMap::new(),
            (&site(), "https://calendar.example.org/f.ics"),
            now,
            &mut Blocks::new(),
        )
        .unwrap()
    };
    let moved = of(1, "2026-12-07T09:00:00");
    assert!(moved.contains("UID:workshop-20260105-20261207T0900@meet.example.org\r\n"));
    assert!(!moved.contains("RECURRENCE-ID") && !moved.contains("RRULE:FREQ=WEEKLY"));
    assert!(of(0, "2026-12-02T18:00:00").contains("STATUS:CANCELLED"));
}

#[test]
fn a_meeting_while_the_clocks_change_is_an_event_of_its_own_in_utc() {
    let mut calendar = tide();
    let night = |from: &str| crate::plan::component::sample::rule("night", from, "week", "02:30", "Europe/Berlin");
    calendar.communities[0].series = vec![sample::series("tide/night", "Night", vec![night("2027-01-03")])];
    let moved_to_the_fold = decide("tide/night", NOW, &[("2027-10-24T02:30:00", Verdict::Move { to: wall("2027-10-31T02:15:00") })], None);
    let all = events(&print(&calendar, &[moved_to_the_fold], Form::Cancelled));
    // The clocks jump over the first one's hour; in autumn they show it twice, and the first time is meant (RFC 5545 3.3.5).
    for (wall, start, end) in [
        ("20270328T023000", "20270328T013000Z", "20270328T023000Z"),
        ("20271031T023000", "20271031T003000Z", "20271031T013000Z"),
        ("20280326T023000", "20280326T013000Z", "20280326T023000Z"),
    ] {
        assert!(has(&all[0], &format!("EXDATE;TZID=Europe/Berlin:{wall}")), "{:?}", all[0]);
        let uid = format!("UID:night-20270103-{}@meet.example.org", wall.trim_end_matches("00"));
        let own = all.iter().find(|event| has(event, &uid.replace("T023@", "T0230@"))).unwrap_or_else(|| panic!("{uid}: {all:#?}"));
        assert!(has(own, &format!("DTSTART:{start}")) && has(own, &format!("DTEND:{end}")), "{own:?}");
        assert!(!own.iter().any(|line| line.starts_with("RECURRENCE-ID")));
    }
    let moved = all.iter().find(|event| has(event, "RECURRENCE-ID;TZID=Europe/Berlin:20271024T023000")).unwrap();
    assert!(has(moved, "DTSTART:20271031T001500Z") && has(moved, "DTEND:20271031T011500Z"), "{moved:?}");

    // One that is cancelled is so under its own UID, and in the form that leaves out it is nowhere.
    let cancelled = [decide("tide/night", NOW, &[("2027-03-28T02:30:00", Verdict::Cancel)], None)];
    let own = |form| {
        let all = events(&print(&calendar, &cancelled, form));
        all.into_iter().find(|event| has(event, "UID:night-20270103-20270328T0230@meet.example.org"))
    };
    assert!(has(&own(Form::Cancelled).unwrap(), "STATUS:CANCELLED") && own(Form::Drop).is_none());

    // A rule that begins with such a meeting begins with the next: programs count from the first.
    calendar.communities[0].series[0].rules = vec![night("2027-03-28")];
    let all = events(&print(&calendar, &[], Form::Cancelled));
    assert!(has(&all[0], "DTSTART;TZID=Europe/Berlin:20270404T023000"), "{:?}", all[0]);
    assert!(!has(&all[0], "EXDATE;TZID=Europe/Berlin:20270328T023000"));
}

#[test]
fn a_place_in_words_is_the_location_where_there_is_no_link_and_stands_in_the_description() {
    let mut calendar = tide();
    let series = &mut calendar.communities[0].series[0];
    series.location = Some("Room 12, Old Pier".to_owned());
    let first = |calendar: &Calendar| events(&print(calendar, &[], Form::Cancelled))[0].clone();
    let with_link = first(&calendar);
    assert!(has(&with_link, "LOCATION:https://video.example.org/tide"));
    assert!(with_link.iter().any(|line| line.starts_with("DESCRIPTION:Where: Room 12\\, Old Pier\\nJoin: https://video.example.org/tide")));
    calendar.communities[0].series[0].join.clear();
    assert!(has(&first(&calendar), "LOCATION:Room 12\\, Old Pier"));
    calendar.communities[0].series[0].phone = None;
    calendar.communities[0].join_links = JoinLinks::Page;
    assert!(has(&first(&calendar), "LOCATION:Room 12\\, Old Pier"));
}

#[test]
fn a_single_meeting_is_a_rule_of_one_day() {
    let mut calendar = tide();
    let series = &mut calendar.communities[0].series[0];
    series.rules[0].recurrence = crate::meeting::recurrence::Recurrence::every("once").unwrap();
    let event = events(&print(&calendar, &[], Form::Cancelled))[0].clone();
    assert!(has(&event, "RRULE:FREQ=DAILY;UNTIL=20260114T180000Z"), "{event:#?}");
    assert!(event.iter().any(|line| line.contains("Once, 18:00 UTC.") || line.contains("Once\\, 18:00 UTC.")), "{event:#?}");
}

#[test]
fn a_zone_that_outlook_cannot_be_told_is_spelled_out_in_utc_beside_the_feed() {
    let mut calendar = tide();
    let rule = |zone| crate::plan::component::sample::rule("call", "2026-01-14", "2 weeks", "18:00", zone);
    calendar.communities[0].series[0].rules = vec![rule("Africa/Casablanca")];
    let cancel = decide("tide/call", NOW, &[("2026-12-02T18:00:00", Verdict::Cancel)], None);
    let ledger = crate::plan::ledger::Ledger { decisions: vec![cancel], ..Default::default() };
    let published = |calendar: &Calendar| sample::published(calendar, &ledger, utc(NOW), None);
    let publication = published(&calendar);
    let text = unfold(std::str::from_utf8(&publication.documents["/feeds/tide/call.utc.ics"].bytes).unwrap());
    assert!(!text.contains("TZID") && !text.contains("RRULE") && !text.contains("RECURRENCE-ID"), "{text}");
    let all = events(&text);
    assert!((30..40).contains(&all.len()), "a quarter back and a year ahead: {}", all.len());
    let of = |wall: &str| {
        let uid = format!("UID:call-20260114-{wall}@meet.example.org");
        all.iter().find(|event| has(event, &uid)).unwrap_or_else(|| panic!("no {uid}"))
    };
    assert!(has(of("20261216T1800"), "DTSTART:20261216T180000Z"), "clocks there stay at UTC from September 2026 on");
    assert!(has(of("20261202T1800"), "STATUS:CANCELLED"));
    let page = String::from_utf8(publication.documents["/c/tide/call/subscribe"].bytes.to_vec()).unwrap();
    assert!(page.contains("<code>https://calendar.example.org/feeds/tide/call.utc.ics</code>"), "{page}");
    assert!(!publication.documents.contains_key("/feeds/tide/workshop.utc.ics"));
    calendar.communities[0].series[0].rules = vec![rule("Europe/Berlin")];
    assert!(!published(&calendar).documents.contains_key("/feeds/tide/call.utc.ics"));
}
