//! The workstation agent.

pub mod assertion;
pub mod channel;
pub mod clock;
pub mod enrol;
pub mod files;
pub mod identity;
pub mod session;
pub mod spool;
pub mod trace;
