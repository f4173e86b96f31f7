//! `[[notes]]`: where a community's notes live - a folder, a git repository, a pad - and how far their words are trusted.

use std::time::Duration;

use chrono::TimeDelta;

use super::fields::{At, Table};
use super::{codes, links, mail, settings, words};
use crate::meeting::chat::Secret;
use crate::meeting::cron::Cron;
use crate::meeting::remote::{GitLogin, Location, NotesArchive, Pad, Remote, Repository};
use crate::meeting::series::{NotesFolder, SeriesId};
use crate::source::Remark;

/// What each place alone can have.
const OF_GIT: [&str; 6] = ["branch", "path", "key-file", "user", "token-file", "token-credential"];
const OF_PAD: [&str; 3] = ["redirects-to", "largest", "archive-as"];
const OF_REMOTES: [&str; 2] = ["refresh", "time-out"];

/// One `[[notes]]` of a community whose series are `ids`.
pub(super) fn read(mut table: Table<'_>, ids: &[SeriesId], remarks: &mut Vec<Remark>) -> Option<NotesFolder> {
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
    where_they_live(&table, remarks);
    let place = table.place();
    table.finish(remarks);
    let remote = |at: Location, usual: (&str, u64)| {
        let refresh = refresh.clone().or_else(|| self::refresh(usual.0).ok())?;
        Some(Remote { at, refresh, time_out: time_out.unwrap_or(Duration::from_secs(usual.1)) })
    };
    if let Some(pad) = pad {
        let name = without_scheme(&pad.address).to_owned();
        let url = url.or_else(|| Some(pad.address.clone()));
        let pad = Pad { hosts: hosts.into_iter().map(|At { value, .. }| value).collect(), largest: largest as usize * 1000, ..pad };
        let remote = remote(Location::Pad(pad), ("*/5 * * * *", 30));
        return Some(NotesFolder { folder: name, remote, archive_as, series, trusted: trusted.unwrap_or(false), url, place });
    }
    if let Some(git) = git {
        // What comes unencrypted and unsigned may be anybody's.
        let safe = !git.starts_with("git://") && !git.starts_with("http://");
        let repository = Repository { url: git, branch, path: path.unwrap_or_default(), login };
        let name = name(&repository);
        let remote = remote(Location::Git(repository), ("*/15 * * * *", 120));
        return Some(NotesFolder { folder: name, remote, archive_as: None, series, trusted: trusted.unwrap_or(safe), url, place });
    }
    Some(NotesFolder { folder: folder?, remote: None, archive_as: None, series, trusted: trusted.unwrap_or(false), url, place })
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
    let at = Location::Git(Repository { url: git?, branch, path: path.unwrap_or_default(), login });
    Some(Remote { at, refresh: refresh?, time_out })
}

/// `[notes-archive]`: the repository into which what pads held is committed.
pub(super) fn archive(mut table: Table<'_>, remarks: &mut Vec<Remark>) -> Option<NotesArchive> {
    let git = table.parsed("git", codes::BAD_GIT, remarks, repository_url);
    let git = table.required("git", git, "\"https://github.com/example/archive.git\"", remarks);
    let branch = table.parsed("branch", codes::BAD_GIT, remarks, branch).unwrap_or_else(|| "main".to_owned());
    let file = table.parsed("file", codes::BAD_PATH, remarks, archive_file).unwrap_or_else(|| "{series}/{year}/{date}.md".to_owned());
    let review = table.bool("review", remarks).unwrap_or(true);
    let author = table.parsed("author", codes::BAD_ADDRESS, remarks, words::address);
    let login = login(&mut table, git.as_deref(), remarks);
    let time_out = time_out(&mut table, remarks).unwrap_or(Duration::from_secs(120));
    let place = table.place();
    table.finish(remarks);
    let repository = Repository { url: git?, branch: Some(branch.clone()), path: String::new(), login };
    Some(NotesArchive { repository, branch, file, review, author, time_out, place })
}

/// An archive without pads, or a pad that has a place in an archive that is none, does nothing.
pub(super) fn check_archive(table: &Table<'_>, notes: &[NotesFolder], remarks: &mut Vec<Remark>) {
    let is_pad = |notes: &&NotesFolder| notes.remote.as_ref().is_some_and(|remote| matches!(remote.at, Location::Pad(_)));
    if table.has("notes-archive") && !notes.iter().any(|notes| is_pad(&notes)) {
        let sentence = "[notes-archive] keeps what pads held after their meetings, and no [[notes]] of this community is a pad. Take it out, or write pad = \"https://…\".";
        remarks.push(Remark::advice(table.place_of("notes-archive"), codes::NO_EFFECT, sentence));
    }
    for notes in notes.iter().filter(|notes| notes.archive_as.is_some() && !table.has("notes-archive")) {
        let sentence =
            "\"archive-as\" has an effect with [notes-archive] only. Write that table with the git repository, or take this out.";
        remarks.push(Remark::advice(notes.place.clone(), codes::NO_EFFECT, sentence));
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
    let places: Vec<&str> = ["folder", "git", "pad"].into_iter().filter(|key| table.has(key)).collect();
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
                _ => OF_GIT.to_vec(),
            };
            for key in without.into_iter().filter(|key| table.has(key)) {
                let with = if OF_PAD.contains(&key) {
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
fn name(repository: &Repository) -> String {
    let url = without_scheme(&repository.url);
    let url = url.trim_end_matches('/');
    let mut name = url.strip_suffix(".git").unwrap_or(url).to_owned();
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

fn without_scheme(address: &str) -> &str {
    address.split_once("://").map_or(address, |(_, rest)| rest)
}

/// The address of a note for people; the only thing it leaves open is the path inside the folder.
fn note_url(text: &str) -> Result<String, String> {
    links::link(&text.replace("{path}", "path")).map(|_| text.to_owned())
}

/// What git fetches from: https, ssh, git, or a path of this machine; http towards this machine alone. Nothing that git could take for an
/// option or for the name of a program (`ext::`), and no password.
fn repository_url(text: &str) -> Result<String, String> {
    let text = words::line(text)?;
    let shown = || words::shown(text);
    let usual = "\"https://github.com/example/notes.git\", \"git@github.com:example/notes.git\", or the path of a repository";
    if text.starts_with('-') {
        return Err(format!("is \"{}\", which git would take for an option. Write {usual}.", shown()));
    }
    if let Some(bad) = text.chars().find(|c| c.is_whitespace() || !c.is_ascii_graphic() || "\"'`\\<>|;$&*?#".contains(*c)) {
        return Err(format!("holds the character \"{}\", which no address of a repository needs.", words::shown(&bad.to_string())));
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        let (authority, _) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
        if user.contains(':') || (!user.is_empty() && scheme != "ssh") {
            return Err("holds a user name or password. Write it without, and name the token's file with token-file = \"PATH\".".to_owned());
        }
        if user.starts_with('-') || host.starts_with('-') {
            return Err(format!("is \"{}\", in which git would take the host for an option.", shown()));
        }
        return match scheme {
            "https" => links::parse(text).map(|_| text.to_owned()),
            "http" => match links::is_this_machine(&links::parse(text)?.host) {
                true => Ok(text.to_owned()),
                false => Err(format!("is \"{}\"; write https://.", shown())),
            },
            "ssh" | "git" if !host.is_empty() => Ok(text.to_owned()),
            "file" if host.is_empty() => Ok(text.to_owned()),
            _ => Err(format!("is \"{}\"; write {usual}.", shown())),
        };
    }
    if text.contains("::") {
        return Err(format!("is \"{}\", which names a program of git. Write {usual}.", shown()));
    }
    if text.starts_with(['/', '.']) {
        return Ok(text.to_owned());
    }
    let scp = text.split_once(':').filter(|(host, path)| {
        let host = host.rsplit_once('@').map_or(*host, |(_, host)| host);
        words::is_domain(host) && !path.is_empty() && !path.starts_with('-')
    });
    match scp {
        Some(_) => Ok(text.to_owned()),
        None => Err(format!("is \"{}\"; write {usual} that begins with \"/\", \"./\" or \"../\".", shown())),
    }
}

/// The name of a branch, as git-check-ref-format(1) has it.
fn branch(text: &str) -> Result<String, String> {
    let text = words::line(text)?;
    let plain = |c: char| c.is_ascii_graphic() && !"~^:?*[\\\"'`$&;|<>".contains(c);
    let good = text.chars().all(plain)
        && !text.starts_with(['-', '/', '.', '+'])
        && !text.ends_with(['/', '.'])
        && !["..", "//", "@{", "/."].iter().any(|bad| text.contains(bad))
        && text.split('/').all(|part| !part.ends_with(".lock"))
        && text != "@";
    match good {
        true => Ok(text.to_owned()),
        false => Err(format!("is \"{}\", which cannot be a branch. Write its name, as \"main\".", words::shown(text))),
    }
}

/// A folder or file inside a repository.
fn inner_path(text: &str) -> Result<String, String> {
    let text = words::path(text)?;
    let path = text.strip_prefix("./").unwrap_or(&text).trim_end_matches('/');
    let good = !path.starts_with(['/', '-', ':']) && path.split('/').all(|part| !matches!(part, "" | "." | ".." | ".git"));
    match (path, good) {
        ("." | "", _) => Ok(String::new()),
        (path, true) => Ok(path.to_owned()),
        _ => Err(format!("is \"{}\"; write a folder inside the repository, as \"meetings/notes\".", words::shown(&text))),
    }
}

/// A pad as people open it, with the address of its text.
fn pad_address(text: &str) -> Result<Pad, String> {
    let text = words::line(text)?;
    let link = links::parse(text)?;
    if !link.secure && !links::is_this_machine(&link.host) {
        return Err(format!("is \"{}\"; a pad is fetched over https only.", words::shown(text)));
    }
    if link.path.trim_matches('/').is_empty() {
        return Err(format!("is \"{}\", a host without a pad. Write the address as the browser shows it.", words::shown(text)));
    }
    let plain = text.strip_suffix(link.query).unwrap_or(text).trim_end_matches('/');
    let is_a_text = ["/download", "/export/txt", "/export/markdown", "/raw", ".md", ".txt"].iter().any(|end| link.path.ends_with(end));
    // HackMD, CodiMD and HedgeDoc give a pad's Markdown under /download, Etherpad its text under /export/txt.
    let download = match link.path {
        _ if is_a_text => text.split('#').next().unwrap_or(text).to_owned(),
        path if path.starts_with("/p/") || path.contains("/p/") => format!("{plain}/export/txt"),
        _ => format!("{plain}/download"),
    };
    let opened = ["/download", "/export/txt", "/export/markdown"].iter().find_map(|end| plain.strip_suffix(end)).unwrap_or(plain);
    Ok(Pad { address: opened.to_owned(), download, hosts: Vec::new(), largest: 0 })
}

fn login(table: &mut Table<'_>, url: Option<&str>, remarks: &mut Vec<Remark>) -> Option<GitLogin> {
    let key = table.parsed("key-file", codes::BAD_PATH, remarks, words::path);
    let file = table.parsed("token-file", codes::BAD_PATH, remarks, words::path);
    let credential = table.parsed("token-credential", codes::BAD_CREDENTIAL, remarks, mail::credential);
    let user = table.parsed("user", codes::BAD_TEXT, remarks, |text| {
        let good = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.@".contains(&b));
        if good { Ok(text.to_owned()) } else { Err("is no user name of a git server.".to_owned()) }
    });
    for key in ["token", "password"] {
        if table.value(key).is_some() {
            let sentence = format!(
                "A {key} does not belong into this file. Put it into a file only the daemon can read, and write token-file = \"PATH\", or name a \
                 systemd credential: token-credential = \"notes-token\"."
            );
            table.fault(key, codes::BAD_CREDENTIAL, sentence, remarks);
        }
    }
    let token = match (file, credential) {
        (Some(_), Some(_)) => {
            let sentence = format!("{} names both \"token-file\" and \"token-credential\". Keep one of the two.", table.what);
            table.fault("token-credential", codes::BAD_CREDENTIAL, sentence, remarks);
            return None;
        }
        (file, credential) => file.map(Secret::File).or(credential.map(Secret::Credential)),
    };
    let url = url?;
    let by_web = url.starts_with("https://") || url.starts_with("http://");
    let by_ssh = !by_web && !url.starts_with("git://") && !url.starts_with("file://") && !url.starts_with(['/', '.']);
    for (said, works, key, with) in [(key.is_some(), by_ssh, "key-file", "ssh"), (token.is_some(), by_web, "token-file", "https")] {
        if said && !works {
            let at = if table.has(key) { key } else { "token-credential" };
            let sentence = format!("\"{at}\" has an effect with an address of {with} only. Take it out, or change the address.");
            remarks.push(Remark::advice(table.place_of(at), codes::NO_EFFECT, sentence));
        }
    }
    match (key, token) {
        (Some(key), _) if by_ssh => Some(GitLogin::Key(key)),
        (_, Some(token)) if by_web => Some(GitLogin::Token { user: user.unwrap_or_else(|| "git".to_owned()), token }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_could_take_for_an_option_or_a_program_is_refused() {
        for text in [
            "-uupload-pack",
            "--upload-pack=touch /tmp/x",
            "ext::sh -c touch% /tmp/x",
            "ssh://-oProxyCommand=touch/x",
            "ssh://git@-oProxyCommand/x",
            "git@-oProxyCommand=x:notes",
            "-oProxyCommand:notes",
            "ftp://example.org/x",
            "http://example.org/x",
            "https://ann:secret@example.org/x",
            "https://token@example.org/x",
            "file://host/x",
            "notes",
            "https://example.org/x y",
            "fd::7",
            "",
        ] {
            assert!(repository_url(text).is_err(), "{text}");
        }
        for text in [
            "https://github.com/a/b.git",
            "git@github.com:a/b.git",
            "ssh://git@example.org:2222/a/b",
            "git://example.org/a",
            "/srv/git/a",
            "../a",
        ] {
            assert_eq!(repository_url(text), Ok(text.to_owned()));
        }
        for text in ["-f", "main..x", "a b", "x.lock", "refs/../x", "a:b", "+main", "@"] {
            assert!(branch(text).is_err(), "{text}");
        }
        assert_eq!(branch("release/2026"), Ok("release/2026".to_owned()));
        for text in ["../x", "/etc", "a/../b", "-x", ":(glob)x", ".git/hooks"] {
            assert!(inner_path(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pads_text_stands_at_an_address_of_its_own() {
        let of = |text: &str| pad_address(text).map(|pad| (pad.address, pad.download)).unwrap();
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(of("https://hackmd.io/76o-x?both#top"), pair("https://hackmd.io/76o-x", "https://hackmd.io/76o-x/download"));
        assert_eq!(of("https://hackmd.io/@team/notes/"), pair("https://hackmd.io/@team/notes", "https://hackmd.io/@team/notes/download"));
        assert_eq!(
            of("https://etherpad.wikimedia.org/p/x"),
            pair("https://etherpad.wikimedia.org/p/x", "https://etherpad.wikimedia.org/p/x/export/txt")
        );
        assert_eq!(of("https://md.example.org/x/download"), pair("https://md.example.org/x", "https://md.example.org/x/download"));
        assert_eq!(
            of("https://x.example.org/raw/notes.md?v=1"),
            pair("https://x.example.org/raw/notes.md", "https://x.example.org/raw/notes.md?v=1")
        );
        for text in ["http://hackmd.io/x", "https://hackmd.io/", "hackmd.io/x", "file:///etc/passwd", "https://a@hackmd.io/x"] {
            assert!(pad_address(text).is_err(), "{text}");
        }
        assert!(pad_address("http://127.0.0.1:3000/x").is_ok());
    }
}
