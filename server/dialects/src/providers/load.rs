//! Reading the table: names with fields of text, and nothing deeper.

use saphyr_parser::{Event, Parser};

use super::{Auth, Provider, Quirk, Serves, Speaks};

/// What is wrong with a table, and in which line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Mistake {
    pub line: usize,
    pub what: String,
}

impl Mistake {
    fn new(line: usize, what: impl Into<String>) -> Self {
        Self { line, what: what.into() }
    }
}

/// Reads a table. The providers come sorted by name.
pub fn load(text: &str) -> Result<Vec<Provider>, Mistake> {
    let mut providers: Vec<Provider> = Vec::new();
    for row in rows(text)? {
        if providers.iter().any(|provider| provider.name == row.name) {
            return Err(Mistake::new(row.line, format!("`{}` comes twice", row.name)));
        }
        providers.push(row.provider()?);
    }
    providers.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(providers)
}

struct Row {
    name: String,
    line: usize,
    fields: Vec<(String, String, usize)>,
}

fn rows(text: &str) -> Result<Vec<Row>, Mistake> {
    let mut rows: Vec<Row> = Vec::new();
    let mut depth = 0_u8;
    let mut key: Option<(String, usize)> = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|e| Mistake::new(e.marker().line(), e.to_string()))?;
        let line = span.start.line();
        match event {
            Event::MappingStart(..) if depth == 0 => depth = 1,
            Event::MappingStart(..) if depth == 1 && key.is_some() => {
                if let Some((name, line)) = key.take() {
                    rows.push(Row { name, line, fields: Vec::new() });
                }
                depth = 2;
            }
            Event::MappingEnd => depth = depth.saturating_sub(1),
            Event::Scalar(text, ..) => match (key.take(), rows.last_mut()) {
                (None, _) => key = Some((text.into_owned(), line)),
                (Some((name, line)), Some(row)) if depth == 2 => {
                    if row.fields.iter().any(|(other, ..)| *other == name) {
                        return Err(Mistake::new(line, format!("`{name}` comes twice")));
                    }
                    row.fields.push((name, text.into_owned(), line));
                }
                (Some((name, line)), _) => return Err(Mistake::new(line, format!("`{name}` must have fields"))),
            },
            Event::MappingStart(..) | Event::SequenceStart(..) | Event::Alias(_) => {
                return Err(Mistake::new(line, "fields are text"));
            }
            _ => {}
        }
    }
    Ok(rows)
}

impl Row {
    fn take(&mut self, field: &str) -> Option<(String, usize)> {
        let at = self.fields.iter().position(|(name, ..)| name == field)?;
        let (_, text, line) = self.fields.remove(at);
        Some((text, line))
    }

    fn words(&mut self, field: &str) -> Vec<String> {
        let (text, _) = self.take(field).unwrap_or_default();
        text.split_whitespace().map(str::to_owned).collect()
    }

    /// Words of a closed set.
    fn known<T>(&mut self, field: &str, parse: fn(&str) -> Option<T>) -> Result<Vec<T>, Mistake> {
        let Some((text, line)) = self.take(field) else { return Ok(Vec::new()) };
        let unknown = |word: &str| Mistake::new(line, format!("`{field}` has no `{word}`"));
        text.split_whitespace().map(|word| parse(word).ok_or_else(|| unknown(word))).collect()
    }

    fn provider(mut self) -> Result<Provider, Mistake> {
        let upper = self.name.to_ascii_uppercase().replace('-', "_");
        let need = |found: Option<(String, usize)>, field: &str, line: usize| {
            found.map(|(text, _)| text).ok_or_else(|| Mistake::new(line, format!("`{field}` is missing")))
        };
        let title = need(self.take("title"), "title", self.line)?;
        let docs = need(self.take("docs"), "docs", self.line)?;
        let mut bases = self.words("bases");
        if bases.is_empty() {
            bases.push(format!("{upper}_API_BASE"));
        }
        let mut keys = self.words("keys");
        if keys.is_empty() {
            keys.push(format!("{upper}_API_KEY"));
        }
        let speaks = self.known("dialect", Speaks::parse)?.first().copied().unwrap_or(Speaks::OpenAi);
        let mut serves = self.known("serves", Serves::parse)?;
        if serves.is_empty() {
            serves.push(Serves::Chat);
        }
        let auth = match self.take("auth") {
            None => Auth::Authorization("Bearer"),
            Some((text, line)) => read_auth(&text).ok_or_else(|| Mistake::new(line, "`auth` is unknown"))?,
        };
        let mut rename = Vec::new();
        if let Some((text, line)) = self.take("rename") {
            for word in text.split_whitespace() {
                let pair = word.split_once('=').ok_or_else(|| Mistake::new(line, "`rename` is of pairs `from=to`"))?;
                rename.push((pair.0.to_owned(), pair.1.to_owned()));
            }
        }
        let keyless = match self.take("keyless") {
            None => false,
            Some((text, line)) => text.parse().map_err(|_| Mistake::new(line, "`keyless` is true or false"))?,
        };
        let provider = Provider {
            title,
            price_name: self.take("same").map_or_else(|| self.name.clone(), |(text, _)| text),
            base_url: self.take("base_url").map(|(text, _)| text),
            keys,
            bases,
            path: self.take("path").map(|(text, _)| text),
            keyless,
            speaks,
            auth,
            serves,
            rename,
            drop: self.words("drop"),
            quirks: self.known("quirks", Quirk::parse)?,
            docs,
            name: self.name,
        };
        match self.fields.first() {
            Some((field, _, line)) => Err(Mistake::new(*line, format!("there is no field `{field}`"))),
            None => Ok(provider),
        }
    }
}

fn read_auth(text: &str) -> Option<Auth> {
    Some(match text.split_whitespace().collect::<Vec<_>>()[..] {
        ["bearer"] => Auth::Authorization("Bearer"),
        ["token"] => Auth::Authorization("Token"),
        ["key"] => Auth::Authorization("Key"),
        ["header", name] => Auth::Header(name.to_owned()),
        ["sigv4"] => Auth::SigV4,
        ["google"] => Auth::Google,
        ["ibm"] => Auth::Ibm,
        ["oci"] => Auth::Oci,
        ["oauth"] => Auth::OAuth,
        _ => return None,
    })
}
