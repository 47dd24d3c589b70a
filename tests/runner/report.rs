//! Reports for machines.

use std::fs;

use boon::{Compiler, Schemas};

use crate::support::output::Output;
use crate::support::peer::{Peer, echoing, scripted};
use crate::support::run::{Run, wsee};

/// A run that fails on a message which knows all about reports.
fn failing(args: &[&str]) -> Output {
    failing_with(args, |run| run)
}

fn failing_with(args: &[&str], prepare: impl FnOnce(Run) -> Run) -> Output {
    let server = scripted(|mut peer: Peer| {
        peer.send("::error::]]> \u{ffff}</failure>\n::warning::x");
        peer.record()
    });
    let url = server.url().to_owned();
    let all = [&["test", &url, "--expect", "hi", "--timeout", "1s"], args].concat();
    prepare(wsee(&all)).run().exits(1)
}

#[test]
fn a_report_on_stdout_moves_the_one_for_people_to_stderr() {
    let output = failing(&["--report-tap", "-"]);
    let tap = String::from_utf8(output.stdout.clone()).expect("UTF-8");
    assert!(
        tap.starts_with("TAP version 14\n1..1\nnot ok 1 - ws://127.0.0.1:"),
        "{tap}"
    );
    output.says("FAILED  ws://").says("0 passed, 1 failed");
    let output = failing(&["--report-json", "-", "-q"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(json["cases"][0]["failure"]["step"], "--expect hi");
}

#[test]
fn a_json_report_conforms_to_its_schema() {
    assert_valid(&failing(&["--report-json", "-", "-q"]));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.wsee");
    let case =
        "### no server\nconnect ws://127.0.0.1:1/\n\n### skipped\nconnect ws://127.0.0.1:1/\n";
    fs::write(&file, case).expect("a file");
    let file = file.to_str().expect("UTF-8");
    let output = wsee(&["test", file, "--fail-fast", "-q", "--report-json", "-"]);
    let report = assert_valid(&output.run().exits(1));
    assert_eq!(report["cases"][0]["outcome"], "error");
    assert_eq!(report["cases"][1]["outcome"], "skipped");
}

#[track_caller]
fn assert_valid(output: &Output) -> serde_json::Value {
    let schema = include_str!("../../schema/report.schema.json");
    let schema = serde_json::from_str(schema).expect("a schema in JSON");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let name = "report.schema.json";
    compiler.add_resource(name, schema).expect("a schema");
    let index = compiler.compile(name, &mut schemas).expect("a schema");
    let report = serde_json::from_slice(&output.stdout).expect("JSON");
    let checked = schemas.validate(&report, index);
    checked.unwrap_or_else(|error| panic!("{error}\n{report:#}"));
    report
}

#[test]
fn junit_is_well_formed_xml_whatever_was_received() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("r.xml");
    failing(&["--report-junit", file.to_str().expect("UTF-8")]);
    let xml = fs::read_to_string(file).expect("a report");
    assert!(
        xml.contains("tests=\"1\"") && xml.contains("failures=\"1\""),
        "{xml}"
    );
    assert!(
        xml.contains("&lt;/failure&gt;") && !xml.contains('\u{ffff}'),
        "{xml}"
    );
    assert_allowed_by_schema(&xml);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

/// Claims that each element has only attributes that Jenkins' junit-10.xsd knows.
#[track_caller]
pub fn assert_allowed_by_schema(xml: &str) {
    const ALLOWED: [(&str, &str); 6] = [
        ("testsuites", "name time tests failures errors"),
        (
            "testsuite",
            "name tests failures errors time skipped timestamp hostname id package",
        ),
        ("testcase", "name time classname"),
        ("failure", "message type"),
        ("skipped", "message type"),
        ("system-out", ""),
    ];
    for tag in xml.split('<').skip(2).filter(|tag| !tag.starts_with('/')) {
        let tag = tag.split('>').next().unwrap_or_default();
        let tag = tag.trim_end_matches('/');
        let (element, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let known = ALLOWED.iter().find(|(name, _)| *name == element);
        let (_, allowed) = known.unwrap_or_else(|| panic!("<{element}> in {xml}"));
        // The text before `=` and after the quote of the last value.
        for name in attributes.split('"').step_by(2) {
            let name = name.trim().trim_end_matches('=');
            let is_known = name.is_empty() || allowed.split(' ').any(|it| it == name);
            assert!(is_known, "<{element} {name}> in {xml}");
        }
    }
}

#[test]
fn a_report_that_cannot_be_written_is_an_error_before_the_run() {
    wsee(&[
        "test",
        "ws://127.0.0.1:1/",
        "--report-tap",
        "/nowhere/at/all",
    ])
    .run()
    .exits(23)
    .says("cannot write /nowhere/at/all");
}

#[test]
fn github_actions_gets_annotations_and_no_workflow_command_of_the_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let summary = folder.path().join("summary.md");
    let path = summary.to_str().expect("UTF-8").to_owned();
    let output = failing_with(&[], |run| {
        run.env("GITHUB_ACTIONS", "true")
            .env("GITHUB_STEP_SUMMARY", &path)
    });
    let report = String::from_utf8(output.stdout).expect("UTF-8");
    let lines: Vec<&str> = report.lines().collect();
    let token = lines[0].strip_prefix("::stop-commands::").expect("a token");
    let resumed = lines
        .iter()
        .position(|line| *line == format!("::{token}::"));
    let (inside, after) = lines.split_at(resumed.expect("the token again"));
    assert!(
        inside.iter().any(|line| line.contains("::error::]]>")),
        "{report}"
    );
    assert_eq!(after.len(), 2, "{report}");
    assert!(
        after[1].starts_with("::error title=ws%3A//127.0.0.1%3A"),
        "{report}"
    );
    let summary = fs::read_to_string(summary).expect("a summary");
    assert!(
        summary.contains("0 passed, 1 failed") && !summary.contains("</failure>"),
        "{summary}"
    );
}

#[test]
fn annotations_name_files_as_the_repository_does() {
    let repository = tempfile::tempdir().expect("a folder");
    let folder = repository.path().join("tests");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("a.wsee"), "connect ws://127.0.0.1:1/\n").expect("a file");
    let path = |path: &std::path::Path| path.to_str().expect("UTF-8").to_owned();
    let output = wsee(&["test", "a.wsee"])
        .current_dir(&folder)
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_WORKSPACE", &path(repository.path()))
        .env("PWD", &path(&folder))
        .run()
        .exits(1);
    let report = String::from_utf8(output.stdout).expect("UTF-8");
    let annotation = "\n::error file=tests/a.wsee,line=1,title=a::cannot connect";
    assert!(report.contains(annotation), "{report}");
}

#[test]
fn a_failure_has_the_last_three_steps_that_sent_something() {
    let server = echoing();
    let url = server.url().to_owned();
    let args = [
        "test",
        &url,
        "--send",
        "a",
        "--send",
        "{{v}}",
        "--send-hex",
        "00ff",
        "--ping=x",
        "--expect",
        "no",
        "--timeout",
        "100ms",
        "--var",
        "v=value",
        "--report-json",
        "-",
        "-q",
    ];
    let report = assert_valid(&wsee(&args).run().exits(1));
    let sent = &report["cases"][0]["failure"]["sent"];
    assert_eq!(*sent, serde_json::json!(["> value", ">b 00 ff", "ping x"]));
    server.finish();
}

#[test]
fn a_case_that_is_not_run_to_the_end_is_counted_as_an_error_with_its_step() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.wsee");
    fs::write(&file, "# down\n\nconnect ws://127.0.0.1:1/\n").expect("a file");
    let file = file.to_str().expect("UTF-8");
    let output = wsee(&["test", file]).run().exits(1);
    let report = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(
        report.contains(&format!("{file}:3: connect ws://127.0.0.1:1/")),
        "{report}"
    );
    assert!(report.contains("\n0 passed, 1 error in "), "{report}");
}

#[test]
fn a_page_has_every_step_with_what_came() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.wsee");
    let server = echoing();
    let case = format!(
        "### echo\nconnect {}/\n> hi <b>\n< text hi <b>\n> {{\"a\":1}}\n< json {{\"a\":2}} within 100ms\n",
        server.url()
    );
    fs::write(&file, case).expect("a file");
    let file = file.to_str().expect("UTF-8");
    let output = wsee(&["test", file, "-q", "--report-html", "-"])
        .run()
        .exits(1);
    let page = String::from_utf8(output.stdout).expect("UTF-8");
    for part in [
        "<h1>WebSocket tests: 0 passed, 1 failed</h1>",
        "<details class=\"case failed\" open><summary><i>failed</i> echo",
        "<s>came: HTTP/1.1 101 Switching Protocols</s>",
        "</b>&lt; text hi &lt;b&gt;<s>came: hi &lt;b&gt;</s>",
        "</b>&lt; json {&quot;a&quot;:2} within 100ms</div>",
        ".a: expected 2, found 1",
    ] {
        assert!(page.contains(part), "no {part:?} in {page}");
    }
}
