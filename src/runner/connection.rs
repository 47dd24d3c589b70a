//! A connection of a case: the session on one side, the script on the other.

use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::inbox::Inbox;
use crate::command::Outgoing;
use crate::event::{Cause, Event};
use crate::outbox::{self, Outbox, SendObserver};
use crate::proto::connection::{self, Message};
use crate::proto::frame::CloseCode;
use crate::render::Human;
use crate::session::mode::CloseMode;
use crate::session::{self, Mode, Opened, Stop, Turn};
use crate::term;

/// The script's side of a connection.
#[derive(Debug)]
pub struct ScriptedConnection {
    shared: Rc<Shared>,
    session: JoinHandle<()>,
}

/// What both sides know.
#[derive(Debug, Default)]
struct Shared {
    state: RefCell<State>,
    /// Something happened on the side of the session.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    inbox: Inbox,
    requests: VecDeque<SendRequest>,
    /// What came of the requests.
    results: VecDeque<Result<(), outbox::SendError>>,
    waker: Option<Waker>,
}

/// Something to be sent.
#[derive(Debug)]
struct SendRequest {
    outgoing: Outgoing,
    /// How long the peer may take to answer a Close frame.
    patience: Duration,
}

/// Why something that was waited for did not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitError {
    /// The time is over.
    Late,
    /// The connection is over, so that nothing can come any more.
    Ended,
    /// More came than can be kept.
    Overflow,
}

/// How long the peer may take to answer a Close frame at the end of a case.
const FAREWELL: Duration = Duration::from_secs(1);

impl ScriptedConnection {
    /// Runs a session on an open connection; must be called on a `LocalSet`.
    pub fn start(opened: Opened, human: Human) -> Self {
        let shared = Rc::new(Shared::default());
        let mut mode = ScriptMode {
            shared: Rc::clone(&shared),
            human,
            outbox: Outbox::default(),
            stop: None,
        };
        let session = tokio::task::spawn_local(async move {
            let (stream, connection, at) = (opened.stream, opened.connection, opened.at);
            let ending = session::run(stream, connection, at, &mut mode).await;
            mode.shared.state.borrow_mut().inbox.ending = Some(ending);
            mode.shared.changed.notify_one();
        });
        Self { shared, session }
    }

    /// What came.
    pub fn inbox(&self) -> RefMut<'_, Inbox> {
        RefMut::map(self.shared.state.borrow_mut(), |state| &mut state.inbox)
    }

    /// Sends something; tells when it was handed to the connection.
    ///
    /// `deadline` is for that, and for the answer if it is a Close frame.
    pub async fn send(&self, outgoing: Outgoing, deadline: Instant) -> Result<(), SendError> {
        {
            let patience = deadline.saturating_duration_since(Instant::now());
            let mut state = self.shared.state.borrow_mut();
            state.requests.push_back(SendRequest { outgoing, patience });
            if let Some(waker) = state.waker.take() {
                waker.wake();
            }
        }
        loop {
            if let Some(result) = self.shared.state.borrow_mut().results.pop_front() {
                return result.map_err(SendError::Outgoing);
            }
            if self.inbox().ending.is_some() {
                return Err(SendError::Ended);
            }
            let changed = self.shared.changed.notified();
            let in_time = tokio::time::timeout_at(deadline.into(), changed).await;
            in_time.map_err(|_| SendError::Stuck)?;
        }
    }

    /// Waits until `look` finds what it looks for.
    pub async fn wait<T>(
        &self,
        deadline: Instant,
        mut look: impl FnMut(&mut Inbox) -> Option<T>,
    ) -> Result<T, WaitError> {
        loop {
            {
                let mut inbox = self.inbox();
                if let Some(found) = look(&mut inbox) {
                    return Ok(found);
                }
                if inbox.is_overflowing {
                    return Err(WaitError::Overflow);
                }
                if inbox.ending.is_some() {
                    return Err(WaitError::Ended);
                }
            }
            // A peer that never pauses would be looked at for ever.
            if Instant::now() >= deadline {
                return Err(WaitError::Late);
            }
            let changed = self.shared.changed.notified();
            if tokio::time::timeout_at(deadline.into(), changed)
                .await
                .is_err()
            {
                return Err(WaitError::Late);
            }
        }
    }

    /// Closes the connection if it is open, and waits for its end, but not for long.
    pub async fn finish(&self) {
        if self.inbox().ending.is_none() {
            let close = Outgoing::Close {
                code: Some(CloseCode::NORMAL.0),
                reason: String::new(),
            };
            // Should it be closing already, its end is near.
            let _ = self.send(close, Instant::now() + FAREWELL).await;
            let _ = self
                .wait(Instant::now() + 2 * FAREWELL, |_| None::<()>)
                .await;
        }
    }
}

impl Drop for ScriptedConnection {
    fn drop(&mut self) {
        self.session.abort();
    }
}

/// Why something was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It could not be handed to the connection.
    #[error(transparent)]
    Outgoing(outbox::SendError),
    /// There was no room for it.
    #[error("the server does not read, so that this could not be sent in time")]
    Stuck,
    /// The connection is over.
    #[error("the connection is over; nothing more can be sent")]
    Ended,
}

/// The session's side.
struct ScriptMode {
    shared: Rc<Shared>,
    human: Human,
    outbox: Outbox,
    stop: Option<Stop>,
}

impl ScriptMode {
    fn send(
        &mut self,
        request: &SendRequest,
        turn: &mut Turn<'_>,
    ) -> Result<(), outbox::SendError> {
        let mut observer = Observer {
            human: &mut self.human,
            patience: request.patience,
            stop: &mut self.stop,
        };
        self.outbox.send(&request.outgoing, turn, &mut observer)
    }
}

struct Observer<'t> {
    human: &'t mut Human,
    patience: Duration,
    stop: &'t mut Option<Stop>,
}

impl SendObserver for Observer<'_> {
    fn sent(&mut self, message: &Message<'_>, now: Instant) {
        show(self.human, |human, text| human.sent(text, message, now));
    }

    fn end(&mut self, how: CloseMode) {
        let (cause, how) = (Cause::Quit, how.within(self.patience));
        *self.stop = Some(Stop { cause, how });
    }
}

fn show(human: &mut Human, write: impl FnOnce(&mut Human, &mut String)) {
    let mut text = String::new();
    write(human, &mut text);
    if !text.is_empty() {
        term::stderr(&text);
    }
}

impl Mode for ScriptMode {
    fn event(&mut self, event: Event<'_>, turn: &mut Turn<'_>) {
        let now = turn.now;
        let is_violation = matches!(event, Event::Connection(connection::Event::Violation(_)));
        // The report tells a broken rule as the state of the connection.
        if self.human.show.messages || !is_violation {
            show(&mut self.human, |human, text| {
                human.event(text, &event, now);
            });
        }
        let Event::Connection(event) = &event else {
            return;
        };
        self.shared.state.borrow_mut().inbox.event(event, now);
        // The end is told when the session is over.
        if !matches!(event, connection::Event::Ended(_)) {
            self.shared.changed.notify_one();
        }
    }

    fn poll_input(&mut self, cx: &mut Context<'_>, turn: &mut Turn<'_>) -> bool {
        let request = {
            let mut state = self.shared.state.borrow_mut();
            let request = state.requests.pop_front();
            if request.is_none() {
                state.waker = Some(cx.waker().clone());
            }
            request
        };
        let Some(request) = request else {
            return false;
        };
        let result = self.send(&request, turn);
        self.shared.state.borrow_mut().results.push_back(result);
        self.shared.changed.notify_one();
        true
    }

    fn poll_output(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn poll_stop(&mut self, _: &mut Context<'_>, _: Instant) -> Poll<Stop> {
        match self.stop.take() {
            Some(stop) => Poll::Ready(stop),
            None => Poll::Pending,
        }
    }

    fn wants_frames(&self) -> bool {
        self.human.show.frames
    }
}
