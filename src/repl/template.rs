//! Text with variables: `{"to":"{{me}}"}`, in the notation of scenarios.

use std::borrow::Cow;

/// Why a text with variables cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TemplateError {
    #[error("not sent: {{{{ is not closed; write {{{{\"{{{{\"}}}} for two braces")]
    Open,
    #[error("not sent: {0:?} is no name of a variable; write {{{{\"{{{{\"}}}} for two braces")]
    Name(String),
    #[error(
        "not sent: {{{{{0}}}}} has no value; /set {0} VALUE gives it one, \
         and {{{{\"{{{{\"}}}} stands for two braces"
    )]
    NoValue(String),
}

const OPEN: &str = "{{";
const CLOSE: &str = "}}";
/// What stands for two braces, when it is between others.
const LITERAL: &str = "\"{{\"";

/// Puts values in the place of variables.
///
/// In a JSON text, which opens with a bracket, values inside of string literals are escaped.
pub(super) fn fill(
    text: &str,
    mut value: impl FnMut(&str) -> Option<String>,
) -> Result<Cow<'_, str>, TemplateError> {
    if !text.contains(OPEN) {
        return Ok(Cow::Borrowed(text));
    }
    let is_json = text.trim_start().starts_with(['{', '[']);
    let (mut out, mut rest, mut quoted) = (String::new(), text, false);
    while let Some((before, inside)) = rest.split_once(OPEN) {
        quoted = ends_quoted(before, quoted);
        out.push_str(before);
        if let Some(after) = literal(inside) {
            out.push_str(OPEN);
            rest = after;
            continue;
        }
        let (name, after) = inside.split_once(CLOSE).ok_or(TemplateError::Open)?;
        let name = name.trim();
        if !crate::command::routine::is_name(name) {
            return Err(TemplateError::Name(name.to_owned()));
        }
        let value = value(name).ok_or_else(|| TemplateError::NoValue(name.to_owned()))?;
        if is_json && quoted {
            push_escaped(&mut out, &value);
        } else {
            out.push_str(&value);
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

/// What follows two literal braces, if `inside` begins with them.
fn literal(inside: &str) -> Option<&str> {
    inside.strip_prefix(LITERAL)?.strip_prefix(CLOSE)
}

/// Whether the end of `text` is inside of a string literal; `quoted` says so of its beginning.
fn ends_quoted(text: &str, mut quoted: bool) -> bool {
    let mut escaped = false;
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
    }
    quoted
}

fn push_escaped(out: &mut String, value: &str) {
    let literal = serde_json::Value::from(value).to_string();
    out.push_str(&literal[1..literal.len() - 1]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, String> {
        let value = |name: &str| match name {
            "a" => Some("1".to_owned()),
            "quote" => Some("\"\\".to_owned()),
            _ => None,
        };
        let filled = fill(text, value).map_err(|error| error.to_string());
        filled.map(Cow::into_owned)
    }

    #[test]
    fn values_stand_in_the_place_of_names() {
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
    fn braces_that_are_no_variable_are_an_error() {
        let error = |text| filled(text).expect_err("an error");
        assert_eq!(
            error("hi {{b}}"),
            "not sent: {{b}} has no value; /set b VALUE gives it one, \
             and {{\"{{\"}} stands for two braces"
        );
        assert_eq!(
            error("{{a b}}"),
            "not sent: \"a b\" is no name of a variable; write {{\"{{\"}} for two braces"
        );
        assert!(error("{{a").starts_with("not sent: {{ is not closed"));
        assert!(error("{{env.HOME}}").contains("\"env.HOME\" is no name"));
    }
}
