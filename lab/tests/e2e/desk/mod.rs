//! A workstation: a real X server with a keyboard and a mouse, and somebody who uses them.

mod device;
pub(crate) mod hands;
pub(crate) mod people;
mod xserver;

pub(crate) use xserver::XServer;
