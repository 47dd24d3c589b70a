//! What all clients of a server share.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::Value;

use super::Credentials;
use super::kept::{KeepError, Kept};
use super::notice::{Keep, Notice};

/// Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Hall {
    state: Rc<RefCell<State>>,
    pub(in crate::ontop) credentials: Rc<Credentials>,
}

#[derive(Debug, Default)]
struct State {
    /// Topics that are refused.
    refused: BTreeSet<String>,
    /// Those that are present in a topic, by their session, and who they are.
    present: BTreeMap<String, BTreeMap<String, Value>>,
    kept: Kept,
}

impl Hall {
    /// Lets those in that bring these.
    pub fn new(credentials: Credentials) -> Self {
        Self {
            credentials: Rc::new(credentials),
            ..Self::default()
        }
    }

    pub fn refuse(&self, topic: &str) {
        self.state.borrow_mut().refused.insert(topic.to_owned());
    }

    /// Refuses it no more; returns whether it was refused.
    pub fn accept(&self, topic: &str) -> bool {
        self.state.borrow_mut().refused.remove(topic)
    }

    /// The topics that are refused.
    pub fn refused(&self) -> Vec<String> {
        self.state.borrow().refused.iter().cloned().collect()
    }

    pub(in crate::ontop) fn refuses(&self, topic: &str) -> bool {
        self.state.borrow().refused.contains(topic)
    }

    /// Keeps what is said, or drops what is kept, if the notice asks for that.
    pub fn keep(&self, notice: &Notice) -> Result<(), KeepError> {
        let Some(topic) = &notice.topic else {
            return Ok(());
        };
        let kept = &mut self.state.borrow_mut().kept;
        match notice.keep {
            Keep::No => Ok(()),
            Keep::Yes => kept.keep(topic, notice.said().1),
            Keep::Drop => {
                kept.drop(topic);
                Ok(())
            }
        }
    }

    /// What is kept for the topics that `wanted` returns something for, with that.
    pub(in crate::ontop) fn kept<T>(
        &self,
        wanted: impl Fn(&str) -> Option<T>,
    ) -> Vec<(T, Rc<Value>)> {
        self.state.borrow().kept.of(wanted)
    }

    /// Somebody is present from now on.
    pub(in crate::ontop) fn enter(&self, topic: &str, session: &str, who: Value) {
        let state = &mut *self.state.borrow_mut();
        let present = state.present.entry(topic.to_owned()).or_default();
        present.insert(session.to_owned(), who);
    }

    pub(in crate::ontop) fn leave(&self, topic: &str, session: &str) {
        let state = &mut *self.state.borrow_mut();
        if let Some(present) = state.present.get_mut(topic) {
            present.remove(session);
            if present.is_empty() {
                state.present.remove(topic);
            }
        }
    }

    /// Who is present.
    pub(in crate::ontop) fn present(&self, topic: &str) -> Vec<Value> {
        let state = self.state.borrow();
        let present = state.present.get(topic).into_iter().flatten();
        present.map(|(_, who)| who.clone()).collect()
    }
}
