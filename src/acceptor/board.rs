//! Where a prompt shows all clients of a server: one view, and one memory of their messages.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::event::{Direction, Event};
use crate::memory::{Fate, Meaning, Shared};
use crate::observe::View;
use crate::ontop::Seen;
use crate::proto::connection::{self, Message};
use crate::render::{Human, Label, Style};

/// What all clients are shown in; clones are the same.
#[derive(Debug, Clone)]
pub struct Board(Rc<RefCell<State>>);

#[derive(Debug)]
struct State {
    view: View,
    memory: Shared,
    /// Of the last message, over all clients.
    number: u64,
    /// Who takes the text.
    printer: Option<Waker>,
    /// Clients that wait until more can be shown.
    clients: Vec<Waker>,
}

/// A client, as the board knows it.
pub(super) struct Shown<'a> {
    pub(super) number: u64,
    pub(super) label: &'a Label,
    /// What was shown of it so far.
    pub(super) human: &'a mut Human,
}

impl Board {
    pub fn new(view: View, memory: Shared) -> Self {
        Self(Rc::new(RefCell::new(State {
            view,
            memory,
            number: 0,
            printer: None,
            clients: Vec::new(),
        })))
    }

    pub fn memory(&self) -> Shared {
        self.0.borrow().memory.clone()
    }

    /// The number of the last message.
    pub fn number(&self) -> u64 {
        self.0.borrow().number
    }

    /// A number for what is no message.
    pub fn take_number(&self) -> u64 {
        let state = &mut *self.0.borrow_mut();
        state.number += 1;
        state.number
    }

    /// Uses the view; what it has to print is noticed.
    pub fn view<T>(&self, using: impl FnOnce(&mut View) -> T) -> T {
        let state = &mut *self.0.borrow_mut();
        let result = using(&mut state.view);
        state.wake();
        result
    }

    /// The same for the prompt itself, which is called with `cx` when there is more to print.
    pub fn poll_view<T>(
        &self,
        cx: &mut Context<'_>,
        using: impl FnOnce(&mut View, &mut Context<'_>) -> T,
    ) -> T {
        let state = &mut *self.0.borrow_mut();
        let result = using(&mut state.view, cx);
        if !state.view.is_full() {
            state.clients.drain(..).for_each(Waker::wake);
        }
        state.printer = Some(cx.waker().clone());
        result
    }

    pub(super) fn event(&self, client: &mut Shown<'_>, event: &Event<'_>, now: Instant) {
        use connection::Event::{FrameReceived, FrameSent, Message};
        let state = &mut *self.0.borrow_mut();
        let time = state.view.time_at(now);
        if let Event::Connection(event) = event {
            let mut memory = state.memory.lock();
            let memory = memory.of(client.number, client.label);
            match event {
                Message(message) => {
                    state.number += u64::from(message.start);
                    memory.received(message, state.number, time);
                }
                FrameReceived(frame) => memory.frame_received(frame),
                FrameSent(frame) => memory.frame_sent(frame),
                _ => {}
            }
        }
        let number = state.number;
        state.view.of(client.human, client.label, |view| {
            view.event(event, number, now);
        });
        state.wake();
    }

    pub(super) fn sent(&self, client: &mut Shown<'_>, message: &Message<'_>, now: Instant) {
        let state = &mut *self.0.borrow_mut();
        state.number += u64::from(message.start);
        let (number, time) = (state.number, state.view.time_at(now));
        let mut memory = state.memory.lock();
        memory
            .of(client.number, client.label)
            .sent(message, number, time);
        drop(memory);
        state.view.of(client.human, client.label, |view| {
            view.sent(message, number, now);
        });
        state.wake();
    }

    /// A message, and what a protocol on top makes of it.
    pub(super) fn on_top(
        &self,
        client: &mut Shown<'_>,
        direction: Direction,
        message: &Message<'_>,
        seen: &[Rc<Seen>],
        now: Instant,
    ) {
        let state = &mut *self.0.borrow_mut();
        state.number += u64::from(message.start);
        let (number, time) = (state.number, state.view.time_at(now));
        let meaning = Meaning::of(seen, state.view.shows_raw());
        let mut memory = state.memory.lock();
        let of = memory
            .of(client.number, client.label)
            .meaning(Some(meaning));
        match direction {
            Direction::Sent => of.sent(message, number, time),
            Direction::Received => of.received(message, number, time),
        }
        drop(memory);
        state.view.of(client.human, client.label, |view| {
            view.on_top(direction, message, number, seen, now);
        });
        state.wake();
    }

    /// Keeps a message that is not shown as it is.
    pub(super) fn keep(
        &self,
        client: &Shown<'_>,
        direction: Direction,
        message: &Message<'_>,
        now: Instant,
    ) {
        let state = &mut *self.0.borrow_mut();
        state.number += u64::from(message.start);
        let (number, time) = (state.number, state.view.time_at(now));
        let mut memory = state.memory.lock();
        let memory = memory.of(client.number, client.label);
        match direction {
            Direction::Sent => memory.sent(message, number, time),
            Direction::Received => memory.received(message, number, time),
        }
    }

    /// What became of a message that passes through.
    pub(super) fn fate(&self, number: u64, fate: Option<Fate>) {
        self.0.borrow().memory.lock().set_fate(number, fate);
    }

    /// The last message left in place of this one.
    pub(super) fn replaces(&self, number: u64) {
        let state = self.0.borrow();
        let mut memory = state.memory.lock();
        memory.set_fate(number, Some(Fate::LeftAs(state.number)));
        memory.set_fate(state.number, Some(Fate::InPlaceOf(number)));
    }

    /// A frame follows that belongs to no message.
    pub(super) fn sends_frame(&self, number: u64, label: &Label) {
        let state = self.0.borrow();
        state.memory.lock().of(number, label).sends_frame();
    }

    /// What is sent on this connection passes through.
    pub(super) fn passes(&self, number: u64, label: &Label) {
        let state = self.0.borrow();
        state.memory.lock().of(number, label).passes();
    }

    pub(super) fn ended(&self, number: u64, label: &Label) {
        let state = self.0.borrow();
        state.memory.lock().of(number, label).disconnected();
    }

    /// Shows lines as they are.
    pub(super) fn lines(&self, text: &str) {
        self.view(|view| view.text().push_str(text));
    }

    /// Ready while more can be shown.
    pub(super) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        let state = &mut *self.0.borrow_mut();
        if !state.view.is_full() || state.view.is_closing() {
            return Poll::Ready(());
        }
        if !state.clients.iter().any(|it| it.will_wake(cx.waker())) {
            state.clients.push(cx.waker().clone());
        }
        Poll::Pending
    }

    pub(super) fn style(&self) -> Style {
        self.0.borrow().view.style()
    }
}

impl State {
    fn wake(&mut self) {
        if let Some(printer) = self.printer.take() {
            printer.wake();
        }
    }
}
