//! `/organise/TOKEN`: the page of one organiser. Looking does nothing; what a button says goes to the daemon, which alone decides. The
//! address is the secret: there is no cookie that another site could make use of.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use tokio::sync::oneshot;

use super::{Room, Visit, answer};
use crate::output::page;

/// How long the daemon may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A visit to the page, on its way to the daemon.
#[derive(Debug)]
pub struct OrganiseRequest {
    pub token: String,
    /// `None`: only to look.
    pub ask: Option<Box<Ask>>,
    pub reply: oneshot::Sender<Page>,
}

/// What is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Whether the address is one of ours; else there is no such page.
    pub known: bool,
    pub html: String,
}

/// What a button says, with the fields of its form, as they were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Ask {
    /// `cancel`, `move`, `restore`, `extra`, `take-back`; `release`, `drop`; `retry`, `hold`.
    pub ask: String,
    /// `show` or `act`.
    #[serde(rename = "do")]
    pub act: String,
    /// `call/20261202T1800`
    pub meeting: String,
    pub series: String,
    pub decision: String,
    pub item: String,
    pub letter: String,
    /// What the page that is answered showed.
    pub stands: String,
    pub date: String,
    pub time: String,
    pub minutes: String,
    pub reason: String,
    /// `list` or `known`.
    pub tell: String,
}

pub(super) async fn show(State(room): State<Arc<Room>>, Path(token): Path<String>) -> Response {
    ask(&room, token, None).await
}

pub(super) async fn act(State(room): State<Arc<Room>>, Path(token): Path<String>, form: Result<Form<Ask>, FormRejection>) -> Response {
    match form {
        Ok(Form(fields)) => ask(&room, token, Some(fields)).await,
        Err(refused) if refused.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            secret(StatusCode::PAYLOAD_TOO_LARGE, page::notice("This is too long", "A reason is a sentence or two. Nothing was decided."))
        }
        Err(_) => {
            let words = "Please go back and press the button again. Nothing was decided.";
            secret(StatusCode::BAD_REQUEST, page::notice("This was not understood", words))
        }
    }
}

async fn ask(room: &Room, token: String, ask: Option<Ask>) -> Response {
    let (reply, shown) = oneshot::channel();
    let acts = ask.is_some();
    let sent = room.web.decisions.send(Visit::Organise(OrganiseRequest { token, ask: ask.map(Box::new), reply })).await;
    let shown = match sent {
        Ok(()) => tokio::time::timeout(PATIENCE, shown).await.ok().and_then(Result::ok),
        Err(_) => None,
    };
    match shown {
        Some(Page { known: true, html }) => secret(StatusCode::OK, html),
        Some(Page { known: false, html }) => secret(StatusCode::NOT_FOUND, html),
        None => {
            let words = if acts {
                "Whether this was taken is not known. Please open your page again: it shows what is decided."
            } else {
                "Please open your page again in a minute."
            };
            secret(StatusCode::SERVICE_UNAVAILABLE, page::notice("Not available at this moment", words))
        }
    }
}

/// A page that nobody else is to find.
fn secret(status: StatusCode, html: String) -> Response {
    let mut response = answer::html(status, html);
    response.headers_mut().insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));
    response
}
