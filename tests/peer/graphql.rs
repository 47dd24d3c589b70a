//! GraphQL with npm's graphql-ws and subscriptions-transport-ws.

use std::path::Path;
use std::process::Command;

use super::Server;
use crate::support::run::{program, wsee};

/// A server of the library; it asks for a token.
fn serve(library: &str) -> Server {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("node");
    command.env("NODE_PATH", root.join("target/peer/node_modules"));
    command
        .arg(root.join("tests/peer/graphql_server.js"))
        .args([library, "token"]);
    Server::of(program(command))
}

/// The second takes the first name of the offer, and closes with 1002 if it is not its own.
const LIBRARIES: [&str; 2] = ["modern", "older"];
const INIT: [&str; 2] = ["--init", "{\"token\":\"s3cret\"}"];

#[test]
#[ignore = "needs npm's graphql-ws"]
fn queries_mutations_and_subscriptions_end_by_themselves() {
    for library in LIBRARIES {
        let server = serve(library);
        let url = server.url("/graphql");
        for (input, expected) in [
            ("{ hello }", "{\"data\":{\"hello\":\"hello world\"}}\n"),
            (
                "{\"query\":\"query Q($n: String) { hello(name: $n) }\",\"variables\":{\"n\":\"x\"}}",
                "{\"data\":{\"hello\":\"hello x\"}}\n",
            ),
            ("mutation { add(a: 1, b: 2) }", "{\"data\":{\"add\":3}}\n"),
            (
                "subscription {\n  count(to: 2)\n}",
                "{\"data\":{\"count\":1}}\n{\"data\":{\"count\":2}}\n",
            ),
        ] {
            let args = [&["--as", "graphql", &url], &INIT[..]].concat();
            let run = wsee(&args).stdin(input).run();
            run.exits(0).prints(expected);
        }
    }
}

#[test]
#[ignore = "needs npm's graphql-ws"]
fn an_operation_that_does_not_fit_the_schema_is_status_1() {
    for library in LIBRARIES {
        let server = serve(library);
        let url = server.url("/graphql");
        let args = [&["--as", "graphql", &url], &INIT[..]].concat();
        let run = wsee(&args).stdin("{ nope }").run();
        run.exits(1).says("Cannot query field");
    }
}

#[test]
#[ignore = "needs npm's graphql-ws"]
fn credentials_that_are_missing_are_115() {
    for library in LIBRARIES {
        let server = serve(library);
        let run = wsee(&["--as", "graphql", &server.url("/graphql")]).stdin("{ hello }");
        run.run()
            .exits(115)
            .says("the server refused connection_init")
            .says("hint: --init JSON sends credentials");
    }
}

#[test]
#[ignore = "needs npm's graphql-ws"]
fn a_subscription_lasts_as_long_as_it_is_counted() {
    for library in LIBRARIES {
        let server = serve(library);
        let url = server.url("/graphql");
        let args = [&["--as", "graphql", &url, "-n", "20"], &INIT[..]].concat();
        let run = wsee(&args).stdin("subscription { forever }").run();
        let output = run.exits(0);
        let lines = String::from_utf8_lossy(&output.stdout);
        assert!(lines.ends_with("{\"data\":{\"forever\":20}}\n"), "{lines}");
    }
}
