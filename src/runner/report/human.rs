//! The report for people: one line per case, with details of failures.

use std::fmt::Write;

use super::{details, place};
use crate::render::quantity;
use crate::render::{Role, Style};
use crate::runner::result::{CaseResult, Failure, Kind, Outcome, Run};

/// The lines of a case; with `quiet` only if it failed.
pub fn case(case: &CaseResult, style: Style, quiet: bool) -> String {
    let mut out = String::new();
    let (word, role) = match &case.outcome {
        Outcome::Passed => ("ok", Role::JsonString),
        Outcome::Failed(failure) if failure.kind == Kind::Error => ("error", Role::Error),
        Outcome::Failed(_) => ("FAILED", Role::Error),
        Outcome::Skipped(_) => ("skipped", Role::Warning),
    };
    if quiet && !matches!(case.outcome, Outcome::Failed(_)) {
        return out;
    }
    let _ = write!(out, "{:<8}", style.paint(role, word));
    if let Some(file) = &case.file {
        let _ = write!(out, "{file}: ");
    }
    out.push_str(&case.name);
    let after = match &case.outcome {
        Outcome::Skipped(why) => format!("   {why}"),
        _ => format!("   {}", quantity::duration(case.took)),
    };
    let _ = writeln!(out, "{}", style.paint(Role::Fact, after));
    if let Outcome::Failed(failure) = &case.outcome {
        failed(&mut out, case, failure, style);
    }
    out
}

fn failed(out: &mut String, case: &CaseResult, failure: &Failure, style: Style) {
    match failure.step.as_str() {
        "" => {}
        step if case.file.is_some() => {
            let _ = writeln!(out, "  {}: {step}", place(case, failure));
        }
        step => {
            let _ = writeln!(out, "  {step}");
        }
    }
    let message = style.paint(Role::Error, &failure.message);
    let _ = writeln!(out, "  {message}");
    for line in details(failure) {
        let _ = writeln!(out, "    {line}");
    }
}

pub fn summary(run: &Run, style: Style) -> String {
    let counts = run.counts();
    let mut text = super::counted(counts);
    let _ = write!(text, " in {}", quantity::duration(run.took));
    if let Some(signal) = run.interrupted {
        let _ = write!(text, "; ended by {signal}");
    }
    let role = match counts.failed + counts.errors {
        0 if run.interrupted.is_none() => Role::Kind,
        _ => Role::Error,
    };
    format!("{}\n", style.paint(role, text))
}
