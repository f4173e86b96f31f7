//! A real PostgreSQL server in a folder of its own, and houses whose memory lies there.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{NaiveDate, TimeDelta};
use convened::store::{Server, Store};

use crate::daemon::{Daemon, soon};
use crate::day::today;
use crate::house::House;
use crate::orchard;

pub const NAMES: [&str; 3] = ["alpha", "beta", "gamma"];

/// PostgreSQL in a folder of its own, on a socket there; ends with this value.
pub struct Postgres {
    pub folder: tempfile::TempDir,
    programs: PathBuf,
    /// More options of the server.
    options: String,
}

impl Postgres {
    pub fn start() -> Option<Postgres> {
        let server = Postgres::new()?;
        server.control("start", "fast");
        Some(server)
    }

    /// Made, and not started yet.
    pub fn new() -> Option<Postgres> {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(|entry| Some(entry.ok()?.path().join("bin")));
        let programs = versions.filter(|path| path.join("initdb").exists()).max()?;
        let server = Postgres { folder: tempfile::tempdir().unwrap(), programs, options: "-c listen_addresses=".to_owned() };
        fs::set_permissions(server.folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        server.run("initdb", &["-D", &server.data(), "-A", "trust", "-U", "convened", "--no-instructions"]);
        Some(server)
    }

    pub fn data(&self) -> String {
        self.folder.path().join("data").to_str().unwrap().to_owned()
    }

    /// PostgreSQL refuses to run as root.
    fn run(&self, program: &str, words: &[&str]) {
        let is_root = fs::metadata("/proc/self").is_ok_and(|data| data.uid() == 0);
        let program = self.programs.join(program);
        let mut command = if is_root { Command::new("runuser") } else { Command::new(&program) };
        if is_root {
            command.args(["-u", "postgres", "--"]).arg(&program);
        }
        let log = fs::File::options().create(true).append(true).open(self.folder.path().join("said")).unwrap();
        command.args(words).current_dir(self.folder.path()).stdout(log.try_clone().unwrap()).stderr(log);
        let ended = command.status().unwrap();
        assert!(ended.success(), "{program:?}: {}", fs::read_to_string(self.folder.path().join("said")).unwrap());
    }

    pub fn control(&self, what: &str, mode: &str) {
        let folder = self.folder.path().to_str().unwrap();
        let options = format!("-k {folder} -c max_connections=60 {}", self.options);
        let log = format!("{folder}/log");
        self.run("pg_ctl", &["-D", &self.data(), "-w", "-t", "60", "-m", mode, "-o", &options, "-l", &log, what]);
    }

    /// Listens at a port of this machine as well, and asks each who comes that way for a password. With a certificate and its key TLS is
    /// spoken, and nobody comes without.
    pub fn listen(&mut self, port: u16, certificate: Option<(&Path, &Path)>) {
        self.options = format!("-c listen_addresses=localhost -c port={port}");
        let owner = fs::metadata(self.data()).unwrap();
        let data = PathBuf::from(self.data());
        if let Some((certificate, key)) = certificate {
            for (from, to) in [(certificate, "server.crt"), (key, "server.key")] {
                let to = data.join(to);
                let _ = fs::remove_file(&to);
                fs::copy(from, &to).unwrap();
                chown(&to, Some(owner.uid()), Some(owner.gid())).unwrap();
                fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
            }
            self.options += " -c ssl=on";
        }
        let host = if certificate.is_some() { "hostssl" } else { "host" };
        let who = ["127.0.0.1/32", "::1/128"].map(|address| format!("{host} all all {address} scram-sha-256\n"));
        fs::write(data.join("pg_hba.conf"), format!("local all all trust\n{}", who.concat())).unwrap();
    }

    /// The address of a database, by its socket.
    pub fn url_of(&self, name: &str, port: u16) -> String {
        format!("postgresql://convened@{}:{port}/{name}", self.folder.path().to_str().unwrap().replace('/', "%2F"))
    }

    pub fn url(&self) -> String {
        self.url_of("postgres", 5432)
    }

    pub fn store(&self) -> Store {
        let server = Server { url: self.url(), password: None, certificates: None };
        soon("the store opens", || Store::open_at(Some(&server), Path::new("")).ok())
    }

    /// A connection beside convened's.
    pub fn client(&self) -> postgres::Client {
        postgres::Client::connect(&self.url(), postgres::NoTls).unwrap()
    }

    /// Cuts every connection but this one.
    pub fn cut(&self) {
        let Ok(mut client) = postgres::Client::connect(&self.url(), postgres::NoTls) else { return };
        let _ = client.batch_execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
        );
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if Path::new(&self.data()).join("postmaster.pid").exists() {
            self.control("stop", "immediate");
        }
    }
}

/// Names a database in a house's settings.
pub fn on(house: &House, url: &str, name: &str) {
    let settings = fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write("config/convened.toml", &format!("{settings}\n[store]\nurl = \"{url}\"\ndaemon = \"{name}\"\n"));
}

pub fn house(server: &Postgres, smtp: u16, name: &str) -> House {
    let house = House::new(Some(smtp));
    on(&house, &server.url(), name);
    orchard::orchard(&house, today() + TimeDelta::days(20), "");
    house
}

/// One whose letters go into a folder of its own.
pub fn without_smtp(server: &Postgres, name: &str, day: NaiveDate, more: &str) -> House {
    let house = House::new(None);
    on(&house, &server.url(), name);
    orchard::orchard(&house, day, more);
    house
}

/// What a daemon's health says of one source.
pub fn of_source(daemon: &Daemon, name: &str) -> Option<(bool, String)> {
    let health = daemon.health();
    let source = health["sources"].as_array()?.iter().find(|source| source["name"] == name)?;
    Some((source["ok"].as_bool()?, source["said"].as_str()?.to_owned()))
}

/// What a daemon says of all of them.
pub fn said(daemon: &Daemon) -> String {
    of_source(daemon, "daemons").map(|(_, said)| said).unwrap_or_default()
}

/// The place of the one that plans, among those that live.
pub fn leader(daemons: &[Option<Daemon>]) -> usize {
    soon("somebody who lives plans", || {
        let said = daemons.iter().flatten().map(said).next()?;
        let plans = |at: &usize| daemons[*at].is_some() && said.contains(&format!("{} (127.0.0.1:0) plans and sends", NAMES[*at]));
        (0..daemons.len()).find(plans)
    })
}
