//! TLS and passwords on the way to a real server, with certificates made here.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use chrono::TimeDelta;
use convened::store::{Server, Store};

use crate::certificates::{another, certificates};
use crate::daemon::{Daemon, soon};
use crate::day::today;
use crate::house::House;
use crate::orchard;
use crate::server::{Postgres, of_source};
use crate::support::left_out;

const PASSWORD: &str = "quince-7719-blossom";

#[test]
fn the_way_to_the_server_is_encrypted_and_its_name_is_proved() {
    let Some(mut server) = Postgres::new() else {
        return left_out("hosts", "no PostgreSQL; tests/run installs it");
    };
    let folder = tempfile::tempdir().unwrap();
    let pem = |name: &str| folder.path().join(name);
    let all_years = ["20200101000000Z", "20490101000000Z"];
    let made = certificates(folder.path())
        .and_then(|()| another(folder.path(), "elsewhere", "db.example.org", all_years))
        .and_then(|()| another(folder.path(), "old", "localhost", ["20200101000000Z", "20210101000000Z"]));
    if made.is_none() {
        return left_out("hosts: TLS", "no openssl to make certificates with");
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let local = server.url_of("postgres", port);
    let url = |host: &str, more: &str| format!("postgresql://convened@{host}:{port}/postgres{more}");
    let at = |url: String, password: &str, certificates: Option<&Path>| -> Result<Store, String> {
        let certificates = certificates.map(Path::to_owned);
        let server = Server { url, password: Some(password.to_owned().into()), certificates };
        Store::open_at(Some(&server), Path::new("")).map_err(|error| error.to_string())
    };
    let refused = |url: String, password: &str, certificates: Option<&Path>, words: &str| {
        let said = at(url, password, certificates).expect_err(words);
        assert!(said.contains(words), "{said}");
        assert!(!said.contains(PASSWORD) && !said.contains("wrong"), "{said}");
    };
    let ca = pem("ca.pem");

    // No TLS there.
    server.listen(port, None);
    server.control("start", "fast");
    let mut client = postgres::Client::connect(&local, postgres::NoTls).unwrap();
    client.batch_execute(&format!("ALTER USER convened PASSWORD '{PASSWORD}'")).unwrap();
    drop(client);
    refused(url("localhost", "?sslmode=require"), PASSWORD, Some(&ca), "does not speak TLS; switch `ssl` on there");
    assert!(at(url("localhost", "?sslmode=disable"), PASSWORD, None).is_ok());
    server.control("stop", "fast");

    // TLS, by a certificate that proves the name.
    server.listen(port, Some((&pem("cert.pem"), &pem("key.pem"))));
    server.control("start", "fast");
    for mode in ["?sslmode=require", "?sslmode=verify-full", "?sslmode=verify-ca", "?sslmode=prefer"] {
        let store = at(url("localhost", mode), PASSWORD, Some(&ca)).unwrap_or_else(|said| panic!("{mode}: {said}"));
        assert!(store.is_shared());
    }
    let mut client = postgres::Client::connect(&local, postgres::NoTls).unwrap();
    let _open = at(url("localhost", "?sslmode=require"), PASSWORD, Some(&ca)).unwrap();
    let ways = client.query("SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE client_port > 0", &[]).unwrap();
    assert!(!ways.is_empty() && ways.iter().all(|row| row.get::<_, bool>(0)), "the connection is encrypted indeed");
    refused(url("localhost", "?sslmode=disable"), PASSWORD, None, "the server's pg_hba.conf has to let this user in");
    refused(url("localhost", "?sslmode=require"), PASSWORD, None, "name the file of the authority that does as `certificates` in [store]");
    refused(url("localhost", "?sslmode=verify-full"), PASSWORD, None, "nobody who is believed here vouches for its certificate");
    refused(url("127.0.0.1", "?sslmode=require"), PASSWORD, Some(&ca), "its certificate is for another name; write the name");
    refused(url("localhost", "?sslmode=require"), "wrong", Some(&ca), "look at `password-file` in [store]");
    refused(url("localhost", "?sslmode=require&sslrootcert=x"), PASSWORD, Some(&ca), "as `certificates` in [store]");
    refused(url("localhost", "?sslmode=require"), PASSWORD, Some(&pem("none.pem")), "none.pem cannot be used");
    let missing = url("localhost", "?sslmode=require").replace("/postgres?", "/cellar?");
    refused(missing, PASSWORD, Some(&ca), "make it with createdb");

    // The daemon, at its most talkative: the password stands in a file, and nowhere else.
    let house = House::new(None);
    orchard::orchard(&house, today() + TimeDelta::days(20), "");
    let settings = fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write(
        "config/convened.toml",
        &format!(
            "{settings}\n[store]\nurl = \"{}\"\npassword-file = \"password\"\ncertificates = \"{}\"\ndaemon = \"alpha\"\n",
            url("localhost", "?sslmode=verify-full"),
            ca.display()
        ),
    );
    house.write("password", "wrong-0815-pear\n");
    let mut daemon = Daemon::start_with(&house, |command| {
        command.env("CONVENED_LOG", "trace").env("RUST_LOG", "trace");
    });
    let waits = soon("it says what it waits for", || of_source(&daemon, "store").filter(|(ok, _)| !ok));
    assert!(waits.1.contains("look at `password-file` in [store]") && waits.1.contains("nothing to serve yet"), "{waits:?}");
    house.write("password", &format!("{PASSWORD}\n"));
    soon("it serves", || Some(daemon.get("/feeds/orchard.ics")).filter(|feed| feed.status == 200));
    let process = |what: &str| fs::read_to_string(format!("/proc/{}/{what}", daemon.id())).unwrap();
    let seen = process("cmdline") + &process("environ") + &daemon.get("/healthz").body + &daemon.get("/metrics").body;
    let status = house.run(&["status"]);
    assert!(daemon.end().0.success());
    let log = daemon.log();
    for secret in [PASSWORD, "wrong-0815-pear"] {
        for text in [&seen, &log, &String::from_utf8(status.stdout.clone()).unwrap()] {
            assert!(!text.contains(secret), "a password stands in {text}");
        }
    }
    server.control("stop", "fast");

    // For another name, and too old.
    for (name, words) in [("elsewhere", "its certificate is for another name"), ("old", "its certificate has expired; renew it")] {
        server.listen(port, Some((&pem(&format!("{name}.pem")), &pem(&format!("{name}-key.pem")))));
        server.control("start", "fast");
        refused(url("localhost", "?sslmode=require"), PASSWORD, Some(&ca), words);
        server.control("stop", "fast");
    }
}
