//! `/scim/v2/Groups`

use axum::extract::Path;

use super::users::no_content;
use super::{Answer, Asked, Body, Client, Patch, created, page};

pub async fn list(Client(client): Client, asked: Asked) -> Answer {
    let found = client.groups(&asked.query, asked.projection.has("members")).await?;
    Ok(page(found, asked.query.start, &asked.projection))
}

pub async fn create(Client(client): Client, asked: Asked, Body(resource): Body) -> Answer {
    Ok(created(client.create_group(&resource).await?, &asked.projection))
}

pub async fn one(Client(client): Client, Path(id): Path<String>, asked: Asked) -> Answer {
    Ok(super::one(client.group(&id, asked.projection.has("members")).await?, &asked.projection))
}

pub async fn replace(Client(client): Client, Path(id): Path<String>, asked: Asked, Body(resource): Body) -> Answer {
    Ok(super::one(client.replace_group(&id, &resource).await?, &asked.projection))
}

/// Answers without the group: telling every member each time would be much.
pub async fn change(Client(client): Client, Path(id): Path<String>, Patch(all): Patch) -> Answer {
    client.patch_group(&id, &all).await?;
    Ok(no_content())
}

pub async fn remove(Client(client): Client, Path(id): Path<String>) -> Answer {
    client.delete_group(&id).await?;
    Ok(no_content())
}
