//! The line editor: lines are typed at the bottom of the terminal while text is printed above them.
//!
//! rustyline blocks, so it runs in a thread of its own (`reader`); a second thread hands it the text
//! to print (`screen`). The session's task only polls.

mod draft;
mod held;
mod helper;
mod history;
mod key;
mod late;
mod message;
mod paint;
mod reader;
mod recall;
mod screen;
mod view;
mod waiting;

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::thread;

use rustyline::config::{BellStyle, ColorMode, CompletionType, Config};
use rustyline::history::FileHistory;
use tokio::sync::{mpsc, oneshot};

pub use self::draft::Draft;
use self::helper::{Known, LineHelper};
use self::history::{History, Lines, MAX_LINES};
use self::late::Typed;
use self::message::Message;
use self::reader::Reader;
use self::screen::Screen;
pub use self::waiting::{Editing, Waiting};
use crate::command::{Command, CommandError, Outgoing};
use crate::render::escape::escape_line;
use crate::render::{Secrets, Style};
use crate::term::terminal::Terminal;

use super::recall::Recaller;
use super::variable::Values;
use super::words::Words;

/// Entries that may wait for the session before typing blocks.
const MAX_ENTRIES: usize = 16;
/// How long the rest of an escape sequence may take, in milliseconds: printing waits for it, and
/// a slow SSH connection splits sequences.
const ESCAPE_TIMEOUT: u16 = 100;
const TAB_STOP: u8 = 8;

#[derive(Debug)]
pub struct Options {
    /// Colours the prompt and the line, and shows hints.
    pub color: bool,
    /// The file of lines typed; `None` keeps them for this session only.
    pub history: Option<PathBuf>,
    pub command: String,
    /// Their names are completed.
    pub variables: Values,
    pub recaller: Recaller,
    pub secrets: Secrets,
    /// The command of the user's pager.
    pub pager: String,
    /// Those of a protocol on top are completed.
    pub words: Words,
    /// The messages that `/edit N` and `/resend N` are about, if they are not those that were sent from here.
    pub waiting: Option<Arc<dyn Waiting>>,
}

#[derive(Debug)]
pub enum Entry {
    /// A typed line, or a pasted text of several lines, and its meaning.
    Line(String, Result<Command, CommandError>),
    /// A message from the user's editor, or why there is none; the prompt returns when the sender is dropped.
    Edited(Result<Draft, String>, oneshot::Sender<()>),
    /// A message that is sent again, as it is.
    Again(Outgoing),
    /// The terminal was lent and is back; the prompt returns when the sender is dropped.
    Returned(oneshot::Sender<()>),
    /// The entries before are to be handled first: the prompt returns when the sender is dropped.
    Sync(oneshot::Sender<()>),
    /// Ctrl-C on an empty line.
    Interrupt,
    /// SIGINT, or a key that makes one.
    Interrupted,
    /// Ctrl-D on an empty line.
    End,
    HungUp,
    /// Why nothing more can be read.
    Failed(String),
}

/// A line editor that owns the terminal.
///
/// Dropping it gives the terminal back at once; [`finish`](Self::finish) first prints what is left.
#[derive(Debug)]
pub struct Editor {
    entries: mpsc::Receiver<Entry>,
    has_failed: bool,
    screen: Arc<Screen>,
    is_lent: Arc<AtomicBool>,
    lines: Lines,
    terminal: Terminal,
}

impl Editor {
    /// A handler for SIGINT must be installed before: rustyline uses its own while it reads a line, and
    /// then restores the one it found.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::Unsupported`] if standard input or output is not a terminal, or the terminal
    /// cannot move its cursor (`TERM=dumb`).
    pub fn start(options: Options) -> io::Result<Self> {
        let screen = Arc::new(Screen::default());
        let (sender, entries) = mpsc::channel(MAX_ENTRIES);
        let mut editor = line_editor(&options, &screen)?;
        let words = options.words.clone();
        let printer = editor.create_external_printer().map_err(unsupported)?;
        let terminal = Terminal::hold()?;
        let lines = Lines::default();
        key::bind(&mut editor, &sender, terminal.loan()?, &screen);
        let is_lent = Arc::<AtomicBool>::default();
        let reader = Reader {
            editor,
            entries: sender,
            screen: Arc::clone(&screen),
            history: History::new(options.history, lines.clone()),
            command: options.command,
            loan: terminal.loan()?,
            is_lent: Arc::clone(&is_lent),
            last: String::new(),
            sent: None,
            recaller: options.recaller,
            secrets: options.secrets,
            waiting: options.waiting,
            pager: options.pager,
            message: Message::default(),
            words,
            typed: Typed::default(),
            style: Style::new(options.color),
        };
        spawn("line editor", move || reader.run())?;
        let shared = Arc::clone(&screen);
        spawn("printer", move || shared.print_all(printer))?;
        Ok(Self {
            entries,
            has_failed: false,
            screen,
            is_lent,
            lines,
            terminal,
        })
    }

    /// Ready with the next entry; never again after [`Entry::HungUp`] or [`Entry::Failed`].
    pub fn poll_entry(&mut self, cx: &mut Context<'_>) -> Poll<Entry> {
        if self.has_failed {
            return Poll::Pending;
        }
        let entry = ready!(self.entries.poll_recv(cx));
        let stopped = || Entry::Failed("the line editor has stopped; start wsee again".to_owned());
        let entry = entry.unwrap_or_else(stopped);
        self.has_failed = matches!(entry, Entry::HungUp | Entry::Failed(_));
        if matches!(entry, Entry::Edited(..) | Entry::Returned(_)) {
            self.is_lent.store(false, Ordering::Relaxed);
        }
        Poll::Ready(entry)
    }

    /// The flag of [`is_lent`](Self::is_lent), for others who need to know.
    pub fn lent(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_lent)
    }

    /// Whether the user's editor has the terminal, or its result was not polled yet.
    pub fn is_lent(&self) -> bool {
        self.is_lent.load(Ordering::Relaxed)
    }

    /// Takes `text`, whole escaped lines, to print it above the line being typed.
    ///
    /// Ready when it has taken `text`; pending while too much waits to be printed.
    pub fn poll_print(&mut self, cx: &mut Context<'_>, text: &mut String) -> Poll<()> {
        self.screen.poll_print(cx, text)
    }

    /// Shows `bar`, of one row, above the line being typed, or removes it.
    pub fn set_bar(&self, bar: Option<String>) {
        self.screen.set_bar(bar);
    }

    pub fn history(&self, last: usize) -> Vec<String> {
        self.lines.last(last)
    }

    /// Prints `last` after everything else, removes the prompt and gives the terminal back.
    ///
    /// Waits for a program that has the terminal; after that it takes half a second at most, even if the
    /// terminal takes no output.
    pub fn finish(self, last: &str) {
        let Self {
            mut entries,
            screen,
            mut terminal,
            ..
        } = self;
        // A reader that waits for room must continue, or nothing can be painted.
        entries.close();
        screen.wait_for_return();
        let mut text = String::new();
        while let Ok(entry) = entries.try_recv() {
            if let Entry::Edited(Ok(draft), _) = entry {
                let kept = draft.keep();
                text = format!(
                    "not sent, the connection is closed; {}\n",
                    escape_line(&kept)
                );
            }
        }
        let typed = screen.typed();
        if !typed.trim().is_empty() {
            let _ = writeln!(text, "not sent: {}", escape_line(&typed));
        }
        terminal.set_farewell(screen.close(&(text + last)));
    }
}

fn line_editor(
    options: &Options,
    screen: &Arc<Screen>,
) -> io::Result<rustyline::Editor<LineHelper, FileHistory>> {
    let config = Config::builder()
        .max_history_size(MAX_LINES)
        .map_err(io::Error::other)?
        .history_ignore_space(true)
        .auto_add_history(false)
        .completion_type(CompletionType::List)
        // While it waits for a second Tab, rustyline does not print.
        .completion_show_all_if_ambiguous(true)
        .keyseq_timeout(Some(ESCAPE_TIMEOUT))
        // With NO_COLOR rustyline would not call the highlighter, which `screen` depends on.
        .color_mode(ColorMode::Forced)
        .bell_style(BellStyle::None)
        .tab_stop(TAB_STOP)
        .build();
    let history = FileHistory::with_config(&config);
    let mut editor = rustyline::Editor::with_history(config, history).map_err(io::Error::other)?;
    editor.set_helper(Some(LineHelper::new(
        options.color,
        Arc::clone(screen),
        Known {
            variables: options.variables.clone(),
            names: options.recaller.names.clone(),
            memory: options.recaller.memory.clone(),
            words: options.words.clone(),
            roster: options.recaller.roster.clone(),
        },
    )));
    Ok(editor)
}

fn unsupported(error: rustyline::error::ReadlineError) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, error)
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let builder = thread::Builder::new().name(name.to_owned());
    builder.spawn(body).map(drop)
}
