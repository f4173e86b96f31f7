use std::collections::BTreeMap;

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::source::{Place, UNREADABLE};
use crate::sources::zoneinfo::embedded;

const SCHEDULE: &str = "format = 1\ntitle = \"Orchard\"\norganisers = [\"ann@example.org\"]\n\
    [[notes]]\nfolder = \"notes\"\ntrusted = true\nurl = \"https://git.example.org/{path}\"\n[[notes]]\nfolder = \"pads/pruning\"\nseries = \"pruning\"\n\
    [[series]]\nid = \"pruning\"\ntitle = \"Pruning\"\nevery = \"week\"\nfrom = 2026-03-05\ntime = \"18:00\"\nzone = \"UTC\"\njoin = \"https://meet.example.org/a\"\n\
    [[series]]\nid = \"cider\"\ntitle = \"Cider\"\nevery = \"2 weeks\"\nfrom = 2026-03-03\ntime = \"17:00\"\nzone = \"Europe/Berlin\"\n";

const NOTES: [&str; 7] = [
    "# Pruning 2026-11-19\n\nJoin: https://meet.example.org/b\n\n## Action items\n\n- [ ] @ann: mend the long ladder in the barn\n- [ ] @bob: buy new saws for everybody\n",
    "# Pruning 2026-11-12\n\n## Action items\n\n- [x] @ann: mend the long ladder in the barn\n- [ ] @bob: buy new saws for everybody\n- [ ] @cy: call the mill about the press\n- [ ] @cy: count the crates\n",
    "# Pruning 2026-11-19\n\nThe next Pruning meeting on 26 November is cancelled because of the harvest.\n",
    "# Cider 2026-11-24\n\nThe Cider meeting of 8 December is cancelled. The Pruning meeting on 3 December moves to 19:00 UTC.\n",
    "# Cider 2026-09-29\n\nTime: 11:00 UTC\n\n- [ ] @dan: taste\n\nThe meeting on 13 October is cancelled.\n",
    "nothing of a heading\n",
    "# Weaving 2026-11-19\n\n- [ ] @eve: warp\n",
];

#[derive(Clone, Debug)]
enum Step {
    Write { path: usize, words: usize },
    Remove { path: usize },
    Swap { paths: (usize, usize) },
    Unreadable { is: bool },
    Retitle,
    Wait { minutes: i64 },
    ClockBack,
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let path = || 0..PATHS.len();
    let step = prop_oneof![
        6 => (path(), 0..NOTES.len()).prop_map(|(path, words)| Step::Write { path, words }),
        2 => path().prop_map(|path| Step::Remove { path }),
        1 => (path(), path()).prop_map(|paths| Step::Swap { paths }),
        1 => any::<bool>().prop_map(|is| Step::Unreadable { is }),
        1 => Just(Step::Retitle),
        4 => prop_oneof![1..40i64, 1..100_000i64].prop_map(|minutes| Step::Wait { minutes }),
        1 => Just(Step::ClockBack),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 4..16)
}

/// Folder and path of each note there may be.
const PATHS: [(&str, &str); 6] = [
    ("notes", "2026-11-19.md"),
    ("notes", "cider/2026-11-24.md"),
    ("notes", "cider/old.md"),
    ("notes", "z.md"),
    ("pads/pruning", "2026-11-12.md"),
    ("pads/pruning", "pad.md"),
];

fn cases() -> ProptestConfig {
    ProptestConfig::with_cases(if std::env::var_os("CONVENED_FULL").is_some() { 1000 } else { 24 })
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn what_is_kept_of_the_notes_is_what_is_understood_after_a_restart(steps in steps()) {
        let (zones, store) = (embedded(), Store::in_memory().unwrap());
        let identity = Identity {
            base_url: "https://cal.example.org".to_owned(),
            title: "Everything".to_owned(),
            uid_domain: "cal.example.org".to_owned(),
            from: Address { name: None, email: "cal@example.org".to_owned() },
            message_domain: "cal.example.org".to_owned(),
            afterwards: Default::default(),
        };
        let (mut held, mut schedule, mut unreadable) = (BTreeMap::new(), SCHEDULE.to_owned(), false);
        let mut now: DateTime<Utc> = "2026-11-20T12:00:00Z".parse().unwrap();
        let mut kept = Kept::recall(&store).unwrap();
        let mut brought: BTreeMap<String, Brought> = BTreeMap::new();
        for step in std::iter::once(&Step::Write { path: 0, words: 0 }).chain(&steps) {
            match step {
                Step::Write { path, words } => drop(held.insert(PATHS[*path], NOTES[*words])),
                Step::Remove { path } => drop(held.remove(&PATHS[*path])),
                Step::Swap { paths: (a, b) } => {
                    if let Some(words) = held.remove(&PATHS[*a]) {
                        held.insert(PATHS[*b], words);
                    }
                }
                Step::Unreadable { is } => unreadable = *is,
                Step::Retitle => schedule = schedule.replacen("title = \"O", "title = \"Our o", 1),
                Step::Wait { minutes } => now += TimeDelta::minutes(*minutes),
                Step::ClockBack => now -= TimeDelta::minutes(50),
                Step::Restart => kept = Kept::recall(&store).unwrap(),
            }
            // As the daemon does: what is the same stays the very same.
            for folder in ["notes", "pads/pruning"] {
                let texts = held.iter().filter(|((of, _), _)| *of == folder).map(|((_, path), words)| Text::new(*path, words.as_bytes()));
                let said = Remark::fault(Place::new("notes/cider", 0), UNREADABLE, "This folder cannot be read.");
                let remarks = if unreadable && folder == "notes" { vec![said] } else { Vec::new() };
                let read = Brought { remarks, ..texts.collect() };
                if brought.get(folder) != Some(&read) {
                    brought.insert(folder.to_owned(), read);
                }
            }
            let config = [Text::new("communities/orchard.toml", schedule.as_bytes())];
            let given = Given { config: &config, zones: &zones, identity: &identity, grants: None, remarks: &[] };
            let mut bring = |folder: &NotesFolder| brought.get(&folder.folder).cloned().unwrap_or_default();
            let ledger = || store.recall(now).unwrap().ledger;
            let mut fresh = Kept::recall(&store).unwrap();
            let anew = survey(&mut fresh, &mut ledger(), &given, &mut bring, now).unwrap();
            let again = survey(&mut kept, &mut ledger(), &given, &mut bring, now).unwrap();
            prop_assert_eq!(&again.calendar, &anew.calendar, "after {:?} at {}", step, now);
            prop_assert_eq!(&again.remarks, &anew.remarks, "after {:?} at {}", step, now);
            prop_assert_eq!(again.next, anew.next, "after {:?} at {}", step, now);
            let changes = kept.texts.take_changes();
            prop_assert_eq!(&changes, &fresh.texts.take_changes(), "after {:?} at {}", step, now);
            kept.texts.give_back(changes);
            let walked = walk(&store, &mut kept, &given, &mut bring, now).unwrap();
            prop_assert!(walked.next.is_some_and(|next| next > now));
            let (_, looked) = look(&store, &mut Kept::recall(&store).unwrap(), &given, &mut bring, now).unwrap();
            for (path, document) in &walked.publication.documents {
                prop_assert!(looked.documents[path].bytes == document.bytes, "{path} after {step:?} at {now}");
            }
            prop_assert_eq!(walked.publication.documents.len(), looked.documents.len());
        }
    }
}
