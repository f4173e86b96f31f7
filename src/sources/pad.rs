//! Pads, by their download addresses: within limits of time and size, asked with the validators of the last answer, and led nowhere but to
//! hosts that were named, at addresses that everybody can reach. An answer that is a page of HTML is no pad.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use reqwest::header::{
    ACCEPT, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION, RETRY_AFTER,
};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use tokio::time::timeout;

use super::Trouble;
use super::public::is_public;
use crate::meeting::remote::Pad;

/// The name of a pad's text inside its place.
pub const TEXT: &str = "pad.md";
/// Hops that are followed.
const MOST_REDIRECTS: usize = 5;
/// Between two pieces of an answer.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Nobody is believed who says "not before tomorrow".
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// What the last answer said of itself: the next question asks whether that still holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    etag: Option<HeaderValue>,
    modified: Option<HeaderValue>,
}

/// A pad that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Got {
    /// As it was at the last answer.
    Same,
    Text(Vec<u8>, Validators),
}

/// Asks for a pad's text. `local`: whether a pad that is configured on this machine may be, unless it is one that has to be public.
pub async fn fetch(pad: &Pad, validators: &Validators, local: bool, time_out: Duration) -> Result<Got, Trouble> {
    match timeout(time_out, follow(pad, validators, local, time_out)).await {
        Ok(got) => got,
        Err(_) => Err(Trouble::new("source-failed", "This pad did not answer within its time-out.")),
    }
}

async fn follow(pad: &Pad, validators: &Validators, local: bool, time_out: Duration) -> Result<Got, Trouble> {
    let local = local && !pad.public_only;
    let configured = Url::parse(&pad.download).map_err(|_| Trouble::new("source-refused", "The address of this pad cannot be asked."))?;
    let mut url = configured.clone();
    for _ in 0..=MOST_REDIRECTS {
        // What was configured may be on this machine, if that is allowed; nothing else may.
        let response = ask(&url, validators, local && url.origin() == configured.origin(), time_out).await?;
        if !response.status().is_redirection() || response.status() == StatusCode::NOT_MODIFIED {
            return answer(response, pad.largest).await;
        }
        let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).and_then(|to| url.join(to).ok());
        let to = to.ok_or_else(|| Trouble::new("source-failed", "This pad leads to an address that is none."))?;
        let host = to.host_str().unwrap_or_default();
        let same = to.origin() == configured.origin();
        if !same && (to.scheme() != "https" || configured.host_str() != Some(host) && !pad.hosts.iter().any(|good| good == host)) {
            let sentence = "This pad leads to another host, which is not followed. See whether everybody may read it; a host that is meant is allowed \
                with redirects-to.";
            return Err(Trouble { details: super::for_the_log(host), ..Trouble::new("source-refused", sentence) });
        }
        url = to;
    }
    Err(Trouble::new("source-failed", "This pad leads from one address to the next without an end."))
}

/// Asks at an address that was looked up and checked before: who answers for the name a moment later does not matter.
async fn ask(url: &Url, validators: &Validators, local: bool, time_out: Duration) -> Result<Response, Trouble> {
    let refused = |sentence: &str| Trouble::new("source-refused", sentence);
    let host = url.host_str().ok_or_else(|| refused("The address of this pad has no host."))?;
    let port = url.port_or_known_default().unwrap_or(443);
    let bare = host.trim_matches(['[', ']']);
    let found: Vec<SocketAddr> = match bare.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, port)],
        Err(_) => tokio::net::lookup_host((host, port))
            .await
            .map_err(|_| Trouble::new("source-failed", "The host of this pad is not found."))?
            .collect(),
    };
    let allowed: Vec<SocketAddr> =
        found.iter().copied().filter(|at| is_public(at.ip()) || local && at.ip().to_canonical().is_loopback()).collect();
    if allowed.is_empty() {
        return Err(match found.iter().all(|at| at.ip().to_canonical().is_loopback()) {
            true => refused("This pad is at an address of this machine. If that is meant, write local-sources = true in convened.toml."),
            false => refused("This pad is at an address of a private network, which is not asked."),
        });
    }
    let plain_http = url.scheme() == "http";
    if plain_http && !local {
        return Err(refused(
            "This pad is fetched over plain http. For a pad on this machine, write local-sources = true in convened.toml.",
        ));
    }
    let client = Client::builder()
        .user_agent(concat!("convened/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .connect_timeout(time_out)
        .read_timeout(LONGEST_PAUSE.min(time_out))
        .pool_max_idle_per_host(0)
        .no_proxy()
        .https_only(!plain_http)
        .resolve_to_addrs(host, &allowed)
        .build()
        .map_err(|_| Trouble::new("source-failed", "The way to pads cannot be set up."))?;
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("text/markdown, text/plain;q=0.9, */*;q=0.1"));
    let known: [(HeaderName, &Option<HeaderValue>); 2] = [(IF_NONE_MATCH, &validators.etag), (IF_MODIFIED_SINCE, &validators.modified)];
    headers.extend(known.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
    client.get(url.clone()).headers(headers).send().await.map_err(|error| broken(&error))
}

async fn answer(mut response: Response, largest: usize) -> Result<Got, Trouble> {
    let status = response.status();
    if status == StatusCode::NOT_MODIFIED {
        return Ok(Got::Same);
    }
    if !status.is_success() {
        let sentence = match status.as_u16() {
            401 | 403 => "This pad is not for everybody to read. Open it to readers, or take it out.".to_owned(),
            404 | 410 => "There is no such pad. Check the address.".to_owned(),
            status => format!("The server of this pad answers {status}."),
        };
        let code = if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS { "source-refused" } else { "source-failed" };
        let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok()).map(Duration::from_secs);
        return Err(Trouble { wait: wait.map(|wait| wait.min(LONGEST_WAIT)), ..Trouble::new(code, sentence) });
    }
    let is_html = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
    let no_text = || {
        Trouble::new(
            "pad-is-no-text",
            "This pad answers with a web page in place of its text. See whether everybody may read it, and check the address.",
        )
    };
    if is_html {
        return Err(no_text());
    }
    let too_large = || {
        let sentence = format!("This pad is larger than {} kB, and is not read. Shorten it, or raise `largest`.", largest / 1000);
        Trouble::new("source-too-large", sentence)
    };
    if response.content_length().is_some_and(|length| length > largest as u64) {
        return Err(too_large());
    }
    let header = |name| response.headers().get(name).cloned();
    let validators = Validators { etag: header(ETAG), modified: header(LAST_MODIFIED) };
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > largest => return Err(too_large()),
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => return Err(broken(&error)),
        }
    }
    let beginning =
        String::from_utf8_lossy(bytes.get(..1000).unwrap_or(&bytes)).trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    if ["<!doctype", "<html", "<head"].iter().any(|tag| beginning.starts_with(tag)) {
        return Err(no_text());
    }
    Ok(Got::Text(bytes, validators))
}

/// Without the address: it may hold what is not for everybody.
fn broken(error: &reqwest::Error) -> Trouble {
    let sentence = match () {
        () if error.is_timeout() => "This pad did not answer within its time-out.",
        () if error.is_connect() => "The host of this pad cannot be reached.",
        () => "The answer of this pad broke off, or is none.",
    };
    Trouble::new("source-failed", sentence)
}
