//! What it costs to read notes, as ratios within one run: beside what pulldown-cmark alone takes to parse the same texts, by the size of
//! one text, and when one note of many changed. One thread, texts in memory.
//!
//! The corpus is the folder in `CONVENED_CORPUS`, else `../shared/corpus`. Without one a text of our own is read many times.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use convened::notes::readings::Readings;
use convened::notes::{self, Neighbours};
use convened::source::Text;
use convened::sources::zoneinfo;
use pulldown_cmark::{Options, Parser};

/// Rounds in which the two that are compared take turns; the median of their ratios tells.
const ROUNDS: usize = 15;

fn main() {
    let folder = std::env::var_os("CONVENED_CORPUS").map_or_else(|| PathBuf::from("../shared/corpus"), PathBuf::from);
    let folder = Some(folder.join("notes")).filter(|notes| notes.is_dir()).unwrap_or(folder);
    let mut texts = Vec::new();
    gather(&folder, &mut texts);
    if texts.is_empty() {
        println!("No notes are under {}; a text of our own is read instead. Name a folder in CONVENED_CORPUS.", folder.display());
        texts = synthetic();
    }
    texts.sort_by(|a, b| a.path.cmp(&b.path));
    let bytes: usize = texts.iter().map(|t| t.bytes.len()).sum();
    println!("{} notes, {:.1} MB; medians of {ROUNDS} rounds that take turns", texts.len(), bytes as f64 / 1e6);
    beside_a_parser(&texts);
    by_size(&texts);
    after_a_change(&texts);
}

fn beside_a_parser(texts: &[Text]) {
    let zones = zoneinfo::embedded();
    let neighbours = Neighbours::from_paths(texts.iter().map(|t| &*t.path));
    let ours = || texts.iter().map(|t| black_box(notes::read(t, &zones, &neighbours)).len()).sum();
    // The parser wants proved text and is given it, so that its figure is its own.
    let words: Vec<String> = texts.iter().map(|t| String::from_utf8_lossy(&t.bytes).into_owned()).collect();
    let theirs = || words.iter().map(|t| parsed(t)).sum();
    let (a, b, ratio) = compared(ours, theirs);
    println!("notes::read     {:8.1} ms", millis(a));
    println!("pulldown-cmark  {:8.1} ms", millis(b));
    println!("ratio           {ratio:8.1}");
}

/// Linear: twice the text takes twice the time.
fn by_size(texts: &[Text]) {
    let zones = zoneinfo::embedded();
    let none = Neighbours::default();
    let one: Vec<u8> = texts.iter().flat_map(|t| t.bytes.iter().copied().chain(*b"\n")).take(1_000_000).collect();
    let sized = |times: usize| Text::new("one-2026-01-07.md", one.repeat(times));
    let base = sized(1);
    let small = || notes::read(&base, &zones, &none).len();
    for times in [2, 4, 8] {
        let text = sized(times);
        let (a, b, ratio) = compared(|| notes::read(&text, &zones, &none).len(), small);
        println!("one text x{times}     {:8.1} ms beside {:.1} ms: ratio {ratio:.1}", millis(a), millis(b));
    }
}

/// A changed note costs itself; a new one those that asked for its date as well.
fn after_a_change(texts: &[Text]) {
    let zones = zoneinfo::embedded();
    let held: HashMap<Arc<str>, Text> = texts.iter().map(|text| (text.path.clone(), text.clone())).collect();
    let put = |kept: &mut Readings, put: &[&Text]| {
        let changes: Vec<_> = put.iter().map(|text| (text.path.clone(), Some(text.digest()))).collect();
        let known = |path: &Arc<str>| put.iter().find(|text| text.path == *path).copied().or(held.get(path)).cloned();
        let mut load = |paths: &[Arc<str>]| -> Result<Vec<Text>, Infallible> { Ok(paths.iter().filter_map(known).collect()) };
        kept.update("all", &changes, &zones, &mut load).unwrap().len()
    };
    let all: Vec<&Text> = texts.iter().collect();
    let middle = &texts[texts.len() / 2];
    let grown = Text::new(&*middle.path, [&*middle.bytes, b"\n- One more line.\n"].concat());
    let folder = middle.path.rsplit_once('/').map_or("", |p| p.0);
    let new = Text::new(format!("{folder}/2030-01-02.md"), b"# 2030-01-02\n".to_vec());
    let gone = (new.path.clone(), None);
    for (name, next) in [("one changed", &grown), ("one new", &new)] {
        let mut kept = Readings::default();
        put(&mut kept, &all);
        let mut turn = false;
        let step = || {
            turn = !turn;
            match (turn, name) {
                (true, _) => put(&mut kept, &[next]),
                (false, "one new") => {
                    let mut load =
                        |paths: &[Arc<str>]| -> Result<Vec<Text>, Infallible> { Ok(paths.iter().map(|path| held[path].clone()).collect()) };
                    kept.update("all", std::slice::from_ref(&gone), &zones, &mut load).unwrap().len()
                }
                (false, _) => put(&mut kept, &[middle]),
            }
        };
        let (a, b, ratio) = compared(step, || put(&mut Readings::default(), &all));
        println!("{name:<15} {:8.2} ms beside {:.1} ms for all: ratio {ratio:.3}", millis(a), millis(b));
    }
}

fn parsed(text: &str) -> usize {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_FOOTNOTES;
    Parser::new_ext(text, options).map(black_box).count()
}

/// Two runs in turns: the median of each, and of their ratio round by round.
fn compared(mut a: impl FnMut() -> usize, mut b: impl FnMut() -> usize) -> (Duration, Duration, f64) {
    let rounds: Vec<(Duration, Duration)> = (0..ROUNDS).map(|_| (timed(&mut a), timed(&mut b))).collect();
    let ratio = |(a, b): &(Duration, Duration)| a.as_secs_f64() / b.as_secs_f64();
    let ratios = median(rounds.iter().map(ratio).collect());
    let of = |side: fn(&(Duration, Duration)) -> Duration| {
        Duration::from_secs_f64(median(rounds.iter().map(|r| side(r).as_secs_f64()).collect()))
    };
    (of(|r| r.0), of(|r| r.1), ratios)
}

fn timed(run: &mut impl FnMut() -> usize) -> Duration {
    let start = Instant::now();
    black_box(run());
    start.elapsed()
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn gather(folder: &Path, out: &mut Vec<Text>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|e| e.path()) {
        if path.is_dir() {
            gather(&path, out);
        } else if path.extension().is_some_and(|e| e == "md" || e == "markdown" || e == "txt")
            && let Ok(bytes) = fs::read(&path)
        {
            out.push(Text::new(path.display().to_string(), bytes));
        }
    }
}

/// A year of a weekly meeting, with something of everything that notes hold.
fn synthetic() -> Vec<Text> {
    let note = |week: u32| {
        let date = format!("2026-{:02}-{:02}", week / 4 % 12 + 1, week % 4 * 7 + 1);
        let mut text =
            format!("# {date} Lantern call\n\n- Time: 18:00 UTC\n- Join: https://zoom.us/j/1?pwd=x\n\n**Present:** Kim Alder (KA), Noor\n");
        for topic in 0..12 {
            text.push_str(&format!("\n## Topic {topic}\n\n- KA: the [report](https://example.org/{topic}) is *nearly* ready\n"));
            text.push_str(
                "    - It needs a second look before it can be sent to everybody on the list.\n- Noor will write to the harbour.\n",
            );
        }
        text.push_str(
            "\nNext week's call is cancelled because of the fair.\n\n## Action items\n\n- [ ] Noor: write the survey\n- [x] KA: send it\n",
        );
        Text::new(format!("lantern/{date}.md"), text.into_bytes())
    };
    (0..1700).map(note).collect()
}
