//! Rows to the terminal: only those that changed, in one piece.

use std::fmt::Write;

#[derive(Debug, Default)]
pub(super) struct Painter {
    shown: Vec<String>,
    size: (usize, usize),
}

impl Painter {
    /// What makes the screen show `rows`; empty if it does already.
    pub(super) fn paint(&mut self, rows: Vec<String>, size: (usize, usize)) -> String {
        let mut out = String::new();
        if self.size != size {
            self.size = size;
            self.shown.clear();
            out.push_str("\x1b[0m\x1b[2J");
        }
        for (at, row) in rows.iter().enumerate() {
            if self.shown.get(at) != Some(row) {
                let _ = write!(out, "\x1b[{};1H\x1b[0m\x1b[2K{row}\x1b[0m", at + 1);
            }
        }
        self.shown = rows;
        if out.is_empty() {
            return out;
        }
        // A terminal that knows it shows all of it at once (DEC mode 2026).
        format!("\x1b[?2026h{out}\x1b[?2026l")
    }

    /// Whether what is shown is of this size.
    pub(super) fn has_size(&self, size: (usize, usize)) -> bool {
        self.size == size
    }

    /// The screen shows something else now.
    pub(super) fn forget(&mut self) {
        self.size = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changed_rows_are_painted() {
        let mut painter = Painter::default();
        let rows = |second: &str| vec!["one".to_owned(), second.to_owned()];
        assert!(painter.paint(rows("two"), (2, 80)).contains("one"));
        assert_eq!(painter.paint(rows("two"), (2, 80)), "");
        let again = painter.paint(rows("three"), (2, 80));
        assert!(
            again.contains("\x1b[2;1H") && !again.contains("one"),
            "{again:?}"
        );
        assert!(painter.paint(rows("three"), (2, 90)).contains("one"));
    }
}
