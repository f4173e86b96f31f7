//! What there is to do: which files differ from what stands in the bucket, in the order in which they are put, and which are published no
//! more. Values in, values out.

use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;
use imbl::ordmap::DiffItem;
use sha2::{Digest as _, Sha256};

use crate::bucket::Label;
use crate::export::{self, Site};
use crate::output::headers::{CACHE_CONTROL, disposition};
use crate::store::Object;

/// What is known to stand in the bucket, by name.
pub type Manifest = BTreeMap<String, Object>;

/// A file to put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub file: String,
    /// Of its document; `None` for a file that is none.
    path: Option<String>,
}

impl Item {
    pub fn rank(&self) -> usize {
        export::rank(&self.file)
    }

    /// What is to stand there, and what is said of it.
    pub fn content(&self, site: &Site) -> Option<(Label, Bytes)> {
        match &self.path {
            Some(path) => {
                let (_, bytes) = site.file(path)?;
                let content_type = site.documents().get(path)?.content_type;
                Some((Label { content_type, cache_control: CACHE_CONTROL, disposition: disposition(path) }, bytes))
            }
            None => {
                let (_, content_type, bytes) = site.beside().into_iter().find(|(name, ..)| *name == self.file)?;
                Some((Label { content_type, cache_control: CACHE_CONTROL, disposition: None }, bytes))
            }
        }
    }
}

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// In the order in which they are put.
    pub put: Vec<Item>,
    pub remove: Vec<String>,
}

/// Files of `site` that are not in the bucket as they are. Of a site whose files stand there already, only what differs from it is looked at.
pub fn work(site: &Site, done: Option<&Site>, manifest: &Manifest) -> Work {
    let changed = done.and_then(|done| changed(site, done));
    let mut put: Vec<Item> = match &changed {
        Some(paths) => {
            let named = paths.iter().filter_map(|path| Some((path.as_str(), site.file(path)?.0)));
            named.filter_map(|(path, file)| differs(site, path, file, manifest)).collect()
        }
        None => site.places().filter_map(|(path, file)| differs(site, path, file, manifest)).collect(),
    };
    for (name, ..) in site.beside() {
        let item = Item { file: name.to_owned(), path: None };
        if is_otherwise(&item, site, manifest) {
            put.push(item);
        }
    }
    // Stable: within a rank by path.
    put.sort_by_key(Item::rank);
    let remove = match changed {
        Some(_) => Vec::new(),
        None => {
            let beside = site.beside();
            let wanted: HashSet<&str> = site.places().map(|(_, file)| file).chain(beside.iter().map(|(name, ..)| *name)).collect();
            manifest.keys().filter(|name| !wanted.contains(name.as_str())).cloned().collect()
        }
    };
    Work { put, remove }
}

/// The paths whose documents differ; `None` where documents came or went, because then links of any page may lead elsewhere.
fn changed(site: &Site, done: &Site) -> Option<Vec<String>> {
    let mut paths = Vec::new();
    for item in done.documents().diff(site.documents()) {
        match item {
            DiffItem::Update { new: (path, _), .. } => paths.push(path.clone()),
            DiffItem::Add(..) | DiffItem::Remove(..) => return None,
        }
    }
    Some(paths)
}

fn differs(site: &Site, path: &str, file: &str, manifest: &Manifest) -> Option<Item> {
    let item = Item { file: file.to_owned(), path: Some(path.to_owned()) };
    is_otherwise(&item, site, manifest).then_some(item)
}

fn is_otherwise(item: &Item, site: &Site, manifest: &Manifest) -> bool {
    let Some(known) = manifest.get(&item.file).and_then(|object| object.digest.as_deref()) else { return true };
    item.content(site).is_none_or(|(label, bytes)| digest(&label, &bytes) != known)
}

/// Of what is put, and of what is said of it.
pub fn digest(label: &Label, bytes: &[u8]) -> String {
    let mut hash = Sha256::new();
    for part in [label.content_type, label.cache_control, label.disposition.as_deref().unwrap_or_default()] {
        hash.update(part);
        hash.update([0]);
    }
    hash.update(bytes);
    hash.finalize().iter().take(16).map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::output::publication::{CALENDAR, Document, HTML, Publication};

    fn site(documents: &[(&str, &'static str, &str)]) -> Site {
        let at = "2026-03-04T12:00:00Z".parse().unwrap();
        let documents: Vec<(String, Arc<Document>)> = documents
            .iter()
            .map(|(path, kind, text)| (path.to_string(), Arc::new(Document::new(kind, Bytes::from(text.to_string()), at))))
            .collect();
        Site::new(&Publication::new(documents), "https://cal.example.org")
    }

    fn manifest(site: &Site) -> Manifest {
        let all = work(site, None, &Manifest::new()).put;
        let object = |item: &Item| {
            let (label, bytes) = item.content(site).unwrap();
            Object { digest: Some(digest(&label, &bytes)), etag: None, size: bytes.len() as u64 }
        };
        all.iter().map(|item| (item.file.clone(), object(item))).collect()
    }

    fn files(work: &Work) -> Vec<&str> {
        work.put.iter().map(|item| item.file.as_str()).collect()
    }

    const PAGES: [(&str, &str, &str); 4] = [
        ("/", HTML, "<a href=\"/c/a/\">a</a>"),
        ("/c/a/", HTML, "<a href=\"/c/a/b/x\">x</a><a href=\"/feeds/a.ics\">f</a>"),
        ("/c/a/b/x", HTML, "x"),
        ("/feeds/a.ics", CALENDAR, "BEGIN"),
    ];

    #[test]
    fn what_pages_lead_to_is_put_before_them() {
        let all = work(&site(&PAGES), None, &Manifest::new());
        let order = [".nojekyll", "_headers", "feeds/a.ics", "c/a/b/x/index.html", "c/a/index.html", "404.html", "index.html"];
        let mut found = files(&all);
        found[..2].sort_unstable();
        found[5..].sort_unstable();
        assert_eq!((found, all.remove.len()), (order.to_vec(), 0));
    }

    #[test]
    fn only_what_differs_is_put_and_what_is_gone_removed() {
        let before = site(&PAGES);
        let known = manifest(&before);
        assert_eq!(work(&before, None, &known), Work::default());
        assert_eq!(work(&before, Some(&before), &known), Work::default());
        let mut pages = PAGES;
        pages[3].2 = "BEGIN again";
        let after = site(&pages);
        for done in [None, Some(&before)] {
            assert_eq!(files(&work(&after, done, &known)), ["feeds/a.ics"]);
        }
        // A page that leads to a document which is gone is another page.
        let less = site(&[PAGES[0], PAGES[1], PAGES[3]]);
        let left = work(&less, Some(&before), &known);
        assert_eq!(files(&left), ["c/a/index.html"]);
        assert_eq!(left.remove, ["c/a/b/x/index.html"]);
    }

    #[test]
    fn what_is_not_known_to_stand_there_is_put() {
        let site = site(&PAGES);
        let mut known = manifest(&site);
        known.get_mut("feeds/a.ics").unwrap().digest = None;
        assert_eq!(files(&work(&site, None, &known)), ["feeds/a.ics"]);
    }
}
