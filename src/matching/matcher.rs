//! Compares messages with what is expected, and measures how close they come.

use regex::bytes::Regex;
use serde_json::Value;

use super::comparison::sides;
use super::value::{Fill, NoValue};
use crate::filter::{CompileError, Effort, FilterError, Jq, ReadError, Subset};
use crate::ontop::{SayError, socketio};
use crate::proto::message::Kind;
use crate::render::difference::{self, Words};
use crate::scenario::ast::{Capture, Extract, Pattern};
use crate::scenario::{Form, Template};

/// A pattern with the values of its variables.
#[derive(Debug)]
pub enum Matcher {
    Text(String),
    Json(Subset),
    Re(Regex),
    Jq(Jq),
    Hex(Vec<u8>),
    Any,
    /// Of what a protocol on top makes of it.
    OnTop(Subset),
}

#[derive(Debug, thiserror::Error)]
pub enum MatcherError {
    #[error(transparent)]
    NoValue(#[from] NoValue),
    #[error("after filling in its variables, the pattern is {0}")]
    Json(#[from] ReadError),
    #[error("after filling in its variables: {0}")]
    OnTop(#[from] SayError),
    #[error("after filling in its variables: {0}")]
    Regex(#[from] regex::Error),
    #[error("after filling in its variables: {0}")]
    Jq(#[from] CompileError),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Miss {
    /// Higher is closer; 0 if they have nothing in common.
    pub score: u32,
    /// One difference per line. Only texts with a caret below them are escaped.
    pub difference: Vec<String>,
}

impl Miss {
    fn new(score: u32, line: impl Into<String>) -> Self {
        let difference = vec![line.into()];
        Self { score, difference }
    }
}

const WORDS: Words = ("expected", "found");
const FULL: u32 = 1_000;
/// The longest list of differences; more would hide the first ones.
const LISTED: usize = 8;
/// Longer texts are compared up to here, in characters, as the time grows with the square.
const COMPARED: usize = 512;

impl Matcher {
    pub fn new(pattern: &Pattern, values: &impl Fill) -> Result<Self, MatcherError> {
        Ok(match pattern {
            Pattern::Text(text) => Self::Text(values.fill(text, Form::Plain)?),
            Pattern::Json(text) => Self::Json(Subset::parse(&values.fill(text, Form::Quoted)?)?),
            Pattern::Re(text) => Self::Re(regex(text, values)?),
            Pattern::Jq(text) => Self::Jq(Jq::compile(&values.fill(text, Form::Quoted)?)?),
            Pattern::Hex(bytes) => Self::Hex(bytes.clone()),
            Pattern::Any => Self::Any,
            Pattern::OnTop(text) => Self::OnTop(Subset::parse(&values.fill(text, Form::Quoted)?)?),
            Pattern::Event(text) => {
                let event = socketio::event_pattern(&values.fill(text, Form::Quoted)?)?;
                Self::OnTop(Subset::parse(&event.to_string())?)
            }
        })
    }

    /// The same, with this limit for a jq filter.
    #[must_use]
    pub fn with(self, effort: Effort) -> Self {
        match self {
            Self::Jq(filter) => Self::Jq(filter.with(effort)),
            other => other,
        }
    }

    /// Checks a message that a protocol on top has made these objects of.
    pub fn check_with(&self, kind: Kind, payload: &[u8], on_top: &[Value]) -> Result<(), Miss> {
        match self {
            Self::OnTop(subset) => check_on_top(subset, on_top),
            other => other.check(kind, payload),
        }
    }

    /// The same without the reason, which takes time to find.
    ///
    /// # Errors
    ///
    /// A jq filter that does not come to an end; other failures are those of a message that does not match.
    pub fn matches(&self, kind: Kind, payload: &[u8]) -> Result<bool, FilterError> {
        match self {
            Self::Text(text) => Ok(kind == Kind::Text && payload == text.as_bytes()),
            Self::Hex(bytes) => Ok(kind == Kind::Binary && payload == bytes),
            Self::Jq(filter) => match truth(filter, payload) {
                Err(error) if error.is_endless() => Err(error),
                found => Ok(matches!(found, Ok(Some(true)))),
            },
            Self::Any | Self::Re(_) | Self::Json(_) | Self::OnTop(_) => {
                Ok(self.check(kind, payload).is_ok())
            }
        }
    }

    pub fn check(&self, kind: Kind, payload: &[u8]) -> Result<(), Miss> {
        match self {
            Self::Any => Ok(()),
            Self::OnTop(_) => Err(nothing_on_top()),
            Self::Text(text) => check_text(text, kind, payload),
            Self::Hex(bytes) => check_bytes(bytes, kind, payload),
            Self::Re(regex) if regex.is_match(payload) => Ok(()),
            Self::Re(_) => Err(Miss::default()),
            Self::Json(subset) => check_json(subset, payload),
            Self::Jq(filter) => check_jq(filter, payload),
        }
    }
}

/// Whether the first output is neither false nor null; `None` without an output.
fn truth(filter: &Jq, payload: &[u8]) -> Result<Option<bool>, FilterError> {
    let output = filter.run(payload)?.next().transpose()?;
    Ok(output.map(|it| it.is_truthy()))
}

pub fn regex(template: &Template, values: &impl Fill) -> Result<Regex, MatcherError> {
    Ok(Regex::new(&values.fill(template, Form::Regex)?)?)
}

fn check_text(expected: &str, kind: Kind, payload: &[u8]) -> Result<(), Miss> {
    let is_same = payload == expected.as_bytes();
    match kind {
        Kind::Text if is_same => Ok(()),
        Kind::Binary if is_same => Err(Miss::new(
            FULL - 1,
            "the bytes are the same, but the message is binary",
        )),
        Kind::Binary => Err(Miss::default()),
        Kind::Text => {
            let found = String::from_utf8_lossy(payload);
            Err(Miss {
                score: similarity(expected, &found),
                difference: difference::texts(WORDS, expected, &found),
            })
        }
    }
}

fn similarity(a: &str, b: &str) -> u32 {
    let cut = |text: &str| text.chars().take(COMPARED).collect::<String>();
    let similarity = strsim::normalized_levenshtein(&cut(a), &cut(b));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 1000"
    )]
    let score = (similarity * f64::from(FULL)) as u32;
    score.min(FULL - 1)
}

fn check_bytes(expected: &[u8], kind: Kind, found: &[u8]) -> Result<(), Miss> {
    let same = difference::same_bytes(expected, found);
    let is_same = same == expected.len() && same == found.len();
    match kind {
        Kind::Binary if is_same => return Ok(()),
        Kind::Text if is_same => {
            let text = "the bytes are the same, but the message is text";
            return Err(Miss::new(FULL - 1, text));
        }
        Kind::Text => return Err(Miss::default()),
        Kind::Binary => {}
    }
    let line = difference::bytes(WORDS, expected, found);
    let longest = expected.len().max(found.len()).max(1);
    let score = u32::try_from(same * (FULL as usize - 1) / longest).unwrap_or(FULL - 1);
    Err(Miss::new(score.max(1), line))
}

fn check_json(subset: &Subset, payload: &[u8]) -> Result<(), Miss> {
    let difference = match subset.compare(payload) {
        Ok(difference) if difference.is_none() => return Ok(()),
        Ok(difference) => difference,
        Err(error) => return Err(Miss::new(1, error.to_string())),
    };
    let all = difference.same + difference.places.len();
    let score = difference.same * (FULL as usize - 3) / all + 2;
    let mut places = difference.places;
    let left = places.len().saturating_sub(LISTED);
    places.truncate(LISTED);
    if left > 0 {
        places.push(format!("… and {left} more"));
    }
    Err(Miss {
        score: u32::try_from(score).unwrap_or(FULL - 1),
        difference: places,
    })
}

fn nothing_on_top() -> Miss {
    Miss::new(0, "no protocol on top makes anything of it")
}

/// Checks all that a message holds; the closest miss counts.
fn check_on_top(subset: &Subset, objects: &[Value]) -> Result<(), Miss> {
    let mut closest = nothing_on_top();
    for object in objects {
        match check_json(subset, object.to_string().as_bytes()) {
            Ok(()) => return Ok(()),
            Err(miss) if miss.score >= closest.score => closest = miss,
            Err(_) => {}
        }
    }
    Err(closest)
}

fn check_jq(filter: &Jq, payload: &[u8]) -> Result<(), Miss> {
    let output = match filter.run(payload) {
        Ok(mut outputs) => outputs.next(),
        Err(error) => return Err(Miss::new(1, error.to_string())),
    };
    match output {
        Some(Ok(output)) if output.is_truthy() => Ok(()),
        Some(Ok(output)) => {
            let mut miss = Miss::new(3, format!("the filter gave {}", output.json()));
            miss.difference.extend(sides(filter.source(), payload));
            Err(miss)
        }
        Some(Err(error)) => Err(Miss::new(2, error.to_string())),
        None => Err(Miss::new(2, "the filter gave nothing")),
    }
}

/// Captures a value of a message. An error may quote the message unescaped.
pub fn capture(
    capture: &Capture,
    payload: &[u8],
    values: &impl Fill,
    effort: Effort,
) -> Result<String, CaptureError> {
    let bytes = match &capture.with {
        Extract::Jq(filter) => {
            let filter = values
                .fill(filter, Form::Quoted)
                .map_err(MatcherError::from)?;
            first_output(&filter, payload, effort)?
        }
        Extract::Re(template) => {
            let regex = regex(template, values)?;
            let found = regex.captures(payload);
            let found = found.ok_or_else(|| {
                CaptureError::Nothing("the regular expression does not match the message".into())
            })?;
            // If the group took no part, the whole match.
            let group = found.get(1).or_else(|| found.get(0));
            group
                .map(|group| group.as_bytes().to_vec())
                .unwrap_or_default()
        }
    };
    String::from_utf8(bytes).map_err(|_| CaptureError::Nothing("the value is not UTF-8".into()))
}

#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    #[error(transparent)]
    Matcher(#[from] MatcherError),
    #[error("{0}")]
    Nothing(String),
}

fn first_output(filter: &str, payload: &[u8], effort: Effort) -> Result<Vec<u8>, CaptureError> {
    let jq = Jq::compile(filter)
        .map_err(MatcherError::from)?
        .with(effort);
    let nothing = |text: String| CaptureError::Nothing(text);
    let mut outputs = jq
        .run(payload)
        .map_err(|error| nothing(error.to_string()))?;
    match outputs.next() {
        None => Err(nothing(format!("{filter} gave nothing"))),
        Some(Err(error)) => Err(nothing(error.to_string())),
        Some(Ok(output)) if output.json() == "null" => Err(nothing(format!("{filter} gave null"))),
        Some(Ok(output)) => Ok(output.raw().into_owned()),
    }
}

pub fn glob(pattern: &str, text: &str) -> bool {
    let parts: Vec<String> = pattern.split('*').map(regex::escape).collect();
    // Always a valid expression, as the parts are escaped.
    regex::Regex::new(&format!("^(?s:{})$", parts.join(".*"))).is_ok_and(|it| it.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::super::value::{Given, Values};
    use super::*;
    use crate::scenario::{Action, Statement, parse};

    type Message = (Kind, Vec<u8>);

    fn message(kind: Kind, payload: impl AsRef<[u8]>) -> Message {
        (kind, payload.as_ref().to_vec())
    }

    fn text(payload: &str) -> Message {
        message(Kind::Text, payload)
    }

    /// The pattern of an expectation, as it is written.
    #[track_caller]
    fn matcher(pattern: &str) -> Matcher {
        let file = parse(&format!("< {pattern}")).expect("a pattern");
        let Statement::Action { action, .. } = &file.lines[0].statement else {
            panic!("no action");
        };
        let Action::Expect(expect) = action else {
            panic!("no expectation");
        };
        let given = Given {
            variables: [("v".to_owned(), "a\"b.".to_owned())].into(),
            ..Given::default()
        };
        let values = Values::new(&given, jiff::Timestamp::UNIX_EPOCH);
        Matcher::new(&expect.pattern, &values).expect("a matcher")
    }

    #[track_caller]
    fn difference(pattern: &str, message: &Message) -> Vec<String> {
        matcher(pattern)
            .check(message.0, &message.1)
            .expect_err("a miss")
            .difference
    }

    #[test]
    fn each_kind_of_pattern_matches_what_it_should() {
        for (pattern, message, is_match) in [
            ("text hi", text("hi"), true),
            ("text hi", text("hi "), false),
            ("text \"\"", text(""), true),
            ("text {{v}}", text("a\"b."), true),
            ("json {\"a\":1}", text("{\"b\":2,\"a\":1}"), true),
            ("json {\"a\":\"{{v}}\"}", text("{\"a\":\"a\\\"b.\"}"), true),
            ("json 1", message(Kind::Binary, "1"), true),
            ("json 1", text("x"), false),
            ("re \"^a.c$\"", text("abc"), true),
            ("re \"^{{v}}$\"", text("a\"b."), true),
            ("re \"^{{v}}$\"", text("a\"bx"), false),
            ("jq .a > 1", text("{\"a\":2}"), true),
            ("jq .a > 1", text("{\"a\":1}"), false),
            ("jq .a", text("[]"), false),
            ("jq .a == \"{{v}}\"", text("{\"a\":\"a\\\"b.\"}"), true),
            ("hex 61", message(Kind::Binary, "a"), true),
            ("hex 61", text("a"), false),
            ("any", text(""), true),
        ] {
            let matcher = matcher(pattern);
            let found = matcher.check(message.0, &message.1).is_ok();
            assert_eq!(found, is_match, "{pattern} {message:?}");
            let found = matcher.matches(message.0, &message.1);
            assert_eq!(found, Ok(is_match), "{pattern} {message:?}");
        }
    }

    #[test]
    fn the_first_difference_of_a_text_is_marked() {
        assert_eq!(
            difference("text hello world", &text("hello wurld")),
            [
                "expected hello world",
                "found    hello wurld",
                "                ^"
            ]
        );
        assert_eq!(
            difference("text \"\\ta\"", &text("\tb")),
            ["expected \\ta", "found    \\tb", "           ^"]
        );
        let long = "x".repeat(100);
        let lines = difference(&format!("text {long}a"), &text(&format!("{long}b")));
        assert_eq!(
            lines[0].find('a'),
            lines[2].find('^').map(|at| at + "…".len() - 1)
        );
    }

    #[test]
    fn a_text_with_the_bytes_of_a_binary_message_is_explained() {
        assert_eq!(
            difference("text a", &message(Kind::Binary, "a")),
            ["the bytes are the same, but the message is binary"]
        );
        assert_eq!(
            difference("hex 61", &text("a")),
            ["the bytes are the same, but the message is text"]
        );
        assert_eq!(
            difference("hex 61 62", &message(Kind::Binary, "a")),
            ["byte 2: expected 62, found the end"]
        );
    }

    #[test]
    fn a_failed_filter_shows_its_output() {
        assert_eq!(difference("jq .a", &text("{}")), ["the filter gave null"]);
        assert_eq!(
            difference("jq empty", &text("{}")),
            ["the filter gave nothing"]
        );
        assert_eq!(
            difference("jq .a", &text("1")),
            ["jq: cannot index 1 with \"a\""]
        );
    }

    #[test]
    fn the_closer_a_message_the_higher_its_score() {
        let score = |pattern: &str, payload: &str| {
            matcher(pattern)
                .check(Kind::Text, payload.as_bytes())
                .expect_err("a miss")
                .score
        };
        assert!(score("text hello", "hallo") > score("text hello", "bye"));
        let pattern = "json {\"a\":1,\"b\":2}";
        assert!(score(pattern, "{\"a\":1,\"b\":0}") > score(pattern, "{\"a\":0,\"b\":0}"));
        assert!(score(pattern, "{}") > score(pattern, "x"));
    }

    #[test]
    fn a_star_in_a_field_is_any_text() {
        assert!(glob("*", "anything"));
        assert!(glob("nginx/*", "nginx/1.2"));
        assert!(glob("a*b*c", "a.b.c"));
        assert!(!glob("nginx", "nginx/1.2"));
        assert!(!glob("a.c", "abc"));
    }

    #[test]
    fn a_capture_without_a_value_is_an_error() {
        let given = Given::default();
        let values = Values::new(&given, jiff::Timestamp::UNIX_EPOCH);
        let with = |with| Capture {
            name: "x".to_owned(),
            with,
        };
        let jq = with(Extract::Jq(Template::literal(".id")));
        let re = with(Extract::Re(Template::literal("id=(\\d+)")));
        let taken = |it: &Capture, payload: &str| {
            capture(it, payload.as_bytes(), &values, Effort::Alone)
                .map_err(|error| error.to_string())
        };
        assert_eq!(taken(&jq, "{\"id\":\"a\"}"), Ok("a".to_owned()));
        assert_eq!(taken(&jq, "{\"id\":[1]}"), Ok("[1]".to_owned()));
        assert_eq!(taken(&jq, "{}"), Err(".id gave null".to_owned()));
        assert!(taken(&jq, "x").is_err());
        assert_eq!(taken(&re, "id=12;"), Ok("12".to_owned()));
        assert!(taken(&re, "id=x").is_err());
    }
}
