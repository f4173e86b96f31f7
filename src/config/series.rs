//! One series of a community: what it is called, where it meets, whom it tells, and the rules it brings itself.

use chrono::{NaiveDate, TimeDelta};

use super::community::Usual;
use super::exceptions::{self, Exceptions};
use super::fields::{At, Table};
use super::rules::{self, Group, OWN};
use super::{arrival, codes, join, words};
use crate::meeting::arrival::Archive;
use crate::meeting::series::{Address, Attach, Letters, Phone, Series, SeriesId, is_name};
use crate::source::Remark;

/// The words for the letters of a series.
pub(super) const LETTERS: [(&str, Letters); 3] =
    [("reminders", Letters::Reminders), ("changes", Letters::Changes), ("none", Letters::None)];

/// The words for what is attached.
pub(super) const ATTACH: [(&str, Attach); 2] = [("nothing", Attach::Nothing), ("publish", Attach::Publish)];

/// A series while rotations may still give it rules.
pub(super) struct Draft<'t> {
    /// Complete but for its rules and exceptions.
    pub series: Series,
    /// The oldest id it had: its UIDs are made of it.
    pub origin: SeriesId,
    pub groups: Vec<Group>,
    /// Whether the file says when it meets, be it well or with a fault.
    pub ruled: bool,
    /// The length it says for all its rules.
    pub length: Option<TimeDelta>,
    exceptions: Exceptions<'t>,
    keeps: Vec<At<NaiveDate>>,
}

/// Reads the series of a community; ids that stand twice are faults.
pub(super) fn drafts<'t>(tables: Vec<Table<'t>>, usual: &Usual<'_>, remarks: &mut Vec<Remark>) -> Vec<Draft<'t>> {
    let mut drafts: Vec<Draft> = Vec::new();
    for table in tables {
        let at_id = table.place_of("id");
        let draft = draft(table, usual, remarks);
        if let Some(first) = drafts.iter().find(|other| other.series.id == draft.series.id) {
            let sentence = format!(
                "The series \"{}\" stands twice in this file, first on line {}. Give one of them another id.",
                draft.series.id.series, first.series.place.line
            );
            remarks.push(Remark::fault(at_id, codes::DOUBLE_ID, sentence));
        }
        drafts.push(draft);
    }
    for (at, draft) in drafts.iter().enumerate() {
        for (other_at, other) in drafts.iter().enumerate() {
            let taken = draft.series.was.iter().find(|was| **was == other.series.id || (other_at > at && other.series.was.contains(was)));
            if let Some(taken) = taken {
                let sentence = format!(
                    "\"{}\" says it was \"{taken}\", but \"{}\" is or was that, too. An id belongs to one series for ever.",
                    draft.series.id, other.series.id
                );
                remarks.push(Remark::fault(draft.series.place.clone(), codes::DOUBLE_ID, sentence));
            }
        }
    }
    drafts
}

fn draft<'t>(mut table: Table<'t>, usual: &Usual<'_>, remarks: &mut Vec<Remark>) -> Draft<'t> {
    let id = table.parsed("id", codes::BAD_ID, remarks, id);
    let id = table.required("id", id, "\"community-call\" (it stays for ever; the title may change)", remarks);
    // Without an id the file has a fault already; the rest is read for its complaints.
    let id = SeriesId::new(usual.community.clone(), id.unwrap_or_else(|| format!("line-{}", table.line)));
    let title = table.string("title", remarks);
    let title = table.required("title", title, "\"Community call\"", remarks).unwrap_or_default().to_owned();
    let was: Vec<SeriesId> = table
        .each("was", codes::BAD_ID, remarks, |text| former(text, usual))
        .unwrap_or_default()
        .into_iter()
        .map(|was| was.value)
        .collect();
    let aliases = table.strings("called", remarks).unwrap_or_default().into_iter().map(|alias| alias.value.to_owned()).collect();
    let description = table.text("description", remarks).map(str::to_owned);
    let mut as_meant = usual.as_meant.clone();
    as_meant.extend(as_meant_in(&mut table, remarks));
    let compared = description.as_deref().filter(|_| !as_meant.iter().any(|code| code == codes::LINKS_DIFFER));
    let join = join::read(&mut table, usual, compared, remarks);
    let phone = table.table("phone", "phone", remarks).and_then(|table| phone(table, remarks));
    let location = table.string("location", remarks).map(str::to_owned);
    let agenda = table.parsed("agenda", codes::BAD_LINK, remarks, super::links::link);
    let (list, archive, letters, remind) = told(&mut table, usual, remarks);
    let attach = table.choice("attach", &ATTACH, remarks).or(usual.attach).unwrap_or(Attach::Nothing);
    let ended = table.date("ended", remarks);
    let keeps = table.dates("keeps", remarks).unwrap_or_default();
    let origin = was.first().cloned().unwrap_or_else(|| id.clone());
    let (groups, ruled, length) = own_rules(&mut table, &origin, usual, remarks);
    let exceptions = exceptions::tables(&mut table, remarks);
    let place = table.place();
    table.finish(remarks);
    let series = Series {
        id,
        title,
        aliases,
        was,
        place,
        description,
        join,
        phone,
        location,
        agenda,
        list,
        archive,
        letters,
        attach,
        remind,
        rules: Vec::new(),
        exceptions: Vec::new(),
        ended,
        keeps: keeps.iter().map(|kept| kept.value).collect(),
        as_meant,
    };
    Draft { series, origin, groups, ruled, length, exceptions, keeps }
}

/// The series with its rules in turn and what the file says of single dates; one without any rule is a fault.
pub(super) fn settle(draft: Draft<'_>, remarks: &mut Vec<Remark>) -> Series {
    let Draft { mut series, groups, ruled, exceptions, keeps, .. } = draft;
    if !ruled {
        let sentence = format!(
            "The series \"{}\" does not say when it meets. Write every, from, time and zone, or name it in a [[rotation]].",
            series.id.series
        );
        remarks.push(Remark::fault(series.place.clone(), codes::NO_RULE, sentence));
    }
    series.rules = rules::in_turn(groups, &series.title, remarks);
    exceptions::kept(&keeps, &series, remarks);
    series.exceptions = exceptions::read(exceptions, &series, remarks);
    series
}

/// Codes of remarks that are not made, because it is meant so.
pub(super) fn as_meant_in(table: &mut Table<'_>, remarks: &mut Vec<Remark>) -> Vec<String> {
    table.strings("as-meant", remarks).unwrap_or_default().into_iter().map(|code| code.value.to_owned()).collect()
}

fn id(text: &str) -> Result<String, String> {
    match is_name(text) {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "is \"{}\"; an id has 1 to 40 of the letters a-z, digits and hyphens, and no hyphen at its ends, as \"community-call\".",
            words::shown(text)
        )),
    }
}

/// A former id: of this community, or of another one as `community/series`.
fn former(text: &str, usual: &Usual<'_>) -> Result<SeriesId, String> {
    match (SeriesId::parse(text), is_name(text)) {
        (Some(id), _) => Ok(id),
        (None, true) => Ok(SeriesId::new(usual.community.clone(), text)),
        (None, false) => Err("is no id: write \"old-id\", or \"community/old-id\".".to_owned()),
    }
}

fn phone(mut table: Table<'_>, remarks: &mut Vec<Remark>) -> Option<Phone> {
    let dial = |allowed: &'static str| {
        move |text: &str| {
            let text = words::line(text)?;
            let good = text.len() <= 60
                && text.bytes().all(|b| b.is_ascii_digit() || allowed.as_bytes().contains(&b))
                && text.bytes().any(|b| b.is_ascii_digit());
            match good {
                true => Ok(text.to_owned()),
                false => Err(format!("is \"{}\"; write digits, as \"+1 555 0100\" or \"123 456#\".", words::shown(text))),
            }
        }
    };
    let number = table.parsed("number", codes::BAD_PHONE, remarks, dial("+-(). ,*#"));
    let number = table.required("number", number, "\"+1 555 0100\"", remarks);
    let pin = table.parsed("pin", codes::BAD_PHONE, remarks, dial("-* #"));
    table.finish(remarks);
    number.map(|number| Phone { number, pin })
}

/// What a series tells: its list with its archive, which letters, and how long before.
type Told = (Option<Address>, Option<Archive>, Letters, Vec<TimeDelta>);

fn told(table: &mut Table<'_>, usual: &Usual<'_>, remarks: &mut Vec<Remark>) -> Told {
    let own = table.parsed("list", codes::BAD_ADDRESS, remarks, words::address);
    let list = usual.within.address(table, "list", own, remarks).or_else(|| usual.list.clone());
    // Another list has another archive.
    let same = |list: &Address| usual.list.as_ref().is_some_and(|usual| usual.email.eq_ignore_ascii_case(&list.email));
    let usual_archive = usual.archive.as_ref().filter(|_| list.as_ref().is_some_and(same));
    let archive = arrival::archive(table, list.as_ref(), usual.within, remarks).or_else(|| usual_archive.cloned());
    let letters = table.choice("letters", &LETTERS, remarks).or(usual.letters).unwrap_or(Letters::None);
    let remind = reminders(table, remarks).or_else(|| usual.remind.clone()).unwrap_or_else(|| vec![TimeDelta::days(1)]);
    if letters != Letters::None && list.is_none() && !table.has("list") {
        let sentence =
            format!("{} sends letters but names no list. Write list = \"dev@lists.example.org\", or letters = \"none\".", table.what);
        table.fault("letters", codes::NO_LIST, sentence, remarks);
    }
    if letters == Letters::Reminders && remind.is_empty() {
        let sentence = "letters = \"reminders\" with remind = [] reminds nobody. Write remind = [\"1 day\"], or letters = \"changes\".";
        remarks.push(Remark::warning(table.place_of("remind"), codes::NO_EFFECT, sentence));
    }
    (list, archive, letters, remind)
}

/// How long before a meeting people are reminded, longest first.
pub(super) fn reminders(table: &mut Table<'_>, remarks: &mut Vec<Remark>) -> Option<Vec<TimeDelta>> {
    let within = words::duration_within(TimeDelta::minutes(5), TimeDelta::days(28), "from 5 minutes to 4 weeks");
    let mut found: Vec<TimeDelta> =
        table.each("remind", codes::BAD_DURATION, remarks, within)?.into_iter().map(|At { value, .. }| value).collect();
    found.sort_by(|a, b| b.cmp(a));
    found.dedup();
    Some(found)
}

/// The rules that stand in the series itself: one inline, or several as `[[series.rule]]`, for which the series may say hour, zone and length once.
fn own_rules(
    table: &mut Table<'_>,
    origin: &SeriesId,
    usual: &Usual<'_>,
    remarks: &mut Vec<Remark>,
) -> (Vec<Group>, bool, Option<TimeDelta>) {
    let mut inline = rules::said(table, usual.zones, remarks);
    let length = inline.length;
    inline.length = inline.length.or(usual.duration);
    let tables = table.tables("rule", "[[series.rule]]", remarks);
    let own = OWN.into_iter().find(|key| table.has(key));
    let mut groups = Vec::new();
    if let Some(key) = own.filter(|_| !tables.is_empty()) {
        let sentence = format!("\"{key}\" stands in [[series]] beside [[series.rule]]. Move it into the rule it belongs to.");
        table.fault(key, codes::TWO_RULES, sentence, remarks);
        return (groups, true, length);
    }
    if tables.is_empty() {
        if own.is_none() {
            let alone = ["time", "zone"].into_iter().find(|key| table.has(key));
            if let Some(key) = alone {
                let sentence = format!(
                    "\"{key}\" alone makes no rule. Write \"every\" and \"from\" as well, or move it into the [[rotation]] that names this series."
                );
                table.fault(key, codes::NO_RULE, sentence, remarks);
            }
            return (groups, alone.is_some(), length);
        }
        inline.zone = inline.zone.or_else(|| usual.zone.clone());
        rules::complete(table, &inline, usual, remarks);
        groups.extend(group(inline, table, origin, usual, remarks));
        return (groups, true, length);
    }
    for mut rule in tables {
        let mut said = rules::said(&mut rule, usual.zones, remarks);
        said.time = said.time.or(inline.time);
        said.zone = said.zone.or_else(|| inline.zone.clone()).or_else(|| usual.zone.clone());
        said.length = said.length.or(inline.length);
        rules::complete(&rule, &said, usual, remarks);
        groups.extend(group(said, &rule, origin, usual, remarks));
        rule.finish(remarks);
    }
    (groups, true, length)
}

/// A rule by itself is a group of its own. One that could not be read still is: its complaint stands, and no second one is needed.
fn group(said: rules::Said, table: &Table<'_>, origin: &SeriesId, usual: &Usual<'_>, remarks: &mut Vec<Remark>) -> Option<Group> {
    let from = said.from;
    let rule = rules::build(said, table, origin, usual.uid_domain, remarks);
    Some(Group { from: from?, place: table.place(), rules: rule.into_iter().collect() })
}
