//! Others' clients of Socket.IO at `wsee listen --as socket.io`.

use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use super::DEADLINE;
use crate::listen::listening_for;
use crate::support::run::{Run, program};

/// How a client moves its packets, as the libraries name it, and what it uses at the end.
const TRANSPORTS: [(&str, &str); 3] = [
    ("websocket", "websocket"),
    ("polling", "polling"),
    ("polling,websocket", "websocket"),
];

const ARGS: [&str; 6] = [
    "--as",
    "socket.io",
    "--namespace",
    "/custom",
    "--ping-interval",
    "300ms",
];

fn script(mut command: Command, name: &str, args: &[&str]) -> Run {
    println!("{name} {args:?}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    command.env("NODE_PATH", root.join("target/peer/node_modules"));
    command.arg(root.join("tests/peer").join(name)).args(args);
    program(command).deadline(DEADLINE)
}

#[test]
#[ignore = "needs npm's socket.io-client"]
fn javascript_clients_of_three_versions_find_a_server() {
    for version in ["2", "3", "4"] {
        for (transports, last) in TRANSPORTS {
            let server = listening_for(DEADLINE, &ARGS);
            let args = [version, &server.port.to_string(), transports];
            let client = script(Command::new("node"), "socketio_client.js", &args).spawn();
            client.wait_for_stdout("pings are answered\n");
            let log = server.stop(Signal::TERM).exits(143);
            client.wait().exits(0).prints(format!(
                "events, acknowledgements and attachments came back\n\
                 so they did in another namespace\nrefused: Invalid namespace\n\
                 1000 events came back in order over {last}\npings are answered\ndisconnected\n"
            ));
            log.says("! Invalid namespace: /other");
        }
    }
}

#[test]
#[ignore = "needs python-socketio"]
fn python_clients_find_a_server() {
    for (transports, last) in TRANSPORTS {
        let server = listening_for(DEADLINE, &ARGS);
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = Command::new(root.join("target/peer/venv/bin/python"));
        let args = [&*server.port.to_string(), transports];
        let client = script(python, "socketio_client.py", &args).spawn();
        client.wait_for_stdout(&format!("in order over {last}\n"));
        server.stop(Signal::TERM).exits(143);
        client.wait().exits(0).prints(format!(
            "events, acknowledgements and attachments came back\n\
             1000 events came back in order over {last}\ndisconnected\n"
        ));
    }
}
