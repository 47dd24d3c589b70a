//! Text with variables: `{"to":"{{me}}"}`.

use std::borrow::Cow;
use std::fmt;

pub(super) use crate::command::variable::is_name;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(Variable),
}

/// Written between `{{` and `}}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Variable {
    /// A captured value, or one given with `--var`.
    Named(String),
    Env(String),
    /// A random UUID that stays the same for a case.
    Uuid,
    Now,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Plain,
    /// Escaped inside a string literal of JSON or jq, unchanged outside.
    Quoted,
    /// Escaped, so that a regular expression matches the value literally.
    Regex,
}

/// `{{` that begins no variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The offset of the braces, in bytes.
    pub at: usize,
    /// The text between the braces; `None` if they are not closed.
    pub name: Option<String>,
}

/// A random UUID (RFC 9562 §5.4, version 4), the value of `{{uuid}}`.
pub fn random_uuid() -> String {
    uuid(rand::random())
}

fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(bytes);
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

const OPEN: &str = "{{";
const CLOSE: &str = "}}";
/// In braces, stands for `{{` itself.
const LITERAL: &str = "\"{{\"";

impl Template {
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut template = Self::default();
        let mut rest = text;
        while let Some(open) = rest.find(OPEN) {
            template.push_text(&rest[..open]);
            let at = text.len() - rest.len() + open;
            let inside = &rest[open + OPEN.len()..];
            if let Some(after) = inside.strip_prefix(LITERAL).and_then(strip_close) {
                template.push_text(OPEN);
                rest = after;
                continue;
            }
            let Some((name, after)) = inside.split_once(CLOSE) else {
                return Err(TemplateError { at, name: None });
            };
            let Some(variable) = Variable::parse(name.trim()) else {
                let name = Some(name.to_owned());
                return Err(TemplateError { at, name });
            };
            template.0.push(Part::Variable(variable));
            rest = after;
        }
        template.push_text(rest);
        Ok(template)
    }

    /// A text without variables; braces in it are literal.
    pub fn literal(text: &str) -> Self {
        let mut template = Self::default();
        template.push_text(text);
        template
    }

    pub fn as_literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.0.iter().filter_map(|part| match part {
            Part::Variable(variable) => Some(variable),
            Part::Text(_) => None,
        })
    }

    pub fn fill<'v, E>(
        &self,
        form: Form,
        mut value: impl FnMut(&Variable) -> Result<Cow<'v, str>, E>,
    ) -> Result<String, E> {
        let mut out = String::new();
        let mut quoted = false;
        for part in &self.0 {
            match part {
                Part::Text(text) => {
                    quoted = ends_quoted(text, quoted);
                    out.push_str(text);
                }
                Part::Variable(variable) => {
                    let value = value(variable)?;
                    match form {
                        Form::Quoted if quoted => push_escaped(&mut out, &value),
                        Form::Regex => out.push_str(&regex::escape(&value)),
                        Form::Plain | Form::Quoted => out.push_str(&value),
                    }
                }
            }
        }
        Ok(out)
    }

    fn push_text(&mut self, text: &str) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(Part::Text(last)) => last.push_str(text),
            _ => self.0.push(Part::Text(text.to_owned())),
        }
    }
}

fn strip_close(text: &str) -> Option<&str> {
    text.strip_prefix(CLOSE)
}

/// Whether `text` ends inside a string literal; `quoted` if it begins inside one.
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

/// Writes what [`Template::parse`] reads.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.0 {
            match part {
                Part::Text(text) => {
                    f.write_str(&text.replace(OPEN, &format!("{OPEN}{LITERAL}{CLOSE}")))?;
                }
                Part::Variable(variable) => write!(f, "{OPEN}{variable}{CLOSE}")?,
            }
        }
        Ok(())
    }
}

impl Variable {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "uuid" => Some(Self::Uuid),
            "now" => Some(Self::Now),
            _ => match name.strip_prefix("env.") {
                Some(name) => is_name(name).then(|| Self::Env(name.to_owned())),
                None => is_name(name).then(|| Self::Named(name.to_owned())),
            },
        }
    }

    /// Whether `name` can be given a value; those of wsee cannot.
    pub fn is_free(name: &str) -> bool {
        matches!(Self::parse(name), Some(Self::Named(_)))
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Env(name) => write!(f, "env.{name}"),
            Self::Uuid => f.write_str("uuid"),
            Self::Now => f.write_str("now"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn fill(text: &str, form: Form, value: &str) -> String {
        let template = Template::parse(text).expect("a template");
        let filled = template.fill(form, |_| Ok::<_, Infallible>(value.into()));
        filled.unwrap_or_else(|never| match never {})
    }

    #[test]
    fn a_uuid_says_that_it_is_random() {
        assert_eq!(uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }

    #[test]
    fn written_text_is_read_back() {
        for text in [
            "",
            "a",
            "{{a}}",
            "x{{env.B}}{{uuid}}y{{now}}",
            "{{\"{{\"}}a}} {b}",
            "{{{a}}",
        ] {
            match Template::parse(text) {
                Ok(template) => {
                    assert_eq!(template.to_string(), text);
                    assert_eq!(Template::parse(&template.to_string()), Ok(template));
                }
                Err(_) => assert_eq!(text, "{{{a}}"),
            }
        }
        assert_eq!(Template::parse("{{ a }}").unwrap().to_string(), "{{a}}");
        let literal = Template::literal("{{a}}{{{{");
        assert_eq!(Template::parse(&literal.to_string()), Ok(literal));
    }

    #[test]
    fn braces_without_a_variable_are_an_error_with_a_place() {
        let error = |text| Template::parse(text).expect_err("an error");
        assert_eq!(error("ab{{a"), TemplateError { at: 2, name: None });
        let name = Some("a b".to_owned());
        assert_eq!(error("é{{a b}}"), TemplateError { at: 2, name });
        assert_eq!(error("{{}}").name, Some(String::new()));
        assert_eq!(error("{{env.}}").name, Some("env.".to_owned()));
    }

    #[test]
    fn values_are_escaped_for_the_text_around_them() {
        let value = "a\"b\\.";
        assert_eq!(fill("<{{v}}>", Form::Plain, value), "<a\"b\\.>");
        assert_eq!(
            fill("[\"{{v}}\",{{v}}]", Form::Quoted, value),
            "[\"a\\\"b\\\\.\",a\"b\\.]"
        );
        assert_eq!(fill("\"\\\"{{v}}", Form::Quoted, "\""), "\"\\\"\\\"");
        assert_eq!(fill("^{{v}}$", Form::Regex, "a.b"), "^a\\.b$");
    }

    #[test]
    fn names_that_wsee_uses_cannot_be_given_a_value() {
        assert!(Variable::is_free("me_2"));
        for name in ["uuid", "now", "env.X", "2a", "", "a-b", "é"] {
            assert!(!Variable::is_free(name), "{name}");
        }
    }
}
