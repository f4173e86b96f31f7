//! Words that mean no good lead to a letter one would still send.

use super::*;
use crate::plan::{Asked, Asking};
use crate::source::Remark;

const EVIL: [&str; 12] = [
    "Eve\r\nBcc: everybody@example.org\r\n\r\nBuy now",
    "\u{202e}gnihsihp\u{202c} \u{2066}x\u{2069} \u{200f}\u{feff}",
    "nul \u{0} bell \u{7} escape \u{1b}[31m csi \u{9b}31m",
    "BEGIN:VEVENT\nUID:x\nEND:VEVENT\nBEGIN:VALARM",
    "Set up the CI",
    "[here](javascript:alert(document.cookie)) or data:text/html;base64,AAAA",
    "=?utf-8?q?=0d=0aBcc:=20eve=40example.org?= =?utf-8?b?4oCu?=",
    "-- \nunsubscribe\nFrom the mailbox\n.\n.",
    "line\u{2028}separator\u{2029}paragraph\u{85}next",
    "Zalgo z\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}\u{309}\u{30a}\u{30b}\u{30c}",
    "漢字かな交じり文と🍏🍐 عربى עברית",
    "",
];

/// A calendar in which every word that can be a stranger's is `text`.
fn poisoned(text: &str) -> (Calendar, Sender) {
    let mut calendar = calendar();
    let community = &mut calendar.communities[0];
    community.title = text.to_owned();
    community.code_of_conduct = Some(format!("javascript:{text}"));
    community.contact = Some(Address { name: Some(text.to_owned()), email: "hello@orchard.example".to_owned() });
    community.organisers[0].name = Some(text.to_owned());
    for city in &mut community.cities {
        city.name = format!("City {text}");
    }
    for series in &mut community.series {
        series.title = text.to_owned();
        series.agenda = Some(format!("https://pad.orchard.example/{text}"));
        series.join.push(Join { label: Some(format!("Link {text}")), url: "javascript:alert(1)".to_owned() });
        series.phone = Some(Phone { number: text.to_owned(), pin: Some(text.to_owned()) });
    }
    let sender = Sender { from: Address { name: Some(text.to_owned()), ..sender().from }, ..sender() };
    (calendar, sender)
}

/// A letter of each kind, with `text` wherever words of others stand.
fn letters(text: &str) -> Vec<Intent> {
    let many = |count: usize| if text.len() > 10_000 { 3 } else { count };
    let mut items: Vec<ActionItem> = (0..many(5000)).map(|_| item(text, &[text, "Kofi"], 9)).collect();
    items.insert(0, item("Set up the CI", &["who"], 1));
    let mut finding = proposal(Proposed::Cancel(vec![wall("2023-10-30T09:00:00")])).finding;
    finding.quote = text.to_owned();
    finding.place = Place::new(text, 1);
    finding.url = Some(format!("javascript:{text}"));
    finding.reason = Some(text.to_owned());
    finding.announcer = Some(text.to_owned());
    let asking = Asking {
        proposal: Proposal { finding, decided_by: Some(text.to_owned()), ..proposal(Proposed::End) },
        now: vec![meeting("pruning", "2023-10-30T09:00:00")],
        would: Some((
            decision("pruning", vec![("2023-10-30T09:00:00", Verdict::Cancel)], Some(text)),
            vec![cancelled("pruning", "2023-10-30T09:00:00", Some(text))],
        )),
    };
    let reminded = Reminded {
        items,
        topics: vec![
            crate::meeting::action::CarriedTopic {
                series: id("pruning"),
                text: text.to_owned(),
                noted: date("2023-10-09"),
                place: Place::new("x", 1),
                trusted: true,
            };
            many(100)
        ],
        parked: u32::MAX,
        parked_url: Some(text.to_owned()),
        more_items: u32::MAX,
        uncertain: vec![asking.proposal.clone(); many(9)],
        ..reminded(meeting("pruning", "2023-10-30T09:00:00"))
    };
    let several = Reminded { items: reminded.items[..2].to_vec(), ..reminded.clone() };
    let elsewhere = vec![cancelled("words", "2023-11-24T15:00:00", Some(text)); many(300)];
    let decided = About::Decided {
        decision: decision("pruning", vec![("2023-10-30T09:00:00", Verdict::Cancel)], Some(text)),
        meetings: vec![cancelled("pruning", "2023-10-30T09:00:00", Some(text)); many(500)],
        next: Some(meeting("pruning", "2023-11-20T09:00:00")),
        elsewhere: elsewhere.clone(),
    };
    let changed = About::Changed {
        lines: vec![
            crate::plan::OldAndNew { what: "link".to_owned(), old: Some(text.to_owned()), new: Some(format!("https://{text}")) };
            many(50)
        ],
        next: vec![meeting("pruning", "2023-10-30T09:00:00"); 50],
    };
    let shifted = crate::plan::Shifted { meeting: meeting("pruning", "2023-10-30T09:00:00"), told: utc("2023-10-30T17:00:00Z") };
    let remarks = About::Remarks { remarks: vec![Remark::fault(Place::new(text, 7), "bad", text); many(500)], known: 3 };
    let mut asked = intent(Kind::Proposal, About::Proposal { asked: Asked::First, proposals: vec![asking; many(60)] });
    asked.to[0].name = Some(text.to_owned());
    vec![
        intent(Kind::Reminder, About::Reminder { meetings: vec![several; many(40)], elsewhere: elsewhere.clone() }),
        intent(Kind::Reminder, About::Reminder { meetings: vec![reminded], elsewhere }),
        intent(Kind::Cancelled, decided.clone()),
        intent(Kind::Moved, decided),
        intent(Kind::Changed, changed),
        intent(Kind::Clocks, About::Clocks { meetings: vec![shifted.clone()] }),
        intent(Kind::Clocks, About::Clocks { meetings: vec![shifted; 100] }),
        intent(Kind::Hello, About::Hello { list: list() }),
        intent(Kind::Remarks, remarks),
        asked,
    ]
}

fn send(text: &str) {
    let (calendar, sender) = poisoned(text);
    for intent in letters(text) {
        let letter = compose(&intent, &calendar, &sender, None, utc("2023-10-25T19:30:00Z"));
        let words = super::super::text(&intent, &calendar, &sender, utc("2023-10-25T19:30:00Z"));
        promises_to_strangers(&letter, &words);
    }
}

fn promises_to_strangers(letter: &Letter, words: &Text) {
    let harmless = Text { subject: words.subject.clone(), body: words.body.replace('!', ".").replace("unsubscribe", "…") };
    promises(letter, &harmless);
    let head = letter.bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|end| &letter.bytes[..end]).unwrap();
    let head = std::str::from_utf8(head).unwrap();
    let names: Vec<&str> = head.split("\r\n").filter(|line| !line.starts_with(' ')).filter_map(|line| line.split(':').next()).collect();
    for name in &names {
        assert!(
            [
                "From",
                "To",
                "Reply-To",
                "Subject",
                "Date",
                "Message-ID",
                "MIME-Version",
                "Auto-Submitted",
                "X-Convened-Series",
                "X-Convened-Kind",
                "Content-Type",
                "Content-Transfer-Encoding"
            ]
            .contains(name),
            "{name} in {head}"
        );
    }
    assert_eq!(names.len(), 12, "{head}");
    assert!(!words.body.to_lowercase().contains("javascript:"), "{}", words.body);
    assert!(!head.contains("=?utf-8?q?"), "an encoded word of a stranger: {head}");
    assert!(!words.body.lines().any(|line| line.trim() == "BEGIN:VEVENT" || line.trim() == "."), "{}", words.body);
}

#[test]
fn evil_words_still_make_a_letter() {
    for text in EVIL {
        send(text);
    }
}

#[test]
fn a_line_of_a_megabyte_still_makes_a_letter() {
    for text in
        ["x".repeat(1 << 20), "é ".repeat(1 << 16), format!("https://example.org/{}", "y".repeat(1 << 20)), "\u{202e}\n".repeat(1 << 13)]
    {
        send(&text);
    }
}

#[test]
fn what_nobody_configured_still_makes_a_letter() {
    let empty = Calendar::default();
    for mut intent in letters("plain words") {
        intent.to = vec![Address { name: None, email: "no address\r\nRCPT TO:<eve@example.org>".to_owned() }];
        let letter = compose(&intent, &empty, &sender(), None, DateTime::<Utc>::MAX_UTC);
        assert!(letter.bytes.is_ascii() && letter.bytes.len() < 30_000);
        assert_eq!(letter.to, ["noaddressRCPTTO:eve@example.org"], "nothing that ends a line or an address");
        intent.to.clear();
        intent.meetings.clear();
        assert!(!compose(&intent, &empty, &sender(), None, DateTime::<Utc>::MIN_UTC).bytes.is_empty());
    }
}

#[test]
fn the_first_item_may_be_to_set_up_the_ci() {
    let meetings = vec![Reminded { items: vec![item("Set up the CI", &[], 1)], ..reminded(meeting("pruning", "2023-10-30T09:00:00")) }];
    let letter = read(&intent(Kind::Reminder, About::Reminder { meetings, elsewhere: Vec::new() }), "2023-10-29T16:00:00Z");
    assert!(letter.contains("Open action items:\n  * Set up the CI\n"), "{letter}");
}
