//! A document as an HTTP answer: validators, conditions, gzip by q-values, one cache policy (field/FEEDS.md, section 7).

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use chrono::{DateTime, Datelike as _, Timelike as _, Utc};

use crate::output::headers::{CACHE_CONTROL, disposition, is_open};
use crate::output::page::policy;
use crate::output::publication::{CALENDAR, Document, HTML, Publication};

/// The document of a path. A page is found with and without the slash at its end.
pub(super) fn find<'a>(publication: &'a Publication, path: &'a str) -> Option<(&'a str, &'a Arc<Document>)> {
    let exact = publication.documents.get_key_value(path);
    let slashed = || publication.documents.get_key_value(&format!("{path}/"));
    let bare = || publication.documents.get_key_value(path.strip_suffix('/')?);
    exact.or_else(slashed).or_else(bare).map(|(path, document)| (path.as_str(), document))
}

/// The answer to GET and HEAD; the server leaves the body of the latter out. Feeds are compressed only where the settings say so: some
/// readers ask for gzip and cannot read it (FEEDS.md H6).
pub(super) fn respond(path: &str, document: &Document, asked: &HeaderMap, gzip_feeds: bool) -> Response {
    let varies = gzip_feeds || document.content_type != CALENDAR;
    let packed = (varies && accepts_gzip(asked)).then(|| document.packed()).filter(|packed| packed.bytes.len() < document.bytes.len());
    let (etag, bytes) = packed.map_or((&document.etag, &document.bytes), |packed| (&packed.etag, &packed.bytes));
    let unchanged = is_unchanged(document, asked);
    let body = if unchanged { Body::empty() } else { Body::from(bytes.clone()) };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.reserve(12);
    headers.extend(HeaderValue::from_str(etag).ok().map(|etag| (header::ETAG, etag)));
    headers.extend(HeaderValue::from_str(&http_date(document.modified)).ok().map(|date| (header::LAST_MODIFIED, date)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE_CONTROL));
    if varies {
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    if is_open(document.content_type) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    if unchanged {
        // What stands with the document as it was had goes on standing (RFC 9110 15.4.5).
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        put_content(response.headers_mut(), path, document, packed.is_some());
        harden(response.headers_mut());
        if document.content_type == HTML && path.ends_with("/embed") {
            // Made for frames on other sites; nothing on it acts.
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy::FRAMED));
        }
    }
    response
}

/// What every answer says to browsers.
pub(super) fn harden(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy::UNFRAMED));
    for (name, value) in policy::OTHERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

fn put_content(headers: &mut HeaderMap, path: &str, document: &Document, gzip: bool) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(document.content_type));
    if gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if let Some(value) = disposition(path).and_then(|value| HeaderValue::from_str(&value).ok()) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
}

/// If-None-Match wins over If-Modified-Since (RFC 9110 13.2.2). Either form's validator means that the reader has what there is.
fn is_unchanged(document: &Document, asked: &HeaderMap) -> bool {
    let mut tags = asked.get_all(header::IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        return tags
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|tag| tag.trim().trim_start_matches("W/"))
            .any(|tag| tag == "*" || tag == document.etag || tag.strip_suffix("-gz\"") == document.etag.strip_suffix('"'));
    }
    let since = asked.get(header::IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok()).and_then(read_http_date);
    since.is_some_and(|since| document.modified <= since)
}

/// Whether gzip is wanted, by the q-values of Accept-Encoding (RFC 9110 12.5.3).
fn accepts_gzip(asked: &HeaderMap) -> bool {
    let quality = |wanted: &str| {
        asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).find_map(
            |part| {
                let mut pieces = part.split(';').map(str::trim);
                pieces.next().filter(|name| name.eq_ignore_ascii_case(wanted))?;
                let q = pieces.find_map(|piece| piece.strip_prefix("q=").or_else(|| piece.strip_prefix("Q=")));
                Some(q.map_or(1.0, |q| q.trim().parse::<f32>().unwrap_or(0.0)))
            },
        )
    };
    let gzip = quality("gzip").or_else(|| quality("x-gzip")).or_else(|| quality("*")).unwrap_or(0.0);
    gzip > 0.0 && gzip >= quality("identity").unwrap_or(0.0)
}

/// The answer to OPTIONS.
pub(super) fn options() -> Response {
    let headers = [
        (header::ALLOW, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "if-none-match, if-modified-since"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// A page that is made for this answer.
pub(super) fn html(status: StatusCode, page: String) -> Response {
    fresh(status, HTML, page)
}

/// Text that is made for this answer and kept by nobody.
pub(super) fn fresh(status: StatusCode, content_type: &'static str, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-store")], Bytes::from(text)).into_response()
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 5.6.7), written by hand: every answer has one.
fn http_date(at: DateTime<Utc>) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let mut text = String::with_capacity(29);
    let number = |text: &mut String, number: u32| {
        text.extend([number / 10 % 10, number % 10].into_iter().filter_map(|digit| char::from_digit(digit, 10)));
    };
    let year = u32::try_from(at.year()).unwrap_or(0);
    text.push_str(DAYS.get(at.weekday().num_days_from_monday() as usize).copied().unwrap_or_default());
    text.push_str(", ");
    number(&mut text, at.day());
    text.push(' ');
    text.push_str(MONTHS.get(at.month0() as usize).copied().unwrap_or_default());
    text.push(' ');
    number(&mut text, year / 100);
    number(&mut text, year);
    for (before, part) in [(' ', at.hour()), (':', at.minute()), (':', at.second())] {
        text.push(before);
        number(&mut text, part);
    }
    text.push_str(" GMT");
    text
}

/// The form of today, and the two that RFC 9110 5.6.7 wants read as well.
fn read_http_date(text: &str) -> Option<DateTime<Utc>> {
    let forms = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    forms.iter().find_map(|form| chrono::NaiveDateTime::parse_from_str(text.trim(), form).ok()).map(|at| at.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(encoding: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_str(encoding).unwrap());
        accepts_gzip(&headers)
    }

    #[test]
    fn gzip_is_given_by_q_values() {
        assert!(asks("gzip"));
        assert!(asks("br;q=1.0, gzip;q=0.8, *;q=0.1"));
        assert!(asks("*"));
        assert!(!asks("gzip;q=0"));
        assert!(!asks("gzip; q=0.0, *"));
        assert!(!asks("identity"));
        assert!(!asks("identity;q=1, gzip;q=0.5"));
        assert!(!asks("br"));
        assert!(!asks(""));
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn dates_of_http_are_read_as_they_are_written() {
        let at = "2026-11-20T16:00:00Z".parse().unwrap();
        assert_eq!(http_date(at), "Fri, 20 Nov 2026 16:00:00 GMT");
        assert_eq!(read_http_date(&http_date(at)), Some(at));
        assert_eq!(read_http_date("Friday, 20-Nov-26 16:00:00 GMT"), Some(at));
        assert_eq!(read_http_date("Fri Nov 20 16:00:00 2026"), Some(at));
        for seconds in (0..4_000_000_000_i64).step_by(86_399_999) {
            let at = DateTime::from_timestamp(seconds, 0).unwrap();
            assert_eq!(http_date(at), at.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
        }
        assert_eq!(read_http_date("yesterday"), None);
    }
}
