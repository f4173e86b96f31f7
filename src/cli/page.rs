//! `convened page`: a page by the template in force, of a community that is made up; or the template itself, to copy and to change.

use std::io::{self, Write};
use std::path::Path;

use super::{At, Exit, Stop};
use crate::daemon::opening::open;
use crate::output::page::{sample, templates};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// base, rows, home, community, subscribe, series, meeting, month, embed, items or changes
    #[arg(value_parser = name)]
    name: String,
    /// By the templates of this community; by those for all when left out
    #[arg(long, value_name = "COMMUNITY")]
    of: Option<String>,
    /// Print the template in force: to copy, and to change
    #[arg(long)]
    template: bool,
    #[command(flatten)]
    at: At,
}

fn name(word: &str) -> Result<String, String> {
    let known = templates::NAMES.contains(&word);
    known.then(|| word.to_owned()).ok_or_else(|| format!("the pages are {}", templates::NAMES.join(", ")))
}

pub fn run(config: &Path, args: Args) -> Result<Exit, Stop> {
    let opened = open(config)?;
    let (survey, _) = opened.survey(&opened.memory()?, args.at.now())?;
    let of = args.of.as_deref();
    if let Some(id) = of
        && survey.calendar.community(id).is_none()
    {
        let known: Vec<&str> = survey.calendar.communities.iter().map(|community| &*community.id).collect();
        return Err(Stop::usage(format!("There is no community \"{id}\". There are: {}.", known.join(", "))));
    }
    if args.template {
        if let Some((path, template)) = survey.pages.in_force(&args.name, of) {
            aside!("{}", path.map_or("The built-in template:".to_owned(), |path| format!("{path}:")));
            write!(io::stdout(), "{template}")?;
        }
        return Ok(Exit::Well);
    }
    let file = format!("{}.html", args.name);
    let Some((_, values)) = sample::values().into_iter().find(|(name, _)| *name == file) else {
        return Err(Stop::usage(format!("{} is what pages are built of, and none by itself; --template prints it.", args.name)));
    };
    let (page, fault) = survey.pages.page(&file, of, &values);
    write!(io::stdout(), "{page}")?;
    Ok(match fault {
        Some(fault) => {
            aside!("{fault}");
            Exit::Faults
        }
        None => Exit::Well,
    })
}
