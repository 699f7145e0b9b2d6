//! Azure OpenAI: OpenAI's dialect, with the deployment in the path and the version of the interface in the query.

/// The path of an operation (`chat/completions`) of a deployment. Without a version: the newer interface, which has the
/// deployment in the body as `model`, as OpenAI itself.
pub fn path(deployment: &str, operation: &str, api_version: Option<&str>) -> String {
    let encoded = |text: &str| {
        let mut out = String::new();
        crate::bedrock::sign::encode(text.as_bytes(), &mut out);
        out
    };
    match api_version {
        Some(version) => {
            format!("/openai/deployments/{}/{operation}?api-version={}", encoded(deployment), encoded(version))
        }
        None => format!("/openai/v1/{operation}"),
    }
}

/// What a path of a caller that speaks to Azure says: the deployment, and the path that it would have at OpenAI.
pub fn read(path: &str) -> Option<(&str, String)> {
    let (deployment, operation) = path.strip_prefix("/openai/deployments/")?.split_once('/')?;
    (!deployment.is_empty() && !operation.is_empty()).then(|| (deployment, format!("/v1/{operation}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deployments_stand_in_the_path() {
        assert_eq!(
            path("my gpt/4", "chat/completions", Some("2024-10-21")),
            "/openai/deployments/my%20gpt%2F4/chat/completions?api-version=2024-10-21"
        );
        assert_eq!(path("gpt", "responses", None), "/openai/v1/responses");
        assert_eq!(read("/openai/deployments/gpt/chat/completions"), Some(("gpt", "/v1/chat/completions".to_owned())));
        for wrong in ["/openai/deployments//x", "/openai/deployments/x", "/v1/chat/completions"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
