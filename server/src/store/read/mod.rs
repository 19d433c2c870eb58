//! Queries of the REST API, and the shapes that its readers get. No row here holds a directory name or a feature value.

pub mod alerts;
pub mod audit;
pub mod devices;
pub mod fleet;
pub mod keys;
pub mod preview;
pub mod sessions;
pub mod subjects;
pub mod timeline;
pub mod verdicts;

use time::OffsetDateTime;
use uuid::Uuid;

/// Place in a list that is ordered by a time and then by id: the last row of the page before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its time.
    pub at: OffsetDateTime,
    /// Its id.
    pub id: Uuid,
}
