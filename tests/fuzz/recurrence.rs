//! Any words are a rhythm: what is accepted has its dates in order and inside the window, and is the same rule when it is written as an
//! RRULE and read again.
#![no_main]

use chrono::NaiveDate;
use convened::meeting::recurrence::Recurrence;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let anchor = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
    let (from, to) = (NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(), NaiveDate::from_ymd_opt(2027, 12, 31).unwrap());
    for rule in [Recurrence::rrule(text), Recurrence::every(text)].into_iter().flatten() {
        let dates = rule.dates(anchor, from, to);
        assert!(dates.is_sorted_by(|a, b| a < b) && dates.iter().all(|date| (from..=to).contains(date)), "{text}: {dates:?}");
        assert!(!rule.in_words(anchor).is_empty());
        // COUNT and UNTIL are not printed by the rule: a feed ends it by its last date.
        if rule.last(anchor).is_none()
            && let Some(first) = rule.first(anchor)
        {
            let written = rule.to_rrule(first);
            let again = Recurrence::rrule(&written).unwrap_or_else(|error| panic!("{text}: {written}: {error}"));
            assert_eq!(again.dates(first, from, to), rule.dates(anchor, from, to), "{text}: {written}");
        }
    }
});
