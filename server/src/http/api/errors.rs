//! Which problems the routes of a kind can answer with, for the document.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use super::super::problem::Kind;

type Responses = BTreeMap<String, RefOr<Response>>;

fn responses(kinds: &[Kind]) -> Responses {
    let always = [Kind::Invalid, Kind::NotAuthenticated, Kind::NotAllowed, Kind::Internal, Kind::Unavailable];
    let all = always.iter().chain(kinds);
    all.map(|kind| {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new()
            .description(format!("{}. {}", kind.title(), kind.explanation()))
            .content("application/problem+json", content)
            .build();
        (kind.status().as_u16().to_string(), response.into())
    })
    .collect()
}

macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident: [$($kind:ident),* $(,)?];)*) => {$(
        $(#[$doc])*
        pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> Responses {
                responses(&[$(Kind::$kind),*])
            }
        }
    )*};
}

errors! {
    /// Of a list.
    ListErrors: [];
    /// Of a list of things that belong to another, and of a single thing.
    GetErrors: [NotFound];
    /// Of making something.
    CreateErrors: [NotFound, Conflict, TooLarge, UnsupportedMediaType, IdempotencyKeyReused];
    /// Of changing something.
    UpdateErrors: [NotFound, Conflict, Changed, TooLarge, UnsupportedMediaType];
    /// Of deciding something, once.
    DecideErrors: [NotFound, Conflict, Changed, TooLarge, UnsupportedMediaType, IdempotencyKeyReused];
    /// Of deleting something.
    DeleteErrors: [NotFound, Conflict, Changed];
}
