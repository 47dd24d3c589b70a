//! Findings of an earlier run, which are known and accepted.

use serde::Deserialize;

use super::severity::Severity;

/// The findings of an earlier run, in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Known {
    findings: Vec<KnownFinding>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct KnownFinding {
    id: String,
    severity: Severity,
}

/// How a finding compares with those of an earlier run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    New,
    Known,
    /// Known, and less severe then.
    Worse,
}

impl Standing {
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Known => "known",
            Self::Worse => "worse than known",
        }
    }
}

impl Known {
    pub fn standing(&self, id: &str, severity: Severity) -> Standing {
        let own = self.findings.iter().filter(|known| known.id == id);
        match own.map(|known| known.severity).max() {
            None => Standing::New,
            Some(known) if severity <= known => Standing::Known,
            Some(_) => Standing::Worse,
        }
    }

    /// The checks that had findings.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.findings.iter().map(|known| known.id.as_str())
    }
}
