//! `SignalR`.

use std::io::Write;
use std::net::TcpStream;

use super::text;
use crate::support::peer::{Message, Peer, scripted};
use crate::support::pty::terminal;
use crate::support::run::wsee;
use crate::support::server::Server;
use crate::support::site::{target, values};
use crate::support::wire::read_head;

const END: &str = "\x1e";
const HANDSHAKE: &str = "{\"protocol\":\"json\",\"version\":1}\x1e";

/// Claims that the next message is this record.
#[track_caller]
fn expect(peer: &mut Peer<TcpStream>, record: &str) {
    assert_eq!(text(peer), format!("{record}{END}"));
}

fn send(peer: &mut Peer<TcpStream>, records: &[&str]) {
    let records: Vec<String> = records.iter().map(|it| format!("{it}{END}")).collect();
    peer.send(records.concat());
}

/// A hub that accepts the handshake, before it continues.
fn hub(script: impl FnOnce(&mut Peer<TcpStream>) + Send + 'static) -> Server<()> {
    scripted(|mut peer| {
        peer.expect(HANDSHAKE);
        send(&mut peer, &["{}"]);
        script(&mut peer);
        peer.record();
    })
}

#[test]
fn calls_are_paired_with_their_answers_and_end_the_pipe() {
    let server = hub(|peer| {
        expect(
            peer,
            "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Add\",\"arguments\":[1,2]}",
        );
        expect(
            peer,
            "{\"type\":4,\"invocationId\":\"2\",\"target\":\"Count\",\"arguments\":[]}",
        );
        expect(
            peer,
            "{\"type\":1,\"target\":\"Log\",\"arguments\":[\"x\"]}",
        );
        send(
            peer,
            &[
                "{\"type\":6}",
                "{\"type\":1,\"target\":\"price\",\"arguments\":[{\"a\":1},2]}",
                "{\"type\":2,\"invocationId\":\"2\",\"item\":0}",
                "{\"type\":3,\"invocationId\":\"1\",\"result\":3}",
                "{\"type\":2,\"invocationId\":\"2\",\"item\":1}",
                "{\"type\":3,\"invocationId\":\"2\"}",
            ],
        );
    });
    let input = "Add 1 2\n{\"target\":\"Count\",\"stream\":true}\n\n\
        {\"target\":\"Log\",\"arguments\":[\"x\"],\"send\":true}\n";
    wsee(&["--as", "signalr", server.url()])
        .stdin(input)
        .run()
        .exits(0)
        .prints(
            "{\"target\":\"price\",\"arguments\":[{\"a\":1},2]}\n\
             {\"invocationId\":\"2\",\"target\":\"Count\",\"item\":0}\n\
             {\"invocationId\":\"1\",\"target\":\"Add\",\"result\":3}\n\
             {\"invocationId\":\"2\",\"target\":\"Count\",\"item\":1}\n",
        );
}

#[test]
fn a_call_that_fails_is_status_1_and_a_result_is_given_where_it_is_wanted() {
    let server = hub(|peer| {
        send(
            peer,
            &["{\"type\":1,\"invocationId\":\"s1\",\"target\":\"name\",\"arguments\":[]}"],
        );
        expect(
            peer,
            "{\"type\":3,\"invocationId\":\"s1\",\"result\":\"me\"}",
        );
        text(peer);
        send(
            peer,
            &["{\"type\":3,\"invocationId\":\"1\",\"error\":\"Method does not exist.\"}"],
        );
    });
    let mut run = wsee(&["--as", "signalr", server.url(), "-v"])
        .stdin_held_open()
        .spawn();
    run.wait_for_stdout("{\"target\":\"name\",\"arguments\":[],\"invocationId\":\"s1\"}\n");
    run.send("{\"invocationId\":\"s1\",\"result\":\"me\"}\nNope\n");
    run.end_stdin();
    run.wait()
        .exits(1)
        .says("Nope failed with \"Method does not exist.\"")
        .says("ms: the hub has no public method of this name");
}

#[test]
fn a_refused_handshake_and_a_session_that_is_ended_say_why() {
    for (record, exit, why) in [
        (
            "{\"error\":\"Requested protocol 'json' is not available.\"}",
            115,
            "the server refused the handshake: Requested protocol 'json' is not available.",
        ),
        (
            "{\"type\":7,\"error\":\"Connection closed with an error.\"}",
            115,
            "the server ended the session: Connection closed with an error.",
        ),
        (
            "{\"type\":7,\"allowReconnect\":true}",
            111,
            "the server ended the session and accepts another one",
        ),
    ] {
        let server = scripted(move |mut peer| {
            peer.expect(HANDSHAKE);
            send(&mut peer, &[record]);
            peer.record()
        });
        let run = wsee(&["--as", "signalr", server.url(), "-1"]).run();
        run.exits(exit).says(why);
    }
}

#[test]
fn what_is_not_of_the_protocol_is_named_and_ends_nothing() {
    for (message, why) in [
        (Message::text("hello\x1e"), "it is not JSON"),
        (
            Message::text("{\"type\":6}"),
            "the byte 1e at its end is missing",
        ),
        (Message::text("{\"type\":[]}\x1e"), "its type is no number"),
        (
            Message::text("{\"type\":99}\x1e"),
            "99 is no type of the hub protocol",
        ),
        (
            Message::text("{\"type\":3,\"invocationId\":\"7\"}\x1e"),
            "nobody waits for it",
        ),
        (
            Message::text("{\"type\":2,\"invocationId\":\"7\",\"item\":1}\x1e"),
            "nobody waits for it",
        ),
        (
            Message::binary(b"\xff\xff".as_slice()),
            "neither JSON nor MessagePack",
        ),
        (
            Message::binary(b"\x0a\x95\x01\x80\xc0\xa4news\x90".as_slice()),
            "invocation news",
        ),
        (
            Message::binary(b"{\"type\":6}\x1e".as_slice()),
            "the server sends JSON in binary messages",
        ),
    ] {
        let server = hub(|peer| {
            peer.send(message);
            send(
                peer,
                &["{\"type\":1,\"target\":\"after\",\"arguments\":[]}"],
            );
        });
        let filter = "select(.target==\"after\")";
        let args = ["--as", "signalr", server.url(), "-v", "--jq", filter, "-1"];
        wsee(&args).run().exits(0).says(why);
    }
}

#[test]
fn what_is_subscribed_to_is_streamed_and_an_error_of_it_is_the_end() {
    let server = hub(|peer| {
        expect(
            peer,
            "{\"type\":4,\"invocationId\":\"1\",\"target\":\"Count\",\"arguments\":[9]}",
        );
        send(
            peer,
            &[
                "{\"type\":2,\"invocationId\":\"1\",\"item\":5}",
                "{\"type\":3,\"invocationId\":\"1\",\"error\":\"too many\"}",
            ],
        );
    });
    wsee(&["--as", "signalr", server.url(), "--subscribe", "Count 9"])
        .stdin_held_open()
        .run()
        .exits(115)
        .prints(
            "{\"invocationId\":\"1\",\"target\":\"Count\",\"item\":5}\n\
             {\"invocationId\":\"1\",\"target\":\"Count\",\"error\":\"too many\"}\n",
        )
        .says("Count failed with \"too many\"");
}

#[test]
fn a_filter_keeps_the_line_of_what_it_leaves_unchanged_and_a_pause_holds_answers() {
    let server = hub(|peer| {
        for number in 1..=3 {
            text(peer);
            let answer =
                format!("{{\"type\":3,\"invocationId\":\"{number}\",\"result\":{number}}}");
            send(peer, &[&answer]);
        }
    });
    let mut terminal = terminal(&["--as", "signalr", server.url()]).prompt();
    terminal.wait_for("session open");
    terminal.press("/filter select(.result < 2)\r");
    terminal.wait_for("filter: select(.result < 2)\n");
    terminal.press("Add\r");
    terminal.wait_for("← result 1   1   to Add after ");
    terminal.press("/filter .result + 5\r");
    terminal.wait_for("filter: .result + 5\n");
    terminal.press("Add\r");
    terminal.wait_for("← result 2   7   to Add after ");
    terminal.press("/filter off\r/pause\r");
    terminal.wait_for("paused; Enter");
    terminal.press("Add\r");
    terminal.wait_for("paused, 1 message waits;");
    assert!(!terminal.contents().contains("← result 3"));
    terminal.press("\r");
    terminal.wait_for("← result 3   3   to Add after ");
    terminal.leave();
    server.finish();
}

#[test]
fn methods_are_called_at_the_prompt() {
    let server = hub(|peer| {
        text(peer);
        send(
            peer,
            &["{\"type\":3,\"invocationId\":\"1\",\"result\":\"hi\"}"],
        );
        expect(peer, "{\"type\":1,\"target\":\"Log\",\"arguments\":[1]}");
        text(peer);
        send(peer, &["{\"type\":2,\"invocationId\":\"2\",\"item\":0}"]);
        expect(peer, "{\"type\":5,\"invocationId\":\"2\"}");
        send(
            peer,
            &[
                "{\"type\":3,\"invocationId\":\"2\"}",
                "{\"type\":1,\"invocationId\":\"9\",\"target\":\"ask\",\"arguments\":[\"who?\"]}",
            ],
        );
        expect(peer, "{\"type\":3,\"invocationId\":\"9\",\"result\":[7]}");
    });
    let mut terminal = terminal(&["--as", "signalr", server.url()]).prompt();
    terminal.wait_for("session open");
    terminal.press("Hello \"x\"\r");
    terminal.wait_for("to Hello after");
    terminal.press("/send Log 1\r");
    terminal.wait_for("send Log");
    terminal.press("/stream Count\r");
    terminal.wait_for("item 1 of stream 2");
    terminal.press("/cancel 7\r");
    terminal.wait_for("no stream has the id 7");
    terminal.press("/cancel\r");
    terminal.wait_for("end of stream 2");
    terminal.wait_for("result wanted: /result 9 JSON");
    terminal.press("/result 8 1\r");
    terminal.wait_for("waits for no result of the id 8");
    terminal.press("/result 9 [7]\r");
    terminal.wait_for("result of 9");
    terminal.press("/status\r");
    terminal.wait_for("results wanted");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

/// Answers a request over HTTP; returns its head.
fn answer(mut stream: TcpStream, status: &str, body: &str) -> String {
    let request = read_head(&mut stream);
    let length = body.len();
    let response = format!("HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\n\r\n{body}");
    stream
        .write_all(response.as_bytes())
        .expect("a client that reads");
    request
}

/// A connection to a hub that has been negotiated; returns the head of its request.
fn connection(stream: TcpStream) -> String {
    let mut head = [0; 4096];
    let length = stream.peek(&mut head).expect("a request");
    let mut peer = Peer::accept(stream);
    peer.expect(HANDSHAKE);
    send(
        &mut peer,
        &["{}", "{\"type\":1,\"target\":\"hi\",\"arguments\":[]}"],
    );
    peer.record();
    String::from_utf8_lossy(&head[..length]).into_owned()
}

const CONNECTION: &str = "{\"negotiateVersion\":1,\"connectionId\":\"i\",\"connectionToken\":\"t/k\",\
    \"availableTransports\":[{\"transport\":\"WebSockets\",\"transferFormats\":[\"Text\",\"Binary\"]}]}";

fn http(server: &Server<Vec<String>>, rest: &str) -> String {
    format!("http://127.0.0.1:{}{rest}", server.port())
}

#[test]
fn a_url_of_http_is_negotiated_first_and_cookies_go_along() {
    let server = Server::start_many(2, |index, mut stream| match index {
        0 => {
            let request = read_head(&mut stream);
            let length = CONNECTION.len();
            let response = format!(
                "HTTP/1.1 200 OK\r\nSet-Cookie: node=2\r\nContent-Length: {length}\r\n\r\n{CONNECTION}"
            );
            stream.write_all(response.as_bytes()).expect("a reader");
            request
        }
        _ => connection(stream),
    });
    let url = http(&server, "/chat?room=1");
    wsee(&["--as", "signalr", &url, "-1", "--bearer", "s3cret"])
        .run()
        .exits(0)
        .prints("{\"target\":\"hi\",\"arguments\":[]}\n");
    let requests = server.finish();
    let [negotiation, upgrade] = &requests[..] else {
        panic!("{requests:?}");
    };
    assert!(
        negotiation.starts_with("POST /chat/negotiate?room=1&negotiateVersion=1 HTTP/1.1\r\n"),
        "{negotiation}"
    );
    assert_eq!(values(negotiation, "Content-Length"), ["0"]);
    assert_eq!(target(upgrade), "/chat?room=1&id=t%2Fk");
    assert_eq!(values(upgrade, "Cookie"), ["node=2"]);
    for request in &requests {
        assert_eq!(values(request, "Authorization"), ["Bearer s3cret"]);
    }
}

#[test]
fn a_negotiation_leads_to_another_server_with_its_token_and_without_other_credentials() {
    let service = Server::start_many(2, |index, stream| match index {
        0 => answer(stream, "200", CONNECTION),
        _ => connection(stream),
    });
    let redirect = format!(
        "{{\"url\":\"{}\",\"accessToken\":\"acc3ss\",\"availableTransports\":[]}}",
        http(&service, "/client/?hub=chat")
    );
    let server = Server::start_many(1, move |_, stream| answer(stream, "200", &redirect));
    let url = http(&server, "/chat");
    wsee(&["--as", "signalr", &url, "-1", "--bearer", "s3cret", "-v"])
        .run()
        .exits(0)
        .says("* redirected by the negotiation to ws://127.0.0.1")
        .says("access_token=***")
        .says("credentials and fields are not sent to another origin")
        .never_says("acc3ss");
    assert_eq!(
        values(&server.finish()[0], "Authorization"),
        ["Bearer s3cret"]
    );
    let requests = service.finish();
    assert_eq!(
        target(&requests[0]),
        "/client/negotiate?hub=chat&negotiateVersion=1"
    );
    assert_eq!(values(&requests[0], "Authorization"), ["Bearer acc3ss"]);
    assert_eq!(
        target(&requests[1]),
        "/client/?hub=chat&id=t%2Fk&access_token=acc3ss"
    );
    assert!(values(&requests[1], "Authorization").is_empty());
}

#[test]
fn a_refused_negotiation_is_115_with_what_to_do() {
    for (status, body, why, hint) in [
        ("401", "", "with status 401: it wants a login", "--bearer"),
        ("403", "", "with status 403: this login", "whose token"),
        ("404", "", "with status 404: there is no hub", "MapHub"),
        ("200", "<html>", "is no JSON object", "skip the negotiation"),
        ("204", "", "with status 204: that is no answer", "of a hub"),
        (
            "302",
            "",
            "with status 302: it leads elsewhere",
            "-L follows",
        ),
        (
            "200",
            "{\"connectionToken\":\"a\",\"availableTransports\":[{\"transport\":\"LongPolling\"}]}",
            "offers no WebSocket for this hub, but LongPolling",
            "switched off",
        ),
        (
            "200",
            "{\"error\":\"\\u001bno\"}",
            "the negotiation: \\x1bno",
            "",
        ),
    ] {
        let server = Server::start_many(1, move |_, stream| answer(stream, status, body));
        let run = wsee(&["--as", "signalr", &http(&server, "/chat"), "-1"]).run();
        run.exits(115).says(why).says(hint);
    }
    let server = Server::start_many(1, |_, stream| answer(stream, "503", ""));
    let run = wsee(&["--as", "signalr", &http(&server, "/chat"), "-1"]).run();
    run.exits(22)
        .says("the server refused the negotiation with status 503");
}

#[test]
fn an_answer_to_the_negotiation_that_is_too_long_is_named_so() {
    let server = Server::start_many(1, |_, stream| {
        let token = "a".repeat(100_000);
        answer(
            stream,
            "200",
            &format!("{{\"connectionToken\":\"{token}\"}}"),
        )
    });
    let run = wsee(&["--as", "signalr", &http(&server, "/chat"), "-1"]).run();
    run.exits(115).says("is longer than 64.0 KiB");
}

#[test]
fn the_last_line_quotes_the_start_of_a_long_error() {
    for start in ["{\"error\":", "{\"type\":7,\"error\":"] {
        let server = scripted(move |mut peer| {
            peer.expect(HANDSHAKE);
            let error = "z".repeat(100_000);
            send(&mut peer, &[&format!("{start}\"{error}\"}}")]);
            peer.record();
        });
        let run = wsee(&["--as", "signalr", server.url(), "-1"]).run();
        let run = run.exits(115);
        let line = run.last_line();
        assert!(
            line.len() < 600 && line.contains("zz…"),
            "{} bytes",
            line.len()
        );
    }
}

#[test]
fn an_item_that_nobody_waits_for_is_printed() {
    let server = hub(|peer| send(peer, &["{\"type\":2,\"invocationId\":\"7\",\"item\":[1]}"]));
    let run = wsee(&["--as", "signalr", server.url(), "-1"]).run();
    run.exits(0)
        .prints("{\"invocationId\":\"7\",\"item\":[1]}\n");
}

#[test]
fn a_protocol_that_is_chosen_at_the_prompt_is_not_recommended() {
    let server = scripted(|mut peer| {
        peer.expect(HANDSHAKE);
        send(&mut peer, &["{}"]);
        peer.record();
    });
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("/as signalr\r");
    terminal.wait_for("spoken: signalr");
    terminal.press("{\"protocol\":\"json\",\"version\":1}\r");
    terminal.wait_for("session open");
    terminal.press("/send x\r");
    terminal.wait_for("send x");
    let screen = terminal.contents();
    assert!(!screen.contains("add --as"), "{screen}");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn servers_that_redirect_to_each_other_are_left_after_a_hundred_answers() {
    let server = Server::start_many(100, |_, stream| {
        let port = stream.local_addr().expect("an address").port();
        let redirect = format!("{{\"url\":\"http://127.0.0.1:{port}/again\"}}");
        answer(stream, "200", &redirect)
    });
    let run = wsee(&["--as", "signalr", &http(&server, "/chat"), "-1"]).run();
    run.exits(115)
        .says("100 answers to the negotiation led to another server");
    server.finish();
}
