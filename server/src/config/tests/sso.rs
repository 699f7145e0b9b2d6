//! Providers, and who is let in as what.

use std::collections::BTreeSet;

use tollgate_domain::actor::Role;
use tollgate_domain::ids::TeamId;
use tollgate_sso::{Endpoints, Flavour, Tenants};

use super::*;
use crate::config::SignOn;

const TENANT: &str = "11111111-2222-3333-4444-555555555555";

fn sign_on(text: &str, variables: &[(&str, &str)]) -> SignOn {
    let text = format!("model_list: [{{model_name: a, litellm_params: {{model: simulator/echo}}}}]\n{text}");
    load_with(&text, variables).config.sign_on
}

/// What is wrong with these variables.
fn errors(variables: &[(&str, &str)]) -> Vec<String> {
    match load_text("config.yaml", "model_list: []", &env(variables)) {
        Ok(loaded) => panic!("{:?}", loaded.findings),
        Err(findings) => of(&findings, Severity::Error),
    }
}

#[test]
fn providers_come_from_the_environment() {
    assert!(sign_on("", &[]).providers.is_empty());
    let found = sign_on(
        "",
        &[
            ("GOOGLE_CLIENT_ID", "g"),
            ("GOOGLE_CLIENT_SECRET", "gs"),
            ("MICROSOFT_CLIENT_ID", "m"),
            ("MICROSOFT_CLIENT_SECRET", "ms"),
            ("MICROSOFT_TENANT", TENANT),
            ("GENERIC_CLIENT_ID", "c"),
            ("GENERIC_ISSUER", "https://idp.example.com"),
            ("GENERIC_PROVIDER_NAME", "Okta"),
            ("GENERIC_SCOPE", "openid groups"),
            ("GENERIC_USER_EMAIL_ATTRIBUTE", "mail"),
            ("ALLOWED_EMAIL_DOMAINS", "Example.com, @example.org"),
            ("PROXY_ADMIN_ID", "ada@example.com"),
        ],
    );
    let domains: BTreeSet<_> = ["example.com", "example.org"].map(str::to_owned).into();
    let [google, microsoft, generic] = &found.providers[..] else { panic!("{found:?}") };
    assert_eq!(google.flavour, Flavour::Google { domains: domains.clone() });
    assert_eq!(google.endpoints, Endpoints::Discovered { issuer: "https://accounts.google.com".to_owned() });
    assert_eq!(microsoft.flavour, Flavour::Microsoft { tenants: Tenants::OfIssuer });
    let issuer = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    assert_eq!(microsoft.endpoints, Endpoints::Discovered { issuer });
    assert_eq!((generic.name.as_str(), generic.label.as_str()), ("generic", "Okta"));
    assert!(generic.client_secret.is_none() && google.client_secret.is_some());
    assert_eq!((generic.scopes.join(" "), generic.claims.email.as_str()), ("openid groups".to_owned(), "mail"));
    assert_eq!(found.admission.email_domains, domains);
    assert_eq!(found.admission.admin_id.as_deref(), Some("ada@example.com"));
    assert_eq!((found.admission.role, found.admission.link_by_email), (Role::Viewer, false));
    // Without a file, too.
    let variables = [("GOOGLE_CLIENT_ID", "g"), ("GOOGLE_CLIENT_SECRET", "gs")];
    assert_eq!(default_config(&env(&variables)).unwrap().config.sign_on.providers.len(), 1);
}

#[test]
fn nothing_is_let_in_by_half_a_configuration() {
    let one = |variables: &[(&str, &str)]| {
        let errors = errors(variables);
        assert_eq!(errors.len(), 1, "{errors:?}");
        errors[0].clone()
    };
    assert!(one(&[("GOOGLE_CLIENT_ID", "g")]).contains("`GOOGLE_CLIENT_SECRET` is not"));
    let microsoft = [("MICROSOFT_CLIENT_ID", "m"), ("MICROSOFT_CLIENT_SECRET", "s")];
    let with = |more: &[(&'static str, &'static str)]| one(&[&microsoft[..], more].concat());
    assert!(with(&[("MICROSOFT_TENANT", "organizations")]).contains("every tenant there is"));
    assert!(with(&[("MICROSOFT_TENANT", "a/../b")]).contains("is no tenant"));
    assert!(with(&[("MICROSOFT_TENANT", "x"), ("MICROSOFT_AUTHORITY", "http://evil")]).contains("not an address"));
    assert!(one(&[("GENERIC_CLIENT_ID", "c")]).contains("GENERIC_ISSUER"));
    assert!(
        one(&[("GENERIC_CLIENT_ID", "c"), ("GENERIC_ISSUER", "https://i"), ("GENERIC_TRUST_EMAIL", "maybe")])
            .contains("needs true or false")
    );
    let found = sign_on(
        "",
        &[&microsoft[..], &[("MICROSOFT_TENANT", "organizations"), ("MICROSOFT_ALLOWED_TENANTS", TENANT)]].concat(),
    );
    let tenants = Tenants::Only(BTreeSet::from([TENANT.to_owned()]));
    assert_eq!(found.providers[0].flavour, Flavour::Microsoft { tenants });
}

#[test]
fn endpoints_are_a_fallback() {
    let urls = [
        ("GENERIC_CLIENT_ID", "c"),
        ("GENERIC_AUTHORIZATION_ENDPOINT", "https://idp/a"),
        ("GENERIC_TOKEN_ENDPOINT", "https://idp/t"),
        ("GENERIC_USERINFO_ENDPOINT", "https://idp/u"),
    ];
    let Endpoints::Explicit { signed: None, .. } = &sign_on("", &urls).providers[0].endpoints else { panic!() };
    let with =
        |more: &[(&'static str, &'static str)]| sign_on("", &[&urls[..], more].concat()).providers.remove(0).endpoints;
    let issuer = "https://idp".to_owned();
    assert_eq!(with(&[("GENERIC_ISSUER", "https://idp")]), Endpoints::Discovered { issuer });
    let all = with(&[("GENERIC_ISSUER", "https://idp"), ("GENERIC_JWKS_URL", "https://idp/k")]);
    assert!(matches!(all, Endpoints::Explicit { signed: Some(_), .. }));
}

#[test]
fn groups_are_mapped() {
    let text = "
sso_settings:
  link_existing_users_by_email: true
  role_mappings:
    - provider: generic
      group_claim: realm.groups
      default_role: internal_user_viewer
      roles: {proxy_admin: [ops], internal_user: [staff, ops]}
    - {provider: microsoft, roles: {auditor: audit}}
  team_mappings: {provider: generic, teams: {staff: [blue, red], ops: green}}
litellm_settings:
  default_internal_user_params: {user_role: internal_user, max_budget: 10, budget_duration: 30d, models: [gpt-4o], \
                                 teams: [blue, {team_id: red}]}
";
    let variables = [("GENERIC_CLIENT_ID", "c"), ("GENERIC_ISSUER", "https://idp.example.com")];
    let SignOn { providers, admission, .. } = sign_on(text, &variables);
    assert_eq!(providers[0].claims.groups, "realm.groups");
    assert!(admission.link_by_email);
    let generic = &admission.role_mappings["generic"];
    assert_eq!(generic.otherwise, Some(Role::Viewer));
    assert_eq!((generic.groups["ops"], generic.groups["staff"]), (Role::Admin, Role::Member));
    assert_eq!(admission.role_mappings["microsoft"].groups["audit"], Role::Auditor);
    let ids = |ids: &[&str]| ids.iter().filter_map(|id| TeamId::parse(id)).collect::<BTreeSet<_>>();
    let teams = &admission.team_mappings["generic"];
    assert_eq!((&teams.teams["staff"], &teams.teams["ops"]), (&ids(&["blue", "red"]), &ids(&["green"])));
    assert_eq!((admission.role, admission.teams), (Role::Member, ids(&["blue", "red"])));
    assert_eq!(admission.limits.max_budget, Some("10".parse().unwrap()));
    assert_eq!(admission.models.len(), 1);

    // LiteLLM's variables, in either notation.
    for roles in [r#"{"proxy_admin": ["ops"]}"#, "{'proxy_admin': ['ops']}"] {
        let more = [("GENERIC_ROLE_MAPPINGS_ROLES", roles), ("GENERIC_ROLE_MAPPINGS_GROUP_CLAIM", "g")];
        let found = sign_on("", &[&variables[..], &more].concat());
        assert_eq!(found.admission.role_mappings["generic"].groups["ops"], Role::Admin);
        assert_eq!(found.providers[0].claims.groups, "g");
    }
}

const CALLERS: &str = "model_list: [{model_name: a, litellm_params: {model: simulator/echo}}]\n";

#[test]
fn tokens_of_callers_are_taken_as_litellm_says() {
    let read =
        |text: &str, variables: &[(&str, &str)]| load_with(&format!("{CALLERS}{text}"), variables).config.caller_tokens;
    let variables = [("JWT_PUBLIC_KEY_URL", "https://idp.example.com/keys"), ("JWT_AUDIENCE", "gateway, other")];
    assert_eq!(read("", &variables), None);
    let found = read("general_settings: {enable_jwt_auth: true}", &variables).unwrap();
    assert_eq!((found.rules.user.as_deref(), found.fresh), (Some("sub"), 600));
    assert_eq!(found.issuers[0].keys, tollgate_sso::KeySource::Url("https://idp.example.com/keys".to_owned()));
    assert_eq!(found.issuers[0].audiences.len(), 2);
    let text = "general_settings:\n  enable_jwt_auth: true\n  litellm_jwtauth:\n    team_id_jwt_field: team\n    \
                public_key_ttl: 900\n    enforce_scope_based_access: true\n    \
                scope_mappings: [{scope: small, models: [a, b]}]\n    \
                issuers: [{issuer: \"https://idp.example.com\", audience: [g]}]\n";
    let found = read(text, &[]).unwrap();
    assert_eq!((found.rules.user, found.rules.team.as_deref(), found.fresh), (None, Some("team"), 900));
    assert_eq!(found.issuers[0].keys, tollgate_sso::KeySource::Discovered);
    assert_eq!(found.rules.scopes.unwrap()[0].1.len(), 2);
}

#[test]
fn tokens_for_everybody_are_refused() {
    let wrong = |text: &str, variables: &[(&str, &str)]| match load_text(
        "config.yaml",
        &format!("{CALLERS}{text}"),
        &env(variables),
    ) {
        Ok(loaded) => panic!("{:?}", loaded.findings),
        Err(findings) => of(&findings, Severity::Error).join("\n"),
    };
    let on = "general_settings: {enable_jwt_auth: true}";
    assert!(wrong(on, &[]).contains("whose is not said"));
    let keys = ("JWT_PUBLIC_KEY_URL", "https://idp.example.com/keys");
    assert!(wrong(on, &[keys]).contains("JWT_AUDIENCE"));
    let plain = [("JWT_PUBLIC_KEY_URL", "http://idp.example.com/keys"), ("JWT_AUDIENCE", "g")];
    assert!(wrong(on, &plain).contains("not an address"));
    let issuer = "general_settings: {enable_jwt_auth: true, litellm_jwtauth: {issuers: [{issuer: \"https://i\"}]}}";
    assert!(wrong(issuer, &[]).contains("without `audience`"));
}

#[test]
fn addresses_and_certificates_are_read() {
    let text = "general_settings: {allowed_ips: [10.0.0.0/8, \"::1\"], dashboard_allowed_ips: [192.0.2.1], \
                trusted_proxies: [10.0.0.1], use_x_forwarded_for: true, ssl_certfile_path: c.pem, \
                ssl_keyfile_path: k.pem}";
    let loaded = load_with(&format!("{CALLERS}{text}"), &[]);
    assert!(of(&loaded.findings, Severity::Warning).is_empty());
    let general = loaded.config.general;
    assert_eq!((general.allowed.len(), general.dashboard_allowed.len(), general.trusted_proxies.len()), (2, 1, 1));
    assert!(general.certificate.is_some());
    let guessing = load_with(&format!("{CALLERS}general_settings: {{use_x_forwarded_for: true}}"), &[]);
    assert!(of(&guessing.findings, Severity::Warning)[0].contains("trusted_proxies"));
    for wrong in ["{allowed_ips: [10.0.0.0/40]}", "{trusted_proxies: [proxy]}", "{ssl_certfile_path: c.pem}"] {
        let text = format!("{CALLERS}general_settings: {wrong}");
        assert!(load_text("config.yaml", &text, &env(&[])).is_err(), "{wrong}");
    }
}
