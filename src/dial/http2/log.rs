//! What passed on an HTTP/2 connection: the library above does not show its frames.

use std::collections::VecDeque;
use std::io;

use crate::proto::http2::frame::{ErrorCode, Frame, GoAway, Setting};

/// A frame that passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub is_sent: bool,
    pub frame: Frame,
}

/// Frames that wait to be shown, at most: the session takes them after every read.
const MOST_WAITING: usize = 256;
/// Frames that a server may send before its answer; a greedy one sends a dozen.
pub(super) const MOST_BEFORE_ANSWER: usize = 256;
/// RFC 9113 §6.10.
const CONTINUATION: u8 = 9;

#[derive(Debug, Default)]
pub(super) struct Log {
    waiting: VecDeque<Seen>,
    /// Bytes of DATA that the library sent.
    pub(super) sent_data: u64,
    /// `END_STREAM` was sent.
    pub(super) has_ended: bool,
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

    pub(super) fn sent(&mut self, frame: Frame) {
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

    pub(super) fn received(&mut self, frame: Frame) {
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
            // A second one may only say that the connection closes.
            Frame::GoAway(go_away) if go_away.code != ErrorCode::NO_ERROR || !self.has_reason() => {
                self.go_away = Some(go_away.clone());
            }
            _ => {}
        }
        self.show(false, frame);
    }

    /// Whether a GOAWAY had a reason.
    fn has_reason(&self) -> bool {
        let go_away = self.go_away.as_ref();
        go_away.is_some_and(|it| it.code != ErrorCode::NO_ERROR)
    }

    /// RFC 9113 §7: whether the server refuses the connection for what HTTP/1.1 can do.
    pub(super) fn requires_http1(&self) -> bool {
        let go_away = self.go_away.as_ref();
        go_away.is_some_and(|it| it.code == ErrorCode::HTTP_1_1_REQUIRED)
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

    pub(super) fn is_flood(&self) -> bool {
        !self.is_answered && self.heads + self.before_heads > MOST_BEFORE_ANSWER
    }
}
