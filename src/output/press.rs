//! Makes a publication out of the one before it. What is published of one series, or of one community, is a bundle of documents: where
//! nothing it is made from changed, the bundle stands as it is, and none of its documents is looked at.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use imbl::OrdMap;

use super::document::Document;
use super::feeds::Said;
use super::page::Made;
use super::publication::{HTML, Publication};
use crate::meeting::calendar::Calendar;
use crate::meeting::occurrence::Occurrence;
use crate::meeting::series::{Community, SeriesId};

/// Whose documents stand in a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    Series(SeriesId),
    /// The documents of a series once more, where they stood under a former id.
    Former(SeriesId),
    Community(Arc<str>),
    Site,
}

/// What is published of an owner, and of what it was made.
#[derive(Clone, Debug)]
pub(super) struct Bundle {
    /// A hash of all it was made from, but the moment …
    input: u64,
    made: DateTime<Utc>,
    /// … and how the hours stand.
    pub(super) hours: Hours,
    /// The paths of its documents, each with a hash of what it was made from.
    documents: Vec<(String, u64)>,
    /// What is to be said of its feed.
    said: Option<(String, Said)>,
    /// What templates of people's own could not write, by the path of the page, which is made by ours instead.
    faults: Vec<(String, Said)>,
}

/// How the hours of meetings stand at a moment.
#[derive(Clone, Debug)]
pub(super) struct Hours {
    /// The last instant at which what is said of them changed by itself …
    pub(super) since: DateTime<Utc>,
    /// … and the next one.
    pub(super) until: DateTime<Utc>,
    /// The meeting of the coming weeks that takes place first.
    pub(super) first: Option<Occurrence>,
}

/// The documents of a publication while it is made.
pub(super) struct Press<'a> {
    previous: Option<&'a Publication>,
    now: DateTime<Utc>,
    documents: OrdMap<String, Arc<Document>>,
    bundles: HashMap<Owner, Arc<Bundle>>,
    /// What the bundle at work was made from last time …
    before: HashMap<&'a str, u64>,
    said_before: Option<&'a (String, Said)>,
    /// … and what it holds so far.
    open: Vec<(String, u64)>,
    said: Option<(String, Said)>,
    faults: Vec<(String, Said)>,
}

impl<'a> Press<'a> {
    /// Begins with what was published before, without that of owners who are gone.
    pub(super) fn new(previous: Option<&'a Publication>, calendar: &Calendar, now: DateTime<Utc>) -> Press<'a> {
        let mut press = Press {
            previous,
            now,
            documents: OrdMap::new(),
            bundles: HashMap::new(),
            before: HashMap::new(),
            said_before: None,
            open: Vec::new(),
            said: None,
            faults: Vec::new(),
        };
        let Some(previous) = previous.filter(|previous| !previous.bundles.is_empty()) else { return press };
        press.documents = previous.documents.clone();
        let owners = owners(calendar);
        for (owner, bundle) in &previous.bundles {
            if !owners.contains(owner) {
                bundle.documents.iter().for_each(|(path, _)| drop(press.documents.remove(path)));
            }
        }
        press
    }

    /// The bundle of last time, where its input and the hours are the same, else what `make` puts into it. `make` says how the hours stand.
    pub(super) fn bundle(&mut self, owner: Owner, input: u64, make: impl FnOnce(&mut Press<'a>) -> Hours) -> Arc<Bundle> {
        let last = self.previous.and_then(|previous| previous.bundles.get(&owner));
        let stands = |last: &&Arc<Bundle>| last.input == input && (last.made..last.hours.until).contains(&self.now);
        let bundle = match last.filter(stands) {
            Some(last) => last.clone(),
            None => {
                let of_last = last.map_or(&[][..], |last| last.documents.as_slice());
                self.before = of_last.iter().map(|(path, input)| (path.as_str(), *input)).collect();
                self.said_before = last.and_then(|last| last.said.as_ref());
                let hours = make(self);
                let documents = std::mem::take(&mut self.open);
                for (path, _) in &documents {
                    self.before.remove(path.as_str());
                }
                for gone in std::mem::take(&mut self.before).into_keys() {
                    self.documents.remove(gone);
                }
                let (said, faults) = (self.said.take(), std::mem::take(&mut self.faults));
                Arc::new(Bundle { input, made: self.now, hours, documents, said, faults })
            }
        };
        self.bundles.insert(owner, bundle.clone());
        bundle
    }

    /// The documents of a series where they stood under a former id.
    pub(super) fn former(&mut self, former: &SeriesId, series: &SeriesId) {
        let Some(bundle) = self.bundles.get(&Owner::Series(series.clone())).cloned() else { return };
        // It was made when that of the series was, of the same, and stands as long.
        self.bundle(Owner::Former(former.clone()), bundle.input, |press| {
            for (path, input) in &bundle.documents {
                let moved = ["/feeds/", "/c/"].iter().find_map(|room| {
                    let rest = path.strip_prefix(room)?.strip_prefix(&series.to_string())?;
                    Some(format!("{room}{former}{rest}"))
                });
                if let (Some(moved), Some(document)) = (moved, press.documents.get(path).cloned()) {
                    press.documents.insert(moved.clone(), document);
                    press.open.push((moved, *input));
                }
            }
            bundle.hours.clone()
        });
    }

    /// Whether a document made from the same stands already.
    pub(super) fn known(&self, path: &str, input: u64) -> bool {
        self.before.get(path) == Some(&input) && self.documents.contains_key(path)
    }

    /// A page, which a template of people's own may not have been able to write.
    pub(super) fn page(&mut self, path: String, of: Option<&Community>, input: u64, make: impl FnOnce() -> Made) {
        let known = self.known(&path, input);
        let mut fault = self.previous.filter(|_| known).and_then(|previous| previous.faults.get(&path).cloned());
        self.put(path.clone(), HTML, input, || {
            let (page, remark) = make();
            fault = remark.map(|remark| (of.map(|community| community.id.clone()), remark));
            Some(page)
        });
        self.faults.extend(fault.map(|fault| (path, fault)));
    }

    /// Takes the document of last time where it was made from the same, else makes it. Bytes that did not change stay the same document.
    pub(super) fn put(&mut self, path: String, content_type: &'static str, input: u64, make: impl FnOnce() -> Option<String>) {
        if !self.known(&path, input) {
            let Some(text) = make() else { return };
            let before = self.previous.and_then(|previous| previous.documents.get(&path));
            let same = before.filter(|known| known.bytes == text.as_bytes() && known.content_type == content_type);
            let document = same.cloned().unwrap_or_else(|| Arc::new(Document::new(content_type, Bytes::from(text), self.now)));
            self.documents.insert(path.clone(), document);
        }
        self.open.push((path, input));
    }

    /// What was said of the feed of this bundle last time.
    pub(super) fn said_before(&self) -> Option<Said> {
        self.said_before.map(|(_, said)| said.clone())
    }

    pub(super) fn say(&mut self, name: &str, said: Said) {
        self.said = Some((name.to_owned(), said));
    }

    pub(super) fn finish(self) -> Publication {
        let Press { documents, bundles, .. } = self;
        let crowded = bundles.values().filter_map(|bundle| bundle.said.clone()).collect();
        let faults = bundles.values().flat_map(|bundle| &bundle.faults).cloned().collect();
        Publication { documents, bundles, crowded, faults, ..Publication::default() }
    }
}

/// Who has documents of their own. A former id that a series has now, or that two series had, is the first one's.
fn owners(calendar: &Calendar) -> HashSet<Owner> {
    let series = || calendar.all_series().map(|(_, series)| series);
    let communities = calendar.communities.iter().map(|community| Owner::Community(community.id.clone()));
    let own = series().map(|series| Owner::Series(series.id.clone()));
    let former = formers(calendar).into_iter().map(|(former, _)| Owner::Former(former.clone()));
    communities.chain(own).chain(former).chain([Owner::Site]).collect()
}

/// The former ids under which documents stand, each with the series that has them.
pub(super) fn formers(calendar: &Calendar) -> Vec<(&SeriesId, &SeriesId)> {
    let mut taken: HashSet<&SeriesId> = calendar.all_series().map(|(_, series)| &series.id).collect();
    let all = calendar.all_series().flat_map(|(_, series)| series.was.iter().map(move |former| (former, &series.id)));
    all.filter(|(former, _)| taken.insert(former)).collect()
}
