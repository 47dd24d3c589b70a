//! Reports, and what they decide.

use std::fs;

use boon::{Compiler, Schemas};
use serde_json::Value;

use super::site::{FINE, Manners};
use super::{Prints, audit};
use crate::runner::report::assert_allowed_by_schema;
use crate::support::tls::{file, path};

/// A server with one finding of low severity, and one of information.
const LEAKY: Manners = Manners {
    fields: "Server: nginx/1.22.1\r\nSet-Cookie: sid=x\r\n",
    ..FINE
};

const ONLY: [&str; 2] = ["--only", "leak-version,credential-cookie"];

#[test]
fn the_exit_status_follows_from_severity_only_where_it_was_asked_for() {
    for (fail_on, status) in [("medium", 0), ("low", 1), ("info", 1)] {
        let args = [&ONLY[..], &["--fail-on", fail_on]].concat();
        audit(LEAKY, &args).exits(status);
    }
    audit(LEAKY, &ONLY)
        .exits(0)
        .shows("2 findings (1 low, 1 info), 0 passed");
}

#[test]
fn findings_are_compared_with_known_ones_which_do_not_fail_unless_they_got_worse() {
    let baseline = |severity: &str| {
        file(format!(
            r#"{{"findings":[{{"id":"credential-cookie","severity":"{severity}"}},{{"id":"leak-trace","severity":"low"}}]}}"#
        ))
    };
    for (severity, status, standing) in [("low", 0, "known"), ("info", 1, "worse than known")] {
        let baseline = baseline(severity);
        let args = [
            &ONLY[..],
            &["--fail-on", "low", "--baseline", path(&baseline)],
        ]
        .concat();
        audit(LEAKY, &args)
            .exits(status)
            .shows(&format!("lacks a flag ({standing})\n"))
            .shows("names its software and version (new)\n")
            .shows("known, but not found: leak-trace (not tested, left out by --only)\n");
    }
}

#[test]
fn a_baseline_that_cannot_be_read_ends_the_run_before_it_begins() {
    audit(FINE, &["--baseline", "/nowhere/known.json"])
        .exits(26)
        .says("--baseline /nowhere/known.json: cannot read it: ");
    let text = file("{}");
    audit(FINE, &["--baseline", path(&text)])
        .exits(2)
        .says(": not a report of wsee audit --report-json: ");
}

/// The report that is written to stdout; the table is on stderr.
fn document(flag: &str, args: &[&str]) -> String {
    let args = [&ONLY[..], args, &[flag, "-"]].concat();
    let output = audit(LEAKY, &args)
        .exits(0)
        .says("low     credential-cookie");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn json(flag: &str, args: &[&str]) -> Value {
    serde_json::from_str(&document(flag, args)).expect("JSON")
}

#[test]
fn a_json_report_conforms_to_its_schema_and_is_a_baseline() {
    let schema = include_str!("../../schema/audit.schema.json");
    let schema = serde_json::from_str(schema).expect("a schema in JSON");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler
        .add_resource("audit.json", schema)
        .expect("a schema");
    let index = compiler
        .compile("audit.json", &mut schemas)
        .expect("a schema");
    let text = document("--report-json", &["-b", "sid=s3cret-value"]);
    assert!(!text.contains("s3cret"), "{text}");
    let report = serde_json::from_str(&text).expect("JSON");
    let checked = schemas.validate(&report, index);
    checked.unwrap_or_else(|error| panic!("{error}\n{report:#}"));
    let finding = &report["findings"][0];
    assert_eq!(finding["id"], "credential-cookie");
    assert_eq!(finding["received"][0], "HTTP/1.1 101 Answer");
    assert_eq!(report["checks"][0]["status"], "not-tested");
    let baseline = file(text);
    let args = [
        &ONLY[..],
        &["--fail-on", "info", "--baseline", path(&baseline)],
    ]
    .concat();
    audit(LEAKY, &args).exits(0).never_shows("known, but");
    let state = |args: &[&str]| {
        json("--report-sarif", args)["runs"][0]["results"][0]["baselineState"].clone()
    };
    assert_eq!(state(&["--baseline", path(&baseline)]), "unchanged");
    assert!(state(&[]).is_null());
}

#[test]
fn a_sarif_report_has_stable_fingerprints_and_levels() {
    let run = || json("--report-sarif", &["?token=s3cret"]);
    let (one, other) = (run(), run());
    let result = |report: &Value, number: usize| report["runs"][0]["results"][number].clone();
    assert_eq!(one["version"], "2.1.0");
    assert_eq!(result(&one, 0)["level"], "note");
    assert_eq!(result(&one, 1)["level"], "none");
    let rule = result(&one, 0)["ruleIndex"].as_u64().expect("a number");
    let rule = usize::try_from(rule).expect("an index");
    let rules = &one["runs"][0]["tool"]["driver"]["rules"];
    assert_eq!(rules[rule]["id"], "credential-cookie");
    let print = |report| {
        let print = result(report, 0)["partialFingerprints"]["wsee/v1"].clone();
        // The port is another one each time.
        let print = print.as_str().expect("a text").to_owned();
        print
            .trim_end_matches(|c: char| c.is_ascii_digit() || c == '/')
            .to_owned()
    };
    assert_eq!(print(&one), "credential-cookie ws://127.0.0.1:");
    assert_eq!(print(&one), print(&other));
    let untested = &one["runs"][0]["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(
        untested["message"]["text"],
        "not tested: left out by --only"
    );
}

#[test]
fn a_junit_report_fails_for_findings_from_low_severity_on_and_skips_what_is_not_tested() {
    let xml = document("--report-junit", &[]);
    for text in [
        "failures=\"1\"",
        "<failure message=\"A session cookie of the handshake lacks a flag\" type=\"low\">",
        "<system-out>info: The server names its software and version\n",
        "<skipped message=\"left out by --only\"/>",
    ] {
        assert!(xml.contains(text), "no {text} in {xml}");
    }
    assert_allowed_by_schema(&xml);
}

#[test]
fn what_a_server_sends_is_no_markup_in_markdown_and_html() {
    const NASTY: Manners = Manners {
        fields: "Server: <img/1.0>|`x`\r\n",
        ..FINE
    };
    for flag in ["--report-md", "--report-html"] {
        let output = audit(NASTY, &["--only", "leak-version", flag, "-"]).exits(0);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            text.contains("leak-version") && !text.contains("<img"),
            "{text}"
        );
        assert!(flag == "--report-html" || !text.contains("|`x`"), "{text}");
    }
}

#[test]
fn reports_are_opened_before_the_server_is_asked() {
    audit(FINE, &["--report-md", "/nowhere/a.md"])
        .exits(23)
        .prints("");
    audit(FINE, &["--report-md", "-", "--report-json", "-"])
        .exits(2)
        .says("only one report can go to stdout");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.json");
    let name = file.to_str().expect("UTF-8");
    audit(FINE, &["--only", "leak-version", "--report-json", name])
        .exits(0)
        .shows("0 findings, ");
    assert!(
        fs::read_to_string(file)
            .expect("a report")
            .contains("\"version\": 1")
    );
}
