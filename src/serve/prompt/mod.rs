//! The prompt of a server: a person sees the clients, and answers by hand.

mod choice;
mod execute;
mod send;

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;

use super::hub::Hub;
use super::program::Book;
use crate::acceptor::Board;
use crate::command::SERVER;
use crate::console::editor::{self, Editor, Entry};
use crate::console::pause::Waiting;
use crate::console::recall::{Names, Recaller};
use crate::console::roster::Roster;
use crate::console::variable::Variables;
use crate::console::words::Words;
use crate::event::{Cause, Signal};
use crate::fault::Plan;
use crate::observe::Outlet;
use crate::render::Role;
use crate::scenario::Rules;
use crate::session::Signals;
use choice::Choice;

/// What a person at the prompt can use.
pub struct PromptOptions {
    /// Where clients are shown.
    pub board: Board,
    pub editor: String,
    pub pager: String,
    pub history: Option<PathBuf>,
    pub home: Option<PathBuf>,
    /// Reads the rules again; `None` without a file.
    pub reload: Option<Reload>,
}

/// Reads a file of rules; an error says what is wrong with it, in escaped lines.
pub type Reload = Box<dyn Fn() -> Result<Rules, String>>;

pub(super) struct ServerPrompt {
    options: PromptOptions,
    signals: Signals,
    editor: Editor,
    hub: Hub,
    /// The rules, if there are any.
    book: Option<Book>,
    faults: Rc<RefCell<Plan>>,
    variables: Variables,
    words: Words,
    choice: Choice,
    waiting: Waiting,
    /// The next Ctrl-C ends the server.
    is_warned: bool,
    /// Until then a late SIGINT belongs to the user's editor.
    ignore_interrupt_until: Instant,
    /// Wakes the prompt when something is due.
    timer: Option<Pin<Box<Sleep>>>,
}

/// How long after the editor's exit a SIGINT may still be one that was meant for it.
const LATE_INTERRUPT: Duration = Duration::from_millis(500);

impl ServerPrompt {
    /// Takes over the terminal; needs a tokio runtime.
    ///
    /// `signals` must exist before: rustyline restores the handlers that it finds.
    pub(super) fn open(
        options: PromptOptions,
        signals: Signals,
        hub: Hub,
        book: Option<Book>,
        faults: Rc<RefCell<Plan>>,
    ) -> io::Result<Self> {
        let variables = Variables::new(true);
        let words = Words::default();
        words.speak(SERVER, &[]);
        let (style, secrets, lines) = options
            .board
            .view(|view| (view.style(), view.secrets(), view.lines()));
        let editor = Editor::start(editor::Options {
            color: style.is_colored(),
            history: options.history.clone(),
            command: options.editor.clone(),
            variables: variables.values(),
            secrets,
            recaller: Recaller {
                memory: options.board.memory(),
                lines,
                names: Names::new(&[]),
                home: options.home.clone(),
                roster: Roster::of_everything(),
            },
            pager: options.pager.clone(),
            words: words.clone(),
            waiting: None,
        })?;
        options.board.view(|view| {
            view.hand_over(Outlet::Editor);
            view.print(
                Role::Hint,
                "a line is sent to the client in use; /help lists the commands, Ctrl-D ends the server",
            );
        });
        Ok(Self {
            options,
            signals,
            editor,
            hub,
            book,
            faults,
            variables,
            words,
            choice: Choice::default(),
            waiting: Waiting::default(),
            is_warned: false,
            ignore_interrupt_until: Instant::now(),
            timer: None,
        })
    }

    /// Ready when the server is to end, with the reason.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Cause> {
        let now = Instant::now();
        if self.editor.is_lent() {
            self.options.board.view(|view| view.pause(true));
        }
        while let Poll::Ready(signal) = self.signals.poll(cx) {
            let is_for_editor = self.editor.is_lent() || now < self.ignore_interrupt_until;
            if signal != Signal::Interrupt || !is_for_editor {
                return Poll::Ready(Cause::Signal(signal));
            }
        }
        while let Poll::Ready(entry) = self.editor.poll_entry(cx) {
            if let Some(cause) = self.entry(entry, now) {
                return Poll::Ready(cause);
            }
        }
        self.follow(cx);
        self.print(cx, now);
        Poll::Pending
    }

    /// Shows how the clients end; ready when the user does not want to wait for it.
    pub(super) fn poll_closing(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.options.board.view(|view| view.set_closing(true));
        if self.signals.poll(cx).is_ready() {
            return Poll::Ready(());
        }
        while let Poll::Ready(entry) = self.editor.poll_entry(cx) {
            match entry {
                Entry::Interrupt | Entry::Interrupted | Entry::End | Entry::HungUp => {
                    return Poll::Ready(());
                }
                Entry::Line(line, _) if !line.is_empty() => {
                    self.complain(&format!("not sent, the server is ending: {line}"));
                }
                _ => {}
            }
        }
        self.print(cx, Instant::now());
        Poll::Pending
    }

    /// Prints what is left, and gives the terminal back.
    pub(super) fn finish(self) {
        self.editor.set_bar(None);
        let text = self.options.board.view(|view| {
            view.resume(false);
            std::mem::take(view.text())
        });
        self.editor.finish(&text);
    }

    fn complain(&self, text: &str) {
        self.options.board.view(|view| view.complain(text));
    }

    fn say(&self, text: &str) {
        self.options.board.view(|view| view.print(Role::Fact, text));
    }

    fn print(&mut self, cx: &mut Context<'_>, now: Instant) {
        let Self {
            options,
            editor,
            waiting,
            choice,
            ..
        } = self;
        let deadline = options.board.poll_view(cx, |view, cx| {
            view.tick(now);
            match waiting.row(view, 0, false, now) {
                Some(Some(row)) => editor.set_bar(Some(row)),
                // The row of the clients is there when nothing else is.
                Some(None) => editor.set_bar(choice.row(view.style())),
                None if choice.is_new && view.waiting().is_none() => {
                    editor.set_bar(choice.row(view.style()));
                    choice.is_new = false;
                }
                None => {}
            }
            if !view.text().is_empty() {
                // What does not fit now stays in the view.
                let _ = editor.poll_print(cx, view.text());
            }
            [view.deadline(), waiting.deadline()]
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

impl fmt::Debug for ServerPrompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerPrompt")
            .field("choice", &self.choice)
            .finish_non_exhaustive()
    }
}
