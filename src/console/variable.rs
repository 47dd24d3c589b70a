//! `/set` and `/capture`: variables and their values in messages.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::command::{Assignment, Capture, Outgoing};
use crate::diagnostic::Diagnostic;
use crate::filter::{FilterError, Jq};
use crate::outbox::{FillError, template};
use crate::proto::connection::Message;
use crate::proto::message::Kind;
use crate::render::escape::escape_line;
use crate::render::quantity;
use crate::scenario::template::random_uuid;

#[derive(Debug, Default)]
pub struct Variables {
    pub is_on: bool,
    values: Values,
    last_json: LastJson,
}

/// Names and values; the thread of the editor completes the names.
#[derive(Debug, Default, Clone)]
pub struct Values(Arc<Mutex<BTreeMap<String, String>>>);

#[derive(Debug, Default)]
enum LastJson {
    #[default]
    None,
    Kept(Vec<u8>),
    /// Its length in bytes; too long to be kept.
    TooLarge(usize),
}

#[derive(Debug, thiserror::Error)]
pub enum VariableError {
    #[error("column {column}: {problem}")]
    Filter { column: usize, problem: String },
    #[error("{0} has no value")]
    NoValue(String),
    #[error("no JSON object or array received yet")]
    NoMessage,
    #[error("the last JSON message has {}; /capture works up to {}", size(*.0), size(MAX_KEPT))]
    TooLarge(usize),
    #[error("the last JSON message: {0}")]
    Run(#[from] FilterError),
    #[error("the last JSON message has no {0}; nothing was captured")]
    Nothing(String),
    #[error(transparent)]
    Template(#[from] FillError),
}

impl Diagnostic for VariableError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoValue(name) => Some(format!("/set {name} VALUE sets it")),
            Self::Template(error) => error.hint(),
            _ => None,
        }
    }
}

/// The longest message kept for `/capture`, in bytes; each JSON message is copied, so this bounds the cost.
const MAX_KEPT: usize = 1 << 20;
/// How much of a value is shown, in characters: a few rows of a terminal.
const SHOWN: usize = 200;

impl Values {
    pub fn names(&self, start: &str) -> Vec<String> {
        let variables = self.lock();
        let names = variables.keys().filter(|name| name.starts_with(start));
        names.cloned().collect()
    }

    fn get(&self, name: &str) -> Option<String> {
        self.lock().get(name).cloned()
    }

    fn set(&self, name: String, value: String) -> String {
        let line = described(&name, &value);
        self.lock().insert(name, value);
        line
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
    fn received(&mut self, message: &Message<'_>) {
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

    /// The first output of the filter; strings lose their quotes.
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

impl Variables {
    /// Unless they are on, text is sent as it is typed.
    pub fn new(is_on: bool) -> Self {
        Self {
            is_on,
            ..Self::default()
        }
    }

    /// The same values as those of another connection.
    pub fn sharing(is_on: bool, values: Values) -> Self {
        Self {
            is_on,
            values,
            ..Self::default()
        }
    }

    pub fn received(&mut self, message: &Message<'_>) {
        self.last_json.received(message);
    }

    pub fn values(&self) -> Values {
        self.values.clone()
    }

    pub fn set(
        &mut self,
        assignment: Assignment,
        time: Timestamp,
    ) -> Result<Vec<String>, VariableError> {
        Ok(match assignment {
            Assignment::List => {
                let list = self.values.list();
                if list.is_empty() {
                    return Ok(vec!["no variables; /set NAME VALUE sets one".to_owned()]);
                }
                let lines = list.iter().map(|(name, value)| described(name, value));
                lines.collect()
            }
            Assignment::Show(name) => {
                let value = self.values.get(&name);
                let value = value.ok_or_else(|| VariableError::NoValue(name.clone()))?;
                vec![described(&name, &value)]
            }
            Assignment::Set { name, value } => {
                let value = self.fill(&value, None, time)?.into_owned();
                vec![self.values.set(name, value)]
            }
        })
    }

    pub fn capture(&mut self, capture: Capture) -> Result<String, VariableError> {
        let value = self.last_json.capture(&capture)?;
        Ok(self.values.set(capture.name, value))
    }

    pub fn fill_outgoing(
        &self,
        outgoing: Outgoing,
        time: Timestamp,
    ) -> Result<Outgoing, FillError> {
        Ok(match outgoing {
            Outgoing::Line(text) => Outgoing::Line(self.fill(&text, None, time)?.into_owned()),
            Outgoing::Text(text) => Outgoing::Text(self.fill(&text, None, time)?.into_owned()),
            Outgoing::Fragment { frames, text } => {
                let text = self.fill(&text, None, time)?.into_owned();
                Outgoing::Fragment { frames, text }
            }
            outgoing => outgoing,
        })
    }

    /// The text with values in place of variables; `number` is that of a message that is counted.
    pub fn fill<'t>(
        &self,
        text: &'t str,
        number: Option<u64>,
        time: Timestamp,
    ) -> Result<Cow<'t, str>, FillError> {
        if !self.is_on {
            return Ok(Cow::Borrowed(text));
        }
        template::fill(text, |name| self.value(name, number, time))
    }

    pub fn value(&self, name: &str, number: Option<u64>, time: Timestamp) -> Option<String> {
        match (name, number) {
            ("n", Some(number)) => Some(number.to_string()),
            ("uuid", _) => Some(random_uuid()),
            ("now", _) => Some(format!("{time:.3}")),
            _ => self.values.get(name),
        }
    }
}

fn described(name: &str, value: &str) -> String {
    let mut shown: String = value.chars().take(SHOWN).collect();
    if shown.len() < value.len() {
        shown.push('…');
    }
    format!("{name} = {}", escape_line(&shown))
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
    fn the_error_states_why_nothing_was_captured() {
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
        assert_eq!(none, "no JSON object or array received yet");
        let large = format!("[{}", "0".repeat(MAX_KEPT));
        let large = captured(&received(&[&large]), ".").expect_err("too large");
        assert_eq!(
            large,
            "the last JSON message has 1.0 MiB; /capture works up to 1.0 MiB"
        );
        let broken = captured(&received(&["{\"a\""]), ".").expect_err("broken");
        assert!(broken.starts_with("the last JSON message: not JSON: "));
    }
}
