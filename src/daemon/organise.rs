//! What an organiser's page shows, and what its buttons do: a first press shows the letter, a second one decides. What it was shown for
//! has to stand as it did, else that is shown instead.

mod meant;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Known, LONGEST_REASON, preview};
use crate::meeting::calendar::Verdicts;
use crate::meeting::change::{By, Tell};
use crate::meeting::series::Community;
use crate::output::link::own::{self, Own, Refused};
use crate::output::link::{self, Act, Link};
use crate::output::page::organiser::{self, AtHand, Draft, Owner, Shown};
use crate::output::page::{self, Source};
use crate::output::{clean, words};
use crate::plan::by_hand;
use crate::plan::ledger::{Fate, ItemVerdict, Ledger};
use crate::plan::renamed;
use crate::store::{Decide, Decided, OutboxRow, Store, StoreError};
use crate::web::organise::{Ask, Page};
use meant::Meant;

/// More decisions than this by one organiser within a day are a mistake, or somebody else's.
const PER_DAY: usize = 40;
/// Letters shown.
const LETTERS: u32 = 25;

/// A genuine visit.
struct Visit<'a> {
    store: &'a Store,
    known: &'a Known,
    community: &'a Community,
    own: Own,
    token: &'a str,
    now: DateTime<Utc>,
}

/// What a press of a button leads to.
enum Answered {
    /// Back to the page, with a sentence.
    Said(String),
    Drafted(Box<Draft>),
}

/// Shows the page, or does what a button says.
pub fn follow(store: &Store, known: &Known, token: &str, ask: Option<&Ask>, now: DateTime<Utc>) -> Result<Page, StoreError> {
    let own = match own::verify(&known.link_key, token, now, &known.calendar) {
        Ok(own) => own,
        Err(Refused::Late(own)) => {
            let words = format!(
                "It was yours until {}. The next letter to you has a new address, and `convened link` prints one.",
                words::in_full(own.expires)
            );
            return Ok(Page { known: true, html: page::notice("This page has ended", &words) });
        }
        Err(Refused::Unknown) => return Ok(unknown()),
    };
    let Some(community) = known.calendar.community(&own.community) else { return Ok(unknown()) };
    let visit = Visit { store, known, community, own, token, now };
    let ledger = visit.recall()?;
    let Some(ask) = ask else { return visit.page(&ledger, None) };
    match visit.answer(&ledger, ask)? {
        Answered::Drafted(draft) => Ok(visit.draft(&ledger, &draft)),
        Answered::Said(words) => visit.page(&visit.recall()?, Some(words)),
    }
}

fn unknown() -> Page {
    let words = "It is not ours, or it was cut in a letter. `convened link` prints an organiser's own, and nothing was decided.";
    Page { known: false, html: page::notice("This address does not hold", words) }
}

impl Visit<'_> {
    fn recall(&self) -> Result<Ledger, StoreError> {
        let mut ledger = self.store.recall(self.now)?.ledger;
        renamed::translate(&mut ledger, &self.known.calendar.communities);
        Ok(ledger)
    }

    fn by(&self) -> By {
        By::Organiser(self.own.recipient.to_string())
    }

    fn answer(&self, ledger: &Ledger, ask: &Ask) -> Result<Answered, StoreError> {
        let said = |words: &str| Ok(Answered::Said(words.to_string()));
        match ask.ask.as_str() {
            "release" => self.item(&ask.item, ItemVerdict::Released, "Released: the next letters show it."),
            "drop" => self.item(&ask.item, ItemVerdict::Dropped, "Dropped: nobody is shown it again."),
            "retry" => self.letter(&ask.letter, Decide::Retry { key: ask.letter.clone() }, "It is handed over again, with the same bytes."),
            "hold" => self.letter(&ask.letter, Decide::Hold { key: ask.letter.clone() }, "It is held back until somebody sends it again."),
            "cancel" | "move" | "restore" | "extra" | "take-back" => {
                let verdicts = Verdicts::of(&ledger.decisions);
                match meant::of(self.known, self.community, ledger, &verdicts, ask, self.now) {
                    Ok(meant) => self.decide(ledger, meant, ask),
                    Err(why) => Ok(Answered::Said(why)),
                }
            }
            _ => said("That was not understood. Please press one of the buttons; nothing was decided."),
        }
    }

    /// Shows the letter; at the second press decides.
    fn decide(&self, ledger: &Ledger, meant: Meant<'_>, ask: &Ask) -> Result<Answered, StoreError> {
        let reason = clean::line(&ask.reason, LONGEST_REASON);
        let tell = if ask.tell == "known" { Tell::Silently } else { Tell::List };
        let acts = ask.act == "act";
        let mut said = Vec::new();
        if acts && let Some(why) = meant.differs(&ask.stands) {
            said.push(why.to_string());
        }
        let drafted = |said: Vec<String>, letter: Result<preview::Preview, String>, can: bool| {
            let told = letter.as_ref().ok().map(|letter| letter.goes.clone());
            Answered::Drafted(Box::new(Draft {
                heading: meant.heading.clone(),
                hidden: meant.hidden(ask),
                when: meant.when.clone(),
                reason: reason.clone(),
                silently: tell == Tell::Silently,
                button: can.then_some(meant.button),
                said,
                letter: letter.map(|letter| (letter.text.subject, letter.text.body)),
                told,
            }))
        };
        let decided = match &meant.decided {
            Ok(decided) => decided.clone(),
            Err(why) => {
                // The first look at a meeting to be moved has nothing to say yet.
                if ask.ask != "move" || !ask.act.is_empty() {
                    said.push(why.clone());
                }
                return Ok(drafted(said, Err("The letter is shown once it is clear what is meant.".to_string()), false));
            }
        };
        let decision = by_hand::decision(meant.series, decided, self.by(), Some(reason.clone()).filter(|r| !r.is_empty()), tell, self.now);
        let letter = preview::of(self.known, ledger, &decision, self.now);
        let today = ledger.decisions.iter().filter(|other| other.by == self.by() && other.at > self.now - TimeDelta::days(1)).count();
        if today >= PER_DAY {
            said.push(format!(
                "{today} things were decided from this page within a day; that is enough. `convened --help` shows how to go on by command."
            ));
            return Ok(drafted(said, letter, false));
        }
        if !acts || !said.is_empty() {
            return Ok(drafted(said, letter, true));
        }
        self.store.decide(&Decide::Decision(decision), self.now)?;
        let goes = letter.map_or_else(|why| why, |letter| letter.goes.replacen("It goes", "The letter goes", 1));
        Ok(Answered::Said(format!("Decided: {}. {goes}", meant.heading)))
    }

    fn item(&self, id: &str, verdict: ItemVerdict, done: &str) -> Result<Answered, StoreError> {
        let ours =
            self.known.calendar.items.iter().any(|item| item.id == id && item.series.community == self.community.id && !item.trusted);
        if !ours {
            return Ok(Answered::Said("There is no such action item any more; nothing was decided.".to_string()));
        }
        self.store.decide(&Decide::Item { id: id.to_string(), verdict }, self.now)?;
        Ok(Answered::Said(done.to_string()))
    }

    fn letter(&self, key: &str, decide: Decide, done: &str) -> Result<Answered, StoreError> {
        let ours = self.store.at_hand(&self.community.id, u32::MAX, self.now)?.iter().any(|row| row.key == key);
        let decided = if ours { self.store.decide(&decide, self.now)? } else { Decided::Unknown };
        Ok(Answered::Said(match decided {
            Decided::Done => done.to_string(),
            Decided::Fated(Fate::Useless) => "Its time is over; nothing changed.".to_string(),
            Decided::Fated(fate) => format!("That letter is {} meanwhile; nothing changed.", fate.word()),
            _ => "There is no such letter any more; nothing changed.".to_string(),
        }))
    }

    fn owner(&self, notice: Option<String>) -> Owner {
        Owner {
            organiser: self.own.recipient.to_string(),
            until: self.own.expires,
            action: own::page("", self.token),
            notice,
            clock: self.known.clock.clone(),
        }
    }

    fn page(&self, ledger: &Ledger, notice: Option<String>) -> Result<Page, StoreError> {
        let verdicts = Verdicts::of(&ledger.decisions);
        let letters: Vec<AtHand> = self.store.at_hand(&self.community.id, LETTERS, self.now)?.iter().map(at_hand).collect();
        let open: Vec<_> = organiser::to_answer(&ledger.proposals, &self.community.id)
            .into_iter()
            .filter_map(|proposal| {
                let series = self.known.calendar.series(&proposal.finding.series)?;
                let starts = proposal.finding.what.walls().into_iter().filter_map(|wall| Some(series.zone_on(wall.date())?.instant(wall)));
                let link = Link {
                    proposal: proposal.id.clone(),
                    round: proposal.round,
                    act: Act::Approve,
                    recipient: self.own.recipient.clone(),
                    expires: starts.min().unwrap_or(self.now + link::LIFETIME),
                };
                Some((proposal.clone(), link::decide("", &link::make(&self.known.link_key, &link)?)))
            })
            .collect();
        let remarks_href = link::remarks_page("", &self.community.id);
        let shown = Shown { letters: &letters, open: &open, remarks_href: &remarks_href };
        let source = self.source(ledger, &verdicts);
        Ok(Page { known: true, html: organiser::page(&source, self.community, &self.owner(notice), &shown) })
    }

    fn draft(&self, ledger: &Ledger, draft: &Draft) -> Page {
        let verdicts = Verdicts::of(&ledger.decisions);
        Page { known: true, html: organiser::draft(&self.source(ledger, &verdicts), self.community, &self.owner(None), draft) }
    }

    fn source<'a>(&'a self, ledger: &'a Ledger, verdicts: &'a Verdicts<'a>) -> Source<'a> {
        Source { calendar: &self.known.calendar, verdicts, ledger, site: &self.known.site, now: self.now }
    }
}

fn at_hand(row: &OutboxRow) -> AtHand {
    let since = words::in_full(row.since);
    let state = match row.fate {
        Fate::Waiting => format!("Waits since {since}"),
        Fate::HandingOver => "Is being handed over".to_string(),
        Fate::Deferred => format!("Not taken on {since}; it is tried again"),
        Fate::Held => format!("Held back since {since}"),
        Fate::Doubt => format!("In doubt since {since}: nobody knows whether it arrived"),
        Fate::Refused => format!("Refused on {since}"),
        Fate::Sent | Fate::Useless | Fate::Withdrawn => row.fate.word().to_string(),
    };
    AtHand {
        key: row.key.clone(),
        subject: clean::line(&row.subject, 200),
        state: format!("To {}. {state}.", clean::line(&row.to.join(", "), 200)),
        said: row.server_said.as_deref().map(|said| clean::line(said, 300)),
        retry: matches!(row.fate, Fate::Held | Fate::Refused | Fate::Deferred | Fate::Doubt),
        hold: matches!(row.fate, Fate::Waiting | Fate::Deferred),
    }
}

#[cfg(test)]
mod tests;
