//! How letters leave, as `[mail]` says it: into a local folder, or to a mail server.

use std::time::Duration;

use chrono::TimeDelta;

use super::arrival::{self, Arrivals};
use super::fields::Table;
use super::{codes, words};
use crate::meeting::series::Address;
use crate::source::Remark;

/// How letters leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// From of every letter, where a community has no sender of its own; also the envelope's.
    pub sender: Address,
    /// The right side of every Message-ID.
    pub message_id_domain: String,
    pub transport: Transport,
    /// How it is seen whether letters arrive, and what a doubt means.
    pub arrivals: Arrivals,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A folder in the maildir form; letters go nowhere else.
    Maildir {
        folder: String,
    },
    Smtp(Smtp),
}

/// A mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub login: Option<Login>,
    /// The name given in EHLO; the host's own where `None`.
    pub client_name: Option<String>,
    /// A PEM file of certificates that are believed beside the public ones.
    pub certificates: Option<String>,
    pub time_outs: TimeOuts,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: for a server on the same machine.
    Off,
    /// STARTTLS, required (port 587).
    StartTls,
    /// From the first byte (port 465).
    Wrapped,
}

/// Who the daemon is to the mail server. The password itself never stands in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password: Secret,
}

/// Where a secret is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// The first line of a file.
    File(String),
    /// A file of this name in `$CREDENTIALS_DIRECTORY`, as systemd's LoadCredential makes it.
    Credential(String),
}

/// How long each phase of an SMTP conversation may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeOuts {
    pub connect: Duration,
    pub greeting: Duration,
    /// Each of EHLO, STARTTLS, AUTH, MAIL and RCPT.
    pub command: Duration,
    /// From DATA to 354, and while the letter's bytes are written.
    pub data: Duration,
    /// From the final dot to its answer (RFC 5321, 4.5.3.2.6).
    pub dot: Duration,
}

impl Default for TimeOuts {
    fn default() -> TimeOuts {
        let seconds = Duration::from_secs;
        TimeOuts { connect: seconds(30), greeting: seconds(300), command: seconds(300), data: seconds(180), dot: seconds(600) }
    }
}

pub(super) fn read(mut table: Table<'_>, uid_domain: Option<&str>, remarks: &mut Vec<Remark>) -> Option<Mail> {
    let sender = table.parsed("sender", codes::BAD_ADDRESS, remarks, words::address);
    let sender = table.required("sender", sender, "\"Calendar <calendar@example.org>\"", remarks);
    let domain = table.parsed("message-id-domain", codes::BAD_DOMAIN, remarks, words::domain);
    let smtp = table.choice("transport", &[("maildir", false), ("smtp", true)], remarks).unwrap_or(false);
    let folder = table.parsed("folder", codes::BAD_PATH, remarks, words::path);
    let server = read_smtp(&mut table, smtp, remarks);
    if smtp && table.has("folder") {
        no_effect(&table, "folder", "transport = \"maildir\"", remarks);
    }
    let arrivals = arrival::read(&mut table, remarks);
    let own = !smtp && arrivals.mailbox.as_deref().is_some_and(|mailbox| mailbox == folder.as_deref().unwrap_or("mail"));
    if own {
        let sentence = "\"arrivals\" in [mail] is the folder into which letters leave: each would be seen to arrive at once. Name the \
            maildir of a mailbox that is subscribed to the lists.";
        table.fault("arrivals", codes::BAD_PATH, sentence, remarks);
    }
    table.finish(remarks);
    let transport = match smtp {
        true => Transport::Smtp(server?),
        false => Transport::Maildir { folder: folder.unwrap_or_else(|| "mail".to_owned()) },
    };
    Some(Mail { sender: sender?, message_id_domain: domain.or_else(|| uid_domain.map(str::to_owned))?, transport, arrivals })
}

fn no_effect(table: &Table<'_>, key: &str, only: &str, remarks: &mut Vec<Remark>) {
    let sentence = format!("\"{key}\" in {} has an effect with {only} only. Take it out, or change the other.", table.what);
    remarks.push(Remark::advice(table.place_of(key), codes::NO_EFFECT, sentence));
}

fn read_smtp(table: &mut Table<'_>, wanted: bool, remarks: &mut Vec<Remark>) -> Option<Smtp> {
    let host = table.parsed("host", codes::BAD_DOMAIN, remarks, smtp_host);
    let port = table.number("port", 1, 65535, remarks).and_then(|port| u16::try_from(port).ok());
    let tls = table.choice("tls", &[("starttls", Tls::StartTls), ("wrapped", Tls::Wrapped), ("off", Tls::Off)], remarks);
    let user = table.string("user", remarks);
    let file = table.parsed("password-file", codes::BAD_PATH, remarks, words::path);
    let credential = table.parsed("password-credential", codes::BAD_CREDENTIAL, remarks, credential);
    let client_name = table.parsed("client-name", codes::BAD_DOMAIN, remarks, words::domain);
    let certificates = table.parsed("certificates", codes::BAD_PATH, remarks, words::path);
    let time_outs = table.table("time-outs", "[mail.time-outs]", remarks).map(|table| read_time_outs(table, remarks));
    if table.value("password").is_some() {
        let sentence = "A password does not belong into this file. Put it into a file only the daemon can read, and write \
            password-file = \"PATH\", or name a systemd credential: password-credential = \"smtp-password\".";
        table.fault("password", codes::BAD_CREDENTIAL, sentence, remarks);
    }
    if !wanted {
        for key in ["host", "port", "tls", "user", "password-file", "password-credential", "client-name", "certificates", "time-outs"] {
            if table.has(key) {
                no_effect(table, key, "transport = \"smtp\"", remarks);
            }
        }
        return None;
    }
    let host = table.required("host", host, "\"smtp.example.org\"", remarks)?;
    let tls = tls.unwrap_or(Tls::StartTls);
    let password = match (file, credential) {
        (Some(_), Some(_)) => {
            let sentence = "[mail] names both \"password-file\" and \"password-credential\". Keep one of the two.";
            table.fault("password-credential", codes::BAD_CREDENTIAL, sentence, remarks);
            return None;
        }
        (file, credential) => file.map(Secret::File).or(credential.map(Secret::Credential)),
    };
    let login = match (user, password) {
        (Some(user), Some(password)) => Some(Login { user: user.to_owned(), password }),
        (None, None) => None,
        _ if table.has("user") && (table.has("password-file") || table.has("password-credential")) => return None,
        (Some(_), None) => {
            let sentence =
                "[mail] names a \"user\" but no password. Write password-file = \"PATH\" or password-credential = \"smtp-password\".";
            table.fault("user", codes::BAD_CREDENTIAL, sentence, remarks);
            return None;
        }
        (None, Some(_)) => {
            let sentence = "[mail] names a password but no \"user\". Write user = \"calendar@example.org\", or take the password out.";
            table.fault(
                if table.has("password-file") { "password-file" } else { "password-credential" },
                codes::BAD_CREDENTIAL,
                sentence,
                remarks,
            );
            return None;
        }
    };
    let local = matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1");
    if tls == Tls::Off && !local {
        let sentence = format!(
            "tls = \"off\" sends letters{} to {host} in the clear. Write tls = \"starttls\" or \"wrapped\".",
            if login.is_some() { " and the password" } else { "" }
        );
        let place = table.place_of("tls");
        remarks.push(if login.is_some() {
            Remark::fault(place, codes::OPEN_MAIL, sentence)
        } else {
            Remark::warning(place, codes::OPEN_MAIL, sentence)
        });
    }
    let port = port.unwrap_or(match tls {
        Tls::StartTls => 587,
        Tls::Wrapped => 465,
        Tls::Off => 25,
    });
    Some(Smtp { host, port, tls, login, client_name, certificates, time_outs: time_outs.unwrap_or_default() })
}

fn read_time_outs(mut table: Table<'_>, remarks: &mut Vec<Remark>) -> TimeOuts {
    let usual = TimeOuts::default();
    let mut phase = |key: &'static str, usual: Duration| {
        let within = words::duration_within(TimeDelta::milliseconds(10), TimeDelta::hours(1), "from 10 ms to 1 hour");
        table.parsed(key, codes::BAD_DURATION, remarks, within).and_then(|found| found.to_std().ok()).unwrap_or(usual)
    };
    let read = TimeOuts {
        connect: phase("connect", usual.connect),
        greeting: phase("greeting", usual.greeting),
        command: phase("command", usual.command),
        data: phase("data", usual.data),
        dot: phase("dot", usual.dot),
    };
    table.finish(remarks);
    read
}

fn smtp_host(text: &str) -> Result<String, String> {
    match text.parse::<std::net::IpAddr>() {
        Ok(address) => Ok(address.to_string()),
        Err(_) => words::domain(text),
    }
}

/// The name of a systemd credential: a plain file name.
fn credential(text: &str) -> Result<String, String> {
    let plain = !text.is_empty()
        && text.len() <= 255
        && !text.starts_with('.')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    match plain {
        true => Ok(text.to_owned()),
        false => Err(format!("is \"{}\"; write the plain name of a credential, as \"smtp-password\".", words::shown(text))),
    }
}
