//! JSON-RPC 2.0: calls and notifications, alone and in batches, either way; Ethereum, Solana, LSP, CDP.

mod batch;
mod client;
mod say;
mod see;
mod server;

pub(super) use batch::Batch;
pub use client::{Client, Options};
pub use say::VERBS;
pub use server::SERVER;
