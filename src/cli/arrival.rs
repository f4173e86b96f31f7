//! `convened hello` introduces the calendar to a list; `convened arrived` notes that a person saw a letter there.

use std::io::{self, Write};
use std::path::Path;

use super::show::Who;
use super::{At, Exit, Stop, rfc3339};
use crate::daemon;
use crate::daemon::opening::open;
use crate::meeting::calendar::Calendar;
use crate::meeting::series::{Address, Community};
use crate::plan::{hello, ledger::Fate};
use crate::store::{Decide, Decided, OutboxRow};

#[derive(Debug, clap::Args)]
pub struct Hello {
    /// A list's address, a community (each of its lists), or community/series
    list: String,
    /// Once more, though the list was introduced to before
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, clap::Args)]
pub struct Arrived {
    /// The letter's key (see `convened outbox`), or a list's address: then its last letter is meant
    letter: String,
    #[command(flatten)]
    at: At,
}

pub fn hello(config: &Path, args: Hello) -> Result<Exit, Stop> {
    let opened = open(config)?;
    let now = args.at.now();
    let store = opened.store()?;
    let (survey, _) = opened.survey(&store, now)?;
    let by = super::decide::user();
    for (community, list) in lists(&args.list, &survey.calendar)? {
        let decide = Decide::Hello {
            community: community.id.to_string(),
            list: list.email.to_ascii_lowercase(),
            rehearsal: community.rehearsal,
            again: args.again,
            by: by.clone(),
        };
        let to = if community.rehearsal { format!("the organisers, as a rehearsal for {}", list.email) } else { list.email.clone() };
        match store.decide(&decide, now)? {
            Decided::Introduced { mark, at } => {
                let key = hello::key(community, &list.email, mark).to_string();
                let row = store.outbox()?.into_iter().find(|row| row.key == key);
                writeln!(io::stdout(), "{}", before(&to, row.as_ref(), &rfc3339(at)))?;
            }
            _ => writeln!(io::stdout(), "A letter of introduction goes to {to} with the next round; `convened outbox` shows it.")?,
        }
    }
    daemon::wake(opened.state())?;
    Ok(Exit::Well)
}

fn before(to: &str, row: Option<&OutboxRow>, asked: &str) -> String {
    match row {
        Some(row) if row.fate == Fate::Sent => {
            format!("The introduction to {to} was sent at {}. --again sends another one.", rfc3339(row.since))
        }
        Some(row) => format!("The introduction to {to} is {} since {}. --again sends another one.", row.fate.word(), rfc3339(row.since)),
        None => format!("The introduction to {to} was asked for at {asked}; the next round writes it. --again sends another one."),
    }
}

/// The lists that are meant, each with the community that writes to it.
fn lists<'a>(text: &str, calendar: &'a Calendar) -> Result<Vec<(&'a Community, &'a Address)>, Stop> {
    let mut found: Vec<(&Community, &Address)> = Vec::new();
    let who = if text.contains('@') { Who::Everything } else { Who::find(Some(text), calendar)? };
    for community in &calendar.communities {
        for series in community.series.iter().filter(|series| who.includes(&series.id)) {
            let wanted = series.list.as_ref().filter(|list| who != Who::Everything || list.email.eq_ignore_ascii_case(text));
            let Some(list) = wanted else { continue };
            if !found.iter().any(|(of, known)| of.id == community.id && known.email.eq_ignore_ascii_case(&list.email)) {
                found.push((community, list));
            }
        }
    }
    if found.is_empty() {
        let mut known: Vec<String> = calendar
            .communities
            .iter()
            .flat_map(|community| &community.series)
            .filter_map(|series| series.list.clone())
            .map(|list| list.email)
            .collect();
        known.sort();
        known.dedup();
        let known = if known.is_empty() { "No series names a list.".to_owned() } else { format!("There are: {}.", known.join(", ")) };
        return Err(Stop::usage(format!("There is no list for \"{text}\". {known}")));
    }
    Ok(found)
}

pub fn arrived(config: &Path, args: Arrived) -> Result<Exit, Stop> {
    let opened = open(config)?;
    let unknown = || {
        Stop::usage(format!(
            "There is no letter {}, and none was sent to a list of that address. `convened outbox` lists them.",
            args.letter
        ))
    };
    let Some(store) = opened.known_store()? else { return Err(unknown()) };
    let left = |row: &OutboxRow| row.fate == Fate::Sent || row.doubts > 0;
    let of_list = |row: &OutboxRow| row.list.as_ref().is_some_and(|list| list.eq_ignore_ascii_case(&args.letter));
    let rows = store.outbox()?;
    let row = rows.iter().find(|row| row.key == args.letter).or_else(|| rows.iter().rev().find(|row| of_list(row) && left(row)));
    let Some(row) = row else { return Err(unknown()) };
    match store.decide(&Decide::Arrived { key: row.key.clone() }, args.at.now())? {
        Decided::Done => {}
        Decided::Fated(fate) => return Err(Stop::usage(format!("That letter is {}: it has not left. Nothing changed.", fate.word()))),
        _ => return Err(unknown()),
    }
    daemon::wake(opened.state())?;
    writeln!(io::stdout(), "Noted: \"{}\" arrived ({}).", row.subject, row.key)?;
    Ok(Exit::Well)
}
