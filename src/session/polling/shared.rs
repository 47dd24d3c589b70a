//! What the driver's side of a polled session and its HTTP requests share: bytes both ways, and events.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::task::{Context, Poll};

use tokio::io::ReadBuf;
use tokio::sync::Notify;

use super::outgoing::Outgoing;
use crate::event::Carried;
use crate::proto::buffer::Buffer;
use crate::proto::frame::{Header, Opcode};
use crate::proto::receiver::small_input_buffer;

/// Received frames at which the next packet waits, in bytes.
const FULL: usize = 64 << 10;

#[derive(Debug)]
pub(super) struct Shared {
    /// Frames for the driver.
    inbound: RefCell<Buffer>,
    pub(super) outgoing: RefCell<Outgoing>,
    events: RefCell<VecDeque<Carried>>,
    /// The driver took frames.
    room: Notify,
    /// The driver wrote, or the requests are to pause.
    changed: Notify,
    is_pausing: Cell<bool>,
    /// The driver has closed.
    is_closing: Cell<bool>,
    /// The server has ended the session: no request makes sense any more.
    is_over: Cell<bool>,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            inbound: RefCell::new(small_input_buffer()),
            outgoing: RefCell::new(Outgoing::new()),
            events: RefCell::default(),
            room: Notify::new(),
            changed: Notify::new(),
            is_pausing: Cell::new(false),
            is_closing: Cell::new(false),
            is_over: Cell::new(false),
        }
    }

    pub(super) fn report(&self, event: Carried) {
        self.events.borrow_mut().push_back(event);
    }

    pub(super) fn take_event(&self) -> Option<Carried> {
        self.events.borrow_mut().pop_front()
    }

    pub(super) fn has_event(&self) -> bool {
        !self.events.borrow().is_empty()
    }

    /// Makes the requests under way the last ones.
    pub(super) fn pause(&self) {
        self.is_pausing.set(true);
        self.changed.notify_one();
    }

    pub(super) fn is_pausing(&self) -> bool {
        self.is_pausing.get()
    }

    /// Notes that a failure from now on needs no words.
    pub(super) fn close(&self) {
        self.is_closing.set(true);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.is_closing.get()
    }

    pub(super) fn end(&self) {
        self.is_over.set(true);
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.get()
    }

    /// Waits until the driver wrote, or the requests are to pause.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Waits for room, and hands a frame to the driver.
    pub(super) async fn hand_on(&self, opcode: Opcode, payload: &[u8]) {
        while self.inbound.borrow().len() >= FULL {
            self.room.notified().await;
        }
        self.push(opcode, payload);
    }

    /// Hands a frame to the driver at once.
    pub(super) fn push(&self, opcode: Opcode, payload: &[u8]) {
        let header = Header::new(true, opcode, None, payload.len() as u64);
        let mut head = [0; Header::MAX];
        let size = header.encode(&mut head);
        let mut inbound = self.inbound.borrow_mut();
        inbound.extend(&head[..size]);
        inbound.extend(payload);
    }

    pub(super) fn is_drained(&self) -> bool {
        self.inbound.borrow().is_empty()
    }

    /// Gives the driver what was received; returns whether there was anything.
    pub(super) fn read(&self, into: &mut ReadBuf<'_>) -> bool {
        let mut inbound = self.inbound.borrow_mut();
        let n = inbound.len().min(into.remaining());
        into.put_slice(&inbound.filled()[..n]);
        inbound.consume(n);
        if n > 0 {
            self.room.notify_one();
        }
        n > 0
    }

    /// Takes what the driver writes.
    pub(super) fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<usize> {
        let written = self.outgoing.borrow_mut().poll_write(cx, bytes);
        self.changed.notify_one();
        written
    }
}
