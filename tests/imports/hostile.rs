//! Files that mean no good: spoiled bytes, bombs, deep nests. An import ends, in bounded time, without a panic, and what it writes passes check.

use std::time::{Duration, Instant};

use convened::import::Format;
use convened::sources::zoneinfo;

use crate::fed::{checked, one};
use crate::golden::seeds;

/// A generator of numbers that is the same everywhere (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n.max(1)
    }
}

/// What breaks parsers, of any of the formats.
const WORDS: [&[u8]; 40] = [
    b"\n",
    b"\r\n ",
    b":",
    b";",
    b"\"",
    b"'",
    b"{",
    b"}",
    b"[",
    b"]",
    b"&a ",
    b"*a",
    b"<<: *a",
    b"- ",
    b"\t",
    b"\\",
    b"\0",
    b"\xff\xfe",
    b"\xc3",
    b"%",
    b"9999999999999999999",
    b"-1",
    b"0",
    b"99991231T235959Z",
    b"20260230T250000",
    b"FREQ=YEARLY;BYDAY=53MO;INTERVAL=1000",
    b"RRULE:FREQ=DAILY;COUNT=4294967295\r\n",
    b"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\n",
    b"BEGIN:VEVENT\r\n",
    b"END:VEVENT\r\n",
    b"BEGIN:VTIMEZONE\r\n",
    b"TZID=\"",
    b"UNTIL=00000101",
    b"INTERVAL=0",
    b"[[events]]\n",
    b"\"\"\"",
    b"2026-01-14 18:00:00 +99:99",
    b"P99999999W",
    b"\xe2\x80\xae",
    b"|\n",
];

fn spoiled(seed: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len());
        let to = (at + random.below(60)).min(bytes.len());
        match random.below(7) {
            0 => bytes[at] = random.below(256) as u8,
            1 => drop(bytes.drain(at..to)),
            2 => drop(bytes.splice(at..at, WORDS[random.below(WORDS.len())].iter().copied())),
            3 => drop(bytes.splice(at..to, WORDS[random.below(WORDS.len())].iter().copied())),
            4 => {
                let part = bytes[at..to].to_vec();
                drop(bytes.splice(at..at, part.repeat(1 + random.below(4))));
            }
            5 => {
                let from = random.below(other.len());
                let part = other[from..(from + random.below(200)).min(other.len())].to_vec();
                drop(bytes.splice(at..at, part));
            }
            _ => bytes.truncate(at.max(1)),
        }
        if bytes.is_empty() {
            bytes.push(b' ');
        }
    }
    bytes
}

#[test]
fn spoiled_files_end_in_remarks_and_in_text_that_passes_check() {
    let zones = zoneinfo::embedded();
    let seeds = seeds();
    let count = if std::env::var_os("CONVENED_FULL").is_some() { 40_000 } else { 1_500 };
    let (mut written, mut longest) = (0, Duration::ZERO);
    for number in 0..count {
        let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ (number as u64 + 1).wrapping_mul(0xbf58_476d_1ce4_e5b9));
        let (format, seed) = &seeds[random.below(seeds.len())];
        let (_, other) = &seeds[random.below(seeds.len())];
        let bytes = spoiled(seed, other, &mut random);
        // Now and then a format is given what was meant for another.
        let format = if random.below(20) == 0 { Format::ALL[random.below(4)] } else { *format };
        let began = Instant::now();
        let found = one(format, "spoiled", &bytes, &zones);
        longest = longest.max(began.elapsed());
        written += usize::from(checked(&found, &zones).is_some());
    }
    println!("{count} spoiled files, {written} of them gave a schedule, the longest took {longest:?}");
    // A generous limit for a loaded machine: what hangs takes for ever.
    assert!(longest < Duration::from_secs(30));
    assert!(written > count / 4, "the spoiled files are no schedules any more");
}

#[test]
fn files_made_to_be_endless_end() {
    let zones = zoneinfo::embedded();
    let event = |n: usize, more: &str| {
        format!("BEGIN:VEVENT\r\nUID:{n}\r\nSUMMARY:E {n}\r\nDTSTART:20260112T090000Z\r\nDURATION:PT1H\r\n{more}END:VEVENT\r\n")
    };
    let calendar = |inside: String| format!("BEGIN:VCALENDAR\r\n{inside}END:VCALENDAR\r\n").into_bytes();
    let many = |more: &str, n: usize| calendar((0..n).map(|at| event(at, more)).collect());
    let mut bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for (name, before) in [("b", "a"), ("c", "b"), ("d", "c"), ("e", "d"), ("f", "e"), ("g", "f"), ("h", "g")] {
        bomb += &format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 9].join(","));
    }
    let cases: Vec<(&str, Format, Vec<u8>)> = vec![
        ("deep components", Format::Ics, "BEGIN:VEVENT\r\n".repeat(50_000).into_bytes()),
        ("deep other components", Format::Ics, ["BEGIN:VCALENDAR\r\n".to_owned(), "BEGIN:X\r\n".repeat(50_000)].concat().into_bytes()),
        ("many daily rules", Format::Ics, many("RRULE:FREQ=DAILY\r\n", 3_000)),
        ("impossible rules", Format::Ics, many("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\n", 1_500)),
        ("counted rules", Format::Ics, many("RRULE:FREQ=YEARLY;COUNT=9999\r\n", 1_500)),
        ("many exceptions", Format::Ics, calendar(event(0, &format!("RRULE:FREQ=DAILY\r\nEXDATE:{}\r\n", vec!["20260601T090000Z"; 100_000].join(","))))),
        ("a long line", Format::Ics, calendar(event(0, &format!("DESCRIPTION:{}\r\n", "<a href=".repeat(200_000))))),
        ("many foldings", Format::Ics, calendar(event(0, &format!("DESCRIPTION:x{}\r\n", "\r\n y".repeat(300_000))))),
        ("many zones", Format::Ics, calendar((0..2_000).map(|n| format!("BEGIN:VTIMEZONE\r\nTZID:Z{n}\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0137\r\nRRULE:FREQ=YEARLY\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:{n}\r\nDTSTART;TZID=Z{n}:20260112T090000\r\nEND:VEVENT\r\n")).collect())),
        ("aliases", Format::Yaml2ics, bomb.into_bytes()),
        ("brackets", Format::Yaml2ics, "[".repeat(200_000).into_bytes()),
        ("braces", Format::Yaml2ical, "{".repeat(200_000).into_bytes()),
        ("indents", Format::Yaml2ics, (0..3_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<String>().into_bytes()),
        ("arrays", Format::RustCalendar, ["a = ", &"[".repeat(200_000)].concat().into_bytes()),
        ("dotted keys", Format::RustCalendar, ["a", &".a".repeat(50_000), " = 1"].concat().into_bytes()),
        ("many events", Format::Yaml2ics, ["events:\n", &"- {summary: x, begin: 2026-01-14 18:00:00, duration: {hours: 1}, repeat: {interval: {days: 1}}}\n".repeat(3_000)].concat().into_bytes()),
        ("bad dates", Format::Ics, calendar(event(0, &format!("RRULE:FREQ=DAILY\r\nEXDATE:{}\r\n", "x,".repeat(2_000_000))))),
        ("quoting without an end", Format::Ics, ["X;ENCODING=QUOTED-PRINTABLE;", &"y=\n".repeat(300_000)].concat().into_bytes()),
        ("dashes", Format::Yaml2ics, "- ".repeat(100_000).into_bytes()),
        ("questions", Format::Yaml2ics, "? ".repeat(100_000).into_bytes()),
        ("a quote without an end", Format::Yaml2ics, ["a: '", &"\n\n x".repeat(200_000)].concat().into_bytes()),
        ("anchors", Format::Yaml2ics, ["a:\n", &"- &a x\n- *a\n".repeat(80_000)].concat().into_bytes()),
        ("keys", Format::Yaml2ical, (0..60_000).map(|n| format!("k{n}: v\n")).collect::<String>().into_bytes()),
        ("nothing", Format::Ics, Vec::new()),
        ("zeroes", Format::Yaml2ics, vec![0; 100_000]),
    ];
    for (name, format, bytes) in cases {
        let began = Instant::now();
        let found = one(format, name, &bytes, &zones);
        checked(&found, &zones);
        let took = began.elapsed();
        println!("{name}: {} bytes, {} series, {} remarks, {took:?}", bytes.len(), found.series, found.remarks.len());
        assert!(took < Duration::from_secs(60), "{name} took {took:?}");
    }
}
