//! CBOR (RFC 8949).

use cbor2::core::{Decoder, Error, Header};

use super::super::layout::{Brackets, Member, Scalar, Value};
use super::{MAX_DEPTH, bytes, escape_line, literal, number, string};
use crate::render::style::Role;

/// Whether the first byte starts a non-empty map or list, or the tag "this is CBOR".
pub(super) fn starts_container(payload: &[u8]) -> bool {
    // RFC 8949 §3.1: major types 4 and 5; §3.4.6: the tag 55799.
    matches!(
        payload,
        [0x81..=0x9b | 0x9f | 0xa1..=0xbb | 0xbf, _, ..] | [0xd9, 0xd9, 0xf7, ..]
    )
}

pub(super) fn value(payload: &[u8]) -> Result<Value<'static>, String> {
    cbor2::validate_slice(payload).map_err(|error| match error {
        cbor2::de::Error::Io(_) => "it is cut off".to_owned(),
        error => error.to_string(),
    })?;
    let mut reader = Reader {
        payload,
        decoder: Decoder::from(payload),
        depth: 0,
    };
    reader.item().map_err(|error| match error {
        Some(error) => error.to_string(),
        None => format!("nested deeper than {MAX_DEPTH} levels"),
    })
}

/// Reads item by item, as `cbor2::Value` does not distinguish `undefined` from `null`.
struct Reader<'a> {
    payload: &'a [u8],
    decoder: Decoder<&'a [u8]>,
    depth: usize,
}

/// An error of the decoder; `None` when it is too deep.
type ReadError = Option<Error>;

impl Reader<'_> {
    fn item(&mut self) -> Result<Value<'static>, ReadError> {
        let header = self.decoder.pull()?;
        if !matches!(header, Header::Array(_) | Header::Map(_) | Header::Tag(_)) {
            return self.single(header).map(Value::scalar);
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(None);
        }
        let value = match header {
            Header::Array(len) => self.container(Brackets::Array, len)?,
            Header::Map(len) => self.container(Brackets::Object, len)?,
            Header::Tag(tag) => {
                let name = Some(literal(format!("tag {tag}")));
                let value = self.item()?;
                Value::container(Brackets::Object, vec![Member { name, value }])
            }
            header => self.single(header).map(Value::scalar)?,
        };
        self.depth -= 1;
        Ok(value)
    }

    /// Reads the members of a list or map, up to a break without `len`.
    fn container(
        &mut self,
        brackets: Brackets,
        len: Option<usize>,
    ) -> Result<Value<'static>, ReadError> {
        let mut members = Vec::new();
        while len != Some(members.len()) {
            if len.is_none() {
                match self.decoder.pull()? {
                    Header::Break => break,
                    header => self.decoder.push(header),
                }
            }
            let name = match brackets {
                Brackets::Object => Some(self.name()?),
                Brackets::Array => None,
            };
            let value = self.item()?;
            members.push(Member { name, value });
        }
        Ok(Value::container(brackets, members))
    }

    /// Reads a key, which may be any item.
    fn name(&mut self) -> Result<Scalar<'static>, ReadError> {
        let start = self.decoder.offset();
        let header = self.decoder.pull()?;
        if !matches!(header, Header::Array(_) | Header::Map(_) | Header::Tag(_)) {
            return Ok(Scalar {
                role: Role::JsonKey,
                ..self.single(header)?
            });
        }
        self.decoder.push(header);
        self.item()?;
        // Rare, and as diagnostic notation (RFC 8949 §8).
        let key = &self.payload[start..self.decoder.offset()];
        let notation = cbor2::diagnostic(key).unwrap_or_default();
        Ok(literal(escape_line(&notation).into_owned()))
    }

    fn single(&mut self, header: Header) -> Result<Scalar<'static>, ReadError> {
        Ok(match header {
            Header::Positive(integer) => number(&integer),
            Header::Negative(integer) => number(&(-1 - i128::from(integer))),
            Header::Float(float) => number(&format_args!("{float:?}")),
            Header::Text(len) => {
                let mut text = String::new();
                self.decoder.text_body(len, &mut text)?;
                string(&text)
            }
            Header::Bytes(len) => {
                let mut data = Vec::new();
                self.decoder.bytes_body(len, &mut data)?;
                bytes(&data)
            }
            Header::Simple(20) => literal("false"),
            Header::Simple(21) => literal("true"),
            Header::Simple(22) => literal("null"),
            Header::Simple(23) => literal("undefined"),
            Header::Simple(number) => literal(format!("simple({number})")),
            Header::Array(_) | Header::Map(_) | Header::Tag(_) | Header::Break => literal("…"),
        })
    }
}
