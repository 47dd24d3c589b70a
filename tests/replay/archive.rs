//! Archives as browsers export them.

use std::fs;

use crate::support::run::wsee;
use crate::support::wire::after_handshake;

/// What Chrome's `DevTools` export ("Save all as HAR with content"), shortened where nothing depends on it.
const CHROME: &str = r#"{
  "log": {
    "version": "1.2",
    "creator": { "name": "WebInspector", "version": "537.36" },
    "pages": [],
    "entries": [
      {
        "_initiator": { "type": "other" },
        "_priority": "VeryHigh",
        "_resourceType": "document",
        "cache": {},
        "connection": "443",
        "request": {
          "method": "GET",
          "url": "https://chat.example/",
          "httpVersion": "http/2.0",
          "headers": [{ "name": ":authority", "value": "chat.example" }],
          "queryString": [], "cookies": [], "headersSize": -1, "bodySize": 0
        },
        "response": {
          "status": 200, "statusText": "", "httpVersion": "http/2.0", "headers": [], "cookies": [],
          "content": { "size": 2, "mimeType": "text/html", "text": "hi" },
          "redirectURL": "", "headersSize": -1, "bodySize": -1, "_transferSize": 123, "_error": null
        },
        "serverIPAddress": "192.0.2.1",
        "startedDateTime": "2026-11-20T12:00:00.000Z",
        "time": 12.5,
        "timings": { "blocked": 1, "dns": -1, "ssl": -1, "connect": -1, "send": 0, "wait": 10, "receive": 1.5 }
      },
      {
        "_initiator": { "type": "script" },
        "_priority": "VeryHigh",
        "_resourceType": "websocket",
        "_webSocketMessages": [
          { "type": "send", "time": 1795176000.120312, "opcode": 1, "data": "{\"op\":\"hi\"}" },
          { "type": "receive", "time": 1795176000.130442, "opcode": 1, "data": "{\"op\":\"welcome\"}" },
          { "type": "send", "time": 1795176000.150011, "opcode": 2, "data": "AP8=" },
          { "type": "error", "time": 1795176000.160011, "opcode": -1, "data": "Invalid frame header" }
        ],
        "cache": {},
        "connection": "443",
        "request": {
          "method": "GET",
          "url": "wss://chat.example/socket?room=1",
          "httpVersion": "HTTP/1.1",
          "headers": [
            { "name": "Origin", "value": "https://chat.example" },
            { "name": "Cookie", "value": "id=1" },
            { "name": "Sec-WebSocket-Protocol", "value": "chat.v2, chat.v1" },
            { "name": "Sec-WebSocket-Key", "value": "dGhlIHNhbXBsZSBub25jZQ==" }
          ],
          "queryString": [{ "name": "room", "value": "1" }],
          "cookies": [], "headersSize": -1, "bodySize": 0
        },
        "response": {
          "status": 101, "statusText": "Switching Protocols", "httpVersion": "HTTP/1.1",
          "headers": [{ "name": "Upgrade", "value": "websocket" }], "cookies": [],
          "content": { "size": 0, "mimeType": "x-unknown" },
          "redirectURL": "", "headersSize": -1, "bodySize": -1, "_transferSize": 0, "_error": null
        },
        "serverIPAddress": "192.0.2.1",
        "startedDateTime": "2026-11-20T12:00:00.050Z",
        "time": 130.2,
        "timings": { "blocked": -1, "dns": -1, "connect": -1, "send": 0, "wait": 50, "receive": 0 }
      }
    ]
  }
}"#;

#[test]
fn an_archive_exported_by_chrome_is_played() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("chat.example.har");
    fs::write(&path, CHROME).expect("a file");
    let server = after_handshake(|mut wire| {
        let frames = wire.read_to_close();
        wire.write_hex("8802 03e8");
        (wire.request().to_owned(), frames)
    });
    let path = path.to_str().expect("a path in UTF-8");
    wsee(&["replay", path, server.url(), "--wait", "0"])
        .run()
        .exits(0)
        .says("chat.example.har: 2 messages in 100.0 ms");
    let (request, frames) = server.finish();
    assert!(
        request.contains("\r\nOrigin: https://chat.example\r\n"),
        "{request}"
    );
    assert!(
        request.contains("\r\nSec-WebSocket-Protocol: chat.v2, chat.v1\r\n"),
        "{request}"
    );
    assert!(!request.contains("Cookie"), "{request}");
    let sent = frames.iter().map(|it| (it.opcode, it.payload.as_slice()));
    let sent: Vec<_> = sent.collect();
    assert_eq!(
        sent[..2],
        [(1, &b"{\"op\":\"hi\"}"[..]), (2, &[0, 0xff][..])]
    );
    assert_eq!(sent.len(), 3, "{sent:?}");
}

#[test]
fn flags_override_the_recorded_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.har");
    fs::write(&path, CHROME).expect("a file");
    let server = after_handshake(|mut wire| {
        wire.read_to_close();
        wire.write_hex("8802 03e8");
        wire.request().to_owned()
    });
    let path = path.to_str().expect("a path in UTF-8");
    let args = ["replay", path, server.url(), "--wait", "0", "-b", "id=2"];
    wsee(&[&args[..], &["-o", "https://other.example", "-s", "v3"]].concat())
        .run()
        .exits(0);
    let request = server.finish();
    for field in [
        "Origin: https://other.example",
        "Sec-WebSocket-Protocol: v3",
        "Cookie: id=2",
    ] {
        assert!(request.contains(&format!("\r\n{field}\r\n")), "{request}");
    }
    assert!(!request.contains("chat.v"), "{request}");
}
