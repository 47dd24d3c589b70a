//! A message of one object or of many.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The most parts of a batch that are looked at: a message of 64 MiB holds millions, each of which would be
/// larger in memory.
pub(super) const LOOKED_AT: usize = 1000;

#[derive(Debug, PartialEq)]
pub(in crate::ontop) enum Batch {
    One(Map<String, Value>),
    /// The first parts, and how many more there are.
    Many(Vec<Value>, usize),
}

impl Batch {
    pub(in crate::ontop) fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }
}

impl<'de> Deserialize<'de> for Batch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Parts)
    }
}

struct Parts;

impl<'de> Visitor<'de> for Parts {
    type Value = Batch;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object, or an array of objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Batch, A::Error> {
        let mut object = Map::new();
        while let Some((key, value)) = access.next_entry()? {
            object.insert(key, value);
        }
        Ok(Batch::One(object))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Batch, A::Error> {
        let (mut parts, mut more) = (Vec::new(), 0);
        while parts.len() < LOOKED_AT {
            let Some(part) = access.next_element()? else {
                return Ok(Batch::Many(parts, 0));
            };
            parts.push(part);
        }
        while access.next_element::<IgnoredAny>()?.is_some() {
            more += 1;
        }
        Ok(Batch::Many(parts, more))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_looked_at_in_part() {
        let text = format!("[{}1]", "{\"id\":1},".repeat(5000));
        let Ok(Batch::Many(parts, more)) = Batch::parse(&text) else {
            panic!("no batch");
        };
        assert_eq!((parts.len(), more), (LOOKED_AT, 4001));
    }

    #[test]
    fn other_values_and_depth_are_refused() {
        let deep = "[".repeat(100_000);
        for text in ["1", "\"a\"", "null", "", "{", deep.as_str()] {
            assert!(Batch::parse(text).is_err(), "{text:.10}");
        }
    }
}
