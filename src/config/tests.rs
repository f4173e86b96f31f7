//! What a person who writes a schedule is told, and what comes out of one that is right.

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use proptest::prelude::*;

use super::*;
use crate::meeting::chat::{ChatKind, Secret};
use crate::meeting::series::{Attach, ChangesFromNotes, Community, ExceptionKind, JoinLinks, Letters, Replies, SeriesId};
use crate::source::{Grade, Remark, Text};
use crate::sources::zoneinfo;

const DOMAIN: &str = "cal.example.org";

/// A community of one series that meets every two weeks, with lines for the community and for the series put in.
fn orchard(community: &str, series: &str) -> String {
    format!(
        "format = 1\ntitle = \"Orchard\"\norganisers = [\"ann@example.org\"]\n{community}\n[[series]]\nid = \"call\"\ntitle = \"Community call\"\n\
         every = \"2 weeks\"\nfrom = 2026-01-14\ntime = \"18:00\"\nzone = \"UTC\"\n{series}\n"
    )
}

fn read(toml: &str) -> (Option<Community>, Vec<Remark>) {
    super::community(&Text::new("communities/orchard.toml", toml.as_bytes()), DOMAIN, &zoneinfo::embedded())
}

#[track_caller]
fn good(toml: &str) -> Community {
    let (community, remarks) = read(toml);
    assert_eq!(remarks, []);
    community.unwrap()
}

/// The one complaint of a text, as "line code: sentence".
#[track_caller]
fn complaint(toml: &str) -> String {
    let (community, remarks) = read(toml);
    assert_eq!(remarks.len(), 1, "{remarks:#?}");
    assert_eq!(community.is_none(), remarks[0].grade == Grade::Fault);
    format!("{} {}: {}", remarks[0].place.line, remarks[0].code, remarks[0].sentence)
}

#[track_caller]
fn complains(toml: &str, of: &str) {
    let said = complaint(toml);
    assert!(said.contains(of), "{said}");
}

fn codes_of(toml: &str) -> Vec<(u32, &'static str)> {
    read(toml).1.into_iter().map(|remark| (remark.place.line, remark.code)).collect()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A community with one chat that has these lines; the chat stands on line 5, `id` on line 6.
fn with_chat(lines: &str) -> String {
    orchard(&format!("[[chat]]\nid = \"dev\"\n{lines}"), "")
}

#[test]
fn a_chat_takes_three_lines_and_hears_of_everything() {
    let chat = good(&with_chat("kind = \"zulip\"\nurl-file = \"/etc/convened/chat-dev\"")).chats.remove(0);
    assert_eq!((&*chat.id, chat.kind, chat.letters, &chat.remind), ("dev", ChatKind::Zulip, Letters::Reminders, &None));
    assert_eq!(chat.address, Secret::File("/etc/convened/chat-dev".to_owned()));
    assert!(chat.hears_of(&SeriesId::new("orchard", "call")) && chat.time_out.as_secs() == 30);
    let lines = "kind = \"discord\"\nurl-credential = \"chat-dev\"\nseries = [\"call\"]\nremind = [\"1 hour\", \"1 day\"]\ntime-out = \"5 seconds\"";
    let chat = good(&with_chat(lines)).chats.remove(0);
    assert_eq!((&chat.address, chat.time_out.as_secs()), (&Secret::Credential("chat-dev".to_owned()), 5));
    assert_eq!(chat.remind, Some(vec![TimeDelta::days(1), TimeDelta::hours(1)]));
    assert!(chat.hears_of(&SeriesId::new("orchard", "call")) && !chat.hears_of(&SeriesId::new("orchard", "other")));
}

#[test]
fn the_address_of_a_chat_is_a_secret_and_stands_in_no_file_that_is_shown() {
    let slack = "kind = \"slack\"\n";
    let url = format!("{slack}url = \"https://hooks.example.org/sesame\"");
    complains(&with_chat(&url), "7 bad-credential: The address of a chat is a secret and does not belong into this file.");
    assert!(!complaint(&with_chat(&url)).contains("sesame"));
    complains(&with_chat(slack), "4 missing: [[chat]] does not say where its address is kept");
    complains(&with_chat(&format!("{slack}url-file = \"a\"\nurl-credential = \"b\"")), "8 bad-credential: [[chat]] names both");
    complains(&with_chat(&format!("{slack}url-credential = \"../b\"")), "7 bad-credential");
}

#[test]
fn what_is_wrong_with_a_chat_is_said() {
    let file = "kind = \"slack\"\nurl-file = \"a\"\n";
    complains(&with_chat("url-file = \"a\""), "4 missing: [[chat]] does not say \"kind\"");
    complains(&with_chat("kind = \"slak\"\nurl-file = \"a\""), "Did you mean \"slack\"?");
    complains(&with_chat(&format!("{file}series = [\"calls\"]")), "8 unknown-series: \"calls\" of \"series\" in [[chat]] names");
    complains(&with_chat(&format!("{file}series = []")), "8 unknown-series: series = [] names none");
    complains(&with_chat(&format!("{file}letters = \"none\"")), "8 unknown-word");
    complains(&with_chat(&format!("{file}letters = \"changes\"\nremind = [\"1 day\"]")), "9 no-effect");
    complains(&with_chat(&format!("{file}channel = \"dev\"")), "8 unknown-key: [[chat]] has no setting \"channel\"");
    let twice = format!("{file}[[chat]]\nid = \"dev\"\n{file}");
    complains(&with_chat(&twice), "9 double-id: The chat \"dev\" stands twice in this file, first on line 4.");
    complains(&with_chat(file).replace("\"dev\"", "\"De v\""), "5 bad-id");
}

#[test]
fn a_community_in_ten_lines_has_sensible_defaults() {
    let community = good(&orchard("", ""));
    assert_eq!((&*community.id, community.title.as_str()), ("orchard", "Orchard"));
    assert_eq!(community.changes_from_notes, ChangesFromNotes::Ask);
    assert_eq!(community.join_links, JoinLinks::Public);
    assert_eq!(community.letters_a_day, 6);
    assert_eq!((community.letters_a_week, community.grace, community.quiet), (2, TimeDelta::minutes(10), TimeDelta::minutes(30)));
    let series = &community.series[0];
    assert_eq!(series.letters, Letters::None);
    assert_eq!(series.remind, [TimeDelta::days(1)]);
    let rule = &series.rules[0];
    assert_eq!(rule.uid, "orchard-call-20260114@cal.example.org");
    assert_eq!((rule.from, rule.until, rule.length), (day("2026-01-14"), None, TimeDelta::hours(1)));
    assert_eq!(rule.time, NaiveTime::from_hms_opt(18, 0, 0).unwrap());
    assert_eq!(rule.zone.name(), "UTC");
}

#[test]
fn everything_that_can_be_said_is_read() {
    let community = good(
        r##"
format = 1
title = "Orchard"
home = "https://orchard.example.org"
code-of-conduct = "https://orchard.example.org/conduct"
contact = "Orchard <team@example.org>"
organisers = ["Ann Example <ann@example.org>", "ben@example.org"]
sender = "calendar@example.org"
colour = "#0A7A3B"
changes-from-notes = "apply"
apply-after = "3 hours"
publish-reasons = true
join-links = "page"
link-hosts = ["example.org"]
owners-in-letters = false
omit-people = ["Cleo"]
rehearsal = true
paused-until = 2026-02-01
letters-a-week = 3
letters-a-day = 5
grace = "5 minutes"
quiet = "1 hour"
list = "dev@lists.example.org"
letters = "changes"
remind = ["1 day", "1 week"]
duration = "90 minutes"
zone = "Europe/Berlin"

[cities]
"San Francisco" = "America/Los_Angeles"
Berlin = "Europe/Berlin"

[[notes]]
folder = "notes/orchard"
series = "call"
trusted = true
url = "https://example.org/notes/{path}"

[[series]]
id = "call"
title = "Community call"
called = ["big call"]
was = ["gathering"]
description = "Bring questions.\nJoin https://meet.example.org/orchard"
join = [{ url = "https://meet.example.org/orchard", label = "Video" }, "https://backup.example.org/"]
phone = { number = "+1 555 0100", pin = "123 456#" }
agenda = "https://example.org/agenda"
letters = "reminders"
every = "2 weeks"
from = 2026-01-14
time = "18:00"
"##,
    );
    assert_eq!(community.changes_from_notes, ChangesFromNotes::Apply { after: TimeDelta::hours(3) });
    assert_eq!(community.colour.as_deref(), Some("#0a7a3b"));
    let cities: Vec<(&str, &str)> = community.cities.iter().map(|city| (city.name.as_str(), city.zone.name())).collect();
    assert_eq!(cities, [("San Francisco", "America/Los_Angeles"), ("Berlin", "Europe/Berlin")]);
    assert_eq!(community.notes[0].series.as_ref().map(ToString::to_string).as_deref(), Some("orchard/call"));
    let series = &community.series[0];
    assert_eq!(series.list.as_ref().map(|list| list.email.as_str()), Some("dev@lists.example.org"));
    assert_eq!((series.letters, series.remind.as_slice()), (Letters::Reminders, [TimeDelta::weeks(1), TimeDelta::days(1)].as_slice()));
    assert_eq!((series.join.len(), series.join[0].label.as_deref()), (2, Some("Video")));
    assert_eq!(series.rules[0].length, TimeDelta::minutes(90));
    assert_eq!(series.rules[0].zone.name(), "Europe/Berlin");
    assert_eq!(series.rules[0].uid, "orchard-gathering-20260114@cal.example.org", "a renamed series keeps the UIDs of its oldest id");
}

#[test]
fn rules_follow_each_other_and_each_ends_the_day_before_the_next() {
    let community = good(
        r#"
format = 1
title = "Orchard"
changes-from-notes = "ignore"
[[series]]
id = "call"
title = "Call"
zone = "UTC"
[[series.rule]]
every = "week"
from = 2026-06-03
time = "17:00"
uid = "brought@example.org"
[[series.rule]]
every = "2 weeks"
from = 2026-01-14
time = "18:00"
duration = "2 hours"
"#,
    );
    let rules = &community.series[0].rules;
    let told: Vec<_> = rules.iter().map(|rule| (rule.from, rule.until, rule.uid.as_str())).collect();
    assert_eq!(
        told,
        [
            (day("2026-01-14"), Some(day("2026-06-02")), "orchard-call-20260114@cal.example.org"),
            (day("2026-06-03"), None, "brought@example.org")
        ]
    );
}

#[test]
fn a_rotation_gives_each_turn_its_rule_and_never_shifts() {
    let community = good(
        r#"
format = 1
title = "Orchard"
changes-from-notes = "ignore"
[[series]]
id = "call"
title = "Call"
[[series.skip]]
date = 2026-01-21
[[series]]
id = "triage"
title = "Triage"
duration = "30 minutes"
[[rotation]]
every = "week"
from = 2026-01-07
time = "18:00"
zone = "UTC"
series = ["triage", "call", "call"]
"#,
    );
    let dates = |at: usize| {
        let mut dates: Vec<String> = community.series[at]
            .rules
            .iter()
            .flat_map(|rule| rule.walls(day("2026-01-01"), day("2026-02-11")))
            .map(|wall| wall.date().to_string())
            .collect();
        dates.sort();
        dates
    };
    assert_eq!(dates(0), ["2026-01-14", "2026-01-21", "2026-02-04", "2026-02-11"]);
    assert_eq!(dates(1), ["2026-01-07", "2026-01-28"]);
    assert_eq!(community.series[0].rules.len(), 2);
    assert_eq!(community.series[1].rules[0].length, TimeDelta::minutes(30));
    assert_eq!(community.series[0].exceptions.len(), 1);
}

#[test]
fn a_rotation_takes_over_from_an_earlier_rule() {
    let rotation = "[[rotation]]\nevery = \"week\"\nfrom = 2026-03-04\ntime = \"17:00\"\nzone = \"UTC\"\nseries = [\"call\", \"call\"]";
    let community = good(&orchard("", rotation));
    let told: Vec<_> = community.series[0].rules.iter().map(|rule| (rule.from, rule.until)).collect();
    assert_eq!(told, [(day("2026-01-14"), Some(day("2026-03-03"))), (day("2026-03-04"), None), (day("2026-03-11"), None)]);
}

#[test]
fn a_count_becomes_the_date_of_the_last_meeting() {
    let toml = orchard("", "").replace("every = \"2 weeks\"", "rrule = \"FREQ=WEEKLY;COUNT=3\"");
    assert_eq!(good(&toml).series[0].rules[0].until, Some(day("2026-01-28")));
    let toml = orchard("", "").replace("every = \"2 weeks\"", "rrule = \"FREQ=WEEKLY;UNTIL=20260128T175959Z\"");
    assert_eq!(good(&toml).series[0].rules[0].until, Some(day("2026-01-21")));
}

#[test]
fn single_dates_are_skipped_moved_added_and_broken() {
    let community = good(&orchard(
        "",
        r#"
[[series.skip]]
date = 2026-01-28
reason = "conference"
[[series.move]]
date = 2026-02-11
to-date = 2026-02-12
to-time = "19:00"
[[series.extra]]
date = 2026-02-18
[[series.break]]
from = 2026-12-20
to = 2027-01-03
reason = "holidays"
"#,
    ));
    let at = |date: &str, hour| day(date).and_hms_opt(hour, 0, 0).unwrap();
    let told: Vec<_> = community.series[0].exceptions.iter().map(|exception| exception.what.clone()).collect();
    assert_eq!(
        told,
        [
            ExceptionKind::Skip { date: day("2026-01-28") },
            ExceptionKind::Move { date: day("2026-02-11"), to: at("2026-02-12", 19) },
            ExceptionKind::Extra { at: at("2026-02-18", 18), length: TimeDelta::hours(1) },
            ExceptionKind::Break { from: day("2026-12-20"), to: day("2027-01-03") },
        ]
    );
    assert_eq!(community.series[0].exceptions[0].reason.as_deref(), Some("conference"));
}

#[test]
fn a_skip_that_hits_no_meeting_names_the_nearest_one() {
    let said = complaint(&orchard("", "[[series.skip]]\ndate = 2026-01-27"));
    assert_eq!(
        said,
        "13 no-meeting: \"Community call\" does not meet on Tuesday 27 January 2026 (2026-01-27). \
         The nearest meeting is on Wednesday 28 January 2026 (2026-01-28): write that date, or take this out."
    );
    complains(&orchard("", "ended = 2026-02-01\n[[series.move]]\ndate = 2026-02-11\nto-time = \"17:00\""), "2026-01-28");
}

#[test]
fn a_rule_that_does_not_begin_on_a_date_of_its_own_names_the_first_one() {
    let toml = orchard("", "").replace("2 weeks", "2 weeks on Wednesday").replace("2026-01-14", "2026-01-13");
    complains(&toml, "9 first-date: [[series]] begins on 2026-01-13, which is no date of its own rule. Write from = 2026-01-14");
    let rotation = "[[rotation]]\nevery = \"week on Friday\"\nfrom = 2027-03-04\ntime = \"17:00\"\nzone = \"UTC\"\nseries = [\"call\"]";
    complains(&orchard("", rotation), "14 first-date: The rotation begins on 2027-03-04");
}

#[test]
fn an_unknown_setting_is_answered_with_the_nearest_one() {
    assert_eq!(
        complaint(&orchard("contcat = \"a@example.org\"", "")),
        "4 unknown-key: The community has no setting \"contcat\". Did you mean \"contact\"?"
    );
    complains(&orchard("link_hosts = []", ""), "\"link-hosts\"");
    complains(&orchard("", "tz = \"UTC\""), "12 unknown-key: [[series]] has no setting \"tz\". Did you mean \"zone\"?");
    complains(
        &orchard("", "[[series.skip]]\ndate = 2026-01-28\nraeson = \"x\""),
        "14 unknown-key: [[series.skip]] has no setting \"raeson\". Did you mean \"reason\"?",
    );
}

#[test]
fn an_unknown_word_is_answered_with_the_nearest_one() {
    complains(
        &orchard("changes-from-notes = \"asks\"", ""),
        "4 unknown-word: \"changes-from-notes\" in the community is \"asks\"; it can be \"ask\", \"apply\", \"ignore\". Did you mean \"ask\"?",
    );
    complains(
        &orchard("[[notes]]\nfolder = \"n\"\nseries = \"cal\"", ""),
        "6 unknown-series: \"series\" in [[notes]] names \"cal\", and this community has no series of that id. Did you mean \"call\"?",
    );
}

#[test]
fn a_zone_that_is_none_or_several_is_refused_with_what_to_write() {
    let zone = |name: &str| complaint(&orchard("", "").replace("\"UTC\"", &format!("\"{name}\"")));
    assert!(zone("Europe/Berln").contains("Europe/Berlin"));
    assert!(zone("EST").contains("an abbreviation and no place. Write \"America/New_York\""));
    for (written, meant) in [("PST", "America/Los_Angeles"), ("CET", "Europe/Berlin"), ("BST", "Europe/London"), ("IST", "Asia/Kolkata")] {
        assert!(zone(written).contains(meant), "{}", zone(written));
    }
    assert!(zone("India Standard Time").contains("\"Asia/Kolkata\""), "a Windows name is answered with its place, under its present name");
    assert!(zone("PST8PDT").contains("America/Los_Angeles"));
    assert!(zone("Etc/GMT+8").starts_with("11 zone-trap: \"Etc/GMT+8\" is behind UTC"));
    let toml = orchard("", "").replace("zone = \"UTC\"", "");
    complains(
        &toml,
        "5 missing: [[series]] does not say \"zone\". Write, for example: zone = \"UTC\" (nothing is taken from this machine)",
    );
}

#[test]
fn all_complaints_of_a_file_are_collected() {
    let toml = orchard(
        "colour = \"green\"\nletters-a-week = 0\nhome = \"javascript:x\"\nrehearsal = \"yes\"",
        "join = \"ftp://example.org\"\nremind = [\"soon\"]",
    );
    let told = codes_of(&toml);
    assert_eq!(told, [(4, "bad-colour"), (5, "bad-number"), (6, "bad-link"), (7, "wrong-type"), (15, "bad-link"), (16, "bad-duration")]);
}

#[test]
fn slips_of_syntax_are_told_with_their_line() {
    complains("format = 1\ntitle = Orchard\n", "2 not-toml: This line is not TOML. A text has to stand in quotes.");
    complains("format = 1\nformat = 1\n", "2 not-toml: This line is not TOML. This name was already given a value above");
    complains("format = 1\ntitle = \"x\n", "2 not-toml");
    let (community, remarks) =
        super::community(&Text::new("communities/orchard.toml", &b"format = 1\n\ntitle = \"\xff\"\n"[..]), DOMAIN, &zoneinfo::embedded());
    assert!(community.is_none());
    assert_eq!((remarks[0].place.line, remarks[0].code), (3, "not-text"));
}

#[test]
fn a_file_without_format_or_of_another_one_is_not_read_further() {
    complains("title = \"x\"\nnonsense = 1\n", "1 missing: The community does not say \"format\"");
    complains("format = 2\nnonsense = 1\n", "1 format: \"format\" is 2");
}

#[test]
fn somebody_has_to_be_there_to_be_asked() {
    let none = |toml: &str| complaint(&toml.replace("organisers = [\"ann@example.org\"]\n", ""));
    assert!(none(&orchard("", "")).contains("no-organisers"));
    assert!(none(&orchard("changes-from-notes = \"apply\"", "")).contains("3 no-organisers"));
    assert!(none(&orchard("changes-from-notes = \"ignore\"\nrehearsal = true", "")).contains("4 no-organisers"));
}

#[test]
fn an_organiser_that_is_a_list_is_refused() {
    complains(&orchard("", "list = \"Ann@example.org\"\nletters = \"changes\""), "3 organiser-is-list");
}

#[test]
fn an_organiser_at_a_host_of_lists_is_warned_of() {
    let text = orchard("", "").replace("ann@example.org", "ann@googlegroups.com");
    complains(&text, "3 organiser-is-public");
    complains(&orchard("", "letters = \"reminders\""), "12 no-list");
}

#[test]
fn links_lead_only_to_hosts_that_are_allowed() {
    complains(&orchard("", "join = \"http://meet.example.org/x\""), "12 link-host");
    complains(
        &orchard("link-hosts = [\"example.org\"]", "join = \"https://example.com/x\""),
        "12 link-host: The join link leads to example.com, which is not among the link-hosts",
    );
    good(&orchard("link-hosts = [\"example.org\"]", "join = \"http://meet.example.org/x\""));
}

#[test]
fn a_password_in_a_public_link_is_pointed_out() {
    let join = "join = \"https://meet.example.org/j/1?x=1&pwd=abc\"";
    complains(&orchard("", join), "12 link-password");
    good(&orchard("join-links = \"page\"", join));
}

#[test]
fn a_description_that_leads_to_another_room_is_pointed_out() {
    let series = "join = \"https://zoom.us/j/88162\"\ndescription = \"Zoom: https://us06web.zoom.us/j/81261.\"";
    complains(&orchard("", series), "13 links-differ: The description leads into another room (at us06web.zoom.us) than \"join\" does.");
    good(&orchard(
        "",
        "join = \"https://zoom.us/j/88162\"\ndescription = \"Zoom: https://zoom.us/j/88162?x=1, see https://example.org/more\"",
    ));
    // The same room at another of the provider's hosts, and a page of its phone numbers.
    good(&orchard(
        "",
        "join = \"https://zoom.us/j/88162\"\ndescription = \"https://us06web.zoom.us/j/88162 or by phone: https://zoom.us/u/abc\"",
    ));
    good(&orchard("as-meant = [\"links-differ\"]", series));
}

#[test]
fn one_slip_is_one_complaint() {
    let misspelt = orchard("", "").replacen("title = ", "titel = ", 1);
    complains(&misspelt, "2 unknown-key: The community has no setting \"titel\". Did you mean \"title\"?");
    let no_zone = orchard("zone = \"PST\"", "").replacen("zone = \"UTC\"\n", "", 1);
    complains(&no_zone, "4 bad-zone: \"zone\" in the community is \"PST\"");
    let address = orchard("", "").replacen("\"ann@example.org\"", "\"ann@example.org\", \"bo at example.org\"", 1);
    complains(&address, "3 bad-address: An entry of \"organisers\" in the community is \"bo at example.org\"; write an address as");
}

#[test]
fn holidays_and_dates_kept_are_lists_of_dates() {
    let community = good(&orchard("holidays = [2026-05-01, \"2026-11-26\"]", "keeps = 2026-12-30\nas-meant = \"room-shared\""));
    assert_eq!(community.holidays, [day("2026-05-01"), day("2026-11-26")]);
    assert_eq!((&*community.series[0].keeps, &*community.series[0].as_meant), (&[day("2026-12-30")][..], &["room-shared".to_owned()][..]));
    complains(&orchard("holidays = [2026-05-01, \"May\"]", ""), "4 bad-date: A date of \"holidays\" in the community is \"May\"");
    complains(&orchard("", "keeps = [\n2026-12-30,\n2026-12-24]"), "14 no-meeting: \"Community call\" keeps Thursday 24 December 2026");
}

#[test]
fn control_characters_are_refused_everywhere() {
    for line in [
        "contact = \"Eve\\r\\nBcc: x <e@example.org>\"",
        "home = \"https://example.org/\\u0000\"",
        "omit-people = [\"a\\u001bb\"]",
        "[cities]\n\"a\\nb\" = \"UTC\"",
        "[[notes]]\nfolder = \"a\\u0000\"",
        "list = \"a\\n@example.org\"",
    ] {
        let (community, remarks) = read(&orchard(line, ""));
        assert!(community.is_none(), "{line}: {remarks:?}");
        assert!(remarks.iter().all(|remark| !remark.sentence.chars().any(char::is_control)), "{remarks:?}");
    }
    for line in [
        "called = [\"\\u202e\"]",
        "uid = \"a\\nb\"",
        "description = \"a\\u0007\"",
        "join = [{ url = \"https://example.org/\", label = \"a\\nb\" }]",
    ] {
        assert!(read(&orchard("", line)).0.is_none(), "{line}");
    }
}

#[test]
fn an_id_and_a_uid_belong_to_one_series() {
    let again = "[[series]]\nid = \"call\"\ntitle = \"Second\"\nevery = \"week\"\nfrom = 2026-01-15\ntime = \"18:00\"\nzone = \"UTC\"";
    complains(&orchard("", again), "13 double-id: The series \"call\" stands twice in this file, first on line 5");
    let twin = again.replace("\"call\"", "\"other\"").replace("zone =", "uid = \"x@y\"\nzone =");
    complains(&orchard("", &format!("uid = \"x@y\"\n{twin}")), "double-uid");
    complains(&orchard("", &again.replace("id = \"call\"", "id = \"other\"\nwas = [\"call\"]")), "12 double-id");
    complains(&orchard("", "").replace("id = \"call\"", "id = \"Call!\""), "6 bad-id");
}

#[test]
fn uids_of_two_communities_may_not_meet() {
    let (community, _) = read(&orchard("", ""));
    let community = community.unwrap();
    assert_eq!(together(std::slice::from_ref(&community)), []);
    let remarks = together(&[community.clone(), community]);
    assert_eq!(remarks.iter().map(|remark| remark.code).collect::<Vec<_>>(), ["double-uid"]);
}

#[test]
fn a_series_meets_by_one_rule_at_a_time() {
    let plain = orchard("", "");
    complains(&plain.replace("every = \"2 weeks\"\n", ""), "5 missing: [[series]] does not say how often it meets");
    complains(&plain.replace("every = \"2 weeks\"", "every = \"fortnightish\""), "8 bad-rule");
    complains(&plain.replace("every = \"2 weeks\"", "every = \"week\"\nrrule = \"FREQ=WEEKLY\""), "9 two-rules");
    complains(&plain.replace("every = \"2 weeks\"\nfrom = 2026-01-14\n", ""), "8 no-rule: \"time\" alone makes no rule");
    complains(
        &orchard("", "[[series.rule]]\nevery = \"week\"\nfrom = 2026-01-14"),
        "9 two-rules: \"from\" stands in [[series]] beside [[series.rule]]",
    );
    complains(&orchard("", "until = 2026-01-01"), "12 dates-crossed");
    complains(&plain.replace("every = \"2 weeks\"\nfrom = 2026-01-14\ntime = \"18:00\"\nzone = \"UTC\"\n", ""), "5 no-rule");
}

#[test]
fn dates_that_contradict_each_other_are_refused() {
    complains(&orchard("", "[[series.break]]\nfrom = 2026-02-02\nto = 2026-02-01"), "14 dates-crossed");
    complains(&orchard("", "[[series.break]]\nfrom = 2026-01-15\nto = 2026-01-20"), "13 no-meeting");
    complains(&orchard("", "[[series.extra]]\ndate = 2026-01-28"), "13 double-date");
    complains(&orchard("", "[[series.move]]\ndate = 2026-01-28\nto-time = \"18:00\""), "13 no-effect");
    complains(&orchard("", "[[series.move]]\ndate = 2026-01-28"), "12 missing");
    let skip = "[[series.skip]]\ndate = 2026-01-28\n";
    complains(&orchard("", &format!("{skip}{skip}")), "14 double-date");
    complains(&orchard("", &format!("{skip}[[series.move]]\ndate = 2026-01-28\nto-time = \"17:00\"")), "14 double-date");
    complains(&orchard("", "[[series.skip]]\ndate = 2026-02-30"), "13 not-toml");
    complains(
        &orchard("", "[[series.skip]]\ndate = \"2026-02-30\""),
        "13 bad-date: \"date\" in [[series.skip]] is 2026-02-30, a day that does not exist.",
    );
    complains(&orchard("", "[[series.skip]]\ndate = 2026-01-28T18:00:00Z"), "13 bad-date");
}

#[test]
fn a_rotation_that_cannot_be_shared_is_refused() {
    let rotation = |every: &str, series: &str| {
        format!("[[rotation]]\nevery = \"{every}\"\nfrom = 2027-03-04\ntime = \"17:00\"\nzone = \"UTC\"\nseries = {series}")
    };
    complains(&orchard("", &rotation("week", "[\"cal\"]")), "17 unknown-series: The rotation names \"cal\"");
    complains(
        &orchard("", &rotation("week on Thursday and Friday", "[\"call\", \"call\"]")),
        "13 rotation: This rhythm cannot be shared in turn",
    );
    complains(&orchard("", &rotation("week", "[]")), "17 rotation");
}

#[test]
fn a_file_is_named_after_its_community() {
    assert_eq!(community_of("communities/numpy.toml"), Some("numpy"));
    assert_eq!(community_of("/etc/convened/communities/a-b.toml"), Some("a-b"));
    assert_eq!(
        (community_of("convened.toml"), community_of("communities/x/y.toml"), community_of("old-communities/x.toml")),
        (None, None, None)
    );
    let (community, remarks) =
        super::community(&Text::new("communities/Num Py.toml", orchard("", "").into_bytes()), DOMAIN, &zoneinfo::embedded());
    assert!(community.is_none());
    assert_eq!((remarks[0].place.line, remarks[0].code), (0, "bad-id"));
}

#[test]
fn codes_are_stable_words_and_none_stands_twice() {
    let mut sorted = CODES.to_vec();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted.len(), CODES.len());
    assert!(CODES.iter().all(|code| code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
}

#[test]
fn a_hostile_file_is_answered_with_a_bounded_number_of_complaints() {
    let many = |line: &str, n: usize| orchard("", &line.repeat(n));
    for toml in [
        many("[[series]]\n", 20_000),
        many("[[series.skip]]\ndate = 2026-01-15\n", 7_000),
        many("[[series.rule]]\nfrom=2026-01-14\nevery='day'\n", 5_000),
        many("[[rotation]]\nfrom=2026-01-14\nevery='day'\ntime='18:00'\nzone='UTC'\nseries=['call','call','call']\n", 300),
        "[".repeat(200_000),
        format!("format = 1\ntitle = {}", "[".repeat(200_000)),
        format!("format = 1\n{}", "a.".repeat(120_000)),
        orchard("", "").replace("every = \"2 weeks\"", "rrule = \"FREQ=DAILY;COUNT=4000000000\""),
        orchard("", "").replace("every = \"2 weeks\"", "rrule = \"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\""),
        orchard("", &"x".repeat(300 * 1024)),
    ] {
        let (_, remarks) = read(&toml);
        assert!(remarks.len() <= 201, "{} complaints", remarks.len());
    }
}

/// A whole file whose pieces the tests below tear apart and mix.
fn pieces() -> Vec<String> {
    let whole = orchard(
        "colour = \"#123456\"\nremind = [\"1 day\", \"P1D\"]\n[cities]\nA = \"UTC\"\n[[notes]]\nfolder = \"x\"\nseries = \"call\"",
        "[[series.skip]]\ndate = 2026-01-28\n[[series.rule]]\nrrule = \"FREQ=MONTHLY;BYDAY=2WE;COUNT=4\"\n[[series.move]]\ndate = 2026-02-11\nto-time = \"9:00\"\n\
         [[series.break]]\nfrom = 1970-01-01\nto = 2099-12-31\n[[rotation]]\nevery = \"day\"\nfrom = 2026-02-04\nseries = [\"call\"]\n[mail]\ntransport = \"smtp\"\nrefresh = \"* * * * *\"",
    );
    whole.lines().map(str::to_owned).collect()
}

proptest! {
    #[test]
    fn no_text_makes_the_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,200}") {
        let zones = zoneinfo::embedded();
        for bytes in [bytes.clone(), [&b"format = 1\n"[..], &bytes].concat(), format!("format = 1\ntitle = {text}").into_bytes()] {
            let text = Text::new("communities/orchard.toml", bytes);
            let _ = super::community(&text, DOMAIN, &zones);
            let _ = settings(&text);
        }
    }

    #[test]
    fn no_mixture_of_right_lines_makes_the_reading_panic(
        order in prop::collection::vec((0usize..40, prop::option::of((0usize..40, "[0-9a-z\"=\\[\\]{}.:+ -]{0,6}"))), 0..40)
    ) {
        let pieces = pieces();
        let mut toml = "format = 1\n".to_owned();
        for (at, change) in order {
            let Some(line) = pieces.get(at) else { continue };
            let mut line = line.clone();
            if let Some((at, new)) = change && line.is_char_boundary(at) {
                line.insert_str(at, &new);
            }
            toml.push_str(&line);
            toml.push('\n');
        }
        let (community, remarks) = read(&toml);
        prop_assert!(community.is_some() != remarks.iter().any(|remark| remark.grade == Grade::Fault), "{toml}\n{remarks:?}");
        prop_assert!(remarks.iter().all(|remark| CODES.contains(&remark.code)));
        let _ = settings(&Text::new("convened.toml", toml.into_bytes()));
    }
}

/// Orchard with these lines before its series.
fn orchard_with(lines: &str) -> String {
    format!(
        "format = 1\ntitle = \"Orchard\"\nchanges-from-notes = \"ignore\"\n{lines}[[series]]\nid = \"call\"\ntitle = \"Call\"\n\
         every = \"week\"\nfrom = 2026-01-14\ntime = \"18:00\"\nzone = \"UTC\"\n"
    )
}

#[test]
fn a_digest_comes_at_most_once_a_week_and_has_a_list() {
    let found = good(&orchard_with("digest = \"0 8 * * Mon\"\nlist = \"dev@lists.example.org\"\n"));
    let digest = found.digest.unwrap();
    assert_eq!(digest.list.email, "dev@lists.example.org");
    assert_eq!(digest.at.next("2026-12-22T00:00:00Z".parse().unwrap()).unwrap().to_rfc3339(), "2026-12-28T08:00:00+00:00");
    let found =
        good(&orchard_with("digest = \"30 6 1 * *\"\ndigest-list = \"announce@lists.example.org\"\nlist = \"dev@lists.example.org\"\n"));
    assert_eq!(found.digest.unwrap().list.email, "announce@lists.example.org");
    assert_eq!(good(&orchard_with("list = \"dev@lists.example.org\"\n")).digest, None, "it is opt in");
    for (lines, code, words) in [
        ("digest = \"0 8 * * Mon\"\n", "no-list", "The digest has no list to go to"),
        ("digest = \"0 8 * * Mon,Thu\"\nlist = \"a@b.example\"\n", "bad-digest", "more than once a week"),
        ("digest = \"0 8 * * 1\"\nlist = \"a@b.example\"\n", "bad-digest", "names the weekday \"1\" by a number"),
        ("digest = \"Mondays\"\nlist = \"a@b.example\"\n", "bad-digest", "write five fields"),
        ("digest-list = \"a@b.example\"\n", "no-effect", "\"digest-list\" has an effect with \"digest\" only"),
    ] {
        let (_, remarks) = read(&orchard_with(lines));
        assert!(remarks.iter().any(|remark| remark.code == code && remark.sentence.contains(words)), "{lines}: {remarks:#?}");
    }
}

#[test]
fn replies_and_attachments_are_one_word_each() {
    let found = good(&orchard_with(""));
    assert_eq!((found.replies, found.series[0].attach), (Replies::Contact, Attach::Nothing));
    let found = good(&orchard_with("replies = \"list\"\nattach = \"publish\"\n"));
    assert_eq!((found.replies, found.series[0].attach), (Replies::List, Attach::Publish));
    let own = orchard_with("attach = \"publish\"\n").replace("zone = ", "attach = \"nothing\"\nzone = ");
    assert_eq!(good(&own).series[0].attach, Attach::Nothing, "a series may say otherwise");
}
