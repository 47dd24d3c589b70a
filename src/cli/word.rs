//! The first word: `help` and `version` for the flags, and commands that are misspelled.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory, Subcommand, ValueEnum};

use super::{Cli, Command, Page};
use crate::command::nearest;

/// A word that is shorter is no abbreviation of a command.
const SHORTEST: usize = 3;

/// The arguments, program name first, with `help` and `version` turned into flags.
///
/// # Errors
///
/// A usage error if the first word is close to a command; as a host it would be looked up in DNS.
pub fn understand(args: &[OsString]) -> Result<Vec<OsString>, clap::Error> {
    let words: Vec<&str> = args
        .iter()
        .skip(1)
        .map(|word| word.to_str().unwrap_or_default())
        .collect();
    let instead = match words[..] {
        ["version"] => vec!["--version"],
        ["help"] => vec!["-h"],
        ["help", name, ..] => help(name)?,
        [word, ..] => match misspelled(word) {
            Some(name) => {
                let text = format!("'{word}' is {}", neither(word, &name));
                return Err(Cli::command().error(ErrorKind::InvalidSubcommand, text));
            }
            None => return Ok(args.to_vec()),
        },
        [] => return Ok(args.to_vec()),
    };
    let program = args.iter().take(1).cloned();
    Ok(program
        .chain(instead.into_iter().map(OsString::from))
        .collect())
}

/// The arguments that print the help for `name`.
fn help(name: &str) -> Result<Vec<&str>, clap::Error> {
    if matches!(name, "help" | "version") || name.starts_with('-') {
        return Ok(vec!["-h"]);
    }
    if Command::has_subcommand(name) {
        return Ok(vec![name, "--help"]);
    }
    if Page::from_str(name, false).is_ok() {
        return Ok(vec!["man", name]);
    }
    let tip = match misspelled(name) {
        Some(name) => format!("did you mean wsee help {name}?"),
        None => "wsee help lists the commands".to_owned(),
    };
    let text = format!("there is no command '{name}'; {tip}");
    Err(Cli::command().error(ErrorKind::InvalidSubcommand, text))
}

/// What follows `'WORD' is` in the error for a word that looks like the command `name`.
pub(super) fn neither(word: &str, name: &str) -> String {
    format!(
        "neither a URL nor a command; did you mean wsee {name}? (for a host of that name write wss://{word})"
    )
}

/// The command that `word` is most likely a misspelling or an abbreviation of.
pub(super) fn misspelled(word: &str) -> Option<String> {
    let is_bare = word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if word.len() < SHORTEST || !is_bare || Command::has_subcommand(word) {
        return None;
    }
    let commands = Command::augment_subcommands(clap::Command::new("wsee"));
    let names = commands.get_subcommands().map(clap::Command::get_name);
    let names: Vec<&str> = names.chain(["help", "version"]).collect();
    nearest(&word.to_ascii_lowercase(), names.into_iter()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn understood(line: &str) -> Result<String, String> {
        let line: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        match understand(&line) {
            Ok(args) => Ok(args.join(" ".as_ref()).into_string().unwrap()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn help_and_version_are_words_too() {
        for (typed, meant) in [
            ("wsee help", "wsee -h"),
            ("wsee help test", "wsee test --help"),
            ("wsee help scenario", "wsee man scenario"),
            ("wsee help help", "wsee -h"),
            ("wsee version", "wsee --version"),
            ("wsee ws://h version", "wsee ws://h version"),
            ("wsee", "wsee"),
        ] {
            assert_eq!(understood(typed).as_deref(), Ok(meant), "{typed}");
        }
        let error = understood("wsee help tset").unwrap_err();
        assert!(error.contains("did you mean wsee help test?"), "{error}");
    }

    #[test]
    fn a_bare_word_close_to_a_command_is_no_host() {
        for (typed, name) in [
            ("liste", "listen"),
            ("lisetn", "listen"),
            ("Listen", "listen"),
            ("list", "listen"),
            ("tests", "test"),
            ("tset", "test"),
            ("demo2", "demo"),
            ("verison", "version"),
            ("hlep", "help"),
        ] {
            let error = understood(&format!("wsee {typed} :9001")).unwrap_err();
            let tip = format!("did you mean wsee {name}?");
            assert!(error.contains(&tip), "{typed}: {error}");
        }
    }

    #[test]
    fn other_words_are_hosts() {
        for word in [
            "localhost",
            "backend",
            "ws",
            "demo",
            "9001",
            "demo.local",
            "test:80",
            "tests/",
            "@test",
        ] {
            assert_eq!(misspelled(word), None, "{word}");
        }
    }
}
