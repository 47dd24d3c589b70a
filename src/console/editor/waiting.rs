//! Messages that wait elsewhere, for `/edit N`.

use std::fmt;

/// Finds a message that waits.
pub trait Waiting: fmt::Debug + Send + Sync {
    /// The message that a line is about, which is `/edit` and its arguments; or why there is none.
    fn find(&self, line: &str) -> Result<Editing, String>;
}

/// A message as the user edits it.
#[derive(Debug)]
pub struct Editing {
    pub number: u64,
    pub text: String,
    /// The text is its bytes in hex.
    pub is_hex: bool,
}
