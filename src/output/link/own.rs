//! The address of an organisers' page: it belongs to one organiser of one community, and ends. Whoever has it decides in their name.

use chrono::{DateTime, Utc};
use data_encoding::BASE32_NOPAD;
use hmac::Mac;

use super::{mac_of, minutes};
use crate::meeting::calendar::Calendar;
use crate::meeting::series::{Address, is_name};

/// What such an address says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    pub community: String,
    /// Whose it is.
    pub recipient: Address,
    /// Void from this instant on; whole minutes.
    pub expires: DateTime<Utc>,
}

/// Why one is not honoured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not ours, altered, or of somebody who is no organiser of this community any more.
    Unknown,
    /// Genuine, but late.
    Late(Own),
}

/// Signed apart from the links of proposals: neither is ever taken for the other.
const PURPOSE: &[u8] = b"convened organiser's page 1\n";

/// The token: `COMMUNITY.EXPIRY.SIGNATURE`, of `[a-z0-9.-]`. `None` where the key is too short to sign with.
pub fn make(key: &[u8], own: &Own) -> Option<String> {
    let claim = format!("{}.{:x}", own.community, minutes(own.expires));
    let signature = mac_of(PURPOSE, key, &claim, &own.recipient.email)?.finalize().into_bytes();
    let signature = BASE32_NOPAD.encode(signature.get(..20)?).to_ascii_lowercase();
    Some(format!("{claim}.{signature}"))
}

/// Reads a token. Only those who may have one now ([`holders`]) are looked at. Signatures are compared in constant time.
pub fn verify(key: &[u8], token: &str, now: DateTime<Utc>, calendar: &Calendar) -> Result<Own, Refused> {
    let own = genuine(key, token, calendar).ok_or(Refused::Unknown)?;
    if now < own.expires { Ok(own) } else { Err(Refused::Late(own)) }
}

fn genuine(key: &[u8], token: &str, calendar: &Calendar) -> Option<Own> {
    if token.len() > 200 {
        return None;
    }
    let (claim, signature) = token.rsplit_once('.')?;
    let signature = BASE32_NOPAD.decode(signature.to_ascii_uppercase().as_bytes()).ok().filter(|bytes| bytes.len() == 20)?;
    let (community, expires) = claim.split_once('.').filter(|(community, _)| is_name(community))?;
    let expires = i64::from_str_radix(expires, 16).ok()?.checked_mul(60).and_then(|seconds| DateTime::from_timestamp(seconds, 0))?;
    let recipient = holders(calendar, community)
        .into_iter()
        .find(|person| mac_of(PURPOSE, key, claim, &person.email).is_some_and(|mac| mac.verify_truncated_left(&signature).is_ok()))?;
    Some(Own { community: community.to_owned(), recipient, expires })
}

/// The organisers of a community who may have links: people, not lists.
pub fn holders(calendar: &Calendar, community: &str) -> Vec<Address> {
    let organisers = calendar.community(community).map(|community| community.organisers.as_slice()).unwrap_or_default();
    organisers.iter().filter(|organiser| !is_read_by_many(organiser, calendar)).cloned().collect()
}

/// Whether an address is one that many people read: a list of the schedules, or at a host that archives what it gets. No link that
/// decides goes there.
pub fn is_read_by_many(address: &Address, calendar: &Calendar) -> bool {
    let is_ours =
        calendar.all_series().filter_map(|(_, series)| series.list.as_ref()).any(|list| list.email.eq_ignore_ascii_case(&address.email));
    is_ours || address.is_at_lists()
}

/// The page itself.
pub fn page(base: &str, token: &str) -> String {
    format!("{}/organise/{token}", base.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::link::{self, Act, Link};
    use crate::plan::component::sample::{tide, utc};

    const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
    const NOW: &str = "2026-11-20T12:00:00Z";

    fn own() -> Own {
        let recipient = Address { name: None, email: "dana@example.org".to_owned() };
        Own { community: "tide".to_owned(), recipient, expires: utc("2026-12-20T12:00:00Z") }
    }

    #[test]
    fn it_belongs_to_one_organiser_of_one_community_and_ends() {
        let token = make(KEY, &own()).unwrap();
        assert!(token.starts_with("tide.") && !token.contains("dana"), "{token}");
        assert_eq!(verify(KEY, &token, utc(NOW), &tide()), Ok(own()));
        assert_eq!(verify(KEY, &token, utc("2026-12-20T12:00:00Z"), &tide()), Err(Refused::Late(own())));
        let mut other = tide();
        other.communities[0].id = "ebb".into();
        let foreign = token.replacen("tide", "ebb", 1);
        assert_eq!(verify(KEY, &foreign, utc(NOW), &other), Err(Refused::Unknown), "for another community it is nothing");
        let mut left = tide();
        left.communities[0].organisers[0].email = "kofi@example.org".to_owned();
        assert_eq!(verify(KEY, &token, utc(NOW), &left), Err(Refused::Unknown), "nor for somebody who has left");
        for at in 0..token.len() {
            for with in ["a", "0", ".", "é"] {
                let mut altered = token.clone();
                altered.replace_range(at..at + 1, with);
                assert!(altered == token || verify(KEY, &altered, utc(NOW), &tide()) == Err(Refused::Unknown), "{altered}");
            }
        }
        assert_eq!(make(b"", &own()), None);
    }

    #[test]
    fn a_link_of_a_proposal_opens_no_page_and_a_page_answers_no_proposal() {
        let proposal = link::make(
            KEY,
            &Link {
                proposal: crate::meeting::change::ProposalId("tide".to_owned()),
                round: 1,
                act: Act::Approve,
                recipient: own().recipient,
                expires: own().expires,
            },
        );
        assert_eq!(verify(KEY, &proposal.unwrap(), utc(NOW), &tide()), Err(Refused::Unknown));
        let page = make(KEY, &own()).unwrap();
        assert_eq!(link::verify(KEY, &page, utc(NOW), |_| vec![own().recipient]), Err(link::Refused::Unknown));
    }

    #[test]
    fn an_address_that_many_read_gets_none() {
        for (address, many) in [
            ("dana@example.org", false),
            ("Talk@lists.example.org", true),
            ("tide@googlegroups.com", true),
            ("tide@team.groups.io", true),
            ("dana@mygroups.io", false),
            ("list@example.org", false),
        ] {
            let address = Address { name: None, email: address.to_owned() };
            assert_eq!(is_read_by_many(&address, &tide()), many, "{address}");
        }
        let mut calendar = tide();
        calendar.communities[0].series[0].list = Some(Address { name: None, email: "DANA@example.org".to_owned() });
        assert!(holders(&calendar, "tide").is_empty());
    }
}
