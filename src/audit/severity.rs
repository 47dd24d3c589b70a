//! How bad a finding is, and how sure.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
}

impl Severity {
    pub const ALL: [Self; 4] = [Self::High, Self::Medium, Self::Low, Self::Info];

    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sure {
    /// The bytes prove it.
    Certain,
    /// It depends on something that cannot be seen from here, which the evidence names.
    Likely,
}

impl Sure {
    pub fn name(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
        }
    }

    /// What that means, in words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Certain => "the bytes prove it",
            Self::Likely => {
                "it depends on what cannot be seen from outside, which the evidence names"
            }
        }
    }
}
