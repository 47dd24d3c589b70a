//! Other implementations at the other end, as their authors publish them.
//!
//! These tests need programs that not every machine has: `tests/peer/install`, the packages chromium, firefox-esr,
//! haproxy, mosquitto and nginx, and `cargo test -- --ignored peer`, as `.ci/run` does.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::run::{Run, Running, program};

mod audit;
mod browser;
mod cdp;
mod client;
mod fault;
mod forward;
mod graphql;
mod http2;
mod http2_passed;
mod http2_served;
mod jsonrpc;
mod like;
mod million;
mod mqtt;
mod passed;
mod proxied;
mod pusher;
mod report;
mod served;
mod server;
mod signalr;
mod socket_io;
mod socket_io_clients;
mod stomp;
mod view;

/// Implementations that a script in `tests/peer/` makes a server or a client of.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Library {
    /// Python's websockets.
    Websockets,
    /// npm's ws.
    Ws,
}

/// How long a script may run: millions of messages take scripts a while.
const DEADLINE: Duration = Duration::from_mins(5);

const LIBRARIES: [Library; 2] = [Library::Websockets, Library::Ws];

impl Library {
    /// Its script for a `role`.
    fn script(self, role: &str, args: &[&str]) -> Run {
        // Shown when a test fails.
        println!("{self:?} as {role} {args:?}");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (scripts, home) = (root.join("tests/peer"), root.join("target/peer"));
        let mut command = match self {
            Self::Websockets => {
                let mut python = Command::new(home.join("venv/bin/python"));
                python.arg(scripts.join(format!("websockets_{role}.py")));
                python
            }
            Self::Ws => {
                let mut node = Command::new("node");
                node.env("NODE_PATH", home.join("node_modules"));
                node.arg(scripts.join(format!("ws_{role}.js")));
                node
            }
        };
        command.args(args);
        program(command).deadline(DEADLINE)
    }

    /// Starts its server.
    #[track_caller]
    fn serve(self, args: &[&str]) -> Server {
        Server::of(self.script("server", args))
    }
}

/// A script in this folder that Node runs.
fn node(name: &str, args: &[&str]) -> Run {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("node");
    command.env("NODE_PATH", root.join("target/peer/node_modules"));
    command.arg(root.join("tests/peer").join(name)).args(args);
    program(command)
}

/// A server that runs.
struct Server {
    running: Running,
    port: u16,
}

impl Server {
    /// Starts the script of a server, which prints its port.
    #[track_caller]
    fn of(script: Run) -> Self {
        let running = script.stdin_held_open().spawn();
        let line = running.wait_for_stdout("\n");
        let port = line
            .strip_prefix("listening ")
            .and_then(|port| port.trim_end().parse().ok());
        Self {
            port: port.unwrap_or_else(|| panic!("no port in {line:?}")),
            running,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("ws://127.0.0.1:{}{path}", self.port)
    }

    /// Waits until it says how a connection ended.
    #[track_caller]
    fn saw_end(&self, text: &str) {
        self.running.wait_for_stdout(&format!("closed {text}\n"));
    }
}
