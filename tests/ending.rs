//! How a run ends: exit status, last line, and what the server sees of it.

mod close;
mod connect;
mod limit;
mod lost;
mod violation;
