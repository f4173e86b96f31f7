//! The way out for letters and posts, from the settings and the communities: a maildir, a local program, or a mail server with its secret read where the settings say.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::Failure;
use crate::arrival::Watch;
use crate::config::{Arrivals, Login, Mail, Tls, Transport};
use crate::meeting::calendar::Calendar;
use crate::meeting::chat::{Chat, ChatKind, Secret};
use crate::meeting::series::Community;
use crate::plan::hearer::CHAT;
use crate::post::{self, Post, Sendmail, Smtp, Timeouts, Webhook};

/// The chats of all communities, by the names under which their posts stand in the store.
pub type Chats = BTreeMap<String, Chat>;

pub fn chats(calendar: &Calendar) -> Chats {
    let of = |community: &Community| -> Vec<(String, Chat)> {
        community.chats.iter().map(|chat| (format!("{}/{CHAT}{}", community.id, chat.id), chat.clone())).collect()
    };
    calendar.communities.iter().flat_map(of).collect()
}

/// The way out for letters and for posts. What is wrong with a chat's address is said of its posts, and holds nothing else up.
pub fn ways(mail: &Mail, chats: &Chats) -> Result<Post, Failure> {
    let webhook = |(name, chat): (&String, &Chat)| {
        let webhook = Webhook {
            name: format!("{CHAT}{}", chat.id),
            address: place(&chat.address),
            wait: chat.kind == ChatKind::Discord,
            time_out: chat.time_out,
        };
        (name.clone(), webhook)
    };
    Ok(Post::WithChats { letters: Box::new(post(mail)?), chats: chats.iter().map(webhook).collect() })
}

/// Makes the post of the settings. A secret that cannot be read ends the command with a sentence; it is never printed.
fn post(mail: &Mail) -> Result<Post, Failure> {
    match &mail.transport {
        Transport::Maildir { folder } => Ok(Post::Maildir(PathBuf::from(folder))),
        Transport::Sendmail(sendmail) => Ok(Post::Sendmail(Sendmail {
            program: PathBuf::from(&sendmail.program),
            arguments: sendmail.arguments.clone(),
            time_out: sendmail.time_out,
        })),
        Transport::Smtp(smtp) => Ok(Post::Smtp(Box::new(Smtp {
            host: smtp.host.clone(),
            port: smtp.port,
            tls: match smtp.tls {
                Tls::Off => post::Tls::Loopback,
                Tls::StartTls => post::Tls::StartTls,
                Tls::Wrapped => post::Tls::Wrapped,
            },
            user: smtp.login.as_ref().map(login).transpose()?,
            client_name: smtp.client_name.clone().unwrap_or_else(host_name),
            roots: smtp.certificates.as_ref().map(PathBuf::from),
            timeouts: Timeouts {
                connect: smtp.time_outs.connect,
                greeting: smtp.time_outs.greeting,
                ehlo: smtp.time_outs.command,
                starttls: smtp.time_outs.command,
                auth: smtp.time_outs.command,
                mail: smtp.time_outs.command,
                rcpt: smtp.time_outs.command,
                data: smtp.time_outs.data,
                body: smtp.time_outs.data,
                dot: smtp.time_outs.dot,
            },
        }))),
    }
}

/// Where and when it is looked whether letters arrive.
pub fn watch_of(mail: &Mail) -> Result<Watch, Failure> {
    let Arrivals { mailbox, looks, time_out, public_only, .. } = &mail.arrivals;
    Watch::new(mailbox.as_ref().map(PathBuf::from), looks.clone(), *time_out, *public_only).map_err(Failure::World)
}

fn login(login: &Login) -> Result<(String, SecretString), Failure> {
    Ok((login.user.clone(), secret(&login.password, "mail password")?))
}

/// A secret from its file: `what` it is, is said where it cannot be read.
pub(super) fn secret(secret: &Secret, what: &str) -> Result<SecretString, Failure> {
    let path = place(secret).map_err(Failure::World)?;
    let text =
        fs::read_to_string(&path).map_err(|error| Failure::World(format!("The {what} in {} cannot be read: {error}.", path.display())))?;
    let password = text.lines().next().unwrap_or_default().to_string();
    if password.is_empty() {
        return Err(Failure::World(format!("The {what} in {} is empty: its first line should hold it.", path.display())));
    }
    Ok(SecretString::from(password))
}

/// The file that holds a secret.
pub(super) fn place(secret: &Secret) -> Result<PathBuf, String> {
    match secret {
        Secret::File(path) => Ok(PathBuf::from(path)),
        Secret::Credential(name) => match std::env::var("CREDENTIALS_DIRECTORY") {
            Ok(folder) => Ok(Path::new(&folder).join(name)),
            Err(_) => Err(format!("The credential \"{name}\" is handed over by systemd only (LoadCredential); it is not set here.")),
        },
    }
}

/// What the system calls itself.
pub(super) fn host() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_string()
}

fn host_name() -> String {
    let name = host();
    if name.contains('.') && name.is_ascii() { name } else { "[127.0.0.1]".to_string() }
}
