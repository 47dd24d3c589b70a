//! Action Cable.

use crate::support::peer::{Message, scripted};
use crate::support::pty::terminal;
use crate::support::run::wsee;

const WELCOME: &str = "{\"type\":\"welcome\"}";
const CHAT: &str = "\"{\\\"channel\\\":\\\"Chat\\\",\\\"room\\\":1}\"";

/// A message with the identifier of the subscription in the tests.
fn chat(rest: &str) -> String {
    format!("{{\"identifier\":{CHAT},{rest}}}")
}

/// A command on that subscription.
fn command(name: &str, data: &str) -> String {
    format!("{{\"command\":\"{name}\",\"identifier\":{CHAT}{data}}}")
}

#[test]
fn a_channel_is_subscribed_to_before_input_and_json_is_unwrapped() {
    let server = scripted(|mut peer| {
        peer.send(WELCOME);
        peer.send("{\"type\":\"ping\",\"message\":1}");
        peer.expect(&command("subscribe", ""));
        peer.send(chat("\"type\":\"confirm_subscription\""));
        let data = ",\"data\":\"{\\\"action\\\":\\\"speak\\\",\\\"n\\\":1}\"";
        peer.expect(&command("message", data));
        peer.expect(&command("message", data));
        peer.send(chat("\"message\":{\"said\":[7]}"));
        peer.close(1000, "");
    });
    let args = [
        "--as",
        "actioncable",
        server.url(),
        "--subscribe",
        "Chat {\"room\":1}",
        "--wait",
        "5s",
    ];
    let input = "speak {\"n\":1}\n\n{\"identifier\":{\"channel\":\"Chat\",\"room\":1},\"data\":{\"action\":\"speak\",\"n\":1}}\n";
    wsee(&args)
        .stdin(input)
        .run()
        .exits(0)
        .prints("{\"identifier\":{\"channel\":\"Chat\",\"room\":1},\"message\":{\"said\":[7]}}\n");
}

#[test]
fn a_rejected_subscription_of_the_command_line_is_the_end() {
    let server = scripted(|mut peer| {
        peer.send(WELCOME);
        peer.receive();
        peer.send(chat("\"type\":\"reject_subscription\""));
        peer.record()
    });
    let args = [
        "--as",
        "actioncable",
        server.url(),
        "--subscribe",
        "Chat {\"room\":1}",
    ];
    wsee(&args)
        .run()
        .exits(115)
        .says("the server rejected the subscription to Chat {\"room\":1}")
        .says("hint: the channel's subscribed method rejects it");
}

#[test]
fn a_refused_connection_says_why_and_what_to_do() {
    for (reason, hint) in [
        ("unauthorized", "hint: log in with --cookie"),
        (
            "invalid_request",
            "hint: Rails checks the Origin; --origin sets it",
        ),
    ] {
        let server = scripted(move |mut peer| {
            peer.send(format!(
                "{{\"type\":\"disconnect\",\"reason\":\"{reason}\",\"reconnect\":false}}"
            ));
            peer.record()
        });
        let run = wsee(&["--as", "actioncable", server.url(), "-1"]).run();
        run.exits(115)
            .says(&format!("the server disconnects for good: {reason}"))
            .says(hint);
    }
}

#[test]
fn what_is_not_of_the_protocol_is_named_and_ends_nothing() {
    for (message, why) in [
        (Message::text("hello"), "it is not JSON"),
        (Message::text("[]"), "it is JSON, but no object"),
        (Message::text("{}"), "no identifier of a subscription"),
        (Message::text("{\"type\":[]}"), "its type is no string"),
        (
            Message::text("{\"type\":\"news\"}"),
            "\"news\" is no type of Action Cable in Rails",
        ),
        (Message::binary(b"{}".as_slice()), "it is binary"),
        (
            Message::text(chat("\"type\":\"confirm_subscription\"")),
            "nobody waits for it",
        ),
        (Message::text(chat("\"message\":1")), "not subscribed to"),
    ] {
        let server = scripted(|mut peer| {
            peer.send(WELCOME);
            peer.send(message);
            peer.send(chat("\"message\":\"after\""));
            peer.record()
        });
        let filter = "select(.message==\"after\")";
        let args = [
            "--as",
            "actioncable",
            server.url(),
            "-v",
            "--jq",
            filter,
            "-1",
        ];
        wsee(&args).run().exits(0).says(why);
    }
}

#[test]
fn subscriptions_begin_and_end_at_the_prompt() {
    let server = scripted(|mut peer| {
        peer.send(WELCOME);
        peer.expect(&command("subscribe", ""));
        peer.send(chat("\"type\":\"confirm_subscription\""));
        peer.expect(&command(
            "message",
            ",\"data\":\"{\\\"action\\\":\\\"speak\\\"}\"",
        ));
        peer.expect(&command("unsubscribe", ""));
        peer.expect(&command("subscribe", ""));
        peer.send(chat("\"type\":\"reject_subscription\""));
        peer.record()
    });
    let mut terminal = terminal(&["--as", "actioncable", server.url()]).prompt();
    terminal.wait_for("welcome");
    terminal.press("speak\r");
    terminal.wait_for("no channel is subscribed to");
    terminal.press("/subscribe Chat {\"room\":1}\r");
    terminal.wait_for("to subscribe after");
    terminal.press("/status\r");
    terminal.wait_for("Chat {\"room\":1} (subscribed)");
    terminal.press("/perform [Chat] speak\r");
    terminal.wait_for("perform Chat {\"room\":1}");
    terminal.press("/perform [News] speak\r");
    terminal.wait_for("News is not subscribed to");
    terminal.press("/unsubscribe Chat {\"room\":1}\r");
    terminal.wait_for("unsubscribe Chat {\"room\":1}");
    terminal.press("/subscribe Chat {\"room\":1}\r");
    terminal.wait_for("rejected Chat {\"room\":1}");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}
