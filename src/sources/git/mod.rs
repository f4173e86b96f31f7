//! Git repositories, by the git program: a mirror of one branch in the state folder, fetched within limits of time and size, and read from
//! there. Git is given no prompt, no hook, no configuration of this machine, and no way but those of the configured address. The mirror
//! knows two commits: the one that was seen last, and the good one that is in force, which a rewritten branch does not take the place of.

mod read;
mod write;

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Url;
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use super::public::is_public;
use super::{Trouble, for_the_log};
use crate::meeting::remote::{GitLogin, Repository};

pub use read::{Blob, Tree, checked_out, load, notes};
pub use write::{Entry, Put, put, unreviewed};

/// The commit in force.
const GOOD: &str = "refs/convened/good";
/// What the repository showed last.
const SEEN: &str = "refs/convened/seen";
/// No file of a mirror grows larger.
const LARGEST_FILE: u64 = 512 * 1024 * 1024;
/// A note older than this says nothing any more.
const HISTORY: TimeDelta = TimeDelta::days(400);
/// Of what git says about a failure.
const WORDS: u64 = 8 * 1024;

/// How a repository is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    pub repository: Repository,
    /// The bare repository on this machine that mirrors it.
    pub mirror: PathBuf,
    /// From here relative paths are meant.
    pub base: PathBuf,
    /// The file that holds the token of the repository's login, or why it is not known.
    pub token: Option<Result<PathBuf, String>>,
    /// Whether plain http towards this machine is allowed.
    pub local: bool,
    /// Its last year is fetched with it, not only what is there now: commits of ours say there what nobody reviewed.
    pub history: bool,
    /// For one conversation with the other side.
    pub time_out: Duration,
}

/// Brings the mirror up to date, and puts what came in force, unless the branch was rewritten.
pub async fn fetch(way: &Way, now: DateTime<Utc>) -> Result<(), Trouble> {
    way.make_mirror()?;
    let good = way.commit(GOOD);
    let branch = way.repository.branch.as_ref().map_or("HEAD".to_owned(), |branch| format!("refs/heads/{branch}"));
    let refspec = format!("+{branch}:{SEEN}");
    let url = way.url();
    let since = format!("--shallow-since={}", (now - HISTORY).format("%Y-%m-%dT%H:%M:%SZ"));
    let arguments = |depth: Option<&'static str>, since: Option<&str>| -> Vec<String> {
        let words = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head"].into_iter();
        words.chain(depth).chain(since).chain(["--", &url, &refspec]).map(str::to_owned).collect()
    };
    // At first only what is there now; later everything since then, which tells whether the branch was rewritten.
    match (&good, way.history) {
        (Some(_), _) => way.talk(&arguments(None, None)).await?,
        (None, false) => way.talk(&arguments(Some("--depth=1"), None)).await?,
        (None, true) => match way.talk(&arguments(None, Some(&since))).await {
            // Nothing was committed for so long.
            Err(trouble) if trouble.details.contains("shallow") => way.talk(&arguments(Some("--depth=1"), None)).await?,
            talked => talked?,
        },
    }
    let Some(seen) = way.commit(SEEN) else { return Err(Trouble::new("source-failed", "This repository has no commit yet.")) };
    match good {
        Some(good) if good != seen && !way.descends(&seen, &good) => {
            let (good, seen) = (short(&good), short(&seen));
            let sentence = format!(
                "The branch of this repository was rewritten: {seen} does not continue {good}, which stays in force. If that is meant, say \
                 `convened fetch --accept`."
            );
            Err(Trouble::new("source-rewritten", sentence))
        }
        Some(good) if good == seen => Ok(()),
        _ => way.accept(),
    }
}

fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

impl Way {
    /// Puts what the repository showed last in force, unless there is too much of it.
    pub fn accept(&self) -> Result<(), Trouble> {
        self.bounded(SEEN)?;
        match self.local(&["update-ref", GOOD, SEEN], None) {
            Ok(output) if output.status.success() => Ok(()),
            _ => Err(Trouble::new("source-failed", "What was fetched of this repository could not be kept: the state folder refused.")),
        }
    }

    /// The commit in force; `None` where nothing was fetched yet.
    pub fn good(&self) -> Option<String> {
        self.mirror.join("HEAD").exists().then(|| self.commit(GOOD)).flatten()
    }

    fn make_mirror(&self) -> Result<(), Trouble> {
        if self.mirror.join("HEAD").exists() {
            return Ok(());
        }
        let failed = |said: String| Trouble::new("source-failed", format!("A mirror of this repository cannot be made: {said}."));
        fs::create_dir_all(&self.mirror).map_err(|error| failed(error.to_string()))?;
        let made = self.local(&["init", "--quiet", "--bare", "--template="], None).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => failed("the program git is missing; install it".to_owned()),
            _ => failed(error.to_string()),
        })?;
        if made.status.success() { Ok(()) } else { Err(failed(for_the_log(&String::from_utf8_lossy(&made.stderr)))) }
    }

    fn commit(&self, name: &str) -> Option<String> {
        let output = self.local(&["rev-parse", "--quiet", "--verify", &format!("{name}^{{commit}}")], None).ok()?;
        let said = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| said.trim().to_owned()).filter(|commit| !commit.is_empty())
    }

    fn descends(&self, new: &str, old: &str) -> bool {
        self.local(&["merge-base", "--is-ancestor", old, new], None).is_ok_and(|output| output.status.success())
    }

    /// The address as git gets it.
    fn url(&self) -> String {
        let url = &self.repository.url;
        match url.starts_with('.') {
            true => self.base.join(url).display().to_string(),
            false => url.clone(),
        }
    }

    /// A command on the mirror alone.
    fn local(&self, arguments: &[&str], input: Option<&[u8]>) -> io::Result<Output> {
        self.local_with(&[], arguments, input)
    }

    /// The same with more in its environment.
    fn local_with(&self, environment: &[(&str, &str)], arguments: &[&str], input: Option<&[u8]>) -> io::Result<Output> {
        let mut command = Command::new("git");
        self.prepare(&mut command);
        command.envs(environment.iter().copied());
        command.args(["-c", "protocol.allow=never"]).args(arguments);
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() }).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let stdin = child.stdin.take();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                if let (Some(mut stdin), Some(input)) = (stdin, input) {
                    // Git that ended early says why itself.
                    let _ = stdin.write_all(input);
                }
            });
            child.wait_with_output()
        })
    }

    /// Nothing of this machine's git, and nothing that asks.
    fn prepare(&self, command: &mut Command) {
        command.env_clear().current_dir("/");
        for name in ["PATH", "HOME", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSH_AUTH_SOCK"]
        {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let mirror = std::path::absolute(&self.mirror).unwrap_or_else(|_| self.mirror.clone());
        command
            .env("LC_ALL", "C")
            .env("GIT_DIR", mirror)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "false")
            .env("SSH_ASKPASS", "false")
            .env("SSH_ASKPASS_REQUIRE", "never")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("GIT_NO_REPLACE_OBJECTS", "1");
        for setting in ["core.hooksPath=/dev/null", "core.fsmonitor=false", "gc.autoDetach=false", "submodule.recurse=false"] {
            command.args(["-c", setting]);
        }
    }

    /// The public addresses of the repository's host, looked up and checked here: who answers for the name a moment later does not matter.
    /// A proxy looks names up itself.
    async fn pinned(&self) -> Result<Option<String>, Trouble> {
        let refused = |sentence: &str| Trouble::new("source-refused", sentence);
        if ["https_proxy", "HTTPS_PROXY"].iter().any(|name| std::env::var_os(name).is_some()) {
            return Ok(None);
        }
        let url = Url::parse(&self.repository.url).ok().filter(|url| url.scheme() == "https");
        let url = url.ok_or_else(|| refused("This repository is not at an https:// address."))?;
        let host = url.host_str().ok_or_else(|| refused("The address of this repository has no host."))?;
        let port = url.port_or_known_default().unwrap_or(443);
        let found = tokio::net::lookup_host((host.trim_matches(['[', ']']), port))
            .await
            .map_err(|_| Trouble::new("source-failed", "The host of this repository is not found."))?;
        let public: Vec<String> = found.map(|at| at.ip()).filter(|ip| is_public(*ip)).map(|ip| ip.to_string()).collect();
        match public.is_empty() {
            true => Err(refused("This repository is at an address of this machine or of a private network, which is not asked for it.")),
            false => Ok(Some(format!("http.curloptResolve={host}:{port}:{}", public.join(",")))),
        }
    }

    /// A conversation with the other side.
    async fn talk(&self, arguments: &[impl AsRef<OsStr>]) -> Result<(), Trouble> {
        let mut command = Command::new("git");
        self.prepare(&mut command);
        let url = &self.repository.url;
        let slow = self.time_out.as_secs().clamp(1, 60);
        let mut settings = vec![
            "protocol.allow=never".to_owned(),
            "credential.helper=".to_owned(),
            "http.followRedirects=false".to_owned(),
            "http.lowSpeedLimit=100".to_owned(),
            format!("http.lowSpeedTime={slow}"),
        ];
        let scheme = url.split_once("://").map_or("ssh", |(scheme, _)| scheme);
        match scheme {
            _ if self.repository.is_local() => settings.push("protocol.file.allow=always".to_owned()),
            "http" if !self.local => {
                let sentence =
                    "This repository is on this machine, and fetched over plain http. Allow it with local-sources = true in convened.toml.";
                return Err(Trouble::new("source-refused", sentence));
            }
            scheme => settings.push(format!("protocol.{scheme}.allow=always")),
        }
        match &self.repository.login {
            Some(GitLogin::Key { file, known_hosts }) => {
                let hosts = known_hosts.as_ref().map(|hosts| format!(" {}", option("UserKnownHostsFile", hosts))).unwrap_or_default();
                let key = option("IdentityFile", file);
                command.env("GIT_SSH_COMMAND", format!("{} -oIdentitiesOnly=yes {key}{hosts}", ssh(slow)));
            }
            Some(GitLogin::Token { user, .. }) => {
                let file = match &self.token {
                    Some(Ok(file)) => file,
                    Some(Err(said)) => return Err(Trouble::new("source-refused", said.clone())),
                    None => return Err(Trouble::new("source-refused", "The token of this repository is not set.")),
                };
                if let Err(error) = fs::File::open(file) {
                    let sentence = format!("The token of this repository in {} cannot be read: {error}.", file.display());
                    return Err(Trouble::new("source-refused", sentence));
                }
                // The token goes from its file to git by a pipe: it stands in no argument and no environment.
                command.env("CONVENED_USER", user).env("CONVENED_TOKEN_FILE", std::path::absolute(file).unwrap_or_else(|_| file.clone()));
                settings.push(
                    "credential.helper=!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' \"$CONVENED_USER\" \"$(head -n 1 \
                     \"$CONVENED_TOKEN_FILE\")\"; }; f"
                        .to_owned(),
                );
            }
            None => {
                command.env("GIT_SSH_COMMAND", ssh(slow));
            }
        }
        if self.repository.public_only {
            // What this user may read elsewhere, by ~/.netrc or otherwise, is not lent to whoever named the address.
            command.env("HOME", "/nonexistent").env_remove("SSH_AUTH_SOCK");
            settings.extend(self.pinned().await?);
        }
        for setting in &settings {
            command.args(["-c", setting]);
        }
        command.args(arguments);
        let (status, said) = within(command, self.time_out).await?;
        if status.success() { Ok(()) } else { Err(explained(status, &said)) }
    }
}

/// Ssh that asks nobody anything, and believes no host that it does not know.
fn ssh(seconds: u64) -> String {
    format!("ssh -oBatchMode=yes -oStrictHostKeyChecking=yes -oConnectTimeout={seconds}")
}

/// A path as an option of ssh, whole: in quotes for the shell that git starts ssh by, and in quotes for ssh. Git is run in another folder.
fn option(name: &str, path: &str) -> String {
    let path = std::path::absolute(path).map_or(path.to_owned(), |path| path.display().to_string());
    format!("'-o{name}=\"{}\"'", path.replace('%', "%%").replace('\'', "'\\''"))
}

/// Runs a program that may hang, and ends it with what it has started when its time is over.
async fn within(command: Command, time_out: Duration) -> Result<(ExitStatus, String), Trouble> {
    let mut command = tokio::process::Command::from(command);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    // SAFETY: setrlimit is async-signal-safe, and nothing else happens between fork and exec.
    unsafe {
        command.pre_exec(|| {
            let limit = libc::rlimit { rlim_cur: LARGEST_FILE, rlim_max: LARGEST_FILE };
            if libc::setrlimit(libc::RLIMIT_FSIZE, &limit) == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
        });
    }
    let unstarted = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Trouble::new("source-failed", "The program git is missing. Install it."),
        _ => Trouble::new("source-failed", format!("The program git could not be started: {error}.")),
    };
    let mut child = command.spawn().map_err(unstarted)?;
    let _group = Group(child.id().and_then(|id| libc::pid_t::try_from(id).ok()));
    let stderr = child.stderr.take();
    let mut said = Vec::new();
    let ended = timeout(time_out, async {
        if let Some(stderr) = stderr {
            let mut first = stderr.take(WORDS);
            let _ = first.read_to_end(&mut said).await;
            // What else it says is not kept, but it must not block on it.
            let _ = tokio::io::copy(&mut first.into_inner(), &mut tokio::io::sink()).await;
        }
        child.wait().await
    });
    match ended.await {
        Ok(Ok(status)) => Ok((status, String::from_utf8_lossy(&said).into_owned())),
        Ok(Err(error)) => Err(Trouble::new("source-failed", format!("How git ended is not known: {error}."))),
        Err(_) => Err(Trouble::new("source-failed", "This repository did not answer within its time-out.")),
    }
}

/// A program and what it has started; ended when it is dropped, also with the daemon.
struct Group(Option<libc::pid_t>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // SAFETY: a signal to the group that a child of ours leads or led; without members it reaches nobody.
            unsafe { libc::killpg(group, libc::SIGKILL) };
        }
    }
}

/// What git's words mean to a person, in words that are the same each time.
fn explained(status: ExitStatus, said: &str) -> Trouble {
    use std::os::unix::process::ExitStatusExt as _;
    let low = said.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| low.contains(word));
    let (code, sentence) = match () {
        () if status.signal() == Some(libc::SIGXFSZ) || has(&["file too large"]) => {
            ("source-too-large", "This repository is larger than what is fetched. Name a smaller one.")
        }
        () if has(&["no space left on device", "disk quota exceeded"]) => {
            ("source-failed", "The disk with the state folder has no room for what is fetched. Make room; nothing is lost.")
        }
        () if has(&["redirect", "returned error: 30"]) => {
            ("source-refused", "This repository leads to another address, which is not followed. Write the address it has now.")
        }
        () if has(&["fetch first", "non-fast-forward", "stale info", "cannot lock ref"]) => {
            ("source-failed", "Somebody else wrote to this repository at the same moment.")
        }
        () if has(&["protected branch", "hook declined", "not allowed to push", "denied to"]) => {
            ("source-refused", "This repository does not let us write to that branch. Let us, or choose review = true.")
        }
        () if has(&["couldn't find remote ref", "remote branch"]) => {
            ("source-refused", "This repository has no such branch. Check `branch`.")
        }
        () if has(&[
            "authentication failed",
            "could not read username",
            "could not read password",
            "permission denied",
            "error: 401",
            "error: 403",
        ]) =>
        {
            ("source-refused", "This repository asks who we are, or does not let us in. Check the key or token, and the address.")
        }
        () if has(&["host key verification failed"]) => (
            "source-refused",
            "The host of this repository is not among the known hosts of ssh, or shows another key. Add its key to /etc/ssh/ssh_known_hosts, to known_hosts of the user that runs convened, or to a file named by known-hosts.",
        ),
        () if has(&["could not resolve", "name or service not known"]) => ("source-failed", "The host of this repository is not found."),
        () if has(&[
            "failed to connect",
            "could not connect",
            "unable to connect",
            "connection refused",
            "connection timed out",
            "couldn't connect",
        ]) =>
        {
            ("source-failed", "The host of this repository cannot be reached.")
        }
        () if has(&["not found", "does not appear to be a git repository", "not exported", "does not exist", "no such"]) => {
            ("source-refused", "There is no such repository, or it is hidden from us. Check the address.")
        }
        () if has(&["returned error: 5", "http 5"]) => ("source-failed", "The server of this repository answers with an error of its own."),
        () if has(&["dubious ownership"]) => {
            ("source-refused", "This repository belongs to another user of this machine, which git refuses to read.")
        }
        () => ("source-failed", "Git could not do it with this repository; the log of convened has its words."),
    };
    Trouble { details: for_the_log(said), ..Trouble::new(code, sentence) }
}
