//! Where letters show once they have arrived - archives and a mailbox - and what a doubt means, kind by kind.

use std::time::Duration;

use chrono::TimeDelta;

use super::fields::{At, Table};
use super::grants::Within;
use super::{codes, links, words};
use crate::meeting::arrival::{Archive, Doubt, InDoubt};
use crate::meeting::series::Address;
use crate::source::Remark;

/// The kinds of letters of which `in-doubt` can speak.
pub const KINDS: [&str; 11] =
    ["reminder", "cancelled", "moved", "restored", "extra", "changed", "clocks", "digest", "hello", "proposal", "remarks"];

/// What `[mail]` says of letters after they have left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrivals {
    /// A maildir into which a mailbox delivers that is subscribed to the lists.
    pub mailbox: Option<String>,
    /// So long after a handover the archive and the mailbox are asked, in this order, until the letter is there.
    pub looks: Vec<TimeDelta>,
    /// How long one question to an archive may take.
    pub time_out: Duration,
    pub in_doubt: InDoubt,
    /// Archives are asked at addresses that everybody reaches alone: who named them does not run this machine.
    pub public_only: bool,
}

impl Default for Arrivals {
    fn default() -> Arrivals {
        let minutes = [2, 10, 30, 2 * 60, 12 * 60, 24 * 60, 3 * 24 * 60, 7 * 24 * 60];
        Arrivals {
            mailbox: None,
            looks: minutes.into_iter().map(TimeDelta::minutes).collect(),
            time_out: Duration::from_secs(20),
            in_doubt: InDoubt::new(),
            public_only: false,
        }
    }
}

pub(super) fn read(table: &mut Table<'_>, remarks: &mut Vec<Remark>) -> Arrivals {
    let usual = Arrivals::default();
    let mailbox = table.parsed("arrivals", codes::BAD_PATH, remarks, words::path);
    let pause = words::duration_within(TimeDelta::seconds(1), TimeDelta::days(30), "from 1 second to 30 days");
    let looks = table.each("looks", codes::BAD_DURATION, remarks, pause).map(|found| {
        let mut looks: Vec<TimeDelta> = found.into_iter().map(|At { value, .. }| value).take(20).collect();
        looks.sort();
        looks.dedup();
        looks
    });
    let within = words::duration_within(TimeDelta::milliseconds(100), TimeDelta::minutes(5), "from 100 ms to 5 minutes");
    let time_out = table.parsed("archive-time-out", codes::BAD_DURATION, remarks, within).and_then(|found| found.to_std().ok());
    Arrivals {
        mailbox,
        looks: looks.unwrap_or(usual.looks),
        time_out: time_out.unwrap_or(usual.time_out),
        in_doubt: in_doubt(table, "[mail.in-doubt]", remarks),
        public_only: false,
    }
}

/// `in-doubt`: a word for each kind of letter of which something is said.
pub(super) fn in_doubt(table: &mut Table<'_>, what: &'static str, remarks: &mut Vec<Remark>) -> InDoubt {
    let Some(mut inner) = table.table("in-doubt", what, remarks) else { return InDoubt::new() };
    let choices = Doubt::ALL.map(|doubt| (doubt.word(), doubt));
    let read = KINDS.into_iter().filter_map(|kind| Some((kind.to_owned(), inner.choice(kind, &choices, remarks)?))).collect();
    inner.finish(remarks);
    read
}

/// The archive of the list that stands beside it.
pub(super) fn archive(table: &mut Table<'_>, list: Option<&Address>, within: Within<'_>, remarks: &mut Vec<Remark>) -> Option<Archive> {
    let archive = table.parsed("archive", codes::BAD_LINK, remarks, address)?;
    let (Archive::HyperKitty(at) | Archive::Template(at)) = &archive;
    if !within.page(table, "archive", at, remarks) {
        return None;
    }
    if list.is_none() && !table.has("list") {
        let sentence = format!("\"archive\" in {} has an effect beside a \"list\" only. Name the list, or take it out.", table.what);
        remarks.push(Remark::advice(table.place_of("archive"), codes::NO_EFFECT, sentence));
    }
    Some(archive)
}

/// The page of a list in HyperKitty, or an address with `{message-id}` or `{hash}` in it; over https, but on this machine.
fn address(text: &str) -> Result<Archive, String> {
    let text = words::line(text)?;
    let plain = text.replace(Archive::MESSAGE_ID, "id").replace(Archive::HASH, "hash");
    let link = links::parse(&plain)?;
    if !link.secure && !links::is_this_machine(&link.host) {
        return Err(format!("is \"{}\"; an archive is asked over https only.", words::shown(text)));
    }
    if plain != text {
        return Ok(Archive::Template(text.to_owned()));
    }
    if !link.query.is_empty() {
        return Err(format!(
            "is \"{}\"; write the page of the list in HyperKitty, as \"https://lists.example.org/archives/list/dev@lists.example.org/\", \
             or the address of a message with {{message-id}} in it.",
            words::shown(text)
        ));
    }
    Ok(Archive::HyperKitty(format!("{}/", text.trim_end_matches('/'))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_a_page_of_hyperkitty_or_a_template() {
        let page = "https://lists.example.org/archives/list/dev@lists.example.org";
        assert_eq!(address(page), Ok(Archive::HyperKitty(format!("{page}/"))));
        assert_eq!(address(&format!("{page}/")), Ok(Archive::HyperKitty(format!("{page}/"))));
        let template = "https://lore.example.org/dev/{message-id}/raw";
        assert_eq!(address(template), Ok(Archive::Template(template.to_owned())));
        assert!(address("http://127.0.0.1:8080/list/").is_ok() && address("http://[::1]:8080/list/").is_ok());
    }

    #[test]
    fn an_archive_in_the_clear_or_with_words_of_its_own_is_refused() {
        for text in [
            "http://lists.example.org/list/",
            "https://x.example.org/?a=b",
            "https://x.example.org/{id}/",
            "lists.example.org",
            "file:///etc",
        ] {
            assert!(address(text).is_err(), "{text}");
        }
    }

    fn community(community: &str, series: &str) -> (Option<crate::meeting::series::Community>, Vec<Remark>) {
        let toml = format!(
            "format = 1\ntitle = \"Orchard\"\norganisers = [\"ann@example.org\"]\n{community}\n[[series]]\nid = \"call\"\ntitle = \"Call\"\n\
             every = \"week\"\nfrom = 2026-01-14\ntime = \"18:00\"\nzone = \"UTC\"\n{series}\n"
        );
        let text = crate::source::Text::new("communities/orchard.toml", toml.as_bytes());
        super::super::community(&text, "cal.example.org", &crate::sources::zoneinfo::embedded())
    }

    #[test]
    fn an_archive_stands_beside_its_list_and_goes_with_it() {
        const DEV: &str = "list = \"dev@lists.example.org\"\narchive = \"https://lists.example.org/archives/list/dev@lists.example.org/\"";
        let of = |above: &str, below: &str| {
            let (read, remarks) = community(above, below);
            assert_eq!(remarks, []);
            read.unwrap().series[0].archive.clone()
        };
        let page = Archive::HyperKitty("https://lists.example.org/archives/list/dev@lists.example.org/".to_owned());
        assert_eq!(of(DEV, ""), Some(page.clone()), "from the community");
        assert_eq!(of("", DEV), Some(page.clone()), "from the series itself");
        assert_eq!(of(DEV, "list = \"DEV@lists.example.org\""), Some(page), "the same list");
        assert_eq!(of(DEV, "list = \"team@lists.example.org\""), None, "another list has another archive");
        let (_, remarks) = community("", "archive = \"https://lists.example.org/x/\"");
        assert_eq!(remarks.iter().map(|remark| (remark.place.line, remark.code)).collect::<Vec<_>>(), [(12, codes::NO_EFFECT)]);
    }

    #[test]
    fn what_a_doubt_means_is_said_by_kind() {
        let (read, remarks) = community("[in-doubt]\nreminder = \"again\"\ncancelled = \"wait\"", "");
        assert_eq!(remarks, []);
        let said = read.unwrap().in_doubt;
        assert_eq!((said.get("reminder"), said.get("cancelled"), said.get("moved")), (Some(&Doubt::Again), Some(&Doubt::Wait), None));
        let (_, remarks) = community("[in-doubt]\nreminders = \"again\"", "");
        assert!(remarks[0].sentence.contains("reminder"), "{remarks:?}");
    }

    fn settings(mail: &str) -> (Option<Arrivals>, Vec<Remark>) {
        let toml = format!(
            "format = 1\nbase-url = \"https://cal.example.org\"\nuid-domain = \"cal.example.org\"\n[mail]\nsender = \"cal@example.org\"\n{mail}\n"
        );
        let (read, remarks) = super::super::settings(&crate::source::Text::new("convened.toml", toml.as_bytes()));
        (read.map(|read| read.mail.arrivals), remarks)
    }

    #[test]
    fn a_mailbox_and_the_hours_of_its_looks_are_settings() {
        assert_eq!(settings(""), (Some(Arrivals::default()), vec![]));
        let (read, remarks) = settings(
            "arrivals = \"/var/mail/lists\"\nlooks = [\"10 minutes\", \"2 minutes\"]\narchive-time-out = \"5 seconds\"\n[mail.in-doubt]\nhello = \"wait\"",
        );
        assert_eq!(remarks, []);
        let read = read.unwrap();
        assert_eq!((read.mailbox.as_deref(), read.time_out), (Some("/var/mail/lists"), Duration::from_secs(5)));
        assert_eq!(read.looks, [TimeDelta::minutes(2), TimeDelta::minutes(10)]);
        assert_eq!(read.in_doubt.get("hello"), Some(&Doubt::Wait));
    }

    #[test]
    fn letters_do_not_arrive_in_the_folder_they_leave_into() {
        for mail in ["arrivals = \"mail\"", "folder = \"out\"\narrivals = \"out\""] {
            let (read, remarks) = settings(mail);
            assert!(read.is_none() && remarks.len() == 1 && remarks[0].code == codes::BAD_PATH, "{remarks:?}");
        }
    }
}
