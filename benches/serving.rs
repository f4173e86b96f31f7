//! How many requests a second the daemon answers, beside nginx with the same bytes on the same machine: a feed of 60 kB and a page of a
//! series, each as 200, as 304 and in its gzip form. wrk asks both in turn; the median of the rounds counts. Wants nginx and wrk (Debian packages of these names).

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const ROUNDS: usize = 5;
const SECONDS: &str = "3";
const FEED: &str = "/feeds/harbour.ics";
const PAGE: &str = "/c/harbour/crew-1/next";

fn main() {
    for tool in ["nginx", "wrk"] {
        if Command::new(tool).arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            println!("LEFT OUT: serving: {tool} is not installed (Debian: {tool})");
            return;
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let (daemon, ours) = serve(folder.path());
    let forms = [FEED, PAGE].map(|path| (path, get(ours, path, ""), get(ours, path, "Accept-Encoding: gzip\r\n")));
    let (nginx, theirs) = nginx(folder.path(), &forms);
    for (path, plain, packed) in &forms {
        assert!(plain.status == 200 && packed.body.starts_with(&[0x1f, 0x8b]));
        println!(
            "{path}: {:.1} kB ({:.1} kB as gzip), requests a second, median of {ROUNDS} rounds in turn",
            size(&plain.body),
            size(&packed.body)
        );
        let same = get(theirs, path, "");
        assert_eq!(same.body, plain.body, "nginx serves the same bytes");
        assert_eq!(get(theirs, path, "Accept-Encoding: gzip\r\n").body, packed.body, "also as gzip");
        for (what, headers) in [
            ("200", [String::new(), String::new()]),
            ("304", [plain, &same].map(|answer| format!("If-None-Match: {}", answer.etag))),
            ("gzip", [(); 2].map(|()| "Accept-Encoding: gzip".to_owned())),
        ] {
            let mut rates = [Vec::new(), Vec::new()];
            for _ in 0..ROUNDS {
                for (rate, (address, header)) in rates.iter_mut().zip([(ours, &headers[0]), (theirs, &headers[1])]) {
                    rate.push(wrk(address, path, header));
                }
            }
            let [mine, nginx] = rates.map(|mut rates: Vec<f64>| {
                rates.sort_by(f64::total_cmp);
                rates[ROUNDS / 2]
            });
            println!("  {what:<5} convened {mine:9.0}   nginx {nginx:9.0}   {:5.1} % of nginx", 100.0 * mine / nginx);
        }
    }
    drop((daemon, nginx));
}

fn size(bytes: &[u8]) -> f64 {
    bytes.len() as f64 / 1000.0
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // Politely: nginx ends its workers, too.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// The daemon with a community whose feed has about 60 kB.
fn serve(folder: &Path) -> (Ended, SocketAddr) {
    let config = folder.join("config");
    fs::create_dir_all(config.join("communities")).unwrap();
    let settings = "format = 1\nbase-url = \"https://cal.example.org\"\nuid-domain = \"cal.example.org\"\nlisten = \"127.0.0.1:0\"\ncompress-feeds = true\nstate = \"../state\"\n\
        [mail]\nsender = \"calendar@example.org\"\ntransport = \"maildir\"\nfolder = \"../mail\"\n";
    fs::write(config.join("convened.toml"), settings).unwrap();
    let mut community = "format = 1\ntitle = \"Harbour\"\nchanges-from-notes = \"ignore\"\n".to_owned();
    for n in 0..74 {
        community.push_str(&format!(
            "[[series]]\nid = \"crew-{n}\"\ntitle = \"Crew {n} of the harbour\"\nevery = \"2 weeks\"\nfrom = 2026-01-{:02}\ntime = \"{:02}:00\"\nzone = \"Europe/Berlin\"\n\
             join = \"https://meet.example.org/crew-{n}\"\ndescription = \"What lies ahead of us, and what we have seen at sea.\"\n",
            n % 28 + 1,
            8 + n % 10
        ));
    }
    fs::write(config.join("communities/harbour.toml"), community).unwrap();
    let mut process = Command::new(env!("CARGO_BIN_EXE_convened"))
        .args(["serve", "--config"])
        .arg(&config)
        .env("NO_COLOR", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let mut said = Vec::new();
    let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let found = line.split("address=").nth(1).and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        said.push(line);
        found
    });
    let address = address.unwrap_or_else(|| panic!("the daemon ended: {}", said.join("\n")));
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    let daemon = Ended(process);
    while get(address, FEED, "").status != 200 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    (daemon, address)
}

/// nginx with its defaults for static files, and the gzip forms beside the files.
fn nginx(folder: &Path, forms: &[(&str, Answer, Answer)]) -> (Ended, SocketAddr) {
    let root = folder.join("www");
    for (path, plain, packed) in forms {
        let file = root.join(&path[1..]);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &plain.body).unwrap();
        fs::write(root.join(format!("{}.gz", &path[1..])), &packed.body).unwrap();
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (folder, root) = (folder.display(), root.display());
    let text = format!(
        "daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_processes auto; user root;\n\
         events {{ worker_connections 1024; }}\n\
         http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; default_type text/calendar;\n\
         open_file_cache max=100; gzip_static on; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n\
         fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;\n\
         server {{ listen 127.0.0.1:{port}; root {root}; }} }}\n"
    );
    let path = format!("{folder}/nginx.conf");
    fs::write(&path, text).unwrap();
    let process = Command::new("nginx").args(["-c", &path, "-e", &format!("{folder}/nginx.log")]).spawn().unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    while TcpStream::connect(address).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    (Ended(process), address)
}

struct Answer {
    status: u16,
    etag: String,
    body: Vec<u8>,
}

fn get(address: SocketAddr, path: &str, header: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: cal.example.org\r\nConnection: close\r\n{header}\r\n").unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let etag = head.lines().find_map(|line| line.to_ascii_lowercase().starts_with("etag: ").then(|| line[6..].to_owned()));
    Answer { status: head[9..12].parse().unwrap(), etag: etag.unwrap_or_default(), body: bytes[end + 4..].to_vec() }
}

/// Requests a second over 64 connections.
fn wrk(address: SocketAddr, path: &str, header: &str) -> f64 {
    let mut command = Command::new("wrk");
    command.args(["-t1", "-c64", "-d", SECONDS]);
    if !header.is_empty() {
        command.args(["-H", header]);
    }
    let out = command.arg(format!("http://{address}{path}")).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(!text.contains("Non-2xx"), "{text}");
    let rate = text.lines().find_map(|line| line.strip_prefix("Requests/sec:")).unwrap_or_else(|| panic!("wrk said {text}"));
    rate.trim().parse().unwrap()
}
