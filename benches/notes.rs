//! How long it takes to read notes, beside what pulldown-cmark alone takes to parse the same texts: one thread, texts in memory.
//!
//! The corpus is the folder in `CONVENED_CORPUS`, else `../shared/corpus/notes`. Without one a text of our own is read many times.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use convened::notes::{self, Neighbours};
use convened::source::Text;
use convened::sources::zoneinfo;
use pulldown_cmark::{Options, Parser};

const ROUNDS: usize = 7;

fn main() {
    let folder = std::env::var_os("CONVENED_CORPUS").map_or_else(|| PathBuf::from("../shared/corpus/notes"), PathBuf::from);
    let mut texts = Vec::new();
    gather(&folder, &mut texts);
    if texts.is_empty() {
        println!("No notes are under {}; a text of our own is read instead. Name a folder in CONVENED_CORPUS.", folder.display());
        texts = synthetic();
    }
    texts.sort_by(|a, b| a.path.cmp(&b.path));
    let bytes: usize = texts.iter().map(|t| t.bytes.len()).sum();
    let zones = zoneinfo::embedded();
    let neighbours = Neighbours::from_paths(texts.iter().map(|t| &*t.path));
    let ours = best(|| texts.iter().map(|t| black_box(notes::read(t, &zones, &neighbours)).len()).sum());
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_FOOTNOTES;
    let theirs = best(|| {
        let events = |t: &Text| Parser::new_ext(&String::from_utf8_lossy(&t.bytes), options).map(black_box).count();
        texts.iter().map(events).sum()
    });
    println!("{} notes, {:.1} MB, the best of {ROUNDS} rounds", texts.len(), bytes as f64 / 1e6);
    println!("notes::read     {:8.1} ms", ours.as_secs_f64() * 1e3);
    println!("pulldown-cmark  {:8.1} ms", theirs.as_secs_f64() * 1e3);
    println!("ratio           {:8.1}", ours.as_secs_f64() / theirs.as_secs_f64());
}

/// The shortest of several runs.
fn best(mut run: impl FnMut() -> usize) -> Duration {
    let once = |_| {
        let start = Instant::now();
        black_box(run());
        start.elapsed()
    };
    (0..ROUNDS).map(once).min().unwrap_or_default()
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
