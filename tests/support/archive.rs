//! A list's archive on this machine: a small HTTP server whose answers a test chooses.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// An answer to one question.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Status, and the page.
    Page(u16, String),
    /// A redirect to this address.
    Moved(String),
    /// Nothing, for so long.
    Silence(Duration),
    /// A page that goes on for so many bytes.
    Endless(usize),
}

/// The server. It ends with the test's process.
pub struct ArchiveServer {
    pub port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl ArchiveServer {
    /// `answer` gets the path, and how often this path was asked before.
    pub fn start(answer: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> ArchiveServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (asked.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, answer) = (log.clone(), answer.clone());
                std::thread::spawn(move || serve(stream, &log, &*answer));
            }
        });
        ArchiveServer { port, asked }
    }

    /// The page of a list, as the configuration names it.
    pub fn list(&self, list: &str) -> String {
        format!("http://127.0.0.1:{}/archives/list/{list}/", self.port)
    }

    /// The paths that were asked for, in order.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<String>>, answer: &dyn Fn(&str, usize) -> Reply) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(path) = lines.next().and_then(|line| Some(line.split(' ').nth(1)?.to_owned())) else { return };
    while lines.next().is_some_and(|line| !line.is_empty()) {}
    let before = {
        let mut log = log.lock().unwrap();
        log.push(path.clone());
        log.iter().filter(|known| **known == path).count() - 1
    };
    // Whoever asked may have gone.
    let _ = match answer(&path, before) {
        Reply::Page(status, body) => {
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status} Said\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            )
        }
        Reply::Moved(to) => write!(stream, "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        Reply::Silence(time) => {
            std::thread::sleep(time);
            Ok(())
        }
        Reply::Endless(bytes) => {
            let head = write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n");
            let piece = [b'x'; 65536];
            head.and_then(|()| (0..bytes / piece.len()).try_for_each(|_| stream.write_all(&piece)))
        }
    };
}

/// A message's page as HyperKitty 1.3 begins it.
pub fn page(hash: &str) -> String {
    format!("<!DOCTYPE HTML>\n<html>\n<div id=\"{hash}\" class=\"email-header\">\n<div class=\"gravatar-wrapper\"></div></div>\n</html>\n")
}

/// The hash in the address of a message, where the path is one.
pub fn hash_in(path: &str) -> Option<&str> {
    path.split_once("/message/")?.1.strip_suffix('/')
}
