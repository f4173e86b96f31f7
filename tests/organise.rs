//! An organiser's own page, from the letter that brings its address to the button that decides, in a running daemon.

#[path = "support/daemon.rs"]
#[allow(dead_code, reason = "not all of it is used here")]
mod daemon;
#[path = "support/day.rs"]
mod day;
#[path = "support/house.rs"]
mod house;
#[path = "support/note.rs"]
mod note;
#[path = "support/orchard.rs"]
mod orchard;

use chrono::TimeDelta;
use daemon::{Answer, Daemon, soon};
use day::today;
use house::{House, Mail};
use note::note;
use orchard::orchard;

const GRAFTING: &str = "/feeds/orchard/grafting.ics";
const AT_ONCE: &str = "letters = \"changes\"\ngrace = \"0 minutes\"\nquiet = \"0 minutes\"";

fn started(settings: &str) -> (House, Daemon) {
    let house = House::new(None);
    orchard(&house, today(), settings);
    let daemon = Daemon::start(&house);
    soon("the first round", || Some(daemon.get(GRAFTING)).filter(|answer| answer.status == 200));
    (house, daemon)
}

/// The path of an organiser's page, by command.
fn page_of(house: &House, organiser: &str) -> String {
    let link = house.well(&["link", organiser]);
    link.trim().strip_prefix("https://cal.example.org").unwrap().to_owned()
}

/// The paths below an address in a letter.
fn paths(mail: &Mail, below: &str) -> Vec<String> {
    let words = mail.body.split_whitespace().filter_map(|word| word.split_once("https://cal.example.org"));
    words.map(|(_, path)| path.to_owned()).filter(|path| path.starts_with(below)).collect()
}

fn hidden(page: &Answer, name: &str) -> String {
    let at = format!("name=\"{name}\" value=\"");
    page.body.split(&at).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_else(|| panic!("no {name}: {}", page.body)).to_owned()
}

/// The grafting team's first meeting, as the page names it.
fn meeting() -> String {
    format!("grafting%2F{}T1800", (today() + TimeDelta::days(3)).format("%Y%m%d"))
}

fn subjects(house: &House) -> Vec<String> {
    let to_list = house.mail().into_iter().filter(|mail| mail.header("To").contains("lists.example.org"));
    to_list.map(|mail| mail.subject().split(' ').next().unwrap().to_owned()).collect()
}

fn cancelled(feed: &Answer) -> bool {
    feed.unfolded().contains("STATUS:CANCELLED")
}

#[test]
fn an_organiser_cancels_moves_and_restores_in_the_browser_and_only_behind_their_link() {
    let (house, daemon) = started(AT_ONCE);
    let page = page_of(&house, "ada@example.org");
    let seen = daemon.get(&page);
    assert_eq!(seen.status, 200);
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-robots-tag", "noindex, nofollow"),
        ("x-content-type-options", "nosniff"),
        ("set-cookie", ""),
    ] {
        assert_eq!(seen.header(name), value, "{name}");
    }
    assert!(seen.header("content-security-policy").contains("frame-ancestors 'none'") && !seen.body.contains("<script"));
    assert!(seen.body.contains("Ada &lt;ada@example.org&gt;") && seen.body.contains("name=\"robots\" content=\"noindex\""));
    assert_ne!(page, page_of(&house, "bo@example.org"), "each has an own one");
    for wrong in [page.replace(".", "x"), page.replacen("orchard.", "cellar.", 1), "/organise/".to_owned() + &"a".repeat(5000)] {
        assert_eq!(daemon.post(&wrong, &format!("ask=cancel&meeting={}&do=act", meeting())).status, 404, "{wrong}");
    }
    assert_eq!(daemon.ask("HEAD", &page, &[], "").status, 200);
    assert_eq!(daemon.ask("DELETE", &page, &[], "").status, 405);
    assert_eq!(daemon.post(&page, &format!("ask=cancel&reason={}", "x".repeat(20_000))).status, 413);
    assert_eq!(daemon.ask("POST", &page, &[("Content-Type", "application/json")], "{}").status, 400);

    let ask = |fields: String| {
        let answer = daemon.post(&page, &fields);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer
    };
    let draft = ask(format!("ask=cancel&meeting={}", meeting()));
    assert!(draft.body.contains("CANCELLED") && draft.body.contains("This meeting is cancelled:"), "{}", draft.body);
    assert!(!cancelled(&daemon.get(GRAFTING)) && subjects(&house).is_empty(), "to look decides nothing");
    let act = format!("ask=cancel&meeting={}&do=act&stands={}", meeting(), hidden(&draft, "stands"));
    let done = ask(format!("{act}&reason=Storm%0D%0ABcc%3A+x%40example.org+%3Cb%3E+%E2%80%AE+%26&tell=list"));
    assert!(done.body.contains("Decided: Cancel Orchard Grafting Team"), "{}", done.body);
    let feed = soon("the feed follows", || Some(daemon.get(GRAFTING)).filter(cancelled));
    assert!(feed.unfolded().contains("Storm Bcc: x@example.org <b>"), "{}", feed.unfolded());
    let letter = soon("the letter", || house.mail().into_iter().find(|mail| mail.subject().starts_with("CANCELLED")));
    assert_eq!((letter.header("Bcc"), letter.header("To")), ("", "orchard@lists.example.org"));
    assert!(daemon.get("/c/orchard/").body.contains("Storm Bcc: x@example.org &lt;b&gt;"));
    assert!(!daemon.get("/c/orchard/changes").body.contains("ada@"), "who decided is nobody's business but the organisers'");
    let twice = ask(format!("{act}&reason=Storm"));
    assert!(twice.body.contains("That is cancelled already.") && !twice.body.contains("Decided:"), "{}", twice.body);

    let draft = ask(format!("ask=restore&meeting={}", meeting()));
    assert!(draft.body.contains("RESTORED"), "{}", draft.body);
    ask(format!("ask=restore&meeting={}&do=act&stands={}", meeting(), hidden(&draft, "stands")));
    soon("it takes place", || Some(daemon.get(GRAFTING)).filter(|feed| !cancelled(feed)));
    soon("the letter", || (subjects(&house) == ["CANCELLED", "RESTORED"]).then_some(()));

    let to = format!("date={}&time=19:30", today() + TimeDelta::days(4));
    let draft = ask(format!("ask=move&meeting={}&do=show&{to}", meeting()));
    // Somebody else decides in between.
    house.well(&["cancel", "orchard/grafting", "--on", &(today() + TimeDelta::days(3)).to_string(), "--already-told"]);
    let late = ask(format!("ask=move&meeting={}&do=act&{to}&stands={}", meeting(), hidden(&draft, "stands")));
    assert!(late.body.contains("This was changed after the page was shown."), "{}", late.body);
    ask(format!("ask=move&meeting={}&do=act&{to}&stands={}", meeting(), hidden(&late, "stands")));
    soon("it is moved", || daemon.get(GRAFTING).unfolded().contains("T193000Z").then_some(()));
    soon("the letter", || (subjects(&house) == ["CANCELLED", "RESTORED", "MOVED"]).then_some(()));
    assert!(daemon.log().lines().all(|line| !line.contains(&page["/organise/".len()..])), "no link is logged");
}

#[test]
fn a_wrong_approval_is_undone_in_one_step_and_letter_feed_and_page_follow() {
    let (house, daemon) = started(AT_ONCE);
    house.write(&format!("notes/{}.md", today()), &note(today()));
    let letter = soon("a proposal", || house.mail().into_iter().find(|mail| mail.header("To").contains("ada@example.org")));
    let approve = paths(&letter, "/decide/").remove(0);
    let own = paths(&letter, "/organise/").remove(0);
    assert!(daemon.get(&own).body.contains("To answer"), "the page lists what is open");
    assert!(daemon.post(&approve, "answer=approve&reason=").body.contains("Approved by"));
    soon("the feed follows", || Some(daemon.get(GRAFTING)).filter(cancelled));
    soon("the letter", || (subjects(&house) == ["CANCELLED"]).then_some(()));

    // One press behind the same link.
    let state = daemon.get(&approve);
    let button = state.body.split("name=\"answer\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().replace(' ', "+");
    assert!(daemon.post(&approve, &format!("answer={button}")).body.contains("Declined by"));
    soon("the feed follows", || Some(daemon.get(GRAFTING)).filter(|feed| !cancelled(feed)));
    soon("the letter", || (subjects(&house) == ["CANCELLED", "RESTORED"]).then_some(()));
    let mail = house.mail();
    let told: Vec<&Mail> = mail.iter().filter(|mail| mail.header("To").contains("lists.example.org")).collect();
    assert_eq!(told[1].header("In-Reply-To"), told[0].header("Message-ID"), "in the same thread");
    let page = daemon.get("/c/orchard/").body;
    assert!(!page.contains("class=\"meeting cancelled\""), "{page}");
    assert!(!daemon.get(&own).body.contains("To answer"), "nothing is asked again");
}

#[test]
fn what_was_approved_by_mistake_can_be_taken_back_on_the_page_unseen() {
    let (house, daemon) = started("letters = \"changes\"\ngrace = \"1 hour\"");
    let day = (today() + TimeDelta::days(3)).to_string();
    house.well(&["cancel", "orchard/grafting", "--on", &day, "--reason", "By mistake."]);
    soon("the feed follows", || Some(daemon.get(GRAFTING)).filter(cancelled));
    let page = page_of(&house, "bo@example.org");
    let decision = hidden(&daemon.get(&page), "decision");
    let draft = daemon.post(&page, &format!("ask=take-back&decision={decision}"));
    assert!(draft.body.contains("No letter goes. It was taken back before the list had heard of it."), "{}", draft.body);
    daemon.post(&page, &format!("ask=take-back&decision={decision}&do=act&stands={}", hidden(&draft, "stands")));
    soon("it takes place", || Some(daemon.get(GRAFTING)).filter(|feed| !cancelled(feed)));
    assert!(house.json(&["outbox", "--json"]).is_empty(), "nobody ever heard of it");
}

#[test]
fn a_link_is_printed_for_organisers_who_are_people() {
    let house = House::new(None);
    orchard(&house, today(), AT_ONCE);
    let refused = |organiser: &str| {
        let output = house.run(&["link", organiser]);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(house.well(&["link", "ADA@example.org"]).starts_with("https://cal.example.org/organise/orchard."));
    assert!(refused("eve@example.org").contains("There are: ada@example.org, bo@example.org."));
    let text = orchard::schedule(today(), AT_ONCE).replace("Bo <bo@example.org>", "bo@googlegroups.com");
    house.write("config/communities/orchard.toml", &text);
    assert!(refused("bo@googlegroups.com").contains("an address that many people read"));
}
