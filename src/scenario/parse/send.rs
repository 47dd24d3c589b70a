//! What is sent, and texts of several lines.

use super::Parser;
use super::step::outgoing;
use crate::command::Outgoing;
use crate::scenario::ast::Content;
use crate::scenario::error::{Mistake, Problem};
use crate::scenario::scan::Scan;

/// What begins and ends a text of several lines, or more of them.
const QUOTES: &str = "\"\"\"";

impl<'a> Parser<'a> {
    pub(super) fn send_text(&mut self, scan: Scan<'a>) -> Result<Content, Mistake> {
        // One blank belongs to the arrow, and everything behind it to the message.
        let message = scan.with(scan.rest.get(1..).unwrap_or_default());
        if let Some((text, rest)) = self.block(message)? {
            rest.nothing("nothing follows the end of the text")?;
            return Ok(Content::Text(message.template_of(&text)?));
        }
        match message.rest.strip_prefix('@') {
            Some(text) if text.starts_with('@') => message.with(text).template().map(Content::Text),
            Some(path) => file(message.with(path.trim()), false),
            None => message.template().map(Content::Text),
        }
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

/// What `>b` sends.
pub(super) fn binary(scan: Scan<'_>) -> Result<Content, Mistake> {
    let scan = scan.trim();
    match scan.rest.strip_prefix('@') {
        Some(path) => file(scan.with(path.trim()), true),
        None => hex(scan).map(Content::Binary),
    }
}

/// What follows the quotes that end a text.
pub(in crate::scenario) fn block_end<'a>(line: &'a str, quotes: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(quotes)?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then_some(rest)
}

fn file(scan: Scan<'_>, binary: bool) -> Result<Content, Mistake> {
    if scan.is_empty() {
        let problem = "no file name after @; write @FILE, or @@ for a text that starts with @";
        return Err(scan.mistake(Problem::Missing(problem)));
    }
    let path = scan.template()?;
    Ok(Content::File { path, binary })
}

/// Bytes in hexadecimal; none at all are an empty message.
pub(super) fn hex(scan: Scan<'_>) -> Result<Vec<u8>, Mistake> {
    if scan.is_empty() {
        return Ok(Vec::new());
    }
    match outgoing("bin", scan, scan)? {
        Outgoing::Binary(bytes) => Ok(bytes),
        _ => Ok(Vec::new()),
    }
}
