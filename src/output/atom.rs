//! What was cancelled, moved, added and restored, as an Atom feed (RFC 4287): one entry a decision, for feed readers and chat bridges.

use chrono::{DateTime, SecondsFormat, Utc};

use super::publication::Site;
use super::{clean, link, public, words};
use crate::meeting::calendar::Calendar;
use crate::meeting::change::Decision;
use crate::meeting::occurrence::OccurrenceId;
use crate::meeting::series::{Community, Series};
use crate::plan::ledger::Ledger;

/// Entries of a feed at most.
const MOST: usize = 100;

/// The decisions of one community; `path` is where the feed is published.
pub fn community(calendar: &Calendar, ledger: &Ledger, community: &Community, site: &Site, path: &str, now: DateTime<Utc>) -> String {
    let entries = public::decisions(calendar, ledger, community, now);
    let title = format!("Changes of {}", clean::line(&community.title, 200));
    feed(&title, &link::community_page(&site.base_url, &community.id), path, entries, site)
}

/// The decisions of all communities.
pub fn all(calendar: &Calendar, ledger: &Ledger, site: &Site, path: &str, now: DateTime<Utc>) -> String {
    let mut entries: Vec<_> =
        calendar.communities.iter().flat_map(|community| public::decisions(calendar, ledger, community, now)).collect();
    entries.sort_by(|(_, a), (_, b)| b.at.cmp(&a.at).then(a.id.cmp(&b.id)));
    feed(&format!("Changes: {}", clean::line(&site.title, 200)), &format!("{}/", site.base_url), path, entries, site)
}

fn feed(title: &str, page: &str, path: &str, entries: Vec<(&Series, &Decision)>, site: &Site) -> String {
    // A feed without entries has never changed.
    let updated = entries.iter().map(|(_, decision)| changed(decision)).max().unwrap_or(DateTime::UNIX_EPOCH);
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
    for (series, decision) in entries.into_iter().take(MOST) {
        out.push_str(&entry(series, decision, site));
    }
    out.push_str("</feed>\n");
    out
}

fn entry(series: &Series, decision: &Decision, site: &Site) -> String {
    let title = clean::line(&series.title, 200);
    let lines: Vec<String> = decision.verdicts.iter().filter_map(|(wall, verdict)| public::line(series, *wall, verdict)).collect();
    let more = decision.verdicts.len().saturating_sub(1);
    let others = if more == 0 { String::new() } else { format!(" and {}", words::counted(more as u64, "more", "more")) };
    let page = match decision.verdicts.first() {
        Some((wall, _)) => link::meeting_page(&site.base_url, &OccurrenceId::new(series.id.clone(), *wall)),
        None => link::series_page(&site.base_url, &series.id),
    };
    let mut content = lines.iter().map(|line| format!("{line}.")).collect::<Vec<_>>();
    content.extend(decision.reason.as_ref().map(|reason| clean::line(reason, 300)));
    content.push(format!("Decided by {}.", public::by(&decision.by)));
    let mut out = String::from("<entry>\n");
    element(&mut out, "id", &id(site, &format!("/decision/{}/{}", series.id, decision.id)));
    element(&mut out, "title", &format!("{}{others}: {title}", lines.first().map_or("Changed", String::as_str)));
    element(&mut out, "published", &instant(decision.at));
    element(&mut out, "updated", &instant(changed(decision)));
    out.push_str(&format!("<link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n", clean::markup(&page)));
    out.push_str(&format!("<category term=\"{}\"/>\n", clean::markup(&series.id.to_string())));
    out.push_str(&format!("<content type=\"text\">{}</content>\n</entry>\n", clean::markup(&content.join("\n"))));
    out
}

/// A tag URI (RFC 4151) under the domain that never changes.
fn id(site: &Site, name: &str) -> String {
    format!("tag:{},2026-01-01:{name}", site.uid_domain)
}

/// When it was decided, or its reason amended.
fn changed(decision: &Decision) -> DateTime<Utc> {
    decision.amended.unwrap_or(decision.at)
}

fn element(out: &mut String, name: &str, text: &str) {
    out.push_str(&format!("<{name}>{}</{name}>\n", clean::markup(text)));
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
