//! The way out for letters, from the settings: a maildir, or a mail server with its secret read where the settings say.

use std::fs;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::Failure;
use crate::arrival::Watch;
use crate::config::{Arrivals, Login, Mail, Secret, Tls, Transport};
use crate::post::{self, Post, Smtp, Timeouts};

/// Makes the post of the settings. A secret that cannot be read ends the command with a sentence; it is never printed.
pub fn post(mail: &Mail) -> Result<Post, Failure> {
    match &mail.transport {
        Transport::Maildir { folder } => Ok(Post::Maildir(PathBuf::from(folder))),
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
    let Arrivals { mailbox, looks, time_out, .. } = &mail.arrivals;
    Watch::new(mailbox.as_ref().map(PathBuf::from), looks.clone(), *time_out).map_err(Failure::World)
}

fn login(login: &Login) -> Result<(String, SecretString), Failure> {
    let path = match &login.password {
        Secret::File(path) => PathBuf::from(path),
        Secret::Credential(name) => {
            let folder = std::env::var("CREDENTIALS_DIRECTORY").map_err(|_| {
                Failure::World(format!("The credential \"{name}\" is handed over by systemd only (LoadCredential); it is not set here."))
            })?;
            Path::new(&folder).join(name)
        }
    };
    let text = fs::read_to_string(&path)
        .map_err(|error| Failure::World(format!("The mail password in {} cannot be read: {error}.", path.display())))?;
    let password = text.lines().next().unwrap_or_default().to_string();
    if password.is_empty() {
        return Err(Failure::World(format!("The mail password in {} is empty: its first line should hold it.", path.display())));
    }
    Ok((login.user.clone(), SecretString::from(password)))
}

fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.contains('.') && name.is_ascii() { name.to_string() } else { "[127.0.0.1]".to_string() }
}
