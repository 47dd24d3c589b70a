//! `/set` and `/capture`: variables, and the messages in which they stand.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::template::{self, TemplateError};
use super::{LineError, Prompt};
use crate::command::{Assignment, Capture, Outgoing};
use crate::filter::{FilterError, Jq};
use crate::proto::connection::Message;
use crate::proto::message::Kind;
use crate::render::escape::escape_line;
use crate::render::{Role, quantity};

/// Variables and their values, for more than one thread.
#[derive(Debug, Default, Clone)]
pub(super) struct Variables(Arc<Mutex<BTreeMap<String, String>>>);

/// The last JSON message that was received, for `/capture`.
#[derive(Debug, Default)]
pub(super) enum LastJson {
    #[default]
    None,
    Kept(Vec<u8>),
    /// It has so many bytes, too many to be kept.
    TooLarge(usize),
}

/// Why a variable has no value.
#[derive(Debug, thiserror::Error)]
pub(super) enum VariableError {
    #[error("column {column}: {problem}")]
    Filter { column: usize, problem: String },
    #[error("{0} has no value; /set {0} VALUE gives it one")]
    NoValue(String),
    #[error("no JSON object or array was received yet")]
    NoMessage,
    #[error("the last JSON message has {}; /capture works up to {}", size(*.0), size(MAX_KEPT))]
    TooLarge(usize),
    #[error("the last JSON message: {0}")]
    Run(#[from] FilterError),
    #[error("the last JSON message has no {0}; nothing was captured")]
    Nothing(String),
}

/// The longest message that is kept for `/capture`, in bytes.
const MAX_KEPT: usize = 1 << 20;
/// How much of a value is shown, in characters.
const SHOWN: usize = 200;

impl Variables {
    /// The names that begin like this.
    pub(super) fn names(&self, start: &str) -> Vec<String> {
        let variables = self.lock();
        let names = variables.keys().filter(|name| name.starts_with(start));
        names.cloned().collect()
    }

    fn get(&self, name: &str) -> Option<String> {
        self.lock().get(name).cloned()
    }

    pub(super) fn set(&self, name: String, value: String) {
        self.lock().insert(name, value);
    }

    fn list(&self) -> Vec<(String, String)> {
        let variables = self.lock();
        let copy = |(name, value): (&String, &String)| (name.clone(), value.clone());
        variables.iter().map(copy).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LastJson {
    /// Keeps a message that looks like JSON.
    pub(super) fn received(&mut self, message: &Message<'_>) {
        let is_whole = message.start && message.end && message.kind == Kind::Text;
        let first = message.payload.iter().find(|it| !it.is_ascii_whitespace());
        if !is_whole || !matches!(first, Some(b'{' | b'[')) {
            return;
        }
        let len = message.payload.len();
        match self {
            _ if len > MAX_KEPT => *self = Self::TooLarge(len),
            Self::Kept(kept) => {
                kept.clear();
                kept.extend_from_slice(message.payload);
            }
            _ => *self = Self::Kept(message.payload.to_vec()),
        }
    }

    /// The first output of the filter; strings without their quotes.
    fn capture(&self, capture: &Capture) -> Result<String, VariableError> {
        let filter = Jq::compile(&capture.source).map_err(|error| VariableError::Filter {
            column: capture.column + error.column - 1,
            problem: error.problem.to_string(),
        })?;
        let message = match self {
            Self::None => return Err(VariableError::NoMessage),
            Self::TooLarge(len) => return Err(VariableError::TooLarge(*len)),
            Self::Kept(message) => message,
        };
        let nothing = || VariableError::Nothing(capture.source.clone());
        let output = filter.run(message)?.next().ok_or_else(nothing)??;
        if output.json() == "null" {
            return Err(nothing());
        }
        Ok(String::from_utf8_lossy(&output.raw()).into_owned())
    }
}

impl Prompt {
    pub(super) fn assign(&mut self, assignment: Assignment, now: Instant) -> Result<(), LineError> {
        match assignment {
            Assignment::List => {
                let list = self.variables.list();
                if list.is_empty() {
                    self.print(Role::Fact, "no variables; /set NAME VALUE sets one");
                }
                for (name, value) in list {
                    self.tell(&name, &value);
                }
            }
            Assignment::Tell(name) => {
                let value = self.variables.get(&name);
                let value = value.ok_or_else(|| VariableError::NoValue(name.clone()))?;
                self.tell(&name, &value);
            }
            Assignment::Give { name, value } => {
                let value = self.fill(&value, None, now)?.into_owned();
                self.tell(&name, &value);
                self.variables.set(name, value);
            }
        }
        Ok(())
    }

    pub(super) fn capture(&mut self, capture: Capture) -> Result<(), LineError> {
        let value = self.last_json.capture(&capture)?;
        self.tell(&capture.name, &value);
        self.variables.set(capture.name, value);
        Ok(())
    }

    fn tell(&mut self, name: &str, value: &str) {
        let mut shown: String = value.chars().take(SHOWN).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        let text = format!("{name} = {}", escape_line(&shown));
        self.print(Role::Fact, &text);
    }

    /// What is sent for a command in whose text variables stand.
    pub(super) fn fill_outgoing(
        &self,
        outgoing: Outgoing,
        now: Instant,
    ) -> Result<Outgoing, TemplateError> {
        Ok(match outgoing {
            Outgoing::Text(text) => Outgoing::Text(self.fill(&text, None, now)?.into_owned()),
            Outgoing::Fragment { frames, text } => {
                let text = self.fill(&text, None, now)?.into_owned();
                Outgoing::Fragment { frames, text }
            }
            outgoing => outgoing,
        })
    }

    /// The text with values in place of variables; `number` is that of the message, if they are counted.
    pub(super) fn fill<'t>(
        &self,
        text: &'t str,
        number: Option<u64>,
        now: Instant,
    ) -> Result<Cow<'t, str>, TemplateError> {
        template::fill(text, |name| match (name, number) {
            ("n", Some(number)) => Some(number.to_string()),
            ("uuid", _) => Some(uuid(rand::random())),
            ("now", _) => Some(format!("{:.3}", self.human.time_at(now))),
            _ => self.variables.get(name),
        })
    }
}

/// A random UUID (RFC 9562 §5.4, version 4).
fn uuid(bytes: [u8; 16]) -> String {
    let bits = u128::from_be_bytes(bytes);
    let version = bits & !(0xf << 76) | 4 << 76;
    let hex = format!("{:032x}", version & !(3 << 62) | 2 << 62);
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

fn size(bytes: usize) -> String {
    quantity::size(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(last: &LastJson, source: &str) -> Result<String, String> {
        let capture = Capture {
            name: "x".to_owned(),
            source: source.to_owned(),
            column: 12,
        };
        last.capture(&capture).map_err(|error| error.to_string())
    }

    fn received(texts: &[&str]) -> LastJson {
        let mut last = LastJson::default();
        for text in texts {
            last.received(&Message::whole(Kind::Text, text.as_bytes(), None));
        }
        last
    }

    #[test]
    fn captures_from_the_last_json_message() {
        let last = received(&["{\"a\":1}", " {\"a\":\"b\\n\",\"c\":[1.50]}", "hello"]);
        assert_eq!(captured(&last, ".a").as_deref(), Ok("b\n"));
        assert_eq!(captured(&last, ".c").as_deref(), Ok("[1.50]"));
        assert_eq!(captured(&last, ".c[], .a").as_deref(), Ok("1.50"));
    }

    #[test]
    fn says_why_nothing_was_captured() {
        let last = received(&["{\"a\":1}"]);
        let error = |source| captured(&last, source).expect_err(source);
        assert_eq!(
            error(".b"),
            "the last JSON message has no .b; nothing was captured"
        );
        assert_eq!(
            error("empty"),
            "the last JSON message has no empty; nothing was captured"
        );
        assert_eq!(
            error(".a |"),
            "column 16: expected a value or a filter, found the end"
        );
        assert!(error(".a.b").starts_with("the last JSON message: jq: cannot index"));
        let none = captured(&received(&["hello"]), ".").expect_err("no message");
        assert_eq!(none, "no JSON object or array was received yet");
        let large = format!("[{}", "0".repeat(MAX_KEPT));
        let large = captured(&received(&[&large]), ".").expect_err("too large");
        assert_eq!(
            large,
            "the last JSON message has 1.0 MiB; /capture works up to 1.0 MiB"
        );
        let broken = captured(&received(&["{\"a\""]), ".").expect_err("broken");
        assert!(broken.starts_with("the last JSON message: not JSON: "));
    }

    #[test]
    fn a_uuid_says_that_it_is_random() {
        assert_eq!(uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
