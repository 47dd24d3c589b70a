//! The results of a run: values, of which reports are made.

use std::time::Duration;

use jiff::Timestamp;

use super::check::Check;
use super::known::{Known, Standing};
use super::meter::Budget;
use super::severity::{Severity, Sure};
use crate::event::Signal;

#[derive(Debug, Clone)]
pub struct Report {
    /// The URL, with secrets masked.
    pub url: String,
    pub started: Timestamp,
    pub took: Duration,
    pub budget: Budget,
    /// Connections, and bytes both ways.
    pub used: (u32, u64),
    /// The status with which the server refuses to upgrade.
    pub refused: Option<u16>,
    pub interrupted: Option<Signal>,
    /// Why checks are not tested that should have been.
    pub cut_short: Option<String>,
    /// Findings that are accepted, if any were given.
    pub known: Option<Known>,
    /// The least severity of a finding that fails the run.
    pub fail_on: Option<Severity>,
    /// One for each check, in the order of the list.
    pub checks: Vec<Checked>,
}

#[derive(Debug, Clone)]
pub struct Checked {
    pub check: &'static Check,
    pub status: Status,
    pub took: Duration,
}

#[derive(Debug, Clone)]
pub enum Status {
    /// With a remark, which may be empty.
    Passed(String),
    Finding(Box<Finding>),
    NotTested(String),
    /// By a flag, or for want of one.
    LeftOut(String),
}

/// Texts are masked and escaped.
#[derive(Debug, Clone)]
pub struct Finding {
    pub severity: Severity,
    pub sure: Sure,
    pub evidence: String,
    /// Lines of what was sent, of each connection.
    pub sent: Vec<String>,
    pub received: Vec<String>,
}

/// How many checks there are of each status.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    pub findings: usize,
    pub passed: usize,
    pub untested: usize,
    pub left_out: usize,
}

impl Counts {
    /// Of the checks without a finding.
    pub(super) fn others(&self) -> String {
        let Self {
            passed, untested, ..
        } = self;
        let left_out = match self.left_out {
            0 => String::new(),
            count => format!(", {count} left out"),
        };
        format!("{passed} passed, {untested} not tested{left_out}")
    }
}

impl Report {
    /// The most severe first; those of one severity in the order of the list.
    pub fn findings(&self) -> Vec<(&'static Check, &Finding, Duration)> {
        let findings = self
            .checks
            .iter()
            .filter_map(|checked| match &checked.status {
                Status::Finding(finding) => Some((checked.check, &**finding, checked.took)),
                Status::Passed(_) | Status::NotTested(_) | Status::LeftOut(_) => None,
            });
        let mut findings: Vec<_> = findings.collect();
        findings.sort_by_key(|(_, finding, _)| std::cmp::Reverse(finding.severity));
        findings
    }

    /// Whether a finding is one that a job should fail for.
    pub fn counts_as_failure(&self, check: &Check, finding: &Finding) -> bool {
        let least = self.fail_on.unwrap_or(Severity::Low);
        finding.severity >= least && self.standing(check, finding) != Some(Standing::Known)
    }

    /// How a finding compares with those of the earlier run, if there is one.
    pub fn standing(&self, check: &Check, finding: &Finding) -> Option<Standing> {
        let known = self.known.as_ref()?;
        Some(known.standing(check.id, finding.severity))
    }

    /// Known findings that are none any more, and why.
    pub fn vanished(&self) -> Vec<(&str, String)> {
        let known = self.known.iter().flat_map(Known::ids);
        known
            .filter_map(|id| {
                let checked = self.checks.iter().find(|it| it.check.id == id);
                match checked.map(|checked| &checked.status) {
                    Some(Status::Finding(_)) => None,
                    Some(Status::Passed(_)) => Some((id, "passed".to_owned())),
                    Some(Status::NotTested(reason) | Status::LeftOut(reason)) => {
                        Some((id, format!("not tested, {reason}")))
                    }
                    None => Some((id, "no such check".to_owned())),
                }
            })
            .collect()
    }

    pub fn counts(&self) -> Counts {
        let count = |is: fn(&Status) -> bool| {
            let checks = self.checks.iter();
            checks.filter(|checked| is(&checked.status)).count()
        };
        Counts {
            findings: count(|status| matches!(status, Status::Finding(_))),
            passed: count(|status| matches!(status, Status::Passed(_))),
            untested: count(|status| matches!(status, Status::NotTested(_))),
            left_out: count(|status| matches!(status, Status::LeftOut(_))),
        }
    }
}
