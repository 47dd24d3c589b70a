//! The JSON report.
//!
//! One object, described by `schema/audit.schema.json`. `version` is 1; within a version members may be added, but none
//! is removed or changes its meaning. Durations are in milliseconds. Texts are escaped and masked as on a terminal.

use serde::Serialize;

use crate::audit::check::Check;
use crate::audit::known::Standing;
use crate::audit::result::{Checked, Finding, Report, Status};
use crate::audit::severity::{Severity, Sure};

#[derive(Serialize)]
struct Document<'a> {
    version: u8,
    wsee: &'static str,
    url: &'a str,
    started: String,
    duration_ms: f64,
    connections: u32,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<u16>,
    interrupted: bool,
    findings: Vec<Found<'a>>,
    checks: Vec<Result<'a>>,
}

#[derive(Serialize)]
struct Found<'a> {
    id: &'a str,
    severity: Severity,
    title: &'a str,
    rule: &'a str,
    risk: &'a str,
    sure: Sure,
    known: bool,
    evidence: &'a str,
    sent: &'a [String],
    received: &'a [String],
    cure: Vec<Cure>,
}

#[derive(Serialize)]
struct Cure {
    server: &'static str,
    text: &'static str,
}

#[derive(Serialize)]
struct Result<'a> {
    id: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
    duration_ms: f64,
}

/// The report, with a newline at its end.
pub fn report(report: &Report) -> String {
    let findings = report.findings().into_iter();
    let document = Document {
        version: 1,
        wsee: env!("CARGO_PKG_VERSION"),
        url: &report.url,
        started: report.started.to_string(),
        duration_ms: millis(report.took),
        connections: report.used.0,
        bytes: report.used.1,
        refused: report.refused,
        interrupted: report.interrupted.is_some(),
        findings: findings
            .map(|(check, finding, _)| found(report, check, finding))
            .collect(),
        checks: report.checks.iter().map(result).collect(),
    };
    // Nothing in it has keys that are no strings, which is all that could fail.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn found<'a>(report: &Report, check: &'a Check, finding: &'a Finding) -> Found<'a> {
    let cures = check.cures.iter();
    Found {
        id: check.id,
        severity: finding.severity,
        title: check.title,
        rule: check.rule,
        risk: check.risk,
        sure: finding.sure,
        known: report.standing(check, finding) == Some(Standing::Known),
        evidence: &finding.evidence,
        sent: &finding.sent,
        received: &finding.received,
        cure: cures.map(|(server, text)| Cure { server, text }).collect(),
    }
}

fn result(checked: &Checked) -> Result<'_> {
    let (status, reason) = match &checked.status {
        Status::Passed(remark) => ("passed", remark.as_str()),
        Status::Finding(_) => ("finding", ""),
        Status::NotTested(reason) | Status::LeftOut(reason) => ("not-tested", reason.as_str()),
    };
    Result {
        id: checked.check.id,
        status,
        reason,
        duration_ms: millis(checked.took),
    }
}

fn millis(time: std::time::Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
