//! The byte stream below HTTP/2, and what passes on it: the library above does not show its frames.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frame::{Frame, GoAway, Reader, Setting};

/// A frame that passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub is_sent: bool,
    pub frame: Frame,
}

/// Frames that wait to be shown, at most: the session takes them after every read.
const MOST_WAITING: usize = 256;
/// Frames that a server may send before its answer; a greedy one sends a dozen.
const MOST_BEFORE_ANSWER: usize = 256;
/// Bytes that are read before the stream is: the library ends a connection with too many small frames that nobody has
/// read yet, and a burst of them is no attack.
pub const MOST_IN_TURN: usize = 64 << 10;
/// RFC 9113 §6.10.
const CONTINUATION: u8 = 9;
/// The client's preface before its first frame (RFC 9113 §3.4), in bytes.
const PREFACE: usize = 24;

#[derive(Debug, Default)]
pub(super) struct Log {
    waiting: VecDeque<Seen>,
    /// Bytes of DATA that the stream below took.
    pub(super) sent_data: u64,
    /// `END_STREAM` was sent.
    pub(super) has_ended: bool,
    /// Whether the stream below may hold bytes back.
    pub(super) is_unflushed: bool,
    /// The first of the server.
    pub(super) settings: Option<Vec<Setting>>,
    pub(super) go_away: Option<GoAway>,
    pub(super) is_answered: bool,
    /// Why the stream below broke: the library keeps its text only.
    pub(super) failure: Option<io::Error>,
    /// The first bytes of a server that does not speak HTTP/2.
    pub(super) other_protocol: Option<Vec<u8>>,
    /// HEADERS and CONTINUATION frames; which of them are the answer, only the library knows.
    heads: usize,
    /// Frames before the first of those.
    before_heads: usize,
}

impl Log {
    pub(super) fn take(&mut self) -> Option<Seen> {
        self.waiting.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn sent(&mut self, frame: Frame) {
        if let Frame::Data {
            length,
            ends_stream,
            ..
        } = frame
        {
            self.sent_data += u64::from(length);
            self.has_ended |= ends_stream;
        }
        self.show(true, frame);
    }

    fn received(&mut self, frame: Frame) {
        // What follows the answer in the same bytes is seen before the library reports the answer.
        let is_of_head = match frame {
            Frame::Headers { .. } => true,
            Frame::Other { kind, .. } => kind == CONTINUATION,
            _ => false,
        };
        if is_of_head {
            self.heads += 1;
        } else if self.heads == 0 {
            self.before_heads += 1;
        }
        match &frame {
            Frame::Settings(settings) if self.settings.is_none() => {
                self.settings = Some(settings.clone());
            }
            Frame::GoAway(go_away) => self.go_away = Some(go_away.clone()),
            _ => {}
        }
        self.show(false, frame);
    }

    fn show(&mut self, is_sent: bool, frame: Frame) {
        let is_shown = match frame {
            Frame::Data { .. } => false,
            // Those of the server have a place in the order of the others.
            Frame::Headers { .. } => !is_sent,
            _ => true,
        };
        if is_shown && self.waiting.len() < MOST_WAITING {
            self.waiting.push_back(Seen { is_sent, frame });
        }
    }

    fn is_flood(&self) -> bool {
        !self.is_answered && self.heads + self.before_heads > MOST_BEFORE_ANSWER
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct SharedLog(Arc<Mutex<Log>>);

impl SharedLog {
    pub(super) fn lock(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stream below a connection.
pub(in crate::dial) trait Below:
    AsyncRead + AsyncWrite + Debug + Send + Unpin
{
}

impl<T: AsyncRead + AsyncWrite + Debug + Send + Unpin> Below for T {}

#[derive(Debug)]
pub(super) struct Tap {
    stream: Box<dyn Below>,
    /// Writing failed because the peer left: what it said last is still to be read.
    is_left: bool,
    log: SharedLog,
    sent: Reader,
    received: Reader,
    /// Bytes of the preface that were not sent yet.
    preface: usize,
    /// Received bytes, until there are enough for the head of a frame.
    start: Vec<u8>,
    is_known: bool,
    /// Bytes that were read in this turn.
    in_turn: usize,
}

impl Tap {
    pub(super) fn new(stream: Box<dyn Below>, log: SharedLog) -> Self {
        Self {
            stream,
            is_left: false,
            log,
            sent: Reader::default(),
            received: Reader::default(),
            preface: PREFACE,
            start: Vec::new(),
            is_known: false,
            in_turn: 0,
        }
    }

    fn note_sent(&mut self, bytes: &[u8]) {
        let preface = self.preface.min(bytes.len());
        self.preface -= preface;
        let mut log = self.log.lock();
        log.is_unflushed = true;
        self.sent
            .push(&bytes[preface..], &mut |frame| log.sent(frame));
    }

    fn note_received(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut log = self.log.lock();
        if !self.is_known {
            self.start.extend_from_slice(bytes);
            match is_http2(&self.start) {
                Some(true) => self.is_known = true,
                Some(false) => {
                    self.start.truncate(32);
                    log.other_protocol = Some(std::mem::take(&mut self.start));
                    return Err(io::Error::other("another protocol"));
                }
                None => {}
            }
        }
        self.received.push(bytes, &mut |frame| log.received(frame));
        if log.is_flood() {
            let text = format!("more than {MOST_BEFORE_ANSWER} frames before an answer");
            log.failure = Some(io::Error::other(text.clone()));
            return Err(io::Error::other(text));
        }
        Ok(())
    }

    fn fail(&self, error: io::Error) -> io::Error {
        let copy = io::Error::new(error.kind(), error.to_string());
        self.log.lock().failure = Some(error);
        copy
    }
}

/// Whether the peer left, rather than said something.
pub(super) fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionAborted
    )
}

/// RFC 9113 §3.4: the first frame of a server is SETTINGS.
fn is_http2(start: &[u8]) -> Option<bool> {
    match *start {
        [_, _, _, kind, flags, a, b, c, d, ..] => {
            Some(kind == 4 && flags & 1 == 0 && [a & 0x7f, b, c, d] == [0; 4])
        }
        [b'H', b'T', b'T', b'P', ..] => Some(false),
        _ => None,
    }
}

impl AsyncRead for Tap {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.in_turn >= MOST_IN_TURN {
            this.in_turn = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buf);
        if read.is_pending() {
            this.in_turn = 0;
        }
        Poll::Ready(match ready!(read) {
            Ok(()) => {
                this.in_turn += buf.filled().len() - before;
                this.note_received(&buf.filled()[before..])
            }
            Err(error) => Err(this.fail(error)),
        })
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.is_left {
            return Poll::Ready(Ok(buf.len()));
        }
        let written = ready!(Pin::new(&mut this.stream).poll_write(cx, buf));
        Poll::Ready(match written {
            Ok(n) => {
                this.note_sent(&buf[..n]);
                Ok(n)
            }
            Err(error) if is_end(&error) => {
                this.is_left = true;
                Ok(buf.len())
            }
            Err(error) => Err(this.fail(error)),
        })
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.is_left {
            return Poll::Ready(Ok(()));
        }
        let flushed = ready!(Pin::new(&mut this.stream).poll_flush(cx));
        Poll::Ready(match flushed {
            Ok(()) => {
                this.log.lock().is_unflushed = false;
                Ok(())
            }
            Err(error) if is_end(&error) => {
                this.is_left = true;
                Ok(())
            }
            Err(error) => Err(this.fail(error)),
        })
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
