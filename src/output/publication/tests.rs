use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::meeting::action::{ActionItem, MeetingNotes};
use crate::meeting::change::{Finding, Proposal, ProposalState, Proposed, Verdict};
use crate::plan::component::sample::{community, date, decide, published, rule, series, site, tide, utc};
use crate::plan::component::{parts, revise};
use crate::plan::ledger::ItemVerdict;
use crate::source::{Place, Remark};

/// Bytes by path; when they changed is history, which a publication made anew does not know.
fn bytes(publication: &Publication) -> BTreeMap<&String, &Bytes> {
    publication.documents.iter().map(|(path, document)| (path, &document.bytes)).collect()
}

#[test]
fn what_is_kept_is_what_would_be_made_anew() {
    let calendar = tide();
    let mut ledger = Ledger::default();
    let (mut now, end) = (utc("2026-11-20T12:00:00Z"), utc("2026-12-20T12:00:00Z"));
    let mut kept: Option<Publication> = None;
    let (mut step, mut reused) = (0, 0);
    while now < end {
        match step {
            3 => ledger.decisions.push(decide(
                "tide/call",
                "2026-11-24T00:00:00Z",
                &[("2026-12-02T18:00:00", Verdict::Cancel)],
                Some("Away."),
            )),
            6 => ledger.decisions.push(decide("tide/call", "2026-11-25T00:00:00Z", &[("2026-12-02T18:00:00", Verdict::Restore)], None)),
            _ => {}
        }
        let before = kept.as_ref().map_or(&[][..], Publication::parts);
        let made = parts(&calendar, &Verdicts::of(&ledger.decisions), &ledger.revisions, now, before);
        ledger.revisions.extend(revise(made.iter().flat_map(|part| &part.components), &ledger.revisions, now));
        let again = publish(&calendar, &ledger, &made, &site(), now, kept.as_ref());
        let anew = parts(&calendar, &Verdicts::of(&ledger.decisions), &ledger.revisions, now, &[]);
        assert_eq!(bytes(&again), bytes(&publish(&calendar, &ledger, &anew, &site(), now, None)), "at {now}");
        if let Some(kept) = &kept {
            reused += again
                .documents
                .iter()
                .filter(|(path, document)| kept.documents.get(*path).is_some_and(|old| Arc::ptr_eq(old, document)))
                .count();
        }
        now = again.next_change().unwrap();
        kept = Some(again);
        step += 1;
    }
    assert!(step > 8 && reused > 0, "{step} steps, {reused} documents kept");
}

#[test]
fn a_feed_that_is_nearly_too_large_is_said_to_its_organisers_and_stays_the_same_document() {
    let mut calendar = tide();
    let one = calendar.communities[0].series[0].clone();
    let yearly = |number: usize| {
        let rules = vec![rule(&format!("s{number}"), "2026-06-01", "year", "18:00", "UTC")];
        let description = Some(format!("{}\n", "Everybody is welcome. ".repeat(80)).repeat(8));
        Series { id: SeriesId::new("tide", format!("s{number}")), rules, description, ..one.clone() }
    };
    calendar.communities[0].series.extend((0..58).map(yearly));
    let (ledger, now) = (Ledger::default(), utc("2026-11-20T12:00:00Z"));
    let first = published(&calendar, &ledger, now, None);
    let said: Vec<_> = first.remarks().collect();
    assert_eq!(said.len(), 2, "{said:?}");
    let (community, remark) = said.iter().find(|(community, _)| community.is_some()).unwrap();
    assert_eq!((community.as_deref(), remark.code), (Some("tide"), "feed-large"));
    assert!(
        remark.sentence.starts_with(
            "The feed of this community has some 100 events and 900 kB; calendar programs take 1000 and 1000 kB. Beyond that, "
        ),
        "{}",
        remark.sentence
    );
    let again = published(&calendar, &ledger, now + TimeDelta::minutes(1), Some(&first));
    assert_eq!(again.remarks().collect::<Vec<_>>(), said, "also where nothing is made again");
    assert!(Arc::ptr_eq(&again.documents["/feeds/tide.ics"], &first.documents["/feeds/tide.ics"]));
    assert!(published(&tide(), &ledger, now, Some(&again)).remarks().next().is_none());
}

/// What may happen between two rounds. Numbers choose among the series and meetings there are.
#[derive(Clone, Debug)]
enum Step {
    Decide { series: usize, meeting: usize, verdict: usize },
    Retitle { series: usize },
    Describe { community: usize },
    End { series: usize },
    Add { community: usize, long: bool },
    Remove { series: usize },
    Rename { series: usize, back: bool },
    Note { series: usize, days: i64, trusted: bool },
    Item { series: usize },
    Close { item: usize, verdict: usize },
    Propose { series: usize, meeting: usize, state: usize },
    Remark { community: usize },
    Wait { minutes: i64 },
    NextChange,
    ClockBack,
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (one, few) = (0..9usize, 0..4usize);
    let step = prop_oneof![
        4 => (one.clone(), few.clone(), few.clone()).prop_map(|(series, meeting, verdict)| Step::Decide { series, meeting, verdict }),
        1 => one.clone().prop_map(|series| Step::Retitle { series }),
        1 => few.clone().prop_map(|community| Step::Describe { community }),
        1 => one.clone().prop_map(|series| Step::End { series }),
        1 => (few.clone(), any::<bool>()).prop_map(|(community, long)| Step::Add { community, long }),
        1 => one.clone().prop_map(|series| Step::Remove { series }),
        2 => (one.clone(), any::<bool>()).prop_map(|(series, back)| Step::Rename { series, back }),
        2 => (one.clone(), -40..20i64, any::<bool>()).prop_map(|(series, days, trusted)| Step::Note { series, days, trusted }),
        1 => one.clone().prop_map(|series| Step::Item { series }),
        1 => (one.clone(), few.clone()).prop_map(|(item, verdict)| Step::Close { item, verdict }),
        2 => (one.clone(), few.clone(), few.clone()).prop_map(|(series, meeting, state)| Step::Propose { series, meeting, state }),
        1 => few.prop_map(|community| Step::Remark { community }),
        2 => (1..20_000i64).prop_map(|minutes| Step::Wait { minutes }),
        3 => Just(Step::NextChange),
        1 => Just(Step::ClockBack),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 3..12)
}

/// Two communities of three series whose meetings lie around November 2026.
fn story() -> Calendar {
    let one = |of: &str, id: &str, from: &str, every: &str, time: &str, zone: &str| {
        let mut one = series(&format!("{of}/{id}"), &format!("The {id}"), vec![rule(&format!("{of}-{id}"), from, every, time, zone)]);
        one.ended = Some(date("2027-01-20"));
        one
    };
    let mut retreat = one("pier", "retreat", "2026-11-18", "4 weeks", "08:00", "Asia/Kolkata");
    retreat.rules[0].length = TimeDelta::days(4);
    let tide = vec![
        one("tide", "call", "2026-11-11", "week", "18:00", "UTC"),
        one("tide", "crew", "2026-10-19", "3 weeks", "09:00", "America/Los_Angeles"),
    ];
    let pier = vec![retreat, one("pier", "watch", "2026-11-20", "2 weeks", "12:30", "Europe/Berlin")];
    Calendar { communities: vec![community("pier", "Pier", pier), community("tide", "Tide", tide)], ..Calendar::default() }
}

/// A step as it changes calendar and memory.
fn take(step: &Step, calendar: &mut Calendar, ledger: &mut Ledger, now: DateTime<Utc>) {
    let all: Vec<(usize, usize)> =
        (0..calendar.communities.len()).flat_map(|at| (0..calendar.communities[at].series.len()).map(move |series| (at, series))).collect();
    let chosen = |number: &usize| all.get(number % all.len().max(1)).copied();
    let coming = |calendar: &Calendar, (at, of): (usize, usize), meeting: usize| {
        let found =
            occurrences(&calendar.communities[at].series[of], &Verdicts::default(), now - TimeDelta::days(9), now + TimeDelta::days(40));
        found.get(meeting % found.len().max(1)).cloned()
    };
    match step {
        Step::Decide { series, meeting, verdict } => {
            let Some(meeting) = chosen(series).and_then(|of| coming(calendar, of, *meeting)) else { return };
            let at = meeting.id.wall;
            let (at, verdict) = match verdict {
                0 => (at, Verdict::Cancel),
                1 => (at, Verdict::Move { to: at + TimeDelta::hours(26) }),
                2 => (at + TimeDelta::days(1), Verdict::Extra { length: TimeDelta::hours(1) }),
                _ => (at, Verdict::Restore),
            };
            let walls = [(&*at.format("%Y-%m-%dT%H:%M:%S").to_string(), verdict)];
            ledger.decisions.push(decide(&meeting.id.series.to_string(), &now.to_rfc3339(), &walls, Some("Away.")));
        }
        Step::Retitle { series } => {
            let Some((at, of)) = chosen(series) else { return };
            calendar.communities[at].series[of].title.push('!');
        }
        Step::Describe { community } => {
            let at = community % calendar.communities.len();
            let community = &mut calendar.communities[at];
            community.title.push('.');
            community.omit_people.push(format!("Ann {}", community.omit_people.len()));
        }
        Step::End { series } => {
            let Some((at, of)) = chosen(series) else { return };
            calendar.communities[at].series[of].ended = Some(now.date_naive() + TimeDelta::days(8));
        }
        Step::Add { community, long } => {
            let at = community % calendar.communities.len();
            let community = &mut calendar.communities[at];
            let name = format!("new-{}", community.series.len());
            let id = SeriesId::new(community.id.clone(), name.as_str());
            if community.series.iter().any(|series| series.id == id || series.was.contains(&id)) {
                return;
            }
            let (rules, length) = (vec![rule(&name, "2026-11-23", "week", "17:00", "Europe/London")], TimeDelta::hours(1));
            let mut added = series(&id.to_string(), "A new one", rules);
            added.rules[0].length = if *long { TimeDelta::days(3) } else { length };
            added.ended = Some(date("2027-01-02"));
            community.series.push(added);
        }
        Step::Remove { series } => {
            let Some((at, of)) = chosen(series) else { return };
            calendar.communities[at].series.remove(of);
        }
        Step::Rename { series, back } => {
            let Some((at, of)) = chosen(series) else { return };
            let series = &mut calendar.communities[at].series[of];
            if *back && let Some(former) = series.was.pop() {
                series.id = former;
            } else if !back {
                let renamed = SeriesId::new(series.id.community.clone(), format!("{}x", series.id.series));
                let former = std::mem::replace(&mut series.id, renamed);
                series.was.push(former);
            }
        }
        Step::Note { series, days, trusted } => {
            let Some((at, of)) = chosen(series) else { return };
            let series = calendar.communities[at].series[of].id.clone();
            let place = Place::new(format!("notes/{days}.md"), 1);
            let url = Some(format!("https://notes.example.org/{days}"));
            let date = now.date_naive() + TimeDelta::days(*days);
            calendar.notes.push(MeetingNotes { series, date, title: None, place, url, attended: *days % 2 == 0, trusted: *trusted });
        }
        Step::Item { series } => {
            let Some((at, of)) = chosen(series) else { return };
            let series = calendar.communities[at].series[of].id.clone();
            let number = calendar.items.len();
            let last = now.date_naive() - TimeDelta::days(number as i64 * 90);
            calendar.items.push(ActionItem {
                id: format!("item-{number}"),
                series,
                text: "Mend the jetty".to_owned(),
                owners: vec!["Ann 0".to_owned()],
                done: false,
                first: last,
                last,
                meetings: 1,
                place: Place::new("notes/a.md", 3),
                url: None,
                parked: number % 3 == 2,
                carried_forward: true,
                trusted: number.is_multiple_of(2),
            });
        }
        Step::Close { item, verdict } => {
            let verdict = [ItemVerdict::Done, ItemVerdict::Dropped, ItemVerdict::Released][verdict % 3];
            ledger.closed_items.insert(format!("item-{item}"), verdict);
        }
        Step::Propose { series, meeting, state } => {
            let Some(meeting) = chosen(series).and_then(|of| coming(calendar, of, *meeting)) else { return };
            let finding = Finding {
                series: meeting.id.series.clone(),
                origin: meeting.id.series.clone(),
                what: Proposed::Cancel(vec![meeting.id.wall]),
                quote: "No meeting then.".to_owned(),
                place: Place::new("notes/a.md", 4),
                url: None,
                note_date: Some(now.date_naive()),
                reason: None,
                announcer: None,
                certain: true,
                trusted: true,
            };
            let state = ProposalState::ALL[state % 3];
            ledger.proposals.retain(|known| known.id != finding.id());
            ledger.proposals.push(Proposal { id: finding.id(), finding, round: 1, state, opened: now, since: now, decided_by: None });
        }
        Step::Remark { community } => {
            let community = &calendar.communities[community % calendar.communities.len()];
            let remark = Remark::warning(community.place.clone(), "holiday", format!("Said at {now}."));
            calendar.remarks.push((community.id.clone(), remark));
        }
        Step::Wait { .. } | Step::NextChange | Step::ClockBack | Step::Restart => {}
    }
}

fn cases() -> ProptestConfig {
    ProptestConfig::with_cases(if std::env::var_os("CONVENED_FULL").is_some() { 400 } else { 10 })
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn whatever_happens_what_is_kept_is_what_would_be_made_anew(steps in steps()) {
        let (mut calendar, mut ledger, mut now) = (story(), Ledger::default(), utc("2026-11-20T12:00:00Z"));
        let mut kept: Option<Publication> = None;
        for step in std::iter::once(&Step::Wait { minutes: 0 }).chain(&steps) {
            take(step, &mut calendar, &mut ledger, now);
            match step {
                Step::Wait { minutes } => now += TimeDelta::minutes(*minutes),
                Step::NextChange => now = kept.as_ref().and_then(Publication::next_change).unwrap_or(now),
                Step::ClockBack => now -= TimeDelta::minutes(90),
                Step::Restart => kept = kept.map(|kept| Publication::new(kept.documents)),
                _ => {}
            }
            let verdicts = Verdicts::of(&ledger.decisions);
            let before = kept.as_ref().map_or(&[][..], Publication::parts);
            let made = parts(&calendar, &verdicts, &ledger.revisions, now, before);
            ledger.revisions.extend(revise(made.iter().flat_map(|part| &part.components), &ledger.revisions, now));
            let again = publish(&calendar, &ledger, &made, &site(), now, kept.as_ref());
            let fresh = parts(&calendar, &verdicts, &ledger.revisions, now, &[]);
            let anew = publish(&calendar, &ledger, &fresh, &site(), now, None);
            let (ours, theirs) = (bytes(&again), bytes(&anew));
            prop_assert!(ours.keys().eq(theirs.keys()), "{:?}: {:?}", step, ours.keys().filter(|path| !theirs.contains_key(*path)).collect::<Vec<_>>());
            for (path, bytes) in ours {
                prop_assert!(theirs[path] == bytes, "{path} after {step:?} at {now}");
            }
            prop_assert_eq!(again.next_change(), anew.next_change());
            prop_assert_eq!(again.remarks().collect::<Vec<_>>(), anew.remarks().collect::<Vec<_>>());
            kept = Some(again);
        }
    }
}
