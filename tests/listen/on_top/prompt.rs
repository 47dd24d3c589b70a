//! The prompt of a server that speaks a protocol on top.

use crate::listen::prompt::prompted;
use crate::support::run::wsee;

#[test]
fn lines_and_verbs_go_to_those_that_are_subscribed() {
    let mut server = prompted(&["--as", "graphql"]);
    let url = format!("ws://127.0.0.1:{}/", server.port);
    let args = ["--as", "graphql", &url, "--subscribe", "{ ticks }"];
    let one = wsee(&args).stdin_held_open().spawn();
    server.terminal.wait_for("/next ticks JSON");
    server.types("/clients", "subscribed to ticks");
    server.types("/next ticks {\"a\":1}", "result");
    one.wait_for_stdout("{\"data\":{\"ticks\":{\"a\":1}}}");
    server.types("ticks [2]", "result");
    one.wait_for_stdout("{\"data\":{\"ticks\":[2]}}");
    server.types("/to 1 /next ticks 3", "result");
    one.wait_for_stdout("{\"data\":{\"ticks\":3}}");
    server.types("/to 1 ticks 4", "result");
    one.wait_for_stdout("{\"data\":{\"ticks\":4}}");
    server.types("/find ticks", "matches in");
    for (line, says) in [
        ("/next", "/next needs FIELD JSON; for example /next ticks"),
        ("/next ticks x", "argument \"x\" is not JSON"),
        ("/next tocks 1", "not sent: nobody is subscribed to tocks"),
        (
            "/to 7 /next ticks 1",
            "not sent: client 7 is not connected; /clients lists the clients",
        ),
        (
            "/to 1 /next tocks 1",
            "not sent: client 1 is not subscribed to tocks",
        ),
        ("/nxt ticks 1", "unknown command /nxt"),
        (
            "/help next",
            "send a result to those that are subscribed to FIELD",
        ),
        ("/help", "/refuse [TOPIC]"),
        ("/accept ticks", "ticks is not refused"),
        ("/refuse", "nothing is refused"),
        ("/refuse ticks", "ticks is refused from now on"),
        ("/refuse", "refused: ticks"),
        ("/accept ticks", "ticks is accepted again"),
    ] {
        server.types(line, says);
    }
    one.wait_for_stdout("the field is refused");
    server.terminal.leave();
}

#[test]
fn a_line_may_begin_with_a_destination_that_looks_like_a_command() {
    let mut server = prompted(&["--as", "stomp"]);
    let url = format!("ws://127.0.0.1:{}/", server.port);
    let args = ["--as", "stomp", &url, "--subscribe", "/queue/a"];
    let one = wsee(&args).stdin_held_open().spawn();
    server.terminal.wait_for("← subscribe /queue/a");
    server.types("/queue/a one", "→ message /queue/a   one");
    one.wait_for_stdout("\"body\":\"one\"");
    server.types("/to 1 /queue/a two", "→ message /queue/a   two");
    one.wait_for_stdout("\"body\":\"two\"");
    server.types("/queue/b x", "not sent: nobody is subscribed to /queue/b");
    server.types("/queue x", "unknown command /queue");
    server.terminal.leave();
}

#[test]
fn a_message_may_be_retained_before_anybody_subscribes() {
    let mut server = prompted(&["--as", "mqtt"]);
    server.types(
        "/publish -r a/b x",
        "retained; nobody is subscribed to a/b yet",
    );
    server.types("/publish a/b x", "not sent: nobody is subscribed to a/b");
    server.types("/publish -r a/b", "nothing is retained for a/b");
    server.types("/publish -x a/b x", "unknown option -x");
    server.terminal.leave();
}
