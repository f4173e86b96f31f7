//! What there is to ask about the schedules. A community is looked at again when its file, its decisions, the zone data or the day
//! changed.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::schedule::Remarks;
use crate::lint;
use crate::meeting::calendar::Verdicts;
use crate::meeting::change::Decision;
use crate::meeting::series::Community;
use crate::meeting::zone::Zones;
use crate::source::Remark;

/// The questions about each community, with a hash of what they were asked of.
#[derive(Default)]
pub struct Questions {
    known: HashMap<Arc<str>, (u64, Vec<Remark>)>,
}

impl Questions {
    /// All questions as they stand. `communities` are as their files say.
    pub fn ask(&mut self, communities: &[Community], decisions: &[Decision], zones: &Zones, now: DateTime<Utc>) -> Remarks {
        let (verdicts, today) = (Verdicts::of(decisions), now.date_naive());
        let known = std::mem::take(&mut self.known);
        let mut remarks = Remarks::new();
        for community in communities {
            let own: Vec<&Decision> = decisions.iter().filter(|decision| decision.series.community == community.id).collect();
            let mut hasher = DefaultHasher::new();
            (community, own, zones.version(), today).hash(&mut hasher);
            let input = hasher.finish();
            let asked = match known.get(&community.id).filter(|(of, _)| *of == input) {
                Some((_, asked)) => asked.clone(),
                None => lint::of_community(community, &verdicts, zones, today),
            };
            remarks.extend(asked.iter().map(|remark| (Some(community.id.clone()), remark.clone())));
            self.known.insert(community.id.clone(), (input, asked));
        }
        remarks.extend(lint::of_all(communities, &verdicts, now).into_iter().map(|(of, remark)| (Some(of), remark)));
        remarks
    }
}
