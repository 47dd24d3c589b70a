//! The prompt of what lets clients in: a line below the view of all of them, signals, and the end.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::time::Sleep;

use super::editor::{self, Editor, Entry};
use super::late_interrupt::LateInterrupt;
use super::pause::PauseRow;
use super::recall::{Names, Recaller};
use super::roster::Roster;
use super::variable::Values;
use super::words::Words;
use super::{filter, help, show};
use crate::acceptor::Board;
use crate::command::{Dialect, PromptCommand};
use crate::event::{Cause, Signal};
use crate::observe::{Outlet, View};
use crate::render::{Role, Style};
use crate::session::Signals;

/// What a person at the terminal can use.
#[derive(Debug, Clone)]
pub struct Tools {
    pub editor: String,
    pub pager: String,
    pub history: Option<PathBuf>,
    pub home: Option<PathBuf>,
}

/// The row above the prompt, where nothing is paused.
pub trait Row {
    /// Looks at what it is about, and prints what is due; returns whether it says something else now.
    fn update(&mut self, view: &mut View, now: Instant) -> bool;
    fn painted(&self, style: Style) -> Option<String>;
    /// When it has to be drawn again.
    fn deadline(&self) -> Option<Instant> {
        None
    }
}

pub struct Host {
    /// Where clients are shown.
    pub board: Board,
    pub editor: Editor,
    pub words: Words,
    /// What it is the prompt of, in a word.
    name: &'static str,
    signals: Signals,
    paused: PauseRow,
    /// The next Ctrl-C or Ctrl-D ends it.
    is_warned: bool,
    interrupts: LateInterrupt,
    /// Wakes the prompt when something is due.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Host {
    /// Takes over the terminal; needs a tokio runtime.
    ///
    /// `signals` must exist before: rustyline restores the handlers that it finds.
    pub fn open(
        name: &'static str,
        board: Board,
        tools: Tools,
        signals: Signals,
        dialect: Dialect,
        variables: Values,
        held: Option<Arc<dyn editor::Waiting>>,
    ) -> io::Result<Self> {
        let words = Words::default();
        words.speak(dialect, &[], &[]);
        let (style, secrets, lines) =
            board.view(|view| (view.style(), view.secrets(), view.lines()));
        let editor = Editor::start(editor::Options {
            color: style.is_colored(),
            history: tools.history,
            command: tools.editor,
            variables,
            secrets,
            recaller: Recaller {
                memory: board.memory(),
                lines,
                names: Names::new(&[]),
                home: tools.home,
                roster: Roster::of_everything(),
            },
            pager: tools.pager,
            words: words.clone(),
            waiting: held,
        })?;
        board.view(|view| view.hand_over(Outlet::Editor));
        Ok(Self {
            board,
            editor,
            words,
            name,
            signals,
            paused: PauseRow::default(),
            is_warned: false,
            interrupts: LateInterrupt::default(),
            timer: None,
        })
    }

    /// Ready when a signal ends the run, with the reason.
    pub fn poll_signal(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Cause> {
        if self.editor.is_lent() {
            self.board.view(|view| view.pause(true));
        }
        while let Poll::Ready(signal) = self.signals.poll(cx) {
            let is_lent = self.editor.is_lent();
            if signal != Signal::Interrupt || !self.interrupts.is_for_borrower(is_lent, now) {
                return Poll::Ready(Cause::Signal(signal));
            }
        }
        Poll::Pending
    }

    /// Shows how the clients end; ready when the user does not want to wait for it.
    pub fn poll_closing(
        &mut self,
        cx: &mut Context<'_>,
        row: &mut dyn Row,
        now: Instant,
    ) -> Poll<()> {
        self.board.view(|view| view.set_closing(true));
        if self.signals.poll(cx).is_ready() {
            return Poll::Ready(());
        }
        while let Poll::Ready(entry) = self.editor.poll_entry(cx) {
            match entry {
                Entry::Interrupt | Entry::Interrupted | Entry::End | Entry::HungUp => {
                    return Poll::Ready(());
                }
                Entry::Line(line, _) if !line.is_empty() => {
                    let name = self.name;
                    self.complain(&format!("not sent, the {name} is ending: {line}"));
                }
                _ => {}
            }
        }
        self.print(cx, row, now);
        Poll::Pending
    }

    /// Prints what is left, and gives the terminal back.
    pub fn finish(self) {
        self.editor.set_bar(None);
        let text = self.board.view(|view| {
            view.resume(false);
            std::mem::take(view.text())
        });
        self.editor.finish(&text);
    }

    pub fn complain(&self, text: &str) {
        self.board.view(|view| view.complain(text));
    }

    pub fn say(&self, text: &str) {
        self.board.view(|view| view.print(Role::Fact, text));
    }

    /// An action of the user is handled next; returns whether the last one was answered by [`warn`](Self::warn).
    pub fn begin(&mut self, now: Instant) -> bool {
        self.board.view(|view| view.fit(now));
        std::mem::take(&mut self.is_warned)
    }

    /// Asks before the end; `keys` are to be pressed again.
    pub fn warn(&mut self, keys: &str, consequence: &str) {
        self.is_warned = true;
        let text = format!("press {keys} to end the {}{consequence}", self.name);
        self.board.view(|view| view.note(&text));
    }

    /// The user's editor has given the terminal back.
    pub fn returned(&mut self, now: Instant) {
        self.interrupts.returned(now);
        self.board.view(|view| view.resume(true));
    }

    /// Executes a command that the client's prompt has as well; the thread that reads lines executes the others.
    pub fn command(&mut self, command: PromptCommand, now: Instant) {
        self.board.view(|view| match command {
            PromptCommand::Pause => self.paused.pause(view, now),
            PromptCommand::Resume if view.resume(false) => {}
            PromptCommand::Resume => {
                view.print(Role::Fact, "not paused; /pause stops the view");
            }
            PromptCommand::Show(setting) => show::execute(setting, view),
            PromptCommand::Filter(filtering) => filter::execute(&filtering, view),
            PromptCommand::History(last) => {
                let lines = self.editor.history(last.unwrap_or(usize::MAX));
                help::history(&lines, view.text());
            }
            _ => {}
        });
    }

    pub fn print(&mut self, cx: &mut Context<'_>, row: &mut dyn Row, now: Instant) {
        let (editor, paused) = (&mut self.editor, &mut self.paused);
        let deadline = self.board.poll_view(cx, |view, cx| {
            view.tick(now);
            let is_new = row.update(view, now);
            match paused.row(view.waiting(), view.style(), false, now) {
                Some(Some(text)) => editor.set_bar(Some(text)),
                // The row is there when nothing else is.
                Some(None) => editor.set_bar(row.painted(view.style())),
                None if is_new && view.waiting().is_none() => {
                    editor.set_bar(row.painted(view.style()));
                }
                None => {}
            }
            if !view.text().is_empty() {
                // What does not fit now stays in the view.
                let _ = editor.poll_print(cx, view.text());
            }
            [view.deadline(), paused.deadline(), row.deadline()]
                .into_iter()
                .flatten()
                .min()
        });
        self.timer = deadline.map(|at| Box::pin(tokio::time::sleep_until(at.into())));
        if let Some(timer) = &mut self.timer
            && timer.as_mut().poll(cx).is_ready()
        {
            cx.waker().wake_by_ref();
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
