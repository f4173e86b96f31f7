//! A rule in words, as they end a sentence on a page or in a letter: "every two weeks on Wednesday".

use chrono::{NaiveDate, Weekday};

use super::{Frequency, Recurrence, rrule};

const NUMBERS: [&str; 13] = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// The rule in words; a rule for which people have none is quoted as an RRULE.
pub fn say(rule: &Recurrence, anchor: NaiveDate) -> String {
    if rule.count == Some(1) {
        return "once".to_owned();
    }
    let full = rule.anchored(anchor);
    let said = if full.week_numbers.is_empty() && full.year_days.is_empty() {
        match full.frequency {
            Frequency::Daily => daily(&full),
            Frequency::Weekly => weekly(&full),
            Frequency::Monthly => monthly(&full),
            Frequency::Yearly => yearly(&full),
        }
    } else {
        None
    };
    said.unwrap_or_else(|| format!("by the rule {}", rrule::print(rule, anchor)))
}

fn daily(rule: &Recurrence) -> Option<String> {
    let plain = rule.months.is_empty() && rule.month_days.is_empty() && rule.weekdays.is_empty() && rule.positions.is_empty();
    plain.then(|| every(rule.interval, "day"))
}

fn weekly(rule: &Recurrence) -> Option<String> {
    if !rule.months.is_empty() || !rule.positions.is_empty() {
        return None;
    }
    let days: Vec<&str> = rule.weekdays.iter().map(|(_, day)| weekday(*day)).collect();
    Some(match (rule.interval, is_working_week(rule)) {
        (1, true) => "every day from Monday to Friday".to_owned(),
        (_, true) => format!("{} from Monday to Friday", every(rule.interval, "week")),
        (1, false) => format!("every {}", and(&days)),
        (_, false) => format!("{} on {}", every(rule.interval, "week"), and(&days)),
    })
}

fn monthly(rule: &Recurrence) -> Option<String> {
    let days = days_of_month(rule).filter(|_| rule.months.is_empty())?;
    Some(if rule.interval == 1 { format!("on {days} of each month") } else { format!("{} on {days}", every(rule.interval, "month")) })
}

fn yearly(rule: &Recurrence) -> Option<String> {
    let months: Vec<&str> = rule.months.iter().filter_map(|month| MONTHS.get(usize::from(*month).checked_sub(1)?)).copied().collect();
    let each = every(rule.interval, "year");
    match (months.as_slice(), rule.month_days.as_slice(), rule.weekdays.as_slice(), rule.positions.as_slice()) {
        ([month], [day], [], []) if *day > 0 => Some(format!("{each} on {day} {month}")),
        ([], _, _, _) => None,
        (months, _, _, _) => Some(format!("{each} on {} of {}", days_of_month(rule)?, and(months))),
    }
}

/// "the second Wednesday", "the 1st and 15th", "the last day", "the last weekday".
fn days_of_month(rule: &Recurrence) -> Option<String> {
    match (rule.month_days.as_slice(), rule.weekdays.as_slice(), rule.positions.as_slice()) {
        ([], [_, ..], [position]) if is_working_week(rule) => {
            Some(format!("the {} day from Monday to Friday", ordinal((*position).into())?))
        }
        ([], [(_, day), rest @ ..], []) if rest.iter().all(|(_, other)| other == day) => {
            let nth = in_order(rule.weekdays.iter().map(|(n, _)| i32::from(*n)).collect());
            let nth: Vec<String> = nth.into_iter().map(ordinal).collect::<Option<_>>()?;
            Some(format!("the {} {}", and(&nth), weekday(*day)))
        }
        ([], days @ [_, _, ..], []) => {
            let days: Option<Vec<String>> =
                days.iter().map(|(n, day)| Some(format!("the {} {}", ordinal((*n).into())?, weekday(*day)))).collect();
            days.map(|days| and(&days))
        }
        (days @ [_, ..], [], []) => {
            let days: Vec<String> = in_order(days.iter().map(|day| i32::from(*day)).collect()).into_iter().map(day_of_month).collect();
            Some(format!("the {}", and(&days)))
        }
        _ => None,
    }
}

/// Counted from the front first, then from the back: "first and last", not "last and first".
fn in_order(mut numbers: Vec<i32>) -> Vec<i32> {
    numbers.sort_by_key(|n| (*n < 0, *n));
    numbers
}

fn is_working_week(rule: &Recurrence) -> bool {
    let week = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
    rule.weekdays.iter().copied().eq(week.map(|day| (0, day)))
}

fn every(interval: u32, unit: &str) -> String {
    match interval {
        1 => format!("every {unit}"),
        n => match NUMBERS.get(n as usize) {
            Some(number) => format!("every {number} {unit}s"),
            None => format!("every {n} {unit}s"),
        },
    }
}

/// "second", "last", "second to last"; `None` for 0, which means every one.
fn ordinal(n: i32) -> Option<String> {
    match n {
        0 => None,
        1 => Some("first".to_owned()),
        2 => Some("second".to_owned()),
        3 => Some("third".to_owned()),
        4 => Some("fourth".to_owned()),
        5 => Some("fifth".to_owned()),
        6.. => Some(numeral(n)),
        -1 => Some("last".to_owned()),
        _ => Some(format!("{} to last", ordinal(-n)?)),
    }
}

fn day_of_month(day: i32) -> String {
    match day {
        ..=-1 => format!("{} day", ordinal(day).unwrap_or_default()),
        _ => numeral(day),
    }
}

/// "15th".
pub fn numeral(n: i32) -> String {
    let end = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{end}")
}

/// "Monday".
pub fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    }
}

fn and<S: AsRef<str>>(words: &[S]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_said_as_people_say_them() {
        let anchor = NaiveDate::from_ymd_opt(2026, 1, 14).unwrap();
        for (text, words) in [
            ("day", "every day"),
            ("3 days", "every three days"),
            ("week", "every Wednesday"),
            ("2 weeks", "every two weeks on Wednesday"),
            ("13 weeks", "every 13 weeks on Wednesday"),
            ("week on Monday and Thursday", "every Monday and Thursday"),
            ("2 weeks on Mon, Tue and Fri", "every two weeks on Monday, Tuesday and Friday"),
            ("weekday", "every day from Monday to Friday"),
            ("month", "on the 14th of each month"),
            ("month on the 2nd Wednesday", "on the second Wednesday of each month"),
            ("month on the last and 2nd Wednesday", "on the second and last Wednesday of each month"),
            ("2 months on the last Friday", "every two months on the last Friday"),
            ("month on the 1st, 22nd and 13th", "on the 1st, 13th and 22nd of each month"),
            ("month on the last day", "on the last day of each month"),
            ("month on the last weekday", "on the last day from Monday to Friday of each month"),
            ("month on the 1st Monday and the 3rd Friday", "on the first Monday and the third Friday of each month"),
            ("year on 14 March", "every year on 14 March"),
            ("year", "every year on 14 January"),
            ("year on the 2nd Wednesday of March", "every year on the second Wednesday of March"),
            ("FREQ=MONTHLY;BYDAY=-2TU", "on the second to last Tuesday of each month"),
            ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "by the rule FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;WKST=MO"),
            ("FREQ=DAILY;BYMONTH=1", "by the rule FREQ=DAILY;BYMONTH=1"),
        ] {
            assert_eq!(say(&Recurrence::every(text).unwrap(), anchor), words, "{text}");
        }
    }
}
