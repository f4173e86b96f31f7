//! `/decide/TOKEN`: the page behind a signed link. Looking does nothing; only the button acts, by handing the answer to the daemon.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use tokio::sync::oneshot;

use super::{Room, Visit, answer};
use crate::output::page::{self, decide::DecideView};

/// How long the daemon may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A link that was followed, on its way to the daemon, which alone knows the key, the proposals and the time.
#[derive(Debug)]
pub struct DecideRequest {
    pub token: String,
    /// `None`: only to look.
    pub answer: Option<DecideAnswer>,
    /// What to show. A request whose reply is dropped is answered with "try again".
    pub reply: oneshot::Sender<DecideView>,
}

/// What an organiser's button says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecideAnswer {
    /// As shown, with the reason as left in the field; `None` where it was emptied.
    Approve {
        reason: Option<String>,
    },
    Decline,
    /// The opposite of what was decided before. `of` is the state that the page showed: pressed twice, the button acts once.
    TakeBack {
        of: String,
    },
}

/// The form. Unknown fields are nobody's business.
#[derive(Debug, Deserialize)]
pub(super) struct Fields {
    answer: String,
    #[serde(default)]
    reason: String,
}

pub(super) async fn show(State(room): State<Arc<Room>>, Path(token): Path<String>) -> Response {
    ask(&room, token, None).await
}

pub(super) async fn act(
    State(room): State<Arc<Room>>,
    Path(token): Path<String>,
    form: Result<Form<Fields>, axum::extract::rejection::FormRejection>,
) -> Response {
    let fields = match form {
        Ok(Form(fields)) => fields,
        Err(refused) if refused.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return answer::html(
                StatusCode::PAYLOAD_TOO_LARGE,
                page::notice("This is too long", "A reason is a sentence or two. Nothing was decided."),
            );
        }
        Err(_) => {
            return answer::html(
                StatusCode::BAD_REQUEST,
                page::notice("This was not understood", "Please go back and press the button again. Nothing was decided."),
            );
        }
    };
    let reason = Some(fields.reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    let given = match (fields.answer.as_str(), fields.answer.strip_prefix("take-back ")) {
        ("approve", _) => DecideAnswer::Approve { reason },
        ("decline", _) => DecideAnswer::Decline,
        (_, Some(of)) => DecideAnswer::TakeBack { of: of.to_owned() },
        _ => {
            return answer::html(
                StatusCode::BAD_REQUEST,
                page::notice("This was not understood", "Please go back and press one of the buttons. Nothing was decided."),
            );
        }
    };
    ask(&room, token, Some(given)).await
}

async fn ask(room: &Room, token: String, given: Option<DecideAnswer>) -> Response {
    let (reply, view) = oneshot::channel();
    let acted = given.is_some();
    let sent = room.web.decisions.send(Visit::Decide(DecideRequest { token: token.clone(), answer: given, reply })).await;
    let view = match sent {
        Ok(()) => tokio::time::timeout(PATIENCE, view).await.ok().and_then(Result::ok),
        Err(_) => None,
    };
    let Some(view) = view else {
        let words = if acted {
            "Whether your answer was taken is not known. Please open the link again: it shows what is decided."
        } else {
            "Please open the link again in a minute."
        };
        return answer::html(StatusCode::SERVICE_UNAVAILABLE, page::notice("Not available at this moment", words));
    };
    let status = if matches!(view, DecideView::Unknown) { StatusCode::NOT_FOUND } else { StatusCode::OK };
    answer::html(status, page::decide::page(&view, &token))
}
