//! The driver and the engine together, in memory: their peer, their user, their transport and their clock are the test's.

mod fault;
mod model;
mod oracle;
pub mod stage;
