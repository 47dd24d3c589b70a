//! Acknowledgements: those that the server owes, and those that it waits for.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::render::quantity;

/// The most acknowledgements that are remembered in each direction: a server may never send any, or ask
/// for one with every event.
const KEPT: usize = 10_000;
/// The most events that a line names.
const NAMED: usize = 5;

#[derive(Debug, Default)]
pub(super) struct Acks {
    last: u64,
    /// Oldest first.
    owed: VecDeque<Owed>,
    /// Oldest first.
    wanted: VecDeque<Wanted>,
}

#[derive(Debug)]
struct Owed {
    namespace: String,
    id: u64,
    event: String,
    sent: Instant,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub namespace: String,
    pub id: u64,
}

/// An event that was acknowledged.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Acknowledged {
    pub event: String,
    pub after: Duration,
}

impl Acks {
    /// The number for an event whose acknowledgement is to be waited for.
    pub(super) fn ask(&mut self, namespace: &str, event: String, now: Instant) -> u64 {
        let id = self.last;
        self.last += 1;
        push(
            &mut self.owed,
            Owed {
                namespace: namespace.to_owned(),
                id,
                event,
                sent: now,
            },
        );
        id
    }

    pub(super) fn answered(
        &mut self,
        namespace: &str,
        id: u64,
        now: Instant,
    ) -> Option<Acknowledged> {
        let is_it = |it: &Owed| it.id == id && it.namespace == namespace;
        let owed = self.owed.iter().position(is_it)?;
        let owed = self.owed.remove(owed)?;
        Some(Acknowledged {
            event: owed.event,
            after: now.saturating_duration_since(owed.sent),
        })
    }

    /// Notes that the server waits for an acknowledgement.
    pub(super) fn want(&mut self, namespace: &str, id: u64) {
        let namespace = namespace.to_owned();
        push(&mut self.wanted, Wanted { namespace, id });
    }

    /// Takes the acknowledgement `id` that the server waits for; of several namespaces the newest.
    pub(super) fn give(&mut self, namespace: Option<&str>, id: u64) -> Option<Wanted> {
        let is_it = |it: &Wanted| it.id == id && namespace.is_none_or(|name| it.namespace == name);
        let at = self.wanted.iter().rposition(is_it)?;
        self.wanted.remove(at)
    }

    /// The numbers that the server waits for, newest first.
    pub(super) fn wanted(&self) -> impl Iterator<Item = u64> {
        self.wanted.iter().rev().map(|it| it.id)
    }

    /// The number of acknowledgements that the server has not sent.
    pub(super) fn owed(&self) -> usize {
        self.owed.len()
    }

    /// The event that has waited longest for its acknowledgement.
    pub(super) fn oldest(&self) -> Option<String> {
        let oldest = self.owed.front()?;
        Some(format!("{:?}", oldest.event))
    }

    /// Forgets those of a connection that is over, and names the events whose acknowledgements cannot come.
    pub(super) fn abandon(&mut self) -> Option<String> {
        let owed = self.owed.len();
        let names = self
            .owed
            .iter()
            .take(NAMED)
            .map(|it| format!("{:?}", it.event));
        let names: Vec<String> = names.collect();
        self.clear();
        let acks = quantity::plural(owed as u64, "ack");
        let more = if owed > NAMED { ", …" } else { "" };
        let names = names.join(", ");
        (owed > 0).then(|| format!("{acks} cannot come any more, for {names}{more}"))
    }

    /// Forgets those of a connection that is over; numbers are not used again.
    pub(super) fn clear(&mut self) {
        self.owed.clear();
        self.wanted.clear();
    }
}

fn push<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() == KEPT {
        list.pop_front();
    }
    list.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_belongs_to_its_namespace_and_is_taken_once() {
        let now = Instant::now();
        let mut acks = Acks::default();
        assert_eq!(acks.ask("/", "a".to_owned(), now), 0);
        assert_eq!(acks.ask("/fx", "b".to_owned(), now), 1);
        assert_eq!(acks.answered("/", 1, now), None);
        let found = acks.answered("/fx", 1, now + Duration::from_millis(3));
        let after = Duration::from_millis(3);
        let event = "b".to_owned();
        assert_eq!(found, Some(Acknowledged { event, after }));
        assert_eq!(acks.answered("/fx", 1, now), None);
        assert_eq!(acks.owed(), 1);
    }

    #[test]
    fn what_a_server_asks_for_does_not_fill_the_memory() {
        let mut acks = Acks::default();
        for id in 0..2 * KEPT as u64 {
            acks.want("/", id);
        }
        assert_eq!(acks.wanted().count(), KEPT);
        assert_eq!(acks.give(None, 0), None);
        assert!(acks.give(None, KEPT as u64).is_some());
    }

    #[test]
    fn the_newest_event_is_acknowledged_without_a_namespace() {
        let mut acks = Acks::default();
        acks.want("/a", 7);
        acks.want("/b", 7);
        let given = |acks: &mut Acks, name| acks.give(name, 7).map(|it| it.namespace);
        assert_eq!(given(&mut acks, None).as_deref(), Some("/b"));
        assert_eq!(given(&mut acks, Some("/b")), None);
        assert_eq!(given(&mut acks, Some("/a")).as_deref(), Some("/a"));
    }
}
