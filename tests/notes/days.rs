//! Which days words mean: by the date of the note, the words, and the rhythm of the series, as the folder shows it or the schedule has it.

use chrono::{Datelike as _, NaiveDate, Weekday};
use convened::notes::{Certainty, Change, changes};

use super::{read_among, zones};

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap()
}

/// Notes of a series up to `last`, `step` days apart.
fn folder(last: NaiveDate, step: i64) -> Vec<String> {
    (0..6).map(|n| format!("c/lantern/{}.md", last - chrono::Duration::days(step * n))).collect()
}

/// The changes that a sentence makes in a note of `date` at 17:00 in Zurich, in a folder with a meeting each `step` days.
fn read(date: NaiveDate, step: i64, sentence: &str) -> Vec<Change> {
    let text = format!("# {date} Lantern call\n\n- Time: 17:00 Europe/Zurich\n\n## Topics\n\n- {sentence}\n");
    let others = folder(date, step);
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    read_among(&format!("c/lantern/{date}.md"), &text, &others).remove(0).changes
}

/// "certainty dates > to" of a change.
fn said(change: &Change) -> String {
    let dates: Vec<String> = change.dates.iter().map(|d| d.format("%m-%d").to_string()).collect();
    format!("{:?} {} > {}", change.certainty, dates.join(","), change.to.as_deref().unwrap_or("-")).to_lowercase()
}

fn all(date: NaiveDate, step: i64, cases: &[(&str, &str)]) {
    for (sentence, want) in cases {
        let got: Vec<String> = read(date, step, sentence).iter().map(said).collect();
        assert_eq!(got, [*want], "{sentence}");
    }
}

#[test]
fn the_name_of_a_day_means_a_meeting_of_the_series_or_is_not_certain() {
    // Wednesday, 15 July; meetings each Wednesday.
    all(
        day(7, 15),
        7,
        &[
            ("Next Wednesday's meeting is cancelled.", "certain 07-22 > -"),
            ("Next Thursday's meeting is cancelled.", "possible 07-16 > -"),
            ("The meeting on Thursday is cancelled.", "possible 07-16 > -"),
            ("Next Monday's meeting is cancelled.", "possible 07-20 > -"),
            ("The meeting next Wednesday, 22 July, is cancelled.", "certain 07-22 > -"),
        ],
    );
    // Monday, 13 July; meetings every other Monday.
    all(
        day(7, 13),
        14,
        &[
            ("Next Monday's meeting is cancelled.", "possible 07-20 > -"),
            ("The meeting of July 27 is cancelled.", "certain 07-27 > -"),
            ("The meeting of July 20 is cancelled.", "possible 07-20 > -"),
        ],
    );
}

#[test]
fn next_friday_is_this_week_or_the_next_as_the_schedule_has_it() {
    let mut changes = read(day(7, 13), 14, "Next Friday's Harbour meeting is cancelled.");
    let change = &mut changes[0];
    assert_eq!((change.series_text.as_deref(), said(change)), (Some("Harbour"), "possible 07-17 > -".to_owned()));
    // Harbour meets on Fridays every two weeks: 10 July, 24 July.
    let fridays = |from: NaiveDate, to: NaiveDate| {
        from.iter_days().take_while(|d| *d <= to).filter(|d| (*d - day(7, 10)).num_days() % 14 == 0).collect()
    };
    changes::schedule(change, day(7, 13), None, &fridays, &zones());
    assert_eq!(said(change), "possible 07-24 > -");
}

#[test]
fn a_meeting_is_moved_to_the_named_day_that_its_own_week_has() {
    // Wednesday, 15 July; the next meeting is on 22 July.
    all(
        day(7, 15),
        7,
        &[
            ("The next meeting is moved to Thursday.", "certain 07-22 > 2026-07-23"),
            ("The next meeting is moved to Thursday at 18:00.", "certain 07-22 > 2026-07-23t16:00z"),
            ("The next meeting is moved to Wednesday at 18:00.", "certain 07-22 > 2026-07-22t16:00z"),
            ("The next meeting is moved to Monday.", "possible 07-22 > 2026-07-20"),
            ("The next meeting is postponed to Monday.", "certain 07-22 > 2026-07-27"),
            ("The next meeting is brought forward to Monday.", "certain 07-22 > 2026-07-20"),
            ("The next meeting is moved to next Thursday.", "possible 07-22 > 2026-07-23"),
            ("The next meeting is moved to next Monday.", "certain 07-22 > 2026-07-20"),
            ("The next meeting is moved to Wednesday.", "possible 07-22 > wednesday"),
            ("The meeting of July 24 is moved to July 27.", "possible 07-24 > 2026-07-27"),
        ],
    );
    all(day(7, 15), 14, &[("The next meeting is moved to Thursday.", "certain 07-29 > 2026-07-30")]);
}

#[test]
fn where_the_schedule_knows_another_week_the_goal_follows_it() {
    let mut changes = read(day(7, 15), 7, "The next meeting is moved to Thursday at 18:00.");
    assert_eq!(said(&changes[0]), "certain 07-22 > 2026-07-23t16:00z");
    // The folder shows a weekly series; the schedule has had it every two weeks since.
    let scheduled = |from: NaiveDate, to: NaiveDate| {
        from.iter_days().take_while(|d| *d <= to).filter(|d| (*d - day(7, 15)).num_days() % 14 == 0).collect()
    };
    let time = read_time();
    changes::schedule(&mut changes[0], day(7, 15), time.as_ref(), &scheduled, &zones());
    assert_eq!(said(&changes[0]), "certain 07-29 > 2026-07-30t16:00z");
    let mut onto = read(day(7, 15), 7, "The next meeting is moved to July 29.");
    let weekly =
        |from: NaiveDate, to: NaiveDate| from.iter_days().take_while(|d| *d <= to).filter(|d| d.weekday() == Weekday::Wed).collect();
    changes::schedule(&mut onto[0], day(7, 15), None, &weekly, &zones());
    assert_eq!(onto[0].certainty, Certainty::Possible, "a meeting is there already");
}

fn read_time() -> Option<convened::notes::TimeSaid> {
    read_among("c/lantern/2026-07-15.md", "# 2026-07-15 Lantern call\n\n- Time: 17:00 Europe/Zurich\n", &[]).remove(0).time
}

#[test]
fn an_extra_meeting_is_certain_only_on_a_day_that_is_said_and_free() {
    all(
        day(7, 15),
        7,
        &[
            ("There is a special meeting next week.", "possible  > -"),
            ("We resume next week with a special meeting.", "possible  > -"),
            ("There is an extra meeting on July 22.", "possible 07-22 > -"),
            ("There is an extra meeting on July 23.", "certain 07-23 > -"),
            ("There is an extra meeting next Monday.", "certain 07-20 > -"),
            ("There is an extra meeting next Friday.", "possible 07-17 > -"),
            ("Kim added a second meeting on Tuesday.", "possible 07-21 > -"),
        ],
    );
}

#[test]
fn a_meeting_that_another_is_measured_by_is_not_meant() {
    let of = |sentence: &str| -> Vec<(Option<String>, String)> {
        read(day(7, 15), 7, sentence).iter().map(|c| (c.series_text.clone(), said(c))).collect()
    };
    assert_eq!(
        of("Return to monthly cadence, first Wednesday at 12pm US Pacific (immediately before the Harbour meeting)."),
        [(None, "certain  > monthly".to_owned())]
    );
    assert_eq!(of("The next call is cancelled, right after the Harbour meeting."), [(None, "certain 07-22 > -".to_owned())]);
    assert!(of("From now on the Lantern people will meet two times every two weeks.").is_empty());
}
