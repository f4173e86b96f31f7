//! Reads a TOML text table by table: hands out what is asked for with its line, and complains of everything nobody asked for.

use std::sync::Arc;

use chrono::NaiveDate;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{codes, words};
use crate::source::{Grade, Place, Remark, Text};

/// A configuration file is written by hand; what is larger is something else.
const LARGEST: usize = 256 * 1024;
/// After so many slips of syntax the rest is noise.
const MOST_SLIPS: usize = 10;
/// No list of a file is longer, and no file gives more complaints.
const MOST_TABLES: usize = 1000;
const MOST_REMARKS: usize = 200;
/// What people write for a key of ours, where spelling alone does not lead there.
const SYNONYMS: [(&str, &str); 14] = [
    ("tz", "zone"),
    ("timezone", "zone"),
    ("time-zone", "zone"),
    ("start", "from"),
    ("begin", "from"),
    ("end", "until"),
    ("link", "join"),
    ("url", "join"),
    ("interval", "every"),
    ("repeat", "every"),
    ("name", "title"),
    ("length", "duration"),
    ("coc", "code-of-conduct"),
    ("port", "listen"),
];

/// A value and the line it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At<T> {
    pub line: u32,
    pub value: T,
}

/// A text that is UTF-8, with the means to say on which line something stands.
pub(super) struct Page<'t> {
    file: Arc<str>,
    pub text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Page<'t> {
    /// The text, if it is one.
    pub fn of(text: &'t Text, remarks: &mut Vec<Remark>) -> Option<Page<'t>> {
        let place = |line| Place::new(text.path.clone(), line);
        if text.bytes.len() > LARGEST {
            let sentence = "This file is larger than 256 kB, which no schedule is. Check that it is the right file.";
            remarks.push(Remark::fault(place(0), codes::TOO_LARGE, sentence));
            return None;
        }
        match std::str::from_utf8(&text.bytes) {
            Ok(read) => {
                let read = read.strip_prefix('\u{feff}').unwrap_or(read);
                let starts = read.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1).collect();
                Some(Page { file: text.path.clone(), text: read, starts })
            }
            Err(error) => {
                let good = text.bytes.get(..error.valid_up_to()).unwrap_or_default();
                let line = 1 + u32::try_from(good.iter().filter(|byte| **byte == b'\n').count()).unwrap_or(0);
                let sentence = "This line holds bytes that are not UTF-8. Save the file as UTF-8.";
                remarks.push(Remark::fault(place(line), codes::NOT_TEXT, sentence));
                None
            }
        }
    }

    /// The whole file as a tree; with slips of syntax, the slips.
    pub fn parse(&self, remarks: &mut Vec<Remark>) -> Option<Spanned<DeTable<'t>>> {
        let (tree, slips) = DeTable::parse_recoverable(self.text);
        let mut last = 0;
        for slip in slips.iter().take(MOST_SLIPS) {
            let line = slip.span().map_or(0, |span| self.line(span.start));
            if line != last || line == 0 {
                remarks.push(Remark::fault(self.at(line), codes::NOT_TOML, words::slip(slip.message())));
            }
            last = line;
        }
        slips.is_empty().then_some(tree)
    }

    pub fn line(&self, offset: usize) -> u32 {
        1 + u32::try_from(self.starts.partition_point(|start| *start <= offset)).unwrap_or(0)
    }

    pub fn at(&self, line: u32) -> Place {
        Place::new(self.file.clone(), line)
    }
}

/// The complaints of a file in its order, each once, and whether one of them is a fault. Of too many the first ones.
pub(super) fn settled(remarks: &mut Vec<Remark>) -> bool {
    let faulty = remarks.iter().any(|remark| remark.grade == Grade::Fault);
    remarks.sort();
    remarks.dedup();
    if remarks.len() > MOST_REMARKS {
        let (more, place) = (remarks.len() - MOST_REMARKS, remarks.first().map(|first| Place::new(first.place.file.clone(), 0)));
        remarks.truncate(MOST_REMARKS);
        let sentence = format!("{more} more complaints are not shown. Correct the others first.");
        remarks.extend(place.map(|place| Remark {
            place,
            code: codes::TOO_LARGE,
            grade: if faulty { Grade::Fault } else { Grade::Warning },
            sentence,
            lasting: None,
        }));
    }
    faulty
}

/// One table of a file.
pub(super) struct Table<'t> {
    pub page: &'t Page<'t>,
    /// What a person calls it: `[mail]`, `[[series]]`, the community.
    pub what: &'static str,
    pub line: u32,
    table: &'t DeTable<'t>,
    asked: Vec<&'static str>,
}

impl<'t> Table<'t> {
    pub fn of(page: &'t Page<'t>, what: &'static str, tree: &'t Spanned<DeTable<'t>>) -> Table<'t> {
        Table { page, what, line: 1, table: tree.get_ref(), asked: Vec::new() }
    }

    pub fn place(&self) -> Place {
        self.page.at(self.line)
    }

    /// Its keys with their values, in the order of the file.
    pub fn entries(&self) -> Vec<(At<&'t str>, &'t Spanned<DeValue<'t>>)> {
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries
            .into_iter()
            .map(|(key, value)| (At { line: self.page.line(key.span().start), value: key.get_ref().as_ref() }, value))
            .collect()
    }

    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The line of a key, or of the table where the key is missing.
    pub fn line_of(&self, key: &str) -> u32 {
        self.table.get_key_value(key).map_or(self.line, |(key, _)| self.page.line(key.span().start))
    }

    pub fn place_of(&self, key: &str) -> Place {
        self.page.at(self.line_of(key))
    }

    pub fn fault(&self, key: &str, code: &'static str, sentence: impl Into<String>, remarks: &mut Vec<Remark>) {
        remarks.push(Remark::fault(self.place_of(key), code, sentence));
    }

    /// The value of a key, whatever it is.
    pub fn value(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.asked.push(key);
        self.table.get(key)
    }

    /// Complains of a key that has to be there.
    pub fn required<T>(&self, key: &'static str, value: Option<T>, example: &str, remarks: &mut Vec<Remark>) -> Option<T> {
        if value.is_none() && !self.has(key) {
            let sentence = format!("{} Write, for example: {key} = {example}", says_not(self.what, key));
            remarks.push(Remark::fault(self.place(), codes::MISSING, sentence));
        }
        value
    }

    /// A text on one line, without control characters.
    pub fn string(&mut self, key: &'static str, remarks: &mut Vec<Remark>) -> Option<&'t str> {
        self.parsed(key, codes::BAD_TEXT, remarks, words::line)
    }

    /// A text that may have several lines; control characters other than line ends and tabs are refused.
    pub fn text(&mut self, key: &'static str, remarks: &mut Vec<Remark>) -> Option<&'t str> {
        self.parsed(key, codes::BAD_TEXT, remarks, words::paragraphs)
    }

    /// What a function makes of a text; its error is the end of a sentence that begins with the key.
    pub fn parsed<T>(
        &mut self,
        key: &'static str,
        code: &'static str,
        remarks: &mut Vec<Remark>,
        parse: impl FnOnce(&'t str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.value(key)?;
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(key, value, "a text in quotes", remarks);
            return None;
        };
        parse(text).map_err(|error| self.fault(key, code, format!("\"{key}\" in {} {error}", self.what), remarks)).ok()
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&'static str, T)], remarks: &mut Vec<Remark>) -> Option<T> {
        self.parsed(key, codes::UNKNOWN_WORD, remarks, |text| words::choice(text, choices))
    }

    pub fn bool(&mut self, key: &'static str, remarks: &mut Vec<Remark>) -> Option<bool> {
        let value = self.value(key)?;
        let read = value.get_ref().as_bool();
        if read.is_none() {
            self.wrong_type(key, value, "true or false", remarks);
        }
        read
    }

    /// A whole number from `least` to `most`.
    pub fn number(&mut self, key: &'static str, least: u32, most: u32, remarks: &mut Vec<Remark>) -> Option<u32> {
        let value = self.value(key)?;
        let read = value.get_ref().as_integer().map(|number| u32::from_str_radix(number.as_str(), number.radix()));
        match read {
            Some(Ok(number)) if (least..=most).contains(&number) => Some(number),
            Some(_) => {
                let sentence = format!("\"{key}\" in {} has to be a whole number from {least} to {most}.", self.what);
                self.fault(key, codes::BAD_NUMBER, sentence, remarks);
                None
            }
            None => {
                self.wrong_type(key, value, "a whole number", remarks);
                None
            }
        }
    }

    /// A date, written bare or in quotes.
    pub fn date(&mut self, key: &'static str, remarks: &mut Vec<Remark>) -> Option<NaiveDate> {
        let value = self.value(key)?;
        a_date(value.get_ref())
            .map_err(|error| self.fault(key, codes::BAD_DATE, format!("\"{key}\" in {} {error}", self.what), remarks))
            .ok()
    }

    /// A list of dates, each with its line; one date counts as a list of one.
    pub fn dates(&mut self, key: &'static str, remarks: &mut Vec<Remark>) -> Option<Vec<At<NaiveDate>>> {
        let value = self.value(key)?;
        let items: Vec<&Spanned<DeValue>> = match value.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![value],
        };
        let mut found = Vec::new();
        for item in items {
            let line = self.page.line(item.span().start);
            match a_date(item.get_ref()) {
                Ok(value) => found.push(At { line, value }),
                Err(error) => {
                    let sentence = format!("A date of \"{key}\" in {} {error}", self.what);
                    remarks.push(Remark::fault(self.page.at(line), codes::BAD_DATE, sentence));
                }
            }
        }
        Some(found)
    }

    /// A list of texts, each with its line; one text counts as a list of one.
    pub fn strings(&mut self, key: &'static str, remarks: &mut Vec<Remark>) -> Option<Vec<At<&'t str>>> {
        let value = self.value(key)?;
        let items: Vec<&Spanned<DeValue>> = match value.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![value],
        };
        let mut found = Vec::new();
        for item in items {
            let line = self.page.line(item.span().start);
            match item.get_ref().as_str().map(words::line) {
                Some(Ok(value)) => found.push(At { line, value }),
                Some(Err(error)) => {
                    let sentence = format!("\"{key}\" in {} {error}", self.what);
                    remarks.push(Remark::fault(self.page.at(line), codes::BAD_TEXT, sentence));
                }
                None => self.wrong_type(key, item, "a list of texts in quotes", remarks),
            }
        }
        Some(found)
    }

    /// What a function makes of each text of a list.
    pub fn each<T>(
        &mut self,
        key: &'static str,
        code: &'static str,
        remarks: &mut Vec<Remark>,
        parse: impl Fn(&'t str) -> Result<T, String>,
    ) -> Option<Vec<At<T>>> {
        let texts = self.strings(key, remarks)?;
        let mut found = Vec::new();
        for At { line, value } in texts {
            match parse(value) {
                Ok(value) => found.push(At { line, value }),
                Err(error) => {
                    let entry = if error.starts_with("is \"") { "An entry".to_owned() } else { format!("\"{}\"", words::shown(value)) };
                    let sentence = format!("{entry} of \"{key}\" in {} {error}", self.what);
                    remarks.push(Remark::fault(self.page.at(line), code, sentence));
                }
            }
        }
        Some(found)
    }

    /// A table inside this one.
    pub fn table(&mut self, key: &'static str, what: &'static str, remarks: &mut Vec<Remark>) -> Option<Table<'t>> {
        let value = self.value(key)?;
        self.inner(key, what, value, remarks)
    }

    /// A list of tables inside this one, in the order of the file.
    pub fn tables(&mut self, key: &'static str, what: &'static str, remarks: &mut Vec<Remark>) -> Vec<Table<'t>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        match value.get_ref() {
            DeValue::Array(items) => {
                if items.len() > MOST_TABLES {
                    let sentence = format!("{} has more than {MOST_TABLES} {what}. Divide the file.", words::opening(self.what));
                    self.fault(key, codes::TOO_LARGE, sentence, remarks);
                }
                items.iter().take(MOST_TABLES).filter_map(|item| self.inner(key, what, item, remarks)).collect()
            }
            _ => {
                self.wrong_type(key, value, &format!("a list of tables: write {what} on a line before it"), remarks);
                Vec::new()
            }
        }
    }

    /// A value of this table as a table of its own.
    pub fn inner(
        &self,
        key: &'static str,
        what: &'static str,
        value: &'t Spanned<DeValue<'t>>,
        remarks: &mut Vec<Remark>,
    ) -> Option<Table<'t>> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(key, value, &format!("a table, as {what}"), remarks);
            return None;
        };
        Some(Table { page: self.page, what, line: self.page.line(value.span().start), table, asked: Vec::new() })
    }

    pub fn wrong_type(&self, key: &str, value: &Spanned<DeValue>, wanted: &str, remarks: &mut Vec<Remark>) {
        let sentence = format!("\"{key}\" in {} has to be {wanted}, not {}.", self.what, words::type_name(value.get_ref().type_str()));
        remarks.push(Remark::fault(self.page.at(self.page.line(value.span().start)), codes::WRONG_TYPE, sentence));
    }

    /// Complains of the keys that nobody asked for. To be called once, after everything was asked.
    pub fn finish(self, remarks: &mut Vec<Remark>) {
        for (At { line, value: key }, _) in self.entries() {
            if self.asked.contains(&key) {
                continue;
            }
            let plain = key.to_lowercase().replace('_', "-");
            let synonym = SYNONYMS.iter().find(|(word, ours)| *word == plain && self.asked.contains(ours)).map(|(_, ours)| *ours);
            let hint = synonym.or_else(|| words::nearest(&plain, self.asked.iter().copied()));
            if let Some(meant) = hint {
                // The misspelt setting is not missing as well.
                let missing = says_not(self.what, meant);
                remarks
                    .retain(|other| other.code != codes::MISSING || other.place != self.place() || !other.sentence.starts_with(&missing));
            }
            let hint = match hint {
                Some(hint) => format!("Did you mean \"{hint}\"?"),
                None => format!("It may hold: {}.", self.asked.join(", ")),
            };
            let sentence = format!("{} has no setting \"{}\". {hint}", words::opening(self.what), words::shown(key));
            remarks.push(Remark::fault(self.page.at(line), codes::UNKNOWN_KEY, sentence));
        }
    }
}

fn says_not(what: &str, key: &str) -> String {
    format!("{} does not say \"{key}\".", words::opening(what))
}

fn a_date(value: &DeValue) -> Result<NaiveDate, String> {
    match value {
        DeValue::Datetime(datetime) => words::date(&datetime.to_string()),
        DeValue::String(text) => words::date(text),
        _ => Err("is not a date: write it as 2026-01-14.".to_owned()),
    }
}
