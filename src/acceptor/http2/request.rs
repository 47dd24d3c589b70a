//! A request of a stream, and its answer.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use tokio::io::{AsyncRead, ReadBuf};

use super::stream::{Stream, read};
use super::stream_error;
use super::tap::Shared;
use crate::dial::http2::flow::{Incoming, Outgoing};
use crate::proto::http1::{Head, HeadError};
use crate::proto::http2::frame::ErrorCode;

/// A request that is not answered yet; reading it is reading what follows its head.
#[derive(Debug)]
pub struct Request {
    head: Result<Head, HeadError>,
    body: Incoming,
    respond: SendResponse<Bytes>,
    passed: Shared,
}

impl Request {
    pub(super) fn new(
        request: http::Request<RecvStream>,
        respond: SendResponse<Bytes>,
        passed: Shared,
    ) -> Self {
        let (parts, body) = request.into_parts();
        Self {
            head: head(&parts),
            body: Incoming::new(body),
            respond,
            passed,
        }
    }

    /// The number of the stream.
    pub fn stream(&self) -> u32 {
        self.respond.stream_id().as_u32()
    }

    /// Its head, in which the pseudo-header fields come first.
    pub fn head(&self) -> &Result<Head, HeadError> {
        &self.head
    }

    /// Answers, and leaves the stream open.
    pub fn accept(self, response: &Head) -> io::Result<Stream> {
        self.answer(response)
    }

    /// Answers, and ends the stream after `body`.
    pub fn refuse(self, response: &Head, body: &[u8]) -> io::Result<Stream> {
        let mut stream = self.answer(response)?;
        stream.end_with(Bytes::copy_from_slice(body));
        Ok(stream)
    }

    /// Resets the stream instead of an answer.
    pub fn reset(mut self, code: ErrorCode) {
        self.respond.send_reset(Reason::from(code.0));
    }

    /// Why it cannot be answered any more, if its stream is over already.
    pub fn failure(&mut self) -> Option<io::Error> {
        // Asked once, without waiting for it.
        let mut context = Context::from_waker(Waker::noop());
        match self.respond.poll_reset(&mut context) {
            Poll::Ready(reset) => Some(self.ended(reset.err())),
            Poll::Pending => None,
        }
    }

    /// What ended the stream: the library says that with what is read, and not where it is answered.
    fn ended(&mut self, otherwise: Option<h2::Error>) -> io::Error {
        match self.body.failure().or(otherwise) {
            Some(error) => stream_error(&self.passed, &error),
            None => io::Error::other("the HTTP/2 stream ended before it was answered"),
        }
    }

    fn answer(mut self, head: &Head) -> io::Result<Stream> {
        let response = encode(head)?;
        match self.respond.send_response(response, false) {
            Ok(outgoing) => {
                let outgoing = Outgoing::new(outgoing);
                Ok(Stream::new(self.body, outgoing, self.passed))
            }
            Err(error) => Err(self.ended(Some(error))),
        }
    }
}

impl AsyncRead for Request {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        read(&mut this.body, &this.passed, cx, buf)
    }
}

/// The head of a request, as it would look in text.
fn head(parts: &http::request::Parts) -> Result<Head, HeadError> {
    if parts.headers.len() > Head::MAX_FIELDS {
        return Err(HeadError::TooManyFields);
    }
    let uri = &parts.uri;
    let target = uri.path_and_query().map_or("", |it| it.as_str());
    let authority = uri.authority().map(http::uri::Authority::as_str);
    let protocol = parts.extensions.get::<h2::ext::Protocol>();
    let method = parts.method.as_str();
    // RFC 9113 §8.5: CONNECT without a protocol has an authority only.
    let line = match (target, authority) {
        ("", Some(authority)) => format!("{method} {authority} HTTP/2"),
        _ => format!("{method} {target} HTTP/2"),
    };
    let pseudo = [
        (":method", Some(method)),
        (":scheme", uri.scheme_str()),
        (":authority", authority),
        (":path", Some(target).filter(|target| !target.is_empty())),
        (":protocol", protocol.map(h2::ext::Protocol::as_str)),
    ];
    let pseudo = pseudo.into_iter();
    let pseudo = pseudo.filter_map(|(name, value)| Some((name.as_bytes(), value?.as_bytes())));
    let fields = parts.headers.iter();
    let fields = fields.map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()));
    Ok(Head::encode_bytes(line.as_bytes(), pseudo.chain(fields)))
}

fn encode(head: &Head) -> io::Result<Response<()>> {
    let problem = |what: &str, text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        io::Error::other(format!("{text:?} is not a valid {what} of HTTP/2"))
    };
    let status = head.status().and_then(|it| StatusCode::from_u16(it).ok());
    let mut response = Response::new(());
    *response.status_mut() = status.ok_or_else(|| problem("status", head.start_line()))?;
    for (name, value) in head.fields() {
        let header = HeaderName::from_bytes(name).map_err(|_| problem("field name", name))?;
        let value = HeaderValue::from_bytes(value).map_err(|_| problem("field value", value))?;
        let added = response.headers_mut().try_append(header, value);
        added.map_err(|_| problem("number of fields", name))?;
    }
    Ok(response)
}
