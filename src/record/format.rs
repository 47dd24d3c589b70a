use std::ffi::OsStr;
use std::path::Path;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Jsonl,
    Har,
    Scenario,
}

impl Format {
    pub const ENDINGS: &str = ".jsonl, .har or .wsee";

    pub fn of(path: &Path) -> Option<Self> {
        match path.extension().and_then(OsStr::to_str) {
            Some("jsonl") => Some(Self::Jsonl),
            Some("har") => Some(Self::Har),
            Some("wsee") => Some(Self::Scenario),
            _ => None,
        }
    }
}
