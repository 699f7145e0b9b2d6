//! Setting one's second factor up, and taking it away.

use axum::extract::Request;
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use http::StatusCode;
use leptos::prelude::provide_context;
use tollgate_control::{Control, ControlError, access};

use super::{read_form, show_again};
use crate::kit::{redirect_with, refusal};
use crate::pages::{SECOND_FACTOR, SecondFactorOnce, ShownOnce};
use crate::server::{ServerState, Viewer, render};

pub fn router() -> Router<ServerState> {
    Router::new().route("/ui/account/second-factor", post(change))
}

async fn change(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    request: Request,
) -> Response {
    let (mut form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let op = viewer.op();
    let code = form.secret("code");
    let once = match (form.typed("do").as_str(), &viewer.user, &code) {
        ("begin", ..) => access::begin_second_factor(&control, &op).await.map(|begun| SecondFactorOnce::Begun {
            secret: ShownOnce::new(begun.secret.expose()),
            uri: ShownOnce::new(begun.uri.expose()),
        }),
        ("confirm", _, Some(code)) => access::confirm_second_factor(&control, &op, code).await.map(|codes| {
            let lines: Vec<&str> = codes.iter().map(tollgate_domain::secret::Secret::expose).collect();
            SecondFactorOnce::RecoveryCodes(ShownOnce::new(lines.join("\n")))
        }),
        ("remove", Some(user), code) => {
            match access::remove_second_factor(&control, &op, &user.id, code.as_ref()).await {
                Ok(()) => return redirect_with(SECOND_FACTOR, "removed"),
                Err(error) => Err(error),
            }
        }
        _ => {
            form.refuse_at("code", "Type a code.");
            return show_again(request, form).await;
        }
    };
    // What was typed is not shown again.
    form.set("code", String::new());
    match once {
        Ok(once) => render(request, StatusCode::OK, move || provide_context(once.clone())).await,
        Err(error @ (ControlError::Invalid { .. } | ControlError::Conflict { .. })) => {
            form.refuse(&error, &[("code", "code"), ("conflict", "")]);
            show_again(request, form).await
        }
        Err(error) => redirect_with(SECOND_FACTOR, refusal(&error)),
    }
}
