//! Linux, macOS and the BSDs.

pub mod file;
pub mod process;
