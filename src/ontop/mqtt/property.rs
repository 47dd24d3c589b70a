//! The properties of MQTT 5 (§2.2.2), on the wire and in JSON.

use serde_json::{Map, Value, json};

use super::wire::{Fault, Reader, put_binary, put_variable};
use crate::ontop::binary::{binary, binary_value};

/// How a property is written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Byte,
    Two,
    Four,
    Variable,
    Text,
    Binary,
    /// Two texts; such properties repeat.
    Pair,
}

/// Number, name and form. Names are those of the specification, in lower case.
const TABLE: [(u8, &str, Form); 27] = [
    (1, "payload_format_indicator", Form::Byte),
    (2, "message_expiry_interval", Form::Four),
    (3, "content_type", Form::Text),
    (8, "response_topic", Form::Text),
    (9, "correlation_data", Form::Binary),
    (11, "subscription_identifier", Form::Variable),
    (17, "session_expiry_interval", Form::Four),
    (18, "assigned_client_identifier", Form::Text),
    (19, "server_keep_alive", Form::Two),
    (21, "authentication_method", Form::Text),
    (22, "authentication_data", Form::Binary),
    (23, "request_problem_information", Form::Byte),
    (24, "will_delay_interval", Form::Four),
    (25, "request_response_information", Form::Byte),
    (26, "response_information", Form::Text),
    (28, "server_reference", Form::Text),
    (31, "reason_string", Form::Text),
    (33, "receive_maximum", Form::Two),
    (34, "topic_alias_maximum", Form::Two),
    (35, "topic_alias", Form::Two),
    (36, "maximum_qos", Form::Byte),
    (37, "retain_available", Form::Byte),
    (38, USER, Form::Pair),
    (39, "maximum_packet_size", Form::Four),
    (40, "wildcard_subscription_available", Form::Byte),
    (41, "subscription_identifier_available", Form::Byte),
    (42, "shared_subscription_available", Form::Byte),
];

const USER: &str = "user_properties";
/// Those that a client may send with a message.
const OF_MESSAGE: [&str; 6] = [
    "payload_format_indicator",
    "message_expiry_interval",
    "content_type",
    "response_topic",
    "correlation_data",
    USER,
];
/// The most properties of a packet: each is larger in memory than on the wire.
const MOST: usize = 1000;

/// The properties of a packet, by their names.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Properties(Map<String, Value>);

impl Properties {
    /// Reads properties with their length in front.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let of = reader.of;
        let len = reader.variable()?;
        let mut reader = Reader::new(of, reader.take(len)?);
        let (mut found, mut count) = (Map::new(), 0);
        while !reader.is_empty() {
            count += 1;
            if count > MOST {
                return Err(Fault::Properties(of, MOST));
            }
            let number = reader.byte()?;
            let entry = TABLE.iter().find(|(known, ..)| *known == number);
            let (_, name, form) = entry.ok_or(Fault::Property(of, number))?;
            let value: Value = match form {
                Form::Byte => reader.number(1)?.into(),
                Form::Two => reader.number(2)?.into(),
                Form::Four => reader.number(4)?.into(),
                Form::Variable => reader.variable()?.into(),
                Form::Text => reader.text()?.into(),
                Form::Binary => binary_value(reader.binary()?),
                Form::Pair => {
                    let pair = json!([reader.text()?, reader.text()?]);
                    let pairs = found.entry(*name).or_insert_with(|| json!([]));
                    if let Value::Array(pairs) = pairs {
                        pairs.push(pair);
                    }
                    continue;
                }
            };
            found.insert((*name).to_owned(), value);
        }
        Ok(Self(found))
    }

    /// Those with these names and values.
    pub(super) fn of(pairs: &[(&str, Value)]) -> Self {
        let owned = |(name, value): &(&str, Value)| ((*name).to_owned(), value.clone());
        Self(pairs.iter().map(owned).collect())
    }

    /// Those that a message may be sent with, from the JSON of a person or program.
    pub(super) fn of_message(value: &Value) -> Result<Self, String> {
        let Value::Object(object) = value else {
            return Err("properties is no object".to_owned());
        };
        for (name, value) in object {
            let entry = TABLE.iter().find(|(_, known, _)| known == name);
            let known = entry.filter(|_| OF_MESSAGE.contains(&name.as_str()));
            let Some((_, _, form)) = known else {
                let known = OF_MESSAGE.join(", ");
                return Err(format!(
                    "the property {name:?} is unknown; there are {known}"
                ));
            };
            if encode(*form, value).is_none() {
                return Err(format!("the property {name} cannot be {value}"));
            }
        }
        Ok(Self(object.clone()))
    }

    /// Writes the properties with their length in front.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let mut body = Vec::new();
        for (name, value) in &self.0 {
            let Some((number, _, form)) = TABLE.iter().find(|(_, known, _)| known == name) else {
                continue;
            };
            for part in encode(*form, value).into_iter().flatten() {
                body.push(*number);
                body.extend(part);
            }
        }
        put_variable(out, body.len());
        out.extend(body);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    pub(super) fn object(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// Those that belong to a message rather than to its delivery.
    pub(super) fn message_part(&self) -> Self {
        let own = self
            .0
            .iter()
            .filter(|(name, _)| OF_MESSAGE.contains(&name.as_str()));
        Self(
            own.map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        )
    }

    /// As a note: `content_type "text/plain", user_properties [["a","b"]]`.
    pub(super) fn note(&self) -> String {
        let parts = self.0.iter().map(|(name, value)| format!("{name} {value}"));
        parts.collect::<Vec<_>>().join(", ")
    }
}

/// The bytes of a value, one part for each time that the property is written.
fn encode(form: Form, value: &Value) -> Option<Vec<Vec<u8>>> {
    let number = |most: u64| value.as_u64().filter(|it| *it <= most);
    let mut out = Vec::new();
    match form {
        Form::Byte => out.push(u8::try_from(number(0xff)?).ok()?),
        Form::Two => out.extend(u16::try_from(number(0xffff)?).ok()?.to_be_bytes()),
        Form::Four => out.extend(u32::try_from(number(0xffff_ffff)?).ok()?.to_be_bytes()),
        Form::Variable => put_variable(&mut out, usize::try_from(number(268_435_455)?).ok()?),
        Form::Text => text(&mut out, value)?,
        Form::Binary => {
            let bytes = binary(value).or_else(|| Some(value.as_str()?.as_bytes().to_vec()))?;
            u16::try_from(bytes.len()).ok()?;
            put_binary(&mut out, &bytes);
        }
        Form::Pair => {
            let pairs = value.as_array()?.iter().map(|pair| {
                let [key, value] = pair.as_array()?.as_slice() else {
                    return None;
                };
                let mut out = Vec::new();
                text(&mut out, key)?;
                text(&mut out, value)?;
                Some(out)
            });
            return pairs.collect();
        }
    }
    Some(vec![out])
}

fn text(out: &mut Vec<u8>, value: &Value) -> Option<()> {
    let text = value.as_str()?;
    u16::try_from(text.len()).ok()?;
    put_binary(out, text.as_bytes());
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_of_a_message_are_the_same_after_a_way_there_and_back() {
        let object = json!({
            "payload_format_indicator": 1,
            "message_expiry_interval": 4_294_967_295_u32,
            "content_type": "text/plain",
            "correlation_data": {"$base64": "AP8="},
            "user_properties": [["a", "1"], ["a", "2"]],
        });
        let properties = Properties::of_message(&object).expect("known");
        let mut out = Vec::new();
        properties.put(&mut out);
        let mut reader = Reader::new("PUBLISH", &out);
        let read = Properties::read(&mut reader).expect("readable");
        assert_eq!(read.object(), object);
        assert!(reader.is_empty());
    }

    #[test]
    fn what_is_no_property_says_why() {
        for (object, why) in [
            (json!([]), "no object"),
            (json!({"topic_alias": 1}), "\"topic_alias\" is unknown"),
            (json!({"message_expiry_interval": -1}), "cannot be -1"),
            (json!({"user_properties": {"a": "b"}}), "cannot be"),
        ] {
            let error = Properties::of_message(&object).expect_err(why);
            assert!(error.contains(why), "{error}");
        }
        let many = [b"\xf0\x2e".as_slice(), &b"\x26\0\0\0\0".repeat(1200)].concat();
        for (bytes, fault) in [
            (b"\x01\x7f".as_slice(), Fault::Property("PUBLISH", 0x7f)),
            (b"\x05\x01", Fault::Short("PUBLISH")),
            (b"\x02\x03\xff", Fault::Short("PUBLISH")),
            (&many, Fault::Properties("PUBLISH", MOST)),
        ] {
            let read = Properties::read(&mut Reader::new("PUBLISH", bytes));
            assert_eq!(read, Err(fault));
        }
    }
}
