//! The columns of providers' files.

use crate::ControlError;

/// Where a file has what. Several columns for a count are added up; of several names for one, the first that there is
/// holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    pub format: String,
    pub date: Vec<String>,
    pub model: Vec<String>,
    pub credential: Vec<String>,
    pub requests: Vec<String>,
    /// Added up.
    pub input: Vec<String>,
    pub cached: Vec<String>,
    pub output: Vec<String>,
    pub cost: Vec<String>,
    pub currency: Vec<String>,
}

/// The formats that are known by their columns, and `generic`.
pub const FORMATS: [&str; 5] = ["openai-usage", "openai-cost", "anthropic-usage", "anthropic-cost", "generic"];

impl Mapping {
    /// The columns of a known format.
    fn known(format: &str) -> Option<Self> {
        let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let none = Self { format: format.to_owned(), ..Self::default() };
        Some(match format {
            "openai-usage" => Self {
                date: of(&["start_time", "start_time_iso"]),
                model: of(&["model"]),
                credential: of(&["api_key_id", "project_id"]),
                requests: of(&["num_model_requests"]),
                input: of(&["input_tokens"]),
                cached: of(&["input_cached_tokens"]),
                output: of(&["output_tokens"]),
                ..none
            },
            "openai-cost" => Self {
                date: of(&["start_time", "start_time_iso"]),
                model: of(&["line_item"]),
                credential: of(&["project_id"]),
                cost: of(&["amount_value"]),
                currency: of(&["amount_currency"]),
                ..none
            },
            "anthropic-usage" => Self {
                date: of(&["usage_date_utc"]),
                model: of(&["model_version"]),
                credential: of(&["api_key", "workspace"]),
                input: of(&[
                    "usage_input_tokens_no_cache",
                    "usage_input_tokens_cache_write",
                    "usage_input_tokens_cache_write_5m",
                    "usage_input_tokens_cache_write_1h",
                    "usage_input_tokens_cache_read",
                ]),
                cached: of(&["usage_input_tokens_cache_read"]),
                output: of(&["usage_output_tokens"]),
                ..none
            },
            "anthropic-cost" => Self {
                date: of(&["usage_date_utc"]),
                model: of(&["model"]),
                credential: of(&["api_key", "workspace"]),
                cost: of(&["cost_usd"]),
                ..none
            },
            "generic" => Self {
                date: of(&["date", "day", "usage_date"]),
                model: of(&["model"]),
                credential: of(&["credential", "key", "project"]),
                requests: of(&["requests"]),
                input: of(&["input_tokens"]),
                cached: of(&["cached_tokens"]),
                output: of(&["output_tokens"]),
                cost: of(&["cost", "cost_usd", "amount"]),
                currency: of(&["currency"]),
                ..none
            },
            _ => return None,
        })
    }

    /// The format with this name, or, without one, the one whose columns a heading has: a provider's first.
    pub fn find(format: Option<&str>, heading: &[String]) -> Result<Self, ControlError> {
        if let Some(format) = format {
            return Self::known(format)
                .ok_or_else(|| ControlError::invalid("format", format!("is one of {}", FORMATS.join(", "))));
        }
        let has = |names: &[String]| names.iter().any(|name| heading.contains(name));
        let fits = |it: &Self| has(&it.date) && has(&it.model) && (has(&it.cost) || has(&it.output));
        FORMATS.iter().filter_map(|name| Self::known(name)).find(fits).ok_or_else(|| {
            ControlError::invalid("format", "the columns are of no known format: say which column is what")
        })
    }

    /// Reads `date=Day,model=Model name,cost=Amount`: columns that are called otherwise than in the generic format.
    pub fn parse(text: &str) -> Result<Self, ControlError> {
        let invalid = |message: String| ControlError::invalid("columns", message);
        let mut mapping = Self { format: "generic".to_owned(), ..Self::default() };
        for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
            let (what, column) = pair.split_once('=').ok_or_else(|| invalid(format!("`{pair}` has no `=`")))?;
            let place = match what.trim() {
                "date" => &mut mapping.date,
                "model" => &mut mapping.model,
                "credential" | "key" | "project" => &mut mapping.credential,
                "requests" => &mut mapping.requests,
                "input" => &mut mapping.input,
                "cached" => &mut mapping.cached,
                "output" => &mut mapping.output,
                "cost" => &mut mapping.cost,
                "currency" => &mut mapping.currency,
                other => return Err(invalid(format!("there is no `{other}`"))),
            };
            place.push(column.trim().to_lowercase());
        }
        if mapping.date.is_empty() || mapping.model.is_empty() {
            return Err(invalid("`date` and `model` are needed".to_owned()));
        }
        Ok(mapping)
    }
}

/// A model's name without what providers' names for the same one differ by: case, the provider before it, a date after
/// it, spaces and points. `Claude Sonnet 4.5` is `claude-sonnet-4-5-20250929`.
pub fn plain_model(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name).trim();
    let plain: String =
        name.to_lowercase().chars().map(|c| if matches!(c, ' ' | '.' | '_') { '-' } else { c }).collect();
    let plain = plain.strip_suffix("-latest").unwrap_or(&plain);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let mut parts: Vec<&str> = plain.split('-').collect();
    match parts.as_slice() {
        [_, .., last] if last.len() == 8 && digits(last) => parts.truncate(parts.len() - 1),
        [_, .., year, month, day]
            if (year.len(), month.len(), day.len()) == (4, 2, 2) && digits(year) && digits(month) && digits(day) =>
        {
            parts.truncate(parts.len() - 3);
        }
        _ => {}
    }
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_model_are_one() {
        for (name, plain) in [
            ("Claude Sonnet 4.5", "claude-sonnet-4-5"),
            ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
            ("gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
            ("openai/gpt-4o", "gpt-4o"),
            ("gpt-4o-latest", "gpt-4o"),
            ("20250929", "20250929"),
        ] {
            assert_eq!(plain_model(name), plain, "{name}");
        }
    }

    #[test]
    fn formats_are_known_by_their_columns() {
        let of = |heading: &str| {
            let heading: Vec<String> = heading.split(',').map(str::to_owned).collect();
            Mapping::find(None, &heading).map(|mapping| mapping.format).unwrap_or_default()
        };
        assert_eq!(
            of(
                "start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,\
                batch,service_tier,input_tokens,output_tokens,input_cached_tokens"
            ),
            "openai-usage"
        );
        assert_eq!(
            of("start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,project_id"),
            "openai-cost"
        );
        assert_eq!(
            of("usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,\
                usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,\
                usage_output_tokens,web_search_count,inference_geo,speed"),
            "anthropic-usage"
        );
        assert_eq!(
            of("usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd"),
            "anthropic-cost"
        );
        assert_eq!(of("date,model,cost"), "generic");
        assert_eq!(of("a,b"), "");
        let mapping = Mapping::parse("date=Day, model=Model name,input=In,input=Cached in,cost=Amount").unwrap();
        assert_eq!((mapping.date[0].as_str(), mapping.input.len()), ("day", 2));
        assert!(Mapping::parse("date=x").is_err() && Mapping::parse("date=x,model=y,wat=z").is_err());
    }
}
