//! The names of a prompt's connections, which the thread that reads lines completes and shows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::render::Label;
use crate::render::escape::escape_line;

/// The first connection, and those that were opened besides it.
#[derive(Debug, Clone)]
pub struct Roster(Arc<Mutex<Names>>);

#[derive(Debug)]
struct Names {
    first: Label,
    further: Vec<Label>,
    /// The index of the further connection that lines and commands are about.
    in_use: Option<usize>,
    /// Commands about messages are about all connections.
    is_everything: bool,
}

impl Roster {
    /// A prompt with one connection, of this name.
    pub fn new(first: &str) -> Self {
        let first = Label::new(&escape_line(first), 0);
        Self(Arc::new(Mutex::new(Names {
            first,
            further: Vec::new(),
            in_use: None,
            is_everything: false,
        })))
    }

    /// Connections that have numbers instead, and are spoken of together.
    pub fn of_everything() -> Self {
        let roster = Self::new("");
        roster.lock().is_everything = true;
        roster
    }

    /// The name of the connection in use.
    pub fn in_use(&self) -> Label {
        let names = self.lock();
        let further = names.in_use.and_then(|index| names.further.get(index));
        further.unwrap_or(&names.first).clone()
    }

    /// What messages of all connections are of.
    pub fn title(&self) -> String {
        let names = self.lock();
        let first = names.first.text();
        match names.further.len() {
            _ if names.is_everything => "all connections".to_owned(),
            0 => first.to_owned(),
            further => {
                let in_use = names.in_use.and_then(|index| names.further.get(index));
                let in_use = in_use.map_or(first, Label::text);
                format!("{} connections, {in_use} in use", further + 1)
            }
        }
    }

    /// The first connection's name, once there are several.
    pub fn first_of_several(&self) -> Option<Label> {
        let names = self.lock();
        (!names.further.is_empty()).then(|| names.first.clone())
    }

    /// Whether a message is of the connection in use; that of a first connection has no label.
    pub fn is_in_use(&self, label: Option<&Label>) -> bool {
        let names = self.lock();
        match (names.in_use, label) {
            _ if names.is_everything => true,
            (None, None) => true,
            (Some(index), Some(label)) => names
                .further
                .get(index)
                .is_some_and(|it| it.text() == label.text()),
            _ => false,
        }
    }

    pub fn first(&self) -> Label {
        self.lock().first.clone()
    }

    pub fn names(&self) -> Vec<String> {
        let names = self.lock();
        let all = std::iter::once(&names.first).chain(&names.further);
        all.map(|label| label.text().to_owned()).collect()
    }

    pub fn starting_with(&self, start: &str) -> Vec<String> {
        let mut names = self.names();
        names.retain(|name| name.starts_with(start));
        names
    }

    /// Changes the further connections, and which of them is in use.
    pub fn update(&self, further: Vec<Label>, in_use: Option<usize>) {
        let mut names = self.lock();
        (names.further, names.in_use) = (further, in_use);
    }

    fn lock(&self) -> MutexGuard<'_, Names> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Roster {
    fn default() -> Self {
        Self::new("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_connection_is_in_use() {
        let roster = Roster::new("a");
        assert!(roster.is_in_use(None) && roster.first_of_several().is_none());
        let b = Label::new("b", 1);
        roster.update(vec![b.clone()], Some(0));
        assert_eq!(roster.in_use().text(), "b");
        assert_eq!(roster.title(), "2 connections, b in use");
        assert!(roster.is_in_use(Some(&b)) && !roster.is_in_use(None));
        assert_eq!(roster.names(), ["a", "b"]);
        assert_eq!(roster.starting_with("b"), ["b"]);
        roster.update(vec![b], None);
        assert_eq!(roster.in_use().text(), "a");
        assert!(roster.first_of_several().is_some());
    }
}
