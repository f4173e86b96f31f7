//! What a text is in the markup of each chat. Words become words and nothing else: they mention nobody, format nothing, and link
//! nowhere; the addresses that we put ourselves stay addresses.
//!
//! By the vendors' pages, and by what their servers do: Slack reads `&`, `<` and `>` as markup wherever they stand. Mattermost takes
//! Slack's `<!channel>` and `<url|text>` also, links `@names` in any text, and knows backslashes. Discord knows backslashes. Zulip knows
//! none, and its Slack-compatible webhook rewrites Slack's markup first; there a sign that means something is replaced by one that looks
//! like it, or is parted from what follows.

use super::Line;
use crate::meeting::chat::ChatKind;

/// Seen by nobody; parts a sign from what would give it a meaning.
const PART: char = '\u{200b}';

/// Lines in the chat's markup, one below the other, the page's address as the last; those for which there is no room are left out.
pub fn joined(kind: ChatKind, lines: &[Line], page: &str) -> String {
    let last = address(kind, page);
    let mut room = most(kind).saturating_sub(length(&last) + 3);
    let mut out = String::new();
    for line in lines.iter().filter(|line| !line.words.is_empty() || line.url.is_some()) {
        let mut text = words(kind, &line.words);
        if let Some(url) = &line.url {
            text.push(' ');
            text.push_str(&address(kind, url));
        }
        text.push('\n');
        let Some(left) = room.checked_sub(length(&text)) else {
            out.push_str("…\n");
            break;
        };
        room = left;
        out.push_str(&text);
    }
    out + &last
}

/// Discord takes 2,000 characters, Zulip 10,000, Mattermost 4,000 in its older databases, Slack asks for no more than 4,000.
fn most(kind: ChatKind) -> usize {
    if kind == ChatKind::Discord { 1900 } else { 3900 }
}

/// In UTF-16, as the strictest of them count.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Words that mean nothing but themselves.
pub fn words(kind: ChatKind, text: &str) -> String {
    let text = unlinked(text);
    match kind {
        ChatKind::Json => text,
        ChatKind::Slack => text.chars().map(slack).collect(),
        ChatKind::Mattermost => text.chars().map(mattermost).collect(),
        ChatKind::Discord => text.chars().map(discord).collect(),
        ChatKind::Zulip => text.chars().map(zulip).collect(),
    }
}

fn slack(c: char) -> String {
    match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '@' | '#' => parted(c),
        c => c.to_string(),
    }
}

fn mattermost(c: char) -> String {
    match c {
        '@' => parted(c),
        '<' | '#' | '~' => format!("\\{c}{PART}"),
        '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '>' | '|' | '!' | '$' => format!("\\{c}"),
        c => c.to_string(),
    }
}

fn discord(c: char) -> String {
    match c {
        '@' => parted(c),
        '<' => format!("\\{c}{PART}"),
        '\\' | '`' | '*' | '_' | '~' | '|' | '>' | '#' | '[' | ']' | '(' | ')' => format!("\\{c}"),
        c => c.to_string(),
    }
}

fn zulip(c: char) -> String {
    match c {
        '*' => "∗".to_owned(),
        '`' => "ˋ".to_owned(),
        '~' => "∼".to_owned(),
        '<' => "‹".to_owned(),
        '>' => "›".to_owned(),
        '@' | '#' | '[' | ']' | '!' | '$' | '&' | '_' | '|' | '\\' => parted(c),
        c => c.to_string(),
    }
}

fn parted(c: char) -> String {
    format!("{c}{PART}")
}

/// An address of ours. What could be markup in it is written in the way that addresses have for that.
fn address(kind: ChatKind, url: &str) -> String {
    let url: String = url
        .chars()
        .map(|c| match c {
            '@' | '*' | '~' | '|' | '[' | ']' | '(' | ')' | '!' | '$' | '\'' => format!("%{:02X}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    if kind == ChatKind::Slack { url.replace('&', "&amp;") } else { url }
}

/// A text without web addresses, in which no program finds one: links of a post are ours.
pub fn unlinked(text: &str) -> String {
    let words: Vec<String> =
        text.split(' ').map(|word| if is_address(word) { "(link left out)".to_owned() } else { dotted(word) }).collect();
    words.join(" ")
}

/// `https://…`, `www.…`, `mailto:…`, `example.org/…`.
fn is_address(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let with_path = word.split_once('/').is_some_and(|(host, _)| {
        host.rsplit_once('.').is_some_and(|(name, top)| {
            name.ends_with(char::is_alphanumeric) && top.len() >= 2 && top.chars().all(|c| c.is_ascii_alphabetic())
        })
    });
    with_path
        || word.contains("://")
        || word.contains("www.")
        || ["mailto:", "tel:", "xmpp:", "sip:"].iter().any(|scheme| word.contains(scheme))
}

/// A name with a dot in it (`example.org`, `scipy.sparse`) is parted behind the dot, so that no program makes a link of it.
fn dotted(word: &str) -> String {
    let mut out = String::new();
    let mut rest = word.chars().peekable();
    let mut before = None;
    while let Some(c) = rest.next() {
        out.push(c);
        if c == '.' && before.is_some_and(char::is_alphanumeric) && rest.peek().is_some_and(|next| next.is_alphabetic()) {
            out.push(PART);
        }
        before = Some(c);
    }
    out
}
