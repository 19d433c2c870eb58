//! Input events in, feature windows and signals out.
//!
//! Pure: no clock (events carry their time), no operating system, no async, no I/O. What a capture back end sees goes
//! first through a [`Locator`], inside the capture callback: it turns a key code into a zone and forgets the code when
//! the key comes up, and turns absolute positions of pointer and fingers into movements. From there on nothing can tell what was typed.

pub mod automation;
mod coarse;
mod flow;
mod guard;
pub mod input;
mod keyboard;
pub mod locate;
pub mod measurer;
mod open;
mod pointer;
mod privacy;
pub mod relation;
mod shape;
mod stroke;
mod touch;
pub mod window;
pub mod within;
pub mod word;

pub use automation::Automation;
pub use input::{Button, Column, Contact, Input, Origin, Phase, Slot, TimedInput, Zone};
pub use keyboard::{HESITATION_US, PAUSE_US, longest_hold_us};
pub use locate::{Locator, place};
pub use measurer::{Measurer, Settings};
pub use open::IDLE_US;
pub use privacy::Privacy;
pub use relation::{Relation, hold_feature, relation};
pub use window::{Output, Signal, SignalKind, Window};
pub use within::{Within, down_down_within, hold_within};
