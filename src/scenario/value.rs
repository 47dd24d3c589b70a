//! Values in a line: templates, times, bytes, JSON, jq filters and regular expressions.

use std::time::Duration;

use super::error::{Mistake, Problem};
use super::scan::{Scan, doubtful};
use super::span;
use super::template::{Form, Template};
use crate::command::{CommandError, grammar};
use crate::filter::Jq;

impl Scan<'_> {
    pub(super) fn template(self) -> Result<Template, Mistake> {
        self.template_of(self.rest)
    }

    /// Parses `text` as a template; `self` is its place.
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

    /// Parses a text without quotes; a probably mistyped modifier in it is a mistake.
    pub(super) fn bare(self) -> Result<Template, Mistake> {
        if let Some(word) = doubtful(self.rest) {
            return Err(self.with(word).mistake(Problem::Doubtful(word.to_owned())));
        }
        self.template()
    }

    /// The payload of a control frame, in quotes or not, of at most `limit` bytes.
    pub(super) fn payload(self, limit: usize) -> Result<Template, Mistake> {
        let scan = self.trim();
        let template = if scan.rest.starts_with('"') {
            let (text, rest) = scan.quoted()?;
            rest.nothing("only within TIME may follow the payload")?;
            scan.template_of(&text)?
        } else {
            scan.bare()?
        };
        match template.as_literal() {
            Some(text) if text.len() > limit => {
                let len = text.len();
                Err(scan.mistake(Problem::ControlPayload { len, limit }))
            }
            _ => Ok(template),
        }
    }

    /// Reads hex digits; none at all are an empty message.
    pub(super) fn bytes(self) -> Result<Vec<u8>, Mistake> {
        grammar::bytes(self.rest).map_err(|error| self.command_mistake(&error))
    }

    /// A mistake in the arguments of a command; `self` is their place.
    pub(super) fn command_mistake(self, error: &CommandError) -> Mistake {
        let (problem, column) = Problem::of_command(error);
        let place = column.and_then(|column| self.rest.char_indices().nth(column - 1));
        match place {
            Some((at, _)) => self.mistake_at(at, 1, problem),
            None => self.mistake(problem),
        }
    }

    pub(super) fn span(self) -> Result<Duration, Mistake> {
        span::parse(self.rest).ok_or_else(|| match self.rest {
            "" => self.mistake(Problem::Missing(
                "expected a time, such as 500ms, 2s or 1m30s",
            )),
            text => self.mistake(Problem::NotTime(text.to_owned())),
        })
    }

    /// Parses `text` as a jq filter; without variables it must compile.
    pub(super) fn jq(self, text: &str) -> Result<Template, Mistake> {
        if text.is_empty() {
            let problem = Problem::Missing("expected a jq filter, such as .user.id");
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

    /// Parses `text` as a regular expression; without variables it must compile.
    pub(super) fn regex(self, text: &str) -> Result<Template, Mistake> {
        let template = self.template_of(text)?;
        if let Some(text) = template.as_literal()
            && let Err(error) = regex::Regex::new(text)
        {
            return Err(self.mistake(Problem::Regex(regex_error(&error))));
        }
        Ok(template)
    }

    /// Parses `text` as a JSON pattern, with 0 as the value of each variable.
    pub(super) fn json(self, text: &str) -> Result<Template, Mistake> {
        if text.trim().is_empty() {
            let problem = Problem::Missing("expected a JSON value, such as {\"op\":\"*\"}");
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
            // serde's own place counts from the filled text, and is redundant if the caret marks it.
            let words = text.split(" at line").next().filter(|_| is_place);
            let problem = Problem::Json(words.unwrap_or(&text).to_owned());
            return Err(self.mistake_at(at, len, problem));
        }
        Ok(template)
    }
}

/// The last line of the error: those before it repeat the expression.
pub(crate) fn regex_error(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}
