//! `[communities]`: the repository in which the communities' files are kept, and what those files may use of this machine. Whoever can write
//! there is not believed with it: a file from a repository reaches what is inside its own commit and what everybody reaches, and everything
//! else - folders, keys, tokens, chats, places of this network - by names alone that stand here, each with its one address.

use std::sync::Arc;

use super::addresses::{inner_path, login, pad_address, repository_url};
use super::fields::Table;
use super::{chat, codes, links, notes, words};
use crate::meeting::chat::Secret;
use crate::meeting::remote::{Pad, Remote, Repository};
use crate::meeting::series::{Address, is_name};
use crate::source::Remark;

/// Where the communities' files are, and what they may use.
#[derive(Clone, Debug, PartialEq)]
pub struct Communities {
    pub remote: Remote,
    pub grants: Arc<Grants>,
}

/// What files of a repository may use beside what everybody reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    named: Vec<Grant>,
    /// Hosts and addresses to which and from which letters may be; any, where `None`.
    addresses: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Grant {
    name: String,
    communities: Vec<String>,
    what: Granted,
}

/// One thing that is lent by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Granted {
    Folder(String),
    Git(Repository),
    Pad(Pad),
    Chat(Secret),
}

/// How far a community's file may reach.
#[derive(Clone, Copy, Debug)]
pub enum Reach<'a> {
    /// It stands beside `convened.toml`: who wrote it runs this machine.
    Own,
    /// It came from a repository; what it may not use is a fault.
    Granted(&'a Grants),
    /// It was in force before: what it may no longer use is left out, and the rest stays.
    Kept(&'a Grants),
}

/// The reach of the file of one community.
#[derive(Clone, Copy)]
pub(super) struct Within<'a> {
    pub reach: Reach<'a>,
    pub community: &'a str,
}

impl<'a> Within<'a> {
    fn grants(&self) -> Option<&'a Grants> {
        match self.reach {
            Reach::Own => None,
            Reach::Granted(grants) | Reach::Kept(grants) => Some(grants),
        }
    }

    /// Whether whoever wrote the file may name anything.
    pub fn is_free(&self) -> bool {
        self.grants().is_none()
    }

    /// What the table's `grant` lends it, with the name under which it is known: no address and no folder can be called so.
    pub fn grant(&self, table: &mut Table<'_>, remarks: &mut Vec<Remark>) -> Option<(String, Granted)> {
        let name = table.string("grant", remarks)?;
        let Some(grants) = self.grants() else {
            let sentence = format!(
                "\"grant\" in {} names what convened.toml lends to files that are kept in a repository, and this file is not. Write here what is meant.",
                table.what
            );
            table.fault("grant", codes::NOT_GRANTED, sentence, remarks);
            return None;
        };
        let mine = |grant: &&Grant| grant.name == name && grant.communities.iter().any(|id| id == self.community);
        match grants.named.iter().find(mine) {
            Some(grant) => Some((format!("grant {name}"), grant.what.clone())),
            None => {
                let sentence = format!(
                    "\"grant\" in {} is \"{}\", and convened.toml lends nothing of that name to {}. Ask whoever runs convened for a \
                     [[communities.grant]], or take it out.",
                    table.what,
                    words::shown(name),
                    self.community
                );
                table.fault("grant", codes::NOT_GRANTED, sentence, remarks);
                None
            }
        }
    }

    /// Complains of a setting that leads out of the repository.
    pub fn refuse(&self, table: &Table<'_>, key: &str, why: &str, remarks: &mut Vec<Remark>) {
        let sentence = format!(
            "\"{key}\" in {} {why}, which a file from a repository cannot. Whoever runs convened can lend it by a name: a [[communities.grant]] in \
             convened.toml, and grant = \"NAME\" here.",
            table.what
        );
        table.fault(key, codes::NOT_GRANTED, sentence, remarks);
    }

    /// Complains of the settings that name secrets of this machine. Whether there were any.
    pub fn refuse_secrets(&self, table: &Table<'_>, keys: &[&str], remarks: &mut Vec<Remark>) -> bool {
        let said: Vec<&&str> = keys.iter().filter(|key| !self.is_free() && table.has(key)).collect();
        for key in &said {
            self.refuse(table, key, "names a secret of the machine that runs convened", remarks);
        }
        !said.is_empty()
    }

    /// A folder of notes: inside the repository's.
    pub fn folder(&self, table: &Table<'_>, folder: &str, remarks: &mut Vec<Remark>) -> Option<String> {
        if self.is_free() {
            return Some(folder.to_owned());
        }
        match inner_path(folder) {
            Ok(inner) if !folder.contains(':') && !folder.starts_with("grant ") => {
                Some(if inner.is_empty() { ".".to_owned() } else { inner })
            }
            _ => {
                self.refuse(table, "folder", "leads out of the repository", remarks);
                None
            }
        }
    }

    /// A repository: one that anybody can fetch.
    pub fn repository(&self, table: &Table<'_>, url: &str, remarks: &mut Vec<Remark>) -> bool {
        let public = links::parse(url).is_ok_and(|link| link.secure && !links::is_this_machine(&link.host));
        if !self.is_free() && !public {
            self.refuse(table, "git", "is not an https:// address that everybody reaches", remarks);
        }
        self.is_free() || public
    }

    /// A page that is fetched, a pad or a list's archive: one that everybody can open.
    pub fn page(&self, table: &Table<'_>, key: &str, address: &str, remarks: &mut Vec<Remark>) -> bool {
        let secure = address.starts_with("https://");
        let host = address.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next()).unwrap_or_default();
        let host = host.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')).map_or(host, |(host, _)| host);
        let public = secure && !links::is_this_machine(host);
        if !self.is_free() && !public {
            self.refuse(table, key, "is at an address of the machine that runs convened", remarks);
        }
        self.is_free() || public
    }

    /// Whether letters may go there, or come from there.
    pub fn address(&self, table: &Table<'_>, key: &str, address: Option<Address>, remarks: &mut Vec<Remark>) -> Option<Address> {
        let address = address?;
        let Some(allowed) = self.grants().and_then(|grants| grants.addresses.as_ref()) else { return Some(address) };
        let host = address.email.rsplit('@').next().unwrap_or_default();
        if allowed.iter().any(|good| good.eq_ignore_ascii_case(&address.email) || good.eq_ignore_ascii_case(host)) {
            return Some(address);
        }
        let sentence = format!(
            "\"{key}\" in {} names {}, which is not among the addresses that convened.toml lends to this repository. Ask whoever runs convened to \
             add it to \"addresses\" in [communities], or write another.",
            table.what, address.email
        );
        table.fault(key, codes::NOT_GRANTED, sentence, remarks);
        None
    }
}

/// `[communities]` of the settings.
pub(super) fn read(mut table: Table<'_>, remarks: &mut Vec<Remark>) -> Option<Communities> {
    let tables = table.tables("grant", "[[communities.grant]]", remarks);
    let addresses = table.each("addresses", codes::BAD_ADDRESS, remarks, |text| match text.contains('@') {
        true => words::address(text).map(|address| address.email),
        false => words::domain(text),
    });
    let mut named: Vec<Grant> = Vec::new();
    for table in tables {
        let place = table.place_of("name");
        let Some(grant) = grant(table, remarks) else { continue };
        if named.iter().any(|other| other.name == grant.name) {
            let sentence = format!("The grant \"{}\" stands twice. Give one of them another name.", grant.name);
            remarks.push(Remark::fault(place, codes::DOUBLE_ID, sentence));
        }
        named.push(grant);
    }
    let addresses = addresses.map(|found| found.into_iter().map(|at| at.value).collect());
    let remote = notes::repository(table, remarks)?;
    Some(Communities { remote, grants: Arc::new(Grants { named, addresses }) })
}

fn grant(mut table: Table<'_>, remarks: &mut Vec<Remark>) -> Option<Grant> {
    let is_id = |text: &str| match is_name(text) {
        true => Ok(text.to_owned()),
        false => Err(format!("is \"{}\"; write 1 to 40 of the letters a-z, digits and hyphens, as \"numpy-notes\".", words::shown(text))),
    };
    let name = table.parsed("name", codes::BAD_ID, remarks, is_id);
    let name = table.required("name", name, "\"numpy-notes\"", remarks);
    let communities = table.each("communities", codes::BAD_ID, remarks, is_id);
    let communities = table.required("communities", communities, "[\"numpy\"]", remarks);
    let folder = table.parsed("folder", codes::BAD_PATH, remarks, words::path);
    let git = table.parsed("git", codes::BAD_GIT, remarks, repository_url);
    let pad = table.parsed("pad", codes::BAD_PAD, remarks, pad_address);
    let login = login(&mut table, git.as_deref(), remarks);
    let places = ["folder", "git", "pad", "url-file", "url-credential"].iter().filter(|key| table.has(key)).count();
    let chat = match table.has("url-file") || table.has("url-credential") || table.has("url") {
        true => chat::address(&mut table, remarks),
        false => None,
    };
    if places != 1 {
        let sentence = "A [[communities.grant]] lends one thing. Write one of folder = \"/srv/notes\", git = \"https://…\" (with its key or token), \
            pad = \"https://…\", or a chat's url-file = \"PATH\".";
        remarks.push(Remark::fault(table.place(), codes::MISSING, sentence));
    }
    for key in ["url-file", "url-credential"] {
        let _ = table.value(key);
    }
    table.finish(remarks);
    let git = git.map(|url| Granted::Git(Repository { url, branch: None, path: String::new(), login, public_only: false }));
    let what = folder.map(Granted::Folder).or(git).or(pad.map(Granted::Pad)).or(chat.map(Granted::Chat))?;
    Some(Grant { name: name?, communities: communities?.into_iter().map(|at| at.value).collect(), what })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{community_within, settings};
    use crate::meeting::remote::{GitLogin, Location};
    use crate::meeting::series::Community;
    use crate::source::{Grade, Text};
    use crate::sources::zoneinfo::embedded;

    fn grants(more: &str) -> Arc<Grants> {
        let toml = format!(
            "format = 1\nbase-url = \"https://cal.example.org\"\nuid-domain = \"cal.example.org\"\n[mail]\nsender = \"cal@example.org\"\n\
             [communities]\ngit = \"https://git.example.org/calendar.git\"\n{more}"
        );
        let (read, remarks) = settings(&Text::new("convened.toml", toml.as_bytes()));
        assert_eq!(remarks, []);
        read.unwrap().communities.unwrap().grants
    }

    const SERIES: &str =
        "[[series]]\nid = \"call\"\ntitle = \"Call\"\nevery = \"week\"\nfrom = 2026-03-04\ntime = \"17:00\"\nzone = \"UTC\"\n";

    fn read(top: &str, tables: &str, reach: Reach<'_>) -> (Option<Community>, Vec<Remark>) {
        let toml = format!("format = 1\ntitle = \"Orchard\"\norganisers = [\"ada@example.org\"]\n{top}\n{SERIES}{tables}");
        community_within(&Text::new("communities/orchard.toml", toml.as_bytes()), "cal.example.org", &embedded(), reach)
    }

    #[test]
    fn a_file_from_a_repository_names_nothing_of_this_machine() {
        let none = Grants::default();
        let notes = "[[notes]]\n";
        for (top, tables) in [
            ("", format!("{notes}folder = \"../elsewhere\"")),
            ("", format!("{notes}folder = \"/etc\"")),
            ("", format!("{notes}folder = \"a/../../b\"")),
            ("", format!("{notes}folder = \".git/x\"")),
            ("", format!("{notes}folder = \"grant notes\"")),
            ("", format!("{notes}git = \"/srv/git/notes.git\"")),
            ("", format!("{notes}git = \"../notes.git\"")),
            ("", format!("{notes}git = \"file:///srv/git/notes.git\"")),
            ("", format!("{notes}git = \"git@git.example.org:notes.git\"")),
            ("", format!("{notes}git = \"ssh://git@git.example.org/notes.git\"")),
            ("", format!("{notes}git = \"git://git.example.org/notes.git\"")),
            ("", format!("{notes}git = \"http://127.0.0.1/notes.git\"")),
            ("", format!("{notes}git = \"https://[::1]/notes.git\"")),
            ("", format!("{notes}git = \"https://git.example.org/notes.git\"\ntoken-file = \"/etc/convened/smtp-password\"")),
            ("", format!("{notes}git = \"https://git.example.org/notes.git\"\ntoken-credential = \"smtp-password\"")),
            ("", format!("{notes}git = \"https://git.example.org/notes.git\"\nkey-file = \"/etc/convened/key\"")),
            ("", format!("{notes}pad = \"http://127.0.0.1:3000/x\"")),
            ("", format!("{notes}pad = \"https://localhost/x\"")),
            ("", format!("{notes}grant = \"notes\"")),
            ("", "[notes-archive]\ngit = \"https://git.example.org/archive.git\"\n".to_owned()),
            ("", "[notes-archive]\ngrant = \"archive\"\n".to_owned()),
            ("", "[[chat]]\nid = \"dev\"\nkind = \"json\"\nurl-file = \"/etc/convened/chat\"".to_owned()),
            ("", "[[chat]]\nid = \"dev\"\nkind = \"json\"\nurl-credential = \"chat-dev\"".to_owned()),
            ("", "[[chat]]\nid = \"dev\"\nkind = \"json\"\ngrant = \"dev\"".to_owned()),
            ("list = \"l@lists.example.org\"\narchive = \"http://127.0.0.1:9200/{message-id}\"", String::new()),
        ] {
            let (community, remarks) = read(top, &tables, Reach::Granted(&none));
            let faults: Vec<&Remark> = remarks.iter().filter(|remark| remark.grade == Grade::Fault).collect();
            assert!(community.is_none() && !faults.is_empty(), "{top}{tables}");
            assert!(faults.iter().all(|fault| fault.code == "not-granted" && fault.place.line >= 4), "{tables}: {remarks:?}");
            // What was in force goes on without it.
            let (kept, remarks) = read(top, &tables, Reach::Kept(&none));
            let kept = kept.unwrap_or_else(|| panic!("{tables}: {remarks:?}"));
            assert!(kept.notes.is_empty() && kept.chats.is_empty() && kept.notes_archive.is_none() && kept.series[0].archive.is_none());
        }
        // Who runs the machine names what there is of it.
        assert!(read("", "[[notes]]\nfolder = \"../elsewhere\"", Reach::Own).0.is_some());
    }

    #[test]
    fn what_everybody_reaches_may_be_named_and_is_asked_at_public_addresses_alone() {
        let tables = "[[notes]]\nfolder = \"./notes/orchard/\"\n[[notes]]\ngit = \"https://git.example.org/notes.git\"\n[[notes]]\npad = \"https://pad.example.org/x\"\n";
        let (community, remarks) =
            read("list = \"l@lists.example.org\"\narchive = \"https://lists.example.org/l/\"", tables, Reach::Granted(&Grants::default()));
        assert_eq!(remarks, []);
        let notes = community.unwrap().notes;
        assert_eq!((notes[0].folder.as_str(), &notes[0].granted), ("notes/orchard", &None));
        let public = |at: usize| match &notes[at].remote.as_ref().unwrap().at {
            Location::Git(repository) => repository.public_only,
            Location::Pad(pad) => pad.public_only,
        };
        assert!(public(1) && public(2));
    }

    const LENT: &str = "[[communities.grant]]\nname = \"notes\"\ncommunities = [\"orchard\"]\nfolder = \"/srv/notes\"\n\
        [[communities.grant]]\nname = \"archive\"\ncommunities = [\"orchard\"]\ngit = \"https://git.example.org/archive.git\"\ntoken-file = \"TOKEN\"\n\
        [[communities.grant]]\nname = \"dev\"\ncommunities = [\"orchard\"]\nurl-file = \"CHAT\"\n";

    #[test]
    fn what_is_lent_is_used_by_its_name_and_for_its_own_address() {
        let grants = grants(LENT);
        let tables = "[[notes]]\ngrant = \"notes\"\n[[notes]]\ngrant = \"archive\"\npath = \"x\"\n[[notes]]\npad = \"https://pad.example.org/x\"\n\
            [notes-archive]\ngrant = \"archive\"\n[[chat]]\nid = \"dev\"\nkind = \"json\"\ngrant = \"dev\"\n";
        let (community, remarks) = read("", tables, Reach::Granted(&grants));
        assert_eq!(remarks, []);
        let community = community.unwrap();
        assert_eq!((community.notes[0].folder.as_str(), community.notes[0].granted.as_deref()), ("grant notes", Some("/srv/notes")));
        let token = GitLogin::Token { user: "git".to_owned(), token: Secret::File("TOKEN".to_owned()) };
        let Location::Git(repository) = &community.notes[1].remote.as_ref().unwrap().at else { panic!("no repository") };
        assert_eq!(
            (community.notes[1].folder.as_str(), repository.url.as_str()),
            ("grant archive/x", "https://git.example.org/archive.git")
        );
        assert_eq!(repository.login, Some(token.clone()));
        assert_eq!(community.notes_archive.unwrap().repository.login, Some(token));
        assert_eq!(community.chats[0].address, Secret::File("CHAT".to_owned()));
        // Neither a second address beside the name, nor a thing of another kind.
        for tables in [
            "[[notes]]\ngrant = \"archive\"\ngit = \"https://elsewhere.example.org/x.git\"\n",
            "[[notes]]\ngrant = \"dev\"\n",
            "[notes-archive]\ngrant = \"notes\"\n",
            "[notes-archive]\ngrant = \"archive\"\ngit = \"https://elsewhere.example.org/x.git\"\n",
            "[[chat]]\nid = \"dev\"\nkind = \"json\"\ngrant = \"archive\"\n",
        ] {
            assert!(read("", tables, Reach::Granted(&grants)).0.is_none(), "{tables}");
        }
    }

    #[test]
    fn what_is_lent_to_one_community_is_not_lent_to_another() {
        let grants = grants(&LENT.replace("[\"orchard\"]", "[\"press\"]"));
        let (community, remarks) = read("", "[[notes]]\ngrant = \"notes\"\n", Reach::Granted(&grants));
        assert!(community.is_none());
        assert_eq!((remarks.len(), remarks[0].code, remarks[0].place.line), (1, "not-granted", 13), "{remarks:?}");
        assert!(remarks[0].sentence.contains("lends nothing of that name to orchard"));
        // The same address without the name is another place, with nothing that opens it.
        let public = "[[notes]]\ngit = \"https://git.example.org/archive.git\"\n";
        let notes = read("", public, Reach::Granted(&grants)).0.unwrap().notes;
        assert_eq!(notes[0].folder, "git.example.org/archive");
    }

    #[test]
    fn letters_go_to_the_addresses_that_are_lent_where_some_are() {
        let some = grants("addresses = [\"lists.example.org\", \"ada@example.org\"]");
        let lists = |list: &str| format!("list = \"{list}\"\nletters = \"reminders\"");
        assert!(read(&lists("orchard@lists.example.org"), "", Reach::Granted(&some)).0.is_some());
        let another = lists("everybody@press.example.org");
        let (community, remarks) = read(&another, "", Reach::Granted(&some));
        assert!(community.is_none() && remarks.iter().any(|remark| remark.code == "not-granted" && remark.place.line == 4), "{remarks:?}");
        assert!(read(&another, "", Reach::Granted(&Grants::default())).0.is_some());
        let kept = read(&another, "", Reach::Kept(&some)).0.unwrap();
        assert_eq!(kept.series[0].list, None);
        assert!(read("sender = \"boss@bank.example.org\"", "", Reach::Granted(&some)).0.is_none());
    }
}
