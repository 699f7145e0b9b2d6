//! Reading filters and paths: words, brackets and quoted texts.

use serde_json::Value;

use super::{ErrorKind, ScimError};

/// The longest filter or path, in bytes.
const LONGEST: usize = 4096;

/// A part of a filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// An attribute, an operator, `and`, `true`, a number.
    Word(String),
    Text(String),
    Open,
    Close,
    OpenBracket,
    CloseBracket,
}

/// The parts of a text, and after which of them a reader stands.
#[derive(Debug)]
pub(super) struct Tokens {
    all: Vec<Token>,
    at: usize,
    pub wrong: ErrorKind,
}

impl Tokens {
    /// `wrong`: what kind of mistake it is if the text can't be read.
    pub fn read(text: &str, wrong: ErrorKind) -> Result<Self, ScimError> {
        if text.len() > LONGEST {
            return Err(ScimError::of(wrong, format!("longer than {LONGEST} bytes")));
        }
        let mut all = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = match first {
                ' ' | '\t' => {
                    rest = &rest[1..];
                    continue;
                }
                '"' => {
                    let length = quoted(rest).ok_or_else(|| ScimError::of(wrong, "a quoted text has no end"))?;
                    let text: Option<String> = serde_json::from_str(&rest[..length]).ok();
                    let text = text.ok_or_else(|| ScimError::of(wrong, "a quoted text is no JSON string"))?;
                    all.push(Token::Text(text));
                    length
                }
                '(' | ')' | '[' | ']' => {
                    all.push(match first {
                        '(' => Token::Open,
                        ')' => Token::Close,
                        '[' => Token::OpenBracket,
                        _ => Token::CloseBracket,
                    });
                    1
                }
                _ => {
                    let end = |c: char| c.is_whitespace() || "()[]\"".contains(c);
                    let length = rest.find(end).unwrap_or(rest.len());
                    if length == 0 {
                        return Err(ScimError::of(wrong, "a character that has no place in it"));
                    }
                    all.push(Token::Word(rest[..length].to_owned()));
                    length
                }
            };
            rest = &rest[length..];
        }
        Ok(Self { all, at: 0, wrong })
    }

    pub fn peek(&self) -> Option<&Token> {
        self.all.get(self.at)
    }

    pub fn next(&mut self) -> Option<Token> {
        let next = self.all.get(self.at).cloned();
        self.at += usize::from(next.is_some());
        next
    }

    /// Takes the next word if it is this one, whatever the case.
    pub fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(next)) if next.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    pub fn take(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    pub fn expect(&mut self, token: &Token, what: &str) -> Result<(), ScimError> {
        if self.take(token) { Ok(()) } else { Err(self.error(format!("{what} is missing"))) }
    }

    pub fn is_at_end(&self) -> bool {
        self.at == self.all.len()
    }

    pub fn error(&self, detail: impl Into<String>) -> ScimError {
        ScimError::of(self.wrong, detail)
    }

    /// A value to compare with: a quoted text, `true`, `false`, `null` or a number.
    pub fn value(&mut self) -> Result<Value, ScimError> {
        match self.next() {
            Some(Token::Text(text)) => Ok(Value::String(text)),
            Some(Token::Word(word)) => match word.to_ascii_lowercase().as_str() {
                "true" => Ok(Value::Bool(true)),
                "false" => Ok(Value::Bool(false)),
                "null" => Ok(Value::Null),
                number => {
                    let read = serde_json::from_str::<serde_json::Number>(number);
                    read.map(Value::Number).map_err(|_| self.error(format!("`{word}` is no value: quote texts")))
                }
            },
            _ => Err(self.error("a value is missing")),
        }
    }
}

/// How long the quoted text is that this begins with, both quotes included.
fn quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}
