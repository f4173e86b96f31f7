//! What the file of the next note is called, by the names of the last two.

use chrono::Datelike as _;

use super::super::dates;
use super::Wanted;
use super::clock::date_like;

/// What the last note's file would be called for another date: its own date replaced, in the folders of its year too, and its number counted on
/// where the note before shows that it is one.
pub(super) fn path(last: &str, before: Option<&str>, wanted: &Wanted<'_>) -> Option<String> {
    let date = wanted.meeting.local_start().date();
    let (folder, name) = last.rsplit_once('/').unwrap_or(("", last));
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    let found = dates::find(stem, true).into_iter().find(|found| found.date().is_some())?;
    let old = found.date()?;
    let mut stem = stem.to_owned();
    let new = date_like(stem.get(found.at.clone())?, &found, date);
    stem.replace_range(found.at.clone(), &new);
    let number = |path: &str| -> Option<(u32, usize)> {
        let name = path.rsplit('/').next()?;
        let digits = name.bytes().take_while(u8::is_ascii_digit).count();
        let apart = (1..=3).contains(&digits) && name[digits..].starts_with(['-', '_']);
        apart.then(|| name[..digits].parse().ok().map(|n| (n, digits))).flatten()
    };
    if let (Some((n, width)), Some((one_less, _))) = (number(last).filter(|(_, width)| found.at.start > *width), before.and_then(number))
        && one_less + 1 == n
    {
        stem.replace_range(..width, &format!("{:0width$}", n + 1));
    }
    let folders: Vec<String> =
        folder.split('/').map(|part| if part == old.year().to_string() { date.year().to_string() } else { part.to_owned() }).collect();
    let name = if ending.is_empty() { stem } else { format!("{stem}.{ending}") };
    Some(if folder.is_empty() { name } else { format!("{}/{name}", folders.join("/")) })
}
