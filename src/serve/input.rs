//! `--split events`: a program that scripts the server writes events to its stdin.

use std::borrow::Cow;
use std::future::poll_fn;
use std::io;

use serde::Deserialize;

use super::hub::{Hub, Post, To};
use super::on_top::OnTop;
use crate::acceptor::Log;
use crate::command::{Outgoing, grammar};
use crate::diagnostic::one_line;
use crate::outbox::SendError;
use crate::proto::frame::{CloseFrame, MAX_CONTROL};
use crate::render::Role;
use crate::render::escape::escape_line;
use crate::render::jsonl;
use crate::term::Stdin;

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    client: Option<u64>,
    data: Option<Cow<'a, str>>,
    base64: Option<Cow<'a, str>>,
    code: Option<u16>,
    reason: Option<Cow<'a, str>>,
}

/// The longest line, in bytes: a message of 64 MiB whose every byte is escaped fits.
const LONGEST: usize = 512 << 20;
const READ: usize = 64 << 10;

/// Sends what stdin says, to the client that a line names or to all; returns at its end.
pub(super) async fn follow(hub: Hub, on_top: Option<OnTop>, log: Log) {
    if let Err(error) = read(&hub, on_top.as_ref(), &log).await {
        log.note(Role::Error, &format!("! cannot read stdin: {error}"));
    }
}

async fn read(hub: &Hub, on_top: Option<&OnTop>, log: &Log) -> io::Result<()> {
    let mut stdin = Stdin::open()?;
    let (mut buffer, mut searched, mut number) = (Vec::new(), 0, 0_u64);
    let mut block = vec![0; READ];
    loop {
        let read = poll_fn(|cx| stdin.poll_read(cx, &mut block)).await?;
        if read == 0 && buffer.is_empty() {
            return Ok(());
        }
        buffer.extend_from_slice(&block[..read]);
        // A writer that never pauses leaves a turn to the clients and to signals.
        tokio::task::yield_now().await;
        if read == 0 {
            buffer.push(b'\n');
        }
        let mut begin = 0;
        while let Some(at) = memchr::memchr(b'\n', &buffer[searched..]) {
            let end = searched + at;
            number += 1;
            if let Err(problem) = line(&buffer[begin..end], hub, on_top) {
                let text = format!("! stdin, line {number}: {problem}");
                log.note(Role::Error, &escape_line(&text));
            }
            begin = end + 1;
            searched = begin;
        }
        buffer.drain(..begin);
        searched = buffer.len();
        if searched > LONGEST {
            return Err(io::Error::other("a line is longer than 512 MiB"));
        }
    }
}

/// Sends what one line says.
fn line(bytes: &[u8], hub: &Hub, on_top: Option<&OnTop>) -> Result<(), String> {
    let message = jsonl::message(bytes).map_err(|error| error.to_string())?;
    if bytes.trim_ascii().is_empty() {
        return Ok(());
    }
    let line: Line<'_> =
        serde_json::from_slice(bytes).map_err(|error| jsonl::without_line(&error))?;
    let to = line.client.map_or(To::All, To::Client);
    if line.event == "command" {
        return command(&line, to, hub, on_top);
    }
    let post = match message {
        Some((kind, payload)) => Post::message(kind, &payload),
        None => match control(&line)? {
            Some(outgoing) => Post::new(outgoing),
            None => return Ok(()),
        },
    };
    match (hub.post(None, to, &post), line.client) {
        ((0, _), Some(client)) => Err(format!("client {client} is not connected")),
        _ => Ok(()),
    }
}

/// Does what a command of the protocol on top says.
fn command(line: &Line<'_>, to: To<'_>, hub: &Hub, on_top: Option<&OnTop>) -> Result<(), String> {
    let on_top = on_top.ok_or("a command needs --as, with another protocol than socket.io")?;
    let text = line.data.as_deref();
    let text = text.ok_or("a command has its text in data")?;
    let done = if text.starts_with('/') && on_top.half.verb(text).is_none() {
        Err(on_top.half.unknown(text))
    } else {
        on_top.order(text, to, hub).map(drop)
    };
    done.map_err(|error| one_line(&SendError::from(error)))
}

/// Events that `--jsonl` prints, and that say nothing to do.
const OTHERS: [&str; 7] = [
    "open", "message", "frame", "error", "retry", "fault", "closed",
];

fn control(line: &Line<'_>) -> Result<Option<Outgoing>, String> {
    Ok(Some(match &*line.event {
        "ping" => Outgoing::Ping(payload(line)?),
        "pong" => Outgoing::Pong(payload(line)?),
        "close" => Outgoing::Close {
            code: line.code.map(close_code).transpose()?,
            reason: reason(line)?,
        },
        // What --jsonl prints may come back.
        event if OTHERS.contains(&event) => return Ok(None),
        event => {
            return Err(format!(
                "{event:?} is not an event to send; these are message, command, ping, pong and close"
            ));
        }
    }))
}

fn payload(line: &Line<'_>) -> Result<Vec<u8>, String> {
    let payload = jsonl::control_payload(line.data.as_deref(), line.base64.as_deref());
    let payload = payload.map_err(|error| error.to_string())?;
    match payload.len() {
        0..=MAX_CONTROL => Ok(payload),
        _ => Err(format!("a {} has at most {MAX_CONTROL} bytes", line.event)),
    }
}

fn close_code(code: u16) -> Result<u16, String> {
    grammar::close_code(&code.to_string())
        .map_err(|_| format!("{code} is not a close code that may be sent"))
}

fn reason(line: &Line<'_>) -> Result<String, String> {
    let reason = line.reason.as_deref().unwrap_or_default();
    match reason.len() {
        0..=CloseFrame::MAX_REASON => Ok(reason.to_owned()),
        _ => Err(format!(
            "a reason has at most {} bytes",
            CloseFrame::MAX_REASON
        )),
    }
}
