//! A server that programs script: `--jsonl`, `--split events` and `-- COMMAND`.

use std::io::Write;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use super::{exchange, listening, request};
use crate::support::peer::Message;
use crate::support::run::wsee;

fn events(stdout: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(stdout).expect("UTF-8");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}

#[test]
fn jsonl_has_the_events_of_every_client_with_its_number() {
    let server = listening(&["--jsonl"]);
    let mut client = server.open();
    client.send("hi");
    client.expect("hi");
    client.close(4001, "bye");
    server.running.wait_for_stdout("\"event\":\"closed\"");
    let response = exchange(
        &mut server.connect(),
        request("").replace("Version: 13", "Version: 7"),
    );
    assert!(response.starts_with("HTTP/1.1 426 "), "{response}");
    server.running.wait_for_stdout("\"client\":2");
    let output = server.stop(Signal::INT).exits(130);
    let events = events(&output.stdout);
    let first: Vec<String> = events
        .iter()
        .filter(|event| event["client"] == 1)
        .map(|event| format!("{} {}", event["event"], event["direction"]))
        .collect();
    assert_eq!(
        first,
        [
            "\"open\" null",
            "\"message\" \"received\"",
            "\"message\" \"sent\"",
            "\"close\" \"received\"",
            "\"close\" \"sent\"",
            "\"closed\" null"
        ]
    );
    let refused = events
        .iter()
        .find(|event| event["client"] == 2)
        .expect("the second");
    assert_eq!(refused["event"], "error");
    assert_eq!(refused["status"], 426);
}

#[test]
fn a_recording_of_several_clients_keeps_them_apart() {
    let server = listening(&["--jsonl"]);
    let (mut one, mut two) = (server.open(), server.open());
    for is_first in [true, false, true] {
        let client = if is_first { &mut one } else { &mut two };
        client.send("hi");
        client.expect("hi");
    }
    let output = server.stop(Signal::INT).exits(130);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.jsonl");
    // The end of the second client, which was written last, is cut.
    let end = output.stdout.len() - 10;
    std::fs::write(&path, &output.stdout[..end]).expect("a file");
    let path = path.to_str().expect("UTF-8");
    wsee(&["replay", path, "ws://127.0.0.1:1"])
        .run()
        .says(" (2 sent, 2 received); 2 ws://")
        .says(" (1 sent, 1 received)\n");
    let report = wsee(&["report", path, "-o", "-"]).run().exits(0);
    let page = std::str::from_utf8(&report.stdout).expect("UTF-8");
    let (_, first) = page.split_once("Connection 1:").expect("the first");
    let (first, second) = first.split_once("Connection 2:").expect("the second");
    let count = |part: &str| part.matches(">hi<").count();
    assert_eq!((count(first), count(second)), (4, 2), "{page}");
}

#[test]
fn events_on_stdin_are_sent_to_the_client_they_name_or_to_all() {
    let run = wsee(&["listen", "127.0.0.1:0", "--split", "events", "--jsonl"]).stdin_held_open();
    let mut server = super::started(run);
    let (mut one, mut two) = (server.open(), server.open());
    server.running.wait_for_stdout("\"client\":2");
    one.send("is not echoed");
    let lines = [
        r#"{"event":"message","data":"all"}"#,
        r#"{"event":"message","client":2,"base64":"AP8="}"#,
        "oops",
        r#"{"event":"message","client":9,"data":"x"}"#,
        r#"{"event":"close","client":1,"code":1005}"#,
        r#"{"event":"mesage","client":1,"data":"x"}"#,
        r#"{"event":"message","client":"1","data":"x"}"#,
        r#"{"event":"ping","client":2,"base64":"/w=="}"#,
        r#"{"event":"close","client":1,"code":4001,"reason":"bye"}"#,
    ];
    server.running.send(lines.join("\n") + "\n");
    one.expect("all");
    two.expect("all");
    assert!(two.receive() == Message::binary(&b"\x00\xff"[..]));
    assert!(two.receive() == Message::Ping(b"\xff".to_vec().into()));
    let Message::Close(Some(close)) = one.receive() else {
        panic!("no Close frame");
    };
    assert_eq!(
        (u16::from(close.code), close.reason.as_str()),
        (4001, "bye")
    );
    let output = server.stop(Signal::INT).exits(130);
    output
        .says("! stdin, line 3: not an event, expected an object such as {\"event\":\"message\",\"data\":\"hi\"}\n")
        .says("! stdin, line 4: client 9 is not connected\n")
        .says("! stdin, line 5: 1005 is not a close code that may be sent\n")
        .says("! stdin, line 6: \"mesage\" is not an event to send; ")
        .says("! stdin, line 7: invalid type: string \"1\", expected a whole number");
}

#[test]
fn a_writer_that_never_pauses_leaves_clients_their_turn() {
    let run = wsee(&["listen", "127.0.0.1:0", "--split", "events"]).stdin_held_open();
    let mut server = super::started(run);
    let mut stdin = server.running.take_stdin();
    let writer = std::thread::spawn(move || {
        let lines = "{\"event\":\"ping\"}\n".repeat(4096);
        // Up to the end of the server.
        while stdin.write_all(lines.as_bytes()).is_ok() {}
    });
    let mut client = server.open();
    assert!(matches!(client.receive(), Message::Ping(_)));
    server.stop(Signal::INT).exits(130);
    writer.join().expect("the writer");
}

#[test]
fn a_command_gets_the_messages_of_its_client_and_its_lines_are_sent() {
    let script = r#"echo "$PATH_INFO $QUERY_STRING $HTTP_X_A $REQUEST_METHOD"; while read -r line; do echo "<$line>"; done; exit 0"#;
    let server = listening(&["--", "sh", "-c", script]);
    let url = format!("ws://127.0.0.1:{}/a?b=1", server.port);
    let output = wsee(&[
        &url,
        "-q",
        "-H",
        "X-A: c",
        "-H",
        "Proxy: evil",
        "--count",
        "3",
    ])
    .stdin("one\ntwo\n")
    .run();
    output.exits(0).prints("/a b=1 c GET\n<one>\n<two>\n");
}

#[test]
fn the_end_of_a_command_closes_with_its_status() {
    for (script, code) in [("echo a; exit 0", 1000), ("echo a >&2; exit 3", 1011)] {
        let server = listening(&["--", "sh", "-c", script]);
        let client = server.open();
        let received = client.record();
        assert_eq!(received.close.map(|(code, _)| code), Some(code), "{script}");
        let output = server.stop(Signal::INT);
        if code == 1011 {
            output
                .says("@1 ! stderr: a\n")
                .says("@1 * the command ended with 3\n");
        }
    }
}

#[test]
fn a_command_that_cannot_start_closes_with_1011() {
    let server = listening(&["--", "/no/such/program"]);
    let received = server.open().record();
    assert_eq!(received.close.map(|(code, _)| code), Some(1011));
    server
        .stop(Signal::INT)
        .says("@1 ! cannot start /no/such/program: ");
}

#[test]
fn a_command_that_complains_without_end_leaves_the_server_its_turn() {
    let server = listening(&["--", "sh", "-c", "exec yes oops >&2"]);
    let _first = server.open();
    server.running.wait_for_stderr("@1 ! stderr: oops");
    let _second = server.open();
    server.stop(Signal::INT).exits(130);
}

#[test]
fn a_command_is_heard_until_it_ends_without_its_client() {
    let server = listening(&["--", "sh", "-c", "cat >/dev/null; echo over >&2; exit 4"]);
    drop(server.open());
    server
        .running
        .wait_for_stderr("@1 * the command ended with 4\n");
    server.stop(Signal::INT).says("@1 ! stderr: over\n");
    let server = listening(&["--", "sh", "-c", "exec sleep 60"]);
    drop(server.open());
    server
        .running
        .wait_for_stderr("@1 * the command was killed, as it did not end without its client\n");
}

#[test]
fn the_signal_that_ended_a_command_is_named() {
    let server = listening(&["--", "sh", "-c", "kill -9 $$"]);
    let received = server.open().record();
    assert_eq!(received.close.map(|(code, _)| code), Some(1011));
    server
        .stop(Signal::INT)
        .says("@1 * the command was ended by signal 9 (SIGKILL)\n");
}

#[test]
fn a_command_does_not_outlive_the_server() {
    let script = "trap '' INT TERM HUP; echo $$; exec sleep 60";
    let server = listening(&["--", "sh", "-c", script]);
    let mut client = server.open();
    let Message::Text(pid) = client.receive() else {
        panic!("no pid");
    };
    let pid: i32 = pid.as_str().parse().expect("a number");
    let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
    server.stop(Signal::TERM).exits(143);
    assert!(
        rustix::process::test_kill_process(pid).is_err(),
        "it still runs"
    );
}

#[test]
fn a_client_that_is_gone_ends_what_its_command_has_started() {
    let server = listening(&["--", "sh", "-c", "sleep 60 & echo $!; wait"]);
    let mut client = server.open();
    let Message::Text(pid) = client.receive() else {
        panic!("no pid");
    };
    drop(client);
    let pid: i32 = pid.as_str().parse().expect("a number");
    let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
    let start = Instant::now();
    while rustix::process::test_kill_process(pid).is_ok() {
        assert!(start.elapsed() < Duration::from_secs(10), "it still runs");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_client_that_is_gone_ends_its_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pid");
    let silent = "echo up; exec sleep 60";
    // Neither pauses nor reads what the client sent.
    let endless = "exec yes up";
    for (script, unread) in [(silent, 0), (endless, 0), (endless, 2 << 20)] {
        let script = format!("echo $$ > {}; {script}", file.display());
        let server = listening(&["--", "sh", "-c", &script]);
        let mut client = server.open();
        client.expect("up");
        let pid = std::fs::read_to_string(&file).expect("a pid");
        let pid: i32 = pid.trim().parse().expect("a number");
        if unread > 0 {
            client.send(Message::text("a".repeat(unread)));
        }
        drop(client);
        let start = Instant::now();
        let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
        while rustix::process::test_kill_process(pid).is_ok() {
            assert!(start.elapsed() < Duration::from_secs(10), "{script} runs");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
