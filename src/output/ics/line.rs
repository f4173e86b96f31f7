//! Content lines: every one is an `icalendar::Property`, its value cleaned before and its folds put right after.

use chrono::{DateTime, NaiveDateTime, Utc};
use icalendar::{CalendarDateTime, DatePerhapsTime, Property};

use crate::meeting::zone::Zone;

/// The longest physical line in octets, its line end not counted (RFC 5545 3.1).
const LONGEST: usize = 75;

/// A property whose value is a text for people: line ends become `\n`, other control characters go, the crate escapes the rest.
pub(super) fn text(key: &str, value: &str) -> Property {
    Property::new(key, clean(value))
}

/// The same for a property that the crate does not know as a text by its name.
pub(super) fn typed_text(key: &str, value: &str) -> Property {
    let mut property = text(key, value);
    property.add_parameter("VALUE", "TEXT");
    property
}

/// A property whose value goes out as it is: numbers, dates, rules, URIs. `None` where it holds what would break its line.
pub(super) fn plain(key: &str, value: &str) -> Option<Property> {
    (!value.chars().any(|c| c.is_control() || c.is_whitespace())).then(|| Property::new(key, value))
}

/// A URI with its type said, as RFC 7986 properties need it.
pub(super) fn uri(key: &str, value: &str) -> Option<Property> {
    let mut property = plain(key, value)?;
    property.add_parameter("VALUE", "URI");
    Some(property)
}

/// A wall time in a zone: with TZID, or as UTC where the zone is UTC.
pub(super) fn wall(key: &str, wall: NaiveDateTime, zone: &Zone) -> Property {
    let time = if zone.is_utc() {
        CalendarDateTime::Utc(wall.and_utc())
    } else {
        CalendarDateTime::WithTimezone { date_time: wall, tzid: zone.name().to_owned() }
    };
    DatePerhapsTime::DateTime(time).to_property(key)
}

/// An instant, in UTC.
pub(super) fn instant(key: &str, at: DateTime<Utc>) -> Property {
    DatePerhapsTime::DateTime(CalendarDateTime::Utc(at)).to_property(key)
}

/// A property as its content line, CRLF at the end.
pub(super) fn print(property: Property) -> String {
    let line: Result<String, _> = property.try_into();
    refold(&line.unwrap_or_default())
}

/// Folds again what the crate left one octet too long: the last line of a folded property can have 76 (field/CRATES.md, section 1).
pub(super) fn refold(printed: &str) -> String {
    let mut out = String::with_capacity(printed.len() + 8);
    for line in printed.split_inclusive("\r\n") {
        let mut rest = line;
        let mut room = LONGEST;
        while rest.trim_end_matches("\r\n").len() > room {
            let cut = (1..=room).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
            let (head, tail) = rest.split_at(cut);
            out.push_str(head);
            out.push_str("\r\n ");
            rest = tail;
            room = LONGEST - 1;
        }
        out.push_str(rest);
    }
    out
}

/// A parameter value that cannot end its quotation.
pub(super) fn parameter(value: &str) -> String {
    value.chars().map(|c| if c == '"' { '\'' } else { c }).filter(|c| !c.is_control()).collect()
}

/// Line ends as LF, no other control characters but tabs.
fn clean(value: &str) -> String {
    value.replace("\r\n", "\n").replace('\r', "\n").chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_physical_line_is_longer_than_75_octets_and_unfolding_gives_the_text_back() {
        for length in 1..400 {
            for letter in ["a", "é", "老", " "] {
                let value = format!("x{}x", letter.repeat(length));
                let printed = print(text("DESCRIPTION", &value));
                assert!(printed.split("\r\n").all(|line| line.len() <= LONGEST), "{length} {letter}");
                assert_eq!(printed.replace("\r\n ", ""), format!("DESCRIPTION:{value}\r\n"));
            }
        }
    }

    #[test]
    fn a_line_end_in_a_text_makes_no_new_property() {
        assert_eq!(
            print(text("SUMMARY", "a\r\nATTENDEE:mailto:x@example.org\u{0}\u{7}\rb,c;d\\e")),
            "SUMMARY:a\\nATTENDEE:mailto:x@example.org\\nb\\,c\\;d\\\\e\r\n"
        );
    }

    #[test]
    fn an_address_with_a_line_end_is_no_property_at_all() {
        assert!(plain("URL", "https://example.org/\r\nATTENDEE:x").is_none());
        assert!(uri("CONFERENCE", "https://example.org/a b").is_none());
    }
}
