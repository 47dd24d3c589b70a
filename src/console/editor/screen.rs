//! Text printed above the line being typed.
//!
//! rustyline's printer passes text to the thread that reads keys, or writes it itself if that thread
//! is not in `readline`. The first is always safe. The second races with a prompt that appears or a
//! line that ends, so nothing is printed between two lines.

mod reading;

use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rustyline::ExternalPrinter;

use super::paint::{Paint, Reflow};
use crate::term::terminal;

/// No more text is taken from this many bytes on; a slow terminal draws them in half a second.
const FULL: usize = 32 << 10;
/// How much a terminal that is too slow still gets at the end, in bytes.
const BACKLOG: usize = 8 << 10;
/// The time between two prints, about 30 a second: a flood must leave the terminal time to draw.
const PACE: Duration = Duration::from_millis(33);
/// How long the end of a line waits for a print in progress; short enough not to be felt as lag.
const PRINT_TIMEOUT: Duration = Duration::from_millis(50);
/// How long a print waits for rustyline to notice a resize.
const RESIZE_TIMEOUT: Duration = Duration::from_millis(100);
/// How long the end of the session waits for the last print.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(400);
/// Clears from the start of the cursor's line to the end of the screen.
const CLEAR_BELOW: &str = "\r\x1b[J";
/// The same from the row above, which holds a bar; the cursor is at the start of its line.
const CLEAR_BAR: &str = "\x1b[A\x1b[J";

/// Text on its way to the terminal, shared by the session, the printer and the reader.
#[derive(Debug, Default)]
pub(super) struct Screen {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: String,
    /// A copy of the text that rustyline has, until it is painted.
    handed_over: Option<HandedOver>,
    bar: Bar,
    paint: Paint,
    /// The lines of a message before the line being typed.
    unfinished: Option<String>,
    reflow: Reflow,
    /// Keys that were pressed while the terminal was asked for something.
    late: Vec<u8>,
    /// What was typed when the full screen was asked for, before and after the cursor.
    view_request: Option<(String, String)>,
    /// The session ends, and wants the terminal back.
    is_recalled: bool,
    is_printing: bool,
    reader: ReaderState,
    phase: Phase,
    session: Option<Waker>,
}

#[derive(Debug)]
struct HandedOver {
    text: String,
    bar: Option<String>,
    /// It clears the row above the prompt first.
    clears: bool,
}

#[derive(Debug, Default)]
struct Bar {
    wanted: Option<String>,
    is_new: bool,
    is_shown: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum ReaderState {
    #[default]
    BetweenLines,
    /// Another program has the terminal, between two lines.
    Lent,
    Reading,
    Gone,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Phase {
    #[default]
    Open,
    Closing,
    /// The last text was handed over.
    Last,
    Closed,
}

/// For the session's task.
impl Screen {
    /// Ready when it has taken `text`; pending while too much waits.
    pub(super) fn poll_print(&self, cx: &mut Context<'_>, text: &mut String) -> Poll<()> {
        let mut state = self.lock();
        if state.waiting.len() >= FULL {
            state.session = Some(cx.waker().clone());
            return Poll::Pending;
        }
        state.append(mem::take(text));
        self.changed.notify_all();
        Poll::Ready(())
    }

    pub(super) fn set_bar(&self, bar: Option<String>) {
        let mut state = self.lock();
        state.bar.is_new |= state.bar.wanted != bar;
        state.bar.wanted = bar;
        self.changed.notify_all();
    }

    pub(super) fn wait_for_return(&self) {
        self.lock().is_recalled = true;
        let is_lent = |state: &mut State| state.reader == ReaderState::Lent;
        drop(self.changed.wait_while(self.lock(), is_lent));
    }

    pub(super) fn typed(&self) -> String {
        let state = self.lock();
        let before = state.unfinished.iter().map(|lines| format!("{lines}\n"));
        before.collect::<String>() + &state.paint.line
    }

    /// Prints `last` after everything else and removes the prompt; returns the text that was not
    /// printed in time and still has to be written.
    pub(super) fn close(&self, last: &str) -> String {
        let mut state = self.lock();
        state.append(last.to_owned());
        state.phase = Phase::Closing;
        self.changed.notify_all();
        let is_open = |state: &mut State| state.phase != Phase::Closed;
        let waited = self
            .changed
            .wait_timeout_while(state, CLOSE_TIMEOUT, is_open);
        let (mut state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        if !timeout.timed_out() {
            return String::new();
        }
        state.phase = Phase::Closed;
        state.take_back();
        state.shorten();
        CLEAR_BELOW.to_owned() + &mem::take(&mut state.waiting)
    }
}

/// For the printer's thread.
impl Screen {
    pub(super) fn print_all(&self, mut printer: impl ExternalPrinter) {
        while let Some(text) = self.next_batch() {
            // Fails only if the terminal is gone, which the reader notices as well.
            let _ = printer.print(text);
            self.printed();
        }
    }

    /// Waits for text that can be printed; `None` if no more will come.
    fn next_batch(&self) -> Option<String> {
        let mut state = self.wait_for_text();
        match state.phase {
            Phase::Open => {}
            Phase::Closing => state.phase = Phase::Last,
            Phase::Last | Phase::Closed => return None,
        }
        let printed = state.hand_over();
        state.is_printing = true;
        if let Some(session) = state.session.take() {
            session.wake();
        }
        Some(printed)
    }

    fn wait_for_text(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        loop {
            let is_idle = |state: &mut State| !state.can_print();
            let idle = self.changed.wait_while(state, is_idle);
            state = idle.unwrap_or_else(PoisonError::into_inner);
            // Before a print rustyline clears the rows that the line had before the resize.
            let is_stale = |state: &mut State| state.paint.is_stale(terminal::width());
            let waited = self
                .changed
                .wait_timeout_while(state, RESIZE_TIMEOUT, is_stale);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if state.can_print() {
                return state;
            }
        }
    }

    fn printed(&self) {
        let mut state = self.lock();
        state.is_printing = false;
        if state.reader == ReaderState::Gone {
            state.painted();
        }
        self.changed.notify_all();
        let is_open = |state: &mut State| state.phase == Phase::Open;
        // The last text must not wait: it ends the pause early.
        let _paced = self.changed.wait_timeout_while(state, PACE, is_open);
    }
}

impl Screen {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn append(&mut self, text: String) {
        if self.waiting.is_empty() {
            self.waiting = text;
        } else {
            self.waiting.push_str(&text);
        }
    }

    /// Drops the older part of a long backlog, which would delay the last text.
    fn shorten(&mut self) {
        let excess = self.waiting.len().saturating_sub(BACKLOG);
        let cut = self
            .waiting
            .bytes()
            .skip(excess)
            .position(|byte| byte == b'\n');
        if let Some(cut) = cut.filter(|_| excess > 0) {
            self.waiting
                .replace_range(..=excess + cut, "… earlier output not shown\n");
        }
    }

    fn can_print(&self) -> bool {
        match self.phase {
            Phase::Last | Phase::Closed => true,
            _ if self.is_between_lines() || self.handed_over.is_some() => false,
            Phase::Open => !self.waiting.is_empty() || self.bar.has_changed(),
            Phase::Closing => true,
        }
    }

    fn is_between_lines(&self) -> bool {
        matches!(self.reader, ReaderState::BetweenLines | ReaderState::Lent)
    }

    fn hand_over(&mut self) -> String {
        let text = mem::take(&mut self.waiting);
        let bar = self.bar.wanted.clone();
        self.bar.is_new = false;
        let clears = self.bar.is_shown;
        let mut printed = String::new();
        if clears {
            printed.push_str(CLEAR_BAR);
        }
        printed.push_str(&text);
        if let Some(bar) = &bar {
            printed.push_str(bar);
            printed.push('\n');
        }
        self.handed_over = Some(HandedOver { text, bar, clears });
        printed
    }

    /// Paints the bar that the text in progress expects above the prompt.
    fn repaint_bar(&mut self, is_last: bool) -> String {
        if is_last {
            let is_shown = mem::take(&mut self.bar.is_shown);
            return if is_shown {
                CLEAR_BAR.to_owned()
            } else {
                String::new()
            };
        }
        let is_due = match &self.handed_over {
            Some(text) => text.clears,
            None => self.bar.wanted.is_some(),
        };
        if !is_due || self.bar.is_shown {
            return String::new();
        }
        self.bar.is_shown = true;
        let bar = self.bar.wanted.as_deref().unwrap_or_default();
        format!("{bar}\n")
    }

    fn painted(&mut self) {
        if let Some(text) = self.handed_over.take() {
            self.bar.is_shown = text.bar.is_some();
        }
        if self.phase == Phase::Last {
            self.phase = Phase::Closed;
        }
    }

    fn take_back(&mut self) {
        if let Some(text) = self.handed_over.take() {
            self.waiting.insert_str(0, &text.text);
        }
    }
}

impl Bar {
    /// Whether it has to be painted although no text comes; a bar that is gone is cleared by the next text.
    fn has_changed(&self) -> bool {
        self.is_new && self.wanted.is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};
    use std::thread;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(10);

    struct FakePrinter(mpsc::Sender<String>);

    impl ExternalPrinter for FakePrinter {
        fn print(&mut self, text: String) -> rustyline::Result<()> {
            self.0.send(text).unwrap();
            Ok(())
        }
    }

    /// A screen and what is handed to its printer.
    fn screen() -> (Arc<Screen>, mpsc::Receiver<String>) {
        let screen = Arc::new(Screen::default());
        let (sender, printed) = mpsc::channel();
        let shared = Arc::clone(&screen);
        thread::spawn(move || shared.print_all(FakePrinter(sender)));
        (screen, printed)
    }

    fn print(screen: &Screen, text: &str) -> Poll<()> {
        let mut cx = Context::from_waker(Waker::noop());
        screen.poll_print(&mut cx, &mut text.to_owned())
    }

    #[test]
    fn prints_nothing_between_two_lines() {
        let (screen, printed) = screen();
        assert!(print(&screen, "one\n").is_ready());
        assert!(printed.recv_timeout(PACE).is_err());
        screen.line_begins("", 0);
        assert_eq!(printed.recv_timeout(DEADLINE).unwrap(), "one\n");
    }

    #[test]
    fn text_that_arrives_while_printing_is_joined() {
        let (screen, printed) = screen();
        screen.line_begins("", 0);
        assert!(print(&screen, "one\n").is_ready());
        assert_eq!(printed.recv_timeout(DEADLINE).unwrap(), "one\n");
        assert!(print(&screen, "two\n").is_ready());
        assert!(print(&screen, "three\n").is_ready());
        assert!(printed.recv_timeout(2 * PACE).is_err());
        screen.text_painted();
        assert_eq!(printed.recv_timeout(DEADLINE).unwrap(), "two\nthree\n");
    }

    #[test]
    fn takes_no_more_text_when_full() {
        let (screen, printed) = screen();
        assert!(print(&screen, &"x".repeat(FULL)).is_ready());
        assert!(print(&screen, "more").is_pending());
        screen.line_begins("", 0);
        printed.recv_timeout(DEADLINE).unwrap();
        assert!(print(&screen, "more").is_ready());
    }

    #[test]
    fn a_bar_stays_below_printed_text() {
        let (screen, printed) = screen();
        let next = || printed.recv_timeout(DEADLINE).unwrap();
        screen.line_begins("", 0);
        screen.set_bar(Some("1 %".to_owned()));
        assert_eq!(next(), "1 %\n");
        screen.text_painted();
        screen.set_bar(Some("2 %".to_owned()));
        assert_eq!(next(), "\x1b[A\x1b[J2 %\n");
        screen.text_painted();
        assert!(print(&screen, "one\n").is_ready());
        assert_eq!(next(), "\x1b[A\x1b[Jone\n2 %\n");
        screen.text_painted();
        screen.set_bar(None);
        assert!(print(&screen, "done\n").is_ready());
        assert_eq!(next(), "\x1b[A\x1b[Jdone\n");
        screen.text_painted();
        assert!(print(&screen, "more\n").is_ready());
        assert_eq!(next(), "more\n");
    }

    #[test]
    fn a_bar_is_not_left_above_a_line_that_ends() {
        let (screen, printed) = screen();
        screen.line_begins("", 0);
        screen.set_bar(Some("1 %".to_owned()));
        printed.recv_timeout(DEADLINE).unwrap();
        screen.text_painted();
        assert_eq!(screen.bar(false), "");
        assert_eq!(screen.bar(true), CLEAR_BAR);
        assert_eq!(screen.bar(false), "1 %\n");
        assert_eq!(screen.bar(false), "");
    }

    #[test]
    fn a_text_clears_the_bar_that_was_there() {
        let (screen, printed) = screen();
        screen.line_begins("", 0);
        screen.set_bar(Some("1 %".to_owned()));
        printed.recv_timeout(DEADLINE).unwrap();
        screen.text_painted();
        screen.set_bar(None);
        assert!(print(&screen, "done\n").is_ready());
        printed.recv_timeout(DEADLINE).unwrap();
        // The line ends before rustyline prints what it was handed.
        assert_eq!(screen.bar(true), CLEAR_BAR);
        assert_eq!(screen.bar(false), "\n");
        screen.text_painted();
        assert_eq!(screen.bar(false), "");
    }

    #[test]
    fn text_that_is_not_painted_in_time_is_returned() {
        let (screen, printed) = screen();
        screen.line_begins("", 0);
        assert!(print(&screen, "handed over\n").is_ready());
        printed.recv_timeout(DEADLINE).unwrap();
        assert!(print(&screen, "waiting\n").is_ready());
        let left = screen.close("last\n");
        assert_eq!(left, "\r\x1b[Jhanded over\nwaiting\nlast\n");
    }

    #[test]
    fn prints_the_last_text_without_a_reader() {
        let (screen, printed) = screen();
        screen.reader_is_gone();
        assert!(print(&screen, "one\n").is_ready());
        assert_eq!(screen.close("last\n"), "");
        assert_eq!(printed.iter().collect::<String>(), "one\nlast\n");
    }

    #[test]
    fn holds_the_reader_after_the_last_text() {
        let (screen, printed) = screen();
        screen.line_begins("", 0);
        let reader = Arc::clone(&screen);
        let reader = thread::spawn(move || {
            printed.recv_timeout(DEADLINE).unwrap();
            reader.text_painted();
        });
        assert_eq!(screen.close("last\n"), "");
        assert!(!reader.is_finished());
    }
}
