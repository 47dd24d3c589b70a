//! Events as text for people and programs, and the only way for a peer's bytes to reach a terminal.

pub mod clock;
pub mod close;
pub mod close_summary;
pub mod decode;
pub mod difference;
pub mod escape;
pub mod form;
pub mod frame;
pub mod handshake;
pub mod hexdump;
pub mod hint;
pub mod html;
pub mod human;
pub mod json;
pub mod jsonl;
mod layout;
pub mod mask;
pub mod message;
pub mod payload;
pub mod quantity;
pub mod reconnect;
mod redaction;
mod request_pairs;
mod show;
pub mod style;
pub mod tree;
pub mod waterfall;
pub mod width;
pub mod write_out;

pub use decode::Decode;
pub use form::Form;
pub use human::{Human, OnTop};
pub use jsonl::Jsonl;
pub use mask::Secrets;
pub use show::{Show, Timestamps};
pub use style::{Role, Style};
