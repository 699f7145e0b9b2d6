//! The `OpenAPI` document: put together from the handlers, and completed with what all of them have in common.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Method, header};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{OpenApi, Ref, RefOr, Required};

use super::super::problem::ProblemBody;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Tollgate",
        version = "1",
        description = "Tollgate's own REST API.\n\nEvery request shows a key: `Authorization: Bearer sk-…`, the master \
            key or a virtual one. A person's key may what the person may.\n\nMoney is a decimal number of dollars in \
            a text, moments are RFC 3339. A list answers with a page of `items` and the `next` page's `cursor`. A \
            single thing has an `ETag`: sent back as `If-Match` with a change, it makes sure that nobody else's change \
            is lost. A `PATCH` changes what it names: `null` clears a field, and what is absent stays. A `POST` with \
            an `Idempotency-Key` can be sent again without doing it again. Errors are RFC 9457's problems.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(ProblemBody)),
    security(("key" = [])),
    tags(
        (name = "Me", description = "Who asks."),
        (name = "Keys", description = "Virtual keys: what callers of models show."),
        (name = "Organisations", description = "What teams belong to."),
        (name = "Teams", description = "People who share keys, models and a budget."),
        (name = "Members", description = "Who is in a team or an organisation, and as what."),
        (name = "Users", description = "People."),
        (name = "Budgets", description = "Limits that several can share."),
        (name = "Customers", description = "End customers: whom applications call for."),
        (name = "Tags", description = "What spend is told apart by."),
        (name = "Increase requests", description = "More money for a while: asked, and decided."),
        (name = "Access groups", description = "Models that access is given to as a whole."),
        (name = "Models", description = "What can be called, and what it costs."),
        (name = "Deployments", description = "Models that are kept in the database."),
        (name = "Credentials", description = "Secrets that deployments share: set and used, never read again."),
        (name = "Requests", description = "What was called."),
        (name = "Overview", description = "What it all comes to."),
        (name = "Usage", description = "Sums of what was used, told apart by who, what and when."),
        (name = "Exports", description = "Files of everything that a filter matches."),
        (name = "Audit log", description = "Who did what."),
        (name = "Ledger", description = "Pricing charges anew after a price was corrected."),
        (name = "SCIM tokens", description = "With which identity providers say who there is."),
        (name = "Invoices", description = "What providers say was used and what it costs, beside the ledger."),
    ),
)]
pub struct Head;

/// Adds what every route of a kind has: headers of requests and of answers, and how keys are shown.
pub fn complete(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_default();
    let bearer = Http::builder().scheme(HttpAuthScheme::Bearer).description(Some("A virtual key or the master key."));
    components.add_security_scheme("key", SecurityScheme::Http(bearer.build()));
    for (name, schema) in &mut components.schemas {
        name_items(name, schema);
    }
    for item in document.paths.paths.values_mut() {
        for (method, operation) in operations_of(item) {
            if method == Method::POST {
                add_header(
                    operation,
                    "Idempotency-Key",
                    "A text of one's own choice, at most 255 characters. The same request under the same key, sent \
                     again within 24 hours, is not done again, and gets the same answer.",
                );
            }
            if method == Method::PATCH || method == Method::DELETE {
                add_header(
                    operation,
                    "If-Match",
                    "The `ETag` under which the thing was seen: refused, if it was changed since.",
                );
            }
            tell_of_tag(&method, operation);
        }
    }
    document
}

/// A page's items are what they are called, not written out once more.
fn name_items(name: &str, schema: &mut RefOr<Schema>) {
    if let (Some(item), RefOr::T(Schema::Object(page))) = (name.strip_prefix("List_"), schema) {
        let items = ArrayBuilder::new().items(Ref::from_schema_name(item)).build();
        page.properties.insert("items".to_owned(), RefOr::T(Schema::Array(items)));
    }
}

/// The operations of a path.
fn operations_of(item: &mut PathItem) -> Vec<(Method, &mut Operation)> {
    [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::DELETE, &mut item.delete),
        (Method::PATCH, &mut item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
    .collect()
}

fn add_header(operation: &mut Operation, name: &str, description: &str) {
    let text = ObjectBuilder::new().schema_type(Type::String).max_length(Some(255)).build();
    let parameter: Parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(text))
        .build();
    operation.parameters.get_or_insert_default().push(parameter);
}

/// Single things have an `ETag`: whatever can be not found, and is no list.
fn tell_of_tag(method: &Method, operation: &mut Operation) {
    let is_list = operation.operation_id.as_deref().is_some_and(|id| id.starts_with("list_"));
    let responses = &mut operation.responses.responses;
    if is_list || !responses.contains_key("404") || method == Method::DELETE {
        return;
    }
    for (status, response) in responses {
        let text = ObjectBuilder::new().schema_type(Type::String);
        if let ("200" | "201", RefOr::T(response)) = (status.as_str(), response) {
            let tag = HeaderBuilder::new().description(Some("The version, for `If-Match`.")).schema(text);
            response.headers.insert("ETag".to_owned(), tag.build());
        }
    }
}

/// Every operation that the document has.
#[cfg(test)]
pub fn operations(document: &OpenApi) -> Vec<(Method, String)> {
    let mut found = Vec::new();
    for (path, item) in &document.paths.paths {
        let mut item = item.clone();
        found.extend(operations_of(&mut item).into_iter().map(|(method, _)| (method, path.clone())));
    }
    found
}

/// A handler that answers with the document.
pub fn serve(document: &OpenApi) -> impl Fn() -> std::future::Ready<Response> + Clone + Send + Sync + 'static {
    let text: std::sync::Arc<str> = serde_json::to_string(document).unwrap_or_default().into();
    move || {
        let mut response = text.to_string().into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        std::future::ready(response)
    }
}
