//! The pipe as the driver sees it.

use std::io;
use std::task::{Context, Poll};
use std::time::Instant;

use super::{Input, Pipe};
use crate::event::{Cause, Ending, Event};
use crate::exit::Exit;
use crate::proto::connection;
use crate::session::{Mode, Stop, Turn};
use crate::speaker::Speaker;

impl Mode for Pipe {
    /// Part of the driver's loop: as a call it costs each received message 30 instructions, or 5 %.
    #[expect(
        clippy::inline_always,
        reason = "the driver has two calls of it, so LLVM does not inline it by itself"
    )]
    #[inline(always)]
    fn event(&mut self, event: Event<'_>, turn: &mut Turn<'_>) {
        let is_message = matches!(event, Event::Connection(connection::Event::Message(_)));
        if let Event::Connection(connection::Event::Message(message)) = &event
            && self.speaker.is_some()
        {
            return self.hear(message, &event, turn);
        }
        let is_surplus = is_message && self.tally.has_enough();
        let lines = (!is_surplus).then_some(&mut self.printer.output);
        self.observers.event(&event, lines, turn.now);
        self.place_notes();
        if let Some(speaker) = &mut self.speaker {
            speaker.observe(&event, turn.now);
        }
        match event {
            Event::Connection(connection::Event::Message(message)) => self.message(message, turn),
            Event::Connection(connection::Event::Pong { .. }) if self.options.is_demo => {
                self.tally.received += 1;
            }
            Event::Connection(connection::Event::Idle(limit)) => {
                self.cause.get_or_insert(Cause::Idle(*limit));
            }
            _ => {}
        }
    }

    fn has_rest(&self) -> bool {
        self.printer.has_rest() || self.observers.has_rest()
    }

    fn rest(&mut self, payload: &[u8]) {
        match self.observers.lines() {
            Some(lines) => lines.rest(&mut self.printer.output, payload),
            None => self.printer.rest(payload),
        }
    }

    fn poll_input(&mut self, cx: &mut Context<'_>, turn: &mut Turn<'_>) -> bool {
        self.source.paused.take_if(|until| *until <= turn.now);
        // Pings and pongs do not count: they would keep the pipe waiting forever.
        let is_kept = |it: &Speaker| it.kept_alive(turn.now);
        if turn.sender.unwritten_data() > 0 && !self.speaker.as_ref().is_some_and(is_kept) {
            self.active = Some(turn.now);
        }
        if self.cause.is_some() || self.stop.is_some() || turn.sender.is_closing() {
            self.outbox.hold(true);
            return false;
        }
        let mut moved = self.tick(turn);
        if !self.is_ready() {
            self.outbox.hold(true);
            return moved;
        }
        moved |= self.fill(turn);
        if self.has_room(turn)
            && let Some(mut input) = self.source.input.take()
        {
            moved |= self.send_input(&mut input, cx, turn);
            if input.is_done() {
                self.note_skipped(input.record());
            } else {
                self.source.input = Some(input);
            }
        }
        moved
    }

    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.observers.flush();
        if !self.has_rest() {
            self.place_notes();
        }
        match self.printer.output.poll_flush(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) => Poll::Ready(()),
            Poll::Ready(Err(error)) => {
                self.write_failed(&error);
                Poll::Ready(())
            }
        }
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Stop> {
        self.printer.is_late = false;
        let close = self.options.close.clone();
        if let Poll::Ready(signal) = self.signals.poll(cx) {
            return Poll::Ready(Stop::signal(signal, close));
        }
        if self.printer.output.poll_hang_up(cx).is_ready() {
            self.write_failed(&io::ErrorKind::BrokenPipe.into());
        }
        self.observers.note_silence(now);
        if self.is_input_over()
            && let Some(note) = self.endless.note(self.tally.received, now)
        {
            self.observers.view.note(note);
        }
        if let Some(cause) = self.speaker.as_mut().and_then(Speaker::take_end) {
            self.cause.get_or_insert(cause);
        }
        if let Some(stop) = self.stop.take() {
            return Poll::Ready(stop);
        }
        match self.cause.take().map(|cause| self.judged(cause)) {
            // Replies to what was sent before the error may still arrive.
            Some(cause @ Cause::Input { .. }) => return Poll::Ready(Stop::new(cause, close)),
            Some(cause) => return Poll::Ready(Stop::promptly(cause, close)),
            None => {}
        }
        if let Some((limit, deadline)) = self.options.max_time
            && deadline <= now
        {
            self.options.max_time = None;
            return Poll::Ready(Stop::promptly(Cause::MaxTime(limit), close));
        }
        if self.wait_ends().is_some_and(|end| end <= now) {
            let cause = self.end_of_input();
            let cause = self.judged(cause);
            (self.options.wait, self.options.until_answered) = (None, false);
            return Poll::Ready(Stop::new(cause, close));
        }
        Poll::Pending
    }

    fn deadline(&self) -> Option<Instant> {
        let max_time = self.options.max_time.map(|(_, deadline)| deadline);
        let deadlines = [
            max_time,
            self.wait_ends(),
            self.observers.reaction.deadline(),
            self.outbox.deadline(),
            self.source.paused,
            self.speaker.as_ref().and_then(Speaker::deadline),
        ];
        deadlines.into_iter().flatten().min()
    }

    fn farewell(&mut self, turn: &mut Turn<'_>) {
        self.bid_farewell(turn);
    }

    fn answers(&self) -> bool {
        self.options.echo
    }

    fn is_full(&self) -> bool {
        self.printer.output.is_full() || self.printer.is_late
    }

    fn note_activity(&mut self, now: Instant) {
        self.active = Some(now);
        if let Some(speaker) = &mut self.speaker {
            speaker.pause(now);
        }
    }

    fn wants_frames(&self) -> bool {
        self.observers.wants_frames()
    }

    fn complete(&mut self, ending: &mut Ending) {
        let unread = self.source.input.as_mut().map_or(0, Input::drain);
        ending.unsent.messages = self.outbox.unsent() + unread;
        ending.unwritten = self.unwritten();
        if ending.cause.is_none() && ending.exit() == Exit::Done {
            ending.cause = self.speaker.as_ref().and_then(Speaker::cut_short);
        }
        if let Err(error) = self.printer.finish(ending) {
            ending.cause = Some(Cause::input(&error));
        }
        ending.unrecorded = self.observers.recording.has_failed();
        ending.missed_count = self.tally.missed();
    }
}
