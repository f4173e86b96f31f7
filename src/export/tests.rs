use std::fs;
use std::path::Path;

use super::*;
use crate::export::told::{State, revisions_of};
use crate::meeting::calendar::Verdicts;
use crate::plan::component::sample::{published, site, tide, utc};
use crate::plan::component::{parts, revise};
use crate::plan::ledger::Ledger;

const NOW: &str = "2026-11-20T12:00:00Z";

fn exported() -> Files {
    files(&published(&tide(), &Ledger::default(), utc(NOW), None), &site().base_url)
}

fn modified(folder: &Path, name: &str) -> std::time::SystemTime {
    fs::metadata(folder.join(name)).unwrap().modified().unwrap()
}

#[test]
fn every_document_has_a_file_at_its_address() {
    let publication = published(&tide(), &Ledger::default(), utc(NOW), None);
    let files = exported();
    assert_eq!(files.len(), publication.documents.len() + 3);
    for name in [
        "index.html",
        "c/tide/index.html",
        "c/tide/call/index.html",
        "c/tide/month/index.html",
        "feeds/all.ics",
        "feeds/tide/call.show.ics",
        "style.css",
    ] {
        assert!(files.contains_key(name), "{name}");
    }
    let feeds = publication.documents.iter().filter(|(path, _)| path.ends_with(".ics"));
    for (path, document) in feeds {
        assert_eq!(files[path.trim_start_matches('/')], document.bytes, "{path} is the very feed of the server");
    }
}

#[test]
fn what_needs_a_server_is_said_on_the_page() {
    let files = exported();
    let page = std::str::from_utf8(&files["c/tide/index.html"]).unwrap();
    assert!(
        page.contains("<form class=\"zone\"") && page.contains("<noscript><p class=\"quiet\">Another zone wants a script here"),
        "{page}"
    );
}

#[test]
fn only_what_changed_is_written_and_what_vanished_goes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("site");
    let mut files = exported();
    let first = write(&files, &folder).unwrap();
    assert_eq!((first.written, first.removed, first.files), (files.len(), 0, files.len()));
    let before = modified(&folder, "feeds/all.ics");
    fs::write(folder.join("CNAME"), "cal.example.org").unwrap();
    files.insert("feeds/other.ics".to_owned(), Bytes::from_static(b"new"));
    let gone: Vec<String> = files.keys().filter(|name| name.starts_with("c/tide/call/2026")).cloned().collect();
    files.retain(|name, _| !gone.contains(name));
    let second = write(&files, &folder).unwrap();
    assert_eq!((second.written, second.removed), (1, gone.len()));
    assert_eq!(modified(&folder, "feeds/all.ics"), before, "the same bytes are not written again");
    assert!(
        !gone.is_empty() && gone.iter().all(|name| !folder.join(name).parent().unwrap().exists()),
        "an empty folder goes with its file"
    );
    assert_eq!(fs::read_to_string(folder.join("CNAME")).unwrap(), "cal.example.org", "what is not ours stays");
    assert_eq!(write(&files, &folder).unwrap().written, 0);
}

#[test]
fn a_file_that_is_not_ours_is_never_written_over_nor_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("index.html"), "mine").unwrap();
    let error = write(&exported(), folder.path()).unwrap_err();
    assert!(matches!(error, ExportError::NotOurs { .. }), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was changed");
    fs::remove_file(folder.path().join("index.html")).unwrap();
    write(&exported(), folder.path()).unwrap();
    for hostile in ["\"../other\"", "\"/etc/passwd\"", "\"a/../../b\"", "\"\""] {
        fs::write(folder.path().join("convened-files.json"), format!("{{\"format\":1,\"files\":[{hostile}]}}")).unwrap();
        assert!(matches!(write(&exported(), folder.path()), Err(ExportError::Manifest { .. })), "{hostile}");
    }
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("kept"), "mine").unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("away")).unwrap();
    let mut names: Vec<String> = exported().keys().cloned().collect();
    names.push("away/kept".to_owned());
    fs::write(folder.path().join("convened-files.json"), serde_json::json!({ "format": 1, "files": names }).to_string()).unwrap();
    write(&exported(), folder.path()).unwrap();
    assert!(elsewhere.path().join("kept").exists(), "nothing behind a link is taken away");
}

#[test]
fn a_state_is_read_as_it_was_written() {
    let mut ledger = Ledger { born: Some(utc(NOW)), ..Ledger::default() };
    let calendar = tide();
    let made = parts(&calendar, &Verdicts::default(), &ledger.revisions, utc(NOW), &[]);
    ledger.revisions.extend(revise(made.iter().flat_map(|part| &part.components), &ledger.revisions, utc(NOW)));
    let state = State::of(&ledger, &calendar, &[], 7, "0011");
    let read = State::read(state.text().as_bytes()).unwrap();
    assert_eq!(read, state);
    assert_eq!(read.memory(&calendar, "cal.example.org").unwrap(), ledger);
    assert!(State::read(b"{\"format\": 1}").is_err());
    let other = state.text().replace("\"format\": 1", "\"format\": 2");
    assert!(State::read(other.as_bytes()).unwrap_err().contains("format 2"));
}

#[test]
fn a_feed_says_under_which_revisions_its_events_stand() {
    let calendar = tide();
    let mut ledger = Ledger::default();
    ledger.decisions.push(crate::plan::component::sample::decide(
        "tide/call",
        "2026-11-19T00:00:00Z",
        &[("2026-12-02T18:00:00", crate::meeting::change::Verdict::Cancel)],
        None,
    ));
    let made = parts(&calendar, &Verdicts::of(&ledger.decisions), &ledger.revisions, utc(NOW), &[]);
    ledger.revisions.extend(revise(made.iter().flat_map(|part| &part.components), &ledger.revisions, utc(NOW)));
    let publication = published(&calendar, &ledger, utc(NOW), None);
    let read = revisions_of(std::str::from_utf8(&publication.documents["/feeds/tide/call.ics"].bytes).unwrap());
    assert!(read.len() >= 2 && read.keys().any(|name| name.ends_with("/20261202T1800")), "{read:?}");
    for (name, revision) in read {
        let known = &ledger.revisions[&name];
        assert_eq!((revision.sequence, revision.changed_at), (known.sequence, known.changed_at), "{name}");
    }
}
