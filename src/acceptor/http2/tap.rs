//! The byte stream below an HTTP/2 server, and what passes on it: the library above does not show its frames.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::dial::http2::{MOST_IN_TURN, Seen};
use crate::proto::http2::frame::{ErrorCode, Frame, GoAway, Reader};
use crate::session::Transport;

/// The client's preface before its first frame (RFC 9113 §3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Frames that wait to be shown, at most: those of a turn, of which the shortest has nine bytes, and the answers.
///
/// They are all taken before more is read.
const MOST_WAITING: usize = 2 * MOST_IN_TURN / 9;
/// Room for frames that is kept: a flood is rare.
const USUAL: usize = 256;
/// Streams that the library answered by itself, at most: one is noted for each reason.
const MOST_UNASKED: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Passed {
    waiting: VecDeque<Seen>,
    /// What wsee ended the connection with.
    pub(super) sent_go_away: Option<GoAway>,
    pub(super) received_go_away: Option<GoAway>,
    /// Streams that the library answered by itself.
    pub(super) unasked: Vec<Unasked>,
    /// The last stream that was handed on.
    pub(super) last: u32,
}

/// What the library did with a stream that it did not hand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unasked {
    /// Its header block is too large: 431.
    TooLarge(u32),
    Reset(u32, ErrorCode),
}

pub(super) type Shared = Rc<RefCell<Passed>>;

impl Passed {
    /// The GOAWAY of a client that ended the connection for a reason.
    pub(super) fn failure(&self) -> Option<&GoAway> {
        let go_away = self.received_go_away.as_ref();
        go_away.filter(|it| it.code != ErrorCode::NO_ERROR)
    }

    pub(super) fn take(&mut self) -> Option<Seen> {
        let seen = self.waiting.pop_front();
        if seen.is_none() && self.waiting.capacity() > USUAL {
            self.waiting = VecDeque::new();
        }
        seen
    }

    fn sent(&mut self, frame: Frame) {
        let unasked = match frame {
            Frame::Headers { stream, .. } if stream > self.last => Some(Unasked::TooLarge(stream)),
            Frame::RstStream { stream, code } if stream > self.last => {
                Some(Unasked::Reset(stream, code))
            }
            _ => None,
        };
        if let Some(unasked) = unasked.filter(|_| self.unasked.len() < MOST_UNASKED) {
            self.unasked.push(unasked);
        }
        if let Frame::GoAway(go_away) = &frame {
            self.sent_go_away = Some(go_away.clone());
        }
        self.show(true, frame);
    }

    fn received(&mut self, frame: Frame) {
        if let Frame::GoAway(go_away) = &frame {
            self.received_go_away = Some(go_away.clone());
        }
        self.show(false, frame);
    }

    fn show(&mut self, is_sent: bool, frame: Frame) {
        // Heads are shown with their fields, and data as messages.
        let is_shown = !matches!(frame, Frame::Data { .. } | Frame::Headers { .. });
        if is_shown && self.waiting.len() < MOST_WAITING {
            self.waiting.push_back(Seen { is_sent, frame });
        }
    }
}

pub(super) struct Tap {
    stream: Box<dyn Transport>,
    passed: Shared,
    sent: Reader,
    received: Reader,
    /// Bytes of the preface that were not received yet.
    preface: usize,
    /// Bytes that were read in this turn.
    in_turn: usize,
    /// The end of the stream, which waits for the next turn: streams take what came before it in theirs.
    end: Option<io::Result<()>>,
}

impl Tap {
    pub(super) fn new(stream: Box<dyn Transport>, passed: Shared) -> Self {
        Self {
            stream,
            passed,
            sent: Reader::default(),
            received: Reader::default(),
            preface: PREFACE.len(),
            in_turn: 0,
            end: None,
        }
    }
}

impl AsyncRead for Tap {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(end) = this.end.take() {
            return Poll::Ready(end);
        }
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
        let read = ready!(read);
        let bytes = &buf.filled()[before..];
        if bytes.is_empty() && this.in_turn > 0 {
            this.in_turn = 0;
            this.end = Some(read);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        read?;
        this.in_turn += bytes.len();
        let preface = this.preface.min(bytes.len());
        this.preface -= preface;
        let mut passed = this.passed.borrow_mut();
        this.received
            .push(&bytes[preface..], &mut |frame| passed.received(frame));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let n = ready!(Pin::new(&mut this.stream).poll_write(cx, bytes))?;
        let mut passed = this.passed.borrow_mut();
        this.sent.push(&bytes[..n], &mut |frame| passed.sent(frame));
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
