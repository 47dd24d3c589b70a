//! The answer to a request, with its body or the connection that it opens.

use std::time::Duration;

use super::trace::Trace;
use super::verdict::Untested;
use super::wire::Wire;
use crate::proto::http1::head::Message;
use crate::proto::http1::{Body, Head, Reader};

/// How long a body is waited for: it is only evidence, and an error page comes with its head.
const BODY: Duration = Duration::from_millis(500);

/// How a server answers a request.
#[derive(Debug)]
pub(super) enum Reply {
    Head(Head),
    /// It ended the connection without an answer: how, in words.
    Ended(&'static str),
    /// The answer is no HTTP, or breaks its rules.
    NotHttp(String),
    /// The TLS handshake failed.
    Tls(String),
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) reply: Reply,
    /// The connection, if the status is 101.
    pub(super) wire: Option<Wire>,
    pub(super) trace: Trace,
}

impl Answer {
    pub(super) fn status(&self) -> Option<u16> {
        match &self.reply {
            Reply::Head(head) => head.status(),
            _ => None,
        }
    }

    pub(super) fn opens(&self) -> bool {
        self.status() == Some(101)
    }

    /// In a few words, such as `403`.
    pub(super) fn brief(&self) -> String {
        match &self.reply {
            Reply::Head(head) => head.status().unwrap_or_default().to_string(),
            Reply::Ended(end) => (*end).to_owned(),
            Reply::NotHttp(problem) | Reply::Tls(problem) => problem.clone(),
        }
    }
}

/// Reads an answer; a deadline around it ends the wait.
pub(super) async fn answer(mut wire: Wire, timeout: Duration) -> Result<Answer, Untested> {
    let mut received = Vec::new();
    let mut start = 0;
    let mut reader = Reader::new(Message::Response);
    let reply = loop {
        match reader.read_leniently(&received[start..]) {
            Ok(Some((head, _))) => {
                let end = start + head.as_bytes().len();
                let is_interim = matches!(head.status(), Some(100 | 102..=199));
                if !is_interim {
                    wire.trace.received.add_head(&received[start..end]);
                    let rest = received.split_off(end);
                    return finish(wire, head, &rest, timeout).await;
                }
                start = end;
                reader = Reader::new(Message::Response);
                continue;
            }
            Ok(None) => {}
            Err(error) => break Reply::NotHttp(error.to_string()),
        }
        match wire.read(timeout).await? {
            None => std::future::pending().await,
            Some(bytes) if bytes.is_empty() => {
                break Reply::Ended(wire.end().unwrap_or("the connection ended"));
            }
            Some(bytes) => received.extend(bytes),
        }
    };
    wire.trace.received.add_head(&received);
    wire.trace.end = wire.end().map(str::to_owned);
    Ok(Answer {
        reply,
        wire: None,
        trace: wire.trace.clone(),
    })
}

/// The rest of an answer: its body, or the open connection.
async fn finish(
    mut wire: Wire,
    head: Head,
    rest: &[u8],
    timeout: Duration,
) -> Result<Answer, Untested> {
    if head.status() == Some(101) {
        wire.open(rest);
        return Ok(Answer {
            reply: Reply::Head(head),
            trace: wire.trace.clone(),
            wire: Some(wire),
        });
    }
    let mut body = Body::new(&head);
    body.push(rest);
    // The rest of a long page shows nothing more.
    while !body.is_done() && body.content().len() < Body::MAX_CONTENT {
        match wire.read(BODY.min(timeout)).await? {
            Some(bytes) if !bytes.is_empty() => body.push(&bytes),
            _ => break,
        };
    }
    wire.trace.received.add(body.content());
    Ok(Answer {
        reply: Reply::Head(head),
        wire: None,
        trace: wire.trace.clone(),
    })
}
