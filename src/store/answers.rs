//! Answers to proposals as readable text in `decisions.toml`, so that a store that is filled from it asks nothing again: what was
//! declined, taken back or withdrawn as well as what was approved.

use std::fmt::Write as _;

use serde::Deserialize;

use super::decisions::{WALL, instant, line, stamp, wall};
use crate::meeting::change::{Finding, Proposal, ProposalId, ProposalState, Proposed};
use crate::meeting::series::SeriesId;
use crate::source::Place;

/// The settled ones among these proposals as text.
pub(super) fn text(proposals: &[Proposal]) -> String {
    let mut text = String::new();
    for proposal in proposals.iter().filter(|proposal| proposal.state != ProposalState::Open) {
        let finding = &proposal.finding;
        text.push_str("\n[[answer]]\n");
        line(&mut text, "proposal", &proposal.id.0);
        line(&mut text, "series", &finding.series.to_string());
        line(&mut text, "asks", finding.what.word());
        let walls: Vec<String> = finding.what.walls().iter().map(|wall| format!("\"{}\"", wall.format(WALL))).collect();
        let _ = writeln!(text, "meetings = [{}]", walls.join(", "));
        if let Proposed::Move(_, to) = &finding.what {
            line(&mut text, "to", &to.format(WALL).to_string());
        }
        line(&mut text, "is", proposal.state.word());
        line(&mut text, "at", &stamp(proposal.since));
        if let Some(by) = &proposal.decided_by {
            line(&mut text, "by", by);
        }
        line(&mut text, "asked", &stamp(proposal.opened));
        let _ = writeln!(text, "round = {}", proposal.round);
        line(&mut text, "quote", &finding.quote);
        line(&mut text, "file", &finding.place.file);
        let _ = writeln!(text, "line = {}", finding.place.line);
        for (name, value) in [
            ("url", finding.url.clone()),
            ("note-date", finding.note_date.map(|date| date.to_string())),
            ("reason", finding.reason.clone()),
            ("announcer", finding.announcer.clone()),
        ] {
            if let Some(value) = value {
                line(&mut text, name, &value);
            }
        }
        let _ = writeln!(text, "certain = {}\ntrusted = {}", finding.certain, finding.trusted);
    }
    text
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawAnswer {
    pub proposal: String,
    series: String,
    asks: String,
    meetings: Vec<String>,
    to: Option<String>,
    is: String,
    at: String,
    by: Option<String>,
    asked: String,
    round: u32,
    quote: String,
    file: String,
    line: u32,
    url: Option<String>,
    note_date: Option<String>,
    reason: Option<String>,
    announcer: Option<String>,
    certain: bool,
    trusted: bool,
}

/// An answer as a proposal that is settled, or what is wrong with it.
pub(super) fn read(raw: RawAnswer) -> Result<Proposal, &'static str> {
    let series = SeriesId::parse(&raw.series).ok_or("names no series as community/series")?;
    let walls = raw.meetings.iter().map(|text| wall(text)).collect::<Result<Vec<_>, _>>()?;
    let what = match (raw.asks.as_str(), walls.as_slice(), &raw.to) {
        ("cancel", [_, ..], None) => Proposed::Cancel(walls),
        ("move", [from], Some(to)) => Proposed::Move(*from, wall(to)?),
        ("extra", [at], None) => Proposed::Extra(*at),
        ("cadence", [], None) => Proposed::Cadence,
        ("end", [], None) => Proposed::End,
        _ => return Err("asks for none of cancel, move (one meeting, with \"to\"), extra, cadence and end"),
    };
    let state = ProposalState::parse(&raw.is).filter(|state| *state != ProposalState::Open);
    let date = |text: String| text.parse().map_err(|_| "has a \"note-date\" that is not written as 2023-10-25");
    Ok(Proposal {
        id: ProposalId(raw.proposal),
        finding: Finding {
            origin: series.clone(),
            series,
            what,
            quote: raw.quote,
            place: Place::new(raw.file, raw.line),
            url: raw.url,
            note_date: raw.note_date.map(date).transpose()?,
            reason: raw.reason,
            announcer: raw.announcer,
            certain: raw.certain,
            trusted: raw.trusted,
        },
        round: raw.round,
        state: state.ok_or("is none of approved, declined, withdrawn, expired and decided")?,
        opened: instant(&raw.asked)?,
        since: instant(&raw.at)?,
        decided_by: raw.by,
    })
}
