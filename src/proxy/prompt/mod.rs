//! The prompt of a proxy: a person sees what passes, and stops, changes or adds messages.

mod act;
mod execute;
mod hold;
mod row;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;

use super::desk::Desk;
use crate::acceptor::Board;
use crate::command::PROXY;
use crate::console::editor::{self, Editor, Entry};
use crate::console::pause::Waiting;
use crate::console::recall::{Names, Recaller};
use crate::console::roster::Roster;
use crate::console::variable::Variables;
use crate::console::words::Words;
use crate::event::{Cause, Signal};
use crate::matching::Given;
use crate::observe::Outlet;
use crate::render::Role;
use crate::session::Signals;
use hold::Finder;
use row::Row;

/// What a person at the prompt can use.
#[derive(Debug)]
pub struct PromptOptions {
    /// Where connections are shown.
    pub board: Board,
    pub editor: String,
    pub pager: String,
    pub history: Option<PathBuf>,
    pub home: Option<PathBuf>,
    /// Values of the variables in patterns.
    pub given: Given,
}

pub(super) struct ProxyPrompt {
    options: PromptOptions,
    signals: Signals,
    editor: Editor,
    desk: Desk,
    words: Words,
    /// The changes of the desk that were looked at.
    version: Option<u64>,
    waiting: Waiting,
    row: Row,
    /// The next Ctrl-C or Ctrl-D ends the proxy.
    is_warned: bool,
    /// Until then a late SIGINT belongs to the user's editor.
    ignore_interrupt_until: Instant,
    /// Wakes the prompt when something is due.
    timer: Option<Pin<Box<Sleep>>>,
}

/// How long after the editor's exit a SIGINT may still be one that was for it.
const LATE_INTERRUPT: Duration = Duration::from_millis(500);

impl ProxyPrompt {
    /// Takes over the terminal; needs a tokio runtime.
    ///
    /// `signals` must exist before: rustyline restores the handlers that it finds.
    pub(super) fn open(options: PromptOptions, signals: Signals, desk: Desk) -> io::Result<Self> {
        let words = Words::default();
        words.speak(PROXY, &[]);
        let (style, secrets, lines) = options
            .board
            .view(|view| (view.style(), view.secrets(), view.lines()));
        let editor = Editor::start(editor::Options {
            color: style.is_colored(),
            history: options.history.clone(),
            command: options.editor.clone(),
            variables: Variables::new(true).values(),
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
            waiting: Some(Arc::new(Finder::new(desk.stock()))),
        })?;
        options.board.view(|view| {
            view.hand_over(Outlet::Editor);
            view.print(
                Role::Hint,
                "/hold stops messages, /inject adds some; /help lists the commands, Ctrl-D ends the proxy",
            );
        });
        Ok(Self {
            options,
            signals,
            editor,
            desk,
            words,
            version: None,
            waiting: Waiting::default(),
            row: Row::default(),
            is_warned: false,
            ignore_interrupt_until: Instant::now(),
            timer: None,
        })
    }

    /// Ready when the proxy is to end, with the reason.
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

    /// Shows how the connections end; ready when the user does not want to wait for it.
    pub(super) fn poll_closing(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.options.board.view(|view| view.set_closing(true));
        if self.signals.poll(cx).is_ready() {
            return Poll::Ready(());
        }
        while let Poll::Ready(entry) = self.editor.poll_entry(cx) {
            if let Entry::Interrupt | Entry::Interrupted | Entry::End | Entry::HungUp = entry {
                return Poll::Ready(());
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

    /// Notices what is open and what is held.
    fn follow(&mut self, cx: &mut Context<'_>) {
        let version = self.desk.watch(cx);
        if self.version.replace(version) != Some(version) {
            let numbers = self.desk.list().into_iter().map(|it| it.number.to_string());
            // More than these are typed.
            let numbers: Vec<String> = numbers.take(1000).collect();
            self.words.speak(PROXY, &numbers);
        }
    }

    fn print(&mut self, cx: &mut Context<'_>, now: Instant) {
        let Self {
            options,
            editor,
            waiting,
            row,
            desk,
            ..
        } = self;
        let deadline = options.board.poll_view(cx, |view, cx| {
            view.tick(now);
            if let Some(reminder) = row.reminder(desk, now) {
                view.print(Role::Warning, &reminder);
            }
            let is_new = row.changes(desk, now);
            match waiting.row(view, 0, false, now) {
                Some(Some(paused)) => editor.set_bar(Some(paused)),
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
            [view.deadline(), waiting.deadline(), row.deadline()]
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

impl fmt::Debug for ProxyPrompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyPrompt")
            .field("row", &self.row)
            .finish_non_exhaustive()
    }
}
