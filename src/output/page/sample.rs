//! What pages are given for a community that is invented: to find what an own template cannot write before anybody looks at its page, and
//! to show what it makes.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use minijinja::Value;

use super::{Source, Subscribed, community, month, record, series, subscribe};
use crate::meeting::action::{ActionItem, MeetingNotes};
use crate::meeting::calendar::{Calendar, Verdicts, occurrences};
use crate::meeting::change::{By, Decision, DecisionId, Finding, Proposal, ProposalState, Proposed, Tell, Verdict};
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{Community, JoinLinks, Series};
use crate::meeting::zone::Zone;
use crate::output::letter::sample::orchard;
use crate::output::publication::Site;
use crate::plan::ledger::Ledger;
use crate::source::Place;

/// The pages by the names of their templates, each with values of every sort: of a community that says all there is to say, of one that
/// says nothing it need not, and of none.
pub fn values() -> Vec<(&'static str, Value)> {
    let Some(utc) = Zone::utc() else { return Vec::new() };
    let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap_or_default();
    let site = Site {
        base_url: "https://calendar.example.org".to_owned(),
        title: "Calendar".to_owned(),
        uid_domain: "example.org".to_owned(),
        templates: Default::default(),
    };
    let mut found = Vec::new();
    let mut add = |calendar: &Calendar, ledger: &Ledger, now: DateTime<Utc>| {
        let verdicts = Verdicts::of(&ledger.decisions);
        let source = Source { calendar, verdicts: &verdicts, ledger, site: &site, now };
        found.extend(pages(&source));
    };
    let rich = orchard(&utc, true);
    let (calendar, ledger) = eventful(&rich, now);
    let starts = calendar.all_series().flat_map(|(_, series)| occurrences(series, &Verdicts::of(&[]), now, now + TimeDelta::days(9)));
    let during = starts.map(|meeting| meeting.start + TimeDelta::minutes(1)).min();
    add(&calendar, &ledger, now);
    during.into_iter().for_each(|during| add(&calendar, &ledger, during));
    let secluded = Community { join_links: JoinLinks::Page, ..orchard(&utc, false) };
    add(&Calendar { communities: vec![secluded], ..Calendar::default() }, &Ledger::default(), now);
    let idle = Community { series: Vec::new(), ..orchard(&utc, false) };
    add(&Calendar { communities: vec![idle], ..Calendar::default() }, &Ledger::default(), now);
    add(&Calendar::default(), &Ledger::default(), now);
    found
}

fn pages(source: &Source<'_>) -> Vec<(&'static str, Value)> {
    let now = source.now;
    let coming = |of| community::coming(source, of).into_iter().map(|(_, meeting)| meeting).find(Occurrence::takes_place);
    let first: Vec<Option<Occurrence>> = source.calendar.communities.iter().map(coming).collect();
    let first: Vec<Option<&Occurrence>> = first.iter().map(Option::as_ref).collect();
    let mut found =
        vec![("home.html", community::home(source, &first)), ("subscribe.html", subscribe::subscribe(source, Subscribed::Everything))];
    for of in &source.calendar.communities {
        found.extend([
            ("community.html", community::community(source, of)),
            ("embed.html", community::embed(source, of)),
            ("month.html", month::month(source, of, now.date_naive())),
            ("items.html", record::items(source, of)),
            ("changes.html", record::changes(source, of)),
            ("subscribe.html", subscribe::subscribe(source, Subscribed::Community(of))),
        ]);
        for one in &of.series {
            let lasting = occurrences(one, source.verdicts, now - TimeDelta::days(22), now + TimeDelta::days(22));
            found.push(("series.html", series::series(source, of, one, &lasting)));
            found.push(("subscribe.html", subscribe::subscribe(source, Subscribed::Series(of, one))));
            found.extend(lasting.iter().map(|meeting| ("meeting.html", series::meeting(source, of, one, meeting))));
        }
    }
    found
}

/// A community in which everything happens at once: a meeting is cancelled, one moved, one added, one in question; notes and items stand.
fn eventful(community: &Community, now: DateTime<Utc>) -> (Calendar, Ledger) {
    let mut calendar = Calendar { communities: vec![community.clone()], ..Calendar::default() };
    let mut ledger = Ledger::default();
    let Some(one) = community.series.first() else { return (calendar, ledger) };
    let walls: Vec<_> =
        occurrences(one, &Verdicts::of(&[]), now, now + TimeDelta::days(40)).into_iter().map(|meeting| meeting.id.wall).collect();
    let noted = now.date_naive() - TimeDelta::days(30);
    for (number, wall) in walls.iter().enumerate() {
        let verdict = match number {
            0 => continue,
            1 => Verdict::Cancel,
            2 => Verdict::Move { to: *wall + TimeDelta::hours(2) },
            3 => Verdict::Extra { length: TimeDelta::hours(1) },
            _ => break,
        };
        let at = if matches!(verdict, Verdict::Extra { .. }) { *wall + TimeDelta::days(1) } else { *wall };
        let finding = finding(one, Proposed::Cancel(vec![at]), noted);
        let decision = Decision {
            id: DecisionId(format!("{number:08x}")),
            series: one.id.clone(),
            at: now - TimeDelta::hours(2),
            by: By::Organiser("ana@example.org".to_owned()),
            verdicts: vec![(at, verdict)],
            reason: finding.reason.clone().filter(|_| number != 3),
            tell: Tell::List,
            proposal: (number == 1).then(|| finding.id()),
            amended: None,
        };
        if decision.proposal.is_some() {
            ledger.proposals.push(proposal(finding, ProposalState::Approved, now));
        }
        ledger.decisions.push(decision);
    }
    if let Some(first) = walls.first() {
        ledger.proposals.push(proposal(finding(one, Proposed::Cancel(vec![*first]), noted), ProposalState::Open, now));
    }
    let item = |number: u32, owners: &[&str], url: bool| ActionItem {
        id: format!("{number:08x}"),
        series: one.id.clone(),
        text: "Write to the owner of the shed".to_owned(),
        owners: owners.iter().map(|owner| (*owner).to_owned()).collect(),
        done: false,
        first: noted,
        last: now.date_naive() - TimeDelta::days(2),
        meetings: number,
        place: Place::new("notes/orchard.md", 12),
        url: url.then(|| "https://pad.example.org/orchard".to_owned()),
        parked: number == 3,
        carried_forward: true,
        trusted: true,
    };
    calendar.items = vec![item(1, &["Ana"], true), item(2, &[], false), item(3, &["Ana", "Kofi"], true)].into();
    let past = occurrences(one, &Verdicts::of(&[]), now - TimeDelta::days(8), now);
    let notes = past.first().map(|meeting| MeetingNotes {
        series: one.id.clone(),
        date: meeting.id.wall.date(),
        title: None,
        place: Place::new("notes/orchard.md", 1),
        url: Some("https://pad.example.org/orchard".to_owned()),
        attended: true,
        trusted: true,
    });
    notes.into_iter().for_each(|notes| calendar.notes.push(notes));
    (calendar, ledger)
}

fn finding(series: &Series, what: Proposed, noted: NaiveDate) -> Finding {
    Finding {
        series: series.id.clone(),
        origin: series.id.clone(),
        what,
        quote: "The meeting is cancelled, because of the harvest.".to_owned(),
        place: Place::new("notes/orchard.md", 9),
        url: Some("https://pad.example.org/orchard".to_owned()),
        note_date: Some(noted),
        reason: Some("The harvest.".to_owned()),
        announcer: None,
        certain: true,
        trusted: true,
    }
}

fn proposal(finding: Finding, state: ProposalState, now: DateTime<Utc>) -> Proposal {
    Proposal { id: finding.id(), finding, round: 1, state, opened: now, since: now, decided_by: None }
}
