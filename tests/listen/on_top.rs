//! `--as` with another protocol than Socket.IO: wsee and bare messages at its server.

use serde_json::{Value, json};

use super::{Listening, started};
use crate::support::peer::Peer;
use crate::support::run::{Running, wsee};
use tokio_tungstenite::tungstenite::client::{IntoClientRequest, client};

mod credentials;
mod hostile;
mod prompt;
mod wire;

/// A server that takes commands from its stdin.
#[track_caller]
fn serving(name: &str, args: &[&str]) -> Listening {
    let all = ["listen", "127.0.0.1:0", "--as", name, "--split", "events"];
    started(wsee(&[&all, args].concat()).stdin_held_open())
}

impl Listening {
    /// What a person would type at its prompt.
    fn command(&mut self, text: &str) {
        let line = json!({"event": "command", "data": text});
        self.running.send(format!("{line}\n"));
    }

    /// A wsee that speaks the protocol at this path, and whose stdin stays open.
    fn client(&self, name: &str, path: &str, args: &[&str]) -> Running {
        let url = format!("ws://127.0.0.1:{}{path}", self.port);
        let args = [&["--as", name, &url, "-v"], args].concat();
        wsee(&args).stdin_held_open().spawn()
    }

    /// A connection with this subprotocol, or none.
    fn open_with(&self, path: &str, subprotocol: &str) -> Peer {
        let url = format!("ws://127.0.0.1:{}{path}", self.port);
        let mut request = url.into_client_request().expect("a URL");
        if !subprotocol.is_empty() {
            let name = subprotocol.parse().expect("a name");
            request.headers_mut().insert("Sec-WebSocket-Protocol", name);
        }
        let opened = client(request, self.connect());
        Peer::new(opened.expect("an opening handshake").0)
    }
}

/// The objects in `as` of all events of one direction.
fn meanings(stdout: &str, direction: &str) -> Vec<Value> {
    let events = stdout.lines().map(|line| {
        let event: Value = serde_json::from_str(line).expect("JSON");
        event
    });
    let events = events.filter(|event| event["direction"] == direction);
    events.map(|event| event["as"].clone()).collect()
}

#[test]
fn a_query_of_graphql_is_answered_with_its_variables() {
    for subprotocol in ["graphql-transport-ws", "graphql-ws"] {
        let server = serving("graphql", &["-s", subprotocol]);
        let input = "{\"query\":\"query Q($id: Int) { a: user(id: $id) { name } b }\",\"variables\":{\"id\":7}}";
        let url = server.url();
        let run = wsee(&["--as", "graphql", &url]).stdin(input).run();
        run.exits(0)
            .prints("{\"data\":{\"a\":{\"id\":7},\"b\":{\"id\":7}}}\n");
    }
}

#[test]
fn a_subscription_of_graphql_lasts_until_it_is_completed() {
    for subprotocol in ["graphql-transport-ws", "graphql-ws"] {
        let mut server = serving("graphql", &["-s", subprotocol]);
        let client = server.client("graphql", "/", &["--subscribe", "{ t: ticks { at } }"]);
        server.running.wait_for_stderr("/next ticks JSON");
        server.command("/next ticks {\"at\":1}");
        client.wait_for_stdout("{\"data\":{\"t\":{\"at\":1}}}\n");
        server.command("/complete ticks");
        client.wait_for_stderr("complete");
        server.command("/next ticks 2");
        server
            .running
            .wait_for_stderr("line 3: not sent: nobody is subscribed to ticks");
    }
}

#[test]
fn what_is_refused_is_refused_in_the_words_of_the_protocol() {
    for (name, path, flags, topic, says, exit) in [
        (
            "graphql",
            "/",
            &["--subscribe", "{ ticks }"][..],
            "ticks",
            "the field is refused",
            1,
        ),
        (
            "mqtt",
            "/",
            &["--subscribe", "a/#"],
            "a/#",
            "not authorized (135)",
            115,
        ),
        (
            "stomp",
            "/",
            &["--subscribe", "/topic/a"],
            "/topic/a",
            "the subscription is refused",
            115,
        ),
        (
            "signalr",
            "/",
            &["--subscribe", "Count"],
            "Count",
            "the subscription is refused",
            115,
        ),
        (
            "phoenix",
            "/",
            &["--subscribe", "room:a"],
            "room:a",
            "the subscription is refused",
            115,
        ),
        (
            "actioncable",
            "/",
            &["--subscribe", "Chat"],
            "Chat",
            "rejected",
            115,
        ),
        (
            "pusher",
            "/app/k?protocol=7",
            &["--subscribe", "news"],
            "news",
            "the subscription is refused",
            115,
        ),
        (
            "jsonrpc",
            "/",
            &["--send", "add 1"],
            "add",
            "method not found",
            1,
        ),
    ] {
        let mut server = serving(name, &[]);
        server.command(&format!("/refuse {topic}"));
        server.command("/accept nothing");
        server.running.wait_for_stderr("nothing is not refused");
        let client = server.client(name, path, flags);
        client.wait_for_stderr(says);
        let mut client = client;
        client.end_stdin();
        client.wait().exits(exit);
    }
}

#[test]
fn what_one_client_publishes_reaches_all_that_are_subscribed() {
    for (name, flags, ready, line, printed) in [
        (
            "mqtt",
            ["--subscribe", "a/# 1"],
            "suback",
            "{\"topic\":\"a/b\",\"payload\":\"hi\",\"qos\":2,\"properties\":{\"content_type\":\"text/plain\"}}",
            "{\"topic\":\"a/b\",\"payload\":\"hi\",\"qos\":1,\"properties\":{\"content_type\":\"text/plain\"}}\n",
        ),
        (
            "stomp",
            ["--subscribe", "/topic/a"],
            "subscribe /topic/a",
            "{\"destination\":\"/topic/a\",\"body\":\"h\\u0000i\",\"headers\":{\"a\":\"b:c\\n\"}}",
            "{\"destination\":\"/topic/a\",\"body\":\"h\\u0000i\",\"headers\":{\"a\":\"b:c\\n\"}}\n",
        ),
        (
            "phoenix",
            ["--subscribe", "room:a"],
            "reply ok",
            "room:a new_msg {\"$base64\":\"AQI=\"}",
            "{\"topic\":\"room:a\",\"event\":\"new_msg\",\"payload\":{\"$base64\":\"AQI=\"}}\n",
        ),
        (
            "actioncable",
            ["--subscribe", "Chat {\"room\":1}"],
            "confirm_subscription",
            "speak {\"by\":\"me\"}",
            "{\"identifier\":{\"channel\":\"Chat\",\"room\":1},\"message\":{\"action\":\"speak\",\"by\":\"me\"}}\n",
        ),
    ] {
        let server = serving(name, &[]);
        let other = server.client(name, "/", &flags);
        server.running.wait_for_stderr(ready);
        let mut one = server.client(name, "/", &flags);
        one.send(format!("{line}\n"));
        one.wait_for_stdout(printed);
        other.wait_for_stdout(printed);
    }
}

#[test]
fn commands_push_to_those_that_are_subscribed() {
    for (name, path, flags, command, printed) in [
        (
            "mqtt",
            "/",
            &["--subscribe", "a/+ 2"][..],
            "/publish -q 2 a/b {\"t\":1}",
            "{\"topic\":\"a/b\",\"payload\":\"{\\\"t\\\":1}\",\"qos\":2}\n",
        ),
        (
            "mqtt",
            "/",
            &["--subscribe", "a/+", "--mqtt-version", "3.1.1"],
            "-q 1 a/b x",
            "{\"topic\":\"a/b\",\"payload\":\"x\"}\n",
        ),
        (
            "stomp",
            "/",
            &["--subscribe", "/topic/a client"],
            "/send -h k:v /topic/a {\"n\":1}",
            "{\"destination\":\"/topic/a\",\"body\":\"{\\\"n\\\":1}\",\"headers\":{\"k\":\"v\"}}\n",
        ),
        (
            "signalr",
            "/hub",
            &["--subscribe", "Count 1"],
            "/item Count {\"n\":1}",
            "\"item\":{\"n\":1}",
        ),
        (
            "signalr",
            "/hub",
            &["--subscribe", "Count 1"],
            "/invoke receive 1 \"a\"",
            "{\"target\":\"receive\",\"arguments\":[1,\"a\"]}\n",
        ),
        (
            "phoenix",
            "/",
            &["--subscribe", "room:a"],
            "/push room:a tick {\"n\":1}",
            "{\"topic\":\"room:a\",\"event\":\"tick\",\"payload\":{\"n\":1}}\n",
        ),
        (
            "actioncable",
            "/",
            &["--subscribe", "Chat {\"room\":1}"],
            "/broadcast Chat [1]",
            "{\"identifier\":{\"channel\":\"Chat\",\"room\":1},\"message\":[1]}\n",
        ),
        (
            "pusher",
            "/app/k?protocol=7",
            &["--subscribe", "news"],
            "/trigger news update {\"n\":1}",
            "\"event\":\"update\",\"data\":{\"n\":1}}\n",
        ),
        (
            "jsonrpc",
            "/",
            &["--send", "subscribe"],
            "/notify tick [1]",
            "{\"method\":\"tick\",\"params\":[1]}\n",
        ),
    ] {
        let mut server = serving(name, &[]);
        let client = server.client(name, path, flags);
        server.running.wait_for_stderr(match name {
            "mqtt" => "suback",
            "stomp" => "subscribe /topic/a",
            "signalr" => "/item Count JSON",
            "phoenix" => "reply ok",
            "actioncable" => "confirm_subscription",
            "pusher" => "subscribed to news",
            _ => "→ result",
        });
        server.command(command);
        client.wait_for_stdout(printed);
    }
}

#[test]
fn calls_are_answered_with_their_arguments() {
    for (name, input, printed) in [
        (
            "signalr",
            "Add 1 2\n",
            "{\"invocationId\":\"1\",\"target\":\"Add\",\"result\":[1,2]}\n",
        ),
        (
            "jsonrpc",
            "add {\"a\":1}\n",
            "{\"id\":1,\"method\":\"add\",\"result\":{\"a\":1}}\n",
        ),
    ] {
        let server = serving(name, &[]);
        let url = server.url().replace("ws:", "http:");
        let run = wsee(&["--as", name, &url]).stdin(input).run();
        run.exits(0).prints(printed);
    }
}

#[test]
fn jsonl_says_what_messages_are() {
    let server = serving("mqtt", &["--jsonl"]);
    let url = server.url();
    let run = wsee(&["--as", "mqtt", &url, "-u", "me:secret-pass"]).stdin("a hi\n");
    run.run().exits(0);
    let stdout = server.running.wait_for_stdout("\"event\":\"closed\"");
    let received = meanings(&stdout, "received");
    assert_eq!(received[0]["type"], "connect");
    assert_eq!(received[0]["user"], "me");
    assert_eq!(received[1]["payload"], "hi");
    assert_eq!(received[2]["type"], "disconnect");
    assert_eq!(meanings(&stdout, "sent")[0]["type"], "connack");
    assert!(!stdout.contains("secret-pass"), "{stdout}");
}

#[test]
fn a_protocol_that_is_only_spoken_by_the_client_is_a_usage_error() {
    let known = "socket.io, graphql, jsonrpc, phoenix, mqtt, actioncable, stomp, signalr, pusher";
    for name in ["sockjs", "centrifugo", "wamp", "ocpp", "nostr"] {
        let run = wsee(&["listen", "--as", name]).run();
        run.exits(2)
            .says(&format!("hint: it speaks {known}\n"))
            .says(&format!("wsee listen does not speak {name}; --rules"));
    }
    for flag in [
        &["--jsonl"][..],
        &["--split", "events"],
        &["--http2"],
        &["--fault", "drop 1%"],
    ] {
        let args = [&["listen", "--as", "socket.io"], flag].concat();
        let text = format!("--as socket.io cannot be used with {}", flag[0]);
        wsee(&args).run().exits(2).says(&text);
    }
}

#[test]
fn scenarios_pass_at_the_server_of_their_protocol() {
    for (name, path, steps) in [
        (
            "graphql",
            "/",
            "query query Q($n: Int) { hello(n: $n) } {\"n\":1}\n\
             < as {\"type\":\"next\",\"payload\":{\"data\":{\"hello\":{\"n\":1}}}}\n\
             < as {\"type\":\"complete\",\"id\":\"1\"}\nsubscribe { ticks }\nstop 2\n",
        ),
        (
            "mqtt",
            "/",
            "subscribe a/# 1\n< as {\"type\":\"suback\"}\npublish -q 1 a/b {\"t\":21}\n\
             < as {\"type\":\"publish\",\"topic\":\"a/b\",\"json\":{\"t\":21}}\nunsubscribe a/#\n",
        ),
        (
            "stomp",
            "/",
            "subscribe /topic/a\nsend -r /topic/a hi\n< as {\"type\":\"message\",\"body\":\"hi\"}\n",
        ),
        (
            "signalr",
            "/hub",
            "invoke Add 1 2\n< as {\"type\":\"result\",\"result\":[1,2]}\nstream Count 3\n\
             cancel 2\n< as {\"type\":\"end\"}\n",
        ),
        (
            "phoenix",
            "/",
            "join room:a\npush room:a e {\"n\":1}\n\
             < as {\"type\":\"reply\",\"status\":\"ok\",\"response\":{\"n\":1}}\n\
             < as {\"type\":\"event\",\"event\":\"e\"}\nleave room:a\n",
        ),
        (
            "actioncable",
            "/cable",
            "subscribe Chat {\"room\":1}\nperform speak {\"n\":1}\n\
             < as {\"type\":\"message\",\"message\":{\"action\":\"speak\",\"n\":1}}\n",
        ),
        (
            "pusher",
            "/app/k?protocol=7",
            "subscribe news\nunsubscribe news\n",
        ),
        (
            "jsonrpc",
            "/",
            "call add 1 2\n< as {\"type\":\"result\",\"method\":\"add\",\"result\":[1,2]}\n",
        ),
    ] {
        let server = serving(name, &[]);
        let url = format!("ws://127.0.0.1:{}{path}", server.port);
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("scenario.wsee");
        let text = format!("connect --as {name} {url}\n\n{steps}");
        std::fs::write(&file, text).expect("a file");
        let path = file.display().to_string();
        wsee(&["test", &path]).run().exits(0);
    }
}
