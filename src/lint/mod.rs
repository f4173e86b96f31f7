//! What a careful reader of the schedules would ask: nothing here is wrong to the machine, and people may still meet in vain. Pure:
//! schedules, decisions, zones and `now` in, remarks out. Each file asks one question. A false alarm costs more than silence, since
//! people stop reading: where words can be meant otherwise, nothing is said.

mod ending;
mod holidays;
mod hours;
mod rooms;
mod speech;
#[cfg(test)]
mod tests;
mod weekdays;
mod zone_data;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use crate::meeting::calendar::Verdicts;
use crate::meeting::series::{Community, Series};
use crate::meeting::zone::Zones;
use crate::source::Remark;

/// The codes of the remarks made here, and of their like about a file (`links-differ`): what `as-meant` may name.
pub const CODES: [&str; 9] =
    [ending::ENDS, ending::ENDED, holidays::CODE, hours::CODE, "links-differ", rooms::SHARED, rooms::TWO, weekdays::CODE, zone_data::CODE];

/// What there is to ask about the series of a community as its file says them, on a day. `verdicts` is what was decided so far; what the
/// file says of single dates is looked at here.
pub fn of_community(community: &Community, verdicts: &Verdicts<'_>, zones: &Zones, today: NaiveDate) -> Vec<Remark> {
    let now = today.and_time(NaiveTime::MIN).and_utc();
    let mut found = Vec::new();
    for series in &community.series {
        let about = [
            ending::ending(series, now),
            rooms::two_links(series),
            hours::hours(community, series, zones, now),
            weekdays::weekdays(community, series, now),
            holidays::holidays(community, series, verdicts, now),
        ];
        found.extend(about.into_iter().flatten().filter(|remark| !is_meant(series, remark.code)));
        found.extend(unknown_code(series));
    }
    found.extend(zone_data::old(community, zones, now));
    found
}

/// What there is to ask about several series together, with the community that each question concerns.
pub fn of_all(communities: &[Community], verdicts: &Verdicts<'_>, now: DateTime<Utc>) -> Vec<(Arc<str>, Remark)> {
    rooms::shared(communities, verdicts, now).into_iter().map(|(community, remark)| (community.id.clone(), remark)).collect()
}

/// Whether people have said that a question need not be asked of a series.
fn is_meant(series: &Series, code: &str) -> bool {
    series.as_meant.iter().any(|meant| meant == code)
}

fn unknown_code(series: &Series) -> Option<Remark> {
    let unknown = series.as_meant.iter().find(|code| !CODES.contains(&code.as_str()))?;
    let near = CODES.iter().find(|code| strsim::osa_distance(code, unknown) <= 3);
    let hint = near.map_or_else(|| format!("It may be one of: {}.", CODES.join(", ")), |near| format!("Did you mean \"{near}\"?"));
    let unknown: String = unknown.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
    Some(Remark::advice(
        series.place.clone(),
        "as-meant-unknown",
        format!("\"as-meant\" names \"{unknown}\", which is no remark's code. {hint}"),
    ))
}
