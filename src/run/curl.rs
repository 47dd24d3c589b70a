//! `wsee curl`: a pasted curl command as `wsee URL`.

use std::ffi::OsString;
use std::io;

use clap::CommandFactory;

use crate::cli::{Cli, CurlArgs, CurlError, QuoteError, translate, words_of};
use crate::config::{CommandLine, CommandLineError, ConfigError, Environment};
use crate::term;
use crate::text::{self, TextError};

#[derive(Debug, thiserror::Error)]
pub(super) enum PasteError {
    #[error(transparent)]
    CommandLine(#[from] CommandLineError),
    #[error("wsee curl: cannot read stdin: {0}")]
    Stdin(#[from] io::Error),
}

impl From<CurlError> for PasteError {
    fn from(error: CurlError) -> Self {
        Self::CommandLine(ConfigError::from(error).into())
    }
}

/// Bytes: more than any command line, and little enough to hold.
const LONGEST: usize = 4 << 20;

pub(super) fn paste(args: &CurlArgs, environment: &Environment) -> Result<CommandLine, PasteError> {
    let words = match args.words.as_slice() {
        [only] if only == "-" => typed(environment)?,
        words => words.to_vec(),
    };
    let mut wsee = Cli::command();
    wsee.build();
    let translation = translate(&words, &wsee)?;
    let program = std::iter::once(OsString::from("wsee"));
    let line: Vec<OsString> = program.chain(translation.args).collect();
    let mut line = CommandLine::parse(&line, environment)?;
    line.notes.extend(translation.notes);
    Ok(line)
}

/// Reads the command from standard input, at a terminal only until the command is complete.
fn typed(environment: &Environment) -> Result<Vec<OsString>, PasteError> {
    let is_terminal = environment.terminals.stdin;
    if is_terminal {
        term::stderr("paste the curl command, then press Enter\n");
    }
    let mut text = Vec::new();
    while text.len() < LONGEST && term::stdin::read_some(&mut text)? {
        let whole = || words_of(&String::from_utf8_lossy(&text));
        let is_whole = is_terminal
            && text.ends_with(b"\n")
            && !matches!(whole(), Err(CurlError::Quote(QuoteError::Unfinished)))
            && !text.trim_ascii().is_empty();
        if is_whole {
            break;
        }
    }
    let text = text::decode(text).map_err(|error| match error {
        TextError::Invalid(_) => PasteError::from(CurlError::NotUtf8),
        TextError::Utf16(_) => PasteError::Stdin(error.into()),
    })?;
    Ok(words_of(&text)?)
}
