//! Deployments, made ready to be called: what can be worked out once is not worked out per call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use memchr::memmem;
use tollgate_dialects::azure;
use tollgate_dialects::bedrock::sign::{Credentials, Scope, Signable, sign};
use tollgate_dialects::providers::{self, Auth, Serves};
use tollgate_domain::Timestamp;
use tollgate_domain::charge::Operation;
use tollgate_domain::entropy::{Entropy, random_bytes};
use tollgate_domain::model::{AwsLogin, Catalog, Deployment, SourcedPrice, Upstream, Wire};
use tollgate_domain::price::{self, PriceBook, PriceSheet};
use tollgate_domain::secret::Secret;

use crate::call;
use crate::upstream::{HostPool, Pools};

/// Models of a wildcard that are remembered; beyond it the memory is begun anew.
const MAX_TERMS: usize = 1024;

/// A header's value that is shorter is a word and no secret, in bytes.
const SHORTEST_SECRET: usize = 8;

/// The catalog, and how to reach each of its deployments.
#[derive(Debug)]
pub struct Targets {
    catalog: Arc<Catalog>,
    by_id: HashMap<String, Arc<Target>>,
    /// No other catalog of this process has it.
    pub epoch: u64,
}

/// The deployments that serve a model, each once: the next of them by weight.
pub struct Choices<'a> {
    targets: &'a Targets,
    group: &'a [Arc<Deployment>],
    tried: Vec<usize>,
}

/// One deployment, ready to be called.
#[derive(Debug)]
pub struct Target {
    pub deployment: Arc<Deployment>,
    /// The deployment's id, for charges to share.
    pub id: Arc<str>,
    /// Its provider.
    pub provider: Arc<str>,
    /// What its provider is asked for; `None`: it depends on what the caller asks for.
    upstream_model: Option<Arc<str>>,
    /// `None`: the simulator.
    pub http: Option<HttpTarget>,
    /// For the answer's headers.
    pub id_header: HeaderValue,
    /// The same of what is asked for, if there are no wildcards.
    model_header: Option<HeaderValue>,
    upstream_model_header: Option<HeaderValue>,
    /// By what the provider is asked for.
    terms: Mutex<HashMap<Arc<str>, Terms>>,
}

/// What is known of a model before it is called.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    pub price: Option<Price>,
    /// The longest prompt, in tokens.
    pub max_input: Option<u64>,
    /// The longest answer, in tokens.
    pub max_output: Option<u64>,
    /// What it is for (`embedding`); empty where that is not known.
    pub mode: Arc<str>,
}

/// A price, ready to be used by many calls.
#[derive(Clone, Debug)]
pub struct Price {
    pub sheet: Arc<PriceSheet>,
    pub source: Arc<str>,
}

/// How to reach a provider's server.
#[derive(Debug)]
pub struct HttpTarget {
    pub wire: Wire,
    /// The address's path, for what is below it.
    base_path: String,
    pub pool: Arc<HostPool>,
    pub base_header: HeaderValue,
    /// Sent with every request: host, credentials, what the configuration adds.
    pub headers: HeaderMap,
    /// Signs each request.
    aws: Option<Aws>,
    /// The version of Azure's interface.
    version: Option<String>,
    /// The path of each operation that it has, as the request line has it.
    paths: Vec<(Operation, Uri)>,
}

/// Who signs at Amazon, and where.
#[derive(Debug)]
struct Aws {
    who: Credentials,
    region: String,
}

impl Targets {
    /// A deployment whose address can't be used is left out: the configuration has refused it before.
    pub fn new(catalog: Arc<Catalog>, pools: &Pools, epoch: u64) -> Self {
        let by_id = catalog
            .deployments()
            .iter()
            .filter_map(|deployment| {
                let target = Target::new(deployment, pools);
                if target.is_none() {
                    tracing::error!(deployment.id = %deployment.id, "the deployment's address can't be used");
                }
                Some((deployment.id.clone(), Arc::new(target?)))
            })
            .collect();
        Self { catalog, by_id, epoch }
    }

    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// The deployments that serve `model`.
    pub fn choices(&self, model: &str) -> Choices<'_> {
        Choices { targets: self, group: self.catalog.find(model), tried: Vec::new() }
    }
}

impl Choices<'_> {
    /// One that was not tried yet; `None`: there is no other.
    pub fn next(&mut self, entropy: &dyn Entropy) -> Option<Arc<Target>> {
        while let Some(chosen) = self.draw(entropy) {
            self.tried.push(chosen);
            if let Some(target) = self.group.get(chosen).and_then(|chosen| self.targets.by_id.get(&chosen.id)) {
                return Some(Arc::clone(target));
            }
        }
        None
    }

    /// By weight, among those that are left. Those without a weight get no calls, unless none has one.
    fn draw(&self, entropy: &dyn Entropy) -> Option<usize> {
        let left = || self.group.iter().enumerate().filter(|(i, _)| !self.tried.contains(i));
        let total: u64 = left().map(|(_, deployment)| u64::from(deployment.weight)).sum();
        if total == 0 {
            let weightless = self.group.iter().all(|deployment| deployment.weight == 0);
            return left().next().filter(|_| weightless).map(|(i, _)| i);
        }
        let mut at = if left().nth(1).is_some() { u64::from_le_bytes(random_bytes::<8>(entropy)) % total } else { 0 };
        let found = left().find(|(_, deployment)| {
            let weight = u64::from(deployment.weight);
            let found = at < weight;
            at = at.saturating_sub(weight);
            found
        });
        found.map(|(i, _)| i)
    }
}

impl Target {
    /// What the provider says, without the gateway's own credentials: careless ones quote what they got.
    pub fn hide_secrets(&self, text: Bytes) -> Bytes {
        let deployment = &*self.deployment;
        let headers = deployment.headers.iter().map(|(_, value)| value);
        let aws = deployment.aws.iter().flat_map(|aws| [Some(&aws.secret_access_key), aws.session_token.as_ref()]);
        let secrets = deployment.api_key.iter().chain(headers).chain(aws.flatten()).map(Secret::expose);
        secrets.filter(|secret| secret.len() >= SHORTEST_SECRET).fold(text, |text, secret| {
            if memmem::find(&text, secret.as_bytes()).is_none() {
                return text;
            }
            let mut out = BytesMut::with_capacity(text.len());
            let mut rest = &text[..];
            while let Some(at) = memmem::find(rest, secret.as_bytes()) {
                out.extend_from_slice(&rest[..at]);
                out.extend_from_slice(b"***");
                rest = &rest[at + secret.len()..];
            }
            out.extend_from_slice(rest);
            out.freeze()
        })
    }

    fn new(deployment: &Arc<Deployment>, pools: &Pools) -> Option<Self> {
        let http = match &deployment.upstream {
            Upstream::Simulator => None,
            Upstream::Server { wire, base_url } => Some(HttpTarget::new(deployment, *wire, base_url, pools)?),
        };
        let header = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("-"));
        Some(Self {
            deployment: Arc::clone(deployment),
            id: deployment.id.as_str().into(),
            provider: deployment.provider.as_str().into(),
            upstream_model: (!deployment.upstream_model.contains('*'))
                .then(|| deployment.upstream_model.as_str().into()),
            http,
            id_header: header(&deployment.id),
            model_header: HeaderValue::from_str(deployment.model.as_str()).ok(),
            upstream_model_header: HeaderValue::from_str(&deployment.upstream_model).ok(),
            terms: Mutex::default(),
        })
    }

    /// What its server speaks. The simulator speaks as OpenAI's.
    pub fn wire(&self) -> Wire {
        self.http.as_ref().map_or(Wire::OpenAi, |http| http.wire)
    }

    /// Whether its server is spoken to in the operation's own dialect.
    pub fn speaks(&self, operation: Operation) -> bool {
        let Some(http) = &self.http else { return tail(Wire::OpenAi, operation, false).is_some() };
        match http.wire {
            Wire::Gemini if operation == Operation::GenerateContent => true,
            Wire::Azure => azure_name(operation).is_some(),
            _ => http.uri(operation).is_some(),
        }
    }

    /// The path of an operation where it depends on the model, below the address.
    pub fn path(&self, operation: Operation, upstream_model: &str) -> Option<String> {
        let http = self.http.as_ref().filter(|http| http.wire == Wire::Azure)?;
        // Responses never had deployments.
        let version = http.version.as_deref().filter(|_| operation != Operation::Responses);
        Some(azure::path(upstream_model, azure_name(operation)?, version))
    }

    /// What the caller asked for, as a header.
    pub fn model_header(&self, model: &str) -> Option<HeaderValue> {
        known_or_new(self.model_header.as_ref(), model)
    }

    /// What the provider was asked for, as a header.
    pub fn upstream_model_header(&self, model: &str) -> Option<HeaderValue> {
        known_or_new(self.upstream_model_header.as_ref(), model)
    }

    /// What the provider is asked for when the caller asked for `model`.
    pub fn upstream_model(&self, model: &str) -> Arc<str> {
        self.upstream_model.clone().unwrap_or_else(|| self.deployment.upstream_model_for(model).into())
    }

    /// The price of a call to `upstream_model`: the configuration's, or the price book's.
    pub fn price(&self, upstream_model: &Arc<str>) -> Option<Price> {
        self.terms(upstream_model).price
    }

    /// What holds for a call to `upstream_model`, by the configuration or the price book.
    pub fn terms(&self, upstream_model: &Arc<str>) -> Terms {
        let mut terms = self.terms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = terms.get(upstream_model) {
            return known.clone();
        }
        let found = self.look_up(upstream_model);
        if terms.len() >= MAX_TERMS {
            terms.clear();
        }
        terms.insert(Arc::clone(upstream_model), found.clone());
        found
    }

    fn look_up(&self, upstream_model: &str) -> Terms {
        let deployment = &self.deployment;
        let (base, provider) = (deployment.base_model.as_deref(), deployment.provider.as_str());
        let found = deployment.price.clone().or_else(|| price::resolve_price(None, base, provider, upstream_model));
        let book = PriceBook::embedded();
        let of_book = base.and_then(|base| book.find(provider, base).or_else(|| book.find_full(base)));
        let of_book = of_book.or_else(|| book.find(provider, upstream_model)).map(|entry| entry.capabilities);
        let most = |own: Option<u64>, of_book: Option<u64>| own.or(of_book);
        let mode = deployment.mode.clone().or_else(|| of_book.as_ref().map(|known| known.mode.clone()));
        Terms {
            mode: mode.unwrap_or_default().into(),
            price: found.map(|SourcedPrice { sheet, source }| Price { sheet: Arc::new(sheet), source: source.into() }),
            max_input: most(deployment.max_input_tokens, of_book.as_ref().and_then(|known| known.max_input_tokens)),
            max_output: most(deployment.max_output_tokens, of_book.as_ref().and_then(|known| known.max_output_tokens)),
        }
    }
}

fn known_or_new(known: Option<&HeaderValue>, text: &str) -> Option<HeaderValue> {
    match known {
        Some(known) if known == text => Some(known.clone()),
        _ => HeaderValue::from_str(text).ok(),
    }
}

impl HttpTarget {
    fn new(deployment: &Deployment, wire: Wire, base_url: &str, pools: &Pools) -> Option<Self> {
        let url = url::Url::parse(base_url).ok()?;
        let pool = pools.host(&url)?;
        let mut headers = HeaderMap::new();
        let host = match url.port() {
            Some(port) => format!("{}:{port}", url.host_str()?),
            None => url.host_str()?.to_owned(),
        };
        headers.insert(HOST, HeaderValue::from_str(&host).ok()?);
        for (name, value) in &deployment.headers {
            let mut value = HeaderValue::from_str(value.expose()).ok()?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_bytes(name.as_bytes()).ok()?, value);
        }
        for (name, value) in credentials(deployment) {
            let mut value = HeaderValue::from_str(value.expose()).ok()?;
            value.set_sensitive(true);
            // What the configuration says of them counts.
            headers.entry(name).or_insert(value);
        }
        let mut shown = url.clone();
        shown.set_query(None);
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        let base_path = url.path().trim_end_matches('/').to_owned();
        let responds = providers::find(&deployment.provider).is_some_and(|p| p.serves.contains(&Serves::Responses));
        Some(Self {
            wire,
            pool,
            base_header: HeaderValue::from_str(shown.as_str()).ok()?,
            headers,
            paths: Operation::ALL
                .into_iter()
                .filter_map(|operation| {
                    let path = format!("{base_path}{}", tail(wire, operation, responds)?);
                    Some((operation, Uri::from(PathAndQuery::try_from(path).ok()?)))
                })
                .collect(),
            base_path,
            aws: deployment.aws.as_ref().map(aws),
            version: url.query_pairs().find(|(name, _)| name == "api-version").map(|(_, version)| version.into_owned()),
        })
    }

    /// What has to be added to a request just before it is sent: a signature, where there is one.
    pub fn sign(&self, uri: &Uri, headers: &mut HeaderMap, pieces: &[Bytes], now: Timestamp) {
        let Some(aws) = &self.aws else { return };
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (host, kind) = (text(HOST), text(CONTENT_TYPE));
        let added =
            signature(aws, uri.path_and_query().map_or("/", PathAndQuery::as_str), (host, kind), &pieces.concat(), now);
        for (name, value) in added {
            if let Ok(mut value) = HeaderValue::from_str(value.expose()) {
                value.set_sensitive(true);
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }

    /// A path below the address, as the request line has it.
    pub fn below(&self, path: &str) -> Option<Uri> {
        Some(Uri::from(PathAndQuery::try_from(format!("{}{path}", self.base_path)).ok()?))
    }

    /// The path of an operation, as the request line has it; `None`: the server does not know it by one name.
    pub fn uri(&self, operation: Operation) -> Option<Uri> {
        self.paths.iter().find(|(known, _)| *known == operation).map(|(_, uri)| uri.clone())
    }
}

/// What an operation's path ends with, where the server speaks the caller's dialect. `responds`: it has OpenAI's
/// responses too.
fn tail(wire: Wire, operation: Operation, responds: bool) -> Option<&'static str> {
    match (wire, operation) {
        (Wire::OpenAi, Operation::ChatCompletion) => Some("/chat/completions"),
        (Wire::OpenAi, Operation::Completion) => Some("/completions"),
        (Wire::OpenAi, Operation::Embedding) => Some("/embeddings"),
        (Wire::OpenAi, Operation::Responses) if responds => Some("/responses"),
        (Wire::OpenAi, operation) if call::media::path(operation).is_some() => call::media::path(operation),
        (Wire::Anthropic, Operation::Messages) => Some("/v1/messages"),
        // Google's own interface to what OpenAI's clients embed.
        (Wire::Gemini, Operation::Embedding) => Some("/v1beta/openai/embeddings"),
        _ => None,
    }
}

fn aws(login: &AwsLogin) -> Aws {
    let AwsLogin { access_key_id, secret_access_key, session_token, region } = login.clone();
    Aws { who: Credentials { access_key_id, secret_access_key, session_token }, region }
}

fn signature(
    aws: &Aws,
    path: &str,
    (host, kind): (&str, &str),
    body: &[u8],
    now: Timestamp,
) -> Vec<(&'static str, Secret)> {
    let headers = [("host", host), ("content-type", kind)];
    let what = Signable { method: "POST", path, headers: &headers, body };
    let scope = Scope { region: &aws.region, service: "bedrock" };
    sign(what, &aws.who, scope, now.to_datetime())
}

/// The signature of a deployment that has one, for a request outside of a call. `url`: all of it.
pub fn signature_for(
    deployment: &Deployment,
    url: &url::Url,
    kind: &str,
    body: &[u8],
    now: Timestamp,
) -> Vec<(&'static str, Secret)> {
    let Some(login) = &deployment.aws else { return Vec::new() };
    let host = match (url.host_str().unwrap_or_default(), url.port()) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    };
    signature(&aws(login), url.path(), (&host, kind), body, now)
}

/// What Azure calls an operation.
fn azure_name(operation: Operation) -> Option<&'static str> {
    tail(Wire::OpenAi, operation, true).map(|tail| tail.trim_start_matches('/'))
}

/// The version of Anthropic's interface: its documentation's.
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// Keys of Anthropic's that stand for a person's subscription are sent as others' are.
const ANTHROPIC_TOKEN: &str = "sk-ant-oat";

/// How the gateway shows who it is to the deployment's server: headers, but for signatures.
pub fn credentials(deployment: &Deployment) -> Vec<(HeaderName, Secret)> {
    let Upstream::Server { wire, .. } = &deployment.upstream else { return Vec::new() };
    let bearer = |word: &str, key: &Secret| (AUTHORIZATION, Secret::new(format!("{word} {}", key.expose())));
    let key = deployment.api_key.as_ref().map(|key| match wire {
        Wire::Anthropic if key.expose().starts_with(ANTHROPIC_TOKEN) => bearer("Bearer", key),
        Wire::Anthropic => (HeaderName::from_static("x-api-key"), key.clone()),
        Wire::Gemini => (HeaderName::from_static("x-goog-api-key"), key.clone()),
        Wire::Bedrock => bearer("Bearer", key),
        Wire::OpenAi | Wire::Azure => match providers::find(&deployment.provider).map(|provider| &provider.auth) {
            Some(Auth::Header(name)) => match HeaderName::from_bytes(name.as_bytes()) {
                Ok(name) => (name, key.clone()),
                Err(_) => bearer("Bearer", key),
            },
            Some(Auth::Authorization(word)) => bearer(word, key),
            _ => bearer("Bearer", key),
        },
    });
    let version = (*wire == Wire::Anthropic)
        .then(|| (HeaderName::from_static("anthropic-version"), Secret::new(ANTHROPIC_VERSION.to_owned())));
    key.into_iter().chain(version).collect()
}

#[cfg(test)]
mod tests {
    use tollgate_domain::entropy::SeededEntropy;
    use tollgate_domain::limits::Limits;
    use tollgate_domain::model::{ModelPattern, Origin, Timeouts};

    use super::*;

    fn targets(weights: &[u32]) -> Targets {
        let deployment = |(n, weight): (usize, &u32)| Deployment {
            id: format!("d{n}"),
            model: ModelPattern::new("m"),
            provider: "simulator".to_owned(),
            upstream_model: "echo".to_owned(),
            upstream: Upstream::Simulator,
            api_key: None,
            aws: None,
            headers: Vec::new(),
            timeouts: Timeouts::default(),
            weight: *weight,
            price: None,
            base_model: None,
            origin: Origin::BuiltIn,
            mode: None,
            max_input_tokens: None,
            max_output_tokens: None,
            limits: Limits::default(),
        };
        let all = weights.iter().enumerate().map(deployment).collect();
        Targets::new(Arc::new(Catalog::new(all, HashMap::new())), &Pools::default(), 0)
    }

    fn order(targets: &Targets, entropy: &dyn Entropy) -> Vec<String> {
        let mut choices = targets.choices("m");
        std::iter::from_fn(|| Some(choices.next(entropy)?.id.to_string())).collect()
    }

    #[test]
    fn each_deployment_is_tried_once_and_more_often_first_by_its_weight() {
        let entropy = SeededEntropy::new(3);
        let three = targets(&[1, 0, 3]);
        let orders: Vec<_> = (0..400).map(|_| order(&three, &entropy)).collect();
        assert!(orders.iter().all(|order| order.len() == 2 && !order.contains(&"d1".to_owned())));
        let first = orders.iter().filter(|order| order[0] == "d2").count();
        assert!((250..350).contains(&first), "{first}");
        assert_eq!(order(&targets(&[0, 0]), &entropy), ["d0", "d1"]);
        assert_eq!(order(&targets(&[5]), &entropy), ["d0"]);
        assert!(three.choices("other").next(&entropy).is_none());
    }
}
