//! Archives, each checked against the schema of HAR 1.2.

use std::path::Path;

use boon::{Compiler, Schemas};
use serde_json::Value;

use crate::support::peer::{Message, Peer, echoing, scripted};
use crate::support::run::wsee;
use crate::support::site::site;
use crate::support::tls::{self, Authority};
use crate::support::wire::{after_handshake, before_handshake};

/// The archive in a file; claims that it is one.
#[track_caller]
pub fn archive(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("a recording");
    let archive = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let schema = include_str!("har-1.2.schema.json");
    let schema = serde_json::from_str(schema).expect("a schema in JSON");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let name = "har-1.2.schema.json";
    compiler.add_resource(name, schema).expect("a schema");
    let index = compiler.compile(name, &mut schemas);
    let index = index.unwrap_or_else(|error| panic!("{error:#}"));
    let checked = schemas.validate(&archive, index);
    checked.unwrap_or_else(|error| panic!("{error:#}\n{archive:#}"));
    archive
}

/// The only entry of an archive.
#[track_caller]
pub fn entry(path: &Path) -> Value {
    let mut archive = archive(path);
    let entries = archive["log"]["entries"].as_array_mut().expect("entries");
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.remove(0)
}

/// Type, opcode and data of an entry's messages.
pub fn messages(entry: &Value) -> Vec<(String, u64, String)> {
    let messages = entry["_webSocketMessages"].as_array().expect("messages");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    messages
        .iter()
        .map(|message| {
            let opcode = message["opcode"].as_u64().expect("an opcode");
            (text(&message["type"]), opcode, text(&message["data"]))
        })
        .collect()
}

#[test]
fn holds_the_handshake_and_all_messages_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.har");
    let server = scripted(|mut peer| {
        peer.send(Message::Ping("beat".into()));
        while peer.receive() != Message::text("hi") {}
        peer.send(vec![0, 0xff]);
        peer.send("gr\u{fc}\u{df}e");
        peer.close(1001, "bye")
    });
    let url = format!("{}/chat?room=a%20b", server.url());
    let args = [&*url, "--record", path.to_str().expect("UTF-8")];
    let args = [&args[..], &["--wait", "forever", "-s", "v1"]].concat();
    wsee(&args).stdin("hi\n").run().exits(0);
    server.finish();
    let entry = entry(&path);
    assert_eq!(entry["request"]["url"], url);
    assert_eq!(entry["request"]["method"], "GET");
    assert_eq!(entry["request"]["queryString"][0]["value"], "a b");
    assert_eq!(entry["response"]["status"], 101);
    assert_eq!(entry["response"]["statusText"], "Switching Protocols");
    assert_eq!(entry["serverIPAddress"], "127.0.0.1");
    let headers = entry["request"]["headers"].as_array().expect("headers");
    let offered = headers
        .iter()
        .find(|field| field["name"] == "Sec-WebSocket-Protocol");
    assert_eq!(offered.expect("an offer")["value"], "v1");
    let mut messages = messages(&entry);
    // Whether the ping is read before the message is sent is a matter of time.
    messages.sort_by_key(|(_, opcode, _)| *opcode != 9);
    let expected = [
        ("receive", 9, "YmVhdA=="),
        ("send", 1, "hi"),
        ("receive", 2, "AP8="),
        ("receive", 1, "gr\u{fc}\u{df}e"),
        ("receive", 8, "A+lieWU="),
        ("send", 8, "A+k="),
    ];
    let expected = expected.map(|(kind, opcode, data)| (kind.to_owned(), opcode, data.to_owned()));
    assert_eq!(messages, expected);
}

#[test]
fn times_go_on_from_the_start_of_the_entry() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.har");
    let identity = Authority::new().issue(&["localhost"]);
    let server = tls::serving(identity, |stream| Peer::accept(stream).echo());
    let url = tls::url(&server);
    let args = [&*url, "-k1", "--record", path.to_str().expect("UTF-8")];
    wsee(&args).stdin("hi\n").run().exits(0);
    server.finish();
    let entry = entry(&path);
    let started: jiff::Timestamp = entry["startedDateTime"]
        .as_str()
        .and_then(|time| time.parse().ok())
        .expect("a time");
    let times = entry["_webSocketMessages"].as_array().expect("messages");
    let times = times.iter().map(|it| it["time"].as_f64().expect("a time"));
    let mut before = started.as_duration().as_secs_f64();
    for time in times {
        assert!(time >= before && time < before + 60.0, "{time} {before}");
        before = time;
    }
    let timings = &entry["timings"];
    let ms = |name: &str| timings[name].as_f64().expect("a number");
    assert!(ms("ssl") > 0.0 && ms("connect") > ms("ssl"), "{timings}");
    let sum: f64 = ["dns", "connect", "send", "wait", "receive"]
        .map(|name| ms(name).max(0.0))
        .iter()
        .sum();
    assert!((entry["time"].as_f64().expect("a time") - sum).abs() < 0.001);
}

#[test]
fn a_refused_upgrade_is_an_entry_with_its_response() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.har");
    let site = site(&["403\nContent-Length: 0"]);
    let args = [site.url(), "--record", path.to_str().expect("UTF-8")];
    wsee(&args).run().exits(22);
    site.finish();
    let entry = entry(&path);
    assert_eq!(entry["response"]["status"], 403);
    let error = entry["_error"].as_str().expect("an error");
    assert!(error.contains("403"), "{error}");
    assert_eq!(messages(&entry), []);
}

#[test]
fn is_an_archive_without_entries_until_the_connection_opens() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.har");
    let seen = path.clone();
    let server = after_handshake(move |mut wire| {
        wire.write_hex("8802 03e8");
        wire.read_to_close();
    });
    let before = before_handshake(move |wire| {
        let archive = archive(&seen);
        assert_eq!(archive["log"]["entries"], serde_json::json!([]));
        wire.end();
    });
    let record = ["--record", path.to_str().expect("UTF-8"), "--force"];
    wsee(&[&[before.url()], &record[..]].concat()).run();
    before.finish();
    wsee(&[&[server.url()], &record[..]].concat())
        .run()
        .exits(0);
    server.finish();
    entry(&path);
}

#[test]
fn the_tour_can_be_recorded() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.har");
    wsee(&["demo", "--record", path.to_str().expect("UTF-8")])
        .run()
        .exits(0);
    let opcodes: Vec<u64> = messages(&entry(&path)).iter().map(|it| it.1).collect();
    assert_eq!(opcodes, [1, 1, 1, 1, 2, 2, 1, 1, 9, 10, 8, 8]);
}

#[test]
fn messages_that_would_be_streamed_are_recorded_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.har");
    let server = echoing();
    let args = [server.url(), "--binary", "-1", "--record"];
    let big = vec![7; 1 << 20];
    wsee(&[&args[..], &[path.to_str().expect("UTF-8")]].concat())
        .stdin(big.clone())
        .run()
        .exits(0)
        .prints(&big);
    server.finish();
    let messages = messages(&entry(&path));
    let whole = data_encoding::BASE64.encode(&big);
    // The Close frame behind it may come too late to be waited for.
    let is_answer = |it: &&(String, u64, String)| it.0 == "receive" && it.1 != 8;
    let received: Vec<_> = messages.iter().filter(is_answer).collect();
    assert!(
        received.len() == 1 && received[0].2 == whole,
        "not one message"
    );
}
