//! The parts of a line: words, quotes, and what follows an expected message.

use std::time::Duration;

use super::ast::{Capture, Extract};
use super::error::{Mistake, Problem, Source};
use super::span;
use super::template::{Form, Template, Variable};
use crate::filter::Jq;

/// A piece of a line that knows where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scan<'a> {
    pub source: Source<'a>,
    /// What is left, a part of the line.
    pub rest: &'a str,
}

/// What follows an expected message.
#[derive(Debug, Default)]
pub(super) struct Modifiers {
    pub within: Option<Duration>,
    pub captures: Vec<Capture>,
}

/// Which modifiers may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    /// `within TIME`.
    Within,
    /// `within TIME` and `capture NAME = …`.
    All,
    /// `for TIME`.
    For,
}

impl Allowed {
    pub(super) fn words(self) -> &'static [&'static str] {
        match self {
            Self::Within => &["within"],
            Self::All => &["within", "capture"],
            Self::For => &["for"],
        }
    }

    fn cure(self) -> &'static str {
        match self {
            Self::Within => "only within TIME may follow",
            Self::All => "only within TIME and capture NAME = … may follow",
            Self::For => "only for TIME may follow",
        }
    }
}

impl<'a> Scan<'a> {
    pub(super) fn new(source: Source<'a>, rest: &'a str) -> Self {
        Self { source, rest }
    }

    /// Where the rest begins, in bytes of the line.
    pub(super) fn at(self) -> usize {
        // The rest may be a part of the line that was trimmed at its end.
        (self.rest.as_ptr() as usize).saturating_sub(self.source.line.as_ptr() as usize)
    }

    /// A mistake that is about all of the rest.
    pub(super) fn mistake(self, problem: Problem) -> Mistake {
        self.source
            .mistake(self.at(), self.rest.trim_end().len(), problem)
    }

    /// A mistake about a part of the rest.
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

    /// The first word, and what follows it without blanks in front.
    pub(super) fn word(self) -> (&'a str, Self) {
        let rest = self.rest.trim_start();
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        (&rest[..end], self.with(rest[end..].trim_start()))
    }

    /// All of the rest as a template.
    pub(super) fn template(self) -> Result<Template, Mistake> {
        self.template_of(self.rest)
    }

    /// `text`, which the rest stands for, as a template.
    pub(super) fn template_of(self, text: &str) -> Result<Template, Mistake> {
        Template::parse(text).map_err(|error| {
            let (at, len) = if text == self.rest {
                (
                    error.at,
                    "{{}}".len() + error.name.as_ref().map_or(0, String::len),
                )
            } else {
                (0, self.rest.len())
            };
            self.mistake_at(at, len, Problem::Template(error))
        })
    }

    /// Cuts the rest where the first modifier begins; quotes hide what is in them.
    pub(super) fn split_modifiers(self, allowed: Allowed) -> (Self, Self) {
        self.split(allowed, true)
    }

    /// The same for a text in which a quote means nothing.
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

    /// The modifiers that all of the rest must be.
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
                "capture" if allowed == Allowed::All => {
                    let (capture, rest) = after.capture()?;
                    modifiers.captures.push(capture);
                    self = rest;
                }
                found => {
                    let cure = allowed.cure();
                    let found = found.to_owned();
                    return Err(self.trim().mistake(Problem::Unexpected { found, cure }));
                }
            }
        }
    }

    fn capture(self) -> Result<(Capture, Self), Mistake> {
        let (name, after) = if let Some((name, after)) = self.rest.split_once('=') {
            (name.trim(), self.with(after.trim_start()))
        } else {
            let problem = "capture what? write: capture NAME = .jq.filter, or = re \"…\"";
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

    /// A text without quotes, in which a mistyped modifier would pass for a part of it.
    pub(super) fn bare(self) -> Result<Template, Mistake> {
        if let Some(word) = doubtful(self.rest) {
            return Err(self.with(word).mistake(Problem::Doubtful(word.to_owned())));
        }
        self.template()
    }

    /// Nothing may be left.
    pub(super) fn nothing(self, cure: &'static str) -> Result<(), Mistake> {
        let scan = self.trim();
        if scan.is_empty() {
            return Ok(());
        }
        let found = scan.rest.to_owned();
        Err(scan.mistake(Problem::Unexpected { found, cure }))
    }

    /// All of the rest as a span of time.
    pub(super) fn span(self) -> Result<Duration, Mistake> {
        span::parse(self.rest).ok_or_else(|| match self.rest {
            "" => self.mistake(Problem::Missing(
                "a time belongs here; write 500ms, 2s or 1m30s",
            )),
            text => self.mistake(Problem::NotTime(text.to_owned())),
        })
    }

    /// A string in quotes, written as in JSON, and what follows it.
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

    /// A regular expression in quotes, in which only `\"` is an escape of ours.
    pub(super) fn regex_quoted(self) -> Result<(String, Self), Mistake> {
        if !self.rest.starts_with('"') {
            let problem = Problem::Missing("a regular expression in quotes belongs here: re \"…\"");
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

    /// What stands between quotes, and what follows them.
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

    /// A jq filter that the rest stands for; compiled, if no variable is in it.
    pub(super) fn jq(self, text: &str) -> Result<Template, Mistake> {
        if text.is_empty() {
            let problem = Problem::Missing("a jq filter belongs here, such as .user.id");
            return Err(self.mistake(problem));
        }
        let template = self.template_of(text)?;
        if let Some(filter) = template.as_literal()
            && let Err(error) = Jq::compile(filter)
        {
            let place = filter.char_indices().nth(error.column - 1);
            let (at, len) = match place {
                _ if text != self.rest => (0, self.rest.len()),
                Some((at, _)) => (at, 1),
                None => (filter.len(), 1),
            };
            return Err(self.mistake_at(at, len, error.into()));
        }
        Ok(template)
    }

    /// A regular expression that the rest stands for; compiled, if no variable is in it.
    pub(super) fn regex(self, text: &str) -> Result<Template, Mistake> {
        let template = self.template_of(text)?;
        if let Some(text) = template.as_literal()
            && let Err(error) = regex::Regex::new(text)
        {
            return Err(self.mistake(Problem::Regex(regex_error(&error))));
        }
        Ok(template)
    }

    /// A JSON pattern that the rest stands for; read, with a value for each variable.
    pub(super) fn json(self, text: &str) -> Result<Template, Mistake> {
        if text.trim().is_empty() {
            let problem = Problem::Missing("a JSON value belongs here, such as {\"op\":\"*\"}");
            return Err(self.mistake(problem));
        }
        let template = self.template_of(text)?;
        let filled = template.fill(Form::Plain, |_| Ok::<_, ()>("0".into()));
        let filled = filled.unwrap_or_default();
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&filled) {
            let is_place = template.as_literal().is_some() && text == self.rest;
            let at = if is_place {
                error.column().saturating_sub(1)
            } else {
                0
            };
            let len = if is_place { 1 } else { self.rest.len() };
            let text = error.to_string();
            // The place is that of the mistake, if it is known.
            let words = text.split(" at line").next().filter(|_| is_place);
            let problem = Problem::Json(words.unwrap_or(&text).to_owned());
            return Err(self.mistake_at(at, len, problem));
        }
        Ok(template)
    }
}

/// Where one of `words` stands as a word of its own; `quotes` hide what is in them.
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

/// What may be a mistyped modifier: a word that is nearly one, or a time at the end.
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
        span::parse(last).is_some().then_some(last)
    })
}

/// The last line of the error, which says it in words.
pub(crate) fn regex_error(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

/// Whether `text` begins with `word` as a word of its own.
pub(super) fn starts_with_word(text: &str, word: &str) -> bool {
    let after = text.strip_prefix(word);
    after.is_some_and(|after| after.is_empty() || after.starts_with(char::is_whitespace))
}
