//! Reads lines back, for the messages in them.

use std::borrow::Cow;

use data_encoding::BASE64;
use serde::Deserialize;

use super::VERSION;
use crate::proto::message::Kind;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("not an event, {0}")]
    NotEvent(String),
    #[error("version {0} of the event format is newer than {VERSION}, which this wsee reads")]
    Version(u32),
    #[error("a message event needs either data or base64")]
    Payload,
    /// The first invalid byte, from 1.
    #[error("byte {0} of its base64 is invalid; expected the standard alphabet with padding")]
    Base64(usize),
    #[error("a message event of type text whose base64 is not UTF-8 cannot be sent as text")]
    Utf8,
}

const EXPECTED: &str = r#"expected an object such as {"event":"message","data":"hi"}"#;

#[derive(Deserialize)]
struct Line<'a> {
    v: Option<u32>,
    #[serde(borrow)]
    event: Cow<'a, str>,
    r#type: Option<Type>,
    data: Option<Cow<'a, str>>,
    base64: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Type {
    Text,
    Binary,
}

/// The sent or received message in a line; `None` for other events.
///
/// Only `event` and the payload are required: `{"event":"message","data":"hi"}` is a text message,
/// and a message with `base64` is binary unless its `type` is text.
pub fn message(line: &[u8]) -> Result<Option<(Kind, Vec<u8>)>, ReadError> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let not_event = |error: serde_json::Error| ReadError::NotEvent(without_line(&error));
    // serde would also take the values of an event from an array, in the order of its own fields.
    if !line.trim_ascii_start().starts_with(b"{") {
        return Err(ReadError::NotEvent(EXPECTED.to_owned()));
    }
    let line: Line<'_> = serde_json::from_slice(line).map_err(not_event)?;
    if let Some(version) = line.v.filter(|version| *version > VERSION) {
        return Err(ReadError::Version(version));
    }
    if line.event != "message" {
        return Ok(None);
    }
    let (usual, payload) = match (line.data, line.base64) {
        (Some(data), None) => (Kind::Text, data.into_owned().into_bytes()),
        (None, Some(base64)) => (Kind::Binary, decode(&base64)?),
        _ => return Err(ReadError::Payload),
    };
    let kind = match line.r#type {
        None => usual,
        Some(Type::Text) => Kind::Text,
        Some(Type::Binary) => Kind::Binary,
    };
    if kind == Kind::Text && std::str::from_utf8(&payload).is_err() {
        return Err(ReadError::Utf8);
    }
    Ok(Some((kind, payload)))
}

/// The payload of a ping or pong, which may be missing.
pub fn control_payload(data: Option<&str>, base64: Option<&str>) -> Result<Vec<u8>, ReadError> {
    match (data, base64) {
        (Some(data), _) => Ok(data.as_bytes().to_vec()),
        (None, Some(base64)) => decode(base64),
        (None, None) => Ok(Vec::new()),
    }
}

fn decode(base64: &str) -> Result<Vec<u8>, ReadError> {
    let decoded = BASE64.decode(base64.as_bytes());
    decoded.map_err(|error| ReadError::Base64(error.position + 1))
}

/// The text of a serde error without the line number, which is always 1, and without the names of Rust's types.
pub fn without_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.replace(" at line 1 column ", " at column ");
    ["u64", "u32", "u16"].iter().fold(text, |text, number| {
        text.replace(&format!("expected {number}"), "expected a whole number")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Option<(Kind, Vec<u8>)>, ReadError> {
        message(line.as_bytes())
    }

    #[test]
    fn reads_messages_of_either_kind_and_skips_the_rest() {
        let text = Ok(Some((Kind::Text, b"a\x1bb".to_vec())));
        assert_eq!(read(r#"{"event":"message","data":"a\u001bb"}"#), text);
        assert_eq!(
            read(r#"{"v":1,"event":"message","direction":"sent","base64":"AP8="}"#),
            Ok(Some((Kind::Binary, vec![0, 0xff])))
        );
        let text = Ok(Some((Kind::Text, b"hi".to_vec())));
        assert_eq!(
            read(r#"{"event":"message","type":"text","base64":"aGk="}"#),
            text
        );
        let binary = Ok(Some((Kind::Binary, b"hi".to_vec())));
        assert_eq!(
            read(r#"{"event":"message","type":"binary","data":"hi"}"#),
            binary
        );
        assert_eq!(read(r#"{"event":"open","new":[1]}"#), Ok(None));
        assert_eq!(read(" "), Ok(None));
    }

    #[test]
    fn reports_the_mistake_in_a_line() {
        for (line, text) in [
            (
                "hello",
                r#"not an event, expected an object such as {"event":"message","data":"hi"}"#,
            ),
            (
                r#"[1,"message","text","hi",null]"#,
                r#"not an event, expected an object such as {"event":"message","data":"hi"}"#,
            ),
            (
                r#"{"v":-1,"event":"message"}"#,
                "not an event, invalid value: integer `-1`, expected a whole number at column 7",
            ),
            ("{}", "missing field `event`"),
            (r#"{"v":2,"event":"message"}"#, "version 2"),
            (r#"{"event":"message"}"#, "either data or base64"),
            (
                r#"{"event":"message","data":"","base64":""}"#,
                "either data or base64",
            ),
            (r#"{"event":"message","base64":"AA=*"}"#, "byte 3"),
            (
                r#"{"event":"message","type":"text","base64":"/w=="}"#,
                "not UTF-8",
            ),
        ] {
            let error = read(line).expect_err(line).to_string();
            assert!(error.contains(text), "{line}: {error}");
        }
    }
}
