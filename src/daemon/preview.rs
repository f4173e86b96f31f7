//! The very letter that a decision would send: the plan of this moment, made with the decision in it.

use chrono::{DateTime, TimeDelta, Utc};

use super::Known;
use crate::meeting::calendar::Calendar;
use crate::meeting::change::{Decision, Tell};
use crate::output::letter::{self, Sender, Text};
use crate::output::words;
use crate::plan::key::Subject;
use crate::plan::ledger::Ledger;
use crate::plan::{self, Intent, Plan};

/// A letter before it is decided, and when it would go.
pub struct Preview {
    pub text: Text,
    /// A sentence.
    pub goes: String,
}

/// The letter, or a sentence why none goes.
pub fn of(known: &Known, ledger: &Ledger, decision: &Decision, now: DateTime<Utc>) -> Result<Preview, String> {
    if decision.tell == Tell::Silently {
        return Err("No letter goes, because people know already. Page and calendars follow at once.".to_string());
    }
    let community = known.calendar.community(&decision.series.community).ok_or("There is no such community any more.")?;
    let mut after = Ledger { proposals: Vec::new(), ..ledger.clone() };
    after.decisions.push(decision.clone());
    let plan_with = |grace: TimeDelta| {
        let mut community = community.clone();
        community.grace = grace;
        plan::make(&Calendar { communities: vec![community], ..Calendar::default() }, &after, &[], now)
    };
    let intent = |plan: Plan| -> Result<Intent, Option<String>> {
        let Plan { write, skipped, .. } = plan;
        let about = |subject: &Subject| matches!(subject, Subject::Decision(id) if *id == decision.id);
        let found = write.into_iter().find(|intent| about(&intent.key.subject));
        found.ok_or_else(|| skipped.into_iter().find(|skipped| about(&skipped.key.subject)).map(|skipped| skipped.why))
    };
    let at_once = intent(plan_with(community.grace)).is_ok();
    let intent = intent(plan_with(TimeDelta::zero()))
        .map_err(|why| format!("No letter goes. {}", why.unwrap_or_else(|| "There is nothing to tell.".to_string())))?;
    let sender = Sender { link_key: None, ..known.sender.clone() };
    let whom: Vec<String> = intent.to.iter().map(|to| to.email.clone()).collect();
    let whom = words::list(&whom);
    let goes = match at_once {
        true => format!("It goes to {whom} at once, because the meeting is near."),
        false => format!("It goes to {whom} on {}; until then everything can be taken back unseen.", words::in_full(now + community.grace)),
    };
    // Words of the whole calendar: titles and pages of other communities are not among them.
    Ok(Preview { text: letter::text(&intent, &known.calendar, &sender, now), goes })
}
