//! Examples of commands, for their man pages. A test gives each to the program's own arguments, so none can become untrue.

/// A line to type, and what comes of it.
pub struct Example {
    /// The page it stands on: `convened`, or `convened-COMMAND`.
    pub page: &'static str,
    pub line: &'static str,
    pub what: &'static str,
}

const fn example(page: &'static str, line: &'static str, what: &'static str) -> Example {
    Example { page, line, what }
}

pub const EXAMPLES: &[Example] = &[
    example("convened", "convened check", "Read everything, and say what is wrong, where, and what to do."),
    example("convened", "convened plan", "What would be told next, and when; changes nothing."),
    example("convened", "convened serve --config /etc/convened", "The daemon, until it is stopped. SIGHUP reads everything again."),
    example("convened", "convened status", "Whether it is well, and what to do where it is not."),
    example(
        "convened-serve",
        "convened serve --config /etc/convened",
        "Page, feeds and letters, until SIGTERM; a letter in hand is finished.",
    ),
    example(
        "convened-once",
        "convened once --config /etc/convened",
        "From cron or a CI job: one round, the letters that are due, the end. Exit code 3: a letter did not leave.",
    ),
    example(
        "convened-check",
        "convened check --json",
        "Each remark as a JSON object a line, for a CI job; exit code 1 where one of them is a fault.",
    ),
    example("convened-check", "convened check --letters", "What letters in your own words look like."),
    example("convened-agenda", "convened agenda numpy --zone Asia/Kolkata", "The coming meetings of a community, in the hours of a place."),
    example(
        "convened-agenda",
        "convened agenda numpy/community --from 2026-01-01 --to 2027-01-01 --json",
        "A year of one series, for a program.",
    ),
    example("convened-plan", "convened plan --days 30", "What will be told in the coming month, and what will not, and why."),
    example(
        "convened-replay",
        "convened replay --from 2026-01-01 --to 2026-12-31",
        "A whole year in memory: every letter and every change of a feed; nothing is touched.",
    ),
    example(
        "convened-notes",
        "convened notes notes/2026-11-18.md --why",
        "What is understood in a note, line by line, and what was not taken, and why.",
    ),
    example("convened-notes", "convened notes --history notes --json", "The action items of a folder of notes through time."),
    example("convened-letter", "convened letter numpy/community", "The reminder of the next meeting, as the list would get it."),
    example(
        "convened-letter",
        "convened letter numpy/community --kind cancelled --on 2026-11-18 --reason \"A holiday.\"",
        "The letter that a cancellation would send.",
    ),
    example(
        "convened-cancel",
        "convened cancel numpy/community --next --reason \"Most of us are travelling.\"",
        "Feed and page follow at once; the list hears of it after the grace.",
    ),
    example(
        "convened-cancel",
        "convened cancel numpy/community --from 2026-12-20 --to 2027-01-03",
        "Every meeting of these days, in one letter.",
    ),
    example(
        "convened-move",
        "convened move numpy/community --on 2026-11-18 --to 2026-11-19T19:00",
        "To another day and hour, in the series' own zone.",
    ),
    example("convened-extra", "convened extra numpy/triage --on 2026-11-20T18:00 --minutes 30", "A meeting beside the rules."),
    example(
        "convened-restore",
        "convened restore numpy/community --on 2026-11-18",
        "Takes a cancellation or a move back; unseen, if its letter has not left.",
    ),
    example("convened-amend", "convened amend 3334a732 --reason \"Sprint week.\"", "Another reason on feed and page; no letter goes."),
    example("convened-changes", "convened changes --all", "What notes proposed, what was decided, and by whom."),
    example(
        "convened-approve",
        "convened approve 3334a732 --reason \"Sprint week.\"",
        "What the notes proposed holds; the list hears of it.",
    ),
    example("convened-decline", "convened decline 3334a732", "It stays declined, however the sentence is copied."),
    example("convened-link", "convened link dana@example.org", "The address of Dana's own page. Whoever has it decides in her name."),
    example("convened-items", "convened items numpy --json", "Open action items, for a program."),
    example("convened-items", "convened items done 1a2b3c4d", "Closes one by hand."),
    example("convened-outbox", "convened outbox --fate doubt", "Letters of which nobody knows whether they arrived."),
    example(
        "convened-retry",
        "convened retry numpy/list/community/20261118T1800/reminder/P1D-m0",
        "Hands the letter over once more: same bytes, same Message-ID.",
    ),
    example("convened-hold", "convened hold numpy/list/community/20261118T1800/reminder/P1D-m0", "It stays until `convened retry`."),
    example("convened-hello", "convened hello dev@lists.example.org", "Introduces the calendar to a list, once."),
    example("convened-arrived", "convened arrived dev@lists.example.org", "You saw the last letter to this list arrive."),
    example(
        "convened-once",
        "convened once --export site --publish \"rsync -a site/ host:www/\"",
        "Without a server: what is published first, then the letters.",
    ),
    example(
        "convened-page",
        "convened page community --template > config/templates/pages/community.html",
        "The template of a page, to copy and to change.",
    ),
    example("convened-fetch", "convened fetch", "Asks every repository and pad now, and says what came of it."),
    example("convened-draft", "convened draft numpy/community -o notes/", "The next note, from the community's own last one."),
    example(
        "convened-init",
        "convened init config --from-notes ../archive",
        "A first configuration from an archive of notes, with the evidence beside each line.",
    ),
    example("convened-export", "convened export site", "What was published last, as static files with relative links."),
    example("convened-backup", "convened backup /var/backups/convened.backup", "The memory as of one moment, also while the daemon runs."),
    example("convened-restore", "convened restore /var/backups/convened.backup", "Puts a backup back, with the daemon stopped."),
    example(
        "convened-import",
        "convened import yaml2ics numpy.yaml > config/communities/numpy.toml",
        "Another tool's schedule; what was not taken over is said on standard error.",
    ),
    example(
        "convened-import",
        "convened import ics export.ics --zone Europe/Berlin",
        "An iCalendar file whose hours are those of a place.",
    ),
    example(
        "convened-status",
        "convened status",
        "Whether it is well, what is wrong and what to do. Exit code 1: faults in what was read; 3: the daemon, a letter or the disk needs somebody.",
    ),
    example(
        "convened-status",
        "convened status --alive",
        "Whether the daemon answers, and nothing else: for health checks of containers. Exit code 0 or 3.",
    ),
    example("convened-man", "convened man /usr/local/share/man/man1", "This page, and one for each command."),
    example(
        "convened-completions",
        "convened completions bash > /etc/bash_completion.d/convened",
        "Completions for a shell: bash, zsh, fish, elvish or powershell.",
    ),
];
