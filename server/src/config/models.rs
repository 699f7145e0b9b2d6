//! `model_list`: the deployments.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use tollgate_domain::limits::Limits;
use tollgate_domain::model::{Deployment, ModelPattern, Origin, SourcedPrice, Timeouts, Upstream};
use tollgate_domain::price::{CONFIGURATION, PriceBook, PriceSheet, resolve_price};
use tollgate_domain::secret::Secret;

use super::builtin;
use super::deployment_limits;
use super::files::Document;
use super::finding::Severity;
use super::general::DefaultTimeouts;
use super::headers;
use super::prices;
use super::suggest::closest;
use super::target::{self, Params, Stop, Target};
use super::value::{Cursor, Reader};
use super::yaml::Place;

/// LiteLLM's kinds of models.
const MODES: [&str; 14] = [
    "chat",
    "completion",
    "responses",
    "embedding",
    "image_generation",
    "image_edit",
    "audio_transcription",
    "audio_speech",
    "video_generation",
    "moderation",
    "rerank",
    "batch",
    "realtime",
    "ocr",
];
const LONGEST_NAME: usize = 256;
const MOST_TOKENS: u64 = 1_000_000_000;

/// All deployments, and the names of models that were left out.
#[derive(Default)]
pub(super) struct Models {
    pub deployments: Vec<Deployment>,
    pub left_out: Vec<String>,
    /// Where an id was given, to tell about a second one.
    pub ids: HashMap<String, Place>,
}

/// What a deployment is made of, besides its target.
struct Terms {
    model: ModelPattern,
    id: Option<(String, Place)>,
    headers: Vec<(String, Secret)>,
    timeouts: Timeouts,
    weight: u32,
    overrides: PriceSheet,
    base_model: Option<String>,
    mode: Option<String>,
    max_input_tokens: Option<u64>,
    max_output_tokens: Option<u64>,
    limits: Limits,
}

impl Terms {
    fn new(model: &str) -> Self {
        Self {
            model: ModelPattern::new(model),
            id: None,
            headers: Vec::new(),
            timeouts: Timeouts::default(),
            weight: 1,
            overrides: PriceSheet::default(),
            base_model: None,
            mode: None,
            max_input_tokens: None,
            max_output_tokens: None,
            limits: Limits::default(),
        }
    }
}

pub(super) fn read(document: &Document, defaults: DefaultTimeouts, simulator: bool, reader: &mut Reader<'_>) -> Models {
    let mut models = Models::default();
    for layer in document.layers() {
        for name in ["model_list", "models"] {
            let Some(list) = layer.get(name).and_then(|cursor| reader.list(cursor)) else { continue };
            if name == "models" {
                reader.report.notice(list.place(), &list.path, "read as `model_list`");
            }
            for item in list.items() {
                let Some(item) = reader.mapping(item) else { continue };
                models.read_item(&item, defaults, simulator, reader);
            }
        }
    }
    models
}

impl Models {
    fn read_item(&mut self, item: &Cursor<'_>, defaults: DefaultTimeouts, simulator: bool, reader: &mut Reader<'_>) {
        let name = required(item, "model_name", "what callers ask for: `model_name: gpt-4o`", reader)
            .and_then(|cursor| Some((reader.name(&cursor)?, cursor)));
        let name = name.and_then(|(text, cursor)| {
            let (stars, long) = (text.value.matches('*').count(), text.value.len() > LONGEST_NAME);
            if stars > 1 || long {
                let message = if long { "a name this long" } else { "more than one `*`" };
                reader.wrong(&cursor, message, format!("one `*` at most, and {LONGEST_NAME} characters: `openai/*`"));
                return None;
            }
            Some(text.value)
        });
        let help = "the provider's model: `litellm_params: {model: openai/gpt-4o}`";
        let params = required(item, "litellm_params", help, reader).and_then(|cursor| reader.mapping(cursor));
        let info = item.get("model_info").and_then(|cursor| reader.mapping(cursor));
        let Some(params) = params else { return };
        let model = required(&params, "model", "the provider's model: `model: openai/gpt-4o`", reader);

        // Everything else is read whatever has gone wrong, so that all mistakes are told at once.
        let blocked = info.as_ref().and_then(|info| info.get("blocked")).and_then(|cursor| reader.truth(&cursor));
        let limits = deployment_limits::read(item, &params, reader);
        let terms = terms(name.as_deref().unwrap_or_default(), &params, info.as_ref(), defaults, reader);
        let terms = terms.map(|terms| Terms { limits, ..terms });
        let Some(model) = model else { return };
        let upstream = Params {
            provider: params.get("custom_llm_provider"),
            api_base: params.get("api_base").or_else(|| params.get("base_url")),
            api_key: params.get("api_key"),
            all: Some(params.clone()),
            model,
        };
        let target = target::resolve(&upstream, reader);
        let (Some(name), Some(terms)) = (name, terms) else { return };
        let target = match target {
            Ok(target) => target,
            Err(Stop::Skipped) => return self.left_out.push(name),
            Err(Stop::Wrong) => return,
        };
        if blocked == Some(true) {
            reader.report.notice(item.place(), &item.path, "blocked by its `model_info`: it is left out");
            return self.left_out.push(name);
        }
        if matches!(target, Target::Simulator { .. }) && !simulator {
            let message = "the simulator is disabled: this deployment is left out";
            let help = "take `general_settings.disable_simulator` away, or this deployment";
            reader.report.warning(upstream.model.place(), &upstream.model.path, message, help);
            return self.left_out.push(name);
        }
        let line = u64::from(item.place().line);
        let origin = Origin::File { path: reader.report.file_name(item.place()).to_owned(), line };
        self.add(target, terms, origin, &upstream.model, reader);
    }

    /// A deployment without any of `model_list`'s terms, for the command line.
    pub fn add_plain(
        &mut self,
        name: &str,
        params: &Params<'_>,
        origin: Origin,
        reader: &mut Reader<'_>,
    ) -> Result<(), Stop> {
        let target = target::resolve(params, reader)?;
        self.add(target, Terms::new(name), origin, &params.model, reader);
        Ok(())
    }

    fn add(&mut self, target: Target, terms: Terms, origin: Origin, at: &Cursor<'_>, reader: &mut Reader<'_>) {
        let (provider, upstream, upstream_model, api_key, aws) = match target {
            Target::Provider { provider, model, base_url, api_key, aws } => {
                (provider.price_name.clone(), Upstream::Server { wire: provider.wire, base_url }, model, api_key, aws)
            }
            Target::Simulator { model } => (target::SIMULATOR.to_owned(), Upstream::Simulator, model, None, None),
            Target::Any => return self.add_any(&terms, &origin, at, reader),
        };
        if upstream_model.matches('*').count() > usize::from(terms.model.is_wildcard()) {
            let message = "a `*` here needs one in `model_name` to stand for";
            reader.wrong(at, message, "`model_name: \"openai/*\"` with `model: \"openai/*\"`");
            return;
        }
        let price = price(&terms, &provider, &upstream, &upstream_model);
        let wildcard = upstream_model.contains('*');
        if price.is_none() && !wildcard {
            let message =
                format!("no price is known for {} at `{provider}`: its cost can't be told", at.tell(&upstream_model));
            let help = "write `input_cost_per_token` and `output_cost_per_token`, or `model_info.base_model`";
            reader.report.add(Severity::Notice, at.place(), &at.path, message, Some(help.to_owned()));
        }
        let book = PriceBook::embedded();
        let base =
            terms.base_model.as_deref().and_then(|base| book.find(&provider, base).or_else(|| book.find_full(base)));
        let known = base.or_else(|| book.find(&provider, &upstream_model)).map(|entry| entry.capabilities);
        let known = known.filter(|_| !wildcard).unwrap_or_default();
        let id = match terms.id {
            Some((id, place)) => {
                if let Some(first) = self.ids.insert(id.clone(), place) {
                    let message = format!("the id is there twice: already at {}", reader.report.name_place(first));
                    let path = at.path.replace("litellm_params.model", "model_info.id");
                    reader.report.error(place, &path, message, "give each deployment an id of its own, or none");
                    return;
                }
                id
            }
            None => self.derive_id(terms.model.as_str(), &provider, &upstream, &upstream_model),
        };
        self.deployments.push(Deployment {
            id,
            model: terms.model,
            provider,
            upstream_model,
            upstream,
            api_key,
            aws,
            headers: terms.headers,
            timeouts: terms.timeouts,
            weight: terms.weight,
            price,
            base_model: terms.base_model,
            origin,
            mode: terms.mode.or_else(|| Some(known.mode).filter(|mode| !mode.is_empty())),
            max_input_tokens: terms.max_input_tokens.or(known.max_input_tokens),
            max_output_tokens: terms.max_output_tokens.or(known.max_output_tokens),
            limits: terms.limits,
        });
    }

    /// `model: "*"` stands for every provider: for those whose key is there, under `provider/*`.
    fn add_any(&mut self, terms: &Terms, origin: &Origin, at: &Cursor<'_>, reader: &mut Reader<'_>) {
        if terms.model.as_str() != "*" {
            let message = "`*` as the model needs `*` as the `model_name`";
            reader.wrong(at, message, "`model_name: \"openai/*\"` with `model: \"openai/*\"`");
            return;
        }
        let found = builtin::provider_wildcards(origin, reader);
        let names: Vec<&str> = found.iter().map(|deployment| deployment.model.as_str()).collect();
        if names.is_empty() {
            let message = "stands for every provider whose key is in the environment, and there is none";
            reader.report.warning(at.place(), &at.path, message, "set `OPENAI_API_KEY` or another provider's key");
        } else {
            let message = format!("stands for the providers whose key is in the environment: `{}`", names.join("`, `"));
            reader.report.notice(at.place(), &at.path, message);
        }
        // Each by itself.
        self.deployments
            .extend(found.into_iter().map(|deployment| Deployment { limits: terms.limits.clone(), ..deployment }));
    }

    /// An id from what the deployment is, so that it stays the same over restarts; nothing secret goes into it.
    pub fn derive_id(&self, model: &str, provider: &str, upstream: &Upstream, upstream_model: &str) -> String {
        let address = upstream.base_url().unwrap_or(target::SIMULATOR);
        let mut counter = 0_u32;
        loop {
            let mut hash = Sha256::new();
            for part in [model, provider, upstream_model, address] {
                hash.update(part.as_bytes());
                hash.update([0]);
            }
            if counter > 0 {
                hash.update(counter.to_be_bytes());
            }
            let mut id = hex::encode(hash.finalize());
            id.truncate(32);
            if self.deployments.iter().all(|deployment| deployment.id != id) && !self.ids.contains_key(&id) {
                return id;
            }
            counter += 1;
        }
    }
}

fn required<'n>(item: &Cursor<'n>, key: &str, help: &str, reader: &mut Reader<'_>) -> Option<Cursor<'n>> {
    let found = item.get(key);
    if found.is_none() {
        reader.report.error(item.place(), &item.child_path(key), "is missing", help);
    }
    found
}

/// `None` when something is wrong and has been reported.
fn terms(
    name: &str,
    params: &Cursor<'_>,
    info: Option<&Cursor<'_>>,
    defaults: DefaultTimeouts,
    reader: &mut Reader<'_>,
) -> Option<Terms> {
    let before = reader.report.errors();
    let of_info = |key: &str| info.and_then(|info| info.get(key));

    let mut timeouts = Timeouts::default();
    let own = params.get("timeout").and_then(|cursor| reader.seconds(&cursor));
    if let Some(total) = own.or(defaults.total) {
        timeouts.total = total;
        timeouts.idle = total;
    }
    let stream = params.get("stream_timeout").and_then(|cursor| reader.seconds(&cursor));
    // A deployment's own time limit holds before the whole gateway's limit for streams.
    if let Some(idle) = stream.or(defaults.stream.filter(|_| own.is_none())) {
        timeouts.idle = idle;
    }
    let weight = params.get("weight").and_then(|cursor| reader.whole(&cursor, 0..=1_000_000));
    let sections: Vec<&Cursor<'_>> = std::iter::once(params).chain(info).collect();
    let overrides = prices::sheet(&sections, reader);
    let mut tokens = |key| of_info(key).and_then(|cursor| reader.whole(&cursor, 1..=MOST_TOKENS));
    let max_input_tokens = tokens("max_input_tokens");
    let max_output_tokens = tokens("max_output_tokens");
    let max_output_tokens = max_output_tokens.or(tokens("max_tokens"));
    let terms = Terms {
        model: ModelPattern::new(name),
        id: of_info("id").and_then(|cursor| Some((reader.name(&cursor)?.value, cursor.place()))),
        headers: headers::read(params, reader),
        timeouts,
        weight: weight.and_then(|weight| u32::try_from(weight).ok()).unwrap_or(1),
        overrides,
        base_model: of_info("base_model").and_then(|cursor| reader.name(&cursor)).map(|text| text.value),
        mode: of_info("mode").and_then(|cursor| mode(&cursor, reader)),
        max_input_tokens,
        max_output_tokens,
        limits: Limits::default(),
    };
    (reader.report.errors() == before).then_some(terms)
}

fn mode(cursor: &Cursor<'_>, reader: &mut Reader<'_>) -> Option<String> {
    let mode = reader.name(cursor)?;
    if !MODES.contains(&mode.value.as_str()) {
        let help = closest(&mode.value, MODES)
            .map_or_else(|| format!("one of: {}", MODES.join(", ")), |near| format!("did you mean `{near}`?"));
        reader.report.warning(cursor.place(), &cursor.path, format!("unknown mode {}", mode.shown()), help);
    }
    Some(mode.value)
}

fn price(terms: &Terms, provider: &str, upstream: &Upstream, upstream_model: &str) -> Option<SourcedPrice> {
    let own = || SourcedPrice { sheet: terms.overrides.clone(), source: CONFIGURATION.to_owned() };
    match upstream {
        Upstream::Simulator if terms.overrides.is_empty() => Some(builtin::simulated_price()),
        Upstream::Simulator => Some(own()),
        // What a wildcard stands for is known when it is called.
        Upstream::Server { .. } if upstream_model.contains('*') => (!terms.overrides.is_empty()).then(own),
        Upstream::Server { .. } => {
            resolve_price(Some(&terms.overrides), terms.base_model.as_deref(), provider, upstream_model)
        }
    }
}
