//! JSON-RPC 2.0.

use super::text;
use crate::support::peer::{Message, Peer, scripted, scripted_on};
use crate::support::pty::terminal;
use crate::support::run::wsee;

#[test]
fn calls_get_ids_and_their_answers_end_the_pipe() {
    let server = scripted(|mut peer| {
        peer.expect("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":[1]}");
        peer.expect("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"b\"}");
        peer.send("[{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":null},{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[1]}]");
        peer.record()
    });
    let run = wsee(&["--as", "jsonrpc", server.url()]).stdin("a 1\n{\"method\":\"b\"}\n");
    run.run().exits(0).prints(
        "{\"id\":2,\"method\":\"b\",\"result\":null}\n{\"id\":1,\"method\":\"a\",\"result\":[1]}\n",
    );
}

#[test]
fn a_failed_call_is_status_1_after_all_answers() {
    let server = scripted(|mut peer| {
        peer.receive();
        peer.receive();
        peer.send(
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,\"message\":\"no a\"}}",
        );
        peer.send("{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":1}");
        peer.record()
    });
    let run = wsee(&["--as", "jsonrpc", server.url(), "-v"])
        .stdin("a\nb\n")
        .run();
    run.exits(1)
        .prints(
            "{\"id\":1,\"method\":\"a\",\"error\":{\"code\":-32601,\"message\":\"no a\"}}\n\
             {\"id\":2,\"method\":\"b\",\"result\":1}\n",
        )
        .says("method not found, to a after ")
        .says("a failed with \"no a\"; closed");
}

#[test]
fn a_browser_gets_messages_without_the_version() {
    let server = scripted(|mut peer| {
        peer.expect("{\"id\":1,\"method\":\"Browser.getVersion\"}");
        peer.send("{\"id\":1,\"result\":{}}");
        peer.record()
    });
    let url = format!("{}/devtools/page/1", server.url());
    let run = wsee(&["--as", "jsonrpc", &url]).stdin("Browser.getVersion");
    run.run().exits(0);
}

#[test]
fn what_is_not_of_the_protocol_is_named_and_ends_nothing() {
    let deep = "[".repeat(1000);
    let many = format!("[{}{{}}]", "7,".repeat(2000));
    for (message, why) in [
        (
            Message::text("hello"),
            "a message is not JSON-RPC: expected value",
        ),
        (Message::text("7"), "an object, or an array of objects"),
        (Message::text("{}"), "it has neither a method nor an id"),
        (Message::text("[]"), "it is an empty batch"),
        (Message::text("[1]"), "it is no object"),
        (Message::text(deep), "recursion limit exceeded"),
        (
            Message::text(many),
            "1001 more parts of the batch are not looked at",
        ),
        (Message::binary(vec![1]), "it is binary"),
    ] {
        let server = scripted(move |mut peer| {
            peer.receive();
            peer.send(message);
            peer.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1}");
            peer.record()
        });
        let run = wsee(&["--as", "jsonrpc", server.url(), "-v"])
            .stdin("a")
            .run();
        run.exits(0)
            .prints("{\"id\":1,\"method\":\"a\",\"result\":1}\n")
            .says(why);
    }
}

#[test]
fn both_sides_call_and_notify_at_the_prompt() {
    let server = scripted(|mut peer| {
        let call = text(&mut peer);
        peer.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x1\"}");
        peer.send("{\"jsonrpc\":\"2.0\",\"method\":\"s\",\"params\":{\"subscription\":\"0x1\",\"result\":{\"n\":1}}}");
        peer.send("{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"method\":\"ask\",\"params\":[]}");
        let answer = text(&mut peer);
        let notification = text(&mut peer);
        peer.record();
        (call, answer, notification)
    });
    let mut terminal = terminal(&["--as", "jsonrpc", server.url()]).prompt();
    terminal.press("eth_subscribe {\r\"a\": 1}\r");
    terminal.wait_for("result 1   \"0x1\"   to eth_subscribe after ");
    terminal.wait_for("subscription \"0x1\", message 1   { \"n\": 1 }");
    terminal.wait_for("answer wanted: /answer \"1\" JSON");
    terminal.press("/answer \t");
    terminal.wait_for("> /answer \"1\"");
    terminal.press("true\r");
    terminal.wait_for("\u{2192} answer 1   true");
    terminal.press("/notify bye\r");
    terminal.wait_for("notification bye");
    terminal.press("/call\r");
    terminal.wait_for("/call needs METHOD [JSON…]");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    let (call, answer, notification) = server.finish();
    assert!(call.contains("\"params\":{\"a\":1}"), "{call}");
    assert_eq!(answer, "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":true}");
    assert_eq!(notification, "{\"jsonrpc\":\"2.0\",\"method\":\"bye\"}");
}

#[test]
fn an_answer_to_no_call_is_printed() {
    for (message, printed) in [
        ("\"id\":\"1\",\"result\":7", "\"id\":\"1\",\"result\":7"),
        (
            "\"id\":null,\"error\":{\"code\":-32700,\"message\":\"?\"}",
            "\"id\":null,\"error\":{\"code\":-32700,\"message\":\"?\"}",
        ),
    ] {
        let server = scripted(move |mut peer| {
            peer.receive();
            peer.send(format!("{{\"jsonrpc\":\"2.0\",{message}}}").as_str());
            peer.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1}");
            peer.record()
        });
        let run = wsee(&["--as", "jsonrpc", server.url(), "-v"])
            .stdin("a")
            .run();
        run.exits(0)
            .prints(format!(
                "{{{printed}}}\n{{\"id\":1,\"method\":\"a\",\"result\":1}}\n"
            ))
            .says("nobody waits for it");
    }
}

#[test]
fn numbers_keep_all_of_their_digits() {
    // The nearest double is found only with more precision than a double has.
    let numbers =
        "[18446744073709551615,1.1805916207174113e21,31.245270191439438,121.48791951161945]";
    let server = scripted(move |mut peer| {
        let call = text(&mut peer);
        peer.send(format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{numbers}}}").as_str());
        peer.record();
        call
    });
    let run = wsee(&["--as", "jsonrpc", server.url()]).stdin(format!("a {numbers}"));
    let numbers = numbers.replace("e21", "e+21");
    run.run().exits(0).prints(format!(
        "{{\"id\":1,\"method\":\"a\",\"result\":{numbers}}}\n"
    ));
    let call = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":{numbers}}}");
    assert_eq!(server.finish(), call);
}

#[test]
fn a_long_error_is_cut_in_the_last_line_only() {
    let long = "x".repeat(100_000);
    let error = format!("{{\"code\":1,\"message\":\"{long}\"}}");
    let printed = format!("{{\"id\":1,\"method\":\"a\",\"error\":{error}}}\n");
    let server = scripted(move |mut peer| {
        peer.receive();
        peer.send(format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{error}}}").as_str());
        peer.record()
    });
    let run = wsee(&["--as", "jsonrpc", server.url()]).stdin("a").run();
    let run = run.exits(1).prints(&printed).says("xx…\"; closed");
    assert!(run.stderr.len() < 1000, "{}", run.stderr);
}

#[test]
fn a_blank_line_is_no_call() {
    let server = scripted(|mut peer| {
        peer.receive();
        peer.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1}");
        peer.record()
    });
    let run = wsee(&["--as", "jsonrpc", server.url()]).stdin("\na\n\n");
    run.run()
        .exits(0)
        .prints("{\"id\":1,\"method\":\"a\",\"result\":1}\n");
}

#[test]
fn an_id_that_waits_for_its_answer_is_not_given_again() {
    let server = scripted(|mut peer| {
        peer.expect("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"a\"}");
        peer.expect("{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"c\"}");
        peer.record()
    });
    let mut terminal = terminal(&["--as", "jsonrpc", server.url()]).prompt();
    terminal.press("{\"id\":7,\"method\":\"a\"}\r");
    terminal.wait_for("call 7 a");
    terminal.press("{\"id\":7,\"method\":\"b\"}\r");
    terminal.wait_for("call a has the id 7, and no answer yet");
    terminal.press("[{\"id\":9,\"method\":\"b\"},{\"id\":9,\"method\":\"b\"}]\r");
    terminal.wait_for("another call of the batch has the id 9");
    terminal.press("c\r");
    terminal.wait_for("call 8 c");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn a_long_answer_begins_with_what_it_answers() {
    let long = "x".repeat(200);
    let server = scripted(move |mut peer| {
        peer.receive();
        peer.send(
            format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[\"{long}\",\"end\"]}}").as_str(),
        );
        peer.record()
    });
    let mut terminal = terminal(&["--as", "jsonrpc", server.url()]).prompt();
    terminal.press("look\r");
    terminal.wait_for("result 1   to look after ");
    terminal.wait_for("\"end\"");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn a_word_that_begins_with_a_digit_is_quoted_whole() {
    let server = scripted(Peer::record);
    let mut terminal = terminal(&["--as", "jsonrpc", server.url()]).prompt();
    terminal.press("eth_getBalance 0x90F8 latest\r");
    terminal.wait_for("argument \"0x90F8\" is not JSON; a string needs quotes: \"0x90F8\"");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn a_notification_of_rpc_websockets_is_shown_as_one() {
    let server = scripted(|mut peer| {
        peer.receive();
        peer.send("{\"notification\":\"tick\",\"params\":{\"n\":1}}");
        peer.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1}");
        peer.record()
    });
    let run = wsee(&["--as", "jsonrpc", server.url(), "-v"])
        .stdin("a")
        .run();
    run.exits(0)
        .prints("{\"notification\":\"tick\",\"params\":{\"n\":1}}\n{\"id\":1,\"method\":\"a\",\"result\":1}\n")
        .says("notification tick   { \"n\": 1 }   as rpc-websockets writes it");
}

#[test]
fn a_subscription_that_ended_with_its_connection_is_named() {
    let first = scripted(|mut peer| {
        peer.send("{\"jsonrpc\":\"2.0\",\"method\":\"s\",\"params\":{\"subscription\":\"0x1\",\"result\":1}}");
        peer.close(1012, "")
    });
    let (port, url) = (first.port(), first.url().to_owned());
    let mut terminal = terminal(&["--as", "jsonrpc", &url, "--reconnect"]).prompt();
    terminal.wait_for("message 1");
    first.serve();
    let second = scripted_on(port, Peer::record);
    terminal.wait_for("1 subscription ended with the last connection; subscribe again");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    second.finish();
}
