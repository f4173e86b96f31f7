//! Which room a join link opens. Two links to one room are one way in, whatever stands around the room's name: another host of the
//! same provider, a password, a tracking parameter.

/// Hosts that hold meetings, with those below them.
const HOSTS: [&str; 14] = [
    "zoom.us",
    "zoom.com",
    "zoomgov.com",
    "meet.google.com",
    "teams.microsoft.com",
    "teams.live.com",
    "meet.jit.si",
    "8x8.vc",
    "webex.com",
    "whereby.com",
    "bluejeans.com",
    "gotomeet.me",
    "meet.goto.com",
    "chime.aws",
];
const ZOOM: [&str; 3] = ["zoom.us", "zoom.com", "zoomgov.com"];
/// Where many meet at once behind one link, or only look on.
const OPEN_HALLS: [&str; 14] = [
    "discord.gg",
    "discord.com",
    "slack.com",
    "matrix.to",
    "element.io",
    "gitter.im",
    "zulipchat.com",
    "libera.chat",
    "freenode.net",
    "oftc.net",
    "gather.town",
    "youtube.com",
    "youtu.be",
    "twitch.tv",
];

/// The room's name; `None` where the link names none: a provider's start page, a page of phone numbers, a chat.
pub fn room(url: &str) -> Option<String> {
    let (host, path, query) = parts(url)?;
    if on(&host, &OPEN_HALLS) {
        return None;
    }
    let path = path.trim_end_matches('/');
    if on(&host, &ZOOM) {
        let words: Vec<&str> = path.split('/').filter(|word| !word.is_empty()).collect();
        let name = words.iter().rev().find(|word| word.len() > 2 && !["join", "start"].contains(word))?;
        return ["j", "s", "w", "wc", "my"].contains(words.first()?).then(|| format!("zoom/{}", name.to_ascii_lowercase()));
    }
    match path {
        "" => None,
        path if path.ends_with(".php") => Some(format!("{host}{path}{query}")),
        path if on(&host, &HOSTS) => Some(format!("{host}{}", path.to_ascii_lowercase())),
        path => Some(format!("{host}{path}")),
    }
}

/// Whether meetings are all that is held at a link's host.
pub fn is_for_meetings(url: &str) -> bool {
    parts(url).is_some_and(|(host, _, _)| on(&host, &HOSTS))
}

/// The host of a web address, in lower case: all of a join link that may be quoted, since the rest may let people in.
pub fn host(url: &str) -> Option<String> {
    parts(url).map(|(host, _, _)| host)
}

fn parts(url: &str) -> Option<(String, &str, &str)> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (path, query) = tail.split_at(tail.find(['?', '#']).unwrap_or(tail.len()));
    let host = authority.split(':').next().unwrap_or(authority).to_ascii_lowercase();
    (!host.is_empty()).then_some((host, path, query))
}

fn on(host: &str, domains: &[&str]) -> bool {
    domains.iter().any(|domain| host == *domain || host.strip_suffix(domain).is_some_and(|left| left.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_room_has_one_name_whatever_stands_around_it() {
        for url in [
            "https://zoom.us/j/81288210",
            "https://us06web.zoom.us/j/81288210?pwd=abc",
            "http://numfocus-org.zoom.us/wc/join/81288210",
            "https://example.zoom.us/s/81288210#success",
        ] {
            assert_eq!(room(url).as_deref(), Some("zoom/81288210"), "{url}");
        }
        assert_eq!(room("https://meet.google.com/abc-defg-hij?authuser=0"), room("https://meet.google.com/ABC-defg-hij/"));
        assert_ne!(room("https://x.webex.com/x/j.php?MTID=m1"), room("https://x.webex.com/x/j.php?MTID=m2"));
        assert_ne!(room("https://zoom.us/j/81288210"), room("https://zoom.us/j/81288211"));
    }

    #[test]
    fn what_is_no_room_has_no_name() {
        for url in [
            "https://zoom.us/",
            "https://zoom.us/u/aezNumbers",
            "https://zoom.us/j/",
            "https://meet.example.org",
            "https://discord.gg/abcdef",
            "https://matrix.to/#/#orchard:example.org",
            "https://www.youtube.com/c/orchard/live",
            "mailto:orchard@example.org",
            "zoom",
            "https:///j/1",
        ] {
            assert_eq!(room(url), None, "{url}");
        }
    }
}
