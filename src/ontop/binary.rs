//! Binary data in JSON: `{"$base64": "…"}`, wherever people and programs see it.

use data_encoding::BASE64;
use serde_json::{Value, json};

/// The bytes of `{"$base64": "…"}`; any other value is no binary data.
pub(super) fn binary(value: &Value) -> Option<Vec<u8>> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let text = object.get("$base64")?.as_str()?;
    BASE64.decode(text.as_bytes()).ok()
}

/// `{"$base64": "…"}` of `bytes`.
pub(super) fn binary_value(bytes: &[u8]) -> Value {
    json!({"$base64": BASE64.encode(bytes)})
}

/// A text as it is, and other bytes as `{"$base64": "…"}`.
pub(super) fn text_or_binary(bytes: &[u8]) -> Value {
    std::str::from_utf8(bytes).map_or_else(|_| binary_value(bytes), Value::from)
}
