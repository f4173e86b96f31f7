//! What organisers should look at: faults first, each with file and line and what to do.

use super::{Words, parts};
use crate::output::{clean, words};
use crate::source::{Grade, Remark};

/// Remarks shown in one letter; `check` prints them all.
const MOST: usize = 40;

/// `known` more were told before and still stand; `page` is where all of them are.
pub fn words(remarks: &[Remark], known: u32, community: &str, page: &str) -> Words {
    let count = |grade: Grade| remarks.iter().filter(|remark| remark.grade == grade).count() as u64;
    let (faults, others) = (count(Grade::Fault), count(Grade::Warning) + count(Grade::Advice));
    let mut parts_of_it = Vec::new();
    if faults > 0 {
        parts_of_it.push(words::counted(faults, "fault", "faults"));
    }
    if others > 0 || faults == 0 {
        parts_of_it.push(words::counted(others, "thing to look at", "things to look at"));
    }
    let subject = format!("Remarks: {}, {community}", words::list(&parts_of_it));
    let mut blocks = Vec::new();
    let mut left = MOST;
    for (grade, heading) in [
        (Grade::Fault, "To mend. Until then what was last good stays in force:"),
        (Grade::Warning, "To look at:"),
        (Grade::Advice, "Good to know:"),
    ] {
        let of_grade: Vec<&Remark> = remarks.iter().filter(|remark| remark.grade == grade).take(left).collect();
        if of_grade.is_empty() {
            continue;
        }
        left -= of_grade.len();
        blocks.push(vec![heading.to_owned()]);
        blocks.extend(of_grade.into_iter().map(one));
    }
    if remarks.len() > MOST {
        blocks.push(vec![format!("And {} more.", remarks.len() - MOST)]);
    }
    if known > 0 {
        let things = words::capital(&words::counted(
            known.into(),
            "thing that was said before still stands",
            "things that were said before still stand",
        ));
        blocks.push(parts::paragraph(&format!("{things}.")));
    }
    if remarks.iter().any(|remark| remark.lasting.is_some()) {
        blocks.push(parts::paragraph(
            "If something is meant as it is, say so in its [[series]]: as-meant = [\"CODE\"], with the word in brackets. Then it is not asked again.",
        ));
    }
    blocks.push(parts::address("All of it, as it stands now:", page));
    blocks.push(vec!["By command, the same:".to_owned(), "    convened check".to_owned()]);
    Words { subject, blocks }
}

fn one(remark: &Remark) -> Vec<String> {
    let place = clean::line(&remark.place.to_string(), 200);
    let mut lines = parts::item(&format!("{place} [{}]", remark.code));
    lines.extend(words::wrap(&clean::line(&remark.sentence, 600), parts::WIDTH, "    ", "    "));
    lines
}
