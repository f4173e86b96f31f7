//! What only shows when the files of several communities are seen together.

use std::collections::HashMap;

use super::codes;
use crate::meeting::series::{Community, SeriesId};
use crate::source::{Place, Remark};

/// Faults between communities: two rules with one UID, an id that two series claim. The later file bears the fault.
pub fn together(communities: &[Community]) -> Vec<Remark> {
    let mut remarks = double_uids(communities);
    let mut former: HashMap<&SeriesId, &Place> = HashMap::new();
    for series in communities.iter().flat_map(|community| &community.series) {
        former.insert(&series.id, &series.place);
    }
    for series in communities.iter().flat_map(|community| &community.series) {
        for was in series.was.iter().filter(|was| was.community != series.id.community) {
            if let Some(place) = former.insert(was, &series.place) {
                let sentence =
                    format!("\"{}\" says it was \"{was}\", which {place} is or was, too. An id belongs to one series for ever.", series.id);
                remarks.push(Remark::fault(series.place.clone(), codes::DOUBLE_ID, sentence));
            }
        }
    }
    remarks.sort();
    remarks
}

/// Rules that bear the UID of another rule: a calendar would take them for one event.
pub(super) fn double_uids(communities: &[Community]) -> Vec<Remark> {
    let mut first: HashMap<&str, &Place> = HashMap::new();
    let mut remarks = Vec::new();
    for rule in communities.iter().flat_map(|community| &community.series).flat_map(|series| &series.rules) {
        if let Some(place) = first.get(rule.uid.as_str()) {
            let sentence = format!(
                "This rule has the UID \"{}\", which the rule at {place} has already. Give one of them another: uid = \"…\".",
                rule.uid
            );
            remarks.push(Remark::fault(rule.place.clone(), codes::DOUBLE_UID, sentence));
        } else {
            first.insert(&rule.uid, &rule.place);
        }
    }
    remarks
}
