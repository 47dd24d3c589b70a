//! The `JUnit` report: a test case for each check.

use std::fmt::{self, Write as _};
use std::time::Duration;

use crate::audit::result::{Checked, Report, Status};
use crate::render::xml::{attribute, escape};

/// The report; a finding is a failure where the exit status says so, or from low severity on.
pub fn report(report: &Report) -> String {
    let mut xml = String::new();
    // Writing to memory cannot fail.
    let _ = write_report(report, &mut xml);
    xml
}

fn write_report(report: &Report, xml: &mut String) -> fmt::Result {
    let count = |is: &dyn Fn(&Checked) -> bool| report.checks.iter().filter(|it| is(it)).count();
    let skipped = count(&|it| matches!(it.status, Status::NotTested(_) | Status::LeftOut(_)));
    let failures = count(&|it| is_failure(report, it));
    let (tests, time) = (report.checks.len(), seconds(report.took));
    let name = attribute(&format!("wsee audit {}", report.url));
    writeln!(xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        xml,
        "<testsuites name=\"wsee\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" time=\"{time}\">"
    )?;
    writeln!(
        xml,
        "    <testsuite name=\"{name}\" tests=\"{tests}\" skipped=\"{skipped}\" errors=\"0\" \
         failures=\"{failures}\" timestamp=\"{:.3}\" time=\"{time}\">",
        report.started
    )?;
    for checked in &report.checks {
        write_case(report, checked, xml)?;
    }
    writeln!(xml, "    </testsuite>\n</testsuites>")
}

fn write_case(report: &Report, checked: &Checked, xml: &mut String) -> fmt::Result {
    let (id, time) = (checked.check.id, seconds(checked.took));
    let group = id.split('-').next().unwrap_or_default();
    write!(
        xml,
        "        <testcase name=\"{id}\" classname=\"wsee audit.{group}\" time=\"{time}\""
    )?;
    match &checked.status {
        Status::Passed(_) => return writeln!(xml, "/>"),
        Status::NotTested(reason) | Status::LeftOut(reason) => {
            let reason = attribute(reason);
            writeln!(xml, ">\n            <skipped message=\"{reason}\"/>")?;
        }
        Status::Finding(finding) => {
            let (title, severity) = (attribute(checked.check.title), finding.severity.name());
            let text = escape(&super::details(checked.check, finding).join("\n"));
            if is_failure(report, checked) {
                writeln!(
                    xml,
                    ">\n            <failure message=\"{title}\" type=\"{severity}\">{text}</failure>"
                )?;
            } else {
                writeln!(
                    xml,
                    ">\n            <system-out>{severity}: {title}\n{text}</system-out>"
                )?;
            }
        }
    }
    writeln!(xml, "        </testcase>")
}

fn is_failure(report: &Report, checked: &Checked) -> bool {
    match &checked.status {
        Status::Finding(finding) => report.counts_as_failure(checked.check, finding),
        Status::Passed(_) | Status::NotTested(_) | Status::LeftOut(_) => false,
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}
