//! The report for people: findings with a line of evidence, then what passed and what was not tested.

use std::fmt::Write as _;

use crate::audit::check::Check;
use crate::audit::list::UNNAMED;
use crate::audit::meter::Budget;
use crate::audit::result::{Finding, Report, Status};
use crate::audit::severity::Severity;
use crate::render::escape::escape_line;
use crate::render::quantity;
use crate::render::{Role, Style};

/// What a run will use at most, before it starts.
pub fn announcement(url: &str, budget: Budget) -> String {
    let connections = quantity::plural(budget.connections.into(), "connection");
    let (bytes, time) = (
        quantity::size(budget.bytes),
        quantity::duration(budget.time),
    );
    format!("auditing {url}: at most {connections}, {bytes} and {time}")
}

/// The findings, and what became of the known ones.
pub fn report(report: &Report, verbose: bool, style: Style) -> String {
    let mut out = String::new();
    for (check, finding, _) in report.findings() {
        let title = super::title(report, check, finding);
        write_finding(&mut out, check, &title, finding, verbose, style);
    }
    let names = |is: fn(&Status) -> bool| -> Vec<&str> {
        let checks = report.checks.iter().filter(|it| is(&it.status));
        checks.map(|it| it.check.id).collect()
    };
    let passed = names(|status| matches!(status, Status::Passed(_)));
    if verbose {
        write_passed(&mut out, report, style);
    } else if !passed.is_empty() {
        let text = format!("passed: {}", passed.join(", "));
        let _ = writeln!(out, "{}", style.prose(Role::JsonString, &text));
    }
    write_untested(&mut out, report, verbose, style);
    for (id, why) in report.vanished() {
        let text = format!("known, but not found: {} ({why})", escape_line(id));
        let _ = writeln!(out, "{}", style.prose(Role::Warning, &text));
    }
    let _ = writeln!(out, "{}", summary(report, style));
    let lacks_flags = report.checks.iter().any(|it| lacks_flag(&it.status));
    let more = match (report.counts().findings > 0, lacks_flags) {
        _ if verbose => None,
        (true, true) => Some(
            "-v shows the bytes and the fix of each finding, and what was left out; wsee man findings explains them",
        ),
        (true, false) => {
            Some("-v shows the bytes and the fix of each finding; wsee man findings explains them")
        }
        (false, true) => Some("-v names the checks that were left out, and the flag of each"),
        (false, false) => None,
    };
    if let Some(text) = more {
        let _ = writeln!(out, "{}", style.prose(Role::Hint, text));
    }
    out
}

fn write_finding(
    out: &mut String,
    check: &Check,
    title: &str,
    finding: &Finding,
    verbose: bool,
    style: Style,
) {
    let role = match finding.severity {
        Severity::High | Severity::Medium => Role::Error,
        Severity::Low => Role::Warning,
        Severity::Info => Role::Kind,
    };
    let word = format!("{:<7}", finding.severity.name());
    let _ = writeln!(
        out,
        "{} {}  {title}",
        style.paint(role, word),
        style.paint(Role::Kind, check.id)
    );
    let fact = |text: &str| style.prose(Role::Fact, text);
    let _ = writeln!(out, "        {}", style.wrapped(&finding.evidence));
    if !verbose {
        let basis = format!("        {}; {}", finding.sure.name(), check.rule);
        let _ = writeln!(out, "{}", fact(&basis));
        return;
    }
    let basis = format!("        {}", super::basis(check, finding));
    let _ = writeln!(out, "{}", fact(&basis));
    for (arrow, role, lines) in [
        ('>', Role::Sent, &finding.sent),
        ('<', Role::Received, &finding.received),
    ] {
        for line in lines {
            let text = format!("        {arrow} {line}");
            let _ = writeln!(out, "{}", style.paint(role, text));
        }
    }
    let _ = writeln!(out, "{}", fact(&format!("        risk: {}", check.risk)));
    for (server, text) in check.cures.iter() {
        let text = format!("        fix, {server}: {text}");
        let _ = writeln!(out, "{}", style.prose(Role::Hint, &text));
    }
}

fn write_passed(out: &mut String, report: &Report, style: Style) {
    for checked in &report.checks {
        if let Status::Passed(remark) = &checked.status {
            let word = style.paint(Role::JsonString, "passed ");
            let mut line = format!("{word} {}", checked.check.id);
            if !remark.is_empty() {
                let _ = write!(line, "  {}", style.paint(Role::Fact, remark));
            }
            let _ = writeln!(out, "{line}");
        }
    }
}

/// Whether a check is left out for another reason than that --only does not name it.
fn lacks_flag(status: &Status) -> bool {
    matches!(status, Status::LeftOut(reason) if reason != UNNAMED)
}

/// A line for each reason, as one reason keeps many checks from running.
fn write_untested(out: &mut String, report: &Report, verbose: bool, style: Style) {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for checked in &report.checks {
        let reason = match &checked.status {
            Status::NotTested(reason) => reason,
            Status::LeftOut(reason) if verbose && lacks_flag(&checked.status) => reason,
            Status::LeftOut(_) | Status::Passed(_) | Status::Finding(_) => continue,
        };
        match reasons.iter_mut().find(|(other, _)| other == reason) {
            Some((_, ids)) => ids.push(checked.check.id),
            None => reasons.push((reason, vec![checked.check.id])),
        }
    }
    for (reason, ids) in reasons {
        let text = format!("not tested: {} ({reason})", ids.join(", "));
        let _ = writeln!(out, "{}", style.prose(Role::Warning, &text));
    }
}

fn summary(report: &Report, style: Style) -> String {
    let of_checks = report.counts();
    let mut text = quantity::plural(of_checks.findings as u64, "finding");
    let counts: Vec<String> = Severity::ALL
        .iter()
        .filter_map(|severity| {
            let findings = report.findings();
            let count = findings
                .iter()
                .filter(|(_, finding, _)| finding.severity == *severity)
                .count();
            (count > 0).then(|| format!("{count} {}", severity.name()))
        })
        .collect();
    if !counts.is_empty() {
        let _ = write!(text, " ({})", counts.join(", "));
    }
    let (connections, bytes) = report.used;
    let _ = write!(
        text,
        ", {}; {}, {} in {}",
        of_checks.others(),
        quantity::plural(connections.into(), "connection"),
        quantity::size(bytes),
        quantity::duration(report.took)
    );
    if let Some(signal) = report.interrupted {
        let _ = write!(text, "; ended by {signal}");
    }
    style.prose(Role::Kind, &text)
}
