//! STOMP with npm's stomp-broker-js.

use std::path::Path;
use std::process::Command;

use super::Server;
use crate::support::run::{program, wsee};

#[test]
#[ignore = "needs npm's stomp-broker-js"]
fn a_broker_hands_on_messages_to_those_who_subscribed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("node");
    command.env("NODE_PATH", root.join("target/peer/node_modules"));
    command.arg(root.join("tests/peer/stomp_server.js"));
    let server = Server::of(program(command));
    let url = server.url("/stomp");
    let args = ["--as", "stomp", &url, "-v"];
    let flags = [&args[..], &["--subscribe", "/t", "-n", "2"]].concat();
    let subscriber = wsee(&flags).stdin_held_open().spawn();
    subscriber.wait_for_stderr("subscribe /t");
    let messages = "/t {\"a\": 1}\n{\"destination\":\"/t\",\"body\":\"x\"}\n";
    wsee(&args).stdin(messages).run().exits(0).prints("");
    subscriber.wait().exits(0).prints(
        "{\"destination\":\"/t\",\"body\":\"{\\\"a\\\": 1}\"}\n{\"destination\":\"/t\",\"body\":\"x\"}\n",
    );
}
