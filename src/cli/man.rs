//! `convened man` and `convened completions`: the program describes its own commands, for man(1) and for shells.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use super::examples::EXAMPLES;
use super::{Cli, Exit, Stop};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder into which the pages are written; it is made where it is missing
    folder: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// What a page says of the exit codes, the same of every command.
const EXIT_CODES: [(&str, &str); 4] = [
    ("0", "All is well."),
    ("1", "There are faults in what was read; the last good version of it stays in force."),
    ("2", "Wrong usage. Nothing was done."),
    ("3", "The world refused: disk, network or mail server."),
];

const FILES: [(&str, &str); 6] = [
    (
        "DIR/convened.toml",
        "The daemon's settings. DIR is config below the working folder, or what --config names; of the Debian package /etc/convened.",
    ),
    ("DIR/communities/NAME.toml", "A community with its series."),
    ("DIR/templates/", "Letters in your own words."),
    (
        "STATE/convened.db",
        "What is remembered: told letters, decisions, what was published. STATE is the setting state; of the Debian package /var/lib/convened/state.",
    ),
    ("STATE/decisions.toml", "What was decided, to be read; an empty store is filled from it again."),
    ("STATE/convened.lock", "Held by the daemon that works with this folder."),
];

const ENVIRONMENT: [(&str, &str); 3] = [
    ("CONVENED_LOG", "What serve logs, before the setting log-level: a level, or levels by part, as convened::carrier=debug,info."),
    ("NO_COLOR", "No colour on a terminal."),
    ("CREDENTIALS_DIRECTORY", "Where password-credential and other credentials are looked for; systemd sets it."),
];

pub fn man(args: &Args) -> Result<Exit, Stop> {
    let refused = |path: &Path, error: io::Error| Stop::world(format!("{} cannot be written: {error}.", path.display()));
    fs::create_dir_all(&args.folder).map_err(|error| refused(&args.folder, error))?;
    let pages = pages()?;
    for (name, page) in &pages {
        let path = args.folder.join(name);
        fs::write(&path, page).map_err(|error| refused(&path, error))?;
    }
    writeln!(io::stdout(), "{} pages in {}.", pages.len(), args.folder.display())?;
    Ok(Exit::Well)
}

pub fn completions(args: &Completions) -> Result<Exit, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "convened", &mut script);
    io::stdout().write_all(&script)?;
    Ok(Exit::Well)
}

/// Every page with its file's name: of the program, of each command, and of the commands below those.
pub fn pages() -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut root = Cli::command();
    root.build();
    let mut pages = Vec::new();
    let mut waiting = vec![root];
    while let Some(command) = waiting.pop() {
        waiting.extend(below(&command).cloned());
        pages.push((format!("{}.1", name(&command)), page(&command)?));
    }
    pages.sort();
    Ok(pages)
}

fn below(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|inner| inner.get_name() != "help" && !inner.is_hide_set())
}

/// "convened-items-done".
fn name(command: &Command) -> String {
    command.get_bin_name().unwrap_or(command.get_name()).replace(' ', "-")
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let name = name(command);
    let man = Man::new(command.clone().display_name(name.clone()));
    // Without a date: two builds are to be the same, and what was last changed stands in the changelog.
    let title = format!(".TH {} 1 \"\" \"convened {}\" \"convened\"\n", name.to_uppercase(), env!("CARGO_PKG_VERSION"));
    let mut out = title.into_bytes();
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    man.render_options_section(&mut out)?;
    let mut more = Roff::new();
    let inner: Vec<(String, String)> = below(command)
        .map(|inner| (format!("{}(1)", self::name(inner)), inner.get_about().map(ToString::to_string).unwrap_or_default()))
        .collect();
    if !inner.is_empty() {
        section(&mut more, "COMMANDS", inner.iter().map(|(name, what)| (bold(name), what.as_str())));
    }
    section(&mut more, "EXIT STATUS", EXIT_CODES.iter().map(|(code, what)| (bold(*code), *what)));
    section(&mut more, "FILES", FILES.iter().map(|(file, what)| (italic(*file), *what)));
    if command.get_name() == "serve" || name == "convened" {
        section(&mut more, "ENVIRONMENT", ENVIRONMENT.iter().map(|(name, what)| (bold(*name), *what)));
    }
    examples(&mut more, &name);
    more.control("SH", ["SEE ALSO"]);
    let parent = name.rsplit_once('-').map_or("convened-serve", |(parent, _)| parent);
    let readme = roman(", /usr/share/doc/convened/README.md; every setting stands in the sample configuration, with its default.");
    more.text([bold(parent), roman("(1)"), readme]);
    more.to_writer(&mut out)?;
    Ok(out)
}

fn section<'a>(roff: &mut Roff, title: &str, lines: impl Iterator<Item = (Inline, &'a str)>) {
    roff.control("SH", [title]);
    for (tag, what) in lines {
        roff.control("TP", []);
        roff.text([tag]);
        roff.text([roman(what)]);
    }
}

/// Those of this very command; the program's own page has those of all that begin with a word of its own.
fn examples(roff: &mut Roff, name: &str) {
    let own = EXAMPLES.iter().filter(|example| example.page == name);
    let mut begun = false;
    for example in own {
        if !std::mem::replace(&mut begun, true) {
            roff.control("SH", ["EXAMPLES"]);
        }
        roff.control("TP", []);
        roff.text([bold(example.line)]);
        roff.text([roman(example.what)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    /// The words of a line as a shell splits it.
    fn words(line: &str) -> Vec<String> {
        let pieces = line.split('"').enumerate();
        pieces
            .flat_map(
                |(at, piece)| if at % 2 == 1 { vec![piece.to_owned()] } else { piece.split_whitespace().map(str::to_owned).collect() },
            )
            .collect()
    }

    #[test]
    fn every_command_has_a_page_with_purpose_exit_codes_files_and_an_example() {
        let pages = pages().unwrap();
        assert!(pages.len() > 25, "{}", pages.len());
        for (name, page) in pages {
            let page = String::from_utf8(page).unwrap();
            let inner = ["convened-items-done.1", "convened-items-drop.1", "convened-items-release.1"].contains(&name.as_str());
            for heading in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "FILES", "EXAMPLES", "SEE ALSO"] {
                let there = page.contains(&format!(".SH \"{heading}\"")) || page.contains(&format!(".SH {heading}"));
                assert!(there || inner && heading == "EXAMPLES", "{name} has no {heading}: write one into src/cli/examples.rs\n{page}");
            }
        }
    }

    #[test]
    fn every_example_is_understood_as_it_stands() {
        let pages: Vec<String> = pages().unwrap().into_iter().map(|(name, _)| name).collect();
        for example in EXAMPLES {
            assert!(pages.contains(&format!("{}.1", example.page)), "{}: no command has this page", example.page);
            let before_redirection = example
                .line
                .split(
                    [">", "<", "|"]
                        .map(|sign| format!(" {sign} "))
                        .iter()
                        .find(|sign| example.line.contains(*sign))
                        .map_or("\n", |sign| sign.as_str()),
                )
                .next();
            let line = before_redirection.unwrap_or(example.line);
            if let Err(error) = Cli::try_parse_from(words(line)) {
                panic!("{line}: {error}");
            }
        }
    }
}
