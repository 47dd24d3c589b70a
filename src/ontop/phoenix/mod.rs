//! Phoenix channels, in the serialisations 1.0.0 and 2.0.0; Supabase Realtime speaks them, too.

mod client;
mod say;
mod see;
mod server;
mod wire;

pub use client::{Client, Options};
pub use say::VERBS;
pub use see::joined;
pub use server::SERVER;
pub use wire::Version;
