//! One letter over SMTP: a time-out for each step, and the knowledge whether the last dot left us - the line between "try again" and
//! "nobody knows" (RFC 5321 4.5.3.2, RFC 1047).

use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use secrecy::{ExposeSecret, SecretString};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::line::{Line, Signals, Wire};
use super::session::{Open, Session};
use super::{Outcome, Parcel, tls};

/// A mail server and how to speak to it.
#[derive(Debug)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub user: Option<(String, SecretString)>,
    /// What we call ourselves in EHLO: a host name, or an address literal in brackets.
    pub client_name: String,
    /// A PEM file of certificates that are believed beside the public ones.
    pub roots: Option<PathBuf>,
    pub timeouts: Timeouts,
}

/// How the connection is kept private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: only towards this very machine.
    Loopback,
    /// STARTTLS, required.
    StartTls,
    /// From the first byte.
    Wrapped,
}

/// How long each step may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Name and connection, and TLS where it comes first.
    pub connect: Duration,
    pub greeting: Duration,
    pub ehlo: Duration,
    pub starttls: Duration,
    pub auth: Duration,
    pub mail: Duration,
    pub rcpt: Duration,
    /// Until the server says that it is ready for the letter.
    pub data: Duration,
    /// The letter itself.
    pub body: Duration,
    /// From the last dot to its answer: short ones make doubts.
    pub dot: Duration,
}

impl Default for Timeouts {
    /// Those of RFC 5321 4.5.3.2 after the dot; shorter ones before it, where trying again costs nothing.
    fn default() -> Timeouts {
        let minute = Duration::from_secs(60);
        Timeouts {
            connect: minute / 2,
            greeting: minute,
            ehlo: minute,
            starttls: minute,
            auth: minute,
            mail: minute * 2,
            rcpt: minute * 2,
            data: minute * 2,
            body: minute * 3,
            dot: minute * 10,
        }
    }
}

/// Speaks through the session where it is open, and leaves it open after a letter that was taken. A session may have died since the last
/// letter, or the server may want no more of them in one: what goes wrong there without a word about this letter, and before its last
/// dot was asked for, is tried once more on a new connection.
pub(super) async fn hand_over(
    smtp: &Smtp,
    session: &mut Session,
    parcel: &Parcel<'_>,
    before_dot: impl Future<Output = Result<(), String>> + Send,
) -> Outcome {
    let (from, to) = match envelope(parcel) {
        Ok(envelope) => envelope,
        Err(said) => return Outcome::Refused { said },
    };
    let letter = Spoken { from, to, bytes: parcel.bytes };
    let mut before_dot = pin!(before_dot);
    if let Some(mut kept) = session.take() {
        match converse(smtp, &mut kept, &letter, before_dot.as_mut()).await {
            Ok(outcome) => return session.keep(kept, outcome),
            Err(Stop { outcome, of: Of::Letter }) => return outcome,
            Err(Stop { of: Of::Connection, .. }) => tracing::debug!(host = smtp.host, "the session was over; the letter gets a new one"),
        }
    }
    let mut fresh = match open(smtp).await {
        Ok(fresh) => fresh,
        Err(said) => return Outcome::Deferred { said },
    };
    match converse(smtp, &mut fresh, &letter, before_dot).await {
        Ok(outcome) => session.keep(fresh, outcome),
        Err(stop) => stop.outcome,
    }
}

/// A letter with addresses as lettre wants them.
struct Spoken<'a> {
    from: Address,
    to: Vec<Address>,
    bytes: &'a [u8],
}

/// The conversation ended before the letter was through.
struct Stop {
    outcome: Outcome,
    of: Of,
}

/// What the end speaks of.
enum Of {
    Letter,
    /// Another connection may fare better; the last dot was not asked for.
    Connection,
}

impl From<Outcome> for Stop {
    fn from(outcome: Outcome) -> Stop {
        Stop { outcome, of: Of::Letter }
    }
}

async fn converse(
    smtp: &Smtp,
    open: &mut Open,
    letter: &Spoken<'_>,
    before_dot: Pin<&mut (impl Future<Output = Result<(), String>> + Send)>,
) -> Result<Outcome, Stop> {
    let Open { connection, signals, .. } = open;
    let times = &smtp.timeouts;
    let mut options = Vec::new();
    if !letter.bytes.is_ascii() {
        if !connection.server_info().supports_feature(Extension::EightBitMime) {
            return Err(Outcome::Refused { said: format!("{} takes no letter with 8-bit characters.", smtp.host) }.into());
        }
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    let sender = step("the sender", times.mail, connection.command(Mail::new(Some(letter.from.clone()), options))).await;
    // A refusal here may be meant for a session that has had its letters.
    sender.map_err(|stop| Stop { of: Of::Connection, ..stop })?;
    let mut refused = Vec::new();
    for address in &letter.to {
        match step(&format!("the recipient {address}"), times.rcpt, connection.command(Rcpt::new(address.clone(), Vec::new()))).await {
            Ok(_) => {}
            Err(Stop { outcome: Outcome::Refused { said }, .. }) if letter.to.len() > 1 => refused.push(said),
            Err(stop) => return Err(stop),
        }
    }
    if refused.len() == letter.to.len() {
        return Err(Outcome::Refused { said: refused.join(" ") }.into());
    }
    let ready = step("DATA", times.data, connection.command(Data)).await?;
    if !ready.has_code(354) {
        return Err(Outcome::Deferred { said: format!("{} answered DATA with {} instead of 354.", smtp.host, words(&ready)) }.into());
    }
    let mut outcome = body(connection, signals, smtp, letter.bytes, before_dot).await?;
    if let Outcome::Sent { said } = &mut outcome {
        for other in &refused {
            said.push_str(&format!(" But {other}"));
        }
    }
    Ok(outcome)
}

/// Addresses as lettre wants them, and a letter that a server can only read as one.
pub(super) fn envelope(parcel: &Parcel<'_>) -> Result<(Address, Vec<Address>), String> {
    let parse = |text: &str| text.parse::<Address>().map_err(|error| format!("The address {text} cannot be written to: {error}."));
    let to = parcel.to.iter().map(|text| parse(text)).collect::<Result<Vec<_>, _>>()?;
    if to.is_empty() {
        return Err("The letter has no recipient.".to_owned());
    }
    let mut before = 0;
    for (at, byte) in parcel.bytes.iter().enumerate() {
        let after = parcel.bytes.get(at + 1).copied();
        if *byte == b'\n' && before != b'\r' || *byte == b'\r' && after != Some(b'\n') || *byte == 0 {
            return Err("The letter has a line end that servers read in different ways; it is not sent.".to_owned());
        }
        before = *byte;
    }
    Ok((parse(parcel.from)?, to))
}

/// A connection that is private, greeted and signed in. Whatever goes wrong here is no judgement on the letter.
async fn open(smtp: &Smtp) -> Result<Open, String> {
    let signals = Arc::new(Signals::default());
    let Smtp { host, port, timeouts: times, .. } = smtp;
    let roots = smtp.roots.as_deref();
    if smtp.client_name.is_empty() || !smtp.client_name.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("The client name for EHLO is no host name; correct it in the configuration.".to_owned());
    }
    let late = |what: &str, time: Duration| format!("{host} did not {what} within {}.", seconds(time));
    let stream = timeout(times.connect, connect(host, *port)).await.map_err(|_| late("take the connection", times.connect))??;
    let wire = match smtp.tls {
        Tls::Wrapped => {
            let wrapped = timeout(times.connect, tls::wrap(stream, host, roots)).await.map_err(|_| late("finish TLS", times.connect))??;
            Wire::Tls(Box::new(wrapped))
        }
        Tls::Loopback if !stream.peer_addr().is_ok_and(|peer| peer.ip().is_loopback()) => {
            return Err(format!("{host} is another machine, and the connection would be open for all to read. Set TLS for it."));
        }
        Tls::Loopback | Tls::StartTls => Wire::Plain(stream),
    };
    if smtp.tls == Tls::StartTls {
        Signals::set(&signals.bytewise);
    }
    let hello = ClientId::Domain(smtp.client_name.clone());
    let line = Box::new(Line { wire, signals: signals.clone() });
    let connection = AsyncSmtpConnection::connect_with_transport(line, &hello);
    let mut connection = match timeout(times.greeting + times.ehlo, connection).await {
        Ok(connection) => {
            connection.map_err(|error| failure(host, if Signals::is(&signals.spoke) { "EHLO" } else { "the greeting" }, &error))?
        }
        Err(_) if Signals::is(&signals.spoke) => return Err(late("answer EHLO", times.greeting + times.ehlo)),
        Err(_) => return Err(late("say a greeting", times.greeting + times.ehlo)),
    };
    if smtp.tls == Tls::StartTls {
        if !connection.can_starttls() {
            return Err(format!("{host} offers no STARTTLS, and without it the letter would be open for all to read."));
        }
        let parameters = tls::parameters(host, roots)?;
        let secured =
            timeout(times.starttls, connection.starttls(parameters, &hello)).await.map_err(|_| late("finish STARTTLS", times.starttls))?;
        secured.map_err(|error| failure(host, "STARTTLS", &error))?;
        Signals::clear(&signals.bytewise);
    }
    if let Some((user, password)) = &smtp.user {
        let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
        let signed_in =
            timeout(times.auth, connection.auth(DEFAULT_MECHANISMS, &credentials)).await.map_err(|_| late("answer AUTH", times.auth))?;
        signed_in.map_err(|error| failure(host, "the sign-in; check user and password", &error))?;
    }
    Ok(Open { connection, signals, letters: 0 })
}

/// The first address that takes a connection. Small writes leave at once: Nagle's algorithm would cost 40 ms a letter.
async fn connect(host: &str, port: u16) -> Result<TcpStream, String> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let addresses = lookup_host((bare, port)).await.map_err(|error| format!("{host} cannot be found: {error}."))?;
    let mut last = format!("{host} has no address.");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                stream.set_nodelay(true).map_err(|error| format!("The connection to {host} failed: {error}."))?;
                return Ok(stream);
            }
            Err(error) => last = format!("{host} port {port} cannot be reached: {error}."),
        }
    }
    Err(last)
}

/// One command and its answer. 4xx and silence mean later, 5xx means no - but not 530, which asks us to sign in first. A line that breaks
/// and 421 speak of the connection.
async fn step(what: &str, time: Duration, answer: impl Future<Output = Result<Response, Error>>) -> Result<Response, Stop> {
    match timeout(time, answer).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => {
            let said = format!("At {what}: {}", error_words(&error));
            let code = error.status().map(|code| code.to_string());
            let of = if code.as_deref().is_none_or(|code| code == "421") { Of::Connection } else { Of::Letter };
            let final_no = error.is_permanent() && code.is_some_and(|code| code != "530");
            Err(Stop { outcome: if final_no { Outcome::Refused { said } } else { Outcome::Deferred { said } }, of })
        }
        Err(_) => {
            let said = format!("No answer to {what} within {}.", seconds(time));
            Err(Stop { outcome: Outcome::Deferred { said }, of: Of::Connection })
        }
    }
}

/// The letter and its last dot. lettre writes what an iterator gives it and then the dot: so the iterator's end is the moment before, and
/// the wire holds the dot back until we know that it may go.
async fn body(
    connection: &mut AsyncSmtpConnection,
    signals: &Signals,
    smtp: &Smtp,
    bytes: &[u8],
    before_dot: Pin<&mut (impl Future<Output = Result<(), String>> + Send)>,
) -> Result<Outcome, Stop> {
    let times = &smtp.timeouts;
    // The dot's own line end closes the last line.
    let mut part = Some(bytes.strip_suffix(b"\r\n").unwrap_or(bytes));
    let parts = std::iter::from_fn(|| {
        let next = part.take();
        if next.is_none() {
            Signals::set(&signals.held);
        }
        next
    });
    let mut answer = pin!(connection.message_iter(parts));
    let until_dot = poll_fn(|context| match answer.as_mut().poll(context) {
        Poll::Pending if Signals::is(&signals.held) => Poll::Ready(None),
        polled => polled.map(Some),
    });
    match timeout(times.body, until_dot).await {
        Ok(None) => {}
        Ok(Some(early)) => {
            let said = early.map_or_else(|error| error_words(&error), |response| words(&response));
            let said = format!("The connection to {} broke before the letter was complete: {said}", smtp.host);
            return Err(Stop { outcome: Outcome::Deferred { said }, of: Of::Connection });
        }
        Err(_) => {
            let said = format!("{} did not read the letter within {}.", smtp.host, seconds(times.body));
            return Err(Outcome::Deferred { said }.into());
        }
    }
    if let Err(said) = before_dot.await {
        // Whatever lettre would still say, it cannot.
        Signals::set(&signals.stopped);
        return Err(Outcome::Deferred { said }.into());
    }
    Signals::set(&signals.armed);
    Signals::clear(&signals.held);
    let outcome = match timeout(times.dot, answer).await {
        Ok(Ok(response)) if response.has_code(250) => Outcome::Sent { said: words(&response) },
        Ok(Ok(response)) => Outcome::Doubt { said: format!("{} answered the letter with {} instead of 250.", smtp.host, words(&response)) },
        Ok(Err(error)) if error.is_permanent() => Outcome::Refused { said: error_words(&error) },
        Ok(Err(error)) if error.is_transient() => Outcome::Deferred { said: error_words(&error) },
        Ok(Err(error)) if !Signals::is(&signals.left) => Outcome::Deferred {
            said: format!("The connection to {} broke before the letter was complete: {}", smtp.host, error_words(&error)),
        },
        Ok(Err(error)) => Outcome::Doubt {
            said: format!("The connection to {} broke after the letter and before its answer: {}", smtp.host, error_words(&error)),
        },
        Err(_) => Outcome::Doubt { said: format!("{} did not answer the letter within {}.", smtp.host, seconds(times.dot)) },
    };
    signals.between_letters();
    Ok(outcome)
}

fn failure(host: &str, what: &str, error: &Error) -> String {
    format!("{host} failed at {what}: {}", error_words(error))
}

/// A positive answer in one line.
fn words(response: &Response) -> String {
    let text: Vec<&str> = response.message().collect();
    clean(format!("{} {}", response.code(), text.join(" ")))
}

fn error_words(error: &Error) -> String {
    let source = std::error::Error::source(error).map(|source| source.to_string());
    match (error.status(), source) {
        (Some(code), Some(text)) => clean(format!("{code} {text}")),
        (Some(code), None) => clean(code),
        (None, Some(text)) => clean(text),
        (None, None) => clean(error),
    }
}

/// Words of a server or a program are a stranger's: one line, no control characters, not without end.
pub(super) fn clean(text: impl Display) -> String {
    let text: String = text.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}
