//! The REPL: a person types messages and commands, and watches what comes back.

pub mod command;
pub mod editor;
mod facts;
mod status;

use std::collections::VecDeque;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use command::{COMMANDS, Command, Topic, Usage};
use editor::{Editor, Entry};
pub use facts::Facts;

use crate::event::{Cause, Event, Signal};
use crate::proto::connection::{self, Message};
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::proto::message::Kind;
use crate::proto::sender::{Closing, Sender};
use crate::render::escape::{escape_line, escape_payload};
use crate::render::{Human, Role, Show};
use crate::session::mode::OUTPUT_FULL;
use crate::session::{Mode, Signals, Stop};
use status::Status;

/// What a REPL is to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// Text messages to send first.
    pub send: Vec<String>,
    /// Where the history is kept, if it is.
    pub history: Option<PathBuf>,
    /// What our Close frame says.
    pub close: Option<CloseFrame>,
    /// End after this time, of which the deadline is left.
    pub max_time: Option<(Duration, Instant)>,
}

/// A session between a person and a server.
#[derive(Debug)]
pub struct Repl {
    options: Options,
    human: Human,
    editor: Editor,
    signals: Signals,
    facts: Facts,
    status: Status,
    send: VecDeque<String>,
    /// What waits to be printed.
    out: String,
    stop: Option<Stop>,
}

/// Text that waits to be printed, from which on nothing more is read.
const PRINT_FULL: usize = 256 << 10;

impl Repl {
    /// A REPL at the terminal; needs a tokio runtime.
    ///
    /// Taking `signals` makes sure that they exist: rustyline puts back the handlers that it finds.
    pub fn open(
        options: Options,
        signals: Signals,
        human: Human,
        facts: Facts,
        opened: Instant,
    ) -> io::Result<Self> {
        let editor = Editor::start(editor::Options {
            prompt: "> ".to_owned(),
            color: human.style().is_colored(),
            history: options.history.clone(),
        })?;
        let mut repl = Self {
            send: options.send.iter().cloned().collect(),
            signals,
            status: Status::new(opened),
            out: String::new(),
            stop: None,
            options,
            human,
            editor,
            facts,
        };
        repl.print(
            Role::Hint,
            "a line is sent as a text message; /help lists the commands, Ctrl-D closes",
        );
        Ok(repl)
    }

    /// Prints `last`, and gives the terminal back.
    pub fn finish(mut self, last: &str) {
        self.out.push_str(last);
        self.out.push('\n');
        self.editor.finish(&self.out);
    }

    fn print(&mut self, role: Role, text: &str) {
        let _ = writeln!(self.out, "{}", self.human.style().paint(role, text));
    }

    /// Takes a line that was typed, and says what is wrong with it.
    fn line(&mut self, line: &str, sender: &mut Sender, now: Instant) {
        let outcome = match command::parse(line) {
            Ok(command) => self.command(command, sender, now),
            Err(error) => Err(error.to_string()),
        };
        if let Err(text) = outcome {
            let text = escape_line(&text).into_owned();
            self.print(Role::Error, &text);
        }
    }

    fn command(
        &mut self,
        command: Command,
        sender: &mut Sender,
        now: Instant,
    ) -> Result<(), String> {
        match command {
            Command::Nothing => {}
            Command::Text(text) => self.message(Kind::Text, text.as_bytes(), sender, now)?,
            Command::Binary(payload) => self.message(Kind::Binary, &payload, sender, now)?,
            Command::File { path, is_text } => self.file(&path, is_text, sender, now)?,
            Command::Fragment { frames, text } => self.fragment(frames, &text, sender, now)?,
            Command::Ping(payload) => sender.ping(&payload, now).map_err(closing)?,
            Command::Pong(payload) => sender.pong(&payload).map_err(closing)?,
            Command::Close { code, reason } => {
                let frame = code.map(|code| CloseFrame::new(CloseCode(code), reason));
                self.stop = Some(Stop::new(Cause::Quit, frame));
            }
            Command::Quit => self.quit(Cause::Quit),
            Command::Help(usage) => self.help(usage),
            Command::Status => {
                let style = self.human.style();
                self.status
                    .print(&mut self.out, &self.facts, sender, style, now);
            }
            Command::Headers => self.facts.print_heads(&mut self.out, &self.human),
            Command::Show(change) => self.show(change),
            Command::History(last) => self.history(last),
        }
        Ok(())
    }

    fn message(
        &mut self,
        kind: Kind,
        payload: &[u8],
        sender: &mut Sender,
        now: Instant,
    ) -> Result<(), String> {
        sender.message(kind, payload).map_err(closing)?;
        self.human.sent(&mut self.out, kind, payload, now);
        Ok(())
    }

    fn file(
        &mut self,
        path: &Path,
        is_text: bool,
        sender: &mut Sender,
        now: Instant,
    ) -> Result<(), String> {
        let shown = path.display();
        let payload = fs::read(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
        if is_text && let Err(error) = std::str::from_utf8(&payload) {
            let byte = error.valid_up_to() + 1;
            return Err(format!(
                "{shown}, byte {byte}: not valid UTF-8; without \"text\" it is sent as binary"
            ));
        }
        let kind = if is_text { Kind::Text } else { Kind::Binary };
        self.message(kind, &payload, sender, now)
    }

    fn fragment(
        &mut self,
        frames: usize,
        text: &str,
        sender: &mut Sender,
        now: Instant,
    ) -> Result<(), String> {
        let (text, len) = (text.as_bytes(), text.len());
        let pieces = (0..frames).map(|i| &text[len * i / frames..len * (i + 1) / frames]);
        sender.fragments(Kind::Text, pieces).map_err(closing)?;
        self.human.sent(&mut self.out, Kind::Text, text, now);
        Ok(())
    }

    fn quit(&mut self, cause: Cause) {
        self.stop = Some(Stop::new(cause, self.options.close.clone()));
    }

    fn help(&mut self, usage: Option<&Usage>) {
        if let Some(usage) = usage {
            let _ = writeln!(self.out, "/{} {}   {}", usage.name, usage.args, usage.help);
            if !usage.details.is_empty() {
                let _ = writeln!(self.out, "  {}", usage.details.replace('\n', "\n  "));
            }
            let _ = writeln!(self.out, "  example: {}", usage.example);
            return;
        }
        for usage in COMMANDS {
            let typed = format!("/{} {}", usage.name, usage.args);
            let _ = writeln!(self.out, "  {typed:<28} {}", usage.help);
        }
        self.out
            .push_str("  anything else is sent as a text message; //x sends /x\n");
    }

    fn show(&mut self, change: Option<(Topic, bool)>) {
        if let Some((topic, on)) = change {
            *switch(&mut self.human.show, topic) = on;
        }
        let states: Vec<String> = Topic::ALL
            .into_iter()
            .map(|topic| {
                let on = *switch(&mut self.human.show, topic);
                format!("{} {}", topic.name(), if on { "on" } else { "off" })
            })
            .collect();
        self.print(Role::Fact, &format!("shown: {}", states.join(", ")));
    }

    fn history(&mut self, last: Option<usize>) {
        for line in self.editor.history(last.unwrap_or(usize::MAX)) {
            let _ = writeln!(
                self.out,
                "  {}",
                escape_payload(&line).replace('\n', "\n    ")
            );
        }
    }

    fn entry(&mut self, entry: Entry, sender: &mut Sender, now: Instant) {
        match entry {
            Entry::Line(line) => self.line(&line, sender, now),
            Entry::Interrupt => {
                self.stop = Some(Stop::signal(Signal::Interrupt, self.options.close.clone()));
            }
            Entry::End => self.quit(Cause::Quit),
            Entry::Failed(text) => self.quit(Cause::Input(text)),
        }
    }
}

fn closing(error: Closing) -> String {
    error.to_string()
}

fn switch(show: &mut Show, topic: Topic) -> &mut bool {
    match topic {
        Topic::Ping => &mut show.ping,
        Topic::Pong => &mut show.pong,
        Topic::Frames => &mut show.frames,
        Topic::Time => &mut show.time,
        Topic::Json => &mut show.json,
        Topic::Hex => &mut show.hex,
    }
}

impl Mode for Repl {
    fn event(&mut self, event: Event<'_>, _: &mut Sender, now: Instant) {
        match &event {
            Event::Connection(connection::Event::Message(Message { payload, end, .. })) => {
                self.status.received(payload.len(), *end);
            }
            Event::Connection(connection::Event::Pong { rtt: Some(rtt), .. }) => {
                self.status.round_trip(*rtt);
            }
            _ => {}
        }
        self.human.event(&mut self.out, &event, now);
    }

    fn poll_input(&mut self, cx: &mut Context<'_>, sender: &mut Sender, now: Instant) -> bool {
        let mut moved = false;
        while let Some(text) = self.send.pop_front() {
            let _ = self.message(Kind::Text, text.as_bytes(), sender, now);
            moved = true;
        }
        while sender.output().len() < OUTPUT_FULL {
            let Poll::Ready(entry) = self.editor.poll_entry(cx) else {
                break;
            };
            self.entry(entry, sender, now);
            moved = true;
        }
        moved
    }

    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.out.is_empty()
            || self.editor.poll_print(cx, &mut self.out).is_ready()
            || self.out.len() < PRINT_FULL
        {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Stop> {
        if let Poll::Ready(signal) = self.signals.poll(cx) {
            return Poll::Ready(Stop::signal(signal, self.options.close.clone()));
        }
        if let Some(stop) = self.stop.take() {
            return Poll::Ready(stop);
        }
        if let Some((limit, deadline)) = self.options.max_time
            && deadline <= now
        {
            self.options.max_time = None;
            let close = self.options.close.clone();
            return Poll::Ready(Stop::in_a_hurry(Cause::MaxTime(limit), close));
        }
        Poll::Pending
    }

    fn deadline(&self) -> Option<Instant> {
        self.options.max_time.map(|(_, deadline)| deadline)
    }

    fn wants_frames(&self) -> bool {
        self.human.show.frames
    }
}
