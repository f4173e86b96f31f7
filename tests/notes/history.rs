use convened::notes::resolve::{self, ItemHistory, ItemState};

use super::read;

fn through(notes: &[&str]) -> Vec<ItemHistory> {
    let read: Vec<_> = notes
        .iter()
        .enumerate()
        .map(|(n, items)| {
            let date = format!("2026-07-{:02}", n * 7 + 1);
            read(&format!("{date}.md"), &format!("# {date} Lantern\n\nPresent: Kim, Noor, Lee\n\n## Action items\n\n{items}\n"))
        })
        .collect();
    resolve::history(&read)
}

#[test]
fn an_item_copied_through_many_notes_is_one_item() {
    let all = through(&["- [ ] Kim: write the blog post on lamps"; 4]);
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].meetings, all[0].state, all[0].first.unwrap().to_string().as_str()), (4, ItemState::Open, "2026-07-01"));
    assert_eq!(all[0].seen.len(), 4);
}

#[test]
fn rewording_new_owners_and_ticks_do_not_make_a_new_item() {
    for (a, b, done) in [
        ("- [ ] Kim: write the blog post on lamps", "- [x] Kim: write the blog post on lamps", true),
        ("- [ ] open an issue on the cluster work", "- [ ] Noor: open an issue on the cluster work", false),
        (
            "- [ ] Kim - reach out to clean up the hiccups.",
            "- [ ] Kim: reach out to clean up the hiccups. Still in progress 2026-07-08",
            false,
        ),
        ("- [ ] Lee: send out the port for review", "- [ ] Kim and Noor: send out the port for review", false),
        ("- [ ] Kim: turn off mast auto-generation", "- [x] Kim: make a patch to turn off mast auto-generation - now at #77", true),
        ("- [ ] Kim to ask for availability and interest", "- [ ] Kim to ask for interest and availability", false),
    ] {
        let all = through(&[a, b]);
        assert_eq!(all.len(), 1, "{a} -> {b}: {all:?}");
        assert_eq!(all[0].state == ItemState::Done, done);
        assert_eq!(all[0].done_in.is_some(), done);
    }
}

#[test]
fn look_alikes_are_different_items() {
    for (a, b) in [
        ("- [ ] Kim: review #1183", "- [ ] Kim: review #1185"),
        ("- [ ] Kim: review 1053", "- [ ] Kim: review [#1111](https://example.org/pull/1111)"),
        ("- [ ] step-10 next: Kim to call a vote", "- [ ] step-06 next: ask the team to move it forward"),
        ("- [ ] Kim/ Noor/ Lee meet next week to discuss the handler", "- [ ] Kim/ Noor/ Jo meet next week to discuss the website"),
        ("- [ ] Kim: make an announcement on the harbour list", "- [ ] Noor: send an announcement on the list"),
    ] {
        assert_eq!(through(&[a, b]).len(), 2, "{a} / {b}");
        assert_eq!(through(&[&format!("{a}\n{b}")]).len(), 2, "{a} / {b} in one note");
    }
}

#[test]
fn an_item_taken_up_again_is_open_and_keeps_its_id() {
    let all = through(&["- [ ] Kim: rotate the signing keys", "- [x] Kim: rotate the signing keys", "- [ ] Kim: rotate the signing keys"]);
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].state, all[0].done_in.clone()), (ItemState::Open, None));
    assert_eq!(all[0].id, through(&["- [ ] Kim: rotate the signing keys"])[0].id);
}
