//! Use cases of the REST API.
