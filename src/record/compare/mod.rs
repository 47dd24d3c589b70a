//! A server's answers against recorded ones, message by message.

mod show;

use std::collections::VecDeque;
use std::rc::Rc;

use super::error::ReadError;
use super::event::RecordedKind;
use super::play::Play;
use super::read::{EventReader, Recording};
use crate::event::{Compared, Direction};
use crate::filter::{Filter, Filtered, Json};
use crate::proto::message::Kind;
use crate::render::Style;

/// Answers of either side that are kept to find matching pairs.
const AHEAD: usize = 32;
/// Bytes of either side that are kept for that; a larger answer is kept alone.
const AHEAD_BYTES: usize = 512 << 10;
/// Texts above this many bytes are not parsed as JSON: the values take many times their memory.
const JSON: usize = 256 << 10;

/// Compares answers as they arrive, and reports a difference once it is certain.
#[derive(Debug)]
pub struct Comparison {
    recording: Recording,
    index: usize,
    filter: Option<Rc<Filter>>,
    style: Style,
    events: Option<EventReader>,
    recorded: Side,
    live: Side,
    compared: Compared,
}

#[derive(Debug, Default)]
struct Side {
    answers: VecDeque<Answer>,
    bytes: usize,
    before: u64,
}

/// A message of the server, or the filter's outputs for it.
#[derive(Debug)]
struct Answer {
    kind: Kind,
    payload: Vec<u8>,
    json: Option<Json>,
}

impl Comparison {
    pub fn new(play: &Play, filter: Option<Rc<Filter>>, style: Style) -> Self {
        Self {
            recording: play.recording.clone(),
            index: play.index,
            filter,
            style,
            events: None,
            recorded: Side::default(),
            live: Side::default(),
            compared: Compared::default(),
        }
    }

    pub fn live(&mut self, kind: Kind, payload: &[u8], out: &mut String) -> Result<(), ReadError> {
        self.live.take(self.filter.as_deref(), kind, payload);
        self.settle(false, out)
    }

    pub fn finish(&mut self, out: &mut String) -> Result<Compared, ReadError> {
        self.settle(true, out)?;
        loop {
            self.look_ahead()?;
            match self.recorded.answers.len() {
                0 => return Ok(self.compared),
                missing => self.differ(missing, 0, out),
            }
        }
    }

    /// Matches answers as far as later ones cannot change the result.
    fn settle(&mut self, is_over: bool, out: &mut String) -> Result<(), ReadError> {
        while !self.live.answers.is_empty() {
            self.look_ahead()?;
            let is_last = is_over || self.live.is_full();
            match self.nearest() {
                // An answer that is still to come is at least as far away.
                Some((recorded, live)) if is_last || recorded + live <= self.live.answers.len() => {
                    self.differ(recorded, live, out);
                    self.recorded.drop(1);
                    self.live.drop(1);
                    self.compared.same += 1;
                }
                None if is_last => {
                    let recorded = self.recorded.answers.len().min(1);
                    self.differ(recorded, 1, out);
                }
                _ => break,
            }
        }
        Ok(())
    }

    /// The number of answers of either side before the first equal pair.
    fn nearest(&self) -> Option<(usize, usize)> {
        let (recorded, live) = (&self.recorded.answers, &self.live.answers);
        let is_same = |&(one, other): &(usize, usize)| {
            let pair = recorded.get(one).zip(live.get(other));
            pair.is_some_and(|(one, other)| one.is_same(other))
        };
        let farthest = (recorded.len() + live.len()).checked_sub(2)?;
        let mut pairs = (0..=farthest).flat_map(|sum| (0..=sum).map(move |it| (sum - it, it)));
        pairs.find(is_same)
    }

    fn look_ahead(&mut self) -> Result<(), ReadError> {
        let events = match &mut self.events {
            Some(events) => events,
            None => self.events.insert(self.recording.events(self.index)?),
        };
        while !self.recorded.is_full() {
            let Some(event) = events.next().transpose()? else {
                break;
            };
            if let (Direction::Received, RecordedKind::Message(kind, payload)) =
                (event.direction, event.kind)
            {
                self.recorded.take(self.filter.as_deref(), kind, &payload);
            }
        }
        Ok(())
    }
}

impl Side {
    fn take(&mut self, filter: Option<&Filter>, kind: Kind, payload: &[u8]) {
        let Some(filter) = filter else {
            return self.push(kind, payload);
        };
        if filter.apply(payload, |output| self.push(Kind::Text, output)) == Filtered::Passes {
            self.push(kind, payload);
        }
    }

    fn push(&mut self, kind: Kind, payload: &[u8]) {
        self.bytes += payload.len();
        let is_read = kind == Kind::Text && payload.len() <= JSON;
        self.answers.push_back(Answer {
            kind,
            payload: payload.to_vec(),
            json: is_read.then(|| Json::read(payload).ok()).flatten(),
        });
    }

    fn drop(&mut self, count: usize) {
        for answer in self.answers.drain(..count) {
            self.bytes -= answer.payload.len();
            self.before += 1;
        }
    }

    fn is_full(&self) -> bool {
        self.answers.len() >= AHEAD || self.bytes >= AHEAD_BYTES
    }
}

impl Answer {
    fn is_same(&self, other: &Self) -> bool {
        let is_same_json = self.json.is_some() && self.json == other.json;
        self.kind == other.kind && (is_same_json || self.payload == other.payload)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::fs;

    use super::*;
    use crate::proto::Role;
    use crate::record::Speed;

    /// What is compare of these answers.
    fn compare(recorded: &[&str], live: &[&str], filter: Option<&str>) -> (String, Compared) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        let mut lines = "{\"event\":\"open\"}\n".to_owned();
        for data in recorded {
            let data = serde_json::Value::from(*data);
            let _ = writeln!(
                lines,
                "{{\"event\":\"message\",\"direction\":\"received\",\"data\":{data}}}"
            );
        }
        fs::write(&path, lines).unwrap();
        let recording = Recording::read(&path).unwrap();
        let play = Play {
            recording,
            index: 0,
            role: Role::Client,
            speed: Speed::Max,
        };
        let filter = filter.map(|it| Rc::new(Filter::compile(it).unwrap()));
        let mut comparison = Comparison::new(&play, filter, Style::new(false));
        let mut out = String::new();
        for text in live {
            let payload = text.as_bytes();
            comparison.live(Kind::Text, payload, &mut out).unwrap();
        }
        let compared = comparison.finish(&mut out).unwrap();
        (out, compared)
    }

    fn compared(same: u64, different: u64) -> Compared {
        Compared { same, different }
    }

    #[test]
    fn equal_answers_are_not_reported() {
        let result = compare(
            &["a", "{\"b\":1,\"c\":[]}"],
            &["a", "{\"c\": [], \"b\": 1.0}"],
            None,
        );
        assert_eq!(result, (String::new(), compared(2, 0)));
    }

    #[test]
    fn one_that_is_missing_or_new_puts_no_other_out_of_step() {
        let (text, count) = compare(&["a", "b", "c", "d", "e"], &["a", "c", "d", "x", "e"], None);
        assert_eq!(count, compared(4, 2));
        assert_eq!(
            text,
            "answer 2 is missing: text 1 B b\nlive answer 4 was not recorded: text 1 B x\n"
        );
        let (text, count) = compare(&["a", "b"], &["a"], None);
        assert_eq!(count, compared(1, 1));
        assert_eq!(text, "answer 2 is missing: text 1 B b\n");
        let (text, _) = compare(&[], &["a"], None);
        assert_eq!(text, "live answer 1 was not recorded: text 1 B a\n");
    }

    #[test]
    fn changes_are_marked() {
        let (text, count) = compare(
            &["say hello", "b", "{\"n\":1}"],
            &["say hallo", "b", "{\"n\":2}"],
            None,
        );
        assert_eq!(count, compared(1, 2));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "answer 1 differs:",
                "  recorded say hello",
                "  live     say hallo",
                "                ^",
                "answer 3 differs:",
                "  .n: recorded 1, live 2"
            ]
        );
    }

    #[test]
    fn a_filter_leaves_out_what_always_differs() {
        let (text, count) = compare(
            &["{\"n\":1,\"at\":5}", "{\"n\":2}", "no json"],
            &["{\"n\":1,\"at\":6}", "{\"n\":3}", "no json"],
            Some("del(.at)"),
        );
        assert_eq!(count, compared(2, 1));
        assert_eq!(text, "answer 2 differs:\n  .n: recorded 2, live 3\n");
    }

    #[test]
    fn long_differences_are_listed_up_to_a_limit() {
        let numbers = |word: &str| (0..200).map(|it| format!("{word}{it}")).collect::<Vec<_>>();
        let (recorded, live) = (numbers("a"), numbers("b"));
        let recorded: Vec<&str> = recorded.iter().map(String::as_str).collect();
        let live: Vec<&str> = live.iter().map(String::as_str).collect();
        let (text, count) = compare(&recorded, &live, None);
        assert_eq!(count, compared(0, 200));
        assert_eq!(text.matches(" differs").count(), 200, "{text}");
        let mut side = Side::default();
        side.take(None, Kind::Text, &vec![b'x'; AHEAD_BYTES]);
        assert!(side.is_full());
        side.drop(1);
        assert!(!side.is_full());
    }
}
