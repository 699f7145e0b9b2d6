//! YAML as a tree that knows where everything stands.
//!
//! Built on the parser's events rather than through serde, because a configuration's mistakes are to be reported all
//! at once, each with its line. Bounded in depth and size: an alias is expanded by copying, and a few lines of
//! aliases to aliases would otherwise fill the memory.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

use super::finding::{Report, shown};

/// How deeply lists and mappings may be nested.
const DEEPEST: usize = 64;
/// How many values one file may have, aliases expanded.
const MOST_NODES: usize = 200_000;

/// Where something stands. Without a file: the command line, the environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub file: Option<u16>,
    pub line: u32,
    pub column: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub place: Place,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    /// `plain`: without quotes, so that `true` and `12` may mean more than their letters.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: String,
    pub place: Place,
    pub node: Node,
}

impl Node {
    /// For messages: `a list`, `text`, ….
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Scalar { text, plain: true } if matches!(text.as_str(), "true" | "false") => "a truth value",
            Value::Scalar { text, plain: true } if text.parse::<f64>().is_ok() => "a number",
            Value::Scalar { .. } => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// The entries of a mapping, none for anything else.
    pub fn entries(&self) -> &[Entry] {
        if let Value::Map(entries) = &self.value { entries } else { &[] }
    }

    /// The items of a list, none for anything else.
    pub fn items(&self) -> &[Self] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    fn count(&self) -> usize {
        1 + match &self.value {
            Value::List(items) => items.iter().map(Self::count).sum(),
            Value::Map(entries) => entries.iter().map(|entry| 1 + entry.node.count()).sum(),
            _ => 0,
        }
    }
}

/// The tree of `text`, with its mistakes in `report`; `None` when it can't be read as YAML.
pub(super) fn parse(text: &str, file: u16, report: &mut Report) -> Option<Node> {
    let parser = Parser::new_from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut loader = Loader { parser, file, report, anchors: HashMap::new(), nodes: 0 };
    loader.document().ok()
}

/// The text is not YAML or too much of it; the report says why.
struct Broken;

struct Loader<'a, 'r> {
    parser: Parser<'a, StrInput<'a>>,
    file: u16,
    report: &'r mut Report,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

impl<'a> Loader<'a, '_> {
    fn place(&self, span: &Span) -> Place {
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place { file: Some(self.file), line: narrow(span.start.line()), column: narrow(span.start.col() + 1) }
    }

    fn next(&mut self) -> Result<(Event<'a>, Place), Broken> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.place(&span))),
            Some(Err(error)) => {
                let place = self.place(&Span::empty(*error.marker()));
                let help = "check the indentation, the quotes and the colons around this line";
                self.report.error(place, "", format!("not valid YAML: {}", error.info()), help);
                Err(Broken)
            }
            None => Ok((Event::StreamEnd, Place { file: Some(self.file), ..Place::default() })),
        }
    }

    fn document(&mut self) -> Result<Node, Broken> {
        let mut root = None;
        loop {
            let (event, place) = self.next()?;
            match event {
                Event::StreamEnd => {
                    let empty = Place { file: Some(self.file), line: 1, column: 1 };
                    return Ok(root.unwrap_or(Node { place: empty, value: Value::Null }));
                }
                Event::DocumentStart(_) if root.is_some() => {
                    self.report.error(place, "", "a second YAML document", "put everything into one document");
                    return Err(Broken);
                }
                Event::DocumentStart(_) => {
                    let (event, place) = self.next()?;
                    root = Some(self.node(event, place, 0)?);
                }
                _ => {}
            }
        }
    }

    fn node(&mut self, event: Event<'a>, place: Place, depth: usize) -> Result<Node, Broken> {
        self.take(1, place)?;
        if depth > DEEPEST {
            let help = format!("at most {DEEPEST} levels are read");
            self.report.error(place, "", "nested too deeply", help);
            return Err(Broken);
        }
        let (anchor, value) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && !self.says_text(tag.as_deref(), place)?;
                let null = plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if null { Value::Null } else { Value::Scalar { text: text.into_owned(), plain } };
                (anchor, value)
            }
            Event::SequenceStart(anchor, tag) => {
                self.says_text(tag.as_deref(), place)?;
                let mut items = Vec::new();
                loop {
                    let (event, place) = self.next()?;
                    if event == Event::SequenceEnd {
                        break (anchor, Value::List(items));
                    }
                    items.push(self.node(event, place, depth + 1)?);
                }
            }
            Event::MappingStart(anchor, tag) => {
                self.says_text(tag.as_deref(), place)?;
                (anchor, Value::Map(self.mapping(depth)?))
            }
            Event::Alias(id) => {
                let Some(size) = self.anchors.get(&id).map(Node::count) else {
                    self.report.error(place, "", "an alias to a value that holds it", "write the value out");
                    return Err(Broken);
                };
                self.take(size, place)?;
                return self.anchors.get(&id).cloned().ok_or(Broken);
            }
            _ => (0, Value::Null),
        };
        let node = Node { place, value };
        if anchor != 0 {
            // The copy that is kept costs as much as one that is shown.
            self.take(node.count(), place)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn mapping(&mut self, depth: usize) -> Result<Vec<Entry>, Broken> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen: HashMap<String, Place> = HashMap::new();
        let mut merged: Vec<Entry> = Vec::new();
        loop {
            let (event, place) = self.next()?;
            if event == Event::MappingEnd {
                break;
            }
            let key = self.node(event, place, depth + 1)?;
            let (event, value_place) = self.next()?;
            let node = self.node(event, value_place, depth + 1)?;
            let (text, plain) = match key.value {
                Value::Scalar { text, plain } => (text, plain),
                Value::Null => ("null".to_owned(), false),
                Value::List(_) | Value::Map(_) => {
                    self.report.error(place, "", format!("{} as a key", key.kind()), "a key must be text");
                    continue;
                }
            };
            if plain && text == "<<" {
                self.merge(node, place, &mut merged);
            } else if let Some(first) = seen.get(&text) {
                let message = format!("{} is there twice: already in line {}", shown(&text), first.line);
                self.report.error(place, "", message, "keep one of the two");
            } else {
                seen.insert(text.clone(), place);
                entries.push(Entry { key: text, place, node });
            }
        }
        for entry in merged {
            if !seen.contains_key(&entry.key) {
                seen.insert(entry.key.clone(), entry.place);
                entries.push(entry);
            }
        }
        Ok(entries)
    }

    /// `<<: *defaults`, or a list of such: what is not in the mapping itself comes from there, the first one first.
    fn merge(&mut self, node: Node, place: Place, merged: &mut Vec<Entry>) {
        match node.value {
            Value::Map(entries) => merged.extend(entries),
            Value::List(items) if items.iter().all(|item| matches!(item.value, Value::Map(_))) => {
                for item in items {
                    self.merge(item, place, merged);
                }
            }
            _ => {
                let message = format!("`<<` needs a mapping, this is {}", node.kind());
                self.report.error(place, "", message, "write `<<: *name` with the anchor of a mapping");
            }
        }
    }

    /// Whether a tag says that the scalar is text. YAML's own tags say nothing else that is not clear from the value.
    fn says_text(&mut self, tag: Option<&Tag>, place: Place) -> Result<bool, Broken> {
        let Some(tag) = tag else { return Ok(false) };
        if tag.is_yaml_core_schema() || (tag.handle.is_empty() && tag.suffix == "!") {
            return Ok(tag.suffix == "str" || tag.suffix == "!");
        }
        let message = format!("unknown tag {}", shown(&format!("{}{}", tag.handle, tag.suffix)));
        self.report.error(place, "", message, "for an environment variable write `os.environ/NAME` or `${NAME}`");
        Err(Broken)
    }

    fn take(&mut self, nodes: usize, place: Place) -> Result<(), Broken> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes <= MOST_NODES {
            return Ok(());
        }
        let help = format!("at most {MOST_NODES} values are read, aliases expanded; split the file with `include`");
        self.report.error(place, "", "too many values", help);
        Err(Broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::finding::Findings;

    fn read(text: &str) -> (Option<Node>, Findings) {
        let mut report = Report::default();
        let file = report.add_file("f".to_owned());
        let node = parse(text, file, &mut report);
        (node, report.finish())
    }

    fn error(text: &str) -> (u32, u32, String) {
        let (_, findings) = read(text);
        let first = findings.0.first().unwrap_or_else(|| panic!("no finding for {text}"));
        (first.line, first.column, first.message.clone())
    }

    fn text(node: &Node, key: &str) -> String {
        match &node.entries().iter().find(|entry| entry.key == key).unwrap().node.value {
            Value::Scalar { text, .. } => text.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn places_are_the_ones_an_editor_shows() {
        let (node, findings) = read("a: 1\nb:\n  - x\n  - {c: \"2\"}\n");
        let node = node.unwrap();
        assert_eq!(findings, Findings::default());
        let b = &node.entries()[1];
        assert_eq!((b.place.line, b.place.column), (2, 1));
        let c = &b.node.items()[1].entries()[0];
        assert_eq!((c.place.line, c.place.column, c.node.place.line, c.node.place.column), (4, 6, 4, 9));
        assert_eq!(b.node.items()[0].kind(), "text");
        assert_eq!(node.entries()[0].node.kind(), "a number");
        assert_eq!(c.node.kind(), "text");
    }

    #[test]
    fn an_empty_file_is_nothing_and_a_bom_is_skipped() {
        assert!(read("").0.unwrap().is_null());
        assert!(read("# only a comment\n").0.unwrap().is_null());
        assert_eq!(text(&read("\u{feff}a: b").0.unwrap(), "a"), "b");
    }

    #[test]
    fn aliases_and_merge_keys_are_expanded() {
        let (node, findings) = read("base: &b {x: 1, y: 2}\nown:\n  <<: *b\n  y: 3\n");
        assert_eq!(findings, Findings::default());
        let node = node.unwrap();
        let own = &node.entries()[1].node;
        assert_eq!((text(own, "x"), text(own, "y")), ("1".to_owned(), "3".to_owned()));
    }

    #[test]
    fn mistakes_have_a_place() {
        assert_eq!(error("a: 1\na: 2\n"), (2, 1, "`a` is there twice: already in line 1".to_owned()));
        assert_eq!(error("a: !env X\n"), (1, 4, "unknown tag `!env`".to_owned()));
        assert_eq!(error("a: 1\n---\nb: 2\n").2, "a second YAML document");
        assert_eq!(error("[a]: 1\n"), (1, 1, "a list as a key".to_owned()));
        assert_eq!(error("<<: 3\n"), (1, 1, "`<<` needs a mapping, this is a number".to_owned()));
        let (line, _, message) = error("a:\n  b: \"c\nd: e\n");
        assert!(line >= 2 && message.starts_with("not valid YAML: "), "{line} {message}");
        assert!(error("a: *nowhere\n").2.starts_with("not valid YAML: "));
    }

    #[test]
    fn a_billion_laughs_and_deep_nesting_are_refused() {
        let bomb = (1..12).map(|i| format!("l{i}: &l{i} [{}]\n", vec![format!("*l{}", i - 1); 10].join(",")));
        let bomb = "l0: &l0 [a,a,a,a,a,a,a,a,a,a]\n".to_owned() + &bomb.collect::<Vec<_>>().concat();
        assert_eq!(error(&bomb).2, "too many values");
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(read(&nested(DEEPEST)).1, Findings::default());
        assert_eq!(error(&nested(DEEPEST + 2)).2, "nested too deeply");
        assert!(!error(&nested(100_000)).2.is_empty());
    }
}
