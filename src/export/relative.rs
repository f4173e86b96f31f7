//! Links from file to file: what began at the root of the site leads from where a page stands to where the other one does, so that any
//! prefix, and a mere folder, will do.

use std::collections::BTreeMap;

/// Attributes that hold an address.
const LINKS: [&str; 6] = ["href", "src", "action", "formaction", "poster", "data"];
/// Elements whose content is no markup.
const RAW: [&str; 2] = ["script", "style"];

/// Where each document stands.
#[derive(Debug)]
pub(super) struct Places {
    files: BTreeMap<String, String>,
    base_url: String,
}

impl Places {
    pub fn new(files: impl Iterator<Item = (String, String)>, base_url: &str) -> Places {
        Places { files: files.collect(), base_url: base_url.trim_end_matches('/').to_owned() }
    }

    pub fn is_at(&self, base_url: &str) -> bool {
        self.base_url == base_url.trim_end_matches('/')
    }

    /// Each path with its file.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file.as_str()))
    }

    /// The file of a path; as on a server, a page is found with and without the slash at its end.
    pub fn file(&self, path: &str) -> Option<&str> {
        let slashed = || self.files.get(&format!("{path}/"));
        let bare = || self.files.get(path.strip_suffix('/')?);
        self.files.get(path).or_else(slashed).or_else(bare).map(String::as_str)
    }

    /// A page as it stands in the file `from`, or where that is not known with whole addresses.
    pub fn page(&self, html: &str, from: Option<&str>) -> String {
        let mut out = String::with_capacity(html.len());
        let mut rest = html;
        while let Some(at) = rest.find('<') {
            let (before, tag) = rest.split_at(at);
            out.push_str(before);
            let length = length(tag);
            let (tag, behind) = tag.split_at(length);
            match tag.starts_with("<!") {
                true => out.push_str(tag),
                false => self.tag(tag, from, &mut out),
            }
            rest = behind;
            if let Some(name) = RAW.iter().find(|name| is_a(tag, name)) {
                let end = rest.find(&format!("</{name}")).unwrap_or(rest.len());
                out.push_str(&rest[..end]);
                rest = &rest[end..];
            }
        }
        out.push_str(rest);
        out
    }

    /// Writes an opening tag with its links as they are to be.
    fn tag(&self, tag: &str, from: Option<&str>, out: &mut String) {
        let mut rest = tag;
        while let Some(at) = rest.find('=') {
            let (head, tail) = rest.split_at(at + 1);
            out.push_str(head);
            rest = tail;
            let Some(quote) = tail.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
            let Some(end) = tail[1..].find(quote) else { break };
            let (value, behind) = (&tail[1..=end], &tail[end + 1..]);
            let name = head.trim_end_matches('=').trim_end().rsplit(|c: char| c.is_whitespace()).next().unwrap_or_default();
            out.push(quote);
            match LINKS.contains(&name.to_ascii_lowercase().as_str()).then(|| self.link(value, from)).flatten() {
                Some(link) => out.push_str(&link),
                None => out.push_str(value),
            }
            rest = behind;
        }
        out.push_str(rest);
    }

    /// A link that begins at the root of the site, as it is to be; `None` for all others.
    fn link(&self, link: &str, from: Option<&str>) -> Option<String> {
        if !link.starts_with('/') || link.starts_with("//") {
            return None;
        }
        let (path, tail) = link.split_at(link.find(['?', '#']).unwrap_or(link.len()));
        Some(match (self.file(path), from) {
            (Some(file), Some(from)) => format!("{}{tail}", relative(from, file)),
            _ => format!("{}{link}", self.base_url),
        })
    }
}

/// The way from one file to another.
fn relative(from: &str, to: &str) -> String {
    let (from, to): (Vec<&str>, Vec<&str>) = (from.split('/').collect(), to.split('/').collect());
    let folders = from.len().min(to.len()) - 1;
    let shared = from.iter().zip(&to).take(folders).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - 1 - shared);
    up.chain(to.get(shared..).unwrap_or_default().iter().copied()).collect::<Vec<_>>().join("/")
}

/// How long the tag or comment at the beginning is; one where none begins.
fn length(text: &str) -> usize {
    if text.starts_with("<!--") {
        return text.find("-->").map_or(text.len(), |end| end + 3);
    }
    if !text.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic) {
        return 1;
    }
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    1
}

fn is_a(tag: &str, name: &str) -> bool {
    let rest = tag
        .get(1..)
        .and_then(|inner| inner.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name)).map(|_| &inner[name.len()..]));
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_whitespace() || c == '>'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        let files = [
            ("/", "index.html"),
            ("/style.css", "style.css"),
            ("/c/tide/", "c/tide/index.html"),
            ("/c/tide/month", "c/tide/month/index.html"),
        ];
        Places::new(files.into_iter().map(|(path, file)| (path.to_owned(), file.to_owned())), "https://org.example.org/calendar")
    }

    #[test]
    fn links_lead_from_file_to_file() {
        let html = r#"<link rel="stylesheet" href="/style.css"><a class=x href='/c/tide'>a</a><a href="/c/tide/month?zone=UTC#x">b</a><a href="/">c</a>"#;
        assert_eq!(
            places().page(html, Some("c/tide/month/index.html")),
            r#"<link rel="stylesheet" href="../../../style.css"><a class=x href='../index.html'>a</a><a href="index.html?zone=UTC#x">b</a><a href="../../../index.html">c</a>"#
        );
        assert_eq!(places().page("<a href=\"/c/tide/\">", Some("index.html")), "<a href=\"c/tide/index.html\">");
    }

    #[test]
    fn what_is_no_link_of_ours_stays() {
        let html = "<a href=\"https://example.org/c/tide/\">x</a> <a href=\"//cdn.example.org/x\"> /c/tide/ href=\"/c/tide/\" <!-- <a href=\"/\"> -->\
                    <script>let a = '<a href=\"/c/tide/\">';</script><a title=\"a > href=/\" name=\"/\"> < <b";
        assert_eq!(places().page(html, Some("c/tide/index.html")), html);
    }

    #[test]
    fn what_is_not_among_the_files_and_what_stands_anywhere_has_a_whole_address() {
        let page = places().page("<a href=\"/organise/x\">", Some("index.html"));
        assert_eq!(page, "<a href=\"https://org.example.org/calendar/organise/x\">");
        assert_eq!(places().page("<a href=\"/c/tide/\">", None), "<a href=\"https://org.example.org/calendar/c/tide/\">");
    }

    #[test]
    fn broken_markup_ends() {
        for piece in ["<", "<a", "<a href", "<a href=", "<a href=\"", "<!--", "<script", "<script>", "é<é", "='/", "<a ='"] {
            let many = piece.repeat(500);
            assert!(places().page(&many, Some("index.html")).len() >= many.len(), "{piece}");
        }
    }
}
