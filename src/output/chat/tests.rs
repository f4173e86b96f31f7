use std::sync::Arc;

use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::meeting::calendar::Verdicts;
use crate::meeting::change::{By, Decision, Tell, Verdict};
use crate::meeting::chat::Secret;
use crate::meeting::series::{Join, Letters};
use crate::plan::component::sample::{community, rule, series, utc, wall};
use crate::plan::hearer::Hearer;
use crate::plan::tellings;
use crate::source::Place;
use crate::sources::zoneinfo;

const KINDS: [ChatKind; 5] = [ChatKind::Slack, ChatKind::Mattermost, ChatKind::Zulip, ChatKind::Discord, ChatKind::Json];

fn name(kind: ChatKind) -> &'static str {
    match kind {
        ChatKind::Slack => "slack",
        ChatKind::Mattermost => "mattermost",
        ChatKind::Zulip => "zulip",
        ChatKind::Discord => "discord",
        ChatKind::Json => "json",
    }
}

/// Orchard, with a chat of each kind, named after it.
fn orchard(title: &str) -> Calendar {
    let mut call = series("orchard/call", title, vec![rule("call", "2026-11-04", "week", "18:00", "UTC")]);
    call.join = vec![Join { label: None, url: "https://meet.example.org/call_1?pwd=a&x=~b".to_owned() }];
    let mut orchard = community("orchard", "Orchard", vec![call]);
    let zones = zoneinfo::embedded();
    let city = |name: &str, zone: &str| City { name: name.to_owned(), zone: zones.get(zone).unwrap() };
    orchard.cities = vec![city("Berlin", "Europe/Berlin"), city("Auckland", "Pacific/Auckland")];
    let chat = |kind| Chat {
        id: name(kind).into(),
        kind,
        address: Secret::File("secret-file".to_owned()),
        series: Vec::new(),
        letters: Letters::Reminders,
        remind: None,
        time_out: std::time::Duration::from_secs(30),
        place: Place::new("orchard.toml", 3),
    };
    orchard.chats = KINDS.map(chat).to_vec();
    Calendar { communities: vec![orchard], ..Calendar::default() }
}

fn sender() -> Sender {
    Sender {
        from: crate::meeting::series::Address { name: None, email: "cal@example.org".to_owned() },
        message_domain: "cal.example.org".to_owned(),
        base_url: "https://cal.example.org".to_owned(),
        link_key: None,
        afterwards: letter::Afterwards::default(),
        templates: Default::default(),
    }
}

/// What a chat is told of a decision about the meeting of 11 November.
fn decided(calendar: &Calendar, kind: ChatKind, walls: &[&'static str], verdict: Verdict, reason: Option<&str>) -> Intent {
    let orchard = &calendar.communities[0];
    let (call, chat) = (&orchard.series[0], orchard.chats.iter().find(|chat| chat.kind == kind).unwrap());
    let (by, now) = (By::Command("kim".to_owned()), utc("2026-11-06T09:00:00Z"));
    let verdicts: Vec<_> = walls.iter().map(|at| (wall(at), verdict.clone())).collect();
    let decision = Decision {
        id: Decision::name(&call.id, &verdicts, &by, now),
        series: call.id.clone(),
        at: now,
        by,
        verdicts,
        reason: reason.map(str::to_owned),
        tell: Tell::List,
        proposal: None,
        amended: None,
    };
    let all = [decision.clone()];
    let verdicts = Verdicts::of(&all);
    let meetings = walls.iter().map(|at| crate::meeting::calendar::occurrence(call, &verdicts, wall(at)).unwrap()).collect();
    tellings::intent(calendar, &Hearer::chat(orchard, call, chat), &verdicts, &decision, meetings, Vec::new(), Vec::new(), now).unwrap()
}

const NEXT: [&str; 1] = ["2026-11-11T18:00:00"];

fn posted(calendar: &Calendar, intent: &Intent) -> Value {
    let now = utc("2026-11-06T09:10:00Z");
    let letter = letter::compose(intent, calendar, &sender(), None, now);
    assert_eq!(letter, letter::compose(intent, calendar, &sender(), None, now), "same input, same bytes");
    serde_json::from_slice(&letter.bytes).unwrap()
}

fn said(kind: ChatKind, value: &Value) -> String {
    value[if kind == ChatKind::Discord { "content" } else { "text" }].as_str().unwrap().to_owned()
}

#[test]
fn a_cancellation_in_each_shape() {
    let calendar = orchard("Orchard call");
    for kind in KINDS {
        let intent = decided(&calendar, kind, &NEXT, Verdict::Cancel, Some("Rain, and *no* ladders."));
        let value = posted(&calendar, &intent);
        let reason = match kind {
            ChatKind::Mattermost | ChatKind::Discord => "Rain, and \\*no\\* ladders.",
            ChatKind::Zulip => "Rain, and ∗no∗ ladders.",
            ChatKind::Slack | ChatKind::Json => "Rain, and *no* ladders.",
        };
        let expected = format!(
            "CANCELLED Wed 11 Nov 18:00 UTC: Orchard call\nBerlin 19:00, Auckland Thu 12 Nov 07:00\nReason: {reason}\n\
             The next meeting: Wednesday 18 November 2026, 18:00 UTC.\nhttps://cal.example.org/c/orchard/call"
        );
        assert_eq!(said(kind, &value), expected, "{kind:?}");
        let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
        match kind {
            ChatKind::Slack => assert_eq!(keys, ["mrkdwn", "text", "unfurl_links", "unfurl_media"]),
            ChatKind::Mattermost => assert_eq!((keys.len(), &value["username"]), (2, &Value::from("Orchard"))),
            ChatKind::Zulip => assert_eq!(keys, ["text"]),
            ChatKind::Discord => assert_eq!((&value["allowed_mentions"]["parse"], &value["flags"]), (&json!([]), &json!(4))),
            ChatKind::Json => {
                assert_eq!(value["key"], intent.key.to_string());
                assert_eq!((&value["kind"], &value["version"], &value["series"]), (&json!("cancelled"), &json!(1), &json!("orchard/call")));
                assert_eq!(value["meetings"][0]["start"], "2026-11-11T18:00:00Z");
            }
        }
    }
}

#[test]
fn our_own_links_stay_links_in_each_shape() {
    let calendar = orchard("Orchard call");
    let to = Verdict::Move { to: wall("2026-11-12T18:00:00") };
    for kind in KINDS {
        let text = said(kind, &posted(&calendar, &decided(&calendar, kind, &NEXT, to.clone(), None)));
        let and = if kind == ChatKind::Slack { "&amp;" } else { "&" };
        assert!(text.contains(&format!("\nTo join: https://meet.example.org/call_1?pwd=a{and}x=%7Eb\n")), "{kind:?}: {text}");
        assert!(text.contains("\nFirst planned for Wednesday 11 November 2026, 18:00 UTC.\n"), "{text}");
    }
}

#[test]
fn where_links_are_for_the_page_a_post_leads_there() {
    let mut calendar = orchard("Orchard call");
    calendar.communities[0].join_links = JoinLinks::Page;
    let to = Verdict::Move { to: wall("2026-11-12T18:00:00") };
    let text = said(ChatKind::Slack, &posted(&calendar, &decided(&calendar, ChatKind::Slack, &NEXT, to, None)));
    assert!(!text.contains("meet.example.org"), "{text}");
    assert!(text.contains("To join, from 20 minutes before: https://cal.example.org/c/orchard/call/20261111T1800\n"), "{text}");
}

#[test]
fn no_word_of_a_stranger_calls_anybody_or_leads_anywhere() {
    let hostile = [
        "<!channel> <!here> <!everyone> <@U123> <#C1> <!subteam^S1> <https://evil.example|here>",
        "@everyone @here @channel @all @**all** @*team* @_**Kim** #**general** ~town-square <@&42> <@!1>",
        "[x](https://evil.example) ![x](https://evil.example/p.png) www.evil.example evil.example/pay mailto:a@evil.example",
        "```spoiler x``` ||hidden|| **bold** __u__ ~~s~~ `c` $$x$$ !avatar(a@evil.example) &lt;!channel&gt; \\<!channel\\>",
    ];
    let calendar = orchard("Orchard call");
    for kind in KINDS.into_iter().filter(|kind| *kind != ChatKind::Json) {
        for reason in hostile {
            let text = said(kind, &posted(&calendar, &decided(&calendar, kind, &NEXT, Verdict::Cancel, Some(reason))));
            harmless(kind, &text);
            let titled = orchard(reason);
            harmless(kind, &said(kind, &posted(&titled, &decided(&titled, kind, &NEXT, Verdict::Cancel, None))));
        }
    }
}

/// Nothing in a post is what its chat takes for a mention, a link of somebody else, or markup.
#[track_caller]
fn harmless(kind: ChatKind, text: &str) {
    let ours = ["https://cal.example.org/", "https://meet.example.org/"];
    for (at, _) in text.match_indices("://") {
        let start = text[..at].rfind(|c: char| !c.is_alphanumeric()).map_or(0, |before| before + 1);
        assert!(ours.iter().any(|own| text[start..].starts_with(own)), "{kind:?}: {text}");
    }
    assert!(!text.contains("www."), "{kind:?}: {text}");
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied();
        // Behind an at sign there is never a name.
        assert!(c != '@' || kind == ChatKind::Json || next == Some('\u{200b}'), "{kind:?}: {text}");
        match kind {
            ChatKind::Slack => assert!(!"<>".contains(c), "{text}"),
            ChatKind::Mattermost | ChatKind::Discord => {
                assert!(c != '<' || next == Some('\u{200b}'), "{text}");
                let escaped = before == Some('\\');
                assert!(!"`*[]()|>".contains(c) || escaped, "{kind:?} {c}: {text}");
            }
            ChatKind::Zulip => {
                assert!(!"*`~<>".contains(c), "{text}");
                assert!(!"#[]!$&|".contains(c) || next == Some('\u{200b}'), "{text}");
            }
            ChatKind::Json => {}
        }
        // A backslash that is itself escaped escapes nothing.
        before = if c == '\\' && before == Some('\\') { None } else { Some(c) };
    }
}

#[test]
fn a_long_post_is_cut_between_lines_and_ends_with_its_page() {
    let mut calendar = orchard("Orchard call");
    let city = calendar.communities[0].cities[0].clone();
    calendar.communities[0].cities = (0..12).map(|n| City { name: format!("{}{n}", "*".repeat(38)), ..city.clone() }).collect();
    let walls = ["2026-11-11T18:00:00", "2026-11-18T18:00:00"];
    let reason = "*".repeat(2000);
    for kind in KINDS {
        let intent = decided(&calendar, kind, &walls, Verdict::Move { to: wall("2026-11-19T18:00:00") }, Some(&reason));
        let text = said(kind, &posted(&calendar, &intent));
        assert!(text.encode_utf16().count() <= 1900, "{kind:?}: {}", text.len());
        assert!(text.ends_with("\nhttps://cal.example.org/c/orchard/call"));
    }
    let lines: Vec<Line> = (0..500).map(|n| super::said(format!("line {n} *"))).collect();
    let text = shape::joined(ChatKind::Discord, &lines, "https://cal.example.org/");
    assert!(text.encode_utf16().count() <= 1900 && text.ends_with("\\*\n…\nhttps://cal.example.org/"), "{text}");
}

#[test]
fn a_post_has_no_sender_and_the_name_of_its_chat_as_recipient() {
    let calendar = orchard("Orchard call");
    let intent = decided(&calendar, ChatKind::Zulip, &NEXT, Verdict::Cancel, None);
    let letter = letter::compose(&intent, &calendar, &sender(), None, utc("2026-11-06T09:10:00Z"));
    assert_eq!((letter.from.as_str(), letter.to.as_slice()), ("", &["orchard/chat-zulip".to_owned()][..]));
    assert!(letter.key.starts_with("orchard/chat-zulip/decision/"));
    assert_eq!(intent.key.audience, Audience::Chat(Arc::from("zulip")));
    let text = letter::text(&intent, &calendar, &sender(), utc("2026-11-06T09:10:00Z"));
    assert_eq!(text.subject, "CANCELLED Wed 11 Nov 18:00 UTC: Orchard call");
    assert!(text.body.starts_with("Berlin 19:00") && text.body.ends_with("/c/orchard/call\n"), "{}", text.body);
    assert!(intent.useful_until > intent.not_before + TimeDelta::days(1));
}

proptest! {
    #[test]
    fn no_text_at_all_is_markup(text in "[@<>#*_~`|!\\[\\]()\\\\&$:./a-z ]{0,80}") {
        let text = clean::line(&text, 300);
        for kind in KINDS {
            harmless(kind, &shape::words(kind, &text));
        }
    }
}
