//! The bucket into which what is published is put, as `[s3]` says it. The secret key never stands in the configuration.

use std::time::Duration;

use chrono::TimeDelta;

use super::fields::Table;
use super::{codes, links, mail, words};
use crate::meeting::chat::Secret;
use crate::source::Remark;

/// A bucket of S3-compatible storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3 {
    pub bucket: String,
    /// `https://HOST`, without the bucket and without a slash at its end.
    pub endpoint: String,
    pub region: String,
    /// What the names of objects begin with, without slashes around it; may be empty.
    pub prefix: String,
    pub addressing: Addressing,
    pub access_key: String,
    pub secret_key: Secret,
    /// A PEM file of certificates that are believed beside the public ones.
    pub certificates: Option<String>,
    /// For each request.
    pub time_out: Duration,
    /// So many objects are put at a time.
    pub at_once: usize,
    /// So often it is looked whether everything is still there.
    pub compare_every: TimeDelta,
}

/// Where the bucket's name stands in an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addressing {
    /// `https://HOST/BUCKET/`
    Path,
    /// `https://BUCKET.HOST/`
    Host,
}

pub(super) fn read(mut table: Table<'_>, remarks: &mut Vec<Remark>) -> Option<S3> {
    let bucket = table.parsed("bucket", codes::BAD_BUCKET, remarks, bucket);
    let bucket = table.required("bucket", bucket, "\"example-calendar\"", remarks);
    let named = table.parsed("endpoint", codes::BAD_LINK, remarks, endpoint);
    let region = table.parsed("region", codes::BAD_BUCKET, remarks, region);
    let prefix = table.parsed("prefix", codes::BAD_PATH, remarks, prefix);
    let addressing = table.choice("addressing", &[("path", Addressing::Path), ("host", Addressing::Host)], remarks);
    let access_key = table.parsed("access-key", codes::BAD_CREDENTIAL, remarks, access_key);
    let access_key = table.required("access-key", access_key, "\"AKIAIOSFODNN7EXAMPLE\"", remarks);
    let file = table.parsed("secret-key-file", codes::BAD_PATH, remarks, words::path);
    let credential = table.parsed("secret-key-credential", codes::BAD_CREDENTIAL, remarks, mail::credential);
    let certificates = table.parsed("certificates", codes::BAD_PATH, remarks, words::path);
    let within = words::duration_within(TimeDelta::milliseconds(100), TimeDelta::minutes(30), "from 100 ms to 30 minutes");
    let time_out = table.parsed("time-out", codes::BAD_DURATION, remarks, within).and_then(|found| found.to_std().ok());
    let at_once = table.number("at-once", 1, 64, remarks);
    let within = words::duration_within(TimeDelta::seconds(1), TimeDelta::days(30), "from 1 second to 30 days");
    let compare_every = table.parsed("compare-every", codes::BAD_DURATION, remarks, within);
    for key in ["secret-key", "session-token"] {
        if table.value(key).is_some() {
            let sentence = format!(
                "A {} does not belong into this file. Put the secret key into a file only the daemon can read, and write secret-key-file = \
                 \"PATH\", or name a systemd credential: secret-key-credential = \"s3-secret-key\".",
                key.replace('-', " ")
            );
            table.fault(key, codes::BAD_CREDENTIAL, sentence, remarks);
        }
    }
    let said = table.has("secret-key-file") || table.has("secret-key-credential");
    let secret_key = match (file, credential) {
        (Some(_), Some(_)) => {
            let sentence = "[s3] names both \"secret-key-file\" and \"secret-key-credential\". Keep one of the two.";
            table.fault("secret-key-credential", codes::BAD_CREDENTIAL, sentence, remarks);
            None
        }
        (file, credential) => file.map(Secret::File).or(credential.map(Secret::Credential)),
    };
    if secret_key.is_none() && !said && !table.has("secret-key") {
        table.required::<()>("secret-key-file", None, "\"/etc/convened/s3-secret-key\"", remarks);
    }
    // Without an endpoint it is Amazon's, where each region has its own.
    let endpoint = match (&named, &region) {
        (Some(named), _) => Some(named.clone()),
        (None, Some(region)) if !table.has("endpoint") => Some(format!("https://s3.{region}.amazonaws.com")),
        (None, None) if !table.has("endpoint") && !table.has("region") => {
            let sentence = "[s3] says neither \"endpoint\" nor \"region\". Write, for example: endpoint = \"https://s3.example.org\", or for Amazon: \
                region = \"eu-central-1\"";
            remarks.push(Remark::fault(table.place(), codes::MISSING, sentence));
            None
        }
        _ => None,
    };
    let addressing = addressing.unwrap_or(if named.is_some() { Addressing::Path } else { Addressing::Host });
    if let (Some(bucket), Some(endpoint)) = (&bucket, &endpoint) {
        fits(&table, bucket, endpoint, addressing, remarks);
    }
    table.finish(remarks);
    Some(S3 {
        bucket: bucket?,
        endpoint: endpoint?,
        region: region.unwrap_or_else(|| "us-east-1".to_owned()),
        prefix: prefix.unwrap_or_default(),
        addressing,
        access_key: access_key?,
        secret_key: secret_key?,
        certificates,
        time_out: time_out.unwrap_or(Duration::from_secs(60)),
        at_once: at_once.and_then(|count| usize::try_from(count).ok()).unwrap_or(8),
        compare_every: compare_every.unwrap_or(TimeDelta::days(1)),
    })
}

/// What endpoint, bucket and addressing mean together.
fn fits(table: &Table<'_>, bucket: &str, endpoint: &str, addressing: Addressing, remarks: &mut Vec<Remark>) {
    let Ok(link) = links::parse(endpoint) else { return };
    let in_host = addressing == Addressing::Host;
    if link.host.strip_prefix(bucket).is_some_and(|rest| rest.starts_with('.')) {
        let sentence = format!(
            "\"endpoint\" in [s3] holds the bucket's name already. Write it without, and addressing = \"host\": {}",
            endpoint.replacen(&format!("{bucket}."), "", 1)
        );
        table.fault("endpoint", codes::BAD_LINK, sentence, remarks);
    } else if in_host && link.secure && bucket.contains('.') {
        let sentence = format!(
            "The bucket \"{bucket}\" has a dot in its name: no certificate is for such a host. Write addressing = \"path\", or choose another name."
        );
        table.fault("bucket", codes::BAD_BUCKET, sentence, remarks);
    } else if in_host && !link.path.trim_matches('/').is_empty() {
        let sentence = "\"endpoint\" in [s3] has a path, which goes with addressing = \"path\" only.";
        table.fault("endpoint", codes::BAD_LINK, sentence, remarks);
    }
    if !link.secure && !links::is_this_machine(&link.host) {
        let sentence = format!(
            "\"endpoint\" in [s3] is plain http: whoever is on the way to {} can read and change what is published. Write https://, if it can.",
            link.host
        );
        remarks.push(Remark::warning(table.place_of("endpoint"), codes::OPEN_BUCKET, sentence));
    }
}

/// As Amazon names buckets, which others keep to.
fn bucket(text: &str) -> Result<String, String> {
    let text = words::line(text)?;
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let good = (3..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b))
        && edge(text.chars().next())
        && edge(text.chars().next_back())
        && !text.contains("..");
    match good {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "is \"{}\", which is no name of a bucket: 3 to 63 small letters, digits, hyphens and dots. Its address belongs into \"endpoint\".",
            words::shown(text)
        )),
    }
}

fn endpoint(text: &str) -> Result<String, String> {
    let text = words::line(text)?;
    let link = links::parse(text)?;
    match link.query.is_empty() {
        true => Ok(text.trim_end_matches('/').to_owned()),
        false => Err(format!("is \"{}\"; write the address without \"?\" or \"#\".", words::shown(text))),
    }
}

fn region(text: &str) -> Result<String, String> {
    let text = words::line(text)?;
    let good = !text.is_empty() && text.len() <= 40 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    match good {
        true => Ok(text.to_owned()),
        false => Err(format!("is \"{}\"; write a region's name, as \"eu-central-1\".", words::shown(text))),
    }
}

fn prefix(text: &str) -> Result<String, String> {
    let text = words::line(text)?;
    let path = text.trim_matches('/');
    let plain = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    match path.is_empty() || (path.len() <= 200 && path.split('/').all(plain)) {
        true => Ok(path.to_owned()),
        false => Err(format!("is \"{}\"; write letters, digits, hyphens and slashes, as \"calendar\".", words::shown(text))),
    }
}

/// A key's id, which is no secret. What is written here is not repeated: it may be the other one.
fn access_key(text: &str) -> Result<String, String> {
    let good = (3..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:@".contains(&b));
    match good {
        true => Ok(text.to_owned()),
        false => Err("is no id of a key. The secret key belongs into a file: secret-key-file = \"PATH\".".to_owned()),
    }
}
