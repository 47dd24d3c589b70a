//! Text over the list: the keys, or what a command has printed.

use super::detail::rows_of;
use super::key::Key;
use crate::render::width::wrap;

#[derive(Debug)]
pub(super) struct Overlay {
    lines: Vec<String>,
    /// Of the rows of a line after its first.
    indent: usize,
    /// The lines, as they fit into this many columns.
    rows: Vec<String>,
    columns: usize,
    top: usize,
}

impl Overlay {
    pub(super) fn new(lines: Vec<String>, indent: usize) -> Self {
        Self {
            lines,
            indent,
            rows: Vec::new(),
            columns: 0,
            top: 0,
        }
    }

    /// The rows of a page.
    pub(super) fn page(&mut self, rows: usize, columns: usize) -> &[String] {
        if self.columns != columns {
            self.columns = columns;
            self.rows.clear();
            for line in &self.lines {
                for part in wrap(line, columns, self.indent).split('\n') {
                    // A word may be longer than a row.
                    self.rows.extend(rows_of(part, columns));
                }
            }
        }
        self.top = self.top.min(self.rows.len().saturating_sub(rows));
        &self.rows[self.top..self.rows.len().min(self.top + rows)]
    }

    /// Where the page is, as in `1-20 of 300`, if there is more than that.
    pub(super) fn place(&self, rows: usize) -> Option<String> {
        let len = self.rows.len();
        let last = (self.top + rows).min(len);
        (len > rows).then(|| format!("{}-{last} of {len}", self.top + 1))
    }

    /// Scrolls by a page of `rows`; `false` if the key does something else.
    pub(super) fn key(&mut self, key: Key, rows: usize) -> bool {
        let last = self.rows.len().saturating_sub(rows);
        if last == 0 {
            return false;
        }
        let page = rows.saturating_sub(1).max(1);
        self.top = match key {
            Key::Down | Key::Char('j') => self.top + 1,
            Key::Up | Key::Char('k') => self.top.saturating_sub(1),
            Key::PageDown | Key::Char(' ') => self.top + page,
            Key::PageUp => self.top.saturating_sub(page),
            Key::Home | Key::Char('g') => 0,
            Key::End | Key::Char('G') => last,
            _ => return false,
        }
        .min(last);
        true
    }
}
