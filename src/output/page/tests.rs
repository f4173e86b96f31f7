use chrono::NaiveDate;

use super::*;
use crate::meeting::action::{ActionItem, MeetingNotes};
use crate::meeting::change::{Finding, Proposal, ProposalState, Proposed, Verdict};
use crate::meeting::series::{JoinLinks, SeriesId};
use crate::output::publication::HTML;
use crate::plan::component::sample::{date, decide, published, tide, utc, wall};
use crate::plan::key::Kind;
use crate::plan::ledger::{Fate, ItemVerdict, Told};
use crate::source::Place;

const NOW: &str = "2026-11-20T12:00:00Z";

/// Every page of a publication, by path.
fn pages(calendar: &Calendar, ledger: &Ledger, now: &str) -> Vec<(String, String)> {
    let publication = published(calendar, ledger, utc(now), None);
    let pages = publication.documents.iter().filter(|(_, document)| document.content_type == HTML);
    pages.map(|(path, document)| (path.clone(), String::from_utf8(document.bytes.to_vec()).unwrap())).collect()
}

fn page(calendar: &Calendar, ledger: &Ledger, now: &str, path: &str) -> String {
    let found = pages(calendar, ledger, now);
    found.into_iter().find(|(name, _)| name == path).unwrap().1
}

fn proposal(trusted: bool) -> Proposal {
    let finding = Finding {
        series: SeriesId::parse("tide/call").unwrap(),
        origin: SeriesId::parse("tide/call").unwrap(),
        what: Proposed::Cancel(vec![wall("2026-12-02T18:00:00")]),
        quote: "the secret words".to_owned(),
        place: Place::new("notes/2026-11-18.md", 12),
        url: None,
        note_date: Some(date("2026-11-18")),
        reason: Some("the secret reason".to_owned()),
        announcer: None,
        certain: true,
        trusted,
    };
    let at = utc(NOW);
    Proposal { id: finding.id(), finding, round: 1, state: ProposalState::Open, opened: at, since: at, decided_by: None }
}

fn item(text: &str, trusted: bool) -> ActionItem {
    ActionItem {
        id: text.chars().take(8).collect(),
        series: SeriesId::parse("tide/call").unwrap(),
        text: text.to_owned(),
        owners: vec!["Kofi".to_owned()],
        done: false,
        first: date("2026-10-07"),
        last: date("2026-11-18"),
        meetings: 4,
        place: Place::new("notes/2026-11-18.md", 20),
        url: Some("https://pad.example.org/2026-11-18".to_owned()),
        parked: false,
        carried_forward: true,
        trusted,
    }
}

/// Our one script, and on a meeting's page what it is for search engines: data, in which no tag can stand.
fn scripts_are_ours(html: &str) -> bool {
    let mut scripts = html.split("<script").skip(1).map(|rest| rest.split_once("</script>").unwrap().0);
    scripts.all(|script| {
        script == " src=\"/time.js\" defer>"
            || script.strip_prefix(" type=\"application/ld+json\">").is_some_and(|data| !data.contains('<'))
    })
}

#[test]
fn every_template_is_read_and_every_page_made() {
    let calendar = tide();
    for (path, html) in pages(&calendar, &Ledger::default(), NOW) {
        assert!(html.ends_with("</html>\n") || html.ends_with("</html>"), "{path}: {html}");
        assert!(html.contains("<h1"), "{path}: {html}");
        assert!(!html.contains("style=") && scripts_are_ours(&html), "{path}");
    }
    assert!(not_found().contains("There is no such page"));
}

#[test]
fn a_community_sees_what_is_coming_in_utc_and_in_its_cities() {
    let html = page(&tide(), &Ledger::default(), NOW, "/c/tide/");
    assert!(html.contains("Monday 7 December 2026") || html.contains("Monday 30 November 2026"), "{html}");
    assert!(html.contains("Wednesday 2 December 2026"));
    assert!(html.contains("<time datetime=\"2026-12-02T18:00:00Z\" data-end=\"2026-12-02T19:00:00Z\" data-as=\"hours\">18:00<span class=\"end\">–19:00 UTC</span></time>"));
    assert!(html.contains(
        "<span>Kolkata</span> <b><time datetime=\"2026-12-02T18:00:00Z\" data-local=\"2026-12-02T23:30\" data-as=\"city\">23:30</time></b>"
    ));
    assert!(html.contains("href=\"https://video.example.org/tide\""));
    assert!(html.contains("Phone: +1 555-010-0199, PIN 828 997 153#"));
    assert!(html.contains("Every two weeks on Wednesday, 18:00 UTC"));
    assert!(html.contains("href=\"/c/tide/subscribe\""));
}

#[test]
fn each_reader_is_given_the_form_it_shows_right() {
    let html = page(&tide(), &Ledger::default(), NOW, "/c/tide/subscribe");
    for address in [
        "href=\"webcal://calendar.example.org/feeds/tide.ics\"",
        "cid=webcal://calendar.example.org/feeds/tide.show.ics\"",
        "href=\"https://outlook.live.com/calendar/0/addfromweb?url=https%3A%2F%2Fcalendar.example.org%2Ffeeds%2Ftide.drop.ics&amp;name=Tide",
        "<code>https://calendar.example.org/feeds/tide.drop.ics</code>",
        "<code>https://calendar.example.org/feeds/tide.ics</code>",
        "href=\"/c/tide/call/subscribe\"",
        "href=\"/subscribe\"",
        "<svg class=\"qr\"",
    ] {
        assert!(html.contains(address), "{address}: {html}");
    }
    let all = page(&tide(), &Ledger::default(), NOW, "/subscribe");
    assert!(all.contains("webcal://calendar.example.org/feeds/all.ics") && all.contains("href=\"/c/tide/subscribe\""), "{all}");
    let one = page(&tide(), &Ledger::default(), NOW, "/c/tide/call/subscribe");
    assert!(one.contains("webcal://calendar.example.org/feeds/tide/call.ics") && !one.contains("One by one"), "{one}");
}

#[test]
fn what_nobody_confirmed_stands_in_no_document_that_is_public() {
    let declined = Proposal { state: ProposalState::Declined, ..proposal(true) };
    // Approved, and its reason left out: then the sentence that holds the reason is not public either.
    let approved = Proposal { state: ProposalState::Approved, ..proposal(true) };
    let mut decision = decide("tide/call", NOW, &[("2026-12-02T18:00:00", Verdict::Cancel)], None);
    decision.proposal = Some(approved.id.clone());
    let untrusted = proposal(false);
    for (proposals, decisions) in
        [(vec![proposal(true)], vec![]), (vec![untrusted], vec![]), (vec![declined], vec![]), (vec![approved], vec![decision.clone()])]
    {
        let ledger = Ledger { proposals, decisions, ..Ledger::default() };
        for (path, document) in published(&tide(), &ledger, utc(NOW), None).documents {
            assert!(!String::from_utf8_lossy(&document.bytes).contains("secret"), "{path}");
        }
    }
}

#[test]
fn a_confirmed_change_names_the_sentence_it_was_decided_by() {
    let mut approved = Proposal { state: ProposalState::Approved, ..proposal(true) };
    approved.finding.quote = "The call is cancelled: a holiday.".to_owned();
    approved.finding.reason = Some("a holiday".to_owned());
    approved.finding.url = Some("https://github.com/tide/notes/blob/main/2026-11-18.md".to_owned());
    let mut decision = decide("tide/call", NOW, &[("2026-12-02T18:00:00", Verdict::Cancel)], Some("a holiday"));
    decision.proposal = Some(approved.id.clone());
    let ledger = Ledger { proposals: vec![approved.clone()], decisions: vec![decision.clone()], ..Ledger::default() };
    let html = page(&tide(), &ledger, NOW, "/c/tide/changes");
    let line = "<a href=\"https://github.com/tide/notes/blob/main/2026-11-18.md?plain=1#L12\" rel=\"noopener noreferrer\">2026-11-18.md, line 12</a>";
    assert!(html.contains("<p>The call is cancelled: a holiday.</p>") && html.contains(line), "{html}");
    approved.finding.trusted = false;
    let ledger = Ledger { proposals: vec![approved], decisions: vec![decision], ..Ledger::default() };
    let html = page(&tide(), &ledger, NOW, "/c/tide/changes");
    assert!(!html.contains("<blockquote>") && !html.contains("github.com") && html.contains("2026-11-18.md, line 12"), "{html}");
}

#[test]
fn what_the_list_was_told_is_announced_under_an_id_that_lasts() {
    let id = |wall_time: &str| crate::meeting::occurrence::OccurrenceId::new(SeriesId::parse("tide/call").unwrap(), wall(wall_time));
    let told = |key: &str, kind, fate| Told {
        key: key.to_owned(),
        kind,
        fate,
        doubts: 0,
        written: utc("2026-11-19T18:00:00Z"),
        message_id: String::new(),
        to: vec!["tide@lists.example.org".to_owned()],
        series: SeriesId::parse("tide/call"),
        meetings: vec![(id("2026-12-02T18:00:00"), utc("2026-12-02T18:00:00Z"))],
        about: None,
        covers: Vec::new(),
        way: Default::default(),
    };
    let letters = [
        told("tide/list/call/20261202T1800/reminder/P1D-m0", Kind::Reminder, Fate::Sent),
        told("tide/list/call/20261202T1800/cancelled/held", Kind::Cancelled, Fate::Held),
        told("tide/list/call/20261202T1800/cancelled/x-rehearsal", Kind::Cancelled, Fate::Sent),
        told("tide/organisers/day/2026-11-19/remarks/x", Kind::Remarks, Fate::Sent),
        told("tide2/list/call/20261202T1800/moved/x", Kind::Moved, Fate::Sent),
    ];
    let ledger = Ledger { told: letters.into_iter().map(|told| (told.key.clone(), told)).collect(), ..Ledger::default() };
    let atom = document(&tide(), &ledger, "/c/tide/announcements.atom");
    assert_eq!(atom.matches("<entry>").count(), 1, "{atom}");
    for part in [
        "<id>tag:calendar.example.org,2026-01-01:/told/tide/list/call/20261202T1800/reminder/P1D-m0</id>",
        "<title>Coming up: Tide call, Wednesday 2 December 2026, 18:00 UTC</title>",
        "<updated>2026-11-19T18:00:00Z</updated>",
        "href=\"https://calendar.example.org/c/tide/call/20261202T1800\"",
    ] {
        assert!(atom.contains(part), "{part}: {atom}");
    }
}

#[test]
fn cancelled_and_moved_meetings_say_so() {
    let decisions = vec![
        decide("tide/call", NOW, &[("2026-12-02T18:00:00", Verdict::Cancel)], Some("A <holiday>.")),
        decide("tide/workshop", NOW, &[("2026-12-07T09:00:00", Verdict::Move { to: wall("2026-12-08T10:30:00") })], None),
    ];
    let ledger = Ledger { decisions, ..Ledger::default() };
    let html = page(&tide(), &ledger, NOW, "/c/tide/");
    assert!(html.contains("<li class=\"meeting cancelled\">") && html.contains("A &lt;holiday&gt;."));
    assert!(html.contains("Moved from <time datetime=\"2026-12-07T17:00:00Z\" data-as=\"short\">Mon 7 Dec 17:00 UTC</time>."));
    let cancelled = page(&tide(), &ledger, NOW, "/c/tide/call/20261202T1800");
    assert!(cancelled.contains("Cancelled") && !cancelled.contains("video.example.org"));
    let next = page(&tide(), &ledger, NOW, "/c/tide/call/next");
    assert!(next.contains("Wednesday 16 December 2026"), "the next one that takes place");
    let changes = page(&tide(), &ledger, NOW, "/c/tide/changes");
    assert!(changes.contains("Cancelled: Wednesday 2 December 2026, 18:00 UTC"));
    assert!(changes.contains("Moved: Monday 7 December 2026, 17:00 UTC, now Tuesday 8 December 2026, 18:30 UTC"));
    assert!(changes.contains("by the organisers, by command") && !changes.contains("dana"));
}

#[test]
fn a_doubt_from_trusted_notes_is_shown_without_their_words() {
    let ledger = Ledger { proposals: vec![proposal(true)], ..Ledger::default() };
    let html = page(&tide(), &ledger, NOW, "/c/tide/");
    assert!(html.contains("Not certain: the notes of 18 November speak of cancelling this meeting; the organisers have not confirmed."));
    assert!(!html.contains("secret"));
    let untrusted = Ledger { proposals: vec![proposal(false)], ..Ledger::default() };
    assert!(!page(&tide(), &untrusted, NOW, "/c/tide/").contains("Not certain"));
}

#[test]
fn items_of_untrusted_notes_stand_nowhere_until_released() {
    let mut calendar = tide();
    calendar.items = vec![item("write <the> guide", true), item("kept until released", false), item("dropped by hand", true)].into();
    calendar.communities[0].omit_people = vec!["Kofi".to_owned()];
    let mut ledger = Ledger::default();
    ledger.closed_items.insert("dropped ".to_owned(), ItemVerdict::Dropped);
    let html = page(&calendar, &ledger, NOW, "/c/tide/items");
    assert!(
        html.contains("write &lt;the&gt; guide")
            && html.contains("in the notes of four meetings")
            && html.contains(">2026-11-18.md, line 20</a>")
            && html.contains("(five weeks)")
    );
    assert!(!html.contains("kept until") && !html.contains("dropped") && !html.contains("Kofi"));
    ledger.closed_items.insert("kept unt".to_owned(), ItemVerdict::Released);
    assert!(page(&calendar, &ledger, NOW, "/c/tide/items").contains("kept until released"));
}

#[test]
fn links_for_the_page_only_are_shown_around_the_meeting_and_not_before() {
    let mut calendar = tide();
    calendar.communities[0].join_links = JoinLinks::Page;
    let at = |now| page(&calendar, &Ledger::default(), now, "/c/tide/call/20261202T1800");
    assert!(!at("2026-12-02T17:39:59Z").contains("video.example.org") && at("2026-12-02T17:39:59Z").contains("20 minutes before"));
    assert!(at("2026-12-02T17:40:00Z").contains("video.example.org"));
    assert!(at("2026-12-02T18:59:59Z").contains("PIN 828"));
    assert!(!at("2026-12-02T19:00:00Z").contains("video.example.org"));
}

#[test]
fn strangers_words_and_links_are_harmless() {
    let mut calendar = tide();
    let series = &mut calendar.communities[0].series[0];
    series.title = "<script>alert('x')</script>\"&".to_owned();
    series.agenda = Some("javascript:alert(1)".to_owned());
    series.join[0].label = Some("\" onclick=\"x".to_owned());
    calendar.notes = vec![MeetingNotes {
        series: SeriesId::parse("tide/call").unwrap(),
        date: NaiveDate::from_ymd_opt(2026, 11, 18).unwrap(),
        title: Some("secret title".to_owned()),
        place: Place::new("notes/x.md", 1),
        url: Some("https://pad.example.org/\"><script>".to_owned()),
        attended: true,
        trusted: false,
    }]
    .into();
    for (path, html) in pages(&calendar, &Ledger::default(), NOW) {
        assert!(
            !html.contains("<script>") && !html.contains("javascript:") && !html.contains("\" onclick") && !html.contains("secret"),
            "{path}"
        );
    }
}

#[test]
fn unchanged_documents_are_the_same_ones_and_bytes_move_with_the_meaning_only() {
    let (calendar, mut ledger) = (tide(), Ledger::default());
    let first = published(&calendar, &ledger, utc(NOW), None);
    ledger.revisions = crate::plan::component::revise(
        &crate::plan::component::components(&calendar, &Verdicts::default(), &ledger.revisions, utc(NOW)),
        &ledger.revisions,
        utc(NOW),
    )
    .into_iter()
    .collect();
    let later = published(&calendar, &ledger, utc("2026-11-21T18:30:00Z"), Some(&first));
    assert_eq!(first.documents.len(), later.documents.len());
    for (path, document) in &first.documents {
        assert!(std::sync::Arc::ptr_eq(document, &later.documents[path]), "{path}");
    }
    ledger.decisions = vec![decide("tide/call", "2026-11-21T18:31:00Z", &[("2026-12-02T18:00:00", Verdict::Cancel)], None)];
    let changed = published(&calendar, &ledger, utc("2026-11-21T18:31:00Z"), Some(&later));
    let differ: Vec<&String> =
        changed.documents.iter().filter(|(path, document)| later.documents.get(*path) != Some(document)).map(|(path, _)| path).collect();
    assert!(differ.iter().any(|path| *path == "/feeds/tide/call.ics"), "{differ:?}");
    assert!(!differ.iter().any(|path| path.contains("workshop")), "{differ:?}");
}

#[test]
fn a_former_id_keeps_its_addresses() {
    let mut calendar = tide();
    calendar.communities[0].series[0].was = vec![SeriesId::parse("tide/old-call").unwrap()];
    let published = published(&calendar, &Ledger::default(), utc(NOW), None);
    for path in [
        "/feeds/tide/old-call.ics",
        "/feeds/tide/old-call.drop.ics",
        "/c/tide/old-call/",
        "/c/tide/old-call/next",
        "/c/tide/old-call/20261202T1800",
    ] {
        assert!(published.documents.contains_key(path), "{path}");
    }
    assert!(!published.documents.keys().any(|path| path.contains("old-workshop")));
}

/// The `<time>` elements of a page: attributes and text, tags within left out.
fn times(html: &str) -> Vec<(String, String)> {
    let parts = html.split("<time ").skip(1);
    let whole = parts.filter_map(|part| part.split_once("</time>")).filter_map(|(time, _)| time.split_once('>'));
    whole
        .map(|(tag, inner)| (tag.to_owned(), inner.replace("<span class=\"end\">", "").replace("<span>", "").replace("</span>", "")))
        .collect()
}

#[test]
fn every_hour_of_a_page_is_that_of_the_zone_it_is_asked_for() {
    let decisions = vec![decide("tide/workshop", NOW, &[("2026-12-07T09:00:00", Verdict::Move { to: wall("2026-12-08T10:30:00") })], None)];
    let ledger = Ledger { decisions, ..Ledger::default() };
    let zones = crate::sources::zoneinfo::embedded();
    let mut seen = 0;
    for name in ["UTC", "Asia/Kolkata", "America/Los_Angeles", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "Etc/GMT+12"] {
        let zone = zones.get(name).unwrap();
        let label = name.rsplit('/').next().unwrap().replace('_', " ");
        for (path, html) in pages(&tide(), &ledger, NOW) {
            let shown = zoned::page(&html, name, &zones);
            for (tag, text) in times(&shown) {
                let of = |name: &str| tag.split_once(&format!("{name}=\"")).map(|(_, rest)| rest.split_once('"').unwrap().0);
                let local = zone.wall(utc(of("datetime").unwrap()));
                let until = of("data-end").map(|end| zone.wall(utc(end)).format("%H:%M").to_string()).unwrap_or_default();
                let date = local.format("%A %-d %B %Y");
                let hour = local.format("%H:%M");
                let wanted = match of("data-as").unwrap() {
                    "hours" => format!("{hour}–{until} {label}"),
                    "big" => format!("{date} {hour}–{until} {label}"),
                    "line" => format!("{date}, {hour} {label}"),
                    "day" => date.to_string(),
                    "short" => format!("{} {label}", local.format("%a %-d %b %H:%M")),
                    "city" => {
                        let there = wall(&format!("{}:00", of("data-local").unwrap()));
                        there.format(if there.date() == local.date() { "%H:%M" } else { "%a %-d %b %H:%M" }).to_string()
                    }
                    "cell" => {
                        let there = wall(&format!("{}:00", of("data-local").unwrap()));
                        local.format(if there.date() == local.date() { "%H:%M" } else { "%a %-d %b %H:%M" }).to_string()
                    }
                    "shift" => continue,
                    other => panic!("{other}"),
                };
                assert_eq!(text, wanted, "{path} in {name}");
                seen += 1;
            }
            // Nothing but hours, the field and our own links is different.
            assert_eq!(shown.matches('<').count(), html.matches('<').count(), "{path}");
            assert_eq!(zoned::page(&shown, "UTC", &zones).matches("data-as").count(), html.matches("data-as").count());
        }
    }
    assert!(seen > 1000, "{seen}");
}

#[test]
fn a_day_is_named_once_in_the_readers_zone() {
    let zones = crate::sources::zoneinfo::embedded();
    let html = page(&tide(), &Ledger::default(), NOW, "/c/tide/");
    for name in ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"] {
        let shown = zoned::page(&html, name, &zones);
        let shown_days: Vec<&str> = shown
            .split("<h3 class=\"day\">")
            .skip(1)
            .map(|part| part.split_once("</time>").unwrap().0.rsplit('>').next().unwrap())
            .collect();
        let mut once = shown_days.clone();
        once.dedup();
        assert!(!once.is_empty() && shown_days == once, "{name}: {shown_days:?}");
        assert_eq!(shown.matches("<h3 class=\"day\"").count(), html.matches("<li class=\"meeting ").count());
    }
}

#[test]
fn a_page_in_a_zone_leads_to_pages_in_that_zone() {
    let zones = crate::sources::zoneinfo::embedded();
    let html = page(&tide(), &Ledger::default(), NOW, "/c/tide/");
    let shown = zoned::page(&html, "etc/gmt+12", &zones);
    assert!(shown.contains("href=\"/c/tide/call/?zone=Etc/GMT%2B12\"") && shown.contains("value=\"Etc/GMT+12\""), "{shown}");
    assert!(shown.contains("href=\"/c/tide/agenda.json\"") && !shown.contains(".ics?zone"));
    let unknown = zoned::page(&html, "Europe/Berln<script>", &zones);
    assert!(unknown.contains("The zone “Europe/Berln&lt;script&gt;” is not known") && unknown.contains("–19:00 UTC"), "{unknown}");
}

#[test]
fn a_series_says_where_the_clocks_make_it_another_hour_than_last_time() {
    let zones = crate::sources::zoneinfo::embedded();
    let html = page(&tide(), &Ledger::default(), "2026-10-28T12:00:00Z", "/c/tide/call/");
    let kolkata = zoned::page(&html, "Asia/Kolkata", &zones);
    assert!(html.contains("<li>Berlin 19:00, one hour earlier than on 21 October.</li>"), "a city of the community: {html}");
    let community = page(&tide(), &Ledger::default(), "2026-10-28T12:00:00Z", "/c/tide/");
    assert_eq!(community.matches("Berlin 19:00, one hour earlier than on 21 October").count(), 1, "of the next meeting only: {community}");
    assert!(kolkata.contains("data-as=\"shift\"></time>"), "{kolkata}");
    let berlin = zoned::page(&html, "Europe/Berlin", &zones);
    assert!(berlin.contains("data-as=\"shift\"></time>"), "said of the city already: {berlin}");
    let paris = zoned::page(&html, "Europe/Paris", &zones);
    assert!(paris.contains("data-as=\"shift\">Paris 19:00, one hour earlier than on 21 October.</time>"), "{paris}");
}

/// A document of the publication as text.
fn document(calendar: &Calendar, ledger: &Ledger, path: &str) -> String {
    let publication = published(calendar, ledger, utc(NOW), None);
    String::from_utf8(publication.documents[path].bytes.to_vec()).unwrap()
}

#[test]
fn programs_see_what_pages_say_and_nothing_more() {
    let mut calendar = tide();
    calendar.items = vec![item("write <the> guide", true), item("kept until released", false)].into();
    calendar.communities[0].omit_people = vec!["Kofi".to_owned()];
    let decisions = vec![
        decide("tide/call", NOW, &[("2026-12-02T18:00:00", Verdict::Cancel)], Some("A <holiday> & more.")),
        decide("tide/workshop", NOW, &[("2026-12-07T09:00:00", Verdict::Move { to: wall("2026-12-08T10:30:00") })], None),
    ];
    let ledger = Ledger { decisions, proposals: vec![proposal(true)], ..Ledger::default() };
    let read = |path: &str| serde_json::from_str::<serde_json::Value>(&document(&calendar, &ledger, path)).unwrap();
    let items = read("/c/tide/items.json");
    assert_eq!((items.as_array().unwrap().len(), &items[0]["text"], &items[0]["meetings"]), (1, &"write <the> guide".into(), &4.into()));
    let changes = read("/c/tide/changes.json");
    let moved = changes.as_array().unwrap().iter().find(|change| change["series"] == "tide/workshop").unwrap();
    assert_eq!(moved["meetings"][0]["start"], "2026-12-07T17:00:00Z");
    assert_eq!(moved["meetings"][0]["to"], "2026-12-08T18:30:00Z");
    let series = read("/c/tide/series.json");
    assert_eq!(series[0]["rhythm"][0], "Every two weeks on Wednesday, 18:00 UTC");
    for path in [
        "/c/tide/items.json",
        "/c/tide/changes.json",
        "/c/tide/changes.atom",
        "/c/tide/announcements.atom",
        "/changes.atom",
        "/c/tide/series.json",
    ] {
        let text = document(&calendar, &ledger, path);
        assert!(
            !text.contains("secret") && !text.contains("Kofi") && !text.contains("dana") && !text.contains("kept until"),
            "{path}: {text}"
        );
    }
    let atom = document(&calendar, &ledger, "/c/tide/changes.atom");
    assert!(atom.contains("<title>Cancelled: Wednesday 2 December 2026, 18:00 UTC: Tide call</title>"), "{atom}");
    assert!(atom.contains("A &lt;holiday&gt; &amp; more.") && atom.contains("<updated>2026-11-20T12:00:00Z</updated>"), "{atom}");
    assert!(atom.contains("href=\"https://calendar.example.org/c/tide/call/20261202T1800\""), "{atom}");
    assert_eq!(document(&calendar, &ledger, "/changes.atom").matches("<entry>").count(), 2);
}

#[test]
fn every_machine_form_is_described_and_every_description_is_published() {
    let api: serde_json::Value = serde_json::from_str(&document(&tide(), &Ledger::default(), "/openapi.json")).unwrap();
    let publication = published(&tide(), &Ledger::default(), utc(NOW), None);
    for path in api["paths"].as_object().unwrap().keys() {
        let filled = path.replace("{community}", "tide").replace("{series}", "call");
        assert!(publication.documents.contains_key(&filled), "{filled}");
    }
    for (schema, path) in [("Meeting", "agenda"), ("Series", "series")] {
        let rows: serde_json::Value =
            serde_json::from_str(&document(&tide(), &Ledger::default(), &format!("/c/tide/{path}.json"))).unwrap();
        let described: Vec<&String> = api["components"]["schemas"][schema]["properties"].as_object().unwrap().keys().collect();
        assert_eq!(rows[0].as_object().unwrap().keys().collect::<Vec<_>>(), described, "{schema}");
    }
}

#[test]
fn a_cancelled_meeting_whose_notes_list_people_is_shown_as_held_after_all() {
    let decisions = vec![decide("tide/call", "2026-11-17T12:00:00Z", &[("2026-11-18T18:00:00", Verdict::Cancel)], None)];
    let ledger = Ledger { decisions, ..Ledger::default() };
    let notes = |attended, trusted| MeetingNotes {
        series: SeriesId::parse("tide/call").unwrap(),
        date: date("2026-11-18"),
        title: None,
        place: Place::new("notes/2026-11-18.md", 1),
        url: None,
        attended,
        trusted,
    };
    let said = |notes: MeetingNotes| {
        let calendar = Calendar { notes: vec![notes].into(), ..tide() };
        page(&calendar, &ledger, NOW, "/c/tide/call/20261118T1800")
            .contains("It was announced as cancelled; its notes list people who were there.")
    };
    assert!(said(notes(true, true)));
    assert!(!said(notes(false, true)), "notes without people do not say that it was held");
    assert!(!said(notes(true, false)), "nor do notes that anybody can edit");
}
