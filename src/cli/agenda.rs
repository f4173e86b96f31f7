//! `convened agenda`: the meetings of a window, cancelled and moved ones included.

use std::io::Write;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use super::show::{self, Who};
use super::{At, Exit, Stop, instant};
use crate::daemon::opening::open;
use crate::meeting::calendar::{Verdicts, occurrences};
use crate::plan::{self, component};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A community, or community/series; all when left out
    who: Option<String>,
    /// First instant of the window; now when left out
    #[arg(long, value_name = "TIME", value_parser = instant)]
    from: Option<DateTime<Utc>>,
    /// End of the window, not included; 60 days after its beginning when left out
    #[arg(long, value_name = "TIME", value_parser = instant)]
    to: Option<DateTime<Utc>>,
    /// The zone in which times are shown
    #[arg(long)]
    zone: Option<String>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

pub fn run(config: &Path, args: Args) -> Result<Exit, Stop> {
    let opened = open(config)?;
    let now = args.at.now();
    let from = args.from.unwrap_or(now);
    let to = args.to.unwrap_or(from + TimeDelta::days(60));
    let (survey, ledger) = opened.survey(&opened.memory()?, now)?;
    let calendar = &survey.calendar;
    let who = Who::find(args.who.as_deref(), calendar)?;
    let zone = show::zone(args.zone.as_deref(), &opened.zones)?;
    let plan = plan::make(calendar, &ledger, &[], now);
    let decisions = plan.decisions(&ledger);
    let verdicts = Verdicts::of(&decisions);
    let components = component::components(calendar, &verdicts, &ledger.revisions, now);
    let mut meetings: Vec<_> = calendar
        .all_series()
        .filter(|(_, series)| who.includes(&series.id))
        .flat_map(|(_, series)| occurrences(series, &verdicts, from, to).into_iter().map(move |meeting| (series, meeting)))
        .collect();
    meetings.sort_by(|(_, a), (_, b)| (a.start, &a.id).cmp(&(b.start, &b.id)));
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (series, meeting) in &meetings {
        if args.json {
            let own = format!("{}/{}", meeting.uid, meeting.id.short());
            let component = components.iter().find(|c| c.name == own).or_else(|| components.iter().find(|c| c.name == meeting.uid));
            let sequence = component.map(|component| component::revision(component, &ledger.revisions, now).sequence);
            writeln!(out, "{}", show::agenda_line(series, meeting, sequence))?;
        } else {
            writeln!(out, "{}", show::meeting(series, meeting, &zone))?;
        }
    }
    if meetings.is_empty() && !args.json {
        writeln!(out, "No meeting from {} to {}.", show::at(from, &zone), show::at(to, &zone))?;
    }
    Ok(Exit::Well)
}
