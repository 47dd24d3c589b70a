//! `--write-out`: the user's format, filled in at the end of a run.

mod template;
mod variable;

pub use template::{Template, TemplateError};
pub use variable::Report;

use super::escape::escape_line;
use template::Piece;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

impl Template {
    /// The text for each stream, in order; text from the peer is escaped where `is_escaped` says so.
    pub fn fill(
        &self,
        report: &Report<'_>,
        is_escaped: impl Fn(Stream) -> bool,
    ) -> Vec<(Stream, String)> {
        let mut parts = vec![(Stream::Stdout, String::new())];
        for piece in &self.pieces {
            let Some((stream, out)) = parts.last_mut() else {
                break;
            };
            let value = match piece {
                Piece::To(stream) => {
                    parts.push((*stream, String::new()));
                    continue;
                }
                Piece::OnError if report.exit.status() == 0 => break,
                Piece::OnError => continue,
                Piece::Text(text) => {
                    out.push_str(text);
                    continue;
                }
                Piece::Json => report.json(),
                Piece::Variable(variable) => variable.value(report).plain(),
                Piece::Header(name) => report.header(name).plain(),
            };
            if is_escaped(*stream) {
                out.push_str(&escape_line(&value));
            } else {
                out.push_str(&value);
            }
        }
        parts.retain(|(_, text)| !text.is_empty());
        parts
    }
}

#[cfg(test)]
mod tests;
