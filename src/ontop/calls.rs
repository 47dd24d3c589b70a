//! Requests of ours that wait for an answer, by the identifier that pairs them.

use std::collections::BTreeMap;
use std::time::Instant;

pub(super) use super::action::Answered;
use super::{Actions, listed};
use crate::render::quantity;

/// The most open calls that `/status` lists: a pipe may leave any number of them.
const LISTED: usize = 200;
/// The longest identifier that is listed, in bytes.
const LONG: usize = 20;
/// The most that are named when a connection is lost.
const NAMED: usize = 3;

/// Those without an answer; only the user adds to them.
#[derive(Debug, Default)]
pub(super) struct Calls(BTreeMap<String, Call>);

#[derive(Debug)]
struct Call {
    what: String,
    since: Instant,
}

impl Calls {
    pub(super) fn begin(&mut self, id: &impl ToString, what: impl Into<String>, since: Instant) {
        let what = what.into();
        self.0.insert(id.to_string(), Call { what, since });
    }

    pub(super) fn end(&mut self, id: &str, now: Instant) -> Option<Answered> {
        let Call { what, since } = self.0.remove(id)?;
        let after = now.saturating_duration_since(since);
        Some(Answered { what, after })
    }

    /// What has waited longest.
    pub(super) fn oldest(&self) -> Option<String> {
        let oldest = self.0.values().min_by_key(|call| call.since)?;
        Some(oldest.what.clone())
    }

    /// Forgets those whose answers cannot come any more.
    pub(super) fn forget(&mut self, cannot_come: impl Fn(&str) -> bool) {
        self.0.retain(|_, call| !cannot_come(&call.what));
    }

    /// What waits with this identifier.
    pub(super) fn find(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(|call| call.what.as_str())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Forgets those whose answers would have come on a lost connection, and says so.
    pub(super) fn restart(&mut self, actions: &mut Actions) {
        let open = std::mem::take(&mut self.0);
        let mut open: Vec<_> = open.into_values().collect();
        open.sort_by_key(|call| call.since);
        let named: Vec<_> = open.iter().take(NAMED).map(|it| it.what.as_str()).collect();
        let named = named.join(", ");
        let text = match open.len() {
            0 => return,
            count if count <= NAMED => format!("no answer came to {named} on the last connection"),
            count => format!("no answer came to {count} calls on the last connection: {named} …"),
        };
        actions.note(text);
    }

    /// The open ones, oldest first, for `/status`.
    pub(super) fn status(&self, now: Instant) -> String {
        let mut calls: Vec<_> = self.0.iter().collect();
        calls.sort_by_key(|(_, call)| call.since);
        let calls = calls.into_iter().map(|(id, call)| {
            let since = quantity::duration(now.saturating_duration_since(call.since));
            // A long identifier names nothing for people.
            if id.len() > LONG || call.what.split(' ').any(|word| word == id) {
                format!("{} ({since})", call.what)
            } else {
                format!("{id} {} ({since})", call.what)
            }
        });
        listed(calls.take(LISTED))
    }
}
