//! What the end of stdin, or of the server, means.

use std::thread::sleep;
use std::time::Duration;

use crate::support::binary;
use crate::support::peer::{Received, echoing, recording, scripted};
use crate::support::pty::{shell, terminal};
use crate::support::run::{program, wsee};
use crate::support::wire::{after_handshake, before_handshake};

const A_MOMENT: Duration = Duration::from_millis(300);

#[test]
fn prints_a_reply_that_comes_after_the_end_of_input() {
    let server = scripted(|mut peer| {
        peer.expect("question");
        sleep(A_MOMENT);
        peer.send("answer");
        peer.record()
    });
    wsee(&[server.url(), "--wait", "1s"])
        .stdin("question\n")
        .run()
        .exits(0)
        .prints("answer\n");
    assert_eq!(server.finish().close, Some((1000, String::new())));
}

#[test]
fn each_reply_restarts_the_wait() {
    let server = scripted(|mut peer| {
        peer.expect("question");
        for n in 0..4 {
            sleep(A_MOMENT);
            peer.send(n.to_string());
        }
        peer.record()
    });
    wsee(&[server.url(), "--wait", "800ms"])
        .stdin("question\n")
        .run()
        .exits(0)
        .prints("0\n1\n2\n3\n");
}

#[test]
fn waits_two_seconds_by_default() {
    let output = wsee(&[echoing().url()])
        .stdin("a\n")
        .run()
        .exits(0)
        .prints("a\n");
    let expected = Duration::from_secs(2)..Duration::from_secs(4);
    assert!(expected.contains(&output.took), "took {:?}", output.took);
}

#[test]
fn wait_0_closes_at_once_and_still_prints_replies() {
    let server = after_handshake(|mut wire| {
        let frames = wire.read_to_close();
        sleep(A_MOMENT);
        wire.write_hex("8104 6c617465 8802 03e8");
        wire.end();
        frames
    });
    wsee(&[server.url(), "--wait", "0"])
        .stdin("a\n")
        .run()
        .exits(0)
        .prints("late\n")
        .within(Duration::from_secs(2));
    let frames = server.finish();
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[1].close_code(), Some(1000));
}

#[test]
fn with_count_a_late_reply_is_awaited_unless_wait_is_given() {
    let late = || {
        scripted(|mut peer| {
            peer.expect("hi");
            sleep(Duration::from_millis(2500));
            peer.send("late");
            peer.record()
        })
    };
    let server = late();
    let args = [server.url(), "-m", "10", "--send", "hi"];
    let waits = |more: &[&str]| wsee(&[&args[..], more].concat()).run();
    waits(&["-1"]).exits(0).prints("late\n");
    let server = late();
    wsee(&[server.url(), "-n", "1"])
        .stdin("hi\n")
        .run()
        .exits(0)
        .prints("late\n");
    let server = recording();
    wsee(&[server.url(), "-1", "--send", "hi", "--wait", "100ms"])
        .run()
        .exits(1)
        .says("no reply within 100.0 ms")
        .never_says("--count 1");
    let server = recording();
    wsee(&[server.url(), "-1", "--send", "hi", "-m", "100ms"])
        .run()
        .exits(28);
}

#[test]
fn no_stdin_leaves_the_input_of_a_loop_alone() {
    let servers = [(); 2].map(|()| {
        scripted(|mut peer| {
            peer.expect("hi");
            peer.send("reply");
            peer.record()
        })
    });
    let urls = servers.each_ref().map(|it| format!("{}\n", it.url()));
    let mut shell = std::process::Command::new("/bin/sh");
    let body = "while read -r url; do \"$0\" -q -1 --no-stdin --send hi \"$url\"; done";
    shell.args(["-c", body, binary()]);
    program(shell)
        .stdin(urls.concat())
        .run()
        .exits(0)
        .prints("reply\nreply\n");
}

#[test]
fn no_stdin_is_an_empty_stdin_at_a_terminal_too() {
    let server = scripted(|mut peer| {
        peer.send("one");
        peer.close(1000, "")
    });
    let mut terminal = terminal(&[server.url(), "--no-stdin"]).start();
    terminal.press("typed ahead\r");
    terminal.wait_for("\none\n");
    assert_eq!(terminal.finish(), 0);
    assert_eq!(server.finish().messages, []);
    wsee(&["demo", "--no-stdin"])
        .stdin_held_open()
        .run()
        .exits(0)
        .says("end of the tour");
}

#[test]
fn at_a_terminal_with_redirected_stdout_one_line_says_what_typed_lines_are() {
    let server = scripted(|mut peer| {
        peer.expect("hi");
        peer.record()
    });
    let wsee = binary();
    let script = format!("{wsee} --wait 0 {} | cat", server.url());
    let mut terminal = shell(&script).start();
    terminal.wait_for("wsee: connected; each line you type is a message, Ctrl-D ends the input");
    terminal.press("hi\r\x04");
    assert_eq!(terminal.finish(), 0);
    server.finish();
}

#[test]
fn a_stdin_that_is_open_for_writing_only_is_an_empty_one() {
    for stdin in ["0>/dev/null", "0>&1", "<&-"] {
        let server = scripted(|mut peer| {
            peer.send("one");
            peer.close(1000, "")
        });
        wsee(&[server.url()])
            .redirected(stdin)
            .run()
            .exits(0)
            .prints("one\n")
            .never_says("stdin");
    }
}

#[test]
fn wait_forever_leaves_the_end_to_the_server() {
    let server = scripted(|mut peer| {
        peer.expect("a");
        sleep(Duration::from_millis(2500));
        peer.send("b");
        peer.close(1000, "")
    });
    wsee(&[server.url(), "--wait", "forever"])
        .stdin("a\n")
        .run()
        .exits(0)
        .prints("b\n");
}

#[test]
fn empty_stdin_only_listens() {
    let server = scripted(|mut peer| {
        peer.send("one");
        sleep(A_MOMENT * 2);
        peer.send("two");
        peer.close(1000, "")
    });
    wsee(&[server.url(), "--wait", "100ms"])
        .run()
        .exits(0)
        .prints("one\ntwo\n");
    assert_eq!(server.finish().messages, []);
}

#[test]
fn says_when_nothing_came_back() {
    let server = recording();
    let output = wsee(&[server.url(), "--wait", "100ms"])
        .stdin("a\n")
        .run()
        .exits(0)
        .prints("");
    assert!(
        output.stderr.contains("no reply") || output.stderr.contains("nothing came back"),
        "{}",
        output.stderr
    );
}

#[test]
fn is_silent_when_something_came_back() {
    wsee(&[echoing().url(), "--wait", "100ms"])
        .stdin("a\n")
        .run()
        .exits(0)
        .never_says("no reply")
        .never_says("nothing came back");
}

#[test]
fn input_from_before_the_connection_opened_is_sent() {
    let server = before_handshake(|mut wire| {
        sleep(A_MOMENT);
        let response = wire.response();
        wire.write(response);
        let frame = wire.read_frame();
        wire.write_hex("8802 03e8");
        wire.read_to_close();
        frame.payload
    });
    wsee(&[server.url()]).stdin("early\n").run().exits(0);
    assert_eq!(server.finish(), b"early");
}

#[test]
fn does_not_wait_for_stdin_when_the_server_has_closed() {
    let server = scripted(|mut peer| {
        peer.send("last");
        peer.close(1000, "")
    });
    wsee(&[server.url()])
        .stdin_held_open()
        .run()
        .exits(0)
        .prints("last\n")
        .ends_with_line("closed by server: 1000")
        .within(Duration::from_secs(2));
    let answer = Received {
        close: Some((1000, String::new())),
        is_closed: true,
        ..Received::default()
    };
    assert_eq!(server.finish(), answer);
}

#[test]
fn unsent_input_is_reported() {
    let server = scripted(|mut peer| {
        peer.receive();
        peer.close(1000, "")
    });
    let output = wsee(&[server.url()])
        .stdin("a line\n".repeat(4 << 20))
        .run()
        .exits(111);
    assert!(
        output.stderr.contains("not sent") || output.stderr.contains("unsent"),
        "{}",
        output.stderr
    );
}

#[test]
fn the_server_sees_the_close_code_and_reason() {
    let server = recording();
    wsee(&[
        server.url(),
        "--wait",
        "0",
        "--close-code",
        "4000",
        "--close-reason",
        "bye",
    ])
    .stdin("a\n")
    .run()
    .exits(0);
    assert_eq!(server.finish().close, Some((4000, "bye".to_owned())));
}

#[test]
fn a_server_that_keeps_sending_after_the_input_is_mentioned_once() {
    let pushing = || {
        scripted(|mut peer| {
            for _ in 0..26 {
                peer.send("tick");
                sleep(A_MOMENT);
            }
            peer.close(1000, "")
        })
    };
    let note = "still receiving; -n N, -m TIME or Ctrl-C ends the run";
    let (loud, quiet, limited) = (pushing(), pushing(), pushing());
    std::thread::scope(|scope| {
        let run = |args: &[&str]| wsee(args).stdin("hi\n").run().exits(0);
        scope.spawn(move || run(&[quiet.url(), "-q"]).never_says("still"));
        scope.spawn(move || run(&[limited.url(), "-m", "60"]).never_says("still"));
        let output = run(&[loud.url()]).says(note);
        assert_eq!(output.stderr.matches("still receiving").count(), 1);
    });
}
