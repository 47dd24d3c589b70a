//! Where the prompt and the connections meet: what is to be held, what is held, and what becomes of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::Instant;

use crate::acceptor::Board;
use crate::command::Outgoing;
use crate::event::Side;
use crate::matching::Matcher;
use crate::proto::frame::Opcode;
use crate::proto::message::Kind;

/// What messages of one end are held.
#[derive(Debug, Clone)]
pub(super) enum Hold {
    All,
    Matching(Rc<Matcher>),
    /// Control frames of this kind.
    Control(Opcode),
}

/// A message that waits for the user.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) connection: u64,
    pub(super) side: Side,
    pub(super) since: Instant,
    pub(super) content: Content,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    Message(Kind, Arc<[u8]>),
    Control(Opcode),
}

/// What is held, by the number of the message; the thread that reads lines looks at it.
#[derive(Debug, Clone, Default)]
pub(super) struct Stock(Arc<Mutex<BTreeMap<u64, Held>>>);

impl Stock {
    pub(super) fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the user wants of a connection.
#[derive(Debug)]
pub(super) enum Order {
    Pass(u64),
    Discard(u64),
    Change(u64, Vec<u8>),
    Inject(Side, Outgoing),
    /// Sent once more; the number is that of the message.
    Repeat(Side, u64, Kind, Vec<u8>),
    /// By a Close frame with this code, or a reset.
    Kill(Option<u16>),
}

/// A connection, for people.
#[derive(Debug, Clone)]
pub(super) struct About {
    pub(super) number: u64,
    pub(super) peer: SocketAddr,
    pub(super) path: String,
    pub(super) opened: Instant,
}

#[derive(Debug, Clone)]
pub struct Desk {
    stock: Stock,
    board: Board,
    state: Rc<RefCell<State>>,
}

#[derive(Debug, Default)]
struct State {
    holds: [Option<Hold>; 2],
    connections: BTreeMap<u64, Place>,
    /// Counts the changes of what is connected, and of what is held.
    version: u64,
    prompt: Option<Waker>,
}

#[derive(Debug)]
struct Place {
    about: About,
    orders: VecDeque<Order>,
    waker: Option<Waker>,
    /// How many messages of each end wait behind one that is held.
    behind: [usize; 2],
}

/// The place of a connection, for as long as it is open.
#[derive(Debug)]
pub(super) struct Seat {
    number: u64,
    desk: Desk,
}

impl Desk {
    pub fn new(board: Board) -> Self {
        Self {
            stock: Stock::default(),
            board,
            state: Rc::default(),
        }
    }

    pub(super) fn stock(&self) -> Stock {
        self.stock.clone()
    }

    pub(super) fn enter(&self, about: About) -> Seat {
        let number = about.number;
        let state = &mut *self.state.borrow_mut();
        let place = Place {
            about,
            orders: VecDeque::new(),
            waker: None,
            behind: [0, 0],
        };
        state.connections.insert(number, place);
        state.changed();
        Seat {
            number,
            desk: self.clone(),
        }
    }

    /// The open connections.
    pub(super) fn list(&self) -> Vec<About> {
        let state = self.state.borrow();
        state
            .connections
            .values()
            .map(|it| it.about.clone())
            .collect()
    }

    /// What is held of an end from now on.
    pub(super) fn set_hold(&self, side: Side, hold: Option<Hold>) {
        self.state.borrow_mut().holds[side as usize] = hold;
    }

    pub(super) fn is_holding(&self) -> bool {
        self.state.borrow().holds.iter().any(Option::is_some)
    }

    /// Whether messages of this end have to be looked at whole.
    pub(super) fn wants(&self, side: Side) -> bool {
        let hold = &self.state.borrow().holds[side as usize];
        matches!(hold, Some(Hold::All | Hold::Matching(_)))
    }

    pub(super) fn holds(&self, side: Side, kind: Kind, payload: &[u8]) -> bool {
        match &self.state.borrow().holds[side as usize] {
            Some(Hold::All) => true,
            Some(Hold::Matching(matcher)) => matcher.check(kind, payload).is_ok(),
            Some(Hold::Control(_)) | None => false,
        }
    }

    pub(super) fn holds_control(&self, side: Side, opcode: Opcode) -> bool {
        let hold = &self.state.borrow().holds[side as usize];
        matches!(hold, Some(Hold::Control(wanted)) if *wanted == opcode)
    }

    /// The number of the last message.
    pub(super) fn number(&self) -> u64 {
        self.board.number()
    }

    /// A number for what is no message.
    pub(super) fn take_number(&self) -> u64 {
        self.board.take_number()
    }

    pub(super) fn hold(&self, number: u64, held: Held) {
        self.stock.lock().insert(number, held);
        self.state.borrow_mut().changed();
    }

    /// It is not held any more.
    pub(super) fn release(&self, number: u64) {
        self.stock.lock().remove(&number);
        self.state.borrow_mut().changed();
    }

    /// This many messages of an end wait behind one that is held.
    pub(super) fn set_behind(&self, connection: u64, side: Side, count: usize) {
        let state = &mut *self.state.borrow_mut();
        if let Some(place) = state.connections.get_mut(&connection) {
            place.behind[side as usize] = count;
            state.wake();
        }
    }

    /// How many messages of an end of a connection wait behind one that is held.
    pub(super) fn behind(&self, connection: u64, side: Side) -> usize {
        let state = self.state.borrow();
        let place = state.connections.get(&connection);
        place.map_or(0, |place| place.behind[side as usize])
    }

    /// The same of all connections.
    pub(super) fn all_behind(&self) -> usize {
        let state = self.state.borrow();
        let places = state.connections.values();
        places.flat_map(|place| place.behind).sum()
    }

    /// Gives a connection an order; `false` if it is not open.
    pub(super) fn order(&self, connection: u64, order: Order) -> bool {
        let state = &mut *self.state.borrow_mut();
        let Some(place) = state.connections.get_mut(&connection) else {
            return false;
        };
        place.orders.push_back(order);
        if let Some(waker) = place.waker.take() {
            waker.wake();
        }
        true
    }

    /// The number of changes of what is connected or held; the prompt is called when there is another.
    pub(super) fn watch(&self, cx: &mut Context<'_>) -> u64 {
        let state = &mut *self.state.borrow_mut();
        state.prompt = Some(cx.waker().clone());
        state.version
    }
}

impl State {
    fn changed(&mut self) {
        self.version += 1;
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(waker) = self.prompt.take() {
            waker.wake();
        }
    }
}

impl Seat {
    /// What the user wants of this connection, which is called when there is more.
    pub(super) fn poll_order(&self, cx: &mut Context<'_>) -> Option<Order> {
        let state = &mut *self.desk.state.borrow_mut();
        let place = state.connections.get_mut(&self.number)?;
        let order = place.orders.pop_front();
        if order.is_none()
            && !place
                .waker
                .as_ref()
                .is_some_and(|it| it.will_wake(cx.waker()))
        {
            place.waker = Some(cx.waker().clone());
        }
        order
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut stock = self.desk.stock.lock();
        stock.retain(|_, held| held.connection != self.number);
        drop(stock);
        let state = &mut *self.desk.state.borrow_mut();
        state.connections.remove(&self.number);
        state.changed();
    }
}
