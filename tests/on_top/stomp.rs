//! STOMP 1.0 to 1.2.

use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use crate::support::peer::{Peer, scripted};
use crate::support::pty::terminal;
use crate::support::run::wsee;
use crate::support::server::Server;

const CONNECT: &str = "CONNECT\naccept-version:1.0,1.1,1.2\nheart-beat:10000,10000\n\n\0";

/// A server that accepts a session with these headers, before it serves it.
fn stomp<T: Send + 'static>(
    headers: &'static str,
    script: impl FnOnce(&mut Peer<TcpStream>) -> T + Send + 'static,
) -> Server<T> {
    scripted(move |mut peer| {
        peer.expect(CONNECT);
        peer.send(format!("CONNECTED\n{headers}\n\n\0\n"));
        let result = script(&mut peer);
        peer.record();
        result
    })
}

#[test]
fn messages_are_sent_with_their_receipts_before_the_session_ends() {
    let server = stomp("version:1.2", |peer| {
        peer.expect("SEND\ndestination:/q\n\nhello\0");
        peer.expect("SEND\ndestination:/q\na\\cb:c\\nd\nreceipt:1\n\n[1]\0");
        peer.send("RECEIPT\nreceipt-id:1\n\n\0");
        peer.expect("DISCONNECT\n\n\0");
    });
    let input = "/q hello\n\n{\"destination\":\"/q\",\"body\":[1],\"headers\":{\"a:b\":\"c\\nd\"},\"receipt\":true}\n";
    let run = wsee(&["--as", "stomp", server.url(), "-v"]).stdin(input);
    let run = run.run().exits(0).prints("");
    run.says("receipt 1   to send /q after ");
    server.finish();
}

#[test]
fn a_receipt_may_take_its_time_and_one_that_never_comes_is_status_28() {
    let send = "SEND\ndestination:/q\nreceipt:1\n\nhi\0";
    let server = stomp("version:1.2", move |peer| {
        peer.expect(send);
        // Longer than the usual wait after the end of input.
        sleep(Duration::from_millis(2300));
        peer.send("RECEIPT\nreceipt-id:1\n\n\0");
    });
    let input = "{\"destination\":\"/q\",\"body\":\"hi\",\"receipt\":true}";
    let args = ["--as", "stomp", server.url()];
    let run = wsee(&args).stdin(input).run();
    run.exits(0).never_says("no reply");
    for (wait, status) in [("100ms", 28), ("0", 0)] {
        let server = stomp("version:1.2", |_| {});
        let args = ["--as", "stomp", server.url(), "--wait", wait];
        let run = wsee(&args).stdin(input).run().exits(status);
        let text = "no answer came to send /q within 100.0 ms";
        assert_eq!(run.stderr.contains(text), status == 28, "{}", run.stderr);
    }
}

#[test]
fn what_is_subscribed_to_is_printed_wherever_a_frame_is_cut() {
    let server = stomp("version:1.1", |peer| {
        peer.expect("SUBSCRIBE\nid:1\ndestination:/t\nack:auto\n\n\0");
        // Two frames in one message, with a NUL in a body and a beat between them, and one in three messages.
        peer.send("MESSAGE\nsubscription:1\nmessage-id:1\ndestination:/t\npriority:9\ncontent-length:3\n\na\0b\0\nMESSAGE\nsubscription:1\nmessage-id:2\ndestination:/t\n\n{1}\0");
        for part in ["MESSAGE\nsubscription:1\ndest", "ination:/t\n\n", "x\0"] {
            peer.send(part);
        }
    });
    let args = [
        "--as",
        "stomp",
        server.url(),
        "--subscribe",
        "/t",
        "-n",
        "3",
    ];
    wsee(&args).run().exits(0).prints(
        "{\"destination\":\"/t\",\"body\":\"a\\u0000b\",\"headers\":{\"priority\":\"9\"}}\n\
         {\"destination\":\"/t\",\"body\":\"{1}\"}\n\
         {\"destination\":\"/t\",\"body\":\"x\"}\n",
    );
    server.finish();
}

#[test]
fn a_session_that_is_refused_is_status_115_and_the_login_is_never_shown() {
    let server = scripted(|mut peer| {
        peer.expect("CONNECT\naccept-version:1.0,1.1,1.2\nheart-beat:10000,10000\nlogin:me\npasscode:hunter2\n\n\0");
        peer.send("ERROR\nmessage:Bad CONNECT\n\nAccess refused for me\0");
        peer.record()
    });
    let args = [
        "--as",
        "stomp",
        server.url(),
        "-u",
        "me:hunter2",
        "-vv",
        "--jsonl",
    ];
    let run = wsee(&args).stdin("/q x").run().exits(115);
    let run = run
        .says("the server refused the session: \"Bad CONNECT: Access refused for me\"")
        .says("hint: check the user and password of -u");
    let stdout = String::from_utf8_lossy(&run.stdout).into_owned();
    for output in [&stdout, &run.stderr] {
        assert!(!output.contains("hunter2"), "{output}");
        assert!(!output.contains("Authorization"), "{output}");
    }
}

#[test]
fn auth_is_headers_of_connect_whose_values_are_not_shown() {
    let server = scripted(|mut peer| {
        peer.expect("CONNECT\naccept-version:1.0,1.1,1.2\nheart-beat:10000,10000\nhost:/prod\nAuthorization:Bearer hunter2\n\n\0");
        peer.send("CONNECTED\nversion:1.2\n\n\0");
        peer.record()
    });
    let auth = "{\"host\":\"/prod\",\"Authorization\":\"Bearer hunter2\"}";
    let args = ["--as", "stomp", server.url(), "--auth", auth, "-vv"];
    let run = wsee(&args).stdin("/q x").run().exits(0);
    let run = run.says("→ connect   host /prod, with --auth");
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
}

#[test]
fn an_error_ends_the_session_with_115() {
    let server = stomp("version:1.2", |peer| {
        peer.expect("SUBSCRIBE\nid:1\ndestination:/t\nack:auto\n\n\0");
        peer.send("ERROR\nmessage:no such topic\n\n\0");
    });
    let args = ["--as", "stomp", server.url(), "--subscribe", "/t"];
    let run = wsee(&args).run().exits(115);
    run.says("the server ended the session: \"no such topic\"");
}

#[test]
fn what_is_not_of_the_protocol_is_named_and_ends_nothing() {
    for (message, why) in [
        (
            "hello\n\n\0",
            "a message is not STOMP: \"hello\" is no command",
        ),
        ("MESSAGE\n\0", "no empty line"),
        ("MESSAGE\nab\n\n\0", "the header \"ab\" has no colon"),
        (
            "MESSAGE\ncontent-length:2147483648\n\nx",
            "its body has 2147483648 bytes",
        ),
        ("SEND\n\n\0", "no frame that a server sends"),
        ("RECEIPT\nreceipt-id:9\n\n\0", "nobody waits for it"),
        ("CONNECTED\nversion:1.2\n\n\0", "nobody waits for it"),
        ("MESSAGE\nsubscription:9\n\n\0", "nobody subscribed to it"),
    ] {
        let server = stomp("version:1.2", move |peer| {
            peer.send(message);
            peer.send("MESSAGE\nsubscription:1\ndestination:z\n\n!\0");
        });
        let count = if message.starts_with("MESSAGE\nsub") {
            "2"
        } else {
            "1"
        };
        let run = wsee(&["--as", "stomp", server.url(), "-n", count, "-v"]).run();
        run.exits(0).says(why);
    }
}

#[test]
fn destinations_are_used_at_the_prompt() {
    let server = stomp("version:1.2", |peer| {
        peer.expect("SUBSCRIBE\nid:1\ndestination:/q\nack:client\n\n\0");
        peer.send("MESSAGE\nsubscription:1\nmessage-id:5\nack:7\ndestination:/q\n\n{\"a\":1}\0");
        peer.expect("ACK\nid:7\n\n\0");
        peer.expect("SEND\ndestination:/q\n\nhello world\0");
        peer.expect("SEND\ndestination:/queue/a\n\nhi\0");
        peer.expect("UNSUBSCRIBE\nid:1\ndestination:/q\n\n\0");
    });
    let mut terminal = terminal(&["--as", "stomp", server.url()]).prompt();
    terminal.wait_for("connected   version:1.2");
    terminal.press("/subscribe /q client\r");
    terminal.wait_for("message /q   { \"a\": 1 }");
    terminal.wait_for("ack wanted: /ack 7");
    terminal.press("/ack 7\r");
    terminal.wait_for("→ ack 7");
    terminal.press("/send /q hello world\r");
    terminal.wait_for("send /q   hello world");
    terminal.press("/queue/a hi\r");
    terminal.wait_for("send /queue/a   hi");
    terminal.press("/ack 7\r");
    terminal.wait_for("no message waits for /ack 7; unacknowledged: none");
    terminal.press("hello\r");
    terminal.wait_for("the message has no body; it follows the destination");
    terminal.press("/send /q\r");
    terminal.wait_for("{\"destination\":\"/q\"} sends an empty message");
    terminal.press("/unsubscribe /q\r");
    terminal.wait_for("→ unsubscribe /q");
    terminal.press("/unsubscribe /q\r");
    terminal.wait_for("there is no subscription to /q");
    terminal.press("/status\r");
    terminal.wait_for("on top          STOMP 1.2");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    server.finish();
}

#[test]
fn a_subscription_that_ends_the_session_is_dropped_without_a_connection() {
    let server = Server::start_many(2, |number, stream| {
        let mut peer = Peer::accept(stream);
        peer.expect(CONNECT);
        peer.send("CONNECTED\nversion:1.2\n\n\0");
        if number == 0 {
            peer.expect("SUBSCRIBE\nid:1\ndestination:/good\nack:auto\n\n\0");
            peer.expect("SUBSCRIBE\nid:2\ndestination:/bad\nack:auto\n\n\0");
            peer.close(1000, "died");
        } else {
            peer.expect("SUBSCRIBE\nid:1\ndestination:/good\nack:auto\n\n\0");
            peer.expect("SEND\ndestination:/good\n\nhi\0");
            peer.record();
        }
    });
    let mut terminal = terminal(&["--as", "stomp", server.url()]).prompt();
    terminal.wait_for("connected   version:1.2");
    terminal.press("/subscribe /good\r");
    terminal.wait_for("→ subscribe /good");
    terminal.press("/subscribe /bad\r");
    terminal.wait_for("closed by server: 1000 normal closure \"died\"");
    terminal.press("/unsubscribe /other\r");
    terminal.wait_for("not sent: there is no connection");
    terminal.press("/unsubscribe /bad\r");
    terminal.wait_for("* /unsubscribe /bad: the next connection begins without it");
    terminal.press("/reconnect\r");
    terminal.wait_for("→ subscribe /good");
    terminal.press("/send -x /good hi\r");
    terminal.wait_for("unknown option -x");
    terminal.press("/good hi\r");
    terminal.wait_for("unknown command /good");
    terminal.press("/send /good hi\r");
    terminal.wait_for("send /good   hi");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    server.finish();
}
