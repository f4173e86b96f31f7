//! Many words looked for in one pass over a text, and long lists of words asked for one word: tables that the compiler makes.
//!
//! Every question to a note goes through here, so that a line is walked once and not once for each word.

/// Up to 64 words, to be found anywhere in a text. A bit of the tables stands for a word that has this byte first, second, or third.
pub struct Cues {
    words: &'static [&'static str],
    at: [[u64; 256]; DEPTH],
    caseless: bool,
}

/// Bytes of a word that are looked up in tables before the word itself is compared.
const DEPTH: usize = 3;

impl Cues {
    /// Words that are found as they are written.
    pub const fn new(words: &'static [&'static str]) -> Cues {
        Cues::made(words, false)
    }

    /// Words in small letters that are found in small letters and in capitals.
    pub const fn caseless(words: &'static [&'static str]) -> Cues {
        Cues::made(words, true)
    }

    const fn made(words: &'static [&'static str], caseless: bool) -> Cues {
        assert!(words.len() <= 64, "a table of cues holds at most 64 words");
        let mut at = [[0u64; 256]; DEPTH];
        let mut n = 0;
        while n < words.len() {
            let word = words[n].as_bytes();
            let bit = 1u64 << n;
            let mut depth = 0;
            while depth < DEPTH {
                if depth < word.len() {
                    at[depth][word[depth] as usize] |= bit;
                    if caseless {
                        at[depth][word[depth].to_ascii_uppercase() as usize] |= bit;
                    }
                } else {
                    let mut b = 0;
                    while b < 256 {
                        at[depth][b] |= bit;
                        b += 1;
                    }
                }
                depth += 1;
            }
            n += 1;
        }
        Cues { words, at, caseless }
    }

    fn may_begin(&self, a: u8, b: u8) -> bool {
        self.at[0][usize::from(a)] & self.at[1][usize::from(b)] != 0
    }

    /// The words that stand at a place.
    fn at(&self, bytes: &[u8], at: usize) -> u64 {
        let Some(a) = bytes.get(at) else { return 0 };
        let mut candidates = self.at[0][usize::from(*a)];
        for (depth, table) in self.at.iter().enumerate().skip(1) {
            if candidates == 0 {
                return 0;
            }
            candidates &= table[usize::from(bytes.get(at + depth).copied().unwrap_or(0))];
        }
        let mut found = 0;
        while candidates != 0 {
            let n = candidates.trailing_zeros();
            candidates &= candidates - 1;
            let word = self.words[n as usize].as_bytes();
            if let Some(here) = bytes.get(at..at + word.len())
                && (here == word || self.caseless && here.eq_ignore_ascii_case(word))
            {
                found |= 1 << n;
            }
        }
        found
    }

    /// The next place, from `from` on, at which words stand, with the words there as bits.
    fn next(&self, bytes: &[u8], from: usize) -> Option<(usize, u64)> {
        let mut at = from;
        while let (Some(here), Some(after)) = (bytes.get(at..), bytes.get(at + 1..)) {
            at += here.iter().zip(after).position(|(a, b)| self.may_begin(*a, *b)).unwrap_or(after.len());
            let found = self.at(bytes, at);
            if found != 0 {
                return Some((at, found));
            }
            at += 1;
        }
        None
    }

    /// Every place at which words stand, in order, each with the words there as bits.
    fn places<'s>(&'s self, text: &'s str) -> impl Iterator<Item = (usize, u64)> {
        let mut from = 0;
        std::iter::from_fn(move || {
            let found = self.next(text.as_bytes(), from)?;
            from = found.0 + 1;
            Some(found)
        })
    }

    /// Whether one of the words is in the text.
    pub fn any(&self, text: &str) -> bool {
        self.next(text.as_bytes(), 0).is_some()
    }

    /// The first word in the text, the longest of those that begin there: its place and the word.
    pub fn first(&self, text: &str) -> Option<(usize, &'static str)> {
        let (at, bits) = self.places(text).next()?;
        self.named(bits).max_by_key(|w| w.len()).map(|w| (at, w))
    }

    /// All words in the text with their places.
    pub fn all<'s>(&'s self, text: &'s str) -> impl Iterator<Item = (usize, &'static str)> {
        self.places(text).flat_map(|(at, bits)| self.named(bits).map(move |w| (at, w)))
    }

    /// Whether the text begins with one of the words.
    pub fn leads(&self, text: &str) -> bool {
        self.at(text.as_bytes(), 0) != 0
    }

    fn named(&self, bits: u64) -> impl Iterator<Item = &'static str> {
        (0..64).filter(move |n| bits >> n & 1 == 1).filter_map(|n| self.words.get(n).copied())
    }
}

/// A long list of words parted by blanks, asked for one word. The slots hold where words begin, by their hash.
pub struct Words {
    list: &'static str,
    slots: [u16; SLOTS],
}

/// More than words in any list, so that a search soon meets an empty slot.
const SLOTS: usize = 1024;

impl Words {
    pub const fn new(list: &'static str) -> Words {
        let bytes = list.as_bytes();
        assert!(bytes.len() < u16::MAX as usize, "a list of words is too long");
        let mut slots = [0u16; SLOTS];
        let (mut at, mut hash, mut from, mut count) = (0, START, 0, 0);
        while at <= bytes.len() {
            if at == bytes.len() || bytes[at] == b' ' {
                if at > from {
                    let mut slot = hash as usize % SLOTS;
                    while slots[slot] != 0 {
                        slot = (slot + 1) % SLOTS;
                    }
                    slots[slot] = from as u16 + 1;
                    count += 1;
                }
                (hash, from) = (START, at + 1);
            } else {
                hash = mixed(hash, bytes[at]);
            }
            at += 1;
        }
        assert!(count < SLOTS / 2, "a list of words has too many");
        Words { list, slots }
    }

    /// Whether the word is in the list.
    pub fn has(&self, word: &str) -> bool {
        let hash = word.bytes().fold(START, mixed);
        let mut slot = hash as usize % SLOTS;
        while let Some(from) = self.slots[slot].checked_sub(1) {
            let rest = self.list.as_bytes().get(usize::from(from)..).unwrap_or(&[]);
            if rest.starts_with(word.as_bytes()) && rest.get(word.len()).is_none_or(|b| *b == b' ') && !word.contains(' ') {
                return true;
            }
            slot = (slot + 1) % SLOTS;
        }
        false
    }
}

const START: u32 = 0x811c_9dc5;

const fn mixed(hash: u32, byte: u8) -> u32 {
    let h = (hash ^ byte as u32).wrapping_mul(0x0100_0193);
    h ^ h >> 15
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_where_a_search_for_each_finds_them() {
        const CUES: &Cues = &Cues::new(&["move ", "moved to", "no meeting", "e", "meet"]);
        for text in ["", "e", "moved to", "there is no meeting, so move it", "NO MEETING", "é e", "mo", "move"] {
            let mut want: Vec<(usize, &str)> = CUES.words.iter().flat_map(|w| text.match_indices(w)).collect();
            let mut got: Vec<_> = CUES.all(text).collect();
            want.sort_unstable();
            got.sort_unstable();
            assert_eq!(got, want, "{text}");
            assert_eq!(CUES.any(text), !want.is_empty());
        }
        const LOUD: &Cues = &Cues::caseless(&["no meeting", "cancel"]);
        assert_eq!(LOUD.first("There is NO Meeting"), Some((9, "no meeting")));
        assert!(LOUD.leads("Cancelled") && !LOUD.leads("Is cancelled"));
    }

    #[test]
    fn a_list_has_its_words_and_no_others() {
        const LIST: &Words = &Words::new("one two three pull-request");
        for word in ["one", "two", "three", "pull-request"] {
            assert!(LIST.has(word));
        }
        for word in ["", "on", "one two", "four", "pull", "two three", "ne"] {
            assert!(!LIST.has(word));
        }
    }
}
