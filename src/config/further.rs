//! A further connection, from a line typed at the prompt of the first.

use std::ffi::OsString;
use std::time::Instant;

use super::command_line::{CommandLine, CommandLineError};
use super::environment::Passwords;
use super::{ConfigError, Connect, Environment};

/// Flags about the whole run, whose prompt, terminal and files the first connection has.
const OF_THE_RUN: [&str; 25] = [
    "record",
    "force",
    "keep",
    "exit_on_close",
    "write_out",
    "timing",
    "color",
    "quiet",
    "debug",
    "cookie_jar",
    "wait",
    "binary",
    "hex",
    "base64",
    "split",
    "one",
    "count",
    "echo",
    "no_stdin",
    "commands",
    "no_repl",
    "raw",
    "null",
    "jsonl",
    "no_history",
];

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FurtherError {
    #[error("a quote is not closed; write it twice, or a \\ before it")]
    Quote,
    #[error("{0} is about the whole run; give it when wsee starts")]
    OfTheRun(String),
    #[error("give a URL or @PROFILE; /connect has no commands")]
    Command,
}

impl CommandLine {
    /// Parses the words of a line as arguments of `wsee URL`, and adds the settings of the configuration file.
    pub fn further(line: &str, environment: &Environment) -> Result<Self, CommandLineError> {
        let refuse = |error| CommandLineError::Config(ConfigError::Further(error));
        let mut args = vec![OsString::from("wsee")];
        args.extend(split(line).map_err(refuse)?);
        let line = Self::parse(&args, environment)?;
        if line.cli.command.is_some() {
            return Err(refuse(FurtherError::Command));
        }
        match line.typed_of(&OF_THE_RUN) {
            Some(flag) => Err(refuse(FurtherError::OfTheRun(flag))),
            None => Ok(line),
        }
    }
}

impl Connect {
    /// Resolves a further connection; `now` starts the clock of its `--max-time`.
    pub fn further(
        line: &CommandLine,
        environment: &Environment,
        now: Instant,
    ) -> Result<Self, ConfigError> {
        let environment = Environment {
            // The line editor has the terminal.
            passwords: Passwords::Written,
            ..environment.clone()
        };
        Self::resolve(&line.cli.connect, &environment, now)
    }
}

/// Words as a POSIX shell splits them, without its operators: a URL may hold `&`.
fn split(line: &str) -> Result<Vec<OsString>, FurtherError> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(open), c) if c == open => quote = None,
            (None | Some('"'), '\\') => {
                let next = chars.next().ok_or(FurtherError::Quote)?;
                word.get_or_insert_default().push(next);
            }
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    match quote {
        Some(_) => Err(FurtherError::Quote),
        None => Ok(words.into_iter().map(OsString::from).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_like_those_of_a_shell() {
        for (line, words) in [
            ("ws://h/?a=1&b=2  -k", vec!["ws://h/?a=1&b=2", "-k"]),
            ("h -H 'A: b \"c\"'", vec!["h", "-H", "A: b \"c\""]),
            (
                "h -H \"A: \\\"b\\\" 'c'\" ''",
                vec!["h", "-H", "A: \"b\" 'c'", ""],
            ),
            ("a\\ b", vec!["a b"]),
        ] {
            let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
            assert_eq!(split(line), Ok(words), "{line}");
        }
        for line in ["h 'a", "h \"a", "h \\"] {
            assert_eq!(split(line), Err(FurtherError::Quote), "{line}");
        }
    }

    #[test]
    fn flags_of_the_run_exist() {
        let mut wsee = <crate::cli::Cli as clap::CommandFactory>::command();
        wsee.build();
        for id in OF_THE_RUN {
            let known = wsee.get_arguments().any(|arg| arg.get_id() == id);
            assert!(known, "{id}");
        }
    }
}
