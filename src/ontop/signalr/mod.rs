//! `SignalR` of ASP.NET Core: the hub protocol in JSON, of which the form in `MessagePack` is read only.

mod client;
pub mod negotiation;
mod say;
mod see;
mod server;
mod wire;

pub use client::Client;
pub use say::VERBS;
pub use server::SERVER;
