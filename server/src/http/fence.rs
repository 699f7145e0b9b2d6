//! From where one may ask at all: `general_settings.allowed_ips`, and `dashboard_allowed_ips` for the dashboard.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tollgate_domain::address::Networks;
use tollgate_gateway::CallError;

/// What has no list lets everybody in.
#[derive(Clone, Debug, Default)]
pub struct Fence {
    pub all: Networks,
    /// Beside `all`.
    pub dashboard: Networks,
}

impl Fence {
    /// Puts it around every route.
    pub fn around(self, app: Router) -> Router {
        if self.all.is_empty() && self.dashboard.is_empty() {
            return app;
        }
        let fence = Arc::new(self);
        app.layer(from_fn(move |request: Request, next: Next| {
            let fence = Arc::clone(&fence);
            async move { fence.pass(request, next).await }
        }))
    }

    async fn pass(&self, request: Request, next: Next) -> Response {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let address = peer.map(|ConnectInfo(peer)| peer.ip().to_canonical());
        let path = request.uri().path();
        let dashboard = path == "/" || path.starts_with("/ui") || path.starts_with("/sso");
        // Whoever watches over the process asks from elsewhere, and learns nothing but that it lives.
        let open = path.starts_with("/health/live") || path.starts_with("/health/readiness");
        let admitted = self.all.admits(address) && (!dashboard || self.dashboard.admits(address));
        if open || admitted { next.run(request).await } else { CallError::address_denied(address).into_response() }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::any;
    use http::StatusCode;
    use tower::ServiceExt as _;

    use super::*;

    async fn asked(fence: Fence, path: &str, from: Option<&str>) -> StatusCode {
        let app = fence.around(Router::new().fallback(any(|| async { "here" })));
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        if let Some(from) = from {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(from.parse().unwrap(), 5000)));
        }
        app.oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn only_those_on_the_list_get_in() {
        let list = |text: &str| Networks::parse([text]).unwrap();
        let all = Fence { all: list("10.0.0.0/8"), ..Fence::default() };
        for (path, from, status) in [
            ("/v1/models", Some("10.1.1.1"), 200),
            ("/v1/models", Some("::ffff:10.1.1.1"), 200),
            ("/v1/models", Some("192.0.2.1"), 403),
            ("/ui/sign-in", Some("192.0.2.1"), 403),
            ("/v1/models", None, 403),
            ("/health/liveliness", Some("192.0.2.1"), 200),
            ("/health/readiness", Some("192.0.2.1"), 200),
            ("/health/services", Some("192.0.2.1"), 403),
        ] {
            assert_eq!(asked(all.clone(), path, from).await, status, "{path} {from:?}");
        }
        let dashboard = Fence { dashboard: list("2001:db8::/32"), ..Fence::default() };
        for (path, from, status) in [
            ("/v1/models", Some("192.0.2.1"), 200),
            ("/scim/v2/Users", Some("192.0.2.1"), 200),
            ("/ui/sign-in", Some("192.0.2.1"), 403),
            ("/sso/callback", Some("192.0.2.1"), 403),
            ("/", Some("192.0.2.1"), 403),
            ("/ui", Some("2001:db8::9"), 200),
        ] {
            assert_eq!(asked(dashboard.clone(), path, from).await, status, "{path} {from:?}");
        }
        assert_eq!(asked(Fence::default(), "/ui", None).await, 200);
    }
}
