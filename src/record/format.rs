//! The formats of recordings.

use std::ffi::OsStr;
use std::path::Path;

/// What a recording looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Events as JSON Lines, with every frame.
    Jsonl,
    /// An HTTP Archive.
    Har,
    /// A scenario.
    Scenario,
}

impl Format {
    /// The endings of names, as a sentence lists them.
    pub const ENDINGS: &str = ".jsonl, .har or .wsee";

    /// The format that the ending of a file's name stands for.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension().and_then(OsStr::to_str) {
            Some("jsonl") => Some(Self::Jsonl),
            Some("har") => Some(Self::Har),
            Some("wsee") => Some(Self::Scenario),
            _ => None,
        }
    }
}
