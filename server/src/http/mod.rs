//! The HTTP surface: which routes there are, and who is behind a request.

mod api;
mod caller;
mod fence;
#[cfg(test)]
mod findings;
mod health;
mod litellm;
mod problem;
mod scim;
mod site;
#[cfg(test)]
mod sweep;

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request};
use axum::response::Redirect;
use axum::routing::get;
use http::Response;
use tollgate_app::server::{SignOn, StartFacts, WebSettings};
use tollgate_control::Control;
use tollgate_domain::key::KeyDigest;
use tollgate_gateway::{CallError, Gateway, Ledger};
use tollgate_store::Store;

use crate::bill::Bill;
use crate::deliver::Deliveries;

pub use self::fence::Fence;
pub use self::server::{Policy, Server};

/// Bodies of the management routes are small.
const MAX_MANAGEMENT_BODY: usize = 1024 * 1024;

mod server {
    use super::{Arc, Bill, Control, Deliveries, Gateway, KeyDigest, Ledger, OnceLock, Store};

    /// Who may use what at all, as the configuration says.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Policy {
        /// Only administrators and auditors may use the dashboard.
        pub admin_only_ui: bool,
        /// People's keys may only call models.
        pub no_user_auth: bool,
    }

    /// What every route may use. Cheap to clone.
    #[derive(Clone)]
    pub struct Server(Arc<Inner>);

    struct Inner {
        policy: Policy,
        control: Control,
        gateway: Gateway,
        ledger: Ledger,
        store: Store,
        master_key: Option<KeyDigest>,
        bill: Option<Bill>,
        deliveries: OnceLock<Deliveries>,
    }

    impl Server {
        pub fn new(
            policy: Policy,
            control: Control,
            gateway: Gateway,
            ledger: Ledger,
            store: Store,
            master_key: Option<KeyDigest>,
            bill: Option<Bill>,
        ) -> Self {
            let deliveries = OnceLock::new();
            Self(Arc::new(Inner { policy, control, gateway, ledger, store, master_key, bill, deliveries }))
        }

        /// With whoever tells others of calls and alerts, for its figures.
        pub fn telling(self, deliveries: Deliveries) -> Self {
            let _first = self.0.deliveries.set(deliveries);
            self
        }

        pub fn deliveries(&self) -> Option<&Deliveries> {
            self.0.deliveries.get()
        }

        pub fn policy(&self) -> Policy {
            self.0.policy
        }

        pub fn control(&self) -> &Control {
            &self.0.control
        }

        pub fn gateway(&self) -> &Gateway {
            &self.0.gateway
        }

        pub fn ledger(&self) -> &Ledger {
            &self.0.ledger
        }

        /// Who knows what OpenAI billed, if the gateway may ask.
        pub fn bill(&self) -> Option<&Bill> {
            self.0.bill.as_ref()
        }

        pub fn store(&self) -> &Store {
            &self.0.store
        }

        pub fn master_key(&self) -> Option<KeyDigest> {
            self.0.master_key
        }
    }
}

/// Every route of the server.
pub fn app(server: &Server, facts: StartFacts, sign_on: SignOn) -> Router {
    let base_url = std::env::var("PROXY_BASE_URL").ok().map(|url| url.trim_end_matches('/').to_owned());
    let brought =
        scim::Setting { admission: Arc::new(sign_on.admission.clone()), base_url: base_url.clone(), tls: facts.tls };
    let settings = WebSettings {
        base_url,
        with_wasm: site::has_wasm(),
        admin_only: server.policy().admin_only_ui,
        sign_on,
        facts,
    };
    let clock = Arc::clone(server.control().clock());
    let sessions = server.store().sessions(Arc::clone(&clock));
    let dashboard = tollgate_app::server::routes(server.control().clone(), sessions, clock, settings);
    let management = Router::new()
        .merge(litellm::router())
        .merge(api::router(server))
        .merge(health::router())
        .merge(scim::router(brought))
        .layer(DefaultBodyLimit::max(MAX_MANAGEMENT_BODY))
        .with_state(server.clone());
    Router::new()
        .merge(tollgate_gateway::router(server.gateway().clone()))
        .merge(management)
        .merge(site::router())
        .merge(dashboard)
        .route("/", get(|| async { Redirect::temporary("/ui") }))
        .fallback(no_route)
}

async fn no_route(request: Request) -> Response<Body> {
    CallError::no_route(request.method().as_str(), request.uri().path()).into_response()
}
