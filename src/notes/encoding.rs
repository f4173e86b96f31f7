//! Bytes to text, and the remark on a text that was once read in the wrong encoding. Such words are left as they stand.

use std::borrow::Cow;

use super::Finding;
use super::lines::Doc;

/// The bytes as text; what is no UTF-8 becomes a replacement mark.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let wide = |from: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|p| from([p[0], p[1]])).collect();
        Cow::Owned(String::from_utf16_lossy(&units))
    };
    match bytes {
        [0xFF, 0xFE, ..] => wide(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => wide(u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest),
        _ => utf8(bytes),
    }
}

/// Whole texts are proved at once, which is faster than piece by piece.
fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// The upper half of Mac Roman.
const MAC: &str = "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{f8ff}ÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ";
/// The upper half of Windows-1252; the five holes stand for themselves.
const WESTERN: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ\u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ";

/// A remark, once a text, where words are UTF-8 that was read as something else.
pub fn remark(doc: &Doc<'_>) -> Option<Finding> {
    let mut first = None;
    let mut lines = 0;
    for line in doc.lines.iter().filter(|l| !l.raw.is_ascii()) {
        if let Some((word, meant)) = garbled(line.raw) {
            lines += 1;
            first.get_or_insert((line.number, word, meant));
        }
    }
    let (line, word, meant) = first?;
    let more = if lines > 1 { format!(" and on {} more lines", lines - 1) } else { String::new() };
    Some(Finding {
        line,
        code: "wrong-encoding",
        text: format!("The text was saved in a wrong encoding: \"{word}\" was probably \"{meant}\"{more}. It is read as it stands."),
    })
}

/// The first run of characters that is UTF-8 read in another encoding, and what it was.
fn garbled(s: &str) -> Option<(String, String)> {
    let mut run = String::new();
    for c in s.chars().chain(std::iter::once(' ')) {
        if !c.is_ascii() && run.len() < 64 {
            run.push(c);
            continue;
        }
        if run.chars().nth(1).is_some() {
            for table in [MAC, WESTERN] {
                let bytes: Option<Vec<u8>> =
                    run.chars().map(|c| table.chars().position(|t| t == c).and_then(|at| u8::try_from(at + 128).ok())).collect();
                if let Some(meant) = bytes.and_then(|b| String::from_utf8(b).ok()) {
                    return Some((run, meant));
                }
            }
        }
        run.clear();
    }
    None
}
