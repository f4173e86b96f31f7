//! The templates by which letters are composed: one a kind, built in, and people's own in their place. A template looks like the letter:
//! a line `Subject: …`, an empty line, the body. One that is wrong is a remark with its line and column, and what to write instead.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

use super::parts::{self, WIDTH};
use crate::output::own::{BAD_TEMPLATE, Bounded, LARGEST_TEMPLATE, Trade, nearest, remark};
use crate::output::words;
use crate::plan::key::Kind;
use crate::source::{Place, Remark, Text};

/// The folder of own templates inside the configuration's: `letters/KIND.txt` for all, `COMMUNITY/letters/KIND.txt` for one community.
pub const FOLDER: &str = "templates/";
/// Steps of the template engine for one letter.
const FUEL: u64 = 400_000;
/// Octets of a letter as it comes out of its template, before it is cut.
const LARGEST_OUTPUT: usize = 256 * 1024;
/// By which what is wrong with one is said.
const TRADE: Trade = Trade {
    of: "letter",
    filters: &[
        "wrap", "item", "set_in", "number", "capital", "length", "first", "last", "join", "upper", "lower", "trim", "default", "replace",
    ],
    no_other: "A template of a letter stands alone{place}: write the words here instead of including them.",
    compare: "convened letter SERIES --kind KIND --template",
    largest: "256 kB",
};

/// The template of a kind that is part of the program.
pub fn built_in(kind: Kind) -> &'static str {
    match kind {
        Kind::Reminder => include_str!("templates/reminder.txt"),
        Kind::Cancelled => include_str!("templates/cancelled.txt"),
        Kind::Moved => include_str!("templates/moved.txt"),
        Kind::Restored => include_str!("templates/restored.txt"),
        Kind::Extra => include_str!("templates/extra.txt"),
        Kind::Changed => include_str!("templates/changed.txt"),
        Kind::Clocks => include_str!("templates/clocks.txt"),
        Kind::Digest => include_str!("templates/digest.txt"),
        Kind::Hello => include_str!("templates/hello.txt"),
        Kind::Proposal => include_str!("templates/proposal.txt"),
        Kind::Remarks => include_str!("templates/remarks.txt"),
    }
}

/// The templates in force. Cheap to clone; two are the same if they were made from the same texts.
#[derive(Clone)]
pub struct Templates(Arc<Shared>);

struct Shared {
    /// People's own, by path.
    own: BTreeMap<Arc<str>, Arc<str>>,
    environment: Environment<'static>,
}

impl PartialEq for Templates {
    fn eq(&self, other: &Templates) -> bool {
        self.0.own == other.0.own
    }
}

impl Eq for Templates {}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.own.keys()).finish()
    }
}

impl Default for Templates {
    fn default() -> Templates {
        Templates::new(&[])
    }
}

/// What came out of a template: its subject and the lines below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    pub subject: String,
    pub body: String,
}

/// Whose template a path names, and for which kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Of {
    /// `None`: of every community that has none of its own.
    pub community: Option<String>,
    pub kind: Kind,
}

/// What a path below the folder of templates stands for; `None` for one that is not below it.
pub fn of(path: &str) -> Option<Result<Of, Remark>> {
    let parts: Vec<&str> = path.strip_prefix(FOLDER)?.split('/').collect();
    let (community, file) = match parts.as_slice() {
        ["letters", file] => (None, *file),
        [community, "letters", file] => (Some((*community).to_owned()), *file),
        _ => return None,
    };
    let stem = file.strip_suffix(".txt")?;
    Some(Kind::parse(stem).map(|kind| Of { community, kind }).ok_or_else(|| {
        let hint = nearest(stem, Kind::ALL.map(Kind::word)).map(|near| format!(" Did you mean {near}.txt?")).unwrap_or_default();
        let kinds = Kind::ALL.map(Kind::word);
        let sentence = format!(
            "There is no letter of the kind \"{}\".{hint} The kinds are {}.",
            crate::output::clean::line(stem, 60),
            words::list(&kinds)
        );
        Remark::warning(Place::new(path, 0), "unknown-template", sentence)
    }))
}

impl Templates {
    /// The built-in templates with own ones in the place of some; those that cannot be read are left out.
    pub fn new(own: &[Text]) -> Templates {
        let mut environment = environment();
        let mut taken = BTreeMap::new();
        for text in own {
            let Ok(source) = std::str::from_utf8(&text.bytes) else { continue };
            if environment.add_template_owned(text.path.to_string(), source.to_owned()).is_ok() {
                taken.insert(text.path.clone(), Arc::from(source));
            }
        }
        for kind in Kind::ALL {
            // They are part of the program; a test reads them all.
            let _ = environment.add_template(kind.word(), built_in(kind));
        }
        Templates(Arc::new(Shared { own: taken, environment }))
    }

    /// Whether people have put none of their own in place.
    pub fn are_built_in(&self) -> bool {
        self.0.own.is_empty()
    }

    /// The template in force for a kind: its path where it is people's own, and its text.
    pub fn in_force(&self, kind: Kind, community: &str) -> (Option<&str>, &str) {
        let paths = [format!("{FOLDER}{community}/letters/{}.txt", kind.word()), format!("{FOLDER}letters/{}.txt", kind.word())];
        let own = paths.iter().find_map(|path| self.0.own.get_key_value(path.as_str()));
        own.map_or((None, built_in(kind)), |(path, text)| (Some(path), text))
    }

    /// The letter that the template in force makes of these values. What it cannot make is made by the built-in one, and the remark says why.
    pub fn render(&self, kind: Kind, community: &str, values: &Value) -> (Option<Rendered>, Option<Remark>) {
        let Some(path) = self.in_force(kind, community).0 else { return (self.rendered(kind.word(), values).ok(), None) };
        match self.rendered(path, values) {
            Ok(rendered) => (Some(rendered), None),
            Err(remark) => (self.rendered(kind.word(), values).ok(), Some(remark)),
        }
    }

    fn rendered(&self, name: &str, values: &Value) -> Result<Rendered, Remark> {
        let source = self.0.own.get(name).map_or("", |source| source);
        let mut out = Bounded::new(LARGEST_OUTPUT);
        let done =
            self.0.environment.get_template(name).and_then(|template| template.render_captured_to(values.clone(), &mut out).map(drop));
        done.map_err(|error| remark(&TRADE, name, source, &error, values))?;
        let text = out.text();
        let (subject, body) = text.trim_start().split_once('\n').unwrap_or((text.trim(), ""));
        let subject = subject.strip_prefix("Subject:").map(str::trim).filter(|subject| !subject.is_empty());
        let subject = subject.ok_or_else(|| {
            let sentence = "This letter has no subject. Begin the template with a line \"Subject: {{ title }}\" and an empty line.";
            Remark::fault(Place::new(name, 1), BAD_TEMPLATE, sentence)
        })?;
        Ok(Rendered { subject: subject.to_owned(), body: body.to_owned() })
    }
}

/// What is wrong with the text of a template before it is given anything to write: `samples` are values it will be given.
pub fn faults(text: &Text, samples: &[Value]) -> Vec<Remark> {
    let fault = |line, sentence: &str| vec![Remark::fault(Place::new(text.path.clone(), line), BAD_TEMPLATE, sentence)];
    if text.bytes.len() > LARGEST_TEMPLATE {
        return fault(0, "This template is larger than 64 kB; a letter is not. Make it shorter.");
    }
    let Ok(source) = std::str::from_utf8(&text.bytes) else { return fault(0, "This template is not UTF-8. Save it as UTF-8.") };
    let mut environment = environment();
    if let Err(error) = environment.add_template_owned(text.path.to_string(), source.to_owned()) {
        return vec![remark(&TRADE, &text.path, source, &error, &Value::UNDEFINED)];
    }
    let templates = Templates::new(std::slice::from_ref(text));
    let mut remarks: Vec<Remark> = samples.iter().filter_map(|values| templates.rendered(&text.path, values).err()).collect();
    remarks.sort();
    remarks.dedup_by(|a, b| a.is_as(b));
    remarks
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_recursion_limit(50);
    environment.set_fuel(Some(FUEL));
    filters(&mut environment);
    environment
}

/// The filters of letters, and a few of the engine's own that cannot grow a text without end.
fn filters(environment: &mut Environment<'static>) {
    environment
        .add_filter("wrap", |text: &str, width: Option<usize>| words::wrap(text, width.unwrap_or(WIDTH).clamp(20, 72), "", "").join("\n"));
    environment.add_filter("item", |text: &str| parts::item(text).join("\n"));
    environment.add_filter("set_in", |text: &str| {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        parts::set_in(&lines).join("\n")
    });
    environment.add_filter("number", |count: u64| words::number(count));
    environment.add_filter("capital", |text: &str| words::capital(text));
    environment.add_filter("length", minijinja::filters::length);
    environment.add_filter("first", minijinja::filters::first);
    environment.add_filter("last", minijinja::filters::last);
    environment.add_filter("join", minijinja::filters::join);
    environment.add_filter("upper", minijinja::filters::upper);
    environment.add_filter("lower", minijinja::filters::lower);
    environment.add_filter("trim", minijinja::filters::trim);
    environment.add_filter("default", minijinja::filters::default);
    environment.add_filter("replace", minijinja::filters::replace);
    environment.add_test("defined", minijinja::tests::is_defined);
}
