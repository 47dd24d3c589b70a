//! What is kept for those that subscribe later: one message for each topic.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

/// The most topics that something is kept for: far more than a client under test needs.
const MOST: usize = 1000;
/// The most that is kept, in bytes: a new subscription may get all of it at once.
const ROOM: usize = 8 << 20;

#[derive(Debug, Default)]
pub(super) struct Kept {
    said: BTreeMap<String, (Rc<Value>, usize)>,
    /// In bytes.
    size: usize,
}

/// Why something is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeepError {
    #[error("{MOST} topics have such a message already")]
    Many,
    #[error("such messages have at most {} MiB together", ROOM >> 20)]
    Large,
}

impl Kept {
    /// Keeps it in the place of what was kept for the topic.
    pub(super) fn keep(&mut self, topic: &str, said: &Value) -> Result<(), KeepError> {
        let size = topic.len() + said.to_string().len();
        let before = self.said.get(topic).map(|(_, size)| *size);
        if before.is_none() && self.said.len() >= MOST {
            return Err(KeepError::Many);
        }
        if self.size - before.unwrap_or_default() + size > ROOM {
            return Err(KeepError::Large);
        }
        self.drop(topic);
        self.size += size;
        let said = Rc::new(said.clone());
        self.said.insert(topic.to_owned(), (said, size));
        Ok(())
    }

    pub(super) fn drop(&mut self, topic: &str) {
        if let Some((_, size)) = self.said.remove(topic) {
            self.size -= size;
        }
    }

    /// What is kept for the topics that `wanted` returns something for, with that.
    pub(super) fn of<T>(&self, wanted: impl Fn(&str) -> Option<T>) -> Vec<(T, Rc<Value>)> {
        let said = self.said.iter();
        said.filter_map(|(topic, (said, _))| Some((wanted(topic)?, Rc::clone(said))))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_has_one_message_and_all_have_a_limit() {
        let mut kept = Kept::default();
        for said in [1, 2] {
            assert_eq!(kept.keep("a", &said.into()), Ok(()));
        }
        assert_eq!(kept.of(|it| Some(it.len())), [(1, Rc::new(2.into()))]);
        let half = Value::from("x".repeat(ROOM / 2));
        assert_eq!(kept.keep("b", &half), Ok(()));
        assert_eq!(kept.keep("b", &half), Ok(()), "in its own place");
        assert_eq!(kept.keep("c", &half), Err(KeepError::Large));
        kept.drop("b");
        assert_eq!(kept.keep("c", &half), Ok(()));
        for number in 2..MOST {
            let topic = number.to_string();
            assert_eq!(kept.keep(&topic, &Value::Null), Ok(()));
        }
        assert_eq!(kept.keep("z", &Value::Null), Err(KeepError::Many));
        assert_eq!(kept.keep("a", &Value::Null), Ok(()));
    }
}
