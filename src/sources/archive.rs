//! Asks a list's archive whether it shows a letter. Over https but on this machine, within limits of time and size, and never at another
//! host than the one that was asked.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Response, StatusCode, Url, redirect};

use super::public::{PublicOnly, is_public};
use crate::meeting::arrival::{hash, home};

/// No page of a message is larger; what comes behind is not read.
const LARGEST: usize = 2 * 1024 * 1024;
/// Redirects that are followed, on one host.
const MOST_REDIRECTS: usize = 5;

/// The way to archives.
#[derive(Clone, Debug)]
pub struct Archives {
    client: Client,
    public_only: bool,
}

/// What an archive says of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    There,
    /// The archive answers, and has no such letter.
    NotThere,
    /// It did not answer, or with something that tells nothing.
    Unknown(String),
}

impl Archives {
    /// `time_out` holds for a whole answer; with `public_only` no address of this machine or its network is asked.
    pub fn new(time_out: Duration, public_only: bool) -> Result<Archives, String> {
        let same_place = redirect::Policy::custom(|attempt| {
            let from = attempt.previous().last();
            let stays = from.is_some_and(|from| from.origin() == attempt.url().origin());
            if stays && attempt.previous().len() <= MOST_REDIRECTS { attempt.follow() } else { attempt.stop() }
        });
        let mut client = Client::builder()
            .user_agent(concat!("convened/", env!("CARGO_PKG_VERSION")))
            .timeout(time_out)
            .connect_timeout(time_out)
            .redirect(same_place)
            .pool_max_idle_per_host(0)
            .no_proxy();
        if public_only {
            client = client.dns_resolver(Arc::new(PublicOnly));
        }
        client
            .build()
            .map(|client| Archives { client, public_only })
            .map_err(|error| format!("The way to archives cannot be set up: {}.", words(&error)))
    }

    /// Whether the archive shows the letter at its address.
    pub async fn ask(&self, address: &str, message_id: &str) -> Answer {
        if !self.may_ask(address) {
            return Answer::Unknown("The archive is at an address of a private network, which is not asked.".to_owned());
        }
        let response = match self.client.get(address).send().await {
            Ok(response) => response,
            Err(error) => return Answer::Unknown(words(&error)),
        };
        match response.status() {
            status if status.is_success() => page(response, message_id).await,
            // public-inbox answers 300 with the places where else one might look (ExtMsg.pm); HyperKitty 404.
            StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::MULTIPLE_CHOICES => Answer::NotThere,
            status if status.is_redirection() => Answer::Unknown("The archive leads to another host.".to_owned()),
            status => Answer::Unknown(format!("The archive answered {}.", status.as_u16())),
        }
    }

    /// Whether the page of the archive itself is there: only then does a missing letter mean something.
    pub async fn is_an_archive(&self, address: &str, message_id: &str) -> bool {
        if !self.may_ask(address) {
            return false;
        }
        let page = self.client.get(home(address, message_id)).send().await;
        page.is_ok_and(|page| page.status().is_success())
    }

    /// Names are looked up with the question; an address that stands there itself is not.
    fn may_ask(&self, address: &str) -> bool {
        let url = Url::parse(address).ok();
        let itself = url.as_ref().and_then(|url| url.host_str()?.trim_matches(['[', ']']).parse::<IpAddr>().ok());
        !self.public_only || itself.is_none_or(is_public)
    }
}

async fn page(mut response: Response, message_id: &str) -> Answer {
    let mut read = Vec::new();
    let ended = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = LARGEST - read.len();
                read.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
                if read.len() >= LARGEST {
                    break "The archive answered with more than two megabytes, and the letter is not in the first two.".to_owned();
                }
            }
            Ok(None) => break "The archive answered with a page that does not show the letter.".to_owned(),
            Err(error) => break words(&error),
        }
    };
    if shows(&String::from_utf8_lossy(&read), message_id) { Answer::There } else { Answer::Unknown(ended) }
}

/// Without the address: it may hold what is not for logs.
fn words(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        "The archive did not answer in time.".to_owned()
    } else if error.is_connect() {
        "The archive cannot be reached.".to_owned()
    } else {
        "The archive's answer broke off, or is none.".to_owned()
    }
}

/// Whether a page is about the message: HyperKitty gives the message's header the hash as its id, and public-inbox, MHonArc and raw
/// messages say `Message-ID:` with it. That an address is repeated, as pages for missing messages do, proves nothing.
fn shows(page: &str, message_id: &str) -> bool {
    let hash = hash(message_id);
    let marked = |quote: &str| page.contains(&format!("id={quote}{hash}{quote}"));
    marked("\"") || marked("'") || says(page, message_id) || says(&without_markup(page), message_id)
}

/// `Message-ID: <…>`, in any spelling of the name, with the brackets or without.
fn says(text: &str, message_id: &str) -> bool {
    const NAME: &str = "message-id";
    let lower = text.to_ascii_lowercase();
    lower.match_indices(NAME).any(|(at, _)| {
        let value = text.get(at + NAME.len()..).unwrap_or_default().trim_start();
        let value = value.strip_prefix(':').map(|value| value.trim_start().trim_start_matches('<'));
        let rest = value.and_then(|value| value.strip_prefix(message_id));
        rest.is_some_and(|rest| rest.chars().next().is_none_or(|next| next.is_whitespace() || next == '>'))
    })
}

/// The text of a page: tags taken out (comments stay), the common entities read.
fn without_markup(page: &str) -> String {
    let mut text = String::with_capacity(page.len());
    let mut rest = page;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let after = rest.get(1..).unwrap_or_default();
        let is_tag = after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        let (said, length) = match entity(rest) {
            Some((c, length)) => (Some(c), length),
            None if is_tag => (None, rest.find('>').map_or(rest.len(), |end| end + 1)),
            None => (rest.chars().next(), 1),
        };
        text.extend(said);
        rest = &rest[length..];
    }
    text.push_str(rest);
    text
}

/// The character that an entity at the beginning stands for, and the entity's length.
fn entity(text: &str) -> Option<(char, usize)> {
    let body = text.strip_prefix('&')?;
    let end = body.bytes().take(12).position(|byte| byte == b';')?;
    let name = &body[..end];
    let said = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "nbsp" => ' ',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((said, end + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "orchard.list.call.20261118T1800.reminder.P1D-m0@cal.example.org";

    #[test]
    fn a_page_of_hyperkitty_shows_the_message_by_its_hash() {
        let page = format!("<h1>Call</h1>\n<div id=\"{}\" class=\"email-header\">\n<div class=\"gravatar-wrapper\">", hash(ID));
        assert!(shows(&page, ID));
        assert!(!shows(&page, "another@cal.example.org"));
    }

    #[test]
    fn a_page_that_only_repeats_the_address_shows_nothing() {
        let address = format!("/archives/list/dev@lists.example.org/message/{}/", hash(ID));
        assert!(!shows(&format!("<h1>Page not found</h1><p>{address} <a href=\"{address}\">again</a>"), ID));
        assert!(!shows(&format!("<title>&lt;{ID}&gt; not found</title><pre>Message-ID &lt;{ID}&gt;\nnot found\n"), ID));
        assert!(!shows(&format!("No messages for: mid={ID}"), ID));
    }

    #[test]
    fn archives_that_say_the_message_id_are_read() {
        assert!(shows(&format!("<pre\nid=b>From: Calendar\nMessage-ID: &lt;{ID}&gt; (<a\nhref=\"raw\">raw</a>)\n"), ID), "public-inbox");
        assert!(shows(&format!("Received: from a\r\nMessage-Id: <{ID}>\r\nSubject: x\r\n"), ID), "a raw message");
        assert!(shows(&format!("<!--X-Subject: x -->\n<!--X-Message-Id: {} -->\n", ID.replace('-', "&#45;")), ID), "MHonArc");
        assert!(shows(&format!("Message-ID:\n <{ID}>\n"), ID), "a folded header");
        assert!(!shows(&format!("Message-ID: <{ID}.other>"), ID));
        assert!(!shows(&format!("Message-ID: <x{ID}>"), ID));
    }

    #[test]
    fn hostile_pages_end() {
        for page in ["<", "&", "&#;", "&#x110000;", "<a", "&é;", "<!--", "message-id", "Message-ID:", "İmessage-id: <", "&#99999999999;"]
        {
            let many = page.repeat(3000);
            assert!(!shows(&many, ID), "{page}");
        }
    }
}
