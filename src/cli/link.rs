//! `convened link`: the address of an organiser's own page.

use std::io::{self, Write};
use std::path::Path;

use super::{At, Exit, Stop};
use crate::daemon::opening::open;
use crate::output::link::own::{self, Own};
use crate::output::{link, words};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The organiser's mail address, as in the community's file
    organiser: String,
    /// Of this community only
    #[arg(long, value_name = "COMMUNITY")]
    of: Option<String>,
    #[command(flatten)]
    at: At,
}

pub fn run(config: &Path, args: Args) -> Result<Exit, Stop> {
    let opened = open(config)?;
    let now = args.at.now();
    let store = opened.store()?;
    let (survey, _) = opened.survey(&store.copy_to_memory()?, now)?;
    let calendar = &survey.calendar;
    let key = store.link_key()?;
    let wanted = |email: &str| email.eq_ignore_ascii_case(args.organiser.trim());
    let mut found = 0;
    let communities = calendar.communities.iter().filter(|community| args.of.as_deref().is_none_or(|of| of == &*community.id));
    for community in communities {
        let Some(organiser) = community.organisers.iter().find(|organiser| wanted(&organiser.email)) else { continue };
        if own::is_read_by_many(organiser, calendar) {
            return Err(Stop::usage(format!(
                "{} is an address that many people read, so it gets no link: whoever has one decides. Name a person among the organisers.",
                organiser.email
            )));
        }
        let own = Own { community: community.id.to_string(), recipient: organiser.clone(), expires: now + link::LIFETIME };
        let token = own::make(&key, &own).ok_or_else(|| Stop::world("The store has no key to sign with."))?;
        writeln!(io::stdout(), "{}", own::page(&opened.identity.base_url, &token))?;
        aside!("The page of {organiser} for {}, until {}. Whoever has its address decides.", community.title, words::in_full(own.expires));
        found += 1;
    }
    if found == 0 {
        let all = calendar.communities.iter().flat_map(|community| &community.organisers).map(|organiser| organiser.email.as_str());
        let mut all: Vec<&str> = all.collect();
        all.sort();
        all.dedup();
        let there = if all.is_empty() { "There is none.".to_string() } else { format!("There are: {}.", all.join(", ")) };
        return Err(Stop::usage(format!("No organiser has the address {}. {there}", args.organiser)));
    }
    Ok(Exit::Well)
}
