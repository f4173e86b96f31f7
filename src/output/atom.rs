//! Atom feeds (RFC 4287) for feed readers and chat bridges: what was cancelled, moved, added and restored, one entry a decision; and what
//! the lists were told, one entry a letter. An entry's id is that of its decision or letter, and lasts.

use chrono::{DateTime, SecondsFormat, Utc};

use super::publication::Site;
use super::{clean, link, public, words};
use crate::meeting::calendar::Calendar;
use crate::meeting::change::Decision;
use crate::meeting::occurrence::OccurrenceId;
use crate::meeting::series::{Community, Series};
use crate::plan::key::Kind;
use crate::plan::ledger::Ledger;

/// Entries of a feed at most.
const MOST: usize = 100;

/// An entry before it is written.
struct Entry {
    id: String,
    title: String,
    published: DateTime<Utc>,
    updated: DateTime<Utc>,
    page: String,
    category: String,
    lines: Vec<String>,
}

/// The decisions of one community; `path` is where the feed is published.
pub fn community(calendar: &Calendar, ledger: &Ledger, community: &Community, site: &Site, path: &str, now: DateTime<Utc>) -> String {
    let decisions = public::decisions(calendar, ledger, community, now);
    let title = format!("Changes of {}", clean::line(&community.title, 200));
    let entries = decisions.into_iter().map(|(series, decision)| of_decision(series, decision, site)).collect();
    feed(&title, &link::community_page(&site.base_url, &community.id), path, entries, site)
}

/// The decisions of all communities.
pub fn all(calendar: &Calendar, ledger: &Ledger, site: &Site, path: &str, now: DateTime<Utc>) -> String {
    let mut decisions: Vec<_> =
        calendar.communities.iter().flat_map(|community| public::decisions(calendar, ledger, community, now)).collect();
    decisions.sort_by(|(_, a), (_, b)| b.at.cmp(&a.at).then(a.id.cmp(&b.id)));
    let entries = decisions.into_iter().map(|(series, decision)| of_decision(series, decision, site)).collect();
    feed(&format!("Changes: {}", clean::line(&site.title, 200)), &format!("{}/", site.base_url), path, entries, site)
}

/// What the lists of a community were told, in short.
pub fn announcements(told: &[public::Announced<'_>], community: &Community, site: &Site, path: &str) -> String {
    let title = format!("Announcements of {}", clean::line(&community.title, 200));
    let entries = told.iter().map(|one| of_letter(one, community, site)).collect();
    feed(&title, &link::community_page(&site.base_url, &community.id), path, entries, site)
}

fn feed(title: &str, page: &str, path: &str, entries: Vec<Entry>, site: &Site) -> String {
    // A feed without entries has never changed.
    let updated = entries.iter().map(|entry| entry.updated).max().unwrap_or(DateTime::UNIX_EPOCH);
    let mut out =
        String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\">\n");
    element(&mut out, "id", &id(site, path));
    element(&mut out, "title", title);
    element(&mut out, "updated", &instant(updated));
    out.push_str(&format!(
        "<link rel=\"self\" type=\"application/atom+xml\" href=\"{}\"/>\n",
        clean::markup(&format!("{}{path}", site.base_url))
    ));
    out.push_str(&format!("<link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n", clean::markup(page)));
    out.push_str(&format!("<author><name>{}</name></author>\n", clean::markup(&clean::line(&site.title, 200))));
    for entry in entries.into_iter().take(MOST) {
        out.push_str(&entry.written(site));
    }
    out.push_str("</feed>\n");
    out
}

impl Entry {
    fn written(&self, site: &Site) -> String {
        let mut out = String::from("<entry>\n");
        element(&mut out, "id", &id(site, &self.id));
        element(&mut out, "title", &self.title);
        element(&mut out, "published", &instant(self.published));
        element(&mut out, "updated", &instant(self.updated));
        out.push_str(&format!("<link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n", clean::markup(&self.page)));
        out.push_str(&format!("<category term=\"{}\"/>\n", clean::markup(&self.category)));
        out.push_str(&format!("<content type=\"text\">{}</content>\n</entry>\n", clean::markup(&self.lines.join("\n"))));
        out
    }
}

fn of_decision(series: &Series, decision: &Decision, site: &Site) -> Entry {
    let title = clean::line(&series.title, 200);
    let lines: Vec<String> = decision.verdicts.iter().filter_map(|(wall, verdict)| public::line(series, *wall, verdict)).collect();
    let page = match decision.verdicts.first() {
        Some((wall, _)) => link::meeting_page(&site.base_url, &OccurrenceId::new(series.id.clone(), *wall)),
        None => link::series_page(&site.base_url, &series.id),
    };
    let mut content = lines.iter().map(|line| format!("{line}.")).collect::<Vec<_>>();
    content.extend(decision.reason.as_ref().map(|reason| clean::line(reason, 300)));
    content.push(format!("Decided by {}.", public::by(&decision.by)));
    Entry {
        id: format!("/decision/{}/{}", series.id, decision.id),
        title: format!("{}{}: {title}", lines.first().map_or("Changed", String::as_str), others(decision.verdicts.len())),
        published: decision.at,
        // When it was decided, or its reason amended.
        updated: decision.amended.unwrap_or(decision.at),
        page,
        category: series.id.to_string(),
        lines: content,
    }
}

fn of_letter(one: &public::Announced<'_>, community: &Community, site: &Site) -> Entry {
    let what = match one.kind {
        Kind::Reminder => "Coming up",
        Kind::Cancelled => "Cancelled",
        Kind::Moved => "Moved",
        Kind::Restored => "As planned again",
        Kind::Extra => "Added",
        Kind::Clocks => "Another hour",
        Kind::Digest => "The coming meetings",
        _ => "Changed",
    };
    let title = clean::line(one.series.map_or(&community.title, |series| &series.title), 200);
    // A change of plan is told on the page of its series, which has the words of today.
    let meetings: Vec<_> = if one.kind == Kind::Changed { Vec::new() } else { one.meetings.clone() };
    let when = meetings.first().map(|(_, _, start)| format!(", {}{}", words::in_full(*start), others(meetings.len())));
    let page = match (meetings.as_slice(), one.series) {
        ([(_, id, _)], _) => link::meeting_page(&site.base_url, id),
        (_, Some(series)) => link::series_page(&site.base_url, &series.id),
        (_, None) => format!("{}/", link::community_page(&site.base_url, &community.id)),
    };
    let mut lines: Vec<String> =
        meetings.iter().map(|(series, _, start)| format!("{}: {}.", clean::line(&series.title, 200), words::in_full(*start))).collect();
    lines.extend(one.reason.map(|reason| clean::line(reason, 300)));
    lines.push(match one.kind {
        Kind::Changed => "Its page says when and where it meets now.".to_owned(),
        _ => "The page has the hours of your own zone, and the way in.".to_owned(),
    });
    Entry {
        id: format!("/told/{}", one.key),
        title: format!("{what}: {title}{}", when.unwrap_or_default()),
        published: one.written,
        updated: one.written,
        page,
        category: one.series.map_or_else(|| community.id.to_string(), |series| series.id.to_string()),
        lines,
    }
}

/// " and three more", beside the first.
fn others(count: usize) -> String {
    match count.saturating_sub(1) {
        0 => String::new(),
        more => format!(" and {}", words::counted(more as u64, "more", "more")),
    }
}

/// A tag URI (RFC 4151) under the domain that never changes.
fn id(site: &Site, name: &str) -> String {
    format!("tag:{},2026-01-01:{name}", site.uid_domain)
}

fn element(out: &mut String, name: &str, text: &str) {
    out.push_str(&format!("<{name}>{}</{name}>\n", clean::markup(text)));
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
