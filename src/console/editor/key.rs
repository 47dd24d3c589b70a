//! Keys that do something else than in rustyline.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustyline::history::History;
use rustyline::{
    Cmd, ConditionalEventHandler, Editor, Event, EventContext, EventHandler, Helper, KeyCode,
    KeyEvent, Modifiers, Movement, RepeatCount,
};
use tokio::sync::mpsc::Sender;

use super::Entry;
use super::screen::Screen;
use crate::term::terminal::{HAS_JOBS, Loan};

/// Binds Ctrl-C and Ctrl-D, which report to `entries` from an empty line, and Ctrl-Z, which gives the terminal to the shell.
///
/// rustyline's own commands for the first two end the line and leave a prompt on the screen; its own
/// for the third does not wait until the process stops, and sets its terminal modes before the shell
/// changes them.
pub(super) fn bind<H: Helper, I: History>(
    editor: &mut Editor<H, I>,
    entries: &Sender<Entry>,
    loan: Loan,
    screen: &Arc<Screen>,
) {
    let interrupt = Interrupt {
        entries: entries.clone(),
        screen: Arc::clone(screen),
    };
    editor.bind_sequence(KeyEvent::ctrl('C'), handler(interrupt));
    let end = End(entries.clone());
    editor.bind_sequence(KeyEvent::ctrl('D'), handler(end));
    if HAS_JOBS {
        editor.bind_sequence(KeyEvent::ctrl('Z'), handler(Suspend(loan)));
    }
    let alt_enter = KeyEvent(KeyCode::Enter, Modifiers::ALT);
    editor.bind_sequence(alt_enter, EventHandler::Simple(Cmd::Newline));
    let view = View(Arc::clone(screen));
    editor.bind_sequence(KeyEvent(KeyCode::F(2), Modifiers::NONE), handler(view));
    let is_browsing = Arc::<AtomicBool>::default();
    let recall = |code, search| {
        let is_browsing = Arc::clone(&is_browsing);
        let key = Recall {
            search,
            is_browsing,
        };
        (KeyEvent(code, Modifiers::NONE), handler(key))
    };
    let keys = [
        recall(KeyCode::Up, Cmd::HistorySearchBackward),
        recall(KeyCode::Down, Cmd::HistorySearchForward),
    ];
    for (key, handler) in keys {
        editor.bind_sequence(key, handler);
    }
    editor.bind_sequence(Event::Any, handler(Other { is_browsing }));
}

fn handler(handler: impl ConditionalEventHandler + 'static) -> EventHandler {
    EventHandler::Conditional(Box::new(handler))
}

struct Interrupt {
    entries: Sender<Entry>,
    screen: Arc<Screen>,
}

impl ConditionalEventHandler for Interrupt {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, ctx: &EventContext<'_>) -> Option<Cmd> {
        if self.screen.is_unfinished() {
            // The reader drops the lines before this one, which takes another prompt.
            self.screen.line_ends();
            return Some(Cmd::Interrupt);
        }
        if ctx.line().is_empty() {
            return Some(report(&self.entries, Entry::Interrupt));
        }
        Some(Cmd::Kill(Movement::WholeBuffer))
    }
}

/// F2: the reader opens the full screen, and gives the line back after it.
struct View(Arc<Screen>);

impl ConditionalEventHandler for View {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, ctx: &EventContext<'_>) -> Option<Cmd> {
        let (before, after) = ctx.line().split_at(ctx.pos());
        self.0.request_view(before, after);
        self.0.line_ends();
        Some(Cmd::Interrupt)
    }
}

struct End(Sender<Entry>);

impl ConditionalEventHandler for End {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, ctx: &EventContext<'_>) -> Option<Cmd> {
        let is_empty = ctx.line().is_empty();
        is_empty.then(|| report(&self.0, Entry::End))
    }
}

struct Suspend(Loan);

impl ConditionalEventHandler for Suspend {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        self.0.suspend();
        Some(Cmd::Repaint)
    }
}

/// Up or Down: earlier lines, only those that begin like the text before the cursor if there is any.
struct Recall {
    search: Cmd,
    /// The line comes from such a key, pressed on an empty line.
    is_browsing: Arc<AtomicBool>,
}

impl ConditionalEventHandler for Recall {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, ctx: &EventContext<'_>) -> Option<Cmd> {
        let is_browsing = ctx.pos() == 0 || self.is_browsing.load(Ordering::Relaxed);
        self.is_browsing.store(is_browsing, Ordering::Relaxed);
        let is_search = !is_browsing && !ctx.line().contains('\n');
        is_search.then(|| self.search.clone())
    }
}

/// Every other key: ends the use of [`Recall`].
struct Other {
    is_browsing: Arc<AtomicBool>,
}

impl ConditionalEventHandler for Other {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        self.is_browsing.store(false, Ordering::Relaxed);
        None
    }
}

/// Sends `entry`; the repaint removes the prompt of a history search.
fn report(entries: &Sender<Entry>, entry: Entry) -> Cmd {
    // Without a receiver the session has ended.
    let _ = entries.blocking_send(entry);
    Cmd::Repaint
}
