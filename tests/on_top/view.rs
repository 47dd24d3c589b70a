//! `SockJS`, Centrifugo, WAMP, OCPP and Nostr.

use std::net::TcpStream;
use std::time::Duration;

use super::text;
use crate::support::peer::{Peer, recording, scripted, scripted_on};
use crate::support::pty::terminal;
use crate::support::run::wsee;
use crate::support::server::Server;

const EVENT: &str = "{\"id\":\"ab\",\"kind\":1,\"content\":\"hi\",\"sig\":\"cd\"}";

/// A server of Centrifugo that accepts a session, before it serves it.
fn centrifugo<T: Send + 'static>(
    script: impl FnOnce(&mut Peer<TcpStream>) -> T + Send + 'static,
) -> Server<T> {
    scripted(|mut peer| {
        peer.expect("{\"id\":1,\"connect\":{}}");
        peer.send("{\"id\":1,\"connect\":{\"client\":\"a\",\"ping\":25,\"pong\":true}}");
        let result = script(&mut peer);
        peer.record();
        result
    })
}

#[test]
fn messages_of_sockjs_leave_and_come_without_their_frames() {
    let server = scripted(|mut peer| {
        peer.send("o");
        peer.expect("[\"hello \\\"you\\\"\"]");
        peer.expect("[\"{\\\"a\\\":1}\"]");
        peer.send("h");
        peer.send("a[\"a b\",\"{\\\"n\\\": 1}\"]");
        peer.send("m\"old\"");
        peer.expect("[\"a b\"]");
        peer.send("c[3000,\"Go away!\"]");
        peer.record()
    });
    let input = "hello \"you\"\n{\"a\":1}\n\"a b\"\n";
    let run = wsee(&["--as", "sockjs", server.url(), "-v"]).stdin(input);
    run.run()
        .exits(0)
        .prints("\"a b\"\n{\"n\":1}\n\"old\"\n")
        .says("--as sockjs asks for /")
        .says("the server closed the SockJS session: 3000 \"Go away!\"");
}

#[test]
fn a_session_of_sockjs_that_another_connection_has_is_status_111() {
    let server = scripted(|mut peer| {
        peer.send("o");
        peer.send("c[2010,\"Another connection still open\"]");
        peer.record()
    });
    let run = wsee(&["--as", "sockjs", server.url(), "-1"]).run();
    run.exits(111)
        .says("2010 \"Another connection still open\"")
        .says("hint: a session has one connection");
}

#[test]
fn centrifugo_is_connected_subscribed_and_kept_alive() {
    let server = centrifugo(|peer| {
        peer.expect("{\"id\":2,\"subscribe\":{\"channel\":\"news\",\"recover\":true}}");
        peer.send("{\"id\":2,\"subscribe\":{\"recoverable\":true}}\n{}");
        peer.expect("{}");
        peer.expect("{\"id\":3,\"publish\":{\"channel\":\"news\",\"data\":{\"a\":1}}}");
        peer.expect("{\"id\":4,\"rpc\":{\"method\":\"year\",\"data\":{}}}");
        peer.send("{\"id\":3,\"publish\":{}}\n{\"id\":4,\"rpc\":{\"data\":2026}}\n");
        peer.send("{\"push\":{\"channel\":\"news\",\"pub\":{\"data\":{\"a\":1}}}}");
    });
    let args = [
        "--as",
        "centrifugo",
        server.url(),
        "--subscribe",
        "news {\"recover\":true}",
        "-n",
        "2",
        "-v",
    ];
    let input = "news {\"a\":1}\n{\"rpc\":{\"method\":\"year\",\"data\":{}}}\n";
    let run = wsee(&args).stdin(input).run().exits(0).prints(
        "{\"id\":4,\"rpc\":{\"data\":2026}}\n\
         {\"channel\":\"news\",\"pub\":{\"data\":{\"a\":1}}}\n",
    );
    run.says("to subscribe news after ").says("message news");
}

#[test]
fn a_token_of_centrifugo_is_sent_and_never_shown_and_a_refusal_is_status_115() {
    let server = scripted(|mut peer| {
        peer.expect("{\"id\":1,\"connect\":{\"token\":\"hunter2\"}}");
        peer.send("{\"id\":1,\"error\":{\"code\":109,\"message\":\"token expired\"}}");
        peer.record()
    });
    let auth = "{\"token\":\"hunter2\"}";
    let args = [
        "--as",
        "centrifugo",
        server.url(),
        "--auth",
        auth,
        "-vv",
        "-1",
    ];
    let run = wsee(&args).run().exits(115);
    run.says("the server refused the session: 109 \"token expired\"")
        .says("hint: the server does not accept the token of --auth")
        .never_says("hunter2");
}

#[test]
fn an_error_of_centrifugo_is_status_1_and_a_refused_subscription_115() {
    let denied = "\"error\":{\"code\":103,\"message\":\"permission denied\"}}";
    let server = centrifugo(move |peer| {
        peer.receive();
        peer.send(format!("{{\"id\":2,{denied}"));
    });
    let args = ["--as", "centrifugo", server.url()];
    let run = wsee(&args).stdin("news 1\n").run().exits(1);
    run.says("publish news failed with 103 \"permission denied\"");
    let server = centrifugo(move |peer| {
        peer.receive();
        peer.send(format!("{{\"id\":2,{denied}"));
    });
    let args = ["--as", "centrifugo", server.url(), "--subscribe", "news"];
    wsee(&args)
        .run()
        .exits(115)
        .says("the server refused to subscribe to news: 103 \"permission denied\"");
}

#[test]
fn numbers_of_wamp_are_names_and_calls_are_paired() {
    let server = scripted(|mut peer| {
        peer.expect("[1,\"r\",{\"roles\":{\"publisher\":{},\"subscriber\":{},\"caller\":{},\"callee\":{}}}]");
        peer.send("[2,9,{}]");
        peer.expect("[32,1,{},\"t\"]");
        peer.send("[33,1,77]");
        peer.expect("[48,2,{},\"add\",[2,3]]");
        peer.expect("[16,3,{\"acknowledge\":true},\"t\",[],{\"a\":1}]");
        peer.send("[50,2,{},[5]]");
        peer.send("[17,3,5]");
        peer.send("[36,77,5,{},[],{\"a\":1}]");
        peer.expect("[6,{},\"wamp.close.close_realm\"]");
        peer.record()
    });
    let args = [
        "--as",
        "wamp",
        server.url(),
        "--auth",
        "{\"realm\":\"r\"}",
        "--subscribe",
        "t",
        "-n",
        "2",
        "-v",
    ];
    let run = wsee(&args)
        .stdin("call add 2 3\npublish t {\"a\":1}\n")
        .run();
    run.exits(0)
        .prints(
            "{\"procedure\":\"add\",\"args\":[5],\"kwargs\":null}\n\
             {\"topic\":\"t\",\"args\":[],\"kwargs\":{\"a\":1}}\n",
        )
        .says("to CALL add after ")
        .says("EVENT t   { \"a\": 1 }");
}

#[test]
fn a_realm_that_a_router_refuses_is_status_115_and_a_call_that_fails_1() {
    let server = scripted(|mut peer| {
        peer.receive();
        peer.send("[3,{\"message\":\"no such realm\"},\"wamp.error.no_such_realm\"]");
        peer.record()
    });
    let run = wsee(&["--as", "wamp", server.url()]).stdin("hello r\n");
    run.run()
        .exits(115)
        .says("in realm \"r\": wamp.error.no_such_realm: no such realm");
    let server = scripted(|mut peer| {
        peer.receive();
        peer.send("[2,9,{}]");
        peer.expect("[48,1,{},\"add\"]");
        peer.send("[8,48,1,{},\"wamp.error.no_such_procedure\"]");
        peer.record()
    });
    let run = wsee(&["--as", "wamp", server.url()]).stdin("hello r\n[\"CALL\",1,{},\"add\"]\n");
    run.run()
        .exits(1)
        .says("CALL add failed with wamp.error.no_such_procedure");
    let server = recording();
    let run = wsee(&["--as", "wamp", server.url()]).stdin("call add 1\n");
    run.run()
        .exits(26)
        .says("no realm is joined")
        .says("hello REALM joins one");
}

#[test]
fn a_call_of_ocpp_without_an_answer_ends_the_wait_for_the_next_one() {
    let server = scripted(|mut peer| {
        peer.expect("[2,\"1\",\"Heartbeat\",{}]");
        peer.record()
    });
    let args = ["--as", "ocpp", server.url(), "--wait", "100ms"];
    let run = wsee(&args).stdin("Heartbeat\nHeartbeat\n").run();
    run.exits(28)
        .says("no answer came to Heartbeat within 100.0 ms");
}

#[test]
fn without_a_wait_the_calls_of_ocpp_have_their_answers_still() {
    let server = scripted(|mut peer| {
        peer.expect("[2,\"1\",\"Heartbeat\",{}]");
        peer.send("[3,\"1\",{}]");
        peer.expect("[2,\"2\",\"Heartbeat\",{}]");
        peer.send("[3,\"2\",{}]");
        peer.record()
    });
    let args = ["--as", "ocpp", server.url(), "--wait", "0"];
    let run = wsee(&args).stdin("Heartbeat\nHeartbeat\n").run();
    let line = |id| format!("{{\"id\":\"{id}\",\"action\":\"Heartbeat\",\"result\":{{}}}}\n");
    run.exits(0).prints(&(line(1) + &line(2)));
}

#[test]
fn calls_of_ocpp_are_sent_one_after_the_other() {
    let server = scripted(|mut peer| {
        peer.expect("[2,\"1\",\"Heartbeat\",{}]");
        peer.send("[2,\"x7\",\"Reset\",{\"type\":\"Soft\"}]");
        peer.send("[3,\"1\",{\"currentTime\":\"now\"}]");
        peer.expect("[3,\"x7\",{\"status\":\"Accepted\"}]");
        peer.expect("[2,\"2\",\"Nope\",{}]");
        peer.send("[4,\"2\",\"NotImplemented\",\"no\",{}]");
        peer.record()
    });
    let run = wsee(&["--as", "ocpp", server.url(), "-v"])
        .stdin("Heartbeat\n[3,\"x7\",{\"status\":\"Accepted\"}]\nNope {}\n")
        .run();
    run.exits(1)
        .prints(
            "{\"id\":\"x7\",\"action\":\"Reset\",\"payload\":{\"type\":\"Soft\"}}\n\
             {\"id\":\"1\",\"action\":\"Heartbeat\",\"result\":{\"currentTime\":\"now\"}}\n\
             {\"id\":\"2\",\"action\":\"Nope\",\"error\":{\"code\":\"NotImplemented\",\"description\":\"no\",\"details\":{}}}\n",
        )
        .says("answer wanted: /answer x7 JSON")
        .says("to Heartbeat after ")
        .says("Nope failed with NotImplemented \"no\"");
}

#[test]
fn stored_events_of_nostr_are_printed_until_their_end() {
    let server = scripted(|mut peer| {
        peer.expect("[\"REQ\",\"1\",{\"kinds\":[1]}]");
        peer.send(format!("[\"EVENT\",\"1\",{EVENT}]"));
        peer.send("[\"EOSE\",\"1\"]");
        peer.record()
    });
    let args = [
        "--as",
        "nostr",
        server.url(),
        "--subscribe",
        "{\"kinds\":[1]}",
    ];
    let within = Duration::from_secs(5);
    let run = wsee(&args).run().exits(0).within(within);
    run.prints(format!("{EVENT}\n"));
}

#[test]
fn an_event_that_a_relay_of_nostr_refuses_is_status_1() {
    let server = scripted(|mut peer| {
        peer.expect(&format!("[\"EVENT\",{EVENT}]"));
        peer.send("[\"OK\",\"ab\",false,\"invalid: bad signature\"]");
        peer.record()
    });
    let run = wsee(&["--as", "nostr", server.url()]).stdin(format!("{EVENT}\n"));
    run.run()
        .exits(1)
        .says("the relay refused event ab: \"invalid: bad signature\"");
}

#[test]
fn what_is_not_of_the_protocol_is_named_and_ends_nothing() {
    for (name, message, why, after) in [
        ("sockjs", "hello", "'h' begins no frame", "a[1]"),
        ("sockjs", "", "it is empty", "a[1]"),
        ("sockjs", "a[]", "it has no messages", "a[1]"),
        ("sockjs", "c{}", "its close frame has no code", "a[1]"),
        ("ocpp", "{}", "it is no array", "[6,\"1\",\"A\",{}]"),
        (
            "ocpp",
            "[9]",
            "9 is no kind of message",
            "[6,\"1\",\"A\",{}]",
        ),
        (
            "ocpp",
            "[3,\"9\",{}]",
            "nobody waits for it",
            "[6,\"1\",\"A\",{}]",
        ),
        (
            "ocpp",
            "[2,\"9\"]",
            "CALL has no action",
            "[6,\"1\",\"A\",{}]",
        ),
        (
            "nostr",
            "[\"OK\"]",
            "OK has no event",
            "[\"EVENT\",\"1\",{}]",
        ),
        (
            "wamp",
            "[null,1]",
            "null is no kind of message",
            "[36,1,1,{}]",
        ),
        (
            "wamp",
            "[36,1,1,{}]",
            "nobody subscribed to it",
            "[36,1,1,{}]",
        ),
        ("centrifugo", "[]", "it is no object", "{\"push\":{}}"),
        (
            "centrifugo",
            "{\"a\":1}",
            "neither a reply nor a push",
            "{\"push\":{}}",
        ),
    ] {
        let server = scripted(move |mut peer| {
            peer.send(message);
            peer.send(after);
            peer.record()
        });
        let run = wsee(&["--as", name, server.url(), "-v", "-1", "-m", "5"]).run();
        run.exits(0).says(why);
    }
}

#[test]
fn the_prompt_subscribes_and_shows_what_it_sends() {
    let server = centrifugo(|peer| {
        peer.expect("{\"id\":2,\"subscribe\":{\"channel\":\"news\"}}");
        peer.send("{\"id\":2,\"subscribe\":{}}");
        peer.expect("{\"id\":3,\"unsubscribe\":{\"channel\":\"news\"}}");
        peer.send("{\"id\":3,\"unsubscribe\":{}}");
    });
    let mut terminal = terminal(&["--as", "centrifugo", server.url()]).prompt();
    terminal.wait_for("to connect after");
    terminal.press("/subscribe news\r");
    terminal.wait_for("to subscribe news after");
    terminal.press("/status\r");
    terminal.wait_for("news (subscribed)");
    terminal.press("/subscribe news\r");
    terminal.wait_for("news is subscribed to already; /unsubscribe it first");
    terminal.press("/unsubscribe news\r");
    terminal.wait_for("to unsubscribe news after");
    terminal.press("/unsubscribe news\r");
    terminal.wait_for("news is not subscribed to");
    terminal.press("/publish news\r");
    terminal.wait_for("/publish needs CHANNEL JSON");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn filters_of_nostr_are_subscriptions_however_they_are_typed() {
    let server = Server::start_many(2, |number, stream| {
        let mut peer = Peer::accept(stream);
        if number == 0 {
            peer.expect("[\"REQ\",\"1\",{\"kinds\":[1]}]");
            peer.send("[\"EOSE\",\"1\"]");
            peer.expect("[\"REQ\",\"mine\",{\"kinds\":[2]},{\"kinds\":[3]}]");
            peer.expect("[\"REQ\",\"2\",{\"kinds\":[4]}]");
            peer.expect("[\"CLOSE\",\"2\"]");
        } else {
            peer.expect("[\"REQ\",\"1\",{\"kinds\":[1]}]");
            peer.expect("[\"REQ\",\"mine\",{\"kinds\":[2]},{\"kinds\":[3]}]");
            peer.send(format!("[\"EVENT\",\"mine\",{EVENT}]"));
            peer.expect("[\"CLOSE\",\"1\"]");
        }
        peer.record();
    });
    let mut terminal = terminal(&["--as", "nostr", server.url()]).prompt();
    terminal.press("{\"kinds\":[1]}\r");
    terminal.wait_for("EOSE 1   to REQ 1 after");
    terminal.press("[\"REQ\",\"mine\",{\"kinds\":[2]},{\"kinds\":[3]}]\r");
    terminal.wait_for("→ REQ mine   {\"kinds\":[2]} {\"kinds\":[3]}");
    terminal.press("/subscribe {\"kinds\":[4]}\r");
    terminal.wait_for("→ REQ 2");
    terminal.press("[\"CLOSE\",\"2\"]\r");
    terminal.wait_for("→ CLOSE 2");
    terminal.press("/status\r");
    terminal.wait_for(
        "subscriptions   1 {\"kinds\":[1]} (subscribed), mine {\"kinds\":[2]} {\"kinds\":[3]}",
    );
    terminal.press("/reconnect\r");
    terminal.wait_for("← EVENT mine");
    terminal.press("/unsubscribe 1\r");
    terminal.wait_for("→ CLOSE 1");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    server.finish();
}

#[test]
fn a_call_of_ocpp_is_answered_by_its_id_which_tab_completes() {
    let server = scripted(|mut peer| {
        peer.send("[2,\"b46 fb25\",\"Reset\",{\"type\":\"Soft\"}]");
        peer.expect("[3,\"b46 fb25\",{\"status\":\"Accepted\"}]");
        peer.expect("[3,\"77\",{}]");
        peer.record()
    });
    let mut terminal = terminal(&["--as", "ocpp", server.url()]).prompt();
    terminal.wait_for("answer wanted: /answer \"b46 fb25\" JSON");
    terminal.press("/answer {\"status\":\"Accepted\"}\r");
    terminal.wait_for("/answer needs ID [JSON]");
    terminal.press("/answer \t");
    terminal.wait_for("> /answer \"b46 fb25\"");
    terminal.press("{\"status\":\"Accepted\"}\r");
    terminal.wait_for("CALLRESULT b46 fb25   { \"status\": \"Accepted\" }");
    terminal.press("/answer 77\r");
    terminal.wait_for("CALLRESULT 77   nobody waits for it");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn a_realm_that_was_refused_is_not_joined_again() {
    let server = scripted(|mut peer| {
        peer.receive();
        peer.send("[3,{},\"wamp.error.no_such_realm\"]");
        peer.record()
    });
    let (port, url) = (server.port(), server.url().to_owned());
    let mut terminal = terminal(&["--as", "wamp", &url]).prompt();
    terminal.press("/hello typo\r");
    terminal.wait_for("refused the session in realm \"typo\"");
    server.finish();
    let server = scripted_on(port, |mut peer| {
        let hello = text(&mut peer);
        peer.send("[2,9,{}]");
        peer.record();
        hello
    });
    terminal.press("/reconnect\r");
    terminal.wait_for("reconnected");
    terminal.press("/hello realm1\r");
    terminal.wait_for("WELCOME 9");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    assert!(server.finish().starts_with("[1,\"realm1\""));
}

#[test]
fn results_and_events_of_wamp_begin_with_what_they_are_about() {
    let server = scripted(|mut peer| {
        peer.receive();
        peer.send("[2,9,{}]");
        peer.receive();
        peer.send("[33,1,77]");
        peer.send("[36,77,5,{\"publisher\":1},[{\"n\":1}]]");
        peer.receive();
        peer.send("[50,2,{\"callee\":1},[5]]");
        peer.receive();
        peer.send("[8,48,3,{},\"wamp.error.no_such_procedure\"]");
        peer.record()
    });
    let args = [
        "--as",
        "wamp",
        server.url(),
        "--auth",
        "{\"realm\":\"r\"}",
        "--subscribe",
        "t",
    ];
    let mut terminal = terminal(&args).prompt();
    terminal.wait_for("EVENT t   [{ \"n\": 1 }]   details {\"publisher\":1}");
    terminal.press("/call add 2 3\r");
    terminal.wait_for("RESULT 2   [5]   to CALL add after ");
    terminal.wait_for("details {\"callee\":1}");
    terminal.press("/call nope\r");
    terminal.wait_for("ERROR CALL 3 wamp.error.no_such_procedure   to CALL nope after ");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}
