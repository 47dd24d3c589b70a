//! `wsee replay --diff`: how the answers differ from those of the recording.

use super::Pipe;
use crate::event::{Cause, Ending};
use crate::proto::connection::Message;

impl Pipe {
    /// Prints how an answer differs from the recorded one, if that is asked for.
    pub(super) fn compare(&mut self, answer: &Message<'_>) -> bool {
        let Some(comparison) = &mut self.comparison else {
            return false;
        };
        let mut text = String::new();
        if let Err(error) = comparison.live(answer.kind, answer.payload, &mut text) {
            self.cause = Some(Cause::Input(error.to_string()));
        }
        self.output.extend(text.as_bytes());
        true
    }

    /// Prints what is missing, and tells what came of the comparison.
    pub(super) fn compared(&mut self, ending: &mut Ending) {
        let Some(comparison) = &mut self.comparison else {
            return;
        };
        let mut text = String::new();
        match comparison.finish(&mut text) {
            Ok(compared) => ending.compared = Some(compared),
            Err(error) => ending.cause = Some(Cause::Input(error.to_string())),
        }
        self.output.extend(text.as_bytes());
    }
}
