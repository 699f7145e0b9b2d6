//! `/scim/v2/Users`

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::{Answer, Asked, Body, Client, Patch, created, page};

pub async fn list(Client(client): Client, asked: Asked) -> Answer {
    Ok(page(client.users(&asked.query).await?, asked.query.start, &asked.projection))
}

pub async fn create(Client(client): Client, asked: Asked, Body(resource): Body) -> Answer {
    Ok(created(client.create_user(&resource).await?, &asked.projection))
}

pub async fn one(Client(client): Client, Path(id): Path<String>, asked: Asked) -> Answer {
    Ok(super::one(client.user(&id).await?, &asked.projection))
}

pub async fn replace(Client(client): Client, Path(id): Path<String>, asked: Asked, Body(resource): Body) -> Answer {
    Ok(super::one(client.replace_user(&id, &resource).await?, &asked.projection))
}

pub async fn change(Client(client): Client, Path(id): Path<String>, asked: Asked, Patch(all): Patch) -> Answer {
    Ok(super::one(client.patch_user(&id, &all).await?, &asked.projection))
}

pub async fn remove(Client(client): Client, Path(id): Path<String>) -> Answer {
    client.delete_user(&id).await?;
    Ok(no_content())
}

pub(super) fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}
