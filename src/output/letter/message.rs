//! The bytes of a letter, by lettre's builder: headers, and one plain text that is made 7-bit only where it has to be.

use chrono::{DateTime, Datelike, Utc};
use lettre::message::header::{
    ContentDisposition, ContentTransferEncoding, ContentType, Date, From as FromHeader, HeaderName, HeaderValue, Headers, InReplyTo,
    MIME_VERSION_1_0, MessageId, References, ReplyTo, Subject, To,
};
use lettre::message::{Body, Mailbox, Mailboxes, MultiPart, SinglePart};

use crate::meeting::series::Address;
use crate::output::clean;
use crate::plan::key::Kind;

/// What stands above the body.
pub struct Head<'a> {
    pub from: &'a Address,
    pub to: &'a [Address],
    pub reply_to: Option<&'a Address>,
    pub subject: &'a str,
    /// Without angle brackets, as those of `thread`.
    pub message_id: &'a str,
    pub thread: &'a [String],
    pub series: &'a str,
    pub kind: Kind,
    pub date: DateTime<Utc>,
}

/// The whole message, with CRLF line ends. Total: what would make lettre panic is cleaned first.
pub fn bytes(head: &Head<'_>, body: String, attached: Option<&str>) -> Vec<u8> {
    let mut headers = Headers::new();
    headers.set(FromHeader::from(Mailboxes::from(mailbox(head.from))));
    headers.set(To::from(head.to.iter().map(mailbox).collect::<Mailboxes>()));
    if let Some(reply_to) = head.reply_to {
        headers.set(ReplyTo::from(Mailboxes::from(mailbox(reply_to))));
    }
    headers.set(Subject::from(header_text(head.subject)));
    headers.set(Date::new(in_range(head.date).into()));
    headers.set(MessageId::from(bracketed(head.message_id)));
    if let Some(last) = head.thread.last() {
        headers.set(InReplyTo::from(bracketed(last)));
        headers.set(References::from(references(head.thread)));
    }
    headers.set(MIME_VERSION_1_0);
    for (name, value) in [
        (HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated"),
        (HeaderName::new_from_ascii_str("X-Convened-Series"), head.series),
        (HeaderName::new_from_ascii_str("X-Convened-Kind"), head.kind.word()),
    ] {
        headers.insert_raw(HeaderValue::new(name, clean::line(value, 800)));
    }
    let mut bytes = headers.to_string().into_bytes();
    let text = SinglePart::plain(encoded(body));
    bytes.extend(match attached.and_then(calendar) {
        Some(calendar) => MultiPart::mixed().boundary(boundary(head.message_id)).singlepart(text).singlepart(calendar).formatted(),
        None => text.formatted(),
    });
    bytes
}

/// A calendar as an attachment that readers know as such: `method` says what METHOD says (RFC 6047, section 2.4).
fn calendar(text: &str) -> Option<SinglePart> {
    let kind = ContentType::parse("text/calendar; charset=utf-8; method=PUBLISH; name=\"meeting.ics\"").ok()?;
    let encoding = if text.is_ascii() { ContentTransferEncoding::SevenBit } else { ContentTransferEncoding::Base64 };
    let body = Body::new_with_encoding(text.as_bytes().to_vec(), encoding).ok()?;
    Some(SinglePart::builder().header(kind).header(ContentDisposition::attachment("meeting.ics")).body(body))
}

/// What parts the parts: always the same for one letter, and in none of them.
fn boundary(message_id: &str) -> String {
    format!("=_{}", crate::source::digest(message_id.as_bytes()).get(..40).unwrap_or_default())
}

/// The address alone, as an envelope takes it. What the configuration let through is an address; should it not be one, it stays what
/// it is without anything that could end a line or a command, and the server refuses it.
pub fn address(address: &Address) -> lettre::Address {
    if let Ok(parsed) = address.email.parse() {
        return parsed;
    }
    let plain: String =
        address.email.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | ',' | ';' | '"' | '\\')).collect();
    let (user, domain) = plain.rsplit_once('@').unwrap_or((&plain, "invalid"));
    lettre::Address::new_dangerous(user, domain)
}

fn mailbox(of: &Address) -> Mailbox {
    let name = of.name.as_deref().map(|name| header_text(&clean::line(name, 80))).filter(|name| !name.is_empty());
    Mailbox::new(name, address(of))
}

/// A text that stays what it is when it is read back: what looks like an encoded word (RFC 2047) is broken up.
fn header_text(text: &str) -> String {
    clean::line(text, 200).replace("=?", "= ?")
}

/// The first letter of a thread and its last seven: programs find their way, and the line stays short.
fn references(thread: &[String]) -> String {
    let tail = thread.len().saturating_sub(7);
    let ids: Vec<String> = thread.iter().enumerate().filter(|(at, _)| *at == 0 || *at >= tail).map(|(_, id)| bracketed(id)).collect();
    ids.join(" ")
}

fn bracketed(id: &str) -> String {
    let plain: String = id.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>')).collect();
    format!("<{plain}>")
}

/// Within what a mail's Date can say.
fn in_range(date: DateTime<Utc>) -> DateTime<Utc> {
    if (1970..=9998).contains(&date.year()) { date } else { DateTime::UNIX_EPOCH }
}

/// ASCII as it is, anything else as quoted-printable: never base64, which spam filters and archives dislike.
fn encoded(body: String) -> Body {
    if body.is_ascii() {
        return Body::new(body);
    }
    Body::new_with_encoding(body, ContentTransferEncoding::QuotedPrintable).unwrap_or_else(Body::new)
}
