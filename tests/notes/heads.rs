use super::{read, read_among};

fn start(time: &str, date: &str) -> (Option<String>, Vec<&'static str>) {
    let note = read("lantern.md", &format!("# {date} Lantern meeting\n\n- Time: {time}\n"));
    let codes = note.contradictions.iter().map(|f| f.code).collect();
    (note.time.and_then(|t| t.start_utc).map(|t| t.format("%Y-%m-%dT%H:%M").to_string()), codes)
}

#[test]
fn hours_are_read_in_all_their_forms() {
    let cases = [
        ("18:00 UTC", "2026-01-14", "2026-01-14T18:00"),
        ("6:00 pm UTC", "2026-01-14", "2026-01-14T18:00"),
        ("18:00 (6:00 pm) UTC", "2026-01-14", "2026-01-14T18:00"),
        ("12 pm (noon) UTC", "2026-01-14", "2026-01-14T12:00"),
        ("12am UTC", "2026-01-14", "2026-01-14T00:00"),
        ("1400 UTC", "2026-01-14", "2026-01-14T14:00"),
        ("21:00UTC", "2026-01-14", "2026-01-14T21:00"),
        ("11am Pacific Time", "2026-01-14", "2026-01-14T19:00"),
        ("11am Pacific Time", "2026-07-15", "2026-07-15T18:00"),
        ("5-6 pm CDT", "2026-07-15", "2026-07-15T22:00"),
        ("10:30-11:30am PST", "2026-01-14", "2026-01-14T18:30"),
        ("9:00 PM IST / 7:30 AM PST", "2026-01-14", "2026-01-14T15:30"),
        ("8am Zurich time", "2026-07-15", "2026-07-15T06:00"),
        ("16:00 (CEST), 7am (PDT)", "2026-07-15", "2026-07-15T14:00"),
        ("9:00 AM (CEST, Paris)", "2026-07-15", "2026-07-15T07:00"),
        ("20:00 BST (15:00 EDT)", "2026-07-15", "2026-07-15T19:00"),
        ("10:00 UTC+2", "2026-07-15", "2026-07-15T08:00"),
        ("9 a.m. ET", "2026-07-15", "2026-07-15T13:00"),
        ("15:00 Europe/Lisbon", "2026-07-15", "2026-07-15T14:00"),
        ("22 CEST", "2026-07-15", "2026-07-15T20:00"),
    ];
    for (time, date, want) in cases {
        assert_eq!(start(time, date), (Some(want.to_owned()), vec![]), "{time} on {date}");
    }
}

#[test]
fn an_hour_without_a_safe_zone_has_no_instant() {
    for time in ["7:00am CST", "18:00", "TBD", "9pm IST", "after lunch"] {
        assert_eq!(start(time, "2026-07-15").0, None, "{time}");
    }
}

#[test]
fn contradictions_between_hours_are_named_with_both_values() {
    let cases = [
        ("13:00 Pacific Time (18:00 UTC)", "two-times", "2026-07-15T20:00"),
        ("17:00 (6 pm) UTC", "two-hours", "2026-07-15T17:00"),
        ("8:30 AM PST", "zone-not-in-force", "2026-07-15T15:30"),
    ];
    for (time, code, want) in cases {
        assert_eq!(start(time, "2026-07-15"), (Some(want.to_owned()), vec![code]), "{time}");
    }
    let note = read("a.md", "# 2026-07-15 Lantern\n\nTime: 13:00 Pacific Time (18:00 UTC)\n");
    let fault = &note.contradictions[0];
    assert_eq!(fault.line, 3);
    assert!(fault.text.contains("20:00 UTC") && fault.text.contains("18:00 UTC"), "{}", fault.text);
}

#[test]
fn a_range_gives_the_end() {
    let note = read("a.md", "# 2026-07-15 Lantern\n\nTime: 5-6 pm CDT\n");
    assert_eq!(note.time.unwrap().end_utc.unwrap().to_string(), "2026-07-15 23:00:00 UTC");
}

#[test]
fn hours_of_other_things_are_not_the_meeting_s() {
    let text = "# 2026-07-15 Lantern\n\n- Next meeting: 2026-07-29 @ 9 pm UTC\n\n## Agenda\n\n- Introductions (4pm-4:10pm)\n- The fair is on Friday, 8:00 am - 3:00 pm Pacific Time\n- Timeline: Q4\n";
    assert_eq!(read("a.md", text).time, None);
}

#[test]
fn a_link_to_a_page_of_zones_gives_the_hour() {
    let meeting = |link: &str| {
        let note = read("2026-07-15.md", &format!("# Lantern 2026-07-15\n\n[What time is it here]({link})\n"));
        let codes: Vec<_> = note.contradictions.iter().map(|f| f.code).collect();
        (note.time.and_then(|t| t.start_utc).map(|t| t.format("%H:%M").to_string()), codes)
    };
    let said = |s: &str| Some(s.to_owned());
    assert_eq!(meeting("https://arewemeetingyet.com/UTC/2026-07-15/17:00/w/Lantern#e30="), (said("17:00"), vec![]));
    assert_eq!(meeting("https://arewemeetingyet.com/Los%20Angeles/2026-07-15/08:30/Lantern"), (said("15:30"), vec![]));
    assert_eq!(meeting("https://arewemeetingyet.com/UTC/2025-07-16/17:00/w/Lantern#e30="), (said("17:00"), vec!["stale-link"]));
    assert_eq!(meeting("https://dateful.com/convert/utc?t=5pm"), (said("17:00"), vec![]));
    assert_eq!(meeting("https://www.timeanddate.com/worldclock/fixedtime.html?iso=20260715T16"), (said("16:00"), vec![]));
    assert_eq!(meeting("https://calendar.example.org/?t=5pm"), (None, vec![]));
}

#[test]
fn dates_are_read_in_titles_files_and_front_matter() {
    let cases = [
        ("x.md", "# 2026-07-15 Lantern meeting\n", "2026-07-15"),
        ("x.md", "# Lantern meeting 2026–07–15\n", "2026-07-15"),
        ("x.md", "# Lantern 2026-7-5\n", "2026-07-05"),
        ("x.md", "## January 12, 2026\n", "2026-01-12"),
        ("x.md", "# 24th January, 2026\n", "2026-01-24"),
        ("x.md", "# Lantern - 2 Mar '26\n", "2026-03-02"),
        ("x.md", "# Notes 7/15/2026\n", "2026-07-15"),
        ("x.md", "Lantern minutes 2026/07/15\n===\n", "2026-07-15"),
        ("x.md", "---\ntitle: '2026-07-15'\n---\n\nHello\n", "2026-07-15"),
        ("2026/lantern-07.md", "# Lantern\n\n**When:** Tuesday, April 21st, 11am PDT\n", "2026-04-21"),
        ("lantern-20260715.md", "# Lantern\n", "2026-07-15"),
        ("x.md", "# Lantern working group\n\n## 2026-07-15\n\n### Agenda\n", "2026-07-15"),
        ("x.md", "# Lantern - July 2026\n\n- Date: 15 July 2026\n", "2026-07-15"),
        ("2026-07-22.md", "# 2026-07-22 (postponed from 2026-07-15): talk\n", "2026-07-22"),
    ];
    for (path, text, want) in cases {
        assert_eq!(read(path, text).date.map(|d| d.to_string()), Some(want.to_owned()), "{path}: {text}");
    }
    assert_eq!(read("x.md", "# Lantern\n\nNo date at all, build 1.2.3.\n").date, None);
}

#[test]
fn title_and_file_that_disagree_are_settled_by_the_series() {
    let weekly = ["l/2026-07-01.md", "l/2026-07-08.md", "l/2026-07-22.md", "l/2026-07-29.md"];
    // The title is a copy of another note's.
    let note = read_among("l/2026-07-15.md", "# 2026-07-08 Lantern\n", &weekly).remove(0);
    assert_eq!(note.date.unwrap().to_string(), "2026-07-15");
    assert_eq!(note.contradictions[0].code, "title-and-file");
    // The file name is a slip: only the title's date is on the series' day.
    let note = read_among("l/2026-07-25.md", "# 2026-07-15 Lantern\n", &weekly).remove(0);
    assert_eq!(note.date.unwrap().to_string(), "2026-07-15");
}

#[test]
fn a_weekday_that_does_not_fit_its_date_is_named() {
    let note = read("x.md", "# Tuesday July 15, 2026\n");
    assert_eq!(note.contradictions.iter().map(|f| f.code).collect::<Vec<_>>(), ["weekday"]);
    assert!(read("x.md", "# Wednesday July 15, 2026\n").contradictions.is_empty());
}

#[test]
fn a_next_meeting_that_is_not_after_this_one_is_an_old_copy() {
    let note = read("x.md", "# 2026-07-15 Lantern\n\n- **Next meeting:** July 1st, 12 pm UTC\n");
    assert_eq!(note.contradictions[0].code, "stale-next-meeting");
    assert!(read("x.md", "# 2026-07-15 Lantern\n\n- **Next meeting:** July 29th, 12 pm UTC\n").contradictions.is_empty());
}

#[test]
fn a_file_of_several_meetings_gives_one_note_each() {
    let text = "# Lantern group\n\nhttps://zoom.us/j/99?pwd=x\n\n## 12 March 2026\n\nPresent: Kim, Noor\n\n## 26 February 2026\n\nPresent: Noor\n\n## 12 Feb\n\nMeeting cancelled.\n";
    let notes = read_among("lantern.md", text, &[]);
    let dates: Vec<String> = notes.iter().filter_map(|n| n.date).map(|d| d.to_string()).collect();
    assert_eq!(dates, ["2026-03-12", "2026-02-26", "2026-02-12"]);
    assert_eq!(notes.iter().map(|n| n.line).collect::<Vec<_>>(), [5, 9, 13]);
    assert_eq!(notes[1].attendees.len(), 1);
    assert_eq!(notes[1].series_text.as_deref(), Some("Lantern group"));
    assert_eq!(notes[2].changes[0].dates[0].to_string(), "2026-02-12");
}

#[test]
fn join_links_are_rooms_and_nothing_else() {
    let text = "# 2026-07-15 Lantern\n\n- Join via Zoom at https://example.zoom.us/j/123?pwd=Abc.1 (To dial in: https://example.zoom.us/u/kX.)\n- [Recording](https://example.zoom.us/rec/share/x)\n- [Calendar](https://calendar.example.org/)\n- Register: https://example.zoom.us/meeting/register/x\n";
    let note = read("x.md", text);
    assert_eq!(note.join.iter().map(|j| j.url.as_str()).collect::<Vec<_>>(), ["https://example.zoom.us/j/123?pwd=Abc.1"]);
    assert_eq!(note.dial_in.iter().filter_map(|d| d.url.as_deref()).collect::<Vec<_>>(), ["https://example.zoom.us/u/kX"]);
    for (url, found) in [
        ("https://meet.google.com/abc-defg-hij", true),
        ("https://teams.microsoft.com/l/meetup-join/19%3a", true),
        ("https://meet.jit.si/LanternRoom", true),
        ("https://example.webex.com/meet/lantern", true),
        ("https://example.webex.com/recordingservice/x", false),
        ("https://pad.example.org/minutes", false),
    ] {
        let note = read("x.md", &format!("# 2026-07-15 Lantern\n\nLink: {url}\n"));
        assert_eq!(!note.join.is_empty(), found, "{url}");
    }
}

#[test]
fn a_telephone_number_has_its_pin_and_may_belong_to_another_provider() {
    let text = "# 2026-07-15 Lantern\n\n* Video: https://zoom.us/j/1?pwd=x\n* Otherwise, to join by phone, dial +1 555-010-9999 and enter this PIN: 123 456 789#\n* More numbers: https://tel.meet/abc-defg-hij?hs=5\n";
    let note = read("x.md", text);
    assert_eq!(note.dial_in[0].phone.as_deref(), Some("+1 555-010-9999"));
    assert_eq!(note.dial_in[0].pin.as_deref(), Some("123 456 789#"));
    assert_eq!(note.contradictions.iter().map(|f| f.code).collect::<Vec<_>>(), ["foreign-dial-in"]);
}

fn present(text: &str) -> Vec<String> {
    let note = read("x.md", &format!("# 2026-07-15 Lantern\n\n{text}\n\n## Topics\n\n- Something: else\n"));
    note.attendees
        .iter()
        .map(|a| {
            let mut s = a.name.clone().unwrap_or_default();
            if let Some(i) = &a.initials {
                s += &format!(" ({i})");
            }
            if let Some(h) = &a.handle {
                s += &format!(" @{h}");
            }
            s.trim().to_owned()
        })
        .collect()
}

#[test]
fn people_are_read_from_lists_bullets_tables_and_roll_calls() {
    assert_eq!(present("**Present:** Kim Alder, Noor H., Ana-Lucía Pérez and Jo"), ["Kim Alder", "Noor H.", "Ana-Lucía Pérez", "Jo"]);
    assert_eq!(present("**Attending**: Kim Alder (KA), Noor Haddad (NH)"), ["Kim Alder (KA)", "Noor Haddad (NH)"]);
    assert_eq!(present("**Present** *(add your name and handle, it is optional)*: Kim (@kim), Noor"), ["Kim @kim", "Noor"]);
    assert_eq!(
        present("## Attendees\n\n- Kim Alder (@kim)\n- Noor Haddad @noor\n- @jo\n- Lantern team:"),
        ["Kim Alder @kim", "Noor Haddad @noor", "@jo"]
    );
    assert_eq!(
        present(
            "Sign in below. Roll call:\n\n- **name** / **institution** / **handle**\n- Kim Alder / Example Institute / @kim\n- Noor | Example | @noor"
        ),
        ["Kim Alder @kim", "Noor @noor"]
    );
    assert_eq!(
        present(
            "## Attendees\n\n| Name | Initials | GitHub ID |\n|---|---|---|\n| Kim Alder | KA | kim |\n|  |  |  |\n| Noor | | |\n\n5 people total"
        ),
        ["Kim Alder (KA) @kim", "Noor"]
    );
    assert_eq!(present("Planning to attend: Jo\n\nAttending: Kim (Example), Noor\nHaddad, Lee (20:08)"), ["Kim", "Noor Haddad", "Lee"]);
    assert_eq!(present("**Attending:**\n\nKim Alder, Noor\nHaddad,\n\nLee Park"), ["Kim Alder", "Noor Haddad", "Lee Park"]);
    assert_eq!(present("**Attendees**\n\n*   Kim, Noor\n*   **Apologies**\n*   Jo (travelling)"), ["Kim", "Noor"]);
    assert_eq!(present("All attendees of our events must adhere to the Code of Conduct (https://example.org/coc)."), Vec::<String>::new());
    assert_eq!(present("## Attendees"), Vec::<String>::new());
}

#[test]
fn words_in_a_wrong_encoding_are_remarked_and_not_repaired() {
    let note = read("x.md", "# 2026-07-15 Lantern\n\nPresent: GƒÅbor, Kim\n");
    assert_eq!(note.remarks[0].code, "wrong-encoding");
    assert_eq!(note.attendees[0].name.as_deref(), Some("GƒÅbor"));
    assert!(read("x.md", "# 2026-07-15 Lantern\n\nPresent: Gábor, Stéfan – “Kim”\n").remarks.is_empty());
}
