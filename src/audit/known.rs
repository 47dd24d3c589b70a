//! Findings of an earlier run, which are known and accepted.

use serde::Deserialize;

use super::severity::Severity;

/// The findings of an earlier run, in JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Known {
    findings: Vec<KnownFinding>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct KnownFinding {
    id: String,
    severity: Severity,
}

impl Known {
    /// Whether a finding of this check is known, and not more severe than it was.
    pub fn has(&self, id: &str, severity: Severity) -> bool {
        let mut findings = self.findings.iter();
        findings.any(|known| known.id == id && severity <= known.severity)
    }

    /// The checks that had findings.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.findings.iter().map(|known| known.id.as_str())
    }
}
