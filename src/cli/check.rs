//! `convened check`: reads everything and prints every remark.

use std::io::Write;
use std::path::Path;

use serde_json::json;

use super::{At, Exit, Stop};
use crate::daemon::opening::open;
use crate::meeting::calendar::Verdicts;
use crate::output::publication::{Site, publish_feeds};
use crate::plan::{self, component};
use crate::source::Grade;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

pub fn run(config: &Path, args: Args) -> Result<Exit, Stop> {
    let opened = open(config)?;
    let now = args.at.now();
    let (survey, ledger) = opened.survey(&opened.memory()?, now)?;
    let plan = plan::make(&survey.calendar, &ledger, &survey.remarks, now);
    let site = Site { base_url: opened.identity.base_url.clone(), title: opened.identity.title.clone() };
    let after = plan.remembered(&ledger);
    let parts = component::parts(&survey.calendar, &Verdicts::of(&after.decisions), &after.revisions, now, &[]);
    let feeds = publish_feeds(&survey.calendar, &after, &parts, &site, now, None);
    let of_feeds = feeds.remarks().map(|(_, remark)| remark);
    let mut remarks: Vec<_> = survey.remarks.into_iter().map(|(_, remark)| remark).chain(plan.remarks).chain(of_feeds).collect();
    remarks.sort();
    remarks.dedup();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for remark in &remarks {
        if args.json {
            writeln!(out, "{}", json!(remark))?;
        } else {
            writeln!(out, "{remark}")?;
        }
    }
    let faults = remarks.iter().filter(|remark| remark.grade == Grade::Fault).count();
    if !args.json {
        let series = survey.calendar.all_series().count();
        let communities = survey.calendar.communities.len();
        writeln!(
            out,
            "{communities} communities, {series} series, {} notes; {} remarks, {faults} of them faults. Zone data {}.",
            survey.calendar.notes.len(),
            remarks.len(),
            opened.zones.version()
        )?;
    }
    Ok(if faults == 0 { Exit::Well } else { Exit::Faults })
}
