//! GraphQL over WebSocket: graphql-transport-ws, and the older graphql-ws.

mod client;
mod document;
mod say;
mod see;
mod wire;

pub use client::{Client, Options};
pub use say::VERBS;
pub use wire::{MODERN, OLDER, decode};
