//! Text with variables, such as `{"to":"{{me}}"}`, as in scenarios.

use std::borrow::Cow;

use crate::diagnostic::Diagnostic;
use crate::scenario::{Form, Template, Variable};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    #[error("not sent: {{{{ is not closed")]
    Open,
    #[error("not sent: {0:?} is not a variable name")]
    Name(String),
    #[error("not sent: {{{{{0}}}}} has no value")]
    NoValue(String),
}

impl Diagnostic for FillError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Open | Self::Name(_) => "write {{\"{{\"}} for two braces".to_owned(),
            Self::NoValue(name) => {
                format!("/set {name} VALUE sets it; write {{{{\"{{{{\"}}}} for two braces")
            }
        })
    }
}

/// In JSON, a text that starts with a bracket, values inside string literals are escaped.
pub fn fill(
    text: &str,
    mut value: impl FnMut(&str) -> Option<String>,
) -> Result<Cow<'_, str>, FillError> {
    if !text.contains("{{") {
        return Ok(Cow::Borrowed(text));
    }
    let template = Template::parse(text).map_err(|error| match error.name {
        Some(name) => FillError::Name(name.trim().to_owned()),
        None => FillError::Open,
    })?;
    let form = if text.trim_start().starts_with(['{', '[']) {
        Form::Quoted
    } else {
        Form::Plain
    };
    let filled = template.fill(form, |variable| {
        let name = variable.to_string();
        match variable {
            // Only scenarios can read the environment, with --allow-env.
            Variable::Env(_) => Err(FillError::Name(name)),
            _ => value(&name).map(Cow::Owned).ok_or(FillError::NoValue(name)),
        }
    });
    filled.map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::one_line;

    fn filled(text: &str) -> Result<String, String> {
        let value = |name: &str| match name {
            "a" => Some("1".to_owned()),
            "quote" => Some("\"\\".to_owned()),
            _ => None,
        };
        let filled = fill(text, value).map_err(|error| one_line(&error));
        filled.map(Cow::into_owned)
    }

    #[test]
    fn values_replace_names() {
        for (text, expected) in [
            ("a{{a}}b{{ a }}", "a1b1"),
            ("{\"x\":{\"y\":{{a}}}}", "{\"x\":{\"y\":1}}"),
            ("}} { { {", "}} { { {"),
            ("{{\"{{\"}}a}}", "{{a}}"),
        ] {
            assert_eq!(filled(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn values_are_escaped_in_strings_of_json_only() {
        assert_eq!(filled("say \"{{quote}}\"").unwrap(), "say \"\"\\\"");
        assert_eq!(
            filled(" [\"\\\"{{quote}}\",{{a}}]").unwrap(),
            " [\"\\\"\\\"\\\\\",1]"
        );
    }

    #[test]
    fn braces_around_anything_but_a_variable_are_an_error() {
        let error = |text| filled(text).expect_err("an error");
        assert_eq!(
            error("hi {{b}}"),
            "not sent: {{b}} has no value; /set b VALUE sets it; \
             write {{\"{{\"}} for two braces"
        );
        assert_eq!(
            error("{{a b}}"),
            "not sent: \"a b\" is not a variable name; write {{\"{{\"}} for two braces"
        );
        assert!(error("{{a").starts_with("not sent: {{ is not closed"));
        assert!(error("{{env.HOME}}").contains("\"env.HOME\" is not a variable name"));
    }
}
