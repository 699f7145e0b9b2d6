//! What a deployment on Amazon's Bedrock says beside its model: where it is, and who signs.

use tollgate_dialects::bedrock::path;
use tollgate_domain::model::{AwsLogin, Wire};
use tollgate_domain::secret::Secret;

use super::providers::Provider;
use super::target::{Params, Stop};
use super::value::{Cursor, Reader};

/// Where the region is named, if the deployment doesn't.
const REGIONS: [&str; 3] = ["AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION"];
const REGION_HELP: &str = "write `aws_region_name: eu-central-1` beside `model`, or set `AWS_REGION`";

/// LiteLLM's words before a model's name.
const WAYS: [&str; 3] = ["converse/", "invoke/", "converse_like/"];

/// The model as Amazon knows it, and the region that its name brings: `bedrock/eu-west-1/anthropic.claude-…`, an ARN.
pub(super) fn model(name: &str) -> (String, Option<String>) {
    let name = WAYS.iter().find_map(|way| name.strip_prefix(way)).unwrap_or(name);
    if let Some((first, rest)) = name.split_once('/')
        && is_region(first)
    {
        return (rest.to_owned(), Some(first.to_owned()));
    }
    (name.to_owned(), path::region_of(name).map(str::to_owned))
}

/// `us-gov-west-1`, and no part of a model's name.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [first, .., last] = parts.as_slice() else { return false };
    parts.len() >= 3
        && first.len() == 2
        && last.bytes().all(|byte| byte.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn param<'n>(params: &Params<'n>, name: &str) -> Option<Cursor<'n>> {
    params.all.as_ref()?.get(name)
}

/// The region of a deployment, if anything names it.
pub(super) fn region(
    params: &Params<'_>,
    of_model: Option<String>,
    reader: &mut Reader<'_>,
) -> Result<Option<String>, Stop> {
    let found = match param(params, "aws_region_name") {
        Some(cursor) => {
            let text = reader.name(&cursor).ok_or(Stop::Wrong)?.value;
            if !is_region(&text) {
                reader.wrong(&cursor, "not the name of a region", REGION_HELP);
                return Err(Stop::Wrong);
            }
            Some(text)
        }
        None => of_model.or_else(|| REGIONS.iter().find_map(|name| reader.variables.get(name))),
    };
    Ok(found.map(|region| region.trim().to_owned()).filter(|region| is_region(region)))
}

/// The address of the provider's models in a region; `None`: it has none there.
pub(super) fn address(provider: &Provider, region: &str) -> Option<String> {
    match provider.wire {
        Wire::Bedrock => Some(path::base(region)),
        _ => provider.base_url.as_deref().map(|url| url.replace("{region}", region)).filter(|url| !url.contains('{')),
    }
}

/// Who signs: what the deployment says, or else the environment. `own`: the address is Amazon's own, which alone is
/// signed for with the environment's keys.
pub(super) fn login(
    params: &Params<'_>,
    region: Option<&str>,
    own: bool,
    reader: &mut Reader<'_>,
) -> Result<Option<AwsLogin>, Stop> {
    let mut read = |name: &str| param(params, name).map(|cursor| reader.name(&cursor).ok_or(Stop::Wrong)).transpose();
    let (id, secret, token) = (read("aws_access_key_id")?, read("aws_secret_access_key")?, read("aws_session_token")?);
    let (place, path) = (params.model.place(), params.model.path.as_str());
    let (id, secret, token) = match (id, secret) {
        (Some(id), Some(secret)) => (id.value, secret.value, token.map(|token| token.value)),
        (None, None) => {
            let variable = |name: &str| reader.variables.get(name).filter(|_| own);
            let found = variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY"));
            let token = variable("AWS_SESSION_TOKEN");
            let Some((id, secret)) = found else {
                let message = "no key for `bedrock`: its calls will be refused";
                let help = "write `aws_access_key_id` and `aws_secret_access_key`, or set `AWS_ACCESS_KEY_ID` and \
                            `AWS_SECRET_ACCESS_KEY`, or `AWS_BEARER_TOKEN_BEDROCK`";
                reader.report.warning(place, path, message, help);
                return Ok(None);
            };
            (id, secret, token)
        }
        _ => {
            let help = "write both, `aws_access_key_id` and `aws_secret_access_key`, or neither";
            reader.wrong(&params.model, "half of a key of Amazon's", help);
            return Err(Stop::Wrong);
        }
    };
    let Some(region) = region else {
        reader.wrong(&params.model, "a signature needs a region", REGION_HELP);
        return Err(Stop::Wrong);
    };
    Ok(Some(AwsLogin {
        access_key_id: id.trim().to_owned(),
        secret_access_key: Secret::new(secret.trim().to_owned()),
        session_token: token.map(|token| Secret::new(token.trim().to_owned())),
        region: region.to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_bring_their_region() {
        for (name, expected, region) in [
            ("anthropic.claude-3-haiku-20240307-v1:0", "anthropic.claude-3-haiku-20240307-v1:0", None),
            ("converse/amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0", None),
            ("eu-west-1/amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0", Some("eu-west-1")),
            ("us-gov-west-1/x", "x", Some("us-gov-west-1")),
            ("imported/llama-3-8", "imported/llama-3-8", None),
        ] {
            assert_eq!(model(name), (expected.to_owned(), region.map(str::to_owned)));
        }
        let arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/x";
        assert_eq!(model(arn), (arn.to_owned(), Some("us-east-1".to_owned())));
    }
}
