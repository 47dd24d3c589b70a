//! Received messages on standard output.

use std::rc::Rc;

use super::output::Output;
use super::{Format, Options, Terminator};
use crate::event::Ending;
use crate::filter::{Filter, Filtered};
use crate::observe::View;
use crate::proto::connection::Message;
use crate::proto::message::Kind;
use crate::record::{Comparison, ReadError};
use crate::term::Stdout;

/// Messages from here on are printed in pieces, in bytes: a copy of all would double their memory.
const LARGE: usize = 1 << 20;
/// What is printed at a time, in bytes: the size of a pipe with room for more at the reader's side.
const PIECE: usize = 256 << 10;

/// Prints payloads, what a filter makes of them, or how they differ from a recording.
#[derive(Debug)]
pub(super) struct Printer {
    pub(super) output: Output,
    prints: Prints,
    rest: Option<Rest>,
    /// The filter took long on the last message: signals get a chance before the next one.
    pub(super) is_late: bool,
}

/// What is printed of a message.
#[derive(Debug)]
enum Prints {
    /// Nothing: the output is for other things.
    Nothing,
    Payload {
        filter: Option<Rc<Filter>>,
        /// The hint on flags, until it is shown.
        binary_hint: Option<&'static str>,
    },
    Difference(Box<Comparison>),
}

/// How far the last message, or the last piece of one, was printed.
#[derive(Debug)]
struct Rest {
    kind: Kind,
    start: bool,
    end: bool,
    at: usize,
    len: usize,
}

impl Printer {
    pub(super) fn new(options: &Options, stdout: Stdout) -> Self {
        let Format { terminator, .. } = options.format;
        let filter = options.filter.clone();
        let prints = match (&options.play, options.diff) {
            _ if options.jsonl || options.is_demo => Prints::Nothing,
            (Some(play), Some(style)) => {
                Prints::Difference(Box::new(Comparison::new(play, filter, style)))
            }
            (play, _) => Prints::Payload {
                filter,
                binary_hint: (terminator != Terminator::None).then_some(match play {
                    Some(_) => "--raw prints",
                    None => "--raw or --binary print",
                }),
            },
        };
        Self {
            output: Output::new(stdout, options.format),
            prints,
            rest: None,
            is_late: false,
        }
    }

    /// Prints a message or a piece of one; whether it counts, as it was not filtered out.
    pub(super) fn message(
        &mut self,
        message: &Message<'_>,
        view: &mut View,
    ) -> Result<bool, ReadError> {
        let (filter, binary_hint) = match &mut self.prints {
            Prints::Nothing => return Ok(true),
            Prints::Payload {
                filter,
                binary_hint,
            } => (filter, binary_hint),
            Prints::Difference(comparison) => {
                let mut text = String::new();
                let compared = comparison.live(message.kind, message.payload, &mut text);
                self.output.extend(text.as_bytes());
                return compared.map(|()| true);
            }
        };
        let outcome = match filter {
            Some(filter) => filter.apply(message.payload, |text| self.output.text(text)),
            None => Filtered::Passes,
        };
        let (printed, error) = match outcome {
            Filtered::Passes => {
                if message.kind == Kind::Binary
                    && let Some(flags) = binary_hint.take()
                {
                    view.note(&format!(
                        "a binary message is printed in base64; {flags} its bytes"
                    ));
                }
                self.payload(message);
                return Ok(true);
            }
            Filtered::LeftOut(error) => (false, Some(error)),
            Filtered::Ran { outputs, error } => (outputs > 0, error),
        };
        if let Some(error) = error {
            self.is_late = error.is_endless();
            view.note(&error.to_string());
        }
        Ok(printed)
    }

    /// Prints a payload; a large one as there is room for it.
    fn payload(&mut self, message: &Message<'_>) {
        if message.payload.len() < LARGE {
            return self.output.message(message);
        }
        self.rest = Some(Rest {
            kind: message.kind,
            start: message.start,
            end: message.end,
            at: 0,
            len: message.payload.len(),
        });
    }

    pub(super) fn has_rest(&self) -> bool {
        self.rest.is_some()
    }

    /// Prints more of the last message, whose payload this is.
    pub(super) fn rest(&mut self, payload: &[u8]) {
        let Some(rest) = &mut self.rest else {
            return;
        };
        let (from, to) = (rest.at, payload.len().min(rest.at + PIECE));
        rest.at = to;
        self.output.message(&Message {
            kind: rest.kind,
            payload: &payload[from..to],
            start: rest.start && from == 0,
            end: rest.end && to == payload.len(),
            deflated: None,
        });
        self.rest.take_if(|rest| rest.at == rest.len);
    }

    /// Bytes of received messages that standard output has not taken.
    pub(super) fn unwritten(&self) -> usize {
        let rest = self.rest.as_ref().map_or(0, |rest| rest.len - rest.at);
        self.output.unwritten() + rest
    }

    /// Whether something is printed when the session is over.
    pub(super) fn prints_at_end(&self) -> bool {
        matches!(self.prints, Prints::Difference(_))
    }

    /// Prints what is missing from the answers of a recording, and adds the result to `ending`.
    pub(super) fn finish(&mut self, ending: &mut Ending) -> Result<(), ReadError> {
        if let Prints::Difference(comparison) = &mut self.prints {
            let mut text = String::new();
            let compared = comparison.finish(&mut text);
            self.output.extend(text.as_bytes());
            ending.compared = Some(compared?);
        }
        Ok(())
    }
}
