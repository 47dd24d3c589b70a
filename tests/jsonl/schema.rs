//! Whole sessions against the schema.

use std::collections::BTreeSet;

use serde_json::json;

use super::lines::{check, events, names, of_kind};
use crate::support::peer::{Message, Peer, scripted, scripted_on};
use crate::support::proxy::{Answer, ESTABLISHED, http, url};
use crate::support::run::wsee;
use crate::support::tls::{self, Authority};
use crate::support::wire::{after_handshake, before_handshake};

#[test]
fn the_tour_prints_no_messages_and_says_so() {
    for flag in [&["--jq", "."][..], &["--raw"]] {
        wsee(&[&["demo"], flag].concat())
            .run()
            .exits(2)
            .prints("")
            .says("wsee demo --jq .");
    }
}

#[test]
fn the_tour_has_every_event_of_a_session_that_goes_well() {
    let output = wsee(&["demo", "--jsonl", "-vv"]).run().exits(0);
    let events = events(&output);
    let kinds: BTreeSet<_> = events.iter().map(|event| event["event"].as_str()).collect();
    let expected = [
        "close", "closed", "frame", "message", "open", "ping", "pong",
    ];
    assert_eq!(kinds, expected.map(Some).into());
    let pong = of_kind(&events, "pong")[0];
    assert!(pong["rtt_ms"].is_number(), "{pong}");
}

#[test]
fn events_come_in_order_and_with_their_direction() {
    let server = scripted(|mut peer| {
        peer.send(Message::Ping(b"\xff".to_vec().into()));
        while peer.receive() != Message::text("question") {}
        peer.send("answer");
        peer.close(1001, "bye")
    });
    let args = [server.url(), "--jsonl", "--wait", "forever"];
    let output = wsee(&args).stdin("question\n").run().exits(0);
    server.finish();
    let events = events(&output);
    let mut names = names(&events);
    // Whether the ping is read before the question is sent is a matter of time.
    names.retain(|name| name != "ping received");
    assert_eq!(
        names,
        [
            "open",
            "message sent",
            "message received",
            "close received",
            "close sent",
            "closed"
        ]
    );
    let ping = of_kind(&events, "ping")[0];
    assert_eq!(
        (&ping["base64"], &ping["size"], &ping["answer"]),
        (&json!("/w=="), &json!(1), &json!("sent"))
    );
    let close = of_kind(&events, "close")[0];
    assert_eq!(close["code"], 1001);
    assert_eq!(close["name"], "going away");
    assert_eq!(close["reason"], "bye");
}

#[test]
fn frames_are_reported_with_vv_only() {
    let run = |verbose: &[&str]| {
        let server = after_handshake(|mut wire| {
            wire.write_hex("0102 6869 8900 8000 8802 03e8");
            wire.read_to_close();
        });
        let args = [&[server.url(), "--jsonl"], verbose].concat();
        let output = wsee(&args).run().exits(0);
        server.finish();
        events(&output)
    };
    assert!(of_kind(&run(&["-v"]), "frame").is_empty());
    let events = run(&["-vv"]);
    let frames = of_kind(&events, "frame");
    let received: Vec<_> = frames
        .iter()
        .filter(|frame| frame["direction"] == "received")
        .map(|frame| (&frame["opcode"], &frame["fin"], &frame["header"]))
        .collect();
    let expected = [
        (&json!(1), &json!(false), &json!("0102")),
        (&json!(9), &json!(true), &json!("8900")),
        (&json!(0), &json!(true), &json!("8000")),
        (&json!(8), &json!(true), &json!("8802")),
    ];
    assert_eq!(received, expected);
    let sent = frames.iter().find(|frame| frame["direction"] == "sent");
    assert!(sent.expect("a pong")["mask"].is_string());
}

#[test]
fn tls_is_reported_with_its_certificate_problem() {
    let identity = Authority::new().issue(&["localhost"]);
    let server = tls::serving(identity, |stream| Peer::accept(stream).close(1000, ""));
    let url = tls::url(&server);
    let output = wsee(&[&url, "--jsonl", "-k"]).run().exits(0);
    let events = events(&output);
    assert_eq!(events[0]["tls"]["verified"], false);
    assert!(events[0]["tls"]["distrust"].is_string(), "{}", events[0]);
    assert!(events[0]["timings"]["tls_ms"].is_number());
    assert!(events[0]["timings"]["dns_ms"].is_number());
}

#[test]
fn a_proxy_and_its_refusal_are_reported() {
    let (server, proxy) = (scripted(|peer| peer.close(1000, "")), http(ESTABLISHED));
    let address = url("http", &proxy);
    let output = wsee(&[server.url(), "--jsonl", "-x", &address]).run();
    let events = self::events(&output.exits(0));
    assert_eq!(events[0]["proxy"], address);
    assert!(events[0]["timings"]["tunnel_ms"].is_number());
    let line = events[0]["request"]["line"].as_str();
    assert_eq!(line, Some("GET / HTTP/1.1"));

    let proxy = http(Answer::Say(
        "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno",
    ));
    let address = url("http", &proxy);
    let output = wsee(&["ws://h.invalid", "--jsonl", "-x", &address]).run();
    let events = self::events(&output.exits(97));
    assert_eq!(events[0]["event"], "error");
    assert_eq!(events[0]["status"], 403);
    assert_eq!(events[0]["body"], "no");
    let line = events[0]["request"]["line"].as_str();
    assert_eq!(line, Some("CONNECT h.invalid:80 HTTP/1.1"));
    assert!(
        events[0]["hint"]
            .as_str()
            .is_some_and(|it| it.contains("--noproxy"))
    );
}

#[test]
fn a_violation_is_an_error_event_with_section_and_bytes() {
    let broken = |args: &[&str], status| {
        let server = after_handshake(|mut wire| {
            wire.write_hex("8182 00000000 6869 8800");
            wire.read_to_close();
        });
        let args = [&[server.url(), "--jsonl"], args].concat();
        let output = wsee(&args).run().exits(status);
        let events = events(&output);
        let error = of_kind(&events, "error")[0];
        assert_eq!(error["section"], "RFC 6455 §5.1");
        (error.clone(), events.last().expect("an end").clone())
    };
    let (error, closed) = broken(&[], 113);
    assert_eq!(error["fatal"], true);
    assert_eq!(error["bytes"], "818200000000");
    assert_eq!(
        (&closed["code"], &closed["clean"]),
        (&json!(1006), &json!(false))
    );
    let (error, closed) = broken(&["--lenient"], 0);
    assert_eq!(error["fatal"], false);
    assert_eq!(
        (&closed["code"], &closed["clean"]),
        (&json!(1005), &json!(true))
    );
}

#[test]
fn a_refused_upgrade_is_an_error_with_the_response() {
    let server = before_handshake(|mut wire| {
        wire.write(
            "HTTP/1.1 403 No Entry\r\nSet-Cookie: id=hush\r\nContent-Length: 6\r\n\r\nsorry!",
        );
        wire.wait_for_end();
    });
    let output = wsee(&[server.url(), "--jsonl"]).run().exits(22);
    let events = events(&output);
    assert_eq!(names(&events), ["error", "closed"]);
    let error = &events[0];
    assert_eq!(error["status"], 403);
    assert_eq!(error["response"]["line"], "HTTP/1.1 403 No Entry");
    assert_eq!(error["response"]["headers"][0]["value"], "***");
    assert_eq!(error["request"]["line"], "GET / HTTP/1.1");
    assert_eq!(error["body"], "sorry!");
    assert!(error["hint"].as_str().expect("a hint").contains("--origin"));
}

#[test]
fn a_doubtful_handshake_is_open_and_then_an_error() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("8802 03e8");
        wire.read_to_close();
    });
    let output = wsee(&[server.url(), "--jsonl", "-s", "chat"])
        .run()
        .exits(0);
    let events = events(&output);
    assert_eq!(events[1]["event"], "error");
    assert_eq!(events[1]["fatal"], false);
    assert!(
        events[1]["message"]
            .as_str()
            .unwrap()
            .contains("subprotocols")
    );
}

#[test]
fn without_a_connection_there_is_an_error_and_an_end() {
    for (url, status) in [("ws://127.0.0.1:1/", 7), ("ftp://h/", 3)] {
        let output = wsee(&[url, "--jsonl"]).run().exits(status);
        let events = events(&output);
        assert_eq!(names(&events), ["error", "closed"]);
        assert_eq!(events[0]["message"], events[1]["message"]);
        assert!(events[1]["code"].is_null());
    }
}

#[test]
fn the_schema_refuses_what_is_not_in_it() {
    let time = "2026-11-20T12:01:02.123456Z";
    let good = json!({"v": 1, "time": time, "event": "close", "direction": "sent"});
    assert_eq!(check(&good), Ok(()));
    let message = |fields: serde_json::Value| {
        let mut event = json!({"v": 1, "time": time, "event": "message", "n": 1, "direction": "sent",
            "type": "text", "size": 1});
        let all = event.as_object_mut().expect("an object");
        all.extend(fields.as_object().expect("an object").clone());
        event
    };
    assert_eq!(check(&message(json!({"data": "a"}))), Ok(()));
    for bad in [
        json!({"v": 2, "time": time, "event": "close", "direction": "sent"}),
        json!({"v": 1, "time": "12:01:02", "event": "close", "direction": "sent"}),
        json!({"v": 1, "time": time, "event": "close", "direction": "sent", "data": "a"}),
        json!({"v": 1, "time": time, "event": "nap"}),
        message(json!({})),
        message(json!({"data": "a", "base64": "YQ=="})),
        message(json!({"base64": "?"})),
    ] {
        assert!(check(&bad).is_err(), "{bad}");
    }
}

#[test]
fn a_connection_that_is_lost_is_followed_by_another() {
    let server = scripted(|mut peer: Peer| peer.send("first"));
    let port = server.port();
    let running = wsee(&[server.url(), "--jsonl", "--reconnect"])
        .stdin_held_open()
        .spawn();
    server.serve();
    running.wait_for_stderr("reconnecting in ");
    let server = scripted_on(port, |peer: Peer| peer.close(1000, ""));
    server.serve();
    let events = events(&running.wait().exits(0));
    let names = names(&events);
    assert_eq!(names[..4], ["open", "message received", "retry", "open"]);
    let retry = of_kind(&events, "retry")[0];
    assert_eq!(retry["attempt"], 1);
    let closed = of_kind(&events, "closed")[0];
    assert_eq!(closed["received"]["messages"], 1);
}
