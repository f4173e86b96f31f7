//! Invented communities and the edits that people make to them.

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use convened::meeting::calendar::{Calendar, Verdicts, occurrences, walls};
use convened::meeting::change::{By, Decision, Tell, Verdict};
use convened::meeting::recurrence::Recurrence;
use convened::meeting::series::{
    Attach, ChangesFromNotes, City, Community, Join, JoinLinks, Letters, Phone, Replies, Rule, Series, SeriesId,
};
use convened::meeting::zone::{Zone, Zones};
use convened::source::Place;
use convened::sources::zoneinfo;

/// A small generator, the same on every machine.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x1234_5678_9ABC_DEF1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % limit
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// Havana is left out: its clocks of this winter came with a release (2026f) that the readers have and the program does not bring along.
const ZONES: [&str; 13] = [
    "UTC",
    "America/Los_Angeles",
    "Europe/Berlin",
    "Europe/Dublin",
    "America/Vancouver",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Gaza",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/Sao_Paulo",
    "Antarctica/Troll",
];

const CITIES: [&str; 16] = [
    "America/Los_Angeles",
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Dublin",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Gaza",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Chatham",
];

const RHYTHMS: [&str; 9] = [
    "week",
    "2 weeks",
    "3 weeks",
    "month on the 2nd Wednesday",
    "month on the last Friday",
    "RRULE:FREQ=MONTHLY;BYDAY=1TU,3TU",
    "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
    "RRULE:FREQ=WEEKLY;BYDAY=WE;COUNT=30",
    "4 weeks",
];

/// A community with the decisions made about it so far.
pub struct Story {
    zones: Zones,
    pub calendar: Calendar,
    pub decisions: Vec<Decision>,
}

impl Story {
    pub fn begin(random: &mut Random) -> Story {
        let zones = zoneinfo::embedded();
        let city = |zone: &str| City { name: zone.rsplit('/').next().unwrap().replace('_', " "), zone: zones.get(zone).unwrap() };
        let cities = CITIES.chunks(CITIES.len() / 4).map(|some| city(random.one(some))).collect();
        let mut community = Community {
            id: Arc::from("story"),
            title: "Story, a community; with “words”".to_owned(),
            place: Place::new("story.toml", 1),
            home: None,
            code_of_conduct: None,
            contact: None,
            organisers: Vec::new(),
            sender: None,
            cities,
            colour: Some("#336699".to_owned()),
            changes_from_notes: ChangesFromNotes::Ignore,
            publish_reasons: false,
            join_links: if random.below(4) == 0 { JoinLinks::Page } else { JoinLinks::Public },
            link_hosts: Vec::new(),
            owners_in_letters: true,
            omit_people: Vec::new(),
            rehearsal: false,
            paused_until: None,
            letters_a_week: 2,
            digest: None,
            replies: Replies::Contact,
            letters_a_day: 6,
            grace: TimeDelta::zero(),
            in_doubt: Default::default(),
            quiet: TimeDelta::zero(),
            holidays: Vec::new(),
            notes: Vec::new(),
            notes_archive: None,
            chats: Vec::new(),
            series: Vec::new(),
        };
        for number in 0..3 + random.below(3) {
            let from =
                NaiveDate::from_ymd_opt(2025 + random.below(2) as i32, 1 + random.below(10) as u32, 1 + random.below(28) as u32).unwrap();
            let zone = zones.get(random.one(&ZONES)).unwrap();
            let rule = rule(random, number, from, zone);
            community.series.push(series(number, rule));
        }
        Story { zones, calendar: Calendar { communities: vec![community], ..Calendar::default() }, decisions: Vec::new() }
    }

    /// One edit; answers with the first part of the UIDs it touches.
    pub fn edit(&mut self, random: &mut Random, now: DateTime<Utc>) -> String {
        let number = random.below(self.calendar.communities[0].series.len());
        let touched = format!("s{number}-");
        let series = &mut self.calendar.communities[0].series[number];
        match random.below(10) {
            0 => series.title.push_str(" (renamed), ü; 老"),
            1 => self.split(random, number, now, false),
            2 => self.split(random, number, now, true),
            3 => series.ended = Some((now + TimeDelta::days(40)).date_naive()),
            _ => self.decide(random, number, now),
        }
        touched
    }

    /// From a date on another hour, or another zone: the old rule ends, a new one begins.
    fn split(&mut self, random: &mut Random, number: usize, now: DateTime<Utc>, zone_too: bool) {
        let zone = self.zones.get(random.one(&ZONES)).unwrap();
        let series = &mut self.calendar.communities[0].series[number];
        let date = (now + TimeDelta::days(30)).date_naive();
        if series.rules.iter().any(|rule| rule.from >= date) || series.ended.is_some() {
            return;
        }
        let old = series.rules.last_mut().unwrap();
        old.until = Some(date.checked_sub_days(Days::new(1)).unwrap());
        let zone = if zone_too { zone } else { old.zone.clone() };
        let new = rule(random, number, date, zone);
        series.rules.push(new);
    }

    fn decide(&mut self, random: &mut Random, number: usize, now: DateTime<Utc>) {
        let series = &self.calendar.communities[0].series[number];
        let known: Vec<_> = self.decisions.iter().filter(|one| one.series == series.id).map(|one| one.verdicts[0].0).collect();
        let today = now.date_naive();
        let coming = walls(series, today, today + TimeDelta::days(120));
        let verdicts = Verdicts::of(&self.decisions);
        // Meetings during which the clocks change are few: chosen more often than by chance.
        let changing = |wall: &&NaiveDateTime| {
            series.rule_on(wall.date()).is_some_and(|rule| rule.zone.changes_during(**wall, rule.length)) && random.below(2) == 0
        };
        let chosen: Vec<NaiveDateTime> = walls(series, today, today + TimeDelta::days(300)).iter().filter(changing).copied().collect();
        let coming = if chosen.is_empty() { coming } else { chosen };
        let (wall, verdict) = if !known.is_empty() && random.below(2) == 0 {
            (random.one(&known), Verdict::Restore)
        } else if coming.is_empty() || random.below(4) == 0 {
            let at = (today + TimeDelta::days(3 + random.below(60) as i64)).and_hms_opt(11, 15, 0).unwrap();
            (at, Verdict::Extra { length: TimeDelta::minutes(45) })
        } else if random.below(2) == 0 {
            (random.one(&coming), Verdict::Cancel)
        } else {
            let from = random.one(&coming);
            let to =
                (from.date() + TimeDelta::days(1 + random.below(3) as i64)).and_hms_opt(random.one(&[2, 10, 12, 15, 17]), 20, 0).unwrap();
            (from, Verdict::Move { to })
        };
        // Nobody makes a meeting where there is one already.
        let taken = occurrences(series, &verdicts, now - TimeDelta::days(200), now + TimeDelta::days(200));
        if matches!(verdict, Verdict::Extra { .. }) && taken.iter().any(|one| one.id.wall == wall) {
            return;
        }
        let by = By::Command("dana".to_owned());
        let said = vec![(wall, verdict)];
        self.decisions.push(Decision {
            id: Decision::name(&series.id, &said, &by, now),
            series: series.id.clone(),
            at: now,
            by,
            verdicts: said,
            reason: (random.below(2) == 0).then(|| "Many are away; see the list, \\o/ \"quoted\".".to_owned()),
            tell: Tell::Silently,
            proposal: None,
            amended: None,
        });
    }
}

fn rule(random: &mut Random, number: usize, from: NaiveDate, zone: Zone) -> Rule {
    let rhythm = random.one(&RHYTHMS);
    let rhythm_at_night = ["Sunday", "Saturday", "day", "month on the last Sunday", "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,FR"];
    // Every fifth rule meets at the hours at which clocks change.
    let by_night = random.below(5) == 0;
    let rhythm = if by_night { random.one(&rhythm_at_night) } else { rhythm };
    let hour = if by_night { random.below(4) as u32 } else { 8 + random.below(12) as u32 };
    let recurrence = match rhythm.strip_prefix("RRULE:") {
        Some(parts) => Recurrence::rrule(parts),
        None => Recurrence::every(rhythm),
    };
    Rule {
        from,
        until: None,
        recurrence: recurrence.unwrap(),
        time: NaiveTime::from_hms_opt(hour, 30 * random.below(2) as u32, 0).unwrap(),
        zone,
        length: TimeDelta::minutes(random.one(&[30, 50, 60, 90])),
        uid: format!("s{number}-{}@meet.example.org", from.format("%Y%m%d")),
        place: Place::new("story.toml", 10),
    }
}

fn series(number: usize, rule: Rule) -> Series {
    Series {
        id: SeriesId::new("story", format!("s{number}")),
        title: format!("Meeting number {number}, with a title that is long enough to be folded once or twice: öäü"),
        aliases: Vec::new(),
        was: Vec::new(),
        place: Place::new("story.toml", 8),
        description: (number == 0).then(|| "Everybody is welcome.\nBring a cup.".to_owned()),
        join: vec![Join { label: Some("Room".to_owned()), url: format!("https://video.example.org/{number}?a=1,2;3") }],
        phone: (number == 1).then(|| Phone { number: "+1 555-010-0100".to_owned(), pin: Some("1 2 3#".to_owned()) }),
        location: None,
        agenda: None,
        list: None,
        archive: None,
        letters: Letters::None,
        attach: Attach::Nothing,
        remind: Vec::new(),
        rules: vec![rule],
        exceptions: Vec::new(),
        ended: None,
        keeps: Vec::new(),
        as_meant: Vec::new(),
    }
}
