use std::rc::Rc;

use serde_json::Value;

use super::output::Output;
use super::{Format, Options, Terminator};
use crate::event::Ending;
use crate::filter::{Filter, FilterError, Filtered};
use crate::observe::View;
use crate::proto::connection::Message;
use crate::proto::message::Kind;
use crate::record::{Comparison, ReadError};
use crate::render::jsonl::inert;
use crate::term::Stdout;

/// Payload size in bytes from which a message is printed in pieces: a full copy would double its memory.
const LARGE: usize = 1 << 20;
/// Bytes per piece, as for a read from standard input.
const PIECE: usize = 256 << 10;

#[derive(Debug)]
pub(super) struct Printer {
    pub(super) output: Output,
    prints: Prints,
    rest: Option<Rest>,
    /// The filter was slow on the last message; handle signals before the next one.
    pub(super) is_late: bool,
}

#[derive(Debug)]
enum Prints {
    /// Nothing: standard output has the events of `--jsonl`, or nothing at all.
    Nothing,
    Payload {
        filter: Option<Rc<Filter>>,
        /// Flags to suggest with the first binary message.
        binary_hint: Option<&'static str>,
    },
    Difference(Box<Comparison>),
}

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

    /// Prints a message or a piece of one; returns whether it passed the filter.
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
        self.failed(error.as_ref(), view);
        Ok(printed)
    }

    /// Prints a value of a protocol on top; returns whether it passed the filter.
    pub(super) fn value(&mut self, value: &Value, view: &mut View) -> bool {
        let Prints::Payload { filter, .. } = &mut self.prints else {
            return true;
        };
        let mut json = Vec::new();
        // Writing to a Vec cannot fail.
        let _ = inert(value, &mut json);
        let outcome = match filter {
            Some(filter) => filter.apply(&json, |text| self.output.text(text)),
            None => Filtered::Passes,
        };
        let (printed, error) = match outcome {
            Filtered::Passes => {
                self.output.text(&json);
                return true;
            }
            Filtered::LeftOut(error) => (false, Some(error)),
            Filtered::Ran { outputs, error } => (outputs > 0, error),
        };
        self.failed(error.as_ref(), view);
        printed
    }

    fn failed(&mut self, error: Option<&FilterError>, view: &mut View) {
        if let Some(error) = error {
            self.is_late = error.is_endless();
            view.note(&error.to_string());
        }
    }

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

    /// Continues the last message, whose whole payload this is.
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

    pub(super) fn unwritten(&self) -> usize {
        let rest = self.rest.as_ref().map_or(0, |rest| rest.len - rest.at);
        self.output.unwritten() + rest
    }

    /// Prints missing answers, and adds the result of the comparison to `ending`.
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
