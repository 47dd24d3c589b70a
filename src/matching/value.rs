//! Values of variables, and which of them are secret.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::proto::http1::Head;
use crate::render::Secrets;
use crate::render::escape::escape_line;
use crate::scenario::template::random_uuid;
use crate::scenario::{Form, Template, Variable};
use crate::secret::Redactor;

#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Given with `--var` or `--var-file`.
    pub variables: HashMap<String, String>,
    /// Environment variables that may be read; `None` if unset.
    pub environment: HashMap<String, Option<String>>,
    pub show_secrets: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoValue {
    #[error("the variable {0} has no value; capture it first, or give it with --var {0}=…")]
    Named(String),
    #[error("the environment variable {0}, which --allow-env names, is not set")]
    Env(String),
    #[error("the environment variable {0} may not be read; allow it with --allow-env {0}")]
    NotAllowed(String),
}

/// Fills variables with values.
pub trait Fill {
    fn fill(&self, template: &Template, form: Form) -> Result<String, NoValue>;
}

#[derive(Debug)]
pub struct Values<'a> {
    given: &'a Given,
    captured: HashMap<String, String>,
    uuid: String,
    now: String,
    /// What was sent as a secret.
    redactor: Redactor,
}

impl<'a> Values<'a> {
    pub fn new(given: &'a Given, now: jiff::Timestamp) -> Self {
        Self {
            given,
            captured: HashMap::new(),
            uuid: random_uuid(),
            now: format!("{now:.3}"),
            redactor: Redactor::default(),
        }
    }

    pub fn capture(&mut self, name: &str, value: String) {
        self.captured.insert(name.to_owned(), value);
    }

    fn value(&self, variable: &Variable) -> Result<Cow<'_, str>, NoValue> {
        let value = match variable {
            Variable::Uuid => &self.uuid,
            Variable::Now => &self.now,
            Variable::Named(name) => match self.captured.get(name) {
                Some(value) => value,
                None => return self.given.named(name),
            },
            Variable::Env(name) => return self.given.env(name),
        };
        Ok(Cow::Borrowed(value))
    }

    /// Masks the secrets of `request` from now on, wherever the server repeats them.
    pub fn learn(&mut self, request: &Head) {
        self.given.secrets().learn(&mut self.redactor, request);
    }

    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.given.mask(text) {
            Cow::Borrowed(text) => self.redactor.text(text),
            Cow::Owned(text) => Cow::Owned(self.redactor.text(&text).into_owned()),
        }
    }

    pub fn line(&self, source: &str) -> String {
        self.given.line(source)
    }
}

impl Fill for Values<'_> {
    fn fill(&self, template: &Template, form: Form) -> Result<String, NoValue> {
        template.fill(form, |variable| self.value(variable))
    }
}

impl Given {
    pub fn named(&self, name: &str) -> Result<Cow<'_, str>, NoValue> {
        let value = self.variables.get(name);
        let value = value.ok_or_else(|| NoValue::Named(name.to_owned()))?;
        Ok(Cow::Borrowed(value))
    }

    pub fn env(&self, name: &str) -> Result<Cow<'_, str>, NoValue> {
        match self.environment.get(name) {
            Some(Some(value)) => Ok(Cow::Borrowed(value)),
            Some(None) => Err(NoValue::Env(name.to_owned())),
            None => Err(NoValue::NotAllowed(name.to_owned())),
        }
    }

    /// A line of the scenario, trimmed, with secrets masked, and escaped.
    pub fn line(&self, source: &str) -> String {
        let line = self.secrets().scenario_line(source.trim());
        escape_line(self.mask(&line).as_ref()).into_owned()
    }

    fn secrets(&self) -> Secrets {
        if self.show_secrets {
            Secrets::Shown
        } else {
            Secrets::Masked
        }
    }

    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.show_secrets {
            return Cow::Borrowed(text);
        }
        let mut redactor = Redactor::default();
        let secrets = self.environment.values().flatten();
        secrets.for_each(|secret| redactor.add(secret));
        redactor.text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(given: &Given, text: &str) -> Result<String, NoValue> {
        let mut values = Values::new(given, jiff::Timestamp::UNIX_EPOCH);
        values.capture("captured", "c".to_owned());
        values.fill(&Template::parse(text).unwrap(), Form::Plain)
    }

    fn given() -> Given {
        Given {
            variables: [
                ("a".to_owned(), "1".to_owned()),
                ("captured".to_owned(), "g".to_owned()),
            ]
            .into(),
            environment: [
                ("TOKEN".to_owned(), Some("hunter2".to_owned())),
                ("UNSET".to_owned(), None),
            ]
            .into(),
            show_secrets: false,
        }
    }

    #[test]
    fn a_captured_value_overrides_a_given_one() {
        assert_eq!(
            filled(&given(), "{{a}}{{captured}}{{env.TOKEN}}").unwrap(),
            "1chunter2"
        );
        assert_eq!(
            filled(&given(), "{{now}}").unwrap(),
            "1970-01-01T00:00:00.000Z"
        );
    }

    #[test]
    fn a_variable_without_a_value_is_an_error() {
        let error = |text| filled(&given(), text).unwrap_err();
        assert_eq!(error("{{b}}"), NoValue::Named("b".to_owned()));
        assert_eq!(error("{{env.UNSET}}"), NoValue::Env("UNSET".to_owned()));
        assert_eq!(
            error("{{env.HOME}}"),
            NoValue::NotAllowed("HOME".to_owned())
        );
    }

    #[test]
    fn a_uuid_stays_the_same_for_a_case_and_changes_with_the_next() {
        let given = given();
        let text = filled(&given, "{{uuid}} {{uuid}}").unwrap();
        let (one, other) = text.split_once(' ').unwrap();
        assert_eq!(one, other);
        assert_eq!((one.len(), &one[14..15]), (36, "4"));
        assert_ne!(filled(&given, "{{uuid}}").unwrap(), one);
    }

    #[test]
    fn values_of_the_environment_are_masked() {
        let mut given = given();
        assert_eq!(given.mask("a hunter2, hunter2"), "a ***, ***");
        given.show_secrets = true;
        assert_eq!(given.mask("a hunter2"), "a hunter2");
    }
}
