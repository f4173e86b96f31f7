use super::*;
use crate::meeting::calendar::Calendar;
use crate::meeting::change::{Decision, Finding, Proposal, ProposalState, Proposed, Verdict};
use crate::meeting::series::{Address, Letters, SeriesId};
use crate::output::letter::{Afterwards, Expected, Letter, Sender};
use crate::output::publication::Site;
use crate::plan::Plan;
use crate::plan::component::sample::{date, tide, utc, wall};
use crate::plan::key::Kind;
use crate::source::{Place, Remark};
use crate::store::{PublicationChange, Record};
use std::sync::Arc;

const NOW: &str = "2026-11-20T12:00:00Z";

/// Tide with a list, a store that knows it, and Dana's page.
struct Room {
    store: Store,
    known: Known,
    token: String,
}

fn dana() -> Address {
    Address { name: Some("Dana <b>".to_owned()), email: "dana@example.org".to_owned() }
}

impl Room {
    fn new() -> Room {
        Room::with(tide())
    }

    fn with(mut calendar: Calendar) -> Room {
        calendar.communities[0].organisers = vec![dana()];
        for series in &mut calendar.communities[0].series {
            series.list = Some(Address { name: None, email: "tide@lists.example.org".to_owned() });
            series.letters = Letters::Changes;
        }
        let store = Store::in_memory().unwrap();
        let link_key = store.link_key().unwrap();
        let own = Own { community: "tide".to_owned(), recipient: dana(), expires: utc(NOW) + TimeDelta::days(30) };
        let token = own::make(&link_key, &own).unwrap();
        let sender = Sender {
            from: dana(),
            message_domain: "cal.example.org".to_owned(),
            base_url: "https://cal.example.org".to_owned(),
            link_key: None,
            templates: Default::default(),
            afterwards: Afterwards::default(),
        };
        let site = Site {
            base_url: "https://cal.example.org".to_owned(),
            title: "Calendars".to_owned(),
            uid_domain: "cal.example.org".to_owned(),
            templates: Default::default(),
        };
        let known = Known { calendar: Arc::new(calendar), sender, site, link_key, clock: None };
        let room = Room { store, known, token };
        room.record(Plan::default());
        room
    }

    fn record(&self, plan: Plan) {
        let decided = self.store.recall(utc(NOW)).unwrap().decided;
        let publication = PublicationChange::default();
        let record = Record { now: utc(NOW), decided, plan: &plan, letters: &[], texts: &[], publication: &publication };
        self.store.record(&record).unwrap().unwrap();
    }

    fn visit(&self, ask: Option<&Ask>) -> Page {
        follow(&self.store, &self.known, &self.token, ask, utc(NOW)).unwrap()
    }

    fn ask(&self, fields: &[(&str, &str)]) -> String {
        self.visit(Some(&form(fields))).html
    }

    fn decisions(&self) -> Vec<Decision> {
        self.store.recall(utc(NOW)).unwrap().ledger.decisions
    }
}

fn form(fields: &[(&str, &str)]) -> Ask {
    let mut ask = Ask::default();
    for (name, text) in fields {
        let field = match *name {
            "ask" => &mut ask.ask,
            "do" => &mut ask.act,
            "meeting" => &mut ask.meeting,
            "series" => &mut ask.series,
            "decision" => &mut ask.decision,
            "item" => &mut ask.item,
            "letter" => &mut ask.letter,
            "stands" => &mut ask.stands,
            "date" => &mut ask.date,
            "time" => &mut ask.time,
            "minutes" => &mut ask.minutes,
            "reason" => &mut ask.reason,
            "tell" => &mut ask.tell,
            other => panic!("{other}"),
        };
        *field = (*text).to_owned();
    }
    ask
}

/// The value of a hidden field.
fn hidden(html: &str, name: &str) -> String {
    let at = format!("name=\"{name}\" value=\"");
    html.split(&at).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_else(|| panic!("no {name}: {html}")).to_owned()
}

const CALL: (&str, &str) = ("meeting", "call/20261202T1800");

#[test]
fn looking_and_the_first_press_decide_nothing_and_the_second_decides_what_was_shown() {
    let room = Room::new();
    let page = room.visit(None);
    assert!(page.known && page.html.contains("Tide, for organisers") && page.html.contains("Wednesday 2 December 2026"));
    assert!(page.html.contains("Dana &lt;b&gt;") && page.html.contains("until 20 December 2026"), "{}", page.html);
    let draft = room.ask(&[("ask", "cancel"), CALL]);
    assert!(draft.contains("<h1>Cancel Tide call, Wednesday 2 December 2026, 18:00 UTC</h1>"), "{draft}");
    assert!(draft.contains("CANCELLED Wed 2 Dec 18:00 UTC: Tide call") && draft.contains("This meeting is cancelled:"));
    assert!(draft.contains(
        "It goes to tide@lists.example.org on Friday 20 November 2026, 12:10 UTC; until then everything can be taken back unseen."
    ));
    assert!(room.decisions().is_empty());
    let stands = hidden(&draft, "stands");
    let again = room.ask(&[("ask", "cancel"), CALL, ("do", "show"), ("stands", &stands), ("reason", "Low <tide> & \"storm\".")]);
    assert!(again.contains("Reason: Low &lt;tide&gt; &amp; &quot;storm&quot;.") && again.contains("\">Low &lt;tide&gt;"), "{again}");
    assert!(room.decisions().is_empty());
    let done = room.ask(&[("ask", "cancel"), CALL, ("do", "act"), ("stands", &stands), ("reason", "Low <tide>.\r\nBcc: x\u{202e}")]);
    assert!(
        done.contains("Decided: Cancel Tide call, Wednesday 2 December 2026, 18:00 UTC. The letter goes to tide@lists.example.org on"),
        "{done}"
    );
    let decisions = room.decisions();
    assert_eq!(decisions.len(), 1);
    assert_eq!(decisions[0].verdicts, [(wall("2026-12-02T18:00:00"), Verdict::Cancel)]);
    assert_eq!((&decisions[0].by, decisions[0].tell), (&By::Organiser(dana().to_string()), Tell::List));
    assert_eq!(decisions[0].reason.as_deref(), Some("Low <tide>. Bcc: x"));
    // The page shows it, and takes it back: nobody had heard of it.
    assert!(done.contains("by Dana &lt;b&gt; &lt;dana@example.org&gt;") && done.contains("value=\"take-back\""), "{done}");
    let id = decisions[0].id.to_string();
    let back = room.ask(&[("ask", "take-back"), ("decision", &id)]);
    assert!(back.contains("No letter goes. It was taken back before the list had heard of it."), "{back}");
    let done = room.ask(&[("ask", "take-back"), ("decision", &id), ("do", "act"), ("stands", &hidden(&back, "stands"))]);
    assert!(done.contains("Decided: Take back Tide call"), "{done}");
    assert_eq!(room.decisions()[1].verdicts, [(wall("2026-12-02T18:00:00"), Verdict::Restore)]);
    let twice = room.ask(&[("ask", "take-back"), ("decision", &id), ("do", "act"), ("stands", &hidden(&back, "stands"))]);
    assert!(twice.contains("Nothing of that decision stands any more") && room.decisions().len() == 2, "{twice}");
}

#[test]
fn what_was_changed_meanwhile_is_shown_instead() {
    let room = Room::new();
    let draft = room.ask(&[("ask", "cancel"), CALL]);
    let moved = room.ask(&[("ask", "move"), CALL, ("date", "2026-12-03"), ("time", "19:30"), ("do", "show")]);
    assert!(moved.contains("MOVED to Thu 3 Dec 19:30 UTC: Tide call"), "{moved}");
    let other = [("ask", "move"), CALL, ("date", "2026-12-03"), ("time", "20:00"), ("do", "act")];
    let shown = room.ask(&[&other[..], &[("stands", &hidden(&moved, "stands"))]].concat());
    assert!(
        shown.contains("Date or hour are not those of the letter that was shown.") && shown.contains("MOVED to Thu 3 Dec 20:00 UTC"),
        "{shown}"
    );
    assert!(room.decisions().is_empty());
    let done = room.ask(&[&other[..], &[("stands", &hidden(&shown, "stands")), ("tell", "known")]].concat());
    assert!(done.contains("Decided: Move Tide call") && done.contains("No letter goes, because people know already."), "{done}");
    assert_eq!(room.decisions()[0].tell, Tell::Silently);
    let late = room.ask(&[("ask", "cancel"), CALL, ("do", "act"), ("stands", &hidden(&draft, "stands"))]);
    assert!(late.contains("This was changed after the page was shown. This is how it stands now."), "{late}");
    assert!(late.contains("Thursday 3 December 2026, 20:00 UTC") && room.decisions().len() == 1, "{late}");
}

#[test]
fn a_meeting_is_added_with_its_length_and_what_cannot_be_is_said() {
    let room = Room::new();
    let empty = room.ask(&[("ask", "extra"), ("series", "workshop")]);
    assert!(empty.contains("Choose a date.") && empty.contains("America/Los_Angeles") && empty.contains("value=\"09:00\""), "{empty}");
    for (date, time, minutes, said) in [
        ("2026-11-19", "09:00", "", "2026-11-19 09:00 America/Los_Angeles is past."),
        ("2026-12-07", "09:00", "", "Tide workshop meets then anyway."),
        ("2026-13-01", "09:00", "", "is no date and hour"),
        ("2026-12-09", "half past", "", "&quot;half past&quot; is no hour"),
        ("2026-12-09", "09:00", "9999", "A meeting is from 1 to 1440 minutes long."),
    ] {
        let draft =
            room.ask(&[("ask", "extra"), ("series", "workshop"), ("date", date), ("time", time), ("minutes", minutes), ("do", "act")]);
        assert!(draft.contains(said), "{said}: {draft}");
        assert!(!draft.contains("value=\"act\""), "{said}: {draft}");
    }
    let fields = [("ask", "extra"), ("series", "workshop"), ("date", "2026-12-09"), ("time", "10:00"), ("minutes", "45")];
    let draft = room.ask(&fields);
    assert!(draft.contains("EXTRA Wed 9 Dec 18:00 UTC: Tide workshop"), "{draft}");
    let done = room.ask(&[&fields[..], &[("do", "act"), ("stands", &hidden(&draft, "stands"))]].concat());
    assert!(done.contains("Decided: An extra meeting of Tide workshop"), "{done}");
    assert_eq!(room.decisions()[0].verdicts, [(wall("2026-12-09T10:00:00"), Verdict::Extra { length: TimeDelta::minutes(45) })]);
}

#[test]
fn a_page_of_one_community_reaches_no_other() {
    let mut calendar = tide();
    let mut ebb = calendar.communities[0].clone();
    ebb.id = "ebb".into();
    for series in &mut ebb.series {
        series.id = SeriesId::new("ebb", series.id.series.clone());
    }
    ebb.series[0].id = SeriesId::new("ebb", "secret");
    calendar.communities.push(ebb);
    let room = Room::with(calendar);
    for fields in [
        vec![("ask", "cancel"), ("meeting", "secret/20261202T1800")],
        vec![("ask", "cancel"), ("meeting", "ebb/secret/20261202T1800")],
        vec![("ask", "extra"), ("series", "secret"), ("date", "2026-12-09")],
        vec![("ask", "take-back"), ("decision", "00000000")],
        vec![("ask", "release"), ("item", "x")],
        vec![("ask", "retry"), ("letter", "ebb/list/secret/20261202T1800/reminder/P1D-m0")],
        vec![("ask", "frobnicate")],
        vec![],
    ] {
        let said = room.ask(&[&fields[..], &[("do", "act")]].concat());
        assert!(said.contains("role=\"status\"") && !said.contains("Decided:"), "{fields:?}: {said}");
    }
    assert!(room.decisions().is_empty());
    let foreign = room.token.replacen("tide.", "ebb.", 1);
    assert!(!follow(&room.store, &room.known, &foreign, None, utc(NOW)).unwrap().known);
}

#[test]
fn an_address_that_has_ended_says_so_and_one_organiser_decides_so_much_a_day() {
    let room = Room::new();
    let late =
        follow(&room.store, &room.known, &room.token, Some(&form(&[("ask", "cancel"), CALL])), utc(NOW) + TimeDelta::days(31)).unwrap();
    assert!(late.html.contains("This page has ended") && room.decisions().is_empty());
    let series = &room.known.calendar.communities[0].series[0];
    for number in 0..PER_DAY {
        let verdict = if number % 2 == 0 { Verdict::Cancel } else { Verdict::Restore };
        let at = utc(NOW) + TimeDelta::seconds(number as i64 - 60);
        let by = By::Organiser(dana().to_string());
        let decision = by_hand::decision(series, vec![(wall("2026-12-02T18:00:00"), verdict)], by, None, Tell::List, at);
        room.store.decide(&Decide::Decision(decision), at).unwrap();
    }
    assert_eq!(room.decisions().len(), PER_DAY);
    let draft = room.ask(&[("ask", "cancel"), CALL]);
    let enough = room.ask(&[("ask", "cancel"), CALL, ("do", "act"), ("stands", &hidden(&draft, "stands"))]);
    assert!(enough.contains("that is enough") && room.decisions().len() == PER_DAY, "{enough}");
}

#[test]
fn what_waits_for_an_organiser_stands_on_the_page() {
    let mut calendar = tide();
    calendar.remarks = vec![("tide".into(), Remark::warning(Place::new("tide.toml", 4), "x", "look at <this>."))];
    let item = crate::meeting::action::ActionItem {
        id: "1f2e3d4c".to_owned(),
        series: SeriesId::new("tide", "call"),
        text: "Buy <script>alert(1)</script>".to_owned(),
        owners: Vec::new(),
        done: false,
        first: date("2026-11-04"),
        last: date("2026-11-18"),
        meetings: 2,
        place: Place::new("pad/2026-11-18.md", 3),
        url: None,
        parked: false,
        carried_forward: false,
        trusted: false,
    };
    calendar.items = vec![item].into();
    let room = Room::with(calendar);
    let finding = Finding {
        series: SeriesId::new("tide", "call"),
        origin: SeriesId::new("tide", "call"),
        what: Proposed::Cancel(vec![wall("2026-12-02T18:00:00")]),
        quote: "Cancel the next call".to_owned(),
        place: Place::new("notes/2026-11-18.md", 12),
        url: None,
        note_date: None,
        reason: None,
        announcer: None,
        certain: true,
        trusted: false,
    };
    let at = utc(NOW);
    let proposal = Proposal { id: finding.id(), finding, round: 1, state: ProposalState::Open, opened: at, since: at, decided_by: None };
    room.record(Plan { proposals: vec![proposal], ..Plan::default() });
    let html = room.visit(None).html;
    assert!(
        html.contains("Cancel the next call") && html.contains("Anybody can edit these notes") && html.contains("href=\"/decide/"),
        "{html}"
    );
    assert!(html.contains("Buy &lt;script&gt;alert(1)&lt;/script&gt;") && !html.contains("<script"), "{html}");
    assert!(html.contains("Look at &lt;this&gt;.") && html.contains("href=\"/c/tide/remarks\""));
    let released = room.ask(&[("ask", "release"), ("item", "1f2e3d4c")]);
    assert!(released.contains("Released:") && !released.contains("id=\"items\""), "{released}");
    assert_eq!(room.store.recall(utc(NOW)).unwrap().ledger.closed_items["1f2e3d4c"], ItemVerdict::Released);
}

#[test]
fn letters_that_have_not_left_can_be_held_back_and_sent_again_and_those_of_others_cannot() {
    let room = Room::new();
    let letter = |key: &str, community: &str| Letter {
        key: key.to_owned(),
        kind: Kind::Cancelled,
        community: community.to_owned(),
        message_id: format!("{}@cal.example.org", key.replace('/', ".")),
        from: "cal@example.org".to_owned(),
        to: vec!["tide@lists.example.org".to_owned()],
        subject: format!("CANCELLED <b>: {key}"),
        bytes: b"Subject: x\r\n\r\nBody.\r\n".to_vec(),
        not_before: utc(NOW),
        useful_until: utc("2026-12-02T18:00:00Z"),
        series: None,
        meetings: Vec::new(),
        about: None,
        covers: Vec::new(),
        why: "For a test.".to_owned(),
        expected: Expected::default(),
    };
    let decided = room.store.recall(utc(NOW)).unwrap().decided;
    let (plan, publication) = (Plan::default(), PublicationChange::default());
    let letters = [letter("tide/list/a", "tide"), letter("ebb/list/b", "ebb")];
    let record = Record { now: utc(NOW), decided, plan: &plan, letters: &letters, texts: &[], publication: &publication };
    room.store.record(&record).unwrap().unwrap();
    let html = room.visit(None).html;
    assert!(html.contains("CANCELLED &lt;b&gt;: tide/list/a") && html.contains("To tide@lists.example.org. Waits since"), "{html}");
    assert!(!html.contains("ebb/list/b"), "{html}");
    let fate = |key: &str| room.store.outbox().unwrap().into_iter().find(|row| row.key == key).unwrap().fate;
    assert!(room.ask(&[("ask", "hold"), ("letter", "tide/list/a")]).contains("It is held back until somebody sends it again."));
    assert!(room.ask(&[("ask", "hold"), ("letter", "ebb/list/b")]).contains("There is no such letter any more; nothing changed."));
    assert_eq!((fate("tide/list/a"), fate("ebb/list/b")), (Fate::Held, Fate::Waiting));
    assert!(room.ask(&[("ask", "retry"), ("letter", "tide/list/a")]).contains("It is handed over again, with the same bytes."));
    assert_eq!(fate("tide/list/a"), Fate::Waiting);
}
