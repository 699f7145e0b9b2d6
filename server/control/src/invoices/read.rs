//! Reading a provider's file, line by line.

use csv::{ReaderBuilder, StringRecord};
use tollgate_domain::Nanos;
use tollgate_domain::invoice::{Amounts, InvoiceLine};

use super::formats::Mapping;
use super::import::{Import, MAX_LINES};
use super::number::{amount, count, day, shown};
use crate::ControlError;

/// Lines with mistakes that are told.
const MOST_TOLD: usize = 20;

/// The longest name of a model or credential.
const LONGEST: usize = 200;

/// A file that was read to its end, without a mistake.
#[derive(Debug)]
pub struct Read {
    pub format: String,
    pub lines: Vec<InvoiceLine>,
}

/// Where a file has its columns.
struct Columns {
    date: usize,
    model: usize,
    credential: Option<usize>,
    requests: Option<usize>,
    input: Vec<usize>,
    cached: Option<usize>,
    output: Option<usize>,
    cost: Option<usize>,
    currency: Option<usize>,
}

impl Columns {
    fn of(mapping: &Mapping, heading: &[String]) -> Result<Self, ControlError> {
        let first = |names: &[String]| names.iter().find_map(|name| heading.iter().position(|column| column == name));
        let needed = |what: &str, names: &[String]| {
            first(names).ok_or_else(|| {
                let names = names.join("` or `");
                ControlError::invalid("file", format!("it has no column for the {what}: `{names}`"))
            })
        };
        let input = mapping.input.iter().filter_map(|name| heading.iter().position(|column| column == name)).collect();
        let columns = Self {
            date: needed("date", &mapping.date)?,
            model: needed("model", &mapping.model)?,
            credential: first(&mapping.credential),
            requests: first(&mapping.requests),
            input,
            cached: first(&mapping.cached),
            output: first(&mapping.output),
            cost: first(&mapping.cost),
            currency: first(&mapping.currency),
        };
        if columns.cost.is_none() && columns.output.is_none() && columns.input.is_empty() {
            return Err(ControlError::invalid("file", "it has neither a column for the cost nor one for tokens"));
        }
        Ok(columns)
    }
}

/// What the columns are separated by: whichever the heading has most of.
fn delimiter(bytes: &[u8]) -> u8 {
    let heading = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let of = |wanted: u8| heading.split(|byte| *byte == wanted).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|byte| of(*byte)).unwrap_or(b',')
}

/// Reads a whole file, or tells what is wrong with it, by line.
pub fn read(bytes: &[u8], import: &Import) -> Result<Read, ControlError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader =
        ReaderBuilder::new().delimiter(delimiter(bytes)).flexible(true).has_headers(true).from_reader(bytes);
    let broken = |error: &csv::Error| ControlError::invalid("file", format!("it is no CSV: {error}"));
    let heading: Vec<String> =
        reader.headers().map_err(|error| broken(&error))?.iter().map(|name| name.trim().to_lowercase()).collect();
    let mapping = match &import.mapping {
        Some(mapping) => mapping.clone(),
        None => Mapping::find(import.format.as_deref(), &heading)?,
    };
    let columns = Columns::of(&mapping, &heading)?;
    let (mut lines, mut mistakes, mut wrong) = (Vec::new(), Vec::new(), 0_usize);
    let mut record = StringRecord::new();
    loop {
        let line = reader.position().line();
        let read = match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => one(&record, record.position().map_or(line, csv::Position::line), &columns, import),
            Err(error) if error.is_io_error() => return Err(broken(&error)),
            Err(error) => Err(error.to_string()),
        };
        match read {
            Ok(Some(one)) => lines.push(one),
            Ok(None) => {}
            Err(mistake) => {
                wrong += 1;
                if mistakes.len() < MOST_TOLD {
                    mistakes.push(format!("line {line}: {mistake}"));
                }
            }
        }
        if lines.len() + wrong > MAX_LINES {
            return Err(ControlError::invalid("file", format!("it has more than {MAX_LINES} lines")));
        }
    }
    if wrong > 0 {
        let more = wrong - mistakes.len();
        if more > 0 {
            mistakes.push(format!("and {more} more"));
        }
        return Err(ControlError::invalid("file", format!("nothing was imported: {}", mistakes.join("; "))));
    }
    if lines.is_empty() {
        return Err(ControlError::invalid("file", "it has no lines with anything in them"));
    }
    Ok(Read { format: mapping.format, lines })
}

/// A line; `None`: it says nothing, as days without any use do.
fn one(record: &StringRecord, line: u64, columns: &Columns, import: &Import) -> Result<Option<InvoiceLine>, String> {
    let text = |place: Option<usize>| place.and_then(|place| record.get(place)).unwrap_or_default().trim();
    let input = columns.input.iter().try_fold(None, |sum: Option<i64>, place| {
        Ok::<_, String>(match (sum, count(text(Some(*place)))?) {
            (Some(sum), Some(more)) => Some(sum.saturating_add(more)),
            (one, other) => one.or(other),
        })
    })?;
    let cost = text(columns.cost);
    let rate = if cost.is_empty() { None } else { rate_of(text(columns.currency), import.rate.as_ref())? };
    let amounts = Amounts {
        requests: count(text(columns.requests))?,
        input,
        cached: count(text(columns.cached))?,
        output: count(text(columns.output))?,
        cost: amount(cost, rate)?,
    };
    if amounts == Amounts::default() {
        return Ok(None);
    }
    // `gpt-4o-mini-2024-07-18, input`
    let model = text(Some(columns.model));
    let model = model.split(',').next().unwrap_or(model).trim();
    let credential = text(columns.credential);
    for (what, text) in [("the model", model), ("the credential", credential)] {
        if text.len() > LONGEST || text.contains('\0') {
            return Err(format!("{what} `{}` is too long", shown(text)));
        }
    }
    let day = day(text(Some(columns.date)), import.zone_minutes)?;
    if !(0..=80_000).contains(&day) {
        return Err("the day is before 1970 or far in the future".to_owned());
    }
    Ok(Some(InvoiceLine { line, day, model: model.to_owned(), credential: credential.to_owned(), amounts }))
}

/// What one unit of the currency is in dollars; `None`: it is the dollar.
fn rate_of(currency: &str, given: Option<&(String, Nanos)>) -> Result<Option<Nanos>, String> {
    match given {
        _ if currency.eq_ignore_ascii_case("usd") => Ok(None),
        Some((name, rate)) if currency.is_empty() || currency.eq_ignore_ascii_case(name) => Ok(Some(*rate)),
        None if currency.is_empty() => Ok(None),
        _ => Err(format!("the currency is {}: give its rate in dollars", shown(currency))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import() -> Import {
        Import { name: "x.csv".to_owned(), provider: "openai".to_owned(), ..Import::default() }
    }

    fn lines(text: &str, import: &Import) -> Result<Vec<InvoiceLine>, String> {
        read(text.as_bytes(), import).map(|read| read.lines).map_err(|error| error.to_string())
    }

    #[test]
    fn an_openai_cost_export_is_read() {
        let text = "start_time\tend_time\tamount_value\tamount_currency\tline_item\tproject_id\n\
                    1759622400\t1759708800\t0.8958740000000000\tusd\tgpt-5-mini-2025-08-07, input\tproj_1\n\
                    1759968000\t1760054400\t\t\t\t\n";
        let lines = lines(text, &import()).unwrap();
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!((line.line, line.day, line.model.as_str()), (2, 20_366, "gpt-5-mini-2025-08-07"));
        assert_eq!((line.credential.as_str(), line.amounts.cost), ("proj_1", Some(Nanos(895_874_000))));
    }

    #[test]
    fn an_anthropic_usage_export_is_read() {
        let text = "\u{feff}usage_date_utc,model_version,api_key,workspace,usage_type,context_window,\
                    usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,\
                    usage_input_tokens_cache_read,usage_output_tokens,web_search_count\r\n\
                    2026-08-05,claude-opus-5,\"App, main\",Default,standard,≤ 200k,46981,15969,1,20,16932,0\r\n";
        let lines = lines(text, &import()).unwrap();
        let amounts = Amounts { input: Some(62_971), cached: Some(20), output: Some(16_932), ..Amounts::default() };
        assert_eq!((lines[0].amounts, lines[0].credential.as_str()), (amounts, "App, main"));
    }

    #[test]
    fn mistakes_are_told_by_line_and_nothing_is_read() {
        let text = "date,model,cost,currency\n2026-11-01,m,1.5,usd\n2026-11-xx,m,1,usd\n2026-11-02,m,one,usd\n";
        let told = lines(text, &import()).unwrap_err();
        assert!(told.contains("line 3: `2026-11-xx`") && told.contains("line 4: `one`"), "{told}");
        let euros = "date,model,cost,currency\n2026-11-01,m,2,EUR\n";
        let told = lines(euros, &import()).unwrap_err();
        assert!(told.contains("line 2: the currency is EUR"), "{told}");
        let rate = Import { rate: Some(("eur".to_owned(), Nanos(1_080_000_000))), ..import() };
        assert_eq!(lines(euros, &rate).unwrap()[0].amounts.cost, Some(Nanos(2_160_000_000)));
        for bad in ["", "date,model\n2026-11-01,m\n", "date,model,cost\n", "a,b,c\n1,2,3\n"] {
            assert!(lines(bad, &import()).is_err(), "{bad}");
        }
    }

    #[test]
    fn columns_may_be_named() {
        let mapping = Mapping::parse("date=Tag,model=Modell,cost=Betrag").unwrap();
        let import = Import { mapping: Some(mapping), ..import() };
        let read = lines("Tag;Modell;Betrag\n2026-11-01;gpt-4o;0.25\n", &import).unwrap();
        assert_eq!(read[0].amounts.cost, Some(Nanos(250_000_000)));
        assert!(lines("Tag;Modell\n2026-11-01;gpt-4o\n", &import).is_err());
    }
}
