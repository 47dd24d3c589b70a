//! The clients of a server, and what they send each other.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Instant;

use crate::command::Outgoing;
use crate::ontop::server::Notice;
use crate::proto::encoded::Encoded;

/// All clients; clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Hub(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    clients: BTreeMap<u64, Entry>,
    /// Rooms that somebody is in.
    rooms: HashMap<Rc<str>, BTreeSet<u64>>,
    /// Changes with the clients.
    version: u64,
    /// Who wants to know of that.
    watcher: Option<Waker>,
    /// The status that the next client is refused with.
    rejection: Option<u16>,
}

#[derive(Debug)]
struct Entry {
    about: About,
    mailbox: VecDeque<Post>,
    /// Of all posts in the mailbox.
    bytes: usize,
    is_full: bool,
    waker: Option<Waker>,
    rooms: BTreeSet<Rc<str>>,
    /// What it is subscribed to, in a protocol on top.
    topics: Vec<Rc<str>>,
}

/// What is known of a client.
#[derive(Debug, Clone)]
pub struct About {
    pub number: u64,
    pub peer: SocketAddr,
    /// Of the request, without the query.
    pub path: String,
    /// In a chat.
    pub name: Option<String>,
    pub opened: Instant,
}

/// Something to send to a client.
#[derive(Debug, Clone)]
pub struct Post {
    pub content: Content,
    /// The user has typed it, who sees it sent although the view is paused.
    pub is_typed: bool,
}

#[derive(Debug, Clone)]
pub enum Content {
    Message(Rc<Encoded>),
    Other(Rc<Outgoing>),
    /// What the protocol on top makes messages of.
    Notice(Rc<Notice>),
}

impl Post {
    /// A message is encoded now, once for all who get it.
    pub fn new(outgoing: Outgoing) -> Self {
        use crate::proto::message::Kind;
        match outgoing {
            Outgoing::Text(text) => Self::message(Kind::Text, text.as_bytes()),
            Outgoing::Binary(payload) => Self::message(Kind::Binary, &payload),
            other => Content::Other(Rc::new(other)).into(),
        }
    }

    /// The same, from the user.
    #[must_use]
    pub fn typed(self) -> Self {
        Self {
            is_typed: true,
            ..self
        }
    }

    pub fn message(kind: crate::proto::message::Kind, payload: &[u8]) -> Self {
        Content::Message(Rc::new(Encoded::new(kind, payload))).into()
    }

    fn len(&self) -> usize {
        match &self.content {
            Content::Message(message) => message.frame().len(),
            Content::Other(_) => OTHER,
            Content::Notice(notice) => notice.size,
        }
    }
}

impl From<Content> for Post {
    fn from(content: Content) -> Self {
        Self {
            content,
            is_typed: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To<'a> {
    All,
    Others,
    Path(&'a str),
    Room(&'a str),
    Client(u64),
}

/// The most that waits for a client, in bytes: more than any burst, and 64 such clients are 1 GiB.
pub(super) const MOST_WAITING: usize = 16 << 20;
/// What a post counts at least, in bytes, so that empty messages are limited as well.
const OTHER: usize = 64;
/// The most rooms that a client is in: names may come from the client.
const MOST_ROOMS: usize = 1_000;
/// The longest name of a room, in bytes.
const LONGEST_ROOM: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RoomError {
    #[error("the name of a room is empty")]
    Empty,
    #[error("the name of a room begins with /")]
    Path,
    #[error("the name of a room is longer than {LONGEST_ROOM} bytes")]
    Long,
    #[error("a client is in {MOST_ROOMS} rooms at most")]
    Many,
}

impl Hub {
    /// A client is there until its seat is dropped.
    pub fn enter(&self, about: About) -> Seat {
        let number = about.number;
        let entry = Entry {
            about,
            mailbox: VecDeque::new(),
            bytes: 0,
            is_full: false,
            waker: None,
            rooms: BTreeSet::new(),
            topics: Vec::new(),
        };
        let state = &mut *self.0.borrow_mut();
        state.clients.insert(number, entry);
        state.changed();
        Seat {
            hub: self.clone(),
            number,
        }
    }

    /// Every client, by number.
    pub fn list(&self) -> Vec<About> {
        let state = self.0.borrow();
        state.clients.values().map(|it| it.about.clone()).collect()
    }

    /// A number that changes when clients come and go; `cx` is called when it does.
    pub(super) fn watch(&self, cx: &mut Context<'_>) -> u64 {
        let state = &mut *self.0.borrow_mut();
        state.watcher = Some(cx.waker().clone());
        state.version
    }

    /// The rooms that a client is in, by name.
    pub(super) fn rooms(&self, number: u64) -> Vec<Rc<str>> {
        let state = self.0.borrow();
        let entry = state.clients.get(&number);
        entry.map_or_else(Vec::new, |it| it.rooms.iter().cloned().collect())
    }

    /// What a client is subscribed to, by name.
    pub(super) fn topics(&self, number: u64) -> Vec<Rc<str>> {
        let state = self.0.borrow();
        let entry = state.clients.get(&number);
        entry.map_or_else(Vec::new, |it| it.topics.clone())
    }

    /// Whether somebody is subscribed to something like this.
    pub(super) fn has_topic(&self, to: To<'_>, is_it: impl Fn(&str) -> bool) -> bool {
        let state = self.0.borrow();
        let mut clients = state.clients.iter();
        clients.any(|(number, entry)| {
            let is_meant = match to {
                To::All | To::Others => true,
                To::Path(path) => entry.about.path == path,
                To::Room(room) => entry.rooms.contains(room),
                To::Client(it) => it == *number,
            };
            is_meant && entry.topics.iter().any(|topic| is_it(topic))
        })
    }

    /// Refuses the next client with this status, or not.
    pub(super) fn reject_next(&self, status: Option<u16>) {
        self.0.borrow_mut().rejection = status;
    }

    /// The status that the next client is refused with.
    pub(super) fn rejection(&self) -> Option<u16> {
        self.0.borrow().rejection
    }

    pub(super) fn take_rejection(&self) -> Option<u16> {
        self.0.borrow_mut().rejection.take()
    }

    pub fn has(&self, number: u64) -> bool {
        self.0.borrow().clients.contains_key(&number)
    }

    /// Leaves something for others than `from`; returns for how many, and whether `from` itself should get it.
    pub fn post(&self, from: Option<u64>, to: To<'_>, post: &Post) -> (usize, bool) {
        let state = &mut *self.0.borrow_mut();
        let State { clients, rooms, .. } = state;
        let mut given = 0;
        let mut to_self = false;
        let mut give = |number: u64, entry: &mut Entry| {
            if Some(number) == from {
                to_self = !matches!(to, To::Others);
            } else {
                entry.give(post.clone());
                given += 1;
            }
        };
        match to {
            To::All | To::Others => clients.iter_mut().for_each(|(it, entry)| give(*it, entry)),
            To::Path(path) => {
                let same = clients.iter_mut().filter(|(_, it)| it.about.path == path);
                same.for_each(|(it, entry)| give(*it, entry));
            }
            To::Client(number) => {
                if let Some(entry) = clients.get_mut(&number) {
                    give(number, entry);
                }
            }
            To::Room(room) => {
                for number in rooms.get(room).into_iter().flatten() {
                    if let Some(entry) = clients.get_mut(number) {
                        give(*number, entry);
                    }
                }
            }
        }
        (given, to_self)
    }
}

impl Entry {
    fn give(&mut self, post: Post) {
        let len = post.len().max(OTHER);
        // One message alone may be larger: --max-message decides about it.
        if self.is_full || !self.mailbox.is_empty() && self.bytes + len > MOST_WAITING {
            self.is_full = true;
            self.mailbox.clear();
            self.bytes = 0;
        } else {
            self.bytes += len;
            self.mailbox.push_back(post);
        }
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// The place of a client among the others.
#[derive(Debug)]
pub struct Seat {
    hub: Hub,
    pub number: u64,
}

impl Seat {
    /// Leaves something for the others; returns whether the client itself should get it.
    pub fn post(&self, to: To<'_>, post: &Post) -> bool {
        self.hub.post(Some(self.number), to, post).1
    }

    /// The next thing to send, or the call of `cx` when there is one.
    pub fn poll(&self, cx: &mut Context<'_>) -> Option<Post> {
        let mut state = self.hub.0.borrow_mut();
        let entry = state.clients.get_mut(&self.number)?;
        let Some(post) = entry.mailbox.pop_front() else {
            // An idle client holds no buffer.
            if entry.mailbox.capacity() > 0 {
                entry.mailbox = VecDeque::new();
            }
            if !entry
                .waker
                .as_ref()
                .is_some_and(|it| it.will_wake(cx.waker()))
            {
                entry.waker = Some(cx.waker().clone());
            }
            return None;
        };
        entry.bytes -= post.len().max(OTHER);
        Some(post)
    }

    /// Whether more waited for the client than is kept.
    pub fn is_full(&self) -> bool {
        let state = self.hub.0.borrow();
        state.clients.get(&self.number).is_some_and(|it| it.is_full)
    }

    pub fn name(&self) -> Option<String> {
        let state = self.hub.0.borrow();
        state.clients.get(&self.number)?.about.name.clone()
    }

    pub fn path(&self) -> String {
        let state = self.hub.0.borrow();
        let entry = state.clients.get(&self.number);
        entry.map(|it| it.about.path.clone()).unwrap_or_default()
    }

    pub fn join(&self, room: &str) -> Result<(), RoomError> {
        if room.is_empty() {
            return Err(RoomError::Empty);
        } else if room.starts_with(crate::scenario::rule::PATH) {
            return Err(RoomError::Path);
        } else if room.len() > LONGEST_ROOM {
            return Err(RoomError::Long);
        }
        let state = &mut *self.hub.0.borrow_mut();
        let Some(entry) = state.clients.get_mut(&self.number) else {
            return Ok(());
        };
        if entry.rooms.contains(room) {
            return Ok(());
        } else if entry.rooms.len() >= MOST_ROOMS {
            return Err(RoomError::Many);
        }
        let name: Rc<str> = room.into();
        entry.rooms.insert(Rc::clone(&name));
        state.rooms.entry(name).or_default().insert(self.number);
        Ok(())
    }

    /// Notes what the client is subscribed to.
    pub fn subscribed(&self, topics: Vec<Rc<str>>) {
        let state = &mut *self.hub.0.borrow_mut();
        if let Some(entry) = state.clients.get_mut(&self.number) {
            entry.topics = topics;
            state.changed();
        }
    }

    pub fn leave(&self, room: &str) {
        let state = &mut *self.hub.0.borrow_mut();
        if let Some(entry) = state.clients.get_mut(&self.number) {
            entry.rooms.remove(room);
        }
        state.empty(room, self.number);
    }
}

impl State {
    fn changed(&mut self) {
        self.version += 1;
        if let Some(watcher) = self.watcher.take() {
            watcher.wake();
        }
    }

    fn empty(&mut self, room: &str, number: u64) {
        if let Some(members) = self.rooms.get_mut(room) {
            members.remove(&number);
            if members.is_empty() {
                self.rooms.remove(room);
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let state = &mut *self.hub.0.borrow_mut();
        if let Some(entry) = state.clients.remove(&self.number) {
            state.changed();
            for room in entry.rooms {
                state.empty(&room, self.number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;
    use crate::proto::message::Kind;

    fn seat(hub: &Hub, number: u64, path: &str) -> Seat {
        hub.enter(About {
            number,
            peer: ([127, 0, 0, 1], 1).into(),
            path: path.to_owned(),
            name: None,
            opened: Instant::now(),
        })
    }

    fn taken(seat: &Seat) -> Vec<String> {
        let mut cx = Context::from_waker(Waker::noop());
        let posts = std::iter::from_fn(|| seat.poll(&mut cx));
        let text = |post: Post| match post.content {
            Content::Message(it) => String::from_utf8_lossy(it.payload()).into_owned(),
            Content::Other(_) | Content::Notice(_) => "other".to_owned(),
        };
        posts.map(text).collect()
    }

    fn post(text: &str) -> Post {
        Post::message(Kind::Text, text.as_bytes())
    }

    #[test]
    fn posts_reach_whom_they_are_for() {
        let hub = Hub::default();
        let seats = [
            seat(&hub, 1, "/a"),
            seat(&hub, 2, "/a"),
            seat(&hub, 3, "/b"),
        ];
        seats[1].join("room").expect("a room");
        assert!(seats[0].post(To::All, &post("all")));
        assert!(!seats[0].post(To::Others, &post("others")));
        assert!(seats[0].post(To::Path("/a"), &post("path")));
        assert!(!seats[0].post(To::Room("room"), &post("room")));
        assert!(!seats[0].post(To::Client(3), &post("three")));
        assert_eq!(taken(&seats[0]), [""; 0]);
        assert_eq!(taken(&seats[1]), ["all", "others", "path", "room"]);
        assert_eq!(taken(&seats[2]), ["all", "others", "three"]);
    }

    #[test]
    fn what_is_for_a_thousand_clients_is_encoded_once() {
        let hub = Hub::default();
        let seats: Vec<_> = (1..=1_000).map(|number| seat(&hub, number, "/")).collect();
        let post = post("for all");
        seats[0].post(To::All, &post);
        let Content::Message(encoded) = &post.content else {
            panic!("a message");
        };
        assert_eq!(Rc::strong_count(encoded), 1_000);
    }

    #[test]
    fn who_leaves_is_in_no_room() {
        let hub = Hub::default();
        let (one, two) = (seat(&hub, 1, "/"), seat(&hub, 2, "/"));
        one.join("a").and_then(|()| two.join("a")).expect("a room");
        two.leave("a");
        one.post(To::Room("a"), &post("x"));
        assert_eq!(taken(&two), [""; 0]);
        drop((one, two));
        assert!(hub.0.borrow().rooms.is_empty() && hub.list().is_empty());
    }

    #[test]
    fn rooms_and_what_waits_are_limited() {
        let hub = Hub::default();
        let (one, two) = (seat(&hub, 1, "/"), seat(&hub, 2, "/"));
        assert_eq!(one.join("/a"), Err(RoomError::Path));
        assert_eq!(one.join(&"a".repeat(257)), Err(RoomError::Long));
        for number in 0..MOST_ROOMS {
            one.join(&number.to_string()).expect("room for one more");
        }
        assert_eq!(one.join("a"), Err(RoomError::Many));
        let large = post(&"x".repeat(6 << 20));
        for full in [false, false, true] {
            one.post(To::Others, &large);
            assert_eq!(two.is_full(), full);
        }
        assert_eq!(taken(&two), [""; 0]);
    }
}
