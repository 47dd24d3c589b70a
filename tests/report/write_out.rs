//! `--write-out`: a format that is filled in at the end.

use std::fs;

use serde_json::Value;

use crate::support::peer::{echoing, scripted};
use crate::support::pty::terminal;
use crate::support::run::wsee;
use crate::support::server::Untouched;
use crate::support::wire::{Wire, after_handshake, before_handshake};

#[test]
fn write_out_follows_the_payload_on_stdout() {
    let server = echoing();
    wsee(&[
        server.url(),
        "-1",
        "-w",
        r"%{messages_in}/%{bytes_out} %{close_code}\n",
    ])
    .stdin("hello\n")
    .run()
    .exits(0)
    .prints("hello\n1/5 1000\n");
}

#[test]
fn write_out_goes_to_stderr_where_the_format_says_so() {
    let server = echoing();
    let output = wsee(&[
        server.url(),
        "-q",
        "-1",
        "-w",
        r"%{stderr}%{exitcode}\n%{stdout}.",
    ])
    .stdin("hello\n")
    .run()
    .exits(0)
    .prints("hello\n.");
    assert_eq!(output.stderr, "0\n");
}

#[test]
fn times_grow_from_phase_to_phase() {
    let server = scripted(|mut peer| {
        peer.send("first");
        peer.close(1000, "")
    });
    let format = r"%{time_connect} %{time_open} %{time_first_message} %{time_total}";
    let output = wsee(&[server.url(), "--raw", "-w", format]).run().exits(0);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let times = text.strip_prefix("first").expect("the message first");
    let times: Vec<f64> = times
        .split(' ')
        .map(|time| time.parse().expect("a number"))
        .collect();
    assert_eq!(times.len(), 4);
    assert!(times[0] > 0.0, "{times:?}");
    assert!(times.is_sorted(), "{times:?}");
}

#[test]
fn round_trips_are_measured_with_pings() {
    let server = scripted(|mut peer| {
        for _ in 0..3 {
            peer.receive();
        }
        peer.close(1000, "")
    });
    let format = "%{rtt_min} %{rtt_avg} %{rtt_max}";
    let args = [server.url(), "--ping-interval", "50ms", "-w", format];
    let output = wsee(&args).stdin_held_open().run().exits(0);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let times: Vec<f64> = text
        .split(' ')
        .map(|time| time.parse().expect("a number"))
        .collect();
    assert!(times[0] > 0.0 && times.is_sorted(), "{text}");
}

#[test]
fn write_out_is_printed_after_a_refusal() {
    let server = before_handshake(|mut wire| {
        wire.write("HTTP/1.1 503 Busy\r\nX-Node: n7\r\nContent-Length: 0\r\n\r\n");
        wire.end();
    });
    let format = "%{http_code} %{exitcode} %header{x-node} %{errormsg} %{subprotocol}%{close_code}";
    wsee(&[server.url(), "-w", format])
        .run()
        .exits(22)
        .prints("503 22 n7 the server refused the upgrade with status 503 0");
}

#[test]
fn write_out_is_printed_after_a_refused_connection() {
    wsee(&[
        "ws://127.0.0.1:1",
        "-w",
        "%{http_code} %{exitcode} %{onerror}x",
    ])
    .run()
    .exits(7)
    .prints("000 7 x");
}

#[test]
fn json_has_what_happened() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("8806 0fa0 62796521");
        wire.read_to_close();
    });
    let port = server.port();
    let output = wsee(&[server.url(), "-w", "%{json}"]).run().exits(111);
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(json["close_code"], 4000);
    assert_eq!(json["close_reason"], "bye!");
    assert_eq!(json["http_code"], 101);
    assert_eq!(json["remote_ip"], "127.0.0.1");
    assert_eq!(json["remote_port"], port);
    assert_eq!(json["exitcode"], 111);
    assert!(json["time_open"].is_number(), "{json}");
    assert_eq!(json["time_appconnect"], Value::Null);
}

#[test]
fn an_unknown_variable_is_refused_before_anything_is_sent() {
    let server = Untouched::start();
    let url = format!("ws://127.0.0.1:{}", server.port());
    wsee(&[&url, "-w", "%{time_opne}"])
        .run()
        .exits(2)
        .prints("")
        .says("--write-out: unknown variable %{time_opne}; did you mean %{time_open}?");
}

#[test]
fn a_file_holds_a_format_in_several_lines() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("format");
    fs::write(&file, "%{messages_in},\n%{messages_out}\\n\n").expect("a file");
    let server = echoing();
    let format = format!("@{}", file.display());
    wsee(&[server.url(), "-1", "-w", &format])
        .stdin("x\n")
        .run()
        .exits(0)
        .prints("x\n1,1\n");
    wsee(&["ws://127.0.0.1:1", "-w", "@/nowhere/format"])
        .run()
        .exits(2)
        .says("--write-out @/nowhere/format: cannot read it");
}

#[test]
fn a_terminal_gets_it_after_the_last_line_and_escaped() {
    let server = after_handshake(|mut wire: Wire| {
        // "a", then a sequence that would clear the screen.
        wire.write_hex("8807 03e8 611b5b324a");
        wire.read_to_close();
    });
    let args = [server.url(), "-w", r"reason %{close_reason}\n"];
    let mut terminal = terminal(&args).start();
    assert_eq!(terminal.finish(), 0);
    terminal.wait_for("\nreason a\\x1b[2J");
    let screen = terminal.contents();
    let last = screen.find("closed by server").expect("the last line");
    assert!(screen.find("reason a") > Some(last), "{screen}");
}
