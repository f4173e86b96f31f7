//! The page behind a signed link: what is proposed, the very letter the list would get, and the buttons; or what was decided.

use minijinja::context;
use serde::Serialize;

use super::render;
use crate::output::clean;

/// What an organiser sees who follows a link. The daemon fills it in; nothing in it is acted on here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecideView {
    /// An open proposal, to be answered.
    Open(Box<Open>),
    /// Decided, withdrawn or too late, or just answered: in words, with the opposite on offer where there is one.
    Settled(Box<Settled>),
    /// No link of ours, or of somebody who is no organiser any more.
    Unknown,
}

/// An open proposal as its page shows it. Every text may come from strangers; it is cleaned and escaped here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Open {
    /// Whose link it is.
    pub organiser: String,
    /// "Cancel NumPy Optimization Team, Monday 30 October 2023, 16:00 UTC"
    pub heading: String,
    pub quote: String,
    /// File and line, and the note's address for people.
    pub place: String,
    pub url: Option<String>,
    pub announcer: Option<String>,
    /// The meetings concerned, each in a line.
    pub dates: Vec<String>,
    /// As found in the notes, to be edited.
    pub reason: Option<String>,
    /// Subject and text of the letter that the list would get; `None` where it would get none.
    pub letter: Option<(String, String)>,
    /// Lines of the schedule to change by hand; approving only closes the question.
    pub by_hand: Option<String>,
    /// Which button the followed link stands for: the first one shown.
    pub declining: bool,
}

/// An answered question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Settled {
    pub heading: String,
    /// Who decided what and when, and what follows.
    pub sentences: Vec<String>,
    /// The proposal's state in a word: what the button takes back.
    pub state: &'static str,
    /// What the button that does the opposite says; `None` where there is none.
    pub opposite: Option<String>,
}

/// The page. `token` is where its buttons lead.
pub fn page(view: &DecideView, token: &str) -> String {
    let action =
        format!("/decide/{}", token.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')).collect::<String>());
    let values = match view {
        DecideView::Unknown => {
            return super::notice(
                "This link does not hold",
                "It is not ours, or it was cut in a letter. `convened changes` lists what is open, and nothing was decided.",
            );
        }
        DecideView::Open(open) => {
            let one = |text: &str| clean::line(text, 1000);
            context! {
                action,
                open => true,
                heading => one(&open.heading),
                organiser => one(&open.organiser),
                quote => one(&open.quote),
                place => one(&open.place),
                url => open.url.as_deref().and_then(clean::url),
                announcer => open.announcer.as_deref().map(one),
                dates => open.dates.iter().map(|date| one(date)).collect::<Vec<_>>(),
                reason => open.reason.as_deref().map(one).unwrap_or_default(),
                subject => open.letter.as_ref().map(|(subject, _)| one(subject)),
                letter => open.letter.as_ref().map(|(_, text)| text.clone()),
                by_hand => open.by_hand.as_deref(),
                declining => open.declining,
            }
        }
        DecideView::Settled(settled) => context! {
            action,
            open => false,
            heading => clean::line(&settled.heading, 300),
            state => settled.state,
            sentences => settled.sentences.iter().map(|sentence| clean::line(sentence, 1000)).collect::<Vec<_>>(),
            opposite => settled.opposite.as_deref().map(|text| clean::line(text, 200)),
        },
    };
    render("decide.html", &values)
}
