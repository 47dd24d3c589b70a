//! Pusher.

use std::net::TcpStream;

use super::text;
use crate::support::peer::{Message, Peer, scripted};
use crate::support::pty::terminal;
use crate::support::run::wsee;
use crate::support::server::Server;

const WELCOME: &str = "{\"event\":\"pusher:connection_established\",\"data\":\"{\\\"socket_id\\\":\\\"1234.1234\\\",\\\"activity_timeout\\\":120}\"}";
/// That of Pusher's documentation.
const KEY: &str = "278d425bdf160c739803";
const SECRET: [&str; 2] = ["--pusher-secret", "env:APP_SECRET"];
const SIGNED: &str = "58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4";

fn app(script: impl FnOnce(&mut Peer<TcpStream>) + Send + 'static) -> Server<()> {
    scripted(|mut peer| {
        peer.send(WELCOME);
        script(&mut peer);
        peer.record();
    })
}

fn url<T: Send + 'static>(server: &Server<T>) -> String {
    format!("{}/app/{KEY}", server.url())
}

fn subscribe(channel: &str, rest: &str) -> String {
    format!("{{\"event\":\"pusher:subscribe\",\"data\":{{\"channel\":\"{channel}\"{rest}}}}}")
}

fn succeeded(channel: &str) -> String {
    format!(
        "{{\"event\":\"pusher_internal:subscription_succeeded\",\"channel\":\"{channel}\",\"data\":\"{{}}\"}}"
    )
}

#[test]
fn private_channels_are_signed_and_json_in_strings_is_unwrapped() {
    let server = app(|peer| {
        peer.expect(&subscribe("news", ""));
        peer.expect(&subscribe(
            "private-foobar",
            &format!(",\"auth\":\"{KEY}:{SIGNED}\""),
        ));
        peer.send(succeeded("news"));
        peer.send("{\"event\":\"pusher:ping\",\"data\":{}}");
        peer.expect("{\"event\":\"pusher:pong\",\"data\":{}}");
        peer.send(succeeded("private-foobar"));
        peer.expect("{\"event\":\"client-e\",\"channel\":\"private-foobar\",\"data\":{\"a\":1}}");
        peer.send("{\"event\":\"e\",\"channel\":\"news\",\"data\":\"{\\\"n\\\":[7]}\"}");
        peer.send("{\"event\":\"e\",\"channel\":\"news\",\"data\":\"hello\"}");
    });
    let url = url(&server);
    let args = ["--as", "pusher", &url, "--subscribe", "news"];
    let args = [
        &args[..],
        &SECRET,
        &["--subscribe", "private-foobar"],
        &["-n", "2", "-v"],
    ]
    .concat();
    wsee(&args)
        .env("APP_SECRET", "7ad3773142a6692b25b8")
        .stdin("private-foobar client-e {\"a\":1}\n")
        .run()
        .exits(0)
        .prints(
            "{\"channel\":\"news\",\"event\":\"e\",\"data\":{\"n\":[7]}}\n\
             {\"channel\":\"news\",\"event\":\"e\",\"data\":\"hello\"}\n",
        )
        .never_says(SIGNED);
}

#[test]
fn a_refused_channel_of_the_command_line_is_the_end() {
    for (answer, why) in [
        (
            "{\"event\":\"pusher:subscription_error\",\"channel\":\"private-a\",\"data\":{\"type\":\"AuthError\",\"error\":\"no\",\"status\":401}}",
            "the server refused channel private-a: no",
        ),
        (
            "{\"event\":\"pusher:error\",\"data\":{\"code\":null,\"message\":\"Invalid signature\"}}",
            "the server refused: Invalid signature",
        ),
        (
            "{\"event\":\"pusher:error\",\"data\":\"{\\\"code\\\":4009,\\\"message\\\":\\\"Connection is unauthorized\\\"}\"}",
            "the server refused the session with 4009: Connection is unauthorized",
        ),
    ] {
        let server = app(move |peer| {
            text(peer);
            peer.send(answer);
        });
        let url = url(&server);
        let args = ["--as", "pusher", &url, "--subscribe", "private-a"];
        let run = wsee(&[&args[..], &["--pusher-secret", "wrong"]].concat()).run();
        run.exits(115).says(why).says("hint: ");
    }
}

#[test]
fn a_session_that_is_refused_or_ended_by_a_code_says_what_it_means() {
    for (code, exit, why) in [
        (4001, 115, "hint: check the key in the URL"),
        (4100, 115, "hint: --reconnect tries again"),
        (4201, 111, "the server got no pong in time"),
    ] {
        let server = scripted(move |mut peer| {
            peer.send(WELCOME);
            peer.close(code, "")
        });
        let run = wsee(&["--as", "pusher", &url(&server), "-1"]).run();
        run.exits(exit).says(why);
    }
    let server = scripted(|mut peer| {
        peer.send("{\"event\":\"pusher:error\",\"data\":{\"code\":4001,\"message\":\"no app\"}}");
        peer.record()
    });
    let run = wsee(&["--as", "pusher", &url(&server), "-1"]).run();
    run.exits(115)
        .says("the server refused the session with 4001: no app");
}

#[test]
fn a_secret_a_key_or_a_signature_that_is_missing_is_a_mistake() {
    for (args, why) in [
        (
            &["ws://127.0.0.1:1/app/k", "--subscribe", "private-a"][..],
            "private-a wants a signature",
        ),
        (&["ws://127.0.0.1:1/"], "no key of an app in the URL"),
        (
            &["ws://127.0.0.1:1/app/k", "--pusher-secret", "env:NOBODY"],
            "--pusher-secret env:NOBODY: the variable is not set",
        ),
    ] {
        let args = [&["--as", "pusher"], args].concat();
        wsee(&args).run().exits(2).says(why);
    }
    let args = [
        "--as",
        "phoenix",
        "--pusher-secret",
        "x",
        "ws://127.0.0.1:1",
    ];
    wsee(&args)
        .run()
        .exits(2)
        .says("--pusher-secret belongs to --as pusher");
}

#[test]
fn what_is_not_of_the_protocol_is_named_and_ends_nothing() {
    for (message, why) in [
        (Message::text("hello"), "it is not JSON"),
        (Message::text("{}"), "it has no event"),
        (Message::binary(b"{}".as_slice()), "it is binary"),
        (
            Message::text("{\"event\":\"e\",\"channel\":\"c\",\"data\":1}"),
            "not subscribed to",
        ),
        (Message::text(succeeded("c")), "nobody waits for it"),
        (Message::text(WELCOME), "a second time"),
        (
            Message::text(
                "{\"event\":\"pusher:error\",\"data\":{\"code\":4301,\"message\":\"m\"}}",
            ),
            "client events come too fast",
        ),
    ] {
        let server = app(|peer| {
            peer.send(message);
            peer.send("{\"event\":\"after\",\"channel\":\"c\",\"data\":\"{}\"}");
        });
        let url = url(&server);
        let filter = "select(.event==\"after\")";
        let args = ["--as", "pusher", &url, "-v", "--jq", filter, "-1"];
        wsee(&args).run().exits(0).says(why);
    }
}

#[test]
fn channels_are_joined_and_left_at_the_prompt() {
    let server = app(|peer| {
        text(peer);
        peer.send("{\"event\":\"pusher_internal:subscription_succeeded\",\"channel\":\"presence-a\",\"data\":\"{\\\"presence\\\":{\\\"count\\\":1,\\\"ids\\\":[\\\"7\\\"],\\\"hash\\\":{}}}\"}");
        peer.send("{\"event\":\"pusher_internal:member_added\",\"channel\":\"presence-a\",\"data\":\"{\\\"user_id\\\":\\\"8\\\"}\"}");
        peer.expect("{\"event\":\"client-e\",\"channel\":\"presence-a\",\"data\":{}}");
        peer.expect("{\"event\":\"pusher:unsubscribe\",\"data\":{\"channel\":\"presence-a\"}}");
    });
    let url = url(&server);
    let args = ["--as", "pusher", &url, "--pusher-secret", "s3cret"];
    let mut terminal = terminal(&args).prompt();
    terminal.wait_for("socket id 1234.1234");
    terminal.press("/trigger presence-a client-e\r");
    terminal.wait_for("presence-a is not subscribed to");
    terminal.press("/subscribe presence-a {\"user_id\":\"7\"}\r");
    terminal.wait_for("to subscribe after");
    terminal.wait_for("member_added");
    terminal.press("/trigger presence-a e\r");
    terminal.wait_for("begin with client-");
    terminal.press("presence-a client-e\r");
    terminal.wait_for("trigger presence-a client-e");
    terminal.press("/status\r");
    terminal.wait_for("presence-a (subscribed)");
    terminal.press("/unsubscribe presence-a\r");
    terminal.wait_for("unsubscribe presence-a");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}
