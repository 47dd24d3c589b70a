//! Engine.IO over HTTP long polling, as a stream for the driver.
//!
//! The driver's engine speaks WebSocket frames with this side, which makes requests of them and frames of
//! answers, so that no mode knows what carries its messages. When a WebSocket takes the session over, the
//! driver gets the engine that has probed it, and frames pass through unchanged.

mod carry;
mod failure;
mod http;
mod outgoing;
mod probe;
mod session;
mod shared;

use std::fmt;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use carry::carry;
use failure::Failure;
use http::{Http, Kept};
use probe::WebSocket;
use session::Session;
use shared::Shared;

use super::error::OpenProblem;
use super::options::Options;
use super::transport::Transport;
use crate::dial::Stream;
use crate::event::Carried;
use crate::ontop::socketio::engine::{EnginePacket, Handshake, Version};
use crate::ontop::socketio::payload;
use crate::proto::buffer::Buffer;
use crate::proto::connection::Connection;
use crate::proto::http1::Head;

/// The longest session id in bytes: servers send 20, and it is in the target of every request.
const LONGEST_SID: usize = 1 << 10;
/// The start of the first answer that an error shows, in characters.
const SHOWN: usize = 40;

pub struct Polling {
    shared: Rc<Shared>,
    stage: Stage,
    since: Instant,
}

type Work = Pin<Box<dyn Future<Output = Result<Option<WebSocket>, Failure>>>>;

enum Stage {
    Http(Work),
    WebSocket {
        stream: Box<Stream>,
        /// Until the driver takes it.
        connection: Option<Box<Connection>>,
        /// Frames that the driver wrote before, and how much of them is written.
        ahead: (Vec<u8>, usize),
    },
    /// With the reason, unless it is reported.
    Over(Option<Failure>),
}

impl fmt::Debug for Polling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::Http(_) => "HTTP",
            Stage::WebSocket { .. } => "WebSocket",
            Stage::Over(_) => "over",
        };
        f.debug_tuple("Polling").field(&stage).finish()
    }
}

/// Begins a session with the answer to the first request, which was made with `options`.
pub(super) async fn open(
    stream: Stream,
    input: Buffer,
    response: Head,
    options: Options,
) -> Result<Polling, OpenProblem> {
    let options = Rc::new(options);
    let shared = Rc::new(Shared::new());
    let kept = Some(Kept { stream, input });
    let mut get = Http::new(Rc::clone(&options), Rc::clone(&shared), kept);
    let first = get.first(response).await;
    let first = first.map_err(|failure| OpenProblem::NoEngine(failure.to_string()))?;
    let asked = if options.offer.target.contains("EIO=3") {
        Version::V3
    } else {
        Version::V4
    };
    let Some((version, handshake)) = handshake(asked, first.is_binary, &first.body) else {
        return Err(OpenProblem::NoEngine(start(&first.body)));
    };
    if version != asked {
        return Err(OpenProblem::OtherVersion(version.number()));
    }
    if handshake.sid.len() > LONGEST_SID {
        return Err(OpenProblem::NoEngine("its sid is too long".to_owned()));
    }
    let wants_upgrade = options.polling.is_some_and(|polling| polling.upgrades);
    let has_upgrade = handshake.upgrades.iter().any(|it| it == "websocket");
    if wants_upgrade && !has_upgrade {
        let text = "the server offers no upgrade to WebSocket, so long polling continues";
        shared.report(Carried::Note(text.to_owned()));
    }
    let session = Rc::new(Session {
        options,
        version,
        sid: handshake.sid,
        upgrades: wants_upgrade && has_upgrade,
        max_payload: handshake.max_payload,
    });
    Ok(Polling {
        stage: Stage::Http(Box::pin(carry(get, first, session, Rc::clone(&shared)))),
        shared,
        since: Instant::now(),
    })
}

/// The open packet at the start of a body, and the version in which it is written.
fn handshake(asked: Version, is_binary: bool, body: &[u8]) -> Option<(Version, Handshake)> {
    [asked, asked.other()].into_iter().find_map(|version| {
        match payload::decode(version, is_binary, body).next() {
            Some(Ok(EnginePacket::Open(handshake))) => Some((version, handshake)),
            _ => None,
        }
    })
}

/// What came in the place of an open packet.
fn start(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let start: String = text.trim().chars().take(SHOWN).collect();
    if start.is_empty() {
        "its body is empty".to_owned()
    } else {
        format!("it starts with {start:?}")
    }
}

impl Polling {
    /// Continues the requests.
    fn work(&mut self, cx: &mut Context<'_>) {
        let Stage::Http(work) = &mut self.stage else {
            return;
        };
        let Poll::Ready(result) = work.as_mut().poll(cx) else {
            return;
        };
        self.stage = match result {
            Ok(Some(WebSocket { stream, connection })) => {
                let after = self.since.elapsed();
                self.shared.report(Carried::Upgraded(after));
                Stage::WebSocket {
                    stream: Box::new(stream),
                    connection: Some(connection),
                    ahead: (self.shared.outgoing.borrow_mut().rest(), 0),
                }
            }
            Ok(None) => Stage::Over(None),
            Err(failure) => {
                failure.report(&self.shared);
                Stage::Over(Some(failure))
            }
        };
    }
}

impl Transport for Polling {
    fn reset_on_drop(&mut self) {
        if let Stage::WebSocket { stream, .. } = &mut self.stage {
            stream.reset_on_drop();
        }
    }

    fn has_frames(&self) -> bool {
        matches!(self.stage, Stage::WebSocket { .. })
    }

    fn take_event(&mut self) -> Option<Carried> {
        self.shared.take_event()
    }

    fn has_event(&self) -> bool {
        self.shared.has_event()
    }

    fn take_successor(&mut self) -> Option<Box<Connection>> {
        match &mut self.stage {
            Stage::WebSocket { connection, .. } if self.shared.is_drained() => connection.take(),
            _ => None,
        }
    }
}

impl AsyncRead for Polling {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.work(cx);
        if this.shared.read(buf) {
            return Poll::Ready(Ok(()));
        }
        match &mut this.stage {
            // What a WebSocket receives waits until the driver has the engine for it.
            Stage::Http(_)
            | Stage::WebSocket {
                connection: Some(_),
                ..
            } => Poll::Pending,
            Stage::WebSocket { stream, .. } => Pin::new(stream).poll_read(cx, buf),
            Stage::Over(failure) => Poll::Ready(match failure.take() {
                Some(failure) => Err(io::Error::other(failure.to_string())),
                None => Ok(()),
            }),
        }
    }
}

impl AsyncWrite for Polling {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match &mut this.stage {
            Stage::Http(_) => {
                let written = this.shared.poll_write(cx, bytes);
                this.work(cx);
                written.map(Ok)
            }
            Stage::WebSocket {
                stream,
                connection,
                ahead: (ahead, written),
            } => {
                if connection.is_some() {
                    ahead.extend_from_slice(bytes);
                    return Poll::Ready(Ok(bytes.len()));
                }
                ready!(poll_ahead(cx, stream, ahead, written))?;
                Pin::new(stream).poll_write(cx, bytes)
            }
            // The reason is read.
            Stage::Over(_) => Poll::Ready(Ok(bytes.len())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stage {
            Stage::WebSocket {
                stream,
                ahead: (ahead, written),
                ..
            } => {
                ready!(poll_ahead(cx, stream, ahead, written))?;
                Pin::new(stream).poll_flush(cx)
            }
            Stage::Http(_) | Stage::Over(_) => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stage {
            Stage::WebSocket { stream, .. } => Pin::new(stream).poll_shutdown(cx),
            Stage::Http(_) | Stage::Over(_) => Poll::Ready(Ok(())),
        }
    }
}

/// Writes what comes before everything else.
fn poll_ahead(
    cx: &mut Context<'_>,
    stream: &mut Stream,
    ahead: &mut Vec<u8>,
    written: &mut usize,
) -> Poll<io::Result<()>> {
    while *written < ahead.len() {
        let n = ready!(Pin::new(&mut *stream).poll_write(cx, &ahead[*written..]))?;
        if n == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        *written += n;
    }
    (*ahead, *written) = (Vec::new(), 0);
    Poll::Ready(Ok(()))
}
