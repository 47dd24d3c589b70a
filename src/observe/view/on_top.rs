//! Messages as a protocol on top explains them.

use std::rc::Rc;
use std::time::Instant;

use serde_json::Value;

use super::filtered::OUTPUTS_SHOWN;
use super::{View, What};
use crate::event::Direction;
use crate::filter::Filtered;
use crate::ontop::Seen;
use crate::proto::connection::Message;
use crate::render::OnTop;

impl View {
    /// Shows what a protocol on top makes of a message, and the message itself if that is wanted.
    #[inline(never)]
    pub fn on_top(
        &mut self,
        direction: Direction,
        message: &Message<'_>,
        number: u64,
        seen: &[Rc<Seen>],
        now: Instant,
    ) {
        if self.is_closing && self.is_full() {
            self.skipped += 1;
            return;
        }
        let is_held = direction == Direction::Sent && self.frames_follow.get();
        let has_line = self.shows_raw() || seen.iter().any(|it| !it.is_keepalive);
        let what =
            (self.pace.is_on && has_line && !is_held).then(|| What::message(direction, message));
        let what = what.filter(|it| !self.pace.passes(*it));
        if self.is_hidden(what, number, now) {
            return;
        }
        self.fit(now);
        let mut text = String::new();
        // For the first line that is shown.
        self.human.number = Some(number);
        if self.human.show.raw {
            self.human.raw(&mut text, direction, message, now);
        }
        let is_shown = |it: &&Rc<Seen>| !it.is_keepalive;
        if self.human.show.on_top {
            for seen in seen.iter().filter(is_shown) {
                self.explain(&mut text, direction, seen, now);
            }
        }
        self.human.number = None;
        if is_held {
            return self.held.push_back(text);
        }
        let start = self.text.len();
        self.text.push_str(&text);
        self.settle(what, start, number, now);
        if self.is_full() {
            self.pace.hold_up();
        }
        self.deliver();
    }

    fn explain(&mut self, text: &mut String, direction: Direction, seen: &Seen, now: Instant) {
        let filtered = match direction {
            Direction::Received => self.filtered(seen),
            Direction::Sent => None,
        };
        if filtered.as_ref().is_some_and(Vec::is_empty) {
            return;
        }
        let filtered = filtered.map(|outputs| outputs.join(" ⋯ "));
        let on_top = OnTop {
            direction,
            label: &seen.label,
            payload: filtered.as_deref().unwrap_or(&seen.payload),
            note: &seen.note,
        };
        self.human.on_top(text, &on_top, now);
    }

    /// The filter's outputs for what a pipe would print; `None` if it passes unfiltered or unchanged.
    fn filtered(&mut self, seen: &Seen) -> Option<Vec<String>> {
        let filter = self.filter.clone()?;
        let value = seen.value()?;
        let mut shown = Vec::new();
        let outcome = filter.apply(value.as_bytes(), |output| {
            if (shown.len() as u64) < OUTPUTS_SHOWN {
                shown.push(String::from_utf8_lossy(output).into_owned());
            }
        });
        match outcome {
            Filtered::Passes => return None,
            Filtered::LeftOut(_) => {}
            Filtered::Ran { error, .. } => {
                if let Some(error) = error {
                    self.filter_failed(&error);
                }
            }
        }
        match shown.as_slice() {
            // The line of the protocol says more.
            [output] if is_same(output, &value) => None,
            _ => Some(shown),
        }
    }
}

fn is_same(output: &str, value: &str) -> bool {
    let json = |text| serde_json::from_str::<Value>(text).ok();
    output == value || json(output).is_some_and(|it| json(value) == Some(it))
}
