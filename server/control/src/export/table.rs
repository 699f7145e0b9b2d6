//! Rows as CSV (RFC 4180) or as JSON Lines.

use serde_json::{Map, Value};
use tollgate_domain::{Nanos, Timestamp};

/// How an export is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Csv,
    JsonLines,
}

impl Format {
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "csv" => Some(Self::Csv),
            "json" | "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::JsonLines => "application/x-ndjson",
        }
    }

    /// Of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }
}

/// One value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    Text(&'a str),
    Int(i64),
    /// In dollars, exact.
    Money(Nanos),
    Moment(Timestamp),
    Flag(bool),
    None,
}

impl<'a> From<Option<&'a str>> for Cell<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Self::None, Self::Text)
    }
}

/// Writes rows of fixed columns into a buffer that is emptied now and then.
#[derive(Debug)]
pub struct Table {
    format: Format,
    columns: Vec<&'static str>,
    buffer: Vec<u8>,
}

impl Table {
    /// Begins with the header, where the format has one.
    pub fn new(format: Format, columns: &[&'static str]) -> Self {
        let mut table = Self { format, columns: columns.to_vec(), buffer: Vec::with_capacity(64 * 1024) };
        if format == Format::Csv {
            table.buffer.extend_from_slice(columns.join(",").as_bytes());
            table.buffer.extend_from_slice(b"\r\n");
        }
        table
    }

    /// Adds a row: a cell for each column.
    pub fn row(&mut self, cells: &[Cell<'_>]) {
        debug_assert_eq!(cells.len(), self.columns.len(), "a cell for each column");
        match self.format {
            Format::Csv => {
                for (at, cell) in cells.iter().enumerate() {
                    if at > 0 {
                        self.buffer.push(b',');
                    }
                    csv(&mut self.buffer, *cell);
                }
                self.buffer.extend_from_slice(b"\r\n");
            }
            Format::JsonLines => {
                let row: Map<String, Value> =
                    self.columns.iter().zip(cells).map(|(name, cell)| ((*name).to_owned(), json(*cell))).collect();
                self.buffer.extend_from_slice(Value::Object(row).to_string().as_bytes());
                self.buffer.push(b'\n');
            }
        }
    }

    /// What was written since it was last taken.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }
}

fn csv(out: &mut Vec<u8>, cell: Cell<'_>) {
    use std::io::Write as _;

    // Writing into memory can't fail.
    match cell {
        Cell::Text(text) => csv_text(out, text),
        Cell::Int(number) => {
            let _ = write!(out, "{number}");
        }
        Cell::Money(amount) => out.extend_from_slice(amount.to_decimal().as_bytes()),
        Cell::Moment(at) => out.extend_from_slice(at.to_rfc3339().as_bytes()),
        Cell::Flag(flag) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
        Cell::None => {}
    }
}

fn csv_text(out: &mut Vec<u8>, text: &str) {
    // Spreadsheets run what begins so: an apostrophe makes it text again.
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let quoted = formula || text.bytes().any(|b| matches!(b, b',' | b'"' | b'\r' | b'\n'));
    if !quoted {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    if formula {
        out.push(b'\'');
    }
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

fn json(cell: Cell<'_>) -> Value {
    match cell {
        Cell::Text(text) => text.into(),
        Cell::Int(number) => number.into(),
        // As text: a JSON number would be read as a float.
        Cell::Money(amount) => amount.to_decimal().into(),
        Cell::Moment(at) => at.to_rfc3339().into(),
        Cell::Flag(flag) => flag.into(),
        Cell::None => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: Format, cells: &[Cell<'_>]) -> String {
        let mut table = Table::new(format, &["a", "b"]);
        table.take();
        table.row(cells);
        String::from_utf8(table.take()).unwrap()
    }

    #[test]
    fn csv_is_rfc_4180s() {
        assert_eq!(written(Format::Csv, &[Cell::Text("x"), Cell::None]), "x,\r\n");
        assert_eq!(written(Format::Csv, &[Cell::Text("a,\"b\"\nc"), Cell::Int(-5)]), "\"a,\"\"b\"\"\nc\",-5\r\n");
        let money = written(Format::Csv, &[Cell::Money(Nanos(1_500_000_001)), Cell::Flag(true)]);
        assert_eq!(money, "1.500000001,true\r\n");
        let mut table = Table::new(Format::Csv, &["a", "b"]);
        assert_eq!(table.take(), b"a,b\r\n");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@x", "\tx", "\rx"] {
            let row = written(Format::Csv, &[Cell::Text(text), Cell::None]);
            assert!(row.starts_with("\"'"), "{row:?}");
        }
    }

    #[test]
    fn json_lines_keep_money_exact() {
        let row = written(Format::JsonLines, &[Cell::Text("=1"), Cell::Money(Nanos(1))]);
        assert_eq!(row, "{\"a\":\"=1\",\"b\":\"0.000000001\"}\n");
    }
}
