//! What is generated and committed is what the binary says, and the README's sessions are real.
//!
//! `WSEE_BLESS=1 cargo test` rewrites the generated files and the generated parts of the README.

mod console;
mod generated;
