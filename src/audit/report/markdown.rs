//! The report in Markdown, for an issue or the summary of a job.

use std::fmt::Write as _;

use crate::audit::result::{Report, Status};
use crate::render::markdown::escape;
use crate::render::quantity;

pub fn report(report: &Report) -> String {
    let mut out = format!("# Audit of {}\n\n", escape(&report.url));
    let counts = report.counts();
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "{:.3}: {}, {}.\n",
        report.started,
        quantity::plural(counts.findings as u64, "finding"),
        counts.others()
    );
    if counts.findings > 0 {
        out.push_str("| severity | finding | evidence |\n|---|---|---|\n");
    }
    for (check, finding, _) in report.findings() {
        let _ = writeln!(
            out,
            "| {} | {}<br>{} | {} |",
            finding.severity.name(),
            escape(&super::title(report, check, finding)),
            escape(check.id),
            escape(&finding.evidence)
        );
    }
    for (check, finding, _) in report.findings() {
        let _ = write!(out, "\n<details><summary>{}</summary>\n\n<pre>", check.id);
        for line in super::details(check, finding) {
            // A blank line would end the HTML block.
            let line = if line.is_empty() { " " } else { &line };
            let _ = writeln!(out, "{}", escape(line));
        }
        out.push_str("</pre>\n</details>\n");
    }
    out.push_str("\n| check | result | |\n|---|---|---|\n");
    for checked in &report.checks {
        let (word, reason) = match &checked.status {
            Status::Passed(remark) => ("passed", remark.as_str()),
            Status::Finding(finding) => ("finding", finding.severity.name()),
            Status::NotTested(reason) | Status::LeftOut(reason) => ("not tested", reason.as_str()),
        };
        let (id, reason) = (escape(checked.check.id), escape(reason));
        let _ = writeln!(out, "| {id} | {word} | {reason} |");
    }
    out
}
