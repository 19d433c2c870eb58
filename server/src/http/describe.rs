//! What the description says of every route alike: the conventions of [`super::reading`] and [`super::writing`].

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{OpenApi, RefOr, Required};

use super::reading::{LONGEST_WAIT, READS};

/// Adds the conventions to a description of the routes.
pub(super) fn conventions(api: &mut OpenApi) {
    for (path, item) in &mut api.paths.paths {
        if let Some(post) = item.post.as_mut().filter(|_| path.starts_with("/v1/")) {
            add(post, parameter("Idempotency-Key", ParameterIn::Header, IDEMPOTENCY));
        }
        let Some((get, read)) = item.get.as_mut().zip(READS.iter().find(|read| read.route == path)) else {
            continue;
        };
        add(get, parameter("fields", ParameterIn::Query, if read.list.is_some() { ROWS } else { FIELDS }));
        if read.polled {
            let text = format!(
                "Seconds to wait for something new, up to {0}, such as `{0}s`; see the conventions",
                LONGEST_WAIT.as_secs()
            );
            add(get, parameter("wait", ParameterIn::Query, &text));
        }
        add(get, parameter("If-None-Match", ParameterIn::Header, "`ETag` of an answer to the same request"));
        let unchanged =
            ResponseBuilder::new().description("Nothing has changed since the answer with that tag");
        get.responses.responses.insert("304".to_owned(), RefOr::T(unchanged.build()));
    }
}

const IDEMPOTENCY: &str = "A key of the caller's own, such as a UUID: the request is carried out once, however often it is sent \
                           within a day, and answered alike. With another request it is refused with 422";
const ROWS: &str =
    "Names of the fields that each row is to have, with commas between; all of them unless given";
const FIELDS: &str =
    "Names of the fields that the answer is to have, with commas between; all of them unless given";

fn add(operation: &mut Operation, parameter: Parameter) {
    operation.parameters.get_or_insert_default().push(RefOr::T(parameter));
}

fn parameter(name: &str, of: ParameterIn, text: &str) -> Parameter {
    let text_of = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).build();
    ParameterBuilder::new()
        .name(name)
        .parameter_in(of)
        .required(Required::False)
        .description(Some(text))
        .schema(Some(text_of))
        .build()
}
