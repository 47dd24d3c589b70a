//! The report as a page: every check, its evidence and its fixes.

use super::title;
use crate::audit::result::{Checked, Report, Status};
use crate::render::html::{Filter, Page};
use crate::render::quantity;

const FILTERS: [Filter; 3] = [
    ("passed", "Passed"),
    ("failed", "Findings"),
    ("skipped", "Not tested"),
];

/// The report, a self-contained page.
pub fn report(report: &Report) -> String {
    let counts = report.counts();
    let findings = quantity::plural(counts.findings as u64, "finding");
    let mut page = Page::new(&format!("WebSocket audit: {findings}"));
    let (connections, bytes) = report.used;
    let used = [
        quantity::plural(connections.into(), "connection"),
        quantity::size(bytes),
    ];
    let mut facts = vec![
        ("URL", report.url.clone()),
        ("Started", format!("{:.3}", report.started)),
        ("Took", quantity::duration(report.took)),
        ("Used", used.join(", ")),
        ("Checks", format!("{findings}, {}", counts.others())),
    ];
    if let Some(signal) = report.interrupted {
        facts.push(("Ended by", signal.to_string()));
    }
    page.facts(&facts).tools(&FILTERS).tag("<main>\n");
    let is_finding = |checked: &&Checked| matches!(checked.status, Status::Finding(_));
    for (check, _, _) in report.findings() {
        let mut checks = report.checks.iter().filter(is_finding);
        if let Some(checked) = checks.find(|it| it.check.id == check.id) {
            write_check(&mut page, report, checked);
        }
    }
    for checked in report.checks.iter().filter(|it| !is_finding(it)) {
        write_check(&mut page, report, checked);
    }
    page.tag("</main>\n");
    page.end()
}

fn write_check(page: &mut Page, report: &Report, checked: &Checked) {
    // What was found is unfolded.
    let (class, word) = match &checked.status {
        Status::Passed(_) => ("<details class=\"case passed\"", "passed"),
        Status::Finding(finding) => (
            "<details class=\"case failed\" open",
            finding.severity.name(),
        ),
        Status::NotTested(_) | Status::LeftOut(_) => {
            ("<details class=\"case skipped\"", "not tested")
        }
    };
    page.tag(class).tag("><summary><i>").tag(word).tag("</i> ");
    page.line(checked.check.id).tag("<span>");
    page.line(quantity::duration(checked.took));
    page.tag("</span></summary>\n");
    page.tag("<div class=\"note\">").line(checked.check.about);
    page.tag("</div>\n");
    match &checked.status {
        Status::Passed(text) | Status::NotTested(text) | Status::LeftOut(text)
            if text.is_empty() => {}
        Status::Passed(text) | Status::NotTested(text) | Status::LeftOut(text) => {
            page.tag("<div class=\"note\">").line(text).tag("</div>\n");
        }
        Status::Finding(finding) => {
            page.tag("<div class=\"box\"><h3>")
                .line(title(report, checked.check, finding));
            page.tag("</h3><pre>\n");
            for line in super::details(checked.check, finding) {
                page.line(line).tag("\n");
            }
            page.tag("</pre></div>\n");
        }
    }
    page.tag("</details>\n");
}
