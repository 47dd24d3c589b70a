//! The commands of a protocol, as they are typed, and what their arguments are made of.

use serde_json::Value;

/// A command of a protocol, such as `/emit`.
#[derive(Debug)]
pub struct Verb {
    /// The name, without `/`.
    pub name: &'static str,
    /// The arguments; optional ones in brackets.
    pub args: &'static str,
    pub help: &'static str,
    pub example: &'static str,
    pub lines: Lines,
    /// Checks the arguments of a step in a scenario.
    pub check: fn(&str) -> Result<(), SayError>,
}

/// Whether the arguments of a verb continue on the next line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    No,
    /// While a bracket or a quote of JSON is open, which may follow other words.
    Json,
    /// While a bracket or a quote of a GraphQL document is open.
    Graphql,
}

impl Verb {
    /// The mistake of a verb without the arguments it needs.
    pub fn usage(&self) -> SayError {
        let Self {
            name,
            args,
            example,
            ..
        } = self;
        let hint = format!("for example {example}");
        SayError::new(format!("/{name} needs {args}"), hint.as_str())
    }
}

/// The mistake of using `name`, which is one of `verbs`, without the arguments it needs.
pub(super) fn usage(verbs: &[Verb], name: &str) -> SayError {
    let verb = verbs.iter().find(|verb| verb.name == name);
    verb.map_or_else(
        || SayError::new(format!("unknown command /{name}"), None),
        Verb::usage,
    )
}

/// Whether it is an option by its form; one that there is not would be sent as the first argument.
pub(super) fn is_option(word: &str) -> bool {
    word.len() == 2 && word.starts_with('-')
}

pub(super) fn unknown_option(option: &str, known: &str) -> SayError {
    let hint = format!("there are {known}");
    SayError::new(format!("unknown option {option}"), hint.as_str())
}

/// Why something cannot be said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct SayError {
    pub text: String,
    pub hint: Option<String>,
}

impl SayError {
    pub(crate) fn new<'a>(text: impl Into<String>, hint: impl Into<Option<&'a str>>) -> Self {
        Self {
            text: text.into(),
            hint: hint.into().map(str::to_owned),
        }
    }
}

/// What becomes of something that is to be said.
pub type SayResult = Result<(), SayError>;

/// The first word, and what follows it.
pub(super) fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

/// JSON values, one after the other.
pub(super) fn values(text: &str) -> Result<Vec<Value>, SayError> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let (mut found, mut start) = (Vec::new(), 0);
    while let Some(value) = values.next() {
        found.push(value.map_err(|error| not_json(text, start, &error))?);
        // An argument such as 0x12 begins with a number, and is one word all the same.
        start = values.byte_offset();
    }
    Ok(found)
}

fn not_json(text: &str, start: usize, error: &serde_json::Error) -> SayError {
    let rest = text.get(start..).unwrap_or(text).trim_start();
    if error.is_eof() {
        return SayError::new(
            format!("argument {rest:?} is incomplete JSON"),
            "close its brackets and quotes",
        );
    }
    let (first, _) = word(rest);
    if first.starts_with(['{', '[', '"']) {
        return SayError::new(format!("argument {rest:?} is not JSON: {error}"), None);
    }
    // In single quotes it is a string of a shell or of JavaScript.
    let quoted = rest.strip_prefix('\'').and_then(|it| it.split_once('\''));
    let hint = match quoted {
        Some((text, _)) => format!("a string needs double quotes: {}", Value::from(text)),
        None => format!("a string needs quotes: {}", Value::from(first)),
    };
    SayError::new(format!("argument {first:?} is not JSON"), hint.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_that_is_no_json_is_quoted_as_it_was_typed() {
        for (text, word) in [
            ("0x12", "0x12"),
            ("1 0x12 latest", "0x12"),
            ("[1] latest", "latest"),
        ] {
            let error = values(text).expect_err(text);
            let hint = format!("a string needs quotes: {}", Value::from(word));
            assert!(error.text.contains(&format!("{word:?}")), "{error:?}");
            assert_eq!(error.hint, Some(hint), "{text}");
        }
        assert_eq!(values("1 [2]{}").map(|it| it.len()), Ok(3));
    }
}
