//! How to join: the links that open a room, in the order to use them, and the ways in by telephone. Recordings, minutes, calendars and
//! registration forms are none.

use super::cues::Cues;
use super::heading::Meeting;
use super::lines::{Doc, Kind};
use super::words::addresses;
use super::{DialIn, Finding, Join, JoinKind};

/// Join links, dial-in, and a telephone number that belongs to another provider than the link.
pub fn find(doc: &Doc<'_>, meeting: &Meeting) -> (Vec<Join>, Vec<DialIn>, Vec<Finding>) {
    // Without one of these a line leads nowhere; all that is looked for below has one.
    const WAYS: &Cues = &Cues::caseless(&[
        "http",
        "meeting id",
        "conference id",
        "dial",
        "call-in",
        "call in",
        "phone",
        "one tap",
        "pin:",
        "zoom.us/",
        "meet.google.com/",
        "teams.",
        "meet.jit.si/",
        "webex.com/",
    ]);
    const ID: &Cues = &Cues::caseless(&["meeting id"]);
    const CONFERENCE: &Cues = &Cues::caseless(&["conference id"]);
    let mut joins: Vec<Join> = Vec::new();
    let mut dial: Vec<DialIn> = Vec::new();
    for (i, line) in lines(doc, meeting) {
        let text = &*line.plain;
        if !WAYS.any(line.raw) && !text.starts_with('+') {
            continue;
        }
        for url in addresses(line.raw).into_iter().map(|a| a.0).chain(bare_rooms(text)) {
            if is_numbers_page(&url) {
                if !dial.iter().any(|d| d.url.as_deref() == Some(&url)) {
                    dial.push(DialIn { line: line.number, phone: None, pin: None, url: Some(url) });
                }
            } else if let Some(kind) = room(&url)
                && !joins.iter().any(|j| j.url == url)
                && !other_room(text)
                && (kind != JoinKind::Chat || line.indent == 0 && invites_to_chat(text))
            {
                joins.push(Join { line: line.number, url, kind });
            }
        }
        let told = || doc.lines[i.saturating_sub(8)..i].iter().any(|l| TOLD.any(&l.plain));
        if let Some(id) = CONFERENCE.any(text).then(|| labelled(text, &["conference id"])).flatten() {
            // The number that belongs to the telephone above.
            if let Some(last) = dial.iter_mut().rev().find(|d| d.phone.is_some()) {
                last.pin.get_or_insert(id);
            }
        } else if let Some((phone, pin)) = phone(text, &told) {
            let pin = pin.or_else(|| doc.lines.get(i + 1).and_then(|next| labelled(&next.plain, &["pin", "passcode", "access code"])));
            dial.push(DialIn { line: line.number, phone: Some(phone), pin, url: None });
        } else if let Some(id) = ID.any(text).then(|| labelled(text, &["meeting id"])).flatten() {
            let pin = labelled(text, &["passcode", "password", "pin"])
                .or_else(|| doc.lines.get(i + 1).and_then(|next| labelled(&next.plain, &["passcode", "password", "pin"])));
            dial.push(DialIn { line: line.number, phone: Some(id), pin, url: None });
        }
    }
    // An address with its pass word opens the same room as the one without.
    let with_pass: Vec<String> = joins.iter().filter_map(|j| j.url.split_once("?pwd=").map(|p| p.0.to_owned())).collect();
    joins.retain(|j| !with_pass.contains(&j.url));
    joins.sort_by_key(|j| j.kind == JoinKind::Chat);
    joins.truncate(20);
    dial.truncate(20);
    let faults = foreign(&joins, &dial);
    (joins, dial, faults)
}

/// The lines of the head, and further ones that invite to a room.
fn lines<'d, 'a>(doc: &'d Doc<'a>, meeting: &'d Meeting) -> impl Iterator<Item = (usize, &'d super::lines::Line<'a>)> {
    let last = meeting.head.last().map_or(0, |l| l + 1);
    let further = (last..meeting.span.end).take(60).filter(|i| {
        const INVITES: &Cues = &Cues::caseless(&["join", "zoom in the meantime", "video call link", "conference link", "meeting link"]);
        let before = i.checked_sub(1).map_or("", |b| doc.lines[b].raw);
        doc.lines[*i].raw.contains("://") && (INVITES.any(doc.lines[*i].raw) || INVITES.any(before))
    });
    meeting
        .head
        .iter()
        .copied()
        .chain(further)
        .filter_map(|i| doc.lines.get(i).filter(|l| l.kind != Kind::Aside && l.kind != Kind::Blank).map(|l| (i, l)))
}

/// Addresses of rooms that are written without "https://".
fn bare_rooms(text: &str) -> Vec<String> {
    const ROOMS: &Cues =
        &Cues::caseless(&["zoom.us/j/", "meet.google.com/", "teams.microsoft.com/", "teams.live.com/", "meet.jit.si/", "webex.com/"]);
    if !ROOMS.any(text) {
        return Vec::new();
    }
    let words = text.split(|c: char| c.is_whitespace() || "()<>[]\"'`,;|".contains(c)).filter(|w| !w.contains("://") && ROOMS.any(w));
    words.map(|w| format!("https://{}", w.trim_end_matches(['.', ':', '!']))).take(8).collect()
}

/// Which provider's room an address opens; nothing for pages about a room.
pub fn room(url: &str) -> Option<JoinKind> {
    let (_, rest) = url.split_once("://")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.to_ascii_lowercase();
    let path_lower = path.to_ascii_lowercase();
    let on = |domain: &str| host.strip_suffix(domain).is_some_and(|sub| sub.is_empty() || sub.ends_with('.'));
    let starts = |prefixes: &[&str]| prefixes.iter().any(|p| path_lower.starts_with(p));
    if on("zoom.us") || on("zoom.com") || on("zoomgov.com") {
        return starts(&["j/", "my/", "w/", "wc/", "s/"]).then_some(JoinKind::Zoom);
    }
    if host == "meet.google.com" {
        return (!path.is_empty()).then_some(JoinKind::Meet);
    }
    if host == "hangouts.google.com" {
        return (!path.is_empty()).then_some(JoinKind::Meet);
    }
    if host == "plus.google.com" {
        return starts(&["hangouts/_"]).then_some(JoinKind::Meet);
    }
    if host == "teams.microsoft.com" || host == "teams.live.com" {
        return starts(&["l/meetup-join", "meet"]).then_some(JoinKind::Teams);
    }
    if host == "meet.jit.si" || host == "8x8.vc" || host.starts_with("jitsi.") || host.starts_with("meet.jit") {
        return (!path.is_empty()).then_some(JoinKind::Jitsi);
    }
    if on("webex.com") {
        return (!path.is_empty()
            && !path_lower.contains("recording")
            && !path_lower.contains("ldr.php")
            && !path_lower.contains("register"))
        .then_some(JoinKind::Webex);
    }
    if on("whereby.com")
        || on("appear.in")
        || on("bluejeans.com")
        || on("gotomeeting.com")
        || on("goto.com")
        || on("livestorm.co")
        || on("riverside.fm")
        || on("daily.co")
        || host == "talky.io"
        || host == "call.element.io"
        || host == "meeting.tencent.com"
        || on("gotomeet.me")
        || host == "chime.aws"
        || host == "bbb.opencast.org"
    {
        return (!path.is_empty()).then_some(JoinKind::Other);
    }
    if host == "gather.town" || host == "app.gather.town" {
        return (path_lower.starts_with("app/") || path_lower.starts_with("invite")).then_some(JoinKind::Other);
    }
    // "meet.example.org/room": people host such rooms themselves.
    if host.strip_prefix("meet.").is_some_and(|rest| rest.contains('.')) {
        return (!path.is_empty() && !path_lower.contains("recording")).then_some(JoinKind::Other);
    }
    if path_lower.starts_with("b/") && (host.starts_with("bbb.") || host.starts_with("bigbluebutton.")) {
        return Some(JoinKind::Other);
    }
    if host == "gitter.im"
        || host == "app.gitter.im"
        || host == "matrix.to"
        || host == "discord.gg"
        || on("zulipchat.com")
        || host == "webchat.freenode.net"
    {
        return (!path.is_empty()).then_some(JoinKind::Chat);
    }
    None
}

/// A line that asks people into a chat room; elsewhere such a link points to a conversation.
fn invites_to_chat(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["join", "chat", "where:", "location:"].iter().any(|w| lower.contains(w))
}

/// A room of something else that the head mentions.
fn other_room(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["recording", "minutes:", "register", "last meeting", "previous meeting", "slack"].iter().any(|w| lower.contains(w))
        && !lower.contains("join")
}

/// A page of telephone numbers.
fn is_numbers_page(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    host == "tel.meet"
        || (host.ends_with("zoom.us") && (path.starts_with("u/") || path.starts_with("zoomconference")))
        || host == "dialin.teams.microsoft.com"
}

/// What follows a label inside a line, up to the next comma or bracket.
fn labelled(text: &str, labels: &[&str]) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    for name in labels {
        let Some(at) = lower.find(name) else { continue };
        let rest = text.get(at + name.len()..)?.trim_start_matches([':', ' ', '*', '=']);
        let value: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == ' ' || *c == '-').collect();
        let value = value.trim().trim_end_matches('-').trim();
        let hash = rest.get(value.len()..).is_some_and(|r| r.trim_start().starts_with('#'));
        if value.chars().filter(char::is_ascii_digit).count() >= 3 {
            return Some(if hash { format!("{value}#") } else { value.to_owned() });
        }
    }
    None
}

/// Words that tell to call a number.
const TOLD: &Cues = &Cues::caseless(&["dial", "call-in", "call in", "phone", "one tap", "pin:"]);

/// A telephone number that one is told to call, and its PIN. A line that begins with a number may be told so `above`.
fn phone(text: &str, above: &dyn Fn() -> bool) -> Option<(String, Option<String>)> {
    let bare = || text.starts_with('+') && digits_of(text) >= 8 && above();
    if !TOLD.any(text) && !bare() {
        return None;
    }
    // The digits of an address are no number to call.
    let text = text.split("http").next().unwrap_or(text);
    let start = text.char_indices().find(|(i, c)| {
        let fresh =
            i.checked_sub(1).and_then(|p| text.as_bytes().get(p)).is_none_or(|p| !p.is_ascii_alphanumeric() && *p != b'/' && *p != b'#');
        fresh && (*c == '+' || c.is_ascii_digit() || *c == '(') && digits_of(&text[*i..]) >= 8
    })?;
    let number: String = text[start.0..].chars().take_while(|c| c.is_ascii_digit() || "+-() .".contains(*c)).collect();
    let number = number.trim_end_matches([' ', '-', '(', '.']).to_owned();
    let rest = text.get(start.0 + number.len()..).unwrap_or("");
    let pin = labelled(rest, &["pin", "passcode", "access code", "code"]).or_else(|| {
        let value: String =
            rest.trim_start_matches([',', ' ', ';']).chars().take_while(|c| c.is_ascii_digit() || *c == ' ' || *c == '#').collect();
        let value = value.trim().replace(" #", "#");
        (value.chars().filter(char::is_ascii_digit).count() >= 4).then_some(value)
    });
    Some((number, pin))
}

fn digits_of(s: &str) -> usize {
    s.chars().take(24).take_while(|c| c.is_ascii_digit() || "+-() .".contains(*c)).filter(char::is_ascii_digit).count()
}

/// A way in by telephone that belongs to another provider than the link to use.
fn foreign(joins: &[Join], dial: &[DialIn]) -> Vec<Finding> {
    let Some(first) = joins.first() else { return Vec::new() };
    let own = |url: &str| {
        if url.contains("tel.meet") {
            JoinKind::Meet
        } else if url.contains("zoom") {
            JoinKind::Zoom
        } else {
            JoinKind::Teams
        }
    };
    dial.iter()
        .filter_map(|d| {
            let url = d.url.as_deref()?;
            (own(url) != first.kind && !joins.iter().any(|j| j.kind == own(url))).then(|| Finding {
                line: d.line,
                code: "foreign-dial-in",
                text: format!(
                    "The telephone numbers at {url} belong to another provider than the link to join, {}.",
                    first.url.split('?').next().unwrap_or("")
                ),
            })
        })
        .take(1)
        .collect()
}
