//! Tables of work: a column that says what is to do, and beside it who does it and how far it is.

use super::super::ActionItem;
use super::super::people::Known;
use super::super::words::{fold, plain};
use super::owners::names;

/// Which column of a table of work holds what.
pub(super) struct Columns {
    task: usize,
    owner: Option<usize>,
    state: Option<usize>,
}

fn cells(row: &str) -> Vec<String> {
    let row = row.trim();
    let row = row.strip_prefix('|').unwrap_or(row);
    row.strip_suffix('|').unwrap_or(row).split('|').take(16).map(|c| plain(c).into_owned()).collect()
}

/// The columns, when a row heads a table of work: always under a heading that says so, else when it names tasks and their owners.
pub(super) fn header(row: &str, work: bool) -> Option<Columns> {
    let cells: Vec<String> = cells(row).iter().map(|c| fold(c)).collect();
    let find = |words: &[&str]| words.iter().find_map(|w| cells.iter().position(|c| c == w));
    let task = find(&["action item", "action items", "action", "actions", "task", "tasks", "todo", "to do"]);
    let owner =
        find(&["owner", "owners", "owner s", "assignee", "assignees", "assigned to", "responsible", "who", "person", "lead", "by whom"]);
    let state = find(&["status", "state", "done", "completed", "complete"]);
    let task = task.or_else(|| find(&["item", "what", "description"]).filter(|_| work))?;
    (work || owner.is_some()).then_some(Columns { task, owner, state })
}

/// The item in a row below the header.
pub(super) fn item(row: &str, line: u32, columns: &Columns, known: &Known) -> Option<ActionItem> {
    let cells = cells(row);
    let cell = |at: Option<usize>| at.and_then(|at| cells.get(at)).map_or("", |c| c.trim());
    let text = cell(Some(columns.task));
    if !text.chars().any(char::is_alphabetic) || ["none", "n a", "tbd"].contains(&fold(text).as_str()) {
        return None;
    }
    let owners = names(cell(columns.owner), known, true).unwrap_or_default();
    let state = cell(columns.state);
    let done = ["done", "complete", "completed", "closed", "finished", "x", "yes"].contains(&fold(state).as_str())
        || state.contains(['✓', '✔', '☑', '✅'])
        || state.eq_ignore_ascii_case("[x]");
    Some(ActionItem { line, text: text.to_owned(), owners, done, section: None })
}
