//! The driver and the engine together, in memory; the test plays peer, user, transport and clock.

mod fault;
mod fault_stream;
pub mod harness;
mod model;
mod oracle;
mod server;
