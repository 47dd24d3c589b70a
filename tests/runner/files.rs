//! Scenario files: which are run, and in what order.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::support::output::Output;
use crate::support::run::{Running, wsee};
use crate::support::server::Untouched;
use crate::support::wire::after_handshake;

/// An echo server for any number of connections; gives its host and port.
fn echo() -> (Running, String) {
    let listen = wsee(&["listen", "127.0.0.1:0"]).spawn();
    let said = listen.wait_for_stderr("connect with");
    let (_, rest) = said.split_once("127.0.0.1:").expect("an address");
    let port = rest.split('/').next().expect("a port");
    let host = format!("host=127.0.0.1:{port}");
    (listen, host)
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().expect("UTF-8").to_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The names of the cases in the report, in its order, with their words.
fn names(output: &Output) -> Vec<String> {
    let report = stdout(output);
    let lines = report
        .lines()
        .filter(|line| !line.starts_with(' ') && line.contains(".wsee: "));
    lines
        .map(|line| {
            let word = line.split_whitespace().next().unwrap_or_default();
            let name = line.split(".wsee: ").nth(1).unwrap_or_default();
            format!("{word} {}", name.split("   ").next().unwrap_or_default())
        })
        .collect()
}

const GOOD: &str = "connect ws://{{host}}/\n\n> hi\n< text hi\n";
const BAD: &str = "connect ws://{{host}}/\n\n> hi\n< text ho within 1s\n";

#[test]
fn folders_are_searched_and_cases_run_in_order() {
    let (_listen, host) = echo();
    let two = format!("### first\n{GOOD}\n### second\n{GOOD}");
    let folder = folder(&[
        ("b.wsee", GOOD),
        ("sub/a.wsee", &two),
        ("c.txt", "no scenario"),
    ]);
    let root = folder.path().to_str().expect("UTF-8");
    let output = wsee(&["test", root, "--var", &host]).run().exits(0);
    assert_eq!(names(&output), ["ok b", "ok first", "ok second"]);
    assert!(stdout(&output).contains("3 passed, 0 failed"));
    let output = wsee(&["test", root, "--var", &host, "--jobs", "4"])
        .run()
        .exits(0);
    assert!(stdout(&output).contains("3 passed, 0 failed"));
}

#[test]
fn results_are_reported_in_the_order_of_the_files() {
    let (_listen, host) = echo();
    let slow = GOOD.replace("> hi", "wait 300ms\n> hi");
    let folder = folder(&[("a.wsee", &slow), ("b.wsee", GOOD), ("c.wsee", GOOD)]);
    let root = folder.path().to_str().expect("UTF-8");
    let output = wsee(&["test", root, "--var", &host, "--jobs", "3"]).run();
    assert_eq!(names(&output.exits(0)), ["ok a", "ok b", "ok c"]);
}

#[test]
fn a_failure_has_file_line_and_step() {
    let (_listen, host) = echo();
    let folder = folder(&[("a.wsee", BAD)]);
    let file = path(&folder, "a.wsee");
    let output = wsee(&["test", &file, "--var", &host]).run().exits(1);
    let report = stdout(&output);
    assert!(
        report.contains(&format!("{file}:4: < text ho within 1s")),
        "{report}"
    );
    assert!(
        report.contains("no message matched within 1.0 s"),
        "{report}"
    );
}

#[test]
fn fail_fast_skips_further_cases_and_filter_excludes_other_cases() {
    let (_listen, host) = echo();
    let text = format!("### good one\n{GOOD}\n### bad\n{BAD}\n### good two\n{GOOD}");
    let folder = folder(&[("a.wsee", &text)]);
    let file = path(&folder, "a.wsee");
    let output = wsee(&["test", &file, "--var", &host, "--fail-fast"])
        .run()
        .exits(1);
    assert_eq!(
        names(&output),
        ["ok good one", "FAILED bad", "skipped good two"]
    );
    let output = wsee(&["test", &file, "--var", &host, "--filter", "GOOD"])
        .run()
        .exits(0);
    assert_eq!(names(&output), ["ok good one", "ok good two"]);
    wsee(&["test", &file, "--var", &host, "--filter", "none"])
        .run()
        .exits(2)
        .says("no case found: --filter excludes all 3");
}

#[test]
fn empty_and_missing_files_are_errors() {
    let folder = folder(&[("a.wsee", "# nothing\n"), ("b/c.txt", "")]);
    wsee(&["test", &path(&folder, "a.wsee")])
        .run()
        .exits(2)
        .says("no case found");
    wsee(&["test", &path(&folder, "b")])
        .run()
        .exits(2)
        .says("no scenario (*.wsee) in");
    wsee(&["test", "nowhere.wsee"])
        .run()
        .exits(26)
        .says("cannot read nowhere.wsee");
}

#[test]
fn secrets_that_a_file_holds_are_in_no_report() {
    let late = "connect ws://127.0.0.1:1/?token=S3CRET1\n--bearer S3CRET2\n";
    let mistaken = "connect ws://h/\n\n> x\n--bearer S3CRET3\nws://h/?token=S3CRET4\n";
    let folder = folder(&[("a.wsee", late), ("b.wsee", mistaken)]);
    let (late, mistaken) = (path(&folder, "a.wsee"), path(&folder, "b.wsee"));
    let output = wsee(&["test", &late, "--report-json", "-"])
        .env("GITHUB_ACTIONS", "true")
        .run()
        .never_says("S3CRET");
    let report = stdout(&output);
    assert!(
        report.contains("?token=***") && !report.contains("S3CRET"),
        "{report}"
    );
    wsee(&["test", &mistaken])
        .run()
        .exits(2)
        .says(" 4 | --bearer ***\n   | ^^^^^^^^^^^^\n")
        .says("write: connect ws://h/?token=***\n")
        .never_says("S3CRET");
    wsee(&["test", &mistaken, "--show-secrets"])
        .run()
        .exits(2)
        .says(" 4 | --bearer S3CRET3\n");
}

#[test]
fn every_mistake_is_reported_with_its_place_and_nothing_is_sent() {
    let server = Untouched::start();
    let host = format!("127.0.0.1:{}", server.port());
    let text = format!(
        "connect ws://{host}/\n--insecur\nX-A: b\n\n< txt hi\n\n### two\nconnect ws://{host}/#x\n"
    );
    let folder = folder(&[("a.wsee", &text), ("b.wsee", GOOD)]);
    let root = folder.path().to_str().expect("UTF-8");
    wsee(&["test", root, "--check"])
        .run()
        .exits(2)
        .says("a.wsee:5:3: \"txt\" is not a kind of message; did you mean text?\n 5 | < txt hi\n   |   ^^^");
    let mended = text.replace("txt", "text");
    fs::write(folder.path().join("a.wsee"), mended).expect("a file");
    wsee(&["test", root, "--check", "--var", "host=h"])
        .run()
        .exits(2)
        .says("a.wsee:2:1: a connection has no flag --insecur; did you mean --insecure?")
        .says("a.wsee:8:1: ");
    let good = path(&folder, "b.wsee");
    wsee(&["test", &good])
        .run()
        .exits(2)
        .says("b.wsee:1:14: the variable host has no value here")
        .says("   |              ^^^^^^^^");
    wsee(&["test", &good, "--check", "--var", "host=h"])
        .run()
        .exits(0)
        .prints("1 case in 1 file, no mistakes\n");
}

#[test]
fn a_check_needs_no_values_and_lists_what_a_run_needs() {
    let text = "connect ws://{{host}}/{{room}}\nAuthorization: {{env.TOKEN}}\n\n> {{room}}\n";
    let folder = folder(&[("a.wsee", text), ("b.wsee", GOOD)]);
    let root = folder.path().to_str().expect("UTF-8");
    wsee(&["test", root, "--check"]).run().exits(0).prints(
        "2 cases in 2 files, no mistakes\nneeds --var host=…, --var room=…, --allow-env TOKEN\n",
    );
    wsee(&[
        "test", root, "--check", "--var", "host=h", "--var", "room=r",
    ])
    .run()
    .exits(0)
    .prints("2 cases in 2 files, no mistakes\nneeds --allow-env TOKEN\n");
}

#[test]
fn a_check_finds_files_that_are_sent_and_missing() {
    let text = "connect ws://h/\n\n> @{{name}}\n>b @nope2\n> @there\n> @{{later}}\n";
    let folder = folder(&[("a.wsee", text), ("there", "hi")]);
    let file = path(&folder, "a.wsee");
    wsee(&["test", &file, "--check", "--var", "name=nope"])
        .run()
        .exits(2)
        .says("a.wsee:3:1: cannot read nope: No such file or directory")
        .says("a.wsee:4:1: cannot read nope2: ")
        .never_says("there:")
        .never_says("later:");
    wsee(&["test", "ws://127.0.0.1:1", "--check", "--send", "@nope"])
        .run()
        .exits(2)
        .says("--send: cannot read nope: ");
}

#[test]
fn a_line_selects_the_case_it_belongs_to_and_list_shows_the_lines() {
    let (_listen, host) = echo();
    let text = format!("# three cases\n\n### one\n{GOOD}\n### two\n{GOOD}\n### three\n{GOOD}");
    let folder = folder(&[("a.wsee", &text)]);
    let file = path(&folder, "a.wsee");
    wsee(&["test", &file, "--list"])
        .run()
        .exits(0)
        .prints(format!("{file}:3: one\n{file}:9: two\n{file}:15: three\n"));
    wsee(&["test", &file, "--list", "--filter", "tw"])
        .run()
        .exits(0)
        .prints(format!("{file}:9: two\n"));
    for (line, name) in [
        (1, "one"),
        (3, "one"),
        (8, "one"),
        (9, "two"),
        (12, "two"),
        (15, "three"),
    ] {
        let target = format!("{file}:{line}");
        let output = wsee(&["test", &target, "--var", &host]).run().exits(0);
        assert_eq!(names(&output), [format!("ok {name}")], "{line}");
    }
    wsee(&["test", &format!("{file}:99"), "--var", &host])
        .run()
        .exits(2)
        .says("there is no line 99, the last is 19");
    // The line comes first: what the file needs is another matter.
    wsee(&["test", &format!("{file}:99")])
        .run()
        .exits(2)
        .says("there is no line 99");
    wsee(&["test", "ws://127.0.0.1:1/", "--list"])
        .run()
        .exits(2)
        .says("--list needs scenario files");
}

#[test]
fn included_steps_run_and_their_mistakes_and_failures_name_their_file() {
    let (_listen, host) = echo();
    let main =
        "include common/login.wsee\n> again\n< text again\n\n### two\ninclude common/login.wsee\n";
    let folder = folder(&[
        ("a.wsee", main),
        (
            "common/login.wsee",
            "connect ws://{{host}}/\n\n> @hello.txt\ninclude expect\n",
        ),
        ("common/expect", "< text hello\n"),
        ("common/hello.txt", "hello"),
    ]);
    let file = path(&folder, "a.wsee");
    let output = wsee(&["test", &file, "--var", &host]).run().exits(0);
    assert_eq!(names(&output), ["ok a", "ok two"]);

    let expect = folder.path().join("common/expect");
    fs::write(&expect, "# not this\n< text ho within 100ms\n").expect("a file");
    let output = wsee(&["test", &file, "--var", &host]).run().exits(1);
    let report = stdout(&output);
    let place = format!("{}:2: < text ho", expect.display());
    assert_eq!(report.matches(&place).count(), 2, "{report}");

    fs::write(&expect, "< txt ho\n").expect("a file");
    wsee(&["test", &file, "--var", &host])
        .run()
        .exits(2)
        .says(&format!("{}:1:3: \"txt\" is not a kind", expect.display()));
    fs::write(&expect, "include login.wsee\n").expect("a file");
    wsee(&["test", &file, "--var", &host])
        .run()
        .exits(2)
        .says("cannot include login.wsee: it includes itself");
    fs::write(&expect, "### a case\n").expect("a file");
    wsee(&["test", &file, "--var", &host])
        .run()
        .exits(2)
        .says("cannot include expect: it may have steps only, and line 1 begins a case");
    fs::remove_file(&expect).expect("a file");
    wsee(&["test", &file, "--var", &host])
        .run()
        .exits(2)
        .says("cannot include expect: cannot read it: No such file");
}

#[cfg(unix)]
#[test]
fn a_file_without_an_end_is_not_included() {
    let folder = folder(&[("a.wsee", "connect ws://localhost/\ninclude /dev/zero\n")]);
    wsee(&["test", "--check", &path(&folder, "a.wsee")])
        .run()
        .exits(2)
        .says("cannot include /dev/zero: it is larger than 16 MiB");
}

#[test]
fn the_environment_is_read_only_if_allowed_and_is_masked() {
    let (_listen, host) = echo();
    let text = "connect ws://{{host}}/\n\n> {{env.TOKEN}}\n< text no within 1s\n";
    let folder = folder(&[("a.wsee", text)]);
    let file = path(&folder, "a.wsee");
    let run = |args: &[&str]| {
        let all = [&["test", &file, "--var", &host], args].concat();
        wsee(&all).env("TOKEN", "hunter2").run()
    };
    run(&[])
        .exits(2)
        .says("the environment variable TOKEN may not be read; allow it with --allow-env TOKEN");
    let output = run(&["--allow-env", "TOKEN"]).exits(1);
    let report = stdout(&output);
    assert!(
        report.contains("***") && !report.contains("hunter2"),
        "{report}"
    );
    let output = run(&["--allow-env", "TOKEN", "--show-secrets"]).exits(1);
    assert!(stdout(&output).contains("hunter2"));
}

#[test]
fn variables_come_from_files() {
    let (_listen, host) = echo();
    let folder = folder(&[
        ("a.wsee", "connect ws://{{host}}/\n\n> {{a}}\n< text 1\n"),
        ("vars", &format!("# comment\n\n{host}\na=0\na=1\n")),
        ("bad", "a=1\nnothing\n"),
    ]);
    let file = path(&folder, "a.wsee");
    wsee(&["test", &file, "--var-file", &path(&folder, "vars")])
        .run()
        .exits(0);
    wsee(&["test", &file, "--var-file", &path(&folder, "bad")])
        .run()
        .exits(2)
        .says("bad:2: expected NAME=VALUE");
}

#[test]
fn an_interrupt_ends_the_run_and_the_reports_are_written() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("8101 61");
        wire.wait_for_end();
    });
    let host = server
        .url()
        .strip_prefix("ws://")
        .expect("a URL")
        .to_owned();
    let text = format!(
        "connect ws://{host}/\n\n< text a\n< text b within 1m\n\n### later\nconnect ws://{host}/\n"
    );
    let folder = folder(&[("a.wsee", &text)]);
    let (file, report) = (path(&folder, "a.wsee"), path(&folder, "r.xml"));
    let running = wsee(&["test", &file, "-v", "--report-junit", &report]).spawn();
    running.wait_for_stderr("text 1 B");
    assert!(!Path::new(&report).exists(), "a report before the end");
    running.signal(Signal::INT);
    let output = running.wait().exits(130);
    assert_eq!(names(&output), ["error a", "skipped later"]);
    // Which of the two steps it was depends on the machine.
    let step = [3, 4].map(|line| format!("{file}:{line}: < text "));
    let shown = stdout(&output);
    assert!(step.iter().any(|step| shown.contains(step)), "{shown}");
    let report = fs::read_to_string(report).expect("a report");
    assert!(
        report.contains("tests=\"2\" skipped=\"1\" errors=\"1\""),
        "{report}"
    );
}

#[test]
fn fmt_rewrites_files_and_fmt_check_only_lists_them() {
    let folder = folder(&[
        ("a.wsee", "#x\nconnect   ws://h\n> hi\n\n\n"),
        ("b.wsee", "connect ws://h\n"),
    ]);
    let root = folder.path().to_str().expect("UTF-8");
    let file = path(&folder, "a.wsee");
    wsee(&["fmt", "--check", root])
        .run()
        .exits(1)
        .prints(format!("{file}\n"));
    wsee(&["fmt", root]).run().exits(0).prints("");
    let text = fs::read_to_string(&file).expect("a file");
    assert_eq!(text, "# x\nconnect ws://h\n\n> hi\n");
    wsee(&["fmt", "--check", root]).run().exits(0).prints("");
    wsee(&["fmt", "-"])
        .stdin("connect  ws://h")
        .run()
        .exits(0)
        .prints("connect ws://h\n");
    wsee(&["fmt", "-"])
        .stdin("conect")
        .run()
        .exits(2)
        .says("stdin:1:1: unknown word");
}

#[test]
fn a_server_that_never_comes_up_is_waited_for_once_per_run() {
    let free = Untouched::start();
    let host = format!("host=127.0.0.1:{}", free.port());
    drop(free);
    let folder = folder(&[("a.wsee", GOOD), ("b.wsee", GOOD), ("c.wsee", GOOD)]);
    let root = folder.path().to_str().expect("UTF-8");
    let test = wsee(&["test", root, "--var", &host, "--retry", "3"]);
    let began = Instant::now();
    let output = test.arg("--retry-delay", "500ms").run();
    let took = began.elapsed();
    assert!(stdout(&output).contains("3 errors"));
    let (once, twice) = (Duration::from_millis(1_500), Duration::from_secs(3));
    assert!((once..twice).contains(&took), "{took:?}");
}

#[test]
fn a_file_with_a_name_as_its_line_is_never_taken_for_a_host() {
    let folder = folder(&[("a.wsee", GOOD), ("plain", GOOD)]);
    for (target, name) in [
        ("a.wsee:binary", "binary"),
        ("a.wsee:1x", "1x"),
        ("a.wsee:", "TEXT"),
        ("plain:two words", "TEXT"),
    ] {
        let file = target.split(':').next().unwrap_or_default();
        let said = format!(
            "{file} is a file; after ':' write a line number (--list shows them), or use --filter {name}"
        );
        for more in [&[][..], &["a.wsee"]] {
            let args = [&["test", target][..], more].concat();
            wsee(&args)
                .current_dir(folder.path())
                .run()
                .exits(2)
                .says(&said);
        }
    }
    wsee(&["test", "none.wsee:name"])
        .current_dir(folder.path())
        .run()
        .exits(26)
        .says("cannot read none.wsee: No such file");
}
