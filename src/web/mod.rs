//! Serves the last publication, and passes decisions on to the daemon. It computes nothing that is published, and asks no clock but
//! the monotonic one.

pub mod decide;
pub mod health;

mod answer;
mod connection;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use crate::output::page;
use crate::output::publication::{CALENDAR, Publication};
use decide::DecideRequest;
use health::Health;

/// An answer to a proposal is a few words.
const LONGEST_BODY: usize = 16 * 1024;
/// How long open connections are waited for when the daemon ends.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the server is given. The daemon keeps the other ends.
#[derive(Clone)]
pub struct Web {
    pub publication: watch::Receiver<Arc<Publication>>,
    pub health: watch::Receiver<Health>,
    pub decisions: mpsc::Sender<DecideRequest>,
    pub limits: Limits,
    /// Whether `/healthz` and `/metrics` are served.
    pub show_health: bool,
    pub show_metrics: bool,
}

/// What one visitor, and all of them, can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub connections: usize,
    /// A connection on which nothing moves for so long is closed.
    pub idle: Duration,
    /// No connection lives longer.
    pub longest: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { connections: 4096, idle: Duration::from_secs(30), longest: Duration::from_secs(600) }
    }
}

/// Counted since the start, for `/metrics`.
#[derive(Default)]
struct Served {
    feeds: AtomicU64,
    unchanged: AtomicU64,
    pages: AtomicU64,
}

struct Room {
    web: Web,
    served: Served,
}

/// Serves until `shutdown` is done, then lets open answers end for a few seconds.
pub async fn serve(listener: TcpListener, web: Web, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    let limits = web.limits;
    let (ended, mut end) = watch::channel(false);
    let shutdown = async move {
        shutdown.await;
        ended.send_replace(true);
    };
    let service = router(web).into_make_service();
    let server = axum::serve(connection::Guarded::new(listener, limits), service).with_graceful_shutdown(shutdown).into_future();
    let impatience = async move {
        // An error means that the server is gone already.
        if end.wait_for(|ended| *ended).await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(PATIENCE).await;
    };
    tokio::select! {
        result = server => result,
        () = impatience => Ok(()),
    }
}

/// All that the server answers, without its socket: tests call it.
pub fn router(web: Web) -> Router {
    let room = Arc::new(Room { web, served: Served::default() });
    let mut router = Router::new();
    if room.web.show_health {
        router = router.route("/healthz", get(healthz));
    }
    if room.web.show_metrics {
        router = router.route("/metrics", get(metrics));
    }
    router
        .route("/decide/{token}", get(decide::show).post(decide::act))
        .fallback(document)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .with_state(room)
        .layer(axum::middleware::map_response(harden))
}

async fn document(State(room): State<Arc<Room>>, request: Request) -> Response {
    let path = request.uri().path();
    match *request.method() {
        Method::GET | Method::HEAD => {}
        Method::OPTIONS => return answer::options(),
        _ => return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD, OPTIONS")]).into_response(),
    }
    let publication = room.web.publication.borrow().clone();
    let found = answer::find(&publication, path);
    let Some((path, document)) = found else { return not_found(&publication) };
    let response = answer::respond(path, document, request.headers());
    let counter = match (response.status(), document.content_type) {
        (StatusCode::NOT_MODIFIED, _) => &room.served.unchanged,
        (_, CALENDAR) => &room.served.feeds,
        _ => &room.served.pages,
    };
    counter.fetch_add(1, Ordering::Relaxed);
    response
}

/// Says in words what is not there. Without a publication yet it is not known: 503, and readers keep what they have.
fn not_found(publication: &Publication) -> Response {
    let (status, page) = if publication.documents.is_empty() {
        (StatusCode::SERVICE_UNAVAILABLE, page::starting())
    } else {
        (StatusCode::NOT_FOUND, page::not_found())
    };
    let mut response = answer::html(status, page);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
    }
    response
}

async fn healthz(State(room): State<Arc<Room>>) -> Response {
    let health = room.web.health.borrow().clone();
    let status = if health.is_alive() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    answer::fresh(status, "application/json", health.to_json())
}

async fn metrics(State(room): State<Arc<Room>>) -> Response {
    let health = room.web.health.borrow().clone();
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let served = [("feed", read(&room.served.feeds)), ("unchanged", read(&room.served.unchanged)), ("page", read(&room.served.pages))];
    answer::fresh(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", health.to_metrics(&served))
}

/// What every answer says to browsers.
async fn harden(mut response: Response) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    );
    response
}

#[cfg(test)]
mod tests;
