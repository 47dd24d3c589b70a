//! The report in SARIF 2.1.0, as read by code scanning.

use serde_json::{Value, json};

use crate::audit::check::Check;
use crate::audit::known::Standing;
use crate::audit::list::checks;
use crate::audit::result::{Finding, Report, Status};
use crate::audit::severity::{Severity, Sure};

/// The report, with a newline at its end.
pub fn report(report: &Report) -> String {
    let findings = report.findings().into_iter();
    let results: Vec<Value> = findings
        .map(|(check, finding, _)| result(report, check, finding))
        .collect();
    let end = report.started.checked_add(report.took);
    let end = end.unwrap_or(report.started);
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "wsee audit",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": checks().map(rule).collect::<Vec<_>>(),
            }},
            "invocations": [{
                "executionSuccessful": report.interrupted.is_none(),
                "startTimeUtc": format!("{:.3}", report.started),
                "endTimeUtc": format!("{end:.3}"),
                "toolExecutionNotifications": untested(report),
            }],
            "results": results,
        }],
    });
    format!("{document:#}\n")
}

fn rule(check: &Check) -> Value {
    let cures = check.cures.iter();
    let cures: Vec<String> = cures
        .map(|(server, text)| format!("Fix, {server}: {text}"))
        .collect();
    let mut properties = json!({ "tags": ["security", "websocket"], "rule": check.rule });
    if let Some(number) = number(check.severity) {
        properties["security-severity"] = number.into();
    }
    json!({
        "id": check.id,
        "shortDescription": { "text": check.title },
        "fullDescription": { "text": check.about },
        "help": { "text": format!("Risk: {}\n{}\nRule: {}", check.risk, cures.join("\n"), check.rule) },
        "defaultConfiguration": { "level": level(check.severity) },
        "properties": properties,
    })
}

fn result(report: &Report, check: &Check, finding: &Finding) -> Value {
    // Without what changes from run to run, and without secrets.
    let place = report.url.split(['?', '#']).next().unwrap_or_default();
    let kind = match finding.severity {
        Severity::Info => "informational",
        _ => "fail",
    };
    let mut result = json!({
        "ruleId": check.id,
        "ruleIndex": checks().position(|other| other.id == check.id),
        "kind": kind,
        "level": level(finding.severity),
        "message": { "text": format!("{}: {}", check.title, finding.evidence) },
        "locations": [{ "physicalLocation": { "artifactLocation": { "uri": place } } }],
        "partialFingerprints": { "wsee/v1": format!("{} {place}", check.id) },
        "properties": {
            "severity": finding.severity,
            "sure": finding.sure,
            "precision": match finding.sure {
                Sure::Certain => "very-high",
                Sure::Likely => "medium",
            },
            "sent": finding.sent,
            "received": finding.received,
        },
    });
    // SARIF 2.1.0 §3.27.24: absent without a baseline.
    if let Some(standing) = report.standing(check, finding) {
        result["baselineState"] = match standing {
            Standing::New => "new",
            Standing::Known => "unchanged",
            Standing::Worse => "updated",
        }
        .into();
    }
    result
}

/// Checks without a verdict, which a reader must not take for passed.
fn untested(report: &Report) -> Vec<Value> {
    let untested = report
        .checks
        .iter()
        .filter_map(|checked| match &checked.status {
            Status::NotTested(reason) | Status::LeftOut(reason) => Some((checked.check.id, reason)),
            Status::Passed(_) | Status::Finding(_) => None,
        });
    untested
        .map(|(id, reason)| {
            json!({
                "level": "note",
                "message": { "text": format!("not tested: {reason}") },
                "associatedRule": { "id": id },
            })
        })
        .collect()
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
        Severity::Info => "none",
    }
}

/// In the ranges that GitHub names high, medium and low.
fn number(severity: Severity) -> Option<&'static str> {
    match severity {
        Severity::High => Some("8.0"),
        Severity::Medium => Some("5.0"),
        Severity::Low => Some("2.0"),
        Severity::Info => None,
    }
}
