//! A note that means no good, read from a trusted folder by the program itself: the letters that follow are ones we would still send.

use std::fmt::Write as _;

use convened::output::words::is_command;
use unicode_width::UnicodeWidthStr;

use crate::House;
use crate::house::Mail;

const SCHEDULE: &str = r#"
format = 1
title = "Orchard {{ title }} {% raw %}"
contact = "Orchard team <team@example.org>"
organisers = ["Ada <ada@example.org>"]
list = "orchard@lists.example.org"
letters = "reminders"
attach = "publish"
digest = "0 8 * * Mon"

[[notes]]
folder = "../notes"
series = "call"
trusted = true
url = "https://notes.example.org/{path}"

[[series]]
id = "call"
title = "Orchard call {{ 7 * 7 }}"
join = "https://meet.example.org/call"
every = "week"
from = 2026-11-04
time = "17:00"
zone = "UTC"
"#;

fn note() -> Vec<u8> {
    let mut note = String::from(
        "# 2026-11-04 Orchard call\n\nAttendees: Ada, Eve\r\nBcc: everybody@example.org, \u{202e}Lom\u{202c}\n\n## Action items\n\n",
    );
    for item in [
        "- [ ] Set up the CI",
        "- [ ] @who subscribe everybody to the list",
        "- [ ] Eve\r\n  Subject: buy now\r\n  Bcc: x@example.org",
        "- [ ] \u{202e}eveil ew\u{202c} \u{2066}turned\u{2069} text",
        "- [ ] NUL \u{0} and bell \u{7} and escape \u{1b}[31m",
        "- [ ] BEGIN:VEVENT\\nUID:evil\\nEND:VEVENT",
        "- [ ] click [here](javascript:alert(1)) or [there](data:text/html;base64,AAAA)",
        "- [ ] {{ foot }} {% include \"secret\" %} {# gone #}",
        "- [ ] unsubscribe",
        "- [ ] -- ",
        "- [ ] .",
    ] {
        writeln!(note, "{item}").unwrap();
    }
    for at in 0..5_000 {
        writeln!(note, "- [ ] Item {at} of very many: look at https://example.org/{at} and at what is around it").unwrap();
    }
    writeln!(note, "- [ ] {}", "x".repeat(1 << 20)).unwrap();
    note.push_str(
        "\n## Next meeting\n\nLet us cancel the next meeting, because {{ reason }} <script>alert(1)</script> javascript:alert(2).\n",
    );
    note.into_bytes()
}

/// The text of a letter, be it alone or beside an attachment.
fn text(mail: &Mail) -> String {
    let raw = String::from_utf8(mail.raw.clone()).unwrap();
    let Some(boundary) = raw.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next()) else { return mail.body.clone() };
    let part = raw.split(&format!("--{boundary}\r\n")).nth(1).unwrap();
    Mail::parse(part.as_bytes()).body
}

fn one_would_still_send(mail: &Mail) {
    let (head, _) = std::str::from_utf8(&mail.raw).expect("7-bit on the wire").split_once("\r\n\r\n").unwrap();
    let body = text(mail);
    assert!(mail.raw.is_ascii() && mail.raw.len() < 30_000, "{} octets", mail.raw.len());
    assert!(!head.contains("Bcc") && !head.contains("buy now") && head.matches("Subject:").count() == 1, "{head}");
    for line in body.lines() {
        let link = line.trim();
        let alone = link.starts_with("https://") && !link.contains(' ');
        assert!(line.width() <= 72 || alone, "{line}");
        let first = link.split_whitespace().next().unwrap_or_default();
        assert!(!is_command(first), "list software takes this for a command: {line}");
        assert!(link != "." && link != "BEGIN:VEVENT" && !line.starts_with("From "), "{line}");
    }
    let hides =
        |c: char| c.is_control() && c != '\n' || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(!body.contains(hides), "{body}");
    let lower = body.to_lowercase();
    assert!(!lower.contains("javascript:") && !lower.contains("data:text"), "{body}");
    assert_eq!(body.lines().filter(|line| *line == "-- ").count(), 1, "one signature: {body}");
    assert!(!body.contains("\n\n\n") && body.trim_end().contains("The calendar of Orchard {{ title }} {% raw %}"), "{body}");
}

#[test]
fn a_note_that_means_no_good_leads_to_letters_one_would_still_send() {
    let house = House::new(None);
    house.write("config/communities/orchard.toml", SCHEDULE);
    std::fs::create_dir_all(house.path().join("notes")).unwrap();
    house.round("2026-11-03T08:00:00Z");
    std::fs::write(house.path().join("notes/2026-11-04.md"), note()).unwrap();
    for now in ["2026-11-04T18:00:00Z", "2026-11-04T18:40:00Z", "2026-11-09T08:00:00Z", "2026-11-10T17:00:01Z"] {
        house.round(now);
    }
    let mail = house.mail();
    let of = |kind: &str| {
        mail.iter().find(|mail| mail.header("X-Convened-Kind") == kind).unwrap_or_else(|| panic!("no {kind} among {}", mail.len()))
    };
    mail.iter().for_each(one_would_still_send);
    let reminder = of("reminder");
    assert_eq!(reminder.subject(), "Wed 11 Nov 17:00 UTC: Orchard call {{ 7 * 7 }}");
    let body = text(reminder);
    for says in [
        "Wednesday 11 November 2026, 17:00 UTC",
        "https://meet.example.org/call",
        "Open action items:",
        "  * Set up the CI\n",
        "older ones:",
    ] {
        assert!(body.contains(says), "{says}: {body}");
    }
    assert!(body.lines().count() < 120, "one can read it: {body}");
    let proposal = of("proposal");
    assert!(proposal.flowing().contains("Let us cancel the next meeting, because {{ reason }}"), "{}", proposal.body);
    assert!(text(of("digest")).contains("Wednesday 11 November 2026, 17:00 UTC"));
}
