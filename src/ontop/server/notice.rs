//! What is said to clients: by a person, by a program, or by other clients.

use serde_json::Value;

/// Something for clients.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Those that are subscribed to it get it; without one, everybody does.
    pub topic: Option<String>,
    pub(in crate::ontop) what: What,
    /// Whether the client that says it gets it as well, if it is subscribed.
    pub(in crate::ontop) to_sender: bool,
    pub keep: Keep,
    /// What it takes in memory, in bytes.
    pub size: usize,
}

/// Whether those that subscribe later get it as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    No,
    /// In the place of what was kept for its topic.
    Yes,
    /// They do not get what was kept for its topic either.
    Drop,
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::ontop) enum What {
    /// The verb, and what it says in JSON.
    Said(&'static str, Value),
    /// The subscriptions to the topic end, as they are refused from now on.
    End,
}

impl Notice {
    /// For those that are subscribed to `topic`.
    pub(in crate::ontop) fn about(topic: &str, verb: &'static str, said: Value) -> Self {
        Self {
            topic: Some(topic.to_owned()),
            ..Self::to_all(verb, said)
        }
    }

    pub(in crate::ontop) fn to_all(verb: &'static str, said: Value) -> Self {
        Self {
            topic: None,
            what: What::Said(verb, said),
            to_sender: true,
            keep: Keep::No,
            size: 0,
        }
    }

    /// The end of the subscriptions to `topic`.
    pub fn end(topic: &str) -> Self {
        Self {
            topic: Some(topic.to_owned()),
            what: What::End,
            to_sender: true,
            keep: Keep::No,
            size: 0,
        }
    }

    /// The verb, and what it says.
    pub(in crate::ontop) fn said(&self) -> (&'static str, &Value) {
        match &self.what {
            What::Said(verb, said) => (verb, said),
            What::End => ("", &Value::Null),
        }
    }
}

/// What a line at the prompt asks for.
#[derive(Debug, PartialEq)]
pub enum Order {
    Say(Notice),
    /// Refuses a topic from now on; without one, lists those that are refused.
    Refuse(Option<String>),
    Accept(String),
}
