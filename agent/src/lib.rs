//! The workstation agent: capture, measuring, spool, uplink, response.
//!
//! The way of an event: a [`capture`] back end drops its identity and hands on a `TimedInput`; [`session`] measures it and
//! turns closed windows and signals into records; [`spool`] keeps them on disk until [`uplink`] has them acknowledged.
//! A simulated device is made of the same parts: an [`identity::Identity`], a [`spool::Spool`], a [`session::Session`] fed
//! with events of its own, and an [`uplink::Uplink`].

pub mod assertion;
pub mod capture;
pub mod channel;
pub mod clock;
pub mod doctor;
pub mod enrol;
pub mod files;
pub mod identity;
pub mod inspect;
pub mod replay;
pub mod response;
pub mod run;
pub mod session;
pub mod spool;
pub mod trace;
pub mod uplink;
