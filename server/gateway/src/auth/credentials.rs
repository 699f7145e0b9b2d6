//! Where a request may carry its key: the places, and their order, that LiteLLM's clients use.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};

use crate::openai::error::CallError;

/// Headers that hold nothing but the key, after `x-litellm-api-key` and `authorization`, in order.
const BARE_HEADERS: [HeaderName; 4] = [
    HeaderName::from_static("api-key"),
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-goog-api-key"),
    HeaderName::from_static("ocp-apim-subscription-key"),
];

/// The key in the request. `custom` is `general_settings.litellm_key_header_name`.
pub fn present_key<'a>(headers: &'a HeaderMap, custom: Option<&HeaderName>) -> Result<&'a str, CallError> {
    if let Some(key) = text(headers, &HeaderName::from_static("x-litellm-api-key")) {
        return Ok(without_bearer(key).unwrap_or(key));
    }
    if let Some(value) = text(headers, &AUTHORIZATION) {
        return match without_bearer(value) {
            Some("") => Err(CallError::no_key()),
            Some(key) => Ok(key),
            None => Err(CallError::malformed_key()),
        };
    }
    BARE_HEADERS
        .iter()
        .chain(custom)
        .find_map(|name| text(headers, name))
        .map(|key| without_bearer(key).unwrap_or(key))
        .ok_or_else(CallError::no_key)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim).filter(|value| !value.is_empty())
}

fn without_bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.split_once(' ').unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(headers: &[(&'static str, &'static str)]) -> Result<String, String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let custom = HeaderName::from_static("x-own");
        present_key(&map, Some(&custom)).map(str::to_owned).map_err(|error| error.message)
    }

    #[test]
    fn each_place_in_its_order() {
        assert_eq!(found(&[("authorization", "Bearer sk-1")]).unwrap(), "sk-1");
        assert_eq!(found(&[("authorization", "bearer  sk-1")]).unwrap(), "sk-1");
        assert_eq!(found(&[("authorization", "Bearer sk-1"), ("x-litellm-api-key", "sk-2")]).unwrap(), "sk-2");
        assert_eq!(found(&[("x-litellm-api-key", "Bearer sk-2")]).unwrap(), "sk-2");
        assert_eq!(found(&[("x-goog-api-key", "sk-g"), ("api-key", "sk-a")]).unwrap(), "sk-a");
        assert_eq!(found(&[("x-api-key", "sk-x")]).unwrap(), "sk-x");
        assert_eq!(found(&[("ocp-apim-subscription-key", "sk-o")]).unwrap(), "sk-o");
        assert_eq!(found(&[("x-own", "Bearer sk-own")]).unwrap(), "sk-own");
    }

    #[test]
    fn missing_and_malformed_keys_are_told_apart() {
        assert!(found(&[]).unwrap_err().contains("No api key passed in"));
        assert!(found(&[("authorization", "Bearer ")]).unwrap_err().contains("No api key passed in"));
        assert!(found(&[("authorization", "sk-1")]).unwrap_err().contains("Malformed"));
        assert!(found(&[("authorization", "Basic abc")]).unwrap_err().contains("Malformed"));
    }
}
