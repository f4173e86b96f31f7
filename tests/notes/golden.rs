//! Twenty sentences each that move a meeting, add one, change a rhythm or end a series, and twenty that only sound so. All invented.

use super::read_among;

/// A weekly series on Wednesdays, and one every two weeks on Mondays beside it.
const FOLDER: &[&str] = &[
    "c/lantern/2026-06-17.md",
    "c/lantern/2026-06-24.md",
    "c/lantern/2026-07-01.md",
    "c/lantern/2026-07-08.md",
    "c/harbour/2026-06-08.md",
    "c/harbour/2026-06-22.md",
    "c/harbour/2026-07-06.md",
];

/// "kind certainty series dates > to" of each change in a note of Wednesday, 15 July 2026, at 17:00 in Zurich.
fn said(body: &str) -> Vec<String> {
    let text = format!("# 2026-07-15 Lantern call\n\n- Time: 17:00 Europe/Zurich\n\nPresent: Kim, Noor\n\n## Topics\n\n- {body}\n");
    let note = read_among("c/lantern/2026-07-15.md", &text, FOLDER).remove(0);
    let show = |c: &convened::notes::Change| {
        let dates: Vec<String> = c.dates.iter().map(|d| d.format("%m-%d").to_string()).collect();
        let to = c.to.as_deref().unwrap_or("-");
        format!("{:?} {:?} {} ", c.kind, c.certainty, c.series_text.as_deref().unwrap_or("own")).to_lowercase()
            + &format!("{} > {to}", dates.join(","))
    };
    note.changes.iter().map(show).collect()
}

fn all(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter(|(body, want)| said(body) != [*want])
        .map(|(body, want)| format!("{body}\n  want {want}\n  got  {:?}", said(body)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn moves() {
    all(&[
        ("The next meeting is moved to Thursday.", "move certain own 07-22 > 2026-07-23"),
        ("The July 22 call is moved to July 23.", "move certain own 07-22 > 2026-07-23"),
        ("We will move the next meeting to Thursday, 23 July.", "move certain own 07-22 > 2026-07-23"),
        ("The meeting of 29 July is postponed to 30 July because of the fair.", "move certain own 07-29 > 2026-07-30"),
        ("The next meeting is moved to July 23rd at 18:00 UTC.", "move certain own 07-22 > 2026-07-23T18:00Z"),
        ("The next meeting is moved to July 23 at 6pm Zurich time.", "move certain own 07-22 > 2026-07-23T16:00Z"),
        ("The next meeting is moved to 19:00 UTC.", "move possible own 07-22 > 19:00Z"),
        ("The next meeting is moved to 19:00.", "move possible own 07-22 > 17:00Z"),
        ("Next meeting moved to Thursday at 18:00.", "move certain own 07-22 > 2026-07-23T16:00Z"),
        ("The call on July 29th is rescheduled to July 31st.", "move certain own 07-29 > 2026-07-31"),
        ("The call of 22 July has been moved to 2026-07-24.", "move certain own 07-22 > 2026-07-24"),
        ("The next call is moved one hour later.", "move possible own 07-22 > one hour later"),
        ("The next meeting is moved to 2 hours earlier.", "move possible own 07-22 > 2 hours earlier"),
        ("Move the meeting to 9am Pacific.", "move possible own  > 9am Pacific"),
        ("The next Harbour meeting is moved to July 21st.", "move certain harbour 07-20 > 2026-07-21"),
        ("The next Harbour meeting is moved to Tuesday.", "move certain harbour 07-20 > 2026-07-21"),
        ("The next meeting was shifted to July 24th.", "move certain own 07-22 > 2026-07-24"),
        ("Next week's call is pushed to Friday 24 July.", "move certain own 07-22 > 2026-07-24"),
        ("The August 5 meeting moves, we move it to August 6.", "move certain own 08-05 > 2026-08-06"),
        ("Our next call is brought forward to Tuesday, July 21.", "move certain own 07-22 > 2026-07-21"),
    ]);
}

#[test]
fn extras() {
    all(&[
        ("Extra meeting on Friday 17 July at 17:00 UTC to finish the roadmap.", "extra certain own 07-17 > 2026-07-17T17:00Z"),
        ("We will have an additional meeting on July 24th.", "extra certain own 07-24 > -"),
        ("There is a special meeting on 2026-07-20.", "extra certain own 07-20 > -"),
        ("Special session on July 30 with the harbour people.", "extra certain own 07-30 > -"),
        ("An extra call takes place on Tuesday, 21 July.", "extra certain own 07-21 > -"),
        ("We hold an additional call on 28 July at 6 pm CEST.", "extra certain own 07-28 > 2026-07-28T16:00Z"),
        ("Ad-hoc meeting on July 16 at 15:00.", "extra certain own 07-16 > 2026-07-16T13:00Z"),
        ("An ad hoc meeting is on July 17.", "extra certain own 07-17 > -"),
        ("There will be a second meeting on July 23rd.", "extra certain own 07-23 > -"),
        ("Extra meeting tomorrow.", "extra certain own 07-16 > -"),
        ("An extra meeting is scheduled for August 3.", "extra certain own 08-03 > -"),
        ("Additional meeting: 27 July, 14:00 UTC.", "extra certain own 07-27 > 2026-07-27T14:00Z"),
        ("Kim set up an extra meeting on July 20th.", "extra certain own 07-20 > -"),
        ("We agreed on an additional meeting on 31 July.", "extra certain own 07-31 > -"),
        ("The extra call will be on Monday, July 27th.", "extra certain own 07-27 > -"),
        ("We meet for a special meeting on July 28th to vote.", "extra certain own 07-28 > -"),
        ("A special session takes place next Friday.", "extra possible own 07-17 > -"),
        ("There will be an extra Harbour meeting on July 27th.", "extra certain harbour 07-27 > -"),
        ("Extra call on 23 July due to the release.", "extra certain own 07-23 > -"),
        ("We'll have an additional meeting on August 10th at noon UTC.", "extra certain own 08-10 > 2026-08-10T12:00Z"),
    ]);
}

#[test]
fn cadences() {
    all(&[
        ("Let's move this meeting to be fortnightly.", "cadence possible own  > fortnightly"),
        ("This meeting is going to be fortnightly, we change it.", "cadence certain own  > fortnightly"),
        ("We'll meet every other week from now on.", "cadence certain own  > every other week"),
        ("From now on the meeting is every two weeks, we change it.", "cadence certain own  > every two weeks"),
        ("From now on this meeting takes place monthly.", "cadence certain own  > monthly"),
        ("We decided to change the meeting to once a month.", "cadence certain own  > once a month"),
        ("The call will be every three weeks starting in August.", "cadence certain own  > every three weeks"),
        ("We switch the meeting to bi-weekly.", "cadence certain own  > bi-weekly"),
        ("Going forward, this call is weekly.", "cadence certain own  > weekly"),
        ("The Harbour meeting moves to be monthly, starting in September.", "cadence certain harbour  > monthly"),
        ("We go back to weekly meetings in September.", "cadence certain own  > weekly"),
        ("The meeting will take place every 2 weeks.", "cadence certain own  > every 2 weeks"),
        ("Change meetings frequency to every four weeks.", "cadence certain own  > every four weeks"),
        ("We'll meet twice a month from now on.", "cadence certain own  > twice a month"),
        ("The meeting will be monthly over the summer.", "cadence certain own  > monthly"),
        ("Our meetings return to every week in October.", "cadence certain own  > every week"),
        ("The meeting changes from weekly to monthly.", "cadence certain own  > monthly"),
        ("We are moving to a biweekly meeting.", "cadence certain own  > biweekly"),
        ("The harbour call will probably be every two weeks.", "cadence possible harbour  > every two weeks"),
        ("Should the meeting be changed to monthly?\n- Agreed", "cadence possible own  > monthly"),
        ("We agreed to change this meeting to quarterly.", "cadence certain own  > quarterly"),
    ]);
}

#[test]
fn ends() {
    all(&[
        ("The harbour meeting will be discontinued.", "end certain harbour  > -"),
        ("This is the final meeting of the working group; we disband.", "end certain own  > -"),
        ("This meeting is discontinued as of today.", "end certain own  > -"),
        ("We decided to discontinue this meeting.", "end certain own  > -"),
        ("We will stop having this meeting.", "end certain own  > -"),
        ("We decided to end this series of meetings.", "end certain own  > -"),
        ("We end the series with this meeting.", "end certain own  > -"),
        ("We retire this meeting after August.", "end certain own  > -"),
        ("The group will no longer meet.", "end certain own  > -"),
        ("We disband, this was our final meeting of the group.", "end certain own  > -"),
        ("This is the last meeting of this working group.", "end certain own  > -"),
        ("The Harbour meetings are discontinued.", "end certain harbour  > -"),
        ("We wind down the meeting at the end of July.", "end certain own  > -"),
        ("We stop meeting after today, the meeting series is over.", "end certain own  > -"),
        ("This series ends with today's call.", "end certain own  > -"),
        ("We will stop having Harbour meetings.", "end certain harbour  > -"),
        ("We will probably discontinue this meeting.", "end possible own  > -"),
        ("Should we discontinue this meeting?\n- Yes", "end possible own  > -"),
        ("We will retire the meeting in September.", "end certain own  > -"),
        ("This is the final meeting of this working group.", "end certain own  > -"),
    ]);
}

#[test]
fn what_only_sounds_so_is_nothing() {
    for body in [
        "Should we move this meeting?",
        "Suggestion: move the meeting to 4 pm UTC.",
        "Move the parser to its own repository before the next meeting",
        "The release is moved to July 23.",
        "Kim asked to move the meeting to Thursday.",
        "We will not move the meeting to Thursday.",
        "If nobody minds, the meeting is moved to Thursday.",
        "Should we have an extra meeting on July 24th?",
        "Noor proposed an additional meeting on July 24th.",
        "There is no extra meeting on July 24th.",
        "We don't need an additional meeting on July 24th.",
        "meetings cadence (every 2 weeks, monthly, weekly)?",
        "Noor asked whether the meeting should change to monthly.",
        "The meeting will not change to monthly.",
        "The weekly digest is sent every week",
        "Noor proposes to change the meeting to every two weeks.",
        "Should we discontinue this meeting?",
        "Kim wants to end this series of meetings.",
        "We will not discontinue the meeting.",
        "Support for the old format is discontinued, said at the last meeting.",
    ] {
        assert_eq!(said(body), Vec::<String>::new(), "{body}");
    }
}
