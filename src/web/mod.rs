//! Serves the last publication, and passes decisions on to the daemon. It computes nothing that is published, and asks no clock but
//! the monotonic one.

pub mod decide;
pub mod health;
pub mod organise;

mod answer;
mod connection;
mod metrics;
mod served;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::ServiceExt as _;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Query, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::future::RouteFuture;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tower_service::Service;

use crate::meeting::zone::Zones;
use crate::output::page;
use crate::output::publication::{HTML, Publication};
use decide::DecideRequest;
use health::Health;
use organise::OrganiseRequest;
use served::{Kind, Served};

/// An answer to a proposal is a few words.
const LONGEST_BODY: usize = 16 * 1024;
/// A zone's name and a little more.
const LONGEST_QUERY: usize = 500;
/// How long open connections are waited for when the daemon ends.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the server is given. The daemon keeps the other ends.
#[derive(Clone)]
pub struct Web {
    pub publication: watch::Receiver<Arc<Publication>>,
    pub health: watch::Receiver<Health>,
    /// By which a page is shown in the zone that its address asks for.
    pub zones: watch::Receiver<Zones>,
    pub decisions: mpsc::Sender<Visit>,
    pub limits: Limits,
    /// Whether `/healthz` and `/metrics` are served.
    pub show_health: bool,
    pub show_metrics: bool,
    /// Whether feeds are compressed for those who ask for it.
    pub gzip_feeds: bool,
}

/// Somebody who follows a signed link: the daemon alone knows the key, what is proposed and decided, and the time.
#[derive(Debug)]
pub enum Visit {
    Decide(DecideRequest),
    Organise(OrganiseRequest),
}

/// What one visitor, and all of them, can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub connections: usize,
    /// A connection on which nothing moves for so long is closed; so is one whose request does not come in within that time.
    pub idle: Duration,
    /// No connection lives longer.
    pub longest: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { connections: 16_384, idle: Duration::from_secs(30), longest: Duration::from_secs(600) }
    }
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
    let service = Front::new(web).into_make_service();
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

/// What is published is answered here; the rest goes on to the routes.
#[derive(Clone)]
struct Front {
    room: Arc<Room>,
    rest: Router,
}

impl Front {
    fn new(web: Web) -> Front {
        let room = Arc::new(Room { web, served: Served::default() });
        Front { rest: routes(&room), room }
    }
}

impl Service<Request> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Going;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Going {
        match published(&self.room, &request) {
            Some((kind, response)) => {
                self.room.served.count(kind, response.status());
                Going::There(Some(response))
            }
            None => Going::On(Box::pin(self.rest.call(request))),
        }
    }
}

/// An answer that is there, or one to wait for.
enum Going {
    There(Option<Response>),
    On(Pin<Box<RouteFuture<Infallible>>>),
}

impl Future for Going {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Going::There(response) => response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response))),
            Going::On(route) => route.as_mut().poll(cx),
        }
    }
}

fn routes(room: &Arc<Room>) -> Router {
    let mut router = Router::new();
    if room.web.show_health {
        router = router.route("/healthz", get(healthz));
    }
    if room.web.show_metrics {
        router = router.route("/metrics", get(metrics));
    }
    router
        .route("/decide/{token}", get(decide::show).post(decide::act))
        .route("/organise/{token}", get(organise::show).post(organise::act))
        .fallback(other)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .with_state(room.clone())
        .layer(axum::middleware::map_response_with_state(room.clone(), finish))
}

/// The answer to GET and HEAD of what is published, and what it is.
fn published(room: &Room, request: &Request) -> Option<(Kind, Response)> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let publication = room.web.publication.borrow().clone();
    let (path, document) = answer::find(&publication, request.uri().path())?;
    let response = match asked_zone(request).filter(|_| document.content_type == HTML) {
        Some(name) => {
            let zones = room.web.zones.borrow().clone();
            let html = String::from_utf8_lossy(&document.bytes);
            answer::html(StatusCode::OK, page::zoned::page(&html, &name, &zones))
        }
        None => answer::respond(path, document, request.headers(), room.web.gzip_feeds),
    };
    Some((Kind::of(document.content_type), response))
}

/// The zone of `?zone=`, if the address has one.
fn asked_zone(request: &Request) -> Option<String> {
    request.uri().query().filter(|query| query.len() <= LONGEST_QUERY)?;
    let pairs: Query<Vec<(String, String)>> = Query::try_from_uri(request.uri()).ok()?;
    pairs.0.into_iter().find(|(name, zone)| name == "zone" && !zone.trim().is_empty()).map(|(_, zone)| zone.trim().to_owned())
}

/// What is not published, or not asked for by GET or HEAD. Before the first publication of an empty store is there, it is waited for:
/// Thunderbird gives a calendar up that was answered with an error (FEEDS.md H4).
async fn other(State(room): State<Arc<Room>>, request: Request) -> Response {
    match *request.method() {
        Method::GET | Method::HEAD => {}
        Method::OPTIONS => return answer::options(),
        _ => return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD, OPTIONS")]).into_response(),
    }
    let mut publications = room.web.publication.clone();
    let is_there = publications.wait_for(|publication| !publication.documents.is_empty());
    let starting = tokio::time::timeout(room.web.limits.idle / 3, is_there).await.is_err();
    match published(&room, &request) {
        Some((kind, mut response)) => {
            response.extensions_mut().insert(kind);
            response
        }
        None => not_found(request.uri().path(), starting),
    }
}

/// Says in words what is not there. Without a publication yet it is not known: 503, and 404 for feeds, the one error on which every
/// program keeps what it has.
fn not_found(path: &str, starting: bool) -> Response {
    let status = if starting && !path.starts_with("/feeds/") { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::NOT_FOUND };
    let mut response = answer::html(status, if starting { page::starting() } else { page::not_found() });
    if starting {
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
    answer::fresh(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", metrics::text(&health, &room.served))
}

/// Counts an answer of the routes, and says what every answer says to browsers.
async fn finish(State(room): State<Arc<Room>>, mut response: Response) -> Response<Body> {
    room.served.count(response.extensions().get().copied().unwrap_or(Kind::Other), response.status());
    answer::harden(response.headers_mut());
    response
}

#[cfg(test)]
mod tests;
