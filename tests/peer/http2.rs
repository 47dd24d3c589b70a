//! wsee over HTTP/2 at others' servers.

use std::path::Path;
use std::process::Command;

use tempfile::NamedTempFile;

use super::Server;
use crate::support::output::Output;
use crate::support::run::{program, wsee};
use crate::support::tls::Authority;

/// A server that shows a certificate, with what trusts it.
pub struct Secure {
    pub server: Server,
    pub authority: Authority,
    _files: (NamedTempFile, NamedTempFile),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Implementation {
    /// Python's hypercorn.
    Hypercorn,
    /// Node's http2, with npm's ws in its streams.
    Node,
}

pub const IMPLEMENTATIONS: [Implementation; 2] = [Implementation::Hypercorn, Implementation::Node];

impl Implementation {
    /// What it says of a client's Close.
    fn end(self, end: &str) -> &str {
        match self {
            // Its applications get the code of a lost connection.
            Self::Hypercorn => "1006 ",
            Self::Node => end,
        }
    }

    #[track_caller]
    pub fn serve(self) -> Secure {
        // Shown when a test fails.
        println!("{self:?}");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (scripts, home) = (root.join("tests/peer"), root.join("target/peer"));
        let mut command = match self {
            Self::Hypercorn => {
                let mut python = Command::new(home.join("venv/bin/python"));
                python.arg(scripts.join("hypercorn_server.py"));
                python
            }
            Self::Node => {
                let mut node = Command::new("node");
                node.env("NODE_PATH", home.join("node_modules"));
                node.arg(scripts.join("http2_server.js"));
                node
            }
        };
        let authority = Authority::new();
        let files = authority.issue(&["localhost"]).write();
        command.arg(files.0.path()).arg(files.1.path());
        Secure {
            server: Server::of(program(command)),
            authority,
            _files: files,
        }
    }
}

impl Secure {
    /// Runs wsee at `path` with more arguments and this input.
    #[track_caller]
    fn visit(&self, path: &str, http: &str, args: &[&str], input: &str) -> Output {
        let url = format!("wss://localhost:{}{path}", self.server.port);
        let own = [&url, "--cacert", self.authority.path(), "--http", http];
        wsee(&[&own[..], args].concat()).stdin(input).run()
    }

    #[track_caller]
    fn echoes(&self, path: &str, http: &str) -> Output {
        let args = ["-v", "-n", "1", "-w", "%{http_version}"];
        self.visit(path, http, &args, "hello\n").exits(0)
    }
}

#[test]
#[ignore = "needs hypercorn and Node"]
fn messages_go_both_ways_over_http2_compressed_and_large() {
    for implementation in IMPLEMENTATIONS {
        let server = implementation.serve();
        let words = "compress me ".repeat(100_000);
        let input = format!("größer\n\n{words}\n{words}\n/bin 00 ff\n");
        let output = format!("größer\n\n{words}\n{words}\nAP8=\n");
        for http in ["2", "auto"] {
            let args = ["-v", "--commands", "-n", "5"];
            server
                .visit("/echo", http, &args, &input)
                .exits(0)
                .prints(&output)
                .says("HTTP/2 ← SETTINGS")
                .says("> :protocol: websocket")
                .says("< HTTP/2 200")
                .says("* open: permessage-deflate ");
            server.server.saw_end(implementation.end("1000 "));
        }
    }
}

#[test]
#[ignore = "needs hypercorn and Node"]
fn codes_and_reasons_of_closes_arrive_on_both_sides_over_http2() {
    for implementation in IMPLEMENTATIONS {
        let server = implementation.serve();
        let path = "/close?code=4001&reason=over%20and%20out";
        server
            .visit(path, "2", &["--wait", "forever"], "")
            .exits(111)
            .ends_with_line("closed by server: 4001 private use \"over and out\" after ");
        let closes = ["--close-code", "4000", "--close-reason", "that is all"];
        let args = [&closes[..], &["-n", "1"]].concat();
        let run = server.visit("/echo", "2", &args, "hi\n");
        run.exits(0).prints("hi\n");
        let end = implementation.end("4000 that is all");
        server.server.saw_end(end);
    }
}

#[test]
#[ignore = "needs hypercorn and Node"]
fn a_refusal_over_http2_says_whether_http1_is_refused_as_well() {
    let hypercorn = Implementation::Hypercorn.serve();
    let run = hypercorn.visit("/refuse", "auto", &[], "");
    run.exits(22)
        .says("< HTTP/2 403")
        .says("not for you")
        .never_says("--http 1.1 works");
    // Over HTTP/1.1 it echoes.
    let node = Implementation::Node.serve();
    let run = node.visit("/refuse", "2", &[], "");
    run.exits(22)
        .says("not for you")
        .says("browsers that use it (Firefox) fail here; --http 1.1 works");
}

#[test]
#[ignore = "needs Node"]
fn what_node_resets_is_named() {
    let server = Implementation::Node.serve();
    for http in ["2", "auto"] {
        let run = server.visit("/reset", http, &[], "");
        run.exits(22).says("--http 1.1 works").ends_with_line(
            "wsee: the server reset the stream of the CONNECT with ENHANCE_YOUR_CALM",
        );
    }
    server
        .visit("/http1", "2", &[], "")
        .exits(22)
        .says("with HTTP_1_1_REQUIRED");
    server
        .echoes("/http1", "auto")
        .prints("hello\n1.1")
        .says("with HTTP_1_1_REQUIRED (RST_STREAM); HTTP/1.1 instead, as browsers do");
    let stays = ["--wait", "forever"];
    server
        .visit("/later", "2", &stays, "")
        .exits(110)
        .says("the server reset the HTTP/2 stream with INTERNAL_ERROR");
    server
        .visit("/leave", "2", &stays, "")
        .exits(110)
        .says("the server sent GOAWAY ENHANCE_YOUR_CALM (\"too much\")");
}
