//! Requests of the other side that wait for an answer of this one.

use super::Seen;
use super::names::Names;

/// Their identifiers, as they are typed.
#[derive(Debug, Default)]
pub(super) struct Asked {
    ids: Names,
    /// The peer has asked for more than is kept.
    has_more: bool,
}

impl Asked {
    pub(super) fn ask(&mut self, id: &str) {
        self.has_more |= !self.ids.remember(id);
    }

    /// Notes an answer: one that nobody waits for may be sent all the same.
    pub(super) fn answer(&mut self, id: &str, seen: Seen) -> Seen {
        if self.ids.forget(id) || self.has_more {
            return seen;
        }
        seen.noting_also("nobody waits for it")
    }

    /// Those that wait, newest first.
    pub(super) fn list(&self) -> Vec<String> {
        self.ids.list()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ontop::Name;

    #[test]
    fn an_answer_is_awaited_once_unless_too_many_are_to_tell() {
        let (mut asked, seen) = (Asked::default(), Seen::new(Name::Ocpp, "a", "a"));
        asked.ask("1");
        assert_eq!(asked.answer("1", seen.clone()).note, "");
        assert_eq!(asked.answer("1", seen.clone()).note, "nobody waits for it");
        for number in 0..1000 {
            asked.ask(&number.to_string());
        }
        assert_eq!(asked.answer("1", seen).note, "");
    }
}
