//! Links: only http and https, only to hosts a community allows, nothing hidden in them.

use std::net::IpAddr;

use super::words;

const LONGEST: usize = 800;

/// The parts of a link that matter here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link<'a> {
    pub secure: bool,
    /// In lower case, without the port.
    pub host: String,
    /// From the first slash after the host to a `?` or `#`; empty for none.
    pub path: &'a str,
    pub query: &'a str,
}

/// Takes a link apart, if it is one that people can be sent to.
pub(super) fn parse(text: &str) -> Result<Link<'_>, String> {
    let shown = || words::shown(text);
    let (scheme, rest) = text.split_once("://").ok_or_else(|| format!("is \"{}\"; a link begins with https://.", shown()))?;
    let secure = match scheme.to_ascii_lowercase().as_str() {
        "https" => true,
        "http" => false,
        _ => return Err(format!("is \"{}\"; only links with https:// or http:// are taken.", shown())),
    };
    if text.len() > LONGEST {
        return Err(format!("is longer than {LONGEST} bytes. Shorten the link."));
    }
    if let Some(bad) = text.chars().find(|c| !c.is_ascii_graphic() || "<>\"`{}|^\\".contains(*c)) {
        return Err(format!(
            "holds the character \"{}\", which a link cannot hold. Write it percent-encoded.",
            words::shown(&bad.to_string())
        ));
    }
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(format!("is \"{}\"; a link must not hold a user name before its host.", shown()));
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let bracketed = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
    let known = bracketed.map_or(words::is_domain(host), |inner| inner.parse::<std::net::Ipv6Addr>().is_ok());
    if !known || port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err(format!("is \"{}\"; its host is not one.", shown()));
    }
    let (path, query) = tail.split_at(tail.find(['?', '#']).unwrap_or(tail.len()));
    Ok(Link { secure, host: host.to_ascii_lowercase(), path, query })
}

/// A link for people, as written.
pub(super) fn link(text: &str) -> Result<String, String> {
    let text = words::line(text)?;
    parse(text).map(|_| text.to_owned())
}

/// The public address of the page, without a slash at its end.
pub(super) fn base_url(text: &str) -> Result<String, String> {
    let text = words::line(text)?;
    let link = parse(text)?;
    match link.query.is_empty() {
        true => Ok(text.trim_end_matches('/').to_owned()),
        false => Err(format!("is \"{}\"; write the address without \"?\" or \"#\".", words::shown(text))),
    }
}

/// Whether a host is one of these, or stands below one of them.
pub(super) fn is_allowed(host: &str, allowed: &[String]) -> bool {
    allowed.iter().any(|good| host == *good || host.strip_suffix(good.as_str()).is_some_and(|left| left.ends_with('.')))
}

/// Whether a host, as it stands in a link, is the very machine that reads it.
pub(super) fn is_this_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// The links that stand in a text, in its order.
pub(super) fn inside(text: &str) -> impl Iterator<Item = (&str, Link<'_>)> {
    text.split(|c: char| c.is_whitespace() || "<>\"'()[]{}|`".contains(c)).filter_map(|word| {
        let word = word.trim_end_matches(['.', ',', ';', ':', '!', '?']);
        parse(word).ok().map(|link| (word, link))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_taken_apart() {
        let read = parse("https://Meet.Example.org:8443/j/42?pwd=x#top").unwrap();
        assert_eq!((read.secure, read.host.as_str(), read.path, read.query), (true, "meet.example.org", "/j/42", "?pwd=x#top"));
        assert_eq!(parse("http://[::1]:80/").unwrap().host, "[::1]");
    }

    #[test]
    fn what_a_browser_must_not_follow_is_refused() {
        for text in [
            "javascript:alert(1)",
            "ftp://example.org/",
            "https://",
            "https://a b.example.org/",
            "https://example.org@evil.example/",
            "https://exa\u{202e}mple.org/",
            "example.org/meet",
            "https://example.org:99999/",
            "https://-.org/",
            "data://text/html,x<script>",
            "https://example.org/\r\nBcc: x",
        ] {
            assert!(link(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_host_below_an_allowed_one_is_allowed_and_one_that_only_ends_alike_is_not() {
        let allowed = ["example.org".to_owned()];
        assert!(is_allowed("example.org", &allowed) && is_allowed("meet.example.org", &allowed));
        assert!(!is_allowed("evilexample.org", &allowed));
    }

    #[test]
    fn links_inside_a_text_are_found_without_the_full_stop_behind_them() {
        let found: Vec<&str> = inside("Join (https://meet.example.org/a), or see https://example.org/b.").map(|(text, _)| text).collect();
        assert_eq!(found, ["https://meet.example.org/a", "https://example.org/b"]);
    }
}
