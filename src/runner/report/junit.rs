//! The `JUnit` report, as read by Jenkins, GitLab and reporters for GitHub.

use std::fmt::{self, Write as _};
use std::time::Duration;

use super::{details, place};
use crate::render::xml::{attribute, escape};
use crate::runner::result::{CaseResult, Failure, Kind, Outcome, Run};

const COMMAND_LINE: &str = "wsee test";

/// The report; each file is a suite.
pub fn report(run: &Run) -> String {
    let mut xml = String::new();
    // Writing to memory cannot fail.
    let _ = write_report(run, &mut xml);
    xml
}

fn write_report(run: &Run, xml: &mut String) -> fmt::Result {
    // `<testsuites>` has no attribute `skipped` in Jenkins' schema (junit-10.xsd), only each suite has.
    let [_, failures, errors] = counts(&run.cases);
    let (tests, time) = (run.cases.len(), seconds(run.took));
    writeln!(xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        xml,
        "<testsuites name=\"wsee\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{time}\">"
    )?;
    for cases in run.cases.chunk_by(|a, b| a.file == b.file) {
        write_suite(run, cases, xml)?;
    }
    writeln!(xml, "</testsuites>")
}

fn write_suite(run: &Run, cases: &[CaseResult], xml: &mut String) -> fmt::Result {
    let name = attribute(cases.first().map_or(COMMAND_LINE, file));
    let [skipped, failures, errors] = counts(cases);
    let (tests, time) = (
        cases.len(),
        seconds(cases.iter().map(|case| case.took).sum()),
    );
    writeln!(
        xml,
        "    <testsuite name=\"{name}\" tests=\"{tests}\" skipped=\"{skipped}\" errors=\"{errors}\" \
         failures=\"{failures}\" timestamp=\"{:.3}\" time=\"{time}\">",
        run.started
    )?;
    for case in cases {
        write_case(case, xml)?;
    }
    writeln!(xml, "    </testsuite>")
}

fn write_case(case: &CaseResult, xml: &mut String) -> fmt::Result {
    let (name, file, time) = (
        attribute(&case.name),
        attribute(file(case)),
        seconds(case.took),
    );
    write!(
        xml,
        "        <testcase name=\"{name}\" classname=\"{file}\" time=\"{time}\""
    )?;
    match &case.outcome {
        Outcome::Passed => return writeln!(xml, "/>"),
        Outcome::Failed(failure) => {
            let (kind, message) = (element(failure.kind), attribute(&failure.message));
            writeln!(
                xml,
                ">\n            <{kind} message=\"{message}\" type=\"{kind}\">{}</{kind}>",
                escape(&description(case, failure))
            )?;
        }
        Outcome::Skipped(reason) => {
            let reason = attribute(reason);
            writeln!(xml, ">\n            <skipped message=\"{reason}\"/>")?;
        }
    }
    writeln!(xml, "        </testcase>")
}

fn description(case: &CaseResult, failure: &Failure) -> String {
    let head = format!("{}: {}", place(case, failure), failure.step);
    let lines = [head, failure.message.clone()];
    let lines: Vec<String> = lines.into_iter().chain(details(failure)).collect();
    lines.join("\n")
}

fn counts(cases: &[CaseResult]) -> [usize; 3] {
    let count = |is: fn(&Outcome) -> bool| cases.iter().filter(|case| is(&case.outcome)).count();
    [
        count(|it| matches!(it, Outcome::Skipped(_))),
        count(|it| matches!(it, Outcome::Failed(it) if element(it.kind) == "failure")),
        count(|it| matches!(it, Outcome::Failed(it) if element(it.kind) == "error")),
    ]
}

fn element(kind: Kind) -> &'static str {
    match kind {
        Kind::Failure => "failure",
        Kind::Error => "error",
    }
}

fn file(case: &CaseResult) -> &str {
    case.file.as_deref().unwrap_or(COMMAND_LINE)
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}
