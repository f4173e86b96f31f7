//! What organisers should look at: faults first, each with file and line and what to do.

use minijinja::{Value, context};

use crate::output::{clean, words};
use crate::source::{Grade, Remark};

/// Remarks shown in one letter; `check` prints them all.
const MOST: usize = 40;

/// `known` more were told before and still stand; `page` is where all of them are.
pub fn values(remarks: &[Remark], known: u32, page: &str) -> Value {
    let count = |grade: Grade| remarks.iter().filter(|remark| remark.grade == grade).count() as u64;
    let (faults, others) = (count(Grade::Fault), count(Grade::Warning) + count(Grade::Advice));
    let mut counts = Vec::new();
    if faults > 0 {
        counts.push(words::counted(faults, "fault", "faults"));
    }
    if others > 0 || faults == 0 {
        counts.push(words::counted(others, "thing to look at", "things to look at"));
    }
    let mut groups = Vec::new();
    let mut left = MOST;
    for (grade, heading) in [
        (Grade::Fault, "To mend. Until then what was last good stays in force:"),
        (Grade::Warning, "To look at:"),
        (Grade::Advice, "Good to know:"),
    ] {
        let of_grade: Vec<Value> = remarks.iter().filter(|remark| remark.grade == grade).take(left).map(one).collect();
        left -= of_grade.len();
        if !of_grade.is_empty() {
            groups.push(context! { heading, remarks => of_grade });
        }
    }
    context! {
        counts => words::list(&counts),
        groups,
        more => remarks.len().saturating_sub(MOST),
        known,
        lasting => remarks.iter().any(|remark| remark.lasting.is_some()),
        page,
    }
}

fn one(remark: &Remark) -> Value {
    context! {
        place => clean::line(&remark.place.to_string(), 200),
        code => remark.code,
        sentence => clean::line(&remark.sentence, 600),
    }
}
