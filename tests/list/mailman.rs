//! A list of the real Mailman, and what Mailman says of it over REST.

use std::process::Command;

use serde_json::Value;

use crate::servers::Servers;

/// How Mailman's REST interface knows us.
pub const LOGIN: &str = "restadmin:password";

pub struct List<'a> {
    servers: &'a Servers,
    name: &'a str,
}

impl<'a> List<'a> {
    /// A list as Mailman makes it: prefix, footer and administrivia filter on, strangers held. One reader, who has the list's name.
    pub fn new(servers: &'a Servers, name: &'a str) -> List<'a> {
        let list = List { servers, name };
        list.ask(&["-d", &format!("fqdn_listname={}", list.address())], "lists");
        list.subscribe(name);
        list
    }

    /// One more reader, at people.example.org.
    pub fn subscribe(&self, name: &str) {
        let subscriber = format!("subscriber={name}@people.example.org");
        let id = format!("list_id={}", self.id());
        let known = ["pre_verified=true", "pre_confirmed=true", "pre_approved=true", "send_welcome_message=false"];
        let words: Vec<&str> = [id.as_str(), &subscriber].into_iter().chain(known).flat_map(|word| ["-d", word]).collect();
        self.ask(&words, "members");
    }

    pub fn address(&self) -> String {
        format!("{}@lists.example.org", self.name)
    }

    pub fn id(&self) -> String {
        format!("{}.lists.example.org", self.name)
    }

    /// Changes settings of the list, as `name=value`.
    pub fn set(&self, settings: &[&str]) {
        let words: Vec<&str> =
            ["-X", "PATCH"].into_iter().chain(settings.iter().flat_map(|setting| ["--data-urlencode", setting])).collect();
        self.ask(&words, &format!("lists/{}/config", self.id()));
    }

    /// What the list does with letters of this stranger: "accept", "defer" (the other rules apply), "hold".
    pub fn treat(&self, sender: &str, action: &str) {
        let words = [format!("list_id={}", self.id()), format!("subscriber={sender}"), "role=nonmember".to_owned()];
        let who: Vec<&str> = words.iter().flat_map(|word| ["-d", word]).collect();
        self.ask(&[who.as_slice(), &["-d", "pre_verified=true"]].concat(), "members");
        let found = self.ask(&who, "members/find");
        let id = found["entries"][0]["member_id"].as_str().unwrap_or_else(|| panic!("{found}"));
        self.ask(&["-X", "PATCH", "-d", &format!("moderation_action={action}")], &format!("members/{id}"));
    }

    /// The letters that wait for a moderator: their number, Message-ID without brackets, and the reason.
    pub fn held(&self) -> Vec<(u64, String, String)> {
        let held = self.ask(&[], &format!("lists/{}/held", self.id()));
        let letter = |entry: &Value| {
            let id = entry["message_id"].as_str().unwrap().trim_matches(['<', '>']).to_owned();
            (entry["request_id"].as_u64().unwrap(), id, entry["moderation_reasons"].to_string())
        };
        held["entries"].as_array().map(|entries| entries.iter().map(letter).collect()).unwrap_or_default()
    }

    /// A moderator lets a held letter through.
    pub fn let_through(&self, number: u64) {
        self.ask(&["-d", "action=accept"], &format!("lists/{}/held/{number}", self.id()));
    }

    fn ask(&self, words: &[&str], path: &str) -> Value {
        ask(self.servers, words, path)
    }
}

/// One question to Mailman, which is to answer well.
pub fn ask(servers: &Servers, words: &[&str], path: &str) -> Value {
    let address = format!("http://127.0.0.1:{}/3.1/{path}", servers.rest);
    let output = Command::new("curl").args(["-sS", "--fail-with-body", "-u", LOGIN]).args(words).arg(address).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "Mailman refused {path} {words:?}: {said} {}", String::from_utf8_lossy(&output.stderr));
    if said.is_empty() { Value::Null } else { serde_json::from_str(&said).unwrap() }
}
