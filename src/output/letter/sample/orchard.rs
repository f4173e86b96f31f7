//! An invented community in UTC, for values of which nothing has to be read from anywhere.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use crate::meeting::recurrence::Recurrence;
use crate::meeting::series::{
    Address, Attach, ChangesFromNotes, City, Community, Join, JoinLinks, Letters, NotesFolder, Phone, Replies, Rule, Series, SeriesId,
};
use crate::meeting::zone::Zone;
use crate::source::Place;

/// A community that says all there is to say about itself, or nothing that it need not.
pub fn orchard(zone: &Zone, rich: bool) -> Community {
    let person = |name: &str, email: &str| Address { name: Some(name.to_owned()), email: email.to_owned() };
    let said = |url: &str| rich.then(|| url.to_owned());
    let place = Place::new("communities/orchard.toml", 1);
    let id: Arc<str> = Arc::from("orchard");
    let series = |name: &str, title: &str| Series {
        id: SeriesId::new(id.clone(), name),
        title: title.to_owned(),
        aliases: Vec::new(),
        was: Vec::new(),
        place: place.clone(),
        description: said("Open to everybody."),
        join: if rich {
            vec![Join { label: Some("Video".to_owned()), url: "https://meet.example.org/orchard".to_owned() }]
        } else {
            Vec::new()
        },
        phone: rich.then(|| Phone { number: "+1 555 0100".to_owned(), pin: Some("4711".to_owned()) }),
        location: said("The shed"),
        agenda: said("https://pad.example.org/orchard"),
        list: rich.then(|| Address { name: None, email: "orchard@lists.example.org".to_owned() }),
        archive: None,
        letters: Letters::Reminders,
        attach: Attach::Nothing,
        remind: vec![TimeDelta::days(1)],
        rules: Recurrence::every("week")
            .into_iter()
            .map(|recurrence| Rule {
                from: NaiveDate::from_ymd_opt(2026, 1, 7).unwrap_or_default(),
                until: None,
                recurrence,
                time: NaiveTime::from_hms_opt(18, 0, 0).unwrap_or_default(),
                zone: zone.clone(),
                length: TimeDelta::hours(1),
                uid: format!("{name}@example.org"),
                place: place.clone(),
            })
            .collect(),
        exceptions: Vec::new(),
        ended: None,
        keeps: Vec::new(),
        as_meant: Vec::new(),
    };
    Community {
        id: id.clone(),
        title: "Orchard".to_owned(),
        place: place.clone(),
        home: said("https://orchard.example.org"),
        code_of_conduct: said("https://orchard.example.org/conduct"),
        contact: rich.then(|| person("The organisers", "orchard@example.org")),
        organisers: if rich { vec![person("Ana", "ana@example.org")] } else { Vec::new() },
        sender: None,
        cities: if rich { vec![City { name: "Greenwich".to_owned(), zone: zone.clone() }] } else { Vec::new() },
        colour: None,
        changes_from_notes: ChangesFromNotes::Ask,
        publish_reasons: false,
        join_links: JoinLinks::Public,
        link_hosts: Vec::new(),
        owners_in_letters: true,
        omit_people: Vec::new(),
        rehearsal: false,
        paused_until: None,
        letters_a_week: 2,
        letters_a_day: 6,
        in_doubt: Default::default(),
        digest: None,
        replies: Replies::Contact,
        grace: TimeDelta::minutes(10),
        quiet: TimeDelta::minutes(30),
        holidays: Vec::new(),
        chats: Vec::new(),
        notes: Vec::<NotesFolder>::new(),
        notes_archive: None,
        series: vec![series("call", "Orchard call"), series("pruning", "Pruning")],
    }
}
