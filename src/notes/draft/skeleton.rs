//! A plain note for a series that has none yet: what the schedule says, and empty sections.

use std::fmt::Write as _;

use super::Wanted;

/// The title of its note.
pub(super) fn title(wanted: &Wanted<'_>) -> String {
    format!("{} {}", wanted.meeting.local_start().date(), wanted.series.title)
}

pub(super) fn text(wanted: &Wanted<'_>) -> String {
    let meeting = wanted.meeting;
    let local = meeting.local_start();
    let mut out = format!("# {}\n\n", title(wanted));
    let utc = meeting.start.format("%H:%M");
    let _ = match meeting.zone.is_utc() {
        true => writeln!(out, "- Time: {utc} UTC"),
        false => writeln!(out, "- Time: {} {} ({utc} UTC)", local.format("%H:%M"), meeting.zone.name()),
    };
    if !wanted.cities.is_empty() {
        let city = |city: &crate::meeting::series::City| {
            let wall = city.zone.wall(meeting.start);
            let day = if wall.date() == local.date() { String::new() } else { wall.format("%a ").to_string() };
            format!("{} {day}{}", city.name, wall.format("%H:%M"))
        };
        let _ = writeln!(out, "- {}", wanted.cities.iter().map(city).collect::<Vec<_>>().join(", "));
    }
    for join in wanted.join {
        let _ = writeln!(out, "- {}: {}", join.label.as_deref().unwrap_or("Join"), join.url);
    }
    if let Some(phone) = wanted.phone {
        let pin = phone.pin.as_ref().map_or_else(String::new, |pin| format!(", PIN: {pin}"));
        let _ = writeln!(out, "- Dial in: {}{pin}", phone.number);
    }
    if let Some(place) = &wanted.series.location {
        let _ = writeln!(out, "- Place: {place}");
    }
    if let Some(address) = wanted.code_of_conduct {
        let _ = writeln!(out, "- Code of conduct: {address}");
    }
    out.push_str("\n**Present:**\n\n## Agenda\n\n## Action items\n");
    out
}
