//! The only socket loop: dials, opens, and moves bytes between a socket, the engine and a mode.

mod ask;
pub mod backoff;
mod carrier;
mod credential;
mod delivery;
pub mod driver;
mod error;
mod exchange;
mod lifecycle;
pub mod mode;
mod negotiate;
mod open;
mod options;
mod page;
mod polling;
mod progress;
pub mod reconnect;
mod redirect;
pub mod transport;
mod upgrade;
mod write_side;

pub use crate::sys::signal::Signals;
pub use ask::{Answered, ask};
pub use backoff::Backoff;
pub use carrier::Carrier;
pub use credential::Credentials;
pub use driver::run;
pub use error::{Asked, OpenError, OpenProblem, Refused};
pub use mode::{Mode, Over, Reconnecting, Stop, Turn};
pub use open::{Opened, open, reach};
pub use options::{Browser, Follow, Negotiation, Options, Place, Polling};
pub use reconnect::{Finish, Plan, keep_up, open_lasting};
pub use redirect::RedirectError;
pub use transport::Transport;
pub use upgrade::upgrade;
