//! Windows, through the safe wrappers of std, tokio and winapi-util.

pub mod file;
pub mod net;
pub mod place;
pub mod process;
pub mod signal;
pub mod stderr;
pub mod stdin;
pub mod stdout;
pub mod terminal;
