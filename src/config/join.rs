//! Where a series meets: its join links, held against the hosts a community allows and against what its description says.

use toml::Spanned;
use toml::de::DeValue;

use super::community::Usual;
use super::fields::Table;
use super::links::{self, Link};
use super::{codes, words};
use crate::meeting::room;
use crate::meeting::series::{Join, JoinLinks};
use crate::source::{Place, Remark};

const MOST_LINKS: usize = 20;

/// Reads `join`: one link, or a list of links or of `{ url, label }`.
pub(super) fn read(table: &mut Table<'_>, usual: &Usual<'_>, description: Option<&str>, remarks: &mut Vec<Remark>) -> Vec<Join> {
    let mut found: Vec<Join> = Vec::new();
    if let Some(value) = table.value("join") {
        let items: Vec<&Spanned<DeValue>> = match value.get_ref() {
            DeValue::Array(items) => items.iter().take(MOST_LINKS).collect(),
            _ => vec![value],
        };
        for item in items {
            let place = table.page.at(table.page.line(item.span().start));
            if let Some(join) = one(table, item, usual, &place, remarks) {
                found.push(join);
            }
        }
    }
    differing(table, description, &found, remarks);
    found
}

/// Whether a text is a link that `join` takes without a word on hosts.
pub fn is_join_link(text: &str) -> bool {
    links::link(text).is_ok() && links::parse(text.trim()).is_ok_and(|link| link.secure)
}

/// Whether a text is a link that `agenda` takes.
pub fn is_link(text: &str) -> bool {
    links::link(text).is_ok()
}

/// Whether a link leads to a host that holds meetings.
pub fn is_meeting_link(text: &str) -> bool {
    room::is_for_meetings(text.trim())
}

/// The host of a link, in lower case.
pub fn host(text: &str) -> Option<String> {
    links::parse(text.trim()).ok().map(|link| link.host)
}

/// The links to meetings that stand in a text, in its order.
pub fn meeting_links(text: &str) -> Vec<&str> {
    links::inside(text).filter(|(text, _)| room::is_for_meetings(text)).map(|(text, _)| text).collect()
}

fn one<'t>(table: &Table<'t>, item: &'t Spanned<DeValue<'t>>, usual: &Usual<'_>, place: &Place, remarks: &mut Vec<Remark>) -> Option<Join> {
    let join = match item.get_ref() {
        DeValue::String(text) => match links::link(text) {
            Ok(url) => Some(Join { label: None, url }),
            Err(error) => {
                remarks.push(Remark::fault(place.clone(), codes::BAD_LINK, format!("\"join\" in {} {error}", table.what)));
                None
            }
        },
        DeValue::Table(_) => {
            let mut inner = table.inner("join", "join", item, remarks)?;
            let url = inner.parsed("url", codes::BAD_LINK, remarks, links::link);
            let url = inner.required("url", url, "\"https://meet.example.org/room\"", remarks);
            let label = inner.string("label", remarks).map(str::to_owned);
            inner.finish(remarks);
            url.map(|url| Join { label, url })
        }
        _ => {
            table.wrong_type("join", item, "a link in quotes, or a list of { url = \"…\", label = \"…\" }", remarks);
            None
        }
    }?;
    if let Ok(link) = links::parse(&join.url) {
        check(&link, usual, place, remarks);
    }
    Some(join)
}

fn check(link: &Link<'_>, usual: &Usual<'_>, place: &Place, remarks: &mut Vec<Remark>) {
    if usual.link_hosts.is_empty() && !link.secure {
        let sentence =
            format!("The join link leads to {} by http. Write https://, or allow the host: link-hosts = [\"{}\"].", link.host, link.host);
        remarks.push(Remark::fault(place.clone(), codes::LINK_HOST, sentence));
    }
    if !usual.link_hosts.is_empty() && !links::is_allowed(&link.host, &usual.link_hosts) {
        let hint = words::nearest(&link.host, usual.link_hosts.iter().map(String::as_str)).map(|near| format!(" Did you mean \"{near}\"?"));
        let sentence = format!(
            "The join link leads to {}, which is not among the link-hosts of this community. Correct the link, or add the host.{}",
            link.host,
            hint.unwrap_or_default()
        );
        remarks.push(Remark::fault(place.clone(), codes::LINK_HOST, sentence));
    }
    let password = link.query.split(['?', '&']).any(|part| part.to_ascii_lowercase().starts_with("pwd="));
    if password && usual.join_links == JoinLinks::Public {
        let sentence = "This link holds the meeting's password, and feed, page and letters show it to everybody. If that is not meant, write join-links = \"page\".";
        remarks.push(Remark::advice(place.clone(), codes::LINK_PASSWORD, sentence));
    }
}

/// A description that leads to another room than `join` does sends half of the people into it.
fn differing(table: &Table<'_>, description: Option<&str>, join: &[Join], remarks: &mut Vec<Remark>) {
    let known: Vec<String> = join.iter().filter_map(|join| room::room(&join.url)).collect();
    if known.is_empty() {
        return;
    }
    let on_a_host_of_ours = |url: &str| join.iter().any(|join| room::host(&join.url) == room::host(url));
    for (text, link) in links::inside(description.unwrap_or_default()) {
        let meets = room::is_for_meetings(text) || on_a_host_of_ours(text);
        if let Some(other) = room::room(text).filter(|other| meets && !known.contains(other)) {
            let sentence = format!(
                "The description leads into another room (at {}) than \"join\" does. Take one of the two out, or make them agree.",
                link.host
            );
            remarks.push(
                Remark::warning(table.place_of("description"), codes::LINKS_DIFFER, sentence)
                    .lasting(crate::source::digest(other.as_bytes())),
            );
        }
    }
}
