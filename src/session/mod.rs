//! The only socket loop: dials, opens, and moves bytes between a socket, the engine and a mode.

mod credential;
pub mod driver;
pub mod mode;
pub mod open;
mod phase;
pub mod redirect;
pub mod signals;
pub mod transport;

pub use credential::Credentials;
pub use driver::run;
pub use mode::{Mode, Stop};
pub use open::{OpenError, Opened, open};
pub use redirect::{Follow, Place};
pub use signals::Signals;
pub use transport::Transport;
