//! The REPL: a person types messages and commands, and watches what comes back.

mod editor;
mod facts;
mod file;
mod filter;
mod help;
mod obey;
mod offline;
mod recording;
mod routine;
mod send;
mod show;
mod stats;
mod status;
mod template;
mod variable;

use std::collections::VecDeque;
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
use crate::command::schedule::{Every, Schedule};
use crate::event::{Cause, Ending, Event, Signal};
use crate::filter::Filter;
use crate::proto::connection::{self, Message};
use crate::proto::frame::CloseFrame;
use crate::proto::sender::Sender;
use crate::render::escape::escape_line;
use crate::render::{Dialect, Human, Role, quantity};
use crate::session::{Mode, Signals, Stop};
use file::Sending;
use offline::LineError;
use routine::Repeating;
use stats::Stats;
use status::Status;
use variable::{LastJson, Variables};

/// What a REPL is to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// Text messages to send first.
    pub send: Vec<String>,
    /// What is shown of received messages.
    pub filter: Option<Rc<Filter>>,
    /// Text messages to send again and again.
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
    signals: Signals,
    facts: Facts,
    recording: Recording,
    status: Status,
    send: VecDeque<String>,
    stats: Stats,
    variables: Variables,
    last_json: LastJson,
    schedule: Schedule,
    repeating: Option<Repeating>,
    sending: Option<Sending>,
    /// Files that were not sent to their end.
    unfinished: u64,
    /// Another connection was asked for; nothing has been done for it yet.
    reconnect_requested: bool,
    /// What was typed while there was no connection.
    queued: VecDeque<Outgoing>,
    /// What waits to be printed.
    out: String,
    /// Events that came after the wish to end, when too much waited to be printed.
    events_skipped: u64,
    reaction: PeerReaction,
    dialect: Dialect,
    stop: Option<Stop>,
    /// Until then Ctrl-C was meant for an editor that has ended.
    ignore_interrupt_until: Instant,
    /// The wish to end was told: printing must not hold the end up.
    is_closing: bool,
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
            variables: variables.clone(),
        })?;
        let mut schedule = Schedule::new(options.every.clone());
        schedule.start(opened);
        let mut repl = Self {
            stats: Stats::new(opened),
            variables,
            last_json: LastJson::default(),
            schedule,
            repeating: None,
            sending: None,
            unfinished: 0,
            reconnect_requested: false,
            queued: VecDeque::new(),
            send: options.send.iter().cloned().collect(),
            signals,
            status: Status::new(opened),
            out: String::new(),
            events_skipped: 0,
            reaction: PeerReaction::default(),
            dialect: Dialect::ignored(),
            stop: None,
            ignore_interrupt_until: opened,
            is_closing: false,
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
        self.end_file(false);
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

    /// Counts and records a message.
    fn sent(&mut self, message: &Message<'_>, now: Instant) {
        self.stats.sent(1, message.payload.len() as u64, now);
        self.recording.sent(message, now);
    }

    /// Counts a message.
    fn received(&mut self, message: &Message<'_>, now: Instant) {
        let bytes = message.payload.len() as u64;
        self.status.received(message);
        self.stats.received(u64::from(message.end), bytes, now);
        self.last_json.received(message);
    }

    fn next_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Stop> {
        let close = self.options.close.clone();
        while let Poll::Ready(signal) = self.signals.poll(cx) {
            let is_for_editor = self.editor.is_lent() || now < self.ignore_interrupt_until;
            if signal != Signal::Interrupt || !is_for_editor {
                return Poll::Ready(Stop::signal(signal, close));
            }
        }
        if let Some(stop) = self.stop.take() {
            return Poll::Ready(stop);
        }
        match self
            .options
            .max_time
            .take_if(|(_, deadline)| *deadline <= now)
        {
            Some((limit, _)) => Poll::Ready(Stop::promptly(Cause::MaxTime(limit), close)),
            None => Poll::Pending,
        }
    }
}

impl Mode for Prompt {
    fn event(&mut self, event: Event<'_>, _: &mut Sender, now: Instant) {
        if let Event::Connection(event) = &event {
            match event {
                connection::Event::Message(message) => self.received(message, now),
                connection::Event::Pong { rtt: Some(rtt), .. } => {
                    self.status.round_trip(*rtt);
                    self.stats.round_trip(*rtt);
                }
                connection::Event::Idle(limit) => {
                    let close = self.options.close.clone();
                    self.stop = Some(Stop::promptly(Cause::Idle(*limit), close));
                }
                _ => {}
            }
            if let Some(answer) = self.reaction.answer(event, now) {
                self.print(Role::Fact, &format!("* {}", escape_line(&answer)));
            }
        }
        self.recording.event(&event, now);
        if self.is_closing && self.out.len() >= PRINT_FULL {
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

    fn poll_input(&mut self, cx: &mut Context<'_>, sender: &mut Sender, now: Instant) -> bool {
        let mut moved = self.send_file(sender, now);
        moved |= self.send_queued(sender, now);
        moved |= self.send_due(sender, now);
        moved |= self.send_repeated(sender, now);
        // Also when there is no room for messages: who waits for a slow server may want to do something else.
        while self.stop.is_none()
            && let Poll::Ready(entry) = self.editor.poll_entry(cx)
        {
            self.entry(entry, Some(sender), now);
            moved = true;
        }
        moved
    }

    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(complaint) = self.recording.flush() {
            self.complain(&complaint);
        }
        let printed = self.out.is_empty() || self.editor.poll_print(cx, &mut self.out).is_ready();
        if printed || self.is_closing || self.out.len() < PRINT_FULL {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Stop> {
        if let Some(text) = self.reaction.silence(now) {
            self.print(Role::Fact, &format!("* {text}"));
        }
        let stop = self.next_stop(cx, now);
        if stop.is_ready() {
            self.is_closing = true;
            self.end_file(true);
        }
        stop
    }

    fn deadline(&self) -> Option<Instant> {
        let max_time = self.options.max_time.map(|(_, deadline)| deadline);
        let deadlines = [
            max_time,
            self.reaction.deadline(),
            self.schedule.deadline(),
            self.bar_deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    fn is_full(&self) -> bool {
        !self.is_closing && self.out.len() >= PRINT_FULL
    }

    fn wants_frames(&self) -> bool {
        self.human.show.frames || self.recording.is_on()
    }

    fn complete(&mut self, ending: &mut Ending) {
        ending.unrecorded = self.recording.has_failed();
        self.end_file(false);
        ending.unsent.messages = self.queued.len() as u64 + self.unfinished;
    }
}
