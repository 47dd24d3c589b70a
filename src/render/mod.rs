//! Events as text for people and for programs, and the one way for a peer's bytes to reach a terminal.

pub mod clock;
pub mod dialect;
pub mod ending;
pub mod escape;
pub mod frame;
pub mod handshake;
pub mod hexdump;
pub mod hint;
pub mod human;
pub mod json;
pub mod jsonl;
pub mod mask;
pub mod quantity;
pub mod style;
pub mod waterfall;
pub mod write_out;

pub use dialect::Dialect;
pub use human::{Human, Show};
pub use jsonl::Jsonl;
pub use mask::Secrets;
pub use style::{Role, Style};
