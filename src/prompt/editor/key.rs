//! Ctrl-C, Ctrl-D and Ctrl-Z, and keys that were read in rustyline's place.

use std::sync::Arc;

use rustyline::history::History;
use rustyline::{
    Cmd, ConditionalEventHandler, Editor, Event, EventContext, EventHandler, Helper, KeyCode,
    KeyEvent, Modifiers, Movement, RepeatCount,
};
use tokio::sync::mpsc::Sender;

use super::Entry;
use super::screen::Screen;
use crate::term::terminal::Loan;

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
    let interrupt = Interrupt(entries.clone());
    editor.bind_sequence(KeyEvent::ctrl('C'), handler(interrupt));
    let end = End(entries.clone());
    editor.bind_sequence(KeyEvent::ctrl('D'), handler(end));
    editor.bind_sequence(KeyEvent::ctrl('Z'), handler(Suspend(loan)));
    editor.bind_sequence(Event::Any, handler(Late(Arc::clone(screen))));
}

fn handler(handler: impl ConditionalEventHandler + 'static) -> EventHandler {
    EventHandler::Conditional(Box::new(handler))
}

struct Interrupt(Sender<Entry>);

impl ConditionalEventHandler for Interrupt {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, ctx: &EventContext<'_>) -> Option<Cmd> {
        if ctx.line().is_empty() {
            return Some(report(&self.0, Entry::Interrupt));
        }
        Some(Cmd::Kill(Movement::WholeBuffer))
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

/// Inserts what was typed before a key.
struct Late(Arc<Screen>);

impl ConditionalEventHandler for Late {
    fn handle(&self, event: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        let mut typed = self.0.take_late();
        if typed.is_empty() {
            return None;
        }
        if let Some(KeyEvent(KeyCode::Char(c), Modifiers::NONE)) = event.get(0) {
            typed.push(*c);
        }
        Some(Cmd::Insert(1, typed))
    }
}

/// Sends `entry`; the repaint removes the prompt of a history search.
fn report(entries: &Sender<Entry>, entry: Entry) -> Cmd {
    // Without a receiver the session has ended.
    let _ = entries.blocking_send(entry);
    Cmd::Repaint
}
