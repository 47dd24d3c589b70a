//! Ctrl-C, Ctrl-D and Ctrl-Z.

use rustyline::history::History;
use rustyline::{
    Cmd, ConditionalEventHandler, Editor, Event, EventContext, EventHandler, Helper, KeyEvent,
    Movement, RepeatCount,
};
use tokio::sync::mpsc::Sender;

use super::Entry;
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
) {
    let interrupt = Interrupt(entries.clone());
    editor.bind_sequence(KeyEvent::ctrl('C'), handler(interrupt));
    let end = End(entries.clone());
    editor.bind_sequence(KeyEvent::ctrl('D'), handler(end));
    editor.bind_sequence(KeyEvent::ctrl('Z'), handler(Suspend(loan)));
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

/// Sends `entry`; the repaint removes the prompt of a history search.
fn report(entries: &Sender<Entry>, entry: Entry) -> Cmd {
    // Without a receiver the session has ended.
    let _ = entries.blocking_send(entry);
    Cmd::Repaint
}
