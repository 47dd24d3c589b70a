//! The place of a further connection at the prompt: the first one has the terminal, and passes on what is typed.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::mem;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use crate::command::{Outgoing, Setting};
use crate::console::editor::{Draft, Editor, Entry};
use crate::console::variable::Values;
use crate::console::words::Words;
use crate::event::Opening;
use crate::memory::{Feed, Shared};
use crate::observe::{Numbers, Observers, Outlet, Recording, View, Waiting};
use crate::render::{Label, Show};

/// Text of further connections that waits for the terminal, in bytes, at which they wait as well.
const FULL: usize = 64 << 10;

/// The row above the prompt, or none.
#[derive(Debug)]
pub(super) struct Bar(pub(super) Option<String>);

/// What further connections hand to the first one.
#[derive(Debug, Default)]
pub(super) struct Desk {
    text: RefCell<String>,
    /// A connection waits for room.
    is_blocked: Cell<bool>,
    /// The row above the prompt that was asked for last.
    bar: RefCell<Option<Bar>>,
}

impl Desk {
    pub(super) fn take_text(&self) -> String {
        self.text.take()
    }

    /// Whether a connection has waited for room since the last time.
    pub(super) fn take_blocked(&self) -> bool {
        self.is_blocked.take()
    }

    pub(super) fn take_bar(&self) -> Option<Bar> {
        self.bar.take()
    }
}

/// What a further connection shares with the first one.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) desk: Rc<Desk>,
    pub(super) numbers: Numbers,
    pub(super) memory: Option<Shared>,
    pub(super) recording: RefCell<Option<Recording>>,
    pub(super) values: Values,
    pub(super) words: Words,
    pub(super) is_lent: Arc<AtomicBool>,
    /// What is shown of the first one.
    pub(super) show: Show,
}

/// How far a further connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// For the first time.
    Connecting,
    Open,
    Reconnecting,
    /// A Close waits for its answer.
    Closing,
    Closed,
}

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Connecting | Self::Reconnecting => "connecting",
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Closed => "closed",
        }
    }
}

/// What the first connection passes on.
#[derive(Debug)]
pub(super) enum Order {
    Entry(Entry),
    /// A message from the user's editor.
    Draft(Draft),
    /// A message for this connection, which need not be in use.
    Send(Outgoing),
    Status,
    Show(Option<Setting>),
    Record(Recording),
    Pause,
    /// Ends a pause; with `true` only one for a terminal that was lent.
    Resume(bool),
    /// The terminal is back.
    Returned,
    /// Lines are about this connection from now on.
    Used,
    Leave,
}

/// The place of a further connection.
#[derive(Debug)]
pub struct Seat {
    number: u64,
    label: Label,
    pub(super) common: Common,
    orders: RefCell<VecDeque<Order>>,
    url: RefCell<String>,
    state: Cell<State>,
    is_in_use: Cell<bool>,
    /// It is not to be opened any more.
    is_given_up: Cell<bool>,
    /// What waits while the view is paused.
    waiting: Cell<Option<Waiting>>,
}

impl Seat {
    pub(super) fn new(number: u64, label: Label, common: Common) -> Self {
        Self {
            number,
            label,
            common,
            orders: RefCell::default(),
            url: RefCell::default(),
            state: Cell::new(State::Connecting),
            is_in_use: Cell::new(false),
            is_given_up: Cell::new(false),
            waiting: Cell::new(None),
        }
    }

    pub fn label(&self) -> &Label {
        &self.label
    }

    /// What was shown of the first connection when this one was asked for.
    pub fn show(&self) -> Show {
        self.common.show
    }

    /// What watches the connection, for which `view` is set up as for any other.
    pub fn observers(&self, mut view: View, opening: Opening) -> Observers {
        view.set_label(self.label.clone());
        view.hand_over(Outlet::Editor);
        self.url
            .replace(view.secrets().url(opening.url()).into_owned());
        let recording = self.common.recording.take();
        let mut recording = recording.unwrap_or_else(|| view.no_recording());
        match recording.open() {
            None => {}
            Some(Ok(text)) => view.note(&text),
            Some(Err(problem)) => view.complain(&problem),
        }
        let mut observers = Observers::new(view, None, recording, opening);
        observers.numbers = self.common.numbers.clone();
        let memory = self.common.memory.clone();
        let connection = || Some((self.number, self.label.clone()));
        observers.memory = memory.map(|memory| Feed::new(memory, connection()));
        observers
    }

    /// Takes text for the terminal.
    pub fn print(&self, text: &mut String) {
        self.common
            .desk
            .text
            .borrow_mut()
            .push_str(&mem::take(text));
    }

    /// Ready when the connection is not to be opened any more; polled with everything else at the prompt.
    pub fn poll_given_up(&self) -> Poll<()> {
        if self.is_given_up.get() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    pub(super) fn give_up(&self) {
        self.is_given_up.set(true);
    }

    pub(super) fn give(&self, order: Order) {
        self.orders.borrow_mut().push_back(order);
    }

    pub(super) fn next(&self) -> Option<Order> {
        self.orders.borrow_mut().pop_front()
    }

    pub(super) fn url(&self) -> String {
        self.url.borrow().clone()
    }

    pub(super) fn state(&self) -> State {
        self.state.get()
    }

    pub(super) fn set_state(&self, state: State) {
        self.state.set(state);
    }

    pub(super) fn is_in_use(&self) -> bool {
        self.is_in_use.get()
    }

    pub(super) fn set_in_use(&self, is_in_use: bool) {
        self.is_in_use.set(is_in_use);
    }

    pub(super) fn waiting(&self) -> Option<Waiting> {
        self.waiting.get()
    }

    pub(super) fn set_waiting(&self, waiting: Option<Waiting>) {
        self.waiting.set(waiting);
    }
}

/// Where a connection's text goes, and where what is typed comes from.
#[derive(Debug)]
pub(super) enum Place {
    /// The first connection has the terminal.
    Terminal(Box<Editor>),
    Seat(Rc<Seat>),
}

impl Place {
    pub(super) fn is_lent(&self) -> bool {
        match self {
            Self::Terminal(editor) => editor.is_lent(),
            Self::Seat(seat) => seat.common.is_lent.load(Ordering::Relaxed),
        }
    }

    pub(super) fn set_bar(&self, bar: Option<String>) {
        match self {
            Self::Terminal(editor) => editor.set_bar(bar),
            Self::Seat(seat) => drop(seat.common.desk.bar.replace(Some(Bar(bar)))),
        }
    }

    /// Ready when it has taken `text`; pending while too much waits to be printed.
    pub(super) fn poll_print(&mut self, cx: &mut Context<'_>, text: &mut String) -> Poll<()> {
        match self {
            Self::Terminal(editor) => editor.poll_print(cx, text),
            Self::Seat(seat) => {
                let desk = &seat.common.desk;
                if desk.text.borrow().len() >= FULL {
                    desk.is_blocked.set(true);
                    return Poll::Pending;
                }
                seat.print(text);
                Poll::Ready(())
            }
        }
    }

    /// Prints `last` after everything else; the terminal is given back.
    pub(super) fn finish(self, last: &str) {
        match self {
            Self::Terminal(editor) => editor.finish(last),
            Self::Seat(seat) => seat.print(&mut last.to_owned()),
        }
    }

    pub(super) fn history(&self, last: usize) -> Vec<String> {
        match self {
            Self::Terminal(editor) => editor.history(last),
            Self::Seat(_) => Vec::new(),
        }
    }

    /// The next thing to do, in a terminal or from it.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Order> {
        match self {
            Self::Terminal(editor) => editor.poll_entry(cx).map(Order::Entry),
            Self::Seat(seat) => seat.next().map_or(Poll::Pending, Poll::Ready),
        }
    }
}
