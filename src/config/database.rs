//! Where the memory is kept, as `[store]` says it: on a PostgreSQL server, for more than one host. Without it, in the state folder.

use url::Url;

use super::fields::Table;
use super::{codes, words};
use crate::meeting::chat::Secret;
use crate::source::Remark;

/// A database on a PostgreSQL server, and what this daemon is called there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// Without a password.
    pub url: String,
    pub password: Option<Secret>,
    /// A PEM file of certificates that are believed beside the public ones.
    pub certificates: Option<String>,
    /// Another one for each daemon; the host's where `None`.
    pub daemon: Option<String>,
}

pub(super) fn read(mut table: Table<'_>, remarks: &mut Vec<Remark>) -> Option<Database> {
    let url = table.parsed("url", codes::BAD_LINK, remarks, address);
    let url = table.required("url", url, "\"postgresql://convened@db.example.org/convened\"", remarks);
    let file = table.parsed("password-file", codes::BAD_PATH, remarks, words::path);
    let credential = table.parsed("password-credential", codes::BAD_CREDENTIAL, remarks, super::mail::credential);
    let certificates = table.parsed("certificates", codes::BAD_PATH, remarks, words::path);
    let daemon = table.string("daemon", remarks).map(str::to_owned);
    if file.is_some() && credential.is_some() {
        let sentence = "[store] names both \"password-file\" and \"password-credential\". Keep one of the two.";
        table.fault("password-credential", codes::BAD_CREDENTIAL, sentence, remarks);
    }
    table.finish(remarks);
    Some(Database { url: url?, password: file.map(Secret::File).or(credential.map(Secret::Credential)), certificates, daemon })
}

/// The address is not repeated in a complaint: there may be a password in it.
fn address(text: &str) -> Result<String, String> {
    let error = "is no address of a PostgreSQL database; write \"postgresql://convened@db.example.org/convened\".";
    let url = Url::parse(text).map_err(|_| error.to_owned())?;
    if !matches!(url.scheme(), "postgresql" | "postgres") {
        return Err(error.to_owned());
    }
    if url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password") {
        return Err("holds a password, which does not belong into this file. Put it into a file only the daemon can read, and write \
            password-file = \"PATH\"."
            .to_owned());
    }
    Ok(text.to_owned())
}
