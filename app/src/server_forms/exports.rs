//! What the pages about requests and usage show, as files.

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};
use futures::stream::try_unfold;
use http::{HeaderValue, header};
use tollgate_control::Control;
use tollgate_control::export::{self, Format, Layout};

use crate::ServerError;
use crate::api::{request_filter, wanted_usage};
use crate::kit::{ListQuery, Query, redirect_with};
use crate::pages::{request_filters, usage_query};
use crate::server::{ServerState, Viewer};

pub fn router() -> Router<ServerState> {
    Router::new().route("/ui/requests/export", get(export_requests)).route("/ui/usage/export", get(export_usage))
}

/// How the address says that a file is written.
pub fn format_of(address: &Query) -> Format {
    address.get("format").and_then(|text| Format::parse(&text)).unwrap_or_default()
}

/// An answer that is a file of this day.
pub fn file(control: &Control, name: &str, format: Format, body: Body) -> Response {
    let moment = control.clock().now().to_rfc3339();
    let day = moment.get(..10).unwrap_or_default();
    let name = format!("attachment; filename=\"{name}-{day}.{}\"", format.extension());
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    if let Ok(name) = HeaderValue::try_from(name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

/// Back to the page, which says what is wrong.
fn back(list: &ListQuery, error: ServerError) -> Response {
    let notice = match error {
        ServerError::Denied => "denied",
        ServerError::NotFound => "not_found",
        ServerError::Unavailable => "unavailable",
        _ => "failed",
    };
    redirect_with(&list.first().href(), notice)
}

/// The charges that the filters of the address match, a part at a time: however many there are, few are in memory, and a
/// slow reader slows the reading down.
async fn export_requests(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    request: Request,
) -> Response {
    let address = Query::parse(request.uri().query().unwrap_or_default());
    let (format, list, op) = (format_of(&address), request_filters().read(&address), viewer.op());
    let begun = async {
        let Some((filter, _)) = request_filter(&control, &op, &list).await? else { return Err(ServerError::NotFound) };
        Ok(export::charges(&control, &op, filter, format).await?)
    };
    let export = match begun.await {
        Ok(export) => export,
        Err(error) => return back(&list, error),
    };
    let parts = try_unfold(export, |mut export| async move {
        match export.next().await {
            Ok(part) => Ok(part.map(|part| (part, export))),
            Err(error) => {
                leptos::logging::error!("an export of requests broke off: {error:?}");
                Err(error)
            }
        }
    });
    file(&control, "requests", format, Body::from_stream(parts))
}

/// The sums that the page shows, without its bound of lines.
async fn export_usage(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    request: Request,
) -> Response {
    let address = Query::parse(request.uri().query().unwrap_or_default());
    let (format, list, op) = (format_of(&address), usage_query(&address), viewer.op());
    let made = async {
        let wanted = wanted_usage(&control, &op, &list).await?;
        let layout = Layout::By(vec![wanted.by]);
        Ok::<_, ServerError>((wanted.by, export::usage(&control, &op, &wanted.filter, &layout, format).await?))
    };
    match made.await {
        Ok((by, bytes)) => file(&control, &format!("usage-by-{}", by.as_str()), format, Body::from(bytes)),
        Err(error) => back(&list, error),
    }
}
