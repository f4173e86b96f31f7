//! A post to a chat: its JSON, by HTTP to the chat's webhook. The address is a secret: it is read anew for each post, stands in no
//! sentence, and what a server says is searched for pieces of it.
//!
//! What is known of a post: an answer says it, and an answer that never came after the last byte is a doubt. Of the answers, 2xx took it.
//! 408, 425, 429 and most of 5xx say that it was not taken this time: whoever answers 500 or 503 speaks for itself. 502, 504, 520 and 524 are
//! said by a gateway that got no answer from the server behind it, which may have posted: a doubt. Everything else is a no.
//! Redirects are not followed: the secret would go to another address with it.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use http_body::{Frame, SizeHint};
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::smtp::clean;
use super::{Outcome, Parcel};
use crate::crash::crash_point;

/// A chat's webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// `chat-NAME`, for sentences.
    pub name: String,
    /// The file whose first line is the address; or why it cannot be known where that is.
    pub address: Result<PathBuf, String>,
    /// Discord: asks it to answer when the post is stored, and not before.
    pub wait: bool,
    /// How long each step may take: the connection, the post, its answer.
    pub time_out: Duration,
}

/// Of an answer so much is read.
const ANSWER: usize = 4096;
/// Of what an answer says so much is shown.
const WORDS: usize = 200;
/// Nobody is believed who says "not before tomorrow".
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) async fn hand_over(
    webhook: &Webhook,
    parcel: &Parcel<'_>,
    before_dot: impl Future<Output = Result<(), String>> + Send,
) -> Outcome {
    match post(webhook, parcel.bytes, before_dot).await {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

/// `Err` holds an outcome too: certainly not taken.
async fn post(webhook: &Webhook, bytes: &[u8], before_dot: impl Future<Output = Result<(), String>> + Send) -> Result<Outcome, Outcome> {
    let Webhook { name, time_out, .. } = webhook;
    let later = |said: String| Outcome::Deferred { said };
    let url = address(webhook).await.map_err(later)?;
    let scrub = Scrub::of(&url);
    let client = Client::builder()
        .redirect(Policy::none())
        .connect_timeout(*time_out)
        .pool_max_idle_per_host(0)
        .no_proxy()
        .https_only(url.scheme() == "https")
        .user_agent(concat!("convened/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|_| later(format!("HTTP for {name} could not be set up.")))?;
    let (body, asked, allow) = Letter::new(bytes);
    let request = client.post(url).header(CONTENT_TYPE, "application/json").body(reqwest::Body::wrap(body)).send();
    let mut request = std::pin::pin!(request);
    let begun = timeout(*time_out * 2, async {
        tokio::select! {
            biased;
            ended = &mut request => Some(ended),
            _ = asked => None,
        }
    });
    let response = match begun.await {
        Err(_) => return Err(later(format!("{name} did not take the post within {} s.", (*time_out * 2).as_secs_f64()))),
        Ok(Some(Err(error))) => return Err(later(format!("{name} cannot be reached: {}", scrub.words(&cause(&error))))),
        // An answer to a post that was not complete.
        Ok(Some(Ok(response))) => response,
        Ok(None) => {
            before_dot.await.map_err(later)?;
            // The request still waits for it: nobody else could drop it.
            let _ = allow.send(());
            crash_point!("carrier:after-dot");
            match timeout(*time_out, &mut request).await {
                Err(_) => {
                    return Ok(Outcome::Doubt { said: format!("{name} did not answer the post within {} s.", time_out.as_secs_f64()) });
                }
                Ok(Err(error)) => {
                    let said =
                        format!("The connection to {name} broke after the post and before its answer: {}", scrub.words(&cause(&error)));
                    return Ok(Outcome::Doubt { said });
                }
                Ok(Ok(response)) => response,
            }
        }
    };
    let (status, wait) = (response.status().as_u16(), retry_after(response.headers()));
    let words = scrub.words(&beginning(response, *time_out).await);
    Ok(fate(name, status, wait, &words))
}

fn fate(name: &str, status: u16, wait: Option<Duration>, words: &str) -> Outcome {
    let words = if words.is_empty() { String::new() } else { format!(" It said: {words}") };
    let said = format!("{name} answered {status}.{words}");
    match status {
        200..=299 => Outcome::Sent { said },
        300..=399 => Outcome::Refused { said: format!("{said} Redirects are not followed: put the new address into its place.") },
        429 | 503 => match wait {
            Some(wait) => Outcome::Later { said, wait: wait.min(LONGEST_WAIT) },
            None => Outcome::Deferred { said },
        },
        408 | 425 => Outcome::Deferred { said },
        502 | 504 | 520 | 524 => Outcome::Doubt { said },
        500..=599 => Outcome::Deferred { said },
        _ => Outcome::Refused { said },
    }
}

/// The address as the file says it now; only https, except towards this very machine.
async fn address(webhook: &Webhook) -> Result<Url, String> {
    let name = &webhook.name;
    let path = webhook.address.as_ref().map_err(Clone::clone)?;
    let text = tokio::fs::read_to_string(path)
        .await
        .map_err(|error| format!("The address of {name} in {} cannot be read: {error}.", path.display()))?;
    let line = SecretString::from(text.lines().next().unwrap_or_default().trim());
    let place = path.display();
    let mut url = Url::parse(line.expose_secret())
        .map_err(|_| format!("The first line of {place} is no web address: write that of the webhook of {name} there."))?;
    let local = match url.host() {
        Some(url::Host::Domain(host)) => host == "localhost",
        Some(url::Host::Ipv4(host)) => host.is_loopback(),
        Some(url::Host::Ipv6(host)) => host.is_loopback(),
        None => false,
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && local) {
        return Err(format!("The address in {place} is not https: anybody on the way could post to {name}."));
    }
    if webhook.wait && !url.query_pairs().any(|(key, _)| key == "wait") {
        url.query_pairs_mut().append_pair("wait", "true");
    }
    Ok(url)
}

/// How long to wait, in seconds or as a date (RFC 9110, 10.2.3); a date is held against the answer's own.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds.clamp(0.0, LONGEST_WAIT.as_secs_f64())).ok();
    }
    let date = |text: &str| DateTime::parse_from_rfc2822(text).ok();
    let from = date(headers.get(DATE)?.to_str().ok()?)?;
    (date(text)? - from).to_std().ok()
}

/// The first bytes of an answer, as far as they come in time.
async fn beginning(mut response: Response, time_out: Duration) -> String {
    let mut bytes = Vec::new();
    let read = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            bytes.extend_from_slice(&chunk);
            if bytes.len() >= ANSWER {
                break;
            }
        }
    };
    // The status is known; the words are an extra.
    let _ = timeout(time_out, read).await;
    bytes.truncate(ANSWER);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The innermost words of an error; those of reqwest itself name the address.
fn cause(error: &reqwest::Error) -> String {
    let mut words = None;
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        words = Some(error.to_string());
        next = error.source();
    }
    words.unwrap_or_else(|| "it ended without a word.".to_owned())
}

/// The pieces of an address that a stranger's words must not repeat.
struct Scrub(Vec<String>);

impl Scrub {
    fn of(url: &Url) -> Scrub {
        let whole = &url[url::Position::BeforePath..];
        let mut pieces: Vec<String> = url.as_str()[..]
            .split(['/', '?', '&', '=', '#', ':', '@'])
            .chain([whole, url.as_str(), url.username(), url.password().unwrap_or_default()])
            .filter(|piece| piece.len() >= 6 && !["https", "localhost", "127.0.0.1"].contains(piece))
            .map(str::to_owned)
            .collect();
        pieces.sort_by_key(|piece| std::cmp::Reverse(piece.len()));
        Scrub(pieces)
    }

    /// One short line without them.
    fn words(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for piece in &self.0 {
            text = text.replace(piece, "…");
        }
        clean(text).chars().take(WORDS).collect()
    }
}

/// The body of a post. Its last byte leaves only when that is allowed.
struct Letter {
    bytes: Bytes,
    ask: Option<oneshot::Sender<()>>,
    allowed: oneshot::Receiver<()>,
}

impl Letter {
    fn new(bytes: &[u8]) -> (Letter, oneshot::Receiver<()>, oneshot::Sender<()>) {
        let (ask, asked) = oneshot::channel();
        let (allow, allowed) = oneshot::channel();
        (Letter { bytes: Bytes::copy_from_slice(bytes), ask: Some(ask), allowed }, asked, allow)
    }
}

impl http_body::Body for Letter {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        let length = self.bytes.len();
        if length > 1 {
            return Poll::Ready(Some(Ok(Frame::data(self.bytes.split_to(length - 1)))));
        }
        if self.bytes.is_empty() {
            return Poll::Ready(None);
        }
        if let Some(ask) = self.ask.take() {
            // Nobody listens any more: then nobody allows it either.
            let _ = ask.send(());
        }
        match std::task::ready!(Pin::new(&mut self.allowed).poll(context)) {
            Ok(()) => Poll::Ready(Some(Ok(Frame::data(self.bytes.split_to(1))))),
            Err(_) => Poll::Ready(Some(Err("called off"))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_yes_a_no_a_later_or_a_doubt() {
        let word = |status| fate("chat-dev", status, None, "").word();
        for (statuses, expected) in [
            (&[200, 201, 202, 204][..], "sent"),
            (&[301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 410, 413, 418, 422], "refused"),
            (&[408, 425, 429, 500, 501, 503, 507, 521, 522, 523, 599], "deferred"),
            (&[502, 504, 520, 524], "doubt"),
        ] {
            for status in statuses {
                assert_eq!(word(*status), expected, "{status}");
            }
        }
    }

    #[test]
    fn how_long_to_wait_is_read_in_both_forms() {
        let wait = |date: Option<&str>, after: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, after.parse().unwrap());
            date.map(|date| headers.insert(DATE, date.parse().unwrap()));
            retry_after(&headers).map(|wait| wait.as_millis())
        };
        assert_eq!(wait(None, "120"), Some(120_000));
        assert_eq!(wait(None, "0.65"), Some(650));
        assert_eq!(wait(Some("Tue, 03 Mar 2026 08:00:00 GMT"), "Tue, 03 Mar 2026 08:05:00 GMT"), Some(300_000));
        assert_eq!(wait(Some("Tue, 03 Mar 2026 08:00:00 GMT"), "Tue, 03 Mar 2026 07:05:00 GMT"), None);
        assert_eq!(wait(None, "Tue, 03 Mar 2026 08:05:00 GMT"), None);
        assert_eq!(wait(None, "-5"), Some(0));
        assert_eq!(wait(None, "1e300"), Some(86_400_000));
        assert_eq!(wait(None, "soon"), None);
    }

    #[test]
    fn what_a_server_says_is_shown_without_pieces_of_the_address() {
        let url = Url::parse("https://hooks.example.org/services/T0000/B0000/sesame42?api_key=opensesame").unwrap();
        let words =
            Scrub::of(&url).words("Not found:\r\n/services/T0000/B0000/sesame42?api_key=opensesame (key opensesame, sesame42)\u{1b}[0m");
        assert!(!words.contains("sesame") && words.starts_with("Not found: …"), "{words}");
        assert!(Scrub::of(&url).words(&"x".repeat(10_000)).len() <= WORDS);
    }
}
