use std::collections::BTreeMap;

use icalendar::parser::{read_calendar, unfold};

use super::*;
use crate::meeting::calendar::{Calendar, Verdicts};
use crate::meeting::change::{Decision, Verdict};
use crate::meeting::series::JoinLinks;
use crate::plan::component::sample::{decide, site, tide, utc, wall};
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
