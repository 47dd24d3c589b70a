//! What the thread that reads keys sends to the screen, and asks it for.

use std::mem;
use std::sync::PoisonError;
use std::thread;

use super::{PRINT_TIMEOUT, Phase, ReaderState, Screen, State};
use crate::console::editor::late::Typed;
use crate::console::editor::paint::Paint;
use crate::term::{self, terminal};

impl Screen {
    /// Adds a line of the editor itself, however much waits.
    pub(in crate::console::editor) fn note(&self, line: String) {
        self.lock().append(line);
        self.changed.notify_all();
    }

    /// The line is about to be painted, perhaps for the first time, perhaps after a resize.
    pub(in crate::console::editor) fn line_begins(&self, line: &str, cursor: usize) {
        let width = terminal::width();
        let mut state = self.lock();
        if state.reader != ReaderState::Reading {
            state.reader = ReaderState::Reading;
            state.paint.columns = width;
        }
        let resized = state.paint.resize(line, cursor, width);
        let mut reflow = state.reflow;
        drop(state);
        if let Some(line) = resized {
            let mut late = Vec::new();
            let rows = reflow.rows_above(&line, || terminal::cursor_column(&mut late));
            term::screen(&line.clear(rows));
            let mut state = self.lock();
            state.reflow = reflow;
            if !late.is_empty() {
                state.late.extend(late);
                // rustyline takes no keys but those it reads, so that the line begins again with them.
                terminal::interrupt();
            }
        }
        self.changed.notify_all();
    }

    pub(in crate::console::editor) fn line_ends(&self) {
        let is_printing = |state: &mut State| state.is_printing;
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), PRINT_TIMEOUT, is_printing);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.reader = ReaderState::BetweenLines;
        state.paint = Paint::default();
    }

    /// Another program has the terminal until [`returned`](Self::returned), and nothing is printed.
    pub(in crate::console::editor) fn lent(&self) {
        self.lock().reader = ReaderState::Lent;
    }

    pub(in crate::console::editor) fn returned(&self) {
        self.lock().reader = ReaderState::BetweenLines;
        self.changed.notify_all();
    }

    pub(in crate::console::editor) fn is_recalled(&self) -> bool {
        self.lock().is_recalled
    }

    /// The full screen is to be opened as soon as the line has ended.
    pub(in crate::console::editor) fn request_view(&self, before: &str, after: &str) {
        self.lock().view_request = Some((before.to_owned(), after.to_owned()));
    }

    pub(in crate::console::editor) fn take_view_request(&self) -> Option<(String, String)> {
        self.lock().view_request.take()
    }

    /// The text that waits to be printed, in bytes.
    pub(in crate::console::editor) fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Takes what came to be printed after the first `kept` bytes.
    pub(in crate::console::editor) fn take_waiting(&self, kept: usize) -> String {
        let mut state = self.lock();
        if state.waiting.len() <= kept {
            return String::new();
        }
        let text = state.waiting.split_off(kept);
        if let Some(session) = state.session.take() {
            session.wake();
        }
        text
    }

    /// The line being typed continues a message that has these lines so far, or begins one.
    pub(in crate::console::editor) fn continues(&self, unfinished: Option<&str>) {
        self.lock().unfinished = unfinished.map(str::to_owned);
    }

    pub(in crate::console::editor) fn is_unfinished(&self) -> bool {
        self.lock().unfinished.is_some()
    }

    /// Takes the keys that rustyline did not read, if any, and the line that ended for them.
    ///
    /// The line is removed from the screen; rustyline has moved the cursor to the row after it.
    pub(in crate::console::editor) fn take_late(&self) -> Option<(Vec<u8>, Typed)> {
        let mut state = self.lock();
        if state.late.is_empty() {
            return None;
        }
        let late = mem::take(&mut state.late);
        let typed = state.paint.typed();
        let clear = state.paint.clear_from_below();
        drop(state);
        self.line_ends();
        term::screen(&clear);
        Some((late, typed))
    }

    pub(in crate::console::editor) fn prompt_is(&self, prompt: &str) {
        let paint = &mut self.lock().paint;
        prompt.clone_into(&mut paint.prompt);
        paint.hint.clear();
        paint.width = terminal::width();
    }

    pub(in crate::console::editor) fn line_is(&self, line: &str, cursor: usize) {
        let paint = &mut self.lock().paint;
        line.clone_into(&mut paint.line);
        paint.cursor = cursor;
    }

    pub(in crate::console::editor) fn hint_is(&self, hint: &str) {
        hint.clone_into(&mut self.lock().paint.hint);
    }

    /// The rows of the line being typed after its first.
    pub(in crate::console::editor) fn rows_below(&self) -> usize {
        self.lock().paint.rows_below()
    }

    /// As much of a hint as fits on the last row of `line`.
    pub(in crate::console::editor) fn fitting(&self, line: &str, hint: &str) -> String {
        self.lock().paint.fitting(line, hint)
    }

    /// The change to the bar above the prompt that is about to be painted; `is_last` if the line may end
    /// with this repaint.
    pub(in crate::console::editor) fn bar(&self, is_last: bool) -> String {
        self.lock().repaint_bar(is_last)
    }

    /// A text was printed, and the prompt is about to be painted below it.
    ///
    /// Does not return after the last text, so that the shell finds the screen without a prompt.
    pub(in crate::console::editor) fn text_painted(&self) {
        let mut state = self.lock();
        state.painted();
        self.changed.notify_all();
        if state.phase == Phase::Closed {
            drop(state);
            loop {
                thread::park();
            }
        }
    }

    pub(in crate::console::editor) fn reader_is_gone(&self) {
        let mut state = self.lock();
        state.reader = ReaderState::Gone;
        state.take_back();
        self.changed.notify_all();
    }
}
