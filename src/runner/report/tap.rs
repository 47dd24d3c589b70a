//! The report in the Test Anything Protocol, version 14.

use std::fmt::Write;

use super::{details, place};
use crate::runner::result::{CaseResult, Failure, Kind, Outcome, Run};

pub fn report(run: &Run) -> String {
    let mut out = format!("TAP version 14\n1..{}\n", run.cases.len());
    for (number, case) in (1..).zip(&run.cases) {
        let word = match &case.outcome {
            Outcome::Failed(_) => "not ok",
            _ => "ok",
        };
        let _ = write!(out, "{word} {number} - {}", description(case));
        if let Outcome::Skipped(reason) = &case.outcome {
            let _ = write!(out, " # SKIP {reason}");
        }
        out.push('\n');
        if let Outcome::Failed(failure) = &case.outcome {
            diagnostics(&mut out, case, failure);
        }
    }
    if let Some(signal) = run.interrupted {
        let _ = writeln!(out, "Bail out! ended by {signal}");
    }
    out
}

fn description(case: &CaseResult) -> String {
    let text = match &case.file {
        Some(file) => format!("{file}: {}", case.name),
        None => case.name.clone(),
    };
    // Else a `#` could begin a directive.
    text.replace('\\', "\\\\").replace('#', "\\#")
}

/// Details as YAML, in which JSON strings are valid.
fn diagnostics(out: &mut String, case: &CaseResult, failure: &Failure) {
    let string = |text: &str| serde_json::Value::from(text).to_string();
    let severity = match failure.kind {
        Kind::Failure => "fail",
        Kind::Error => "error",
    };
    let _ = writeln!(out, "  ---");
    let _ = writeln!(out, "  message: {}", string(&failure.message));
    let _ = writeln!(out, "  severity: {severity}");
    let _ = writeln!(out, "  at: {}", string(&place(case, failure)));
    let _ = writeln!(out, "  step: {}", string(&failure.step));
    let _ = writeln!(out, "  duration_ms: {:.3}", case.took.as_secs_f64() * 1e3);
    let lines = details(failure);
    if !lines.is_empty() {
        let _ = writeln!(out, "  details:");
        for line in lines {
            let _ = writeln!(out, "    - {}", string(&line));
        }
    }
    let _ = writeln!(out, "  ...");
}
