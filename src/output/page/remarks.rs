//! What organisers should look at in the schedule of their community: faults first, each with file and line. Anybody can read it, so
//! it repeats the words of no note, and of a file only what is public anyway.

use minijinja::{Value, context};

use super::Source;
use super::community::head;
use super::view::value;
use crate::meeting::series::Community;
use crate::output::{clean, words};
use crate::source::{Grade, Remark};

/// Remarks whose sentences hold dates, hours and titles only. Any other may quote what a person wrote, perhaps a link with a password
/// or an address in the wrong place.
const MAY_BE_QUOTED: [&str; 26] = [
    "clock-fold",
    "clock-gap",
    "community-vanished",
    "dates-crossed",
    "decision-without-meeting",
    "double-date",
    "feed-large",
    "first-date",
    "holiday",
    "hour-in-text",
    "last-good-in-force",
    "letter-held",
    "letter-in-doubt",
    "letter-refused",
    "link-password",
    "links-differ",
    "no-meeting",
    "overruled",
    "room-shared",
    "series-ended",
    "series-ends",
    "series-vanished",
    "two-links",
    "two-rules",
    "weekday-in-text",
    "zone-data-old",
];

/// Whether everybody may read the sentences of remarks with this code.
pub fn may_be_quoted(code: &str) -> bool {
    MAY_BE_QUOTED.contains(&code)
}

/// The remarks about a community's own file, in order of weight.
pub(in crate::output) fn of<'a>(source: &Source<'a>, community: &Community) -> Vec<&'a Remark> {
    let own = |remark: &&Remark| remark.place.file == community.place.file;
    let mut remarks: Vec<&Remark> =
        source.calendar.remarks.iter().filter(|(of, _)| *of == community.id).map(|(_, remark)| remark).filter(own).collect();
    remarks.sort_by(|a, b| (a.grade, a).cmp(&(b.grade, b)));
    remarks.dedup();
    remarks
}

pub(super) fn remarks(source: &Source<'_>, community: &Community) -> Value {
    let all = of(source, community);
    let groups: Vec<Value> = [
        (Grade::Fault, "To mend", "Until then what was last good stays in force."),
        (Grade::Warning, "To look at", "Nothing is broken; a person should decide."),
        (Grade::Advice, "Good to know", ""),
    ]
    .into_iter()
    .filter_map(|(grade, heading, words)| {
        let of_grade: Vec<Value> = all.iter().filter(|remark| remark.grade == grade).map(|remark| one(remark)).collect();
        (!of_grade.is_empty()).then(|| context! { heading, words, remarks => of_grade })
    })
    .collect();
    let lasting = all.iter().any(|remark| remark.lasting.is_some());
    context! { site => source.site.title.as_str(), community => head(source, community), groups => value(groups), lasting }
}

fn one(remark: &Remark) -> Value {
    let sentence = match may_be_quoted(remark.code) {
        true => clean::line(&remark.sentence, 600),
        false => "Something here needs a look; `convened check` says what.".to_owned(),
    };
    context! { place => clean::line(&remark.place.to_string(), 200), code => remark.code, sentence => words::capital(&sentence) }
}
