//! Starting and stopping the server.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tollgate_app::server::{SaltKey, SignOn, StartFacts};
use tollgate_control::vault::Vault;
use tollgate_control::{Control, ControlError, OpContext, access, keys};
use tollgate_domain::clock::SystemClock;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::new_uuid;
use tollgate_domain::key::KeyDigest;
use tollgate_domain::secret::Secret;
use tollgate_gateway::{Gateway, GatewayParts, Ledger, Settings, TokenCallers};
use tollgate_sso::{AccessTokens, Sso};
use tollgate_store::{Store, StoreOptions};
use tower_sessions::session_store::ExpiredDeletion as _;

use crate::bill::Bill;
use crate::catalogue::ToGateway;
use crate::cli::{DatabaseArguments, ServeArguments};
use crate::config::{self, Loaded};
use crate::listener::{self, Serving};
use crate::tls::Certificates;
use crate::{deliver, http, probe, terminal};

/// Idle connections and expired sessions are cleared this often.
const HOUSEKEEPING: Duration = Duration::from_secs(30);

/// Files of certificates are looked at this often.
const CERTIFICATES: Duration = Duration::from_secs(30);

/// How often it is looked whether another process adjusted charges.
const ADJUSTMENTS: Duration = Duration::from_secs(10);

/// Keys that are due to be exchanged are looked for this often, and sessions that are over deleted.
const ROTATION: Duration = Duration::from_secs(60);

/// How long a provider of single sign-on may take to answer: somebody waits.
const PROVIDER_LIMIT: Duration = Duration::from_secs(10);

/// How long calls under way may take to end when the server is told to stop.
const LAST_CALLS: Duration = Duration::from_secs(30);

/// What can go wrong at start: in words, for the terminal.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{0}")]
    Configuration(String),
    #[error("{what}: {source}")]
    Io { what: String, source: std::io::Error },
    #[error("the database: {0}")]
    Store(#[from] tollgate_store::StoreError),
    #[error("the journal: {0}")]
    Journal(#[from] tollgate_gateway::JournalError),
    #[error("{0}")]
    Control(#[from] ControlError),
}

/// Reads the configuration that the arguments name, and says what it found.
pub fn load_config(arguments: &ServeArguments) -> Result<Loaded, StartError> {
    let env = config::ProcessEnv;
    let loaded = match (&arguments.database.config, &arguments.model) {
        (Some(path), _) => config::load(path, &env),
        (None, Some(model)) => {
            config::from_command_line(model, arguments.api_base.as_deref(), arguments.drop_params, &env)
        }
        (None, None) => config::default_config(&env),
    };
    loaded.map_err(|findings| StartError::Configuration(config::render(&findings.0)))
}

/// The database's address: the arguments', the configuration's, or a file in the data folder.
pub fn database_url(arguments: &DatabaseArguments, configured: Option<&Secret>) -> Result<String, StartError> {
    if let Some(url) = arguments.database_url.as_deref().or(configured.map(Secret::expose)) {
        return Ok(url.to_owned());
    }
    make_folder(&arguments.data_dir)?;
    Ok(format!("sqlite://{}", arguments.data_dir.join("tollgate.db").display()))
}

fn make_folder(folder: &Path) -> Result<(), StartError> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| StartError::Io { what: format!("the data folder {}", folder.display()), source })
}

/// Serves until the process is told to stop.
pub async fn serve(arguments: ServeArguments) -> Result<(), StartError> {
    let Loaded { config, findings } = load_config(&arguments)?;
    if !findings.0.is_empty() {
        tracing::warn!("the configuration, in detail:\n{}", config::render(&findings.0));
    }
    make_folder(&arguments.database.data_dir)?;
    let url = database_url(&arguments.database, config.database_url.as_ref())?;
    let store = Store::open(&url, StoreOptions::default()).await?;
    if !arguments.no_migrate {
        store.migrate().await?;
    }
    store.check_schema().await?;
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    let journal = arguments.database.data_dir.join("journal");
    let (ledger, recovered) = Ledger::open(&journal, &store, clock.clone()).await?;
    if recovered != tollgate_gateway::Recovered::default() {
        tracing::warn!(
            settled = recovered.settled,
            interrupted = recovered.interrupted,
            damaged_files = recovered.damaged_files,
            "charges of an earlier process were brought into the database"
        );
    }

    let (stop, tasks, background) = (CancellationToken::new(), TaskTracker::new(), TaskTracker::new());
    let writer_stop = CancellationToken::new();
    // Others are told of what was written last, too.
    let written = CancellationToken::new();
    let (writer, last) = (ledger.clone().run_writer(writer_stop.clone().cancelled_owned()), written.clone());
    background.spawn(async move {
        writer.await;
        last.cancel();
    });

    let master_digest = config.master_key.as_ref().map(|key| KeyDigest::of(key.expose()));
    let settings = Settings {
        max_request_bytes: bytes(config.general.max_request_bytes, Settings::default().max_request_bytes),
        // A limit that was set holds for forms with files too.
        max_upload_bytes: config.general.max_request_bytes.unwrap_or(Settings::default().max_upload_bytes),
        max_response_bytes: bytes(config.general.max_response_bytes, Settings::default().max_response_bytes),
        cancel: config.general.cancel_on_disconnect,
        drop_params: config.general.drop_params,
        key_header: config.general.key_header.as_deref().and_then(|name| name.parse().ok()),
        dashboard: std::env::var("PROXY_BASE_URL").map(|url| url.trim_end_matches('/').to_owned()).unwrap_or_default(),
        ..Settings::default()
    };
    let policy =
        http::Policy { admin_only_ui: config.general.admin_only_ui, no_user_auth: config.general.no_user_auth };
    let gateway = Gateway::new(GatewayParts {
        store: store.clone(),
        ledger: ledger.clone(),
        catalog: Arc::new(config.catalog),
        master_key: master_digest,
        settings,
        house: config.house,
        clock: clock.clone(),
        entropy: entropy.clone(),
        tasks: tasks.clone(),
    });
    if let Some(tokens) = config.caller_tokens {
        let client = probe::client(PROVIDER_LIMIT).map_err(StartError::Configuration)?;
        gateway.take_tokens(TokenCallers::new(AccessTokens::new(tokens.issuers, client, tokens.fresh), tokens.rules));
    }
    let pair = arguments.ssl_certfile_path.clone().zip(arguments.ssl_keyfile_path.clone());
    let certificates = match pair.or(config.general.certificate) {
        Some((certificate, key)) => Some(Certificates::load(certificate, key).map_err(StartError::Configuration)?),
        None => None,
    };
    let facts = StartFacts {
        tls: certificates.is_some(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        configuration: configuration(&arguments),
        warnings: findings.0.iter().filter(|finding| finding.severity == config::Severity::Warning).count(),
        has_master_key: config.master_key.is_some(),
        salt_key: salt_key(config.master_key.is_some()),
        data_folder: arguments.database.data_dir.display().to_string(),
    };
    let mut sign_on = sign_on(config.sign_on, clock.clone(), entropy.clone())?;
    sign_on.passwords_off = config.general.passwords_off;
    let vault = Arc::new(vault(config.master_key.as_ref()));
    let (deliveries, courier) =
        deliver::new(store.clone(), Arc::clone(&vault), config.alerting).map_err(StartError::Configuration)?;
    ledger.tell_written(Arc::new(deliveries.clone()));
    background.spawn(courier.run(written.clone()));
    let to_gateway = ToGateway::new(gateway.clone(), store.clone(), Arc::clone(&vault)).telling(deliveries.clone());
    let to_gateway = Arc::new(to_gateway);
    to_gateway.reload().await?;
    let catalog = gateway.clone();
    let control = Control::new(
        store.clone(),
        clock.clone(),
        entropy.clone(),
        to_gateway,
        Arc::new(move || catalog.catalog()),
        vault,
    );
    let operator = OpContext::system(new_uuid(&*clock, &*entropy).to_string());
    if let (Ok(email), Some(password)) =
        (std::env::var("TOLLGATE_ADMIN_EMAIL"), environment_secret(&["TOLLGATE_ADMIN_PASSWORD"]))
    {
        access::ensure_admin(&control, &operator, &email, password).await?;
    }

    let address = SocketAddr::new(arguments.host, arguments.port);
    let cannot_listen = |source| StartError::Io { what: format!("listening on {address}"), source };
    let threads = arguments.num_workers.map_or_else(cores, |workers| usize::from(workers.max(1)));
    let sockets = listener::bind(address, threads).map_err(cannot_listen)?;
    let bound = sockets.first().and_then(|socket| socket.local_addr().ok()).unwrap_or(address);
    let bill = environment_secret(&["OPENAI_ADMIN_KEY"]).map(|key| Bill::new(&openai_address(), key));
    let state = http::Server::new(policy, control.clone(), gateway.clone(), ledger, store.clone(), master_digest, bill)
        .telling(deliveries);
    let fence = http::Fence { all: config.general.allowed, dashboard: config.general.dashboard_allowed };
    let app = fence.around(http::app(&state, facts, sign_on));

    background.spawn(housekeeping(gateway.clone(), stop.clone()));
    background.spawn(rotation(control.clone(), stop.clone()));
    background.spawn(adjustments(store.clone(), gateway.clone(), stop.clone()));
    if let Some(certificates) = &certificates {
        background.spawn(renewal(Arc::clone(certificates), stop.clone()));
    }
    let scheme = if certificates.is_some() { "https" } else { "http" };
    greet(&control, &operator, &format!("{scheme}://{bound}"), master_digest.is_some()).await?;
    let serving = Serving {
        app,
        proxies: Arc::new(config.general.trusted_proxies),
        tls: certificates.map(Certificates::acceptor).transpose().map_err(StartError::Configuration)?,
        silence: Duration::from_secs(arguments.keepalive_timeout.max(1)),
        stop: stop.clone(),
        tasks: tasks.clone(),
        office: Handle::current(),
    };
    let threads = listener::start(sockets, &serving).map_err(cannot_listen)?;
    told_to_stop().await;
    terminal::say("Stopping: calls under way end first.");
    stop.cancel();
    tasks.close();
    if tokio::time::timeout(LAST_CALLS, tasks.wait()).await.is_err() {
        tracing::warn!(calls = gateway.calls(), "some calls did not end in time; the journal keeps them");
    }
    for thread in threads.into_iter().filter(JoinHandle::is_finished) {
        let _ = thread.join();
    }
    writer_stop.cancel();
    background.close();
    background.wait().await;
    store.close().await?;
    Ok(())
}

/// The providers through which people sign in. None of them is asked before somebody wants to.
fn sign_on(
    configured: config::SignOn,
    clock: Arc<SystemClock>,
    entropy: Arc<SystemEntropy>,
) -> Result<SignOn, StartError> {
    let config::SignOn { providers, admission, logout_url } = configured;
    let sso = if providers.is_empty() {
        Sso::default()
    } else {
        let client = probe::client(PROVIDER_LIMIT).map_err(StartError::Configuration)?;
        Sso::new(providers, client, clock, entropy)
    };
    Ok(SignOn { sso, admission, logout_url, passwords_off: false })
}

/// What may hold the key that secrets are encrypted with.
const SALT_KEYS: [&str; 2] = ["TOLLGATE_SALT_KEY", "LITELLM_SALT_KEY"];

/// What secrets in the database are encrypted with: `TOLLGATE_SALT_KEY`, LiteLLM's variable, or the master key; and what
/// they were encrypted with before, until `tollgate secrets reencrypt` has run.
pub fn vault(master_key: Option<&Secret>) -> Vault {
    let current = environment_secret(&SALT_KEYS);
    let previous: Vec<Secret> = environment_secret(&["TOLLGATE_SALT_KEY_PREVIOUS"]).into_iter().collect();
    Vault::new(current.as_ref().or(master_key), &previous)
}

/// Where the configuration comes from, for people.
fn configuration(arguments: &ServeArguments) -> String {
    match (&arguments.database.config, &arguments.model) {
        (Some(path), _) => path.display().to_string(),
        (None, Some(_)) => "the command line".to_owned(),
        (None, None) => "built in: no file was given".to_owned(),
    }
}

/// What [`vault`] encrypts with.
fn salt_key(has_master_key: bool) -> SaltKey {
    match (environment_secret(&SALT_KEYS).is_some(), has_master_key) {
        (true, _) => SaltKey::Own,
        (false, true) => SaltKey::Master,
        (false, false) => SaltKey::None,
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// A size of the configuration, or what holds without.
fn bytes(configured: Option<u64>, otherwise: usize) -> usize {
    configured.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(otherwise)
}

/// The first of the environment variables that is set and not empty.
pub fn environment_secret(names: &[&str]) -> Option<Secret> {
    names.iter().find_map(|name| std::env::var(name).ok()).filter(|text| !text.is_empty()).map(Secret::new)
}

async fn housekeeping(gateway: Gateway, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(HOUSEKEEPING) => gateway.sweep(),
        }
        gateway.refresh_token_keys().await;
    }
}

/// Reads certificates again when their files change.
async fn renewal(certificates: Arc<Certificates>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(CERTIFICATES) => certificates.renew(),
        }
    }
}

/// Notices adjusting entries that other processes wrote: the command line, another gateway.
async fn adjustments(store: Store, gateway: Gateway, stop: CancellationToken) {
    let mut known = None;
    loop {
        match store.adjustments_mark().await {
            Ok(mark) if known == Some(mark) => {}
            Ok(mark) => {
                if known.replace(mark).is_some() {
                    gateway.sums_changed();
                }
            }
            Err(error) => tracing::warn!(%error, "whether charges were adjusted can't be read"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(ADJUSTMENTS) => {}
        }
    }
}

/// Exchanges keys whose time has come, and deletes sessions whose time is over.
async fn rotation(control: Control, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(ROTATION) => {}
        }
        let op = OpContext::system(new_uuid(control.clock().as_ref(), &SystemEntropy).to_string());
        match keys::rotate_due(&control, &op).await {
            Ok(0) => {}
            Ok(exchanged) => tracing::info!(exchanged, "keys were exchanged as scheduled"),
            Err(error) => tracing::error!(%error, "keys that are due could not be exchanged"),
        }
        let sessions = control.store().sessions(Arc::clone(control.clock()));
        if let Err(error) = sessions.delete_expired().await {
            tracing::warn!(%error, "sessions that are over could not be deleted");
        }
    }
}

/// Says where to go, and what to do first.
async fn greet(control: &Control, operator: &OpContext, bound: &str, has_master_key: bool) -> Result<(), StartError> {
    let base = std::env::var("PROXY_BASE_URL").unwrap_or_else(|_| bound.to_owned());
    let base = base.trim_end_matches('/');
    terminal::say(&format!("Tollgate {} listens on {bound}.", env!("CARGO_PKG_VERSION")));
    terminal::say(&format!("  Dashboard:            {base}/ui"));
    // There may be an administrator who can't sign in: then an operator gives them a password.
    let setup = if access::needs_setup(control).await? {
        match access::begin_setup(control, operator).await {
            Err(ControlError::Conflict { .. }) => None,
            token => Some(token?),
        }
    } else {
        None
    };
    if let Some(token) = setup {
        terminal::say(&format!("  First administrator:  {base}/ui/setup?token={}", token.expose()));
        terminal::say("                        (this link works once, for 24 hours; a restart makes a new one)");
    }
    if !has_master_key {
        terminal::say("  No master key:        set TOLLGATE_MASTER_KEY to use the management API.");
    }
    Ok(())
}

async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

/// Where OpenAI is: the variables that deployments go by, too.
fn openai_address() -> String {
    let given = ["OPENAI_BASE_URL", "OPENAI_API_BASE"].into_iter().find_map(|name| std::env::var(name).ok());
    given.unwrap_or_else(|| "https://api.openai.com/v1".to_owned())
}
