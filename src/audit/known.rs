//! Findings of an earlier run, which are known and accepted.

use serde::Deserialize;

use super::check::Check;
use super::result::{Report, Status};
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
    pub fn has(&self, check: &Check, severity: Severity) -> bool {
        let mut findings = self.findings.iter();
        findings.any(|known| known.id == check.id && severity <= known.severity)
    }

    /// Known findings that are none in `report`, and why.
    pub fn vanished<'a>(&'a self, report: &'a Report) -> Vec<(&'a str, String)> {
        let ids = self.findings.iter().map(|known| known.id.as_str());
        ids.filter_map(|id| {
            let checked = report.checks.iter().find(|it| it.check.id == id);
            match checked.map(|checked| &checked.status) {
                Some(Status::Finding(_)) => None,
                Some(Status::Passed(_)) => Some((id, "passed".to_owned())),
                Some(Status::NotTested(reason)) => Some((id, format!("not tested, {reason}"))),
                None => Some((id, "no such check".to_owned())),
            }
        })
        .collect()
    }
}
