//! `wsee listen` at a terminal: clients come and go, and a person answers.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::client;

use super::{exchange, request};
use crate::support::DEADLINE;
use crate::support::peer::Peer;
use crate::support::pty::{Setup, Terminal, shell, terminal};
use crate::support::run::wsee;

/// A server at a prompt.
pub struct Prompted {
    pub terminal: Terminal,
    pub port: u16,
}

#[track_caller]
pub fn prompted(args: &[&str]) -> Prompted {
    let args = [&["listen", "127.0.0.1:0"], args].concat();
    started(terminal(&args))
}

#[test]
fn a_line_is_an_event_for_a_client_of_socket_io() {
    let mut server = prompted(&["--as", "socket.io"]);
    let url = format!("http://127.0.0.1:{}/", server.port);
    for transport in ["websocket", "polling"] {
        let args = [&url, "--as", "socket.io", "--transport", transport];
        let client = wsee(&args).stdin_held_open().spawn();
        client.wait_for_stdout("auth");
        server.types("/clients", "/socket.io/  for ");
        server.types("price {\"eur\": [1]}", "price");
        client.wait_for_stdout("{\"eur\":[1]}");
        server.types("/find eur", "42[\"price\",{\"eur\":[1]}]");
        server.types("price {", "! not sent: ");
        server.types(
            "/ping",
            "! not sent: a session of Socket.IO is sent events, and /close\n",
        );
        server.types("/close", "no client is connected");
        client.wait_for_stderr("closed");
    }
    server.types(
        "/help",
        "for the client in use; /help keys lists the keys\n",
    );
    server.terminal.leave();
}

#[track_caller]
fn started(setup: Setup) -> Prompted {
    let terminal = setup.prompt();
    let shown = terminal.contents();
    let port = shown
        .split("://127.0.0.1:")
        .nth(1)
        .and_then(|rest| rest.split_once('/')?.0.parse().ok());
    let port = port.unwrap_or_else(|| panic!("no address in {shown}"));
    Prompted { terminal, port }
}

impl Prompted {
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("wsee listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("a socket");
        stream
    }

    /// A client at this path; it is shown as `@number`.
    #[track_caller]
    fn open(&self, number: u64, path: &str) -> Peer {
        let url = format!("ws://127.0.0.1:{}{path}", self.port);
        let (socket, _) = client(url, self.connect()).expect("an opening handshake");
        self.terminal.wait_for(&format!(
            "@{number} * opened ws://127.0.0.1:{}{path}\n",
            self.port
        ));
        Peer::new(socket)
    }

    /// Types a line, and waits for what it prints.
    #[track_caller]
    pub fn types(&mut self, line: &str, answer: &str) {
        self.terminal.press(&format!("{line}\r"));
        self.terminal.wait_for(answer);
    }
}

#[test]
fn lines_go_to_the_client_in_use_and_others_by_name() {
    let mut server = prompted(&[]);
    server.terminal.wait_for("nothing is echoed without --echo");
    server.types("nobody", "not sent: no client is connected\n");
    let mut one = server.open(1, "/a");
    server.terminal.wait_for("lines go to @1 (");
    let mut two = server.open(2, "/b");
    server.terminal.wait_for("), 2 clients\n");
    server.types("to one", "→ text 6 B   to one");
    one.expect("to one");
    server.types("/to @2 to two", "→ text 6 B   to two");
    two.expect("to two");
    server.types("/use 2", "lines go to @2\n");
    server.types("//x", "→ text 2 B   /x");
    two.expect("/x");
    server.types("/to * all", "@2 → text 3 B   all");
    one.expect("all");
    two.expect("all");
    server.types("/to /a by path", "→ text 7 B   by path");
    one.expect("by path");
    one.send(Message::text("hello"));
    server.terminal.wait_for("← text 5 B   hello");
    server.types(
        "/to 9 x",
        "not sent: client 9 is not connected; /clients lists",
    );
    server.types(
        "/to room x",
        "not sent: the room room has no clients; /clients",
    );
    server.terminal.leave();
}

#[test]
fn who_leaves_is_no_longer_in_use() {
    let mut server = prompted(&[]);
    let one = server.open(1, "/");
    let two = server.open(2, "/");
    let _three = server.open(3, "/");
    drop(one);
    server
        .terminal
        .wait_for("2 clients; /use CLIENT chooses who gets what is typed");
    server.types(
        "hi",
        "not sent: 2 clients are connected, and none is chosen; /use CLIENT",
    );
    drop(two);
    server.terminal.wait_for("lines go to @3 (");
    server.terminal.wait_for("), 1 client\n");
    server.terminal.leave();
}

#[test]
fn connections_are_closed_pinged_and_broken() {
    let mut server = prompted(&[]);
    let one = server.open(1, "/");
    let two = server.open(2, "/");
    let three = server.open(3, "/");
    server.terminal.press("/close 1 4000 bye\r");
    assert_eq!(one.record().close.map(|it| it.0), Some(4000));
    server.types("/ping 2 x", "> /ping 2 x");
    server.types("/to 2 /frame fin=0 opcode=text 48", "@2 /frame sent");
    server.types("/to 2 /drop", "; open for");
    assert!(!two.record().is_closed);
    server.types("/use 3", "lines go to @3\n");
    server.terminal.press("/close\r");
    assert!(three.record().is_closed);
    server.terminal.wait_for("no client is connected\n");
    server.types("/close 4000 x", "not sent: no client is connected\n");
    server.terminal.leave();
}

#[test]
fn the_next_client_is_refused_once() {
    let mut server = prompted(&[]);
    server.types("/reject next 429", "the next client is refused with 429\n");
    let mut refused = server.connect();
    let response = exchange(&mut refused, request(""));
    assert!(
        response.starts_with("HTTP/1.1 429 Too Many Requests"),
        "{response}"
    );
    server
        .terminal
        .wait_for("@1 ! refused: /reject next 429 (GET /chat)\n");
    drop(server.open(2, "/"));
    server.types("/reject next", "the next client is refused with 503\n");
    server.types("/reject off", "the next client is let in\n");
    drop(server.open(3, "/"));
    server.terminal.leave();
}

#[test]
fn rules_are_read_again_and_a_mistake_leaves_the_old_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r.wsee");
    fs::write(&path, "on text ping\n  > one\n").expect("a file");
    let mut server = prompted(&["--rules", path.to_str().expect("UTF-8")]);
    let mut peer = server.open(1, "/");
    peer.send(Message::text("ping"));
    peer.expect("one");
    fs::write(&path, "on text ping\n  > two\nbroken\n").expect("a file");
    server.types(
        "/rules reload",
        "r.wsee:3:1: a step is indented below its rule",
    );
    server.terminal.wait_for("the rules are as before\n");
    peer.send(Message::text("ping"));
    peer.expect("one");
    fs::write(&path, "on text ping\n  > two\notherwise echo\n").expect("a file");
    server.types("/rules reload", "there are now 2 rules\n");
    peer.send(Message::text("ping"));
    peer.expect("two");
    server.terminal.leave();
}

#[test]
fn faults_are_added_for_the_next_clients() {
    let mut server = prompted(&[]);
    server.types("/fault nonsense", "column 8: \"nonsense\"");
    server.types(
        "/fault close 1012 after 1 message",
        "from the next connection on: close 1012",
    );
    let peer = server.open(1, "/");
    server.types("hello", "fault: close 1012 after 1 message");
    assert_eq!(peer.record().close.map(|it| it.0), Some(1012));
    server.terminal.wait_for("no client is connected\n");
    server.types(
        "/fault cut in message 4 on connection 1",
        "from the next connection on: close 1012 after 1 message\n",
    );
    server.types("/clients", "nothing to list\n");
    server.types(
        "/fault off",
        "no faults from the next connection on; /fault SPEC adds one\n",
    );
    server.terminal.leave();
}

#[test]
fn messages_are_found_shown_and_sent_again() {
    let mut server = prompted(&[]);
    let mut one = server.open(1, "/");
    let mut two = server.open(2, "/");
    one.send(Message::text("{\"n\":1}"));
    server.terminal.wait_for("@1 ← text 7 B");
    two.send(Message::text("{\"n\":2}"));
    server.terminal.wait_for("@2 ← text 7 B");
    server.types(
        "/find jq .n == 2",
        "@2 ← text 7 B   {\"n\":2}\n1 match in 2 messages\n",
    );
    server.types("/last 1", "> /last 1\n#2 ");
    server.types("/diff 1 2", "#1 (first) and #2 (second) differ:\n");
    server.types("/show 1 hex", "7b 22 6e 22 3a 31 7d");
    server.types("/resend 2", "@1 → text 7 B   {");
    one.expect("{\"n\":2}");
    server.types("/filter .n", "filter: .n\n");
    server.types("/show json off", "json off");
    server.terminal.press("\x1bOQ");
    server
        .terminal
        .wait("the full screen", |screen, _| screen.alternate_screen());
    server.terminal.press("q");
    server
        .terminal
        .wait("the prompt", |screen, _| !screen.alternate_screen());
    server.terminal.leave();
}

#[test]
fn a_paused_view_keeps_what_comes() {
    let mut server = prompted(&[]);
    let mut one = server.open(1, "/");
    server.terminal.press("/pause\r");
    server
        .terminal
        .wait_for("paused; Enter or /resume continues");
    one.send(Message::text("unseen"));
    server.terminal.wait_for("paused, 1 message waits; Enter");
    assert!(!server.terminal.contents().contains("unseen"));
    server.types("", "← text 6 B   unseen");
    server.terminal.wait_for("lines go to @1 (");
    server.terminal.leave();
}

#[test]
fn what_is_typed_is_shown_while_the_view_is_paused_and_echoes_wait() {
    let mut server = prompted(&["--echo"]);
    let mut one = server.open(1, "/");
    server.types("/pause", "paused; Enter or /resume continues");
    server.types("by hand", "#1 ");
    server.terminal.wait_for("→ text 7 B   by hand");
    one.expect("by hand");
    one.send(Message::text("unseen"));
    one.expect("unseen");
    server.terminal.wait_for("paused, 2 messages wait; Enter");
    assert!(!server.terminal.contents().contains("unseen"));
    server.types("/ping 1 there?", "→ ping 6 B \"there?\"");
    one.receive();
    // It flushes the answer.
    one.send(Message::text("more"));
    server.terminal.wait_for("← pong 6 B \"there?\"");
    server.types("", "→ text 6 B   unseen");
    server.terminal.leave();
}

#[test]
fn how_a_client_ended_is_wrapped_at_words() {
    let mut server = started(terminal(&["listen", "127.0.0.1:0"]).sized(24, 60));
    drop(server.open(1, "/"));
    server.terminal.wait_for("@1 * abnormal closure (1006,");
    server.terminal.wait_for("no client is connected");
    let shown = server.terminal.contents();
    // A row that the terminal has wrapped is one line here.
    assert!(shown.lines().all(|line| line.len() < 60), "{shown}");
    server.terminal.leave();
}

#[test]
fn clients_are_listed_and_completed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r.wsee");
    fs::write(&path, "on text join\n  join lobby\n  > in\n").expect("a file");
    let mut server = prompted(&["--rules", path.to_str().expect("UTF-8")]);
    let mut one = server.open(1, "/chat");
    one.send(Message::text("join"));
    one.expect("in");
    server.types("/clients", "/chat  in lobby  for ");
    assert!(server.terminal.contents().contains("> @1  127.0.0.1:"));
    server.types("/to lobby hi", "→ text 2 B   hi");
    one.expect("hi");
    server.terminal.press("/us\t1");
    server.terminal.wait_for_line("> /use 1");
    server.terminal.press("\x03/status\r");
    server
        .terminal
        .wait_for("unknown command /status; /help lists them");
    server.types("/help close", "example: /close 3 4000 bye\n");
    server.terminal.leave();
}

#[test]
fn ctrl_c_asks_once_and_ends_the_server() {
    let mut server = prompted(&[]);
    let peer = server.open(1, "/");
    server.terminal.press("\x03");
    server
        .terminal
        .wait_for("press Ctrl-C again, or Ctrl-D, to end the server\n");
    server.terminal.press("\x03");
    assert_eq!(peer.record().close.map(|it| it.0), Some(1001));
    assert_eq!(server.terminal.finish(), 130);
    let shown = server.terminal.contents();
    assert!(!shown.contains("lines go to"), "{shown}");
}

#[test]
fn echo_echoes_at_the_prompt() {
    let mut server = prompted(&["--echo"]);
    let mut peer = server.open(1, "/");
    peer.send(Message::text("back"));
    peer.expect("back");
    server.types("by hand", "→ text 7 B   by hand");
    peer.expect("by hand");
    server.terminal.leave();
}

/// A port that is free now.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

#[test]
fn without_a_whole_terminal_it_echoes_as_ever() {
    for command in [
        "exec $WSEE listen $PORT >out",
        "exec $WSEE listen $PORT 2>err",
        "exec $WSEE listen $PORT </dev/null",
        "exec $WSEE listen $PORT --jsonl",
        "exec $WSEE listen $PORT --quiet",
        "TERM=dumb exec $WSEE listen $PORT",
        "set -m; $WSEE listen $PORT & read line; kill $!",
    ] {
        let port = free_port();
        let script = format!("cd \"$HOME\"; {command}");
        let mut terminal = shell(&script).env("PORT", &port.to_string()).start();
        let end = Instant::now() + DEADLINE;
        let stream = loop {
            match TcpStream::connect(("127.0.0.1", port)) {
                Ok(stream) => break stream,
                Err(error) => assert!(Instant::now() < end, "{command}: {error}"),
            }
            thread::sleep(Duration::from_millis(10));
        };
        stream.set_read_timeout(Some(DEADLINE)).expect("a socket");
        let url = format!("ws://127.0.0.1:{port}/");
        let mut peer = Peer::new(client(url, stream).expect("an opening handshake").0);
        peer.send(Message::text("back"));
        peer.expect("back");
        terminal.press("\r");
        if command.contains('&') {
            // What was left in the background ends with its shell.
            terminal.wait_for_exit();
        }
    }
}
