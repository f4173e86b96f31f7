//! The addresses of places beyond this machine - a git repository, a branch, a path in it, a pad - and what proves to a git server who we are.

use super::fields::Table;
use super::{codes, links, mail, words};
use crate::meeting::chat::Secret;
use crate::meeting::remote::{GitLogin, Pad};
use crate::source::Remark;

/// What git fetches from: https, ssh, git, or a path of this machine; http towards this machine alone. Nothing that git could take for an
/// option or for the name of a program (`ext::`), and no password.
pub(super) fn repository_url(text: &str) -> Result<String, String> {
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
pub(super) fn branch(text: &str) -> Result<String, String> {
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
pub(super) fn inner_path(text: &str) -> Result<String, String> {
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
pub(super) fn pad_address(text: &str) -> Result<Pad, String> {
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
    Ok(Pad { address: opened.to_owned(), download, hosts: Vec::new(), largest: 0, public_only: false })
}

/// Who we are to a git server: a key for ssh, a token for https.
pub(super) fn login(table: &mut Table<'_>, url: Option<&str>, remarks: &mut Vec<Remark>) -> Option<GitLogin> {
    let key = table.parsed("key-file", codes::BAD_PATH, remarks, words::path);
    let known_hosts = table.parsed("known-hosts", codes::BAD_PATH, remarks, words::path);
    if known_hosts.is_some() && !table.has("key-file") {
        let sentence = "\"known-hosts\" has an effect with \"key-file\" only. Write that, or take this out.";
        remarks.push(Remark::advice(table.place_of("known-hosts"), codes::NO_EFFECT, sentence));
    }
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
        (Some(file), _) if by_ssh => Some(GitLogin::Key { file, known_hosts }),
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
