//! The prompt: a person types messages and commands, and watches the replies.

mod connections;
mod error;
mod execute;
mod further;
mod offline;
mod on_top;
mod order;
mod pause;
mod repeat;
mod seat;
mod send;
mod stats;
mod status;
mod stopping;
mod timer;
mod transfer;

use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::command::Outgoing;
use crate::console::editor::{self, Editor};
use crate::console::help;
use crate::console::pause::PauseRow;
use crate::console::recall::{Names, Recaller};
use crate::console::roster::Roster;
use crate::console::variable::Variables;
use crate::console::words::Words;
use crate::event::{Cause, Ending, Event};
use crate::filter::Filter;
use crate::memory::{Keep, Shared};
use crate::observe::{NO_LINES, Observers, Outlet};
use crate::outbox::{Every, Outbox};
use crate::proto::connection::{self, Message};
use crate::proto::frame::CloseFrame;
use crate::render::{Role, quantity};
use crate::session::{Mode, Signals, Stop, Turn};
use crate::speaker::Speaker;
use connections::Connections;
pub use connections::{Connector, Run};
use on_top::Voice;
use repeat::Repeat;
pub use seat::Seat;
use seat::{Place, State};
use stats::Stats;
use status::Status;
use stopping::Stopping;
use transfer::Transfer;

#[derive(Debug, Clone)]
pub struct Options {
    /// The profile or host, which the prompt names.
    pub name: String,
    pub send: Vec<Outgoing>,
    pub filter: Option<Rc<Filter>>,
    pub every: Vec<Every>,
    pub editor: String,
    pub pager: String,
    /// Names and texts of messages, for `/send`.
    pub messages: Vec<(String, String)>,
    pub home: Option<PathBuf>,
    /// Whether `{{NAME}}` in a message stands for a variable.
    pub has_variables: bool,
    /// How many of the last messages are kept.
    pub keep: Keep,
    pub history: Option<PathBuf>,
    pub close: Option<CloseFrame>,
    /// How long the server may take to reply to our Close frame, whatever else it sends.
    pub close_timeout: Duration,
    pub max_time: Option<(Duration, Instant)>,
    /// Leave when the connection ends.
    pub exit_on_close: bool,
}

#[derive(Debug)]
pub struct Prompt {
    options: Options,
    observers: Observers,
    place: Place,
    /// Those that were opened besides this one; a further connection has none itself.
    further: Connections,
    status: Status,
    stats: Stats,
    variables: Variables,
    outbox: Outbox,
    voice: Voice,
    repeat: Option<Repeat>,
    transfer: Option<Transfer>,
    paused: PauseRow,
    stopping: Stopping,
}

impl Prompt {
    /// Takes over the terminal; needs a tokio runtime.
    ///
    /// `signals` must exist before: rustyline restores the handlers that it finds.
    pub fn open(
        options: Options,
        speaker: Option<Speaker>,
        signals: Signals,
        observers: Observers,
        opened: Instant,
        connector: Connector,
    ) -> io::Result<Self> {
        let variables = Variables::new(options.has_variables);
        let memory = observers.memory.as_ref().map(|it| it.memory().clone());
        let words = Words::default();
        words.connect(connector.arguments.clone());
        // What is typed before the first turn has them as well.
        words.update(speaker.as_ref());
        let roster = Roster::new(&options.name);
        let editor = Editor::start(editor::Options {
            color: observers.view.style().is_colored(),
            history: options.history.clone(),
            command: options.editor.clone(),
            variables: variables.values(),
            secrets: observers.view.secrets(),
            recaller: Recaller {
                memory: memory.unwrap_or_else(|| Shared::new(Keep::NOTHING)),
                lines: observers.view.lines(),
                names: Names::new(&options.messages),
                home: options.home.clone(),
                roster: roster.clone(),
            },
            pager: options.pager.clone(),
            words: words.clone(),
            waiting: None,
        })?;
        let place = Place::Terminal(Box::new(editor));
        let stopping = Stopping::new(Some(signals), &options);
        let mut prompt = Self::new(options, speaker, observers, opened, place, stopping);
        prompt.further = Connections::new(Some(connector), roster);
        (prompt.variables, prompt.voice.words) = (variables, words);
        let speaker = prompt.voice.speaker.as_ref();
        let line = speaker.map_or(help::LINE, Speaker::line_help);
        prompt.observers.view.hand_over(Outlet::Editor);
        prompt.print(
            Role::Hint,
            &format!("{line}; /help lists the commands, Ctrl-D closes"),
        );
        Ok(prompt)
    }

    /// A further connection at a prompt that is open.
    pub fn seated(
        options: Options,
        speaker: Option<Speaker>,
        seat: Rc<Seat>,
        observers: Observers,
        opened: Instant,
    ) -> Self {
        seat.set_state(State::Open);
        let variables = Variables::sharing(options.has_variables, seat.common.values.clone());
        let words = seat.common.words.clone();
        let stopping = Stopping::new(None, &options);
        let place = Place::Seat(seat);
        let mut prompt = Self::new(options, speaker, observers, opened, place, stopping);
        (prompt.variables, prompt.voice.words) = (variables, words);
        prompt
    }

    fn new(
        mut options: Options,
        mut speaker: Option<Speaker>,
        mut observers: Observers,
        opened: Instant,
        place: Place,
        stopping: Stopping,
    ) -> Self {
        let mut outbox = Outbox::new(options.send.clone(), options.every.clone(), None);
        outbox.start(opened);
        if let Some(speaker) = &mut speaker {
            if !options.exit_on_close {
                speaker.attend();
            }
            speaker.opened(opened);
        }
        observers.view.filter = options.filter.take();
        Self {
            stats: Stats::new(opened),
            variables: Variables::default(),
            outbox,
            voice: Voice::new(speaker),
            repeat: None,
            transfer: None,
            paused: PauseRow::default(),
            stopping,
            status: Status::new(opened),
            options,
            observers,
            place,
            further: Connections::new(None, Roster::default()),
        }
    }

    pub fn observers(&mut self) -> &mut Observers {
        &mut self.observers
    }

    pub fn shown_end(&self) -> Option<&str> {
        self.status.shown_end.as_deref()
    }

    pub fn finish(mut self, last: &str) -> Observers {
        self.end_transfer(false);
        let skipped = self.observers.view.skipped();
        if skipped > 0 {
            let skipped = quantity::plural(skipped, "event");
            self.print(Role::Fact, &format!("… {skipped} not shown"));
        }
        if matches!(self.place, Place::Terminal(_)) {
            // The end of the connection has ended a pause.
            self.place.set_bar(None);
        }
        let text = self.observers.view.text();
        text.push_str(last);
        self.place.finish(text);
        self.observers
    }

    fn print(&mut self, role: Role, text: &str) {
        self.observers.view.print(role, text);
    }

    fn complain(&mut self, text: &str) {
        self.observers.view.complain(text);
    }

    /// Shows what is due; before the output is written, as nothing else may happen for a long time.
    fn show_due(&mut self, now: Instant) {
        self.observers.note_silence(now);
        self.observers.view.tick(now);
        self.show_waiting(now);
    }

    fn received(&mut self, message: &Message<'_>, now: Instant) {
        let bytes = message.payload.len() as u64;
        self.status.received(message);
        self.stats.received(u64::from(message.end), bytes, now);
        // A protocol on top has another form of it.
        if self.voice.speaker.is_none() {
            self.variables.received(message);
        }
    }
}

impl Mode for Prompt {
    fn event(&mut self, event: Event<'_>, turn: &mut Turn<'_>) {
        let now = turn.now;
        if self.place.is_lent() {
            self.observers.view.pause(true);
        }
        if let Event::Connection(event) = &event {
            match event {
                connection::Event::Message(message) => {
                    self.received(message, now);
                    if self.voice.speaker.is_some() {
                        return self.hear(message, &Event::Connection(event), turn);
                    }
                }
                connection::Event::Pong { rtt: Some(rtt), .. } => {
                    self.status.round_trip(*rtt);
                    self.stats.round_trip(*rtt);
                }
                connection::Event::Idle(limit) => {
                    self.stopping.promptly(Cause::Idle(*limit));
                }
                _ => {}
            }
        }
        if let Some(speaker) = &mut self.voice.speaker {
            speaker.observe(&event, now);
        }
        self.observers.event(&event, NO_LINES, now);
    }

    fn poll_input(&mut self, cx: &mut Context<'_>, turn: &mut Turn<'_>) -> bool {
        let now = turn.now;
        if self.place.is_lent() {
            self.observers.view.pause(true);
        }
        self.show_due(now);
        let mut moved = self.tick(turn);
        moved |= self.fill(turn);
        moved |= self.send_repeated(turn);
        // Even without room for messages: commands must work while a slow server is not reading.
        while !self.stopping.is_pending()
            && let Poll::Ready(order) = self.place.poll(cx)
        {
            self.order(order, Some(turn), now);
            moved = true;
        }
        moved | self.poll_further(cx)
    }

    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.update_words();
        self.observers.flush();
        self.take_text();
        let view = &mut self.observers.view;
        let printed = view.text().is_empty() || self.place.poll_print(cx, view.text()).is_ready();
        if let Place::Seat(seat) = &self.place {
            seat.set_waiting(view.waiting());
        }
        self.wake_further(cx);
        let view = &mut self.observers.view;
        if printed || self.stopping.is_closing() || !view.is_full() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Stop> {
        if let Some(cause) = self.voice.speaker.as_mut().and_then(Speaker::take_end) {
            self.stopping.promptly(cause);
        }
        let stop = self.stopping.poll(cx, self.place.is_lent(), now);
        if stop.is_ready() {
            self.observers.view.set_closing(true);
            self.set_state(State::Closing);
            self.end_transfer(true);
        }
        stop
    }

    fn farewell(&mut self, turn: &mut Turn<'_>) {
        self.bid_farewell(turn);
    }

    fn deadline(&self) -> Option<Instant> {
        let deadlines = [
            self.stopping.deadline(),
            self.observers.reaction.deadline(),
            self.outbox.deadline(),
            self.transfer.as_ref().map(Transfer::deadline),
            self.voice.speaker.as_ref().and_then(Speaker::deadline),
            self.observers.view.deadline(),
            self.paused.deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    fn note_activity(&mut self, now: Instant) {
        if let Some(speaker) = &mut self.voice.speaker {
            speaker.pause(now);
        }
    }

    fn is_full(&self) -> bool {
        !self.stopping.is_closing() && self.observers.view.is_full()
    }

    fn wants_frames(&self) -> bool {
        self.observers.wants_frames()
    }

    fn complete(&mut self, ending: &mut Ending) {
        ending.unrecorded = self.observers.recording.has_failed();
        self.end_transfer(false);
        ending.unsent.messages = self.outbox.unsent();
    }
}
