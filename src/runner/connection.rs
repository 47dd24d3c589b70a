//! A connection of a case: a session in a task of its own, driven by the script.

use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use serde::de::IgnoredAny;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::inbox::Inbox;
use crate::command::Outgoing;
use crate::event::{Cause, Direction, Event};
use crate::ontop::{Name, SayError, Seen};
use crate::outbox::{self, Outbox, SendObserver};
use crate::proto::connection::{self, Message};
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::render::escape::escape_line;
use crate::render::{Human, OnTop};
use crate::session::mode::CloseMode;
use crate::session::{self, Mode, Opened, Over, Stop, Turn};
use crate::speaker::{Listener, Said, Speaker};
use crate::term;

#[derive(Debug)]
pub struct ScriptedConnection {
    shared: Rc<Shared>,
    session: JoinHandle<()>,
    /// The protocol that is spoken.
    pub on_top: Option<Name>,
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
    what: What,
    /// Time for the peer to answer a Close frame.
    patience: Duration,
}

#[derive(Debug)]
enum What {
    Outgoing(Outgoing),
    /// A verb of the protocol on top, and its arguments.
    Said(&'static str, String),
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
    pub fn start(opened: Opened, human: Human, mut speaker: Option<Speaker>) -> Self {
        if let Some(speaker) = &mut speaker {
            speaker.opened(opened.at);
        }
        let on_top = speaker.as_ref().map(Speaker::name);
        let shared = Rc::new(Shared::default());
        let mut mode = ScriptMode {
            shared: Rc::clone(&shared),
            human,
            outbox: Outbox::default(),
            speaker,
            stop: None,
        };
        let session = tokio::task::spawn_local(async move {
            let (stream, connection, at) = (opened.stream, opened.connection, opened.at);
            let mut ending = session::run(stream, connection, at, &mut mode).await;
            ending.evidence = opened.evidence;
            ending.evidence.time = jiff::Timestamp::now();
            ending.evidence.in_scenario = true;
            let over = Over::Ended(&ending);
            let reoffer = mode.speaker.as_mut().and_then(|it| it.reoffer(over));
            {
                let inbox = &mut mode.shared.state.borrow_mut().inbox;
                (inbox.ending, inbox.reoffer) = (Some(ending), reoffer);
            }
            mode.shared.changed.notify_one();
        });
        Self {
            shared,
            session,
            on_top,
        }
    }

    pub fn inbox(&self) -> RefMut<'_, Inbox> {
        RefMut::map(self.shared.state.borrow_mut(), |state| &mut state.inbox)
    }

    /// Sends something, and returns when it was handed to the connection.
    ///
    /// `deadline` limits this, and the wait for the answer to a Close frame.
    pub async fn send(&self, outgoing: Outgoing, deadline: Instant) -> Result<(), SendError> {
        self.request(What::Outgoing(outgoing), deadline).await
    }

    /// Says something in the protocol on top.
    pub async fn say(
        &self,
        verb: &'static str,
        arguments: String,
        deadline: Instant,
    ) -> Result<(), SendError> {
        self.request(What::Said(verb, arguments), deadline).await
    }

    async fn request(&self, what: What, deadline: Instant) -> Result<(), SendError> {
        {
            let patience = deadline.saturating_duration_since(Instant::now());
            let mut state = self.shared.state.borrow_mut();
            state.requests.push_back(SendRequest { what, patience });
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
            // As in `wait`, the timeout alone never fires with a peer that never pauses.
            if Instant::now() >= deadline {
                return Err(SendError::Stuck);
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
    speaker: Option<Speaker>,
    stop: Option<Stop>,
}

impl ScriptMode {
    /// Handles a message of the protocol on top.
    fn hear(&mut self, message: &Message<'_>, turn: &mut Turn<'_>) {
        let Some(speaker) = &mut self.speaker else {
            return;
        };
        let was_ready = speaker.is_ready();
        let seen = speaker.received(message, turn.now);
        let event = connection::Event::Message(*message);
        show(&mut self.human, |human, text| {
            human.event(text, &Event::Connection(&event), turn.now);
        });
        explain(&mut self.human, Direction::Received, &seen, turn.now);
        let mut observer = Observer::new(&mut self.human, &mut self.stop);
        // A connection that is closing takes no answer.
        let _ = speaker.act(turn, &mut observer);
        let mut state = self.shared.state.borrow_mut();
        state.inbox.is_ready = speaker.is_ready();
        let objects = seen.iter().filter(|seen| !seen.is_keepalive);
        let objects: Vec<_> = objects.map(|seen| seen.object.clone()).collect();
        let values = if serde_json::from_slice::<IgnoredAny>(message.payload).is_ok() {
            Vec::new()
        } else {
            seen.iter().filter_map(|seen| seen.value()).collect()
        };
        // The answers to the greeting belong to the step that connects.
        if was_ready && !objects.is_empty() {
            state.inbox.message(message, objects, values, turn.now);
        }
    }

    fn send(
        &mut self,
        request: &SendRequest,
        turn: &mut Turn<'_>,
    ) -> Result<(), outbox::SendError> {
        let mut observer = Observer {
            patience: request.patience,
            ..Observer::new(&mut self.human, &mut self.stop)
        };
        match (&request.what, &mut self.speaker) {
            (What::Outgoing(outgoing), _) => self.outbox.send(outgoing, turn, &mut observer),
            (What::Said(verb, arguments), Some(speaker)) => {
                speaker.say(Said::Verb(verb, arguments), turn, &mut observer)
            }
            (What::Said(..), None) => Err(SayError {
                text: "the step needs a protocol on top, as in connect --as NAME URL".to_owned(),
                hint: None,
            }
            .into()),
        }
    }
}

struct Observer<'t> {
    human: &'t mut Human,
    patience: Duration,
    stop: &'t mut Option<Stop>,
    /// What the next message that is sent is.
    seen: Vec<Rc<Seen>>,
}

impl<'t> Observer<'t> {
    fn new(human: &'t mut Human, stop: &'t mut Option<Stop>) -> Self {
        Self {
            human,
            patience: FAREWELL,
            stop,
            seen: Vec::new(),
        }
    }

    fn fact(&mut self, text: &str) {
        if self.human.show.messages {
            term::stderr(&format!("* {}\n", escape_line(text)));
        }
    }
}

impl Listener for Observer<'_> {
    fn annotate(&mut self, seen: Vec<Rc<Seen>>) {
        self.seen = seen;
    }

    /// The mode keeps it.
    fn heard(&mut self, _: &Rc<Seen>, _: Instant) {}

    fn note(&mut self, text: &str) {
        self.fact(text);
    }

    fn hint(&mut self, text: &str) {
        self.fact(text);
    }
}

impl SendObserver for Observer<'_> {
    fn sent(&mut self, message: &Message<'_>, now: Instant) {
        show(self.human, |human, text| human.sent(text, message, now));
        let seen = std::mem::take(&mut self.seen);
        explain(self.human, Direction::Sent, &seen, now);
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

/// Shows what a protocol on top makes of a message that is shown.
fn explain(human: &mut Human, direction: Direction, seen: &[Rc<Seen>], now: Instant) {
    let is_shown = human.show.messages;
    for seen in seen.iter().filter(|seen| is_shown && !seen.is_keepalive) {
        let on_top = OnTop {
            direction,
            label: &seen.label,
            payload: &seen.payload,
            note: &seen.note,
        };
        show(human, |human, text| human.on_top(text, &on_top, now));
    }
}

impl Mode for ScriptMode {
    fn event(&mut self, event: Event<'_>, turn: &mut Turn<'_>) {
        let now = turn.now;
        if let Event::Connection(connection::Event::Message(message)) = &event
            && self.speaker.is_some()
        {
            self.hear(message, turn);
            return self.shared.changed.notify_one();
        }
        if let Some(speaker) = &mut self.speaker {
            speaker.observe(&event, turn.now);
        }
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
        if let connection::Event::Close(frame) = event
            && let Some(speaker) = self.speaker.as_mut().filter(|it| !it.is_ready())
        {
            speaker.closing(frame.as_ref());
        }
        self.shared.state.borrow_mut().inbox.event(event, now);
        // The end is notified when the session has returned it.
        if !matches!(event, connection::Event::Ended(_)) {
            self.shared.changed.notify_one();
        }
    }

    fn poll_input(&mut self, cx: &mut Context<'_>, turn: &mut Turn<'_>) -> bool {
        if let Some(speaker) = &mut self.speaker {
            let mut observer = Observer::new(&mut self.human, &mut self.stop);
            // A connection that is closing takes nothing more.
            let _ = speaker.tick(turn, &mut observer);
            let is_ready = speaker.is_ready();
            let inbox = &mut self.shared.state.borrow_mut().inbox;
            if std::mem::replace(&mut inbox.is_ready, is_ready) != is_ready {
                self.shared.changed.notify_one();
            }
        }
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

    /// Nothing more is read once the inbox overflows: with a peer that never pauses, the case that has to end it
    /// would not have its turn.
    fn is_full(&self) -> bool {
        self.shared.state.borrow().inbox.is_overflowing
    }

    fn poll_stop(&mut self, _: &mut Context<'_>, _: Instant) -> Poll<Stop> {
        let ends = self.speaker.as_mut().and_then(Speaker::take_end);
        let ends = ends.map(|cause| {
            let close = CloseFrame::new(CloseCode::NORMAL, "");
            Stop::promptly(cause, Some(close))
        });
        match self.stop.take().or(ends) {
            Some(stop) => Poll::Ready(stop),
            None => Poll::Pending,
        }
    }

    fn farewell(&mut self, turn: &mut Turn<'_>) {
        if let Some(speaker) = &mut self.speaker {
            let mut observer = Observer::new(&mut self.human, &mut self.stop);
            speaker.farewell(turn, &mut observer);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.speaker.as_ref().and_then(Speaker::deadline)
    }

    fn wants_frames(&self) -> bool {
        self.human.show.frames
    }
}
