//! HTTP/2 as the way to a WebSocket: one connection, one stream, which extended CONNECT opens (RFC 8441).
//!
//! Nothing is spawned: the connection makes progress while its stream is read, written or flushed, in the
//! task that does that.

mod end;
mod error;
pub mod flow;
pub mod input;
mod log;
mod output;
mod tunnel;
mod wire;

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::client::{Connection, ResponseFuture, SendRequest};
use h2::ext::Protocol;
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri};

use super::Step;
use crate::proto::handshake::like::Http2;
use crate::proto::http1::Head;
use crate::proto::http2::frame::{ErrorCode, Setting};
use crate::proto::http2::hpack;
pub use end::{How, StreamEnd};
pub use error::Http2Error;
pub use input::MOST_IN_TURN;
pub use log::Seen;
pub use tunnel::Tunnel;
use tunnel::{Link, failure};
use wire::{Below, Shared, Tap};

/// Which HTTP opens a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versions {
    #[default]
    Http1,
    Http2,
    /// As a browser chooses: HTTP/2 where the server has it with extended CONNECT, else HTTP/1.1.
    Auto,
}

impl Versions {
    /// The names to offer with ALPN (RFC 7301), in order of preference.
    pub(super) fn alpn(self) -> Vec<Vec<u8>> {
        let names: &[&str] = match self {
            // RFC 6455 §4.1 requires HTTP/1.1; without ALPN a server may choose HTTP/2.
            Self::Http1 => &["http/1.1"],
            Self::Http2 => &["h2"],
            Self::Auto => &["h2", "http/1.1"],
        };
        names.iter().map(|name| name.as_bytes().to_vec()).collect()
    }
}

/// The window of a stream in bytes, as large as Chrome's: one message of several MiB in a round trip.
const WINDOW: u32 = 6 << 20;
/// The window of the connection, which has no other stream.
const CONNECTION_WINDOW: u32 = 15 << 20;
/// What waits to be sent, in bytes: enough for a whole output buffer of the session.
const SEND_BUFFER: usize = 1 << 20;
/// What the library adds to the size of unread DATA frames of less than 256 bytes, at most, before it ends the connection.
///
/// A whole window of frames of 48 bytes, the size of a short message, costs 26 MiB. The library's own limit is that of
/// 42 000 frames, which a busy server has sent while a slow reader of wsee's output was at work.
const SMALL_FRAMES: usize = 32 << 20;

/// A connection whose server allows extended CONNECT.
#[derive(Debug)]
pub struct Client {
    link: Link,
    requests: SendRequest<Bytes>,
    like: Option<&'static Http2>,
}

/// Speaks HTTP/2 on `stream` up to the server's SETTINGS.
pub(super) async fn open(
    stream: impl Below + 'static,
    like: Option<&'static Http2>,
    step: &mut dyn FnMut(Step),
) -> Result<Client, Http2Error> {
    let wire = Shared::new(Box::new(stream));
    let mut builder = h2::client::Builder::new();
    builder
        .initial_window_size(WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buffer_size(SEND_BUFFER)
        .data_frame_budget(SMALL_FRAMES)
        .max_header_list_size(u32::try_from(Head::MAX_BYTES).unwrap_or(u32::MAX))
        .enable_push(false);
    if let Some(like) = like {
        imitate(like, &mut builder);
        wire.lock().output.replace_settings(settings_frame(like));
    }
    let opened = builder.handshake::<_, Bytes>(Tap(wire.clone())).await;
    let (requests, connection): (SendRequest<Bytes>, Connection<Tap, Bytes>) =
        opened.map_err(|error| failure(&wire, Some(&error)))?;
    let mut link = Link::new(connection, wire);
    // No ping is needed to know that they were read: they are in the log, and what is in it was read.
    poll_fn(|cx| {
        let over = link.drive(cx);
        link.report(step);
        match over {
            Poll::Ready(()) => Poll::Ready(Err(link.failure())),
            Poll::Pending if link.wire.lock().log.settings.is_some() => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        }
    })
    .await?;
    let settings = link.wire.lock().log.settings.clone().unwrap_or_default();
    let value = |id| {
        settings
            .iter()
            .rev()
            .find(|it| it.id == id)
            .map(|it| it.value)
    };
    if value(Setting::ENABLE_CONNECT_PROTOCOL) != Some(1) {
        return Err(Http2Error::NoSetting);
    }
    if value(Setting::MAX_CONCURRENT_STREAMS) == Some(0) {
        return Err(Http2Error::NoStreams);
    }
    Ok(Client {
        link,
        requests,
        like,
    })
}

/// The window of a stream or a connection that no SETTINGS and no `WINDOW_UPDATE` changed (RFC 9113 §6.9.2).
const FIRST_WINDOW: u32 = 65_535;

/// Gives the library the windows of another client, and no less than its table of fields.
fn imitate(like: &Http2, builder: &mut h2::client::Builder) {
    let value = |id| like.settings.iter().find(|it| it.0 == id).map(|it| it.1);
    // A stream's WINDOW_UPDATE comes with the request, and is not the library's.
    let window = value(Setting::INITIAL_WINDOW_SIZE).unwrap_or(FIRST_WINDOW);
    builder
        .initial_window_size(window + like.stream_window.unwrap_or(0))
        .initial_connection_window_size(FIRST_WINDOW + like.window);
    if let Some(size) = value(Setting::HEADER_TABLE_SIZE) {
        builder.header_table_size(size);
    }
}

fn settings_frame(like: &Http2) -> Vec<u8> {
    let settings = like.settings.iter();
    let payload =
        settings.flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat());
    hpack::frame(hpack::SETTINGS, 0, 0, &payload.collect::<Vec<_>>())
}

impl Client {
    /// Ends the connection in order, as far as it takes that at once.
    pub fn leave(self) {
        let Self {
            mut link, requests, ..
        } = self;
        // The last one that could send a request.
        drop(requests);
        link.flush();
    }

    /// Sends a request whose pseudo-header fields are among its fields.
    pub fn request(mut self, head: &Head) -> Result<Asked, Http2Error> {
        let request = encode(head)?;
        if self.like.is_some() || !hpack::is_natural(head) {
            let mut frames = hpack::frames(head, self.like.map(|like| like.priority));
            if let Some(window) = self.like.and_then(|like| like.stream_window) {
                frames.extend(hpack::frame(
                    hpack::WINDOW_UPDATE,
                    0,
                    1,
                    &window.to_be_bytes(),
                ));
            }
            self.link.wire.lock().output.replace_request(frames);
        }
        let sent = self.requests.send_request(request, false);
        let (response, sender) = sent.map_err(|error| {
            if error.is_io() || error.is_go_away() {
                failure(&self.link.wire, Some(&error))
            } else {
                Http2Error::Request(error.to_string())
            }
        })?;
        Ok(Asked {
            link: self.link,
            response,
            sender,
        })
    }
}

/// A request that is not answered yet.
#[derive(Debug)]
pub struct Asked {
    link: Link,
    response: ResponseFuture,
    sender: h2::SendStream<Bytes>,
}

impl Asked {
    /// Waits for the answer, after interim ones; its body, or the WebSocket, is in the stream.
    pub async fn answer(
        mut self,
        step: &mut dyn FnMut(Step),
    ) -> Result<(Head, Tunnel), Http2Error> {
        let response = poll_fn(|cx| self.poll(cx, step)).await?;
        self.link.wire.lock().log.is_answered = true;
        let (parts, body) = response.into_parts();
        if parts.headers.len() > Head::MAX_FIELDS {
            return Err(Http2Error::TooManyFields);
        }
        let line = format!("HTTP/2 {}", parts.status.as_str());
        let fields = parts.headers.iter();
        let fields = fields.map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()));
        let head = Head::encode_bytes(line.as_bytes(), fields);
        Ok((head, Tunnel::new(self.link, self.sender, body)))
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        step: &mut dyn FnMut(Step),
    ) -> Poll<Result<Response<h2::RecvStream>, Http2Error>> {
        let over = self.link.drive(cx);
        self.link.report(step);
        match Pin::new(&mut self.response).poll(cx) {
            Poll::Ready(Ok(response)) => Poll::Ready(Ok(response)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(self.refusal(&error))),
            Poll::Pending => match over {
                Poll::Ready(()) => Poll::Ready(Err(self.link.failure())),
                // It may name the stream as one that it still answers; browsers do not wait for that.
                Poll::Pending if self.link.wire.lock().log.requires_http1() => {
                    Poll::Ready(Err(self.link.failure()))
                }
                Poll::Pending => Poll::Pending,
            },
        }
    }

    fn refusal(&self, error: &h2::Error) -> Http2Error {
        match error.reason() {
            Some(code) if error.is_reset() && error.is_remote() => {
                Http2Error::Reset(ErrorCode(code.into()))
            }
            _ => failure(&self.link.wire, Some(error)),
        }
    }
}

/// The request of a head that begins with pseudo-header fields.
fn encode(head: &Head) -> Result<Request<()>, Http2Error> {
    let problem = |what: &str, value: &[u8]| {
        let value = String::from_utf8_lossy(value);
        Http2Error::Request(format!("{value:?} is not a valid {what}"))
    };
    let text = |name: &str| head.text(name).unwrap_or_default();
    let (scheme, authority, path) = (text(":scheme"), text(":authority"), text(":path"));
    let uri = format!("{scheme}://{authority}{path}");
    let uri: Uri = uri.parse().map_err(|_| problem("URI", uri.as_bytes()))?;
    let mut request = Request::new(());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = uri;
    request
        .extensions_mut()
        .insert(Protocol::from(text(":protocol").as_str()));
    for (name, value) in head.fields().filter(|(name, _)| !name.starts_with(b":")) {
        let header = HeaderName::from_bytes(name).map_err(|_| problem("field name", name))?;
        let value = HeaderValue::from_bytes(value).map_err(|_| problem("field value", value))?;
        let added = request.headers_mut().try_append(header, value);
        added.map_err(|_| Http2Error::Request("it has too many fields".to_owned()))?;
    }
    Ok(request)
}
