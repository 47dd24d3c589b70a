//! The words of a fault's text, and mistakes with their places.

use std::fmt;

/// A mistake in the text of a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecError {
    /// The character it begins at, counted from 0.
    pub at: usize,
    /// The number of characters it is about, at least 1.
    pub width: usize,
    /// `None` at the end of the text.
    found: Option<String>,
    wrong: String,
    hint: String,
}

impl SpecError {
    /// The mistake without its place, for a report that marks the place.
    pub fn problem(&self) -> String {
        let (wrong, hint) = (&self.wrong, &self.hint);
        match &self.found {
            Some(found) => format!("{found:?} {wrong}; {hint}"),
            None => format!("{wrong}; {hint}"),
        }
    }
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (wrong, hint) = (&self.wrong, &self.hint);
        match &self.found {
            Some(found) => {
                let character = self.at + 1;
                write!(f, "{found:?} at character {character} {wrong}; {hint}")
            }
            None => write!(f, "{wrong}; {hint}"),
        }
    }
}

impl std::error::Error for SpecError {}

/// A word and the character it begins at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'t> {
    word: &'t str,
    at: usize,
}

impl Place<'_> {
    pub(super) fn wrong(&self, wrong: &str, hint: &str) -> SpecError {
        SpecError {
            at: self.at,
            width: self.word.chars().count().max(1),
            found: Some(self.word.to_owned()),
            wrong: wrong.to_owned(),
            hint: hint.to_owned(),
        }
    }
}

/// The words that are left of a text.
#[derive(Debug)]
pub(super) struct Words<'t> {
    places: Vec<Place<'t>>,
    next: usize,
    /// The length of the text in characters.
    end: usize,
    /// What all of it may be.
    pub(super) form: &'static str,
}

impl<'t> Words<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let place = |word: &'t str| {
            let before = word.as_ptr().addr() - text.as_ptr().addr();
            let at = text[..before].chars().count();
            Place { word, at }
        };
        Self {
            places: text.split_whitespace().map(place).collect(),
            next: 0,
            end: text.chars().count(),
            form: "a fault",
        }
    }

    /// The advice to write all of it as it may be.
    pub(super) fn write(&self) -> String {
        format!("write {}", self.form)
    }

    pub(super) fn peek(&self) -> Option<&'t str> {
        self.places.get(self.next).map(|place| place.word)
    }

    /// The next word, which is `what`.
    pub(super) fn take(&mut self, what: &str, hint: &str) -> Result<&'t str, SpecError> {
        let Some(place) = self.places.get(self.next) else {
            return Err(self.missing(what, hint));
        };
        self.next += 1;
        Ok(place.word)
    }

    /// Takes the next word if it is `word`.
    pub(super) fn accept(&mut self, word: &str) -> bool {
        let is_next = self.peek() == Some(word);
        self.next += usize::from(is_next);
        is_next
    }

    /// Takes the next word, which has to be `word`.
    pub(super) fn expect(&mut self, word: &str) -> Result<(), SpecError> {
        let found = self.take(&format!("{word:?}"), &self.write())?;
        if found == word {
            return Ok(());
        }
        Err(self.wrong(&format!("is not {word:?}"), &self.write()))
    }

    pub(super) fn number(&mut self, what: &str, least: u64) -> Result<u64, SpecError> {
        let number = self.take(what, &self.write())?.parse().ok();
        number.filter(|number| *number >= least).ok_or_else(|| {
            self.wrong(
                &format!("is not a number of {least} or more"),
                &self.write(),
            )
        })
    }

    /// Claims that nothing is left.
    pub(super) fn end(&self) -> Result<(), SpecError> {
        match self.places.get(self.next) {
            None => Ok(()),
            Some(place) => {
                let hint = format!("{}, or on connection N after it", self.write());
                Err(place.wrong("is too much", &hint))
            }
        }
    }

    /// The word that was taken last.
    pub(super) fn place(&self) -> Place<'t> {
        let last = self.next.checked_sub(1);
        let none = Place {
            word: "",
            at: self.end,
        };
        last.and_then(|last| self.places.get(last))
            .copied()
            .unwrap_or(none)
    }

    /// A mistake in the word that was taken last.
    pub(super) fn wrong(&self, wrong: &str, hint: &str) -> SpecError {
        self.place().wrong(wrong, hint)
    }

    fn missing(&self, what: &str, hint: &str) -> SpecError {
        let place = if self.places.is_empty() {
            ""
        } else {
            " at the end"
        };
        SpecError {
            at: self.end,
            width: 1,
            found: None,
            wrong: format!("{what} is missing{place}"),
            hint: hint.to_owned(),
        }
    }
}
