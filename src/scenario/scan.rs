//! Splits a line into words, quoted texts and modifiers.

use std::time::Duration;

use super::ast::{Capture, Extract};
use super::error::{Mistake, Problem, Source};
use super::span;
use super::template::Variable;
use crate::command::nearest;

/// The unread part of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scan<'a> {
    pub source: Source<'a>,
    pub rest: &'a str,
}

/// `within TIME` and `capture NAME = …` after an expected message.
#[derive(Debug, Default)]
pub(super) struct Modifiers {
    pub within: Option<Duration>,
    pub captures: Vec<Capture>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    /// `within TIME`.
    Within,
    /// `within TIME` and `capture NAME = …`.
    All,
    /// `for TIME`.
    For,
    /// `capture NAME = …`.
    Captures,
}

impl Allowed {
    pub(super) fn words(self) -> &'static [&'static str] {
        match self {
            Self::Within => &["within"],
            Self::All => &["within", "capture"],
            Self::For => &["for"],
            Self::Captures => &["capture"],
        }
    }

    fn nearest(self, word: &str) -> Option<&'static str> {
        nearest(word, self.words().iter().copied())
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Within => "only within TIME may follow",
            Self::All => "only within TIME and capture NAME = … may follow",
            Self::For => "only for TIME may follow",
            Self::Captures => "only capture NAME = … may follow",
        }
    }
}

impl<'a> Scan<'a> {
    pub(super) fn new(source: Source<'a>, rest: &'a str) -> Self {
        Self { source, rest }
    }

    /// The offset of the rest in the line, in bytes.
    pub(super) fn at(self) -> usize {
        // From the pointers, as the rest may have been trimmed at its end.
        (self.rest.as_ptr() as usize).saturating_sub(self.source.line.as_ptr() as usize)
    }

    pub(super) fn mistake(self, problem: Problem) -> Mistake {
        self.source
            .mistake(self.at(), self.rest.trim_end().len(), problem)
    }

    pub(super) fn mistake_at(self, at: usize, len: usize, problem: Problem) -> Mistake {
        self.source.mistake(self.at() + at, len, problem)
    }

    pub(super) fn with(self, rest: &'a str) -> Self {
        Self { rest, ..self }
    }

    pub(super) fn trim(self) -> Self {
        self.with(self.rest.trim())
    }

    pub(super) fn is_empty(self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn word(self) -> (&'a str, Self) {
        let rest = self.rest.trim_start();
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        (&rest[..end], self.with(rest[end..].trim_start()))
    }

    pub(super) fn split_modifiers(self, allowed: Allowed) -> (Self, Self) {
        self.split(allowed, true)
    }

    /// Splits at the first modifier; a quote has no meaning.
    pub(super) fn split_words(self, allowed: Allowed) -> (Self, Self) {
        self.split(allowed, false)
    }

    fn split(self, allowed: Allowed, quotes: bool) -> (Self, Self) {
        let at = find_word(self.rest, allowed.words(), quotes).unwrap_or(self.rest.len());
        (
            self.with(self.rest[..at].trim()),
            self.with(&self.rest[at..]),
        )
    }

    pub(super) fn modifiers(mut self, allowed: Allowed) -> Result<Modifiers, Mistake> {
        let mut modifiers = Modifiers::default();
        loop {
            let (word, after) = self.word();
            match word {
                "" => return Ok(modifiers),
                "within" | "for" if allowed.words().contains(&word) => {
                    let (time, rest) = after.word();
                    modifiers.within = Some(after.with(time).span()?);
                    self = rest;
                }
                "capture" if matches!(allowed, Allowed::All | Allowed::Captures) => {
                    let (capture, rest) = after.capture()?;
                    modifiers.captures.push(capture);
                    self = rest;
                }
                found if let Some(nearest) = allowed.nearest(found) => {
                    return Err(self.trim().mistyped(found, nearest));
                }
                found => {
                    let hint = allowed.hint();
                    let found = found.to_owned();
                    return Err(self.trim().mistake(Problem::Unexpected { found, hint }));
                }
            }
        }
    }

    /// What `parse` reads. If it reads only what comes before a mistyped modifier, that is the mistake.
    pub(super) fn before_mistyped<T>(
        self,
        allowed: Allowed,
        parse: impl Fn(Self) -> Result<T, Mistake>,
    ) -> Result<T, Mistake> {
        let parsed = parse(self);
        if parsed.is_ok() {
            return parsed;
        }
        let mut words = self.rest.split_whitespace().skip(1);
        let mistyped = words.find_map(|word| {
            let nearest = allowed.nearest(word)?;
            let place = self.with(word);
            let before = self.with(self.rest[..place.at() - self.at()].trim_end());
            parse(before).ok().map(|_| place.mistyped(word, nearest))
        });
        mistyped.map_or(parsed, Err)
    }

    /// `self` begins with the word.
    fn mistyped(self, word: &str, nearest: &str) -> Mistake {
        let problem = Problem::UnknownWord {
            word: word.to_owned(),
            hint: format!("did you mean {nearest}?"),
        };
        self.mistake_at(0, word.len(), problem)
    }

    fn capture(self) -> Result<(Capture, Self), Mistake> {
        let (name, after) = if let Some((name, after)) = self.rest.split_once('=') {
            (name.trim(), self.with(after.trim_start()))
        } else {
            let problem = "expected capture NAME = FILTER, or capture NAME = re \"…\"";
            return Err(self.mistake(Problem::Missing(problem)));
        };
        if !Variable::is_free(name) {
            let problem = Problem::VariableName(name.to_owned());
            return Err(self.mistake_at(0, name.len(), problem));
        }
        let (value, rest) = after.split_modifiers(Allowed::All);
        let with = if starts_with_word(value.rest, "re") {
            let (_, quoted) = value.word();
            let (text, after) = quoted.regex_quoted()?;
            after.nothing("only within TIME and capture NAME = … may follow")?;
            Extract::Re(quoted.regex(&text)?)
        } else {
            Extract::Jq(value.jq(value.rest)?)
        };
        let name = name.to_owned();
        Ok((Capture { name, with }, rest))
    }

    pub(super) fn nothing(self, hint: &'static str) -> Result<(), Mistake> {
        let scan = self.trim();
        if scan.is_empty() {
            return Ok(());
        }
        let found = scan.rest.to_owned();
        Err(scan.mistake(Problem::Unexpected { found, hint }))
    }

    pub(super) fn quoted(self) -> Result<(String, Self), Mistake> {
        let (inside, rest) = self.quotes()?;
        let literal = &self.rest[..inside.len() + 2];
        match serde_json::from_str(literal) {
            Ok(text) => Ok((text, rest)),
            Err(error) => {
                let text = error.to_string();
                let text = text.split(" at line").next().unwrap_or_default().to_owned();
                Err(self.mistake_at(0, literal.len(), Problem::Quoted(text)))
            }
        }
    }

    /// Reads a regular expression in quotes. `\"` is a quote; every other backslash is the expression's.
    pub(super) fn regex_quoted(self) -> Result<(String, Self), Mistake> {
        if !self.rest.starts_with('"') {
            let problem =
                Problem::Missing("expected a regular expression in quotes, as in re \"…\"");
            return Err(self.mistake(problem));
        }
        let (inside, rest) = self.quotes()?;
        let (mut text, mut escaped) = (String::new(), false);
        for c in inside.chars() {
            if escaped && c == '"' {
                text.pop();
            }
            escaped = c == '\\' && !escaped;
            text.push(c);
        }
        Ok((text, rest))
    }

    fn quotes(self) -> Result<(&'a str, Self), Mistake> {
        let mut escaped = false;
        for (at, byte) in self.rest.bytes().enumerate().skip(1) {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => return Ok((&self.rest[1..at], self.with(&self.rest[at + 1..]))),
                _ => {}
            }
        }
        Err(self.mistake(Problem::OpenQuote))
    }
}

/// The offset of the first of `words`; with `quotes`, words in quotes do not count.
pub(super) fn find_word(text: &str, words: &[&str], quotes: bool) -> Option<usize> {
    let (mut inside, mut escaped, mut after_blank) = (false, false, true);
    for (at, c) in text.char_indices() {
        let is_word = |word: &&str| starts_with_word(&text[at..], word);
        if after_blank && !inside && words.iter().any(is_word) {
            return Some(at);
        }
        after_blank = c.is_whitespace();
        match c {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' if quotes => inside = !inside,
            _ => {}
        }
    }
    None
}

/// A probably mistyped modifier: a word one edit away from one, or a time at the end.
pub(super) fn doubtful(text: &str) -> Option<&str> {
    let is_near = |word: &&str| {
        let end = word.find(|c: char| !c.is_alphabetic());
        let word = word[..end.unwrap_or(word.len())].to_lowercase();
        let mut words = Allowed::All.words().iter();
        words.any(|modifier| strsim::damerau_levenshtein(&word, modifier) <= 1)
    };
    let near = text.split_whitespace().find(is_near);
    near.or_else(|| {
        let (_, last) = text.rsplit_once(char::is_whitespace)?;
        span::has_unit(last).then_some(last)
    })
}

pub(super) fn starts_with_word(text: &str, word: &str) -> bool {
    let after = text.strip_prefix(word);
    after.is_some_and(|after| after.is_empty() || after.starts_with(char::is_whitespace))
}

/// The rest of a line that begins with the quotes that end a text.
pub(super) fn block_end<'a>(line: &'a str, quotes: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(quotes)?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then_some(rest)
}
