//! A community's colour, made dark enough for links on the light ground and light enough for those on the dark one (WCAG 2.2, 1.4.3).

/// Grounds of the stylesheet, by day and by night, and the least contrast of a text with them; a little above the 4.5 that is asked.
const LIGHT: [u8; 3] = [0xfd, 0xfd, 0xfb];
const DARK: [u8; 3] = [0x1b, 0x1f, 0x23];
const CONTRAST: f64 = 4.8;

/// The lines that give a stylesheet the colour of a community; nothing for what is no `#rrggbb`.
pub fn rules(colour: &str) -> Option<String> {
    let own = parse(colour)?;
    let (by_day, by_night) = (readable(own, LIGHT, [0; 3]), readable(own, DARK, [255; 3]));
    let root = |colour: [u8; 3], on: &str| format!(":root {{ --link: {0}; --strong: {0}; --on-strong: {on}; }}", print(colour));
    Some(format!("{}\n@media (prefers-color-scheme: dark) {{ {} }}\n", root(by_day, "#ffffff"), root(by_night, "#10161c")))
}

/// The colour, mixed with as little of another as makes it readable on a ground.
fn readable(colour: [u8; 3], ground: [u8; 3], towards: [u8; 3]) -> [u8; 3] {
    let mixed = |share: u32| {
        let mix = |(from, to): (u8, u8)| (f64::from(from) + (f64::from(to) - f64::from(from)) * f64::from(share) / 20.0).round() as u8;
        [(colour[0], towards[0]), (colour[1], towards[1]), (colour[2], towards[2])].map(mix)
    };
    (0..20).map(mixed).find(|mixed| contrast(*mixed, ground) >= CONTRAST).unwrap_or(towards)
}

/// By WCAG 2.2, "contrast ratio".
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// By WCAG 2.2, "relative luminance".
fn luminance(colour: [u8; 3]) -> f64 {
    let [red, green, blue] = colour.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn parse(colour: &str) -> Option<[u8; 3]> {
    let hex = colour.strip_prefix('#').filter(|hex| hex.len() == 6 && hex.is_ascii())?;
    let part = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    Some([part(0)?, part(2)?, part(4)?])
}

fn print([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_is_readable_by_day_and_by_night() {
        for red in (0..=255).step_by(17) {
            for green in (0..=255).step_by(17) {
                for blue in (0..=255).step_by(17) {
                    let own = [red, green, blue];
                    let (by_day, by_night) = (readable(own, LIGHT, [0; 3]), readable(own, DARK, [255; 3]));
                    assert!(contrast(by_day, LIGHT) >= 4.5 && contrast(by_day, [255; 3]) >= 4.5, "{own:?} {by_day:?}");
                    assert!(contrast(by_night, DARK) >= 4.5 && contrast(by_night, [0x10, 0x16, 0x1c]) >= 4.5, "{own:?} {by_night:?}");
                }
            }
        }
    }

    #[test]
    fn a_colour_that_is_readable_stays_as_it_is() {
        assert!(rules("#013243").unwrap().starts_with(":root { --link: #013243;"));
        assert_eq!(rules("teal"), None);
    }
}
