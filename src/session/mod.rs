//! The only socket loop: dials, opens, and moves bytes between a socket, the engine and a mode.

pub mod backoff;
mod credential;
mod delivery;
pub mod driver;
mod lifecycle;
pub mod mode;
pub mod open;
mod phase;
pub mod reconnect;
pub mod redirect;
pub mod signals;
pub mod transport;
mod upgrade;
mod write_side;

pub use backoff::Backoff;
pub use credential::Credentials;
pub use driver::run;
pub use mode::{Mode, Reconnecting, Stop, Turn};
pub use open::{OpenError, Opened, open};
pub use reconnect::{Finish, Plan, keep_up};
pub use redirect::{Follow, Place};
pub use signals::Signals;
pub use transport::Transport;
pub use upgrade::upgrade;
