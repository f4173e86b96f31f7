//! Keeps the walls of the house: who may import whom, who may touch clock, disk, network, database and log. It reads `src/` and says why it fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

/// The rooms that are pure: values in, values out.
const PURE: [&str; 8] = ["source", "meeting", "config", "notes", "import", "lint", "plan", "output"];
const MOST_LINES: usize = 450;

/// What each room may import. `room::part` allows that part only. `daemon`, `cli` and `main` may import everything.
const MAY_IMPORT: [(&str, &[&str]); 21] = [
    ("source", &[]),
    ("crash", &[]),
    ("meeting", &["source"]),
    ("config", &["meeting", "source"]),
    ("notes", &["meeting", "source"]),
    ("import", &["config", "notes", "meeting", "source"]),
    ("lint", &["notes", "meeting", "source"]),
    ("plan", &["meeting", "source"]),
    ("output", &["plan", "meeting", "source"]),
    ("sources", &["source", "meeting::zone", "meeting::arrival", "meeting::remote"]),
    ("store", &["plan", "output::letter", "output::publication", "meeting", "source", "crash"]),
    ("post", &["output::letter", "crash"]),
    ("web", &["output", "plan", "meeting", "source"]),
    ("export", &["output", "plan", "meeting", "source"]),
    ("bucket", &[]),
    ("round", &["source", "sources", "config", "notes", "lint", "meeting", "plan", "output", "store", "crash"]),
    ("arrival", &["source", "sources", "meeting::arrival", "plan", "store"]),
    ("fetch", &["source", "sources", "meeting::remote", "store"]),
    ("archiver", &["sources", "store", "crash"]),
    ("publisher", &["bucket", "export", "output::headers", "output::publication", "store"]),
    ("carrier", &["source", "sources", "config", "notes", "meeting", "plan", "output", "store", "post", "crash"]),
];
const ABOVE: [&str; 4] = ["daemon", "cli", "main", "lib"];

/// Words that only some rooms may write, and why.
const TOUCHES: [(&[&str], &[&str], &str); 6] = [
    (
        &["std::fs", "tokio::fs", "fs::read", "fs::write", "File::open", "File::create", "OpenOptions"],
        &["sources", "store", "post", "export", "daemon", "cli", "main"],
        "touches the disk",
    ),
    (
        &[
            "tokio::net",
            "TcpStream",
            "TcpListener",
            "UdpSocket",
            "UnixStream",
            "UnixListener",
            "lettre::transport",
            "axum::serve",
            "reqwest",
        ],
        &["sources", "post", "web", "bucket", "daemon", "cli", "main"],
        "touches the network",
    ),
    (&["rusqlite", "::postgres"], &["store"], "touches the database"),
    (&["process::Command", "Command::new"], &["sources", "post", "daemon", "cli", "main"], "starts other programs"),
    (&["println!", "eprintln!", "dbg!"], &["cli", "main"], "prints"),
    (
        &["env::var", "env::args", "env::current_dir", "env::set_var"],
        &["sources", "post", "crash", "daemon", "cli", "main"],
        "reads the environment",
    ),
];

/// Words that no pure room writes, and why.
const NOT_PURE: [(&[&str], &str); 4] = [
    (&[".await", "async fn", "async move"], "awaits"),
    (&["tracing::", "log::info", "log::warn", "log::error"], "logs"),
    // A OnceLock in a value is no global: it is worked out from that value alone, when it is first asked for. In a static it is one.
    (&["LazyLock", "LazyCell", "OnceCell", "thread_local!", "static "], "keeps a global"),
    (&[".unwrap()", ".expect(", "panic!(", "unreachable!("], "panics"),
];

/// A file of `src/`: its room, how deep it lies in it, and its code without comments, texts in quotes and tests.
struct File {
    path: String,
    room: String,
    depth: usize,
    code: String,
}

impl File {
    /// From source code that is bare.
    fn of(path: &str, bare: &str) -> File {
        let inner = path.trim_end_matches(".rs");
        let mut parts: Vec<&str> = inner.split('/').collect();
        if parts.last() == Some(&"mod") {
            parts.pop();
        }
        File { path: path.to_owned(), room: parts[0].to_owned(), depth: parts.len() - 1, code: without_tests(bare) }
    }

    /// Line numbers at which a word stands as a whole: not as the end or the beginning of a longer one.
    fn lines_with(&self, word: &str) -> Vec<usize> {
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '\'';
        let stands = |line: &str| {
            line.match_indices(word).any(|(at, _)| {
                let before = line[..at].chars().next_back().is_some_and(is_part) && word.starts_with(is_part);
                let after = line[at + word.len()..].chars().next().is_some_and(is_part) && word.ends_with(is_part);
                !before && !after
            })
        };
        self.code.lines().enumerate().filter(|(_, line)| stands(line)).map(|(at, _)| at + 1).collect()
    }

    /// What is imported from the crate's other rooms: `room` or `room::part`, with the line.
    fn imports(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for start in ["crate::", "convened::"] {
            for (at, _) in self.code.match_indices(start) {
                if self.code[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '$') {
                    continue;
                }
                let line = self.code[..at].matches('\n').count() + 1;
                found.extend(paths(&self.code[at + start.len()..]).into_iter().map(|path| (line, path)));
            }
        }
        found
    }

    /// Lines on which `super::` leads out of the room.
    fn escapes(&self) -> Vec<usize> {
        let too_far = "super::".repeat(self.depth + 1);
        self.lines_with(&too_far)
    }
}

/// The first one or two names of each path of an import, be it a single one or a group in braces.
fn paths(rest: &str) -> Vec<String> {
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = rest.strip_prefix('{') else {
        let room = name(rest);
        let Some(tail) = rest[room.len()..].strip_prefix("::") else { return vec![room] };
        return match tail.starts_with('{') {
            true => paths(tail).into_iter().map(|part| format!("{room}::{}", part.split("::").next().unwrap_or_default())).collect(),
            false => vec![format!("{room}::{}", name(tail))],
        };
    };
    let (mut depth, mut pieces, mut piece) = (0, Vec::new(), String::new());
    for c in group.chars() {
        match c {
            '}' if depth == 0 => break,
            ',' if depth == 0 => pieces.push(std::mem::take(&mut piece)),
            _ => {
                depth += i32::from(c == '{') - i32::from(c == '}');
                piece.push(c);
            }
        }
    }
    pieces.push(piece);
    pieces.iter().map(|piece| piece.trim()).filter(|piece| !piece.is_empty()).flat_map(paths).collect()
}

/// Source code with comments and quoted texts blanked out, line for line.
fn bare(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    let starts = |at: usize, text: &str| text.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c));
    let newlines = |out: &mut String, from: usize, to: usize| out.extend(chars[from..to].iter().filter(|c| **c == '\n'));
    while at < chars.len() {
        let from = at;
        if starts(at, "//") {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if starts(at, "/*") {
            let mut depth = 0;
            while at < chars.len() {
                depth += i32::from(starts(at, "/*")) - i32::from(starts(at, "*/"));
                at += if starts(at, "/*") || starts(at, "*/") { 2 } else { 1 };
                if depth == 0 {
                    break;
                }
            }
            newlines(&mut out, from, at.min(chars.len()));
        } else if let Some(hashes) = raw_text(&chars, at) {
            let end = format!("\"{}", "#".repeat(hashes));
            at += hashes + 2;
            while at < chars.len() && !starts(at, &end) {
                at += 1;
            }
            at = (at + end.len()).min(chars.len());
            newlines(&mut out, from, at);
            out.push_str("\"\"");
        } else if chars[at] == '"' {
            at += 1;
            while at < chars.len() && chars[at] != '"' {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            at = (at + 1).min(chars.len());
            newlines(&mut out, from, at);
            out.push_str("\"\"");
        } else if chars[at] == '\'' && (chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\'')) {
            at += if chars.get(at + 1) == Some(&'\\') { 3 } else { 2 };
            while at < chars.len() && chars[at] != '\'' {
                at += 1;
            }
            at += 1;
            out.push_str("' '");
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

/// How many `#` a raw text that begins here has: `r"`, `r#"`, `br"`.
fn raw_text(chars: &[char], at: usize) -> Option<usize> {
    let part_of_a_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_') && chars[at - 1] != 'b';
    if chars[at] != 'r' || part_of_a_word {
        return None;
    }
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    (chars.get(at + 1 + hashes) == Some(&'"')).then_some(hashes)
}

/// Code without what stands behind `#[cfg(test)]`, line for line.
fn without_tests(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        out.push_str(&rest[..at]);
        let item = &rest[at..];
        let body = item["#[cfg(test)]".len()..].find(['{', ';']).map_or(item.len(), |found| found + "#[cfg(test)]".len());
        let end = if item[body..].starts_with('{') { closing(item, body) } else { (body + 1).min(item.len()) };
        out.extend(item[..end].chars().filter(|c| *c == '\n'));
        rest = &item[end..];
    }
    out + rest
}

/// Behind the brace that closes the one at `open`.
fn closing(text: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, c) in text[open..].char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if depth == 0 {
            return open + at + 1;
        }
    }
    text.len()
}

/// Every file of `src/` that is not a test.
fn house() -> &'static [File] {
    static HOUSE: OnceLock<Vec<File>> = OnceLock::new();
    HOUSE.get_or_init(read_house)
}

fn read_house() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = BTreeMap::new();
    gather(&root, "", &mut sources);
    for source in sources.values_mut() {
        *source = bare(source);
    }
    let tests: Vec<String> = sources.iter().flat_map(|(path, code)| files_of_tests(path, code)).collect();
    let is_test = |path: &str| tests.iter().any(|test| path == test || (test.ends_with('/') && path.starts_with(test.as_str())));
    sources.iter().filter(|(path, _)| !is_test(path)).map(|(path, code)| File::of(path, code)).collect()
}

/// The files that a file declares as tests: `#[cfg(test)] mod NAME;`.
fn files_of_tests(path: &str, code: &str) -> Vec<String> {
    let folder = match path {
        "lib.rs" | "main.rs" => String::new(),
        path => path.strip_suffix("mod.rs").map_or_else(|| format!("{}/", path.trim_end_matches(".rs")), str::to_owned),
    };
    let items = code.split("#[cfg(test)]").skip(1).map(str::trim_start);
    let declared = items.filter_map(|item| {
        let item = ["pub(crate) ", "pub(super) ", "pub "].iter().find_map(|shown| item.strip_prefix(shown)).unwrap_or(item);
        let (name, _) = item.strip_prefix("mod ")?.split_once(';')?;
        (!name.contains(char::is_whitespace)).then_some(name)
    });
    declared.flat_map(|name| [format!("{folder}{name}.rs"), format!("{folder}{name}/")]).collect()
}

fn gather(folder: &Path, prefix: &str, sources: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("src/ can be read") {
        let entry = entry.expect("src/ can be read");
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            gather(&entry.path(), &format!("{name}/"), sources);
        } else if name.ends_with(".rs") {
            sources.insert(name, fs::read_to_string(entry.path()).expect("a source file is text"));
        }
    }
}

#[track_caller]
fn stands(what: &str, complaints: Vec<String>) {
    assert!(complaints.is_empty(), "{what}\n  {}\n", complaints.join("\n  "));
}

fn imports_of(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| !ABOVE.contains(&file.room.as_str())) {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(room, _)| *room == file.room) else {
            complaints
                .push(format!("src/{}: the room \"{}\" is not on the map: add it to tests/walls.rs and src/lib.rs", file.path, file.room));
            continue;
        };
        for (line, path) in file.imports() {
            let room = path.split("::").next().unwrap_or_default();
            let fine = room == file.room || allowed.iter().any(|good| room == *good || path == *good);
            if !fine {
                let may = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
                complaints.push(format!("src/{}:{line}: {} imports {path}, and may import {may}", file.path, file.room));
            }
        }
        for line in file.escapes() {
            complaints
                .push(format!("src/{}:{line}: \"super\" leads out of the room; write crate:: so that the wall can be seen", file.path));
        }
    }
    complaints
}

#[test]
fn no_room_imports_what_stands_above_it() {
    stands("A room knows only those below it (src/lib.rs has the map):", imports_of(house()));
}

#[test]
fn there_is_no_circle_between_rooms() {
    let mut knows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in house().iter().filter(|file| file.room != "main" && file.room != "lib") {
        for (_, path) in file.imports() {
            let room = path.split("::").next().unwrap_or_default().to_owned();
            if room != file.room {
                knows.entry(file.room.clone()).or_default().insert(room);
            }
        }
    }
    stands("Two rooms that know each other are one room; let the upper one hand values down:", circles(&knows));
}

/// Rooms from which one can walk back to themselves.
fn circles(knows: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut found = Vec::new();
    for start in knows.keys() {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&String> = knows[start].iter().collect();
        while let Some(room) = next.pop() {
            if room == start {
                found.push(format!("from {start} one comes back to {start}"));
                break;
            }
            if seen.insert(room) {
                next.extend(knows.get(room).into_iter().flatten());
            }
        }
    }
    found
}

fn touches_of(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        for (words, rooms, why) in TOUCHES.iter().filter(|(_, rooms, _)| !rooms.contains(&file.room.as_str())) {
            for line in words.iter().flat_map(|word| file.lines_with(word)) {
                complaints.push(format!("src/{}:{line}: {} {why}; only {} may", file.path, file.room, rooms.join(", ")));
            }
        }
        for (words, why) in NOT_PURE.iter().filter(|_| PURE.contains(&file.room.as_str())) {
            for line in words.iter().flat_map(|word| file.lines_with(word)) {
                complaints.push(format!("src/{}:{line}: {} {why}; it takes values and returns values and remarks", file.path, file.room));
            }
        }
    }
    complaints
}

#[test]
fn disk_network_database_and_log_are_touched_in_their_rooms_only() {
    stands("What the world does comes in as a value and goes out as a value:", touches_of(house()));
}

fn clocks_of(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| !ABOVE.contains(&file.room.as_str())) {
        let patient = ["sources", "store", "post", "web", "carrier"].contains(&file.room.as_str());
        let monotonic = patient && file.code.contains("tokio::time") && !file.code.contains("std::time::Instant");
        for word in ["Utc::now", "Local::now", "Local::today", "SystemTime::now", "Instant::now"] {
            if word == "Instant::now" && monotonic {
                continue;
            }
            for line in file.lines_with(word) {
                complaints.push(format!(
                    "src/{}:{line}: {word}: {} asks what time it is; let daemon or cli hand \"now\" in",
                    file.path, file.room
                ));
            }
        }
    }
    complaints
}

#[test]
fn only_daemon_and_cli_ask_what_time_it_is() {
    stands("\"now\" is an argument; time-outs are tokio::time's:", clocks_of(house()));
}

fn manners_of(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        let stem = file.path.trim_end_matches(".rs").trim_end_matches("/mod").rsplit('/').next().unwrap_or_default();
        if ["util", "utils", "helper", "helpers", "common", "misc"].contains(&stem) {
            complaints.push(format!("src/{}: what has no name has no room; name it after what it is about", file.path));
        }
        for word in ["allow(dead_code)", "allow(unused)", "todo!(", "unimplemented!("] {
            for line in file.lines_with(word) {
                complaints.push(format!("src/{}:{line}: {word} is a thing left undone", file.path));
            }
        }
        let lines = file.code.lines().filter(|line| !line.trim().is_empty()).count();
        if lines > MOST_LINES {
            complaints.push(format!("src/{}: {lines} lines of code, more than {MOST_LINES}: give it a folder", file.path));
        }
    }
    complaints
}

#[test]
fn files_are_named_short_and_finished() {
    stands("Files have a name that says what they are about, and an end in sight:", manners_of(house()));
}

#[test]
fn a_trait_has_at_least_two_implementations() {
    let files = house();
    let mut complaints = Vec::new();
    for file in files {
        for line in file
            .code
            .lines()
            .filter(|line| line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(super) ").starts_with("trait "))
        {
            let name: String =
                line.split("trait ").nth(1).unwrap_or_default().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let made = files
                .iter()
                .flat_map(|file| file.code.lines())
                .filter(|line| line.trim_start().starts_with("impl") && line.contains(&format!("{name} for")))
                .count();
            if made < 2 {
                complaints.push(format!("src/{}: the trait {name} has {made} implementation(s); use functions or an enum", file.path));
            }
        }
    }
    stands("A trait is for two or more:", complaints);
}

#[test]
fn the_root_is_a_map_and_nothing_else() {
    let root = house().iter().find(|file| file.path == "lib.rs").expect("src/lib.rs");
    let belongs = |line: &&str| line.trim().is_empty() || ["pub mod ", "mod ", "#["].iter().any(|start| line.starts_with(start));
    let other = root.code.lines().filter(|line| !belongs(line)).map(str::to_owned).collect();
    stands("src/lib.rs holds the map and the rooms, no type and no function:", other);
}

#[test]
fn the_map_names_every_room() {
    let root = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).expect("src/lib.rs");
    let map: String = root.lines().filter(|line| line.starts_with("//!")).collect();
    let rooms = root.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let missing = rooms.filter(|room| !map.contains(&format!("[`{room}`]"))).map(str::to_owned).collect();
    stands("The map in src/lib.rs does not speak of these rooms:", missing);
}

#[test]
fn these_walls_hold() {
    let file = |path: &str, code: &str| vec![File::of(path, &bare(code))];
    let one = |complaints: Vec<String>, of: &str| assert!(complaints.len() == 1 && complaints[0].contains(of), "{of}: {complaints:?}");
    one(imports_of(&file("meeting/zone.rs", "use crate::plan::Plan;")), "src/meeting/zone.rs:1: meeting imports plan::Plan");
    one(
        imports_of(&file("config/mod.rs", "use crate::{meeting::series::Rule, source, notes::{a, b}};")).into_iter().take(1).collect(),
        "imports notes::a",
    );
    one(imports_of(&file("sources/pad.rs", "\nuse crate::meeting::calendar::Calendar;")), "src/sources/pad.rs:2");
    one(imports_of(&file("post/mod.rs", "fn f(x: crate::store::Store) {}")), "imports store");
    one(imports_of(&file("config/mod.rs", "use super::plan;")), "leads out of the room");
    one(imports_of(&file("attic/mod.rs", "")), "not on the map");
    assert_eq!(imports_of(&file("sources/zoneinfo.rs", "use crate::meeting::zone::{Zones, Zone};\nuse crate::source::Text;")), [""; 0]);
    assert_eq!(imports_of(&file("config/series.rs", "use super::words;\n// use crate::plan;\nconst A: &str = \"crate::plan\";")), [""; 0]);
    one(clocks_of(&file("plan/mod.rs", "fn f() { let a = Utc::now(); }")), "asks what time it is");
    one(clocks_of(&file("post/smtp.rs", "use std::time::Instant;\nfn f() { Instant::now(); }")), "src/post/smtp.rs:2");
    assert_eq!(clocks_of(&file("post/smtp.rs", "use tokio::time::Instant;\nfn f() { Instant::now(); }")), [""; 0]);
    one(touches_of(&file("notes/mod.rs", "fn f() { std::fs::remove_file(x); }")), "touches the disk");
    one(touches_of(&file("web/mod.rs", "use rusqlite::Connection;")), "touches the database");
    one(touches_of(&file("output/page.rs", "static A: u8 = 1;")), "keeps a global");
    assert_eq!(touches_of(&file("output/page.rs", "fn f(a: &'static str) {}\n#[cfg(test)]\nmod tests { fn f() { a.unwrap() } }")), [""; 0]);
    one(
        touches_of(&file("output/page.rs", "#[cfg(test)]\nmod tests { fn f() { \"}\"; '{' } }\nfn g() { a.unwrap() }")),
        "src/output/page.rs:3",
    );
    one(manners_of(&file("notes/utils.rs", "")), "name it after");
    one(manners_of(&file("notes/read.rs", &"fn a() {}\n".repeat(451))), "451 lines");
    one(manners_of(&file("notes/read.rs", "#[allow(dead_code)]\nfn a() {}")), "left undone");
    let knows = [("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")].map(|(from, to)| (from.to_owned(), BTreeSet::from([to.to_owned()])));
    assert_eq!(circles(&knows.into()).len(), 3);
    assert_eq!(
        bare("let a = r#\"x\"y\"#; // z\nlet b = '\"'; /* /* \n */ */ let c = \"\\\"\";"),
        "let a = \"\"; \nlet b = ' '; \n let c = \"\";"
    );
}
