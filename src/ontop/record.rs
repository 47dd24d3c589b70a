//! What a pipe reads: JSON, in the forms of a protocol.

use serde_json::{Map, Value};

use super::binary::binary;
use super::verb::{SayError, SayResult};

/// Whether a line is written as an object, rather than in words.
pub(super) fn is_object(line: &str) -> bool {
    line.trim_start().starts_with('{')
}

/// Whether a line is written as an object or an array.
pub(super) fn is_json(line: &str) -> bool {
    line.trim_start().starts_with(['{', '['])
}

/// A value; `form` says what is right.
pub(super) fn json(text: &str, form: &str) -> Result<Value, SayError> {
    let value = serde_json::from_str(text);
    value.map_err(|error| SayError::new(format!("not JSON ({error})"), form))
}

/// An object whose members are taken one after the other, until none is left.
#[derive(Debug)]
pub(super) struct Record {
    members: Map<String, Value>,
    form: &'static str,
}

impl Record {
    pub(super) fn parse(text: &str, form: &'static str) -> Result<Self, SayError> {
        match json(text, form)? {
            Value::Object(members) => Ok(Self { members, form }),
            _ => Err(SayError::new("no JSON object", form)),
        }
    }

    pub(super) fn wrong(&self, problem: &str) -> SayError {
        SayError::new(problem, self.form)
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name)
    }

    /// A string that has to be there.
    pub(super) fn text(&mut self, name: &str) -> Result<String, SayError> {
        match self.take(name) {
            Some(Value::String(text)) => Ok(text),
            _ => Err(self.wrong(&format!("the message has no {name}"))),
        }
    }

    /// Content: other JSON than a string is sent as its text.
    pub(super) fn bytes(&mut self, name: &str) -> Vec<u8> {
        match self.take(name) {
            None => Vec::new(),
            Some(Value::String(text)) => text.into_bytes(),
            Some(value) => binary(&value).unwrap_or_else(|| value.to_string().into_bytes()),
        }
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<bool, SayError> {
        match self.take(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(self.wrong(&format!("{name} is neither true nor false"))),
        }
    }

    /// Refuses members that nobody has taken.
    pub(super) fn finish(&self) -> SayResult {
        match self.members.keys().next() {
            None => Ok(()),
            Some(name) => Err(self.wrong(&format!("a message has no member {name:?}"))),
        }
    }
}
