//! What the screen shows of each kind of message and in each setting, as a whole.

use regex::Regex;

use crate::support::pty::{Terminal, terminal};

/// A prompt on an empty screen, connected to an echo server.
fn demo(args: &[&str]) -> Terminal {
    let args = [&["demo", "--no-compress", "--timestamps", "none"], args].concat();
    let mut terminal = terminal(&args).prompt();
    terminal.wait_for("Ctrl-D closes");
    terminal.press("\x0c");
    terminal.wait("an empty screen", |screen, _| {
        screen.contents().trim_end() == "demo>"
    });
    terminal
}

/// Types a line, and waits until `end` is on the screen `times` times, right above the prompt.
#[track_caller]
fn enter(terminal: &mut Terminal, line: &str, end: &str, times: usize) {
    terminal.press(&format!("{line}\r"));
    terminal.wait(end, |screen, _| {
        let contents = screen.contents();
        contents.matches(end).count() == times && contents.trim_end().ends_with("\ndemo>")
    });
}

/// The screen, with `…` for all that differs from run to run.
fn seen(terminal: &Terminal) -> String {
    let mut text = terminal.contents().trim_end().to_owned();
    for (varies, shown) in [
        (r"127\.0\.0\.1:\d+", "127.0.0.1:…"),
        (r"\d+-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", "….……Z"),
        (r"\d\d:\d\d:\d\d\.\d{3}", "…:…:…"),
        (r" +\d+\.\d{6} ", " …s "),
        (r"\d+(\.\d+)? (ms|s)\b", "… ms"),
        (r"\d+\.\d messages/s, \d+ B/s", "… messages/s, … B/s"),
        (r"\d+ in the busiest", "… in the busiest"),
        (r" +[▁▂▃▄▅▆▇█][▁▂▃▄▅▆▇█ ]*", " ▁…█"),
        (r"mask [0-9a-f]{8}", "mask …"),
        (
            r"header ([0-9a-f]{2} [0-9a-f]{2})( [0-9a-f]{2})* at offset \d+",
            "header $1 … at offset …",
        ),
        (r"wsee/\S+", "wsee/…"),
        (r"Key: \S+", "Key: …"),
        (r"Accept: \S+", "Accept: …"),
    ] {
        let varies = Regex::new(varies).expect("an expression");
        text = varies.replace_all(&text, shown).into_owned();
    }
    text
}

#[test]
fn text_and_json() {
    let mut terminal = demo(&[]);
    enter(&mut terminal, "plain", "plain\n", 3);
    let short = "{\"a\":2.50,\"big\":12345678901234567890123}";
    enter(&mut terminal, short, "← text 40 B", 1);
    let long = "{\"op\":\"hello\",\"price\":2.50,\"list\":[1E+5,\"é\",\"\\u00e9\",true,null],\
        \"more\":{\"name\":\"value\"}}";
    enter(&mut terminal, long, "\n  }\n", 2);
    enter(&mut terminal, "/show json off", "json off, ", 1);
    enter(&mut terminal, "{\"b\":1}", "← text 7 B", 1);
    assert_eq!(
        seen(&terminal),
        r#"> plain
#1 → text 5 B   plain
#2 ← text 5 B   plain
> {"a":2.50,"big":12345678901234567890123}
#3 → text 40 B   { "a": 2.50, "big": 12345678901234567890123 }
#4 ← text 40 B   { "a": 2.50, "big": 12345678901234567890123 }
> {"op":"hello","price":2.50,"list":[1E+5,"é","\u00e9",true,null],"more":{"name":"value"}}
#5 → text 89 B
  {
    "op": "hello",
    "price": 2.50,
    "list": [1E+5, "é", "\u00e9", true, null],
    "more": { "name": "value" }
  }
#6 ← text 89 B
  {
    "op": "hello",
    "price": 2.50,
    "list": [1E+5, "é", "\u00e9", true, null],
    "more": { "name": "value" }
  }
> /show json off
shown: ping on, pong on, frames off, raw off, time off, json off, compact off, hex on, decode auto
> {"b":1}
#7 → text 7 B   {"b":1}
#8 ← text 7 B   {"b":1}
>"#
    );
}

#[test]
fn binary() {
    let mut terminal = demo(&[]);
    for (line, end) in [
        (
            "/bin 83a26f70a568656c6c6fa16e01a162c402dead",
            "← binary 19 B",
        ),
        (
            "/bin a2626f706568656c6c6f616efb400921fb54442d18",
            "← binary 21 B",
        ),
        ("/bin 089601120774657374696e671a03089601", "← binary 17 B"),
        ("/show decode off", ", decode off\n"),
        (
            "/bin deadbeef0001027f80ff414243 0a207e7fff",
            "← binary 18 B",
        ),
        ("/show hex off", "hex off, "),
        ("/bin deadbeef", "← binary 4 B"),
    ] {
        enter(&mut terminal, line, end, 1);
    }
    assert_eq!(
        seen(&terminal),
        r#"> /bin 83a26f70a568656c6c6fa16e01a162c402dead
#1 → binary 19 B (looks like MessagePack)   { "op": "hello", "n": 1, "b": h'dead' }
#2 ← binary 19 B (looks like MessagePack)   { "op": "hello", "n": 1, "b": h'dead' }
> /bin a2626f706568656c6c6f616efb400921fb54442d18
#3 → binary 21 B (looks like CBOR)   { "op": "hello", "n": 3.141592653589793 }
#4 ← binary 21 B (looks like CBOR)   { "op": "hello", "n": 3.141592653589793 }
> /bin 089601120774657374696e671a03089601
#5 → binary 17 B (looks like protobuf)   { 1: 150, 2: "testing", 3: { 1: 150 } }
#6 ← binary 17 B (looks like protobuf)   { 1: 150, 2: "testing", 3: { 1: 150 } }
> /show decode off
shown: ping on, pong on, frames off, raw off, time off, json on, compact off, hex on, decode off
> /bin deadbeef0001027f80ff414243 0a207e7fff
#7 → binary 18 B
  00000000  de ad be ef 00 01 02 7f  80 ff 41 42 43 0a 20 7e  |..........ABC. ~|
  00000010  7f ff                                             |..|
#8 ← binary 18 B
  00000000  de ad be ef 00 01 02 7f  80 ff 41 42 43 0a 20 7e  |..........ABC. ~|
  00000010  7f ff                                             |..|
> /show hex off
shown: ping on, pong on, frames off, raw off, time off, json on, compact off, hex off, decode off
> /bin deadbeef
#9 → binary 4 B
#10 ← binary 4 B
>"#
    );
}

#[test]
fn frames_and_control_frames() {
    let mut terminal = demo(&[]);
    for (line, end) in [
        ("/show frames", "frames on, "),
        ("/fragment 2 hello", "← text 5 B"),
        ("/ping abcd", "(round trip "),
        ("/show frames off", "frames off, "),
        ("/pong", "→ pong 0 B"),
        ("/show ping off", "ping off, "),
        ("/show pong off", "pong off, "),
        ("/ping", "> /ping\n"),
    ] {
        enter(&mut terminal, line, end, 1);
    }
    assert_eq!(
        seen(&terminal),
        r#"> /show frames
shown: ping on, pong on, frames on, raw off, time off, json on, compact off, hex on, decode auto
> /fragment 2 hello
→ frame text, mask …, 2 B (7-bit), header 01 82 … at offset …
→ frame FIN continuation, mask …, 3 B (7-bit), header 80 83 … at offset …
#1 → text 5 B   hello
← frame FIN text, no mask, 5 B (7-bit), header 81 05 … at offset …
#2 ← text 5 B   hello
> /ping abcd
→ frame FIN ping, mask …, 4 B (7-bit), header 89 84 … at offset …
→ ping 4 B "abcd"
← frame FIN pong, no mask, 4 B (7-bit), header 8a 04 … at offset …
← pong 4 B "abcd"   (round trip … ms)
> /show frames off
shown: ping on, pong on, frames off, raw off, time off, json on, compact off, hex on, decode auto
> /pong
→ pong 0 B
> /show ping off
shown: ping off, pong on, frames off, raw off, time off, json on, compact off, hex on, decode auto
> /show pong off
shown: ping off, pong off, frames off, raw off, time off, json on, compact off, hex on, decode auto
> /ping
>"#
    );
}

#[test]
fn times_and_replies() {
    let mut terminal = demo(&[]);
    for (line, end) in [
        ("{\"id\":7,\"op\":\"x\"}", "(reply after "),
        ("/show time rel", "time rel, "),
        ("a", "← text 1 B   a\n"),
        ("/show time delta", "time delta, "),
        ("bc", "← text 2 B   bc\n"),
        ("/show time iso", "time iso, "),
        ("def", "← text 3 B   def\n"),
        ("/show time on", "time on, "),
        ("ghij", "← text 4 B   ghij\n"),
    ] {
        enter(&mut terminal, line, end, 1);
    }
    assert_eq!(
        seen(&terminal),
        r#"> {"id":7,"op":"x"}
#1 → text 17 B   { "id": 7, "op": "x" }
#2 ← text 17 B (reply after … ms)   { "id": 7, "op": "x" }
> /show time rel
shown: ping on, pong on, frames off, raw off, time rel, json on, compact off, hex on, decode auto
> a
#3 …s → text 1 B   a
#4 …s ← text 1 B   a
> /show time delta
shown: ping on, pong on, frames off, raw off, time delta, json on, compact off, hex on, decode auto
> bc
#5 …s → text 2 B   bc
#6 …s ← text 2 B   bc
> /show time iso
shown: ping on, pong on, frames off, raw off, time iso, json on, compact off, hex on, decode auto
> def
#7 ….……Z → text 3 B   def
#8 ….……Z ← text 3 B   def
> /show time on
shown: ping on, pong on, frames off, raw off, time on, json on, compact off, hex on, decode auto
> ghij
#9 …:…:… → text 4 B   ghij
#10 …:…:… ← text 4 B   ghij
>"#
    );
}

#[test]
fn status_and_stats() {
    let mut terminal = demo(&["-s", "chat"]);
    enter(&mut terminal, "hello", "← text 5 B", 1);
    enter(&mut terminal, "/ping", "(round trip ", 1);
    enter(&mut terminal, "/status", "round trip", 2);
    enter(&mut terminal, "/stats", "(1 pong)\n", 2);
    assert_eq!(
        seen(&terminal),
        r"> hello
#1 → text 5 B   hello
#2 ← text 5 B   hello
> /ping
→ ping 0 B
← pong 0 B   (round trip … ms)
> /status
  url             ws://127.0.0.1:…/
  HTTP            1.1
  readyState      OPEN (1)
  protocol        chat
  extensions      none
  bufferedAmount  0 B
  peer            127.0.0.1:…
  TLS             none
  open for        … ms
  sent            1 message, 5 B
  received        1 message, 5 B
  round trip      last … ms, least … ms, most … ms (1 pong)
  kept            2 of 10000 messages, 10 B of 64.0 MiB (--keep), since …:…:…
> /stats
  received        1 message, 5 B
                  … messages/s, … B/s over … ms; … in the busiest second
 ▁…█
  sent            1 message, 5 B
                  … messages/s, … B/s over … ms; … in the busiest second
 ▁…█
  round trip      50 % … ms, 90 % … ms, 99 % … ms, most … ms (1 pong)
>"
    );
}

#[test]
fn headers() {
    let mut terminal = demo(&["-s", "chat"]);
    enter(&mut terminal, "/headers", "\n<\n", 1);
    assert_eq!(
        seen(&terminal),
        r"> /headers
> GET / HTTP/1.1
> Host: 127.0.0.1:…
> Upgrade: websocket
> Connection: Upgrade
> Sec-WebSocket-Key: …
> Sec-WebSocket-Version: 13
> User-Agent: wsee/…
> Sec-WebSocket-Protocol: chat
>
< HTTP/1.1 101 Switching Protocols
< Upgrade: websocket
< Connection: Upgrade
< Sec-WebSocket-Accept: …
< Sec-WebSocket-Protocol: chat
<
>"
    );
}
