//! Templates that people put in place of ours: how much they may take, and what is said of one that is wrong - line, column, and what
//! to write instead. Letters and pages have each their own; what is here holds for both.

use std::borrow::Cow;
use std::io;
use std::ops::Range;

use minijinja::{Error, ErrorKind, Value};
use unicode_width::UnicodeWidthStr;

use super::words;
use crate::source::{Place, Remark};

/// The code of a remark about a template that is not taken.
pub const BAD_TEMPLATE: &str = "bad-template";
pub const LARGEST_TEMPLATE: usize = 64 * 1024;
/// Where the names that a template may use are listed.
const NAMES: &str = "config/templates/README.md lists them";

/// What templates of one trade are called, may use, and are compared with.
pub struct Trade {
    /// "letter"
    pub of: &'static str,
    pub filters: &'static [&'static str],
    /// What is said of one that names another that is not there; `{place}` stands for the column.
    pub no_other: &'static str,
    /// The command that prints one that is right.
    pub compare: &'static str,
    /// How large what it makes may be, in words.
    pub largest: &'static str,
}

/// Takes no more than so many octets.
pub struct Bounded {
    octets: Vec<u8>,
    most: usize,
}

impl Bounded {
    pub fn new(most: usize) -> Bounded {
        Bounded { octets: Vec::new(), most }
    }

    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.octets)
    }
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.octets.len() + bytes.len() > self.most {
            return Err(io::Error::other("larger than it may be"));
        }
        self.octets.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is wrong, where, and what to do.
pub fn remark(trade: &Trade, path: &str, source: &str, error: &Error, values: &Value) -> Remark {
    let line = error.line().unwrap_or(0);
    let range = error.range().filter(|range| line > 0 && source.get(range.clone()).is_some());
    let written = range.as_ref().map(|range| name_around(source, range)).unwrap_or_default();
    let column = range.map(|range| {
        let last = source[written.clone()]
            .rfind('.')
            .filter(|_| error.kind() == ErrorKind::UndefinedError)
            .map_or(range.start, |dot| written.start + dot + 1);
        source[..last].rsplit('\n').next().unwrap_or_default().chars().count() + 1
    });
    let written = &source[written];
    let place = column.map(|column| format!(" (column {column})")).unwrap_or_default();
    let detail = error.detail().unwrap_or_default();
    let sentence = match error.kind() {
        ErrorKind::UndefinedError => unknown(trade, written, values, &place),
        ErrorKind::UnknownFilter => {
            let name = detail.split_whitespace().nth(1).unwrap_or(written);
            let hint = nearest(name, trade.filters.iter().copied()).map(|near| format!("Did you mean \"{near}\"? ")).unwrap_or_default();
            format!("There is no filter \"{name}\"{place}. {hint}The filters are {}.", words::list(trade.filters))
        }
        ErrorKind::OutOfFuel => format!("This template takes too many steps for one {}. Take a loop out.", trade.of),
        ErrorKind::WriteFailure => format!("This {} would be larger than {}. Take something out.", trade.of, trade.largest),
        ErrorKind::TemplateNotFound => trade.no_other.replace("{place}", &place),
        ErrorKind::SyntaxError => {
            format!("This is not a template{place}: {detail}. Compare it with the one built in: {}.", trade.compare)
        }
        kind => {
            format!("This cannot be written{place}: {kind}{}. The names have the meaning they are listed with; {NAMES}.", colon(detail))
        }
    };
    Remark::fault(Place::new(path, u32::try_from(line).unwrap_or(0)), BAD_TEMPLATE, crate::output::clean::line(&sentence, 500))
}

/// A name with what it is a part of, where an error names but the end of it: `meeting.notes.url`.
fn name_around(source: &str, range: &Range<usize>) -> Range<usize> {
    let part = |character: char| character.is_alphanumeric() || matches!(character, '_' | '.');
    let begin = source[..range.start].rfind(|character: char| !part(character)).map_or(0, |at| at + 1);
    let rest = &source[range.start..];
    let end = rest.find(|character: char| !part(character)).map_or(source.len(), |at| range.start + at);
    if source.is_char_boundary(begin) { begin..end.max(begin) } else { range.start..end }
}

fn colon(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(", {detail}") }
}

/// A name that stands for nothing, with the one that was probably meant.
fn unknown(trade: &Trade, written: &str, values: &Value, place: &str) -> String {
    let (owner, last) = written.rsplit_once('.').map_or((None, written), |(owner, last)| (Some(owner), last));
    // Where the owner itself is a slip, it is the owner that is to be mended.
    let root = written.split('.').next().unwrap_or_default();
    let is_known = |name: &str| values.get_attr(name).is_ok_and(|value| !value.is_undefined());
    let slip = owner.is_some()
        && !is_known(root)
        && !is_known(&format!("{root}s"))
        && nearest(root, names(values).iter().map(String::as_str)).is_some();
    let (owner, last) = if slip { (None, root) } else { (owner, last) };
    let known = owner.map_or(Some(values.clone()), |owner| {
        owner.split('.').try_fold(values.clone(), |value, part| {
            let found = value.get_attr(part).ok().filter(|value| !value.is_undefined());
            // A name of a loop ("meeting" of "meetings") has the names of what it goes through.
            found.or_else(|| value.get_attr(&format!("{part}s")).ok()?.try_iter().ok()?.next())
        })
    });
    let known = known.map(|value| names(&value)).unwrap_or_default();
    let hint = nearest(last, known.iter().map(String::as_str)).map(|near| format!(" Did you mean \"{near}\"?")).unwrap_or_default();
    let of = owner.map(|owner| format!(" of \"{owner}\"")).unwrap_or_default();
    format!("Nothing is called \"{last}\"{of} in this {}{place}.{hint} Use another name; {NAMES}.", trade.of)
}

/// The names that a value has.
fn names(value: &Value) -> Vec<String> {
    value.try_iter().into_iter().flatten().filter_map(|key| Some(key.as_str()?.to_owned())).collect()
}

/// The known word that was probably meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let closeness = |other: &&str| (strsim::jaro_winkler(word, other) * 1000.0) as u32;
    known.into_iter().max_by_key(closeness).filter(|other| closeness(other) >= 800 && word.width() > 1)
}
