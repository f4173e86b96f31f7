//! Drafts of notes put together at random from the kinds of lines that notes have, and from what is there to mislead: read back, each says what the
//! plan says and nothing else. `CONVENED_FULL` makes thirty times as many.

use chrono::{Days, NaiveDate};
use convened::notes::draft::{Earlier, draft};
use convened::notes::{self, Neighbours};
use convened::source::Text;

use crate::drafts::{Schedule, wanted};
use crate::{read_back, zones};

/// Numbers that look like chance and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides.max(1)
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }
}

const TITLES: &[&str] = &[
    "# DATE Orchard call",
    "# Orchard call - LONG",
    "# Orchard call, MONTH\n\nDate: DATE",
    "Orchard\n===\n\n**Date:** DATE",
    "---\ntitle: 'DATE'\ntags: [a, b]\n---\n\n# DATE Orchard",
    "---\ntitle: Orchard\n---\n\n# Orchard",
    "## LONG",
    "# Orchard call DATE (cancelled)",
    "# No meeting on DATE",
    "# Orchard moved to LATER",
    "",
];
const HOURS: &[&str] =
    &["", "- Time: 18:00 UTC", "Time: 11am Pacific Time (18:00 UTC)", "- When: 18:00 (6 pm) UTC", "Time: TBD", "* 5-6 pm CET"];
const PEOPLE: &[&str] = &[
    "**Present:** Ann, Ben",
    "**Present:**",
    "## Attendees\n\n- Ann Alder (@ann)\n- Ben Birch",
    "Attendees:\n\n* Ann\n* Ben",
    "## Present\n\nAnn Alder (@ann)\nBen Birch (@ben)",
    "| Name | Initials |\n|------|----|\n| Ann Alder | AA |\n| | |",
    "## Roll call\n\n* Ann / Orchard / @ann\n* Ben / Mill / @ben",
    "",
];
const HEADINGS: &[&str] = &[
    "## Agenda",
    "## Action items",
    "### This meeting",
    "### Last meeting",
    "### 2 meetings ago",
    "### Move to issue tracker",
    "## Next steps",
    "## Notes",
    "## Pushed to next meeting",
    "## Agenda BEFORE",
    "## Open action items",
    "**Actions**",
    "Actions:",
    "Notes\n-----",
    "---",
    "## DATE",
];
const WORDS: &[&str] = &[
    "pears and quinces",
    "Ann will water the trees",
    "[x] the ladder came",
    "[ ] Ben to buy a ladder",
    "[ ] count the pears",
    "TODO: Cleo writes it down",
    "~~[ ] an old one~~",
    "[x] (AA) a point that was talked about; Ann will write it up",
    "(AA) [ ] to email the mill",
    "The meeting of LATER is cancelled",
    "no meeting next week",
    "[ ] Ann: cancel the meeting on LATER",
    "We skip the next meeting.",
    "[ ] tell the list that we meet every week from now on",
    "moved to LATER at 19:00 UTC",
    "extra meeting on LATER",
    "**Actions**:",
    "Ann: no",
    "Recording: https://video.example.org/1",
    "Next meeting: LATER, 18:00 UTC",
    "5pm UTC",
    "https://meet.example.org/other",
    "DATE",
    "```",
    "<!-- words",
    "-->",
    "| a | b |",
    "> said Ben",
    "\u{202e}evil\u{202c} \u{1b}[31m words\u{7}",
    "\u{feff}Present: Kim, Lou and Max",
    "Attendees: Kim",
    "]({\"\"\"",
    "Done",
    "",
];

fn note(dice: &mut Dice, date: NaiveDate, body: &mut Vec<String>) -> String {
    let (title, hour, people) = (dice.one(TITLES), dice.one(HOURS), dice.one(PEOPLE));
    // Much of a note is the last one again.
    if body.is_empty() || dice.roll(3) == 0 {
        body.clear();
        for _ in 0..dice.roll(18) {
            let line = match dice.roll(5) {
                0 => dice.one(HEADINGS).to_owned(),
                n => format!("{}{}{}", " ".repeat([0, 0, 2, 4, 8][dice.roll(5)]), ["", "- ", "* ", "1. ", "- "][n], dice.one(WORDS)),
            };
            body.push(line);
            if dice.roll(4) == 0 {
                body.push(String::new());
            }
        }
    } else if !body.is_empty() {
        let (at, words) = (dice.roll(body.len()), dice.one(WORDS));
        body[at] = format!("- {words}");
    }
    let text = [title, hour, people].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n");
    let later = date + Days::new(14 + 7 * dice.roll(3) as u64);
    format!("{text}\n\n{}\n", body.join("\n"))
        .replace("DATE", &date.to_string())
        .replace("LATER", &later.to_string())
        .replace("BEFORE", &(date - Days::new(14)).to_string())
        .replace("LONG", &date.format("%A, %-d %B %Y").to_string())
        .replace("MONTH", &date.format("%B").to_string())
}

#[test]
fn drafts_of_any_notes_say_what_the_plan_says_and_nothing_else() {
    let rounds = if std::env::var_os("CONVENED_FULL").is_some() { 30_000 } else { 1000 };
    let zones = zones();
    let mut dice = Dice(20_261_121);
    let mut wrong = 0;
    for round in 0..rounds {
        let first = NaiveDate::from_ymd_opt(2026, 1, 7).expect("a date") + Days::new(dice.roll(300) as u64);
        let mut body = Vec::new();
        let n = 1 + dice.roll(3);
        let texts: Vec<(NaiveDate, Text)> = (0..n)
            .map(|at| {
                let date = first + Days::new(14 * at as u64);
                let text = note(&mut dice, date, &mut body);
                (date, Text::new(format!("o/{date}.md"), text.into_bytes()))
            })
            .collect();
        let folder = Neighbours::from_paths(texts.iter().map(|(_, text)| &*text.path));
        let next = first + Days::new(14 * n as u64);
        let schedule = match dice.roll(3) {
            0 => Schedule::weekly(next, "11:00", "America/Los_Angeles", None),
            1 => Schedule::weekly(next, "18:00", "UTC", Some("https://meet.example.org/orchard")),
            _ => Schedule::weekly(next, "20:30", "Europe/Berlin", None),
        };
        let read = |text: &Text| notes::read(text, &zones, &folder).into_iter().next_back();
        let Some(last) = texts.last().and_then(|(_, text)| read(text)) else { continue };
        let earlier: Vec<Earlier> = texts
            .iter()
            .rev()
            .filter_map(|(date, text)| {
                let line = read(text)?.line;
                Some(Earlier { text: text.clone(), line, date: *date, url: None, closed: Vec::new() })
            })
            .collect();
        let wanted = wanted(&schedule);
        let drafted = draft(&wanted, &earlier, &zones);
        let faults = read_back::faults(&drafted, &wanted, &earlier, &last);
        if !faults.is_empty() {
            wrong += 1;
            if wrong <= 6 {
                let (_, text) = texts.last().expect("a note");
                println!("round {round}: {faults:#?}\n--- last\n{}\n--- draft\n{}", String::from_utf8_lossy(&text.bytes), drafted.text);
            }
        }
    }
    assert_eq!(wrong, 0, "of {rounds}");
}
