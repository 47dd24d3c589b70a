//! Socket.IO, and Engine.IO below it, in the versions that are in use.

mod acks;
mod client;
pub mod decoder;
pub mod engine;
mod heartbeat;
pub mod msgpack;
mod namespace;
pub mod packet;
mod parser;
pub mod payload;
mod refusal;
mod say;
mod see;
pub mod server;

pub use client::{Client, LONGEST_WAIT, Options};
pub use parser::Parser;
pub use refusal::{joined, refusal, refusal_code};
pub use say::{ANSWER, VERBS, event_pattern, is_namespace};
