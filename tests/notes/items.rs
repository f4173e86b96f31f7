use super::read;

/// "line owners|done text" of each item.
fn items(text: &str) -> Vec<String> {
    let note = read("x.md", &format!("# 2026-07-15 Lantern\n\nPresent: Kim Alder (KA), Noor Haddad (NH), Lee\n\n{text}\n"));
    note.action_items.iter().map(|i| format!("{}{}: {}", if i.done { "x " } else { "" }, i.owners.join("+"), i.text)).collect()
}

#[test]
fn a_section_of_action_items_is_read_in_all_its_forms() {
    let list = |line: &str| items(&format!("## Action items\n\n{line}"));
    for (line, want) in [
        ("- [ ] Kim: write the survey", "Kim: write the survey"),
        ("- [x] Kim: write the survey", "x Kim: write the survey"),
        ("- [] Kim - write the survey", "Kim: write the survey"),
        ("* [ ] (KA) write the survey", "KA: write the survey"),
        ("* [ ] (KA/NH/IF) write the survey", "KA+NH+IF: write the survey"),
        ("* [ ] (Jo?) write the survey", "Jo: write the survey"),
        ("* [ ] (Needs Owner) write the survey", ": write the survey"),
        ("* ( ) [ ] write the survey", ": write the survey"),
        ("- [name=Kim] write the survey", "Kim: write the survey"),
        ("- [ ] [name=Kim] & [name=Noor] write the survey", "Kim+Noor: write the survey"),
        ("- Kim will write the survey", "Kim: write the survey"),
        ("- Kim and Noor to write the survey", "Kim+Noor: write the survey"),
        ("- Kim/ Noor/ Lee meet to write the survey", "Kim+Noor+Lee: Kim/ Noor/ Lee meet to write the survey"),
        ("- @kim-a to write the survey", "kim-a: write the survey"),
        ("- @kim-a, @noor - write the survey", "kim-a+noor: write the survey"),
        ("- write the survey @kim-a", "kim-a: write the survey"),
        ("- Write the survey (Kim)", "Kim: Write the survey"),
        ("- [Kim/Lee] Write the survey", "Kim+Lee: Write the survey"),
        ("- AI Kim: write the survey", "Kim: write the survey"),
        ("- TODO: Kim to write the survey", "Kim: write the survey"),
        ("[x] Kim: write the survey", "x Kim: write the survey"),
        ("- Let's write the survey", ": Let's write the survey"),
        ("- [name=Kim] ~~write the long survey~~ Merged.", "x Kim: write the long survey Merged."),
        ("- Kim: write the survey. DONE #12", "x Kim: write the survey. DONE #12"),
        ("- Kim: write the survey\n    - Done at https://example.org/1", "x Kim: write the survey"),
        ("- The survey:\n  Kim plans a first version this weekend.", "Kim: The survey: Kim plans a first version this weekend."),
        ("**Kim:**\n- write the survey", "Kim: write the survey"),
        ("*Kim:*\n- write the survey", "Kim: write the survey"),
    ] {
        assert_eq!(list(line), [want], "{line}");
    }
}

#[test]
fn what_is_no_work_is_no_item() {
    for text in [
        "## Action items\n\n---\n\n### Let's connect\n\n- Subscribe to the list: https://example.org",
        "## New action items\n\n------\n\nAt the end of the meeting:\n- Copy the contents of this document to a new file\n- Clear out the agenda",
        "## Action items\n\n- Apple fix should be forthcoming\n- Lee making nice progress on https://example.org/1",
        "## Action items\n\n- [ ]\n- none",
        "## Agenda\n\n* [ ] (KA) budget\n* [x] (NH) votes\n    * none\n* [ ] Lee: status of the port",
        "## Topics\n\n- Python will be dropped\n- It will take a while\n- We will see\n- Kim will be away next week\n- If it stays noisy, Kim will switch it off\n- Will Kim review it?",
        "## Topics\n\n- [x] https://example.org/pull/1\n- [ ] https://example.org/pull/2",
        "## Topics\n\n- Starting to make breaking changes\n- Introduction to plugins\n- Things to discuss at the workshop:",
        "## Action items\n* Next meeting:\n    * Discuss catching up",
        "## Notes\n\nThis text has nothing to do.",
    ] {
        assert_eq!(items(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn prose_that_assigns_work_is_an_item() {
    for (line, want) in [
        ("- The topic is open. Kim will email the committee.", "Kim: email the committee"),
        ("- KA: Will be opening a new proposal", "KA: be opening a new proposal"),
        ("- Decision: Noor will finalize it.", "Noor: finalize it"),
        ("- Noor volunteers to move the jobs", "Noor: move the jobs"),
        ("- Lee to edit the proposal,", "Lee: edit the proposal"),
        ("- For https://example.org/1 (the port): Lee to post a question; let's see", "Lee: post a question"),
        ("- Action item: ping people (Noor)", "Noor: ping people"),
        ("- (KA) [ ] to email the vendor", "KA: to email the vendor"),
        ("- Someone could ask them; Kim will follow up on this.", "Kim: follow up on this: Someone could ask them"),
    ] {
        assert_eq!(items(&format!("## Topics\n\n{line}")), [want], "{line}");
    }
    assert_eq!(
        items("## Topics\n\n- Action items: ask the web team [Noor], write to the summit [Lee]"),
        ["Noor: ask the web team", "Lee: write to the summit"]
    );
    assert_eq!(
        items("## Topics\n\n- Kim volunteers to sort the jobs, and Noor volunteers to move them."),
        ["Kim: sort the jobs", "Noor: move them"]
    );
}

#[test]
fn an_order_to_cancel_is_two_items_and_one_change() {
    let text = "# 2026-07-15 Lantern\n\n## New topics\n\n- Cancel the next Harbour Team meeting, because Ada, Bo, and Cy are not available. Kim will do this, and also start sending invites to the list.\n";
    let note = read("x.md", text);
    let items: Vec<_> = note.action_items.iter().map(|i| (i.line, i.owners.join("+"), i.text.as_str())).collect();
    assert_eq!(
        items,
        [(5, "Kim".to_owned(), "Cancel the next Harbour Team meeting"), (5, "Kim".to_owned(), "start sending invites to the list")]
    );
    let change = &note.changes[0];
    assert_eq!(change.series_text.as_deref(), Some("Harbour Team"));
    assert_eq!(change.reason.as_deref(), Some("Ada, Bo, and Cy are not available"));
    assert_eq!(change.announcer.as_deref(), Some("Kim"));
}

#[test]
fn items_keep_the_section_and_dates_and_bold_lines_are_context() {
    let text = "# 2026-07-15 Lantern\n\n## Check in on previous action items\n\n### Move to Issue Tracker\n2026-01-07\n**Docker**\n* [ ] (KA) check the limits\n    * [ ] check again\n";
    let note = read("x.md", text);
    assert_eq!(note.action_items.len(), 2);
    assert!(note.action_items.iter().all(|i| i.section.as_deref() == Some("Move to Issue Tracker")));
}

#[test]
fn topics_put_off_are_carried() {
    let note =
        read("x.md", "# 2026-07-15 Lantern\n\n- TABLED\n    - Chat platform\n        - detail\n\n### Pushed to next meeting\n\n- Budget\n");
    assert_eq!(note.carried_topics.iter().map(|t| (t.line, t.text.as_str())).collect::<Vec<_>>(), [(4, "Chat platform"), (9, "Budget")]);
}
