//! Rules for what passes.

use std::fs;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::exact::read;
use super::proxying;
use crate::listen::{Listening, exchange, listening, request};
use crate::support::peer::Message;
use crate::support::run::wsee;

/// An echo server behind a proxy with these rules.
#[track_caller]
fn ruled(rules: &str) -> (Listening, Listening) {
    let server = listening(&[]);
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(&file, rules).expect("a file");
    let path = file.path().to_str().expect("UTF-8");
    let proxy = proxying(&server.url(), &["--rules", path]);
    (server, proxy)
}

#[test]
fn the_first_rule_that_matches_decides_and_the_rest_passes() {
    let (server, proxy) = ruled(
        "on client json {\"op\":\"buy\"}\n  set .amount = 1\n\non client text bye\n  drop\n\
         on client text twice\n  duplicate\non server re \"^old\"\n  replace new\n\
         on client any\n  delay 0\n",
    );
    let mut client = proxy.open();
    for text in [
        r#"{"op":"buy","amount":5}"#,
        "bye",
        "twice",
        "old text",
        "other",
    ] {
        client.send(Message::text(text));
    }
    client.expect(r#"{"op":"buy","amount":1}"#);
    client.expect("twice");
    client.expect("twice");
    client.expect("new");
    client.expect("other");
    client.close(1000, "");
    let output = proxy.stop(Signal::INT).exits(130);
    for text in [
        "! fault: line 1: set, message 1 from the client\n",
        "! fault: line 4: drop, message 2 from the client\n",
        "! fault: line 6: duplicate, message 3 from the client\n",
        "! fault: line 8: replace, message 4 from the server\n",
        "→ text 3 B   bye\n",
    ] {
        assert!(
            output.stderr.contains(text),
            "{text} is missing in:\n{}",
            output.stderr
        );
    }
    server.stop(Signal::INT).never_says("bye");
}

#[test]
fn an_edit_changes_exactly_one_message() {
    let (server, proxy) = ruled("on server text 2\n  replace two\n");
    let mut client = proxy.connect();
    exchange(&mut client, request(""));
    // A message in fragments with a ping in between, and one that is changed.
    client.write_all(b"\x01\x81\0\0\0\0a\x89\x80\0\0\0\0\x80\x81\0\0\0\0b\x81\x81\0\0\0\x002\x81\x81\0\0\0\x003").expect("a connection");
    assert_eq!(
        read(&mut client, 2 + 4 + 5 + 3),
        b"\x8a\0\x81\x02ab\x81\x03two\x81\x013"
    );
    server.stop(Signal::INT);
    proxy.stop(Signal::INT).exits(130);
}

#[test]
fn later_messages_wait_behind_one_that_is_delayed() {
    let (server, proxy) = ruled("on client text slow\n  delay 400ms\n");
    let mut client = proxy.open();
    let started = Instant::now();
    client.send(Message::text("slow"));
    client.send(Message::text("fast"));
    client.expect("slow");
    assert!(
        started.elapsed() >= Duration::from_millis(400),
        "{:?}",
        started.elapsed()
    );
    client.expect("fast");
    let closed = client.close(1000, "");
    assert_eq!(closed.close, Some((1000, String::new())));
    server.stop(Signal::INT);
}

#[test]
fn after_a_change_compressed_messages_that_refer_to_it_leave_uncompressed() {
    let server = listening(&["-v"]);
    let on = "client text drop this text=drop";
    let proxy = proxying(&server.url(), &["--on", on, "-v"]);
    let mut client = wsee(&[&proxy.url()]).stdin_held_open().spawn();
    for text in [
        "a text that repeats a text",
        "drop this text",
        "a text that repeats a text",
    ] {
        client.send(format!("{text}\n"));
        if !text.starts_with("drop") {
            client.wait_for_stdout(&format!("{text}\n"));
        }
    }
    client.wait_for_stdout("a text that repeats a text\na text that repeats a text\n");
    client.end_stdin();
    client.wait().exits(0);
    proxy
        .stop(Signal::INT)
        .exits(130)
        .says("! fault: --on: drop, message 2 from the client\n")
        .says("! fault: later compressed messages from the client leave uncompressed, as they refer to it\n");
    let log = server.stop(Signal::INT);
    log.says("← text 26 B (deflate ")
        .says("← text 26 B   a text that repeats a text\n");
}

#[test]
fn a_rule_closes_or_resets() {
    for (step, code) in [("close 1011", Some(1011)), ("reset", None)] {
        let (server, proxy) = ruled(&format!("on client text x\n  {step}\n"));
        let mut client = proxy.connect();
        exchange(&mut client, request(""));
        client
            .write_all(b"\x81\x81\0\0\0\0x")
            .expect("a connection");
        let mut rest = Vec::new();
        let end = client.read_to_end(&mut rest);
        match code {
            Some(_) => assert!(rest.ends_with(b"\x88\x02\x03\xf3"), "{rest:?}"),
            None => assert!(end.is_err(), "{end:?}"),
        }
        let how = match code {
            Some(_) => "@1 * closed by a rule: 1011 internal error after ",
            None => "@1 * reset by a rule after ",
        };
        proxy.running.wait_for_stderr(how);
        server.stop(Signal::INT);
    }
}

#[test]
fn what_breaks_a_rule_of_the_protocol_passes_rules_as_it_came() {
    let frames = b"\x01\x01a\x81\x01b\x83\x01c\x80\x01d\xc1\x01e\x82\x7e\x00\x01f\x81\x05ab";
    let server = super::exact::raw("", move |mut stream| {
        stream.write_all(frames).expect("a connection");
        stream
            .shutdown(std::net::Shutdown::Write)
            .expect("a connection");
        let _ = stream.read(&mut [0]);
    });
    let proxy = proxying(server.url(), &["--on", "server text never=drop"]);
    let mut client = proxy.connect();
    exchange(&mut client, request(""));
    let mut got = Vec::new();
    client.read_to_end(&mut got).expect("an orderly end");
    assert_eq!(got, frames);
    drop(client);
    server.finish();
}

#[test]
fn a_message_that_is_too_large_for_rules_passes_unseen() {
    let server = listening(&[]);
    let args = ["--on", "server re \"a\"=drop", "--max-message", "1000"];
    let proxy = proxying(&server.url(), &args);
    let mut client = proxy.open();
    client.send(Message::text("a".repeat(5000)));
    client.expect(&"a".repeat(5000));
    client.send(Message::text("a"));
    client.send(Message::text("b"));
    client.expect("b");
    proxy
        .running
        .wait_for_stderr("message 1 is larger than --max-message: no rule sees it");
    server.stop(Signal::INT);
}

#[test]
fn a_filter_that_does_not_end_is_cut_short_as_others_wait() {
    let (server, proxy) = ruled("on client any\n  set def f: f; f\n");
    let mut client = proxy.open();
    client.send("1");
    client.expect("1");
    let text = "set changes nothing, jq: more than 100001 steps for one message";
    proxy.stop(Signal::INT).says(text);
    server.stop(Signal::INT);
}

#[test]
fn mistakes_have_a_line_and_a_column() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let path = file.path().to_str().expect("UTF-8");
    let check = |text: &str| {
        fs::write(&file, text).expect("a file");
        wsee(&["proxy", "0", "ws://h", "--check", "--rules", path]).run()
    };
    check("on any\n  drop\n")
        .exits(0)
        .prints(format!("{path}: 1 rule, no mistakes\n"))
        .never_says("wsee");
    wsee(&["proxy", "--rules", path, "--check"]).run().exits(0);
    check("on any\n  drpo\n").exits(2).says(&format!(
        "{path}:2:3: unknown word \"drpo\"; did you mean drop?"
    ));
    check("on text {{x}}\n  drop\n")
        .exits(2)
        .says("line 1: the variable x has no value");
    let args = ["proxy", "0", "ws://h", "--on", "text a"];
    wsee(&args)
        .run()
        .exits(2)
        .says("--on:1:")
        .says("'client text ping=drop'");
    wsee(&["proxy", "0", "ws://h", "--check"])
        .run()
        .exits(2)
        .says("--rules");
}
