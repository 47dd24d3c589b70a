//! Pusher: a server that npm's official client agrees with, and both clients on one channel.

use super::{Server, node};
use crate::support::run::wsee;

const SECRET: [&str; 2] = ["--pusher-secret", "s3cret"];

#[test]
#[ignore = "needs npm's pusher-js"]
fn the_official_client_and_wsee_meet_on_a_presence_channel() {
    let server = Server::of(node("pusher_server.js", &[]));
    let client = node("pusher_client.js", &[&server.port.to_string()])
        .stdin_held_open()
        .spawn();
    client.wait_for_stdout("members 1\n");
    let url = server.url("/app/k3y");
    let channel = "presence-room {\"user_id\":\"wsee\"}";
    let args = ["--as", "pusher", &url, "--subscribe", channel, "-1"];
    let run = wsee(&[&args[..], &SECRET].concat())
        .stdin("presence-room client-question [1]\n")
        .run();
    run.exits(0).prints(
        "{\"channel\":\"presence-room\",\"event\":\"client-answer\",\"data\":{\"to\":[1]},\"user_id\":\"official\"}\n",
    );
    client.wait_for_stdout("added wsee\nquestion [1] wsee\n");
}

#[test]
#[ignore = "needs npm's ws"]
fn a_wrong_secret_and_a_wrong_key_are_115() {
    let server = Server::of(node("pusher_server.js", &[]));
    let url = server.url("/app/k3y");
    let args = ["--as", "pusher", &url, "--subscribe", "private-a"];
    wsee(&[&args[..], &["--pusher-secret", "wrong"]].concat())
        .run()
        .exits(115)
        .says("the server refused channel private-a: The connection is unauthorized.");
    wsee(&["--as", "pusher", &server.url("/app/other"), "-1"])
        .run()
        .exits(115)
        .says("with 4001: App key is not in this cluster");
}
