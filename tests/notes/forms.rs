//! Forms of notes that other communities write: agendas of one long document, minutes of bots and of standards bodies, exports of word
//! processors, invitations that were pasted whole. All invented.

use super::{read, read_among};
use convened::notes::Note;

fn items(note: &Note) -> Vec<String> {
    note.action_items.iter().map(|i| format!("{}{}: {}", if i.done { "x " } else { "" }, i.owners.join("+"), i.text)).collect()
}

fn people(note: &Note) -> Vec<String> {
    note.attendees.iter().map(|a| a.name.clone().or(a.handle.clone()).unwrap_or_default()).collect()
}

fn start(note: &Note) -> Option<String> {
    note.time.as_ref().and_then(|t| t.start_utc).map(|t| t.format("%Y-%m-%d %H:%M").to_string())
}

#[test]
fn an_agenda_of_one_long_document() {
    let text = "# SIG Lantern Meeting Notes\n\nRegular meeting: Thursdays at 9:00 PT (biweekly). [Convert](https://dateful.com/convert/pt-pacific-time?t=9am)\n\n\
        Zoom: https://zoom.us/j/97843216098?pwd=abc\n\n## March 5, 2026\n\n**Attendees:** Ada Ruiz (Orchard), Bo Lind [Harbor], @chi\n\nAgenda:\n- [ada] review\n  \
        - AI: @bo to reach out to the release team\n  - AI(chi): write the test plan\n  - [Action] Bo will update the board\n\n## February 19, 2026 - CANCELLED\n";
    let notes = read_among("x.md", text, &[]);
    assert_eq!(notes.len(), 2);
    assert_eq!(items(&notes[0]), ["bo: reach out to the release team", "chi: write the test plan", "Bo: update the board"]);
    assert_eq!(
        (people(&notes[0]), start(&notes[0])),
        (vec!["Ada Ruiz".into(), "Bo Lind".into(), "chi".into()], Some("2026-03-05 17:00".into()))
    );
    assert_eq!((notes[1].changes.len(), notes[1].join[0].url.as_str()), (1, "https://zoom.us/j/97843216098?pwd=abc"));
}

#[test]
fn minutes_of_a_bot() {
    let text = "# Lantern Council (2026-03-05)\n\n## Meeting summary\n\n1. TOPIC: Tickets (@kim:example.org, 15:05:10)\n    1. ACTION: @noor:example.org to update the wiki \
        (@kim:example.org, 15:22:00)\n\n## Action items\n\n1. lee to write the announcement\n\n## People Present (lines said)\n\n1. @kim:example.org (57)\n2. lee (3)\n";
    let note = read("2026-03-05.md", text);
    assert_eq!(items(&note), ["noor: update the wiki", "lee: write the announcement"]);
    assert_eq!(people(&note), ["kim", "lee"]);
}

#[test]
fn minutes_of_a_standards_body() {
    let text = "# Lantern Working Group Teleconference – 05 March 2026\n\n## Attendees\n\n**Present**\n: Ada_Ruiz, Bo, Chi\n\n**Regrets**\n: Dee\n\n## Meeting minutes\n\n\
        **RESOLUTION:** No telecon on 12 March; next call on 19 March\n\n**ACTION:** bo to contact the board\n";
    let note = read("minutes.md", text);
    assert_eq!((people(&note), items(&note)), (vec!["Ada Ruiz".into(), "Bo".into(), "Chi".into()], vec!["bo: contact the board".into()]));
    assert_eq!(note.changes[0].dates[0].to_string(), "2026-03-12");
    let plain = "Lantern Working Group Minutes\n\nDate: Tuesday, 19 March 2024\nTime: 13:00-15:00 AEST (03:00-05:00 UTC)\n\nNotes\n\nChi: question on section 4.\n\
        ACTION: Dee to clarify section 4.\nThe interim on April 16 is cancelled.\n";
    let note = read("minutes-119.md", plain);
    assert_eq!((start(&note).as_deref(), note.contradictions.len()), (Some("2024-03-19 03:00"), 0));
    assert_eq!(items(&note), ["Dee: clarify section 4."]);
    assert_eq!(note.changes[0].dates[0].to_string(), "2024-04-16");
}

#[test]
fn fields_of_restructured_text_and_labels_below_a_heading() {
    let note = read("x.md", "Lantern Council\n===============\n\n:Date: 2026-07-15\n:Time: 18:00 UTC\n:Attendees: Ada Ruiz, Bo Lind\n");
    assert_eq!((start(&note).as_deref(), people(&note)), (Some("2026-07-15 18:00"), vec!["Ada Ruiz".into(), "Bo Lind".into()]));
    let note =
        read("2026-07-15.md", "# T-lamp meeting\n\n## Attendance\n\n- People: Ada, Bo, Chi Abel, eholk\n\n## Roles\n\n- Driver: Ada\n");
    assert_eq!(people(&note), ["Ada", "Bo", "Chi Abel", "eholk"]);
}

#[test]
fn the_export_of_a_word_processor() {
    let text = "# Mar 5, 2026 | [Lantern sync](https://example.org/event)\n\nAttendees: [Ada Ruiz](mailto:ada@example.org) [Bo Lind](mailto:bo@example.org)\n\n**Action items**\n\n\
        - [ ] [Ada Ruiz](mailto:ada@example.org) Send the budget to finance\n- [x] [Bo Lind](mailto:bo@example.org) - ask for a quote\n- [ ] @Bo Lind Collect quotes\n- [ ] @noor write the minutes\n";
    let note = read("x.md", text);
    assert_eq!(people(&note), ["Ada Ruiz", "Bo Lind"]);
    assert_eq!(
        items(&note),
        ["Ada Ruiz: Send the budget to finance", "x Bo Lind: ask for a quote", "Bo Lind: Collect quotes", "noor: write the minutes"]
    );
}

#[test]
fn invitations_that_were_pasted_whole() {
    let zoom = "# Lantern Community Meeting\n\nTime: Mar 5, 2026 05:00 PM London\n\nJoin Zoom Meeting\nhttps://us02web.zoom.us/j/81234567890?pwd=abc\n\nMeeting ID: 812 3456 7890\n\
        Passcode: 123456\n\nOne tap mobile\n+15550100833,,81234567890#,,,,*123456# US\n";
    let note = read("x.md", zoom);
    assert_eq!(start(&note).as_deref(), Some("2026-03-05 17:00"));
    let ways: Vec<_> = note.dial_in.iter().map(|d| (d.phone.as_deref().unwrap_or(""), d.pin.as_deref().unwrap_or(""))).collect();
    assert_eq!(ways, [("812 3456 7890", "123456"), ("+15550100833", "81234567890#")]);
    let teams = "# 2026-03-06 Harbour WG\n\n[Click here to join the meeting](https://teams.microsoft.com/l/meetup-join/19%3ameeting)\nOr call in (audio only)\n\
        +1 555-010-0166,,12345678# United States\nPhone Conference ID: 123 456 78#\n\nWhen: Friday 6 March 2026, 14:00–15:00 CET\n";
    let note = read("x.md", teams);
    assert_eq!(
        (note.dial_in.len(), note.dial_in[0].pin.as_deref(), start(&note).as_deref()),
        (1, Some("12345678#"), Some("2026-03-06 13:00"))
    );
    let meet = "# Lantern docs 2026-03-07\n\nSat Mar 7, 2026 4pm – 5pm (GMT+1)\nVideo call link: https://meet.google.com/abc-defg-hij\n\
        More phone numbers: https://tel.meet/abc-defg-hij?pin=123456789\n";
    let note = read("x.md", meet);
    assert_eq!((start(&note).as_deref(), note.dial_in.len(), note.dial_in[0].phone.as_deref()), (Some("2026-03-07 15:00"), 1, None));
}

#[test]
fn tables_of_work() {
    let text = "# 2026-07-15 Lantern council\n\n## Action items\n\n| # | Action | Owner | Due | Status |\n|---|---|---|---|---|\n| 1 | Write the charter | Ada | 2026-07-30 | Open |\n\
        | 2 | Book the hall | Bo, Chi | - | Done |\n| 3 |  |  |  |  |\n\n## Figures\n\n| Item | Sum |\n|---|---|\n| Lamps | 12 |\n";
    assert_eq!(items(&read("x.md", text)), ["Ada: Write the charter", "x Bo+Chi: Book the hall"]);
}
