//! What a large archive of notes costs: 50 communities, 1,000 series, and none, 10,000 or 100,000 notes of 2 to 6 kB in folders (with the
//! argument `full`, or with CONVENED_FULL, a million in 64 communities); and a series with 1,000 or 10,000 notes. The first start, a later
//! one, a new note, a decision, a round with nothing due, and what the process holds afterwards. Each archive has a process of its own.

mod harbour;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use convened::meeting::change::Decision;
use convened::meeting::series::{Address, NotesFolder, SeriesId};
use convened::output::letter::Afterwards;
use convened::round::{Brought, Given, Identity, Kept, walk};
use convened::source::Text;
use convened::sources::notes::Notes;
use convened::sources::zoneinfo;
use convened::store::{Decide, Store};
use harbour::cancelled;

const ROUNDS: usize = 5;

/// How an archive is laid out: each series has a folder of its own.
#[derive(Clone, Copy)]
struct Shape {
    notes: usize,
    communities: usize,
    /// In each community.
    series: usize,
    /// Between two notes of a series.
    days: u64,
}

impl Shape {
    fn notes_a_series(self) -> usize {
        self.notes / self.communities / self.series
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if let Some(["one", shape @ ..]) = arguments.iter().map(String::as_str).collect::<Vec<_>>().get(..) {
        let [notes, communities, series, days] = [0, 1, 2, 3].map(|at| shape[at].parse::<usize>().unwrap());
        return one(Shape { notes, communities, series, days: days as u64 });
    }
    let full = arguments.iter().any(|asked| asked == "full") || std::env::var_os("CONVENED_FULL").is_some();
    println!(
        "A round with one new note, with one decision, with nothing due, and a look at all files: median of {ROUNDS}. In ms; memory in MB, the most and at rest, and bytes a note."
    );
    println!(
        "    notes  series  documents  first start     start   new note (reading, round)   refresh  decision   nothing    most   rest   a note"
    );
    // More than 20,000 notes are not read of one folder: a million takes some communities more.
    let spread = [[10_000, 50, 20, 7], [100_000, 50, 20, 7], [1_000_000, 64, 16, 7]].into_iter().take(if full { 3 } else { 2 });
    // Few series with long memories: the notes of one are resolved together.
    let long = [1_000, 10_000].map(|notes| [notes, 1, 1, 1]);
    let mut empty = None;
    for shape in [[0, 50, 20, 7]].into_iter().chain(spread).chain(long) {
        let own = std::env::current_exe().unwrap();
        let before = empty.unwrap_or_default();
        let output = Command::new(own)
            .arg("one")
            .args(shape.map(|part: usize| part.to_string()))
            .stderr(std::process::Stdio::inherit())
            .output()
            .unwrap();
        assert!(output.status.success());
        let line = String::from_utf8(output.stdout).unwrap();
        let rest: f64 = line.trim().rsplit(' ').next().unwrap().parse().unwrap();
        if shape[0] == 0 {
            empty = Some(rest);
        }
        let a_note =
            if shape[1] == 50 && shape[0] > 0 { format!("{:8.0}", (rest - before) * 1e6 / shape[0] as f64) } else { String::new() };
        println!("{}{a_note}", line.trim_end());
    }
}

/// One archive from its first start on.
fn one(shape: Shape) {
    let house = tempfile::tempdir().unwrap();
    let (config, zones) = (schedules(shape), zoneinfo::embedded());
    write_notes(house.path(), shape);
    let Shape { notes, communities, series, days } = shape;
    let crew = 3.min(series - 1);
    let identity = Identity {
        base_url: "https://cal.example.org".to_owned(),
        title: "Everything".to_owned(),
        uid_domain: "cal.example.org".to_owned(),
        from: Address { name: Some("Calendar".to_owned()), email: "calendar@example.org".to_owned() },
        message_domain: "cal.example.org".to_owned(),
        afterwards: Afterwards::default(),
    };
    let given = Given { config: &config, zones: &zones, identity: &identity, grants: None, remarks: &[] };
    let mut now: DateTime<Utc> = "2026-11-24T12:00:30Z".parse().unwrap();
    // As the daemon holds them between rounds.
    let mut held: HashMap<String, Notes> = HashMap::new();
    let mut start = |now: DateTime<Utc>| {
        held.clear();
        let begun = Instant::now();
        let store = Store::open(&house.path().join("state")).unwrap();
        let mut kept = Kept::recall(&store).unwrap();
        let walked = walk(&store, &mut kept, &given, &mut |folder| bring(house.path(), &mut held, folder, now), now).unwrap();
        (begun.elapsed(), store, kept, walked.publication.documents.len())
    };
    let (first, ..) = start(now);
    now += TimeDelta::minutes(1);
    let (again, store, mut kept, documents) = start(now);

    let (mut reading, mut refresh, mut changed, mut decided, mut idle) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        now += TimeDelta::minutes(1);
        let (community, date) = (round % communities, NaiveDate::from_ymd_opt(2026, 11, 17 + round as u32).unwrap());
        let of = house.path().join(format!("notes/harbour-{community}/{}/{date}.md", CREWS[crew]));
        fs::write(&of, note(community * 31 + crew, crew, days, date)).unwrap();
        let begun = Instant::now();
        // As the watch names it.
        held.get_mut(&format!("notes/harbour-{community}")).unwrap().look_at(&[of].into(), now);
        reading.push(begun.elapsed());
        let begun = Instant::now();
        held.values_mut().for_each(|folder| folder.look(now));
        refresh.push(begun.elapsed());
        let begun = Instant::now();
        let walked = walk(&store, &mut kept, &given, &mut |folder| bring(house.path(), &mut held, folder, now), now).unwrap();
        changed.push(begun.elapsed());
        assert!(walked.changed.iter().any(|path| path.starts_with(&format!("/c/harbour-{community}/items"))), "{:?}", walked.changed);

        now += TimeDelta::minutes(1);
        store.decide(&Decide::Decision(decision(round, communities, series, now)), now).unwrap();
        let begun = Instant::now();
        let walked = walk(&store, &mut kept, &given, &mut |folder| bring(house.path(), &mut held, folder, now), now).unwrap();
        decided.push(begun.elapsed());
        assert!(!walked.changed.is_empty());

        now += TimeDelta::minutes(1);
        let begun = Instant::now();
        let walked = walk(&store, &mut kept, &given, &mut |folder| bring(house.path(), &mut held, folder, now), now).unwrap();
        idle.push(begun.elapsed());
        assert!(walked.changed.is_empty() && walked.letters.is_empty());
    }
    let [reading, refresh, changed, decided, idle] = [reading, refresh, changed, decided, idle].map(median);
    println!(
        "{notes:9} {:7} {documents:10} {:12.0} {:9.0} {:10.1} ({reading:7.2}, {changed:6.1}) {refresh:8.1} {decided:9.1} {idle:9.1} {:7.0} {:6.0}",
        communities * series,
        milliseconds(first),
        milliseconds(again),
        reading + changed,
        memory("VmHWM:"),
        memory("VmRSS:"),
    );
}

fn bring(house: &Path, held: &mut HashMap<String, Notes>, folder: &NotesFolder, now: DateTime<Utc>) -> Brought {
    let read = || {
        let mut notes = Notes::new(house.join(&folder.folder), &folder.folder);
        notes.look(now);
        notes
    };
    held.entry(folder.folder.clone()).or_insert_with(read).brought().clone()
}

/// What this process holds, in MB.
fn memory(what: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap();
    line.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1000.0
}

fn schedules(shape: Shape) -> Vec<Text> {
    let names = ["UTC", "America/Los_Angeles", "Europe/Berlin", "America/New_York", "Europe/London", "Asia/Tokyo"];
    let text = |community: usize| {
        let mut text = format!(
            "format = 1\ntitle = \"Harbour {community}\"\nletters = \"changes\"\ngrace = \"0 minutes\"\nquiet = \"0 minutes\"\n\
             list = \"harbour-{community}@lists.example.org\"\norganisers = [\"Ada <ada@example.org>\"]\n\
             [cities]\nBerlin = \"Europe/Berlin\"\nTokyo = \"Asia/Tokyo\"\n[[notes]]\nfolder = \"notes/harbour-{community}\"\ntrusted = true\n"
        );
        for series in 0..shape.series {
            text.push_str(&format!(
                "[[series]]\nid = \"crew-{series}\"\ntitle = \"{} crew\"\nevery = \"4 weeks\"\nfrom = 2026-01-27\n\
                 time = \"{:02}:30\"\nzone = \"{}\"\njoin = \"https://meet.example.org/{community}-{series}\"\n",
                CREWS[series],
                8 + series % 10,
                names[series % names.len()],
            ));
        }
        Text::new(format!("communities/harbour-{community}.toml"), text.into_bytes())
    };
    (0..shape.communities).map(text).collect()
}

/// Notes of so many weeks, or days, in a folder a series.
fn write_notes(house: &Path, shape: Shape) {
    let last = NaiveDate::from_ymd_opt(2026, 11, 16).unwrap();
    for community in 0..shape.communities {
        for (series, crew) in CREWS.iter().enumerate().take(shape.series) {
            // Numbers in the names of folders are taken for years, and say nothing of the series.
            let folder = house.join(format!("notes/harbour-{community}/{crew}"));
            fs::create_dir_all(&folder).unwrap();
            for number in 0..shape.notes_a_series() {
                let date = last.checked_sub_days(Days::new(number as u64 * shape.days)).unwrap();
                fs::write(folder.join(format!("{date}.md")), note(community * 31 + series, series, shape.days, date)).unwrap();
            }
        }
    }
}

/// What the series of a community are called.
const CREWS: [&str; 20] = [
    "Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Ivy", "Juniper", "Katsura", "Larch", "Maple", "Nutmeg", "Oak",
    "Pine", "Quince", "Rowan", "Spruce", "Tamarind",
];
const NAMES: [&str; 12] = [
    "Ada Holm",
    "Kim Lund",
    "Lou Berg",
    "Ines Falk",
    "Tove Dahl",
    "Per Strand",
    "Mia Vik",
    "Odd Nes",
    "Liv Moe",
    "Jon Aas",
    "Eva Lie",
    "Siv Ek",
];
const THINGS: [&str; 16] = [
    "ropes",
    "sails",
    "anchors",
    "charts",
    "lanterns",
    "the crane",
    "the slipway",
    "buoys",
    "engines",
    "paint",
    "the pier",
    "tarpaulins",
    "flags",
    "the shed",
    "oars",
    "the radio",
];
const WORK: [&str; 8] = ["mend", "order", "count", "write about", "ask for", "move", "measure", "clean"];
const SENTENCES: [&str; 12] = [
    "We looked at what the weeks before had brought, and spoke of who is at sea.",
    "Nobody objected, so it stays as it was agreed in spring.",
    "There is a [list](https://wiki.example.org/harbour/list) of what is missing, and it grows.",
    "The numbers of last season are better than we thought: 14 boats, 230 hours, 3 repairs.",
    "It was said that the *old* plan costs more, and that `plan-b` has not been tried.",
    "Somebody from the town may come and look at it.",
    "Two people would like to learn it, and need somebody who shows them how.",
    "That was put to a vote; five for it, one against, one did not mind.",
    "The weather did not allow more than the half of it.",
    "See https://example.org/harbour/42 for the long form of this, and the pictures.",
    "We come back to this when the report is there.",
    "There was a question about insurance, which nobody could answer at once.",
];

/// A note of 2 to 6 kB as people write them: who was there, what was spoken of, what is to be done, now and then what is not to be.
fn note(seed: usize, series: usize, days: u64, date: NaiveDate) -> String {
    let number = usize::try_from(date.num_days_from_ce()).unwrap() / days as usize;
    let pick = |at: usize, of: usize| {
        (number.wrapping_mul(2_654_435_761) ^ (seed + at).wrapping_mul(40_503)).wrapping_mul(2_246_822_519) / 65_536 % of
    };
    let mut text = format!("# {} crew {date}\n\n## Present\n\n", CREWS[series]);
    for at in 0..3 + pick(1, 5) {
        text.push_str(&format!("- {}\n", NAMES[(pick(2, 12) + at) % NAMES.len()]));
    }
    for topic in 0..4 + pick(3, 6) {
        text.push_str(&format!("\n## About {}\n\n", THINGS[(pick(4, 16) + topic * 3) % THINGS.len()]));
        for line in 0..2 + pick(topic + 5, 6) {
            let sentence = SENTENCES[(pick(topic * 7 + line + 20, 12) + line) % SENTENCES.len()];
            match pick(topic + 90, 2) {
                0 => text.push_str(&format!("- {sentence}\n")),
                _ => text.push_str(&format!("{sentence} ")),
            }
        }
        text.push('\n');
    }
    if pick(6, 12) == 0 {
        text.push_str(&format!("\nThe meeting on {} is cancelled because of the regatta.\n", date + Days::new(days)));
    }
    if pick(7, 40) == 0 {
        text.push_str(&format!("\nThe next {} crew meeting is cancelled, too.\n", CREWS[(series + 1) % 2]));
    }
    text.push_str("\n## Action items\n\n");
    // What was new stands in the next note again, done or not.
    for back in 0..2 {
        let of = number - back;
        let owner = NAMES[of * 5 % NAMES.len()].split(' ').next().unwrap_or_default().to_lowercase();
        let (work, thing) = (WORK[of % WORK.len()], THINGS[of * 7 % THINGS.len()]);
        let mark = if back == 1 && !of.is_multiple_of(5) { 'x' } else { ' ' };
        text.push_str(&format!(
            "- [{mark}] @{owner}: {work} {thing} of boat {of} before the season of {}\n",
            SENTENCES[of % 12].split(' ').nth(2).unwrap_or("spring")
        ));
    }
    text
}

/// The meeting in December of a series is cancelled.
fn decision(number: usize, communities: usize, series: usize, now: DateTime<Utc>) -> Decision {
    let (community, crew) = (number * 7 % communities, number % series);
    let series = SeriesId::new(format!("harbour-{community}").as_str(), format!("crew-{crew}").as_str());
    let day = NaiveDate::from_ymd_opt(2026, 12, 29).unwrap() + Days::new(28 * (number / series_of_one(communities)) as u64);
    let wall: NaiveDateTime = day.and_hms_opt(8 + crew as u32 % 10, 30, 0).unwrap();
    cancelled(series, wall, now)
}

/// With one community the same series is decided about again: each time another meeting.
fn series_of_one(communities: usize) -> usize {
    if communities == 1 { 1 } else { usize::MAX }
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    milliseconds(times[times.len() / 2])
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
