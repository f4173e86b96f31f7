//! `convened check`: reads everything and prints every remark.

use std::io::{IsTerminal as _, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{At, Exit, Stop};
use crate::daemon::opening::open;
use crate::meeting::calendar::Verdicts;
use crate::output::letter::{self, sample};
use crate::output::publication::{publish, publish_feeds};
use crate::plan::key::Kind;
use crate::plan::{self, component};
use crate::round::{Identity, Survey};
use crate::source::{Grade, Remark};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Print what own templates make of meetings that are made up, for each community
    #[arg(long, conflicts_with = "json")]
    letters: bool,
    #[command(flatten)]
    at: At,
}

pub fn run(config: &Path, args: Args) -> Result<Exit, Stop> {
    let opened = open(config)?;
    let now = args.at.now();
    let (survey, ledger) = opened.survey(&opened.memory()?, now)?;
    let plan = plan::make(&survey.calendar, &ledger, &survey.remarks, now);
    let site = opened.identity.site(survey.pages.clone());
    let after = plan.remembered(&ledger);
    let parts = component::parts(&survey.calendar, &Verdicts::of(&after.decisions), &after.revisions, now, &[]);
    // What own templates make of the pages as they stand is tried; our own make them always.
    let publish = if survey.pages.are_built_in() { publish_feeds } else { publish };
    let published = publish(&survey.calendar, &after, &parts, &site, now, None);
    let of_feeds = published.remarks().map(|(_, remark)| remark);
    let (letters, of_letters) = samples(&survey, &opened.identity, now);
    let mut remarks: Vec<_> = survey.remarks.into_iter().map(|(_, remark)| remark).chain(plan.remarks).chain(of_feeds).collect();
    remarks.extend(of_letters);
    remarks.sort();
    remarks.dedup();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    if args.letters {
        letters.iter().try_for_each(|letter| writeln!(out, "{letter}"))?;
    }
    for remark in &remarks {
        match (args.json, colour) {
            (true, _) => writeln!(out, "{}", json!(remark))?,
            (false, true) => writeln!(out, "{}", painted(remark))?,
            (false, false) => writeln!(out, "{remark}")?,
        }
    }
    let faults = remarks.iter().filter(|remark| remark.grade == Grade::Fault).count();
    if !args.json {
        let of = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
        writeln!(
            out,
            "{}, {}, {}; {}, {}. Zone data {}.",
            of(survey.calendar.communities.len(), "community", "communities"),
            of(survey.calendar.all_series().count(), "series", "series"),
            of(survey.calendar.notes.len(), "note", "notes"),
            of(remarks.len(), "remark", "remarks"),
            of(faults, "of them a fault", "of them faults"),
            opened.zones.version()
        )?;
    }
    Ok(if faults == 0 { Exit::Well } else { Exit::Faults })
}

/// A letter by each of people's own templates for each community it is in force for, and what it cannot write.
fn samples(survey: &Survey, identity: &Identity, now: DateTime<Utc>) -> (Vec<String>, Vec<Remark>) {
    let sender = identity.sender(None, survey.templates.clone());
    let (mut letters, mut remarks) = (Vec::new(), Vec::new());
    for community in &survey.calendar.communities {
        for kind in Kind::ALL {
            let Some(path) = survey.templates.in_force(kind, &community.id).0 else { continue };
            let intents = sample::intents(kind, community, now);
            remarks.extend(intents.iter().filter_map(|intent| letter::fault(intent, &survey.calendar, &sender, now)));
            if let Some(first) = intents.first() {
                let text = letter::text(first, &survey.calendar, &sender, now);
                let line = "-".repeat(72);
                letters.push(format!(
                    "{path}, for {}; what it tells is made up:\n\nSubject: {}\n\n{}\n{line}",
                    community.id, text.subject, text.body
                ));
            }
        }
    }
    (letters, remarks)
}

/// For a terminal: what is to be mended catches the eye, and the place can be found.
fn painted(remark: &Remark) -> String {
    let code = match remark.grade {
        Grade::Fault => "1;31",
        Grade::Warning => "1;33",
        Grade::Advice => "2",
    };
    let line = remark.to_string();
    let place = format!("{}: ", remark.place);
    match line.strip_prefix(&place).and_then(|rest| rest.split_once(": ")) {
        Some((grade, sentence)) => format!("\x1b[1m{place}\x1b[0m\x1b[{code}m{grade}\x1b[0m: {sentence}"),
        None => line,
    }
}
