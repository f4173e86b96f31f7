//! Who decides need not know which host plans: by browser, behind a link or by command, on any of them.

use chrono::TimeDelta;

use crate::daemon::{Answer, Daemon, soon};
use crate::day::today;
use crate::house::{House, Mail};
use crate::note::note;
use crate::server::{NAMES, Postgres, leader, without_smtp};
use crate::support::left_out;

const GRAFTING: &str = "/feeds/orchard/grafting.ics";
const AT_ONCE: &str = "letters = \"changes\"\ngrace = \"0 minutes\"\nquiet = \"0 minutes\"";

/// All letters, whichever host sent them.
fn mail(houses: &[House]) -> Vec<Mail> {
    houses.iter().flat_map(House::mail).collect()
}

/// How many letters of each kind the list got: cancelled, restored, moved.
fn told(houses: &[House]) -> [usize; 3] {
    let mail = mail(houses);
    ["CANCELLED", "RESTORED", "MOVED"].map(|word| {
        let to_list = mail.iter().filter(|mail| mail.header("To").contains("lists.example.org"));
        to_list.filter(|mail| mail.subject().starts_with(word)).count()
    })
}

fn paths(mail: &Mail, below: &str) -> Vec<String> {
    let words = mail.body.split_whitespace().filter_map(|word| word.split_once("https://cal.example.org"));
    words.map(|(_, path)| path.to_owned()).filter(|path| path.starts_with(below)).collect()
}

fn hidden(page: &Answer, name: &str) -> String {
    let at = format!("name=\"{name}\" value=\"");
    page.body.split(&at).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_else(|| panic!("no {name}: {}", page.body)).to_owned()
}

#[test]
fn what_is_decided_on_a_host_that_does_not_plan_is_told_once_and_served_by_all() {
    let Some(server) = Postgres::start() else {
        return left_out("hosts", "no PostgreSQL; tests/run installs it");
    };
    let houses = NAMES.map(|name| without_smtp(&server, name, today(), AT_ONCE));
    let daemons = houses.each_ref().map(|house| Some(Daemon::start(house)));
    let all = |what: &str, is: &dyn Fn(&Answer) -> bool| {
        soon(what, || daemons.iter().flatten().all(|daemon| is(&daemon.get(GRAFTING))).then_some(()));
    };
    all("all serve", &|feed| feed.status == 200);
    let plans = leader(&daemons);
    let (one, other) = ((plans + 1) % 3, (plans + 2) % 3);
    let at = |host: usize| daemons[host].as_ref().unwrap();
    let cancelled = |feed: &Answer| feed.unfolded().contains("STATUS:CANCELLED");

    // Behind the link of a proposal.
    for house in &houses {
        house.write(&format!("notes/{}.md", today()), &note(today()));
    }
    let to_ada = || mail(&houses).into_iter().find(|mail| mail.header("To").contains("ada@example.org"));
    let proposal = soon("a proposal", to_ada);
    let approve = paths(&proposal, "/decide/").remove(0);
    soon("another host knows the proposal", || at(one).get(&approve).body.contains("Cancel Orchard Grafting Team").then_some(()));
    let answer = at(one).post(&approve, "answer=approve&reason=");
    assert!(answer.body.contains("Approved by"), "{}", answer.body);
    all("all feeds follow the approval", &cancelled);
    soon("the list is told", || (told(&houses) == [1, 0, 0]).then_some(()));
    // The same button on the third host, pressed by who did not see the first answer: nothing is decided twice.
    assert!(at(other).post(&approve, "answer=approve&reason=").body.contains("Approved by"));

    // On an organiser's page.
    let page = houses[other].well(&["link", "ada@example.org"]);
    let page = page.trim().strip_prefix("https://cal.example.org").unwrap();
    let meeting = format!("grafting%2F{}T1800", (today() + TimeDelta::days(3)).format("%Y%m%d"));
    let draft = soon("the page shows the letter", || {
        let shown = at(other).post(page, &format!("ask=restore&meeting={meeting}"));
        shown.body.contains("RESTORED").then_some(shown)
    });
    let act = format!("ask=restore&meeting={meeting}&do=act&stands={}", hidden(&draft, "stands"));
    let done = at(other).post(page, &act);
    assert!(done.body.contains("Decided: "), "{}", done.body);
    all("all feeds follow the page", &|feed| !cancelled(feed));
    soon("the list is told", || (told(&houses) == [1, 1, 0]).then_some(()));
    assert!(!at(one).post(page, &act).body.contains("Decided: "), "the same button on another host finds it done");

    // By command, on a host that does not plan.
    let (day, new) = (today() + TimeDelta::days(3), today() + TimeDelta::days(4));
    houses[one].well(&["move", "orchard/grafting", "--on", &day.to_string(), "--to", &format!("{new} 19:30")]);
    all("all feeds follow the command", &|feed| feed.unfolded().contains("T193000Z"));
    soon("the list is told", || (told(&houses) == [1, 1, 1]).then_some(()));
    for house in &houses {
        let open = house.json(&["outbox", "--json"]).into_iter().filter(|row| row["fate"] != "sent").count();
        assert_eq!(open, 0, "each host sees the same letters, all sent");
    }
    let feeds: Vec<String> = daemons.iter().flatten().map(|daemon| daemon.get(GRAFTING).body).collect();
    assert!(feeds.iter().all(|feed| *feed == feeds[0]));
    assert_eq!(told(&houses), [1, 1, 1], "each letter once");
}
