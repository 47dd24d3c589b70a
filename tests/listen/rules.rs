//! `--rules`, `--on`, `--broadcast`, `--chat` and `--script`: the folders of `tests/rules`, and what they cannot say.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use super::{exchange, listening, listening_in, request};
use crate::support::run::wsee;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules")
}

fn folders() -> Vec<PathBuf> {
    let entries = fs::read_dir(root()).expect("the folder of rules");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut folders: Vec<PathBuf> = paths.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

#[test]
fn every_client_is_served_as_its_folder_says() {
    let folders = folders();
    assert!(folders.len() >= 9, "{folders:?}");
    for folder in folders {
        let args = fs::read_to_string(folder.join("args"));
        let args = args.unwrap_or_else(|_| "--rules\nserver.wsee".to_owned());
        let args: Vec<&str> = args.lines().collect();
        let server = listening_in(&folder, &args);
        let host = format!("host=127.0.0.1:{}", server.port);
        let client = folder.join("client.wsee");
        let client = client.to_str().expect("UTF-8");
        let output = wsee(&["test", client, "--var", &host]).run();
        let log = server.stop(Signal::INT).stderr;
        assert_eq!(
            output.status,
            0,
            "{}{}\n{log}",
            String::from_utf8_lossy(&output.stdout),
            output.stderr
        );
    }
}

#[test]
fn every_file_is_in_canonical_form() {
    let root = root();
    wsee(&["fmt", "--check", root.to_str().expect("UTF-8")])
        .run()
        .exits(0)
        .prints("");
}

/// Writes rules, and returns their folder and their path.
fn written(rules: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r.wsee");
    fs::write(&path, rules).expect("a file");
    let path = path.to_str().expect("UTF-8").to_owned();
    (folder, path)
}

#[test]
fn a_mistake_is_shown_with_its_place_and_exits_2() {
    let (_folder, path) = written("on open\n  > {{who}}\non txt a\n");
    for flag in ["--rules", "--check"] {
        let output = wsee(&["listen", "0", flag, &path])
            .run()
            .exits(2)
            .prints("");
        let first =
            format!("wsee: {path}:3:4: \"txt\" is not a kind of message; did you mean text?\n");
        assert!(output.stderr.starts_with(&first), "{}", output.stderr);
    }
    let (_folder, path) = written("on open\n  > {{who}}\n");
    let output = wsee(&["listen", "--check", &path]).run().exits(2);
    output.says(&format!("{path}:2:5: the variable who has no value here"));
    wsee(&["listen", "--check", &path, "--var", "who=you"])
        .run()
        .exits(0)
        .prints(format!("{path}: 1 rule, no mistakes\n"));
}

#[test]
fn rules_are_checked_wherever_they_are_named() {
    let (_folder, path) = written("on any\n  > a\n");
    for args in [
        &["--check", &path][..],
        &["--rules", &path, "--check"],
        &["0", "--check", "--rules", &path],
        &["--on", "any=a", "--check"],
    ] {
        let output = wsee(&[&["listen"], args].concat()).run().exits(0);
        assert!(
            output.stdout.ends_with(b": 1 rule, no mistakes\n"),
            "{args:?}"
        );
    }
    let (_folder, script) = written("> a\n< text b\n");
    let output = wsee(&["listen", "--script", &script, "--check"]).run();
    output
        .exits(0)
        .prints(format!("{script}: 2 steps, no mistakes\n"));
    for (args, text) in [
        (
            &["--script", &path, "--check", "9001"][..],
            "--check 9001: --script already names the file; write --check last",
        ),
        (
            &["--script", &path, "--check"],
            ":1:1: a script has steps only",
        ),
        (
            &["--check"],
            "--check has no rules to check; write --check FILE",
        ),
        (
            &["--rules", &path, "--check", "9001"],
            "--check 9001: --rules already names the file; write --check last",
        ),
    ] {
        let output = wsee(&[&["listen"], args].concat()).run().exits(2);
        output.prints("").says(text);
    }
}

#[test]
fn a_client_that_has_left_is_sent_nothing() {
    let (_folder, path) = written("on text a\n  drop\non close\n  to all > left\n");
    let server = listening(&["--rules", &path]);
    let mut other = server.open();
    let mut client = server.open();
    client.send("a");
    assert!(client.record().messages.is_empty());
    other.expect("left");
    let log = server.stop(Signal::INT).exits(130);
    log.says("@2 * connection dropped by us (TCP FIN), no Close frame sent; ")
        .says(" (0 sent, 1 received)\n")
        .never_says("@2 ! ");
}

#[test]
fn a_mistake_in_on_names_it() {
    let output = wsee(&["listen", "0", "--on", "any=a", "--on", "ping=pong"])
        .run()
        .exits(2);
    output.says("wsee: --on:2:1: the kind of message is missing; write: text ping\n");
}

#[test]
fn a_file_that_is_missing_exits_26() {
    let output = wsee(&["listen", "0", "--rules", "/none.wsee"])
        .run()
        .exits(26);
    output.says("wsee: /none.wsee: cannot read it: ");
}

#[test]
fn behaviours_exclude_each_other() {
    wsee(&["listen", "--chat", "--on", "any=a"]).run().exits(2);
    wsee(&["listen", "--rules", "a", "--replay", "b"])
        .run()
        .exits(2);
}

#[test]
fn the_log_says_what_a_rule_could_not_do() {
    let server = listening(&[
        "--on",
        "text a={{room}}",
        "--var",
        "room=x",
        "--on",
        "text b=c",
    ]);
    let mut client = server.open();
    client.send("other");
    client.send("b");
    client.expect("c");
    server.stop(Signal::INT).says("@1 * no rule matches it\n");
    let (_folder, path) =
        written("on re \"(x)?\" capture y = re \"y(.)\"\n  > a\non text a\n  > {{y}}\n  > b\n");
    let server = listening(&["--rules", &path]);
    let mut client = server.open();
    client.send("a");
    client.expect("b");
    server
        .stop(Signal::INT)
        .says("@1 ! rules: line 4 is skipped: {{y}} has no value yet\n");
}

#[test]
fn a_pattern_that_does_not_end_is_given_up_and_the_log_says_so() {
    let server = listening(&["--on", "jq last(range(1e12))=never", "--on", "any=other"]);
    let output = wsee(&[&server.url(), "-q1"]).stdin("1\n").run();
    output.exits(0).prints("other\n");
    server
        .stop(Signal::INT)
        .says("@1 ! rules: pattern 1 is given up for this client: jq: more than ");
}

#[test]
fn who_keeps_a_filter_busy_lets_others_have_their_turn() {
    let filter = "jq last(range(20000)) == 1=never";
    let server = listening(&["--on", filter, "--on", "any=other"]);
    let (mut busy, mut other) = (server.open(), server.open());
    other.send("first");
    other.expect("other");
    for number in 0..50 {
        busy.send(number.to_string());
    }
    other.send("second");
    other.expect("other");
    let log = server.stop(Signal::INT).stderr;
    let (before, _) = log.split_once("← text 6 B   second").expect("a message");
    let answered = before.matches("→ text 5 B   other").count();
    assert!(answered < 40, "{answered} answers came before it");
}

#[test]
fn the_url_to_connect_with_is_one_that_the_rules_accept() {
    for (rules, example) in [
        ("accept path /chat/*\nreject 403\n", Some("/chat/\n")),
        ("reject 401 path /admin\n", Some("/\n")),
        ("accept bearer t\n", None),
    ] {
        let (_folder, path) = written(rules);
        let server = listening(&["--rules", &path]);
        let url = format!("; connect with: wsee ws://127.0.0.1:{}", server.port);
        let output = server.stop(Signal::INT);
        match example {
            Some(path) => output.says(&format!("{url}{path}")),
            None => output.never_says("connect with"),
        };
    }
}

#[test]
fn a_refusal_of_the_rules_is_in_the_log() {
    let (_folder, path) = written("reject 403\n  X-A: b\n  body no\n");
    let server = listening(&["--rules", &path]);
    let response = exchange(&mut server.connect(), request(""));
    assert!(
        response.starts_with("HTTP/1.1 403 Forbidden\r\nX-A: b\r\n"),
        "{response}"
    );
    let output = server.stop(Signal::INT);
    output
        .says("@1 ! refused: the rules reject it with 403 (GET /chat)\n")
        .says("HTTP/1.1 403 Forbidden");
}

#[test]
fn more_clients_than_allowed_get_503() {
    let server = listening(&["--max-clients", "1"]);
    let mut first = server.open();
    first.send("a");
    first.expect("a");
    let response = exchange(&mut server.connect(), request(""));
    assert!(response.starts_with("HTTP/1.1 503 "), "{response}");
    first.close(1000, "");
    server.running.wait_for_stderr("@1 * closed by client");
    let mut next = server.open();
    next.send("b");
    next.expect("b");
}

#[test]
fn a_browser_is_told_what_this_is() {
    use std::io::{Read, Write};
    let server = listening(&[]);
    let mut stream = server.connect();
    let host = format!("127.0.0.1:{}", server.port);
    let request = format!("GET /a?b HTTP/1.1\r\nHost: {host}\r\nUser-Agent: x\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a connection");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("a response");
    assert!(
        response.starts_with("HTTP/1.1 426 Upgrade Required\r\n"),
        "{response}"
    );
    let line = format!(
        "\r\n\r\nThis is a WebSocket server (wsee listen); connect with a WebSocket client, such as: wsee ws://{host}/a?b\n"
    );
    assert!(response.ends_with(&line), "{response}");
}
