//! How long a round takes that finds one new decision among ten thousand series, until its plan is in the store; step by step, and whole.

mod harbour;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use convened::meeting::calendar::Verdicts;
use convened::meeting::change::Decision;
use convened::meeting::series::{Address, NotesFolder, SeriesId};
use convened::output::letter::{Afterwards, compose};
use convened::output::publication::publish;
use convened::plan::{self, component};
use convened::round::{Brought, Given, Identity, Kept, survey, walk};
use convened::source::Text;
use convened::sources::zoneinfo;
use convened::store::{Decide, PublicationChange, Record, Store};
use harbour::cancelled;

const COMMUNITIES: usize = 100;
const SERIES: usize = 100;
const DECISIONS: usize = 7;

fn main() {
    let (texts, zones) = (texts(), zoneinfo::embedded());
    let identity = Identity {
        base_url: "https://cal.example.org".to_owned(),
        title: "Everything".to_owned(),
        uid_domain: "cal.example.org".to_owned(),
        from: Address { name: Some("Calendar".to_owned()), email: "calendar@example.org".to_owned() },
        message_domain: "cal.example.org".to_owned(),
        afterwards: Afterwards::default(),
    };
    let given = Given { config: &texts, zones: &zones, identity: &identity, grants: None, remarks: &[] };
    let mut bring = |_: &NotesFolder| Brought::default();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut now: DateTime<Utc> = "2026-11-24T12:00:30Z".parse().unwrap();
    let mut kept = Kept::recall(&store).unwrap();

    let begun = Instant::now();
    let first = walk(&store, &mut kept, &given, &mut bring, now).unwrap();
    println!("{} series in {COMMUNITIES} communities, {} documents", COMMUNITIES * SERIES, first.publication.documents.len());
    println!("the first round                  {:10.1} ms", milliseconds(begun.elapsed()));
    walk(&store, &mut kept, &given, &mut bring, now).unwrap();

    let mut whole = Vec::new();
    for number in 0..DECISIONS {
        now += TimeDelta::minutes(1);
        store.decide(&Decide::Decision(decision(number, now)), now).unwrap();
        let begun = Instant::now();
        let walked = walk(&store, &mut kept, &given, &mut bring, now).unwrap();
        whole.push(begun.elapsed());
        assert!(walked.letters.len() == 1 && !walked.changed.is_empty(), "one letter, and what it says is published");
    }
    println!("a round with one new decision    {:10.1} ms (median of {DECISIONS})", milliseconds(median(whole)));

    let mut steps: Vec<(&str, Vec<Duration>)> = Vec::new();
    for number in DECISIONS..2 * DECISIONS {
        now += TimeDelta::minutes(1);
        store.decide(&Decide::Decision(decision(number, now)), now).unwrap();
        stepwise(&store, &mut kept, &given, &mut bring, now, &mut steps);
    }
    for (step, times) in steps {
        println!("  {step:<30} {:10.2} ms", milliseconds(median(times)));
    }
}

/// As `walk` goes, with a look at the time after each step.
fn stepwise(
    store: &Store,
    kept: &mut Kept,
    given: &Given<'_>,
    bring: &mut dyn FnMut(&NotesFolder) -> Brought,
    now: DateTime<Utc>,
    steps: &mut Vec<(&'static str, Vec<Duration>)>,
) {
    let mut begun = Instant::now();
    let mut done = |step: &'static str| {
        match steps.iter_mut().find(|(known, _)| *known == step) {
            Some((_, times)) => times.push(begun.elapsed()),
            None => steps.push((step, vec![begun.elapsed()])),
        }
        begun = Instant::now();
    };
    let mut recalled = store.recall(now).unwrap();
    done("recall");
    let mut survey = survey(kept, &mut recalled.ledger, given, bring, now).unwrap();
    done("survey");
    let ledger = &recalled.ledger;
    let mut plan = plan::make(&survey.calendar, ledger, &survey.remarks, now);
    plan.rules = survey.rules;
    done("plan");
    let mut after = plan.remembered(ledger);
    let verdicts = Verdicts::of(&after.decisions);
    let parts = component::parts(&survey.calendar, &verdicts, &ledger.revisions, now, kept.publication.parts());
    done("components");
    plan.revise = component::revise(parts.iter().flat_map(|part| &part.components), &ledger.revisions, now);
    after.revisions.extend(plan.revise.iter().cloned());
    done("revisions");
    survey.calendar.items = plan::items::items(&survey.calendar, &after, &mut kept.items);
    let site = given.identity.site(survey.pages.clone());
    let publication = publish(&survey.calendar, &after, &parts, &site, now, Some(&kept.publication));
    done("publication");
    let sender = given.identity.sender(Some(ledger.link_key.clone()), survey.templates.clone());
    let letters: Vec<_> = plan.write.iter().map(|intent| compose(intent, &survey.calendar, &sender, None, now)).collect();
    assert_eq!(letters.len(), 1);
    done("letters");
    let change = PublicationChange::between(&kept.publication, &publication);
    done("difference");
    let texts = kept.texts.take_changes();
    let record = Record { now, decided: recalled.decided, plan: &plan, letters: &letters, texts: &texts, publication: &change };
    assert!(store.record(&record).unwrap().is_some());
    done("record");
    kept.publication = Arc::new(publication);
    drop((survey.calendar, recalled));
    done("forgetting");
}

/// Communities as their files say them; each series meets a few times, so that their pages fit into a small machine.
fn texts() -> Vec<Text> {
    let names = ["UTC", "America/Los_Angeles", "Europe/Berlin", "America/New_York", "Europe/London", "Asia/Tokyo"];
    let text = |community: usize| {
        let mut text = format!(
            "format = 1\ntitle = \"Harbour {community}\"\nchanges-from-notes = \"ignore\"\nletters = \"changes\"\ngrace = \"0 minutes\"\n\
             list = \"harbour-{community}@lists.example.org\"\ncontact = \"Ada <ada@example.org>\"\norganisers = [\"Ada <ada@example.org>\"]\n\
             [cities]\nBerlin = \"Europe/Berlin\"\nTokyo = \"Asia/Tokyo\"\n"
        );
        for series in 0..SERIES {
            text.push_str(&format!(
                "[[series]]\nid = \"crew-{series}\"\ntitle = \"Crew {series}\"\nevery = \"4 weeks\"\nfrom = {}\nended = 2027-02-26\n\
                 time = \"{:02}:30\"\nzone = \"{}\"\njoin = \"https://meet.example.org/{community}-{series}\"\n",
                first(),
                8 + series % 10,
                names[(series / 6) % names.len()],
            ));
        }
        Text::new(format!("communities/harbour-{community}.toml"), text.into_bytes())
    };
    (0..COMMUNITIES).map(text).collect()
}

fn first() -> chrono::NaiveDate {
    chrono::NaiveDate::from_ymd_opt(2026, 12, 1).unwrap()
}

/// The first meeting of a series is cancelled.
fn decision(number: usize, now: DateTime<Utc>) -> Decision {
    let series = SeriesId::new(format!("harbour-{}", number * 7 % COMMUNITIES).as_str(), format!("crew-{}", number * 13 % SERIES).as_str());
    let wall: NaiveDateTime = first().and_hms_opt(8 + (number * 13 % SERIES % 10) as u32, 30, 0).unwrap();
    cancelled(series, wall, now)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
