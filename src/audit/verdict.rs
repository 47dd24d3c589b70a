//! What a check comes to.

use super::severity::{Severity, Sure};
use super::trace::Trace;

#[derive(Debug)]
pub(super) enum Verdict {
    /// With a remark, which may be empty.
    Passed(String),
    Finding(Box<Found>),
}

#[derive(Debug)]
pub(super) struct Found {
    /// At most that of the check.
    pub(super) severity: Severity,
    pub(super) sure: Sure,
    /// One line, which may quote the server.
    pub(super) evidence: String,
    /// The connections that show it.
    pub(super) traces: Vec<Trace>,
}

/// Why a check has no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Untested(pub(super) String);

impl Untested {
    pub(super) fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

pub(super) type Judged = Result<Verdict, Untested>;

#[expect(
    clippy::unnecessary_wraps,
    reason = "the end of a check, as those that fail"
)]
pub(super) fn passed(remark: impl Into<String>) -> Judged {
    Ok(Verdict::Passed(remark.into()))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the end of a check, as those that fail"
)]
pub(super) fn found(
    severity: Severity,
    sure: Sure,
    evidence: impl Into<String>,
    traces: impl IntoIterator<Item = Trace>,
) -> Judged {
    Ok(Verdict::Finding(Box::new(Found {
        severity,
        sure,
        evidence: evidence.into(),
        traces: traces.into_iter().collect(),
    })))
}

pub(super) fn untested(reason: impl Into<String>) -> Judged {
    Err(Untested::because(reason))
}
