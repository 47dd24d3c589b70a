//! Pusher Channels, protocol 7; Laravel Reverb and Soketi speak it, too.

mod client;
mod code;
mod say;
mod see;
mod server;
mod signature;
mod wire;

pub use client::{Client, Options};
pub use say::{VERBS, check};
pub use see::subscribed;
pub use server::SERVER;
