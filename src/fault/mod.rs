//! Faults on purpose: what a server, or a proxy, does wrong when it is told to.
//!
//! A [`Fault`] is one wish as it is written, a [`Plan`] all of a run with their seed, and [`Faults`] those of one
//! connection. [`Faulty`] wraps the stream: it delays, splits and withholds bytes, and changes the messages on their
//! way out, so that no behaviour has to know of faults. What it notes and how it wants the connection to end, the
//! server asks [`Faults`] for. A connection that no fault strikes has neither.
//!
//! Chances and jitter follow from the seed, the number of the connection and that of the message alone: with the same
//! messages a run repeats exactly, whatever its timing.

mod connection;
mod dice;
mod flap;
mod kind;
mod opening;
mod outgoing;
mod pace;
mod plan;
mod spec;
mod stream;
mod words;

pub use connection::Faults;
pub use flap::{Flap, FlapError};
pub use kind::{After, Chance, Change, How, Kind};
pub use plan::{Growth, Plan};
pub use spec::{Fault, names};
pub use stream::{Faulty, mute};
pub use words::SpecError;
