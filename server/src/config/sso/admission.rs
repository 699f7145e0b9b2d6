//! From groups to roles and teams: `sso_settings`, and LiteLLM's `GENERIC_ROLE_MAPPINGS_…`.

use std::collections::BTreeMap;

use tollgate_domain::actor::Role;
use tollgate_domain::sso::{Admission, RoleMapping, TeamMapping};

use super::people::{role, team};
use crate::config::files::Section;
use crate::config::finding::shown;
use crate::config::value::{Cursor, Reader};
use crate::config::yaml::{Place, Value};

/// As they are called in addresses.
const PROVIDERS: [&str; 3] = ["google", "microsoft", "generic"];

/// Puts what the section says into the admission; which provider's groups stand under which claim.
pub(super) fn read(
    settings: &Section<'_>,
    admission: &mut Admission,
    reader: &mut Reader<'_>,
) -> Vec<(String, String)> {
    let mut claims = Vec::new();
    let link = settings.get("link_existing_users_by_email", reader);
    admission.link_by_email = link.and_then(|cursor| reader.truth(&cursor)).unwrap_or(false);
    for one in mappings(settings, "role_mappings", reader) {
        let Some(provider) = provider(&one, &mut claims, reader) else { continue };
        let otherwise = one.get("default_role").and_then(|cursor| role(&cursor, reader));
        let mut groups = BTreeMap::new();
        if let Some(roles) = one.get("roles").and_then(|cursor| reader.mapping(cursor)) {
            for (name, place, of_role) in roles.entries() {
                let Some(role) = Role::parse_any(name) else {
                    let message = format!("not a role: {}", shown(name));
                    let help = "`admin`, `auditor`, `member` or `viewer`, or LiteLLM's names for them";
                    reader.report.error(place, &of_role.path, message, help);
                    continue;
                };
                for group in texts(&of_role, reader) {
                    add(&mut groups, group, role);
                }
            }
        }
        admission.role_mappings.insert(provider, RoleMapping { otherwise, groups });
    }
    for one in mappings(settings, "team_mappings", reader) {
        let Some(provider) = provider(&one, &mut claims, reader) else { continue };
        let mut mapping = TeamMapping::default();
        if let Some(claim) = one.get("team_ids_jwt_field").and_then(|cursor| reader.name(&cursor)) {
            // LiteLLM: the claim's values are teams' ids.
            claims.push((provider.clone(), claim.value));
            mapping.by_id = true;
        }
        if let Some(teams) = one.get("teams").and_then(|cursor| reader.mapping(cursor)) {
            for (group, _, of_group) in teams.entries() {
                let ids = items(&of_group).iter().filter_map(|item| team(item, reader)).collect();
                mapping.teams.insert(group.to_owned(), ids);
            }
        }
        admission.team_mappings.insert(provider, mapping);
    }
    claims
}

/// A group that several roles name gives the highest, whatever the order.
fn add(groups: &mut BTreeMap<String, Role>, group: String, role: Role) {
    let order = [Role::Admin, Role::Auditor, Role::Member, Role::Viewer];
    let rank = |role: Role| order.iter().position(|other| *other == role);
    let entry = groups.entry(group).or_insert(role);
    if rank(role) < rank(*entry) {
        *entry = role;
    }
}

/// One mapping, or a list of them.
fn mappings<'n>(settings: &Section<'n>, key: &str, reader: &mut Reader<'_>) -> Vec<Cursor<'n>> {
    let Some(cursor) = settings.get(key, reader) else { return Vec::new() };
    items(&cursor).into_iter().filter_map(|item| reader.mapping(item)).collect()
}

fn items<'n>(cursor: &Cursor<'n>) -> Vec<Cursor<'n>> {
    if let Value::List(_) = cursor.node.value { cursor.items().collect() } else { vec![cursor.clone()] }
}

fn texts(cursor: &Cursor<'_>, reader: &mut Reader<'_>) -> Vec<String> {
    items(cursor).iter().filter_map(|item| reader.name(item)).map(|text| text.value).collect()
}

/// Whose mapping it is, and under which claim the groups stand.
fn provider(one: &Cursor<'_>, claims: &mut Vec<(String, String)>, reader: &mut Reader<'_>) -> Option<String> {
    let name = match one.get("provider") {
        Some(cursor) => {
            let name = reader.name(&cursor)?;
            if !PROVIDERS.contains(&name.value.as_str()) {
                let message = format!("no provider: {}", name.shown());
                reader.wrong(&cursor, message, "`google`, `microsoft` or `generic`");
                return None;
            }
            name.value
        }
        None => "generic".to_owned(),
    };
    if let Some(claim) = one.get("group_claim").and_then(|cursor| reader.name(&cursor)) {
        claims.push((name.clone(), claim.value));
    }
    Some(name)
}

/// LiteLLM's variables; what the file says wins.
pub(super) fn of_variables(admission: &mut Admission, reader: &mut Reader<'_>) {
    const ROLES: &str = "GENERIC_ROLE_MAPPINGS_ROLES";
    const OTHERWISE: &str = "GENERIC_ROLE_MAPPINGS_DEFAULT_ROLE";
    let (roles, otherwise) = (reader.variables.get(ROLES), reader.variables.get(OTHERWISE));
    if (roles.is_none() && otherwise.is_none()) || admission.role_mappings.contains_key("generic") {
        return;
    }
    let mut mapping = RoleMapping::default();
    if let Some(name) = otherwise {
        mapping.otherwise = Role::parse_any(name.trim());
        if mapping.otherwise.is_none() {
            reader.report.error(Place::default(), OTHERWISE, "not a role", "`internal_user`, for example");
        }
    }
    if let Some(text) = roles {
        // LiteLLM's own examples are in Python's notation.
        let parse = |text: &str| serde_json::from_str::<BTreeMap<String, Vec<String>>>(text).ok();
        let Some(parsed) = parse(&text).or_else(|| parse(&text.replace('\'', "\""))) else {
            let help = r#"`{"proxy_admin": ["group"]}`"#;
            reader.report.error(Place::default(), ROLES, "can't be read", help);
            return;
        };
        for (name, groups) in parsed {
            let Some(role) = Role::parse_any(&name) else {
                reader.report.error(Place::default(), ROLES, format!("not a role: {}", shown(&name)), "`proxy_admin`");
                continue;
            };
            for group in groups {
                add(&mut mapping.groups, group, role);
            }
        }
    }
    admission.role_mappings.insert("generic".to_owned(), mapping);
}
