//! The report as a page: every case with its steps, what was expected and what came.

use super::{counted, details, place};
use crate::render::html::{Filter, Page};
use crate::render::quantity;
use crate::runner::result::{CaseResult, Failure, Kind, Outcome, Run, StepRun};

const FILTERS: [Filter; 3] = [
    ("passed", "Passed"),
    ("failed", "Failed"),
    ("skipped", "Skipped"),
];
/// Cases of a block, which a browser lays out as a whole.
const BLOCK: usize = 50;

/// The report, a self-contained page.
pub fn report(run: &Run) -> String {
    let counted = counted(run.counts());
    let mut page = Page::new(&format!("WebSocket tests: {counted}"));
    let mut facts = vec![
        ("Started", format!("{:.3}", run.started)),
        ("Took", quantity::duration(run.took)),
    ];
    if let Some(signal) = run.interrupted {
        facts.push(("Ended by", signal.to_string()));
    }
    page.facts(&facts).tools(&FILTERS).tag("<main>\n");
    for cases in run.cases.chunk_by(|a, b| a.file == b.file) {
        if let Some(file) = cases.first().and_then(|case| case.file.as_ref()) {
            page.tag("<h2>").line(file).tag("</h2>\n");
        }
        for block in cases.chunks(BLOCK) {
            page.tag("<div class=\"c\">\n");
            for case in block {
                write_case(&mut page, case);
            }
            page.tag("</div>\n");
        }
    }
    page.tag("</main>\n");
    page.end()
}

fn write_case(page: &mut Page, case: &CaseResult) {
    // What failed is unfolded.
    let (class, word) = match &case.outcome {
        Outcome::Passed => ("<details class=\"case passed\"", "passed"),
        Outcome::Failed(failure) if failure.kind == Kind::Error => {
            ("<details class=\"case failed\" open", "error")
        }
        Outcome::Failed(_) => ("<details class=\"case failed\" open", "failed"),
        Outcome::Skipped(_) => ("<details class=\"case skipped\"", "skipped"),
    };
    page.tag(class).tag("><summary><i>").tag(word).tag("</i> ");
    let took = format!("   {}", quantity::duration(case.took));
    page.line(&case.name).tag("<span>").line(took);
    page.tag("</span></summary>\n");
    let failed = match &case.outcome {
        Outcome::Failed(failure) => Some(failure),
        Outcome::Passed => None,
        Outcome::Skipped(reason) => {
            page.tag("<div class=\"note\">")
                .line(reason)
                .tag("</div>\n");
            None
        }
    };
    let last = case.steps.len();
    for (number, step) in (1..).zip(&case.steps) {
        write_step(page, step, failed.is_some() && number == last);
    }
    if let Some(failure) = failed {
        write_failure(page, case, failure);
    }
    page.tag("</details>\n");
}

fn write_step(page: &mut Page, step: &StepRun, is_failed: bool) {
    page.tag(match step.text.as_bytes() {
        _ if is_failed => "<div class=\"m e\"><b>",
        [b'>', ..] => "<div class=\"m o\"><b>",
        [b'<' | b'!', ..] => "<div class=\"m i\"><b>",
        _ => "<div class=\"m\"><b>",
    });
    let line = step.line.map(|line| line.to_string());
    let (line, took) = (line.unwrap_or_default(), quantity::duration(step.took));
    page.line(format!("{line:>5} {took:>11}")).tag("</b>");
    page.line(&step.text);
    if let Some(came) = &step.came {
        page.tag("<s>came: ").line(came).tag("</s>");
    }
    page.tag("</div>\n");
}

fn write_failure(page: &mut Page, case: &CaseResult, failure: &Failure) {
    page.tag("<div class=\"box\"><h3>");
    page.line(place(case, failure)).tag("</h3><pre>\n");
    if !failure.step.is_empty() {
        page.line(&failure.step).tag("\n");
    }
    page.tag("<span class=\"bad\">").line(&failure.message);
    page.tag("</span>\n");
    for line in details(failure) {
        page.line(line).tag("\n");
    }
    page.tag("</pre></div>\n");
}
