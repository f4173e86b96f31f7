//! How people say how often they meet: "2 weeks", "Wednesday", "month on the 2nd Wednesday", "year on 14 March".

use chrono::Weekday;

use super::{ACCEPTED, Frequency, Recurrence, rrule};

/// Longer sentences are not read.
const LONGEST_TEXT: usize = 200;

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Mon),
    ("tuesday", Weekday::Tue),
    ("wednesday", Weekday::Wed),
    ("thursday", Weekday::Thu),
    ("friday", Weekday::Fri),
    ("saturday", Weekday::Sat),
    ("sunday", Weekday::Sun),
];

const WORKING: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];

const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

const NUMBERS: [&str; 12] = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

const ORDINALS: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];

/// Reads such words; the error is a sentence that says what is accepted.
pub fn parse(text: &str) -> Result<Recurrence, String> {
    if text.len() > LONGEST_TEXT {
        return Err(format!("This says how often in more than {LONGEST_TEXT} bytes: {ACCEPTED}."));
    }
    let lower = text.trim().to_lowercase();
    if lower.starts_with("rrule:") || lower.starts_with("freq=") {
        return rrule::parse(text);
    }
    if matches!(lower.as_str(), "biweekly" | "bi-weekly" | "bimonthly" | "bi-monthly") {
        return Err(format!("\"{}\" means two things to people: write \"2 weeks\", \"2 months\", or the days themselves.", text.trim()));
    }
    if lower == "once" {
        return Ok(Recurrence { count: Some(1), ..Recurrence::plain(Frequency::Daily, 1) });
    }
    let spaced = lower.replace([',', '&'], " and ");
    let words: Vec<&str> = spaced.split_whitespace().filter(|word| !matches!(*word, "the" | "every" | "each" | "a")).collect();
    read(&words).ok_or_else(|| format!("\"{}\" is not understood as how often: {ACCEPTED}.", text.trim()))
}

fn read(words: &[&str]) -> Option<Recurrence> {
    let (interval, words) = match words {
        ["other", rest @ ..] => (2, rest),
        [first, rest @ ..] if !rest.is_empty() && count(first).is_some() => (count(first)?, rest),
        _ => (1, words),
    };
    let (unit, rest) = words.split_first()?;
    let days = match rest {
        [] => None,
        ["on", days @ ..] if !days.is_empty() => Some(days),
        _ => return without_unit(interval, words),
    };
    let (frequency, interval) = match *unit {
        "day" | "days" | "daily" => (Frequency::Daily, interval),
        "week" | "weeks" | "weekly" => (Frequency::Weekly, interval),
        "fortnight" | "fortnights" | "fortnightly" => (Frequency::Weekly, interval.checked_mul(2)?),
        "month" | "months" | "monthly" => (Frequency::Monthly, interval),
        "quarter" | "quarters" | "quarterly" => (Frequency::Monthly, interval.checked_mul(3)?),
        "year" | "years" | "yearly" | "annually" => (Frequency::Yearly, interval),
        _ => return without_unit(interval, words),
    };
    let mut rule = Recurrence::plain(frequency, (1..=rrule::LONGEST_INTERVAL).contains(&interval).then_some(interval)?);
    match (frequency, days) {
        (_, None) => {}
        (Frequency::Daily, Some(_)) => return None,
        (Frequency::Weekly, Some(days)) => rule.weekdays = weekdays(days)?,
        (Frequency::Monthly, Some(days)) => in_month(&mut rule, days)?,
        (Frequency::Yearly, Some(days)) => in_year(&mut rule, days)?,
    }
    rrule::check(rule).ok()
}

/// "Wednesday", "weekday", "Monday and Thursday", "2nd Wednesday of month".
fn without_unit(interval: u32, words: &[&str]) -> Option<Recurrence> {
    if let [days @ .., "of" | "in", "month"] = words {
        let mut rule = Recurrence::plain(Frequency::Monthly, 1);
        in_month(&mut rule, days)?;
        return rrule::check(rule).ok().filter(|_| interval == 1);
    }
    let mut rule = Recurrence::plain(Frequency::Weekly, (1..=rrule::LONGEST_INTERVAL).contains(&interval).then_some(interval)?);
    rule.weekdays = weekdays(words)?;
    rrule::check(rule).ok().filter(|_| interval == 1 || !is_working_day(words))
}

fn count(word: &str) -> Option<u32> {
    word.parse().ok().or_else(|| NUMBERS.iter().position(|known| *known == word).map(|index| index as u32 + 1))
}

/// A day of the week: in full, in the plural, or its first three letters or more.
fn weekday(word: &str) -> Option<Weekday> {
    let word = word.strip_suffix('.').unwrap_or(word);
    let fits = |name: &str| word == name || word.strip_suffix('s') == Some(name) || (word.len() >= 3 && name.starts_with(word));
    WEEKDAYS.iter().find(|(name, _)| fits(name)).map(|(_, day)| *day)
}

fn is_working_day(words: &[&str]) -> bool {
    matches!(words, ["weekday" | "weekdays" | "workday" | "workdays"] | ["working" | "business" | "work", "day" | "days"])
}

fn weekdays(words: &[&str]) -> Option<Vec<(i8, Weekday)>> {
    if is_working_day(words) {
        return Some(WORKING.map(|day| (0, day)).to_vec());
    }
    if let [first, "to" | "through", last] = words {
        let (first, last) = (weekday(first)?, weekday(last)?);
        return Some((0..=last.days_since(first)).scan(first, |day, _| Some((0, std::mem::replace(day, day.succ())))).collect());
    }
    words.split(|word| *word == "and").map(|day| if let [day] = day { Some((0, weekday(day)?)) } else { None }).collect()
}

/// 2 for "2nd", "second" or "2"; -1 for "last".
fn ordinal(word: &str) -> Option<i8> {
    if word == "last" {
        return Some(-1);
    }
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word).trim_end_matches('.');
    let number = digits.parse().ok().filter(|n| (1..=31).contains(n));
    number.or_else(|| ORDINALS.iter().position(|known| *known == word).map(|index| index as i8 + 1))
}

/// "2nd Wednesday", "2nd and 4th Wednesday", "last Friday", "15th", "1st and 15th", "last day", "last weekday".
fn in_month(rule: &mut Recurrence, words: &[&str]) -> Option<()> {
    let mut waiting: Vec<i8> = Vec::new();
    for item in words.split(|word| *word == "and") {
        let (number, noun) = match item {
            ["day", number] => (number, [].as_slice()),
            [number, noun @ ..] => (number, noun),
            [] => return None,
        };
        waiting.push(ordinal(number)?);
        match noun {
            [] => {}
            ["day"] => rule.month_days.append(&mut waiting),
            [day] if weekday(day).is_some() => {
                let day = weekday(day)?;
                let nth = waiting.drain(..).map(|n| (-1..=5).contains(&n).then_some((n, day)));
                rule.weekdays.extend(nth.collect::<Option<Vec<_>>>()?);
            }
            noun if is_working_day(noun) && rule.positions.is_empty() => {
                rule.positions = waiting.drain(..).map(i16::from).collect();
                rule.weekdays.extend(WORKING.map(|day| (0, day)));
            }
            _ => return None,
        }
    }
    // Numbers without a weekday are days of the month; "the last" alone is none.
    if waiting.contains(&-1) {
        return None;
    }
    rule.month_days.append(&mut waiting);
    let mixed = !rule.month_days.is_empty() && !rule.weekdays.is_empty();
    let alone = rule.positions.is_empty() || rule.weekdays.len() == WORKING.len();
    (alone && !mixed).then_some(())
}

/// "14 March", "March 14th", "14th of March", "2nd Wednesday of March".
fn in_year(rule: &mut Recurrence, words: &[&str]) -> Option<()> {
    let month = |word: &str| {
        let word = word.strip_suffix('.').unwrap_or(word);
        let index = MONTHS.iter().position(|name| *name == word || (word.len() >= 3 && name.starts_with(word)))?;
        Some(index as u8 + 1)
    };
    let (day, name) = match words {
        [day @ .., "of" | "in", name] => (day, name),
        [name, day] if month(name).is_some() => (std::slice::from_ref(day), name),
        [day, name] => (std::slice::from_ref(day), name),
        _ => return None,
    };
    let number = month(name)?;
    rule.months = vec![number];
    in_month(rule, day)?;
    let length = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].get(usize::from(number) - 1)?;
    rule.month_days.iter().all(|day| day <= length).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_rrule(text: &str) -> String {
        let rule = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        // Wednesday 14 January 2026, where the words leave the day open.
        rule.to_rrule(chrono::NaiveDate::from_ymd_opt(2026, 1, 14).unwrap())
    }

    #[test]
    fn people_are_understood() {
        for (text, rrule) in [
            ("day", "FREQ=DAILY"),
            ("3 days", "FREQ=DAILY;INTERVAL=3"),
            ("week", "FREQ=WEEKLY;BYDAY=WE"),
            ("2 weeks", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE;WKST=MO"),
            ("two weeks", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE;WKST=MO"),
            ("every other week", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE;WKST=MO"),
            ("fortnight", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE;WKST=MO"),
            ("Thursday", "FREQ=WEEKLY;BYDAY=TH"),
            ("2 weeks on Wednesday", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE;WKST=MO"),
            ("week on Monday and Thursday", "FREQ=WEEKLY;BYDAY=MO,TH"),
            ("week on Thu, Mon", "FREQ=WEEKLY;BYDAY=MO,TH"),
            ("Tuesdays and Fridays", "FREQ=WEEKLY;BYDAY=TU,FR"),
            ("weekday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
            ("week on Monday to Thursday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH"),
            ("month", "FREQ=MONTHLY;BYMONTHDAY=14"),
            ("month on the 2nd Wednesday", "FREQ=MONTHLY;BYDAY=2WE"),
            ("Month On The Second WEDNESDAY", "FREQ=MONTHLY;BYDAY=2WE"),
            ("2nd Wednesday of the month", "FREQ=MONTHLY;BYDAY=2WE"),
            ("month on the 2nd and 4th Wednesday", "FREQ=MONTHLY;BYDAY=2WE,4WE"),
            ("month on the 1st Monday and the last Friday", "FREQ=MONTHLY;BYDAY=1MO,-1FR"),
            ("2 months on the last Friday", "FREQ=MONTHLY;INTERVAL=2;BYDAY=-1FR"),
            ("quarter on the first Monday", "FREQ=MONTHLY;INTERVAL=3;BYDAY=1MO"),
            ("month on the 15th", "FREQ=MONTHLY;BYMONTHDAY=15"),
            ("month on the 1st and 15th", "FREQ=MONTHLY;BYMONTHDAY=1,15"),
            ("month on day 3", "FREQ=MONTHLY;BYMONTHDAY=3"),
            ("month on the last day", "FREQ=MONTHLY;BYMONTHDAY=-1"),
            ("month on the last weekday", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"),
            ("month on the first working day", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1"),
            ("year on 14 March", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=14"),
            ("year on March 14th", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=14"),
            ("year on 14 January", "FREQ=YEARLY"),
            ("year on the 2nd Wednesday of March", "FREQ=YEARLY;BYMONTH=3;BYDAY=2WE"),
            ("year", "FREQ=YEARLY"),
            ("FREQ=WEEKLY;BYDAY=MO", "FREQ=WEEKLY;BYDAY=MO"),
        ] {
            assert_eq!(as_rrule(text), rrule, "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_answered_with_what_would_be() {
        for text in [
            "",
            "fortnite",
            "0 weeks",
            "-1 weeks",
            "2",
            "99999999999 weeks",
            "1001 weeks",
            "week on",
            "week on Caturday",
            "week on 2nd",
            "day on Monday",
            "month on the",
            "month on the 32nd",
            "month on the 6th Monday",
            "month on the last",
            "month on the 15th and the 2nd Monday",
            "year on 30 February",
            "year on March",
            "biweekly",
            "hour",
            "2 weekdays",
            "month on the 1st weekday and the 2nd Monday",
            "semaine",
            "\u{0}",
            "weeks 2",
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains("2 weeks") && error.ends_with('.'), "{text}: {error}");
        }
        assert!(parse(&"week and ".repeat(1000)).is_err());
    }
}
