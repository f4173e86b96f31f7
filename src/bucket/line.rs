//! The line to a bucket: this program's own HTTP client, as everywhere, in place of the one that `object_store` would bring: one TLS, one set
//! of roots, no redirects, and no answer that is larger or slower than it may be.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use object_store::ClientOptions;
use object_store::client::{HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client};
use tokio::time::timeout;

use super::Way;

/// No page of a listing and nothing of ours is larger.
const LARGEST: usize = 32 * 1024 * 1024;
const CONNECT: Duration = Duration::from_secs(10);

/// Why there is no answer: words for the end of a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoAnswer(String);

#[derive(Clone, Debug)]
pub(super) struct Line {
    client: Client,
    time_out: Duration,
}

impl Line {
    pub fn new(way: &Way) -> Result<Line, String> {
        let mut client = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT.min(way.time_out))
            .no_proxy()
            .https_only(way.endpoint.starts_with("https://"))
            .user_agent(concat!("convened/", env!("CARGO_PKG_VERSION")));
        if let Some(pem) = &way.certificates {
            let own = Certificate::from_pem_bundle(pem).ok().filter(|own| !own.is_empty());
            let own = own.ok_or("The file of \"certificates\" in [s3] holds no certificate in PEM form.")?;
            client = own.into_iter().fold(client, |client, certificate| client.add_root_certificate(certificate));
        }
        let client = client.build().map_err(|_| "HTTP for the bucket could not be set up.")?;
        Ok(Line { client, time_out: way.time_out })
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let other = |words: &str| HttpError::new(HttpErrorKind::Unknown, NoAnswer(words.to_owned()));
        let (parts, body) = request.into_parts();
        let url = parts.uri.to_string().parse().map_err(|_| other("its address cannot be asked for"))?;
        let mut asked = reqwest::Request::new(parts.method, url);
        *asked.headers_mut() = parts.headers;
        *asked.body_mut() = (body.content_length() > 0).then(|| reqwest::Body::wrap(body));
        let mut answer = self.client.execute(asked).await.map_err(|error| {
            let kind = if error.is_connect() { HttpErrorKind::Connect } else { HttpErrorKind::Interrupted };
            HttpError::new(kind, NoAnswer(cause(&error)))
        })?;
        let mut read = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| HttpError::new(HttpErrorKind::Interrupted, NoAnswer(cause(&error))))? {
            read.extend_from_slice(&chunk);
            if read.len() > LARGEST {
                return Err(other("its answer is larger than 32 megabytes"));
            }
        }
        let mut response = HttpResponse::new(Bytes::from(read).into());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

impl HttpConnector for Line {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

impl HttpService for Line {
    fn call<'life, 'asked>(
        &'life self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'asked>>
    where
        'life: 'asked,
        Self: 'asked,
    {
        Box::pin(async move {
            let late = || HttpError::new(HttpErrorKind::Timeout, NoAnswer(String::new()));
            timeout(self.time_out, self.ask(request)).await.map_err(|_| late())?
        })
    }
}

/// The innermost reason, without an address.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let words = if std::ptr::eq(cause, error as &dyn std::error::Error) { "the connection failed".to_owned() } else { cause.to_string() };
    words.trim_end_matches('.').to_owned()
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the line to a bucket")
    }
}
