//! Official clients at `wsee listen --as`.

use std::fmt::Write;

use serde_json::json;

use super::node;
use crate::listen::started;
use crate::support::run::wsee;

#[test]
#[ignore = "needs clients from npm"]
fn official_clients_are_served() {
    for (name, ready, commands, printed) in [
        (
            "graphql",
            "/next ticks JSON",
            &["/next ticks 7", "/complete ticks"][..],
            "result {\"data\":{\"user\":{\"id\":7}}}\ncomplete\ntick {\"data\":{\"ticks\":7}}\n",
        ),
        (
            "signalr",
            "/item Count JSON",
            &[
                "/invoke receive 1 \"a\"",
                "/item Count 7",
                "/complete Count",
            ],
            "result [1,2]\nreceive [1,\"a\"]\nitem 7\n",
        ),
        (
            "phoenix",
            "→ room:lobby new_msg",
            &["/push room:lobby new_msg {\"by\":\"server\"}"],
            "joined\nreply {\"by\":\"client\"}\nnew_msg {\"by\":\"client\"}\nnew_msg {\"by\":\"server\"}\n",
        ),
        (
            "stomp",
            "→ message /topic/a",
            &["/send -h kind:a:b /topic/a server"],
            "receipt\nmessage client x:y\nmessage server a:b\n",
        ),
        (
            "jsonrpc",
            "→ batch of answers",
            &["/notify tick [1]"],
            "[{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":[1,2]}]\n\
             {\"jsonrpc\":\"2.0\",\"method\":\"tick\",\"params\":[1]}\n",
        ),
        (
            "actioncable",
            "→ message ChatChannel",
            &["/broadcast ChatChannel {\"by\":\"server\"}"],
            "connected\nreceived {\"by\":\"client\",\"action\":\"speak\"}\nreceived {\"by\":\"server\"}\n",
        ),
        (
            "pusher",
            "presence-room client-hello",
            &["/trigger presence-room update {\"n\":1}"],
            "members 1 {\"name\":\"js\"}\nupdate {\"n\":1}\n",
        ),
    ] {
        let args = ["listen", "127.0.0.1:0", "--as", name, "--split", "events"];
        let mut server = started(wsee(&args).stdin_held_open());
        let client = node("served_client.js", &[name, &server.port.to_string()]).spawn();
        server.running.wait_for_stderr(ready);
        for command in commands {
            let line = json!({"event": "command", "data": command});
            server.running.send(format!("{line}\n"));
        }
        client.wait().exits(0).prints(printed);
    }
}

#[test]
#[ignore = "needs npm's mqtt"]
fn the_official_client_of_mqtt_is_served_in_both_versions() {
    let args = ["listen", "127.0.0.1:0", "--as", "mqtt", "--split", "events"];
    let mut server = started(wsee(&args).stdin_held_open());
    let client = node("served_client.js", &["mqtt", &server.port.to_string()]).spawn();
    let mut expected = String::new();
    for version in ["v4", "v5"] {
        client.wait_for_stdout(&format!("{version} t/2 client 2"));
        server
            .running
            .send("{\"event\":\"command\",\"data\":\"/publish -q 1 t/x server\"}\n");
        expected += "granted 2\n";
        for (topic, text, qos) in [
            ("0", "client", 0),
            ("1", "client", 1),
            ("2", "client", 2),
            ("x", "server", 1),
        ] {
            let _ = writeln!(expected, "{version} t/{topic} {text} {qos}");
        }
    }
    client.wait().exits(0).prints(expected);
}
