//! The `JUnit` report, in the form that Jenkins, GitLab and GitHub's reporters read.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{details, place};
use crate::runner::result::{CaseResult, Failure, Kind, Outcome, Run};

/// The suite of cases that are in no file.
const COMMAND_LINE: &str = "wsee test";

/// The report; each file is a suite.
pub fn report(run: &Run) -> String {
    let mut report = Report::new("wsee");
    report.set_time(run.took);
    let started = timestamp(run);
    for group in run.cases.chunk_by(|a, b| a.file == b.file) {
        let name = group.first().and_then(|case| case.file.as_deref());
        let mut suite = TestSuite::new(clean(name.unwrap_or(COMMAND_LINE)));
        suite.set_time(group.iter().map(|case| case.took).sum());
        if let Some(started) = started {
            suite.set_timestamp(started);
        }
        suite.add_test_cases(group.iter().map(test_case));
        report.add_test_suite(suite);
    }
    // Writing to memory cannot fail, and all texts are clean.
    without_total_of_skipped(&report.to_string().unwrap_or_default())
}

/// `<testsuites>` has no attribute `skipped` in Jenkins' schema (junit-10.xsd), only each suite has.
fn without_total_of_skipped(xml: &str) -> String {
    let Some((before, after)) = xml.split_once(" skipped=\"") else {
        return xml.to_owned();
    };
    let rest = after.split_once('"').map_or("", |(_, rest)| rest);
    format!("{before}{rest}")
}

fn timestamp(run: &Run) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(&run.started.to_string()).ok()
}

fn test_case(case: &CaseResult) -> TestCase {
    let status = match &case.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed(failure) => failed(case, failure),
        Outcome::Skipped(reason) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(clean(reason));
            status
        }
    };
    let mut test_case = TestCase::new(clean(&case.name), status);
    let file = case.file.as_deref().unwrap_or(COMMAND_LINE);
    test_case.set_classname(clean(file)).set_time(case.took);
    test_case
}

fn failed(case: &CaseResult, failure: &Failure) -> TestCaseStatus {
    let (kind, name) = match failure.kind {
        Kind::Failure => (NonSuccessKind::Failure, "failure"),
        Kind::Error => (NonSuccessKind::Error, "error"),
    };
    let head = format!("{}: {}", place(case, failure), failure.step);
    let lines: Vec<String> = [head, failure.message.clone()]
        .into_iter()
        .chain(details(failure))
        .collect();
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_type(name)
        .set_message(clean(&failure.message))
        .set_description(clean(&lines.join("\n")));
    status
}

/// XML 1.0 §2.2: these two are no characters. All others that are none the crate leaves out.
fn clean(text: &str) -> Cow<'_, str> {
    if text.contains(['\u{fffe}', '\u{ffff}']) {
        Cow::Owned(text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}
