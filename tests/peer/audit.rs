//! `wsee audit` of well-kept servers, and its reports held against the schemas of those who read them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use boon::{Compiler, Schemas};
use serde_json::Value;
use tokio_tungstenite::tungstenite;

use super::Library;
use crate::audit::findings;
use crate::audit::site::Site;
use crate::listen::listening;
use crate::middlebox::nginx;
use crate::support::run::{program, wsee};

/// Everything, with waits that are enough on loopback.
const ALL: [&str; 7] = [
    "--probe",
    "--stress",
    "--bomb",
    "--idle-budget",
    "100ms",
    "--timeout",
    "1s",
];

/// An echo by tungstenite with its own choices.
fn tungstenite() -> Site {
    Site::accept(|stream| {
        let Ok(mut socket) = tungstenite::accept(stream) else {
            return;
        };
        while let Ok(message) = socket.read() {
            if message.is_text() || message.is_binary() {
                let _ = socket.send(message);
            }
        }
    })
}

/// Whoever adds a line here has looked at its evidence, and found that it is true and worth being said.
#[test]
#[ignore = "needs Python's websockets, npm's ws and nginx"]
fn well_kept_servers_have_no_finding_that_is_false() {
    let ws = Library::Ws.serve(&["--default"]);
    let websockets = Library::Websockets.serve(&["--default"]);
    let own = listening(&[]);
    let rust = tungstenite();
    let nginx = nginx::start(ws.port);
    let servers: [(&str, String, &[&str]); 5] = [
        (
            "ws",
            ws.url("/echo"),
            &["info origin-open", "info handshake-http10"],
        ),
        (
            "websockets",
            websockets.url("/echo"),
            &[
                "info origin-open",
                // 400 without Sec-WebSocket-Version.
                "info handshake-version-name",
                // Server: Python/3.11 websockets/17.4
                "info leak-version",
                "info frame-length",
            ],
        ),
        ("wsee listen", own.url(), &["info origin-open"]),
        (
            "tungstenite",
            rust.url(),
            &[
                // It takes the first of two keys.
                "low handshake-key-twice",
                "info origin-open",
                "info frame-length",
            ],
        ),
        (
            "nginx",
            nginx.ws("/echo"),
            &[
                "info origin-open",
                "info handshake-http10",
                // Its configuration adds the token to every request.
                "info handshake-connection",
                // Server: nginx/1.22.1
                "info leak-version",
            ],
        ),
    ];
    let wrong: Vec<String> = thread::scope(|scope| {
        let audits = servers.each_ref().map(|(name, url, expected)| {
            scope.spawn(move || {
                let output = wsee(&[&["audit", url, "-v"][..], &ALL].concat()).run();
                let output = output.exits(0);
                let found = findings(&output);
                let text = String::from_utf8_lossy(&output.stdout);
                (found != *expected).then(|| format!("{name}: {found:?}\n{text}"))
            })
        });
        let results = audits.into_iter().map(|it| it.join().expect("an audit"));
        results.flatten().collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    own.stop(rustix::process::Signal::INT);
}

/// A report of a server with findings of some severities, passes, and checks that are not tested.
fn report(flag: &str) -> Vec<u8> {
    let own = tungstenite();
    let url = own.url();
    let only = ["-b", "sid=x", "--probe", "--only", "origin,handshake,frame"];
    let report = [flag, "-", "--timeout", "1s"];
    let output = wsee(&[&["audit", &url][..], &only, &report].concat()).run();
    output.exits(0).stdout
}

#[test]
#[ignore = "needs lxml, and the schema of JUnit"]
fn a_junit_report_conforms_to_the_schema_of_jenkins() {
    let report = report("--report-junit");
    let text = String::from_utf8_lossy(&report);
    for element in ["<failure ", "<skipped ", "<system-out>"] {
        assert!(text.contains(element), "no {element} in {text}");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let home = root.join("target/peer");
    let judged = |report: &[u8]| {
        let mut python = Command::new(home.join("venv/bin/python"));
        python.arg(root.join("tests/peer/junit_schema.py"));
        python.arg(home.join("junit-10.xsd"));
        program(python).stdin(report).run()
    };
    judged(&report).exits(0);
    let wrong = text.replace("<skipped ", "<skipped sure=\"x\" ");
    judged(wrong.as_bytes())
        .exits(1)
        .says("The attribute 'sure' is not allowed");
}

#[test]
#[ignore = "needs the schema of SARIF"]
fn a_sarif_report_conforms_to_its_schema() {
    let report = report("--report-sarif");
    let report: Value = serde_json::from_slice(&report).expect("JSON");
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peer/node_modules");
    let schema = home.join("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json");
    let schema = fs::read(schema).expect("the schema of SARIF");
    let schema = serde_json::from_slice(&schema).expect("JSON");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler
        .add_resource("sarif.json", schema)
        .expect("a schema");
    let index = compiler
        .compile("sarif.json", &mut schemas)
        .expect("a schema");
    let checked = schemas.validate(&report, index);
    checked.unwrap_or_else(|error| panic!("{error}\n{report:#}"));
    let results = &report["runs"][0]["results"];
    assert!(results[0]["ruleId"].is_string(), "{report:#}");
    // It is the schema that judges.
    let mut wrong = report.clone();
    wrong["runs"][0]["results"][0]["level"] = "high".into();
    assert!(schemas.validate(&wrong, index).is_err());
}
