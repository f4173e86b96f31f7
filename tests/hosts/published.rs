//! Two daemons publish into one bucket, one at a time: whoever is killed, or stands still and comes back late, the bucket ends as what was
//! published last.

use std::fs;

use chrono::TimeDelta;

use super::bucket::{self, Bucket};
use super::daemon::{Daemon, soon};
use super::day::today;
use super::house::House;
use super::support::left_out;
use super::{Postgres, house, orchard};

/// The bucket goes with what the database says was published last.
fn settles(bucket: &Bucket, house: &House, daemon: &Daemon, title: &str) {
    soon("the daemon serves it", || daemon.get("/c/orchard/").body.contains(title).then_some(()));
    soon("the bucket holds it", || bucket.differs(house, "").is_empty().then_some(()));
}

fn title(houses: &[House], title: &str) {
    let schedule = orchard::schedule(today() + TimeDelta::days(20), "");
    houses.iter().for_each(|house| house.write("config/communities/orchard.toml", &schedule.replace("Orchard community meeting", title)));
}

fn publishes(daemon: &Daemon) -> bool {
    daemon.health()["s3"].is_object()
}

fn puts(bucket: &Bucket) -> usize {
    bucket.requests().iter().filter(|(method, _, status)| method == "PUT" && *status == 200).count()
}

#[test]
fn a_bucket_ends_as_the_newest_publication_whoever_is_killed_or_comes_back_late() {
    let (Some(server), Some(python)) = (Postgres::start(), bucket::python()) else {
        return left_out("hosts", "no PostgreSQL, or no tests/.venv with moto; tests/run installs them");
    };
    let bucket = Bucket::start(&python);
    let houses = ["alpha", "beta"].map(|name| {
        let house = house(&server, 9, name);
        bucket.configure(&house, "at-once = 2");
        let settings = fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
        let maildir = "transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = 9\ntls = \"off\"\nclient-name = \"cal.example.org\"\n";
        house.write("config/convened.toml", &settings.replace(maildir, ""));
        house
    });
    let alpha = Daemon::start(&houses[0]);
    settles(&bucket, &houses[0], &alpha, "Orchard community meeting");
    let mut beta = Daemon::start(&houses[1]);
    soon("it serves what the other one publishes", || (beta.get("/c/orchard/").status == 200).then_some(()));
    assert!(publishes(&alpha) && !publishes(&beta));

    // The first one stands still in the middle of it; the other one takes over with something newer, and is in the middle of that when it comes back.
    bucket.fault(Some("slow"));
    title(&houses[..1], "Orchard town meeting");
    let mut put = 0;
    soon("some of it is put", || {
        put += puts(&bucket);
        (put > 5).then_some(())
    });
    alpha.signal(libc::SIGSTOP);
    title(&houses[1..], "Orchard village meeting");
    soon("the other one publishes", || publishes(&beta).then_some(()));
    let _ = puts(&bucket);
    put = 0;
    soon("some of the newer is put", || {
        put += puts(&bucket);
        (put > 5).then_some(())
    });
    alpha.signal(libc::SIGCONT);
    soon("the first one knows that it publishes no more", || (!publishes(&alpha)).then_some(()));
    bucket.fault(None);
    settles(&bucket, &houses[1], &beta, "Orchard village meeting");

    // Killed in the middle of it.
    bucket.fault(Some("slow"));
    title(&houses, "Orchard harbour meeting");
    soon("the daemon serves it", || beta.get("/c/orchard/").body.contains("harbour").then_some(()));
    let _ = puts(&bucket);
    soon("some of it is put", || (puts(&bucket) > 0).then_some(()));
    beta.signal(libc::SIGKILL);
    beta.ended();
    title(&houses, "Orchard summit meeting");
    bucket.fault(None);
    settles(&bucket, &houses[0], &alpha, "Orchard summit meeting");
    assert!(publishes(&alpha));
    let page = bucket.get("c/orchard/index.html").unwrap().bytes;
    assert!(String::from_utf8(page).unwrap().contains("Orchard summit meeting"));
}
