//! Socket.IO with npm's socket.io 2, 3 and 4.

use super::Server;
use crate::support::run::{program, wsee};
use std::path::Path;
use std::process::Command;

/// The major versions.
const VERSIONS: [&str; 3] = ["2", "3", "4"];

fn serve(args: &[&str]) -> Server {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("node");
    command.env("NODE_PATH", root.join("target/peer/node_modules"));
    command
        .arg(root.join("tests/peer/socketio_server.js"))
        .args(args);
    Server::of(program(command))
}

#[test]
#[ignore = "needs npm's socket.io"]
fn events_acknowledgements_and_binary_data_go_both_ways_by_every_transport() {
    let input = "[\"message\",{\"s\":\"EURUSD\"},2]\n{\"event\":[\"message-with-ack\",\"x\"],\"ack\":true}\n[\"binary\"]\n[\"message\",{\"$base64\":\"AQID\"}]\n";
    let expected = "[\"message-back\",{\"s\":\"EURUSD\"},2]\n{\"ack\":0,\"data\":[\"x\"]}\n\
                    [\"bytes\",{\"$base64\":\"AQID\"},{\"more\":{\"$base64\":\"/w==\"}}]\n\
                    [\"message-back\",{\"$base64\":\"AQID\"}]\n";
    for version in VERSIONS {
        let server = serve(&[version]);
        for transport in ["websocket", "polling", "upgrade"] {
            let url = server.url("");
            let args = [
                "--as",
                "socket.io",
                &url,
                "--transport",
                transport,
                "-n",
                "4",
            ];
            let run = wsee(&args).stdin(input).run();
            run.exits(0).prints(expected);
        }
    }
}

#[test]
#[ignore = "needs npm's socket.io"]
fn an_acknowledgement_that_the_server_wants_is_given() {
    for version in VERSIONS {
        let server = serve(&[version]);
        let mut run = wsee(&["--as", "socket.io", &server.url(""), "-n", "2"])
            .stdin_held_open()
            .spawn();
        run.send("[\"ask\",\"why?\"]\n");
        run.wait_for_stdout("{\"event\":[\"question\",\"why?\"],\"ack\":0}\n");
        run.send("{\"ack\":0,\"data\":[\"because\",1]}\n");
        run.wait_for_stdout("[\"answered\",\"because\",1]\n");
        run.wait().exits(0);
    }
}

#[test]
#[ignore = "needs npm's socket.io"]
fn several_namespaces_share_a_connection() {
    for version in VERSIONS {
        let server = serve(&[version]);
        let namespaces = ["--namespace", "/", "--namespace", "/fx", "-n", "2"];
        let url = server.url("");
        let args = [&["--as", "socket.io", url.as_str()], &namespaces[..]].concat();
        let input = "{\"ns\":\"/fx\",\"event\":[\"message\",1]}\n[\"message\",2]\n";
        let expected = "{\"ns\":\"/fx\",\"event\":[\"message-back\",1]}\n\
                        {\"ns\":\"/\",\"event\":[\"message-back\",2]}\n";
        wsee(&args).stdin(input).run().exits(0).prints(expected);
    }
}

#[test]
#[ignore = "needs npm's socket.io"]
fn credentials_open_a_namespace_and_are_missed() {
    for version in VERSIONS {
        let server = serve(&[version]);
        let url = server.url("");
        let admin = ["--as", "socket.io", &url, "--namespace", "/admin", "-1"];
        wsee(&admin).run().exits(115).says("{\"code\":\"E_AUTH\"}");
        let auth = [
            "--auth",
            "{\"token\":\"s3cret\"}",
            "--eio",
            if version == "2" { "3" } else { "4" },
        ];
        let run = wsee(&[&admin[..], &auth].concat());
        let run = run.stdin("[\"message\",1]\n").run();
        run.exits(0).prints("[\"message-back\",1]\n");
    }
}

#[test]
#[ignore = "needs npm's socket.io"]
fn pings_keep_a_session_open() {
    for version in VERSIONS {
        let server = serve(&[version, "pingInterval=200", "pingTimeout=300"]);
        let run = wsee(&["--as", "socket.io", &server.url(""), "-m", "1.5"]);
        run.run().exits(28);
    }
}

#[test]
#[ignore = "needs npm's socket.io"]
fn a_server_of_another_version_is_followed_by_every_transport() {
    for (version, query, says) in [
        ("2", "EIO=4", "EIO 3 (Socket.IO 2)"),
        ("3", "EIO=3", "trying EIO 4 (Socket.IO 3 and 4)"),
        ("4", "EIO=3", "trying EIO 4 (Socket.IO 3 and 4)"),
    ] {
        let server = serve(&[version]);
        let url = server.url(&format!("/?{query}"));
        for transport in ["websocket", "polling", "upgrade"] {
            let args = ["--as", "socket.io", &url, "--transport", transport, "-1"];
            let run = wsee(&args).stdin("[\"message\",1]\n").run();
            let run = run.exits(0).prints("[\"message-back\",1]\n");
            run.says(says);
        }
    }
}

#[test]
#[ignore = "needs npm's socket.io"]
fn a_refused_version_is_115_and_its_hint_names_the_flag() {
    let server = serve(&["4"]);
    let run = wsee(&["--as", "socket.io", &server.url(""), "--eio", "3"]).run();
    run.exits(115)
        .says("the server refused the session with code 5, \"Unsupported protocol version\"")
        .says("--eio 4");
}
