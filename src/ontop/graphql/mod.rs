//! GraphQL over WebSocket: graphql-transport-ws, and the older graphql-ws.

mod client;
mod document;
mod say;
mod see;
mod server;
mod wire;

pub use client::{Client, Options};
pub use say::VERBS;
pub use server::SERVER;
pub use wire::{MODERN, OLDER, decode};
