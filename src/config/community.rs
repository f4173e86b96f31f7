//! A community's file: its people, its lists, the folders of its notes, its series and rotations.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::fields::{self, At, Page, Table};
use super::grants::{Reach, Within};
use super::{arrival, chat, codes, links, notes, rotation, rules, series, settings, together, words, zone};
use crate::meeting::arrival::Archive;
use crate::meeting::cron::Cron;
use crate::meeting::series::{
    Address, Attach, ChangesFromNotes, City, Community, Digest, JoinLinks, Letters, NotesFolder, Replies, Series, SeriesId, is_name,
};
use crate::meeting::zone::{Zone, Zones};
use crate::source::{Remark, Text};

/// What a community's file says once for all its series, and what it takes to read them.
pub(super) struct Usual<'a> {
    pub community: Arc<str>,
    pub uid_domain: &'a str,
    pub within: Within<'a>,
    pub zones: &'a Zones,
    pub join_links: JoinLinks,
    pub link_hosts: Vec<String>,
    pub list: Option<Address>,
    pub archive: Option<Archive>,
    pub letters: Option<Letters>,
    pub attach: Option<Attach>,
    pub remind: Option<Vec<TimeDelta>>,
    pub duration: Option<TimeDelta>,
    pub zone: Option<Zone>,
    /// The community says a zone, be it one or not: its series need not.
    pub zone_said: bool,
    pub as_meant: Vec<String>,
}

/// Reads `communities/NAME.toml`; NAME is the community's id. `uid_domain` is the setting of that name. With a fault there is no community;
/// every complaint of the file is among the remarks, in the file's order.
pub fn community(text: &Text, uid_domain: &str, zones: &Zones) -> (Option<Community>, Vec<Remark>) {
    community_within(text, uid_domain, zones, Reach::Own)
}

/// The same for a file that may not name everything.
pub fn community_within(text: &Text, uid_domain: &str, zones: &Zones, reach: Reach<'_>) -> (Option<Community>, Vec<Remark>) {
    let mut remarks = Vec::new();
    let read = read(text, uid_domain, zones, reach, &mut remarks);
    if matches!(reach, Reach::Kept(_)) {
        // Who is no longer written to is missing for that reason alone.
        remarks.retain(|remark| !matches!(remark.code, codes::NOT_GRANTED | codes::NO_LIST | codes::NO_ORGANISERS));
    }
    remarks.extend(together::double_uids(read.as_slice()));
    let faulty = fields::settled(&mut remarks);
    (read.filter(|_| !faulty), remarks)
}

fn read(text: &Text, uid_domain: &str, zones: &Zones, reach: Reach<'_>, remarks: &mut Vec<Remark>) -> Option<Community> {
    let page = Page::of(text, remarks)?;
    let tree = page.parse(remarks)?;
    let mut table = Table::of(&page, "the community", &tree);
    settings::format(&mut table, remarks)?;
    let id = id_of(&table, text, remarks);
    let within = Within { reach, community: id.as_deref().unwrap_or_default() };
    let title = table.string("title", remarks);
    let title = table.required("title", title, "\"Example Project\"", remarks).unwrap_or_default().to_owned();
    let home = table.parsed("home", codes::BAD_LINK, remarks, links::link);
    let code_of_conduct = table.parsed("code-of-conduct", codes::BAD_LINK, remarks, links::link);
    let contact = table.parsed("contact", codes::BAD_ADDRESS, remarks, words::address);
    let mut organisers = table.each("organisers", codes::BAD_ADDRESS, remarks, words::address).unwrap_or_default();
    organisers.retain(|one| within.address(&table, "organisers", Some(one.value.clone()), remarks).is_some());
    let sender = table.parsed("sender", codes::BAD_ADDRESS, remarks, words::address);
    let sender = within.address(&table, "sender", sender, remarks);
    let colour = table.parsed("colour", codes::BAD_COLOUR, remarks, colour);
    let cities = cities(&mut table, zones, remarks);
    let changes_from_notes = changes_from_notes(&mut table, remarks);
    let publish_reasons = table.bool("publish-reasons", remarks).unwrap_or(false);
    let owners_in_letters = table.bool("owners-in-letters", remarks).unwrap_or(true);
    let omit_people = table.strings("omit-people", remarks).unwrap_or_default().into_iter().map(|name| name.value.to_owned()).collect();
    let rehearsal = table.bool("rehearsal", remarks).unwrap_or(false);
    let paused_until = table.date("paused-until", remarks);
    let letters_a_week = table.number("letters-a-week", 1, 50, remarks).unwrap_or(2);
    let replies = table.choice("replies", &[("contact", Replies::Contact), ("list", Replies::List)], remarks).unwrap_or(Replies::Contact);
    let letters_a_day = table.number("letters-a-day", 1, 100, remarks).unwrap_or(6);
    let grace = waiting(&mut table, "grace", TimeDelta::days(1), "at most 1 day", remarks).unwrap_or(TimeDelta::minutes(10));
    let in_doubt = arrival::in_doubt(&mut table, "[in-doubt]", remarks);
    let holidays = table.dates("holidays", remarks).map(values).unwrap_or_default();
    let quiet = waiting(&mut table, "quiet", TimeDelta::days(7), "at most 1 week", remarks).unwrap_or(TimeDelta::minutes(30));
    let usual = usual(&mut table, id.as_deref(), uid_domain, zones, within, remarks);
    let digest = digest(&mut table, &usual, remarks);
    let (series, notes) = series_and_notes(&mut table, &usual, remarks);
    let notes_archive =
        table.table("notes-archive", "[notes-archive]", remarks).and_then(|archive| notes::archive(archive, within, remarks));
    notes::check_pads(&notes, remarks);
    notes::check_archive(&table, &notes, notes_archive.as_ref(), remarks);
    let ids: Vec<SeriesId> = series.iter().map(|series| series.id.clone()).collect();
    let chats = chat::read(table.tables("chat", "[[chat]]", remarks), &ids, within, remarks);
    let lists: Vec<&Address> = series
        .iter()
        .filter_map(|series| series.list.as_ref())
        .chain(&usual.list)
        .chain(digest.as_ref().map(|digest| &digest.list))
        .collect();
    check_organisers(&table, &organisers, changes_from_notes, rehearsal, &lists, remarks);
    let place = page.at(1);
    table.finish(remarks);
    Some(Community {
        id: usual.community,
        title,
        place,
        home,
        code_of_conduct,
        contact,
        replies,
        organisers: values(organisers),
        sender,
        cities,
        colour,
        changes_from_notes,
        publish_reasons,
        join_links: usual.join_links,
        link_hosts: usual.link_hosts,
        owners_in_letters,
        omit_people,
        rehearsal,
        paused_until,
        letters_a_week,
        digest,
        letters_a_day,
        grace,
        in_doubt,
        quiet,
        holidays,
        chats,
        notes,
        notes_archive,
        series,
    })
}

/// The community's id is the name of its file.
fn id_of(table: &Table<'_>, text: &Text, remarks: &mut Vec<Remark>) -> Option<String> {
    let name = text.path.rsplit('/').next().unwrap_or_default();
    let stem = name.strip_suffix(".toml").unwrap_or(name);
    if is_name(stem) {
        return Some(stem.to_owned());
    }
    let sentence = format!(
        "\"{}\" cannot be a community's id, which is the name of its file. Rename the file to 1 to 40 of the letters a-z, digits and hyphens, as \"example.toml\".",
        words::shown(stem)
    );
    remarks.push(Remark::fault(table.page.at(0), codes::BAD_ID, sentence));
    None
}

fn usual<'a>(
    table: &mut Table<'_>,
    id: Option<&str>,
    uid_domain: &'a str,
    zones: &'a Zones,
    within: Within<'a>,
    remarks: &mut Vec<Remark>,
) -> Usual<'a> {
    let list = table.parsed("list", codes::BAD_ADDRESS, remarks, words::address);
    let list = within.address(table, "list", list, remarks);
    let archive = arrival::archive(table, list.as_ref(), within, remarks);
    Usual {
        // Without an id the file has a fault already; the rest is read for its complaints.
        community: id.unwrap_or("unnamed").into(),
        uid_domain,
        within,
        zones,
        join_links: table
            .choice("join-links", &[("public", JoinLinks::Public), ("page", JoinLinks::Page)], remarks)
            .unwrap_or(JoinLinks::Public),
        link_hosts: table.each("link-hosts", codes::BAD_DOMAIN, remarks, words::domain).map(values).unwrap_or_default(),
        list,
        archive,
        letters: table.choice("letters", &series::LETTERS, remarks),
        attach: table.choice("attach", &series::ATTACH, remarks),
        remind: series::reminders(table, remarks),
        duration: rules::length(table, remarks),
        zone: zone::read(table, "zone", zones, remarks),
        zone_said: table.has("zone"),
        as_meant: series::as_meant_in(table, remarks),
    }
}

fn series_and_notes(table: &mut Table<'_>, usual: &Usual<'_>, remarks: &mut Vec<Remark>) -> (Vec<Series>, Vec<NotesFolder>) {
    let tables = table.tables("series", "[[series]]", remarks);
    if tables.is_empty() && !table.has("series") {
        let sentence = "The community has no series. Write a heading [[series]], and below it id, title, every, from, time and zone.";
        remarks.push(Remark::fault(table.place(), codes::MISSING, sentence));
    }
    let mut drafts = series::drafts(tables, usual, remarks);
    for rotation in table.tables("rotation", "[[rotation]]", remarks) {
        rotation::read(rotation, &mut drafts, usual, remarks);
    }
    let ids: Vec<SeriesId> = drafts.iter().map(|draft| draft.series.id.clone()).collect();
    let notes = table
        .tables("notes", "[[notes]]", remarks)
        .into_iter()
        .filter_map(|table| notes::read(table, &ids, usual.within, remarks))
        .collect();
    (drafts.into_iter().map(|draft| series::settle(draft, remarks)).collect(), notes)
}

fn values<T>(items: Vec<At<T>>) -> Vec<T> {
    items.into_iter().map(|item| item.value).collect()
}

fn colour(text: &str) -> Result<String, String> {
    let good = text.strip_prefix('#').is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
    match good {
        true => Ok(text.to_ascii_lowercase()),
        false => Err(format!("is \"{}\"; write a colour as \"#013243\".", words::shown(text))),
    }
}

/// How long something waits: from nothing to `most`.
fn waiting(table: &mut Table<'_>, key: &'static str, most: TimeDelta, words: &'static str, remarks: &mut Vec<Remark>) -> Option<TimeDelta> {
    table.parsed(key, codes::BAD_DURATION, remarks, words::duration_within(TimeDelta::zero(), most, words))
}

/// `[cities]`: a name and its zone on each line, in the order of the file.
fn cities(table: &mut Table<'_>, zones: &Zones, remarks: &mut Vec<Remark>) -> Vec<City> {
    let Some(inner) = table.table("cities", "[cities]", remarks) else { return Vec::new() };
    let mut found = Vec::new();
    for (name, value) in inner.entries() {
        let place = inner.page.at(name.line);
        let Some(text) = value.get_ref().as_str() else {
            inner.wrong_type(&words::shown(name.value), value, "a zone in quotes, as \"Europe/Berlin\"", remarks);
            continue;
        };
        let label =
            words::line(name.value).map_err(|error| Remark::fault(place.clone(), codes::BAD_TEXT, format!("The name of a city {error}")));
        let zone = zone::find(text, zones).map_err(|error| {
            Remark::fault(place.clone(), codes::BAD_ZONE, format!("The zone of \"{}\" {error}", words::shown(name.value)))
        });
        match (label, zone) {
            (Ok(label), Ok(zone)) => {
                zone::warn(&zone, place, remarks);
                found.push(City { name: label.to_owned(), zone });
            }
            (label, zone) => remarks.extend(label.err().into_iter().chain(zone.err())),
        }
    }
    found
}

/// When the community's coming meetings are told together, and to which list.
fn digest(table: &mut Table<'_>, usual: &Usual<'_>, remarks: &mut Vec<Remark>) -> Option<Digest> {
    let at = table.parsed("digest", codes::BAD_DIGEST, remarks, |text| {
        let schedule = settings::cron(text, "\"0 8 * * Mon\" for Mondays at 08:00 UTC")?;
        let beginning = DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default();
        let times: Vec<DateTime<Utc>> = schedule.after(&beginning).take(20).collect();
        match times.windows(2).all(|pair| matches!(pair, [one, next] if *next - *one >= TimeDelta::days(7))) {
            true => Ok(Cron::new(schedule)),
            false => Err(format!("is \"{}\", more than once a week. Choose a day, as \"0 8 * * Mon\".", words::shown(text))),
        }
    });
    let own = table.parsed("digest-list", codes::BAD_ADDRESS, remarks, words::address);
    let own = usual.within.address(table, "digest-list", own, remarks);
    if !table.has("digest") {
        if own.is_some() {
            let sentence = "\"digest-list\" has an effect with \"digest\" only. Write digest = \"0 8 * * Mon\", or take it out.";
            remarks.push(Remark::advice(table.place_of("digest-list"), codes::NO_EFFECT, sentence));
        }
        return None;
    }
    let list = own.or_else(|| usual.list.clone());
    if list.is_none() && !table.has("digest-list") {
        let sentence = "The digest has no list to go to. Write digest-list = \"dev@lists.example.org\", or \"list\" for all series.";
        table.fault("digest", codes::NO_LIST, sentence.to_owned(), remarks);
    }
    Some(Digest { at: at?, list: list? })
}

fn changes_from_notes(table: &mut Table<'_>, remarks: &mut Vec<Remark>) -> ChangesFromNotes {
    let after = waiting(table, "apply-after", TimeDelta::days(7), "at most 1 week", remarks);
    let apply = ChangesFromNotes::Apply { after: after.unwrap_or(TimeDelta::hours(2)) };
    let choices = [("ask", ChangesFromNotes::Ask), ("apply", apply), ("ignore", ChangesFromNotes::Ignore)];
    let choice = table.choice("changes-from-notes", &choices, remarks).unwrap_or(ChangesFromNotes::Ask);
    if after.is_some() && choice != apply {
        let sentence = "\"apply-after\" has an effect with changes-from-notes = \"apply\" only. Take it out, or change the other.";
        remarks.push(Remark::advice(table.place_of("apply-after"), codes::NO_EFFECT, sentence));
    }
    choice
}

/// Organisers are people: somebody has to be there to be asked, and links that decide must not reach a list.
fn check_organisers(
    table: &Table<'_>,
    organisers: &[At<Address>],
    changes: ChangesFromNotes,
    rehearsal: bool,
    lists: &[&Address],
    remarks: &mut Vec<Remark>,
) {
    if organisers.is_empty() && !table.has("organisers") {
        let why = match changes {
            ChangesFromNotes::Ask => Some((
                "changes-from-notes",
                "Changes that notes speak of are asked of the organisers, and there are none. Write organisers = [\"ann@example.org\"], or changes-from-notes = \"ignore\".",
            )),
            ChangesFromNotes::Apply { .. } => Some((
                "changes-from-notes",
                "changes-from-notes = \"apply\" tells the organisers first, and there are none. Write organisers = [\"ann@example.org\"], or \"ignore\".",
            )),
            ChangesFromNotes::Ignore if rehearsal => Some((
                "rehearsal",
                "rehearsal = true sends every letter to the organisers, and there are none. Write organisers = [\"ann@example.org\"].",
            )),
            ChangesFromNotes::Ignore => None,
        };
        if let Some((key, sentence)) = why {
            table.fault(key, codes::NO_ORGANISERS, sentence, remarks);
        }
    }
    for At { line, value } in organisers {
        if lists.iter().any(|list| list.email.eq_ignore_ascii_case(&value.email)) {
            let sentence =
                format!("The organiser {} is a list. Organisers get links that decide; write the addresses of people.", value.email);
            remarks.push(Remark::fault(table.page.at(*line), codes::ORGANISER_IS_LIST, sentence));
        } else if value.is_at_lists() {
            let sentence = format!(
                "The organiser {} is at a host of mailing lists, where many may read it: it gets letters without the links that decide. Write the addresses of \
                 people.",
                value.email
            );
            remarks.push(Remark::warning(table.page.at(*line), codes::ORGANISER_IS_PUBLIC, sentence));
        }
    }
}
