//! Words of a conversation that may be typed again, for completion.

use std::collections::VecDeque;

/// The most words that are kept.
const KEPT: usize = 200;
/// The longest of them in bytes: nobody completes more.
const LONGEST: usize = 100;

/// Words, newest first; a peer may name any number of them.
#[derive(Debug, Default)]
pub(super) struct Names(VecDeque<String>);

impl Names {
    /// Returns whether nothing was left out for want of room.
    pub(super) fn remember(&mut self, name: &str) -> bool {
        if self.0.iter().any(|it| it == name) {
            return true;
        }
        if name.len() > LONGEST {
            return false;
        }
        let is_kept = self.0.len() < KEPT;
        self.0.truncate(KEPT - 1);
        self.0.push_front(name.to_owned());
        is_kept
    }

    /// Returns whether it was there.
    pub(super) fn forget(&mut self, name: &str) -> bool {
        let found = self.0.iter().position(|it| it == name);
        found.and_then(|at| self.0.remove(at)).is_some()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(super) fn list(&self) -> Vec<String> {
        self.0.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_cannot_fill_memory_with_names() {
        let mut names = Names::default();
        for number in 0..1000 {
            names.remember(&number.to_string());
        }
        names.remember(&"x".repeat(LONGEST + 1));
        let list = names.list();
        assert_eq!((list.len(), list[0].as_str()), (KEPT, "999"));
    }
}
