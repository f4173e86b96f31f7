//! Reminders: each once, before its meeting, to lists that want them; after downtime the ones still useful; never of what was there
//! before this daemon.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

use super::heard::heard;
use super::hearer::Hearer;
use super::items;
use super::key::{Key, Kind, Subject};
use super::ledger::{Fate, Ledger};
use super::tellings::elsewhere;
use super::{About, Intent, Plan, Reminded, Skipped, quiet};
use crate::meeting::calendar::{Calendar, Verdicts, occurrences};
use crate::meeting::change::{Proposal, ProposalState, Verdict};
use crate::meeting::clocks::shifts;
use crate::meeting::occurrence::{Occurrence, Status};
use crate::meeting::series::{Address, Community, Letters, Series};

/// Two meetings of one list within this time share a reminder.
const SHARED_WITHIN: TimeDelta = TimeDelta::hours(24);
/// A reminder tells of changed meetings of its community in the time that follows.
const ELSEWHERE: TimeDelta = TimeDelta::days(14);
/// Without anything due, look again after this time.
const HORIZON: TimeDelta = TimeDelta::days(7);

/// A reminder that could be written: its meeting and its lead.
struct Candidate<'a> {
    hearer: Hearer<'a>,
    meeting: Occurrence,
    lead: TimeDelta,
    key: Key,
}

/// Adds the reminders that are due, takes back those whose meeting changed, and says when the next one is due.
pub fn add(plan: &mut Plan, calendar: &Calendar, ledger: &Ledger, proposals: &[Proposal], verdicts: &Verdicts<'_>, now: DateTime<Utc>) {
    let mut candidates = Vec::new();
    let hearers = calendar.all_series().flat_map(|(community, series)| Hearer::all(community, series));
    for hearer in hearers.filter(|hearer| hearer.letters() == Letters::Reminders && hearer.address().is_some()) {
        let longest = hearer.remind().iter().max().copied().unwrap_or_default();
        for meeting in occurrences(hearer.series, verdicts, now + TimeDelta::seconds(1), now + longest + HORIZON) {
            if meeting.takes_place() {
                candidates.extend(due(plan, ledger, verdicts, &hearer, meeting, now));
            }
        }
    }
    candidates.sort_by(|a, b| (a.meeting.start, &a.meeting.id).cmp(&(b.meeting.start, &b.meeting.id)));
    let mut covered: Vec<Key> = Vec::new();
    for at in 0..candidates.len() {
        let candidate = &candidates[at];
        if now < candidate.meeting.start - candidate.lead || covered.contains(&candidate.key) {
            continue;
        }
        let hearer = &candidate.hearer;
        let waits = |to: Address| held(plan, ledger, calendar, hearer.community, &to, now);
        if let Some(why) = hearer.not_told().or_else(|| hearer.address().and_then(waits)) {
            plan.skipped.push(Skipped { key: candidate.key.clone(), at: now, occurrence: Some(candidate.meeting.id.clone()), why });
            // A pause ends with a day, a week's limit with its Sunday.
            plan.look_again((now.date_naive() + TimeDelta::days(1)).and_time(chrono::NaiveTime::MIN).and_utc());
            continue;
        }
        let shared: Vec<&Candidate> = candidates[at..].iter().filter(|other| at_once(candidate, other)).collect();
        covered.extend(shared.iter().map(|other| other.key.clone()));
        plan.write.extend(intent(calendar, ledger, proposals, verdicts, candidate, &shared, now));
    }
    plan.look_again(now + HORIZON);
}

/// The reminder of a meeting that is due now or next, if there is one to write.
fn due<'a>(
    plan: &mut Plan,
    ledger: &Ledger,
    verdicts: &Verdicts<'_>,
    hearer: &Hearer<'a>,
    meeting: Occurrence,
    now: DateTime<Utc>,
) -> Option<Candidate<'a>> {
    let mut leads = hearer.remind().to_vec();
    leads.sort();
    // Of several leads that are due the shortest speaks; the longer ones have been overtaken.
    let passed = leads.iter().copied().find(|lead| now >= meeting.start - *lead);
    if let Some(next) = leads.iter().rev().copied().find(|lead| now < meeting.start - *lead) {
        plan.look_again(meeting.start - next);
    }
    let lead = passed.or_else(|| leads.last().copied())?;
    let mut key = key(hearer, &meeting, lead, verdicts);
    // A reminder that was taken back unseen is no reminder: the next one has a name of its own.
    let mark = key.mark.clone();
    for again in 2.. {
        match ledger.told.get(&key.to_string()).map(|told| told.fate) {
            Some(Fate::Withdrawn) => key.mark = format!("{mark}-{again}"),
            Some(_) => return None,
            None => break,
        }
    }
    if is_covered(ledger, &key) {
        return None;
    }
    let due = meeting.start - lead;
    let skip = |why: String, plan: &mut Plan| {
        plan.skipped.push(Skipped { key: key.clone(), at: due, occurrence: Some(meeting.id.clone()), why });
    };
    if passed.is_some() {
        let first_seen = hearer.memory(ledger).map_or(now, |memory| memory.first_seen);
        if due < first_seen {
            skip(format!("It was due on {}, before this daemon knew the series.", due.format("%Y-%m-%d at %H:%M UTC")), plan);
            return None;
        }
        let same = |intent: &&Intent| intent.key.audience == hearer.audience;
        if plan.write.iter().filter(same).any(|intent| intent.meetings.iter().any(|(id, _)| *id == meeting.id)) {
            skip("Another letter of this very round tells of this meeting.".to_string(), plan);
            return None;
        }
        if let Some(last) = heard(hearer, &meeting.id, ledger, &[]).filter(|heard| heard.at >= due) {
            skip(format!("The list was told of this meeting on {} already.", last.at.format("%Y-%m-%d at %H:%M UTC")), plan);
            return None;
        }
    }
    Some(Candidate { hearer: hearer.clone(), meeting, lead, key })
}

/// `P1D-m0`: the lead, and how often people moved the meeting or put it back on.
fn key(hearer: &Hearer<'_>, meeting: &Occurrence, lead: TimeDelta, verdicts: &Verdicts<'_>) -> Key {
    let restored = verdicts.on(&meeting.id).is_some_and(|standing| matches!(standing.verdict, Verdict::Restore));
    Key {
        community: hearer.community.id.clone(),
        audience: hearer.audience.clone(),
        subject: Subject::Meeting(meeting.id.clone()),
        kind: Kind::Reminder,
        mark: super::key::mark(format!("{}-m{}", iso_duration(lead), meeting.moves + u32::from(restored)), hearer.community),
    }
}

/// `P7D`, `P1D`, `PT12H`, `PT30M`.
pub fn iso_duration(lead: TimeDelta) -> String {
    let minutes = lead.num_minutes();
    match minutes {
        m if m > 0 && m % 1440 == 0 => format!("P{}D", m / 1440),
        m if m > 0 && m % 60 == 0 => format!("PT{}H", m / 60),
        m => format!("PT{m}M"),
    }
}

fn is_covered(ledger: &Ledger, key: &Key) -> bool {
    let key = key.to_string();
    ledger.told.values().any(|told| told.covers.contains(&key) && told.fate != Fate::Withdrawn)
}

/// Why a scheduled letter to a list or chat that is due, a reminder or a digest, is held, if it is.
pub fn held(
    plan: &Plan,
    ledger: &Ledger,
    calendar: &Calendar,
    community: &Community,
    list: &Address,
    now: DateTime<Utc>,
) -> Option<String> {
    if let Some(until) = community.paused_until.filter(|until| now.date_naive() < *until) {
        return Some(format!("Letters of {} are paused until {until}.", community.title));
    }
    let written = scheduled_this_week(plan, ledger, list, now.date_naive());
    let of_week = (written >= community.letters_a_week as usize)
        .then(|| format!("{list} has had {written} scheduled letters this week, and letters-a-week is {}.", community.letters_a_week));
    of_week.or_else(|| quiet::held(plan, ledger, calendar, community, list, now))
}

/// How many reminders and digests a list has had in the ISO week of a date, those of this plan included.
fn scheduled_this_week(plan: &Plan, ledger: &Ledger, list: &Address, date: NaiveDate) -> usize {
    let week = date.iso_week();
    let told = ledger.told.iter().filter(|(key, told)| **key == told.key).map(|(_, told)| told).filter(|told| {
        matches!(told.kind, Kind::Reminder | Kind::Digest)
            && !matches!(told.fate, Fate::Withdrawn | Fate::Useless | Fate::Refused)
            && told.to.contains(&list.email)
            && told.written.date_naive().iso_week() == week
    });
    let planned = plan.write.iter().filter(|intent| matches!(intent.key.kind, Kind::Reminder | Kind::Digest) && intent.to.contains(list));
    told.count() + planned.count()
}

/// Whether a meeting is told in the reminder of another: the same list, within a day, and its own reminder due by then.
fn at_once(one: &Candidate<'_>, other: &Candidate<'_>) -> bool {
    one.hearer.audience == other.hearer.audience
        && one.hearer.address() == other.hearer.address()
        && one.hearer.community.id == other.hearer.community.id
        && other.meeting.start - one.meeting.start <= SHARED_WITHIN
        && other.meeting.start - other.lead <= one.meeting.start
}

fn intent(
    calendar: &Calendar,
    ledger: &Ledger,
    proposals: &[Proposal],
    verdicts: &Verdicts<'_>,
    candidate: &Candidate<'_>,
    shared: &[&Candidate<'_>],
    now: DateTime<Utc>,
) -> Option<Intent> {
    let (to, instead_of) = candidate.hearer.recipients()?;
    let meetings: Vec<Occurrence> = shared.iter().map(|other| other.meeting.clone()).collect();
    let thread = super::heard::letters(&candidate.hearer, &candidate.meeting.id, ledger).map(|told| told.message_id.clone()).collect();
    Some(Intent {
        key: candidate.key.clone(),
        to,
        instead_of,
        thread,
        not_before: now,
        useful_until: candidate.meeting.start,
        series: Some(candidate.hearer.series.id.clone()),
        meetings: meetings.iter().map(|meeting| (meeting.id.clone(), meeting.start)).collect(),
        covers: shared.iter().skip(1).map(|other| other.key.clone()).collect(),
        why: format!("{} before the meeting.", lead_in_words(candidate.lead)),
        about: About::Reminder {
            elsewhere: elsewhere(calendar, candidate.hearer.community, verdicts, now, ELSEWHERE, &meetings),
            meetings: shared.iter().map(|other| reminded(calendar, ledger, proposals, verdicts, other)).collect(),
        },
    })
}

/// What a reader needs for one meeting.
fn reminded(calendar: &Calendar, ledger: &Ledger, proposals: &[Proposal], verdicts: &Verdicts<'_>, of: &Candidate<'_>) -> Reminded {
    let meeting = &of.meeting;
    let date = meeting.local_start().date();
    let carried = items::carried(calendar, ledger, of.hearer.series, date);
    let before = last_held(of.hearer.series, verdicts, meeting);
    // A moved meeting is at another hour because people said so: the clocks have no part in it.
    let same_hour = |before: &Occurrence| before.local_start().time() == meeting.local_start().time();
    let clock_shifts = match before.filter(|before| meeting.status == Status::Confirmed && same_hour(before)) {
        Some(before) => shifts(&of.hearer.community.cities, before.start, meeting.start),
        None => Vec::new(),
    };
    Reminded {
        occurrence: meeting.clone(),
        shifts: clock_shifts,
        last_notes: items::last_notes(calendar, &of.hearer.series.id, date),
        items: carried.items,
        more_items: carried.more,
        parked: carried.parked,
        parked_url: carried.parked_url,
        topics: items::topics(calendar, &of.hearer.series.id, date),
        uncertain: proposals
            .iter()
            .filter(|proposal| proposal.state == ProposalState::Open && proposal.finding.trusted)
            .filter(|proposal| proposal.finding.series == of.hearer.series.id && proposal.finding.what.walls().contains(&meeting.id.wall))
            .cloned()
            .collect(),
    }
}

/// The last meeting of a series before another that was not cancelled, within a good year.
pub fn last_held(series: &Series, verdicts: &Verdicts<'_>, meeting: &Occurrence) -> Option<Occurrence> {
    [60, 400].into_iter().find_map(|days| {
        let mut before = occurrences(series, verdicts, meeting.start - TimeDelta::days(days), meeting.start);
        before.retain(Occurrence::takes_place);
        before.pop()
    })
}

fn lead_in_words(lead: TimeDelta) -> String {
    let minutes = lead.num_minutes();
    let (number, unit) = match minutes {
        m if m % 1440 == 0 => (m / 1440, "day"),
        m if m % 60 == 0 => (m / 60, "hour"),
        m => (m, "minute"),
    };
    let plural = if number == 1 { "" } else { "s" };
    let number = if number == 1 { "One".to_string() } else { number.to_string() };
    format!("{number} {unit}{plural}")
}
