//! Pricing anew, and providers' files.

use axum::body::Body;
use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use http::header;
use multer::{Constraints, Multipart, SizeLimit};
use tollgate_control::invoices::{self, Import, MAX_BYTES, Mapping};
use tollgate_control::{Control, ControlError, repricing};
use tollgate_domain::Nanos;
use tollgate_domain::repricing::{RepricingRun, RunState};

use super::{read_form, show_again};
use crate::api::repricing_order;
use crate::kit::{Form, id_of_segment, redirect_with, refusal};
use crate::pages::{RECONCILIATION, REPRICING, invoice_href};
use crate::server::{ServerState, Viewer};

/// How long a request works on a run: what is left is gone on with by another.
const SECONDS: i64 = 10;

/// The other fields of a form with a file.
const ROOM: usize = 64 * 1024;

pub fn router() -> Router<ServerState> {
    Router::new()
        .route("/ui/reconciliation", post(import))
        .route("/ui/reconciliation/{id}/delete", post(delete))
        .route("/ui/repricing", post(apply))
        .route("/ui/repricing/{id}/continue", post(proceed))
}

async fn apply(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    request: Request,
) -> Response {
    let (mut form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let op = viewer.op();
    let done = async {
        let run = repricing::start(&control, &op, repricing_order(&form)?).await?;
        repricing::proceed(&control, &op, &run.id, SECONDS).await
    };
    let told = done.await;
    match told {
        Err(error @ ControlError::Invalid { .. }) => {
            form.refuse(&error, &[("price", "price")]);
            show_again(request, form).await
        }
        told => tell(told),
    }
}

async fn proceed(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(id): Path<String>,
) -> Response {
    tell(repricing::proceed(&control, &viewer.op(), &id_of_segment(&id), SECONDS).await)
}

fn tell(told: Result<RepricingRun, ControlError>) -> Response {
    match told {
        Ok(run) if run.state == RunState::Done => redirect_with(REPRICING, "done"),
        Ok(_) => redirect_with(REPRICING, "running"),
        Err(error) => redirect_with(REPRICING, refusal(&error)),
    }
}

async fn import(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let sent = read(kind, body).await;
    let request = Request::from_parts(parts, Body::empty());
    let mut form = Form::sent(sent.fields);
    let imported = async {
        let how = how(&form, sent.name)?;
        invoices::import(&control, &viewer.op(), how, &sent.file).await
    };
    let told = imported.await;
    match told {
        Ok(invoice) => redirect_with(&invoice_href(&invoice.id), "imported"),
        Err(error @ (ControlError::Invalid { .. } | ControlError::Conflict { .. })) => {
            if let Some(problem) = sent.problem {
                form.refuse_at("", problem);
            } else {
                form.refuse(&error, &[("provider", "provider"), ("format", "format"), ("columns", "columns")]);
            }
            show_again(request, form).await
        }
        Err(error) => redirect_with(RECONCILIATION, refusal(&error)),
    }
}

fn how(form: &Form, name: String) -> Result<Import, ControlError> {
    let invalid = |message: &str| ControlError::Invalid { field: "rate", message: message.to_owned() };
    let rate = form
        .get("rate")
        .map(|text| {
            let (currency, rate) = text.split_once('=').ok_or_else(|| invalid("is written as EUR=1.08"))?;
            let rate = rate.trim().parse::<Nanos>().map_err(|_| invalid("is written as EUR=1.08"))?;
            Ok::<_, ControlError>((currency.trim().to_owned(), rate))
        })
        .transpose()?;
    Ok(Import {
        name,
        provider: form.typed("provider"),
        format: form.get("format"),
        mapping: form.get("columns").as_deref().map(Mapping::parse).transpose()?,
        rate,
        ..Import::default()
    })
}

/// What a form with a file brought; empty where it brought nothing.
#[derive(Default)]
struct Sent {
    fields: Vec<(String, String)>,
    name: String,
    file: Vec<u8>,
    problem: Option<&'static str>,
}

async fn read(kind: &str, body: Body) -> Sent {
    let mut sent = Sent { name: "file".to_owned(), ..Sent::default() };
    let Ok(boundary) = multer::parse_boundary(kind) else { return sent };
    let whole = u64::try_from(MAX_BYTES + ROOM).unwrap_or(u64::MAX);
    let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(whole));
    let mut parts = Multipart::with_constraints(body.into_data_stream(), boundary, limits);
    loop {
        match parts.next_field().await {
            Ok(Some(field)) => {
                let name = field.name().unwrap_or_default().to_owned();
                let file = field.file_name().map(str::to_owned);
                let Ok(bytes) = field.bytes().await else {
                    sent.problem = Some("The file is too large, or did not arrive whole.");
                    return sent;
                };
                if name == "file" {
                    sent.name = file.filter(|name| !name.is_empty()).unwrap_or(sent.name);
                    sent.file = bytes.to_vec();
                } else {
                    sent.fields.push((name, String::from_utf8_lossy(&bytes).into_owned()));
                }
            }
            Ok(None) => return sent,
            Err(_) => {
                sent.problem = Some("The file is too large, or did not arrive whole.");
                return sent;
            }
        }
    }
}

async fn delete(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(id): Path<String>,
) -> Response {
    match invoices::delete(&control, &viewer.op(), &id_of_segment(&id)).await {
        Ok(()) => redirect_with(RECONCILIATION, "deleted"),
        Err(error) => redirect_with(RECONCILIATION, refusal(&error)),
    }
}
