//! `convened notes FILE` for a person: each line in which something was understood, what, and why not.

use convened::cli::notes::{Args, run};

use super::zones;

/// What is printed of a note at `2026-07-15.md`, without colours.
fn explained(text: &str, why: bool) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("2026-07-15.md");
    std::fs::write(&file, text).unwrap();
    let args = Args { files: vec![file], history: None, json: false, zone: None, why };
    let mut out = Vec::new();
    assert_eq!(run(&args, &[], &zones(), &mut out).unwrap(), 0);
    let mut plain = String::from_utf8(out).unwrap();
    for code in ["0", "1", "2", "31", "32", "33", "36"] {
        plain = plain.replace(&format!("\u{1b}[{code}m"), "");
    }
    plain.lines().skip(1).map(str::to_owned).filter(|line| !line.is_empty()).collect()
}

const NOTE: &str = "# 2026-07-15 Lantern call\n\n- Time: 17:00 to 18:00 Europe/Zurich\n\nPresent: Kim, Noor\n\n## Topics\n\n\
    - The call on July 22 is moved to July 23 at 18:00 UTC because of the fair. Kim will announce it.\n- Should we cancel the next meeting?\n- [ ] Noor to write the survey\n";

#[test]
fn each_line_says_what_was_understood_in_it() {
    assert_eq!(
        explained(NOTE, false),
        [
            "    3  - Time: 17:00 to 18:00 Europe/Zurich",
            "       time: 2026-07-15 15:00 to 16:00 UTC",
            "    5  Present: Kim, Noor",
            "       present: Kim, Noor",
            "    9  - The call on July 22 is moved to July 23 at 18:00 UTC because of the fair. Kim will announce it.",
            "       action item (open), Kim: announce it",
            "       move, certain: this series, 2026-07-22 to 2026-07-23 18:00 UTC; reason: the fair; Kim is to tell people",
            "   11  - [ ] Noor to write the survey",
            "       action item (open), Noor: write the survey",
            "       One sentence sounds like a change and is none; --why says why.",
        ]
    );
}

#[test]
fn why_says_what_was_not_taken() {
    let lines = explained(NOTE, true);
    let at = lines.iter().position(|line| line.contains("Should we cancel")).unwrap();
    assert_eq!(lines[at + 1], "       no change: it is asked or proposed, and nobody answers");
    assert!(!lines.iter().any(|line| line.contains("--why")));
}

#[test]
fn a_note_with_nothing_says_so_and_no_note_commands_a_terminal() {
    assert_eq!(explained("# 2026-07-15 Lantern\n", false), ["       Nothing else was found in it."]);
    let lines = explained("# 2026-07-15 Lantern\n\n## Action items\n\n- [ ] Kim: tell \u{1b}[5meverybody\u{202e}\n", false);
    assert!(lines.iter().all(|line| !line.contains(['\u{1b}', '\u{202e}'])), "{lines:?}");
    assert!(lines[1].contains("Kim: tell"));
}
