//! The daemon's own settings: `convened.toml`. What has to be said is the public address, the domain of identities and the sender; the rest has a default.

use std::net::SocketAddr;
use std::str::FromStr as _;

use chrono::{DateTime, TimeDelta, Utc};
use cron::Schedule;

use super::bucket::{self, S3};
use super::database::{self, Database};
use super::fields::{self, Page, Table};
use super::grants::{self, Communities};
use super::mail::{self, Mail};
use super::{codes, links, words};
use crate::source::{Remark, Text};

/// The daemon's settings. Folders are as written; relative ones are meant from the folder in which the daemon was started.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The address under which people reach the page, without a slash at its end.
    pub base_url: String,
    /// What the site calls itself.
    pub title: String,
    pub listen: SocketAddr,
    /// The right side of every UID in feeds, for ever.
    pub uid_domain: String,
    /// The folder of the store, the decisions and the lock.
    pub state: String,
    pub zone_data: ZoneData,
    pub refresh: Refresh,
    pub log: LogFormat,
    pub log_level: LogLevel,
    /// Whether `/healthz` is served.
    pub health: bool,
    /// Whether `/metrics` is served.
    pub metrics: bool,
    /// Whether feeds are served as gzip to those who ask for it.
    pub compress_feeds: bool,
    /// Whether pads and repositories may be fetched from this machine over plain http.
    pub local_sources: bool,
    /// The repository of the communities' files and of templates, and what they may use; `None`: they stand beside the settings.
    pub communities: Option<Communities>,
    pub mail: Mail,
    /// A server that keeps the memory; without one it is in the state folder.
    pub store: Option<Database>,
    /// A bucket into which what is published is put as well.
    pub s3: Option<S3>,
}

/// Which copy of the zone data is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZoneData {
    /// The newer one of the system's and the embedded.
    Newest,
    System,
    Embedded,
    /// A folder of TZif files.
    Directory(String),
}

/// How the daemon writes its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// The least weight of what the daemon logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// When everything is read again even if nobody reported a change; in UTC.
#[derive(Clone, Debug, PartialEq)]
pub struct Refresh(Schedule);

impl Refresh {
    /// The next time to read everything again, later than `after`.
    pub fn next_scan(&self, after: DateTime<Utc>) -> DateTime<Utc> {
        self.0.after(&after).next().unwrap_or(after + TimeDelta::hours(1))
    }
}

/// Reads `convened.toml`. With a fault there are no settings; every complaint of the file is among the remarks, in the file's order.
pub fn settings(text: &Text) -> (Option<Settings>, Vec<Remark>) {
    let mut remarks = Vec::new();
    let read = read(text, &mut remarks);
    let faulty = fields::settled(&mut remarks);
    (read.filter(|_| !faulty), remarks)
}

fn read(text: &Text, remarks: &mut Vec<Remark>) -> Option<Settings> {
    let page = Page::of(text, remarks)?;
    let tree = page.parse(remarks)?;
    let mut table = Table::of(&page, "this file", &tree);
    format(&mut table, remarks)?;
    let base_url = table.parsed("base-url", codes::BAD_LINK, remarks, links::base_url);
    let base_url = table.required("base-url", base_url, "\"https://calendar.example.org\"", remarks);
    let uid_domain = table.parsed("uid-domain", codes::BAD_DOMAIN, remarks, words::domain);
    let uid_domain = table.required("uid-domain", uid_domain, "\"calendar.example.org\"", remarks);
    let listen = table.parsed("listen", codes::BAD_ADDRESS, remarks, listen);
    let state = table.parsed("state", codes::BAD_PATH, remarks, words::path);
    let zone_data = table.parsed("zone-data", codes::UNKNOWN_WORD, remarks, zone_data);
    let refresh = match table.parsed("refresh", codes::BAD_REFRESH, remarks, refresh) {
        None if table.has("refresh") => None,
        read => read.or_else(|| refresh("*/5 * * * *").ok()),
    };
    let title = table.string("title", remarks);
    let log = table.choice("log", &[("text", LogFormat::Text), ("json", LogFormat::Json)], remarks);
    let levels = [
        ("error", LogLevel::Error),
        ("warn", LogLevel::Warn),
        ("info", LogLevel::Info),
        ("debug", LogLevel::Debug),
        ("trace", LogLevel::Trace),
    ];
    let log_level = table.choice("log-level", &levels, remarks);
    let health = table.bool("health", remarks);
    let metrics = table.bool("metrics", remarks);
    let compress_feeds = table.bool("compress-feeds", remarks);
    let store = table.table("store", "[store]", remarks);
    let (said, store) = (store.is_some(), store.and_then(|store| database::read(store, remarks)));
    let s3 = table.table("s3", "[s3]", remarks);
    let (s3_said, s3) = (s3.is_some(), s3.and_then(|s3| bucket::read(s3, remarks)));
    let local_sources = table.bool("local-sources", remarks);
    let communities = table.table("communities", "[communities]", remarks);
    let (elsewhere, communities) = (communities.is_some(), communities.and_then(|table| grants::read(table, remarks)));
    let mail = table.table("mail", "[mail]", remarks);
    let mail = table.required("mail", mail, "{ sender = \"Calendar <calendar@example.org>\" }", remarks);
    let mut mail = mail.and_then(|mail| mail::read(mail, uid_domain.as_deref(), remarks));
    if let Some(mail) = &mut mail {
        mail.arrivals.public_only = elsewhere;
    }
    table.finish(remarks);
    Some(Settings {
        base_url: base_url?,
        uid_domain: uid_domain?,
        listen: listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080))),
        state: state.unwrap_or_else(|| "state".to_owned()),
        zone_data: zone_data.unwrap_or(ZoneData::Newest),
        refresh: refresh?,
        title: title.unwrap_or("Meetings").to_owned(),
        log: log.unwrap_or(LogFormat::Text),
        log_level: log_level.unwrap_or(LogLevel::Info),
        health: health.unwrap_or(true),
        metrics: metrics.unwrap_or(true),
        compress_feeds: compress_feeds.unwrap_or(false),
        local_sources: local_sources.unwrap_or(false),
        communities: if elsewhere { Some(communities?) } else { None },
        mail: mail?,
        store: if said { Some(store?) } else { None },
        s3: if s3_said { Some(s3?) } else { None },
    })
}

/// Every file of ours begins with `format = 1`; another number is another program's.
pub(super) fn format(table: &mut Table<'_>, remarks: &mut Vec<Remark>) -> Option<()> {
    let format = table.number("format", 0, u32::MAX, remarks);
    match table.required("format", format, "1", remarks)? {
        1 => Some(()),
        other => {
            let sentence = format!(
                "\"format\" is {other}, and this version of convened reads format 1 only. Use the version that the file was written for."
            );
            table.fault("format", codes::FORMAT, sentence, remarks);
            None
        }
    }
}

fn listen(text: &str) -> Result<SocketAddr, String> {
    let error = || format!("is \"{}\"; write address and port, as \"127.0.0.1:8080\" or \"[::1]:8080\".", words::shown(text));
    let text = text.strip_prefix("localhost:").map_or(text.to_owned(), |port| format!("127.0.0.1:{port}"));
    text.parse().map_err(|_| error())
}

fn zone_data(text: &str) -> Result<ZoneData, String> {
    if text.contains('/') {
        return words::path(text).map(ZoneData::Directory);
    }
    let choices = ["newest", "system", "embedded"];
    match text {
        "newest" => Ok(ZoneData::Newest),
        "system" => Ok(ZoneData::System),
        "embedded" => Ok(ZoneData::Embedded),
        other => {
            let hint = words::nearest(other, choices).map(|near| format!(" Did you mean \"{near}\"?")).unwrap_or_default();
            Err(format!(
                "is \"{}\"; it can be \"newest\", \"system\", \"embedded\" or the path of a folder, as \"/usr/share/zoneinfo\".{hint}",
                words::shown(other)
            ))
        }
    }
}

fn refresh(text: &str) -> Result<Refresh, String> {
    cron(text, "\"*/5 * * * *\" for every five minutes").map(Refresh)
}

/// A `cron` expression of five fields (minute first), of six (seconds first), or a word as `@hourly`. Weekdays have to be names:
/// the numbers mean other days to other programs.
pub(super) fn cron(text: &str, example: &str) -> Result<Schedule, String> {
    let error = || format!("is \"{}\"; write five fields, as {example}.", words::shown(text));
    if text.len() > 100 || !text.is_ascii() {
        return Err(error());
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    let expression = match fields.as_slice() {
        [word] if word.starts_with('@') => (*word).to_owned(),
        [.., weekday] if matches!(fields.len(), 5 | 6) => {
            if weekday.bytes().any(|b| b.is_ascii_digit()) {
                return Err(format!(
                    "names the weekday \"{}\" by a number, which means other days to other programs. Write Mon, Tue, Wed …",
                    words::shown(weekday)
                ));
            }
            if fields.len() == 5 { format!("0 {}", fields.join(" ")) } else { fields.join(" ") }
        }
        _ => return Err(error()),
    };
    let schedule = Schedule::from_str(&expression).map_err(|_| error())?;
    let beginning = DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default();
    match schedule.after(&beginning).next() {
        Some(_) => Ok(schedule),
        None => Err(format!("is \"{}\", a time that never comes.", words::shown(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Addressing, Login, Sendmail, Smtp, TimeOuts, Tls, Transport};
    use crate::meeting::chat::Secret;
    use crate::source::Grade;
    use std::time::Duration;

    const LEAST: &str = "format = 1\nbase-url = \"https://cal.example.org/\"\nuid-domain = \"cal.example.org\"\n";
    const MAIL: &str = "[mail]\nsender = \"Calendar <calendar@example.org>\"\n";

    fn of(toml: &str) -> (Option<Settings>, Vec<Remark>) {
        settings(&Text::new("convened.toml", toml.as_bytes()))
    }

    #[track_caller]
    fn complains(toml: &str, of_what: &str) {
        let (read, remarks) = of(toml);
        assert_eq!(remarks.len(), 1, "{remarks:#?}");
        assert_eq!(read.is_none(), remarks[0].grade == Grade::Fault);
        let said = format!("{} {}: {}", remarks[0].place.line, remarks[0].code, remarks[0].sentence);
        assert!(said.contains(of_what), "{said}");
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let (read, remarks) = of(&format!("{LEAST}{MAIL}"));
        assert_eq!(remarks, []);
        let read = read.unwrap();
        assert_eq!((read.base_url.as_str(), read.listen.to_string().as_str()), ("https://cal.example.org", "127.0.0.1:8080"));
        assert_eq!((read.state.as_str(), read.zone_data, read.log), ("state", ZoneData::Newest, LogFormat::Text));
        assert_eq!(read.log_level, LogLevel::Info);
        assert!(read.health && read.metrics && !read.compress_feeds);
        assert_eq!(read.mail.message_id_domain, "cal.example.org");
        assert_eq!(read.mail.transport, Transport::Maildir { folder: "mail".to_owned() });
    }

    #[test]
    fn a_mail_server_takes_three_lines() {
        let (read, remarks) = of(&format!("{LEAST}{MAIL}transport = \"smtp\"\nhost = \"smtp.example.org\"\n"));
        assert_eq!(remarks, []);
        let Transport::Smtp(smtp) = read.unwrap().mail.transport else { panic!("no server") };
        let expected = Smtp {
            host: "smtp.example.org".to_owned(),
            port: 587,
            tls: Tls::StartTls,
            login: None,
            client_name: None,
            certificates: None,
            time_outs: TimeOuts::default(),
        };
        assert_eq!(smtp, expected);
    }

    #[test]
    fn a_mail_server_may_be_described_in_full() {
        let more = "transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = 2525\ntls = \"off\"\nuser = \"calendar\"\npassword-credential = \"smtp-password\"\n\
            client-name = \"cal.example.org\"\n[mail.time-outs]\nconnect = \"300 ms\"\ndot = \"PT2M\"\n";
        let (read, remarks) = of(&format!("{LEAST}{MAIL}{more}"));
        assert_eq!(remarks, []);
        let Transport::Smtp(smtp) = read.unwrap().mail.transport else { panic!("no server") };
        assert_eq!((smtp.port, smtp.tls, smtp.client_name.as_deref()), (2525, Tls::Off, Some("cal.example.org")));
        assert_eq!(smtp.login, Some(Login { user: "calendar".to_owned(), password: Secret::Credential("smtp-password".to_owned()) }));
        assert_eq!((smtp.time_outs.connect, smtp.time_outs.dot), (Duration::from_millis(300), Duration::from_secs(120)));
    }

    #[test]
    fn a_password_never_stands_in_the_file_and_never_goes_in_the_clear() {
        let smtp = |more: &str| format!("{LEAST}{MAIL}transport = \"smtp\"\nhost = \"smtp.example.org\"\n{more}");
        complains(&smtp("password = \"secret\""), "8 bad-credential: A password does not belong into this file");
        let (_, remarks) = of(&smtp("password = \"secret\""));
        assert!(remarks.iter().all(|remark| !remark.sentence.contains("secret\"") && !remark.sentence.contains("= secret")));
        complains(&smtp("user = \"x\""), "8 bad-credential");
        complains(&smtp("password-file = \"x\""), "8 bad-credential");
        complains(&smtp("tls = \"off\"\nuser = \"x\"\npassword-file = \"y\""), "8 open-mail");
        complains(&smtp("password-credential = \"../x\"\nuser = \"x\""), "8 bad-credential");
    }

    #[test]
    fn a_database_on_a_server_is_named_without_its_password() {
        let store = |more: &str| format!("{LEAST}{MAIL}[store]\n{more}");
        let url = "url = \"postgresql://convened@db.example.org/convened\"\n";
        let (read, remarks) = of(&store(&format!("{url}password-file = \"/etc/convened/db\"\ndaemon = \"alpha\"\n")));
        assert_eq!(remarks, []);
        let store_of = read.unwrap().store.unwrap();
        assert_eq!((store_of.url.as_str(), store_of.daemon.as_deref()), ("postgresql://convened@db.example.org/convened", Some("alpha")));
        assert_eq!(store_of.password, Some(Secret::File("/etc/convened/db".to_owned())));
        complains(&store("url = \"postgresql://convened:hush@db.example.org/convened\""), "holds a password");
        let (_, remarks) = of(&store("url = \"postgresql://convened:hush@db.example.org/convened\""));
        assert!(remarks.iter().all(|remark| !remark.to_string().contains("hush")));
        complains(&store("url = \"mysql://db.example.org/convened\""), "is no address of a PostgreSQL database");
        complains(&store(""), "missing");
    }

    #[test]
    fn a_bucket_is_named_without_its_secret() {
        let s3 = |more: &str| format!("{LEAST}{MAIL}[s3]\n{more}");
        let least = "bucket = \"example-calendar\"\naccess-key = \"AKIA1\"\nsecret-key-file = \"/etc/convened/s3\"\n";
        let read = |more: &str| {
            let (read, remarks) = of(&s3(&format!("{least}{more}")));
            assert_eq!(remarks, []);
            read.unwrap().s3.unwrap()
        };
        let amazon = read("region = \"eu-central-1\"");
        assert_eq!((amazon.endpoint.as_str(), amazon.addressing), ("https://s3.eu-central-1.amazonaws.com", Addressing::Host));
        assert_eq!((amazon.time_out, amazon.at_once, amazon.compare_every), (Duration::from_secs(60), 8, TimeDelta::days(1)));
        let own = read("endpoint = \"http://127.0.0.1:9000/\"\nprefix = \"/calendar/\"");
        assert_eq!((own.endpoint.as_str(), own.addressing, own.region.as_str()), ("http://127.0.0.1:9000", Addressing::Path, "us-east-1"));
        assert_eq!((own.prefix.as_str(), &own.secret_key), ("calendar", &Secret::File("/etc/convened/s3".to_owned())));
        complains(&s3(least), "6 missing: [s3] says neither \"endpoint\" nor \"region\"");
        let with = |more: &str| s3(&format!("{least}endpoint = \"https://s3.example.org\"\n{more}"));
        complains(&with("secret-key = \"hush\""), "A secret key does not belong into this file");
        assert!(of(&with("secret-key = \"hush\"")).1.iter().all(|remark| !remark.to_string().contains("hush")));
        complains(&with("adressing = \"path\""), "Did you mean \"addressing\"?");
        complains(&with("prefix = \"../up\""), "bad-path");
        complains(&s3("access-key = \"x/y+z=\"\nbucket = \"abc\"\nregion = \"a\"\nsecret-key-file = \"x\""), "is no id of a key");
        complains(&s3(&format!("{least}endpoint = \"http://s3.example.org\"")), "open-bucket");
        complains(&s3(&format!("{least}endpoint = \"https://example-calendar.s3.example.org\"")), "holds the bucket's name already");
        complains(&s3(&format!("{}region = \"a\"", least.replace("example-c", "example.c"))), "has a dot in its name");
        complains(&s3(&format!("{}region = \"a\"", least.replace("example-c", "s3://c"))), "no name of a bucket");
        complains(&s3(&least.replace("secret-key-file = \"/etc/convened/s3\"", "region = \"a\"")), "does not say \"secret-key-file\"");
    }

    #[test]
    fn a_program_that_takes_letters_is_named_by_its_whole_path() {
        let sendmail = |more: &str| format!("{LEAST}{MAIL}transport = \"sendmail\"\n{more}");
        let read = |more: &str| {
            let (read, remarks) = of(&sendmail(more));
            assert_eq!(remarks, []);
            match read.unwrap().mail.transport {
                Transport::Sendmail(sendmail) => sendmail,
                other => panic!("{other:?}"),
            }
        };
        let usual = Sendmail { program: "/usr/sbin/sendmail".to_owned(), arguments: Vec::new(), time_out: Duration::from_secs(300) };
        assert_eq!(read(""), usual);
        let more = read("program = \"/usr/bin/msmtp\"\narguments = [\"-C\", \"/etc/msmtprc\"]\ntime-out = \"1 minute\"");
        assert_eq!((more.program.as_str(), more.arguments.len(), more.time_out.as_secs()), ("/usr/bin/msmtp", 2, 60));
        complains(&sendmail("program = \"sendmail\""), "7 bad-path: \"program\" in [mail] is \"sendmail\"; write the whole path");
        complains(&sendmail("time-out = \"soon\""), "7 bad-duration");
        complains(&sendmail("host = \"x.example.org\""), "7 no-effect: \"host\" in [mail] has an effect with transport = \"smtp\" only");
        complains(&format!("{LEAST}{MAIL}program = \"/usr/sbin/sendmail\""), "6 no-effect");
    }

    #[test]
    fn what_has_to_be_said_is_asked_for() {
        complains(&format!("format = 1\nuid-domain = \"x.example.org\"\n{MAIL}"), "1 missing: This file does not say \"base-url\"");
        complains(LEAST, "missing");
        complains(&format!("{LEAST}[mail]\n"), "4 missing: [mail] does not say \"sender\"");
    }

    #[test]
    fn a_refresh_is_a_cron_line_in_utc_without_numbered_weekdays() {
        let next = |line: &str| {
            let at = "2026-11-20T16:32:10Z".parse().unwrap();
            of(&format!("{LEAST}refresh = \"{line}\"\n{MAIL}")).0.map(|read| read.refresh.next_scan(at).to_rfc3339())
        };
        assert_eq!(next("*/5 * * * *").as_deref(), Some("2026-11-20T16:35:00+00:00"));
        assert_eq!(next("30 6 * * Mon-Fri").as_deref(), Some("2026-11-23T06:30:00+00:00"));
        assert_eq!(next("*/20 * * * * *").as_deref(), Some("2026-11-20T16:32:20+00:00"));
        assert_eq!(next("@hourly").as_deref(), Some("2026-11-20T17:00:00+00:00"));
        let refused = |line: &str, of_what: &str| complains(&format!("{LEAST}refresh = \"{line}\"\n{MAIL}"), of_what);
        refused("0 9 * * 1", "4 bad-refresh: \"refresh\" in this file names the weekday \"1\" by a number");
        refused("0 9 31 2 *", "a time that never comes");
        refused("every minute", "write five fields");
        refused("0 0 9 * * Mon 2027", "write five fields");
    }

    #[test]
    fn zone_data_are_one_of_three_words_or_a_folder() {
        let data = |word: &str| of(&format!("{LEAST}zone-data = \"{word}\"\n{MAIL}")).0.map(|read| read.zone_data);
        assert_eq!(data("system"), Some(ZoneData::System));
        assert_eq!(data("/srv/zones"), Some(ZoneData::Directory("/srv/zones".to_owned())));
        complains(&format!("{LEAST}zone-data = \"embeded\"\n{MAIL}"), "Did you mean \"embedded\"?");
    }

    #[test]
    fn settings_without_effect_are_advice() {
        complains(&format!("{LEAST}{MAIL}host = \"x.example.org\"\n"), "6 no-effect");
        complains(&format!("{LEAST}{MAIL}smtp-host = \"x.example.org\"\n"), "6 unknown-key: [mail] has no setting \"smtp-host\"");
    }
}
