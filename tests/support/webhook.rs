//! A chat's webhook on this machine, that answers as a test wants it to. One answer a connection, the last one for all that follow:
//!
//! - a number, and header lines behind it after `; `: that answer
//! - `close`: the connection is cut before anything is read
//! - `lost`: the post is taken, then the connection is cut
//! - `silent`: the post is taken, then nothing
//! - `huge`: an endless answer

#![allow(dead_code, reason = "each test that includes this file uses its part of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A post as it was taken.
#[derive(Clone, Debug)]
pub struct Post {
    pub head: String,
    pub body: Vec<u8>,
}

pub struct Webhook {
    pub port: u16,
    posts: Arc<Mutex<Vec<Post>>>,
}

impl Webhook {
    pub fn start(answers: &[&str]) -> Webhook {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let posts = Arc::new(Mutex::new(Vec::new()));
        let (kept, answers) = (posts.clone(), answers.iter().map(|answer| answer.to_string()).collect::<Vec<_>>());
        std::thread::spawn(move || {
            for (at, stream) in listener.incoming().enumerate() {
                let answer = answers[at.min(answers.len() - 1)].clone();
                let kept = kept.clone();
                std::thread::spawn(move || drop(serve(stream.unwrap(), &answer, &kept)));
            }
        });
        Webhook { port, posts }
    }

    /// Its secret address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/services/T0000/sesame42", self.port)
    }

    pub fn posts(&self) -> Vec<Post> {
        self.posts.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, answer: &str, kept: &Mutex<Vec<Post>>) -> std::io::Result<()> {
    if answer == "close" {
        return Ok(());
    }
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let length = head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    kept.lock().unwrap().push(Post { head, body });
    let mut stream = stream;
    match answer {
        "lost" => Ok(()),
        "silent" => {
            // Until the other side gives up.
            let _ = reader.read(&mut [0]);
            Ok(())
        }
        "huge" => {
            write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            loop {
                stream.write_all(&[b'x'; 65536])?;
            }
        }
        answer => {
            let (status, more) = answer.split_once("; ").unwrap_or((answer, ""));
            let more: String = more.split("; ").filter(|line| !line.is_empty()).map(|line| format!("{line}\r\n")).collect();
            let body = if status == "204" { "" } else { "as /services/T0000/sesame42 said\nso" };
            write!(stream, "HTTP/1.1 {status} So\r\n{more}Connection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        }
    }
}
