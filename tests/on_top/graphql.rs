//! GraphQL over WebSocket.

use std::net::TcpStream;

use tokio_tungstenite::tungstenite::accept_hdr;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

use super::text;
use crate::support::peer::{Peer, scripted};
use crate::support::pty::terminal;
use crate::support::run::wsee;
use crate::support::server::Server;

const ACK: &str = "{\"type\":\"connection_ack\"}";

/// A server that opens a session first.
fn graphql<T: Send + 'static>(
    script: impl FnOnce(&mut Peer<TcpStream>) -> T + Send + 'static,
) -> Server<T> {
    scripted(|mut peer| {
        peer.expect("{\"type\":\"connection_init\"}");
        peer.send(ACK);
        let result = script(&mut peer);
        peer.record();
        result
    })
}

/// Accepts a connection with the first or last subprotocol of the offer, which it returns.
fn accept(stream: TcpStream, is_first: bool) -> (Peer<TcpStream>, String) {
    let mut offer = String::new();
    #[expect(clippy::result_large_err, reason = "the type is that of the library")]
    let choose = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        let offered = request.headers()["Sec-WebSocket-Protocol"].to_str();
        offered.expect("ASCII").clone_into(&mut offer);
        let mut names = offer.split(", ");
        let chosen = if is_first { names.next() } else { names.last() };
        let chosen = chosen.unwrap_or_default();
        let chosen = chosen.parse().expect("a field");
        response
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", chosen);
        Ok(response)
    };
    let socket = accept_hdr(stream, choose).expect("an opening handshake");
    (Peer::new(socket), offer)
}

#[test]
fn all_of_stdin_is_one_operation_and_its_end_is_that_of_the_pipe() {
    let server = graphql(|peer| {
        peer.expect("{\"id\":\"1\",\"type\":\"subscribe\",\"payload\":{\"query\":\"subscription {\\n  n\\n}\"}}");
        for number in 1..3 {
            peer.send(format!(
                "{{\"type\":\"next\",\"id\":\"1\",\"payload\":{{\"data\":{{\"n\":{number}}}}}}}"
            ));
        }
        peer.send("{\"type\":\"complete\",\"id\":\"1\"}");
    });
    let run = wsee(&["--as", "graphql", server.url()]).stdin("subscription {\n  n\n}\n");
    run.run()
        .exits(0)
        .prints("{\"data\":{\"n\":1}}\n{\"data\":{\"n\":2}}\n");
}

#[test]
fn json_has_the_variables_and_an_error_is_status_1() {
    let server = graphql(|peer| {
        let start = text(peer);
        assert!(start.contains("\"variables\":{\"a\":1}"), "{start}");
        peer.send("{\"type\":\"error\",\"id\":\"1\",\"payload\":[{\"message\":\"no x\",\"locations\":[{\"line\":1,\"column\":3}]}]}");
    });
    let input = "{\"query\":\"{ x }\",\"variables\":{\"a\":1}}";
    let run = wsee(&["--as", "graphql", server.url()]).stdin(input).run();
    run.exits(1)
        .prints("{\"errors\":[{\"message\":\"no x\",\"locations\":[{\"line\":1,\"column\":3}]}]}\n")
        .ends_with_line("query 1 failed with error \"no x\" at 1:3; closed");
}

#[test]
fn the_older_protocol_is_spoken_where_the_server_chooses_it() {
    let server = Server::start(|stream| {
        let (mut peer, offer) = accept(stream, false);
        assert_eq!(offer, "graphql-transport-ws, graphql-ws");
        peer.expect("{\"type\":\"connection_init\",\"payload\":{\"token\":\"hunter2\"}}");
        peer.send(ACK);
        peer.send("{\"type\":\"ka\"}");
        peer.expect("{\"id\":\"1\",\"type\":\"start\",\"payload\":{\"query\":\"{ a }\"}}");
        peer.send("{\"type\":\"data\",\"id\":\"1\",\"payload\":{\"data\":{\"a\":1}}}");
        peer.send("{\"type\":\"complete\",\"id\":\"1\"}");
        peer.record()
    });
    let init = ["--init", "{\"token\":\"hunter2\"}", "-vv"];
    let args = [&["--as", "graphql", server.url()], &init[..]].concat();
    let run = wsee(&args).stdin("{ a }").run();
    run.exits(0)
        .prints("{\"data\":{\"a\":1}}\n")
        .says("the server chose graphql-ws, the older protocol, with --init")
        .never_says("hunter2");
}

#[test]
fn a_server_that_takes_a_name_it_does_not_speak_gets_the_other_one() {
    let server = Server::start_many(2, |_, stream| {
        let (mut peer, offer) = accept(stream, true);
        if offer.contains("graphql-transport-ws") {
            peer.receive();
            peer.close(1002, "");
            return offer;
        }
        peer.receive();
        peer.send(ACK);
        peer.expect("{\"id\":\"1\",\"type\":\"start\",\"payload\":{\"query\":\"{ a }\"}}");
        peer.send("{\"type\":\"data\",\"id\":\"1\",\"payload\":{\"data\":{\"a\":1}}}");
        peer.send("{\"type\":\"complete\",\"id\":\"1\"}");
        peer.record();
        offer
    });
    let run = wsee(&["--as", "graphql", server.url()])
        .stdin("{ a }")
        .run();
    run.exits(0)
        .prints("{\"data\":{\"a\":1}}\n")
        .says("the server took a subprotocol that it does not speak; trying graphql-ws alone");
}

#[test]
fn a_refusal_is_115_with_its_reason_and_a_hint() {
    let older = "{\"type\":\"connection_error\",\"payload\":{\"message\":\"no entry\"}}";
    let server = scripted(move |mut peer| {
        peer.receive();
        peer.send(older);
        peer.record()
    });
    let run = wsee(&["--as", "graphql", server.url()])
        .stdin("{ a }")
        .run();
    run.exits(115)
        .says("hint: --init JSON sends credentials with connection_init")
        .ends_with_line("the server refused connection_init with error \"no entry\"; closed");
    let server = scripted(|mut peer| {
        peer.receive();
        peer.close(4403, "Forbidden")
    });
    let run = wsee(&["--as", "graphql", server.url()])
        .stdin("{ a }")
        .run();
    run.exits(115).ends_with_line(
        "the server refused connection_init; closed by server: 4403 private use \"Forbidden\" after",
    );
}

#[test]
fn credentials_that_were_sent_are_not_asked_for() {
    let server = scripted(|mut peer| {
        peer.receive();
        peer.close(4403, "Forbidden")
    });
    let init = "{\"token\":\"old\"}";
    let run = wsee(&["--as", "graphql", server.url(), "--init", init])
        .stdin("{ a }")
        .run();
    run.exits(115)
        .says("hint: the server does not accept the payload of --init");
}

#[test]
fn a_subprotocol_that_was_chosen_by_hand_and_is_refused_is_the_one_to_leave_out() {
    let server = scripted(|mut peer| {
        peer.receive();
        peer.close(4406, "Subprotocol not acceptable")
    });
    let args = ["--as", "graphql", "-s", "graphql-ws", server.url()];
    let run = wsee(&args).stdin("{ a }").run();
    run.exits(115)
        .says("hint: without --subprotocol, graphql-transport-ws and graphql-ws are offered");
}

#[test]
fn an_operation_that_ends_the_session_is_not_sent_on_the_next_one() {
    let server = Server::start_many(2, |number, stream| {
        let (mut peer, _) = accept(stream, true);
        peer.receive();
        peer.send(ACK);
        let first = text(&mut peer);
        if number == 0 {
            peer.send("{\"type\":\"next\",\"id\":\"1\",\"payload\":{\"data\":1}}");
            text(&mut peer);
            peer.close(4400, "Invalid message received");
        } else {
            text(&mut peer);
            peer.record();
        }
        first
    });
    let mut terminal = terminal(&["--as", "graphql", server.url()]).prompt();
    terminal.wait_for("connection_ack");
    terminal.press("/subscribe { n }\r");
    terminal.wait_for("subscription 1, result 1");
    terminal.press("{ bad }\r");
    terminal.wait_for("the server does not understand a message; closed by server: 4400");
    terminal.press("/reconnect\r");
    terminal.wait_for("query 2 is not sent again");
    terminal.press("{ good }\r");
    terminal.wait_for("query 3   { good }");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    for first in server.finish() {
        assert!(first.contains("subscription { n }"), "{first}");
    }
}

#[test]
fn a_request_that_is_no_document_is_not_sent() {
    let server = graphql(|_| ());
    let run = wsee(&["--as", "graphql", server.url()]).stdin("{ a").run();
    run.exits(26).says("a bracket is not closed");
}

#[test]
fn what_is_not_of_the_protocol_is_named_and_ends_nothing() {
    let deep = "[".repeat(1000);
    for (message, why) in [
        ("hello", "it is not JSON"),
        ("[]", "it is no object with a type"),
        ("{\"type\":\"x\"}", "\"x\" is no type of a message"),
        ("{\"type\":\"complete\"}", "complete has no id"),
        (deep.as_str(), "recursion limit exceeded"),
        (
            "{\"type\":\"next\",\"id\":\"99\",\"payload\":{}}",
            "nobody waits for it",
        ),
        (
            "{\"type\":\"next\",\"id\":\"0\",\"payload\":{}}",
            "nobody waits for it",
        ),
        (
            "{\"type\":\"error\",\"id\":\"x\",\"payload\":[]}",
            "nobody waits for it",
        ),
        (
            "{\"type\":\"complete\",\"id\":\"7\"}",
            "nobody waits for it",
        ),
        (ACK, "nobody waits for it"),
    ] {
        let message = message.to_owned();
        let server = graphql(move |peer| {
            peer.receive();
            peer.send(message);
            peer.send("{\"type\":\"next\",\"id\":\"1\",\"payload\":{\"data\":1}}");
            peer.send("{\"type\":\"complete\",\"id\":\"1\"}");
        });
        let run = wsee(&["--as", "graphql", server.url(), "-v"]).stdin("{ a }");
        run.run().exits(0).prints("{\"data\":1}\n").says(why);
    }
}

#[test]
fn operations_run_beside_each_other_at_the_prompt_and_may_span_lines() {
    let server = graphql(|peer| {
        let first = text(peer);
        peer.send("{\"type\":\"next\",\"id\":\"1\",\"payload\":{\"data\":{\"n\":1}}}");
        let second = text(peer);
        peer.send("{\"type\":\"next\",\"id\":\"2\",\"payload\":{\"data\":{\"hi\":\"x\"}}}");
        peer.send("{\"type\":\"complete\",\"id\":\"2\"}");
        let stop = text(peer);
        peer.send("{\"type\":\"next\",\"id\":\"1\",\"payload\":{\"data\":{\"n\":2}}}");
        (first, second, stop)
    });
    let mut terminal = terminal(&["--as", "graphql", server.url()]).prompt();
    terminal.wait_for("connection_ack");
    terminal.press("/subscribe { n }\r");
    terminal.wait_for("subscription 1, result 1   { \"n\": 1 }");
    terminal.press("/query query Q($a: ID) {\r");
    terminal.press("hi\r} {\"a\":1}\r");
    terminal.wait_for("query 2 complete   1 result in ");
    terminal.press("/stop\r");
    terminal.wait_for("subscription 1 stopped");
    terminal.wait_for("{ \"data\": { \"n\": 2 } }   the operation has ended");
    terminal.press("/stop 9\r");
    terminal.wait_for("no operation runs");
    terminal.press("{\"query\":\"{ a }\",\"variables\":1}\r");
    terminal.wait_for("variables is no JSON object");
    terminal.press("/query\r");
    terminal.wait_for("/query needs DOCUMENT [VARIABLES]");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    let (first, second, stop) = server.finish();
    assert!(
        first.contains("\"query\":\"subscription { n }\""),
        "{first}"
    );
    assert!(
        second.contains("\"query\":\"query Q($a: ID) {\\nhi\\n}\",\"variables\":{\"a\":1}"),
        "{second}"
    );
    assert_eq!(stop, "{\"id\":\"1\",\"type\":\"complete\"}");
}

#[test]
fn a_subscription_of_the_command_line_starts_once_the_session_is_open() {
    let server = graphql(|peer| {
        peer.expect(
            "{\"id\":\"1\",\"type\":\"subscribe\",\"payload\":{\"query\":\"subscription { n }\"}}",
        );
        peer.send("{\"type\":\"next\",\"id\":\"1\",\"payload\":{\"data\":{\"n\":1}}}");
        peer.send("{\"type\":\"complete\",\"id\":\"1\"}");
    });
    let args = ["--as", "graphql", server.url(), "--subscribe", "{ n }"];
    let run = wsee(&args).stdin("").run();
    run.exits(0).prints("{\"data\":{\"n\":1}}\n");
}
