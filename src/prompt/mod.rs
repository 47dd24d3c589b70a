//! The REPL: a person types messages and commands, and watches what comes back.

mod editor;
mod error;
mod execute;
mod facts;
mod filter;
mod help;
mod offline;
mod recording;
mod repeat;
mod send;
mod show;
mod stats;
mod status;
mod stopping;
mod timer;
mod transfer;
mod variable;

use std::fmt::Write;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use editor::Editor;
pub use facts::Facts;
pub use recording::Recording;

use crate::command::Outgoing;
use crate::command::reaction::PeerReaction;
use crate::event::{Cause, Ending, Event};
use crate::filter::Filter;
use crate::outbox::{Every, Outbox};
use crate::proto::connection::{self, Message};
use crate::proto::frame::CloseFrame;
use crate::render::escape::escape_line;
use crate::render::{Dialect, Human, Role, quantity};
use crate::session::{Mode, Signals, Stop, Turn};
use repeat::Repeat;
use stats::Stats;
use status::Status;
use stopping::Stopping;
use transfer::Transfer;
use variable::Variables;

/// What a REPL is to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// Messages to send first.
    pub send: Vec<Outgoing>,
    /// What is shown of received messages.
    pub filter: Option<Rc<Filter>>,
    /// Messages to send again and again.
    pub every: Vec<Every>,
    /// The command of the user's own editor.
    pub editor: String,
    /// What `~` stands for in paths.
    pub home: Option<PathBuf>,
    /// Where the history is kept, if it is.
    pub history: Option<PathBuf>,
    /// What our Close frame says.
    pub close: Option<CloseFrame>,
    /// How long the server may take to answer it, also while it sends something else.
    pub close_timeout: Duration,
    /// End after this time, of which the deadline is left.
    pub max_time: Option<(Duration, Instant)>,
}

/// A session between a person and a server.
#[derive(Debug)]
pub struct Prompt {
    options: Options,
    human: Human,
    editor: Editor,
    facts: Facts,
    recording: Recording,
    status: Status,
    stats: Stats,
    variables: Variables,
    outbox: Outbox,
    repeat: Option<Repeat>,
    transfer: Option<Transfer>,
    /// Files that were not sent to their end.
    unfinished: u64,
    /// What waits to be printed.
    out: String,
    /// Events that came after the wish to end, when too much waited to be printed.
    events_skipped: u64,
    reaction: PeerReaction,
    dialect: Dialect,
    stopping: Stopping,
}

/// Text that waits to be printed, from which on nothing more is read.
const PRINT_FULL: usize = 64 << 10;

impl Prompt {
    /// A REPL at the terminal; needs a tokio runtime.
    ///
    /// Taking `signals` makes sure that they exist: rustyline puts back the handlers that it finds.
    pub fn open(
        options: Options,
        signals: Signals,
        human: Human,
        facts: Facts,
        recording: Recording,
        opened: Instant,
    ) -> io::Result<Self> {
        let variables = Variables::default();
        let editor = Editor::start(editor::Options {
            prompt: "> ".to_owned(),
            color: human.style().is_colored(),
            history: options.history.clone(),
            command: options.editor.clone(),
            variables: variables.values(),
        })?;
        let mut outbox = Outbox::new(options.send.clone(), options.every.clone(), None);
        outbox.start(opened);
        let mut repl = Self {
            stats: Stats::new(opened),
            variables,
            outbox,
            repeat: None,
            transfer: None,
            unfinished: 0,
            stopping: Stopping::new(signals, &options, opened),
            status: Status::new(opened),
            out: String::new(),
            events_skipped: 0,
            reaction: PeerReaction::default(),
            dialect: Dialect::ignored(),
            options,
            human,
            editor,
            facts,
            recording,
        };
        repl.print(
            Role::Hint,
            "a line is sent as a text message; /help lists the commands, Ctrl-D closes",
        );
        Ok(repl)
    }

    /// Takes what the opening handshake told of the protocol on top.
    pub fn set_dialect(&mut self, dialect: Dialect) {
        self.dialect = dialect;
    }

    /// Records how the session ended, as `last` says.
    pub fn record_end(&mut self, ending: &Ending, last: &str, now: Instant) {
        if let Some(complaint) = self.recording.close(ending, last, now) {
            self.complain(&complaint);
        }
    }

    /// Prints `last`, and gives the terminal back.
    pub fn finish(mut self, last: &str) {
        self.end_transfer(false);
        if self.events_skipped > 0 {
            let left_out = quantity::plural(self.events_skipped, "event");
            self.print(Role::Fact, &format!("… {left_out} not shown"));
        }
        self.out.push_str(last);
        self.out.push('\n');
        self.editor.finish(&self.out);
    }

    fn print(&mut self, role: Role, text: &str) {
        let _ = writeln!(self.out, "{}", self.human.style().paint(role, text));
    }

    fn complain(&mut self, text: &str) {
        let text = escape_line(text).into_owned();
        self.print(Role::Error, &text);
    }

    /// Counts a message.
    fn received(&mut self, message: &Message<'_>, now: Instant) {
        let bytes = message.payload.len() as u64;
        self.status.received(message);
        self.stats.received(u64::from(message.end), bytes, now);
        self.variables.received(message);
    }
}

impl Mode for Prompt {
    fn event(&mut self, event: Event<'_>, turn: &mut Turn<'_>) {
        let now = turn.now;
        if let Event::Connection(event) = &event {
            match event {
                connection::Event::Message(message) => self.received(message, now),
                connection::Event::Pong { rtt: Some(rtt), .. } => {
                    self.status.round_trip(*rtt);
                    self.stats.round_trip(*rtt);
                }
                connection::Event::Idle(limit) => {
                    self.stopping.promptly(Cause::Idle(*limit));
                }
                _ => {}
            }
            if let Some(answer) = self.reaction.answer(event, now) {
                self.print(Role::Fact, &format!("* {}", escape_line(&answer)));
            }
        }
        self.recording.event(&event, now);
        if self.stopping.is_closing() && self.out.len() >= PRINT_FULL {
            self.events_skipped += 1;
        } else if !self.is_filtered(&event, now) {
            self.human.event(&mut self.out, &event, now);
        }
        if let Event::Connection(connection::Event::Message(message)) = &event
            && let Some(hint) = self.dialect.message(message)
        {
            self.print(Role::Hint, &format!("hint: {hint}"));
        }
    }

    fn poll_input(&mut self, cx: &mut Context<'_>, turn: &mut Turn<'_>) -> bool {
        let now = turn.now;
        let mut moved = self.fill(turn);
        moved |= self.send_repeated(turn);
        // Also when there is no room for messages: who waits for a slow server may want to do something else.
        while !self.stopping.is_wished()
            && let Poll::Ready(entry) = self.editor.poll_entry(cx)
        {
            self.entry(entry, Some(turn), now);
            moved = true;
        }
        moved
    }

    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(complaint) = self.recording.flush() {
            self.complain(&complaint);
        }
        let printed = self.out.is_empty() || self.editor.poll_print(cx, &mut self.out).is_ready();
        if printed || self.stopping.is_closing() || self.out.len() < PRINT_FULL {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Stop> {
        if let Some(text) = self.reaction.silence(now) {
            self.print(Role::Fact, &format!("* {text}"));
        }
        let stop = self.stopping.poll(cx, self.editor.is_lent(), now);
        if stop.is_ready() {
            self.end_transfer(true);
        }
        stop
    }

    fn deadline(&self) -> Option<Instant> {
        let deadlines = [
            self.stopping.deadline(),
            self.reaction.deadline(),
            self.outbox.deadline(),
            self.transfer.as_ref().map(Transfer::deadline),
        ];
        deadlines.into_iter().flatten().min()
    }

    fn is_full(&self) -> bool {
        !self.stopping.is_closing() && self.out.len() >= PRINT_FULL
    }

    fn wants_frames(&self) -> bool {
        self.human.show.frames || self.recording.is_on()
    }

    fn complete(&mut self, ending: &mut Ending) {
        ending.unrecorded = self.recording.has_failed();
        self.end_transfer(false);
        ending.unsent.messages = self.outbox.unsent() + self.unfinished;
    }
}
