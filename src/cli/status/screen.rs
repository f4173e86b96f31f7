//! The screen: plain words in 80 columns. Colour says nothing that the words do not.

use chrono::{DateTime, Utc};

use super::daemon::Daemon;
use super::needs::Need;
use super::{Seen, bytes, long};
use crate::cli::{Exit, rfc3339};
use crate::config::{Tls, Transport};
use crate::daemon::neighbours;
use crate::meeting::zone::report::Release;
use crate::output::words;
use crate::plan::fates::ListHealth;
use crate::plan::ledger::Fate;
use crate::source::Grade;

const WIDTH: usize = 80;

/// Lines under a word at the left.
struct Screen(String);

impl Screen {
    fn line(&mut self, label: &str, text: &str) {
        for line in words::wrap(text, WIDTH, &format!("{label:12}"), "            ") {
            self.0.push_str(line.trim_end());
            self.0.push('\n');
        }
    }
}

pub fn text(seen: &Seen, needs: &[Need], colour: bool) -> String {
    let mut screen = Screen(String::new());
    let grave = needs.iter().any(|need| need.exit != Exit::Well);
    let (paint, verdict) = match (grave, needs.len()) {
        (false, 0) => ("32", "all is well".to_owned()),
        (false, _) => ("33", "well, and something could be better".to_owned()),
        (true, 1) => ("31", "not well: one thing needs somebody".to_owned()),
        (true, many) => ("31", format!("not well: {} need somebody", words::counted(many as u64, "thing", "things"))),
    };
    let verdict = if colour { format!("\x1b[1;{paint}m{verdict}\x1b[0m") } else { verdict };
    screen.0.push_str(&format!("convened {}: {verdict}\n\n", env!("CARGO_PKG_VERSION")));
    for (at, need) in needs.iter().enumerate() {
        for line in words::wrap(&need.what, WIDTH, &format!("{:>2}. ", at + 1), "    ") {
            screen.0.push_str(&format!("{line}\n"));
        }
        for line in words::wrap(&need.todo, WIDTH, "    -> ", "       ") {
            screen.0.push_str(&format!("{line}\n"));
        }
    }
    if !needs.is_empty() {
        screen.0.push('\n');
    }
    the_daemon(&mut screen, seen);
    letters(&mut screen, seen);
    what_is_read(&mut screen, seen);
    screen.0
}

fn the_daemon(screen: &mut Screen, seen: &Seen) {
    let said = match &seen.daemon {
        Daemon::Answers { process, .. } => format!("running (process {process}), answers at {}", seen.listen),
        Daemon::Silent { process } => format!("process {process} does not answer at {}", seen.listen),
        Daemon::Down => "not running; what follows is what the store remembers".to_owned(),
        Daemon::Never => "none has run here; rounds are walked by `convened once`".to_owned(),
    };
    screen.line("daemon", &said);
    for other in &seen.neighbours {
        screen.line("", &neighbours::words(other));
    }
    let ago = |at: DateTime<Utc>| format!("{}, {} ago", rfc3339(at), long(seen.now - at));
    screen.line("last round", &seen.last_round.map_or("none yet".to_owned(), ago));
    let ahead = |at: DateTime<Utc>| match seen.now < at {
        true => format!("{}, in {}", rfc3339(at), long(at - seen.now)),
        false => format!("{}, now", rfc3339(at)),
    };
    screen.line("next due", &seen.next_due.map_or("nothing".to_owned(), ahead));
    let things = format!(
        "{}, {}; {} at {}",
        counted(seen.communities, "community", "communities"),
        counted(seen.series, "series", "series"),
        counted(seen.documents, "document", "documents"),
        seen.settings.base_url
    );
    screen.line("published", &things);
    if let Some(bucket) = &seen.bucket {
        screen.line("bucket", &bucket.words());
    }
    let free = seen.disk.map_or(String::new(), |(_, free)| format!(", {} free", bytes(free)));
    let store = seen.store_bytes.map_or("none yet".to_owned(), |size| format!("{}{free}, in {}", bytes(size), seen.state.display()));
    screen.line("store", &store);
    if let Some(backup) = &seen.copy_of {
        screen.line("", &format!("a copy of {backup} for looking at; nothing is sent"));
    }
}

fn letters(screen: &mut Screen, seen: &Seen) {
    let fates = seen.fates();
    let count = |fate: Fate| fates.get(fate.word()).copied().unwrap_or_default();
    let waiting = count(Fate::Waiting) + count(Fate::Deferred) + count(Fate::HandingOver);
    let mut waits = vec![counted(waiting, "letter", "letters")];
    if seen.proposals > 0 {
        waits.push(format!("{} (convened changes)", counted(seen.proposals, "proposal of the notes", "proposals of the notes")));
    }
    screen.line("waiting", &waits.join(", "));
    let all: Vec<String> = fates.iter().map(|(fate, count)| format!("{count} {fate}")).collect();
    screen.line("letters", &if all.is_empty() { "none yet".to_owned() } else { all.join(", ") });
    let put_off = seen.rows.iter().filter(|row| row.fate == Fate::Deferred).max_by_key(|row| row.since);
    if let Some(said) = put_off.and_then(|row| row.server_said.as_deref()) {
        screen.line("", &format!("put off until later: {said}"));
    }
    for list in &seen.lists {
        screen.line("", &of_list(list, seen.now));
    }
    screen.line("mail", &mail(seen));
    if !seen.rehearsals.is_empty() {
        screen.line("", &format!("in rehearsal, letters to lists go to the organisers: {}", seen.rehearsals.join(", ")));
    }
}

/// How letters leave.
fn mail(seen: &Seen) -> String {
    match &seen.settings.mail.transport {
        Transport::Maildir { folder } => format!("into the folder {folder}, and nowhere else"),
        Transport::Smtp(smtp) => {
            let how = match smtp.tls {
                Tls::Off => "in the clear",
                Tls::StartTls => "by STARTTLS",
                Tls::Wrapped => "by TLS",
            };
            format!("to {} port {}, {how}", smtp.host, smtp.port)
        }
        Transport::Sendmail(sendmail) => format!("to {}", sendmail.program),
    }
}

/// One line a list: what waits, what needs a person, the last letter and whether it came back.
fn of_list(list: &ListHealth, now: DateTime<Utc>) -> String {
    let mut said = Vec::new();
    for (count, what) in [(list.waiting, "waiting"), (list.held, "held back"), (list.refused, "refused")] {
        if count > 0 {
            said.push(format!("{count} {what}"));
        }
    }
    if let Some(since) = list.doubt_since {
        said.push(format!("{} in doubt, the oldest for {}", list.in_doubt, words::length(now - since)));
    }
    if let Some((_, at)) = &list.last_sent {
        let back = list.last_came_back.map_or("not seen to arrive yet".to_owned(), |at| format!("arrived, seen at {}", rfc3339(at)));
        said.push(format!("last accepted at {}, {back}", rfc3339(*at)));
    }
    if list.never_seen() {
        said.push("never seen to arrive".to_owned());
    }
    format!("{}, {}: {}", list.community, list.audience, if said.is_empty() { "nothing".to_owned() } else { said.join("; ") })
}

fn what_is_read(screen: &mut Screen, seen: &Seen) {
    for source in &seen.sources {
        let trust = if source.trusted { "trusted" } else { "untrusted" };
        let brought = source.state.as_ref().and_then(|state| state.brought);
        let said = match (source.failing(), brought) {
            (Some(since), _) => format!("failing since {}. {}", rfc3339(since), source.said().unwrap_or_default()),
            _ if source.broken => "broken; the last good notes stay in force".to_owned(),
            (None, Some(at)) => format!("well, fetched {}", rfc3339(at)),
            (None, None) if source.remote => "not fetched yet; see `convened fetch`".to_owned(),
            (None, None) => "well".to_owned(),
        };
        screen.line("notes", &format!("{} ({trust}): {said}", source.folder));
    }
    zone_data(screen, seen);
    let grades = [(Grade::Fault, "fault", "faults"), (Grade::Warning, "warning", "warnings"), (Grade::Advice, "advice", "advice")];
    let said: Vec<String> = grades
        .into_iter()
        .map(|(grade, one, many)| (seen.count(grade), one, many))
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
        .collect();
    screen.line("remarks", &if said.is_empty() { "none".to_owned() } else { format!("{} (convened check)", said.join(", ")) });
}

/// The copies of the zone data with their age, then a line for each zone in use on which they differ.
fn zone_data(screen: &mut Screen, seen: &Seen) {
    let copies = &seen.zones.copies;
    screen.line("zone data", &format!("{} in force", copy(&copies.in_force)));
    screen.line("", &format!("{} on this host", copies.system.as_ref().map_or("none".to_string(), copy)));
    screen.line("", &format!("{} built in", copy(&copies.embedded)));
    for differing in &seen.zones.differ {
        let said = |offset: &Option<String>| offset.as_deref().unwrap_or("unknown").to_string();
        let system = if seen.zones.system.is_some() { format!(", {} on this host", said(&differing.system)) } else { String::new() };
        let line = format!(
            "{} differs from {} on: {} in force{system}, {} built in",
            differing.zone,
            differing.from.format("%-d %B %Y, %H:%M UTC"),
            said(&differing.in_force),
            said(&differing.embedded),
        );
        screen.line("", &line);
    }
}

/// "2026e (of 30 September 2026, 52 days old)".
fn copy(copy: &Release) -> String {
    match (copy.dated, copy.age_days) {
        (Some(dated), Some(days)) => {
            format!("{} (of {}, {days} {} old)", copy.release, dated.format("%-d %B %Y"), if days == 1 { "day" } else { "days" })
        }
        _ => copy.release.clone(),
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
