//! A configuration drafted from an archive of notes: what it finds, what it asks, and that `check` accepts it.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use convened::config;
use convened::import::archive::{From, FromNotes, from_notes};
use convened::meeting::calendar::walls;
use convened::meeting::series::{Community, ExceptionKind, Series};
use convened::source::{Grade, Text};
use convened::sources::notes::read;

use crate::{corpus, zones};

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn drafted(texts: &[Text]) -> FromNotes {
    from_notes(texts, &From { community: "orchard", folder: "archive", zones: &zones(), today: date("2026-11-21") })
}

/// What `check` makes of a community's text: the community, without a fault.
fn accepted(toml: &str) -> Community {
    let (community, remarks) = config::community(&Text::new("communities/orchard.toml", toml.as_bytes()), "calendar.example.org", &zones());
    let faults: Vec<_> = remarks.iter().filter(|remark| remark.grade == Grade::Fault).collect();
    assert!(faults.is_empty(), "{faults:?}\n{toml}");
    community.expect("a community")
}

/// A file of which each series lacks its hour, filled in as it asks: accepted then.
fn filled_in(toml: &str) -> Community {
    let keys = [
        "[[",
        "id = ",
        "title = ",
        "called = ",
        "join = ",
        "duration = ",
        "ended = ",
        "every = ",
        "from = ",
        "until = ",
        "time = ",
        "zone = ",
    ];
    let bare = |line: &str| match line.strip_prefix("# ").filter(|rest| keys.iter().any(|key| rest.starts_with(key))) {
        Some(rest) => rest.replace("??:??", "18:00").replace("every = \"?\"", "every = \"week\"").replace("\"?\"", "\"UTC\""),
        None => line.to_owned(),
    };
    accepted(&toml.lines().map(bare).collect::<Vec<_>>().join("\n"))
}

/// The dates on which a series meets up to a day, by its rules alone and with its single dates.
fn dates(series: &Series, to: NaiveDate) -> (BTreeSet<NaiveDate>, BTreeSet<NaiveDate>) {
    let from = series.rules.first().map_or(to, |rule| rule.from);
    let plain: BTreeSet<NaiveDate> = walls(series, from, to).into_iter().map(|wall| wall.date()).collect();
    let mut all = plain.clone();
    for exception in &series.exceptions {
        match &exception.what {
            ExceptionKind::Skip { date } => {
                all.remove(date);
            }
            ExceptionKind::Move { date, to } => {
                all.remove(date);
                all.insert(to.date());
            }
            ExceptionKind::Extra { at, .. } => {
                all.insert(at.date());
            }
            ExceptionKind::Break { from, to } => all.retain(|date| date < from || date > to),
        }
    }
    (plain, all)
}

/// Notes every second Wednesday through a year, with their hour.
fn year(folder: &str, title: &str, hour: impl Fn(NaiveDate) -> String) -> Vec<Text> {
    (0..26)
        .map(|n| {
            let day = date("2026-01-07") + Days::new(14 * n);
            let text = format!("# {day} {title}\n\n- Time: {}\n- Join: https://meet.example.org/orchard\n\n## Agenda\n", hour(day));
            Text::new(format!("{folder}/{}/{day}.md", day.format("%Y")), text.into_bytes())
        })
        .filter(|text| !text.path.contains("2026-11-25") && !text.path.contains("2026-12"))
        .collect()
}

#[test]
fn a_meeting_pinned_to_utc_and_one_pinned_to_a_city_are_told_apart() {
    let utc = accepted(&drafted(&year("calls", "Orchard call", |_| "18:00 UTC".to_owned())).toml.expect("a file"));
    assert_eq!((utc.series[0].rules[0].zone.name(), utc.series[0].rules[0].time.to_string().as_str()), ("UTC", "18:00:00"));
    let summer = |day: NaiveDate| day >= date("2026-03-08") && day < date("2026-11-01");
    let city = |day| if summer(day) { "9:00 am PDT (16:00 UTC)" } else { "9:00 am PST (17:00 UTC)" }.to_owned();
    let local = accepted(&drafted(&year("calls", "Orchard call", city)).toml.expect("a file"));
    let rules: Vec<_> = local.series[0].rules.iter().map(|rule| (rule.zone.name(), rule.time.to_string())).collect();
    assert_eq!(rules, [("America/Los_Angeles", "09:00:00".to_owned())]);
}

#[test]
fn rhythm_link_and_single_dates_come_with_what_speaks_for_them() {
    let mut texts = year("calls", "Orchard call", |day| if day < date("2026-06-01") { "18:00 UTC" } else { "17:00 UTC" }.to_owned());
    texts.retain(|text| !text.path.contains("2026-07-08"));
    let found = drafted(&texts);
    let toml = found.toml.expect("a file");
    let community = accepted(&toml);
    let series = &community.series[0];
    assert_eq!((&*series.id.series, series.title.as_str()), ("orchard-call", "Orchard call"));
    assert_eq!(series.join[0].url, "https://meet.example.org/orchard");
    let rules: Vec<_> = series.rules.iter().map(|rule| (rule.from.to_string(), rule.time.format("%H:%M").to_string())).collect();
    assert_eq!(rules, [("2026-01-07".to_owned(), "18:00".to_owned()), ("2026-06-10".to_owned(), "17:00".to_owned())]);
    assert!(matches!(series.exceptions.as_slice(), [only] if only.what == ExceptionKind::Skip { date: date("2026-07-08") }));
    for words in [
        "# 22 of 22 notes of its time lie on this rhythm.",
        "# No note of this date.",
        "# In 12 of the last 12 notes with a link",
        "QUESTION: ",
    ] {
        assert!(toml.contains(words), "{words}: {toml}");
    }
    assert!(community.organisers.is_empty() && toml.contains("# rehearsal = true") && found.questions >= 2, "{toml}");
}

#[test]
fn a_series_without_an_hour_is_a_comment_and_a_question() {
    let mut texts = year("calls", "Orchard call", |_| "18:00 UTC".to_owned());
    texts.extend(year("teams", "Orchard team", |_| "later".to_owned()));
    let found = drafted(&texts);
    let toml = found.toml.expect("a file");
    assert_eq!(accepted(&toml).series.len(), 1);
    assert!(toml.contains("QUESTION: At which hour does it meet") && toml.contains("# id = \"orchard-team\""), "{toml}");
    let alone = drafted(&year("teams", "Orchard team", |_| "later".to_owned()));
    assert!(!alone.complete);
    let filled = filled_in(&alone.toml.expect("a file to fill in"));
    assert_eq!(filled.series[0].rules[0].time.to_string(), "18:00:00");
}

#[test]
fn hostile_archives_make_no_file_that_is_wrong() {
    let mut texts = year("calls", "Orchard \u{202e}llac\u{202c} \"]\n[[series]]", |_| "18:00 UTC".to_owned());
    texts.push(Text::new("calls/2026/\u{202e}x\".md", vec![0u8; 4096]));
    texts.push(Text::new("calls/9999-12-31.md", "# 9999-12-31\n".as_bytes()));
    texts.push(Text::new("calls/huge.md", vec![b'#'; 5 << 20]));
    texts.push(Text::new("", "".as_bytes()));
    let toml = drafted(&texts).toml.expect("a file");
    assert!(!toml.contains('\u{202e}'), "{toml}");
    assert_eq!(accepted(&toml).series.len(), 1);
    for title in ["\"\"\"", "\\u0000 \\", "a\nb = 1", "# x", "'''", "]]", "\u{85}\u{2028}[[series]]", "${HOME} {{x}}"] {
        let text = |day: NaiveDate| format!("---\ntitle: \"{title}\"\n---\n\n# {day} {title}\n\n- Time: 18:00 {title} UTC\n");
        let texts: Vec<Text> = (0..9)
            .map(|n| date("2026-08-05") + Days::new(7 * n))
            .map(|day| Text::new(format!("{title}/{day}-{title}.md"), text(day).into_bytes()))
            .collect();
        let found = drafted(&texts);
        if let Some(toml) = found.toml.filter(|_| found.complete) {
            assert_eq!(accepted(&toml).series.len(), 1, "{toml}");
        }
    }
    let noise: Vec<Text> = (0..400u64)
        .map(|n| {
            let day = date("2020-01-01") + Days::new((n * n * 7919) % 2500);
            Text::new(format!("noise/{n}-{day}.md"), format!("# {day}\n\nTime: {}:{:02} UTC\n", n % 24, n % 60).into_bytes())
        })
        .collect();
    let found = drafted(&noise);
    let toml = found.toml.expect("a file");
    if found.complete {
        accepted(&toml)
    } else {
        filled_in(&toml)
    };
    assert!(drafted(&[]).toml.is_none());
}

#[test]
fn configurations_of_real_archives_are_accepted_and_meet_when_people_met() {
    let Some(root) = corpus::part("notes") else { return };
    let drafts = std::env::var_os("CONVENED_DRAFTS");
    let (mut now, mut alive) = ([0; 3], [0; 3]);
    let (mut hit, mut made, mut real) = ([0, 0], [0, 0], 0);
    let mut repositories: Vec<_> = std::fs::read_dir(&root).expect("the corpus").flatten().map(|entry| entry.path()).collect();
    repositories.sort();
    for repository in repositories {
        let texts = read(&repository, "archive").all();
        let found = drafted(&texts);
        let name = repository.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let toml = found.toml.as_ref().unwrap_or_else(|| panic!("{name}: no file; {} series", found.series.len()));
        if let Some(folder) = &drafts {
            std::fs::write(std::path::Path::new(folder).join(format!("{name}.toml")), toml).expect("a folder for drafts");
        }
        if !found.complete {
            filled_in(toml);
            println!("{name}: to be filled in, {} series, {} questions", found.series.len(), found.questions);
            continue;
        }
        let community = accepted(toml);
        for seen in &found.series {
            let truth: BTreeSet<NaiveDate> = seen.dates.iter().copied().collect();
            let last = *seen.dates.last().expect("dates");
            let Some(series) = community.series.iter().find(|series| *series.id.series == *seen.id) else {
                println!("{name}/{}: {} notes, no hour or no rule", seen.id, truth.len());
                continue;
            };
            let (plain, all) = dates(series, last);
            let share = |set: &BTreeSet<NaiveDate>| {
                let hits = set.intersection(&truth).count();
                (hits, 100 * hits / set.len().max(1), 100 * hits / truth.len().max(1))
            };
            let ((a, plain_precision, plain_recall), (b, precision, recall)) = (share(&plain), share(&all));
            let rule = series.rules.last().map_or(last, |rule| rule.from);
            let recent = |set: &BTreeSet<NaiveDate>| set.iter().filter(|date| **date >= rule).copied().collect::<BTreeSet<_>>();
            let (made_now, truth_now) = (recent(&plain), recent(&truth));
            for sums in std::iter::once(&mut now).chain((last >= date("2026-01-01")).then_some(&mut alive)) {
                sums[0] += made_now.intersection(&truth_now).count();
                sums[1] += made_now.len();
                sums[2] += truth_now.len();
            }
            real += truth.len();
            (hit[0], hit[1]) = (hit[0] + a, hit[1] + b);
            (made[0], made[1]) = (made[0] + plain.len(), made[1] + all.len());
            let rules: Vec<String> =
                series.rules.iter().map(|rule| format!("{} {} {}", rule.from, rule.time.format("%H:%M"), rule.zone.name())).collect();
            println!(
                "{name}/{}: {} notes, {} rules, {} single dates; by rules {plain_precision} % right, {plain_recall} % found; with single dates {precision} %, {recall} %; {}",
                seen.id,
                truth.len(),
                series.rules.len(),
                series.exceptions.len(),
                rules.join("; ")
            );
        }
    }
    let share = |n: usize, of: usize| 100.0 * n as f64 / of.max(1) as f64;
    let all = [
        ("by rules", [hit[0], made[0], real]),
        ("with single dates", [hit[1], made[1], real]),
        ("the last rule alone", now),
        ("the last rule of series that met this year", alive),
    ];
    for (how, [hit, made, real]) in all {
        println!(
            "all, {how}: {:.1} % of {made} dates are notes', {:.1} % of {real} notes' dates are hit",
            share(hit, made),
            share(hit, real)
        );
    }
    assert!(share(hit[0], made[0]) >= 78.0 && share(hit[0], real) >= 85.0, "by rules");
    assert!(share(hit[1], made[1]) >= 99.0 && share(hit[1], real) >= 99.0, "with single dates");
    assert!(share(alive[0], alive[1]) >= 80.0 && share(alive[0], alive[2]) >= 85.0, "the last rule of series that met this year");
}
