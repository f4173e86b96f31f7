//! What may stand where strangers or many people read: in logs and metrics. Addresses are struck, and of links all but the host.

/// The text without mail addresses, and with links only as far as their host: the rest of a link may be a secret.
pub fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let ends = |c: char| c.is_whitespace() || c.is_control() || "\"'`<>()[]{},;\\|".contains(c);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if ends(c) {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let (word, after) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
        out.push_str(&word_of(word));
        rest = after;
    }
    out
}

/// A word is what stands between spaces, quotes and brackets; `name=value` is one.
fn word_of(word: &str) -> String {
    if let Some((before, link)) = word.split_once("://") {
        let scheme = before.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '+').map_or(before, |at| &before[at + 1..]);
        let (authority, path) = link.split_at(link.find(['/', '?', '#']).unwrap_or(link.len()));
        let host = authority.rsplit('@').next().unwrap_or_default();
        let more = if path.trim_matches(['/', '.', ':']).is_empty() { path } else { "/…" };
        return format!("{}{scheme}://{host}{more}", word_of(&before[..before.len() - scheme.len()]));
    }
    let is_address = word.match_indices('@').any(|(at, _)| {
        let before = word[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || "_%+-.".contains(c));
        before && word[at + 1..].chars().next().is_some_and(char::is_alphanumeric)
    });
    let signed = ["/decide/", "/organise/"].iter().find_map(|path| word.find(path).map(|at| at + path.len()));
    match (is_address, signed) {
        (true, _) => word.split_once('=').map_or("(address)".to_owned(), |(name, value)| match value.contains('@') {
            true => format!("{name}=(address)"),
            false => "(address)".to_owned(),
        }),
        (false, Some(at)) => format!("{}…", &word[..at]),
        (false, None) => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_what_follows_a_host_are_struck() {
        for (said, logged) in [
            ("550 5.1.1 <kim@example.org>: unknown", "550 5.1.1 <(address)>: unknown"),
            ("to ada.b+c@lists.example.org, bo@example.org.", "to (address), (address)"),
            ("address=127.0.0.1:8080", "address=127.0.0.1:8080"),
            ("who=kim@example.org", "who=(address)"),
            ("{\"who\":\"kim@example.org\"}", "{\"who\":\"(address)\"}"),
            ("see https://meet.example.org/room?pwd=1 now", "see https://meet.example.org/… now"),
            ("see https://cal.example.org/ now", "see https://cal.example.org/ now"),
            ("(https://u:pw@git.example.org/a.git)", "(https://git.example.org/…)"),
            ("url=https://hooks.example.org/T0/B0/x", "url=https://hooks.example.org/…"),
            ("GET /organise/abc.def-_ 200", "GET /organise/… 200"),
            ("mailto:kim@example.org", "(address)"),
            ("numpy/list/community/20261118T1800/reminder/P1D-m0", "numpy/list/community/20261118T1800/reminder/P1D-m0"),
            ("müller@exämple.org", "(address)"),
        ] {
            assert_eq!(text(said), logged);
        }
    }
}
