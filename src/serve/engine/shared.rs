//! A session that several connections and a timer work on.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use super::guest::Guest;
use super::report::report;
use crate::acceptor::Log;
use crate::command::Outgoing;
use crate::ontop::socketio::engine::{EnginePacket, Version};
use crate::ontop::socketio::server::{Options, Service, Session, Transport};
use crate::proto::message::Kind;
use crate::render::Role;
use crate::render::escape::escape_line;
use crate::serve::hub::{Content, Post, Seat};

/// The most sessions at a time: far more than one person debugs, and each may hold some megabytes.
const MAX_SESSIONS: usize = 1000;

/// All open sessions.
#[derive(Debug)]
pub(super) struct Sessions {
    options: Arc<Options>,
    by_sid: Mutex<HashMap<String, Rc<Shared>>>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) takes_binary: bool,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    session: Session,
    log: Log,
    /// Who waits for a change.
    waiting: Vec<Waker>,
    is_polled: bool,
    is_posted: bool,
}

/// What only one request of a session may do at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Poll,
    Post,
}

/// The right to one [`Slot`] until it is dropped.
#[derive(Debug)]
pub(super) struct Claim {
    shared: Rc<Shared>,
    slot: Slot,
}

/// What a client asks for in its first request.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) version: Version,
    pub(super) service: Service,
    pub(super) query: Vec<(String, String)>,
    /// Whether bodies for the client may be binary.
    pub(super) takes_binary: bool,
}

impl Sessions {
    pub(super) fn new(options: Options) -> Self {
        Self {
            options: Arc::new(options),
            by_sid: Mutex::default(),
        }
    }

    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    pub(super) fn find(&self, sid: &str) -> Option<Rc<Shared>> {
        let session = lock(&self.by_sid).get(sid).cloned()?;
        // The time may be over although the timer has not fired yet.
        let now = Instant::now();
        session.change(now, |session| session.tick(now));
        (!session.peek(Session::has_ended)).then_some(session)
    }

    /// Opens a session and keeps its time; `None` when there are too many.
    pub(super) fn open(
        self: &Rc<Self>,
        opening: &Opening,
        transport: Transport,
        log: Log,
        guest: Option<&Guest<'_>>,
    ) -> Option<Rc<Shared>> {
        let now = Instant::now();
        let Opening {
            version,
            service,
            query,
            takes_binary,
        } = opening;
        let options = Arc::clone(&self.options);
        let session = Session::open(options, *version, *service, transport, query, now);
        let sid = session.sid().to_owned();
        let shared = Rc::new(Shared {
            takes_binary: *takes_binary,
            inner: Mutex::new(Inner {
                session,
                log,
                waiting: Vec::new(),
                is_polled: false,
                is_posted: false,
            }),
        });
        let mut by_sid = lock(&self.by_sid);
        if by_sid.len() >= MAX_SESSIONS {
            return None;
        }
        by_sid.insert(sid.clone(), Rc::clone(&shared));
        drop(by_sid);
        shared.change(now, |_| {});
        let seat = guest.and_then(|guest| guest.enter(*service, now));
        tokio::task::spawn_local(Rc::clone(self).keep(sid, Rc::clone(&shared), seat));
        Some(shared)
    }

    /// Ends all sessions.
    pub(super) fn close(&self) {
        let sessions: Vec<_> = lock(&self.by_sid).values().cloned().collect();
        for session in sessions {
            session.change(Instant::now(), |session| {
                // A WebSocket ends by itself, with 1001.
                if session.transport() != Transport::WebSocket {
                    session.close();
                }
            });
        }
    }

    /// Lets the time pass for a session until it ends, and sends what is typed for it.
    async fn keep(self: Rc<Self>, sid: String, shared: Rc<Shared>, seat: Option<Seat>) {
        while let Some(deadline) = shared.peek(Session::deadline) {
            tokio::select! {
                () = tokio::time::sleep_until(deadline.into()) => {
                    let now = Instant::now();
                    shared.change(now, |session| session.tick(now));
                }
                // An earlier one, or none because the session has ended.
                () = shared.until(|session| {
                    (session.deadline() != Some(deadline)).then_some(())
                }) => {}
                post = next(seat.as_ref()) => shared.deliver(&post, Instant::now()),
            }
        }
        lock(&self.by_sid).remove(&sid);
    }
}

/// What is sent to a session next.
async fn next(seat: Option<&Seat>) -> Post {
    let posted = |cx: &mut Context<'_>| seat.and_then(|seat| seat.poll(cx));
    std::future::poll_fn(|cx| posted(cx).map_or(Poll::Pending, Poll::Ready)).await
}

impl Shared {
    /// Sends what a person has typed.
    fn deliver(&self, post: &Post, now: Instant) {
        let text = match &post.content {
            Content::Message(message) if message.kind() == Kind::Text => {
                String::from_utf8_lossy(message.payload()).into_owned()
            }
            Content::Other(outgoing) if matches!(**outgoing, Outgoing::Close { .. }) => {
                return self.change(now, Session::close);
            }
            Content::Message(_) | Content::Other(_) | Content::Notice(_) => {
                return self.complain("a session of Socket.IO is sent events, and /close");
            }
        };
        if let Err(error) = self.change(now, |session| session.say(&text)) {
            let hint = error.hint.map(|hint| format!("; {hint}"));
            self.complain(&(error.text + &hint.unwrap_or_default()));
        }
    }

    fn complain(&self, text: &str) {
        let text = format!("! not sent: {}", escape_line(text));
        lock(&self.inner).log.note(Role::Error, &text);
    }

    /// That of its client.
    pub(super) fn log(&self) -> Log {
        lock(&self.inner).log.clone()
    }

    /// Looks at the session.
    pub(super) fn peek<T>(&self, look: impl FnOnce(&Session) -> T) -> T {
        look(&lock(&self.inner).session)
    }

    /// Changes the session, logs what happened, and wakes who waits.
    pub(super) fn change<T>(&self, now: Instant, change: impl FnOnce(&mut Session) -> T) -> T {
        let mut inner = lock(&self.inner);
        let result = change(&mut inner.session);
        inner.report(now);
        let waiting = std::mem::take(&mut inner.waiting);
        drop(inner);
        waiting.into_iter().for_each(Waker::wake);
        result
    }

    /// Takes the next packet for the client, which changes nothing that others wait for.
    pub(super) fn next_packet(&self, now: Instant) -> Option<EnginePacket<'static>> {
        let mut inner = lock(&self.inner);
        let packet = inner.session.next_packet();
        inner.report(now);
        packet
    }

    /// Ready with what `find` finds; otherwise woken by the next change.
    pub(super) fn poll<T>(
        &self,
        cx: &mut Context<'_>,
        find: impl FnOnce(&Session) -> Option<T>,
    ) -> Poll<T> {
        let mut inner = lock(&self.inner);
        if let Some(found) = find(&inner.session) {
            return Poll::Ready(found);
        }
        let waker = cx.waker();
        if !inner.waiting.iter().any(|other| other.will_wake(waker)) {
            inner.waiting.push(waker.clone());
        }
        Poll::Pending
    }

    /// Completes with what `find` finds, now or after a change.
    pub(super) async fn until<T>(&self, find: impl Fn(&Session) -> Option<T>) -> T {
        std::future::poll_fn(|cx| self.poll(cx, &find)).await
    }

    /// Claims a slot; `None` if another request has it.
    pub(super) fn claim(self: &Rc<Self>, slot: Slot) -> Option<Claim> {
        let mut inner = lock(&self.inner);
        let is_claimed = inner.slot(slot);
        if std::mem::replace(is_claimed, true) {
            return None;
        }
        drop(inner);
        let shared = Rc::clone(self);
        Some(Claim { shared, slot })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        *lock(&self.shared.inner).slot(self.slot) = false;
    }
}

impl Inner {
    fn slot(&mut self, slot: Slot) -> &mut bool {
        match slot {
            Slot::Poll => &mut self.is_polled,
            Slot::Post => &mut self.is_posted,
        }
    }

    fn report(&mut self, now: Instant) {
        let version = self.session.version();
        let service = self.session.service();
        for it in self.session.take_reports() {
            report(&mut self.log, &it, version, service, now);
        }
    }
}

/// A panic elsewhere leaves the data usable: every change is complete or did not happen.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
