//! The chats of a community, `[[chat]]`: which shape a post has, what the chat hears of, and where its secret address is kept.

use std::time::Duration;

use chrono::TimeDelta;

use super::fields::Table;
use super::grants::{Granted, Within};
use super::{codes, mail, series, words};
use crate::meeting::chat::{Chat, ChatKind, Secret};
use crate::meeting::series::{Letters, SeriesId, is_name};
use crate::source::Remark;

const KINDS: [(&str, ChatKind); 5] = [
    ("slack", ChatKind::Slack),
    ("mattermost", ChatKind::Mattermost),
    ("zulip", ChatKind::Zulip),
    ("discord", ChatKind::Discord),
    ("json", ChatKind::Json),
];

/// Reads the chats of a community whose series are `ids`; a name that stands twice is a fault.
pub(super) fn read(tables: Vec<Table<'_>>, ids: &[SeriesId], within: Within<'_>, remarks: &mut Vec<Remark>) -> Vec<Chat> {
    let mut chats: Vec<Chat> = Vec::new();
    for table in tables {
        let at_id = table.place_of("id");
        let Some(chat) = chat(table, ids, within, remarks) else { continue };
        if let Some(first) = chats.iter().find(|other| other.id == chat.id) {
            let sentence = format!(
                "The chat \"{}\" stands twice in this file, first on line {}. Give one of them another id.",
                chat.id, first.place.line
            );
            remarks.push(Remark::fault(at_id, codes::DOUBLE_ID, sentence));
        }
        chats.push(chat);
    }
    chats
}

fn chat(mut table: Table<'_>, ids: &[SeriesId], within: Within<'_>, remarks: &mut Vec<Remark>) -> Option<Chat> {
    let id = table.parsed("id", codes::BAD_ID, remarks, |text| match is_name(text) {
        true => Ok(text.to_owned()),
        false => Err(format!("is \"{}\"; an id has 1 to 40 of the letters a-z, digits and hyphens, as \"dev\".", words::shown(text))),
    });
    let id = table.required("id", id, "\"dev\" (it stays for ever)", remarks);
    let kind = table.choice("kind", &KINDS, remarks);
    let kind = table.required("kind", kind, "\"slack\" (or \"mattermost\", \"zulip\", \"discord\", \"json\")", remarks);
    let address = lent(&mut table, within, remarks);
    let said = remarks.len();
    let series = table.each("series", codes::UNKNOWN_SERIES, remarks, |text| match ids.iter().find(|id| &*id.series == text) {
        Some(id) => Ok(id.clone()),
        None => Err(format!("names {}", words::unknown_series(text, ids.iter().map(|id| &*id.series)))),
    });
    // An id that is no series has its own complaint.
    if series.as_ref().is_some_and(Vec::is_empty) && remarks.len() == said {
        let sentence = "series = [] names none. Name the series this chat hears of, or take the line out: then it hears of all.";
        table.fault("series", codes::UNKNOWN_SERIES, sentence, remarks);
    }
    let letters = table.choice("letters", &[("reminders", Letters::Reminders), ("changes", Letters::Changes)], remarks);
    let remind = series::reminders(&mut table, remarks);
    let within = words::duration_within(TimeDelta::milliseconds(10), TimeDelta::minutes(10), "from 10 ms to 10 minutes");
    let time_out = table.parsed("time-out", codes::BAD_DURATION, remarks, within);
    if letters == Some(Letters::Changes) && table.has("remind") {
        let sentence = "\"remind\" in [[chat]] has an effect with letters = \"reminders\" only. Take it out, or change the other.";
        remarks.push(Remark::advice(table.place_of("remind"), codes::NO_EFFECT, sentence));
    }
    let place = table.place();
    table.finish(remarks);
    Some(Chat {
        id: id?.into(),
        kind: kind?,
        address: address?,
        series: series.unwrap_or_default().into_iter().map(|id| id.value).collect(),
        letters: letters.unwrap_or(Letters::Reminders),
        remind,
        time_out: time_out.and_then(|time| time.to_std().ok()).unwrap_or(Duration::from_secs(30)),
        place,
    })
}

/// Where the webhook's address is kept: as the file says, or as it is lent.
fn lent(table: &mut Table<'_>, within: Within<'_>, remarks: &mut Vec<Remark>) -> Option<Secret> {
    let granted = within.grant(table, remarks);
    if within.refuse_secrets(table, &["url-file", "url-credential"], remarks) || table.has("grant") {
        for key in ["url", "url-file", "url-credential"] {
            let _ = table.value(key);
        }
        let (_, granted) = granted?;
        let Granted::Chat(secret) = granted else {
            table.fault(
                "grant",
                codes::NOT_GRANTED,
                "\"grant\" in [[chat]] names something else than a chat. Write the name of one.",
                remarks,
            );
            return None;
        };
        return Some(secret);
    }
    address(table, remarks)
}

/// Where the webhook's address is kept. Whoever has it can post, so it stands in no file that is shown around.
pub(super) fn address(table: &mut Table<'_>, remarks: &mut Vec<Remark>) -> Option<Secret> {
    if table.value("url").is_some() {
        let sentence = "The address of a chat is a secret and does not belong into this file. Put it into a file only the daemon can read, \
            and write url-file = \"PATH\", or name a systemd credential: url-credential = \"chat-dev\".";
        table.fault("url", codes::BAD_CREDENTIAL, sentence, remarks);
    }
    let file = table.parsed("url-file", codes::BAD_PATH, remarks, words::path);
    let credential = table.parsed("url-credential", codes::BAD_CREDENTIAL, remarks, mail::credential);
    match (file, credential) {
        (Some(_), Some(_)) => {
            let sentence = "[[chat]] names both \"url-file\" and \"url-credential\". Keep one of the two.";
            table.fault("url-credential", codes::BAD_CREDENTIAL, sentence, remarks);
            None
        }
        (Some(file), None) => Some(Secret::File(file)),
        (None, Some(name)) => Some(Secret::Credential(name)),
        (None, None) => {
            if !["url", "url-file", "url-credential"].iter().any(|key| table.has(key)) {
                let sentence = "[[chat]] does not say where its address is kept. Write url-file = \"PATH\", a file whose first line is the \
                    webhook's address, or url-credential = \"chat-dev\".";
                remarks.push(Remark::fault(table.place(), codes::MISSING, sentence));
            }
            None
        }
    }
}
