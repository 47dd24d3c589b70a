//! One request and its response, both as they come.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::request::{Request, persists};
use crate::dial::{Stream, io_text};
use crate::proto::buffer::Buffer;
use crate::proto::http1::head::{Message, Reader};
use crate::proto::http1::{Body, Head, HeadError};
use crate::session::Transport;

/// How much of the next requests is read while a response is under way, in bytes: some requests.
const AHEAD: usize = 64 << 10;
/// How long the server may be silent once nothing more comes of the client, which has ended its stream or has sent
/// [`AHEAD`]: whether it still waits cannot be seen, and answers that take longer are rare.
const SILENCE: Duration = Duration::from_secs(30);
/// How many interim responses there may be: far more than servers send.
const MAX_INTERIM: usize = 32;

/// A connection to a server, between requests.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) stream: Stream,
    pub(super) input: Buffer,
    /// Another request has passed on it.
    pub(super) is_used: bool,
}

/// Bytes of requests and responses.
#[derive(Debug, Default)]
pub(super) struct Meter {
    pub(super) sent: Cell<u64>,
    pub(super) received: Cell<u64>,
}

/// How a response ended.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) then: Then,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// Another request may follow.
    Next,
    Close,
    /// The connection has another protocol.
    Switched,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("the body of the request breaks the chunked coding (RFC 9112 §7.1)")]
    Chunks,
    #[error("the client left in the middle of a request")]
    Cut,
    #[error("lost the client: {}", io_text(.0))]
    Client(io::Error),
    #[error("the client ended its stream, and the server sends nothing")]
    Silent,
    #[error("the server closed the connection without an answer")]
    NoAnswer,
    #[error("lost the server: {}", io_text(.0))]
    Server(io::Error),
    #[error("the server's response: {0}")]
    Head(#[from] HeadError),
    #[error("the server's response: {0}")]
    Response(&'static str),
    #[error("the server's response ended early")]
    Truncated,
}

impl Failure {
    /// Whether the client is at fault.
    pub(super) fn is_clients(&self) -> bool {
        matches!(
            self,
            Self::Chunks | Self::Cut | Self::Client(_) | Self::Silent
        )
    }

    /// The same without what may be a secret, for the log.
    pub(super) fn without_values(self) -> Self {
        match self {
            Self::Head(error) => Self::Head(error.without_values()),
            other => other,
        }
    }
}

/// What both directions know of each other.
#[derive(Debug)]
pub(super) struct Progress<'a> {
    meter: &'a Meter,
    is_sent: Cell<bool>,
    /// The client has some of the response.
    pub(super) has_begun: Cell<bool>,
}

impl<'a> Progress<'a> {
    pub(super) fn new(meter: &'a Meter) -> Self {
        Self {
            meter,
            is_sent: Cell::new(false),
            has_begun: Cell::new(false),
        }
    }
}

/// Passes a request on, and its response back; both may be under way at once.
pub(super) async fn exchange(
    front: &mut dyn Transport,
    ahead: &mut Buffer,
    request: &mut Request,
    server: &mut Server,
    progress: &Progress<'_>,
) -> Result<Answered, Failure> {
    let (mut from_client, mut to_client) = tokio::io::split(front);
    let (mut from_server, mut to_server) = tokio::io::split(&mut server.stream);
    let (is_head, upgrades, keeps) = (request.is_head, request.upgrades, request.persists);
    let response = Response {
        from: &mut from_server,
        to: &mut to_client,
        input: &mut server.input,
        progress,
    };
    let upload = upload(&mut from_client, &mut to_server, ahead, request, progress);
    let download = response.pass(is_head, upgrades);
    let mut answered = tokio::select! {
        // The response first: a server may have one before it has read all of the request.
        biased;
        answered = download => answered?,
        failure = upload => return Err(failure),
    };
    if answered.then == Then::Next && (!keeps || !progress.is_sent.get()) {
        answered.then = Then::Close;
    }
    Ok(answered)
}

/// Passes the request on; ends only if the client fails.
async fn upload(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    input: &mut Buffer,
    request: &mut Request,
    progress: &Progress<'_>,
) -> Failure {
    let sent = &progress.meter.sent;
    let mut is_open = send(to, request.head.as_bytes(), sent).await;
    loop {
        let n = request.body.push(input.filled());
        if request.body.is_malformed() {
            return Failure::Chunks;
        }
        // A server that takes nothing more may have said why.
        is_open = is_open && send(to, &input.filled()[..n], sent).await;
        input.consume(n);
        if request.body.is_complete() || !is_open {
            break;
        }
        if let Err(failure) = more(from, input, Failure::Cut).await {
            return failure;
        }
    }
    progress.is_sent.set(is_open);
    while input.len() < AHEAD {
        match more(from, input, Failure::Cut).await {
            Ok(()) => {}
            // The client may wait for the response without sending anything else.
            Err(Failure::Cut) => {
                let _ = to.shutdown().await;
                break;
            }
            Err(failure) => return failure,
        }
    }
    silence(&progress.meter.received).await
}

/// Waits until nothing is received for a while.
async fn silence(received: &Cell<u64>) -> Failure {
    loop {
        let before = received.get();
        tokio::time::sleep(SILENCE).await;
        if received.get() == before {
            return Failure::Silent;
        }
    }
}

async fn more(
    from: &mut (impl AsyncRead + Unpin),
    input: &mut Buffer,
    end: Failure,
) -> Result<(), Failure> {
    match from.read(input.spare(1)).await {
        Ok(0) => Err(end),
        Ok(n) => {
            input.commit(n);
            Ok(())
        }
        Err(error) => Err(Failure::Client(error)),
    }
}

/// Whether the server takes it.
async fn send(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8], sent: &Cell<u64>) -> bool {
    if to.write_all(bytes).await.is_err() || to.flush().await.is_err() {
        return false;
    }
    sent.set(sent.get() + bytes.len() as u64);
    true
}

struct Response<'a, R, W> {
    from: &'a mut R,
    to: &'a mut W,
    input: &'a mut Buffer,
    progress: &'a Progress<'a>,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Response<'_, R, W> {
    async fn pass(mut self, is_head: bool, upgrades: bool) -> Result<Answered, Failure> {
        for _ in 0..MAX_INTERIM {
            let head = self.head().await?;
            let status = head.status().unwrap_or_default();
            match status {
                101 if upgrades => {
                    self.progress.has_begun.set(true);
                    self.write(head.as_bytes()).await?;
                    let then = Then::Switched;
                    return Ok(Answered { status, then });
                }
                101 => return Err(Failure::Response("101 without a request to upgrade")),
                100..=199 => self.write(head.as_bytes()).await?,
                200..=999 => return self.rest(&head, status, is_head).await,
                _ => return Err(Failure::Response("no valid status")),
            }
        }
        Err(Failure::Response("endless interim responses"))
    }

    async fn head(&mut self) -> Result<Head, Failure> {
        let mut reader = Reader::new(Message::Response);
        loop {
            if let Some(head) = reader.read(self.input.filled())? {
                self.input.consume(head.as_bytes().len());
                return Ok(head);
            }
            let is_empty = self.input.is_empty();
            match self.read().await {
                Ok(0) if is_empty => return Err(Failure::NoAnswer),
                Ok(0) => return Err(Failure::Response("it ends in the middle of its head")),
                Ok(_) => {}
                Err(error) if is_empty && is_end(&error) => return Err(Failure::NoAnswer),
                Err(error) => return Err(Failure::Server(error)),
            }
        }
    }

    /// Passes the final response on.
    async fn rest(&mut self, head: &Head, status: u16, is_head: bool) -> Result<Answered, Failure> {
        let unclear = Failure::Response("the length of its body is not clear (RFC 9112 §6.3)");
        let mut body = Body::of_final_response(head, is_head).ok_or(unclear)?;
        self.progress.has_begun.set(true);
        self.write(head.as_bytes()).await?;
        loop {
            let n = body.push(self.input.filled());
            if body.is_malformed() {
                return Err(Failure::Response(
                    "it breaks the chunked coding (RFC 9112 §7.1)",
                ));
            }
            deliver(self.to, &self.input.filled()[..n], self.progress).await?;
            self.input.consume(n);
            if body.is_complete() {
                break;
            }
            match self.read().await {
                Ok(0) if body.ends_with_stream() => break,
                Ok(0) => return Err(Failure::Truncated),
                Ok(_) => {}
                Err(error) => return Err(Failure::Server(error)),
            }
        }
        let is_over = body.ends_with_stream() || !persists(head) || !self.input.is_empty();
        let then = if is_over { Then::Close } else { Then::Next };
        Ok(Answered { status, then })
    }

    async fn read(&mut self) -> io::Result<usize> {
        let n = self.from.read(self.input.spare(1)).await?;
        self.input.commit(n);
        Ok(n)
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        deliver(self.to, bytes, self.progress).await
    }
}

async fn deliver(
    to: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
    progress: &Progress<'_>,
) -> Result<(), Failure> {
    to.write_all(bytes).await.map_err(Failure::Client)?;
    to.flush().await.map_err(Failure::Client)?;
    let received = &progress.meter.received;
    received.set(received.get() + bytes.len() as u64);
    Ok(())
}

/// The connection ended, in whichever way.
fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof
    )
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::proto::receiver::small_input_buffer;

    async fn upload_of(sent: &[u8], is_ended: bool) -> Failure {
        let (mut client, mut front) = tokio::io::duplex(sent.len().max(1));
        let (_server, mut to) = tokio::io::duplex(1 << 10);
        client.write_all(sent).await.expect("room");
        if is_ended {
            client.shutdown().await.expect("a stream");
        }
        let head = Head::encode("GET / HTTP/1.1", [("Host", "h")]);
        let mut request = Request::new(head).expect("a request");
        let meter = Meter::default();
        let progress = Progress::new(&meter);
        let mut input = small_input_buffer();
        upload(&mut front, &mut to, &mut input, &mut request, &progress).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_gone_does_not_wait_for_a_silent_server() {
        let ahead = vec![b'a'; AHEAD + 1];
        for (sent, is_ended) in [(&[][..], true), (&ahead, false), (b"GET", true)] {
            let began = Instant::now();
            let failure = upload_of(sent, is_ended).await;
            assert!(matches!(failure, Failure::Silent), "{failure}");
            assert_eq!(began.elapsed().as_secs(), SILENCE.as_secs());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_response_that_comes_slowly_is_waited_for() {
        let received = Cell::new(0);
        let slow = async {
            for _ in 0..5 {
                tokio::time::sleep(SILENCE * 9 / 10).await;
                received.set(received.get() + 1);
            }
            Instant::now()
        };
        let (last, (_, ended)) =
            tokio::join!(slow, async { (silence(&received).await, Instant::now()) });
        assert!(ended > last);
    }
}
