pub mod github;
pub mod html;
pub mod human;
pub mod json;
pub mod junit;
pub mod tap;

use std::fmt::Write as _;

use super::result::{CaseResult, Counts, Failure, Shown};
use crate::render::quantity;

/// Where a failure is: file and line, or what the case is called.
pub(super) fn place(case: &CaseResult, failure: &Failure) -> String {
    match (failure.file.as_ref().or(case.file.as_ref()), failure.line) {
        (Some(file), Some(line)) => format!("{file}:{line}"),
        (Some(file), None) => format!("{file}:{}", case.line),
        (None, _) => case.name.clone(),
    }
}

/// `3 passed, 1 failed, 1 error, 2 skipped`, as far as there are any.
pub(super) fn counted(counts: Counts) -> String {
    let Counts {
        passed,
        failed,
        errors,
        skipped,
    } = counts;
    let mut text = format!("{passed} passed");
    if failed > 0 || errors == 0 {
        let _ = write!(text, ", {failed} failed");
    }
    if errors > 0 {
        let _ = write!(text, ", {}", quantity::plural(errors as u64, "error"));
    }
    if skipped > 0 {
        let _ = write!(text, ", {skipped} skipped");
    }
    text
}

/// All that is known about a failure but its message, a line each.
pub(super) fn details(failure: &Failure) -> Vec<String> {
    let hint = failure.hint.as_ref().map(|hint| format!("hint: {hint}"));
    let mut lines: Vec<String> = hint
        .into_iter()
        .chain(failure.notes.iter().cloned())
        .collect();
    if !failure.sent.is_empty() {
        lines.push("sent before:".to_owned());
        lines.extend(failure.sent.iter().map(|text| format!("  {text}")));
    }
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{github, html, human, json, junit, tap};
    use crate::exit::Exit;
    use crate::render::Style;
    use crate::runner::result::{CaseResult, Closest, Failure, Kind, Outcome, Run, Shown, StepRun};

    fn case(name: &str, line: usize, outcome: Outcome) -> CaseResult {
        CaseResult {
            file: Some("a|b.wsee".to_owned()),
            name: name.to_owned(),
            line,
            outcome,
            took: Duration::from_micros(12_345),
            steps: vec![StepRun {
                line: Some(3),
                text: "< text \"hi\"".to_owned(),
                took: Duration::from_millis(2),
                came: Some(HOSTILE.to_owned()),
            }],
        }
    }

    /// What came from a server that knows all about reports.
    const HOSTILE: &str = "::error::x %0A </failure> ]]> `|<b> # SKIP \u{ffff}";

    fn shown(payload: &str) -> Shown {
        Shown {
            after: Duration::from_millis(2),
            kind: "text".to_owned(),
            size: payload.len(),
            payload: payload.to_owned(),
        }
    }

    fn failure(kind: Kind) -> Outcome {
        let mut failure = Failure::new(
            kind,
            "no message matched within 2.0 s".to_owned(),
            Exit::Expectation,
        );
        failure.line = Some(7);
        failure.step = "< text \"hi\" within 2s".to_owned();
        failure.waited = Some(Duration::from_secs(2));
        failure.received = vec![shown(HOSTILE), shown("ho")];
        failure.more = 3;
        failure.closest = Some(Closest {
            message: shown("ho"),
            difference: vec!["expected hi".to_owned(), "found    ho".to_owned()],
        });
        failure.connection = Some("open, 5 messages received".to_owned());
        Outcome::Failed(Box::new(failure))
    }

    fn run() -> Run {
        Run {
            cases: vec![
                case("joins", 1, Outcome::Passed),
                case("a # name", 5, failure(Kind::Failure)),
                case("not run", 9, failure(Kind::Error)),
                case(
                    "left out",
                    12,
                    Outcome::Skipped("another case failed (--fail-fast)"),
                ),
            ],
            took: Duration::from_millis(2_345),
            started: "2026-11-20T12:01:02Z".parse().expect("a time"),
            interrupted: None,
        }
    }

    #[test]
    fn the_human_report_shows_all_about_a_failure() {
        let run = run();
        let all: String = run
            .cases
            .iter()
            .map(|case| human::case(case, Style::new(false), false))
            .collect();
        assert_eq!(
            all.lines().take(12).collect::<Vec<_>>(),
            [
                "ok      a|b.wsee: joins   12.3 ms",
                "FAILED  a|b.wsee: a # name   12.3 ms",
                "  a|b.wsee:7: < text \"hi\" within 2s",
                "  no message matched within 2.0 s",
                "    5 messages came and did not match:",
                &format!("        2.0 ms  text 46 B  {HOSTILE}"),
                "        2.0 ms  text 2 B  ho",
                "      … and 3 more",
                "    closest:   2.0 ms  text 2 B  ho",
                "      expected hi",
                "      found    ho",
                "    the connection: open, 5 messages received",
            ]
        );
        assert_eq!(
            human::summary(&run, Style::new(false)),
            "1 passed, 1 failed, 1 error, 1 skipped in 2.3 s\n"
        );
        let quiet: String = run
            .cases
            .iter()
            .map(|case| human::case(case, Style::new(false), true))
            .collect();
        assert!(!quiet.contains("joins") && quiet.contains("a # name"));
    }

    #[test]
    fn tap_escapes_what_would_be_a_directive() {
        let report = tap::report(&run());
        let lines: Vec<&str> = report.lines().collect();
        assert_eq!(
            lines[..4],
            [
                "TAP version 14",
                "1..4",
                "ok 1 - a|b.wsee: joins",
                "not ok 2 - a|b.wsee: a \\# name",
            ]
        );
        assert!(
            lines.contains(&"  message: \"no message matched within 2.0 s\""),
            "{report}"
        );
        assert!(
            lines.contains(&"ok 4 - a|b.wsee: left out # SKIP another case failed (--fail-fast)")
        );
        for line in &lines[2..] {
            assert!(
                line.starts_with("ok ") || line.starts_with("not ok ") || line.starts_with("  "),
                "{line}"
            );
        }
    }

    #[test]
    fn json_has_counts_and_every_detail() {
        let report: serde_json::Value = serde_json::from_str(&json::report(&run())).expect("JSON");
        assert_eq!(report["version"], 1);
        assert_eq!(
            (&report["passed"], &report["failed"]),
            (&1.into(), &1.into())
        );
        assert_eq!(
            (&report["errors"], &report["skipped"]),
            (&1.into(), &1.into())
        );
        let case = &report["cases"][1];
        assert_eq!(case["outcome"], "failed");
        assert_eq!(case["duration_ms"], 12.345);
        assert_eq!(case["failure"]["received"][0]["payload"], HOSTILE);
        assert_eq!(case["failure"]["closest"]["difference"][0], "expected hi");
        assert_eq!(case["failure"]["waited_ms"], 2000.0);
        assert_eq!(report["cases"][2]["outcome"], "error");
    }

    #[test]
    fn junit_distinguishes_failures_from_errors() {
        let report = junit::report(&run());
        assert!(
            report.contains("tests=\"4\" skipped=\"1\" errors=\"1\" failures=\"1\""),
            "{report}"
        );
        assert!(
            report
                .contains("<failure message=\"no message matched within 2.0 s\" type=\"failure\">"),
            "{report}"
        );
        assert!(
            report.contains("<error message=\"no message matched within 2.0 s\" type=\"error\">"),
            "{report}"
        );
        assert!(report.contains("<skipped message="), "{report}");
        assert!(
            !report.contains(HOSTILE) && !report.contains('\u{ffff}'),
            "{report}"
        );
        assert!(report.contains("&lt;/failure&gt;"), "{report}");
    }

    #[test]
    fn the_page_has_every_step_and_what_came_as_text() {
        let page = html::report(&run());
        for part in [
            "<h1>WebSocket tests: 1 passed, 1 failed, 1 error, 1 skipped</h1>",
            "<details class=\"case passed\"><summary><i>passed</i> joins<span>   12.3 ms</span>",
            "<details class=\"case failed\" open><summary><i>error</i> not run<span>",
            "another case failed (--fail-fast)",
            "<div class=\"m i\"><b>    3      2.0 ms</b>&lt; text &quot;hi&quot;<s>came: ::error::x",
            "<div class=\"m e\"><b>",
            "<h3>a|b.wsee:7</h3><pre>\n&lt; text &quot;hi&quot; within 2s\n",
            "<span class=\"bad\">no message matched within 2.0 s</span>\n5 messages came",
            "  expected hi\n",
        ] {
            assert!(page.contains(part), "no {part:?} in {page}");
        }
        assert!(!page.contains("<b> #") && !page.contains("</failure>"));
    }

    #[test]
    fn received_text_cannot_start_a_workflow_command() {
        let report = github::annotations(&run(), std::path::Path::new("sub"));
        let lines: Vec<&str> = report.lines().collect();
        assert_eq!(lines.len(), 2, "{report}");
        assert!(
            lines[0]
                .starts_with("::error file=sub/a|b.wsee,line=7,title=a # name::no message matched"),
            "{report}"
        );
        assert!(lines[0].contains("%0A"), "{report}");
        assert!(lines[0].contains("%250A"), "{report}");
    }

    #[test]
    fn received_text_means_nothing_in_the_summary() {
        let summary = github::summary(&run());
        assert!(
            !summary.contains("<b>") && !summary.contains('`'),
            "{summary}"
        );
        assert!(
            summary.contains("| passed | a&#124;b.wsee&#58; joins | 12.3 ms |"),
            "{summary}"
        );
        let inside = summary
            .split("<pre>")
            .nth(1)
            .and_then(|rest| rest.split("</pre>").next());
        assert!(
            inside.is_some_and(|inside| !inside.contains("\n\n")),
            "{summary}"
        );
    }
}
