//! Phoenix channels.

use crate::support::peer::{Message, scripted, scripted_on};
use crate::support::pty::terminal;
use crate::support::run::wsee;

/// The answer to a join that was the request of this number.
fn joined(number: u8) -> String {
    reply(number, number, "phx_reply", "ok")
}

fn reply(join: u8, number: u8, event: &str, status: &str) -> String {
    format!(
        "[\"{join}\",\"{number}\",\"t\",\"{event}\",{{\"status\":\"{status}\",\"response\":{{\"n\":{number}}}}}]"
    )
}

#[test]
fn a_topic_is_joined_before_input_is_pushed_and_events_are_printed_as_they_are_typed() {
    let server = scripted(|mut peer| {
        peer.expect("[\"1\",\"1\",\"t\",\"phx_join\",{\"a\":1}]");
        peer.send(joined(1));
        peer.expect("[\"1\",\"2\",\"t\",\"say\",[7]]");
        peer.expect("[\"1\",\"3\",\"t\",\"say\",{}]");
        assert_eq!(
            peer.receive(),
            Message::binary(b"\x00\x01\x01\x01\x03\x31\x34tsay\x01\x02".as_slice())
        );
        peer.send(reply(1, 2, "phx_reply", "ok"));
        peer.send("[\"1\",null,\"t\",\"heard\",{\"b\":[7]}]");
        peer.send(Message::binary(b"\x02\x01\x03tpic\xff".as_slice()));
        peer.close(1000, "");
    });
    let args = [
        "--as",
        "phoenix",
        server.url(),
        "--subscribe",
        "t {\"a\":1}",
        "--wait",
        "5s",
    ];
    let input = "t say [7]\n\n[\"t\",\"say\"]\n{\"topic\":\"t\",\"event\":\"say\",\"payload\":{\"$base64\":\"AQI=\"}}\n";
    wsee(&args).stdin(input).run().exits(0).prints(
        "{\"topic\":\"t\",\"event\":\"phx_reply\",\"payload\":{\"status\":\"ok\",\"response\":{\"n\":2}},\"to\":\"say\"}\n\
         {\"topic\":\"t\",\"event\":\"heard\",\"payload\":{\"b\":[7]}}\n\
         {\"topic\":\"t\",\"event\":\"pic\",\"payload\":{\"$base64\":\"/w==\"}}\n",
    );
}

#[test]
fn the_older_serialisation_is_that_of_the_url() {
    let server = scripted(|mut peer| {
        peer.expect("{\"topic\":\"realtime:a\",\"event\":\"phx_join\",\"payload\":{\"access_token\":\"hunter2\"},\"ref\":\"1\",\"join_ref\":\"1\"}");
        peer.send("{\"event\":\"phx_reply\",\"payload\":{\"response\":{},\"status\":\"ok\"},\"ref\":\"1\",\"topic\":\"realtime:a\"}");
        peer.send("{\"event\":\"INSERT\",\"payload\":1,\"ref\":null,\"topic\":\"realtime:a\"}");
        peer.record()
    });
    let url = format!("{}/realtime/v1", server.url());
    let auth = "{\"access_token\":\"hunter2\"}";
    let args = [
        "--as",
        "phoenix",
        &url,
        "--subscribe",
        "realtime:a",
        "--auth",
        auth,
        "-1",
        "-v",
    ];
    let run = wsee(&args).run().exits(0);
    let run = run.says("--as phoenix asks for /realtime/v1/websocket, vsn=1.0.0");
    let run = run.says("\"access_token\": \"***\"");
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
}

#[test]
fn a_refused_topic_of_the_command_line_is_the_end() {
    let server = scripted(|mut peer| {
        peer.receive();
        peer.send(reply(1, 1, "phx_reply", "error"));
        peer.record()
    });
    let args = ["--as", "phoenix", server.url(), "--subscribe", "t"];
    wsee(&args)
        .run()
        .exits(115)
        .says("the server refused topic t: {\"n\":1}")
        .says("hint: check the topic; --auth JSON sends credentials with every join");
}

#[test]
fn what_is_not_of_the_protocol_is_named_and_ends_nothing() {
    let deep = format!(
        "[\"1\",null,\"t\",\"e\",{}{}]",
        "[".repeat(1000),
        "]".repeat(1000)
    );
    for (message, why) in [
        (Message::text("hello"), "it is not JSON"),
        (Message::text("[1,2]"), "it is no array of five"),
        (Message::text("{}"), "no object with a topic and an event"),
        (Message::text(deep), "recursion limit exceeded"),
        (
            Message::binary(b"\x02\xff\xffa".as_slice()),
            "shorter than its header says",
        ),
        (
            Message::binary(b"\x09".as_slice()),
            "9 is no kind of a binary message",
        ),
        (
            Message::text("[null,\"77\",\"t\",\"phx_reply\",{}]"),
            "nobody waits for it",
        ),
        (
            Message::text("[\"5\",null,\"t\",\"phx_error\",{}]"),
            "crashed on the server",
        ),
    ] {
        let server = scripted(|mut peer| {
            peer.send(message);
            peer.send("[null,null,\"t\",\"after\",{}]");
            peer.record()
        });
        let args = [
            "--as",
            "phoenix",
            server.url(),
            "-v",
            "--jq",
            "select(.event==\"after\")",
            "-1",
        ];
        wsee(&args).run().exits(0).says(why);
    }
}

#[test]
fn topics_are_joined_again_after_a_crash_and_left_at_the_prompt() {
    let server = scripted(|mut peer| {
        peer.expect("[\"1\",\"1\",\"t\",\"phx_join\",{\"a\":1}]");
        peer.send(joined(1));
        peer.send("[\"1\",null,\"t\",\"phx_error\",{}]");
        peer.expect("[\"2\",\"2\",\"t\",\"phx_join\",{\"a\":1}]");
        // What is left of the first process changes nothing.
        peer.send("[\"1\",null,\"t\",\"phx_close\",{}]");
        peer.send(joined(2));
        peer.expect("[\"2\",\"3\",\"t\",\"say\",{}]");
        peer.expect("[\"2\",\"4\",\"t\",\"phx_leave\",{}]");
        peer.send(reply(2, 4, "phx_reply", "ok"));
        peer.send("[\"2\",null,\"t\",\"phx_close\",{}]");
        peer.expect("[\"5\",\"5\",\"t\",\"phx_join\",{}]");
        peer.send(reply(5, 5, "phx_reply", "error"));
        peer.expect("[null,\"6\",\"x\",\"say\",{}]");
        peer.send("[null,\"6\",\"x\",\"phx_reply\",{\"status\":\"error\",\"response\":{\"reason\":\"unmatched topic\"}}]");
        peer.record()
    });
    let mut terminal = terminal(&["--as", "phoenix", server.url()]).prompt();
    terminal.press("/join t {\"a\":1}\r");
    terminal.wait_for("crashed on the server, whose log says why");
    terminal.wait_for("* t is joined again in 1.0 s");
    terminal.wait_for("of an earlier join");
    terminal.wait_for("reply ok   { \"n\": 2 }");
    terminal.press("/status\r");
    terminal.wait_for("t (subscribed)");
    terminal.press("t say\r");
    terminal.wait_for("push t say");
    terminal.press("/leave t\r");
    terminal.wait_for("left");
    terminal.press("/join t\r");
    terminal.wait_for("reply error   { \"n\": 5 }");
    terminal.wait_for("hint: check the topic");
    terminal.press("x say\r");
    terminal.wait_for("hint: /join x comes first");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn topics_are_joined_again_on_a_new_connection() {
    let first = scripted(|mut peer| {
        peer.expect("[\"1\",\"1\",\"t\",\"phx_join\",{}]");
        peer.send(joined(1));
        peer.send("[null,null,\"t\",\"e\",{}]");
        peer.close(1012, "")
    });
    let (port, url) = (first.port(), first.url().to_owned());
    let args = [
        "--as",
        "phoenix",
        &url,
        "--subscribe",
        "t",
        "-n",
        "2",
        "--reconnect",
    ];
    let run = wsee(&args).spawn();
    first.serve();
    let second = scripted_on(port, |mut peer| {
        peer.expect("[\"2\",\"2\",\"t\",\"phx_join\",{}]");
        peer.send(joined(2));
        peer.send("[null,null,\"t\",\"e\",{}]");
        peer.record()
    });
    run.wait().exits(0);
    second.finish();
}
