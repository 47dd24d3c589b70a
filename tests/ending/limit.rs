//! Limits against hostile servers.

use std::time::Duration;

use crate::support::run::wsee;
use crate::support::wire::{PONG, Wire, after_handshake};

const MIB: u64 = 1 << 20;

#[test]
fn a_message_above_the_limit_fails_with_1009_and_exits_63() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("8104 6f6b6179 8105 6c61726765");
        wire.read_to_close()
    });
    wsee(&[server.url(), "--max-message", "4"])
        .stdin_held_open()
        .run()
        .exits(63)
        .prints("okay\n")
        .says("--max-message");
    assert_eq!(server.finish()[0].close_code(), Some(1009));
}

#[test]
fn fragments_that_add_up_to_more_than_the_limit_fail_with_1009() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("0103 616161 0003 616161");
        wire.read_to_close()
    });
    wsee(&[server.url(), "--max-message", "4"])
        .run()
        .exits(63)
        .prints("");
    assert_eq!(server.finish()[0].close_code(), Some(1009));
}

#[test]
fn an_enormous_length_is_refused_at_once() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("827f 4000000000000000");
        wire.read_to_close()
    });
    wsee(&[server.url()]).run().exits(63);
    assert_eq!(server.finish()[0].close_code(), Some(1009));
}

/// Claims that memory stays below 32 MiB against a server that goes on by `script`.
#[track_caller]
fn stays_small(script: impl FnOnce(Wire) + Send + 'static, args: &[&str]) {
    let server = after_handshake(script);
    let output = wsee(&[&[server.url()], args].concat()).run();
    let peak = output.peak_memory;
    assert!(peak > 0 || !cfg!(target_os = "linux"), "nothing measured");
    assert!(peak < 32 * MIB, "{} KiB; {}", peak >> 10, output.stderr);
    output.within(Duration::from_secs(5));
}

#[test]
fn a_length_that_is_only_declared_costs_no_memory() {
    let script = |mut wire: Wire| {
        wire.write_hex("827f 0000000003c00000");
        wire.write([0; 1 << 10]);
        wire.wait_for_end();
    };
    stays_small(script, &["--max-time", "500ms"]);
}

#[test]
fn empty_fragments_cost_no_memory() {
    let script = |mut wire: Wire| {
        wire.write_hex("0100");
        wire.flood(&[0; 8 << 10]);
    };
    stays_small(script, &["--max-time", "1s"]);
}

#[test]
fn echoes_that_are_not_read_cost_no_memory() {
    let script = |mut wire: Wire| {
        let text = [&[0x81, 0x7d][..], &[b'x'; 125]].concat();
        wire.flood_for(&text.repeat(100), Duration::from_secs(1));
        wire.wait_for_end();
    };
    stays_small(script, &["--echo", "--max-time", "1500ms"]);
}

#[test]
fn a_flood_of_pings_costs_no_memory_though_pongs_are_not_read() {
    let script = |mut wire: Wire| {
        let ping = [&[0x89, 0x7d][..], &[b'x'; 125]].concat();
        wire.flood_for(&ping.repeat(100), Duration::from_secs(1));
        wire.wait_for_end();
    };
    stays_small(script, &["--max-time", "1500ms"]);
}

#[test]
fn pings_that_come_in_one_segment_are_answered_by_the_latest_at_least() {
    let server = after_handshake(|mut wire| {
        wire.write_hex(&"8900 ".repeat(1000));
        wire.write_hex("8904 6c617374");
        loop {
            let frame = wire.read_frame();
            assert_eq!(frame.opcode, PONG);
            if frame.payload == b"last" {
                break;
            }
        }
        wire.write_hex("8802 03e8");
        wire.read_to_close();
    });
    wsee(&[server.url()]).run().exits(0);
}

#[test]
fn the_time_limit_includes_the_closing_handshake() {
    let server = after_handshake(|mut wire| {
        wire.read_to_close();
        wire.wait_for_end();
    });
    wsee(&[server.url(), "--wait", "0", "--max-time", "500ms"])
        .stdin("x\n")
        .run()
        .exits(28)
        .within(Duration::from_secs(4))
        .ends_with_line("stopped by --max-time (500.0 ms); the server did not answer");
}
