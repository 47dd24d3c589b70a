//! A connection of a case: a session in a task of its own, driven by the script.

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

#[derive(Debug)]
pub struct ScriptedConnection {
    shared: Rc<Shared>,
    session: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    state: RefCell<State>,
    /// Notified when the session has changed the state.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    inbox: Inbox,
    requests: VecDeque<SendRequest>,
    /// The results of the requests, in the same order.
    results: VecDeque<Result<(), outbox::SendError>>,
    waker: Option<Waker>,
}

#[derive(Debug)]
struct SendRequest {
    outgoing: Outgoing,
    /// Time for the peer to answer a Close frame.
    patience: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitError {
    Late,
    Ended,
    /// More messages arrived than the inbox keeps.
    Overflow,
}

/// Time for the peer to answer the Close frame at the end of a case. Short: the case has passed or failed.
const FAREWELL: Duration = Duration::from_secs(1);

impl ScriptedConnection {
    /// Starts a session; must be called on a `LocalSet`.
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
            let mut ending = session::run(stream, connection, at, &mut mode).await;
            ending.evidence = opened.evidence;
            ending.evidence.time = jiff::Timestamp::now();
            ending.evidence.in_scenario = true;
            mode.shared.state.borrow_mut().inbox.ending = Some(ending);
            mode.shared.changed.notify_one();
        });
        Self { shared, session }
    }

    pub fn inbox(&self) -> RefMut<'_, Inbox> {
        RefMut::map(self.shared.state.borrow_mut(), |state| &mut state.inbox)
    }

    /// Sends something, and returns when it was handed to the connection.
    ///
    /// `deadline` limits this, and the wait for the answer to a Close frame.
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
            // Checked here too: with a peer that never pauses the timeout below never fires.
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

    pub async fn finish(&self) {
        if self.inbox().ending.is_none() {
            let close = Outgoing::Close {
                code: Some(CloseCode::NORMAL.0),
                reason: String::new(),
            };
            // Fails if the connection is closing already, which is fine.
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

#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error(transparent)]
    Outgoing(outbox::SendError),
    #[error("timed out sending: the server is not reading")]
    Stuck,
    #[error("cannot send: the connection has ended")]
    Ended,
}

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
        // Without -v a violation is shown once, by the report.
        if self.human.show.messages || !is_violation {
            show(&mut self.human, |human, text| {
                human.event(text, &event, now);
            });
        }
        let Event::Connection(event) = &event else {
            return;
        };
        self.shared.state.borrow_mut().inbox.event(event, now);
        // The end is notified when the session has returned it.
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
