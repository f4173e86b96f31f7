//! A small community around one day, as files: two series and a folder for notes.

use chrono::{NaiveDate, TimeDelta};

use crate::house::House;

/// The community meets on `day` and every week from then on, its grafting team three days later. `more` stands among the community's settings.
pub fn orchard(house: &House, day: NaiveDate, more: &str) {
    house.write("config/communities/orchard.toml", &schedule(day, more));
    std::fs::create_dir_all(house.path().join("notes")).unwrap();
}

pub fn schedule(day: NaiveDate, more: &str) -> String {
    let grafting = day + TimeDelta::days(3);
    format!(
        r#"format = 1
title = "Orchard"
contact = "Orchard team <team@example.org>"
organisers = ["Ada <ada@example.org>", "Bo <bo@example.org>"]
list = "orchard@lists.example.org"
{more}

[[notes]]
folder = "../notes"
trusted = true
url = "https://notes.example.org/{{path}}"

[[series]]
id = "community"
title = "Orchard community meeting"
every = "week"
from = {day}
time = "17:00"
zone = "UTC"
join = "https://meet.example.org/community"

[[series]]
id = "grafting"
title = "Orchard Grafting Team"
every = "week"
from = {grafting}
time = "18:00"
zone = "UTC"
join = "https://meet.example.org/grafting"
"#
    )
}
