//! Kinds of faults that were found by reading samples of notes outside the labelled ones, each mended; told again in invented words.

use super::read;

fn items(body: &str) -> Vec<String> {
    let text = format!("# 2026-07-15 Lantern call\n\nPresent: Kim, Noor\n\n{body}\n");
    let shown = |i: &convened::notes::ActionItem| format!("{}{}: {}", if i.done { "x " } else { "" }, i.owners.join("+"), i.text);
    read("x.md", &text).action_items.iter().map(shown).collect()
}

fn people(text: &str) -> Vec<String> {
    read("2026-07-15.md", text).attendees.iter().map(|a| a.name.clone().or(a.handle.clone()).unwrap_or_default()).collect()
}

#[test]
fn a_word_on_the_state_of_things_owns_nothing() {
    assert_eq!(items("## Previous items\n\n- (DISCUSSED/Postponed) New approach to the builds"), [""; 0]);
    assert_eq!(items("## Topics\n\n- Discussed and Kim will collect the rest in one issue."), [""; 0]);
    assert_eq!(items("## Topics\n\n- The proposal was accepted. Just needs to be merged."), [""; 0]);
    assert_eq!(items("## Topics\n\n- Folks will test it with the lamp"), [""; 0]);
    assert_eq!(items("## Action items\n\n- XXX - Write the guide"), [": XXX - Write the guide"]);
    assert_eq!(items("## Action items\n\n- [ ] (???) build the page"), [": build the page"]);
}

#[test]
fn in_a_list_of_work_a_name_before_to_is_an_owner_though_the_note_does_not_know_it() {
    for (line, want) in [
        ("- [ ] Justus to export the board", "Justus: export the board"),
        ("- [ ] Gena should review the drafts", "Gena: review the drafts"),
        ("- [ ] Melia (really for next week) to think about the gallery", "Melia: think about the gallery"),
        ("- [ ] Switch to the new builder", ": Switch to the new builder"),
        ("- [ ] Access to the machine room", ": Access to the machine room"),
        ("- 4: Chim, Guen - investigate the converters", "Chim+Guen: investigate the converters"),
        ("- 2. Look into the tests", ": Look into the tests"),
        ("- All: read the plan", "All: read the plan"),
        ("- [ ] @lamp/harbour - tag the issues", "lamp/harbour: tag the issues"),
        ("- [ ] @kim/@noor - tag the issues", "kim+noor: tag the issues"),
    ] {
        assert_eq!(items(&format!("## Action items\n\n{line}")), [want], "{line}");
    }
}

#[test]
fn a_bracket_behind_an_item_may_say_that_it_is_done_or_whose_it_is() {
    assert_eq!(items("## Action items\n\n- Add the mirror (Kim done)"), ["x Kim: Add the mirror"]);
    assert_eq!(items("## Topics\n\n- TODO: make a web team (action Noor)."), ["Noor: make a web team"]);
}

#[test]
fn who_will_do_this_has_the_point_above_as_the_task() {
    assert_eq!(
        items("## Topics\n\n- [ ] Who wants to close the old list?\n    - [ ] Kim will do this."),
        ["Kim: Who wants to close the old list?"]
    );
    assert_eq!(items("## Topics\n\n- The lamp is broken.\n    - Noor will look into it."), ["Noor: look into it: The lamp is broken"]);
    assert_eq!(items("## Topics\n\n- Actions\n    - Noor will look into it."), ["Noor: look into it."]);
}

#[test]
fn a_date_on_a_line_of_its_own_continues_no_item() {
    let text = "## Action items\n\n2026-07-01\n* [ ] Kim: tell the harbour\n2026-06-24\n* [ ] Noor: sweep the pier";
    assert_eq!(items(text), ["Kim: tell the harbour", "Noor: sweep the pier"]);
}

#[test]
fn a_box_shuts_the_list_of_people() {
    let text = "Lantern 2026-07-15\n===\n###### tags: `lamp`\n:::info\n- **Participants:**\n    - Kim Alder\n    - Noor Bell\n:::\n<!-- talk goes here -->\nTODO\n  - Docs\n      - They are a bit confusing\n";
    assert_eq!(people(text), ["Kim Alder", "Noor Bell"]);
    assert_eq!(read("2026-07-15.md", text).series_text.as_deref(), Some("Lantern"));
}

#[test]
fn who_checks_in_is_there_and_so_is_who_stands_below_the_title() {
    let text = "# 2026-07-15 Lantern\n\n### Check-in :wave:\n* _Name / handle / place_\n* Kim Alder (she/her) / @kim / Bergen\n* Noor / @noor / Lisbon\n\n### Topics\n";
    assert_eq!(people(text), ["Kim Alder", "Noor"]);
    assert_eq!(people("# 2026-07-15 Lantern\n\nKim, Noor, Lee W, Ada (late)\n\nA special call.\n"), ["Kim", "Noor", "Lee W", "Ada"]);
    assert_eq!(people("# 2026-07-15 Lantern\n\nPython, Windows, macOS\n"), [""; 0]);
    assert_eq!(people("# 2026-07-15 Lantern\n\n### Check in\n\n- How is everybody?\n- The weather\n"), [""; 0]);
}

#[test]
fn a_section_is_no_series() {
    for (text, want) in [
        ("# Status 2026-07-15\n\n## Harbour report\n\nIt came.\n", None),
        ("# 2026-07-15\n\n## Action items\n", None),
        ("# 2026-07-15\n\n## Harbour team meeting\n", Some("Harbour team meeting")),
    ] {
        assert_eq!(read("2026-07-15.md", text).series_text.as_deref(), want, "{text}");
    }
}

#[test]
fn rooms_without_a_scheme_and_rooms_of_ones_own_are_joined() {
    for (line, want) in [
        ("Join Hangouts Meet: meet.google.com/abc-defg-hij", "https://meet.google.com/abc-defg-hij"),
        ("Zoom: zoom.us/j/123456789?pwd=x", "https://zoom.us/j/123456789?pwd=x"),
        ("Meet at https://app.gather.town/app/abc/lamp in the tower", "https://app.gather.town/app/abc/lamp"),
        ("Room: https://meet.example.org/lamp", "https://meet.example.org/lamp"),
    ] {
        let note = read("2026-07-15.md", &format!("# 2026-07-15 Lantern\n\n{line}\n"));
        assert_eq!(note.join.iter().map(|j| j.url.as_str()).collect::<Vec<_>>(), [want], "{line}");
    }
}

#[test]
fn marks_that_nobody_sees_hide_nothing() {
    let text = "# 2026-07-15 Lantern\n\nJoin by phone: +1 555-010-0281\u{202c} PIN: \u{202a}416 898 831\u{202c}#\n";
    let dial = &read("2026-07-15.md", text).dial_in[0];
    assert_eq!((dial.phone.as_deref(), dial.pin.as_deref()), (Some("+1 555-010-0281"), Some("416 898 831#")));
}
