//! What the pages about requests ask.

use tollgate_control::{Control, OpContext};
use tollgate_domain::summary::{Period, RequestDetail, RequestFilter, RequestRow, StatusFilter};

use super::ServerError;
use crate::kit::{ListQuery, parse_day};

const DAY_SECONDS: i64 = 86_400;

/// Rows of a page of requests.
const PAGE: u32 = 50;

/// A page of requests.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestsView {
    pub rows: Vec<RequestRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
    /// What to offer in the filter.
    pub models: Vec<String>,
    /// What people call the key that is filtered by; `None` when there is no such key.
    pub key_label: Option<String>,
}

/// Which requests an address asks for, and what people call the key that it names. `None`: there is no such key.
pub async fn request_filter(
    control: &Control,
    op: &OpContext,
    list: &ListQuery,
) -> Result<Option<(RequestFilter, Option<String>)>, ServerError> {
    let day = |name: &str| list.get(name).and_then(|text| parse_day(&text));
    let period = list.get("period").and_then(|text| Period::parse(&text));
    let mut filter = RequestFilter {
        model: list.get("model"),
        status: list.get("status").and_then(|text| StatusFilter::parse(&text)),
        call_id: list.get("call"),
        since: day("since").or_else(|| period.map(|period| period.start(control.clock().now()))),
        // The whole of the last day.
        until: day("until").map(|day| day.plus_seconds(DAY_SECONDS)),
        ..RequestFilter::default()
    };
    let Some(text) = list.get("key") else { return Ok(Some((filter, None))) };
    let Some((id, label)) = find_key(control, op, &text).await? else { return Ok(None) };
    filter.key = Some(id);
    Ok(Some((filter, Some(label))))
}

/// A page of requests, newest first.
pub async fn list_requests(list: ListQuery) -> Result<RequestsView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let models = super::keys::model_names(&control, &op).await?;
    let Some((filter, key_label)) = request_filter(&control, &op, &list).await? else {
        return Ok(RequestsView { rows: Vec::new(), next: None, models, key_label: None });
    };
    let page = tollgate_control::requests::list(&control, &op, &filter, list.after(), PAGE).await?;
    Ok(RequestsView { rows: page.items, next: page.next, models, key_label })
}

/// One request by its own id or by its call's.
pub async fn get_request(id: String) -> Result<RequestDetail, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    Ok(tollgate_control::requests::get(&control, &op, &id).await?)
}

/// The id and the label of the key that a text names: its id, its alias, or `master_key`. Deleted keys are found too,
/// for the sake of what they did.
pub(super) async fn find_key(
    control: &Control,
    op: &OpContext,
    text: &str,
) -> Result<Option<(String, String)>, ServerError> {
    use tollgate_control::ControlError;
    use tollgate_control::keys::{self, KeyFilter, KeyRef};
    use tollgate_domain::ids::KeyId;
    use tollgate_domain::key::KeyStatus;

    if text == "master_key" {
        return Ok(Some((text.to_owned(), "Master key".to_owned())));
    }
    if let Some(id) = KeyId::parse(text) {
        return match keys::get(control, op, &KeyRef::Id(id)).await {
            Ok(row) => Ok(Some((row.key.id.to_string(), row.key.label().to_owned()))),
            Err(ControlError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        };
    }
    for status in [None, Some(KeyStatus::Deleted)] {
        let filter = KeyFilter { alias: Some(text.to_owned()), status, ..KeyFilter::default() };
        if let Some(row) = keys::list(control, op, &filter, None, 1).await?.items.into_iter().next() {
            return Ok(Some((row.key.id.to_string(), row.key.label().to_owned())));
        }
    }
    Ok(None)
}
