//! `--record`, `--jsonl` and `-q`.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use super::proxying;
use crate::jsonl::lines::check;
use crate::listen::listening;
use crate::support::peer::Message;
use crate::support::run::wsee;

#[test]
fn events_have_a_connection_and_a_side_and_follow_the_schema() {
    let server = listening(&[]);
    let proxy = proxying(&server.url(), &["--jsonl", "-vv"]);
    let mut client = proxy.open();
    client.send(Message::text("a"));
    client.expect("a");
    client.send(Message::Ping(b"p"[..].into()));
    client.receive();
    client.close(1000, "");
    proxy.running.wait_for_stdout("\"event\":\"closed\"");
    let output = proxy.stop(Signal::INT).exits(130);
    server.stop(Signal::INT);
    let text = String::from_utf8(output.stdout).expect("JSON");
    let events: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    for event in &events {
        check(event).expect("an event of the schema");
        assert_eq!(event["connection"], 1, "{event}");
    }
    let of = |kind: &str| -> Vec<(Value, Value)> {
        let of_kind = events.iter().filter(|event| event["event"] == kind);
        of_kind
            .map(|event| (event["side"].clone(), event["direction"].clone()))
            .collect()
    };
    let both = [("client", "sent"), ("server", "received")]
        .map(|(side, direction)| (side.into(), direction.into()));
    assert_eq!(of("message"), both);
    assert_eq!(of("close"), both);
    assert_eq!(of("ping"), [("client".into(), "sent".into())]);
    let pong = events
        .iter()
        .find(|event| event["event"] == "pong")
        .expect("a pong");
    assert!(pong["rtt_ms"].is_number(), "{pong}");
    let closed = events.last().expect("an end");
    assert_eq!(
        (&closed["code"], &closed["sent"]["messages"]),
        (&1000.into(), &1.into()),
        "{closed}"
    );
}

#[test]
fn a_recording_replays() {
    let server = listening(&[]);
    for format in ["jsonl", "har", "wsee"] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new");
        let dir = path.to_str().expect("UTF-8");
        let proxy = proxying(&server.url(), &["--record", dir, "--record-format", format]);
        let url = format!("{}?token=s3cret-token", proxy.url());
        wsee(&[&url, "-q", "-n", "2"])
            .stdin("one\ntwo\n")
            .run()
            .exits(0)
            .prints("one\ntwo\n");
        proxy.running.wait_for_stderr("@1 * closed by client: 1000");
        proxy.stop(Signal::INT).exits(130);
        let files: Vec<_> = fs::read_dir(&path)
            .expect("the folder")
            .map(|it| it.expect("a file").path())
            .collect();
        let [file] = &files[..] else {
            panic!("{files:?}")
        };
        let file = file.to_str().expect("UTF-8");
        assert!(file.ends_with(&format!("-0001.{format}")), "{file}");
        let text = fs::read_to_string(file).expect("a recording");
        assert!(!text.contains("s3cret-token"), "{text}");
        if format == "wsee" {
            wsee(&["test", file, "--var", &format!("url={}", server.url())]).run();
            assert!(text.contains("one") && text.contains("two"), "{text}");
        } else {
            wsee(&["replay", file, &server.url(), "--speed", "max", "-q"])
                .run()
                .exits(0)
                .prints("one\ntwo\n");
        }
    }
    server.stop(Signal::INT);
}

#[test]
fn a_scenario_expects_what_the_server_sent() {
    let server = listening(&[]);
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().to_str().expect("UTF-8");
    let record = ["--record", dir, "--record-format", "wsee"];
    let rules = [
        "--on",
        "server text a=replace b",
        "--on",
        "client text c=replace d",
    ];
    let proxy = proxying(&server.url(), &[record, rules].concat());
    let mut client = proxy.open();
    for (sent, received) in [("a", "b"), ("c", "d")] {
        client.send(Message::text(sent));
        client.expect(received);
    }
    client.close(1000, "");
    proxy.running.wait_for_stderr("@1 * closed by client: 1000");
    proxy.stop(Signal::INT).exits(130);
    let mut files = fs::read_dir(dir).expect("the folder");
    let file = files.next().expect("a file").expect("a file").path();
    let text = fs::read_to_string(&file).expect("a scenario");
    assert!(text.contains("> a\n< text a\n> d\n< text d\n"), "{text}");
    wsee(&["test", file.to_str().expect("UTF-8")])
        .run()
        .exits(0);
    server.stop(Signal::INT);
}

#[test]
fn events_of_connections_that_are_open_at_once_replay_apart() {
    let server = listening(&[]);
    let proxy = proxying(&server.url(), &["--jsonl"]);
    let mut clients = [proxy.open(), proxy.open()];
    for turn in ["first", "second"] {
        for (client, name) in clients.iter_mut().zip(["one", "two"]) {
            let text = format!("{turn} of {name}");
            client.send(Message::text(text.clone()));
            client.expect(&text);
        }
    }
    let output = proxy.stop(Signal::INT).exits(130);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.jsonl");
    fs::write(&path, &output.stdout).expect("a file");
    let path = path.to_str().expect("UTF-8");
    let (url, flags) = (server.url(), ["--speed", "max", "-q", "--entry"]);
    for (entry, name) in [("1", "one"), ("2", "two")] {
        let args = [&["replay", path, &url], &flags[..], &[entry]].concat();
        wsee(&args)
            .run()
            .exits(0)
            .prints(format!("first of {name}\nsecond of {name}\n"));
    }
    server.stop(Signal::INT);
}

#[test]
fn quiet_shows_nothing_and_passes_all() {
    let server = listening(&[]);
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address")
        .port();
    let proxy = wsee(&["proxy", &port.to_string(), &server.url(), "-q"]).spawn();
    let url = format!("ws://127.0.0.1:{port}");
    wsee(&[&url, "-q", "-1", "--reconnect"])
        .stdin("a\n")
        .run()
        .exits(0)
        .prints("a\n");
    proxy.signal(Signal::INT);
    assert_eq!(proxy.wait().exits(130).stderr, "");
    server.stop(Signal::INT);
}
