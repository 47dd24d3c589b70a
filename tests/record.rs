//! Recordings (product: `--record`, `/record`): what is in them, and what becomes of the file.

mod content;
mod file;
pub mod har;
mod repl;
pub mod report;
mod scenario;
