//! Rules against the calendar, against RFC 5545's own examples, and against another implementation.

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

fn date(text: &str) -> NaiveDate {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap()
}

fn rule(text: &str) -> Recurrence {
    Recurrence::rrule(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The dates of a rule, as "01-14 01-28", from the anchor on for some years.
fn dates(text: &str, anchor: &str, years: i32) -> String {
    let anchor = date(anchor);
    let to = anchor.with_year(anchor.year() + years).unwrap();
    let found = Recurrence::every(text).unwrap_or_else(|error| panic!("{text}: {error}")).dates(anchor, anchor, to);
    found.iter().map(|date| date.format("%y-%m-%d").to_string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_other_week_counts_from_its_date_through_week_53() {
    // 2026 has 53 ISO weeks: counting even and odd weeks would slip here.
    let two_weeks = Recurrence::every("2 weeks").unwrap();
    assert_eq!(
        two_weeks.dates(date("2026-01-14"), date("2026-12-01"), date("2027-01-31")),
        ["2026-12-02", "2026-12-16", "2026-12-30", "2027-01-13", "2027-01-27"].map(date)
    );
    for (first, last) in [("2026-01-14", "2060-12-31"), ("2020-01-01", "2033-01-01")] {
        let all = two_weeks.dates(date(first), date(first), date(last));
        assert!(all.windows(2).all(|pair| pair[1] - pair[0] == TimeDelta::days(14)));
    }
}

#[test]
fn leap_days_come_in_leap_years_only() {
    assert_eq!(dates("year on 29 February", "2024-02-29", 16), "24-02-29 28-02-29 32-02-29 36-02-29 40-02-29");
    let leap = Recurrence::every("year on 29 February").unwrap();
    assert_eq!(leap.next_after(date("2096-02-29"), date("2096-02-29")), Some(date("2104-02-29")));
    assert_eq!(
        dates("month on the last day", "2027-12-31", 1),
        "27-12-31 28-01-31 28-02-29 28-03-31 28-04-30 28-05-31 28-06-30 28-07-31 28-08-31 28-09-30 28-10-31 28-11-30 28-12-31"
    );
    assert_eq!(dates("month on the 31st", "2026-01-31", 1), "26-01-31 26-03-31 26-05-31 26-07-31 26-08-31 26-10-31 26-12-31 27-01-31");
}

#[test]
fn the_examples_of_the_rfc_come_out_as_printed_there() {
    for (text, anchor, years, expected) in [
        (
            "FREQ=DAILY;COUNT=10",
            "1997-09-02",
            1,
            "97-09-02 97-09-03 97-09-04 97-09-05 97-09-06 97-09-07 97-09-08 97-09-09 97-09-10 97-09-11",
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
            "1997-09-02",
            1,
            "97-09-02 97-09-04 97-09-16 97-09-18 97-09-30 97-10-02 97-10-14 97-10-16",
        ),
        (
            "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
            "1997-09-02",
            1,
            "97-09-02 97-09-04 97-09-09 97-09-11 97-09-16 97-09-18 97-09-23 97-09-25 97-09-30 97-10-02 97-10-07",
        ),
        (
            "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
            "1997-09-05",
            1,
            "97-09-05 97-10-03 97-11-07 97-12-05 98-01-02 98-02-06 98-03-06 98-04-03 98-05-01 98-06-05",
        ),
        (
            "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
            "1997-09-07",
            1,
            "97-09-07 97-09-28 97-11-02 97-11-30 98-01-04 98-01-25 98-03-01 98-03-29 98-05-03 98-05-31",
        ),
        ("FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=6", "1997-09-28", 1, "97-09-28 97-10-29 97-11-28 97-12-29 98-01-29 98-02-26"),
        (
            "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
            "1997-01-01",
            10,
            "97-01-01 97-04-10 97-07-19 00-01-01 00-04-09 00-07-18 03-01-01 03-04-10 03-07-19 06-01-01",
        ),
        ("FREQ=YEARLY;BYDAY=20MO", "1997-05-19", 2, "97-05-19 98-05-18 99-05-17"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997-05-12", 2, "97-05-12 98-05-11"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "1997-09-02", 3, "98-02-13 98-03-13 98-11-13 99-08-13"),
        ("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "1996-11-05", 8, "96-11-05 00-11-07 04-11-02"),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-04", 1, "97-09-04 97-10-07 97-11-06"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=4", "1997-09-29", 1, "97-09-29 97-10-30 97-11-27 97-12-30"),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997-08-05", 1, "97-08-05 97-08-10 97-08-19 97-08-24"),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997-08-05", 1, "97-08-05 97-08-17 97-08-19 97-08-31"),
        ("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "2007-01-15", 1, "07-01-15 07-01-30 07-02-15 07-03-15 07-03-30"),
    ] {
        let found = dates(text, anchor, years);
        let found = if text.contains("BYWEEKNO") { found.split(' ').take(2).collect::<Vec<_>>().join(" ") } else { found };
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn week_numbers_are_those_of_iso_8601() {
    let weeks = rule("FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO,SU");
    let found = weeks.dates(date("2015-01-01"), date("2015-01-01"), date("2040-12-31"));
    assert!(found.iter().all(|date| date.iso_week().week() == 53), "{found:?}");
    assert_eq!(found.first().copied(), Some(date("2015-12-28")));
    let last = rule("FREQ=YEARLY;BYWEEKNO=-1;BYDAY=TH").dates(date("2015-01-01"), date("2015-01-01"), date("2045-12-31"));
    assert_eq!(last.len(), 31);
    assert!(last.iter().all(|date| date.iso_week().week() >= 52 && (*date + TimeDelta::days(7)).iso_week().week() == 1));
}

#[test]
fn a_window_far_away_is_reached_without_a_walk() {
    let anchor = date("1970-01-07");
    let week = rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=WE");
    let far = date("9999-12-01");
    for _ in 0..2000 {
        assert!(week.next_after(anchor, far).is_some());
    }
    let december = week.dates(anchor, far, date("9999-12-31"));
    assert!(december.len() >= 2 && december.iter().all(|d| (*d - anchor).num_days() % 14 == 0));
    assert!(week.dates(anchor, date("1960-01-01"), date("1970-01-06")).is_empty());
    assert!(week.dates(anchor, date("2030-01-02"), date("2030-01-01")).is_empty());
}

#[test]
fn impossible_rules_have_no_dates_and_an_end() {
    for text in [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31;COUNT=5",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
    ] {
        let never = rule(text);
        let anchor = date("2026-02-01");
        assert_eq!((never.first(anchor), never.nearest(anchor, date("2300-01-01")), never.last(anchor)), (None, None, None), "{text}");
    }
    assert_eq!(rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO").first(date("2026-01-01")), Some(date("2044-02-29")));
    assert_eq!(rule("FREQ=WEEKLY").next_after(date("2026-01-01"), NaiveDate::MAX), None);
    assert_eq!(rule("FREQ=YEARLY;INTERVAL=1000").next_after(NaiveDate::MAX, NaiveDate::MAX), None);
}

#[test]
fn the_nearest_date_is_found_on_both_sides() {
    let (anchor, two_weeks) = (date("2026-01-14"), Recurrence::every("2 weeks").unwrap());
    let nearest = |at: &str| two_weeks.nearest(anchor, date(at));
    assert_eq!(nearest("2026-01-29"), Some(date("2026-01-28")));
    assert_eq!(nearest("2026-02-09"), Some(date("2026-02-11")));
    assert_eq!(nearest("2026-02-11"), Some(date("2026-02-11")));
    assert_eq!(nearest("2026-02-04"), Some(date("2026-02-11")), "the later of two");
    assert_eq!(nearest("2020-01-01"), Some(anchor));
    let ended = two_weeks.clone().ending(date("2026-03-01"));
    assert_eq!(ended.nearest(anchor, date("2029-01-01")), Some(date("2026-02-25")));
    assert_eq!(ended.last(anchor), Some(date("2026-02-25")));
    assert_eq!(rule("FREQ=WEEKLY;COUNT=3").last(anchor), Some(date("2026-01-28")));
    assert_eq!(two_weeks.last(anchor), None);
}

#[test]
fn the_end_of_a_rule_is_kept_apart_until_the_zone_is_known() {
    // 17:00 on 2 December in Los Angeles is past midnight in UTC.
    let zoned = rule("FREQ=DAILY;UNTIL=20261203T010000Z");
    assert!(matches!(zoned.until(), Some(Until::Instant(_))));
    assert_eq!(zoned.clone().ending(date("2026-12-02")).last(date("2026-12-01")), Some(date("2026-12-02")));
    assert_eq!(rule("FREQ=DAILY;UNTIL=20261202").ending(date("2026-12-24")).until(), Some(Until::Date(date("2026-12-02"))));
}

#[test]
fn a_slot_in_turn_is_the_same_rule_at_longer_intervals() {
    let anchor = date("2026-01-14");
    for text in [
        "2 weeks",
        "week",
        "day",
        "month on the 2nd Wednesday",
        "month on the last day",
        "month on the last weekday",
        "year on 14 March",
        "month on the 15th",
    ] {
        let slot = Recurrence::every(text).unwrap();
        let first = slot.first(anchor).unwrap();
        let all = slot.dates(first, first, date("2056-01-14"));
        let turn = slot.times(3).unwrap().dates(first, first, date("2056-01-14"));
        assert_eq!(turn, all.into_iter().step_by(3).collect::<Vec<_>>(), "{text}");
    }
    for text in [
        "month",
        "year",
        "weekday",
        "week on Monday and Thursday",
        "month on the 31st",
        "month on the 5th Friday",
        "FREQ=WEEKLY;COUNT=9",
        "year on 29 February",
        "FREQ=DAILY;BYMONTH=3",
    ] {
        assert_eq!(Recurrence::every(text).unwrap().times(2), None, "{text}");
    }
    assert_eq!(Recurrence::every("week").unwrap().times(0), None);
    assert_eq!(Recurrence::every("1000 weeks").unwrap().times(2), None);
}

#[test]
fn rules_are_written_in_the_forms_that_programs_read_alike() {
    for (text, first, written) in [
        ("FREQ=WEEKLY;INTERVAL=2", "2026-01-14", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE;WKST=MO"),
        ("FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=WE", "2026-01-14", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE;WKST=MO"),
        ("FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,WE", "2026-01-14", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,SU;WKST=SU"),
        ("RRULE:freq=monthly;bysetpos=2;byday=we;count=10", "2026-01-14", "FREQ=MONTHLY;BYDAY=2WE"),
        ("FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1", "2026-01-30", "FREQ=MONTHLY;BYDAY=-1FR"),
        ("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=14", "2026-03-14", "FREQ=YEARLY"),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=2SU;UNTIL=20300101", "2026-03-08", "FREQ=YEARLY;BYMONTH=3;BYDAY=2SU"),
        ("FREQ=DAILY;INTERVAL=1", "2026-03-08", "FREQ=DAILY"),
    ] {
        assert_eq!(rule(text).to_rrule(date(first)), written, "{text}");
    }
}

#[test]
fn an_rrule_that_is_none_is_answered_with_a_sentence() {
    for (text, word) in [
        ("", "FREQ"),
        ("FREQ=HOURLY", "at most once a day"),
        ("FREQ=SECONDLY;BYDAY=MO", "at most once a day"),
        ("FREQ=LUNAR", "LUNAR"),
        ("FREQ=WEEKLY;FREQ=DAILY", "twice"),
        ("FREQ=WEEKLY;BYHOUR=9", "`time`"),
        ("FREQ=WEEKLY;INTERVAL=0", "INTERVAL"),
        ("FREQ=WEEKLY;INTERVAL=1001", "INTERVAL"),
        ("FREQ=WEEKLY;COUNT=2;UNTIL=20260101", "both"),
        ("FREQ=WEEKLY;UNTIL=2026-01-01", "UNTIL"),
        ("FREQ=WEEKLY;BYDAY=1TH", "numbered day"),
        ("FREQ=MONTHLY;BYDAY=6TH", "6TH"),
        ("FREQ=MONTHLY;BYDAY=0TH", "0TH"),
        ("FREQ=MONTHLY;BYDAY=\u{e9}", "BYDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTH=-1", "BYMONTH"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "YEARLY"),
        ("FREQ=YEARLY;BYWEEKNO=1", "BYDAY"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "YEARLY"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "WEEKLY"),
        ("FREQ=WEEKLY;BYSETPOS=1", "BYSETPOS"),
        ("FREQ=WEEKLY;X-THING=1", "X-THING"),
        ("FREQ", "no \"=\""),
    ] {
        let error = Recurrence::rrule(text).expect_err(text);
        assert!(error.contains(word) && error.ends_with('.'), "{text}: {error}");
    }
    assert!(Recurrence::rrule(&"FREQ=DAILY;".repeat(1000)).is_err());
}

/// Rules as another implementation can read them too. Left out, because there it errs: BYSETPOS in the first week of a weekly rule, numbered
/// and plain days in one BYDAY, and the last week of a year.
fn any_rule() -> impl Strategy<Value = String> {
    let list = |least: i32, most: i32, signed: bool| {
        let one = (least..=most, any::<bool>()).prop_map(move |(n, minus)| if signed && minus { -n } else { n });
        prop::collection::btree_set(one, 1..4).prop_map(|set| set.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
    };
    let part = |key: &'static str, values: BoxedStrategy<String>, odds: f64| {
        prop::option::weighted(odds, values).prop_map(move |value| value.map(|value| format!(";{key}={value}")).unwrap_or_default())
    };
    let days = |ordinals: i32| {
        prop::sample::subsequence(vec!["MO", "TU", "WE", "TH", "FR", "SA", "SU"], 1..4).prop_flat_map(move |days| {
            (0..=ordinals, any::<bool>()).prop_map(move |(n, minus)| {
                let sign = if minus && n > 0 { "-" } else { "" };
                days.iter().map(|day| if n == 0 { (*day).to_owned() } else { format!("{sign}{n}{day}") }).collect::<Vec<_>>().join(",")
            })
        })
    };
    let daily =
        (part("BYMONTH", list(1, 12, false).boxed(), 0.3), part("BYDAY", days(0).boxed(), 0.4)).prop_map(|(a, b)| format!("DAILY{a}{b}"));
    let weekly =
        (part("BYMONTH", list(1, 12, false).boxed(), 0.2), part("BYDAY", days(0).boxed(), 0.6)).prop_map(|(a, b)| format!("WEEKLY{a}{b}"));
    let monthly = (part("BYMONTHDAY", list(1, 31, true).boxed(), 0.3), days(4), part("BYSETPOS", list(1, 3, true).boxed(), 0.3))
        .prop_map(|(a, b, c)| format!("MONTHLY{a};BYDAY={b}{c}"));
    let yearly = (
        part("BYMONTH", list(1, 12, false).boxed(), 0.4),
        part("BYMONTHDAY", list(1, 31, true).boxed(), 0.3),
        part("BYDAY", days(5).boxed(), 0.3),
    )
        .prop_map(|(a, b, c)| format!("YEARLY{a}{b}{c}"));
    let numbered = (
        prop_oneof![list(2, 50, false).prop_map(|w| format!(";BYWEEKNO={w}")), list(1, 366, true).prop_map(|d| format!(";BYYEARDAY={d}"))],
        days(0),
    )
        .prop_map(|(numbers, days)| format!("YEARLY{numbers};BYDAY={days}"));
    let start = prop_oneof![Just(""), Just(";WKST=SU"), Just(";WKST=MO"), Just(";WKST=TH")];
    let end = prop_oneof![3 => Just(String::new()), 1 => (1..20).prop_map(|n| format!(";COUNT={n}"))];
    (prop_oneof![daily, weekly, monthly, yearly, numbered], 1..5, start, end)
        .prop_map(|(rule, n, start, end)| format!("FREQ={rule};INTERVAL={n}{start}{end}"))
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(2026), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_rules_give_the_dates_that_another_implementation_gives(text in any_rule(), start in 0..8000i64, skip in 0..600i64) {
        let ours = rule(&text);
        let Some(anchor) = ours.first(date("2005-01-01") + TimeDelta::days(start)) else { return Ok(()) };
        prop_assume!(anchor.year() < 2060);
        let (from, to) = (anchor + TimeDelta::days(skip), anchor + TimeDelta::days(skip + 900));
        let midnight = |date: NaiveDate| date.and_time(chrono::NaiveTime::MIN).and_utc().with_timezone(&::rrule::Tz::UTC);
        let parsed: ::rrule::RRule<::rrule::Unvalidated> = text.parse().unwrap();
        let set = parsed.build(midnight(anchor)).unwrap();
        let theirs: Vec<NaiveDate> = set.into_iter().map(|at| at.date_naive()).skip_while(|date| *date < from).take_while(|date| *date <= to).collect();
        prop_assert_eq!(ours.dates(anchor, from, to), theirs, "{} from {}", text, anchor);
    }

    #[test]
    fn what_is_written_is_read_as_the_same_dates(text in any_rule(), start in 0..8000i64) {
        let ours = rule(&text);
        let Some(first) = ours.first(date("2005-01-01") + TimeDelta::days(start)) else { return Ok(()) };
        prop_assume!(!text.contains("COUNT"));
        let again = rule(&ours.to_rrule(first));
        let to = first + TimeDelta::days(2000);
        prop_assert_eq!(ours.dates(first, first, to), again.dates(first, first, to), "{}", text);
        prop_assert!(!ours.in_words(first).is_empty());
    }

    #[test]
    fn windows_side_by_side_give_what_one_window_gives(text in any_rule(), start in 0..8000i64, cut in 0..1500i64) {
        let anchor = date("2005-01-01") + TimeDelta::days(start);
        let (middle, to) = (anchor + TimeDelta::days(cut), anchor + TimeDelta::days(1500));
        let ours = rule(&text);
        let mut parts = ours.dates(anchor, anchor, middle);
        parts.extend(ours.dates(anchor, middle + TimeDelta::days(1), to));
        let whole = ours.dates(anchor, anchor, to);
        if let Some(after) = whole.iter().find(|date| **date > middle) {
            prop_assert_eq!(ours.next_after(anchor, middle), Some(*after));
        }
        prop_assert_eq!(parts, whole, "{}", text);
    }

    #[test]
    fn no_text_is_a_danger(text in "\\PC{0,60}", words in prop::collection::vec(prop::sample::select(vec![
        "every", "2", "31st", "-1", "0", "99999999999999999999", "week", "weeks", "month", "months", "year", "on", "the", "last", "day", "of", "and", ",", "to",
        "Monday", "wed", "weekday", "March", "29", "February", "FREQ=YEARLY;", "BYDAY=", "BYSETPOS=-366", "COUNT=1", "UNTIL=20261231T", "\u{130}", "\u{301}",
    ]), 0..8)) {
        for text in [text, words.join(" "), words.concat(), format!("FREQ=YEARLY;{}", words.concat())] {
            for parsed in [Recurrence::every(&text), Recurrence::rrule(&text)] {
                match parsed {
                    Ok(rule) => {
                        let anchor = date("2026-01-14");
                        rule.dates(anchor, anchor, date("2028-01-14"));
                        rule.in_words(anchor);
                        rule.to_rrule(anchor);
                    }
                    Err(sentence) => prop_assert!(sentence.ends_with('.')),
                }
            }
        }
    }
}

#[test]
fn weeks_begin_where_the_rule_says() {
    for start in [Weekday::Mon, Weekday::Sun, Weekday::Sat] {
        let text = format!("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST={}", &start.to_string().to_uppercase()[..2]);
        let found = rule(&text).dates(date("2026-01-12"), date("2026-01-12"), date("2026-02-15"));
        let expected: &[&str] = if start == Weekday::Mon {
            &["2026-01-12", "2026-01-18", "2026-01-26", "2026-02-01", "2026-02-09", "2026-02-15"]
        } else {
            &["2026-01-12", "2026-01-25", "2026-01-26", "2026-02-08", "2026-02-09"]
        };
        assert_eq!(found, expected.iter().map(|d| date(d)).collect::<Vec<_>>(), "{start}");
    }
}

#[test]
fn once_is_the_first_date_alone() {
    let once = Recurrence::every("once").unwrap();
    let first = date("2026-01-14");
    assert_eq!(once.dates(first, first, date("2028-01-14")), [first]);
    assert_eq!((once.last(first), once.in_words(first)), (Some(first), "once".to_owned()));
    assert_eq!(once.times(2), None);
}
