//! `-- COMMAND`: a process for each client, whose stdin and stdout are the messages, as with websocketd.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::process::Command;
use std::task::{Context, Poll};
use std::time::Instant;

use super::client::{Client, Logged, Serving};
use super::door::{path, target};
use super::hub::{Post, Seat};
use super::process::{Exit, Output, Process};
use super::program::Answer;
use crate::acceptor::Log;
use crate::event::{Cause, Event};
use crate::outbox::{self, Outbox};
use crate::proto::connection;
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::proto::http1::Head;
use crate::proto::message::Kind;
use crate::render::Role;
use crate::render::escape::escape_line;
use crate::session::{Mode, Stop, Turn};

/// The program with its arguments and, in its environment, the request by the names of CGI (RFC 3875 §4.1).
///
/// Nothing of the request is part of the command line, and no shell reads it.
pub(super) fn command(line: &[String], request: &Head, peer: SocketAddr, is_tls: bool) -> Command {
    let (program, args) = line
        .split_first()
        .map_or(("", &[][..]), |(it, args)| (it, args));
    let mut command = Command::new(program);
    command.args(args);
    let target = target(request);
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let host = request.host().unwrap_or_default();
    let (protocol, method) = if request.is_http2() {
        ("HTTP/2", "CONNECT")
    } else {
        ("HTTP/1.1", "GET")
    };
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (host.as_str(), if is_tls { "443" } else { "80" }),
    };
    let path = path(request);
    for (variable, value) in [
        ("GATEWAY_INTERFACE", "CGI/1.1"),
        (
            "SERVER_SOFTWARE",
            concat!("wsee/", env!("CARGO_PKG_VERSION")),
        ),
        ("SERVER_PROTOCOL", protocol),
        ("SERVER_NAME", name),
        ("SERVER_PORT", port),
        ("REQUEST_METHOD", method),
        ("REQUEST_URI", &target),
        ("SCRIPT_NAME", ""),
        ("PATH_INFO", &path),
        ("QUERY_STRING", query),
        ("REMOTE_ADDR", &peer.ip().to_string()),
        ("REMOTE_HOST", &peer.ip().to_string()),
        ("REMOTE_PORT", &peer.port().to_string()),
    ] {
        command.env(variable, value);
    }
    if is_tls {
        command.env("HTTPS", "on");
    }
    if request.is_http2() {
        // RFC 9113 §8.3.1: as in a request that is translated to HTTP/1.1.
        command.env("HTTP_HOST", &host);
    }
    for (name, _) in request.fields() {
        let name = String::from_utf8_lossy(name);
        // HTTP_PROXY would make programs use the proxy that a client names; others are no fields.
        if name.eq_ignore_ascii_case("proxy") || name.starts_with(':') {
            continue;
        }
        let values: Vec<_> = request.values(&name).map(String::from_utf8_lossy).collect();
        let variable = name
            .to_ascii_uppercase()
            .replace(|it: char| !it.is_ascii_alphanumeric(), "_");
        command.env(format!("HTTP_{variable}"), values.join(", "));
    }
    command
}

/// The most lines of a process in one round of the driver, which yields after 64 rounds: some milliseconds of work.
const MOST_LINES: usize = 64;

/// Passes messages between a client and its process.
#[derive(Debug)]
pub(super) struct Bridge {
    client: Client,
    seat: Seat,
    /// `None` if it could not be started, and once it has ended.
    process: Option<Process>,
    outbox: Outbox,
    stop: Option<Stop>,
}

impl Bridge {
    pub(super) fn new(
        client: Client,
        seat: Seat,
        process: io::Result<Process>,
        program: &str,
    ) -> Self {
        let process = process.inspect_err(|error| {
            let text = format!("! cannot start {program}: {error}");
            client.log.note(Role::Error, &escape_line(&text));
        });
        let mut bridge = Self {
            client,
            seat,
            process: process.ok(),
            outbox: Outbox::default(),
            stop: None,
        };
        if bridge.process.is_none() {
            bridge.end(CloseCode::INTERNAL);
        }
        bridge
    }

    fn end(&mut self, code: CloseCode) {
        let close = CloseFrame::new(code, "");
        self.stop = Some(Stop::new(Cause::Close, Some(close)));
    }

    /// Sends what the process says; ends when it has ended.
    fn pass_on(&mut self, cx: &mut Context<'_>, turn: &mut Turn<'_>) -> bool {
        let Some(process) = &self.process else {
            return false;
        };
        let mut moved = false;
        // Lines that are not sent take no room: their number ends the turn, so that others have theirs.
        for _ in 0..MOST_LINES {
            if !turn.has_room() {
                break;
            }
            let Some(output) = process.poll(cx) else {
                break;
            };
            moved = true;
            match output {
                Output::Complaint(line) => complain(&self.client.log, &line),
                Output::Message(line) => {
                    let is_text = std::str::from_utf8(&line).is_ok();
                    let kind = if is_text { Kind::Text } else { Kind::Binary };
                    let mut answer = Answer::new(&mut self.client.log, &mut self.stop);
                    // It fails only on a connection that is closing.
                    let _ = outbox::message(kind, &line, turn, &mut answer);
                }
            }
        }
        if let Some(exit) = process.exit() {
            ended(&self.client.log, &exit);
            self.process = None;
            self.end(if exit.is_success {
                CloseCode::NORMAL
            } else {
                CloseCode::INTERNAL
            });
        }
        moved
    }
}

fn complain(log: &Log, line: &[u8]) {
    let text = String::from_utf8_lossy(line);
    let text = format!("! stderr: {}", escape_line(text.as_ref()));
    log.note(Role::Warning, &text);
}

fn ended(log: &Log, exit: &Exit) {
    log.note(Role::Fact, &format!("* the command {}", exit.words));
}

/// Shows what a process says whose client is gone, until it has ended.
async fn hear_out(process: Process, log: Log) {
    process.end_input();
    let exit = poll_fn(|cx| {
        for _ in 0..MOST_LINES {
            match process.poll(cx) {
                Some(Output::Complaint(line)) => complain(&log, &line),
                Some(Output::Message(_)) => {}
                None => return process.exit().map_or(Poll::Pending, Poll::Ready),
            }
        }
        // Others have their turn.
        cx.waker().wake_by_ref();
        Poll::Pending
    });
    ended(&log, &exit.await);
}

impl Logged for Bridge {
    fn log(&self) -> &Log {
        &self.client.log
    }

    fn left_behind(&mut self) -> Option<Serving<'static>> {
        let (process, log) = (self.process.take()?, self.client.log.clone());
        Some(Box::pin(hear_out(process, log)))
    }
}

impl Mode for Bridge {
    fn event(&mut self, event: Event<'_>, turn: &mut Turn<'_>) {
        self.client.event(&event, turn.now);
        if let Event::Connection(connection::Event::Message(message)) = event
            && let Some(process) = &self.process
        {
            let mut line = message.payload.to_vec();
            line.push(b'\n');
            process.write(line);
        }
    }

    fn poll_input(&mut self, cx: &mut Context<'_>, turn: &mut Turn<'_>) -> bool {
        self.client.observe_output(turn);
        if self.stop.is_some() || turn.sender.is_closing() {
            return false;
        }
        if self.seat.is_full() {
            self.stop = Some(Client::too_slow());
            return false;
        }
        let mut moved = self.pass_on(cx, turn);
        while turn.has_room()
            && self.stop.is_none()
            && let Some(post) = self.seat.poll(cx)
        {
            moved = true;
            self.deliver(&post, turn);
        }
        moved
    }

    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.client.poll_output(cx)
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Stop> {
        match self.stop.take() {
            Some(stop) => Poll::Ready(stop),
            None => self.client.poll_stop(cx, now),
        }
    }

    fn is_full(&self) -> bool {
        self.process.as_ref().is_some_and(Process::is_full)
    }

    /// There is always room then, and a process without end would never run out of output.
    fn write_failed(&mut self) {
        if let Some(process) = &self.process {
            process.end_input();
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.client.deadline()
    }

    fn wants_frames(&self) -> bool {
        self.client.log.wants_frames()
    }
}

impl Bridge {
    fn deliver(&mut self, post: &Post, turn: &mut Turn<'_>) {
        let mut answer = Answer::new(&mut self.client.log, &mut self.stop);
        // It fails only on a connection that is closing.
        let _ = answer.deliver(post, &mut self.outbox, turn);
    }
}
