//! Which routes a key may use, by its type and by what it was given: LiteLLM's names for groups of routes.

use crate::key::{KeyType, VirtualKey};

/// Routes that are known by one name. A route is written without `/v1`; a `*` at the end stands for anything.
const GROUPS: [(&str, &[&str]); 4] = [
    (
        "llm_api_routes",
        &[
            "/chat/completions",
            "/completions",
            "/embeddings",
            "/models",
            "/models/*",
            "/model/info",
            "/model_group/info",
            "/moderations",
            "/responses*",
            "/messages*",
            "/images/*",
            "/audio/*",
            "/videos*",
            "/rerank",
            "/v2/rerank",
            "/ocr",
            "/search*",
            "/batches*",
            "/files*",
            "/fine_tuning/*",
            "/vector_stores*",
            "/assistants*",
            "/threads*",
            "/realtime*",
            "/utils/token_counter",
            "/engines/*",
            "/openai/*",
            "/v1beta/*",
        ],
    ),
    (
        "openai_routes",
        &[
            "/chat/completions",
            "/completions",
            "/embeddings",
            "/models",
            "/models/*",
            "/moderations",
            "/responses*",
            "/images/*",
            "/audio/*",
            "/videos*",
            "/batches*",
            "/files*",
            "/fine_tuning/*",
            "/vector_stores*",
            "/assistants*",
            "/threads*",
            "/realtime*",
            "/engines/*",
            "/openai/*",
        ],
    ),
    (
        "management_routes",
        &[
            "/key/*",
            "/user/*",
            "/team/*",
            "/organization/*",
            "/customer/*",
            "/end_user/*",
            "/budget/*",
            "/tag/*",
            "/model/*",
            "/model_group/*",
            "/access_group/*",
            "/credentials*",
            "/spend/*",
            "/global/*",
            "/audit*",
            "/config/*",
            "/settings*",
            "/api/*",
        ],
    ),
    (
        "info_routes",
        &[
            "/key/info",
            "/key/list",
            "/key/health",
            "/team/info",
            "/team/list",
            "/organization/info",
            "/organization/list",
            "/user/info",
            "/customer/info",
            "/model/info",
            "/model_group/info",
            "/models",
            "/models/*",
            "/health",
        ],
    ),
];

/// Whether `pattern`, a route, a beginning of routes with a `*`, or the name of a group, covers `path`.
fn covers(pattern: &str, path: &str) -> bool {
    if let Some((_, routes)) = GROUPS.iter().find(|(name, _)| *name == pattern) {
        return routes.iter().any(|route| fits(route, path));
    }
    fits(without_version(pattern), path)
}

fn fits(route: &str, path: &str) -> bool {
    match route.strip_suffix('*') {
        Some(beginning) => path.starts_with(beginning),
        None => path == route,
    }
}

/// `/v1/chat/completions` and `/chat/completions` are one route.
fn without_version(path: &str) -> &str {
    path.strip_prefix("/v1").filter(|rest| rest.starts_with('/')).unwrap_or(path)
}

impl VirtualKey {
    /// Whether the key may ask for `path`: its type must cover it, and so must one of its allowed routes, if it has any.
    /// What its owner may do is another question.
    pub fn may_use_route(&self, path: &str) -> bool {
        let path = without_version(path);
        let by_type = match self.key_type {
            KeyType::Default => true,
            KeyType::LlmApi => covers("llm_api_routes", path),
            // What may be called is no secret from anybody who has a key.
            KeyType::Management => covers("management_routes", path) || covers("info_routes", path),
            KeyType::ReadOnly => covers("info_routes", path),
        };
        by_type && (self.allowed_routes.is_empty() || self.allowed_routes.iter().any(|route| covers(route, path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(pattern: &str, path: &str) -> bool {
        covers(pattern, without_version(path))
    }

    #[test]
    fn routes_fit_themselves_with_or_without_their_version() {
        for path in ["/chat/completions", "/v1/chat/completions"] {
            for pattern in ["/chat/completions", "/v1/chat/completions", "/chat/*", "/v1/*", "llm_api_routes"] {
                assert!(covered(pattern, path), "{pattern} {path}");
            }
            for pattern in ["/completions", "/chat", "/chat/completions/*", "/key/*", "management_routes", "chat", ""] {
                assert!(!covered(pattern, path), "{pattern} {path}");
            }
        }
        assert!(covered("/v1beta/*", "/v1beta/models/x:generateContent"));
        assert!(!covered("/beta/*", "/v1beta/models"));
    }

    #[test]
    fn groups_hold_what_their_names_say() {
        assert!(covered("openai_routes", "/v1/embeddings") && !covered("openai_routes", "/v1/messages"));
        assert!(covered("info_routes", "/key/info") && !covered("info_routes", "/key/generate"));
        assert!(covered("management_routes", "/key/generate") && !covered("management_routes", "/v1/completions"));
    }
}
