//! Queries of the REST API.
