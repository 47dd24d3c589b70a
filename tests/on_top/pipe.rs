use std::fs;
use std::net::TcpStream;
use std::time::Duration;

use super::{CONNECTED, OPEN, socket_io, text};
use crate::support::peer::{Message, Peer, scripted};
use crate::support::pty::terminal;
use crate::support::run::wsee;
use crate::support::server::Server;

#[test]
fn lines_of_json_go_out_and_come_in() {
    let server = socket_io(|peer| {
        peer.expect("42[\"price\",{\"s\":\"EURUSD\",\"a\":1}]");
        peer.expect("420[\"save\"]");
        peer.send("42[\"price\",{\"s\":\"EURUSD\",\"a\":1}]");
        peer.send("430[\"ok\"]");
        peer.send("427[\"question\"]");
        peer.expect("437[1]");
        peer.send("42/fx,[\"other\"]");
    });
    let input = "[\"price\",{\"s\":\"EURUSD\",\"a\":1}]\n{\"event\":[\"save\"],\"ack\":true}\n";
    let mut run = wsee(&["--as", "socket.io", server.url(), "-n", "4"])
        .stdin_held_open()
        .spawn();
    run.send(input);
    run.wait_for_stdout("\"ack\":7");
    run.send("{\"ack\":7,\"data\":[1]}\n");
    let expected = "[\"price\",{\"s\":\"EURUSD\",\"a\":1}]\n{\"ack\":0,\"data\":[\"ok\"]}\n\
                    {\"event\":[\"question\"],\"ack\":7}\n{\"ns\":\"/fx\",\"event\":[\"other\"]}\n";
    run.wait().exits(0).prints(expected);
}

#[test]
fn the_path_and_the_query_are_filled_in_and_shown() {
    let server = socket_io(|peer| peer.send("42[\"a\"]"));
    let run = wsee(&["--as", "socket.io", server.url(), "-1", "-v"]).run();
    run.exits(0)
        .says("* --as socket.io asks for /socket.io/?EIO=4&transport=websocket")
        .says("> GET /socket.io/?EIO=4&transport=websocket HTTP/1.1");
}

#[test]
fn pings_are_answered_and_neither_printed_nor_counted() {
    let server = socket_io(|peer| {
        peer.send("2");
        peer.expect("3");
        peer.send("42[\"a\"]");
    });
    let run = wsee(&["--as", "socket.io", server.url(), "-1", "-v"]).run();
    run.exits(0).prints("[\"a\"]\n").never_says("← ping");
}

#[test]
fn attachments_are_put_together_and_taken_apart() {
    let server = socket_io(|peer| {
        peer.expect("451-[\"up\",{\"_placeholder\":true,\"num\":0}]");
        assert_eq!(peer.receive(), Message::binary(vec![1, 2, 3]));
        peer.send("451-[\"down\",{\"_placeholder\":true,\"num\":0}]");
        peer.send(Message::binary(vec![1, 2, 3]));
    });
    let run = wsee(&["--as", "socket.io", server.url(), "-1"]);
    let run = run.stdin("[\"up\",{\"$base64\":\"AQID\"}]\n").run();
    run.exits(0).prints("[\"down\",{\"$base64\":\"AQID\"}]\n");
}

#[test]
fn jq_count_and_wait_see_what_is_printed() {
    let server = socket_io(|peer| {
        for number in 1..5 {
            peer.send(format!("42[\"n\",{number}]"));
        }
    });
    let jq = ["--jq", "select(.[1] > 2) | .[1]"];
    let args = [&["--as", "socket.io", server.url(), "-n", "2"], &jq[..]].concat();
    wsee(&args).run().exits(0).prints("3\n4\n");
}

#[test]
fn jsonl_keeps_the_message_and_adds_what_it_is() {
    let server = socket_io(|peer| peer.send("42[\"price\",1]"));
    let run = wsee(&["--as", "socket.io", server.url(), "-1", "--jsonl"]).run();
    let output = run.exits(0);
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    let wanted = "\"as\":{\"protocol\":\"socket.io\",\"type\":\"event\",\"ns\":\"/\",\"event\":[\"price\",1]},\
                  \"data\":\"42[\\\"price\\\",1]\"";
    assert!(lines.contains(wanted), "{lines}");
}

#[test]
fn a_recording_keeps_what_a_message_is_and_the_full_screen_shows_it() {
    let server = socket_io(|peer| {
        peer.send("42[\"price\",{\"eur\":1}]");
        text(peer)
    });
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.jsonl");
    let path = path.to_str().expect("UTF-8");
    let args = ["--as", "socket.io", server.url(), "--record", path];
    wsee(&args).stdin("[\"ok\",2]\n").run().exits(0);
    let mut terminal = terminal(&["view", path]).start();
    terminal.wait_for("event   {\"ns\":\"/\",\"event\":[\"price\",{\"eur\":1}]}");
    terminal.press("fjq .event[0] == \"ok\"\r");
    terminal.wait_for("a.jsonl  1 message  filter: ");
    terminal.wait_for("→ ");
    terminal.press("\r1");
    terminal.wait_for("42[\"ok\",2]");
    terminal.press("\x1bq");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn a_refused_namespace_is_the_last_line_and_115() {
    let server = scripted(|mut peer| {
        peer.send(OPEN);
        peer.expect("40/admin,");
        peer.send("44/admin,{\"message\":\"not authorized\",\"data\":{\"code\":7}}");
        peer.record()
    });
    let args = ["--as", "socket.io", server.url(), "--namespace", "/admin"];
    let run = wsee(&args).stdin("[\"a\"]\n").run().exits(115);
    run.says("hint: a middleware of the server refused; --auth JSON sends credentials")
        .ends_with_line(
            "the server refused namespace /admin: \"not authorized\" {\"code\":7}; closed",
        );
}

#[test]
fn credentials_are_sent_and_not_shown() {
    let server = scripted(|mut peer| {
        peer.send(OPEN);
        peer.expect("40{\"token\":\"hunter2\"}");
        peer.send(CONNECTED);
        peer.send("42[\"a\"]");
        peer.record()
    });
    let auth = ["--auth", "{\"token\":\"hunter2\"}", "-1", "--jsonl", "-vv"];
    let args = [&["--as", "socket.io", server.url()], &auth[..]].concat();
    let run = wsee(&args).run().exits(0).never_says("hunter2");
    assert!(!String::from_utf8_lossy(&run.stdout).contains("hunter2"));
}

#[test]
fn a_file_of_credentials_is_read_again_for_each_connection() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("auth.json");
    fs::write(&file, "{\"token\":1}").expect("a file");
    let renewed = file.clone();
    let first = scripted(move |mut peer| {
        peer.send(OPEN);
        peer.expect("40{\"token\":1}");
        fs::write(&renewed, "{\"token\":2}").expect("a file");
        peer.send(CONNECTED);
        peer.close(1012, "restarting")
    });
    let port = first.port();
    let url = first.url().to_owned();
    let auth = format!("@{}", file.display());
    let run = wsee(&[
        "--as",
        "socket.io",
        &url,
        "--auth",
        &auth,
        "-1",
        "--reconnect",
    ])
    .spawn();
    first.serve();
    let second = crate::support::peer::scripted_on(port, |mut peer| {
        peer.send(OPEN);
        peer.expect("40{\"token\":2}");
        peer.send(CONNECTED);
        peer.send("42[\"again\"]");
        peer.record()
    });
    run.wait().exits(0).prints("[\"again\"]\n");
    second.finish();
}

#[test]
fn a_session_that_can_be_recovered_is_asked_for_and_told() {
    let first = scripted(|mut peer| {
        peer.send(OPEN);
        peer.expect("40");
        peer.send("40{\"sid\":\"b\",\"pid\":\"p\"}");
        peer.send("42[\"a\",\"offset1\"]");
        peer.close(1012, "restarting")
    });
    let (port, url) = (first.port(), first.url().to_owned());
    let run = wsee(&["--as", "socket.io", &url, "-n", "2", "--reconnect", "-v"]).spawn();
    first.serve();
    let second = crate::support::peer::scripted_on(port, |mut peer| {
        peer.send(OPEN);
        peer.expect("40{\"pid\":\"p\",\"offset\":\"offset1\"}");
        peer.send("40{\"sid\":\"c\",\"pid\":\"p\"}");
        peer.send("42[\"b\",\"offset2\"]");
        peer.record()
    });
    run.wait()
        .exits(0)
        .says("the session is recovered: what was sent in between follows");
    second.finish();
}

#[test]
fn a_session_that_the_server_closes_is_opened_again_unless_it_was_disconnected() {
    let greet = |peer: &mut Peer<TcpStream>| {
        peer.send(OPEN);
        peer.expect("40");
        peer.send(CONNECTED);
    };
    for (disconnects, printed) in [(false, "[\"a\"]\n"), (true, "")] {
        let server = Server::start_many(2 - usize::from(disconnects), move |index, stream| {
            let mut peer = Peer::accept(stream);
            greet(&mut peer);
            if index == 0 && !disconnects {
                drop(peer.close(1000, ""));
                return;
            }
            peer.send(if disconnects { "41" } else { "42[\"a\"]" });
            peer.record();
        });
        let args = ["--as", "socket.io", server.url(), "-1", "--reconnect"];
        let run = wsee(&args).stdin_held_open().run();
        run.exits(i32::from(disconnects)).prints(printed);
    }
}

#[test]
fn a_close_in_the_place_of_the_answer_to_a_join_is_a_failure() {
    let server = scripted(|mut peer| {
        peer.send(OPEN);
        peer.expect("40");
        peer.close(1000, "")
    });
    let run = wsee(&["--as", "socket.io", server.url()]).stdin_held_open();
    run.run()
        .exits(111)
        .says("the server closed before it answered the request to join namespace /")
        .says("it may have another parser: --parser msgpack speaks socket.io-msgpack-parser");
}

#[test]
fn a_missing_ping_ends_the_session_with_114() {
    let server = scripted(|mut peer| {
        peer.send("0{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":100,\"pingTimeout\":100,\"maxPayload\":1}");
        peer.expect("40");
        peer.send(CONNECTED);
        peer.record()
    });
    let run = wsee(&["--as", "socket.io", server.url()]).run().exits(114);
    run.ends_with_line("the server sent no ping for 2");
}

#[test]
fn an_unasked_connect_means_version_3_which_is_followed() {
    let server = scripted(|mut peer| {
        peer.send("0{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":300,\"pingTimeout\":5000}");
        peer.send("40");
        peer.expect("42[\"hi\"]");
        peer.expect("2");
        peer.send("3");
        peer.send("42[\"back\"]");
        peer.record()
    });
    let run = wsee(&["--as", "socket.io", server.url(), "-1"])
        .stdin("[\"hi\"]\n")
        .run();
    run.exits(0)
        .prints("[\"back\"]\n")
        .says("the server speaks EIO 3 (Socket.IO 2), and so does wsee now");
}

#[test]
fn a_refusal_before_a_namespace_is_asked_for_is_that_of_version_3() {
    for namespace in ["/", "/fx"] {
        let server = scripted(|mut peer| {
            peer.send("0{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":300,\"pingTimeout\":5000}");
            peer.send("44{\"code\":\"E_AUTH\"}");
            peer.record()
        });
        let args = ["--as", "socket.io", server.url(), "--namespace", namespace];
        let run = wsee(&args).stdin_held_open().run().exits(115);
        run.says("the server speaks EIO 3 (Socket.IO 2), and so does wsee now")
            .says("--eio 3 with --auth JSON sends credentials in the query")
            .says("the server refused namespace /: {\"code\":\"E_AUTH\"}");
    }
}

#[test]
fn input_errors_name_the_line() {
    for (input, why) in [
        ("[\"a\"]\nhello\n", "line 2, not JSON"),
        (
            "[\"connect\"]\n",
            "line 1, the event name \"connect\" is reserved by Socket.IO",
        ),
        (
            "{\"ack\":7}\n",
            "line 1, the server does not wait for ack 7",
        ),
        (
            "{\"ns\":\"/x\",\"event\":[\"a\"]}\n",
            "line 1, not connected to namespace /x",
        ),
    ] {
        let server = socket_io(|_| ());
        let run = wsee(&["--as", "socket.io", server.url()])
            .stdin(input)
            .run();
        run.exits(26).ends_with_line(why);
    }
}

#[test]
fn flags_that_do_not_fit_are_refused() {
    for (args, why) in [
        (
            &["--as", "foo", "ws://h"][..],
            "possible values: socket.io, graphql, jsonrpc, phoenix, mqtt, actioncable, stomp, signalr, pusher, sockjs, centrifugo, wamp, ocpp, nostr, raw",
        ),
        (
            &["--as", "socket.io", "ws://h", "--binary"],
            "which --binary does not",
        ),
        (
            &["--as", "socket.io", "ws://h", "--auth", "u:p"],
            "--auth is not JSON",
        ),
        (
            &["--as", "socket.io", "ws://h", "--auth", "env:NOT_SET_HERE"],
            "is not set",
        ),
        (
            &["--as", "socket.io", "ws://h", "--namespace", "fx"],
            "is no namespace",
        ),
        (&["--namespace", "/fx", "ws://h"], "--as <NAME>"),
        (
            &["--as", "graphql", "ws://h", "--namespace", "/fx"],
            "--namespace belongs to --as socket.io, and not to --as graphql",
        ),
        (
            &["--as", "graphql", "ws://h", "--init", "[1]"],
            "--init is JSON, but not an object",
        ),
        (
            &["--as", "jsonrpc", "ws://h", "--subscribe", "a"],
            "--subscribe belongs to a protocol with subscriptions, and not to --as jsonrpc",
        ),
        (
            &["--as", "graphql", "ws://h", "--subscribe", ""],
            "/subscribe needs DOCUMENT [VARIABLES]",
        ),
    ] {
        wsee(args).run().exits(2).says(why);
    }
}

#[test]
fn a_message_above_the_limit_is_warned_of_and_sent() {
    let server = scripted(|mut peer| {
        peer.send("0{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":10}");
        peer.expect("40");
        peer.send(CONNECTED);
        let sent = text(&mut peer);
        peer.send("42[\"got\"]");
        peer.record();
        sent
    });
    let run = wsee(&["--as", "socket.io", server.url(), "-1"]);
    let run = run.stdin("[\"a\",\"0123456789\"]\n").run();
    run.exits(0)
        .says("larger than the server accepts (maxPayload 10 B)");
    assert_eq!(server.finish(), "42[\"a\",\"0123456789\"]");
}

#[test]
fn a_silent_server_has_the_patience_of_the_reference_client_but_not_of_max_time() {
    let server = scripted(Peer::record);
    let run = wsee(&["--as", "socket.io", server.url(), "-m", "0.3"]);
    let run = run
        .stdin("[\"a\"]\n")
        .deadline(Duration::from_secs(20))
        .run();
    run.exits(28);
}

/// Protocols with what their server says in answer to the first message, what is asked for, and its name.
const ASKED: &[(&[&str], Option<&str>, &str, &str)] = &[
    (&["jsonrpc"], None, "{\"method\":\"add\"}", "add"),
    (
        &["graphql"],
        Some("{\"type\":\"connection_ack\"}"),
        "{ a }",
        "query 1",
    ),
    (
        &["signalr"],
        Some("{}\x1e"),
        "Add 1 2\nAdd 3",
        "Add and 1 more",
    ),
    (
        &["signalr", "--subscribe", "Tick"],
        Some("{}\x1e"),
        "",
        "Tick",
    ),
    (
        &["stomp"],
        Some("CONNECTED\nversion:1.2\n\n\0"),
        "{\"destination\":\"/q\",\"body\":\"x\",\"receipt\":true}",
        "send /q",
    ),
    (
        &["phoenix", "--subscribe", "room:1"],
        None,
        "",
        "the request for room:1",
    ),
    (&["ocpp"], None, "[2,\"1\",\"Heartbeat\",{}]", "Heartbeat"),
];

#[test]
fn an_answer_that_cannot_come_any_more_is_a_failure_of_every_protocol() {
    for (args, greeting, input, what) in ASKED {
        let server = scripted(move |mut peer| {
            let messages = input.lines().count().max(1);
            if let Some(greeting) = greeting {
                peer.receive();
                peer.send(*greeting);
            }
            for _ in 0..messages {
                peer.receive();
            }
            peer.close(1000, "bye");
        });
        let args = [&["--as"], *args, &[server.url()]].concat();
        let run = wsee(&args).stdin(*input).run();
        run.exits(111)
            .says(&format!("the server closed before it answered {what}; "));
    }
}

#[test]
fn an_acknowledgement_that_cannot_come_any_more_is_a_failure() {
    let server = scripted(|mut peer| {
        peer.send(OPEN);
        peer.expect("40");
        peer.send(CONNECTED);
        peer.expect("420[\"save\"]");
        peer.close(1000, "");
    });
    let input = "{\"event\":[\"save\"],\"ack\":true}\n";
    let run = wsee(&["--as", "socket.io", server.url()])
        .stdin(input)
        .run();
    run.exits(111)
        .says("the server closed before it answered \"save\"; ");
}

#[test]
fn another_parser_of_socket_io_is_one_binary_message_for_each_packet() {
    let connect = b"\x82\xa4type\x00\xa3nsp\xa1/";
    let connected = b"\x83\xa4type\x00\xa4data\x81\xa3sid\xa1b\xa3nsp\xa1/";
    let emit = b"\x84\xa4type\x02\xa3nsp\xa1/\xa2id\x00\xa4data\x92\xa4save\xc4\x03\x01\x02\x03";
    let ack = b"\x84\xa2id\x00\xa4type\x03\xa4data\x91\xc4\x01\x07\xa3nsp\xa1/";
    let server = scripted(move |mut peer| {
        peer.send(OPEN);
        assert_eq!(peer.receive().into_data(), connect.as_slice());
        peer.send(Message::binary(connected.as_slice()));
        assert_eq!(peer.receive().into_data(), emit.as_slice());
        peer.send(Message::binary(ack.as_slice()));
        peer.record()
    });
    let args = ["--as", "socket.io", server.url(), "--parser", "msgpack"];
    let run = wsee(&args)
        .stdin("{\"event\":[\"save\",{\"$base64\":\"AQID\"}],\"ack\":true}\n")
        .run();
    run.exits(0)
        .prints("{\"ack\":0,\"data\":[{\"$base64\":\"Bw==\"}]}\n");
    server.finish();
}
