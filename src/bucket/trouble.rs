//! What a bucket's answer means for the person who runs the daemon: what is wrong, and what to do. No key and no signature is repeated.

use std::error::Error as StdError;
use std::time::Duration;

use object_store::Error;
use object_store::client::{HttpError, HttpErrorKind};

/// The server does not know what `If-Match` asks.
pub(super) fn knows_no_conditions(error: &Error) -> bool {
    let said = chain(error);
    matches!(code(&said), Some("NotImplemented")) || status(&said) == Some(501)
}

pub(super) fn sentence(bucket: &str, host: &str, time_out: Duration, error: &Error) -> String {
    let whom = format!("The bucket \"{bucket}\" at {host}");
    if let Some(failed) = of_kind(error) {
        return match failed.kind() {
            HttpErrorKind::Timeout => format!(
                "{whom} did not answer within {} s. It is asked again; if that stays, look at the network, or raise \"time-out\" in [s3].",
                time_out.as_secs_f64()
            ),
            HttpErrorKind::Connect => {
                format!("{whom} cannot be reached ({}). It is asked again; see \"endpoint\" in [s3].", plain(&reason(failed)))
            }
            _ => format!("The connection to the bucket \"{bucket}\" at {host} broke off ({}). It is asked again.", plain(&reason(failed))),
        };
    }
    let said = chain(error);
    let (code, status) = (code(&said), status(&said));
    let words = match (code, status) {
        (Some(code), Some(status)) => format!("{code}, {status}"),
        (Some(code), None) => code.to_owned(),
        (None, Some(status)) => status.to_string(),
        (None, None) => "an answer that S3 does not have".to_owned(),
    };
    let todo = match (code, status) {
        (Some("InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" | "ExpiredToken" | "TokenRefreshRequired"), _)
        | (_, Some(401)) => {
            "The key is not believed. Write the right \"access-key\" into [s3] and the right secret key into its file, then: systemctl reload \
             convened"
        }
        (Some("RequestTimeTooSkewed" | "RequestExpired"), _) => {
            "The clocks of this machine and of the server differ by more than minutes. Set this one right"
        }
        (Some("NoSuchBucket"), _) => "There is no such bucket. Make it, or correct \"bucket\", \"endpoint\" or \"addressing\" in [s3]",
        (Some("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException"), _)
        | (_, Some(301 | 307 | 308)) => "The bucket is elsewhere. Correct \"region\" or \"endpoint\" in [s3]",
        (Some("AccessDenied" | "AllAccessDisabled" | "AccountProblem"), _) | (_, Some(403)) => {
            "The key may not do this. Allow it s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket on this bucket, or correct the key"
        }
        (Some("SlowDown" | "ServiceUnavailable" | "TooManyRequests"), _) | (_, Some(429 | 503)) => {
            "It has too much to do. It is asked again, later each time"
        }
        (Some("QuotaExceeded" | "XMinioStorageFull"), _) | (_, Some(507)) => "It is full. Make room there",
        (_, Some(404)) => "Nothing answers there as a bucket does. Correct \"bucket\", \"endpoint\" or \"addressing\" in [s3]",
        (_, Some(500..=599)) => "Something is wrong there. It is asked again, later each time",
        _ => "See \"endpoint\" and \"region\" in [s3]",
    };
    format!("{whom} refused ({words}). {todo}.")
}

fn of_kind(error: &Error) -> Option<&HttpError> {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(found) = inner.downcast_ref::<HttpError>() {
            return Some(found);
        }
        cause = inner.source();
    }
    None
}

fn reason(error: &HttpError) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

/// Everything that is said of an error, the answer's body among it.
fn chain(error: &Error) -> String {
    let (mut said, mut cause): (String, Option<&dyn StdError>) = (String::new(), Some(error));
    while let Some(inner) = cause {
        said.push_str(&inner.to_string());
        said.push('\n');
        cause = inner.source();
    }
    said
}

/// The code of an answer in S3's form.
fn code(said: &str) -> Option<&str> {
    let (_, rest) = said.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    (code.len() < 64 && code.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(code)
}

/// The status of an answer, as `object_store` words it.
fn status(said: &str) -> Option<u16> {
    if said.contains("redirect without LOCATION") {
        return Some(301);
    }
    let (_, rest) = said.split_once("status code: ")?;
    rest.get(..3)?.parse().ok()
}

/// A stranger's words as they may stand in a sentence.
fn plain(words: &str) -> String {
    let words: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(160).collect();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}
