//! The driver and the engine together, in memory: their peer, their user, their transport and their clock are the test's.

mod fault;
mod faulty;
mod model;
mod oracle;
mod server;
pub mod stage;
