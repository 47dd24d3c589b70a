use std::fs;

use super::{CONNECTED, OPEN};
use crate::support::peer::scripted;
use crate::support::run::wsee;

const SCENARIO: &str = "\
connect --as socket.io ws://{{host}}

emit join \"ci\"
< event joined \"ci\"
< event question
ack \"yes\" 1
join /fx
emit [/fx] subscribe
< as {\"ns\":\"/fx\",\"event\":[\"price\",{\"s\":\"EURUSD\"}]}
leave /fx
";

fn run(scenario: &str, host: &str) -> crate::support::output::Output {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.wsee");
    fs::write(&file, scenario).expect("a file");
    let file = file.to_str().expect("UTF-8");
    let host = format!("host={}", host.trim_start_matches("ws://"));
    wsee(&["test", file, "--var", &host, "--timeout", "2s"]).run()
}

#[test]
fn verbs_are_steps_and_events_are_expected() {
    let server = scripted(|mut peer| {
        peer.send(OPEN);
        peer.expect("40");
        peer.send(CONNECTED);
        peer.expect("42[\"join\",\"ci\"]");
        peer.send("2");
        peer.send("42[\"joined\",\"ci\"]");
        peer.send("423[\"question\",1]");
        peer.expect("3");
        peer.expect("433[\"yes\",1]");
        peer.expect("40/fx,");
        peer.send("40/fx,{\"sid\":\"f\"}");
        peer.expect("42/fx,[\"subscribe\"]");
        peer.send("42/fx,[\"price\",{\"s\":\"EURUSD\",\"bid\":1.1}]");
        peer.expect("41/fx,");
        peer.record()
    });
    run(SCENARIO, server.url()).exits(0);
}

#[test]
fn an_event_that_differs_is_the_closest() {
    let server = scripted(|mut peer| {
        peer.send(OPEN);
        peer.expect("40");
        peer.send(CONNECTED);
        peer.send("42[\"joined\",\"other\"]");
        peer.record()
    });
    let scenario = "connect --as socket.io ws://{{host}}\n\n< event joined \"ci\" within 300ms\n";
    let output = run(scenario, server.url()).exits(1);
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &output.stderr;
    assert!(text.contains("expected \"ci\", found \"other\""), "{text}");
}

#[test]
fn a_refusal_is_the_failure_of_its_connect() {
    let server = scripted(|mut peer| {
        peer.send(OPEN);
        peer.expect("40");
        peer.send("44{\"message\":\"no entry\"}");
        peer.record()
    });
    let scenario = "connect --as socket.io ws://{{host}}\n";
    let output = run(scenario, server.url());
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &output.stderr;
    assert!(
        text.contains("the server refused namespace /: \"no entry\""),
        "{text}"
    );
}

#[test]
fn mistakes_have_a_place() {
    for (line, why) in [
        (
            "connect --as soap ws://h",
            "--as takes socket.io, graphql, jsonrpc or raw, not \"soap\"",
        ),
        (
            "connect --as socket.io ws://h\nemit",
            "2:1: /emit needs [[/NS]] NAME [JSON…]",
        ),
        (
            "connect --as socket.io ws://h\nemit a b",
            "argument \"b\" is not JSON",
        ),
        (
            "connect --as socket.io ws://h\njoin fx",
            "join belongs in a file of rules",
        ),
        ("connect --as socket.io ws://h\n< event", "/emit needs"),
        ("connect --as socket.io ws://h\n< as {", "2:"),
    ] {
        let output = run(&format!("{line}\n"), "h").exits(2);
        assert!(output.stderr.contains(why), "{line}: {}", output.stderr);
    }
}

#[test]
fn the_canonical_form_keeps_the_steps() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.wsee");
    fs::write(&file, SCENARIO).expect("a file");
    let file = file.to_str().expect("UTF-8");
    wsee(&["fmt", "--check", file]).run().exits(0).prints("");
}
