//! What is known of a letter's way beforehand: the address at which a list's archive will show it, and what is done when nobody knows
//! whether the list has it.

use std::collections::BTreeMap;

use data_encoding::BASE32;
use sha1::{Digest, Sha1};

/// An archive whose addresses follow from the Message-ID.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Archive {
    /// The page of a list in HyperKitty, Mailman 3's archive, with a slash at its end.
    HyperKitty(String),
    /// An address with `{message-id}` or `{hash}` in it.
    Template(String),
}

impl Archive {
    /// Stands for the Message-ID, percent-encoded, without angle brackets.
    pub const MESSAGE_ID: &'static str = "{message-id}";
    /// Stands for [`hash`].
    pub const HASH: &'static str = "{hash}";

    /// Where the letter with this Message-ID (without angle brackets) will stand.
    pub fn address(&self, message_id: &str) -> String {
        match self {
            Archive::HyperKitty(page) => format!("{page}message/{}/", hash(message_id)),
            Archive::Template(template) => {
                template.replace(Archive::MESSAGE_ID, &encoded(message_id)).replace(Archive::HASH, &hash(message_id))
            }
        }
    }
}

/// What Mailman 3 calls the Message-ID-Hash: the base 32 of the SHA-1 of the Message-ID without its angle brackets. HyperKitty names
/// messages by it.
pub fn hash(message_id: &str) -> String {
    BASE32.encode(&Sha1::digest(message_id.as_bytes()))
}

/// The page of the archive itself, as far as it shows from an address in it: everything before the letter's own name. What answers there
/// is an archive; where nothing does, that a letter is missing means nothing.
pub fn home(address: &str, message_id: &str) -> String {
    let path = address.split('?').next().unwrap_or(address);
    let named = [encoded(message_id), hash(message_id)].iter().filter_map(|name| path.find(name.as_str())).min();
    let before = &path[..named.unwrap_or(path.len())];
    let folder = &before[..before.rfind('/').map_or(before.len(), |slash| slash + 1)];
    folder.strip_suffix("message/").unwrap_or(folder).to_owned()
}

/// As it stands in an address: what could end a part of it is percent-encoded (RFC 3986, 2.3; `@` may stand).
fn encoded(message_id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte);
    message_id.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// What is done with a letter of which nobody knows whether the server took it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Doubt {
    /// It is handed over once more, same bytes: a second copy is better than silence.
    Again,
    /// The archive or the mailbox is asked. Where it is there, it was sent; where it clearly is not, it is handed over once more;
    /// else it waits for a person.
    Ask,
    /// It waits for a person.
    Wait,
}

impl Doubt {
    pub const ALL: [Doubt; 3] = [Doubt::Again, Doubt::Ask, Doubt::Wait];

    pub fn word(self) -> &'static str {
        match self {
            Doubt::Again => "again",
            Doubt::Ask => "ask",
            Doubt::Wait => "wait",
        }
    }

    pub fn parse(word: &str) -> Option<Doubt> {
        Self::ALL.into_iter().find(|doubt| doubt.word() == word)
    }
}

/// What was said about doubts, by the word of the kind of letter. Kinds of which nothing is said do as their kind does.
pub type InDoubt = BTreeMap<String, Doubt>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hyperkitty_names_a_message_by_the_hash_of_its_id() {
        // The hash was seen in a header of Mailman 3.3.8 (field/MAIL.md M12).
        assert_eq!(hash("b1@cal.example.org"), "OWXGULZCXPDFDJX2FY4XXI7ANMPX6ZJM");
        let archive = Archive::HyperKitty("https://lists.example.org/archives/list/dev@lists.example.org/".to_owned());
        let address = "https://lists.example.org/archives/list/dev@lists.example.org/message/OWXGULZCXPDFDJX2FY4XXI7ANMPX6ZJM/";
        assert_eq!(archive.address("b1@cal.example.org"), address);
        assert_eq!(home(address, "b1@cal.example.org"), "https://lists.example.org/archives/list/dev@lists.example.org/");
    }

    #[test]
    fn a_template_takes_the_message_id_whole_and_lets_nothing_out_of_it() {
        let lore = Archive::Template("https://lore.example.org/dev/{message-id}/raw".to_owned());
        assert_eq!(lore.address("a.b@c.example"), "https://lore.example.org/dev/a.b@c.example/raw");
        assert_eq!(lore.address("a/b?#%@c"), "https://lore.example.org/dev/a%2Fb%3F%23%25@c/raw");
        assert_eq!(home("https://lore.example.org/dev/a%2Fb@c/raw", "a/b@c"), "https://lore.example.org/dev/");
        let search = Archive::Template("https://www.example.org/search?l=mid&q={message-id}".to_owned());
        assert_eq!(home(&search.address("a@c"), "a@c"), "https://www.example.org/");
    }
}
