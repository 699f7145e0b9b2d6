//! Microsoft Graph: the groups of somebody who is in more of them than a token has room for.

use std::collections::BTreeSet;

use serde::Deserialize;
use tollgate_domain::secret::Secret;
use tollgate_domain::sso::{Fault, Groups};

use crate::Failure;
use crate::fetch::Fetch;

/// The most groups, and the most pages of them. Whoever is in more is in too many.
const MOST: usize = 2000;
const MOST_PAGES: usize = 20;

#[derive(Deserialize)]
struct Page {
    value: Vec<Group>,
    #[serde(rename = "@odata.nextLink", default)]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Group {
    id: String,
}

/// Every group of whoever signed in, those that are in groups, too. `base` comes from the configuration: what a token
/// says of where to ask is not believed.
pub async fn groups(fetch: &Fetch, base: &str, access: &Secret) -> Result<Groups, Failure> {
    let base = base.trim_end_matches('/');
    let mut url = format!("{base}/me/transitiveMemberOf/microsoft.graph.group?$select=id&$top=999");
    let mut all = BTreeSet::new();
    for _ in 0..MOST_PAGES {
        let page: Page = fetch.json(&url, Some(access), "the groups in Microsoft Graph").await?;
        all.extend(page.value.into_iter().map(|group| group.id).filter(|id| id.len() <= 200));
        if all.len() > MOST {
            return Ok(Groups::TooMany);
        }
        let Some(next) = page.next else { return Ok(Groups::Told(all)) };
        // The token goes along: nowhere else than where it was sent.
        if !next.strip_prefix(base).is_some_and(|rest| rest.starts_with('/')) {
            return Err(Failure::new(Fault::Malformed, "Microsoft Graph leads somewhere else"));
        }
        url = next;
    }
    Ok(Groups::TooMany)
}
