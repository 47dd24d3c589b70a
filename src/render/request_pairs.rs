//! Requests and their replies, which have the same `id`: JSON-RPC, GraphQL over WebSocket and the like.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::event::Direction;

/// Requests without a reply, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct RequestPairs {
    waiting: VecDeque<Request>,
}

#[derive(Debug, Clone)]
struct Request {
    direction: Direction,
    /// The id verbatim: `1` and `"1"` differ.
    id: Box<str>,
    at: Instant,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    method: Option<IgnoredAny>,
}

/// Requests to remember; the replies to older ones have no time.
const REMEMBERED: usize = 1024;
/// Longer ids, in bytes, are ignored: a UUID has 36.
const LONGEST_ID: usize = 128;

impl RequestPairs {
    /// Takes a message; if it is a reply, returns the time since its request.
    ///
    /// A received message is a request only if it has a `method`: further replies with the same id
    /// would look like requests.
    pub(super) fn take(
        &mut self,
        direction: Direction,
        text: &str,
        now: Instant,
    ) -> Option<Duration> {
        let envelope = envelope(text)?;
        let id = envelope.id.map(RawValue::get).filter(|id| is_id(id))?;
        let is_request = |request: &Request| request.direction != direction && *request.id == *id;
        if let Some(at) = self.waiting.iter().position(is_request) {
            let request = self.waiting.remove(at)?;
            return Some(now.saturating_duration_since(request.at));
        }
        if direction == Direction::Sent || envelope.method.is_some() {
            if self.waiting.len() == REMEMBERED {
                self.waiting.pop_front();
            }
            self.waiting.push_back(Request {
                direction,
                id: id.into(),
                at: now,
            });
        }
        None
    }
}

fn envelope(text: &str) -> Option<Envelope<'_>> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// Whether it is a number or a short string.
fn is_id(id: &str) -> bool {
    id.len() <= LONGEST_ID && id.starts_with(|c: char| matches!(c, '"' | '-' | '0'..='9'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{Received, Sent};

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn a_reply_is_paired_with_its_request_once() {
        let (mut replies, start) = (RequestPairs::default(), Instant::now());
        let mut take = |direction, text, at| replies.take(direction, text, start + ms(at));
        let request = r#"{"jsonrpc":"2.0","id":1,"method":"a"}"#;
        assert_eq!(take(Sent, request, 0), None);
        assert_eq!(take(Sent, r#"{"id":"1","type":"subscribe"}"#, 1), None);
        assert_eq!(take(Received, r#"{"id":2,"result":0}"#, 5), None);
        assert_eq!(
            take(Received, r#"{"id" : "1" ,"type":"next"}"#, 7),
            Some(ms(6))
        );
        assert_eq!(take(Received, r#"{"id":"1","type":"next"}"#, 8), None);
        assert_eq!(take(Received, r#"{"result":0,"id":1}"#, 12), Some(ms(12)));
        assert_eq!(take(Received, r#"{"result":0,"id":1}"#, 13), None);
    }

    #[test]
    fn a_request_of_the_peer_is_paired_with_our_reply() {
        let (mut replies, start) = (RequestPairs::default(), Instant::now());
        let request = r#"{"id":7,"method":"ask"}"#;
        assert_eq!(replies.take(Received, request, start), None);
        let reply = replies.take(Sent, r#"{"id":7,"result":1}"#, start + ms(3));
        assert_eq!(reply, Some(ms(3)));
    }

    #[test]
    fn messages_without_a_usable_id_are_not_paired() {
        let (mut replies, now) = (RequestPairs::default(), Instant::now());
        let long = format!("{{\"id\":\"{}\"}}", "a".repeat(LONGEST_ID));
        for text in [
            "",
            "1",
            "[{\"id\":1}]",
            "{\"id\":null}",
            "{\"id\":{}}",
            "{\"id\":1",
            &long,
        ] {
            assert_eq!(replies.take(Sent, text, now), None);
            assert_eq!(replies.take(Received, text, now), None, "{text}");
        }
        assert!(replies.waiting.is_empty());
    }

    #[test]
    fn a_flood_of_requests_is_forgotten_from_the_front() {
        let (mut replies, now) = (RequestPairs::default(), Instant::now());
        for id in 0..=REMEMBERED {
            let request = format!("{{\"id\":{id},\"method\":\"a\"}}");
            assert_eq!(replies.take(Received, &request, now), None);
        }
        assert_eq!(replies.waiting.len(), REMEMBERED);
        assert_eq!(replies.take(Sent, "{\"id\":1}", now), Some(ms(0)));
        assert_eq!(replies.take(Sent, "{\"id\":0}", now), None);
    }
}
