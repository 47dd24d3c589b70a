//! What a client is subscribed to.

use serde_json::Value;

/// The most subscriptions of a client: far more than any client needs.
const MOST: usize = 1000;
/// The longest name, and the longest identifier, in bytes.
const LONGEST: usize = 1000;

/// A subscription.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::ontop) struct Topic {
    /// What the client calls it.
    pub id: String,
    pub name: String,
    /// What the protocol needs to know of it.
    pub data: Value,
    /// From 1, in the order of the session.
    pub number: u64,
}

#[derive(Debug, Default)]
pub(in crate::ontop) struct Topics {
    list: Vec<Topic>,
    last: u64,
}

/// Why a subscription is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::ontop) enum TopicError {
    #[error("a client has at most {MOST} subscriptions")]
    Many,
    #[error("a name has at most {LONGEST} bytes")]
    Long,
    #[error("the subscription is refused")]
    Refused,
}

impl Topics {
    /// Adds a subscription, in the place of one of the same identifier; returns its number.
    pub(super) fn add(&mut self, id: &str, name: &str, data: Value) -> Result<u64, TopicError> {
        if id.len() > LONGEST || name.len() > LONGEST {
            return Err(TopicError::Long);
        }
        self.remove(id);
        if self.list.len() >= MOST {
            return Err(TopicError::Many);
        }
        self.last += 1;
        self.list.push(Topic {
            id: id.to_owned(),
            name: name.to_owned(),
            data,
            number: self.last,
        });
        Ok(self.last)
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<Topic> {
        let at = self.list.iter().position(|it| it.id == id)?;
        Some(self.list.remove(at))
    }

    pub(in crate::ontop) fn find(&self, id: &str) -> Option<&Topic> {
        self.list.iter().find(|it| it.id == id)
    }

    pub(in crate::ontop) fn iter(&self) -> impl Iterator<Item = &Topic> {
        self.list.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscriptions_are_numbered_replaced_and_limited() {
        let mut topics = Topics::default();
        assert_eq!(topics.add("a", "x", Value::Null), Ok(1));
        assert_eq!(topics.add("a", "y", Value::Null), Ok(2));
        assert_eq!(topics.find("a").map(|it| it.name.as_str()), Some("y"));
        assert_eq!(topics.iter().count(), 1);
        assert_eq!(
            topics.add(&"x".repeat(LONGEST + 1), "x", Value::Null),
            Err(TopicError::Long)
        );
        for number in 1..MOST {
            let id = number.to_string();
            topics
                .add(&id, "x", Value::Null)
                .expect("room for one more");
        }
        assert_eq!(topics.add("b", "x", Value::Null), Err(TopicError::Many));
        assert!(topics.remove("a").is_some() && topics.remove("a").is_none());
    }
}
