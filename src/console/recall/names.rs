//! Messages with names, of `/save NAME` and the configuration file.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::command::Outgoing;

/// Names and messages, shared with the completion.
#[derive(Debug, Default, Clone)]
pub struct Names(Arc<Mutex<BTreeMap<String, Outgoing>>>);

impl Names {
    pub fn new(messages: &[(String, String)]) -> Self {
        let messages = messages.iter().map(|(name, text)| {
            let message = Outgoing::Line(text.clone());
            (name.clone(), message)
        });
        Self(Arc::new(Mutex::new(messages.collect())))
    }

    pub fn starting_with(&self, start: &str) -> Vec<String> {
        let names = self.lock();
        let found = names.keys().filter(|name| name.starts_with(start));
        found.cloned().collect()
    }

    /// Returns whether the name had another message before.
    pub(super) fn set(&self, name: String, message: Outgoing) -> bool {
        self.lock().insert(name, message).is_some()
    }

    pub(super) fn get(&self, name: &str) -> Option<Outgoing> {
        self.lock().get(name).cloned()
    }

    pub(super) fn list(&self) -> Vec<(String, Outgoing)> {
        let names = self.lock();
        let copy = |(name, message): (&String, &Outgoing)| (name.clone(), message.clone());
        names.iter().map(copy).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Outgoing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
