//! What ships around the program is true: the sample configuration works and shows every setting with its default, and the unit names
//! things that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use convened::config::{self, Settings, TimeOuts, Tls, Transport};
use convened::meeting::arrival::Doubt;
use convened::meeting::series::Community;
use convened::plan::key::Kind;
use convened::source::{Grade, Remark, Text};
use convened::sources::notes::read;
use convened::sources::{folder, zoneinfo};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn shipped(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn settings(toml: &str) -> (Option<Settings>, Vec<Remark>) {
    config::settings(&Text::new("convened.toml", toml.as_bytes()))
}

fn numpy(toml: &str) -> (Option<Community>, Vec<Remark>) {
    config::community(&Text::new("communities/numpy.toml", toml.as_bytes()), "calendar.example.org", &zoneinfo::embedded())
}

/// The name of a setting on a line that is one, commented out or not.
fn setting(line: &str) -> Option<&str> {
    let (name, _) = line.split_once(" = ")?;
    let name = name.trim_matches('"');
    (!name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')).then_some(name)
}

/// A line without its comment sign, if what it comments out is a setting or a heading.
fn uncommented(line: &str) -> Option<&str> {
    let inner = line.strip_prefix("# ")?;
    (setting(inner).is_some() || (inner.starts_with('[') && inner.ends_with(']'))).then_some(inner)
}

fn with_line(toml: &str, at: usize, line: &str) -> String {
    toml.lines().enumerate().map(|(other, old)| if other == at { line } else { old }).map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_sample_configuration_is_read_without_a_remark() {
    let (texts, mut remarks) = folder::configuration(&root().join("config"));
    let zones = zoneinfo::embedded();
    let mut communities = Vec::new();
    let mut domain = None;
    for text in &texts {
        if &*text.path == config::SETTINGS {
            let (settings, more) = config::settings(text);
            domain = settings.map(|settings| settings.uid_domain);
            remarks.extend(more);
        } else {
            let (community, more) = config::community(text, domain.as_deref().expect("the settings come first"), &zones);
            communities.extend(community);
            remarks.extend(more);
        }
    }
    remarks.extend(config::together(&communities));
    assert_eq!(remarks, []);
    let ids: Vec<&str> = communities.iter().map(|community| &*community.id).collect();
    assert_eq!(ids, ["conda-forge", "numpy", "zarr"]);
}

#[test]
fn the_sample_notes_are_where_the_sample_says() {
    for name in ["numpy", "conda-forge"] {
        let text = Text::new(format!("communities/{name}.toml"), shipped(&format!("config/communities/{name}.toml")).into_bytes());
        let (community, _) = config::community(&text, "calendar.example.org", &zoneinfo::embedded());
        for notes in community.expect("a community").notes {
            let brought = read(&root().join("config").join(&notes.folder), &notes.folder);
            assert_eq!(brought.remarks, []);
            assert!(!brought.texts.is_empty(), "{} holds no notes", notes.folder);
        }
    }
}

#[test]
fn the_sample_says_the_public_facts_of_numpy() {
    let (community, _) = numpy(&shipped("config/communities/numpy.toml"));
    let community = community.expect("a community");
    let facts: BTreeSet<String> = community
        .series
        .iter()
        .flat_map(|series| series.rules.iter().map(move |rule| (series, rule)))
        .map(|(series, rule)| {
            let dates = rule.walls(rule.from, rule.from + chrono::TimeDelta::days(40));
            let next = dates.get(1).expect("a second meeting");
            format!("{} {} {} {} {}", series.id, dates[0], rule.zone.name(), (next.date() - rule.from).num_days(), series.title)
        })
        .collect();
    let expected = [
        "numpy/community 2026-01-14 18:00:00 UTC 14 NumPy community meeting",
        "numpy/newcomers 2026-08-20 22:00:00 UTC 28 NumPy new contributors' hour",
        "numpy/optimization 2025-01-20 17:00:00 UTC 21 NumPy Optimization Team",
        "numpy/triage 2026-01-07 18:00:00 UTC 14 NumPy triage meeting",
    ];
    assert_eq!(facts, expected.into_iter().map(str::to_owned).collect());
}

/// The settings a table can have, as the complaint about an unknown one lists them.
fn known(remarks: Vec<Remark>) -> Vec<String> {
    let list = remarks.iter().find_map(|remark| remark.sentence.split_once("It may hold: ")).expect("a complaint").1;
    list.trim_end_matches('.').split(", ").map(str::to_owned).collect()
}

/// Settings that a text does not show, neither as `name = ` nor as a heading.
fn not_shown(toml: &str, names: Vec<String>) -> Vec<String> {
    let shows = |name: &str| {
        toml.match_indices(&format!("{name} = ")).any(|(at, _)| !toml[..at].ends_with(|c: char| c.is_ascii_lowercase() || c == '-'))
            || ["[", ".", "[["].iter().any(|open| toml.contains(&format!("{open}{name}]")))
    };
    names.into_iter().filter(|name| !shows(name)).collect()
}

const NONSENSE: &str = "qqqqqqqqqqqq = 1\n";
/// What is asked for only to be refused is not shown.
const REFUSED: [&str; 2] = ["password", "token"];

#[test]
fn the_sample_shows_every_setting_of_the_daemon() {
    let toml = shipped("config/convened.toml");
    for table in ["", "[mail]\n", "[mail.time-outs]\n", "[communities]\n", "[[communities.grant]]\n", "[store]\n"] {
        let names = known(settings(&format!("format = 1\n{table}{NONSENSE}")).1);
        let hidden: Vec<String> = not_shown(&toml, names).into_iter().filter(|name| !REFUSED.contains(&name.as_str())).collect();
        assert_eq!(hidden, [""; 0], "settings of {table:?} that config/convened.toml does not show");
    }
}

#[test]
fn the_sample_shows_every_setting_of_a_community() {
    let toml = shipped("config/communities/numpy.toml");
    let series = "[[series]]\nid = \"a\"\n";
    let tables = [
        String::new(),
        "[[notes]]\n".to_owned(),
        "[notes-archive]\n".to_owned(),
        "[[chat]]\n".to_owned(),
        series.to_owned(),
        format!("{series}[series.phone]\n"),
        format!("{series}[[series.join]]\n"),
        format!("{series}[[series.rule]]\n"),
        format!("{series}[[series.skip]]\n"),
        format!("{series}[[series.move]]\n"),
        format!("{series}[[series.extra]]\n"),
        format!("{series}[[series.break]]\n"),
        "[[rotation]]\n".to_owned(),
    ];
    for table in tables {
        let (_, remarks) = numpy(&format!("format = 1\n{table}{NONSENSE}"));
        let hidden: Vec<String> = not_shown(&toml, known(remarks)).into_iter().filter(|name| !REFUSED.contains(&name.as_str())).collect();
        assert_eq!(hidden, [""; 0], "settings of {table:?} that config/communities/numpy.toml does not show");
    }
}

#[test]
fn every_setting_that_names_a_file_or_a_secret_is_refused_in_a_file_from_a_repository() {
    let grants = config::Grants::default();
    let mut tried = 0;
    for (table, with) in [
        ("[[notes]]\n", "git = \"https://git.example.org/notes.git\"\n"),
        ("[notes-archive]\n", "git = \"https://git.example.org/notes.git\"\n"),
        ("[[chat]]\n", "id = \"dev\"\nkind = \"json\"\n"),
    ] {
        let names = known(numpy(&format!("format = 1\n{table}{NONSENSE}")).1);
        let of_this_machine = |name: &&String| ["-file", "-credential", "known-hosts"].iter().any(|end| name.ends_with(end));
        for name in names.iter().filter(of_this_machine) {
            let toml = format!("format = 1\ntitle = \"NumPy\"\n{table}{with}{name} = \"smtp-password\"\n");
            let text = Text::new("communities/numpy.toml", toml.as_bytes());
            let (read, remarks) =
                config::community_within(&text, "calendar.example.org", &zoneinfo::embedded(), config::Reach::Granted(&grants));
            let line = u32::try_from(toml.lines().count()).unwrap();
            let refused = remarks.iter().any(|remark| remark.code == "not-granted" && remark.place.line == line);
            assert!(read.is_none() && refused, "{table}{name}: {remarks:?}");
            tried += 1;
        }
    }
    assert!(tried >= 10, "{tried}");
}

#[test]
fn a_setting_that_is_commented_out_shows_its_default() {
    let toml = shipped("config/convened.toml");
    let plain = settings(&toml).0.expect("settings");
    let mut shown = 0;
    for (at, line) in toml.lines().enumerate().take_while(|(_, line)| *line != "# transport = \"smtp\"") {
        let Some(inner) = uncommented(line) else { continue };
        let (read, remarks) = settings(&with_line(&toml, at, inner));
        assert_eq!(remarks, [], "{inner}");
        assert_eq!(read.as_ref(), Some(&plain), "{inner}");
        shown += 1;
    }
    assert!(shown >= 9, "only {shown} settings are shown with their defaults");
}

#[test]
fn a_real_list_is_three_lines_away() {
    let toml = shipped("config/convened.toml");
    let opened = |names: &[&str]| -> String {
        let mut server = false;
        let open = |line: &str| {
            server |= line == "# transport = \"smtp\"";
            server &= line != "# transport = \"sendmail\"" || names.contains(&"program");
            let inner = uncommented(line).filter(|inner| server && (names.contains(&setting(inner).unwrap_or("heading"))));
            inner.unwrap_or(line).to_owned() + "\n"
        };
        toml.lines().filter(|line| *line != "transport = \"maildir\"").map(open).collect()
    };
    let smtp = |toml: &str| {
        let (read, remarks) = settings(toml);
        assert_eq!(remarks, []);
        match read.expect("settings").mail.transport {
            Transport::Smtp(smtp) => smtp,
            other => panic!("letters still go elsewhere: {other:?}"),
        }
    };
    let short = smtp(&opened(&["transport", "host"]));
    assert_eq!((short.port, short.tls, short.time_outs), (587, Tls::StartTls, TimeOuts::default()));
    let long = ["transport", "host", "tls", "port", "heading", "connect", "greeting", "command", "data", "dot"];
    assert_eq!(smtp(&opened(&long)), short, "what is commented out shows the defaults");
    let login = smtp(&opened(&["transport", "host", "user", "password-file", "client-name"])).login.expect("a login");
    assert_eq!(login.user, "calendar@example.org");
}

#[test]
fn what_is_said_of_arrivals_shows_its_defaults() {
    let toml = shipped("config/convened.toml");
    let plain = settings(&toml).0.expect("settings").mail.arrivals;
    let mut kinds = false;
    let open = |line: &str| {
        kinds = !line.is_empty() && (kinds || line == "# [mail.in-doubt]");
        let inner = uncommented(line).filter(|inner| kinds || ["looks", "archive-time-out"].contains(&setting(inner).unwrap_or_default()));
        inner.unwrap_or(line).to_owned() + "\n"
    };
    let (read, remarks) = settings(&toml.lines().map(open).collect::<String>());
    assert_eq!(remarks, []);
    let read = read.expect("settings").mail.arrivals;
    assert_eq!((read.looks, read.time_out), (plain.looks, plain.time_out));
    let usual = |kind: &str| if Kind::parse(kind).is_some_and(Kind::again_when_in_doubt) { Doubt::Again } else { Doubt::Ask };
    assert_eq!(read.in_doubt.len(), config::KINDS.len(), "every kind is shown");
    assert!(read.in_doubt.iter().all(|(kind, doubt)| *doubt == usual(kind)), "{:?}", read.in_doubt);
}

#[test]
fn a_communitys_settings_that_are_commented_out_show_their_defaults() {
    let toml = shipped("config/communities/numpy.toml");
    let plain = numpy(&toml).0.expect("a community");
    let examples = ["sender", "paused-until", "archive", "in-doubt", "digest"];
    let mut shown = 0;
    for (at, line) in toml.lines().enumerate().take_while(|(_, line)| *line != "[cities]") {
        let Some(inner) = uncommented(line) else { continue };
        let (read, remarks) = numpy(&with_line(&toml, at, inner));
        let without_effect = remarks.iter().all(|remark| remark.grade == Grade::Advice);
        assert!(without_effect, "{inner}: {remarks:?}");
        if !examples.contains(&setting(inner).unwrap_or_default()) {
            assert_eq!(read.as_ref(), Some(&plain), "{inner}");
            shown += 1;
        }
    }
    assert!(shown >= 12, "only {shown} settings are shown with their defaults");
}

#[test]
fn the_examples_of_a_series_can_be_uncommented() {
    let toml = shipped("config/communities/numpy.toml");
    let mut below = false;
    let mut rules = false;
    let open = |line: &str| {
        below |= line == "[cities]";
        rules = if line.is_empty() { false } else { rules || line == "# [[series.rule]]" };
        let inner = uncommented(line).filter(|inner| below && !rules && setting(inner) != Some("rrule"));
        inner.unwrap_or(line).to_owned() + "\n"
    };
    let opened: String = toml.lines().map(open).collect();
    let (community, remarks) = numpy(&opened);
    assert_eq!(remarks, [], "{opened}");
    let community = community.expect("a community");
    assert_eq!(community.series[0].exceptions.len(), 4);
    assert_eq!(community.chats.len(), 1);
    assert_eq!(community.series[0].phone.as_ref().map(|phone| phone.number.as_str()), Some("+1 555 0100"));
}

/// The value of a setting of the unit.
fn unit(name: &str) -> String {
    let unit = shipped("systemd/convened.service");
    let found = unit.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned);
    found.unwrap_or_else(|| panic!("the unit does not say {name}"))
}

fn help(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_convened")).args(arguments).arg("--help").output().expect("the binary runs");
    assert!(output.status.success(), "convened {arguments:?} --help fails");
    String::from_utf8(output.stdout).expect("help is text")
}

#[test]
fn the_unit_starts_a_command_that_exists_with_options_it_has() {
    let line = unit("ExecStart");
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[0], "/usr/bin/convened");
    assert!(help(&[]).lines().any(|line| line.trim_start().starts_with(words[1])), "{} is no command", words[1]);
    let options = help(&[words[1]]);
    for option in words.iter().filter(|word| word.starts_with("--")) {
        assert!(options.contains(option), "{option} is no option of {}", words[1]);
    }
}

#[test]
fn the_unit_fits_the_sample_and_the_carrier() {
    assert_eq!(unit("Type"), "notify");
    assert!(!unit("WatchdogSec").is_empty() && unit("Restart") == "on-failure");
    // The sample's relative folders are below the state directory, where alone the unit may write.
    assert_eq!(unit("WorkingDirectory"), format!("%S/{}", unit("StateDirectory")));
    let user = shipped("systemd/convened.sysusers");
    assert!(user.starts_with(&format!("u {} ", unit("User"))), "the unit's user is made by {user}");
    let credential = unit("LoadCredential");
    let (name, _) = credential.split_once(':').expect("a name and a file");
    assert!(shipped("config/convened.toml").contains(&format!("password-credential = \"{name}\"")), "the sample does not speak of {name}");
    let minutes: u64 = unit("TimeoutStopSec").trim_end_matches("min").parse().expect("minutes");
    assert!(minutes * 60 > TimeOuts::default().dot.as_secs(), "a letter in hand may take {:?}", TimeOuts::default().dot);
}

#[test]
fn the_unit_is_sound_and_exposes_little() {
    if !Path::new("/usr/bin/systemd-analyze").exists() {
        eprintln!("LEFT OUT: the_unit_is_sound_and_exposes_little: systemd-analyze is not installed");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("convened.service");
    fs::write(&copy, shipped("systemd/convened.service").replace("/usr/bin/convened", env!("CARGO_BIN_EXE_convened"))).expect("a copy");
    let analyze = |arguments: &[&str]| {
        let output = Command::new("systemd-analyze").args(arguments).arg(&copy).output().expect("systemd-analyze runs");
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "systemd-analyze {arguments:?}: {said}");
        said
    };
    let said = analyze(&["verify", "--man=no"]);
    assert!(!said.contains("Unknown key") && !said.contains("convened.service:"), "{said}");
    // The threshold is in tenths: 20 is an exposure of 2.0.
    analyze(&["security", "--offline=yes", "--no-pager", "--threshold=20"]);
}

#[test]
fn the_readme_names_commands_that_exist() {
    let commands = help(&[]);
    let readme = shipped("README.md");
    let mut fenced = false;
    let mut named = 0;
    for line in readme.lines() {
        fenced ^= line.starts_with("```");
        let line = line.trim_start_matches("$ ");
        let after = [" -- ", "convened "]
            .iter()
            .find_map(|start| line.split_once(start))
            .filter(|(before, _)| before.is_empty() || before.ends_with('/') || before.contains("cargo run"));
        let Some((_, rest)) = after.filter(|_| fenced) else { continue };
        let command = rest.split_whitespace().next().unwrap_or_default();
        assert!(
            commands.lines().any(|line| line.split_whitespace().next() == Some(command)),
            "README.md: \"{line}\": {command} is no command"
        );
        named += 1;
    }
    assert!(named > 0, "README.md shows no command");
}

/// The communities that README.md shows, as blocks of TOML.
fn communities_in_the_readme() -> Vec<String> {
    let readme = shipped("README.md");
    let blocks = readme.split("```toml\n").skip(1).filter_map(|block| block.split("```").next());
    blocks.filter(|block| block.contains("[[series]]") && block.contains("format = 1")).map(str::to_owned).collect()
}

#[test]
fn the_communities_of_example_and_readme_are_read_without_a_remark() {
    let mut shown = communities_in_the_readme();
    assert!(!shown.is_empty(), "README.md shows no community");
    shown.push(shipped("config/example.toml"));
    for toml in shown {
        let text = Text::new("communities/orchard.toml", toml.as_bytes());
        let (_, remarks) = config::community(&text, "calendar.example.org", &zoneinfo::embedded());
        assert_eq!(remarks, [], "{toml}");
    }
}

#[test]
fn the_licences_are_the_ones_the_manifest_names() {
    assert!(shipped("Cargo.toml").contains("license = \"MIT OR Apache-2.0\""));
    assert!(shipped("LICENSE-MIT").starts_with("MIT License"));
    assert!(shipped("LICENSE-APACHE").contains("Apache License"));
    assert!(shipped("CHANGELOG.md").contains(concat!("## ", env!("CARGO_PKG_VERSION"))));
}
