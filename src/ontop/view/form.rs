//! Messages that are arrays: what they are comes first, then values in a fixed order.

use serde_json::{Map, Value};

use crate::ontop::jsonrpc::Batch;
use crate::ontop::record::json;
use crate::ontop::{Name, SayError, Seen};
use crate::text::cut;

/// A kind of message.
#[derive(Debug)]
pub(super) struct Form {
    /// How it begins on the wire, if not with its name.
    pub number: Option<u64>,
    pub name: &'static str,
    /// What follows; the first `least` of them are always there.
    pub fields: &'static [&'static str],
    pub least: usize,
}

/// How much of a value the label shows, in bytes.
const SHOWN: usize = 60;
/// Fields that only say more about a message which has arguments.
const ASIDE: [&str; 2] = ["options", "details"];

/// A row of a table.
pub(super) const fn form(
    number: Option<u64>,
    name: &'static str,
    least: usize,
    fields: &'static [&'static str],
) -> Form {
    Form {
        number,
        name,
        fields,
        least,
    }
}

#[derive(Debug)]
pub(super) struct Message {
    pub form: &'static Form,
    fields: Map<String, Value>,
    /// What follows the fields of the table.
    rest: Vec<Value>,
}

impl Message {
    pub(super) fn parse(text: &str, forms: &'static [Form]) -> Result<Self, String> {
        match Batch::parse(text)? {
            Batch::Many(parts, 0) => Self::of(parts, forms),
            Batch::Many(..) => Err("the array is too long".to_owned()),
            Batch::One(_) => Err("it is no array".to_owned()),
        }
    }

    /// As it is typed: the name may be written in the place of the number.
    pub(super) fn typed(text: &str, forms: &'static [Form], what: &str) -> Result<Self, SayError> {
        match json(text, what)? {
            Value::Array(parts) => Self::of(parts, forms).map_err(|why| SayError::new(why, what)),
            _ => Err(SayError::new("no array", what)),
        }
    }

    fn of(parts: Vec<Value>, forms: &'static [Form]) -> Result<Self, String> {
        let mut parts = parts.into_iter();
        let Some(first) = parts.next() else {
            return Err("it is an empty array".to_owned());
        };
        let is_it = |form: &&Form| match &first {
            Value::String(name) => *name == form.name,
            number => form.number.is_some() && number.as_u64() == form.number,
        };
        let Some(form) = forms.iter().find(is_it) else {
            let first = cut(&first.to_string(), SHOWN);
            return Err(format!("{first} is no kind of message"));
        };
        let mut fields = Map::new();
        for (name, part) in form.fields.iter().zip(parts.by_ref()) {
            fields.insert((*name).to_owned(), part);
        }
        if fields.len() < form.least {
            let missing = form.fields[fields.len()];
            return Err(format!("{} has no {missing}", form.name));
        }
        let rest = parts.collect();
        Ok(Self { form, fields, rest })
    }

    pub(super) fn get(&self, field: &str) -> &Value {
        self.fields.get(field).unwrap_or(&Value::Null)
    }

    /// A string, or JSON as its text.
    pub(super) fn plain(&self, field: &str) -> String {
        match self.get(field) {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }

    /// This field, the ones after it, and what follows them.
    pub(super) fn since(&self, field: &str) -> Vec<Value> {
        let fields = self.fields.iter().skip_while(|(name, _)| *name != field);
        let values = fields.map(|(_, value)| value);
        values.chain(&self.rest).cloned().collect()
    }

    /// As it is sent.
    pub(super) fn encode(&self) -> String {
        let first = match self.form.number {
            Some(number) => number.into(),
            None => Value::from(self.form.name),
        };
        let parts = std::iter::once(first).chain(self.fields.values().cloned());
        let parts = parts.chain(self.rest.iter().cloned());
        Value::Array(parts.collect()).to_string()
    }

    /// What it is for people and programs: short values name it, and arrays and objects are its content.
    pub(super) fn seen(&self, protocol: Name) -> Seen {
        let mut label = self.form.name.to_owned();
        let (mut content, mut aside) = (Vec::new(), String::new());
        let has_arguments = self.get("args").is_array();
        let mut seen = Seen::new(protocol, self.form.name, "");
        for (name, value) in &self.fields {
            match value {
                Value::Object(object) if object.is_empty() => {}
                Value::Array(array) if array.is_empty() => {}
                Value::Object(_) if has_arguments && ASIDE.contains(&name.as_str()) => {
                    aside = format!("{name} {value}");
                }
                Value::Object(_) | Value::Array(_) => content.push(value.to_string()),
                _ => label = format!("{label} {}", cut(&self.plain(name), SHOWN)),
            }
            seen = seen.with(name, value.clone());
        }
        Seen { label, ..seen }
            .carrying(content.join(" "))
            .noting(aside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMS: &[Form] = &[
        form(Some(7), "PUT", 1, &["id", "text", "data"]),
        form(None, "END", 0, &["id"]),
    ];

    #[test]
    fn a_message_is_known_by_its_number_or_its_name() {
        for text in ["[7,1,\"a\",{}]", "[\"PUT\",1,\"a\",{}]"] {
            let message = Message::parse(text, FORMS).expect(text);
            assert_eq!(message.encode(), "[7,1,\"a\",{}]");
            assert_eq!(message.seen(Name::Wamp).label, "PUT 1 a");
        }
        let message = Message::parse("[\"END\"]", FORMS).expect("END");
        assert_eq!(message.encode(), "[\"END\"]");
    }

    #[test]
    fn what_is_no_message_says_why() {
        for (text, why) in [
            ("{}", "no array"),
            ("[]", "empty array"),
            ("[7]", "PUT has no id"),
            ("[8,1]", "8 is no kind of message"),
            ("[null]", "null is no kind of message"),
            ("[", "EOF"),
        ] {
            let error = Message::parse(text, FORMS).expect_err(text);
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
