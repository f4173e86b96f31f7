//! Places where notes live, as real servers on this machine: a git repository behind `git daemon` and behind `git http-backend`, and a pad
//! server that answers at HackMD's, HedgeDoc's and Etherpad's download addresses. Each can fail in the ways that servers do.

#![allow(dead_code, reason = "each test that includes this file uses its part of it")]

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::house::House;

/// A bare repository, with a working copy to commit in.
pub struct Repository {
    pub bare: PathBuf,
    work: PathBuf,
}

pub fn git(folder: &Path, words: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main"])
        .args(words)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

impl Repository {
    /// `NAME.git` in the folder, empty.
    pub fn new(folder: &Path, name: &str) -> Repository {
        let (bare, work) = (folder.join(format!("{name}.git")), folder.join(format!("{name}-work")));
        fs::create_dir_all(folder).unwrap();
        git(folder, &["init", "-q", "--bare", bare.to_str().unwrap()]);
        git(folder, &["init", "-q", work.to_str().unwrap()]);
        git(&work, &["remote", "add", "origin", bare.to_str().unwrap()]);
        git(&bare, &["config", "http.receivepack", "true"]);
        Repository { bare, work }
    }

    pub fn commit(&self, path: &str, text: &str) {
        let file = self.work.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
        git(&self.work, &["add", "-A"]);
        git(&self.work, &["commit", "-q", "-m", path]);
        git(&self.work, &["push", "-q", "origin", "HEAD:main"]);
    }

    /// A file gets another name, where it is there.
    pub fn move_away(&self, path: &str, to: &str) {
        if self.work.join(path).exists() {
            git(&self.work, &["mv", path, to]);
            git(&self.work, &["commit", "-q", "-m", to]);
            git(&self.work, &["push", "-q", "origin", "HEAD:main"]);
        }
    }

    /// A symbolic link, committed as one.
    pub fn link(&self, path: &str, to: &Path) {
        let link = self.work.join(path);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(to, link).unwrap();
        git(&self.work, &["add", "-A"]);
        git(&self.work, &["commit", "-q", "-m", path]);
        git(&self.work, &["push", "-q", "origin", "HEAD:main"]);
    }

    /// Commits a file, and below a folder ten thousand million more, in a few objects.
    pub fn bomb(&self, path: &str, text: &str, below: &str) {
        let read = |words: &[&str], input: &str| {
            let mut child =
                Command::new("git").args(words).current_dir(&self.work).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "git {words:?}");
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let mut object = format!("100644 blob {}", read(&["hash-object", "-w", "--stdin"], "# x\n"));
        for _ in 0..10 {
            let ten: String = (0..10).map(|at| format!("{object}\t{at}.md\n")).collect();
            object = format!("040000 tree {}", read(&["mktree"], &ten));
        }
        fs::write(self.work.join(path), text).unwrap();
        git(&self.work, &["add", path]);
        let tree = object.rsplit(' ').next().unwrap();
        // The index would have to name each of them: the trees above are made by hand.
        let mut inner = format!("040000 tree {tree}");
        let mut parts: Vec<&str> = below.split('/').collect();
        let last = parts.pop().unwrap();
        let of = |tree: &str| git(&self.work, &["ls-tree", tree]);
        let whole = git(&self.work, &["write-tree"]);
        let mut name = last.to_owned();
        for depth in (0..=parts.len()).rev() {
            let at = if depth == 0 { whole.clone() } else { format!("{whole}:{}", parts[..depth].join("/")) };
            let kept: String =
                of(&at).lines().filter(|line| !line.ends_with(&format!("\t{name}"))).map(|line| format!("{line}\n")).collect();
            inner = format!("040000 tree {}", read(&["mktree"], &format!("{kept}{inner}\t{name}\n")));
            name = if depth == 0 { String::new() } else { parts[depth - 1].to_owned() };
        }
        let commit = git(&self.work, &["commit-tree", inner.rsplit(' ').next().unwrap(), "-p", "HEAD", "-m", "bomb"]);
        git(&self.work, &["push", "-q", "origin", &format!("{commit}:refs/heads/main")]);
    }

    /// Takes what others pushed.
    pub fn pull(&self) {
        git(&self.work, &["fetch", "-q", "--prune", "origin"]);
        git(&self.work, &["reset", "-q", "--hard", "origin/main"]);
    }

    /// A person looks at a branch and merges it.
    pub fn merge(&self, branch: &str) {
        self.pull();
        git(&self.work, &["merge", "-q", "--no-ff", "-m", "Reviewed", &format!("origin/{branch}")]);
        git(&self.work, &["push", "-q", "origin", "HEAD:main"]);
    }

    /// A file as a branch has it; empty where it has none.
    pub fn file(&self, branch: &str, path: &str) -> String {
        let output = Command::new("git").args(["show", &format!("{branch}:{path}")]).current_dir(&self.bare).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Author and subject of the commits of a branch that touch a file, the newest first.
    pub fn log(&self, branch: &str, path: &str) -> Vec<String> {
        let output =
            Command::new("git").args(["log", "--format=%an <%ae> %s", branch, "--", path]).current_dir(&self.bare).output().unwrap();
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }

    /// The branch begins anew: its one commit holds this file alone.
    pub fn rewrite(&self, path: &str, text: &str) {
        git(&self.work, &["checkout", "-q", "--orphan", "anew"]);
        git(&self.work, &["rm", "-q", "-r", "-f", "."]);
        fs::write(self.work.join(path), text).unwrap();
        git(&self.work, &["add", "-A"]);
        git(&self.work, &["commit", "-q", "-m", "anew"]);
        git(&self.work, &["push", "-q", "--force", "origin", "HEAD:main"]);
        git(&self.work, &["checkout", "-q", "-B", "main"]);
        git(&self.work, &["branch", "-q", "-D", "anew"]);
    }
}

/// `git daemon` over the repositories of a folder; ended when it is dropped.
pub struct GitDaemon {
    process: Child,
    pub port: u16,
}

impl GitDaemon {
    pub fn start(folder: &Path) -> GitDaemon {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // Not by way of git, which would leave it behind.
        let programs = git(folder, &["--exec-path"]);
        let process = Command::new(Path::new(&programs).join("git-daemon"))
            .args(["--reuseaddr", "--listen=127.0.0.1", &format!("--port={port}"), "--export-all"])
            .arg(format!("--base-path={}", folder.display()))
            .arg(folder)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let daemon = GitDaemon { process, port };
        crate::daemon::soon("git daemon listens", || TcpStream::connect(("127.0.0.1", port)).ok());
        daemon
    }
}

impl Drop for GitDaemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A real sshd with keys of its own; ended when it is dropped.
pub struct Sshd {
    process: Child,
    pub port: u16,
    folder: PathBuf,
}

impl Sshd {
    /// `None` where it is not installed. The key that is let in is `key` in the folder, and the host's own stands in `known-hosts`.
    pub fn start(folder: &Path) -> Option<Sshd> {
        let program = ["/usr/sbin/sshd", "/usr/bin/sshd"].into_iter().find(|path| Path::new(path).exists())?;
        let folder = folder.join("ssh");
        fs::create_dir_all(&folder).unwrap();
        let keygen = |name: &str| {
            let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(folder.join(name)).status().unwrap();
            assert!(made.success());
            fs::read_to_string(folder.join(format!("{name}.pub"))).unwrap()
        };
        let (host, key) = (keygen("host"), keygen("key"));
        keygen("stranger");
        fs::write(folder.join("authorized"), key).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let of = |host: &str| format!("[127.0.0.1]:{port} {host}");
        fs::write(folder.join("known hosts"), of(&host)).unwrap();
        fs::write(folder.join("another"), of(&fs::read_to_string(folder.join("stranger.pub")).unwrap())).unwrap();
        let path = |name: &str| folder.join(name).display().to_string();
        fs::write(
            folder.join("config"),
            format!(
                "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\n\
                 PasswordAuthentication no\nKbdInteractiveAuthentication no\n",
                path("host"),
                path("authorized")
            ),
        )
        .unwrap();
        // Where root separates privileges; systemd makes it elsewhere.
        let _ = fs::create_dir_all("/run/sshd");
        let process = Command::new(program).args(["-D", "-e", "-f"]).arg(folder.join("config")).stderr(Stdio::null()).spawn().unwrap();
        let sshd = Sshd { process, port, folder };
        crate::daemon::soon("sshd listens", || TcpStream::connect(("127.0.0.1", port)).ok());
        Some(sshd)
    }

    pub fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the server does with a question.
#[derive(Clone, Debug, PartialEq)]
pub enum Mode {
    Well,
    Status(u16),
    /// Takes the question, and says nothing.
    Silence,
    /// A byte now and then.
    Drip,
    /// So many bytes of text.
    Endless(usize),
    /// To another address.
    Moved(String),
    /// A page as people see it in a browser.
    Html,
    /// Half of what it announced.
    Broken,
    /// A push is taken, and its answer is lost.
    Mute,
}

/// A web server that is a pad server and a git server.
#[derive(Clone)]
pub struct Web {
    pub port: u16,
    mode: Arc<Mutex<Mode>>,
    pads: Arc<Mutex<HashMap<String, String>>>,
    asked: Arc<Mutex<Vec<String>>>,
    /// What stands in `Authorization`, if git is asked for it.
    wants: Arc<Mutex<Option<String>>>,
}

impl Web {
    /// `repositories`: their folder, served below `/git/`.
    pub fn start(repositories: &Path) -> Web {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let web = Web { port, mode: Arc::new(Mutex::new(Mode::Well)), pads: Arc::default(), asked: Arc::default(), wants: Arc::default() };
        let (served, folder) = (web.clone(), repositories.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (served, folder) = (served.clone(), folder.clone());
                // Whoever asked may have gone.
                std::thread::spawn(move || served.serve(stream, &folder).unwrap_or_default());
            }
        });
        web
    }

    pub fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }

    /// Somebody types.
    pub fn write(&self, pad: &str, text: &str) {
        self.pads.lock().unwrap().insert(pad.to_owned(), text.to_owned());
    }

    pub fn ask_for(&self, authorization: &str) {
        *self.wants.lock().unwrap() = Some(authorization.to_owned());
    }

    /// What was asked for, each line with the status that was answered.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn serve(&self, mut stream: TcpStream, repositories: &Path) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let (method, target) =
            (line.split(' ').next().unwrap_or_default().to_owned(), line.split(' ').nth(1).unwrap_or_default().to_owned());
        let mut headers = HashMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let log = |status: u16| self.asked.lock().unwrap().push(format!("{status} {target}"));
        let simple = |stream: &mut TcpStream, status: u16, more: &str, body: &[u8]| {
            write!(stream, "HTTP/1.1 {status} Said\r\nConnection: close\r\n{more}Content-Length: {}\r\n\r\n", body.len())?;
            stream.write_all(body)
        };
        let mode = self.mode.lock().unwrap().clone();
        match mode {
            Mode::Well | Mode::Mute => {}
            Mode::Status(status) => {
                log(status);
                return simple(&mut stream, status, "", b"an error");
            }
            Mode::Silence => {
                std::thread::sleep(Duration::from_secs(120));
                return Ok(());
            }
            Mode::Drip => {
                write!(stream, "HTTP/1.1 200 Said\r\nContent-Type: text/markdown\r\nConnection: close\r\n\r\n# ")?;
                loop {
                    stream.write_all(b"x")?;
                    std::thread::sleep(Duration::from_millis(200));
                }
            }
            Mode::Endless(bytes) => {
                write!(stream, "HTTP/1.1 200 Said\r\nContent-Type: text/markdown\r\nConnection: close\r\n\r\n")?;
                let piece = [b'x'; 65536];
                return (0..bytes / piece.len()).try_for_each(|_| stream.write_all(&piece));
            }
            Mode::Moved(to) => {
                log(302);
                return simple(&mut stream, 302, &format!("Location: {to}\r\n"), b"");
            }
            Mode::Html => {
                log(200);
                return simple(&mut stream, 200, "Content-Type: text/html; charset=utf-8\r\n", b"<!doctype html><title>Sign in</title>");
            }
            Mode::Broken => {
                write!(
                    stream,
                    "HTTP/1.1 200 Said\r\nContent-Type: text/markdown\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n# 2026"
                )?;
                return Ok(());
            }
        }
        if let Some(path) = target.strip_prefix("/git/") {
            let wants = self.wants.lock().unwrap().clone();
            if wants.is_some() && headers.get("authorization") != wants.as_ref() {
                log(401);
                return simple(&mut stream, 401, "WWW-Authenticate: Basic realm=\"git\"\r\n", b"");
            }
            log(200);
            let is_mute = mode == Mode::Mute && method == "POST" && path.ends_with("/git-receive-pack");
            return cgi(stream, reader, &method, path, &headers, repositories, is_mute);
        }
        // HackMD and HedgeDoc: /ID/download as text/markdown with an ETag; Etherpad: /p/ID/export/txt.
        let pad = target.trim_start_matches('/');
        let pad = pad.strip_suffix("/download").or_else(|| pad.strip_prefix("p/").and_then(|pad| pad.strip_suffix("/export/txt")));
        let text = pad.and_then(|pad| self.pads.lock().unwrap().get(pad).cloned());
        match text {
            None => {
                log(404);
                simple(&mut stream, 404, "Content-Type: text/html\r\n", b"<!DOCTYPE html><title>404</title>")
            }
            Some(text) => {
                let etag = format!(
                    "W/\"{:x}-{}\"",
                    text.len(),
                    text.bytes().fold(7u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()))
                );
                if headers.get("if-none-match") == Some(&etag) {
                    log(304);
                    return write!(stream, "HTTP/1.1 304 Same\r\nETag: {etag}\r\nConnection: close\r\n\r\n");
                }
                log(200);
                simple(&mut stream, 200, &format!("Content-Type: text/markdown; charset=UTF-8\r\nETag: {etag}\r\n"), text.as_bytes())
            }
        }
    }
}

/// `git http-backend`, as a web server starts it (RFC 3875).
fn cgi(
    mut stream: TcpStream,
    mut reader: BufReader<TcpStream>,
    method: &str,
    path: &str,
    headers: &HashMap<String, String>,
    repositories: &Path,
    is_mute: bool,
) -> std::io::Result<()> {
    if headers.get("expect").is_some() {
        write!(stream, "HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let mut body = Vec::new();
    if let Some(length) = headers.get("content-length") {
        reader.by_ref().take(length.parse().unwrap()).read_to_end(&mut body)?;
    } else if headers.get("transfer-encoding").is_some() {
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let length = u64::from_str_radix(line.trim(), 16).unwrap();
            reader.by_ref().take(length).read_to_end(&mut body)?;
            reader.read_line(&mut line)?;
            if length == 0 {
                break;
            }
        }
    }
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let get = |name: &str| headers.get(name).map(String::as_str).unwrap_or_default();
    let mut child = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", repositories)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", format!("/{path}"))
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", method)
        .env("CONTENT_TYPE", get("content-type"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", get("content-encoding"))
        .env("HTTP_GIT_PROTOCOL", get("git-protocol"))
        .env("REMOTE_USER", "calendar")
        .env("REMOTE_ADDR", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    child.stdin.take().unwrap().write_all(&body)?;
    let output = child.wait_with_output()?.stdout;
    if is_mute {
        return Ok(());
    }
    let end = output.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(output.len());
    let head = String::from_utf8_lossy(&output[..end]).into_owned();
    let status = head.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK").to_owned();
    let answer = output.get(end + 4..).unwrap_or_default();
    write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{head}\r\n\r\n", answer.len())?;
    stream.write_all(answer)
}

/// A community whose pad is archived in a repository behind `git http-backend`, which is read back as trusted notes.
pub struct Archived {
    pub house: House,
    pub web: Web,
    pub repository: Repository,
    pub folder: tempfile::TempDir,
}

/// `archive` stands in `[notes-archive]`, `more` among the community's settings.
pub fn archived(archive: &str, more: &str) -> Archived {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path(), "archive");
    repository.commit("README.md", "# Archive\n");
    let web = Web::start(folder.path());
    let house = House::new(None);
    let settings = fs::read_to_string(house.path().join("config/convened.toml")).unwrap();
    house.write("config/convened.toml", &settings.replace("[mail]", "local-sources = true\n[mail]"));
    let (git, pad) = (format!("http://127.0.0.1:{}/git/archive.git", web.port), format!("http://127.0.0.1:{}/call", web.port));
    house.write(
        "config/communities/orchard.toml",
        &format!(
            "format = 1\ntitle = \"Orchard\"\norganisers = [\"Ada <ada@example.org>\"]\nlist = \"orchard@lists.example.org\"\nletters = \"reminders\"\n{more}\n\
             [[notes]]\npad = \"{pad}\"\nseries = \"community\"\ntime-out = \"5 seconds\"\n\n\
             [[notes]]\ngit = \"{git}\"\nbranch = \"main\"\npath = \"meetings\"\nseries = \"community\"\ntrusted = true\ntime-out = \"5 seconds\"\n\n\
             [notes-archive]\ngit = \"{git}\"\nfile = \"meetings/{{year}}/{{series}}-{{date}}.md\"\ntime-out = \"5 seconds\"\n{archive}\n\n\
             [[series]]\nid = \"community\"\ntitle = \"Orchard community meeting\"\nevery = \"week\"\nfrom = 2026-03-04\ntime = \"17:00\"\nzone = \"UTC\"\n\n\
             [[series]]\nid = \"grafting\"\ntitle = \"Orchard Grafting Team\"\nevery = \"week\"\nfrom = 2026-03-07\ntime = \"18:00\"\nzone = \"UTC\"\n"
        ),
    );
    Archived { house, web, repository, folder }
}

/// The first meeting's notes in the archive, and the branch on which they wait for people.
pub const FILE: &str = "meetings/2026/community-2026-03-04.md";
pub const BRANCH: &str = "convened/community-2026-03-04";
