//! HTTP/2 from the server's side: a connection, and the requests of its streams (RFC 9113, RFC 8441).

mod exchange;
mod request;
mod stream;
mod tap;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::{Builder, SendResponse};
use tokio::net::TcpStream;

use crate::dial::http2::{How, Seen, StreamEnd};
use crate::dial::io_text;
use crate::proto::http1::Head;
use crate::proto::http2::frame::{ErrorCode, GoAway};
use crate::render::escape::escape_line;
use crate::session::Transport;
pub use exchange::Exchange;
pub use request::Request;
pub use stream::Stream;
use tap::{PREFACE, Shared, Tap, Unasked};

/// Streams that a client may have open at a time: more than a page has, and few enough for one connection.
const MOST_STREAMS: u32 = 256;
/// The window of a stream in bytes: what a client sends before it is read.
const WINDOW: u32 = 512 << 10;
/// The window of a connection: what all its streams leave unread.
const CONNECTION_WINDOW: u32 = 1 << 20;
/// The memory for frames that are not read yet, as the library counts it: 256 bytes for each, less its length.
///
/// A window full of messages of five bytes fits. With the library's default, a client that sends small messages faster
/// than they are read is cut instead of slowed down.
const SMALL_FRAMES: usize = 24 << 20;
/// What waits to be sent on a stream, in bytes.
const SEND_BUFFER: usize = 256 << 10;

/// What a server announces.
#[derive(Debug, Clone, Copy)]
pub struct Announced {
    pub streams: u32,
    /// Extended CONNECT is allowed (RFC 8441 §3).
    pub connects: bool,
}

impl Announced {
    /// Extended CONNECT, in as many streams as are served.
    pub const ALL: Self = Self {
        streams: MOST_STREAMS,
        connects: true,
    };
}

/// A connection; its streams make progress while it is asked for the next event.
pub struct Connection {
    library: h2::server::Connection<Tap, Bytes>,
    passed: Shared,
    notes: VecDeque<String>,
    polled: Option<Polled>,
    /// What the library refused by itself is noted once for each reason.
    has_noted: [bool; 2],
    /// Extended CONNECT is allowed.
    connects: bool,
}

type Polled = Option<Result<(http::Request<RecvStream>, SendResponse<Bytes>), h2::Error>>;

/// What happens on a connection.
#[derive(Debug)]
pub enum Next {
    Request(Box<Request>),
    /// A frame that says how the connection fares.
    Seen(Seen),
    /// A request that does not become one of the server's; safe to print.
    Refused(String),
    /// It is over; with the reason if that is an error, safe to print.
    Over(Option<String>),
}

/// Whether a client without TLS begins with HTTP/2, by its first bytes, which are not consumed.
pub async fn is_spoken(stream: &TcpStream) -> io::Result<bool> {
    let mut start = [0; 4];
    loop {
        stream.readable().await?;
        let n = stream.peek(&mut start).await?;
        // No method of HTTP/1.1 begins with these.
        if start[..n] != PREFACE[..n] || n == 0 {
            return Ok(false);
        }
        if n == start.len() {
            return Ok(true);
        }
        // The socket stays readable, so that it cannot be waited for.
        tokio::time::sleep(REST_OF_PREFACE).await;
    }
}

/// How often to look for the rest of a preface that came in pieces.
const REST_OF_PREFACE: Duration = Duration::from_millis(20);

impl Connection {
    /// Reads the client's preface and sends SETTINGS; the error is safe to print.
    pub async fn open(stream: Box<dyn Transport>, announced: Announced) -> Result<Self, String> {
        let passed = Shared::default();
        let tap = Tap::new(stream, passed.clone());
        let mut builder = Builder::new();
        builder
            .initial_window_size(WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .data_frame_budget(SMALL_FRAMES)
            .max_send_buffer_size(SEND_BUFFER)
            .max_header_list_size(u32::try_from(Head::MAX_BYTES).unwrap_or(u32::MAX))
            .max_concurrent_streams(announced.streams);
        if announced.connects {
            builder.enable_connect_protocol();
        }
        let opened = builder.handshake(tap).await;
        let library = opened.map_err(|error| failure(&passed, &error))?;
        Ok(Self {
            library,
            passed,
            notes: VecDeque::new(),
            polled: None,
            has_noted: [false; 2],
            connects: announced.connects,
        })
    }

    /// What happens next; not to be called after the end. The future may be dropped and made again.
    pub async fn next(&mut self) -> Next {
        poll_fn(|cx| {
            // Frames are shown before more are read.
            if let Some(seen) = self.passed.borrow_mut().take() {
                return Poll::Ready(Next::Seen(seen));
            }
            if self.polled.is_none()
                && let Poll::Ready(polled) = self.library.poll_accept(cx)
            {
                self.polled = Some(polled);
            }
            if let Some(seen) = self.passed.borrow_mut().take() {
                return Poll::Ready(Next::Seen(seen));
            }
            self.note_unasked();
            if let Some(note) = self.notes.pop_front() {
                return Poll::Ready(Next::Refused(note));
            }
            match self.polled.take() {
                None => Poll::Pending,
                Some(None) => Poll::Ready(Next::Over(None)),
                Some(Some(Err(error))) => Poll::Ready(Next::Over(ending(&self.passed, &error))),
                Some(Some(Ok((request, respond)))) => {
                    let request = Request::new(request, respond, self.passed.clone());
                    self.passed.borrow_mut().last = request.stream();
                    Poll::Ready(Next::Request(Box::new(request)))
                }
            }
        })
        .await
    }

    /// Lets no more streams begin; it is over when the client knows that and all streams have ended.
    pub fn end(&mut self) {
        self.library.graceful_shutdown();
    }

    fn note_unasked(&mut self) {
        let unasked = std::mem::take(&mut self.passed.borrow_mut().unasked);
        for unasked in unasked {
            let is_large = matches!(unasked, Unasked::TooLarge(_));
            let has_noted = &mut self.has_noted[usize::from(is_large)];
            if !std::mem::replace(has_noted, true) {
                self.notes.push_back(refusal(unasked, self.connects));
            }
        }
    }
}

fn refusal(unasked: Unasked, connects: bool) -> String {
    match unasked {
        Unasked::TooLarge(stream) => format!(
            "stream {stream} refused with 431: its fields take more than {} KiB",
            Head::MAX_BYTES >> 10
        ),
        Unasked::Reset(stream, ErrorCode::REFUSED_STREAM) => format!(
            "stream {stream} reset with REFUSED_STREAM: more streams than MAX_CONCURRENT_STREAMS allows"
        ),
        Unasked::Reset(stream, code) => {
            let why = if connects {
                "malformed, as without a pseudo-header field such as :path"
            } else {
                "malformed, or an extended CONNECT that was not offered"
            };
            format!("stream {stream} reset with {code}: {why}")
        }
    }
}

/// Why a connection did not open.
fn failure(passed: &Shared, error: &h2::Error) -> String {
    ending(passed, error)
        .unwrap_or_else(|| "the client left before its preface was complete".to_owned())
}

/// Why a connection is over; `None` if the client left in order.
fn ending(passed: &Shared, error: &h2::Error) -> Option<String> {
    let passed = passed.borrow();
    let text = match (&passed.received_go_away, &passed.sent_go_away) {
        (Some(go_away), _) if error.is_remote() => {
            if go_away.code == ErrorCode::NO_ERROR {
                return None;
            }
            format!("the client sent GOAWAY {}", said(go_away))
        }
        (_, Some(go_away)) if !error.is_io() => {
            format!(
                "the client breaks HTTP/2; wsee ended the connection with {}",
                said(go_away)
            )
        }
        _ => match (error.get_io(), error.reason()) {
            (Some(error), _) if error.kind() == io::ErrorKind::UnexpectedEof => return None,
            (Some(error), _) => io_text(error),
            (None, Some(code)) => {
                let code = ErrorCode(code.into());
                format!("the client breaks HTTP/2; wsee ended the connection with {code}")
            }
            (None, None) => error.to_string(),
        },
    };
    Some(escape_line(&text).into_owned())
}

fn said(go_away: &GoAway) -> String {
    let code = go_away.code;
    if go_away.debug.is_empty() {
        return code.to_string();
    }
    // The whole line is escaped.
    format!("{code} (\"{}\")", String::from_utf8_lossy(&go_away.debug))
}

/// What the other end did to a stream that broke.
fn stream_error(passed: &Shared, error: &h2::Error) -> io::Error {
    let Some(reason) = error.reason() else {
        // The library leaves streams open after a GOAWAY, and knows it no more when their connection is gone.
        if let Some(go_away) = passed.borrow().failure() {
            let text = format!("the client sent GOAWAY {}", said(go_away));
            return StreamEnd::error(How::Code(go_away.code), text);
        }
        let (end, text) = match error.get_io() {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                (error.kind(), io_text(error))
            }
            _ => (
                io::ErrorKind::UnexpectedEof,
                "the client ended the HTTP/2 connection without END_STREAM".to_owned(),
            ),
        };
        return StreamEnd::error(How::Lost(end), text);
    };
    let code = ErrorCode(reason.into());
    let text = match (error.is_reset(), error.is_remote()) {
        (true, true) => format!("the client reset the HTTP/2 stream with {code}"),
        (true, false) => format!("wsee reset the HTTP/2 stream with {code}"),
        (false, true) => format!("the client sent GOAWAY {code}"),
        (false, false) => {
            format!("the client breaks HTTP/2; wsee ended the connection with {code}")
        }
    };
    StreamEnd::error(How::Code(code), text)
}
