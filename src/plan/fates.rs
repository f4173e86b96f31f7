//! What needs a person about letters that have left: in doubt, refused, not come back from their list, and lists at which nothing was
//! ever seen to arrive. They are told in the organisers' letter of remarks, with the key and the command to run.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use super::key::Kind;
use super::ledger::{Fate, Ledger, Told};
use super::remarks::HOUR;
use super::{Plan, ledger};
use crate::meeting::calendar::Calendar;
use crate::meeting::series::Community;
use crate::source::Remark;

pub const LETTER_IN_DOUBT: &str = "letter-in-doubt";
pub const LETTER_REFUSED: &str = "letter-refused";
pub const LETTER_HELD: &str = "letter-held";
pub const ARRIVAL_UNSEEN: &str = "arrival-unseen";
pub const NEVER_ARRIVED: &str = "never-arrived";

/// While an archive or a mailbox is asked, a doubt needs nobody.
const ASKED: TimeDelta = TimeDelta::hours(1);
/// A letter that did not come back for so long may lie with a moderator.
const COMES_BACK: TimeDelta = TimeDelta::hours(12);
/// After the first letter to a list so long is waited for somebody to see it.
const FIRST_SEEN: TimeDelta = TimeDelta::days(1);
/// What became of a letter is news for so long.
const NEWS: TimeDelta = TimeDelta::days(14);

/// How the letters to one list stand, or those to a community's other readers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListHealth {
    pub community: String,
    /// A list's address; else `organisers`, or another audience's word. Never a person's address.
    pub audience: String,
    pub is_list: bool,
    /// Written and not handed over: waiting, deferred, in hand.
    pub waiting: u32,
    pub held: u32,
    pub in_doubt: u32,
    /// Since when the oldest of them is in doubt.
    pub doubt_since: Option<DateTime<Utc>>,
    pub refused: u32,
    /// The last letter that was accepted: its key, and when.
    pub last_sent: Option<(String, DateTime<Utc>)>,
    /// When that letter was seen to have arrived.
    pub last_came_back: Option<DateTime<Utc>>,
    /// When any letter was seen to arrive last, and by whom; `None` for a list: never.
    pub arrived: Option<(DateTime<Utc>, ledger::Witness)>,
}

impl ListHealth {
    /// Letters were accepted, and nobody ever saw one arrive.
    pub fn never_seen(&self) -> bool {
        self.is_list && self.last_sent.is_some() && self.arrived.is_none()
    }
}

/// Adds the remarks, and asks for a round in the morning while a letter's fate is open.
pub fn add(plan: &mut Plan, calendar: &Calendar, ledger: &Ledger, now: DateTime<Utc>) {
    let mut open = false;
    for (key, told) in &ledger.told {
        // After a rename a letter is known under two keys; it is one letter.
        let community = key.split('/').next().and_then(|id| calendar.community(id)).filter(|_| *key == told.key);
        let Some(community) = community else { continue };
        plan.remarks.extend(of_letter(community, told, now));
        open |= is_open(told, now);
    }
    for memory in ledger.lists.iter().filter(|memory| memory.arrived.is_none()) {
        let Some(community) = calendar.community(&memory.community) else { continue };
        let still =
            community.series.iter().filter_map(|series| series.list.as_ref()).any(|list| list.email.eq_ignore_ascii_case(&memory.list));
        if now - memory.first >= FIRST_SEEN && still {
            plan.remarks.push(never_seen(community, &memory.list));
        }
        open |= now - memory.first < FIRST_SEEN;
    }
    if open {
        let morning = now.date_naive().and_time(NaiveTime::MIN).and_utc() + HOUR;
        plan.look_again(if now < morning { morning } else { morning + TimeDelta::days(1) });
    }
}

/// Whether a letter may need a person without another round's doing.
fn is_open(told: &Told, now: DateTime<Utc>) -> bool {
    match told.fate {
        Fate::Waiting | Fate::HandingOver | Fate::Deferred => true,
        Fate::Doubt => now - told.way.since < ASKED,
        Fate::Sent => told.way.watched && told.way.arrived.is_none() && now - told.way.since < COMES_BACK,
        Fate::Refused | Fate::Held | Fate::Useless | Fate::Withdrawn => false,
    }
}

fn of_letter(community: &Community, told: &Told, now: DateTime<Utc>) -> Option<Remark> {
    let age = now - told.way.since;
    if age >= NEWS || told.way.arrived.is_some() {
        return None;
    }
    let (code, sentence) = match told.fate {
        Fate::Doubt if !told.way.watched || age >= ASKED => (LETTER_IN_DOUBT, in_doubt(told)),
        Fate::Refused => (
            LETTER_REFUSED,
            format!(
                "The {} was refused for good, so nobody got it. `convened outbox --fate refused` shows the server's words; when the cause is \
                 mended and it is still of use, run: convened retry {}",
                name(told),
                told.key
            ),
        ),
        Fate::Sent if told.way.watched && age >= COMES_BACK && told.way.missing == 0 => return unseen(community, told),
        Fate::Sent if told.way.watched && age >= COMES_BACK => (
            LETTER_HELD,
            format!(
                "The {} was accepted and has not come back from its list for twelve hours; it may be held by a moderator. Look into the list's \
                 queue, and let the list accept the calendar's address (README, \"Arrival\"). Did somebody see it, run: convened arrived {}",
                name(told),
                told.key
            ),
        ),
        _ => return None,
    };
    let remark = Remark::warning(community.place.clone(), code, sentence);
    // Remarks about letters of remarks would feed on themselves, a letter a day: of each organiser they are told once a season.
    Some(match told.kind {
        Kind::Remarks => remark.lasting(told.key.rsplit('/').next().unwrap_or_default()),
        _ => remark,
    })
}

/// Archive and mailbox were asked in vain: that says nothing about the letter, but something about them.
fn unseen(community: &Community, told: &Told) -> Option<Remark> {
    let list = told.way.list.as_deref().filter(|_| told.way.looks > 0)?;
    let sentence = format!(
        "Whether letters to {list} arrive cannot be seen: its archive or mailbox gave no clear answer for twelve hours. `convened outbox` says \
         what it answered; check \"archive\" and \"arrivals\"."
    );
    Some(Remark::warning(community.place.clone(), ARRIVAL_UNSEEN, sentence).lasting(list))
}

fn in_doubt(told: &Told) -> String {
    format!(
        "Nobody knows whether the {} arrived: the mail server did not say. Did somebody see it, run: convened arrived {key} ; is it missing and \
         still of use, run: convened retry {key}",
        name(told),
        key = told.key
    )
}

/// "letter (reminder) of 11 March 2026". No address, no words of notes: anybody can read the page of remarks.
fn name(told: &Told) -> String {
    let what = match told.kind {
        Kind::Proposal | Kind::Remarks => "letter to an organiser",
        _ => "letter",
    };
    format!("{what} ({}) of {}", told.kind.word(), told.written.format("%-d %B %Y"))
}

fn never_seen(community: &Community, list: &str) -> Remark {
    let sentence = format!(
        "No letter to {list} was ever seen to arrive: a mail server's \"accepted\" is not the list's. Let the list accept the calendar's \
         address, then name its archive (archive = \"https://…\" beside list) or look yourself, and run: convened arrived {list}"
    );
    Remark::warning(community.place.clone(), NEVER_ARRIVED, sentence).lasting(list)
}

#[cfg(test)]
mod tests {
    use super::super::component::sample;
    use super::super::ledger::{ListMemory, Way, Witness};
    use super::*;
    use crate::meeting::series::Address;

    fn noon() -> DateTime<Utc> {
        "2026-03-04T12:00:00Z".parse().unwrap()
    }

    fn calendar() -> Calendar {
        let mut series = sample::series("tide/call", "Tide call", Vec::new());
        series.list = Some(Address { name: None, email: "Tide@lists.example.org".to_owned() });
        Calendar { communities: vec![sample::community("tide", "Tide", vec![series])], ..Calendar::default() }
    }

    /// A reminder that came to this fate at noon.
    fn told(fate: Fate, watched: bool) -> Told {
        Told {
            key: "tide/list/call/20260305T1800/reminder/P1D-m0".to_owned(),
            kind: Kind::Reminder,
            fate,
            doubts: 0,
            written: noon(),
            message_id: "x@cal.example.org".to_owned(),
            to: vec!["tide@lists.example.org".to_owned()],
            series: None,
            meetings: Vec::new(),
            about: None,
            covers: Vec::new(),
            way: Way { since: noon(), list: Some("tide@lists.example.org".to_owned()), watched, looks: 3, missing: 2, arrived: None },
        }
    }

    fn plan(ledger: &Ledger, hours: i64) -> Plan {
        let mut plan = Plan::default();
        add(&mut plan, &calendar(), ledger, noon() + TimeDelta::hours(hours));
        plan
    }

    fn codes(told: &Told, hours: i64) -> Vec<&'static str> {
        let ledger = Ledger { told: [(told.key.clone(), told.clone())].into(), ..Ledger::default() };
        plan(&ledger, hours).remarks.iter().map(|remark| remark.code).collect()
    }

    #[test]
    fn a_doubt_is_said_at_once_or_after_the_archive_was_asked() {
        assert_eq!((codes(&told(Fate::Doubt, false), 0), codes(&told(Fate::Doubt, true), 0)), (vec![LETTER_IN_DOUBT], vec![]));
        assert_eq!(codes(&told(Fate::Doubt, true), 1), [LETTER_IN_DOUBT]);
        assert_eq!(codes(&told(Fate::Doubt, true), 24 * 14), [""; 0], "after two weeks it is no news");
    }

    #[test]
    fn a_refused_letter_is_said_with_the_command_to_run() {
        let refused = told(Fate::Refused, false);
        let ledger = Ledger { told: [(refused.key.clone(), refused.clone())].into(), ..Ledger::default() };
        let remarks = plan(&ledger, 0).remarks;
        assert_eq!((remarks.len(), remarks[0].code, remarks[0].lasting.as_ref()), (1, LETTER_REFUSED, None));
        assert!(remarks[0].sentence.contains("convened retry tide/list/call/20260305T1800/reminder/P1D-m0"));
        assert!(!remarks[0].sentence.contains('@'), "the page of remarks is public");
    }

    #[test]
    fn refused_letters_of_remarks_do_not_make_a_letter_a_day() {
        let refused = |day: &str| Told {
            kind: Kind::Remarks,
            key: format!("tide/organisers/day/{day}/remarks/1a2b3c4d"),
            ..told(Fate::Refused, false)
        };
        let both = [refused("2026-03-04"), refused("2026-03-05")].map(|told| (told.key.clone(), told));
        let remarks = plan(&Ledger { told: both.into(), ..Ledger::default() }, 0).remarks;
        assert!(remarks.len() == 2 && remarks[0].is_as(&remarks[1]) && remarks[0].lasting.is_some(), "{remarks:?}");
    }

    #[test]
    fn a_letter_that_does_not_come_back_may_be_held_and_one_nobody_waits_for_may_not() {
        let mut sent = told(Fate::Sent, true);
        assert_eq!((codes(&sent, 11), codes(&sent, 12)), (vec![], vec![LETTER_HELD]));
        assert_eq!(codes(&told(Fate::Sent, false), 12), [""; 0]);
        sent.way.missing = 0;
        assert_eq!(codes(&sent, 12), [ARRIVAL_UNSEEN], "an archive that fails says nothing about the letter");
        sent.way.looks = 0;
        assert_eq!(codes(&sent, 12), [""; 0], "nobody has looked yet");
        (sent.way.looks, sent.way.missing) = (3, 2);
        sent.way.arrived = Some(noon() + TimeDelta::hours(13));
        assert_eq!(codes(&sent, 14), [""; 0], "a later arrival ends it");
    }

    #[test]
    fn a_list_at_which_nothing_was_ever_seen_lasts_and_ends_with_the_first_arrival() {
        let memory = |arrived| ListMemory { community: "tide".into(), list: "tide@lists.example.org".to_owned(), first: noon(), arrived };
        let of = |memory: ListMemory, hours| plan(&Ledger { lists: vec![memory], ..Ledger::default() }, hours).remarks;
        assert_eq!(of(memory(None), 23), []);
        let remarks = of(memory(None), 24);
        assert_eq!((remarks[0].code, remarks[0].lasting.as_deref()), (NEVER_ARRIVED, Some("tide@lists.example.org")));
        assert_eq!(of(memory(Some((noon(), Witness::Person))), 24), []);
        assert_eq!(of(ListMemory { list: "old@lists.example.org".to_owned(), ..memory(None) }, 24), [], "nobody writes there any more");
    }

    #[test]
    fn a_round_is_asked_for_in_the_morning_while_a_fate_is_open() {
        let next = |told: Told, hours| plan(&Ledger { told: [(told.key.clone(), told)].into(), ..Ledger::default() }, hours).next;
        assert_eq!(next(told(Fate::Waiting, false), 0), Some("2026-03-05T08:00:00Z".parse().unwrap()));
        assert_eq!(next(told(Fate::Sent, true), 6), Some("2026-03-05T08:00:00Z".parse().unwrap()));
        assert_eq!((next(told(Fate::Sent, false), 0), next(told(Fate::Withdrawn, true), 0)), (None, None));
    }
}
