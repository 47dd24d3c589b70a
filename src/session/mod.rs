//! The only socket loop: dials, opens, and moves bytes between a socket, the engine and a mode.

pub mod driver;
pub mod mode;
pub mod open;
pub mod signals;
pub mod transport;

pub use driver::run;
pub use mode::{Mode, Stop};
pub use open::{OpenError, Opened, open};
pub use signals::Signals;
pub use transport::Transport;
