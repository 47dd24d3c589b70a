//! HTTP/1.1 requests on a connection that is kept.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::failure::Failure;
use super::shared::Shared;
use crate::dial::{Socket, Stream, dial};
use crate::event::Carried;
use crate::proto::buffer::Buffer;
use crate::proto::http1::head::Message;
use crate::proto::http1::{Body, Head, Reader};
use crate::proto::receiver::small_input_buffer;
use crate::session::exchange::offer;
use crate::session::options::Options;
use crate::session::transport::Transport;

/// How long a body may take after its head: enough for a megabyte over a slow mobile network.
const BODY: Duration = Duration::from_mins(1);
/// Servers send one or two interim responses (100, 103).
const MAX_INTERIM: usize = 8;
/// The status of every answer that is no refusal.
const OK: u16 = 200;

#[derive(Debug)]
pub(super) struct Http {
    options: Rc<Options>,
    shared: Rc<Shared>,
    kept: Option<Kept>,
}

#[derive(Debug)]
pub(super) struct Kept {
    pub(super) stream: Stream,
    pub(super) input: Buffer,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) method: &'static str,
    pub(super) target: &'a str,
    /// Its type and content.
    pub(super) body: Option<(&'static str, &'a [u8])>,
    /// How long the head of the answer may take.
    pub(super) patience: Duration,
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) is_binary: bool,
    pub(super) body: Vec<u8>,
}

impl Http {
    pub(super) fn new(options: Rc<Options>, shared: Rc<Shared>, kept: Option<Kept>) -> Self {
        Self {
            options,
            shared,
            kept,
        }
    }

    pub(super) async fn ask(&mut self, request: Request<'_>) -> Result<Answer, Failure> {
        if let Some(mut kept) = self.kept.take().and_then(Kept::alive) {
            match self.on(&mut kept, request).await {
                // RFC 9112 §9.3.1: the server closed it while it was idle, as browsers assume of a POST, too.
                Err(Failure::NoAnswer(_)) => {}
                answer => return self.keep(kept, answer),
            }
        }
        let options = Rc::clone(&self.options);
        let mut step = |step| self.shared.report(Carried::Step(step));
        let dial = Box::pin(dial(&options.target, &options.dial, &mut step));
        let stream = within(request.method, options.connect_timeout, async {
            dial.await.map_err(Failure::from)
        });
        let mut kept = Kept {
            stream: stream.await?,
            input: small_input_buffer(),
        };
        let answer = self.on(&mut kept, request).await;
        self.keep(kept, answer)
    }

    /// Keeps the connection if another request may follow.
    fn keep(
        &mut self,
        kept: Kept,
        answer: Result<(Head, Answer), Failure>,
    ) -> Result<Answer, Failure> {
        let (head, answer) = answer?;
        if is_kept(&head) {
            self.kept = Some(kept);
        }
        Ok(answer)
    }

    async fn on(&self, kept: &mut Kept, request: Request<'_>) -> Result<(Head, Answer), Failure> {
        let Request { method, .. } = request;
        let head = self.head(request);
        let mut bytes = head.as_bytes().to_vec();
        bytes.extend_from_slice(request.body.map_or(&[], |(_, body)| body));
        self.shared.report(Carried::Request(head));
        let asked = async {
            let written = kept.write(&bytes).await;
            written.map_err(|error| ended(method, error))?;
            read_head(kept, method).await
        };
        let head = within(method, request.patience, asked).await?;
        self.options.credentials.learn(&head, &self.options.url);
        self.shared.report(Carried::Response(head.clone()));
        self.body(kept, method, head).await
    }

    fn head(&self, request: Request<'_>) -> Head {
        let mut offer = offer(&self.options);
        request.target.clone_into(&mut offer.target);
        let body = request
            .body
            .map(|(media_type, body)| (media_type, body.len()));
        offer.plain(request.method, body)
    }

    /// Reads the body that follows this head, and judges the answer.
    pub(super) async fn body(
        &self,
        kept: &mut Kept,
        method: &'static str,
        head: Head,
    ) -> Result<(Head, Answer), Failure> {
        let limit = self.options.polling.map_or(0, |polling| polling.limit);
        let body = within(method, BODY, read_body(kept, method, &head, limit)).await?;
        let status = head.status().unwrap_or_default();
        if status != OK {
            let start = body[..body.len().min(Body::MAX_CONTENT)].to_vec();
            self.shared.report(Carried::Refused(start));
            return Err(Failure::Status { method, status });
        }
        let media_type = head.text("Content-Type").unwrap_or_default();
        let answer = Answer {
            is_binary: media_type.starts_with("application/octet-stream"),
            body,
        };
        Ok((head, answer))
    }

    /// The first answer, of which the head is read already.
    pub(super) async fn first(&mut self, head: Head) -> Result<Answer, Failure> {
        let Some(mut kept) = self.kept.take() else {
            return Err(Failure::NoAnswer("GET"));
        };
        let answer = self.body(&mut kept, "GET", head).await;
        self.keep(kept, answer)
    }
}

impl Kept {
    fn alive(mut self) -> Option<Self> {
        let is_ended = match self.stream.socket() {
            Some(Socket::Tcp(tcp)) => tcp.is_ended_by_peer(),
            Some(Socket::Unix(_)) | None => false,
        };
        (!is_ended).then_some(self)
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    async fn read(&mut self) -> io::Result<usize> {
        let n = self.stream.read(self.input.spare(1)).await?;
        self.input.commit(n);
        Ok(n)
    }
}

async fn read_head(kept: &mut Kept, method: &'static str) -> Result<Head, Failure> {
    let mut interim = 0;
    let mut reader = Reader::new(Message::Response);
    loop {
        let head = reader.read(kept.input.filled());
        let Some(head) = head.map_err(|error| Failure::Head(method, error))? else {
            let before = kept.input.len();
            match kept.read().await {
                Ok(1..) => continue,
                Ok(0) if before > 0 => return Err(Failure::Cut(method)),
                Ok(_) => return Err(Failure::NoAnswer(method)),
                Err(error) if before > 0 => return Err(Failure::Stream(error)),
                Err(error) => return Err(ended(method, error)),
            }
        };
        kept.input.consume(head.as_bytes().len());
        if !matches!(head.status(), Some(100 | 102..=199)) || interim == MAX_INTERIM {
            return Ok(head);
        }
        interim += 1;
        reader = Reader::new(Message::Response);
    }
}

async fn read_body(
    kept: &mut Kept,
    method: &'static str,
    head: &Head,
    limit: usize,
) -> Result<Vec<u8>, Failure> {
    let length = head.text("Content-Length").and_then(|it| it.parse().ok());
    if length.is_some_and(|length: u64| length > limit as u64) {
        return Err(Failure::TooLarge { method, limit });
    }
    let mut body = Body::of_response(head, limit);
    loop {
        let taken = body.push(kept.input.filled());
        kept.input.consume(taken);
        if body.is_malformed() {
            return Err(Failure::Framing(method));
        }
        if body.is_truncated() {
            return Err(Failure::TooLarge { method, limit });
        }
        if body.is_complete() {
            break;
        }
        match kept.read().await {
            Ok(1..) => {}
            Ok(_) if body.ends_with_stream() => break,
            Ok(_) => return Err(Failure::Cut(method)),
            Err(error) => return Err(Failure::Stream(error)),
        }
    }
    Ok(body.content().to_vec())
}

/// Why nothing came: the end of a connection that was idle looks like a reset, too.
fn ended(method: &'static str, error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Failure::NoAnswer(method),
        _ => Failure::Stream(error),
    }
}

fn is_kept(head: &Head) -> bool {
    let is_closing = head
        .list("Connection")
        .iter()
        .any(|option| option.eq_ignore_ascii_case("close"));
    let has_end = head.values("Content-Length").next().is_some()
        || head.values("Transfer-Encoding").next().is_some();
    head.start_line().starts_with(b"HTTP/1.1 ") && !is_closing && has_end
}

async fn within<T>(
    method: &'static str,
    limit: Duration,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result,
        Err(_) => Err(Failure::Slow { method, limit }),
    }
}
