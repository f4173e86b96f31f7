//! YAML as a tree with lines. Bounded: depth, number of nodes and what aliases copy have a limit, so a small file stays small.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::codes;
use crate::source::{Place, Remark, Text};

/// Nested deeper is nobody's schedule.
const DEEPEST: usize = 40;
/// Nodes of a tree, with those that aliases repeat, and the letters in them.
const MOST_NODES: usize = 200_000;
const MOST_LETTERS: usize = 8 << 20;

/// A value and the line it begins on.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub line: u32,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Text(String),
    List(Vec<Node>),
    /// In the order of the file; of a key that stands twice both.
    Map(Vec<(String, Node)>),
}

impl Node {
    fn null(line: u32) -> Node {
        Node { line, value: Value::Null }
    }

    /// The value of a key; of several the last, as PyYAML has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().rev().find(|(known, _)| known == key).map(|(_, node)| node).filter(|node| !matches!(node.value, Value::Null))
    }

    pub fn entries(&self) -> &[(String, Node)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// How many nodes and letters this is, for the limit on copies.
    fn size(&self) -> (usize, usize) {
        let (nodes, letters) = match &self.value {
            Value::Null => (0, 0),
            Value::Text(text) => (0, text.len()),
            Value::List(items) => items.iter().map(Node::size).fold((0, 0), add),
            Value::Map(entries) => entries.iter().map(|(key, node)| add((0, key.len()), node.size())).fold((0, 0), add),
        };
        (nodes + 1, letters)
    }
}

fn add(a: (usize, usize), b: (usize, usize)) -> (usize, usize) {
    (a.0.saturating_add(b.0), a.1.saturating_add(b.1))
}

/// A list or map that is being read, with its anchor, and the key that waits for its value.
struct Open {
    node: Node,
    anchor: usize,
    key: Option<String>,
}

/// The tree being read.
struct Reading {
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    left: (usize, usize),
    root: Option<Node>,
}

/// The first document of a text as a tree. The error is a remark: a slip of syntax, or too much of something.
pub(super) fn read(text: &Text, remarks: &mut Vec<Remark>) -> Option<Node> {
    let source = super::text::utf8(text, remarks)?;
    let fault = |line: u32, code, sentence: String| Some(Remark::fault(Place::new(text.path.clone(), line), code, sentence));
    let mut reading = Reading { open: Vec::new(), anchors: HashMap::new(), left: (MOST_NODES, MOST_LETTERS), root: None };
    let mut parser = Parser::new_from_str(&source);
    let mut stopped = None;
    let mut documents = 0;
    while let Some(event) = parser.next_event() {
        match event {
            Err(error) => {
                let line = u32::try_from(error.marker().line()).unwrap_or(0);
                let sentence =
                    format!("From here on this is not YAML ({}). Correct this line, and import again.", super::text::shown(error.info()));
                stopped = fault(line, codes::NOT_READABLE, sentence);
                break;
            }
            Ok((Event::StreamEnd, _)) => break,
            Ok((Event::DocumentStart(_), span)) => {
                documents += 1;
                if documents > 1 {
                    let place = Place::new(text.path.clone(), line_of(&span));
                    let sentence = "A second document begins here. Only the first one of a file is read.";
                    remarks.push(Remark::warning(place, codes::NOT_TAKEN, sentence));
                    break;
                }
            }
            Ok((event, span)) => {
                if let Err(sentence) = reading.take(event, line_of(&span)) {
                    stopped = fault(line_of(&span), codes::TOO_LARGE, sentence.to_owned());
                    break;
                }
            }
        }
    }
    match stopped {
        Some(remark) => {
            remarks.push(remark);
            None
        }
        None => Some(reading.root.unwrap_or(Node::null(1))),
    }
}

fn line_of(span: &Span) -> u32 {
    u32::try_from(span.start.line()).unwrap_or(0)
}

impl Reading {
    fn take(&mut self, event: Event<'_>, line: u32) -> Result<(), &'static str> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let is_null = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if is_null { Value::Null } else { Value::Text(text.into_owned()) };
                let node = Node { line, value };
                let cost = node.size();
                self.settle(node, anchor, cost)
            }
            Event::SequenceStart(anchor, _) => self.begin(Node { line, value: Value::List(Vec::new()) }, anchor),
            Event::MappingStart(anchor, _) => self.begin(Node { line, value: Value::Map(Vec::new()) }, anchor),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.settle(open.node, open.anchor, (1, 0)),
                None => Ok(()),
            },
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(node) => {
                    let size = node.size();
                    let room = self.left.0 >= size.0 && self.left.1 >= size.1;
                    let copy = if room { node.clone() } else { Node::null(line) };
                    if !room {
                        return Err("The aliases of this file repeat more than a schedule can hold. Write out what is meant.");
                    }
                    self.settle(copy, 0, size)
                }
                // An alias inside of what it names.
                None => self.settle(Node::null(line), 0, (1, 0)),
            },
            _ => Ok(()),
        }
    }

    fn begin(&mut self, node: Node, anchor: usize) -> Result<(), &'static str> {
        if self.open.len() >= DEEPEST {
            return Err("This is nested deeper than any schedule. Check that it is the right file.");
        }
        self.open.push(Open { node, anchor, key: None });
        Ok(())
    }

    /// A node that is complete goes into what is open, or is the root. An anchor keeps a copy of it.
    fn settle(&mut self, node: Node, anchor: usize, cost: (usize, usize)) -> Result<(), &'static str> {
        let cost = if anchor == 0 { cost } else { add(cost, node.size()) };
        let left = self.left.0.checked_sub(cost.0).zip(self.left.1.checked_sub(cost.1));
        self.left = left.ok_or("This file holds more than a schedule can. Check that it is the right file.")?;
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return Ok(());
        };
        match &mut open.node.value {
            Value::List(items) => items.push(node),
            Value::Map(entries) => match open.key.take() {
                None => open.key = Some(key_of(&node)),
                Some(key) if key == "<<" => merge(entries, &node),
                Some(key) => entries.push((key, node)),
            },
            Value::Null | Value::Text(_) => {}
        }
        Ok(())
    }
}

fn key_of(node: &Node) -> String {
    node.text().unwrap_or_default().to_owned()
}

/// `<<: *other`: the entries of the others, behind one's own.
fn merge(entries: &mut Vec<(String, Node)>, node: &Node) {
    let others = if node.items().is_empty() { std::slice::from_ref(node) } else { node.items() };
    let own = entries.len();
    for (key, value) in others.iter().flat_map(Node::entries) {
        if entries.iter().all(|(known, _)| known != key) {
            entries.insert(own.min(entries.len()), (key.clone(), value.clone()));
        }
    }
    // What stands first loses in `get`, so merged entries go before one's own.
    entries.rotate_left(own);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> (Option<Node>, Vec<Remark>) {
        let mut remarks = Vec::new();
        (read(&Text::new("a.yaml", text.as_bytes()), &mut remarks), remarks)
    }

    #[test]
    fn values_know_their_lines() {
        let (root, remarks) = tree("name: Tide\nevents:\n  - summary: |\n      one\n      two\n    begin: 2026-01-14 18:00:00 +00:00\n");
        let root = root.unwrap();
        assert!(remarks.is_empty());
        let event = &root.get("events").unwrap().items()[0];
        assert_eq!((event.line, event.get("summary").unwrap().text()), (3, Some("one\ntwo\n")));
        assert_eq!((event.get("begin").unwrap().line, event.get("begin").unwrap().text()), (6, Some("2026-01-14 18:00:00 +00:00")));
    }

    #[test]
    fn a_merged_entry_gives_way_to_an_own_one() {
        let (root, _) = tree("a: &base {x: 1, y: 2}\nb:\n  y: 3\n  <<: *base\n  z: 4\n");
        let b = root.unwrap().get("b").unwrap().clone();
        let of = |key: &str| b.get(key).and_then(|node| node.text().map(str::to_owned)).unwrap();
        assert_eq!((of("x"), of("y"), of("z")), ("1".to_owned(), "3".to_owned(), "4".to_owned()));
    }

    #[test]
    fn aliases_that_multiply_are_refused() {
        let mut text = "a: &a [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for (name, before) in [("b", "a"), ("c", "b"), ("d", "c"), ("e", "d"), ("f", "e"), ("g", "f")] {
            text += &format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 10].join(","));
        }
        let (root, remarks) = tree(&text);
        assert!(root.is_none());
        assert_eq!(remarks[0].code, codes::TOO_LARGE);
    }

    #[test]
    fn what_is_nested_too_deeply_is_refused() {
        let (root, remarks) = tree(&"[".repeat(5000));
        assert!(root.is_none() && remarks.len() == 1);
    }

    #[test]
    fn an_alias_inside_of_what_it_names_is_nothing() {
        let (root, _) = tree("a: &a\n  b: *a\n");
        assert!(root.is_none_or(|root| root.get("a").is_some()));
    }
}
