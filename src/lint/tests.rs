//! For each question a schedule that asks for it, and one that only looks like it.

use proptest::prelude::*;

use super::*;
use crate::config;
use crate::meeting::change::{By, Decision, Tell, Verdict};
use crate::meeting::series::{Community, SeriesId};
use crate::meeting::zone::{ZoneVersions, Zones};
use crate::source::{Grade, Text};
use crate::sources::zoneinfo;

/// A Saturday.
const NOW: &str = "2026-11-21T12:00:00Z";

/// A community of one series: Wednesdays at 18:00 UTC, every two weeks.
fn call(lines: &str) -> String {
    ruled("every = \"2 weeks\"\nfrom = 2026-01-14\ntime = \"18:00\"\nzone = \"UTC\"", lines)
}

fn ruled(rule: &str, lines: &str) -> String {
    format!("[[series]]\nid = \"call\"\ntitle = \"Orchard call\"\n{rule}\n{lines}\n")
}

fn read(name: &str, series: &str) -> Community {
    let toml = format!("format = 1\ntitle = \"Orchard\"\norganisers = [\"ana@example.org\"]\n{series}");
    let text = Text::new(format!("communities/{name}.toml"), toml.into_bytes());
    let (community, remarks) = config::community(&text, "cal.example.org", &zoneinfo::embedded());
    community.unwrap_or_else(|| panic!("{remarks:#?}"))
}

fn about(communities: &[Community], decisions: &[Decision], now: &str) -> Vec<Remark> {
    let (verdicts, now): (_, DateTime<Utc>) = (Verdicts::of(decisions), now.parse().unwrap());
    let alone = communities.iter().flat_map(|community| of_community(community, &verdicts, &zoneinfo::embedded(), now.date_naive()));
    alone.chain(of_all(communities, &verdicts, now).into_iter().map(|(_, remark)| remark)).collect()
}

/// The one thing that is asked about a community, as "line code: sentence".
#[track_caller]
fn asked_at(series: &str, now: &str) -> String {
    let found = about(&[read("orchard", series)], &[], now);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].lasting.is_some() && found[0].grade == Grade::Warning, "{found:#?}");
    format!("{} {}: {}", found[0].place.line, found[0].code, found[0].sentence)
}

#[track_caller]
fn asked(series: &str) -> String {
    asked_at(series, NOW)
}

#[track_caller]
fn silent_at(series: &str, now: &str) {
    assert_eq!(about(&[read("orchard", series)], &[], now), [], "{series}");
}

#[track_caller]
fn silent(series: &str) {
    silent_at(series, NOW);
}

fn described(words: &str) -> String {
    call(&format!("description = \"{words}\""))
}

fn in_berlin(words: &str) -> String {
    let rule = "every = \"2 weeks\"\nfrom = 2026-01-14\ntime = \"17:00\"\nzone = \"Europe/Berlin\"";
    ruled(rule, &format!("description = \"{words}\""))
}

#[test]
fn a_series_that_runs_out_within_sixty_days_is_asked_about() {
    let ends = |last: &str| call(&format!("until = {last}"));
    assert_eq!(
        asked_at(&ends("2026-09-30"), "2026-08-01T00:00:00Z"),
        "4 series-ends: The last meeting of \"Orchard call\" is on Wednesday 23 September 2026. If it goes on, give it a later \"until\", or \
         none; if not, write ended = 2026-09-23."
    );
    // Sixty days before the last meeting, not before the written end.
    silent_at(&ends("2026-09-30"), "2026-07-24T00:00:00Z");
    asked_at(&ends("2026-09-30"), "2026-07-25T00:00:00Z");
    silent_at(&call(""), "2026-08-01T00:00:00Z");
    silent_at(&call("until = 2026-09-30\nended = 2026-09-30"), "2026-08-01T00:00:00Z");
}

#[test]
fn a_series_that_has_run_out_is_asked_about_until_it_says_so() {
    let over = call("until = 2026-09-30");
    assert!(asked(&over).starts_with("4 series-ended: \"Orchard call\" has met for the last time on Wednesday 23 September 2026."));
    silent(&call("until = 2026-09-30\nended = 2026-09-30"));
    let later = about(&[read("orchard", &over)], &[], "2027-05-01T00:00:00Z");
    assert_eq!(later.iter().map(|remark| (remark.code, remark.grade)).collect::<Vec<_>>(), [(ending::ENDED, Grade::Advice)]);
}

#[test]
fn a_week_of_sprints_and_a_rule_that_another_follows_may_end() {
    silent(&ruled("every = \"day\"\nfrom = 2026-11-20\nuntil = 2026-11-27\ntime = \"09:00\"\nzone = \"UTC\"", ""));
    silent(&ruled(
        "time = \"18:00\"\nzone = \"UTC\"\n[[series.rule]]\nevery = \"2 weeks\"\nfrom = 2026-01-14\n[[series.rule]]\nevery = \"week\"\n\
         from = 2026-12-02",
        "[[series.break]]\nfrom = 2026-12-20\nto = 2027-01-03",
    ));
}

#[test]
fn two_links_that_nobody_can_tell_apart_are_asked_about() {
    let two = "join = [\"https://meet.example.org/a\", \"https://zoom.us/j/8128821\"]";
    assert!(asked(&call(two)).starts_with("4 two-links: \"join\" leads into more than one room"));
    silent(&call("join = [\"https://meet.example.org/a\", { url = \"https://zoom.us/j/8128821\", label = \"If the other is full\" }]"));
    // The same room twice, and a chat beside a room.
    silent(&call("join = [\"https://zoom.us/j/8128821\", \"https://us02web.zoom.us/j/8128821?pwd=x\"]"));
    silent(&call("join = [\"https://meet.example.org/a\", \"https://discord.gg/abc\"]"));
    silent(&call(&format!("as-meant = [\"two-links\"]\n{two}")));
    let text = |words: &str| call(&format!("description = \"{words}\""));
    assert!(
        asked(&text("Join https://zoom.us/j/8128821, or https://meet.google.com/abc-defg-hij."))
            .contains("The description holds links into more than one room")
    );
    silent(&text("Join https://zoom.us/j/8128821 (numbers: https://zoom.us/u/abc). More: https://example.org/a https://example.org/b"));
}

/// A second series beside the call.
fn beside(rule: &str, title: &str) -> String {
    let join = "join = \"https://zoom.us/j/8128821\"";
    call(join) + &format!("[[series]]\nid = \"other\"\ntitle = \"{title}\"\njoin = \"https://us02web.zoom.us/j/8128821?pwd=x\"\n{rule}\n")
}

#[test]
fn two_meetings_in_one_room_at_once_are_asked_about() {
    let said = asked(&beside("every = \"week\"\nfrom = 2026-01-14\ntime = \"18:30\"\nzone = \"UTC\"", "Orchard triage"));
    assert_eq!(
        said,
        "12 room-shared: \"Orchard triage\" and \"Orchard call\" are in the same room at the same time 6 times in the coming three months, first on \
         Wednesday 2 December 2026 at 18:30 UTC. Give one of them another link or another hour; if they meet together, write as-meant = \
         [\"room-shared\"]."
    );
    // One after the other; in the weeks between; one meeting in two lists.
    silent(&beside("every = \"week\"\nfrom = 2026-01-14\ntime = \"19:00\"\nzone = \"UTC\"", "Orchard triage"));
    silent(&beside("every = \"2 weeks\"\nfrom = 2026-01-07\ntime = \"18:30\"\nzone = \"UTC\"", "Orchard triage"));
    silent(&beside("every = \"2 weeks\"\nfrom = 2026-01-14\ntime = \"18:00\"\nzone = \"UTC\"", "Orchard call"));
    silent(&beside(
        "as-meant = [\"room-shared\"]\nevery = \"week\"\nfrom = 2026-01-14\ntime = \"18:30\"\nzone = \"UTC\"",
        "Orchard triage",
    ));
}

#[test]
fn a_room_that_only_the_description_names_is_a_room() {
    let beside = |words: &str| {
        call("join = \"https://zoom.us/j/8128821\"")
            + &format!(
                "[[series]]\nid = \"other\"\ntitle = \"Orchard triage\"\ndescription = \"{words}\"\nevery = \"week\"\nfrom = 2026-01-14\n\
                 time = \"18:30\"\nzone = \"UTC\"\n"
            )
    };
    assert!(
        asked(&beside("Join us: https://us02web.zoom.us/j/8128821?pwd=x. Notes: https://pad.example.org/x"))
            .starts_with("12 room-shared: ")
    );
    silent(&beside("Join us: https://us02web.zoom.us/j/8128822?pwd=x. Notes: https://pad.example.org/x"));
}

#[test]
fn a_room_shared_by_two_communities_is_told_to_both() {
    let join = "join = \"https://zoom.us/j/8128821\"";
    let found = about(&[read("orchard", &call(join)), read("meadow", &call(join).replace("Orchard call", "Meadow call"))], &[], NOW);
    let said: Vec<(&str, bool)> = found.iter().map(|remark| (&*remark.place.file, remark.sentence.contains("orchard/call"))).collect();
    assert_eq!(said, [("communities/meadow.toml", true), ("communities/orchard.toml", false)]);
}

#[test]
fn a_cancelled_meeting_leaves_its_room_to_the_other() {
    let community = read("orchard", &beside("every = \"52 weeks\"\nfrom = 2026-12-02\ntime = \"18:30\"\nzone = \"UTC\"", "Orchard day"));
    assert_eq!(about(std::slice::from_ref(&community), &[], NOW).len(), 1);
    assert_eq!(about(&[community], &[decided("2026-12-02T18:00:00", Verdict::Cancel)], NOW), []);
}

fn decided(wall: &str, verdict: Verdict) -> Decision {
    let (series, by) = (SeriesId::parse("orchard/call").unwrap(), By::Command("ana".to_owned()));
    let verdicts = vec![(wall.parse().unwrap(), verdict)];
    let at = "2026-11-20T12:00:00Z".parse().unwrap();
    Decision {
        id: Decision::name(&series, &verdicts, &by, at),
        series,
        at,
        by,
        verdicts,
        reason: None,
        tell: Tell::Silently,
        proposal: None,
        amended: None,
    }
}

#[test]
fn an_hour_that_the_rule_does_not_have_is_asked_about() {
    assert_eq!(
        asked(&described("We meet at 17:00 UTC.")),
        "4 hour-in-text: The text of \"Orchard call\" says \"17:00 UTC\"; by its rule it meets at 18:00 UTC. Correct whichever is wrong."
    );
    for words in [
        "Every second Wednesday at 17:00 UTC",
        "Time: 7 pm UTC. Then questions.\\nOpen to all.",
        "It is always at 5 pm Berlin time on Wednesdays.",
        "Every week at 17:00 UTC, open to all.",
        "Every Wednesday, at 17:00 UTC, in Zoom.",
        "Welcome. The meetings are on Wednesdays, 16:00-17:00 UTC.",
    ] {
        assert!(asked(&described(words)).starts_with("4 hour-in-text: "), "{words}");
    }
    let title = call("").replace("Orchard call", "Orchard call (17:00 UTC)");
    assert!(asked(&title).contains("says \"17:00 UTC\""));
}

#[test]
fn an_hour_that_is_right_half_the_year_is_asked_about_with_the_rule_to_write() {
    let rule = "every = \"week\"\nfrom = 2026-01-14\ntime = \"16:00\"\nzone = \"UTC\"";
    let words = "description = \"It is always at 5pm British Time (UTC+1 in the summer, UTC in the winter) on Wednesdays.\"";
    assert_eq!(
        asked(&ruled(rule, words)),
        "4 hour-in-text: The text of \"Orchard call\" says \"5pm British Time\", and that is not so all year: on Wednesday 25 November 2026 it \
         meets at 16:00 in Europe/London, because its rule goes by UTC. If it is to stay at 17:00 in Europe/London, write time = \"17:00\" and \
         zone = \"Europe/London\"; if not, take the hour out of the text."
    );
    assert!(
        asked(&described("18:00 UTC (10am Pacific)"))
            .contains("says \"10am Pacific\", and that is not so all year: on Wednesday 24 March 2027")
    );
    assert!(asked(&in_berlin("Every two weeks, 16:00 UTC.")).contains("on Wednesday 7 April 2027 it meets at 15:00 UTC"));
}

#[test]
fn an_hour_that_is_the_meetings_is_not_asked_about() {
    for words in [
        "We meet at 18:00 UTC.",
        "Every second Wednesday, 6pm UTC, until 19:00 UTC",
        "18:00-19:00 UTC. The second half, from 18:30 UTC, is for questions.",
        "Always at 18:00 UTC (10am PST).",
    ] {
        silent(&described(words));
    }
    for words in [
        "5 pm Berlin time",
        "Every two weeks at 17:00 CET.",
        "17:00 Europe/Berlin",
        "17:00 Berlin time, 11am New York",
        "16:00 UTC in winter, 15:00 UTC in summer",
        "We meet at 16:00 UTC, in summer at 15:00 UTC.",
    ] {
        silent(&in_berlin(words));
    }
}

#[test]
fn hours_of_other_things_are_not_the_meetings() {
    for words in [
        "Bring the list of failures by 12:00 UTC.",
        "Office hours follow at 20:00 UTC.",
        "The docs call is on Tuesdays at 15:00 UTC.",
        "Every proposal closes at 12:00 UTC.",
        "Our sister call is every Tuesday at 15:00 UTC.",
        "We used to meet at 17:00 UTC.",
        "We meet at 18:00 UTC, not at 17:00 UTC.",
        "Nightly builds start at 03:00 UTC; we look at what failed.",
        "We meet at 5 pm.",
        "On 5 December 2026 at 14:00 UTC we meet in person.",
        "Every day a build starts at 03:00 UTC.",
        "Every week at 09:00 UTC a bot posts what failed.",
        "The other teams meet on Tuesdays at 15:00 UTC.",
        "Please join, and note that daily backups at 04:00 UTC slow the wiki down.",
        "Room 17, issue 1700, version 17.00, 2026-12-02.",
    ] {
        silent(&described(words));
    }
    // The hour of another series of the community.
    let rule = "every = \"week\"\nfrom = 2026-01-13\ntime = \"15:00\"\nzone = \"UTC\"";
    silent(&(described("Every week at 15:00 UTC or so, somebody of us is there.") + &ruled(rule, "").replace("call", "docs")));
    silent(&(described("Every week at 15:00 UTC: documentation.") + &ruled(rule, "").replace("call", "docs")));
}

#[test]
fn hours_that_take_turns_are_right_together() {
    let turns = "time = \"16:00\"\nzone = \"UTC\"\nevery = \"2 weeks\"\nfrom = 2026-01-14\n";
    let other = "[[series]]\nid = \"late\"\ntitle = \"Orchard late call\"\ntime = \"22:00\"\nzone = \"UTC\"\nevery = \"2 weeks\"\nfrom = 2026-01-21\n";
    silent(&(ruled(turns, "description = \"Every week at 16:00 UTC and 22:00 UTC in turn.\"") + other));
}

#[test]
fn a_weekday_that_contradicts_rule_or_date_is_asked_about() {
    assert_eq!(
        asked(&described("We meet on Mondays.")),
        "4 weekday-in-text: The text of \"Orchard call\" says Monday; by its rule it meets on Wednesdays. Correct whichever is wrong."
    );
    assert!(asked(&described("Every other Monday. Everybody is welcome.")).starts_with("4 weekday-in-text: "));
    assert!(asked(&call("").replace("Orchard call", "Orchard Monday call")).starts_with("4 weekday-in-text: "));
    let dated = "The text says Tuesday for 25 November 2026, which is a Wednesday. Correct whichever is wrong.";
    assert!(asked(&described("The meeting of Tuesday 25 November 2026 is about pears.")).ends_with(dated));
    assert!(
        asked(&call("[[series.skip]]\ndate = 2026-12-02\nreason = \"The day after Monday, 1 December\""))
            .starts_with("11 weekday-in-text: ")
    );
}

#[test]
fn a_weekday_that_fits_is_not_asked_about() {
    for words in [
        "We meet on Wednesdays.",
        "On Thursdays in Auckland.",
        "Every Wednesday but holidays; notes are sent on Mondays.",
        "Every Monday a bot posts a list.",
        "We meet on Wednesdays, and on Mondays a bot reminds you.",
        "Every Monday somebody updates the agenda.",
        "Send topics by Monday.",
        "Wednesday 25 November 2026 is about pears, Tuesday 24 November 2020 was about plums.",
        "Tuesday 24 November is close.",
    ] {
        silent(&described(words));
    }
    silent(&call("").replace("Orchard call", "Wednesday's call"));
}

fn with_holidays(community: &str, lines: &str) -> String {
    format!("{community}\n{}", ruled("every = \"week\"\nfrom = 2026-01-01\ntime = \"18:00\"\nzone = \"UTC\"", lines))
}

#[test]
fn meetings_on_holidays_are_one_question_a_season() {
    // Thursdays: 24 and 31 December 2026.
    let said = asked_at(&with_holidays("", ""), "2026-11-13T00:00:00Z");
    assert_eq!(
        said,
        "5 holiday: \"Orchard call\" would meet on Thursday 24 December 2026 and Thursday 31 December 2026, when many people are away. If it does, \
         write keeps = [2026-12-24, 2026-12-31] in its [[series]]; if not, skip each, or run: convened cancel orchard/call --on 2026-12-24 --on \
         2026-12-31 --reason TEXT"
    );
    silent_at(&with_holidays("", ""), "2026-11-11T00:00:00Z");
    let found = |now: &str| about(&[read("orchard", &with_holidays("", ""))], &[], now);
    let (first, second) = (found("2026-11-13T00:00:00Z"), found("2026-12-26T00:00:00Z"));
    assert_ne!(first[0].sentence, second[0].sentence, "only what is to come is asked about");
    assert_eq!(first[0].lasting, second[0].lasting, "and it is the same question");
    // Wednesdays: 30 December is no holiday.
    silent_at(&call(""), "2026-12-01T00:00:00Z");
}

#[test]
fn a_skip_a_move_a_break_a_decision_or_keeps_is_an_answer() {
    let now = "2026-12-01T00:00:00Z";
    for answer in [
        "keeps = [2026-12-24, 2026-12-31]",
        "keeps = 2026-12-31\n[[series.skip]]\ndate = 2026-12-24",
        "keeps = 2026-12-31\n[[series.move]]\ndate = 2026-12-24\nto-date = 2026-12-22",
        "[[series.break]]\nfrom = 2026-12-20\nto = 2027-01-06",
        "as-meant = [\"holiday\"]",
        "ended = 2026-12-17",
    ] {
        silent_at(&with_holidays("", answer), now);
    }
    assert!(asked_at(&with_holidays("", "keeps = [2026-12-24]"), now).contains("would meet on Thursday 31 December 2026, when"));
    let kept = read("orchard", &with_holidays("", "keeps = [2026-12-31]"));
    for verdict in [Verdict::Cancel, Verdict::Restore, Verdict::Move { to: "2026-12-25T18:00:00".parse().unwrap() }] {
        assert_eq!(about(std::slice::from_ref(&kept), &[decided("2026-12-24T18:00:00", verdict)], now), []);
    }
}

#[test]
fn a_communitys_own_holidays_are_asked_about() {
    let thanksgiving = with_holidays("holidays = [2026-11-26]", "keeps = [2026-12-24, 2026-12-31]");
    assert!(asked(&thanksgiving).contains("would meet on Thursday 26 November 2026, when many people are away"));
    silent_at(&thanksgiving, "2026-11-27T00:00:00Z");
    silent(&with_holidays("holidays = [2026-11-27]", "keeps = [2026-12-24, 2026-12-31]"));
}

#[test]
fn zone_data_of_last_year_are_spoken_of_from_july_to_whom_they_concern() {
    let versions = ZoneVersions { in_force: "2025b".to_owned(), system: None, embedded: "2025b".to_owned() };
    let zones = Zones::new(versions, Vec::new());
    let said = |series: &str, now: &str| {
        let remarks = of_community(&read("orchard", series), &Verdicts::default(), &zones, now.parse().unwrap());
        remarks.into_iter().map(|remark| remark.code).collect::<Vec<_>>()
    };
    assert_eq!(said(&in_berlin("Open to all."), "2026-07-01"), [zone_data::CODE]);
    assert_eq!(said(&in_berlin("Open to all."), "2026-06-30"), [""; 0]);
    assert_eq!(said(&call(""), "2026-07-01"), [""; 0]);
}

#[test]
fn as_meant_names_codes_that_exist() {
    let found = about(&[read("orchard", &call("as-meant = [\"room-share\"]"))], &[], NOW);
    assert_eq!(found.iter().map(|remark| (remark.code, remark.grade)).collect::<Vec<_>>(), [("as-meant-unknown", Grade::Advice)]);
    assert!(found[0].sentence.ends_with("Did you mean \"room-shared\"?"));
}

#[test]
fn no_remark_quotes_a_link_a_number_or_an_address() {
    let secret = "join = [\"https://zoom.us/j/4711?pwd=secret\", \"https://meet.example.org/hidden\"]\nphone = { number = \"+1 555 0100\", pin = \"9876\" }\n\
                  description = \"We meet on Mondays at 17:00 UTC, https://zoom.us/j/4712?pwd=secret\"";
    let other = beside("every = \"week\"\nfrom = 2026-01-14\ntime = \"18:30\"\nzone = \"UTC\"", "Orchard triage");
    let found = about(&[read("orchard", &call(secret)), read("meadow", &other)], &[], NOW);
    assert!(found.len() > 3, "{found:#?}");
    for remark in found {
        for word in ["secret", "hidden", "471", "9876", "0100", "://", "@"] {
            assert!(!remark.sentence.contains(word), "{remark}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever a text holds, it is read without a panic, and what is said of it holds no control character.
    #[test]
    fn any_title_and_description_can_be_looked_at(title in "\\PC{1,60}", words in prop::collection::vec(any_word(), 0..40)) {
        let mut community = read("orchard", &call("join = \"https://zoom.us/j/8128821\""));
        community.series[0].title = title;
        community.series[0].description = Some(words.concat());
        for remark in about(&[community], &[], NOW) {
            prop_assert!(!remark.sentence.contains('\n'), "{remark}");
        }
    }
}

fn any_word() -> impl Strategy<Value = String> {
    let words = [
        "We meet ",
        "every other ",
        "Monday",
        "s",
        " at ",
        "17:00",
        "5 pm",
        " UTC",
        " Berlin time",
        ", ",
        ".\n",
        "; ",
        "25/11",
        " 25 November",
        " 2026",
        "https://zoom.us/j/1",
        "é",
        "日本 ",
        "UTC+",
        "-14",
        "99:99",
        "PST",
        " (",
        ")",
        "in winter ",
        "24:00 ",
        "\u{202e}",
    ];
    prop_oneof![prop::sample::select(words.to_vec()).prop_map(str::to_owned), "\\PC{0,3}"]
}
