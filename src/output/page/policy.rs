//! The pages' Content-Security-Policy, wherever they are served from; and what browsers leave out of a page under it, found in a template before
//! anybody misses it.

macro_rules! words {
    () => {
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'"
    };
}

/// What a page may load and do: its own stylesheet and script, its own forms.
pub const POLICY: &str = words!();
/// The same of a page that no other site may show in a frame.
pub const UNFRAMED: &str = concat!(words!(), "; frame-ancestors 'none'");
/// The same of a page that is made for frames; nothing on it acts.
pub const FRAMED: &str = concat!(words!(), "; frame-ancestors *");
/// What is said beside it of everything.
pub const OTHERS: [(&str, &str); 2] = [("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer")];

/// Lines of a page's template with what would not work there, and what to do instead.
pub(super) fn of_page(source: &str) -> Vec<(u32, String)> {
    let plain = without_syntax(source);
    let mut found = Vec::new();
    for (at, _) in plain.match_indices('<') {
        let Some(tag) = Tag::at(&plain, at) else { continue };
        let line = 1 + plain[..at].matches('\n').count();
        let column = 1 + plain[..at].rsplit('\n').next().unwrap_or_default().chars().count();
        let place = (u32::try_from(line).unwrap_or(0), column);
        if let Some(why) = tag.refused() {
            found.push((place.0, format!("Browsers leave out what stands at column {}: {why}", place.1)));
        }
    }
    found
}

/// The same of a stylesheet.
pub(super) fn of_style(source: &str) -> Vec<(u32, String)> {
    let elsewhere = |line: &str| {
        let lower = line.to_ascii_lowercase();
        let address = |rest: &str| {
            let rest = rest.trim_start_matches(['"', '\'', ' ']);
            rest.starts_with("//") || rest.starts_with("http:") || rest.starts_with("https:")
        };
        lower.contains("@import") || lower.match_indices("url(").any(|(at, _)| lower.get(at + 4..).is_some_and(address))
    };
    let lines = source.lines().enumerate().filter(|(_, line)| elsewhere(line));
    lines
        .map(|(number, _)| {
            let sentence = "Browsers leave this out: a page fetches nothing from elsewhere. Write the rules here, and a picture as data:.";
            (u32::try_from(number + 1).unwrap_or(0), sentence.to_owned())
        })
        .collect()
}

/// The same length and lines, with spaces for all that stands in braces.
fn without_syntax(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(begin) = rest.find(['{']) {
        let (before, syntax) = rest.split_at(begin);
        out.push_str(before);
        let close = match syntax.as_bytes().get(1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => {
                out.push('{');
                rest = syntax.get(1..).unwrap_or_default();
                continue;
            }
        };
        let end = syntax.find(close).map_or(syntax.len(), |at| at + close.len());
        let (inside, after) = syntax.split_at(end);
        out.extend(inside.chars().map(|character| if character == '\n' { '\n' } else { ' ' }));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// An opening tag: its name, and its attributes with their values, all in lower case.
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn at(html: &str, at: usize) -> Option<Tag> {
        let rest = html.get(at + 1..)?;
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return None;
        }
        let mut attributes = Vec::new();
        let mut rest = rest.get(name.len()..)?;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
            if rest.is_empty() || rest.starts_with('>') {
                break;
            }
            let length = rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/')).unwrap_or(rest.len()).max(1);
            let (attribute, after) = rest.split_at_checked(length)?;
            let after = after.trim_start();
            let (value, after) = match after.strip_prefix('=').map(str::trim_start) {
                None => ("", after),
                Some(value) => match value.strip_prefix('"').or_else(|| value.strip_prefix('\'')) {
                    Some(quoted) => {
                        let quote = if value.starts_with('"') { '"' } else { '\'' };
                        quoted.split_once(quote).unwrap_or((quoted, ""))
                    }
                    None => value.split_at(value.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(value.len())),
                },
            };
            attributes.push((attribute.to_ascii_lowercase(), value.trim().to_ascii_lowercase()));
            rest = after;
        }
        Some(Tag { name: name.to_ascii_lowercase(), attributes })
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(attribute, _)| attribute == name).map(|(_, value)| value.as_str())
    }

    fn refused(&self) -> Option<&'static str> {
        let elsewhere = |value: &str| value.starts_with("//") || value.starts_with("http:") || value.starts_with("https:");
        let fetches = matches!(self.name.as_str(), "img" | "script" | "source" | "video" | "audio" | "track" | "input");
        let styles = self.name == "link" && self.value("rel").is_some_and(|rel| rel.contains("stylesheet") || rel.contains("icon"));
        let address = if fetches { self.value("src") } else { self.value("href").filter(|_| styles) };
        Some(match self.name.as_str() {
            "iframe" | "object" | "embed" | "applet" => "no page shows another one inside it. Link to it instead.",
            "style" => "no style stands inside a page. Put it into style.css beside this file.",
            "script" if self.value("src").is_none() && self.value("type") != Some("application/ld+json") => {
                "no script stands inside a page, only /time.js is run. Take it out."
            }
            "base" if self.value("href").is_some() => "the addresses of a page are its own. Take it out.",
            "meta" if self.value("http-equiv").is_some() => "what is said to browsers is said by the server. Take it out.",
            "form" if self.value("action").is_some_and(elsewhere) => "no form leads elsewhere. Link there instead.",
            _ if address.is_some_and(elsewhere) => "a page fetches nothing from elsewhere. Link to it, or write a picture as data:.",
            _ if self.attributes.iter().any(|(name, _)| name == "style") => {
                "no style stands in a tag. Give it a class, and put the style into style.css beside this file."
            }
            _ if self.attributes.iter().any(|(name, _)| name.len() > 2 && name.starts_with("on")) => {
                "no script stands in a tag. Take it out."
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(source: &str) -> Vec<u32> {
        of_page(source).into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn what_the_policy_forbids_is_found_with_its_line() {
        let bad = "<p>\n<script>alert(1)</script>\n<p STYLE='color:red'>\n<a href=x OnClick=\"y()\">\n<img src=\"https://x.example/a.png\">\n\
            <iframe src=/x></iframe>\n<style>\n<base href=\"/x\">\n<meta http-equiv=\"refresh\">\n<form action=\"//x.example\">\n\
            <link rel=\"stylesheet\" href=\"//x.example/a.css\">\n<script src=\"https://x.example/a.js\"></script>";
        assert_eq!(lines(bad), (2..=12).collect::<Vec<_>>(), "{:?}", of_page(bad));
    }

    #[test]
    fn what_a_page_may_hold_is_let_be() {
        let good = "<script src=\"/time.js\" defer></script><script type=\"application/ld+json\">{{ event }}</script>\n\
            {# <style> #}{{ \"<script>\" }}<a href=\"https://x.example/\" rel=\"noopener\">a < b</a><img src=\"data:image/png;base64,x\">\n\
            <base target=\"_top\"><svg viewBox=\"0 0 {{ size }} 3\"><path d=\"x\"/></svg><p class=\"once\" data-onset=1>{ x }</p>";
        assert_eq!(of_page(good), []);
        assert_eq!(of_page("<"), []);
        assert_eq!(of_page("<a href=\"{{ x"), []);
        assert_eq!(of_page("{{ x"), []);
    }

    #[test]
    fn a_stylesheet_fetches_nothing_from_elsewhere() {
        let found = of_style(
            "a { color: red }\n@import 'x.css';\nb { background: URL( 'https://x.example/a.png') }\nc { background: url(data:x) }",
        );
        assert_eq!(found.into_iter().map(|(line, _)| line).collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn what_we_wrote_ourselves_is_allowed() {
        for name in super::super::templates::NAMES {
            let (_, text) =
                super::super::templates::Templates::default().in_force(name, None).map(|(p, t)| (p.is_some(), t.to_owned())).unwrap();
            assert_eq!(of_page(&text), [], "{name}");
        }
        assert_eq!(of_style(super::super::STYLE), []);
    }
}
