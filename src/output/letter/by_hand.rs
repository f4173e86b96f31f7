//! What only a person can write: the lines of a schedule file for a new rhythm or an end that notes speak of.

use chrono::{DateTime, Days, NaiveDate, Utc};
use unicode_width::UnicodeWidthStr;

use super::parts;
use crate::meeting::calendar::Calendar;
use crate::meeting::change::Proposed;
use crate::meeting::series::{Rule, Series};
use crate::output::{clean, words};
use crate::plan::Asking;

/// The file, the line, and what to write there; nothing for what an approval carries out by itself.
pub fn lines(asking: &Asking, calendar: &Calendar, now: DateTime<Utc>) -> Option<Vec<Vec<String>>> {
    let finding = &asking.proposal.finding;
    let toml = match finding.what {
        Proposed::End => vec![format!("ended = {}   # the last day on which it may meet", now.date_naive())],
        Proposed::Cadence => calendar.series(&finding.series).map_or_else(Vec::new, |series| two_rules(series, now.date_naive())),
        Proposed::Cancel(_) | Proposed::Move(..) | Proposed::Extra(_) => return None,
    };
    let place = calendar.series(&finding.series).map(|series| clean::line(&series.place.to_string(), 200));
    let place = place.unwrap_or_else(|| "its schedule file".to_owned());
    let what = if finding.what == Proposed::End {
        format!("Should it be so, add this line to the series \"{}\" in {place}, with the right date:", finding.series.series)
    } else {
        format!(
            "Should it be so, write the rule of the series \"{}\" in {place} as two, with the right dates and words:",
            finding.series.series
        )
    };
    let toml = parts::set_in(&toml);
    Some(vec![parts::paragraph("The calendar never changes a rule by itself."), parts::paragraph(&what), toml])
}

/// The rule in force, ended, and a second one to fill in.
fn two_rules(series: &Series, today: NaiveDate) -> Vec<String> {
    let Some(rule) = series.rule_on(today) else { return Vec::new() };
    let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
    let mut lines = vec!["[[series.rule]]".to_owned(), format!("from = {}", rule.from), format!("until = {today}")];
    let rrule = format!("rrule = \"{}\"", rule.recurrence.to_rrule(rule.from));
    lines.push(if rrule.width() <= parts::WIDTH { rrule } else { "# its \"every\" or \"rrule\", as it stands".to_owned() });
    lines.extend(place_in_time(rule));
    lines.extend([String::new(), "[[series.rule]]".to_owned(), format!("from = {tomorrow}   # its first meeting")]);
    lines.push("every = \"\"   # as the notes say".to_owned());
    lines.extend(place_in_time(rule));
    lines
}

fn place_in_time(rule: &Rule) -> Vec<String> {
    vec![
        format!("time = \"{}\"", words::hour(rule.time)),
        format!("zone = \"{}\"", rule.zone.name()),
        format!("duration = \"{}\"", words::length(rule.length)),
    ]
}
