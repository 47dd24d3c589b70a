//! One direction of a connection that passes through: read, follow, write, with nothing kept but what the
//! other end does not take.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::ReadBuf;
use tokio::time::Sleep;

use super::journal::Journal;
use super::rules::End;
use super::touch::{Decision, Note, Plain, Touch};
use crate::command::Outgoing;
use crate::dial::http2::{How, StreamEnd};
use crate::event::Side;
use crate::proto::buffer::Buffer;
use crate::proto::frame::{CloseFrame, Header, Opcode, mask};
use crate::proto::passage::{Passage, Piece};
use crate::proto::receiver::Partial;
use crate::proto::traffic::Traffic;
use crate::proto::watcher::{Sight, Watcher};
use crate::session::Transport;
use crate::session::mode::CloseMode;

#[derive(Debug)]
pub(super) struct Way {
    /// Where the messages come from.
    side: Side,
    pub(super) passage: Passage,
    watcher: Option<Watcher>,
    /// What the other end has not taken; nothing is read while there is any.
    pending: Buffer,
    state: State,
    /// The other end's stream may be looked at in whole frames only, and needs to be asked to send on time.
    is_faulty: bool,
    /// Rules may touch its messages.
    touch: Option<Box<Touch>>,
    /// For what rules delay.
    sleep: Option<Pin<Box<Sleep>>>,
    /// When to look whether the other end still takes what waits for it.
    look: Option<Pin<Box<Sleep>>>,
    /// It has taken something since the last look, or has been complained about.
    moves: Moves,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moves {
    Yes,
    No,
    Noted,
}

/// How long an end may take nothing of what waits for it before the log says so: longer than a stall of a
/// network that recovers.
const STALL: Duration = Duration::from_secs(10);

/// How much a direction moves before all others have their turn, in bytes: that many tiny frames, each with
/// its lines in the log, take a good part of a second.
const TURN: usize = 128 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// What comes is thrown away: this end knows already that the connection is over.
    Deaf,
    /// The end of the stream has come, and what came before may still wait.
    Ended,
    Over,
}

/// How one end failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) side: Side,
    pub(super) error: io::Error,
}

/// Both streams, from where one direction looks at them.
pub(super) struct Streams<'a> {
    pub(super) from: &'a mut dyn Transport,
    pub(super) to: &'a mut dyn Transport,
    /// Room for what is read; it is empty between two calls.
    pub(super) scratch: &'a mut [u8],
}

impl Way {
    pub(super) fn new(
        side: Side,
        watcher: Option<Watcher>,
        is_faulty: bool,
        touch: Option<Touch>,
    ) -> Self {
        let passage = match side {
            Side::Client => Passage::from_client(rand::random()),
            Side::Server => Passage::from_server(),
        };
        Self {
            side,
            passage,
            watcher,
            pending: Buffer::with_capacity(0),
            state: State::Open,
            is_faulty,
            touch: touch.map(Box::new),
            sleep: None,
            look: None,
            moves: Moves::Yes,
        }
    }

    pub(super) fn is_watched(&self) -> bool {
        self.watcher.is_some()
    }

    /// What has passed.
    pub(super) fn traffic(&self) -> Traffic {
        Traffic {
            bytes: self.passage.bytes(),
            frames: self.passage.frames(),
            ..self
                .watcher
                .as_ref()
                .map(Watcher::traffic)
                .unwrap_or_default()
        }
    }

    /// Where in a frame or message the stream is.
    pub(super) fn partial(&self) -> Option<Partial> {
        let is_within = self
            .watcher
            .as_ref()
            .is_some_and(Watcher::is_within_message);
        self.passage
            .partial()
            .or(is_within.then_some(Partial::Message))
    }

    pub(super) fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// What came before both ends were connected, and has to pass first.
    pub(super) fn begin(&mut self, early: &[u8], journal: &mut Journal) {
        let mut bytes = early.to_vec();
        self.pass(&mut bytes, journal);
        if self.touch.is_none() {
            self.pending.extend(&bytes);
        }
    }

    /// Ends this direction with a Close frame of the proxy's own, if no frame is unfinished.
    pub(super) fn close(&mut self, frame: &CloseFrame) {
        if self.state == State::Open && self.passage.is_between_frames() {
            let body = frame.encode();
            let header = Header::new(
                true,
                Opcode::CLOSE,
                self.passage.masking_key(),
                body.len() as u64,
            );
            let mut bytes = [0; Header::MAX];
            let size = header.encode(&mut bytes);
            self.pending.extend(&bytes[..size]);
            let mut body = body;
            mask::apply(&mut body, header.masking_key.unwrap_or_default(), 0);
            self.pending.extend(&body);
        }
        self.silence();
    }

    /// Lets nothing more pass.
    pub(super) fn silence(&mut self) {
        if self.state == State::Open {
            self.state = State::Deaf;
            // What rules hold back does not come after a Close.
            self.touch = None;
        }
    }

    /// Moves what can be moved; ready when the direction is over.
    pub(super) fn poll(
        &mut self,
        streams: &mut Streams<'_>,
        journal: &mut Journal,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Failure>> {
        if self.state == State::Over {
            return Poll::Ready(Ok(()));
        }
        if self.is_faulty {
            // What was delayed may be due.
            let sent = Pin::new(&mut *streams.to).poll_write(cx, &[]);
            self.wrote(sent).map(|_| ())?;
        }
        let mut moved = 0;
        loop {
            self.poll_later(journal, cx);
            if self.poll_pending(streams.to, cx)?.is_pending() {
                self.poll_stall(journal, cx);
                return Poll::Pending;
            }
            if self.touch.as_ref().is_some_and(|it| self.must_wait(it)) {
                self.poll_flush(streams.to, cx)?;
                return Poll::Pending;
            }
            if self.state == State::Ended {
                ready!(self.poll_end(streams.to, cx))?;
                self.state = State::Over;
                return Poll::Ready(Ok(()));
            }
            ready!(journal.poll_room(cx));
            if moved >= TURN {
                self.poll_flush(streams.to, cx)?;
                // Comes back once the runtime has looked at all sockets, which waking alone does not wait for.
                return pin!(tokio::task::yield_now()).poll(cx).map(Ok);
            }
            let mut buf = ReadBuf::new(streams.scratch);
            let read = Pin::new(&mut *streams.from).poll_read(cx, &mut buf);
            let n = buf.filled().len();
            moved += n;
            match read {
                Poll::Pending => {
                    self.poll_flush(streams.to, cx)?;
                    return Poll::Pending;
                }
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    journal.note_cut(self.side);
                    self.end(journal);
                }
                Poll::Ready(Err(error)) if StreamEnd::of(&error) == Some(How::Ended) => {
                    if self.state == State::Open {
                        journal.stream_ended(self.side, &error, self.partial());
                    }
                    self.end(journal);
                }
                Poll::Ready(Err(error)) => {
                    let side = self.side;
                    return Poll::Ready(Err(Failure { side, error }));
                }
                Poll::Ready(Ok(())) if n == 0 => self.end(journal),
                Poll::Ready(Ok(())) if self.state == State::Deaf => {}
                Poll::Ready(Ok(())) => {
                    let bytes = &mut streams.scratch[..n];
                    self.pass(bytes, journal);
                    if self.touch.is_some() {
                        continue;
                    }
                    let sent = Pin::new(&mut *streams.to).poll_write(cx, bytes);
                    let sent = self.wrote(sent)?;
                    self.pending.extend(&streams.scratch[sent..n]);
                }
            }
        }
    }

    /// Writes what has passed already; ready when the other end has it.
    pub(super) fn poll_out(
        &mut self,
        to: &mut dyn Transport,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Failure>> {
        ready!(self.poll_pending(to, cx))?;
        let flushed = Pin::new(to).poll_flush(cx);
        flushed.map_err(|error| self.failed(error))
    }

    fn end(&mut self, journal: &mut Journal) {
        if self.state == State::Open {
            journal.ended(self.side, self.partial());
            if let Some(touch) = &mut self.touch {
                touch.finish(self.passage.unfinished_header(), journal.now());
                journal.notes(self.side, touch.take_notes());
            }
        }
        self.state = State::Ended;
    }

    fn pass(&mut self, bytes: &mut [u8], journal: &mut Journal) {
        let side = self.side;
        let Some(watcher) = &mut self.watcher else {
            return self.passage.pass(bytes, None);
        };
        let now = journal.now();
        let touch = &mut self.touch;
        let mut watch = |piece: Piece<'_>| {
            let mut whole = None;
            watcher.see(&piece, &mut |sight| {
                if let Sight::Message(message) = &sight
                    && touch.as_ref().is_some_and(|it| it.wants_whole())
                    && message.is_whole()
                {
                    journal.message_waits(side, message, now);
                    let plain = Plain::new(message.kind, message.payload.to_vec());
                    let deflated = message.deflated;
                    whole = Some(Plain { deflated, ..plain });
                } else {
                    journal.sight(side, sight, now);
                }
            });
            if let Some(touch) = touch {
                touch.take(&piece, whole, now);
                journal.notes(side, touch.take_notes());
            }
        };
        self.passage.pass(bytes, Some(&mut watch));
    }

    /// Does with a held message what the user wants; `false` if it is not one of this direction.
    pub(super) fn decide(&mut self, number: u64, decision: Decision, now: Instant) -> bool {
        let touch = self.touch.as_mut();
        touch.is_some_and(|touch| touch.decide(number, decision, now))
    }

    /// Sends something that did not come from this end; `false` if nothing more passes.
    pub(super) fn inject(&mut self, what: &Outgoing) -> bool {
        let Some(touch) = self.touch.as_mut().filter(|_| self.state == State::Open) else {
            return false;
        };
        touch.inject(what);
        true
    }

    /// The numbers of the messages that are held for the user, and of those that wait.
    pub(super) fn held(&self) -> (Vec<u64>, Vec<u64>) {
        let touch = self.touch.as_ref();
        touch.map_or_else(Default::default, |touch| touch.held())
    }

    /// Lets everything out that is held; returns what is to be said about it.
    pub(super) fn let_out(&mut self, now: Instant) -> Vec<Note> {
        let Some(touch) = &mut self.touch else {
            return Vec::new();
        };
        touch.let_out(now);
        let out = touch.take_out(now);
        self.pending.extend(&out);
        touch.take_notes()
    }

    /// How a rule wants the connection to end.
    pub(super) fn take_end(&mut self) -> Option<CloseMode> {
        let end = self.touch.as_mut()?.take_end()?;
        Some(match end {
            End::Reset => CloseMode::Abandon { reset: true },
            End::Close(code) => CloseMode::Close {
                frame: Some(CloseFrame::new(code, "")),
                patience: None,
            },
        })
    }

    /// Whether something waits that nothing may overtake, or too much waits.
    fn must_wait(&self, touch: &Touch) -> bool {
        touch.is_full() || self.state == State::Ended && touch.is_waiting()
    }

    /// Takes what rules let leave now, and waits for what leaves later.
    fn poll_later(&mut self, journal: &mut Journal, cx: &mut Context<'_>) {
        let Some(touch) = &mut self.touch else {
            return;
        };
        loop {
            let out = touch.take_out(journal.now());
            journal.notes(self.side, touch.take_notes());
            self.pending.extend(&out);
            let Some(deadline) = touch.deadline() else {
                return;
            };
            let deadline = tokio::time::Instant::from_std(deadline);
            let sleep = self
                .sleep
                .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
            if sleep.deadline() != deadline {
                sleep.as_mut().reset(deadline);
            }
            if sleep.as_mut().poll(cx).is_pending() {
                return;
            }
        }
    }

    fn poll_pending(
        &mut self,
        to: &mut dyn Transport,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Failure>> {
        while !self.pending.is_empty() {
            let sent = Pin::new(&mut *to).poll_write(cx, self.pending.filled());
            let n = self.wrote(sent)?;
            if n == 0 {
                return Poll::Pending;
            }
            self.pending.consume(n);
            self.moves = Moves::Yes;
        }
        self.look = None;
        if self.pending.capacity() > 0 {
            // An idle connection holds no memory for bytes.
            self.pending = Buffer::with_capacity(0);
        }
        Poll::Ready(Ok(()))
    }

    /// Notes once that the other end takes nothing, so that this one is not read.
    fn poll_stall(&mut self, journal: &Journal, cx: &mut Context<'_>) {
        let look = self
            .look
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(STALL)));
        while look.as_mut().poll(cx).is_ready() {
            if self.moves == Moves::No {
                journal.stalled(self.side, self.pending.len());
            }
            self.moves = match self.moves {
                Moves::Yes => Moves::No,
                Moves::No | Moves::Noted => Moves::Noted,
            };
            let next = tokio::time::Instant::now() + STALL;
            look.as_mut().reset(next);
        }
    }

    fn poll_end(
        &mut self,
        to: &mut dyn Transport,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Failure>> {
        match ready!(Pin::new(to).poll_shutdown(cx)) {
            // The other end has gone meanwhile, which the other direction reports.
            Ok(()) => Poll::Ready(Ok(())),
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(self.failed(error))),
        }
    }

    fn poll_flush(&self, to: &mut dyn Transport, cx: &mut Context<'_>) -> Result<(), Failure> {
        if self.is_faulty && !self.passage.is_between_frames() {
            return Ok(());
        }
        match Pin::new(to).poll_flush(cx) {
            Poll::Ready(Err(error)) => Err(self.failed(error)),
            _ => Ok(()),
        }
    }

    /// How much was written; none when the stream is full.
    fn wrote(&self, sent: Poll<io::Result<usize>>) -> Result<usize, Failure> {
        match sent {
            Poll::Pending => Ok(0),
            Poll::Ready(Ok(n)) => Ok(n),
            Poll::Ready(Err(error)) => Err(self.failed(error)),
        }
    }

    fn failed(&self, error: io::Error) -> Failure {
        let side = self.side.other();
        Failure { side, error }
    }
}
