//! `--list`: every check, explained.

use crate::audit::check::Check;
use crate::audit::list::GROUPS;
use crate::render::width::wrap;

/// All checks with what they mean, in lines of at most `columns` columns.
pub fn list(columns: usize) -> String {
    let mut out = String::new();
    for group in GROUPS {
        for check in group.checks {
            explain(&mut out, check, columns);
        }
    }
    out
}

fn explain(out: &mut String, check: &Check, columns: usize) {
    let (severity, level) = (check.severity.name(), check.level.name());
    let mut line = |indent: &str, text: &str| {
        let width = columns.saturating_sub(indent.len()).max(20);
        for row in wrap(text, width, 0).lines() {
            out.push_str(indent);
            out.push_str(row);
            out.push('\n');
        }
    };
    line("", &format!("{}  {severity}  {level}", check.id));
    line("    ", &format!("{}.", check.title));
    line("    ", check.about);
    line("    ", &format!("Risk: {}", check.risk));
    line("    ", &format!("Rule: {}", check.rule));
    for (server, text) in check.cures.iter() {
        line("    ", &format!("Fix, {server}: {text}"));
    }
    out.push('\n');
}
