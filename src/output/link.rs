//! Web addresses of ours: of pages and feeds, and the signed ones by which an organiser answers a proposal. A signed link belongs to
//! one organiser, one proposal and one round of asking, and ends; it holds no mail address.

pub mod own;

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::meeting::change::ProposalId;
use crate::meeting::occurrence::OccurrenceId;
use crate::meeting::series::{Address, SeriesId};

/// How long a link holds where no meeting ends it.
pub const LIFETIME: TimeDelta = TimeDelta::days(30);

/// Keys shorter than this sign nothing and verify nothing.
const SHORTEST_KEY: usize = 16;

/// What a link asks for. Following it does nothing; the button behind it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    Approve,
    Decline,
}

impl Act {
    pub fn word(self) -> &'static str {
        match self {
            Act::Approve => "approve",
            Act::Decline => "decline",
        }
    }

    fn letter(self) -> &'static str {
        match self {
            Act::Approve => "a",
            Act::Decline => "d",
        }
    }
}

/// What a signed link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub proposal: ProposalId,
    /// The round of asking it belongs to; an earlier round's links are void.
    pub round: u32,
    pub act: Act,
    /// Whose it is.
    pub recipient: Address,
    /// Void from this instant on; whole minutes.
    pub expires: DateTime<Utc>,
}

/// Why a link is not honoured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not ours, altered, or of somebody who is no organiser of this community any more.
    Unknown,
    /// Genuine, but late. The page shows what was decided.
    Late(Link),
}

/// The token of a link: `PROPOSAL.ROUND.ACT.EXPIRY.SIGNATURE`, of `[a-z0-9.]`. `None` where the key is too short to sign with.
pub fn make(key: &[u8], link: &Link) -> Option<String> {
    let claim = format!("{}.{}.{}.{:x}", link.proposal, link.round, link.act.letter(), minutes(link.expires));
    let signature = mac(key, &claim, &link.recipient.email)?.finalize().into_bytes();
    let signature = BASE32_NOPAD.encode(signature.get(..16)?).to_ascii_lowercase();
    Some(format!("{claim}.{signature}"))
}

/// Reads a token. `organisers` gives those who may answer this proposal now: of its community, none where there is no such
/// proposal. Signatures are compared in constant time.
pub fn verify(key: &[u8], token: &str, now: DateTime<Utc>, organisers: impl FnOnce(&ProposalId) -> Vec<Address>) -> Result<Link, Refused> {
    let link = genuine(key, token, organisers).ok_or(Refused::Unknown)?;
    if now < link.expires { Ok(link) } else { Err(Refused::Late(link)) }
}

fn genuine(key: &[u8], token: &str, organisers: impl FnOnce(&ProposalId) -> Vec<Address>) -> Option<Link> {
    if token.len() > 200 {
        return None;
    }
    let (claim, signature) = token.rsplit_once('.')?;
    let signature = BASE32_NOPAD.decode(signature.to_ascii_uppercase().as_bytes()).ok().filter(|bytes| bytes.len() == 16)?;
    let [proposal, round, act, expires] = claim.split('.').collect::<Vec<_>>().try_into().ok()?;
    let proposal = ProposalId(proposal.to_owned());
    let act = [Act::Approve, Act::Decline].into_iter().find(|known| known.letter() == act)?;
    let expires = i64::from_str_radix(expires, 16).ok()?.checked_mul(60).and_then(|seconds| DateTime::from_timestamp(seconds, 0))?;
    let round = round.parse().ok()?;
    let recipient = organisers(&proposal)
        .into_iter()
        .find(|person| mac(key, claim, &person.email).is_some_and(|mac| mac.verify_truncated_left(&signature).is_ok()))?;
    Some(Link { proposal, round, act, recipient, expires })
}

/// A text as it may stand in the query of an address (RFC 3986, 2.3).
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte.into()),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// HMAC-SHA256 over the claim and, after a line feed that neither can hold, the address it belongs to.
fn mac(key: &[u8], claim: &str, email: &str) -> Option<Hmac<Sha256>> {
    mac_of(b"convened decision link 1\n", key, claim, email)
}

/// The same for a purpose of its own.
fn mac_of(purpose: &[u8], key: &[u8], claim: &str, email: &str) -> Option<Hmac<Sha256>> {
    if key.len() < SHORTEST_KEY {
        return None;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(purpose);
    mac.update(claim.as_bytes());
    mac.update(b"\n");
    mac.update(email.to_ascii_lowercase().as_bytes());
    Some(mac)
}

/// Whole minutes since 1970, rounded down.
fn minutes(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(60).max(0)
}

/// The page behind a signed link.
pub fn decide(base: &str, token: &str) -> String {
    format!("{}/decide/{token}", base.trim_end_matches('/'))
}

/// The page of a community.
pub fn community_page(base: &str, community: &str) -> String {
    format!("{}/c/{community}", base.trim_end_matches('/'))
}

/// The open action items of a community.
pub fn items_page(base: &str, community: &str) -> String {
    format!("{}/items", community_page(base, community))
}

/// What organisers should look at in the schedule of their community.
pub fn remarks_page(base: &str, community: &str) -> String {
    format!("{}/remarks", community_page(base, community))
}

/// The page of a series.
pub fn series_page(base: &str, series: &SeriesId) -> String {
    format!("{}/{}", community_page(base, &series.community), series.series)
}

/// The page of one meeting.
pub fn meeting_page(base: &str, meeting: &OccurrenceId) -> String {
    format!("{}/{}", series_page(base, &meeting.series), meeting.short())
}

/// The feed of a community.
pub fn feed(base: &str, community: &str) -> String {
    format!("{}/feeds/{community}.ics", base.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn person(email: &str) -> Address {
        Address { name: None, email: email.to_owned() }
    }

    fn link() -> Link {
        Link {
            proposal: ProposalId("1a2b3c4d".to_owned()),
            round: 2,
            act: Act::Approve,
            recipient: person("dana@example.org"),
            expires: "2023-10-30T16:00:00Z".parse().unwrap(),
        }
    }

    fn organisers(_: &ProposalId) -> Vec<Address> {
        vec![person("kofi@example.org"), person("dana@example.org")]
    }

    #[test]
    fn a_link_says_who_what_and_until_when() {
        let token = make(KEY, &link()).unwrap();
        assert!(token.starts_with("1a2b3c4d.2.a."));
        assert!(token.len() < 60, "{token}");
        assert!(token.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.'));
        assert!(!token.contains("dana"));
        let before = "2023-10-30T15:59:59Z".parse().unwrap();
        assert_eq!(verify(KEY, &token, before, organisers), Ok(link()));
        let at_start = "2023-10-30T16:00:00Z".parse().unwrap();
        assert_eq!(verify(KEY, &token, at_start, organisers), Err(Refused::Late(link())));
        assert_eq!(make(KEY, &link()).unwrap(), token, "same input, same link");
    }

    #[test]
    fn an_altered_link_is_no_link() {
        let now = "2023-10-29T16:00:00Z".parse().unwrap();
        let token = make(KEY, &link()).unwrap();
        for at in 0..token.len() {
            for with in ["a", "d", "0", "7", ".", "z", "é"] {
                let mut altered = token.clone();
                altered.replace_range(at..at + 1, with);
                if altered != token {
                    assert_eq!(verify(KEY, &altered, now, organisers), Err(Refused::Unknown), "{altered}");
                }
            }
            assert_eq!(verify(KEY, &token[..at], now, organisers), Err(Refused::Unknown));
        }
        let other = b"another key of the right length!";
        assert_eq!(verify(other, &token, now, organisers), Err(Refused::Unknown));
        assert_eq!(verify(KEY, &"x.".repeat(1000), now, organisers), Err(Refused::Unknown));
    }

    #[test]
    fn somebody_who_is_no_organiser_any_more_has_no_link() {
        let now = "2023-10-29T16:00:00Z".parse().unwrap();
        let token = make(KEY, &link()).unwrap();
        assert_eq!(verify(KEY, &token, now, |_| vec![person("kofi@example.org")]), Err(Refused::Unknown));
        assert_eq!(verify(KEY, &token, now, |_| Vec::new()), Err(Refused::Unknown));
    }

    #[test]
    fn an_empty_key_signs_nothing() {
        assert_eq!(make(b"", &link()), None);
        let now = "2023-10-29T16:00:00Z".parse().unwrap();
        assert_eq!(verify(b"", "1a2b3c4d.2.a.1b2f5c0.aaaaaaaaaaaaaaaaaaaaaaaaaa", now, organisers), Err(Refused::Unknown));
    }
}
