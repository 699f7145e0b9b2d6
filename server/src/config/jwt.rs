//! Access tokens of callers: `general_settings.enable_jwt_auth`, `litellm_jwtauth`, `JWT_PUBLIC_KEY_URL`.

use std::collections::BTreeSet;

use tollgate_domain::ids::TeamId;
use tollgate_domain::model::ModelPattern;
use tollgate_gateway::TokenRules;
use tollgate_sso::{KeySource, TokenIssuer};

use super::files::Section;
use super::sso::is_safe_address;
use super::value::{Cursor, Reader};
use super::yaml::{Place, Value};

/// Keys are asked for again after so long, as in LiteLLM.
const FRESH_SECONDS: u64 = 600;

/// Whose tokens are taken instead of keys, and what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerTokens {
    pub issuers: Vec<TokenIssuer>,
    pub rules: TokenRules,
    /// In seconds.
    pub fresh: i64,
}

pub(super) fn read(general: &Section<'_>, reader: &mut Reader<'_>) -> Option<CallerTokens> {
    let enabled = general.get("enable_jwt_auth", reader).and_then(|cursor| reader.truth(&cursor)).unwrap_or(false);
    let section = general.get("litellm_jwtauth", reader);
    if !enabled {
        return None;
    }
    let section = section.and_then(|cursor| reader.mapping(cursor));
    let issuers = issuers(section.as_ref(), reader)?;
    let field = |name: &str, reader: &mut Reader<'_>| {
        let cursor = section.as_ref()?.get(name)?;
        Some(reader.name(&cursor)?.value)
    };
    let team = field("team_id_jwt_field", reader);
    let teams = field("team_ids_jwt_field", reader);
    let user = field("user_id_jwt_field", reader);
    let email = field("user_email_jwt_field", reader);
    // Without a word on it, the person is who the token is about; where tokens name teams, they may be programs'.
    let by_default = team.is_none() && teams.is_none();
    let user = user.or_else(|| (by_default || email.is_some()).then(|| "sub".to_owned()));
    let default_team = field("team_id_default", reader).and_then(|id| TeamId::parse(&id));
    let organisation = field("org_id_jwt_field", reader);
    let fresh = section.as_ref().and_then(|section| section.get("public_key_ttl"));
    let fresh = fresh.and_then(|cursor| reader.whole(&cursor, 60..=86_400)).unwrap_or(FRESH_SECONDS);
    let scopes = section.as_ref().and_then(|section| scopes(section, reader));
    let rules = TokenRules { user, email, team, teams, default_team, organisation, scopes };
    Some(CallerTokens { issuers, rules, fresh: i64::try_from(fresh).unwrap_or(600) })
}

fn issuers(section: Option<&Cursor<'_>>, reader: &mut Reader<'_>) -> Option<Vec<TokenIssuer>> {
    let mut all = Vec::new();
    if let Some(list) = section.and_then(|section| section.get("issuers")).and_then(|cursor| reader.list(cursor)) {
        for item in list.items() {
            all.extend(issuer(item, reader));
        }
    }
    all.extend(of_variables(reader));
    if all.is_empty() {
        let help = "set JWT_PUBLIC_KEY_URL to the address of the provider's keys, and JWT_AUDIENCE to who this gateway \
                    is to it; or list `litellm_jwtauth.issuers`";
        let message = "tokens are to be taken, and whose is not said";
        reader.report.error(Place::default(), "general_settings.enable_jwt_auth", message, help);
        return None;
    }
    Some(all)
}

fn of_variables(reader: &mut Reader<'_>) -> Vec<TokenIssuer> {
    let urls = reader.variables.get("JWT_PUBLIC_KEY_URL").unwrap_or_default();
    let issuer = reader.variables.get("JWT_ISSUER").map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let audiences = words(&reader.variables.get("JWT_AUDIENCE").unwrap_or_default());
    let mut sources: Vec<KeySource> = words(&urls).into_iter().map(KeySource::Url).collect();
    if sources.is_empty() && issuer.is_some() {
        sources.push(KeySource::Discovered);
    }
    if sources.is_empty() {
        return Vec::new();
    }
    let addresses = sources.iter().filter_map(|source| if let KeySource::Url(url) = source { Some(url) } else { None });
    if !addresses.chain(&issuer).all(|url| is_safe_address(url)) {
        let help = "`https://…`; `http://` only on this machine";
        let message = "not an address that can be used";
        reader.report.error(Place::default(), "JWT_PUBLIC_KEY_URL", message, help);
        return Vec::new();
    }
    if audiences.is_empty() {
        let message = "is not set: every token of that provider, made for whatever application, would be taken";
        let help = "set it to what the tokens' `aud` says for this gateway";
        reader.report.error(Place::default(), "JWT_AUDIENCE", message, help);
        return Vec::new();
    }
    sources.into_iter().map(|keys| TokenIssuer { issuer: issuer.clone(), audiences: audiences.clone(), keys }).collect()
}

/// `{issuer, jwks_url, audience}`: with the issuer alone, the keys are where its metadata say.
fn issuer(item: Cursor<'_>, reader: &mut Reader<'_>) -> Option<TokenIssuer> {
    let item = reader.mapping(item)?;
    let Some(at) = item.get("issuer") else {
        reader.wrong(&item, "an issuer without `issuer`", "what the tokens' `iss` says");
        return None;
    };
    let name = reader.name(&at)?;
    let url = ["jwks_url", "jwks_uri", "public_key_url"].iter().find_map(|name| item.get(name));
    let url = match &url {
        Some(cursor) => Some(reader.text(cursor)?.value),
        None => None,
    };
    if ![Some(&name.value), url.as_ref()].into_iter().flatten().all(|text| is_safe_address(text)) {
        reader.wrong(&item, "not an address that can be used", "`https://…`; `http://` only on this machine");
        return None;
    }
    let mut audiences = BTreeSet::new();
    for cursor in ["audience", "audiences"].iter().filter_map(|name| item.get(name)) {
        if matches!(cursor.node.value, Value::List(_)) {
            let all: Vec<_> = cursor.items().filter_map(|item| reader.name(&item)).collect();
            audiences.extend(all.into_iter().map(|name| name.value));
        } else {
            audiences.extend(reader.name(&cursor).map(|name| name.value));
        }
    }
    if audiences.is_empty() {
        let message = "without `audience` every token of that issuer, made for whatever application, would be taken";
        reader.wrong(&item, message, "what the tokens' `aud` says for this gateway");
        return None;
    }
    let keys = url.map_or(KeySource::Discovered, KeySource::Url);
    Some(TokenIssuer { issuer: Some(name.value), audiences, keys })
}

/// `scope_mappings: [{scope, models}]`, where `enforce_scope_based_access` is set.
fn scopes(section: &Cursor<'_>, reader: &mut Reader<'_>) -> Option<Vec<(String, Vec<ModelPattern>)>> {
    let enforced = section.get("enforce_scope_based_access").and_then(|cursor| reader.truth(&cursor));
    if enforced != Some(true) {
        return None;
    }
    // A list that can't be read lets nobody in.
    let mut all = Vec::new();
    let Some(list) = section.get("scope_mappings").and_then(|cursor| reader.list(cursor)) else { return Some(all) };
    for item in list.items() {
        let Some(item) = reader.mapping(item) else { continue };
        let Some(scope) = item.get("scope").and_then(|cursor| reader.name(&cursor)) else { continue };
        let models = item.get("models").and_then(|cursor| reader.list(cursor));
        let names: Vec<_> = models.iter().flat_map(Cursor::items).filter_map(|model| reader.name(&model)).collect();
        all.push((scope.value, names.iter().map(|name| ModelPattern::new(&name.value)).collect()));
    }
    Some(all)
}

fn words(text: &str) -> BTreeSet<String> {
    text.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
