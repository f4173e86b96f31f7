//! Letters of each kind about things that are invented, for a community as it is: to show what a template makes, and to find what it
//! cannot make before a letter is due.

mod orchard;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use minijinja::Value;

use super::templates::Templates;
use super::{Afterwards, Sender};
use crate::meeting::action::{ActionItem, CarriedTopic, MeetingNotes};
use crate::meeting::calendar::Calendar;
use crate::meeting::change::{By, Decision, DecisionId, Finding, Proposal, ProposalState, Proposed, Tell, Verdict};
use crate::meeting::clocks::{Shift, shifts};
use crate::meeting::occurrence::{Occurrence, OccurrenceId, Status};
use crate::meeting::series::{Address, City, Community, Rule, Series, SeriesId};
use crate::meeting::zone::Zone;
use crate::plan::key::{Audience, Key, Kind, Subject};
use crate::plan::{About, Asked, Asking, Digest, Intent, OldAndNew, Reminded, Shifted};
use crate::source::{Place, Remark};
pub(in crate::output) use orchard::orchard;

/// What a template of a kind is given for letters about an invented community: some rich, some with nothing but what has to be.
pub fn values(kind: Kind) -> Vec<Value> {
    let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap_or_default();
    let Some(utc) = Zone::utc() else { return Vec::new() };
    let sender = Sender {
        from: Address { name: None, email: "calendar@example.org".to_owned() },
        message_domain: "example.org".to_owned(),
        base_url: "https://calendar.example.org".to_owned(),
        link_key: None,
        templates: Templates::default(),
        afterwards: Afterwards::default(),
    };
    let mut found = Vec::new();
    for rich in [true, false] {
        let community = orchard(&utc, rich);
        let calendar = Calendar { communities: vec![community.clone()], ..Calendar::default() };
        let letters = intents(kind, &community, now);
        found.extend(
            letters
                .iter()
                .map(|intent| super::values(intent, &calendar, &sender, now))
                .filter(|(of, _)| *of == kind)
                .map(|(_, values)| values),
        );
    }
    found
}

/// Letters of a kind as this community might get them: the first says all that it can, the last as little as it can.
pub fn intents(kind: Kind, community: &Community, now: DateTime<Utc>) -> Vec<Intent> {
    let made = Invented { community, now };
    let Some(first) = community.series.first() else { return Vec::new() };
    let other = community.series.get(1).unwrap_or(first);
    let (one, two) = (made.meeting(first, 0), made.meeting(other, 1));
    let (Some(one), Some(two)) = (one, two) else { return Vec::new() };
    let about = match kind {
        Kind::Reminder => made.reminders(&one, &two),
        Kind::Cancelled | Kind::Moved | Kind::Restored | Kind::Extra => made.decided(kind, first, &one, &two),
        Kind::Changed => made.changed(first, &one),
        Kind::Clocks => {
            let shifted = |meeting: &Occurrence| Shifted { meeting: meeting.clone(), told: meeting.start + TimeDelta::hours(1) };
            vec![About::Clocks { meetings: vec![shifted(&one)] }, About::Clocks { meetings: vec![shifted(&one), shifted(&two)] }]
        }
        Kind::Digest => made.digests(&one, &made.meeting(other, 0).unwrap_or(one.clone()), &two),
        Kind::Hello => made.hellos(first),
        Kind::Proposal => made.proposals(first, &one),
        Kind::Remarks => made.remarks(first),
    };
    about.into_iter().map(|about| made.intent(kind, &one, about)).collect()
}

struct Invented<'a> {
    community: &'a Community,
    now: DateTime<Utc>,
}

impl Invented<'_> {
    /// A meeting of a series to come: the first one by its rule from the day after tomorrow on, or as many later.
    fn meeting(&self, series: &Series, later: usize) -> Option<Occurrence> {
        let from = self.now.date_naive().checked_add_days(Days::new(2))?;
        let rule = series.rule_on(from)?;
        let coming = rule.walls(from, from.checked_add_days(Days::new(400))?);
        let wall = coming.get(later).copied().unwrap_or(from.and_time(rule.time));
        Some(occurrence(&series.id, rule, wall))
    }

    fn intent(&self, kind: Kind, meeting: &Occurrence, about: About) -> Intent {
        let organisers = matches!(kind, Kind::Proposal | Kind::Remarks);
        let series = self.community.series.iter().find(|series| series.id == meeting.id.series);
        let list = series.and_then(|series| series.list.clone());
        let invented = || Address { name: None, email: "list@example.org".to_owned() };
        let to = if organisers { self.community.organisers.first().cloned() } else { list };
        let meetings: Vec<Occurrence> = match &about {
            About::Reminder { meetings, .. } => meetings.iter().map(|reminded| reminded.occurrence.clone()).collect(),
            About::Decided { meetings, .. } => meetings.clone(),
            _ => Vec::new(),
        };
        let mut meetings: Vec<_> = meetings.into_iter().map(|meeting| (meeting.id, meeting.start)).collect();
        if kind == Kind::Cancelled && meetings.is_empty() {
            meetings.push((meeting.id.clone(), meeting.start));
        }
        Intent {
            key: Key {
                community: self.community.id.clone(),
                audience: if organisers { Audience::Organisers } else { Audience::List },
                subject: Subject::Meeting(meeting.id.clone()),
                kind,
                mark: "sample".to_owned(),
            },
            to: vec![to.unwrap_or_else(invented)],
            instead_of: None,
            about,
            thread: Vec::new(),
            not_before: self.now,
            useful_until: meeting.end,
            series: (!matches!(kind, Kind::Remarks | Kind::Digest | Kind::Hello)).then(|| meeting.id.series.clone()),
            meetings,
            covers: Vec::new(),
            why: "A sample.".to_owned(),
        }
    }

    fn reminders(&self, one: &Occurrence, two: &Occurrence) -> Vec<About> {
        let moved = Occurrence {
            status: Status::Moved,
            original: two.original - TimeDelta::days(1),
            reason: Some("The room is taken on the usual day.".to_owned()),
            ..two.clone()
        };
        let extra = Occurrence { status: Status::Extra, ..one.clone() };
        let bare = |occurrence: Occurrence| Reminded {
            occurrence,
            shifts: Vec::new(),
            last_notes: None,
            items: Vec::new(),
            more_items: 0,
            parked: 0,
            parked_url: None,
            topics: Vec::new(),
            uncertain: Vec::new(),
        };
        let full = self.full(one);
        vec![
            About::Reminder { meetings: vec![full.clone()], elsewhere: self.elsewhere(two) },
            About::Reminder { meetings: vec![full, bare(moved.clone())], elsewhere: Vec::new() },
            About::Reminder { meetings: vec![bare(moved)], elsewhere: Vec::new() },
            About::Reminder { meetings: vec![bare(extra)], elsewhere: Vec::new() },
            About::Reminder { meetings: vec![bare(one.clone())], elsewhere: Vec::new() },
        ]
    }

    /// A meeting about which there is much to say.
    fn full(&self, one: &Occurrence) -> Reminded {
        let before = self.before(one);
        let shift = |city: &City| Shift { city: city.name.clone(), local: city.zone.wall(one.start), minutes: -60, than: before };
        let last = one.id.wall.checked_sub_days(Days::new(14)).unwrap_or(one.id.wall);
        let start = one.zone.instant(last);
        let shifted = shifts(&self.community.cities, start, one.start);
        let item = |text: &str, owners: &[&str], meetings| self.item(&one.id.series, text, owners, meetings, before);
        let topic = |text: &str| CarriedTopic {
            series: one.id.series.clone(),
            text: text.to_owned(),
            noted: before,
            place: Place::new("notes.md", 1),
            trusted: true,
        };
        let notes = MeetingNotes {
            series: one.id.series.clone(),
            date: before,
            place: Place::new("notes.md", 1),
            url: Some("https://notes.example.org/last".to_owned()),
            trusted: true,
            title: None,
            attended: true,
        };
        Reminded {
            occurrence: one.clone(),
            shifts: if shifted.is_empty() { self.community.cities.iter().take(2).map(shift).collect() } else { shifted },
            last_notes: Some(notes),
            items: vec![
                item("Write up what was agreed about the next release, and ask on the list whether anybody is missing", &["Ana"], 1),
                item("Set up the build for the new machines", &["Ana", "Bo"], 5),
                item("Answer the question about old versions", &[], 1),
            ],
            more_items: 9,
            parked: 4,
            parked_url: None,
            topics: vec![topic("How long a deprecated name stays")],
            uncertain: vec![self.proposal(&one.id.series, Proposed::Cancel(vec![one.id.wall]), one)],
        }
    }

    fn before(&self, one: &Occurrence) -> NaiveDate {
        one.start.date_naive().checked_sub_days(Days::new(14)).unwrap_or(one.start.date_naive())
    }

    fn item(&self, series: &SeriesId, text: &str, owners: &[&str], meetings: u32, noted: NaiveDate) -> ActionItem {
        ActionItem {
            id: "sample".to_owned(),
            series: series.clone(),
            text: text.to_owned(),
            owners: owners.iter().map(|owner| (*owner).to_owned()).collect(),
            done: false,
            first: noted,
            last: noted,
            meetings,
            place: Place::new("notes.md", 1),
            url: None,
            parked: false,
            carried_forward: true,
            trusted: true,
        }
    }

    /// What else differs: a meeting cancelled, one moved, one added.
    fn elsewhere(&self, two: &Occurrence) -> Vec<Occurrence> {
        let reason = Some("Most of us are travelling.".to_owned());
        let later = |days| Occurrence { start: two.start + TimeDelta::days(days), end: two.end + TimeDelta::days(days), ..two.clone() };
        vec![
            Occurrence { status: Status::Cancelled, reason, ..two.clone() },
            Occurrence { status: Status::Moved, ..later(1) },
            Occurrence { status: Status::Extra, ..later(2) },
        ]
    }

    fn decided(&self, kind: Kind, series: &Series, one: &Occurrence, two: &Occurrence) -> Vec<About> {
        let as_kind = |meeting: &Occurrence| match kind {
            Kind::Cancelled => Occurrence { status: Status::Cancelled, ..meeting.clone() },
            Kind::Moved => Occurrence {
                status: Status::Moved,
                start: meeting.start + TimeDelta::days(1),
                end: meeting.end + TimeDelta::days(1),
                moves: 1,
                ..meeting.clone()
            },
            Kind::Extra => Occurrence { status: Status::Extra, ..meeting.clone() },
            _ => meeting.clone(),
        };
        let same: Vec<Occurrence> = [0, 1, 2].into_iter().filter_map(|later| self.meeting(series, later)).collect();
        let verdicts = |meetings: &[Occurrence]| {
            let verdict = |meeting: &Occurrence| match kind {
                Kind::Cancelled => Verdict::Cancel,
                Kind::Moved => Verdict::Move { to: meeting.id.wall + TimeDelta::days(1) },
                Kind::Extra => Verdict::Extra { length: meeting.end - meeting.start },
                _ => Verdict::Restore,
            };
            meetings.iter().map(|meeting| (meeting.id.wall, verdict(meeting))).collect()
        };
        let about = |meetings: &[Occurrence], reason: Option<&str>, next: Option<&Occurrence>, elsewhere| About::Decided {
            decision: self.decision(series, verdicts(meetings), reason),
            meetings: meetings.iter().map(as_kind).collect(),
            next: next.cloned(),
            elsewhere,
        };
        let reason = Some(match kind {
            Kind::Restored => "The sprint in Lisbon is put off.",
            Kind::Extra => "We plan the next release together.",
            _ => "Most of us are at the sprint in Lisbon that week.",
        });
        let mut found = vec![
            about(std::slice::from_ref(one), reason, same.get(1), self.elsewhere(two)),
            about(&same, reason, None, Vec::new()),
            about(std::slice::from_ref(one), None, None, Vec::new()),
        ];
        if kind == Kind::Cancelled {
            // An extra meeting that was taken back.
            found.push(about(&[], None, None, Vec::new()));
        }
        found
    }

    fn decision(&self, series: &Series, verdicts: Vec<(NaiveDateTime, Verdict)>, reason: Option<&str>) -> Decision {
        Decision {
            id: DecisionId("5a3b1e00".to_owned()),
            series: series.id.clone(),
            at: self.now,
            by: By::Command("a sample".to_owned()),
            verdicts,
            reason: reason.map(str::to_owned),
            tell: Tell::List,
            proposal: None,
            amended: None,
        }
    }

    fn changed(&self, series: &Series, one: &Occurrence) -> Vec<About> {
        let line = |what: &str, old: Option<&str>, new: Option<&str>| OldAndNew {
            what: what.to_owned(),
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
        };
        let link = series.join.first().map_or("https://meet.example.org/new", |join| &join.url);
        let rhythm = series
            .rule_on(self.now.date_naive())
            .map(|rule| format!("{}, {} {}", rule.recurrence.in_words(rule.from), rule.time.format("%H:%M"), rule.zone.name()));
        let next = [0, 1, 2].into_iter().filter_map(|later| self.meeting(series, later)).collect();
        vec![
            About::Changed {
                lines: vec![
                    line("link", Some("https://meet.example.org/old-room"), Some(link)),
                    line("rhythm", Some("every month on the 1st Monday, 09:00 Europe/Lisbon"), rhythm.as_deref()),
                ],
                next,
            },
            About::Changed { lines: vec![line("rhythm", None, rhythm.as_deref())], next: vec![one.clone()] },
            About::Changed { lines: vec![line("end", None, Some("1 December 2026"))], next: Vec::new() },
        ]
    }

    fn proposal(&self, series: &SeriesId, what: Proposed, one: &Occurrence) -> Proposal {
        let finding = Finding {
            series: series.clone(),
            origin: series.clone(),
            what,
            quote: "Let us skip the next meeting, because most of us are travelling. Bo will tell the list.".to_owned(),
            place: Place::new("notes.md", 26),
            url: Some("https://notes.example.org/last".to_owned()),
            note_date: Some(self.before(one)),
            reason: Some("most of us are travelling".to_owned()),
            announcer: Some("Bo".to_owned()),
            certain: true,
            trusted: true,
        };
        Proposal { id: finding.id(), finding, round: 1, state: ProposalState::Open, opened: self.now, since: self.now, decided_by: None }
    }

    fn proposals(&self, series: &Series, one: &Occurrence) -> Vec<About> {
        let asking = |what: Proposed, status: Status, verdict: Option<Verdict>| Asking {
            proposal: self.proposal(&series.id, what, one),
            now: vec![one.clone()],
            would: verdict.map(|verdict| {
                let decision = self.decision(series, vec![(one.id.wall, verdict)], Some("most of us are travelling"));
                (decision, vec![Occurrence { status, ..one.clone() }])
            }),
        };
        let cancel = || asking(Proposed::Cancel(vec![one.id.wall]), Status::Cancelled, Some(Verdict::Cancel));
        let end = || asking(Proposed::End, Status::Confirmed, None);
        let stranger = |mut asking: Asking| {
            let finding = &mut asking.proposal.finding;
            (finding.trusted, finding.certain, finding.url, finding.note_date) = (false, false, None, None);
            (finding.reason, finding.announcer) = (None, None);
            asking
        };
        let about = |asked, proposals| About::Proposal { asked, proposals };
        vec![
            about(Asked::First, vec![cancel()]),
            about(Asked::First, vec![cancel(), end()]),
            about(Asked::Again { hours: 6 }, vec![stranger(cancel())]),
            about(Asked::Anew, vec![cancel()]),
            about(Asked::WillApply { at: self.now }, vec![cancel()]),
            about(Asked::ChangedAfter, vec![cancel()]),
            about(Asked::Withdrawn, vec![stranger(cancel())]),
        ]
    }

    fn digests(&self, one: &Occurrence, other: &Occurrence, two: &Occurrence) -> Vec<About> {
        let reason = Some("Most of us are travelling.".to_owned());
        let shifted = |meeting: &Occurrence, days| {
            let (start, end) = (meeting.start + TimeDelta::days(days), meeting.end + TimeDelta::days(days));
            Occurrence { original: meeting.start, start, end, ..meeting.clone() }
        };
        let cancelled = |meeting: &Occurrence| Occurrence { status: Status::Cancelled, reason: reason.clone(), ..meeting.clone() };
        let full = self.full(one);
        let about = |mut meetings: Vec<Occurrence>, later, items: Vec<ActionItem>, more_items| {
            meetings.sort_by_key(|meeting| meeting.start);
            let (from, until) = (self.now, self.now + TimeDelta::days(7));
            About::Digest(Digest { from, until, meetings, later, changed: vec![two.id.series.clone()], items, more_items })
        };
        let extra = Occurrence { status: Status::Extra, ..shifted(one, 2) };
        let moved = Occurrence { status: Status::Moved, ..shifted(two, -4) };
        let later = vec![cancelled(&shifted(two, 14)), Occurrence { status: Status::Moved, ..shifted(one, 21) }];
        vec![
            about(vec![one.clone(), cancelled(other), moved, extra], later, full.items, full.more_items),
            about(vec![one.clone()], Vec::new(), Vec::new(), 0),
            about(vec![cancelled(one)], Vec::new(), Vec::new(), 0),
            about(Vec::new(), vec![cancelled(two)], Vec::new(), 0),
        ]
    }

    fn hellos(&self, series: &Series) -> Vec<About> {
        let other = || Address { name: None, email: "list@example.org".to_owned() };
        vec![About::Hello { list: series.list.clone().unwrap_or_else(other) }, About::Hello { list: other() }]
    }

    fn remarks(&self, series: &Series) -> Vec<About> {
        let fault = Remark::fault(series.place.clone(), "bad-date", "\"from\" is \"2026-13-01\"; write a date as 2026-12-01.");
        let question = Remark::warning(series.place.clone(), "holiday", format!("{} meets on 24 December. Is that meant?", series.title));
        let advice = Remark::advice(series.place.clone(), "overruled", "An organiser decided otherwise later; that holds.");
        vec![
            About::Remarks { remarks: vec![fault.clone(), question.lasting("sample"), advice], known: 2 },
            About::Remarks { remarks: vec![fault], known: 1 },
            About::Remarks { remarks: Vec::new(), known: 0 },
        ]
    }
}

fn occurrence(series: &SeriesId, rule: &Rule, wall: NaiveDateTime) -> Occurrence {
    let start = rule.zone.instant(wall);
    Occurrence {
        id: OccurrenceId::new(series.clone(), wall),
        uid: rule.uid.clone(),
        zone: rule.zone.clone(),
        original: start,
        start,
        end: start + rule.length,
        status: Status::Confirmed,
        reason: None,
        decision: None,
        moves: 0,
    }
}
