//! To one organiser: what notes speak of, in their own words, with what an approval would tell the list, and the two links to answer.

use chrono::{DateTime, Utc};

use minijinja::{Value, context};

use super::finish::{self, Frame};
use super::{Sender, by_hand, decided, facts, parts};
use crate::meeting::calendar::Calendar;
use crate::meeting::change::{Finding, Proposal, ProposalState, Proposed, Verdict};
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{Address, Letters, SeriesId};
use crate::output::link::{Act, Link};
use crate::output::{clean, link, words};
use crate::plan::key::Kind;
use crate::plan::{Asked, Asking};

/// Proposals in one letter.
const MOST: usize = 10;
/// So many are shown with the letter that the list would get.
const WITH_LETTER: usize = 4;
/// Dates of one proposal.
const DATES: usize = 24;
/// Octets of a letter that is shown in this one.
const QUOTED: usize = 6_000;
/// Characters of a quoted sentence.
const QUOTE: usize = 500;

/// What one organiser is asked, or told of what was asked.
pub fn values(asked: &Asked, proposals: &[Asking], to: &[Address], calendar: &Calendar, sender: &Sender, now: DateTime<Utc>) -> Value {
    let recipient = to.first();
    let name = recipient.and_then(|to| to.name.as_deref()).map(|name| clean::line(name, 60)).unwrap_or_default();
    let answered = matches!(asked, Asked::Withdrawn | Asked::ChangedAfter);
    let private = recipient.filter(|to| !link::own::is_read_by_many(to, calendar));
    let one = |(at, asking): (usize, &Asking)| {
        let finding = &asking.proposal.finding;
        let by_hand = if answered { None } else { by_hand::lines(asking, calendar, now) };
        let open = !answered && by_hand.is_none();
        let letter = if open { the_letter(asked, asking, at < WITH_LETTER, calendar, sender, now) } else { Vec::new() };
        let answers = if open { answers(asked, asking, private, sender, now) } else { Vec::new() };
        context! {
            title => parts::title(calendar, &finding.series),
            sentence => clean::line(&finding.quote, QUOTE),
            id => asking.proposal.id.to_string(),
            what => parts::blocks(&what(asking, calendar)),
            quote => parts::lines(quote(asked, finding)),
            answered => parts::blocks(&if answered { answer(asked, asking) } else { Vec::new() }),
            certainty => parts::lines(if answered { Vec::new() } else { about_the_words(finding) }),
            by_hand => parts::blocks(&by_hand.unwrap_or_default()),
            letter => parts::blocks(&letter),
            answers => parts::blocks(&answers),
        }
    };
    let decidable = proposals.iter().any(|asking| !asking.proposal.finding.what.walls().is_empty());
    let closing = match (answered, decidable, private.is_some()) {
        (false, true, true) => {
            "The links are yours alone; please do not pass this letter on. They end when the meeting begins. A reply decides nothing."
        }
        (false, true, false) => "This address is a mailing list, so this letter holds no links. A reply decides nothing.",
        _ => "A reply decides nothing.",
    };
    context! {
        subject => subject(asked, proposals, calendar, now),
        name,
        intro => intro(asked, proposals),
        proposals => proposals.iter().take(MOST).enumerate().map(one).collect::<Vec<_>>(),
        more => proposals.len().saturating_sub(MOST),
        closing,
    }
}

fn subject(asked: &Asked, proposals: &[Asking], calendar: &Calendar, now: DateTime<Utc>) -> String {
    let what = match proposals {
        [one] => in_subject(one, calendar, now),
        several => {
            let community = several.first().map_or("", |asking| &asking.proposal.finding.series.community);
            let title = calendar.community(community).map_or(community, |community| &community.title);
            format!("{} changes for {}", several.len(), clean::line(title, parts::TITLE))
        }
    };
    match asked {
        Asked::First => format!("Please decide: {what}?"),
        Asked::Again { .. } => format!("Still open: {what}?"),
        Asked::Anew => format!("Decide anew: {what}?"),
        Asked::Withdrawn => format!("Withdrawn: {what}"),
        Asked::ChangedAfter => format!("Words changed: {what}"),
        Asked::WillApply { .. } => format!("Will apply: {what}"),
    }
}

fn in_subject(asking: &Asking, calendar: &Calendar, now: DateTime<Utc>) -> String {
    let finding = &asking.proposal.finding;
    let title = parts::title(calendar, &finding.series);
    let word = match finding.what {
        Proposed::Cancel(_) => "cancel",
        Proposed::Move(..) => "move",
        Proposed::Extra(_) => "extra",
        Proposed::Cadence => return format!("another rhythm for {title}"),
        Proposed::End => return format!("the end of {title}"),
    };
    match concerned(asking) {
        [] => format!("{word} {title}"),
        [one] => format!("{word} {}: {title}", words::in_short(one.start)),
        several @ [first, ..] => format!("{word} {} meetings from {}: {title}", several.len(), words::day_since(first.start, now)),
    }
}

/// The meetings that it is about: as they are, or as they would be where there are none yet.
fn concerned(asking: &Asking) -> &[Occurrence] {
    match (&asking.would, asking.now.is_empty()) {
        (Some((_, would)), true) => would,
        _ => &asking.now,
    }
}

fn intro(asked: &Asked, proposals: &[Asking]) -> String {
    let of = match proposals {
        [one] => match one.proposal.finding.what {
            Proposed::Cancel(ref walls) if walls.len() == 1 => "cancelling a meeting".to_owned(),
            Proposed::Cancel(ref walls) => format!("cancelling {}", words::counted(walls.len() as u64, "meeting", "meetings")),
            Proposed::Move(..) => "moving a meeting".to_owned(),
            Proposed::Extra(_) => "an extra meeting".to_owned(),
            Proposed::Cadence => "another rhythm for a series of meetings".to_owned(),
            Proposed::End => "the end of a series of meetings".to_owned(),
        },
        several => words::counted(several.len() as u64, "change", "changes"),
    };
    match asked {
        Asked::First => format!("The meeting notes speak of {of}. Nothing happens until an organiser says so. Would you look, and decide?"),
        Asked::Again { hours } => format!(
            "The meeting notes speak of {of}, and {} before the meeting nobody has answered yet. Without an answer it stays in the calendar, and the question ends when the meeting begins. Would you decide?",
            words::counted(u64::from(*hours), "hour", "hours")
        ),
        Asked::Anew => format!(
            "The meeting notes speak of {of}. You were asked before, but the words have changed since: the earlier links are void, and nothing is decided. Would you look at the words as they are now?"
        ),
        Asked::Withdrawn => format!(
            "You were asked about {of}. The words that spoke of it are no longer in the notes, so there is nothing to answer any more, and the earlier links are void."
        ),
        Asked::ChangedAfter => format!(
            "The meeting notes spoke of {of}. After this was answered the words have changed. Nothing happens by itself: what was decided stays, until somebody decides otherwise."
        ),
        Asked::WillApply { at } => format!(
            "The meeting notes speak of {of}. This community carries out what trusted notes say plainly: it takes effect on {}, unless an organiser declines before.",
            words::in_full(*at)
        ),
    }
}

/// The series and the exact dates.
fn what(asking: &Asking, calendar: &Calendar) -> Vec<Vec<String>> {
    let finding = &asking.proposal.finding;
    let cities = parts::cities(calendar, &finding.series);
    let would = asking.would.as_ref().map_or(&[][..], |(_, meetings)| meetings);
    let mut blocks = vec![parts::paragraph(&parts::title(calendar, &finding.series))];
    let dates = |heading: &str, meetings: &[Occurrence]| {
        let mut lines = vec![heading.to_owned()];
        lines.extend(meetings.iter().take(DATES).map(|meeting| words::in_full(meeting.start)));
        if meetings.len() > DATES {
            lines.push(format!("and {} more", meetings.len() - DATES));
        }
        if let [one] = meetings {
            lines.extend(parts::hours(cities, one.start));
        }
        (!meetings.is_empty()).then_some(lines)
    };
    match finding.what {
        Proposed::Cancel(_) => blocks.extend(dates("To cancel:", &asking.now)),
        Proposed::Move(..) => {
            blocks.extend(dates("To move from:", &asking.now));
            blocks.extend(dates("To:", would));
        }
        Proposed::Extra(_) => blocks.extend(dates("To add:", would)),
        Proposed::Cadence => blocks.push(vec!["Another rhythm.".to_owned()]),
        Proposed::End => blocks.push(vec!["An end of the series.".to_owned()]),
    }
    blocks
}

/// The sentence with its place.
fn quote(asked: &Asked, finding: &Finding) -> Vec<String> {
    let notes = finding.note_date.map_or_else(|| "The notes".to_owned(), |date| format!("The notes of {}", words::date(date)));
    let mut lines = vec![match asked {
        Asked::Withdrawn | Asked::ChangedAfter => format!("{notes} said:"),
        Asked::First | Asked::Again { .. } | Asked::Anew | Asked::WillApply { .. } => format!("{notes} say:"),
    }];
    lines.extend(words::wrap(&clean::line(&finding.quote, QUOTE), parts::WIDTH, "  > ", "  > "));
    lines.extend(words::wrap(&clean::line(&finding.place.to_string(), 200), parts::WIDTH, "", ""));
    lines.extend(finding.url.as_deref().and_then(clean::url).map(str::to_owned));
    lines
}

/// How sure it is, who was to announce it, and the reason.
fn about_the_words(finding: &Finding) -> Vec<String> {
    let sure =
        if finding.certain { "The words are plain: this is certain." } else { "This is only possible: the words leave room for doubt." };
    let mut more = parts::paragraph(sure);
    if !finding.trusted {
        more.extend(parts::paragraph("Anybody can edit these notes; please make sure who wrote this."));
    }
    if let Some(announcer) = finding.announcer.as_deref().map(|name| clean::line(name, 60)).filter(|name| !name.is_empty()) {
        more.extend(parts::paragraph(&format!("To be announced by {announcer}, as the notes have it.")));
    }
    if let Some(reason) = finding.reason.as_deref().map(|reason| clean::line(reason, 400)).filter(|reason| !reason.is_empty()) {
        more.extend(parts::paragraph(&format!("The reason in the notes: {reason}")));
    }
    more
}

/// The very letter that the list would get, set in; its foot is left out.
fn the_letter(asked: &Asked, asking: &Asking, whole: bool, calendar: &Calendar, sender: &Sender, now: DateTime<Utc>) -> Vec<Vec<String>> {
    let Some((decision, meetings)) = &asking.would else { return Vec::new() };
    let Some(list) = list_of(&asking.proposal.finding.series, calendar) else {
        return vec![parts::paragraph("No list is told of it: this series sends no letters. Feed and page change.")];
    };
    if !whole {
        return vec![parts::paragraph(&format!("The letter to {list} is shown behind the link."))];
    }
    let kind = match decision.verdicts.first() {
        Some((_, Verdict::Move { .. })) => Kind::Moved,
        Some((_, Verdict::Extra { .. })) => Kind::Extra,
        Some((_, Verdict::Restore)) => Kind::Restored,
        Some((_, Verdict::Cancel)) | None => Kind::Cancelled,
    };
    let told = decided::Told { kind, decision, meetings, starts: &[] };
    let community = &*asking.proposal.finding.series.community;
    let common = facts::letter(kind, community, Some(&asking.proposal.finding.series), calendar, sender, now);
    let values = facts::with(facts::with(common, context! { foot => "" }), decided::values(&told, calendar, sender, now));
    let Some(rendered) = sender.templates.render(told.effective_kind(), community, &values).0 else { return Vec::new() };
    let page = link::series_page(&sender.base_url, &asking.proposal.finding.series);
    let frame = Frame { width: parts::WIDTH, octets: QUOTED, foot: "", page: &page, kind: kind.word() };
    let letter = finish::finish(&rendered, &[], &frame);
    let applies = matches!(asked, Asked::WillApply { .. });
    let when = if applies { "When it takes effect" } else { "If it is approved" };
    let mut blocks = vec![parts::paragraph(&format!("{when}, {list} gets this letter:"))];
    blocks.push(words::wrap(&format!("Subject: {}", letter.subject), parts::WIDTH + 4, "    ", "      "));
    blocks.push(parts::set_in(&letter.body.trim_end().lines().map(str::to_owned).collect::<Vec<_>>()));
    if !applies {
        blocks.push(parts::paragraph(if decision.reason.is_some() {
            "You can change the reason, or leave it out, when you approve."
        } else {
            "You can add a reason when you approve."
        }));
    }
    blocks
}

/// The list that would hear of it; in rehearsal it is named all the same.
fn list_of(series: &SeriesId, calendar: &Calendar) -> Option<lettre::Address> {
    let series = calendar.series(series).filter(|series| series.letters != Letters::None)?;
    series.list.as_ref().map(super::message::address)
}

/// The two links, and the commands that do the same.
fn answers(asked: &Asked, asking: &Asking, to: Option<&Address>, sender: &Sender, now: DateTime<Utc>) -> Vec<Vec<String>> {
    let proposal = &asking.proposal;
    let mut acts = [(Act::Approve, "To approve, open this page and press its button:"), (Act::Decline, "To decline:")];
    if matches!(asked, Asked::WillApply { .. }) {
        acts = [(Act::Decline, "To decline, open this page and press its button:"), (Act::Approve, "To approve it at once:")];
    }
    let mut blocks = Vec::new();
    if let Some(to) = to {
        let expires = concerned(asking).iter().map(|meeting| meeting.start).min();
        let expires = expires.or(now.checked_add_signed(link::LIFETIME)).unwrap_or(now);
        for (act, heading) in acts {
            blocks.push(parts::address(heading, &signed(proposal, act, to, expires, sender)));
        }
    }
    let mut commands = vec!["By command, the same:".to_owned()];
    commands.push(format!("    convened approve {}", proposal.id));
    if asking.would.as_ref().is_some_and(|(decision, _)| decision.reason.is_some()) {
        commands.push(format!("    convened approve {} --no-reason", proposal.id));
    }
    commands.push(format!("    convened decline {}", proposal.id));
    blocks.push(commands);
    blocks
}

fn signed(proposal: &Proposal, act: Act, to: &Address, expires: DateTime<Utc>, sender: &Sender) -> String {
    let wanted = Link { proposal: proposal.id.clone(), round: proposal.round, act, recipient: to.clone(), expires };
    match sender.link_key.as_deref().and_then(|key| link::make(key, &wanted)) {
        Some(token) => link::decide(&sender.base_url, &token),
        None => "LINK".to_owned(),
    }
}

/// What stands decided, where the words changed afterwards, and how to change it by hand.
fn answer(asked: &Asked, asking: &Asking) -> Vec<Vec<String>> {
    let proposal = &asking.proposal;
    if *asked != Asked::ChangedAfter {
        return Vec::new();
    }
    let by = proposal.decided_by.as_deref().map(|by| format!(" by {}", clean::line(by, 80))).unwrap_or_default();
    let state = match proposal.state {
        ProposalState::Decided => "decided otherwise",
        state => state.word(),
    };
    let mut blocks = vec![parts::paragraph(&format!("It was {state}{by} on {}.", words::in_full(proposal.since)))];
    let opposite = if proposal.state == ProposalState::Approved { "restore" } else { "cancel" };
    if let Some(meeting) = asking.now.first() {
        blocks.push(vec![
            "To decide otherwise:".to_owned(),
            format!("    convened {opposite} {} --on {}", meeting.id.series, meeting.id.wall.date()),
        ]);
    }
    blocks
}
