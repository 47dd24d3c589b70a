//! Reads lines, and texts that span several of them.

use crate::scenario::error::{Mistake, Problem, Source};
use crate::scenario::scan::{Scan, block_end};

/// Three quotes or more begin and end a text of several lines.
const QUOTES: &str = "\"\"\"";

pub(in crate::scenario) struct Lines<'a> {
    lines: Vec<&'a str>,
    read: usize,
}

impl<'a> Lines<'a> {
    pub(in crate::scenario) fn new(text: &'a str) -> Self {
        let mut lines: Vec<&str> = text.split('\n').collect();
        // The last newline ends a line and does not begin another.
        lines.pop_if(|line| line.is_empty());
        // A carriage return is part of a message, unless every line of the file ends with one.
        let last_ends = text.ends_with('\n');
        let ended = lines.len() - usize::from(!last_ends && !lines.is_empty());
        if ended > 0 && lines[..ended].iter().all(|line| line.ends_with('\r')) {
            for line in &mut lines {
                *line = line.strip_suffix('\r').unwrap_or(line);
            }
        }
        Self { lines, read: 0 }
    }

    pub(in crate::scenario) fn next_line(&mut self) -> Option<Source<'a>> {
        let line = self.lines.get(self.read)?;
        self.read += 1;
        let number = self.read;
        Some(Source { number, line })
    }

    /// Reads a text in three quotes or more, up to as many quotes on this line or at the start of
    /// a later one. Returns it and the rest of the line on which it ends.
    pub(in crate::scenario) fn block(
        &mut self,
        scan: Scan<'a>,
    ) -> Result<Option<(String, Scan<'a>)>, Mistake> {
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
            let hint = "a text of several lines begins on the next line";
            return Err(scan.mistake_at(count, after.len(), Problem::Unexpected { found, hint }));
        }
        let begin = self.read;
        while let Some(line) = self.next_line() {
            if let Some(rest) = block_end(line.line, quotes) {
                let text = self.lines[begin..self.read - 1].join("\n");
                return Ok(Some((text, Scan::new(line, rest))));
            }
        }
        // Which of the following lines belong to the text is not known, so none of them is parsed.
        Err(scan.mistake(Problem::OpenBlock(quotes.to_owned())))
    }
}
