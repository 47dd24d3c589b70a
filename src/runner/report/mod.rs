pub mod github;
pub mod human;
pub mod json;
pub mod junit;
pub mod tap;

use super::result::{CaseResult, Failure, Shown};
use crate::render::quantity;

#[cfg(test)]
mod tests;

/// Where a failure is: file and line, or what the case is called.
pub(super) fn place(case: &CaseResult, failure: &Failure) -> String {
    match (&case.file, failure.line) {
        (Some(file), Some(line)) => format!("{file}:{line}"),
        (Some(file), None) => format!("{file}:{}", case.line),
        (None, _) => case.name.clone(),
    }
}

/// All that is known about a failure but its message, a line each.
pub(super) fn details(failure: &Failure) -> Vec<String> {
    let hint = failure.hint.as_ref().map(|hint| format!("hint: {hint}"));
    let mut lines: Vec<String> = hint
        .into_iter()
        .chain(failure.notes.iter().cloned())
        .collect();
    if !failure.received.is_empty() {
        let all = failure.received.len() as u64 + failure.more;
        let count = quantity::plural(all, "message");
        lines.push(format!("{count} came and did not match:"));
        lines.extend(
            failure
                .received
                .iter()
                .map(|shown| format!("  {}", message(shown))),
        );
        if failure.more > 0 {
            lines.push(format!("  … and {} more", failure.more));
        }
    }
    if let Some(closest) = &failure.closest {
        let is_only = failure.received.len() == 1 && failure.more == 0;
        if !is_only {
            let name = if failure.received.is_empty() {
                "it is"
            } else {
                "closest"
            };
            lines.push(format!("{name}: {}", message(&closest.message)));
        }
        lines.extend(closest.difference.iter().map(|line| format!("  {line}")));
    }
    if let Some(connection) = &failure.connection {
        lines.push(format!("the connection: {connection}"));
    }
    lines
}

fn message(shown: &Shown) -> String {
    let after = quantity::duration(shown.after);
    let size = quantity::size(shown.size as u64);
    format!("{after:>8}  {} {size}  {}", shown.kind, shown.payload)
}
