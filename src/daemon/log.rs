//! What the log may say. Each line has a meaning an operator can act on, and none has an address, a secret, a link that somebody could
//! follow, or words of notes: our own lines are written so, what other crates say is left out at every level, and whatever looks like an
//! address or a link is struck from what remains - what a mail server answered, say.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, IsTerminal as _, Write};
use std::os::unix::fs::MetadataExt as _;
use std::panic::PanicHookInfo;

use tracing::{Level, Metadata};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogFormat, LogLevel};
use crate::output::letter::templates::FOLDER;
use crate::output::{discreet, page};
use crate::source::{Grade, Remark, UNREADABLE};

/// The level, or levels by part, before the setting: `debug`, or `convened::carrier=debug,info`.
const LEVELS: &str = "CONVENED_LOG";

/// Writes the log to standard error from now on, and has faults of the program told there.
pub fn begin(format: LogFormat, level: LogLevel) {
    let asked = std::env::var(LEVELS).ok().filter(|asked| !asked.trim().is_empty());
    let read = asked.as_deref().map(str::parse::<Targets>);
    let levels = match &read {
        Some(Ok(levels)) => levels.clone(),
        _ => Targets::new().with_default(level_of(level)),
    };
    // The journal keeps time and level of each line itself.
    let journal = journal();
    let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = fmt::layer().with_target(false).with_ansi(colour).with_writer(Lines { journal });
    let lines = match (format, journal) {
        (LogFormat::Text, false) => lines.boxed(),
        (LogFormat::Text, true) => lines.without_time().with_level(false).with_ansi(false).boxed(),
        (LogFormat::Json, false) => lines.json().boxed(),
        (LogFormat::Json, true) => lines.json().without_time().boxed(),
    };
    let ours = filter_fn(|line: &Metadata<'_>| line.target().split("::").next() == Some("convened"));
    // A second log can only be begun in tests; the first one stays.
    let _ = registry().with(lines.with_filter(ours).with_filter(levels)).try_init();
    std::panic::set_hook(Box::new(say_fault));
    if let Some(Err(_)) = read {
        tracing::warn!(
            "{LEVELS} is not understood: write a level (error, warn, info, debug, trace), or levels by part. The setting holds."
        );
    }
}

fn level_of(level: LogLevel) -> Level {
    match level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    }
}

/// Whether standard error goes to the journal: it names its device and inode (systemd.exec(5), JOURNAL_STREAM).
fn journal() -> bool {
    let named = std::env::var("JOURNAL_STREAM").ok();
    let stderr = std::fs::metadata("/proc/self/fd/2").ok();
    named.zip(stderr).is_some_and(|(named, stderr)| named == format!("{}:{}", stderr.dev(), stderr.ino()))
}

/// A fault of the program: where, and the words if the program itself holds them. Words made while it ran may quote what was read.
fn say_fault(fault: &PanicHookInfo<'_>) {
    let place = fault.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let words = fault.payload().downcast_ref::<&'static str>().copied().unwrap_or("words that may quote what was read are left out");
    let trace = Backtrace::capture();
    if trace.status() == BacktraceStatus::Captured {
        tracing::error!(place, %trace, "A fault of the program ({words}). Please report it with this line.");
    } else {
        tracing::error!(place, "A fault of the program ({words}). Please report it with this line.");
    }
}

/// A remark as it stands in the log: whole where it is about the configuration or holds nothing that a note says, else only where it is
/// and its code.
pub fn of_remark(remark: &Remark) -> String {
    let file = &*remark.place.file;
    let is_configuration = file == crate::config::SETTINGS || file.starts_with("communities/") || file.starts_with(FOLDER);
    let is_plain = PLAIN.iter().any(|start| remark.code.starts_with(start));
    if is_configuration || is_plain || page::may_be_quoted(remark.code) {
        return remark.to_string();
    }
    Remark { sentence: "`convened check` says what.".to_owned(), ..remark.clone() }.to_string()
}

/// Codes of remarks about files and folders, by how they begin: they hold names, sizes, and an error of the system.
const PLAIN: [&str; 7] = [UNREADABLE, "source-", "pad-", "zone-data-", "folder-empty", "too-many-notes", "unwatched"];

/// Says a remark at the level of its grade.
pub fn say(remark: &Remark) {
    let (code, words) = (remark.code, of_remark(remark));
    match remark.grade {
        Grade::Fault => tracing::error!(code, "{words}"),
        Grade::Warning => tracing::warn!(code, "{words}"),
        Grade::Advice => tracing::info!(code, "{words}"),
    }
}

/// Standard error, line by line.
#[derive(Clone, Copy)]
struct Lines {
    journal: bool,
}

/// One line on its way.
struct Line {
    /// Its priority, as the journal reads it at the beginning (sd-daemon(3)); none elsewhere.
    priority: Option<u8>,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { priority: self.journal.then_some(6) }
    }

    fn make_writer_for(&'a self, line: &Metadata<'_>) -> Line {
        let priority = match *line.level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            _ => 7,
        };
        Line { priority: self.journal.then_some(priority) }
    }
}

impl Write for Line {
    /// The subscriber hands over whole lines.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let said = String::from_utf8_lossy(bytes);
        // What has lines of its own stays one line of the log.
        let said = discreet::text(&said.trim().replace('\n', " | ")) + "\n";
        let line = self.priority.map_or(said.clone(), |priority| format!("<{priority}>{said}"));
        io::stderr().lock().write_all(line.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Place;

    #[test]
    fn a_remark_about_a_note_says_where_and_what_kind_but_not_its_words() {
        let remark = |file: &str, code: &'static str| of_remark(&Remark::warning(Place::new(file, 7), code, "\"Dana is ill\" is unclear."));
        assert_eq!(
            remark("../notes/2026-11-18.md", "change-unclear"),
            "../notes/2026-11-18.md:7: warning[change-unclear]: `convened check` says what."
        );
        assert!(remark("communities/orchard.toml", "unknown-key").contains("Dana"), "of the configuration its words help");
        assert!(remark("../notes", "folder-empty").contains("Dana"));
    }
}
