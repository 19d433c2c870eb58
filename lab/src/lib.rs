//! Data-set replays, accuracy tables, fleet simulator and demo. Never shipped to a fleet.

pub mod accuracy;
pub mod adapt;
pub mod attack;
pub mod data;
pub mod demo;
pub mod drawn;
pub mod metrics;
pub mod privacy;
pub mod report;
mod rows;
pub mod simulate;
pub mod takeover;
pub mod train;
