//! `--transport polling` and `upgrade`, against `wsee listen` and against scripted answers.

mod hostile;
mod route;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::listen::listening;
use crate::support::DEADLINE;
use crate::support::pty::terminal;
use crate::support::run::{Run, wsee};

const OPEN: &str = r#"0{"sid":"abc","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
const UNKNOWN: &str = r#"{"code":1,"message":"Session ID unknown"}"#;
const INPUT: &str = "[\"message\",1,\"ü\"]\n[\"echo\",{\"$base64\":\"AQID\"}]\n{\"event\":[\"ask\"],\"ack\":true}\n";
const OUTPUT: &str = "[\"auth\",{}]\n[\"message-back\",1,\"ü\"]\n[\"echo\",{\"$base64\":\"AQID\"}]\n{\"ack\":0,\"data\":[]}\n";

/// A request of a client, with its body.
#[derive(Debug)]
struct Request {
    head: String,
    body: String,
}

impl Request {
    fn is(&self, method: &str) -> bool {
        self.head.starts_with(method)
    }

    fn has(&self, text: &str) -> bool {
        self.head.contains(text)
    }
}

/// A server that gives every request the answer that a function has for it; `None` leaves it waiting.
struct Site {
    port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
}

/// `answer` gets the requests so far, the last of which is to be answered.
fn site(answer: impl Fn(&[Request]) -> Option<Vec<u8>> + Send + Sync + 'static) -> Site {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let (answer, seen) = (Arc::new(answer), Arc::clone(&requests));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
            thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
                while let Some(request) = read(&mut reader) {
                    let mut seen = seen.lock().expect("no panic");
                    seen.push(request);
                    let answer = answer(&seen);
                    drop(seen);
                    match answer {
                        // A client that has what it wants may be gone.
                        Some(bytes) => drop((&stream).write_all(&bytes)),
                        None => thread::sleep(Duration::from_mins(10)),
                    }
                }
            });
        }
    });
    Site { port, requests }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.split("Content-Length: ").nth(1);
    let length = length.and_then(|rest| rest.lines().next()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8_lossy(&body).into_owned();
    Some(Request { head, body })
}

fn ok(body: impl AsRef<[u8]>) -> Vec<u8> {
    with("200 OK", "", body)
}

fn with(status: &str, fields: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{fields}\r\n");
    [head.as_bytes(), body].concat()
}

impl Site {
    fn polled(&self, args: &[&str]) -> Run {
        polled("http", self.port, args)
    }
}

fn polled(scheme: &str, port: u16, args: &[&str]) -> Run {
    let url = format!("{scheme}://127.0.0.1:{port}");
    let usual = ["--as", "socket.io", &url, "--transport", "polling"];
    wsee(&[&usual[..], args].concat())
}

fn upgraded(port: u16, args: &[&str]) -> Run {
    let url = format!("http://127.0.0.1:{port}");
    let usual = ["--as", "socket.io", &url, "--transport", "upgrade"];
    wsee(&[&usual[..], args].concat())
}

/// The usual server of a session: the open packet, the answer to CONNECT, and then what `later` has.
fn session(later: impl Fn(&Request) -> Option<Vec<u8>> + Send + Sync + 'static) -> Site {
    site(move |requests| {
        let request = requests.last().expect("a request");
        // A WebSocket that is tried may come before the poll.
        let is_poll =
            |it: &&Request| it.is("GET") && it.has("sid=") && !it.has("Upgrade: websocket");
        let polls = requests.iter().filter(is_poll).count();
        if !request.has("sid=") {
            return Some(with("200 OK", "Set-Cookie: lb=one; Path=/\r\n", OPEN));
        }
        if polls == 1 && is_poll(&request) {
            return Some(ok(r#"40{"sid":"x"}"#));
        }
        later(request)
    })
}

#[test]
fn polling_carries_events_in_both_versions_without_a_websocket() {
    let server = listening(&["--as", "socket.io"]);
    for eio in ["3", "4"] {
        let run = polled("http", server.port, &["--eio", eio, "-n", "4"]).stdin(INPUT);
        let run = run.run().exits(0).prints(OUTPUT);
        run.says("got 4 messages; closed the session after")
            .never_says("1000");
    }
    let log = server.stop(Signal::INT).stderr;
    assert!(!log.contains("Upgrade: websocket"), "{log}");
}

#[test]
fn upgrade_moves_the_session_to_a_websocket_as_a_browser_does() {
    let server = listening(&["--as", "socket.io", "-v"]);
    for eio in ["3", "4"] {
        let run = upgraded(server.port, &["--eio", eio, "-v"]);
        let mut running = run.stdin_held_open().spawn();
        running.send(INPUT);
        running.wait_for_stdout(OUTPUT);
        running.wait_for_stderr("a WebSocket took over from long polling after");
        running.send("[\"after\",{\"$base64\":\"AQID\"}]\n");
        running.wait_for_stdout("[\"after\",{\"$base64\":\"AQID\"}]\n");
        running.end_stdin();
        let output = running.wait().exits(0);
        for part in [
            "> POST /socket.io/?EIO=",
            "transport=websocket&sid=",
            "> Upgrade: websocket",
        ] {
            assert!(output.stderr.contains(part), "{part}\n{}", output.stderr);
        }
    }
}

#[test]
fn status_names_the_transport() {
    let server = listening(&["--as", "socket.io"]);
    let url = format!("http://127.0.0.1:{}", server.port);
    for (transport, row) in [
        ("websocket", "transport       WebSocket"),
        ("polling", "transport       HTTP long polling"),
        (
            "upgrade",
            "transport       WebSocket, which took over from HTTP long polling",
        ),
    ] {
        let args = ["--as", "socket.io", &url, "--transport", transport];
        let mut terminal = terminal(&args).prompt();
        terminal.wait_for("event \"auth\"");
        if transport == "upgrade" {
            terminal.wait_for("a WebSocket took over");
        }
        terminal.press("/status\r");
        terminal.wait("the row", |screen, _| {
            screen
                .contents()
                .lines()
                .any(|line| line.trim_end().ends_with(row.trim_start()))
        });
        if transport == "polling" {
            terminal.wait_for("not measured, as long polling has no ping frames");
            terminal.press("/frame 01\r");
            terminal.wait_for("not sent: HTTP long polling carries messages and no frames");
        }
        terminal.leave();
    }
}

#[test]
fn every_poll_has_what_keeps_caches_from_answering_it() {
    let server = session(|request| {
        Some(ok(if request.is("POST") {
            "ok"
        } else {
            "42[\"a\"]"
        }))
    });
    server.polled(&["-1"]).run().exits(0);
    let requests = server.requests.lock().expect("no panic");
    let values = requests.iter().map(|request| {
        let target = request.head.split(' ').nth(1).expect("a target");
        let values = target.split('&').filter_map(|pair| pair.strip_prefix("t="));
        values.map(str::to_owned).collect::<Vec<_>>()
    });
    let values: Vec<Vec<String>> = values.collect();
    assert!(values.iter().all(|values| values.len() == 1), "{values:?}");
    assert_ne!(values[0], values[1]);
}

#[test]
fn a_refusal_that_is_not_of_engine_io_names_the_first_poll() {
    let server = site(|_| Some(with("404 Not Found", "", "nothing here")));
    let run = server.polled(&[]).run().exits(22);
    run.says("the server refused the first poll with status 404");
}

#[test]
fn a_large_message_is_polled_in_both_directions() {
    let server = listening(&["--as", "socket.io", "--max-message", "3M"]);
    let text = "x".repeat(1_500_000);
    let event = format!("[\"echo\",\"{text}\"]\n");
    let run = polled("http", server.port, &["-n", "2"]).stdin(event.as_str());
    run.run()
        .exits(0)
        .prints(format!("[\"auth\",{{}}]\n{event}"));
}

#[test]
fn cookies_of_the_first_answer_go_to_every_later_request() {
    let server = session(|request| (!request.is("GET")).then(|| ok("ok")));
    let run = upgraded(server.port, &["-b", "mine=1"]);
    let mut running = run.stdin_held_open().spawn();
    running.send("[\"a\"]\n");
    running.wait_for_stderr("so long polling continues");
    let is_sent = || {
        let requests = server.requests.lock().expect("no panic");
        requests.iter().any(|it| it.body.contains("42[\"a\"]"))
    };
    // It may share a request with the packet that opens the session.
    let until = Instant::now() + DEADLINE;
    while !is_sent() {
        assert!(Instant::now() < until, "the event is never sent");
        thread::sleep(Duration::from_millis(5));
    }
    running.signal(Signal::INT);
    running.wait().exits(130);
    let requests = server.requests.lock().expect("no panic");
    let (first, later) = requests.split_first().expect("requests");
    assert!(first.has("Cookie: mine=1\r\n"), "{first:?}");
    assert!(later.iter().any(|it| it.has("Upgrade: websocket")));
    for request in later {
        assert!(request.has("Cookie: lb=one; mine=1\r\n"), "{request:?}");
    }
}

#[test]
fn a_failed_upgrade_is_explained_and_polling_continues() {
    let server = session(|request| match request.has("Upgrade: websocket") {
        true => Some(with("400 Bad Request", "Connection: close\r\n", UNKNOWN)),
        false if request.is("POST") => Some(ok("ok")),
        false => Some(ok("42[\"still here\"]")),
    });
    let run = upgraded(server.port, &[]);
    let running = run.stdin_held_open().spawn();
    running.wait_for_stdout("[\"still here\"]\n");
    running.wait_for_stderr("the upgrade to WebSocket failed, so long polling continues: the server refused the session with code 1");
    running.wait_for_stderr("sticky sessions");
    running.signal(Signal::INT);
    running.wait().exits(130);
}

#[test]
fn a_refusal_in_the_middle_exits_115_with_its_cure() {
    for method in ["GET", "POST"] {
        let server = session(move |request| {
            Some(if request.is(method) {
                with("400 Bad Request", "", UNKNOWN)
            } else {
                ok(if request.is("POST") { "ok" } else { "6" })
            })
        });
        let run = server.polled(&[]).stdin("[\"a\"]\n").run();
        run.exits(115)
            .says("the server refused the session with code 1, \"Session ID unknown\"")
            .says("hint: two requests of a session reached two servers");
    }
}

#[test]
fn a_refusal_of_the_first_request_exits_115_with_its_cure() {
    let body = r#"{"code":4,"message":"Forbidden"}"#;
    let server = site(move |_| Some(with("403 Forbidden", "", body)));
    let run = server.polled(&["-v"]).run().exits(115);
    run.says("with code 4, \"Forbidden\"").says("--origin");
}

#[test]
fn a_server_that_was_started_again_is_joined_again_with_reconnect() {
    let server = site(|requests| {
        let request = requests.last().expect("a request");
        let opened = requests.iter().filter(|it| !it.has("sid=")).count();
        let polls = requests.iter().filter(|it| it.is("GET") && it.has("sid="));
        Some(
            match (request.is("GET"), request.has("sid="), polls.count()) {
                (true, false, _) => ok(OPEN),
                (false, ..) => ok("ok"),
                (true, true, 1 | 3) => ok(r#"40{"sid":"x"}"#),
                (true, true, 2) => with("400 Bad Request", "", UNKNOWN),
                _ => ok(format!("42[\"session\",{opened}]")),
            },
        )
    });
    let run = server.polled(&["--reconnect", "-1"]).run();
    let run = run.exits(0).prints("[\"session\",2]\n");
    // The reconnect does not hide what may end every session so, and a young one has not timed out.
    run.says("needs sticky sessions; --transport websocket needs none")
        .never_says("timed out");
}

#[test]
fn a_server_of_the_other_version_is_followed() {
    let open = r#"0{"sid":"abc","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;
    let first = format!("{}:{open}2:40", open.len());
    // The binary form, in which the digits of a length are bytes.
    let event = "451-[\"b\",{\"_placeholder\":true,\"num\":0}]";
    let length = [
        u8::try_from(event.len() / 10),
        u8::try_from(event.len() % 10),
    ];
    let length = length.map(|digit| digit.expect("a digit"));
    let binary = [
        &[0],
        &length[..],
        b"\xff",
        event.as_bytes(),
        b"\x01\x03\xff\x04\x01\x02",
    ];
    let binary = with(
        "200 OK",
        "Content-Type: application/octet-stream\r\n",
        binary.concat(),
    );
    let server = site(move |requests| {
        let request = requests.last().expect("a request");
        if request.is("POST") {
            return Some(ok("ok"));
        }
        let is_posted = requests.iter().any(|it| it.is("POST"));
        let polls = requests.iter().filter(|it| it.has("sid="));
        match (polls.count(), is_posted) {
            (0, _) => Some(ok(&first)),
            (_, true) => Some(binary.clone()),
            // Answered with a noop until there is something to say.
            (_, false) => Some(ok("1:6")),
        }
    });
    let run = server.polled(&["-1"]).stdin("[\"ü\"]\n").run();
    run.exits(0).prints("[\"b\",{\"$base64\":\"AQI=\"}]\n");
    let requests = server.requests.lock().expect("no panic");
    assert!(requests[0].has("EIO=4") && requests[1].has("EIO=3"));
    let posted = requests.iter().find(|it| it.is("POST")).expect("a POST");
    assert_eq!(posted.body, "7:42[\"ü\"]");
}

#[test]
fn scenarios_poll_too() {
    let server = listening(&["--as", "socket.io"]);
    let scenario = "connect --as socket.io ws://{{host}}\n    --transport polling\n\nemit message 1\n< event message-back 1\n";
    let file = tempfile::NamedTempFile::with_suffix(".wsee").expect("a file");
    std::fs::write(file.path(), scenario).expect("a file");
    let host = format!("host=127.0.0.1:{}", server.port);
    let path = file.path().to_str().expect("UTF-8");
    wsee(&["test", path, "--var", &host]).run().exits(0);
}
