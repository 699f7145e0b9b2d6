//! Where a deployment's calls go: which provider, under which name, at which address, with which key.

use tollgate_domain::model::{AwsLogin, Wire};
use tollgate_domain::price::PriceBook;
use tollgate_domain::secret::Secret;
use url::Url;

use super::aws;
use super::finding::{Severity, shown};
use super::providers::{self, Known, Provider};
use super::value::{Cursor, Reader, Text};

/// The name of the built-in simulator, in place of a provider's.
pub const SIMULATOR: &str = "simulator";

/// What a deployment says of its upstream.
pub(super) struct Params<'n> {
    pub model: Cursor<'n>,
    pub provider: Option<Cursor<'n>>,
    pub api_base: Option<Cursor<'n>>,
    pub api_key: Option<Cursor<'n>>,
    /// Whatever else is said beside the model.
    pub all: Option<Cursor<'n>>,
}

/// What becomes of it.
pub(super) enum Target {
    Provider {
        provider: &'static Provider,
        model: String,
        base_url: String,
        api_key: Option<Secret>,
        aws: Option<AwsLogin>,
    },
    Simulator {
        model: String,
    },
    /// `*`: whatever provider the caller names.
    Any,
}

/// Why there is no target. The report says it to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// It can't be called yet, and is left out.
    Skipped,
    Wrong,
}

/// A provider; `None` is the simulator.
type Chosen = Option<&'static Provider>;

pub(super) fn resolve(params: &Params<'_>, reader: &mut Reader<'_>) -> Result<Target, Stop> {
    let text = reader.name(&params.model).ok_or(Stop::Wrong)?;
    let (chosen, model) = match &params.provider {
        Some(cursor) => {
            let name = reader.name(cursor).ok_or(Stop::Wrong)?;
            let model = text.value.strip_prefix(&format!("{}/", name.value)).unwrap_or(&text.value);
            (by_name(cursor, &name, reader)?, model.to_owned())
        }
        None if text.value == "*" => return Ok(Target::Any),
        None => by_model(params, &text, reader)?,
    };
    if model.is_empty() {
        reader.wrong(&params.model, "names a provider and no model", "write `provider/model`: `openai/gpt-4o`");
        return Err(Stop::Wrong);
    }
    let Some(provider) = chosen else { return Ok(Target::Simulator { model }) };
    let signs = provider.wire == Wire::Bedrock;
    let (model, of_model) = if signs { aws::model(&model) } else { (model, None) };
    let region = if signs || provider.base_url.as_deref().is_some_and(|url| url.contains("{region}")) {
        aws::region(params, of_model, reader)?
    } else {
        None
    };
    let (base_url, own) = base_url(provider, params, region.as_deref(), reader)?;
    let base_url = if provider.wire == Wire::Azure { with_version(&base_url, params, reader)? } else { base_url };
    let has_key =
        params.api_key.is_some() || own && provider.keys.iter().any(|name| reader.variables.get(name).is_some());
    if signs && !has_key {
        let aws = aws::login(params, region.as_deref(), own, reader)?;
        return Ok(Target::Provider { provider, model, base_url, api_key: None, aws });
    }
    let api_key = api_key(provider, params, own, reader)?;
    Ok(Target::Provider { provider, model, base_url, api_key, aws: None })
}

fn by_name(cursor: &Cursor<'_>, text: &Text, reader: &mut Reader<'_>) -> Result<Chosen, Stop> {
    if text.value == SIMULATOR {
        return Ok(None);
    }
    match providers::find(&text.value) {
        Known::Spoken(provider) => Ok(Some(provider)),
        Known::NotYet => Err(skip(&text.value, cursor, reader)),
        Known::Unknown => {
            let help = providers::suggest(&text.value).map_or_else(
                || "for a server of your own write `openai` and its `api_base`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            reader.wrong(cursor, format!("unknown provider {}", text.shown()), help);
            Err(Stop::Wrong)
        }
    }
}

fn by_model(params: &Params<'_>, text: &Text, reader: &mut Reader<'_>) -> Result<(Chosen, String), Stop> {
    let cursor = &params.model;
    let full = text.value.as_str();
    if let Some((prefix, rest)) = full.split_once('/') {
        if prefix == SIMULATOR {
            return Ok((None, rest.to_owned()));
        }
        match providers::find(prefix) {
            Known::Spoken(provider) => return Ok((Some(provider), rest.to_owned())),
            Known::NotYet => return Err(skip(prefix, cursor, reader)),
            Known::Unknown => {}
        }
    }
    let entry = PriceBook::embedded().find_name(full);
    // Fine-tuned models are OpenAI's own: `ft:gpt-4o-mini-2024-07-18:my-org::id`.
    let known = entry.map(|entry| entry.provider).or_else(|| full.starts_with("ft:").then(|| "openai".to_owned()));
    let Some(name) = known else {
        let (message, help) = unknown(text);
        reader.wrong(cursor, message, help);
        return Err(Stop::Wrong);
    };
    // A bare Gemini name is Vertex AI's in LiteLLM. Google serves the same models with a plain key.
    let google = name == "vertex_ai" && full.starts_with("gemini-");
    if google {
        let message = format!("read as `gemini/{full}`: Vertex AI is not supported yet");
        reader.report.notice(cursor.place(), &cursor.path, message);
    }
    match providers::find(if google { "gemini" } else { &name }) {
        Known::Spoken(provider) => Ok((Some(provider), full.to_owned())),
        _ => Err(skip(&name, cursor, reader)),
    }
}

/// What to say of a model whose provider is not known.
fn unknown(text: &Text) -> (String, String) {
    let own = "for a server of your own";
    // Only what may be shown is used for a suggestion.
    let literal = text.shown() == format!("`{}`", text.value);
    if let Some((prefix, rest)) = text.value.split_once('/').filter(|_| literal) {
        let help = match providers::suggest(prefix) {
            Some(near) => format!("did you mean `{near}/{rest}`?"),
            None => format!("write `provider/model`; {own} `openai/{}` and its `api_base`", text.value),
        };
        return (format!("unknown provider {}", shown(prefix)), help);
    }
    let family = [("gpt-", "openai"), ("chatgpt-", "openai"), ("claude-", "anthropic"), ("gemini-", "gemini")];
    let guess = family.iter().find(|(prefix, _)| text.value.starts_with(prefix));
    let example = match guess.filter(|_| literal) {
        Some((_, provider)) => format!("{provider}/{}", text.value),
        None => "provider/model".to_owned(),
    };
    let help = format!("write `{example}`; {own} `openai/…` and its `api_base`");
    (format!("no provider is known for {}", text.shown()), help)
}

fn skip(name: &str, cursor: &Cursor<'_>, reader: &mut Reader<'_>) -> Stop {
    let message = format!("{} is not supported yet: this deployment is left out", shown(name));
    let help = "the rest is used; a server with an OpenAI-compatible address works as `openai/…` with its `api_base`";
    reader.report.warning(cursor.place(), &cursor.path, message, help);
    Stop::Skipped
}

/// The base address, and whether it is the provider's own rather than one that the deployment names.
fn base_url(
    provider: &Provider,
    params: &Params<'_>,
    region: Option<&str>,
    reader: &mut Reader<'_>,
) -> Result<(String, bool), Stop> {
    let endpoint = params.all.as_ref().filter(|_| provider.wire == Wire::Bedrock);
    let endpoint = endpoint.and_then(|all| all.get("aws_bedrock_runtime_endpoint"));
    if let Some(cursor) = params.api_base.as_ref().or(endpoint.as_ref()) {
        let text = reader.name(cursor).ok_or(Stop::Wrong)?;
        return normalise(&text.value, provider).map(|url| (url, false)).map_err(|problem| {
            let value = if problem.hides_value { String::new() } else { format!(": {}", text.shown()) };
            reader.wrong(cursor, format!("{}{value}", problem.what), problem.help);
            Stop::Wrong
        });
    }
    let set = |name: &String| reader.variables.get(name).map(|value| (name.clone(), value));
    if let Some((name, value)) = provider.bases.iter().find_map(set) {
        return normalise(&value, provider).map(|url| (url, true)).map_err(|problem| {
            let message = format!("the environment variable `{name}`: {}", problem.what);
            reader.wrong(&params.model, message, problem.help);
            Stop::Wrong
        });
    }
    if let Some(url) = provider.address() {
        return Ok((url.to_owned(), true));
    }
    if let Some(url) = region.and_then(|region| aws::address(provider, region)) {
        return Ok((url, true));
    }
    if provider.wire == Wire::Bedrock {
        reader.wrong(&params.model, "`bedrock` needs a region", "write `aws_region_name: eu-central-1` beside `model`");
        return Err(Stop::Wrong);
    }
    let variables = provider.bases.join("` or `");
    let message = format!("`{}` needs an `api_base`", provider.name);
    let form = provider.base_url.as_deref().unwrap_or("http://host:8000/v1");
    let help = format!("write `api_base: {form}` beside `model`, or set `{variables}`");
    reader.wrong(&params.model, message, help);
    Err(Stop::Wrong)
}

/// The version of Azure's interface where nothing names one: the last that is no preview.
const AZURE_VERSION: &str = "2024-10-21";

/// Words for the interface without versions.
const UNVERSIONED: [&str; 3] = ["v1", "latest", "preview"];

/// Azure's address: of the resource alone, and with the version of the interface.
fn with_version(base_url: &str, params: &Params<'_>, reader: &mut Reader<'_>) -> Result<String, Stop> {
    let version = match params.all.as_ref().and_then(|all| all.get("api_version")) {
        Some(cursor) => {
            let text = reader.name(&cursor).ok_or(Stop::Wrong)?.value;
            if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.') {
                reader.wrong(&cursor, "not a version", format!("`api_version: \"{AZURE_VERSION}\"`"));
                return Err(Stop::Wrong);
            }
            text
        }
        None => reader.variables.get("AZURE_API_VERSION").unwrap_or_else(|| AZURE_VERSION.to_owned()),
    };
    let Ok(mut url) = Url::parse(base_url) else { return Ok(base_url.to_owned()) };
    // Some write the operation's beginning; the calls bring it.
    let path = url.path().split("/openai").next().unwrap_or_default().trim_end_matches('/').to_owned();
    url.set_path(&path);
    let version = version.trim();
    if !UNVERSIONED.contains(&version) {
        url.query_pairs_mut().append_pair("api-version", version);
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

struct UrlProblem {
    what: &'static str,
    help: &'static str,
    hides_value: bool,
}

/// An address without a slash at the end, with the provider's usual path where it has none.
fn normalise(text: &str, provider: &Provider) -> Result<String, UrlProblem> {
    let problem = |what, help| UrlProblem { what, help, hides_value: false };
    let form = "write it in full, such as `https://host/v1`";
    let mut url = Url::parse(text.trim()).map_err(|_| problem("not an address", form))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(problem("an address must begin with `https://` or `http://`", form));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(problem("an address without a host", form));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let help = "write the key as `api_key`, and the address without it";
        return Err(UrlProblem { what: "an address with a user or a password in it", help, hides_value: true });
    }
    if url.query().is_some() || url.fragment().is_some() {
        let help = "write it without `?` and `#`; keys go into `api_key` or `extra_headers`";
        return Err(UrlProblem { what: "an address with a query in it", help, hides_value: true });
    }
    for end in ["/chat/completions", "/completions", "/embeddings", "/responses"] {
        if url.path().trim_end_matches('/').ends_with(end) {
            return Err(problem(
                "the address of one operation",
                "end it before `/chat/completions`: `https://host/v1`",
            ));
        }
    }
    // Some write the version, some the operation; the calls bring both.
    let brought: &[&str] = match provider.wire {
        Wire::OpenAi | Wire::Bedrock | Wire::Azure => &[],
        Wire::Anthropic => &["/messages", "/v1"],
        Wire::Gemini => &["/openai", "/models", "/v1beta"],
    };
    for end in brought {
        let path = url.path().trim_end_matches('/');
        let path = path.strip_suffix(end).unwrap_or(path).to_owned();
        url.set_path(&path);
    }
    if url.path() == "/"
        && let Some(path) = &provider.path
    {
        url.set_path(path);
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The key to send; `None`: calls go without one.
fn api_key(
    provider: &Provider,
    params: &Params<'_>,
    own: bool,
    reader: &mut Reader<'_>,
) -> Result<Option<Secret>, Stop> {
    if let Some(cursor) = &params.api_key {
        let text = reader.text(cursor).ok_or(Stop::Wrong)?;
        let key = text.value.trim();
        if !key.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
            let message = "the key has characters that can't be sent";
            reader.wrong(cursor, message, "a key is one line of printable ASCII: check how it was copied");
            return Err(Stop::Wrong);
        }
        return Ok((!key.is_empty()).then(|| Secret::new(key.to_owned())));
    }
    let (place, path) = (params.model.place(), params.model.path.as_str());
    match provider.keys.iter().find_map(|name| Some((name, reader.variables.get(name)?))) {
        Some((_, value)) if own => Ok(Some(Secret::new(value.trim().to_owned()))),
        // A provider's key goes to that provider only, unless somebody writes otherwise.
        Some((name, _)) => {
            let message = format!("calls go without a key: `{name}` is sent to the provider's own address only");
            let help = Some(format!("to send it here write `api_key: os.environ/{name}`"));
            reader.report.add(Severity::Notice, place, path, message, help);
            Ok(None)
        }
        None if own && !provider.keyless => {
            let name = provider.keys.first().map_or("", String::as_str);
            let message = format!("no key for `{}`: its calls will be refused", provider.name);
            let help = format!("set `{name}`, or write `api_key: os.environ/NAME` beside `model`");
            reader.report.warning(place, path, message, help);
            Ok(None)
        }
        None => Ok(None),
    }
}
