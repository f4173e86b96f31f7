//! What a folder holds, looked at by name and anew.

use proptest::prelude::*;

use super::super::folder::tests::folder_with;
use super::*;

fn paths(brought: &Brought) -> Vec<&str> {
    brought.texts.keys().map(|path| &**path).collect()
}

#[test]
fn notes_are_read_below_the_folder_in_order_and_without_hidden_ones() {
    let files = [("b.md", "b"), ("a/2.md", "2"), ("a/1.MD", "1"), (".hidden.md", ""), (".git/x.md", ""), ("c.txt", "")];
    let folder = folder_with(&files);
    let brought = read(folder.path(), "notes");
    assert_eq!(paths(&brought), ["a/1.MD", "a/2.md", "b.md"]);
    assert_eq!(&*brought.all()[2].bytes, b"b");
    assert_eq!(brought.remarks, []);
}

#[test]
fn a_link_that_leads_outside_is_not_followed() {
    let outside = folder_with(&[("secret.md", "secret"), ("below/x.md", "x")]);
    let folder = folder_with(&[("real.md", "real")]);
    std::os::unix::fs::symlink(outside.path().join("secret.md"), folder.path().join("out.md")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("below"), folder.path().join("below")).unwrap();
    std::os::unix::fs::symlink("real.md", folder.path().join("in.md")).unwrap();
    std::os::unix::fs::symlink(".", folder.path().join("round")).unwrap();
    assert_eq!(paths(&read(folder.path(), "notes")), ["in.md", "real.md"]);
    let brought = read(folder.path(), "notes");
    fs::remove_file(folder.path().join("real.md")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret.md"), folder.path().join("real.md")).unwrap();
    assert_eq!(brought.all(), [], "nor when it takes the place of a note that was read");
}

#[test]
fn a_note_of_10_mb_is_a_remark_and_the_others_are_read() {
    let folder = folder_with(&[("a.md", "a"), ("huge.md", &"x".repeat(10 * 1024 * 1024))]);
    let brought = read(folder.path(), "notes");
    assert_eq!(paths(&brought), ["a.md"]);
    assert_eq!(brought.remarks.len(), 1);
    assert_eq!((&*brought.remarks[0].place.file, brought.remarks[0].code), ("notes/huge.md", "unreadable"));
    assert!(brought.remarks[0].sentence.contains("2 MB"));
}

#[test]
fn a_name_that_is_not_utf_8_is_a_remark() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = folder_with(&[("below/a.md", "a")]);
    fs::write(folder.path().join("below").join(std::ffi::OsStr::from_bytes(b"caf\xe9.md")), "x").unwrap();
    let brought = read(folder.path(), "notes");
    assert_eq!(paths(&brought), ["below/a.md"]);
    let said = &brought.remarks;
    assert_eq!((said.len(), &*said[0].place.file, said[0].code), (1, "notes/below", "unreadable"));
}

#[test]
fn a_missing_folder_is_a_remark() {
    let folder = tempfile::tempdir().unwrap();
    let brought = read(&folder.path().join("gone"), "gone");
    assert_eq!((brought.texts.len(), brought.remarks.len(), &*brought.remarks[0].place.file), (0, 1, "gone"));
}

fn at(second: i64) -> DateTime<Utc> {
    Utc::now() + TimeDelta::seconds(second)
}

#[test]
fn what_says_that_it_did_not_change_is_not_read_again() {
    let folder = folder_with(&[("a.md", "one"), ("b.md", "two")]);
    let mut notes = Notes::new(folder.path().to_owned(), "notes");
    notes.look(at(60));
    notes.files.get_mut("a.md").unwrap().digest = Digest::GONE;
    fs::write(folder.path().join("b.md"), "three").unwrap();
    notes.look(at(120));
    assert_eq!(notes.brought.texts["a.md"], Digest::GONE, "kept as it was known");
    assert_eq!(notes.brought.texts["b.md"], Digest::of(b"three"));
}

#[test]
fn what_changed_just_before_it_was_read_is_read_again() {
    let folder = folder_with(&[("a.md", "one")]);
    let mut notes = Notes::new(folder.path().to_owned(), "notes");
    notes.look(at(0));
    notes.files.get_mut("a.md").unwrap().digest = Digest::GONE;
    notes.look(at(60));
    assert_eq!(notes.brought.texts["a.md"], Digest::of(b"one"));
}

#[derive(Clone, Debug)]
enum Step {
    Write(usize, u8),
    Remove(usize),
    RemoveFolder(usize),
    Rename(usize, usize),
    RenameFolder(usize, usize),
    Link(usize, usize),
    Refresh,
}

const FOLDERS: [&str; 4] = ["a", "b", "a/below", ".hidden"];
const FILES: [&str; 8] = ["1.md", "a/1.md", "a/2.txt", "a/below/1.md", "b/1.MD", "b/3.md", ".hidden/1.md", "ab.md"];

fn step() -> impl Strategy<Value = Step> {
    let (file, below) = (|| 0..FILES.len(), || 0..FOLDERS.len());
    prop_oneof![
        6 => (file(), any::<u8>()).prop_map(|(file, words)| Step::Write(file, words)),
        2 => file().prop_map(Step::Remove),
        1 => below().prop_map(Step::RemoveFolder),
        2 => (file(), file()).prop_map(|(a, b)| Step::Rename(a, b)),
        1 => (below(), below()).prop_map(|(a, b)| Step::RenameFolder(a, b)),
        1 => (file(), file()).prop_map(|(a, b)| Step::Link(a, b)),
        1 => Just(Step::Refresh),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if std::env::var_os("CONVENED_FULL").is_some() { 2000 } else { 64 }))]

    #[test]
    fn what_is_looked_at_by_name_is_what_is_read_anew(steps in proptest::collection::vec(step(), 1..24)) {
        let house = tempfile::tempdir().unwrap();
        let root = house.path().join("notes");
        fs::create_dir_all(&root).unwrap();
        let mut notes = Notes::new(root.clone(), "notes");
        notes.look(at(0));
        for step in steps {
            let mut named = BTreeSet::new();
            let mut touch = |relative: &str| named.extend([root.join(relative)]);
            // What the system refuses - a file where a folder is - changes nothing.
            match &step {
                Step::Write(file, words) => {
                    let path = root.join(FILES[*file]);
                    // A folder that is made is named as well.
                    path.ancestors().skip(1).take_while(|above| *above != root && !above.exists()).for_each(|above| touch(above.strip_prefix(&root).unwrap().to_str().unwrap()));
                    let _ = fs::create_dir_all(path.parent().unwrap()).and_then(|()| fs::write(&path, [*words]));
                    touch(FILES[*file]);
                    // What is written through a link is named as what it leads to.
                    let real = fs::canonicalize(&path).ok();
                    real.iter().filter_map(|real| real.strip_prefix(fs::canonicalize(&root).ok()?).ok()?.to_str()).for_each(touch);
                }
                Step::Remove(file) => {
                    let _ = fs::remove_file(root.join(FILES[*file]));
                    touch(FILES[*file]);
                }
                Step::RemoveFolder(folder) => {
                    let _ = fs::remove_dir_all(root.join(FOLDERS[*folder]));
                    touch(FOLDERS[*folder]);
                }
                Step::Rename(a, b) => {
                    let _ = fs::rename(root.join(FILES[*a]), root.join(FILES[*b]));
                    touch(FILES[*a]);
                    touch(FILES[*b]);
                }
                Step::RenameFolder(a, b) => {
                    let _ = fs::rename(root.join(FOLDERS[*a]), root.join(FOLDERS[*b]));
                    touch(FOLDERS[*a]);
                    touch(FOLDERS[*b]);
                }
                Step::Link(a, b) => {
                    let _ = std::os::unix::fs::symlink(root.join(FILES[*a]), root.join(FILES[*b]));
                    touch(FILES[*b]);
                }
                Step::Refresh => {}
            }
            match step {
                Step::Refresh => notes.look(at(0)),
                _ => notes.look_at(&named, at(0)),
            }
            let anew = read(&root, "notes");
            prop_assert_eq!(&notes.brought.texts, &anew.texts, "after {:?}", step);
            prop_assert_eq!(&notes.brought.remarks, &anew.remarks, "after {:?}", step);
            prop_assert_eq!(notes.brought.all(), anew.all());
        }
    }
}
