//! Servers of every kind that broke other clients or wait to: how the run ends, what it says at last, what it costs.

use std::collections::HashSet;
use std::iter;
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::MIB;
use super::bomb::bomb;
use crate::support::DEADLINE;
use crate::support::output::Output;
use crate::support::run::{peak_memory_of, wsee};
use crate::support::site::values;
use crate::support::wire::{Wire, before_handshake};

/// A server and the run against it.
struct Case {
    /// What the server does.
    name: &'static str,
    args: &'static [&'static str],
    server: fn(&mut Wire),
    /// How it ends after that.
    end: End,
    exit: i32,
    /// How the last line on stderr starts.
    last_line: &'static str,
    /// What the largest resident set stays below, in MiB.
    memory: u64,
}

#[derive(Clone, Copy)]
enum End {
    /// With a FIN.
    Fin,
    /// With a RST.
    Rst,
    /// When wsee has.
    After,
}
use End::{After, Fin, Rst};

/// The cases, one a line.
macro_rules! table {
    ($($name:literal, $args:expr, $server:expr, $end:expr => $exit:literal, $last:literal, $memory:literal;)*) => {
        &[$(Case {
            name: $name,
            args: &$args,
            server: $server,
            end: $end,
            exit: $exit,
            last_line: $last,
            memory: $memory,
        }),*]
    };
}

#[rustfmt::skip]
const CASES: &[Case] = table! {
    "CVE-2026-1526: 1 MiB that inflates to 1 GiB", [], inflates_to_a_gibibyte, Fin => 63, "limit exceeded: a message larger than the limit of 67108864 bytes", 96;
    "CVE-2026-1526: the same, with a limit", ["--max-message", "1MiB"], inflates_to_a_gibibyte, Fin => 63, "limit exceeded: a message larger than the limit of 1048576 bytes", 33;
    "CVE-2018-1000518: a fragment that inflates without end", ["--max-message", "1MiB"], inflates_without_end, Fin => 63, "limit exceeded: a message larger than the limit of 1048576 bytes", 33;
    "CVE-2026-1528: 2^31 bytes announced", [], |wire| announces(wire, 1 << 31), Fin => 63, "limit exceeded: a message larger than the limit of 67108864 bytes", 32;
    "CVE-2026-1528: 2^32 - 1 bytes announced", [], |wire| announces(wire, (1 << 32) - 1), Fin => 63, "limit exceeded: a message larger than the limit of 67108864 bytes", 32;
    "CVE-2026-1528: 2^32 bytes announced", [], |wire| announces(wire, 1 << 32), Fin => 63, "limit exceeded: a message larger than the limit of 67108864 bytes", 32;
    "CVE-2026-1528: 2^53 bytes announced", [], |wire| announces(wire, 1 << 53), Fin => 63, "limit exceeded: a message larger than the limit of 67108864 bytes", 32;
    "CVE-2026-1528: 2^63 - 1 bytes announced", [], |wire| announces(wire, (1 << 63) - 1), Fin => 63, "limit exceeded: a message larger than the limit of 67108864 bytes", 32;
    "CVE-2026-1528: 2^63 bytes announced", [], |wire| announces(wire, 1 << 63), Fin => 113, "protocol violation by the server: the top bit of a 64-bit length must be 0 (RFC 6455 §5.2)", 32;
    "CVE-2026-1528: 2^64 - 1 bytes announced", [], |wire| announces(wire, u64::MAX), Fin => 113, "protocol violation by the server: the top bit of a 64-bit length must be 0 (RFC 6455 §5.2)", 32;
    "CVE-2026-2229: a window of 7 bits", [], |wire| selects(wire, "server_max_window_bits=7"), After => 112, "wsee: server_max_window_bits must be 8 to 15 without leading zeros, not \"7\"", 32;
    "CVE-2026-2229: a window of 16 bits", [], |wire| selects(wire, "server_max_window_bits=16"), After => 112, "wsee: server_max_window_bits must be 8 to 15 without leading zeros, not \"16\"", 32;
    "CVE-2026-2229: a window of 2^64 bits", [], |wire| selects(wire, "client_max_window_bits=18446744073709551616"), After => 112, "wsee: client_max_window_bits must be 8 to 15 without leading zeros, not \"18446744073709551616\"", 32;
    "CVE-2026-48779: 300 000 fragments of a byte", [], tiny_fragments, Fin => 0, "closed by server: 1000 normal closure", 34;
    "CVE-2026-48779: the same, with a limit", ["--max-message", "1000"], tiny_fragments_beyond_the_limit, Fin => 63, "limit exceeded: a message larger than the limit of 1000 bytes", 32;
    "CVE-2023-43669: a head of 64 KiB in pieces", [], large_head_in_pieces, Fin => 0, "closed by server: 1000 normal closure", 32;
    "CVE-2023-43669: a head without an end", [], endless_head, After => 112, "wsee: the head is larger than 64 KiB", 32;
    "CVE-2023-43669: an extension with 8000 parameters", [], |wire| selects(wire, &("a=\"b\";".repeat(8000) + "a")), After => 112, "wsee: ", 32;
    "CVE-2025-10148: a thousand messages echoed, each with a mask of its own", ["--echo"], counts_masks, Fin => 0, "closed by server: 1000 normal closure", 32;
    "CVE-2025-5399: pings whose pongs are not read", [], unread_pongs, Fin => 0, "closed by server: 1000 normal closure", 32;
    "CVE-2025-5399: empty fragments and pings in turns", [], empty_fragments_and_pings, Fin => 0, "closed by server: 1000 normal closure", 32;
    "CVE-2022-27774: a redirect to another port", ["-L", "-u", "me:s3cret", "-b", "id=s3cret"], redirects_to_another_port, After => 0, "closed by server: 1000 normal closure", 32;
    "CVE-2026-1527: a redirect with line breaks", ["-L"], redirects_with_line_breaks, After => 0, "closed by server: 1000 normal closure", 32;
    "CVE-2021-25743: escape sequences as a reason", [], closes_with_escapes, Fin => 111, "closed by server: 4000 private use \"\\x1b]0;owned\\x07\\x1b[2J\\u{9b}31m\"", 32;
    "slow loris: a head", ["--connect-timeout", "400ms"], drips_a_head, After => 28, "wsee: the answer is not complete after ", 32;
    "slow loris: a frame", ["--max-time", "400ms"], drips_a_frame, After => 28, "stopped by --max-time (400.0 ms); ", 32;
    "half open: no response", ["--connect-timeout", "400ms"], |_| (), After => 28, "wsee: the server accepted the connection and did not answer for ", 32;
    "half open: no pong", ["--ping-interval", "100ms", "--ping-timeout", "200ms"], opens, After => 114, "no pong (or anything else) from the server for 200.0 ms", 32;
    "half open: silence", ["--idle-timeout", "300ms"], opens, After => 28, "nothing received for 300.0 ms (--idle-timeout)", 32;
    "half open: no Close frame", ["--send", "x", "--wait", "0", "--close-timeout", "300ms"], opens, After => 110, "the server did not answer the Close frame in time", 32;
    "zero window: nothing is read", ["--echo", "--max-time", "600ms"], never_reads, After => 28, "stopped by --max-time (600.0 ms); ", 32;
    "FIN for a response", [], |_| (), Fin => 112, "wsee: the server closed the connection ", 32;
    "FIN in the response", [], half_a_response, Fin => 112, "wsee: the server ended the connection in the middle of its response, after 16 bytes", 32;
    "FIN after the response", [], opens, Fin => 110, "abnormal closure (1006, which is never on the wire): the server ended TCP without a Close frame; open for ", 32;
    "FIN in a header", ["--send", "x"], half_a_header, Fin => 110, "abnormal closure (1006, which is never on the wire): the server ended TCP without a Close frame in the middle of a frame header (3 bytes)", 32;
    "FIN in a payload", ["--send", "x"], half_a_payload, Fin => 110, "abnormal closure (1006, which is never on the wire): the server ended TCP without a Close frame in the middle of a frame (2 of 5 bytes)", 32;
    "FIN between fragments", ["--send", "x"], half_a_message, Fin => 110, "abnormal closure (1006, which is never on the wire): the server ended TCP without a Close frame in the middle of a fragmented message", 32;
    "FIN for a Close frame", ["--send", "x", "--wait", "0"], reads_to_close, Fin => 110, "abnormal closure (1006, which is never on the wire): the server ended TCP without a Close frame, in answer to our Close frame", 32;
    "RST for a response", [], |_| (), Rst => 112, "wsee: the server reset the connection ", 32;
    "RST in the response", [], half_a_response, Rst => 112, "wsee: the connection broke in the middle of the response, after 16 bytes: TCP reset", 32;
    "RST in a header", ["--send", "x"], half_a_header, Rst => 110, "abnormal closure (1006, which is never on the wire): TCP reset", 32;
    "RST in a payload", ["--send", "x"], half_a_payload, Rst => 110, "abnormal closure (1006, which is never on the wire): TCP reset", 32;
    "RST between fragments", ["--send", "x"], half_a_message, Rst => 110, "abnormal closure (1006, which is never on the wire): TCP reset", 32;
    "RST for a Close frame", ["--send", "x", "--wait", "0"], reads_to_close, Rst => 110, "abnormal closure (1006, which is never on the wire): TCP reset", 32;
    "response and frames in segments of a byte", [], single_bytes, Fin => 0, "closed by server: 1000 normal closure", 32;
    "frames glued to the response", [], glued, Fin => 0, "closed by server: 1000 normal closure", 32;
};

#[test]
fn every_hostile_server_is_reported_and_costs_little_memory() {
    let left = Mutex::new(CASES.iter());
    let next = || left.lock().expect("no failure").next();
    let wrong = || -> Vec<String> { iter::from_fn(next).filter_map(Case::wrong).collect() };
    let wrong = thread::scope(|scope| {
        let threads = [(); 4].map(|()| scope.spawn(wrong));
        threads.map(|it| it.join().expect("all cases")).concat()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

impl Case {
    /// What is not as it should be.
    fn wrong(&self) -> Option<String> {
        let (output, peak) = self.run();
        let (status, last, kib) = (output.status, output.last_line(), peak >> 10);
        let is_right = status == self.exit
            && last.starts_with(self.last_line)
            && (peak > 0 || !cfg!(target_os = "linux"))
            && peak < self.memory * MIB;
        let name = self.name;
        (!is_right).then(|| format!("{name}: exit status {status}, {kib} KiB, {last}"))
    }

    /// The run, and its largest resident set.
    fn run(&self) -> (Output, u64) {
        let (id, its_id) = mpsc::channel();
        let (script, end) = (self.server, self.end);
        let server = before_handshake(move |mut wire| {
            let id = its_id.recv_timeout(DEADLINE).expect("a process");
            script(&mut wire);
            // The run waits for this end, so that it is there to be measured.
            let peak = peak_memory_of(id);
            match end {
                Fin => wire.end(),
                Rst => wire.reset(),
                After => wire.wait_for_end(),
            }
            peak
        });
        let run = wsee(&[&[server.url()], self.args].concat()).spawn();
        id.send(run.id()).expect("a server");
        let output = run.wait();
        let peak = server.finish().max(output.peak_memory);
        (output, peak)
    }
}

fn opens(wire: &mut Wire) {
    wire.write(wire.response());
}

fn opens_with(wire: &mut Wire, field: &str) {
    let response = wire.response();
    wire.write(response.replace("\r\n\r\n", &format!("\r\n{field}\r\n\r\n")));
}

fn closes(wire: &mut Wire) {
    wire.write_hex("8802 03e8");
    wire.read_to_close();
}

fn selects(wire: &mut Wire, params: &str) {
    opens_with(
        wire,
        &format!("Sec-WebSocket-Extensions: permessage-deflate; {params}"),
    );
}

fn inflates_to_a_gibibyte(wire: &mut Wire) {
    opens_with(wire, "Sec-WebSocket-Extensions: permessage-deflate");
    wire.write(bomb(1024));
    closed_with(wire, 1009);
}

fn inflates_without_end(wire: &mut Wire) {
    opens_with(wire, "Sec-WebSocket-Extensions: permessage-deflate");
    let mut frame = bomb(1024);
    // Not the last of its message.
    frame[0] = 0x42;
    wire.write(frame);
    closed_with(wire, 1009);
}

fn closed_with(wire: &mut Wire, code: u16) {
    assert_eq!(wire.read_to_close()[0].close_code(), Some(code));
}

fn announces(wire: &mut Wire, len: u64) {
    opens(wire);
    wire.write([&[0x82, 127], &len.to_be_bytes()[..]].concat());
    // RFC 6455 §5.2: the most significant bit MUST be 0.
    closed_with(wire, if len >> 63 == 1 { 1002 } else { 1009 });
}

fn tiny_fragments(wire: &mut Wire) {
    opens(wire);
    wire.write(b"\x01\x00");
    wire.write(b"\x00\x01x".repeat(300_000));
    wire.write(b"\x80\x00");
    closes(wire);
}

fn tiny_fragments_beyond_the_limit(wire: &mut Wire) {
    opens(wire);
    wire.write(b"\x01\x00");
    wire.write(b"\x00\x01x".repeat(1001));
    closed_with(wire, 1009);
}

fn large_head_in_pieces(wire: &mut Wire) {
    let response = wire.response();
    let field = format!("\r\nX: {}\r\n\r\n", "x".repeat(60 << 10));
    for piece in response.replace("\r\n\r\n", &field).as_bytes().chunks(4) {
        wire.write(piece);
    }
    closes(wire);
}

fn endless_head(wire: &mut Wire) {
    wire.write("HTTP/1.1 101 Switching Protocols\r\nX: ");
    wire.flood(&[b'x'; 8 << 10]);
}

fn counts_masks(wire: &mut Wire) {
    opens(wire);
    let mut keys = HashSet::new();
    for _ in 0..1000 {
        wire.write(b"\x81\x01x");
        keys.insert(wire.read_masked_frame().1);
    }
    // Two of a thousand random keys are equal in one run of ten thousand.
    assert!(keys.len() >= 999, "{} keys", keys.len());
    closes(wire);
}

fn unread_pongs(wire: &mut Wire) {
    opens(wire);
    wire.write(b"\x89\x10a ping, 16 bytes".repeat(100_000));
    closes(wire);
}

fn empty_fragments_and_pings(wire: &mut Wire) {
    opens(wire);
    wire.write(b"\x01\x00");
    wire.write(b"\x00\x00\x89\x00".repeat(100_000));
    wire.write(b"\x80\x00");
    closes(wire);
}

/// Redirects to `path` at another port; the request that comes there.
fn redirects(wire: &mut Wire, path: &str) -> String {
    let other = before_handshake(|mut wire| {
        opens(&mut wire);
        closes(&mut wire);
        wire.request().to_owned()
    });
    let target = other.url().replace("ws:", "http:");
    wire.write(format!(
        "HTTP/1.1 302 Found\r\nLocation: {target}{path}\r\nContent-Length: 0\r\n\r\n"
    ));
    other.serve()
}

fn redirects_to_another_port(wire: &mut Wire) {
    let request = redirects(wire, "/");
    assert!(!request.contains("s3cret"), "{request}");
    for name in ["Authorization", "Cookie"] {
        assert_eq!(values(&request, name), [""; 0], "{request}");
    }
}

fn redirects_with_line_breaks(wire: &mut Wire) {
    let request = redirects(wire, "/%0d%0aInjected:%201%0d%0a?q=%0aInjected:%202");
    assert_eq!(values(&request, "Injected"), [""; 0], "{request}");
    assert!(request.starts_with("GET /%0d%0aInjected:%201"), "{request}");
}

fn closes_with_escapes(wire: &mut Wire) {
    opens(wire);
    let reason = "\x1b]0;owned\x07\x1b[2J\u{9b}31m";
    let len = 2 + reason.len().to_le_bytes()[0];
    wire.write([&[0x88, len, 0x0f, 0xa0], reason.as_bytes()].concat());
    wire.read_to_close();
}

fn drips_a_head(wire: &mut Wire) {
    wire.write("HTTP/1.1 101 Switching Protocols\r\nX: ");
    wire.dribble(Duration::from_millis(20));
}

fn drips_a_frame(wire: &mut Wire) {
    opens(wire);
    wire.write_hex("827e ffff");
    wire.dribble(Duration::from_millis(20));
}

fn never_reads(wire: &mut Wire) {
    opens(wire);
    wire.flood_for(
        &b"\x82\x7e\x40\x00"
            .iter()
            .copied()
            .chain([0; 16 << 10])
            .collect::<Vec<u8>>(),
        Duration::from_millis(300),
    );
}

fn half_a_response(wire: &mut Wire) {
    wire.write("HTTP/1.1 101 Swi");
}

/// Opens, and waits for the first message: nothing of the response can get lost then.
fn is_open(wire: &mut Wire) {
    opens(wire);
    assert_eq!(wire.read_frame().payload, b"x");
}

fn half_a_header(wire: &mut Wire) {
    is_open(wire);
    wire.write_hex("827f 00");
}

fn half_a_payload(wire: &mut Wire) {
    is_open(wire);
    wire.write_hex("8205 6162");
}

fn half_a_message(wire: &mut Wire) {
    is_open(wire);
    wire.write_hex("0203 616263");
}

fn reads_to_close(wire: &mut Wire) {
    opens(wire);
    wire.read_to_close();
}

/// A session of a message, one in fragments with a ping between, and a Close frame.
const FRAMES: &str = "8103 6f6e65 0102 7477 8901 70 8001 6f 8802 03e8";

fn single_bytes(wire: &mut Wire) {
    let frames = hex::decode(FRAMES.replace(' ', "")).expect("digits");
    for byte in [wire.response().into_bytes(), frames].concat() {
        wire.write([byte]);
    }
    wire.read_to_close();
}

fn glued(wire: &mut Wire) {
    let frames = hex::decode(FRAMES.replace(' ', "")).expect("digits");
    wire.write([wire.response().into_bytes(), frames].concat());
    wire.read_to_close();
}
