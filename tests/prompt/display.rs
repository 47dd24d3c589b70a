//! How messages and control frames look.

use crate::support::peer::{Message, Peer, echoing, scripted};
use crate::support::pty::terminal;
use crate::support::wire::{PONG, after_handshake};

#[test]
fn json_is_laid_out() {
    let list: Vec<u32> = (100_000..100_010).collect();
    let text = format!("{{\"op\":\"hello\",\"list\":{list:?},\"none\":[null,true]}}");
    let server = scripted(move |mut peer: Peer| {
        peer.send(Message::text(text));
        peer.record()
    });
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.wait_for("  {\n    \"op\": \"hello\",\n    \"list\": [");
    terminal.wait_for("    \"none\": [null, true]\n  }\n> ");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn numbers_in_json_are_shown_as_they_came() {
    let text = r#"{"big":12345678901234567890123,"e":1E5,"z":1.10}"#;
    let server = scripted(move |mut peer: Peer| {
        peer.send(Message::text(text));
        peer.record()
    });
    let terminal = terminal(&[server.url()]).prompt();
    terminal.wait_for(r#""big": 12345678901234567890123, "e": 1E5, "z": 1.10"#);
}

#[test]
fn a_binary_message_is_a_hexdump() {
    let server = scripted(|mut peer: Peer| {
        peer.send(Message::binary(&b"\0\x01\x02 hexdump \xff of 21"[..]));
        peer.record()
    });
    let terminal = terminal(&[server.url()]).prompt();
    terminal.wait_for(
        "← binary 19 B\n  \
         00000000  00 01 02 20 68 65 78 64  75 6d 70 20 ff 20 6f 66  |... hexdump . of|\n  \
         00000010  20 32 31                                          | 21|\n",
    );
}

#[test]
fn a_message_in_fragments_is_shown_once() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("0102 6865 8900 8003 6c6c6f");
        assert_eq!(wire.read_frame().opcode, PONG);
        wire.wait_for_end();
    });
    let terminal = terminal(&[server.url()]).prompt();
    terminal.wait_for("← ping 0 B   (pong sent)\n");
    terminal.wait_for("← text 5 B   hello\n");
    assert_eq!(terminal.contents().matches("← text").count(), 1);
}

#[test]
fn control_frames_are_shown_with_names_and_payloads() {
    let server = scripted(|mut peer: Peer| {
        peer.send(Message::Ping(b"abcd"[..].into()));
        assert_eq!(peer.receive(), Message::Pong(b"abcd"[..].into()));
        peer.send(Message::Pong(b"unasked"[..].into()));
        peer.close(1001, "restarting")
    });
    let mut terminal = terminal(&[server.url()]).start();
    assert_eq!(terminal.finish(), 0);
    for line in [
        "← ping 4 B \"abcd\"   (pong sent)\n",
        "← pong 7 B \"unasked\"   (unsolicited)\n",
        "← close 1001 going away \"restarting\"\n",
        "\nclosed by server: 1001 going away \"restarting\" after ",
    ] {
        terminal.wait_for(line);
    }
}

#[test]
fn a_binary_message_is_decoded_if_it_can_be() {
    let mut terminal = terminal(&["demo", "--no-compress", "--timestamps", "none"]).prompt();
    terminal.press("/bin 82 a1 61 01 a1 62 c4 01 ff\r");
    terminal.wait_for("\n#2 ← binary 9 B (looks like MessagePack)   { \"a\": 1, \"b\": h'ff' }\n");
    terminal.press("/show decode cbor\r");
    terminal.wait_for(", decode cbor\n");
    terminal.press("/bin 82 01\r");
    terminal.wait_for("\n#4 ← binary 2 B   (not CBOR: ");
    terminal.wait_for("\n  00000000  82 01 ");
    terminal.press("/show decode off\r");
    terminal.wait_for(", decode off\n");
    terminal.press("/bin a1 61 61 01\r");
    terminal.wait_for("← binary 4 B\n  00000000  a1 61 61 01 ");
}

#[test]
fn a_reply_with_the_id_of_a_request_shows_the_time_between() {
    let server = scripted(|mut peer: Peer| {
        peer.receive();
        peer.send(Message::text("{\"id\":7,\"result\":1}"));
        peer.record()
    });
    let mut terminal = terminal(&[server.url(), "--timestamps", "rel"]).prompt();
    terminal.press("{\"id\":7,\"method\":\"a\"}\r");
    terminal.wait_for("← text 19 B (reply after ");
    let screen = terminal.contents();
    let line = screen.lines().find(|line| line.contains('←')).unwrap();
    let (time, _) = line.split_once('←').unwrap();
    let shape = time.trim().replace(|c: char| c.is_ascii_digit(), "0");
    assert_eq!(shape, "#0    0.000000", "{line}");
}

#[test]
fn the_number_and_the_time_come_first() {
    let server = echoing();
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("hello\r");
    terminal.wait_for("← text 5 B   hello\n");
    let screen = terminal.contents();
    let line = screen
        .lines()
        .find(|line| line.contains("← text"))
        .expect("a line");
    let (time, _) = line.split_once(" ←").expect("a time");
    let shape = time.replace(|c: char| c.is_ascii_digit(), "0");
    assert_eq!(shape, "#0 00:00:00.000", "{line}");
}

#[test]
fn keepalive_pings_are_shown_with_their_round_trip() {
    let server = scripted(Peer::record);
    let mut terminal = terminal(&[server.url(), "--ping-interval", "200ms"]).prompt();
    terminal.wait("two round trips", |screen, _| {
        screen.contents().matches("(round trip ").count() == 2
    });
    let screen = terminal.contents();
    let sent = screen.matches("→ ping ").count();
    assert!((2..=3).contains(&sent), "{sent} pings:\n{screen}");
    terminal.leave();
}

#[test]
fn text_of_several_lines_is_below_its_heading() {
    let server = scripted(|mut peer: Peer| {
        peer.send(Message::text("first\nsecond\n"));
        peer.record()
    });
    let terminal = terminal(&[server.url()]).prompt();
    terminal.wait_for("← text 13 B\n  first\n  second\n");
}

#[test]
fn text_that_fills_rows_is_all_there() {
    let text = "0123456789".repeat(35);
    let shown = text.clone();
    let server = scripted(move |mut peer: Peer| {
        peer.send(Message::text(text));
        peer.record()
    });
    let terminal = terminal(&[server.url()]).prompt();
    terminal.wait_for(&format!("  {shown}\n"));
}

#[test]
fn json_takes_one_row_where_it_fits() {
    let text = format!("{{\"type\":\"chat\",\"text\":\"{}\"}}", "x".repeat(50));
    let mut terminal = terminal(&["demo", "--timestamps", "none"]).prompt();
    terminal.press(&format!("{text}\r"));
    let row = format!("{{ \"type\": \"chat\", \"text\": \"{}\" }}", "x".repeat(50));
    // Its size after compression is for -v and /status.
    terminal.wait_for(&format!("\n#2 ← text 75 B   {row}\n"));
    terminal.resize(40, 90);
    terminal.press("\x0c\x1b[A\r");
    terminal.wait_for(&format!("\n#4 ← text 75 B\n  {row}\n"));
    terminal.resize(40, 60);
    terminal.press("\x0c\x1b[A\r");
    terminal.wait_for("\n#6 ← text 75 B\n  {\n    \"type\": \"chat\",\n");
    terminal.press("/show compact\r");
    terminal.wait("compact", |screen, _| {
        screen.contents().contains("compact on")
    });
    terminal.press(&format!("\x0c{text}\r"));
    terminal.wait("a cut row", |screen, _| {
        let contents = screen.contents();
        let mut rows = contents
            .lines()
            .filter(|row| row.starts_with("#8 ← text 75 B   {\"type\""));
        rows.any(|row| row.ends_with('…') && row.chars().count() == 60)
    });
    terminal.press("/status\r");
    terminal.wait_for("deflated to ");
    terminal.press("\x04");
    terminal.finish();
}
