//! What stands in the events.

use serde_json::json;

use super::lines::{events, of_kind};
use crate::support::peer::{Message, scripted};
use crate::support::run::wsee;
use crate::support::wire::after_handshake;

#[test]
fn text_is_in_data_and_binary_in_base64_in_both_directions() {
    let server = scripted(|mut peer| {
        peer.receive();
        peer.send(Message::binary(b"\0\xff".to_vec()));
        peer.send("é\n\"");
        peer.close(1000, "")
    });
    let args = [server.url(), "--jsonl", "--binary", "--send", "a\u{1}"];
    let output = wsee(&args).run().exits(0);
    server.finish();
    let events = events(&output);
    let mut payloads: Vec<_> = of_kind(&events, "message")
        .into_iter()
        .map(|it| {
            json!([
                it["direction"],
                it["type"],
                it["size"],
                it["data"],
                it["base64"]
            ])
        })
        .collect();
    payloads.sort_by_key(|payload| payload[0] == "received");
    assert_eq!(
        payloads,
        [
            json!(["sent", "binary", 2, null, "YQE="]),
            json!(["received", "binary", 2, null, "AP8="]),
            json!(["received", "text", 4, "é\n\"", null]),
        ]
    );
}

#[test]
fn an_echo_is_reported_whole_in_both_directions() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("0102 6869 8001 21 8802 03e8");
        wire.read_to_close();
    });
    let output = wsee(&[server.url(), "--jsonl", "--echo"]).run().exits(0);
    server.finish();
    let events = events(&output);
    let messages: Vec<_> = of_kind(&events, "message")
        .into_iter()
        .map(|it| (it["direction"].as_str(), it["data"].as_str()))
        .collect();
    assert_eq!(
        messages,
        [(Some("received"), Some("hi!")), (Some("sent"), Some("hi!"))]
    );
}

#[test]
fn secrets_are_masked_unless_they_are_to_be_shown() {
    let run = |show: &[&str]| {
        let server = scripted(|peer| peer.close(1000, ""));
        let url = format!("ws://ada:hush@127.0.0.1:{}/?token=hush", server.port());
        let args = [&[url.as_str(), "--jsonl", "-b", "id=hush"], show].concat();
        let output = wsee(&args).run().exits(0);
        server.finish();
        events(&output);
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let masked = run(&[]);
    assert!(
        !masked.contains("hush") && !masked.contains("YWRhOmh1c2g="),
        "{masked}"
    );
    assert!(masked.contains(r#""url":"ws://***@127.0.0.1"#), "{masked}");
    assert!(
        masked.contains(r#""line":"GET /?token=*** HTTP/1.1""#),
        "{masked}"
    );
    let shown = run(&["--show-secrets"]);
    assert!(shown.contains("YWRhOmh1c2g="), "{shown}");
}

#[test]
fn nothing_in_a_line_steers_a_terminal_and_all_of_it_can_be_read_back() {
    let attack = "\x1b]0;x\x07\u{9b}2J\u{7f}\u{202e}\u{2028}\u{e0041}\u{feff}\0é😀";
    let server = scripted(move |mut peer| {
        peer.send(attack);
        peer.send(Message::Ping(attack.as_bytes().to_vec().into()));
        peer.close(4000, attack)
    });
    let output = wsee(&[server.url(), "--jsonl"]).run().exits(111);
    server.finish();
    let events = events(&output);
    assert_eq!(of_kind(&events, "message")[0]["data"], attack);
    assert_eq!(of_kind(&events, "ping")[0]["data"], attack);
    assert_eq!(of_kind(&events, "close")[0]["reason"], attack);
    assert_eq!(events.last().expect("an end")["reason"], attack);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let harmless = |c: char| c == '\n' || matches!(c, ' '..='~' | 'é' | '😀' | '→' | '←');
    let harmful: String = text.chars().filter(|c| !harmless(*c)).collect();
    assert_eq!(harmful, "");
}

#[test]
fn a_text_that_is_not_utf8_keeps_its_bytes() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("8102 61ff 8802 03e8");
        wire.read_to_close();
    });
    let output = wsee(&[server.url(), "--jsonl", "--lenient"]).run().exits(0);
    let events = events(&output);
    let message = of_kind(&events, "message")[0];
    assert_eq!(message["type"], "text");
    assert_eq!(message["base64"], "Yf8=");
}
