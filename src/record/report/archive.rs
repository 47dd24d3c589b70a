//! Entries of an HTTP Archive.

use std::collections::VecDeque;
use std::time::Duration;

use super::Order;
use super::entry::{Body, Control, Entry, Message, Open, Problem, What};
use crate::event::Direction;
use crate::record::event::{RecordedEvent, RecordedKind};
use crate::record::har;
use crate::render::close::close_text;

/// Pings that wait for their pong; others have none.
const WAITING: usize = 100;

/// The entries of all connections of an archive.
pub(super) fn all(archive: Vec<har::Entry>, order: Order) -> impl Iterator<Item = Entry> {
    let is_mixed = order == Order::ByTime && archive.len() > 1;
    let all = (1..).zip(archive).flat_map(move |(number, connection)| {
        let name = is_mixed.then(|| format!("@{number}"));
        let named = move |entry| Entry {
            connection: name.clone(),
            ..entry
        };
        entries(connection).into_iter().map(named)
    });
    let mut all: Vec<Entry> = all.collect();
    if is_mixed {
        all.sort_by_key(|entry| entry.time);
    }
    all.into_iter()
}

/// The entries of a connection, its opening first.
fn entries(entry: har::Entry) -> Vec<Entry> {
    let har::Opening {
        started,
        address,
        request,
        response,
        error,
    } = entry.opening;
    let connection = entry.connection;
    let facts = [("Address", address), ("Subprotocol", connection.selected)];
    let facts = facts.into_iter();
    let open = Open {
        url: connection.url,
        request: Some(request),
        response,
        facts: facts.filter_map(|(name, it)| Some((name, it?))).collect(),
    };
    let first = match error {
        None => What::Open(Box::new(open)),
        Some(message) => What::Problem(Box::new(Problem {
            message,
            is_fatal: true,
            open: Some(open),
            ..Problem::default()
        })),
    };
    let mut pings = VecDeque::new();
    let mut entries = vec![Entry {
        time: started,
        connection: None,
        what: first,
    }];
    entries.extend(entry.events.into_iter().map(|event| {
        let time = started.unwrap_or_default();
        Entry {
            time: time.saturating_add(event.at).ok(),
            connection: None,
            what: what(event, &mut pings),
        }
    }));
    entries
}

fn what(event: RecordedEvent, pings: &mut VecDeque<Duration>) -> What {
    let RecordedEvent {
        at,
        direction,
        kind,
    } = event;
    let body = match kind {
        RecordedKind::Message(kind, payload) => {
            return What::Message(Message {
                number: None,
                direction,
                kind,
                payload,
                deflated: None,
                on_top: None,
            });
        }
        RecordedKind::Ping(payload) => {
            if direction == Direction::Sent && pings.len() < WAITING {
                pings.push_back(at);
            }
            Body::Ping(payload)
        }
        RecordedKind::Pong => {
            let is_answer = direction == Direction::Received;
            let ping = is_answer.then(|| pings.pop_front()).flatten();
            Body::Pong(None, ping.map(|ping| at.saturating_sub(ping)))
        }
        RecordedKind::Close(frame) => Body::Close(close_text(frame.as_ref())),
    };
    What::Control(Control { direction, body })
}
