//! The lines of a file, and texts that take several of them.

use crate::scenario::error::{Mistake, Problem, Source};
use crate::scenario::scan::{Scan, block_end};

/// What begins and ends a text of several lines, or more of them.
const QUOTES: &str = "\"\"\"";

pub(super) struct Lines<'a> {
    lines: Vec<&'a str>,
    /// How many of them were read.
    read: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines: Vec<&str> = text.split('\n').collect();
        // What follows the last newline is no line.
        lines.pop_if(|line| line.is_empty());
        // A carriage return is a part of a message, unless the whole file ends its lines with it.
        let last_ends = text.ends_with('\n');
        let ended = lines.len() - usize::from(!last_ends && !lines.is_empty());
        if ended > 0 && lines[..ended].iter().all(|line| line.ends_with('\r')) {
            for line in &mut lines {
                *line = line.strip_suffix('\r').unwrap_or(line);
            }
        }
        Self { lines, read: 0 }
    }

    pub(super) fn next_line(&mut self) -> Option<Source<'a>> {
        let line = self.lines.get(self.read)?;
        self.read += 1;
        let number = self.read;
        Some(Source { number, line })
    }

    /// A text in three quotes or more: on this line, or on those up to one that begins with as many.
    ///
    /// Returns it with what follows its end.
    pub(super) fn block(&mut self, scan: Scan<'a>) -> Result<Option<(String, Scan<'a>)>, Mistake> {
        if !scan.rest.starts_with(QUOTES) {
            return Ok(None);
        }
        let count = scan.rest.bytes().take_while(|byte| *byte == b'"').count();
        let (quotes, after) = scan.rest.split_at(count);
        if let Some((text, rest)) = after.split_once(quotes) {
            return Ok(Some((text.to_owned(), scan.with(rest))));
        }
        if !after.trim().is_empty() {
            let found = after.trim().to_owned();
            let cure = "a text of several lines begins on the next one";
            return Err(scan.mistake_at(count, after.len(), Problem::Unexpected { found, cure }));
        }
        let begin = self.read;
        while let Some(line) = self.next_line() {
            if let Some(rest) = block_end(line.line, quotes) {
                let text = self.lines[begin..self.read - 1].join("\n");
                return Ok(Some((text, Scan::new(line, rest))));
            }
        }
        // What follows is still to be read as statements.
        self.read = begin;
        Err(scan.mistake(Problem::OpenBlock(quotes.to_owned())))
    }
}
