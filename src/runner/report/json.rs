//! The JSON report.
//!
//! One object, described by `schema/report.schema.json`. `version` is 1; within a version members may be
//! added, but none is removed or changes its meaning. Durations are in milliseconds. Texts are escaped
//! and masked as on a terminal.

use std::time::Duration;

use serde::Serialize;

use crate::runner::result::{CaseResult, Closest, Failure, Kind, Outcome, Run, Shown};

#[derive(Serialize)]
struct Report<'a> {
    version: u8,
    wsee: &'static str,
    started: String,
    duration_ms: f64,
    passed: usize,
    failed: usize,
    errors: usize,
    skipped: usize,
    interrupted: bool,
    cases: Vec<Case<'a>>,
}

#[derive(Serialize)]
struct Case<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    name: &'a str,
    outcome: &'static str,
    duration_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Details<'a>>,
}

#[derive(Serialize)]
struct Details<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    step: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    notes: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    sent: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    waited_ms: Option<f64>,
    received: Vec<Message<'a>>,
    received_more: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    closest: Option<Nearest<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<&'a str>,
}

#[derive(Serialize)]
struct Message<'a> {
    after_ms: f64,
    kind: &'a str,
    size: usize,
    payload: &'a str,
}

#[derive(Serialize)]
struct Nearest<'a> {
    #[serde(flatten)]
    message: Message<'a>,
    difference: &'a [String],
}

/// The report, with a newline at its end.
pub fn report(run: &Run) -> String {
    let counts = run.counts();
    let report = Report {
        version: 1,
        wsee: env!("CARGO_PKG_VERSION"),
        started: run.started.to_string(),
        duration_ms: millis(run.took),
        passed: counts.passed,
        failed: counts.failed,
        errors: counts.errors,
        skipped: counts.skipped,
        interrupted: run.interrupted.is_some(),
        cases: run.cases.iter().map(case).collect(),
    };
    // Cannot fail, as there are no maps with other keys than strings.
    let text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text + "\n"
}

fn case(case: &CaseResult) -> Case<'_> {
    Case {
        file: case.file.as_deref(),
        line: (case.line > 0).then_some(case.line),
        name: &case.name,
        outcome: match &case.outcome {
            Outcome::Passed => "passed",
            Outcome::Failed(failure) if failure.kind == Kind::Error => "error",
            Outcome::Failed(_) => "failed",
            Outcome::Skipped(_) => "skipped",
        },
        duration_ms: millis(case.took),
        reason: match &case.outcome {
            Outcome::Skipped(reason) => Some(reason),
            _ => None,
        },
        failure: match &case.outcome {
            Outcome::Failed(failure) => Some(details(failure)),
            _ => None,
        },
    }
}

fn details(failure: &Failure) -> Details<'_> {
    Details {
        file: failure.file.as_deref(),
        line: failure.line,
        step: &failure.step,
        message: &failure.message,
        hint: failure.hint.as_deref(),
        notes: &failure.notes,
        sent: &failure.sent,
        waited_ms: failure.waited.map(millis),
        received: failure.received.iter().map(message).collect(),
        received_more: failure.more,
        closest: failure.closest.as_ref().map(
            |Closest {
                 message: it,
                 difference,
             }| Nearest {
                message: message(it),
                difference,
            },
        ),
        connection: failure.connection.as_deref(),
    }
}

fn message(shown: &Shown) -> Message<'_> {
    Message {
        after_ms: millis(shown.after),
        kind: &shown.kind,
        size: shown.size,
        payload: &shown.payload,
    }
}

fn millis(time: Duration) -> f64 {
    // Rounded to microseconds; more is noise.
    (time.as_secs_f64() * 1e6).round() / 1e3
}
