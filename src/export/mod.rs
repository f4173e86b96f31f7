//! The publication as a folder of static files, for hosts that run no program: each document at the address it has on a server, with the
//! ending that makes a host send the right type, pages linked from file to file. What needs a server is left out or said on the page.

mod folder;
mod relative;
pub mod told;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use imbl::OrdMap;

pub use folder::{ExportError, Exported, as_it_is, read, write};
use relative::Places;

use crate::output::headers::CACHE_CONTROL;
use crate::output::page::{self, policy};
use crate::output::publication::{ATOM, CALENDAR, CSS, Document, HTML, JSON, Publication, SCRIPT, TEXT};

/// The files of an export by their place in the folder, with `/` between the names.
pub type Files = BTreeMap<String, Bytes>;

/// What an address leads to that is none of ours.
const NOT_FOUND: &str = "404.html";
/// Types and origins for hosts that read such a file (Netlify, Cloudflare Pages and others); the rest serve it as a text.
const HEADERS: &str = "_headers";
/// Without it GitHub Pages leaves out files that begin with an underscore.
const NO_JEKYLL: &str = ".nojekyll";

/// The form for another zone, as the pages have it, and what stands behind it where no server answers it.
const ZONE_FORM_ENDS: &str = "<p class=\"said\" role=\"status\"></p>";
const ZONE_WANTS_SCRIPT: &str = "<noscript><p class=\"quiet\">Another zone wants a script here: these pages come without a server. The hours are those of UTC.</p></noscript>";
/// What a page says of a link that is shown around its meeting only.
const JOIN_LATER: &str = "from 20 minutes before the start.";
const JOIN_LATER_HERE: &str = "from 20 minutes before the start, as soon as this copy is made anew.";

/// A publication as it stands without a server: which file each document is, and the files that hosts want beside them.
#[derive(Debug)]
pub struct Site {
    documents: OrdMap<String, Arc<Document>>,
    places: Places,
}

impl Site {
    /// `base_url` is where the files will stand; only what must work at any address uses it.
    pub fn new(publication: &Publication, base_url: &str) -> Site {
        let documents = publication.documents.clone();
        let places = Places::new(documents.iter().map(|(path, document)| (path.clone(), place(path, document))), base_url);
        Site { documents, places }
    }

    pub fn documents(&self) -> &OrdMap<String, Arc<Document>> {
        &self.documents
    }

    /// Whether it was made for this address.
    pub fn is_at(&self, base_url: &str) -> bool {
        self.places.is_at(base_url)
    }

    /// The path of each document with its file.
    pub fn places(&self) -> impl Iterator<Item = (&str, &str)> {
        self.places.all()
    }

    /// The file of a document, and what is in it.
    pub fn file(&self, path: &str) -> Option<(&str, Bytes)> {
        let (document, file) = (self.documents.get(path)?, self.places.file(path)?);
        let bytes = match document.content_type {
            HTML => Bytes::from(without_server(&self.places.page(&String::from_utf8_lossy(&document.bytes), Some(file)))),
            _ => document.bytes.clone(),
        };
        Some((file, bytes))
    }

    /// The files that are no documents of the publication: name, type and bytes.
    pub fn beside(&self) -> [(&'static str, &'static str, Bytes); 3] {
        let missing = page::notice(
            "There is no such page",
            "Perhaps the address was cut in a letter, or the meeting was never planned. These pages come without a server: an organiser's link \
             does nothing here, and `convened changes` and `convened approve` take its place.",
        );
        [
            (NOT_FOUND, HTML, Bytes::from(without_server(&self.places.page(&missing, None)))),
            (HEADERS, TEXT, Bytes::from(headers(&self.documents))),
            (NO_JEKYLL, TEXT, Bytes::new()),
        ]
    }
}

/// Everything that is published as files.
pub fn files(publication: &Publication, base_url: &str) -> Files {
    let site = Site::new(publication, base_url);
    let documents = site.places().filter_map(|(path, file)| Some((file.to_owned(), site.file(path)?.1)));
    documents.chain(site.beside().map(|(name, _, bytes)| (name.to_owned(), bytes))).collect()
}

/// In which order files are put: what pages refer to before them, and of pages the deeper ones first. So whoever follows a link finds what
/// it leads to.
pub fn rank(file: &str) -> usize {
    match file.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => 11 - file.matches('/').count().min(9),
        Some("ics" | "json" | "atom") => 1,
        _ => 0,
    }
}

/// Where a document's file stands. A page is the index of a folder of its name: hosts find it with and without the slash at its end.
fn place(path: &str, document: &Document) -> String {
    let inner = path.trim_matches('/');
    let ending = match document.content_type {
        HTML if inner.is_empty() => return "index.html".to_owned(),
        HTML if inner.ends_with(".html") => return inner.to_owned(),
        HTML => "/index.html",
        CALENDAR => ".ics",
        JSON => ".json",
        ATOM => ".atom",
        CSS => ".css",
        SCRIPT => ".js",
        _ => "",
    };
    if inner.ends_with(ending) { inner.to_owned() } else { format!("{inner}{ending}") }
}

/// Says what a server would say in a header, for hosts that send none, and what cannot be had without one.
fn without_server(page: &str) -> String {
    let policy = format!("<head>\n<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">", policy::POLICY);
    page.replacen("<head>", &policy, 1)
        .replace(ZONE_FORM_ENDS, &format!("{ZONE_FORM_ENDS}{ZONE_WANTS_SCRIPT}"))
        .replace(JOIN_LATER, JOIN_LATER_HERE)
}

/// By ending: what a document of this kind is, and who may read it from elsewhere.
fn headers(documents: &OrdMap<String, Arc<Document>>) -> String {
    // Hosts put what several lines say of a file together in ways of their own, so frames are not spoken of: nothing on these pages acts.
    let mut text = format!("/*\n  Content-Security-Policy: {}\n", policy::POLICY);
    text.extend(policy::OTHERS.iter().map(|(name, value)| format!("  {name}: {value}\n")));
    text.push_str(&format!("  Cache-Control: {CACHE_CONTROL}\n"));
    for (ending, content_type) in [("ics", CALENDAR), ("json", JSON), ("atom", ATOM)] {
        if documents.values().any(|document| document.content_type == content_type) {
            text.push_str(&format!("/*.{ending}\n  Content-Type: {content_type}\n  Access-Control-Allow-Origin: *\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests;
