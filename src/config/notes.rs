//! `[[notes]]`: where a community's notes live - a folder, a git repository, a pad - and how far their words are trusted.

use std::time::Duration;

use chrono::TimeDelta;

use super::addresses::{branch, inner_path, login, pad_address, repository_url};
use super::fields::{At, Table};
use super::grants::{Granted, Within};
use super::{codes, links, settings, words};
use crate::meeting::cron::Cron;
use crate::meeting::remote::{GitLogin, Location, NotesArchive, Pad, Remote, Repository};
use crate::meeting::series::{NotesFolder, SeriesId};
use crate::source::Remark;

/// What each place alone can have.
const OF_GIT: [&str; 7] = ["branch", "path", "key-file", "known-hosts", "user", "token-file", "token-credential"];
const OF_PAD: [&str; 3] = ["redirects-to", "largest", "archive-as"];
const OF_REMOTES: [&str; 2] = ["refresh", "time-out"];
/// What proves to a git server who we are.
const OF_LOGINS: [&str; 5] = ["key-file", "known-hosts", "user", "token-file", "token-credential"];

/// One `[[notes]]` of a community whose series are `ids`.
pub(super) fn read(mut table: Table<'_>, ids: &[SeriesId], within: Within<'_>, remarks: &mut Vec<Remark>) -> Option<NotesFolder> {
    let folder = table.parsed("folder", codes::BAD_PATH, remarks, words::path);
    let git = table.parsed("git", codes::BAD_GIT, remarks, repository_url);
    let pad = table.parsed("pad", codes::BAD_PAD, remarks, pad_address);
    let branch = table.parsed("branch", codes::BAD_GIT, remarks, branch);
    let path = table.parsed("path", codes::BAD_PATH, remarks, inner_path);
    let login = login(&mut table, git.as_deref(), remarks);
    let hosts = table.each("redirects-to", codes::BAD_DOMAIN, remarks, words::domain).unwrap_or_default();
    let largest = table.number("largest", 1, 20_000, remarks).unwrap_or(1000);
    let archive_as = table.parsed("archive-as", codes::BAD_PATH, remarks, archive_file);
    let refresh = table.parsed("refresh", codes::BAD_REFRESH, remarks, refresh);
    let time_out = time_out(&mut table, remarks);
    let series = table.parsed("series", codes::UNKNOWN_SERIES, remarks, |text| match ids.iter().find(|id| &*id.series == text) {
        Some(id) => Ok(id.clone()),
        None => Err(format!("names {}", words::unknown_series(text, ids.iter().map(|id| &*id.series)))),
    });
    let trusted = table.bool("trusted", remarks);
    let url = table.parsed("url", codes::BAD_LINK, remarks, note_url);
    let granted = within.grant(&mut table, remarks);
    where_they_live(&table, remarks);
    let place = table.place();
    let lives = match granted {
        Some((name, granted)) => lent(name, granted, &table, remarks),
        None if table.has("grant") => None,
        None => named(folder, git, pad, login, &table, within, remarks),
    };
    table.finish(remarks);
    let remote = |at: Location, usual: (&str, u64)| {
        let refresh = refresh.clone().or_else(|| self::refresh(usual.0).ok())?;
        Some(Remote { at, refresh, time_out: time_out.unwrap_or(Duration::from_secs(usual.1)) })
    };
    let (name, lives) = lives?;
    let notes = NotesFolder { folder: String::new(), granted: None, remote: None, archive_as, series, trusted: false, url, place };
    Some(match lives {
        Lives::Folder(granted) => NotesFolder { folder: name, granted, archive_as: None, trusted: trusted.unwrap_or(false), ..notes },
        Lives::Pad(pad) => {
            let url = notes.url.clone().or_else(|| Some(pad.address.clone()));
            let pad = Pad { hosts: hosts.into_iter().map(|At { value, .. }| value).collect(), largest: largest as usize * 1000, ..pad };
            let remote = remote(Location::Pad(pad), ("*/5 * * * *", 30));
            NotesFolder { folder: name, remote, trusted: trusted.unwrap_or(false), url, ..notes }
        }
        Lives::Git(repository) => {
            let repository = Repository { branch, path: path.unwrap_or_default(), ..repository };
            // What comes unencrypted and unsigned may be anybody's.
            let safe = !repository.url.starts_with("git://") && !repository.url.starts_with("http://");
            let folder = self::name(&name, &repository);
            let remote = remote(Location::Git(repository), ("*/15 * * * *", 120));
            NotesFolder { folder, remote, archive_as: None, trusted: trusted.unwrap_or(safe), ..notes }
        }
    })
}

/// Where notes live, without what is said of the way there.
enum Lives {
    /// With the folder itself, where it is not the one of that name.
    Folder(Option<String>),
    Git(Repository),
    Pad(Pad),
}

/// The place that a `[[notes]]` names itself, as far as it may, with the beginning of its name.
fn named(
    folder: Option<String>,
    git: Option<String>,
    pad: Option<Pad>,
    login: Option<GitLogin>,
    table: &Table<'_>,
    within: Within<'_>,
    remarks: &mut Vec<Remark>,
) -> Option<(String, Lives)> {
    let secrets = within.refuse_secrets(table, &OF_LOGINS, remarks);
    if let Some(pad) = pad {
        let name = without_scheme(&pad.address).to_owned();
        return within
            .page(table, "pad", &pad.download, remarks)
            .then(|| (name, Lives::Pad(Pad { public_only: !within.is_free(), ..pad })));
    }
    if let Some(url) = git {
        let may = within.repository(table, &url, remarks) && !secrets;
        let repository = Repository { url, branch: None, path: String::new(), login, public_only: !within.is_free() };
        return may.then(|| (address_name(&repository.url), Lives::Git(repository)));
    }
    within.folder(table, &folder?, remarks).map(|folder| (folder, Lives::Folder(None)))
}

/// The place that is lent to a `[[notes]]`. It has a name of its own: who is not lent it does not get it by naming the same address.
fn lent(name: String, granted: Granted, table: &Table<'_>, remarks: &mut Vec<Remark>) -> Option<(String, Lives)> {
    match granted {
        Granted::Folder(path) => Some((name, Lives::Folder(Some(path)))),
        Granted::Git(repository) => Some((name, Lives::Git(repository))),
        Granted::Pad(pad) => Some((name, Lives::Pad(pad))),
        Granted::Chat(_) => {
            table.fault("grant", codes::NOT_GRANTED, "\"grant\" in [[notes]] names a chat. Write the name of a place of notes.", remarks);
            None
        }
    }
}

/// A repository in a table of its own, as `[communities]` of the settings.
pub(super) fn repository(mut table: Table<'_>, remarks: &mut Vec<Remark>) -> Option<Remote> {
    let git = table.parsed("git", codes::BAD_GIT, remarks, repository_url);
    let git = table.required("git", git, "\"https://github.com/example/calendar.git\"", remarks);
    let branch = table.parsed("branch", codes::BAD_GIT, remarks, branch);
    let path = table.parsed("path", codes::BAD_PATH, remarks, inner_path);
    let login = login(&mut table, git.as_deref(), remarks);
    let refresh = table.parsed("refresh", codes::BAD_REFRESH, remarks, refresh).or_else(|| self::refresh("*/5 * * * *").ok());
    let time_out = time_out(&mut table, remarks).unwrap_or(Duration::from_secs(120));
    table.finish(remarks);
    let at = Location::Git(Repository { url: git?, branch, path: path.unwrap_or_default(), login, public_only: false });
    Some(Remote { at, refresh: refresh?, time_out })
}

/// `[notes-archive]`: the repository into which what pads held is committed.
pub(super) fn archive(mut table: Table<'_>, within: Within<'_>, remarks: &mut Vec<Remark>) -> Option<NotesArchive> {
    let granted = within.grant(&mut table, remarks);
    let git = table.parsed("git", codes::BAD_GIT, remarks, repository_url);
    if !table.has("grant") {
        let _ = table.required("git", git.as_ref(), "\"https://github.com/example/archive.git\"", remarks);
    }
    let branch = table.parsed("branch", codes::BAD_GIT, remarks, branch).unwrap_or_else(|| "main".to_owned());
    let file = table.parsed("file", codes::BAD_PATH, remarks, archive_file).unwrap_or_else(|| "{series}/{year}/{date}.md".to_owned());
    let review = table.bool("review", remarks).unwrap_or(true);
    let author = table.parsed("author", codes::BAD_ADDRESS, remarks, words::address);
    let login = login(&mut table, git.as_deref(), remarks);
    let time_out = time_out(&mut table, remarks).unwrap_or(Duration::from_secs(120));
    let place = table.place();
    let secrets = within.refuse_secrets(&table, &OF_LOGINS, remarks);
    if !within.is_free() && table.has("git") {
        within.refuse(&table, "git", "names a repository into which convened is to write", remarks);
    }
    let repository = match granted {
        Some((_, Granted::Git(repository))) => Some(repository),
        Some(_) => {
            let sentence = "\"grant\" in [notes-archive] names something else than a git repository. Write the name of one.";
            table.fault("grant", codes::NOT_GRANTED, sentence, remarks);
            None
        }
        None if table.has("grant") || !within.is_free() || secrets => None,
        None => git.map(|url| Repository { url, branch: None, path: String::new(), login, public_only: false }),
    };
    table.finish(remarks);
    let repository = Repository { branch: Some(branch.clone()), ..repository? };
    Some(NotesArchive { repository, branch, file, review, author, time_out, place })
}

fn is_pad(notes: &&NotesFolder) -> bool {
    notes.remote.as_ref().is_some_and(|remote| matches!(remote.at, Location::Pad(_)))
}

/// A pad stands once: what its text says is of the series that its heading names.
pub(super) fn check_pads(notes: &[NotesFolder], remarks: &mut Vec<Remark>) {
    let pads: Vec<&NotesFolder> = notes.iter().filter(is_pad).collect();
    for (at, pad) in pads.iter().enumerate() {
        if let Some(before) = pads[..at].iter().find(|before| before.folder == pad.folder) {
            let sentence = format!(
                "The pad {} stands on line {} already: each sentence of it would count for both. Name it once; without \"series\" its heading says \
                 which series it is about.",
                words::shown(&pad.folder),
                before.place.line
            );
            remarks.push(Remark::fault(pad.place.clone(), codes::DOUBLE_PAD, sentence));
        }
    }
}

/// An archive without pads, a pad that has a place in an archive that is none, or a place that two pads share.
pub(super) fn check_archive(table: &Table<'_>, notes: &[NotesFolder], archive: Option<&NotesArchive>, remarks: &mut Vec<Remark>) {
    if table.has("notes-archive") && !notes.iter().any(|notes| is_pad(&notes)) {
        let sentence = "[notes-archive] keeps what pads held after their meetings, and no [[notes]] of this community is a pad. Take it out, or write pad = \"https://…\".";
        remarks.push(Remark::advice(table.place_of("notes-archive"), codes::NO_EFFECT, sentence));
    }
    for notes in notes.iter().filter(|notes| notes.archive_as.is_some() && !table.has("notes-archive")) {
        let sentence =
            "\"archive-as\" has an effect with [notes-archive] only. Write that table with the git repository, or take this out.";
        remarks.push(Remark::advice(notes.place.clone(), codes::NO_EFFECT, sentence));
    }
    let Some(archive) = archive else { return };
    let pads: Vec<&NotesFolder> = notes.iter().filter(is_pad).collect();
    let pattern = |pad: &NotesFolder| pad.archive_as.clone().unwrap_or_else(|| archive.file.clone());
    for (at, pad) in pads.iter().enumerate() {
        let shared = |before: &&&NotesFolder| pattern(before) == pattern(pad) && !pattern(pad).contains("{series}");
        if let Some(before) = pads[..at].iter().find(shared) {
            let sentence = format!(
                "Notes of this pad and of the one on line {} would have one name in the archive, and the later one on a day is not put there. Write \
                 {{series}} into it, or give this pad an \"archive-as\".",
                before.place.line
            );
            remarks.push(Remark::warning(pad.place.clone(), codes::ARCHIVE_SHARED, sentence));
        }
    }
}

/// The path of a note in the archive, a file of its own for each meeting.
fn archive_file(text: &str) -> Result<String, String> {
    let plain = ["{date}", "{year}", "{month}", "{series}"].iter().fold(text.to_owned(), |text, word| text.replace(word, "x"));
    let path = inner_path(&plain)?;
    let good = text.contains("{date}") && path.to_ascii_lowercase().ends_with(".md") && !path.contains(['{', '}', '\\', '*', '?']);
    match good && !path.split('/').any(|part| part.starts_with('.')) {
        true => Ok(text.trim_start_matches("./").to_owned()),
        false => Err(format!(
            "is \"{}\"; write a path with {{date}} in it, as \"meetings/{{year}}/community-{{date}}.md\". {{month}} and {{series}} are known, too.",
            words::shown(text)
        )),
    }
}

/// Notes live in one place, and what is said of another has no effect.
fn where_they_live(table: &Table<'_>, remarks: &mut Vec<Remark>) {
    let places: Vec<&str> = ["folder", "git", "pad", "grant"].into_iter().filter(|key| table.has(key)).collect();
    match places.as_slice() {
        [] => {
            let sentence = "[[notes]] does not say \"folder\", \"git\" or \"pad\". Write where the notes live, for example: folder = \"notes/example\", \
                git = \"https://github.com/example/notes.git\", or pad = \"https://hackmd.io/@example/notes\"";
            remarks.push(Remark::fault(table.place(), codes::MISSING, sentence));
        }
        [one] => {
            let without: Vec<&str> = match *one {
                "folder" => OF_GIT.into_iter().chain(OF_PAD).chain(OF_REMOTES).collect(),
                "git" => OF_PAD.to_vec(),
                "grant" => OF_LOGINS.to_vec(),
                _ => OF_GIT.to_vec(),
            };
            for key in without.into_iter().filter(|key| table.has(key)) {
                let with = if *one == "grant" {
                    "\"git\""
                } else if OF_PAD.contains(&key) {
                    "\"pad\""
                } else if OF_GIT.contains(&key) {
                    "\"git\""
                } else {
                    "\"git\" or \"pad\""
                };
                let sentence = format!("\"{key}\" in [[notes]] has an effect with {with} only, and this one has \"{one}\". Take it out.");
                remarks.push(Remark::advice(table.place_of(key), codes::NO_EFFECT, sentence));
            }
        }
        [first, second, ..] => {
            let sentence = format!("[[notes]] says both \"{first}\" and \"{second}\". Give each place a [[notes]] of its own.");
            table.fault(second, codes::TWO_PLACES, sentence, remarks);
        }
    }
}

fn refresh(text: &str) -> Result<Cron, String> {
    settings::cron(text, "\"*/15 * * * *\" for every quarter of an hour").map(Cron::new)
}

fn time_out(table: &mut Table<'_>, remarks: &mut Vec<Remark>) -> Option<Duration> {
    let within = words::duration_within(TimeDelta::milliseconds(100), TimeDelta::minutes(30), "from 100 ms to 30 minutes");
    table.parsed("time-out", codes::BAD_DURATION, remarks, within).and_then(|found| found.to_std().ok())
}

/// A short form of the address, for remarks and as the beginning of the paths of notes: the same for ever as long as the place is.
fn name(beginning: &str, repository: &Repository) -> String {
    let mut name = beginning.to_owned();
    if let Some(branch) = &repository.branch {
        name.push('@');
        name.push_str(branch);
    }
    if !repository.path.is_empty() {
        name.push('/');
        name.push_str(&repository.path);
    }
    name
}

fn address_name(url: &str) -> String {
    let url = without_scheme(url).trim_end_matches('/');
    url.strip_suffix(".git").unwrap_or(url).to_owned()
}

fn without_scheme(address: &str) -> &str {
    address.split_once("://").map_or(address, |(_, rest)| rest)
}

/// The address of a note for people; the only thing it leaves open is the path inside the folder.
fn note_url(text: &str) -> Result<String, String> {
    links::link(&text.replace("{path}", "path")).map(|_| text.to_owned())
}
