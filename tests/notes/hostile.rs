use convened::notes::{self, Neighbours, Note};
use convened::source::Text;
use proptest::prelude::*;

use super::{read, read_among, zones};

const NOTE: &str = "# 2026-07-15 Lantern call\n\n- Time: 18:00 UTC\n- Join: https://zoom.us/j/1?pwd=x\n\nPresent: Kim, Noor\n\n## Topics\n\n- Next week's call is cancelled because of the fair. Kim will announce it.\n- Lee to review #7\n\n## Action items\n\n- [ ] Noor: write the survey\n- [x] Kim: send it\n";

fn facts(note: &Note) -> String {
    let changes: Vec<_> = note.changes.iter().map(|c| (c.kind, c.certainty, c.dates.clone(), c.reason.clone())).collect();
    let items: Vec<_> = note.action_items.iter().map(|i| (i.text.clone(), i.owners.clone(), i.done)).collect();
    let people: Vec<_> = note.attendees.iter().map(|a| a.name.clone()).collect();
    let join: Vec<_> = note.join.iter().map(|j| j.url.clone()).collect();
    format!("{:?} {:?} {people:?} {join:?} {items:?} {changes:?}", note.date, note.time.as_ref().map(|t| t.start_utc))
}

#[test]
fn line_ends_and_list_markers_change_nothing() {
    let want = facts(&read("x.md", NOTE));
    assert_eq!(facts(&read("x.md", &NOTE.replace('\n', "\r\n"))), want);
    assert_eq!(facts(&read("x.md", &NOTE.replace("\n- ", "\n* "))), want);
    assert_eq!(facts(&read("x.md", &NOTE.replace("\n- ", "\n+ "))), want);
    assert_eq!(facts(&read("x.md", &format!("\u{feff}{NOTE}"))), want);
}

#[test]
fn an_empty_file_holds_no_meeting() {
    assert!(read_among("x.md", "", &[]).is_empty());
    assert!(read_among("x.md", "\n \n", &[]).is_empty());
}

#[test]
fn long_texts_of_anything_are_read_in_linear_time() {
    let zones = zones();
    let big = [
        "[".repeat(300_000),
        "](".repeat(150_000),
        "- ".repeat(150_000),
        "* [ ] (A/B/C) will to cancel next meeting\n".repeat(3_000),
        (0..900).map(|n| format!("{}- x\n", " ".repeat(n))).collect::<String>(),
        "a, ".repeat(100_000),
        format!("Present: {}", "Kim, ".repeat(60_000)),
        "http".repeat(70_000),
        "18:00 ".repeat(50_000),
        "**".repeat(150_000),
        "# 2026-01-01\n".repeat(5_000),
        "`<!--".repeat(50_000),
    ];
    for text in big {
        let text = Text::new("x.md", text.into_bytes());
        notes::read(&text, &zones, &Neighbours::default());
    }
}

#[test]
fn a_text_without_end_is_read_so_far_and_remarked() {
    let note = read("x.md", &format!("# 2026-07-15 Lantern\n{}", "\n".repeat(500_000)));
    assert_eq!(note.remarks.iter().map(|r| r.code).collect::<Vec<_>>(), ["too-long"]);
    assert!(read("x.md", &format!("# 2026-07-15 Lantern\n{}", "\n".repeat(300_000))).remarks.is_empty());
}

#[test]
fn an_hour_in_an_address_may_be_anything_of_four_bytes() {
    let note = read("x.md", "# 2026-07-15 Lantern\n\n- Time: https://arewemeetingyet.com/UTC/2026-07-15/\u{202e}5/w/Lantern\n");
    assert!(note.time.is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        notes::read(&Text::new("2026/x-2026-07-15.md", bytes), &zones(), &Neighbours::default());
    }

    #[test]
    fn any_mixture_of_the_words_of_notes_is_read(parts in proptest::collection::vec(prop::sample::select(vec![
        "# ", "2026-07-15", "\n", "- ", "[ ] ", "(", ")", "[", "]", "](", "http://", "Kim", " will ", " to ", "cancel", " the ", "next ", "meeting", "?", ". ", ": ", "17:00", "99:99", " UTC", "pm", "|", "**", "é", "\u{2019}",
        "İ", "ﬃ", "week of ", "last two weeks of Dec", "the 31st", "0000-00-00", "Present:", ",", " and ", "~~", "---\n", "```\n", "arewemeetingyet.com/", "Feb 29", "9999999999", "  ", "\t",
    ]), 0..60)) {
        notes::read(&Text::new("x.md", parts.concat().into_bytes()), &zones(), &Neighbours::from_paths(["x.md", "2026-07-01.md"]));
    }

    #[test]
    fn an_unrelated_paragraph_changes_no_fact(words in "[a-z]{3,9}( [a-z]{3,9}){2,12}") {
        prop_assume!(!["cancel", "skip", "meet", "move", "call", "weekly", "present", "http", "shift", "monthly"].iter().any(|w| words.contains(w)));
        let text = NOTE.replace("## Action items", &format!("Lore: {words}.\n\n## Action items"));
        prop_assert_eq!(facts(&read("x.md", &text)), facts(&read("x.md", NOTE)));
    }
}
