//! JSON-RPC with npm's json-rpc-2.0.

use std::path::Path;
use std::process::Command;

use super::Server;
use crate::support::run::{program, wsee};

fn serve() -> Server {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("node");
    command.env("NODE_PATH", root.join("target/peer/node_modules"));
    command.arg(root.join("tests/peer/jsonrpc_server.js"));
    Server::of(program(command))
}

#[test]
#[ignore = "needs npm's json-rpc-2.0"]
fn calls_and_batches_are_answered_and_end_the_pipe() {
    let server = serve();
    let input =
        "add 1 2\n[{\"method\":\"add\",\"params\":[3,4]},{\"method\":\"add\",\"params\":[5,6]}]\n";
    let run = wsee(&["--as", "jsonrpc", &server.url("")])
        .stdin(input)
        .run();
    run.exits(0).prints(
        "{\"id\":1,\"method\":\"add\",\"result\":3}\n\
         {\"id\":2,\"method\":\"add\",\"result\":7}\n\
         {\"id\":3,\"method\":\"add\",\"result\":11}\n",
    );
}

#[test]
#[ignore = "needs npm's json-rpc-2.0"]
fn a_call_that_fails_is_status_1() {
    let server = serve();
    let url = server.url("");
    for (input, why) in [
        ("fail", "fail failed with \"it broke\""),
        ("nope", "nope failed with \"Method not found\""),
    ] {
        let run = wsee(&["--as", "jsonrpc", &url]).stdin(input).run();
        run.exits(1).says(why);
    }
}

#[test]
#[ignore = "needs npm's json-rpc-2.0"]
fn messages_of_a_subscription_follow_its_answer() {
    let server = serve();
    let run = wsee(&["--as", "jsonrpc", &server.url(""), "-n", "3", "-v"]);
    let run = run.stdin("subscribe 2\n").run();
    run.exits(0)
        .prints(
            "{\"id\":1,\"method\":\"subscribe\",\"result\":\"0x1\"}\n\
             {\"method\":\"subscription\",\"params\":{\"subscription\":\"0x1\",\"result\":1}}\n\
             {\"method\":\"subscription\",\"params\":{\"subscription\":\"0x1\",\"result\":2}}\n",
        )
        .says("subscription \"0x1\", message 2");
}
