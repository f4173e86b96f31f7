//! The next note from the last ones: golden cases, all invented, each after a kind that communities really have.

use chrono::{NaiveDate, TimeDelta};
use convened::config;
use convened::meeting::calendar::{Verdicts, occurrences};
use convened::meeting::occurrence::Occurrence;
use convened::meeting::series::Community;
use convened::notes::Neighbours;
use convened::notes::draft::{Draft, Earlier, Wanted, draft};
use convened::source::Text;

use crate::zones;

/// A schedule of one series, and its meeting on a date.
pub struct Schedule {
    community: Community,
    meeting: Occurrence,
    then: Option<Occurrence>,
}

impl Schedule {
    /// Weekly from a date on.
    pub fn weekly(date: NaiveDate, time: &str, zone: &str, join: Option<&str>) -> Schedule {
        let join = join.map_or_else(String::new, |url| format!("join = {url:?}\n"));
        Schedule::of(&format!("every = \"week\"\nfrom = {date}\ntime = \"{time}\"\nzone = \"{zone}\"\n{join}"), date)
    }

    pub fn of(series: &str, date: NaiveDate) -> Schedule {
        let text = format!(
            "format = 1\ntitle = \"Orchard\"\nchanges-from-notes = \"ignore\"\n[[series]]\nid = \"community\"\ntitle = \"Orchard community meeting\"\n{series}"
        );
        let (community, remarks) = config::community(&Text::new("communities/orchard.toml", text.as_bytes()), "example.org", &zones());
        let community = community.unwrap_or_else(|| panic!("{remarks:?}"));
        let noon = date.and_hms_opt(12, 0, 0).unwrap().and_utc();
        let mut all = occurrences(&community.series[0], &Verdicts::default(), noon - TimeDelta::days(3), noon + TimeDelta::days(60));
        all.retain(|meeting| meeting.local_start().date() >= date);
        let mut all = all.into_iter();
        Schedule { meeting: all.next().expect("a meeting"), then: all.next(), community }
    }
}

pub fn wanted(schedule: &Schedule) -> Wanted<'_> {
    let series = &schedule.community.series[0];
    Wanted {
        series,
        meeting: &schedule.meeting,
        then: schedule.then.as_ref(),
        join: &series.join,
        phone: series.phone.as_ref(),
        cities: &schedule.community.cities,
        code_of_conduct: schedule.community.code_of_conduct.as_deref(),
    }
}

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// Notes by their paths, oldest first, drafted for the schedule's meeting.
fn drafted(schedule: &Schedule, notes: &[(&str, &str)]) -> Draft {
    let folder = Neighbours::from_paths(notes.iter().map(|note| note.0));
    let earlier: Vec<Earlier> = notes
        .iter()
        .rev()
        .map(|(path, text)| {
            let text = Text::new(*path, text.as_bytes());
            let read = convened::notes::read(&text, &zones(), &folder);
            let last = read.iter().max_by_key(|note| note.date).expect("a meeting");
            Earlier { text, line: last.line, date: last.date.expect("a date"), url: None, closed: Vec::new() }
        })
        .collect();
    draft(&wanted(schedule), &earlier, &zones())
}

fn two_weekly(from: &str, time: &str, zone: &str, on: &str) -> Schedule {
    Schedule::of(
        &format!("every = \"2 weeks\"\nfrom = {from}\ntime = \"{time}\"\nzone = \"{zone}\"\njoin = \"https://meet.example.org/orchard\"\n"),
        date(on),
    )
}

/// A note of a community with a long head, standing sections and a tail.
fn orchard(day: &str, present: &str, followed: &str, topics: &str, items: &str) -> String {
    format!(
        "---\ntitle: Orchard community meeting\ntags: [Orchard]\n---\n\n# {day} Orchard community meeting\n\n- Time: 18:00 (6:00 pm) UTC\n\
         - Join: https://meet.example.org/orchard\n- [Calendar](https://example.org/calendar)\n\n**Code of Conduct**\n\
         Be kind, as https://example.org/conduct says.\n\n**Present:** {present}\n\n\n## Follow-up from previous meetings\n\n{followed}\n\n\
         ## New topics\n\n{topics}\n\n## Action items\n\n{items}\n\n## Backlog\n\n* [Open requests](https://example.org/requests)\n{}\n---\n\n\
         Remember to archive this file.\n",
        if day.ends_with("18") { "  * https://example.org/requests/77\n" } else { "" }
    )
}

#[test]
fn the_next_note_has_the_head_of_its_meeting_what_always_stood_and_what_is_open() {
    let notes = [
        ("n/orchard-2026-10-21.md", orchard("2026-10-21", "Ann, Ben", "* pears", "* quinces", "- [ ] Ann: count the pears")),
        (
            "n/orchard-2026-11-04.md",
            orchard("2026-11-04", "Ann, Cleo", "", "* apples", "- [ ] Ann: count the pears\n- [x] Ben: buy a ladder"),
        ),
        (
            "n/orchard-2026-11-18.md",
            orchard(
                "2026-11-18",
                "Ann,\nBen and Cleo",
                "* the ladder came",
                "* Cleo: who waters in winter?\n    * nobody knows",
                "- [ ] Ann: count the pears\n    - those by the wall, too\n- [x] Ben: buy a ladder\n- [ ] Cleo: ask about water",
            ),
        ),
    ];
    let notes = notes.each_ref().map(|(path, text)| (*path, text.as_str()));
    let found = drafted(&two_weekly("2026-10-21", "18:00", "UTC", "2026-12-02"), &notes);
    assert_eq!(
        found.text,
        "---\ntitle: Orchard community meeting\ntags: [Orchard]\n---\n\n# 2026-12-02 Orchard community meeting\n\n- Time: 18:00 (6:00 pm) UTC\n\
         - Join: https://meet.example.org/orchard\n- [Calendar](https://example.org/calendar)\n\n**Code of Conduct**\n\
         Be kind, as https://example.org/conduct says.\n\n**Present:**\n\n\n## Follow-up from previous meetings\n\n\n## New topics\n\n\n\
         ## Action items\n\n- [ ] Ann: count the pears\n    - those by the wall, too\n- [ ] Cleo: ask about water\n\n## Backlog\n\n\
         * [Open requests](https://example.org/requests)\n\n---\n\nRemember to archive this file.\n"
    );
    assert_eq!((found.items, found.topics, found.remarks), (2, 0, vec![]));
    assert_eq!(found.path.as_deref(), Some("n/orchard-2026-12-02.md"));
}

#[test]
fn the_hours_of_a_head_are_right_over_a_clock_change() {
    let head = |day: &str, hours: &str| format!("# {day} Orchard\n\n- Time: {hours}\n\n## Agenda\n\n* pears\n");
    for (zone, time, old, new) in [
        ("America/Los_Angeles", "11:00", "11:00 Pacific Time (18:00 UTC)", "11:00 Pacific Time (19:00 UTC)"),
        ("UTC", "18:00", "11:00 am PDT / 18:00 UTC", "10:00 am PST / 18:00 UTC"),
        ("UTC", "17:00", "17:00 (5 pm) UTC", "17:00 (5 pm) UTC"),
        ("Europe/Berlin", "19:00", "19:00 CEST, 17:00 UTC", "19:00 CET, 18:00 UTC"),
        ("UTC", "16:30", "12:30 - 13:30 EDT", "11:30 - 12:30 EST"),
        ("UTC", "16:00", "5-6 pm WEST", "4-5 pm WET"),
        ("UTC", "16:00", "9am Pacific Daylight Time", "8am Pacific Standard Time"),
        ("UTC", "11:00", "12 pm (noon) BST", "11 am (11 am) GMT"),
    ] {
        let text = head("2026-10-21", old);
        let found = drafted(&two_weekly("2026-10-21", time, zone, "2026-11-04"), &[("o/2026-10-21.md", &text)]);
        assert!(found.text.starts_with(&format!("# 2026-11-04 Orchard\n\n- Time: {new}\n")), "{old}: {}", found.text);
    }
}

#[test]
fn an_hour_that_contradicts_itself_is_set_right_by_the_schedule() {
    let text = "# 2026-11-04 Orchard\n\n- Time: 13:00 Pacific Time (18:00 UTC)\n\n## Agenda\n";
    let found = drafted(&two_weekly("2026-11-04", "18:00", "UTC", "2026-11-18"), &[("o/2026-11-04.md", text)]);
    assert!(found.text.contains("- Time: 10:00 Pacific Time (18:00 UTC)\n"), "{}", found.text);
}

#[test]
fn dates_are_written_as_the_community_writes_them() {
    for (old, new) in [
        ("# 2026-11-04 Orchard", "# 2026-12-02 Orchard"),
        ("# Orchard, 4 November 2026", "# Orchard, 2 December 2026"),
        ("# Orchard: Wed, Nov 4th, 2026", "# Orchard: Wed, Dec 2nd, 2026"),
        ("# Orchard - Wednesday November 4", "# Orchard - Wednesday December 2"),
        ("# Orchard 2026/11/4", "# Orchard 2026/12/2"),
        ("# Orchard 11/04/2026", "# Orchard 12/02/2026"),
        ("# Orchard 20261104", "# Orchard 20261202"),
        ("# Orchard 04.11.2026", "# Orchard 02.12.2026"),
        ("# 2026\u{2013}11-04 Orchard", "# 2026\u{2013}12-02 Orchard"),
    ] {
        let found =
            drafted(&two_weekly("2026-11-04", "18:00", "UTC", "2026-12-02"), &[("o/2026-11-04.md", &format!("{old}\n\n## Agenda\n"))]);
        assert_eq!(found.text.lines().next(), Some(new), "{old}");
    }
}

#[test]
fn a_moved_meeting_has_its_own_day_and_the_line_on_the_next_one_the_one_after() {
    let schedule = Schedule::of(
        "every = \"2 weeks\"\nfrom = 2026-11-04\ntime = \"18:00\"\nzone = \"UTC\"\n[[series.move]]\ndate = 2026-11-18\nto-date = 2026-11-19\n",
        date("2026-11-18"),
    );
    // Exceptions of the file are decisions elsewhere; here the rule itself is asked.
    let text = "# Wednesday 2026-11-04 Orchard\n\n- Time: 18:00 UTC\n- Next meeting: Wed 2026-11-18 at 18:00 UTC\n\n## Agenda\n";
    let found = drafted(&schedule, &[("o/2026-11-04.md", text)]);
    assert!(
        found.text.starts_with("# Wednesday 2026-11-18 Orchard\n\n- Time: 18:00 UTC\n- Next meeting: Wed 2026-12-02 at 18:00 UTC\n"),
        "{}",
        found.text
    );
}

#[test]
fn links_of_the_head_are_the_schedules() {
    let text = "# 2026-10-21 Orchard\n\n- [When](https://arewemeetingyet.com/Los%20Angeles/2020-08-26/11:00/w/Orchard#eyJ1)\n\
                - [Zones](https://dateful.com/convert/utc?t=6pm&d=2026-10-21)\n- https://www.timeanddate.com/worldclock/fixedtime.html?iso=20261021T1800\n\
                - Join: https://zoom.us/j/111?pwd=old\n- Phone: +1 555 0100, PIN: 111 222#\n\n## Agenda\n";
    let schedule = Schedule::of(
        "every = \"2 weeks\"\nfrom = 2026-10-21\ntime = \"18:00\"\nzone = \"UTC\"\njoin = \"https://meet.example.org/new\"\n\
         phone = { number = \"+1 555 0199\", pin = \"333 444#\" }\n",
        date("2026-11-04"),
    );
    let found = drafted(&schedule, &[("o/2026-10-21.md", text)]);
    for line in [
        "- [When](https://arewemeetingyet.com/Los%20Angeles/2026-11-04/10:00/w/Orchard#eyJ1)",
        "- [Zones](https://dateful.com/convert/utc?t=6pm&d=2026-11-04)",
        "- https://www.timeanddate.com/worldclock/fixedtime.html?iso=20261104T1800",
        "- Join: https://meet.example.org/new",
        "- Phone: +1 555 0199, PIN: 333 444#",
    ] {
        assert!(found.text.contains(&format!("{line}\n")), "{line}: {}", found.text);
    }
}

/// A note whose items stand by their age.
fn aged(day: &str, pushed: &str, this: &str, last: &str, two: &str, tracker: &str) -> String {
    format!(
        "# {day} Orchard core\n\n## Attendees\n\n| Name | Initials |\n|------|----------|\n| Ann Example | AE |\n| | |\n\n3 people total\n\n## Agenda\n\n\
         ### Standing items\n\n* [x] (AE) budget\n    * current approvals?\n\n#### From previous meeting(s)\n\n### Your new agenda items\n\n* (AE) {day}\n\n\
         ### Pushed to next meeting\n\n{pushed}\n\n## Check in on previous action items\nCopy previous action items.\n\n### This meeting\n\n{this}\n\n\
         ### Last meeting\n\n{last}\n\n### 2 meetings ago\n\n{two}\n\n### Move to Issue Tracker\n\n{tracker}\n"
    )
}

#[test]
fn items_that_stand_by_their_age_grow_one_meeting_older() {
    let old = "2026-08-26\n* [ ] (BE) paint the gate\n\n**Well**\n* [ ] (AE) mend the well";
    let notes = [
        ("o/2026-10-21.md", aged("2026-10-21", "", "* [ ] (AE) a", "", "", old)),
        ("o/2026-11-04.md", aged("2026-11-04", "", "* [ ] (AE) b", "* [ ] (AE) a", "", old)),
        (
            "o/2026-11-18.md",
            aged("2026-11-18", "* [x] (BE) the fence", "* [ ] (AE) c\n    * soon\n* [x] (BE) d", "* [ ] (AE) b", "* [ ] (AE) a", old),
        ),
    ];
    let notes = notes.each_ref().map(|(path, text)| (*path, text.as_str()));
    let found = drafted(&two_weekly("2026-10-21", "17:00", "UTC", "2026-12-02"), &notes);
    assert_eq!(
        found.text,
        "# 2026-12-02 Orchard core\n\n## Attendees\n\n| Name | Initials |\n|------|----------|\n| | |\n\n3 people total\n\n## Agenda\n\n\
         ### Standing items\n\n* [ ] (AE) budget\n    * current approvals?\n\n#### From previous meeting(s)\n\n* [ ] (BE) the fence\n\n\
         ### Your new agenda items\n\n\n### Pushed to next meeting\n\n## Check in on previous action items\nCopy previous action items.\n\n\
         ### This meeting\n\n### Last meeting\n\n* [ ] (AE) c\n    * soon\n\n### 2 meetings ago\n\n* [ ] (AE) b\n\n### Move to Issue Tracker\n\n\
         2026-10-21\n* [ ] (AE) a\n\n2026-08-26\n* [ ] (BE) paint the gate\n\n**Well**\n* [ ] (AE) mend the well\n"
    );
    assert_eq!((found.items, found.topics), (5, 1));
}

#[test]
fn a_recording_of_last_time_is_not_that_of_the_next() {
    let note = |day: &str, n: u32, people: &str| {
        format!(
            "# Orchard working group {day}\n\n## Links\n\n* **Recording**: https://video.example.org/{n}\n* **Issue**: https://example.org/issues/{n}\n\n\
             ## Present\n\n* Orchard team: @example/orchard\n* {people}\n\n## Agenda\n\n### Topic {n}\n\n* words\n\n## Upcoming Meetings\n\n\
             * **Calendar**: <https://example.org/calendar>\n"
        )
    };
    let notes = [
        ("w/2026-10-21.md", note("2026-10-21", 11, "Ann Example (@ann)")),
        ("w/2026-11-04.md", note("2026-11-04", 12, "Ann Example (@ann)")),
    ];
    let notes = notes.each_ref().map(|(path, text)| (*path, text.as_str()));
    let found = drafted(&two_weekly("2026-10-21", "17:00", "UTC", "2026-11-18"), &notes);
    assert_eq!(
        found.text,
        "# Orchard working group 2026-11-18\n\n## Links\n\n* **Recording**:\n* **Issue**:\n\n## Present\n\n* Orchard team: @example/orchard\n\n\
         ## Agenda\n\n## Upcoming Meetings\n\n* **Calendar**: <https://example.org/calendar>\n"
    );
}

#[test]
fn a_task_outside_any_list_gets_one_and_a_promise_in_a_sentence_is_told() {
    let text = "# 2026-11-04 Orchard\n\n**Present:** Ann, Ben\n\n## Agenda\n\n* gates\n    * TODO: Ben paints them\n* Ann will look after the well.\n";
    let found = drafted(&two_weekly("2026-11-04", "17:00", "UTC", "2026-11-18"), &[("o/2026-11-04.md", text)]);
    assert_eq!(found.text, "# 2026-11-18 Orchard\n\n**Present:**\n\n## Open action items\n\n* TODO: Ben paints them\n\n## Agenda\n");
    assert_eq!(found.remarks.iter().map(|remark| (remark.line, remark.code)).collect::<Vec<_>>(), [(9, "items-in-sentences")]);
}

#[test]
fn what_people_closed_elsewhere_is_not_carried_over() {
    let text = Text::new("o/2026-11-04.md", "# 2026-11-04 Orchard\n\n## Action items\n\n- [ ] Ann: one\n- [ ] Ben: two\n".as_bytes());
    let earlier = Earlier { text, line: 1, date: date("2026-11-04"), url: None, closed: vec![5] };
    let found = draft(&wanted(&two_weekly("2026-11-04", "17:00", "UTC", "2026-11-18")), &[earlier], &zones());
    assert_eq!(found.text, "# 2026-11-18 Orchard\n\n## Action items\n\n- [ ] Ben: two\n");
}

#[test]
fn of_a_file_with_several_meetings_the_last_one_is_continued() {
    let text = "# Orchard notes 2026\n\n## 2026-10-21\n\n### Agenda\n\n* pears\n\n### Action items\n\n- [ ] Ann: one\n\n\
                ## 2026-11-04\n\n### Agenda\n\n* quinces\n\n### Action items\n\n- [ ] Ben: two\n";
    let found = drafted(&two_weekly("2026-11-04", "17:00", "UTC", "2026-11-18"), &[("o/2026.md", text)]);
    assert_eq!(found.text, "## 2026-11-18\n\n### Agenda\n\n\n### Action items\n\n- [ ] Ben: two\n");
    assert_eq!(found.path, None);
}

#[test]
fn without_any_note_the_schedule_says_what_it_knows() {
    let schedule = two_weekly("2026-11-04", "18:00", "Europe/Berlin", "2026-11-18");
    let found = drafted(&schedule, &[]);
    assert_eq!(
        found.text,
        "# 2026-11-18 Orchard community meeting\n\n- Time: 18:00 Europe/Berlin (17:00 UTC)\n- Join: https://meet.example.org/orchard\n\n\
         **Present:**\n\n## Agenda\n\n## Action items\n"
    );
    let note = crate::read("2026-11-18.md", &found.text);
    assert_eq!(note.time.and_then(|time| time.start_utc), Some(schedule.meeting.start));
    assert_eq!((note.date, note.contradictions), (Some(date("2026-11-18")), vec![]));
}

#[test]
fn a_draft_of_a_draft_is_the_same_but_for_its_date() {
    let note = orchard("2026-11-04", "Ann", "* pears", "* quinces", "- [ ] Ann: count the pears");
    let first = drafted(&two_weekly("2026-11-04", "18:00", "UTC", "2026-11-18"), &[("n/2026-11-04.md", &note)]);
    let again =
        drafted(&two_weekly("2026-11-04", "18:00", "UTC", "2026-12-02"), &[("n/2026-11-04.md", &note), ("n/2026-11-18.md", &first.text)]);
    let third = drafted(
        &two_weekly("2026-11-04", "18:00", "UTC", "2026-12-16"),
        &[("n/2026-11-04.md", &note), ("n/2026-11-18.md", &first.text), ("n/2026-12-02.md", &again.text)],
    );
    assert_eq!(third.text.replace("2026-12-16", "2026-12-02"), again.text);
}

#[test]
fn hostile_notes_are_drafted_without_a_word_that_steers_the_reader() {
    let schedule = two_weekly("2026-11-04", "17:00", "UTC", "2026-11-18");
    let bidi = "# 2026-11-04 Orchard\n\n## Action items\n\n- [ ] Ann: pay \u{202e}evil\u{202c} \u{1b}[31m now\u{7}\n";
    let found = drafted(&schedule, &[("o/2026-11-04.md", bidi)]);
    assert!(found.text.contains("- [ ] Ann: pay evil [31m now"), "{}", found.text);
    let long = format!("# 2026-11-04 Orchard\n\n## Action items\n\n{}", "- [ ] Ann: again and again\n".repeat(60_000));
    assert!(drafted(&schedule, &[("o/2026-11-04.md", &long)]).text.len() <= 2 << 20);
    for text in [
        "",
        "\n\n",
        "---\n",
        "---\na: b\n",
        "```\n",
        "<!--",
        "# \n:\n::\n",
        "| |\n|-|\n",
        "\u{feff}# 2026-11-04\n",
        "[x]\n- [x]\n- []\n",
        "a:\n===\n---\n",
    ] {
        let earlier =
            Earlier { text: Text::new("o/2026-11-04.md", text.as_bytes()), line: 1, date: date("2026-11-04"), url: None, closed: vec![] };
        draft(&wanted(&schedule), &[earlier], &zones());
    }
    // A front matter of many keys, items below each other, one line of five megabytes, boxes in boxes.
    let front = format!("---\n{}---\n\n# 2026-11-04 Orchard\n", "title: &a [*a, *a, *a]\n".repeat(20_000));
    let deep: String = (0..2000).map(|n| format!("{}- [ ] Ann: {n}\n", " ".repeat(2 * (n % 400)))).collect();
    let many: String = (0..5000).map(|n| format!("- [ ] Ann: count tree {n}\n")).collect();
    for text in [
        front,
        format!("# 2026-11-04 Orchard\n\n## Action items\n\n{deep}"),
        format!("# 2026-11-04 Orchard\n\n## Action items\n\n{many}"),
        format!("# 2026-11-04 Orchard\n\n## Action items\n\n- [ ] {}\n", "x ".repeat(2_500_000)),
        format!("# 2026-11-04 Orchard\n\n**Present:** {}\n", "Ann, ".repeat(100_000)),
        format!("# 2026-11-04 Orchard\n\n{}", "```\n<!--\n".repeat(10_000)),
    ] {
        let earlier =
            Earlier { text: Text::new("o/2026-11-04.md", text.as_bytes()), line: 1, date: date("2026-11-04"), url: None, closed: vec![] };
        let found = draft(&wanted(&schedule), &[earlier], &zones());
        let note = crate::read_among("o/2026-11-18.md", &found.text, &["o/2026-11-04.md"]).remove(0);
        assert_eq!((note.attendees.len(), note.changes.len(), note.date), (0, 0, Some(date("2026-11-18"))), "{:.300}", found.text);
    }
    let bytes: Vec<u8> = (0..20_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let earlier = Earlier { text: Text::new("o/2026-11-04.md", bytes), line: 1, date: date("2026-11-04"), url: None, closed: vec![] };
    draft(&wanted(&schedule), &[earlier.clone(), earlier], &zones());
}
