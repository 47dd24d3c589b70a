//! `--commands`: frames and bytes as typed, from a pipe.

use std::time::Duration;

use crate::support::peer::{Peer, recording, scripted};
use crate::support::run::wsee;
use crate::support::wire::{CONTINUATION, TEXT, after_handshake};

#[test]
fn wait_pauses_before_the_next_line() {
    let server = scripted(|mut peer: Peer| {
        peer.expect("hello");
        std::thread::sleep(Duration::from_millis(200));
        peer.send("late");
        peer.record()
    });
    wsee(&[server.url(), "--commands"])
        .stdin("hello\n/wait 1s\n/close 4000\n")
        .run()
        .exits(0)
        .prints("late\n")
        .within(Duration::from_secs(3));
    assert_eq!(server.finish().close, Some((4000, String::new())));
}

#[test]
fn an_unknown_command_names_no_help_that_a_pipe_has_not() {
    for (line, hint) in [
        ("/pign", "did you mean /ping? --commands in wsee --help"),
        ("/foo", "hint: --commands in wsee --help lists them"),
        ("/wait", "for example /wait 500ms"),
        ("/wait soon", "/wait needs a time"),
    ] {
        let server = recording();
        wsee(&[server.url(), "--commands"])
            .stdin(format!("{line}\n"))
            .run()
            .exits(26)
            .says(hint)
            .never_says("/help");
        assert_eq!(server.finish().messages, []);
    }
}

#[test]
fn a_frame_is_sent_as_written_and_the_reaction_is_reported() {
    let server = after_handshake(|mut wire| {
        let bytes = wire.read_bytes(16);
        wire.write_hex("8802 03ea");
        wire.read_to_close();
        bytes
    });
    wsee(&[server.url(), "--commands"])
        .stdin("/frame fin=0 rsv1=1 rsv3=1 opcode=3 mask=01020304 len=9 lenform=64 de ad\n")
        .run()
        .exits(111)
        .says("answer to /frame after ")
        .never_says("hint:")
        .says(": close 1002 protocol error\n");
    let sent = server.finish();
    assert_eq!(hex::encode(sent), "53ff000000000000000901020304dfaf");
}

#[test]
fn a_frame_can_be_without_a_mask() {
    let server = after_handshake(|mut wire| {
        let bytes = wire.read_bytes(4);
        wire.write_hex("8104 66696e65 8802 03e8");
        wire.read_to_close();
        bytes
    });
    wsee(&[server.url(), "--commands"])
        .stdin("/frame mask=off \"hi\"\n")
        .run()
        .exits(0)
        .prints("fine\n")
        .says(": a text message\n");
    assert_eq!(server.finish(), b"\x81\x02hi");
}

#[test]
fn raw_bytes_go_out_as_they_are() {
    let server = after_handshake(|mut wire| {
        let bytes = wire.read_bytes(11);
        wire.write_hex("8900 8802 03e8");
        wire.read_to_close();
        bytes
    });
    wsee(&[server.url(), "--commands"])
        .stdin("/raw 81 85 37 fa 21 3d 7f 9f 4d 51 58\n")
        .run()
        .exits(0)
        .says("answer to /raw after ")
        .says(": a ping\n");
    assert_eq!(hex::encode(server.finish()), "818537fa213d7f9f4d5158");
}

#[test]
fn the_end_of_tcp_counts_as_a_reaction() {
    let server = after_handshake(|mut wire| {
        wire.read_bytes(2);
        wire.end();
    });
    wsee(&[server.url(), "--commands"])
        .stdin("/raw ffff\n")
        .run()
        .exits(110)
        .says("answer to /raw after ")
        .says("without a Close frame");
}

#[test]
fn silence_is_reported() {
    let server = after_handshake(|mut wire| {
        wire.read_bytes(2);
        wire.wait_for_end();
    });
    wsee(&[server.url(), "--commands", "--max-time", "2500ms"])
        .stdin("/raw 8100\n")
        .run()
        .says("no answer to /raw within 2.0 s");
}

#[test]
fn drop_ends_tcp_in_order_without_a_close_frame() {
    let server = after_handshake(|mut wire| wire.read_to_end());
    wsee(&[server.url(), "--commands"])
        .stdin("/drop\n")
        .run()
        .exits(0)
        .ends_with_line("connection dropped by us (TCP FIN), no Close frame sent");
    assert_eq!(server.finish().expect("a FIN"), b"");
}

#[test]
fn reset_resets_tcp() {
    let server = after_handshake(|mut wire| wire.read_to_end());
    wsee(&[server.url(), "--commands"])
        .stdin("/reset\n")
        .run()
        .exits(0)
        .ends_with_line("connection dropped by us (TCP RST), no Close frame sent");
    let error = server.finish().expect_err("a reset");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn fragments_are_frames_of_one_message() {
    let server = after_handshake(|mut wire| {
        let frames = [(); 3].map(|()| wire.read_frame());
        wire.write_hex("8802 03e8");
        wire.read_to_close();
        frames
    });
    wsee(&[server.url(), "--commands"])
        .stdin("/fragment 3 hello world\n")
        .run()
        .exits(0);
    let frames = server
        .finish()
        .map(|frame| (frame.fin, frame.opcode, frame.payload));
    let frame = |fin, opcode, payload: &str| (fin, opcode, payload.as_bytes().to_vec());
    assert_eq!(
        frames,
        [
            frame(false, TEXT, "hel"),
            frame(false, CONTINUATION, "lo w"),
            frame(true, CONTINUATION, "orld"),
        ]
    );
}

#[test]
fn without_the_flag_a_line_is_a_message() {
    let server = after_handshake(|mut wire| {
        let frame = wire.read_frame();
        wire.write_hex("8802 03e8");
        wire.read_to_close();
        frame.payload
    });
    wsee(&[server.url()]).stdin("/drop\n").run().exits(0);
    assert_eq!(server.finish(), b"/drop");
}

#[test]
fn a_command_that_cannot_be_read_ends_the_run() {
    let server = after_handshake(|mut wire| wire.read_to_close().len());
    wsee(&[server.url(), "--commands"])
        .stdin("/frame opcode=16 00\n")
        .run()
        .exits(26)
        .says("line 1, ")
        .says("0 to 15");
    assert_eq!(server.finish(), 1);
}
