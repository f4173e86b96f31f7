//! Puts a text into a new pad: HedgeDoc's `POST /new` (docs.hedgedoc.org, "API"), or HackMD's `POST /v1/notes` with a token. Over https but on
//! this machine; redirects are not followed, for a token would go with them; no sentence holds the token.

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};

use super::smtp::clean;

/// Of an answer so much is read; HackMD's repeats the text of the note.
const ANSWER: usize = 4 << 20;
/// Of what an answer says so much is shown.
const WORDS: usize = 200;

/// Where pads are made.
#[derive(Debug)]
pub enum Pads {
    /// A HedgeDoc; its own address.
    HedgeDoc(Url),
    /// The address of a collection of notes of HackMD's API, with the token.
    HackMd(Url, SecretString),
}

impl Pads {
    /// With a token the address is of HackMD's API (`https://api.hackmd.io/v1/notes`, or `…/v1/teams/TEAM/notes`), without one of a HedgeDoc.
    pub fn new(address: &str, token: Option<SecretString>) -> Result<Pads, String> {
        let url = Url::parse(address).map_err(|_| format!("\"{}\" is no web address.", clean(address)))?;
        let here = url.host_str().is_some_and(|host| ["localhost", "127.0.0.1", "[::1]"].contains(&host));
        match url.scheme() {
            "https" => {}
            "http" if here => {}
            _ => return Err("A pad is reached over https only: give such an address.".to_owned()),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("The address of a pad holds no password: put the token into a file.".to_owned());
        }
        Ok(match token {
            Some(token) => Pads::HackMd(url, token),
            None => Pads::HedgeDoc(url),
        })
    }
}

/// Makes a pad with this text, and gives its address. `time_out` holds for the whole exchange.
pub async fn create(pads: &Pads, text: &str, time_out: Duration) -> Result<String, String> {
    let (url, https) = match pads {
        Pads::HedgeDoc(base) => {
            let mut url = base.clone();
            url.set_path(&format!("{}/new", base.path().trim_end_matches('/')));
            url.set_query(None);
            (url, base.scheme() == "https")
        }
        Pads::HackMd(url, _) => (url.clone(), url.scheme() == "https"),
    };
    let client = Client::builder()
        .redirect(Policy::none())
        .timeout(time_out)
        .connect_timeout(time_out)
        .pool_max_idle_per_host(0)
        .no_proxy()
        .https_only(https)
        .user_agent(concat!("convened/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|_| "HTTP for the pad could not be set up.".to_owned())?;
    let request = match pads {
        Pads::HedgeDoc(_) => client.post(url.clone()).header(CONTENT_TYPE, "text/markdown").body(text.to_owned()),
        Pads::HackMd(_, token) => {
            let body = serde_json::json!({ "content": text }).to_string();
            client.post(url.clone()).bearer_auth(token.expose_secret()).header(CONTENT_TYPE, "application/json").body(body)
        }
    };
    let response = request.header(ACCEPT, "application/json, text/html").send().await.map_err(|error| words(&error).to_owned())?;
    match pads {
        Pads::HedgeDoc(_) => of_hedgedoc(response, &url).await,
        Pads::HackMd(_, token) => of_hackmd(response, &url, token).await,
    }
}

async fn of_hedgedoc(response: Response, asked: &Url) -> Result<String, String> {
    let status = response.status();
    if !status.is_redirection() {
        let said = beginning(response).await;
        return Err(refused(status, &said));
    }
    let place = response.headers().get(LOCATION).and_then(|place| place.to_str().ok()).and_then(|place| asked.join(place).ok());
    let place = place.filter(|place| place.host_str() == asked.host_str() && ["https", "http"].contains(&place.scheme()));
    let place = place.ok_or_else(|| "The pad answered without the address of the new note.".to_owned())?;
    // Who may not make notes is led to the page where one signs in.
    let path = place.path().trim_end_matches('/');
    if path == asked.path().trim_end_matches("/new") || path.ends_with("/login") {
        return Err("The pad wants its visitors to sign in before they make notes. Allow free creation there, or write to a file with -o."
            .to_owned());
    }
    Ok(place.to_string())
}

async fn of_hackmd(response: Response, asked: &Url, token: &SecretString) -> Result<String, String> {
    let status = response.status();
    let said = beginning(response).await;
    match status {
        StatusCode::OK | StatusCode::CREATED => {}
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            return Err(format!("The pad answered {}: the token is not valid there.", status.as_u16()));
        }
        status => {
            return Err(refused(status, &said.replace(token.expose_secret(), "…")));
        }
    }
    let answer: serde_json::Value = serde_json::from_str(&said).unwrap_or_default();
    let of = |key: &str| answer.get(key).and_then(|value| value.as_str());
    let id = of("id").filter(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    if let (Some(id), Some("api.hackmd.io")) = (id, asked.host_str()) {
        return Ok(format!("https://hackmd.io/{id}"));
    }
    let link = of("publishLink").and_then(|link| Url::parse(link).ok()).filter(|link| ["https", "http"].contains(&link.scheme()));
    link.map(|link| link.to_string())
        .or_else(|| id.map(str::to_owned))
        .ok_or_else(|| "The pad took the note and did not say where it is.".to_owned())
}

/// A sentence on an answer that both kinds of pads give, and what a person can do about it.
fn refused(status: StatusCode, said: &str) -> String {
    let code = status.as_u16();
    let what = match status {
        StatusCode::NOT_FOUND => "there is no place for new notes at this address: look at --pad",
        StatusCode::PAYLOAD_TOO_LARGE => "the draft is longer than the pad takes: write it to a file with -o",
        StatusCode::TOO_MANY_REQUESTS => "it was asked too often: try again later",
        StatusCode::OK => "it shows a page instead of making a note: look at --pad",
        _ => return format!("The pad answered {code}, and made no note.{}", quoted(said)),
    };
    format!("The pad answered {code}, and made no note: {what}.")
}

fn quoted(said: &str) -> String {
    let said: String = clean(said).chars().take(WORDS).collect();
    if said.trim().is_empty() || said.trim_start().starts_with('<') { String::new() } else { format!(" It said: {said}") }
}

/// The answer's text, as far as it comes in time and in bounds.
async fn beginning(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() >= ANSWER {
            break;
        }
    }
    bytes.truncate(ANSWER);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Without the address, and without what a server says of it.
fn words(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "The pad did not answer in time; whether it made a note is not known."
    } else if error.is_connect() {
        "The pad cannot be reached."
    } else {
        "The pad's answer broke off; whether it made a note is not known."
    }
}
