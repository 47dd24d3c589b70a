//! `SockJS`, WAMP and OCPP with npm's sockjs, wamp.rt and ocpp-rpc.

use std::path::Path;
use std::process::Command;

use super::Server;
use crate::support::run::{program, wsee};

fn serve(name: &str) -> Server {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("node");
    command.env("NODE_PATH", root.join("target/peer/node_modules"));
    command.arg(root.join("tests/peer/view_server.js"));
    command.arg(name);
    Server::of(program(command))
}

#[test]
#[ignore = "needs npm's sockjs"]
fn messages_go_through_sockjs_in_frames() {
    let server = serve("sockjs");
    let url = server.url("/echo");
    let run = wsee(&["--as", "sockjs", &url]).stdin("hello\n{\"a\":1}\nbye\n");
    run.run()
        .exits(111)
        .prints("\"hello\"\n{\"a\":1}\n")
        .says("the server closed the SockJS session: 4001 \"as you like\"");
}

#[test]
#[ignore = "needs npm's wamp.rt"]
fn a_procedure_is_called_and_an_event_comes_through_a_router_of_wamp() {
    let server = serve("wamp");
    let url = server.url("/");
    let args = [
        "--as",
        "wamp",
        &url,
        "--auth",
        "{\"realm\":\"realm1\"}",
        "-v",
    ];
    let run = wsee(&args).stdin("call com.example.add 2 3\ncall com.example.none\n");
    run.run()
        .exits(1)
        .prints("{\"procedure\":\"com.example.add\",\"args\":[5],\"kwargs\":null}\n")
        .says("CALL com.example.none failed with wamp.error.");
    let listener = wsee(&[&args[..], &["--subscribe", "t", "-1"]].concat()).spawn();
    listener.wait_for_stderr("to subscribe t after ");
    wsee(&args).stdin("publish t \"hi\"\n").run().exits(0);
    listener.wait().exits(0).says("EVENT ");
}

#[test]
#[ignore = "needs npm's ocpp-rpc"]
fn calls_of_ocpp_have_their_results_and_errors() {
    let server = serve("ocpp");
    let url = server.url("/CP1");
    let run = wsee(&["--as", "ocpp", &url, "-v"]).stdin("Heartbeat\nNope {}\n");
    run.run()
        .exits(1)
        .prints(
            "{\"id\":\"1\",\"action\":\"Heartbeat\",\"result\":{\"currentTime\":\"2026-11-29T12:00:00Z\"}}\n\
             {\"id\":\"2\",\"action\":\"Nope\",\"error\":{\"code\":\"NotImplemented\",\"description\":\"no such action\",\"details\":{}}}\n",
        )
        .says("subprotocol ocpp1.6");
}
