//! A run as documents, for people and programs.

pub mod html;
pub mod human;
pub mod json;
pub mod junit;
pub mod list;
pub mod markdown;
pub mod sarif;

use super::check::Check;
use super::result::{Finding, Report};

/// What a finding says, and how it compares with an earlier run.
fn title(report: &Report, check: &Check, finding: &Finding) -> String {
    match report.standing(check, finding) {
        Some(standing) => format!("{} ({})", check.title, standing.name()),
        None => check.title.to_owned(),
    }
}

/// How sure a finding is, and the rule that it breaks.
fn basis(check: &Check, finding: &Finding) -> String {
    let sure = finding.sure;
    format!("{}: {}; {}", sure.name(), sure.meaning(), check.rule)
}

/// All that is known about a finding but its title, a line each.
fn details(check: &Check, finding: &Finding) -> Vec<String> {
    let basis = basis(check, finding);
    let risk = format!("risk: {}", check.risk);
    let sent = finding.sent.iter().map(|line| format!("> {line}"));
    let received = finding.received.iter().map(|line| format!("< {line}"));
    let cures = check.cures.iter();
    let cures = cures.map(|(server, text)| format!("fix, {server}: {text}"));
    let head = [finding.evidence.clone(), basis];
    head.into_iter()
        .chain(sent)
        .chain(received)
        .chain([risk])
        .chain(cures)
        .collect()
}
