use convened::notes::{Certainty, ChangeKind, matching};

use super::{read, read_among};

/// A weekly series on Wednesdays, and one every two weeks beside it.
const FOLDER: &[&str] = &[
    "c/lantern/2026-06-17.md",
    "c/lantern/2026-06-24.md",
    "c/lantern/2026-07-01.md",
    "c/lantern/2026-07-08.md",
    "c/harbour/2026-06-08.md",
    "c/harbour/2026-06-22.md",
    "c/harbour/2026-07-06.md",
];

/// "kind certainty target dates" of each change in a note of 15 July 2026.
fn changes(body: &str) -> Vec<String> {
    let text = format!("# 2026-07-15 Lantern call\n\nPresent: Kim, Noor\n\n## Topics\n\n{body}\n");
    let mut notes = read_among("c/lantern/2026-07-15.md", &text, FOLDER);
    notes
        .remove(0)
        .changes
        .iter()
        .map(|c| {
            let dates: Vec<String> = c.dates.iter().map(|d| d.format("%m-%d").to_string()).collect();
            format!("{:?} {:?} {} {}", c.kind, c.certainty, c.series_text.as_deref().unwrap_or("own"), dates.join(","))
                .trim()
                .to_lowercase()
        })
        .collect()
}

#[test]
fn cancellations_are_read_however_they_are_said() {
    for (body, want) in [
        ("- The next meeting is cancelled.", "cancel certain own 07-22"),
        ("- Next week's call is canceled due to the holidays.", "cancel certain own 07-22"),
        ("- We'll cancel the next two meetings and be back in August.", "cancel certain own 07-22,07-29"),
        ("- July 22nd meeting is CANCELLED.", "cancel certain own 07-22"),
        ("- Skip the 22nd, and come back on the 29th.", "cancel certain own 07-22"),
        ("- No meeting next week", "cancel certain own 07-22"),
        ("- Next week no meeting", "cancel certain own 07-22"),
        ("- There will not be a meeting on the 29th.", "cancel certain own 07-29"),
        ("- We won't meet on August 5.", "cancel certain own 08-05"),
        ("- No call on 22 and 29 July, sorry: no meeting on July 22nd.", "cancel certain own 07-22"),
        ("- Cancel meetings for the last two weeks of July", "cancel certain own 07-22,07-29"),
        ("- We skip the meeting in the week of 27 July.", "cancel certain own 07-29"),
        ("- The next Harbour meeting is cancelled.", "cancel certain harbour 07-20"),
        ("- Next Monday's Harbour meeting is cancelled.", "cancel certain harbour 07-20"),
        ("- August meetings are cancelled.", "cancel certain own 08-05,08-12,08-19,08-26"),
        ("- This meeting was cancelled for lack of quorum.", "cancel certain own 07-15"),
        ("- Should we cancel next week's meeting?\n- Yes", "cancel possible own 07-22"),
        ("- The meeting of 23 July is cancelled.", "cancel possible own 07-23"),
        ("- RESOLUTION: No telecon on 22 July; next call on 29 July", "cancel certain own 07-22"),
        ("- There will be no Harbour meeting next Monday.", "cancel certain harbour 07-20"),
        ("- No community call next week.", "cancel possible community"),
        ("- AGREED: Cancel next week's meeting (+4, 0, -0)", "cancel certain own 07-22"),
        ("- The interim on July 22 is cancelled.", "cancel certain own 07-22"),
        ("- This is the last meeting of the year!", "cancel possible own"),
    ] {
        let got = changes(body);
        assert_eq!(got.len(), 1, "{body}: {got:?}");
        assert!(got[0].starts_with(want), "{body}: {got:?}");
    }
}

#[test]
fn a_parent_or_an_answer_names_what_is_cancelled() {
    assert_eq!(
        changes("- The call of 29 July is close to the fair. I propose we cancel this meeting.\n    - Cancelled. Kim will open an issue"),
        ["cancel possible own 07-29", "cancel certain own 07-29"]
    );
    assert_eq!(
        changes("- Our next call is July 29.\n    - Should we cancel?\n    - THERE WILL NOT BE A MEETING ON THE 29th."),
        ["cancel certain own 07-29"]
    );
}

#[test]
fn a_note_that_only_says_cancelled_means_its_own_meeting() {
    for text in [
        "# 2026-07-15 Lantern\n\nCancelled.\n",
        "# 2026-07-15 Lantern\n\nCANCELLED\n",
        "# 2026-07-15 Lantern\n\nNo meeting due to lack of attendees.\n",
        "# 2026-07-15 Lantern\n\nCancelled because of the fair\n",
    ] {
        let note = read("x.md", text);
        assert_eq!(
            (note.changes.len(), note.changes[0].dates[0].to_string().as_str(), note.changes[0].certainty),
            (1, "2026-07-15", Certainty::Certain),
            "{text}"
        );
    }
}

#[test]
fn a_title_may_say_that_its_meeting_was_cancelled() {
    for (title, want) in [
        ("2026-07-15 - CANCELLED", 1),
        ("July 15, 2026 (cancelled)", 1),
        ("2026-07-15 [Canceled]", 1),
        ("2026-07-15: no meeting", 1),
        ("2026-07-15 Why the fair was cancelled in 2025", 0),
    ] {
        let note = read("x.md", &format!("# {title}\n\nSee you.\n"));
        let dates: Vec<String> = note.changes.iter().map(|c| format!("{:?} {}", c.certainty, c.dates[0])).collect();
        assert_eq!(dates, vec!["Certain 2026-07-15"; want], "{title}");
    }
    let several = "# Lantern\n\n## July 15, 2026\n\n- All well.\n\n## July 8, 2026 - CANCELLED\n\n## July 1, 2026\n\nMeeting cancelled - no agenda items\n";
    let all = read_among("x.md", several, &[]);
    let cancelled: Vec<String> = all.iter().flat_map(|n| &n.changes).map(|c| c.dates[0].to_string()).collect();
    assert_eq!(cancelled, ["2026-07-08", "2026-07-01"]);
}

#[test]
fn what_only_sounds_like_a_cancellation_is_none() {
    for body in [
        "- Should we cancel the next meeting?",
        "- Should we cancel the next meeting?\n    - No, keep it.",
        "- John: next meeting is in the middle of the fair. Cancel?",
        "- The call is automatically cancelled if the agenda is empty.",
        "- We could always just skip meetings if there is not enough to say",
        "- The summit was cancelled, so let's have a video conference.",
        "- Use the auto-cancel feature of the build service",
        "- We cancelled the job that was failing",
        "- Add a cancel button to the dialog",
        "- Cancellations",
        "- Skip the slow tests next week",
        "- This patch does not meet the requirements of the next release.",
        "- On days when we don't meet there are updates in the chat",
        "- Maybe cancel the meeting of 29 July",
        "- Consider cancelling the Thursday meeting",
        "- We don't need to cancel next week's meeting.",
        "- Skip next two calls. Next call will be July 15, 2026",
        "- Some companies encourage people to cancel recurring meetings",
        "- The release is postponed to August",
        "- The holidays are near.",
        "- No major topics, ended meeting early",
        "- No video call presentation, but a post next week",
        "- No one joined the call next week's host proposed",
        "- No update since last call.",
        "- There are no notes of the meeting next week.",
    ] {
        let got = changes(body);
        assert!(got.iter().all(|c| !c.starts_with("cancel")), "{body}: {got:?}");
    }
}

#[test]
fn old_copies_are_never_certain() {
    let got = changes("### Last week's action items\n\n- [x] Kim: cancel next week's meeting");
    assert!(got.iter().all(|c| c.contains("possible")), "{got:?}");
}

#[test]
fn moves_extras_cadence_and_ends_are_read() {
    for (body, want) in [
        ("- The July 22 call is moved to July 23.", "move certain own 07-22"),
        ("- The next meeting is moved to July 23rd.", "move certain own 07-22"),
        ("- We will move the next meeting to Thursday, 23 July.", "move certain own 07-22"),
        ("- The meeting of 29 July is postponed to 30 July because of the fair.", "move certain own 07-29"),
        ("- Move the meeting to 9am Pacific.", "move possible own"),
        ("- Extra meeting on Friday 17 July at 17:00 UTC to finish the roadmap.", "extra certain own 07-17"),
        ("- We will have an additional meeting on July 24th.", "extra certain own 07-24"),
        ("- From now on the Harbour meeting is every two weeks, we change it.", "cadence"),
        ("- Let's move this meeting to be fortnightly.", "cadence"),
        ("- We'll meet every other week from now on.", "cadence"),
        ("- The harbour meeting will be discontinued.", "end certain harbour"),
        ("- This is the final meeting of the working group; we disband.", "end"),
    ] {
        let got = changes(body);
        assert_eq!(got.len(), 1, "{body}: {got:?}");
        assert!(got[0].starts_with(want), "{body}: {got:?}");
    }
    for body in [
        "- Should we move this meeting?",
        "- Suggestion: move the meeting to 4 pm UTC.",
        "- Move the parser to its own repository before the next meeting",
        "- Need to move this forward, will have something by the next meeting",
        "- meetings cadence (every 2 weeks, monthly, weekly)?",
        "- Possibly change the meeting time",
        "- feel free to move this to the next meeting?",
        "- The weekly digest is sent every week",
    ] {
        assert_eq!(changes(body), Vec::<String>::new(), "{body}");
    }
}

#[test]
fn kinds_and_certainty_print_as_small_words() {
    let note = read("x.md", "# 2026-07-15 Lantern\n\nCancelled.\n");
    assert_eq!(note.changes[0].kind, ChangeKind::Cancel);
    let json = serde_json::to_value(&note).unwrap();
    assert_eq!(json["changes"][0]["kind"], "cancel");
    assert_eq!(json["changes"][0]["certainty"], "certain");
    assert_eq!(json["date"], "2026-07-15");
    assert!(json["time"].is_null());
}

#[test]
fn words_are_matched_to_one_series_or_none() {
    let none: &[String] = &[];
    let short = ["optim".to_owned()];
    let all: &[(&str, &str, &[String])] = &[
        ("lamp/community", "Lamp community meeting", none),
        ("lamp/triage", "Lamp triage meeting", none),
        ("lamp/optimization", "Lamp Optimization Team", &short),
        ("lamp/newcomers", "Lamp Newcomers' Hour", none),
    ];
    for (words, want) in [
        ("Optimization Team", Some(2)),
        ("optim", Some(2)),
        ("triage", Some(1)),
        ("Newcomers Hour", Some(3)),
        ("Lamp community meeting", Some(0)),
        ("Lamp", None),
        ("finance review", None),
        ("", None),
    ] {
        assert_eq!(matching::series(words, all), want, "{words}");
    }
}
