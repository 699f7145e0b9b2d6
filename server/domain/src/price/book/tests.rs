use proptest::prelude::*;

use super::*;

const EMBEDDED: &str = include_str!("../../../data/prices.tsv");

fn shown(provider: &str, model: &str) -> String {
    let Some(entry) = PriceBook::embedded().find(provider, model) else { return "none".to_owned() };
    let limit = |tokens: Option<u64>| tokens.map_or_else(|| "-".to_owned(), |n| n.to_string());
    let mut text = format!(
        "{} {} {} {}/{}",
        entry.name,
        entry.provider,
        entry.capabilities.mode,
        limit(entry.capabilities.max_input_tokens),
        limit(entry.capabilities.max_output_tokens),
    );
    for rate in entry.sheet.rates() {
        use std::fmt::Write;
        let tier = if rate.tier == ServiceTier::Standard { "" } else { rate.tier.as_str() };
        let above = if rate.above == 0 { String::new() } else { format!(">{}", rate.above) };
        write!(
            text,
            " {}{}{tier}{above}=${}/M",
            rate.meter.as_str(),
            if tier.is_empty() { "" } else { "/" },
            rate.price.per_million()
        )
        .unwrap();
    }
    text
}

#[test]
fn every_line_of_the_embedded_book_is_sound() {
    let book = PriceBook::parse(EMBEDDED.to_owned()).unwrap();
    assert!(book.len() > 4000, "{}", book.len());
    assert_eq!(book.iter().count(), book.len());
    assert_eq!(PriceBook::embedded().len(), book.len());
    assert!(!book.is_empty());
    for entry in book.iter() {
        assert_eq!(chrono::NaiveDate::parse_from_str(&entry.as_of, "%Y-%m-%d").unwrap().to_string(), entry.as_of);
        assert!(entry.source.starts_with("http") || entry.source == "LiteLLM 1.109.1 price table", "{entry:?}");
        for rate in entry.sheet.rates() {
            // No token dearer than a thousandth of a dollar, nothing dearer than ten dollars.
            let dearest = if rate.meter.as_str().starts_with("per_") { 10_000_000_000_000 } else { 1_000_000_000 };
            assert!((0..=dearest).contains(&rate.price.0), "{} {rate:?}", entry.name);
        }
    }
}

#[test]
fn every_entry_is_found_under_its_own_name_and_at_its_provider() {
    let book = PriceBook::embedded();
    for entry in book.iter() {
        assert_eq!(book.find_name(&entry.name).as_ref(), Some(&entry));
        assert!(book.find(&entry.provider, &entry.name).is_some(), "{}", entry.name);
    }
}

#[test]
fn well_known_models_have_their_prices() {
    let models = [
        shown("openai", "gpt-4o"),
        shown("openai", "gpt-4o-2024-08-06"),
        shown("openai", "gpt-4o-mini"),
        shown("openai", "o3"),
        shown("openai", "o4-mini"),
        shown("openai", "text-embedding-3-small"),
        shown("openai", "whisper-1"),
        shown("anthropic", "claude-sonnet-4-5"),
        shown("anthropic", "claude-opus-4-5"),
        shown("gemini", "gemini-2.5-pro"),
        shown("gemini", "gemini-2.5-flash"),
        shown("vertex_ai", "gemini-2.5-pro"),
        shown("azure", "gpt-4o"),
        shown("groq", "openai/gpt-oss-120b"),
        shown("deepseek", "deepseek-chat"),
        shown("mistral", "mistral-large-latest"),
        shown("cohere", "command-r-plus-08-2024"),
        shown("together_ai", "meta-llama/Llama-3.3-70B-Instruct-Turbo"),
        shown("dashscope", "qwen-flash"),
        shown("bedrock", "anthropic.claude-haiku-4-5-20251001-v1:0"),
    ];
    insta::assert_snapshot!(models.join("\n"));
}

#[test]
fn a_bare_name_belongs_to_its_provider_only() {
    let book = PriceBook::embedded();
    assert!(book.find("openai", "gpt-4o").is_some());
    assert!(book.find("openai", "openai/gpt-4o").is_none());
    assert!(book.find("hosted_vllm", "gpt-4o").is_none());
    assert!(book.find("openai", "GPT-4o").is_none());
    assert!(book.find("openai", "gpt-4o-2099-01-01").is_none());
    assert!(book.find("", "").is_none());
    // An azure name is the azure deployment's, not OpenAI's.
    assert_eq!(book.find("azure", "azure/gpt-4o").unwrap().name, "azure/gpt-4o");
    assert!(book.find("openai", "azure/gpt-4o").is_none());
}

#[test]
fn an_entry_says_where_its_price_is_from() {
    let entry = PriceBook::embedded().find("openai", "gpt-4o").unwrap();
    assert_eq!(
        entry.describe(),
        "price book: gpt-4o at openai (https://developers.openai.com/api/docs/pricing, 2026-11-12)"
    );
    assert_eq!(PriceBook::embedded().describe(), "LiteLLM 1.109.1 price table, 2026-11-12");
    assert!(["anthropic", "openai", "vertex_ai"].iter().all(|p| PriceBook::embedded().providers().contains(p)));
}

fn book(lines: &[&str]) -> Result<PriceBook, BookError> {
    PriceBook::parse(format!("# table: T\n# as-of: 2026-01-02\n{}\n", lines.join("\n")))
}

#[test]
fn a_day_of_its_own_and_unknown_fields_are_read() {
    let book =
        book(&["a\tp\t-\t-\t-\t-\t-", "b\tp\tchat\t10\t-\tinput/batch>200000=5\thttps://x\t2026-02-03"]).unwrap();
    let [a, b] = ["a", "b"].map(|name| book.find_name(name).unwrap());
    assert_eq!((a.source.as_str(), a.as_of.as_str(), a.sheet.is_empty()), ("T", "2026-01-02", true));
    assert_eq!((b.source.as_str(), b.as_of.as_str()), ("https://x", "2026-02-03"));
    let expected = Rate { meter: Meter::Input, tier: ServiceTier::Batch, above: 200_000, price: Picos(5) };
    assert_eq!(b.sheet.rates(), [expected]);
}

#[test]
fn a_broken_line_is_named() {
    let good = "a\tp\t-\t-\t-\t-\t-";
    for bad in [
        "b",
        "b\tp\t-\t-\t-\tinput\t-",
        "b\tp\t-\t-\t-\tinput=-1\t-",
        "b\tp\t-\t-\t-\tinput=1.5\t-",
        "b\tp\t-\t-\t-\tspeed=1\t-",
        "b\tp\t-\t-\t-\tinput/soon=1\t-",
        "b\tp\t-\tmany\t-\t-\t-",
        "b\tp\t-\t-\t-\t-\t-\t2026-01-02\tmore",
    ] {
        assert_eq!(book(&[good, bad]).unwrap_err(), BookError::Line(4), "{bad}");
    }
    assert_eq!(book(&[good, good]).unwrap_err(), BookError::Order(4));
    assert_eq!(PriceBook::parse(good.to_owned()).unwrap_err(), BookError::Heading);
}

proptest! {
    #[test]
    fn a_name_is_found_exactly_when_it_is_there(
        names in proptest::collection::btree_set("[a-c/]{1,6}", 0..40),
        asked in "[a-c/]{0,6}",
    ) {
        let lines: Vec<String> = names.iter().map(|name| format!("{name}\tp\t-\t-\t-\t-\t-\n")).collect();
        let text = format!("# table: T\n# as-of: 2026-01-02\n{}", lines.concat());
        let book = PriceBook::parse(text).unwrap();
        prop_assert_eq!(book.len(), names.len());
        prop_assert_eq!(book.find_name(&asked).map(|e| e.name), names.contains(&asked).then_some(asked.clone()));
        for name in &names {
            prop_assert_eq!(&book.find_name(name).unwrap().name, name);
        }
        let found = book.find("p", &asked).map(|e| e.name);
        let full = format!("p/{asked}");
        prop_assert_eq!(found, names.contains(&asked).then_some(asked).filter(|_| !names.contains(&full)));
    }

    #[test]
    fn no_question_panics(provider in "\\PC{0,12}", model in "\\PC{0,40}") {
        let _ = PriceBook::embedded().find(&provider, &model);
    }
}
