//! Reads the rules of `wsee listen`, and reports the mistakes in them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::complain;
use super::fmt::reports;
use crate::config::RuleSource;
use crate::exit::Exit;
use crate::matching::{Given, Values};
use crate::proxy;
use crate::render::Secrets;
use crate::render::escape::escape_line;
use crate::scenario::rules::{LoadError, RuleStep};
use crate::scenario::{Rules, argument, passing, rules};
use crate::term;
use crate::text;

/// The rules of `source`; reports what is wrong with them.
pub(super) fn load(source: &RuleSource, secrets: Secrets) -> Result<Rules, Exit> {
    read(source, secrets).map_err(refused)
}

/// The rules of `source`, or what is wrong with them.
pub(super) fn read(source: &RuleSource, secrets: Secrets) -> Result<Rules, Wrong> {
    let file = source.file.as_deref();
    let loaded = argument::rules(&source.on)
        .map_err(LoadError::from)
        .and_then(|lines| rules::load(file, lines, &source.known));
    loaded.map_err(|error| wrong(file.unwrap_or(Path::new("--on")), &error, secrets))
}

/// The rules for what passes, first those of `--on`; reports what is wrong with them.
pub(super) fn passing(
    (file, on): &(Option<PathBuf>, Vec<String>),
    given: &Given,
    secrets: Secrets,
) -> Result<proxy::Rules, Exit> {
    let name = file.as_deref().unwrap_or(Path::new("--on"));
    let mistaken = |mistakes| refused(wrong(name, &LoadError::Mistakes(mistakes), secrets));
    let mut rules = passing::passing_on(on).map_err(mistaken)?;
    if let Some(file) = file {
        let text = fs::read(file).and_then(|bytes| text::decode(bytes).map_err(io::Error::from));
        let text = text
            .map_err(|error| refused(wrong(name, &LoadError::Read(error.to_string()), secrets)))?;
        rules.extend(passing::passing(&text).map_err(mistaken)?);
    }
    let values = Values::new(given, Timestamp::now());
    proxy::Rules::new(&rules, &values).map_err(|error| {
        let name = name.display().to_string();
        complain(&format!(
            "{}, {}",
            escape_line(&name),
            escape_line(&error.to_string())
        ));
        Exit::Usage
    })
}

/// The steps of a script.
pub(super) fn script(source: &RuleSource, secrets: Secrets) -> Result<Vec<RuleStep>, Exit> {
    let file = source.file.as_deref().unwrap_or(Path::new(""));
    let loaded = rules::load_script(file, &source.known);
    loaded.map_err(|error| refused(wrong(file, &error, secrets)))
}

/// Why there are no rules.
pub(super) struct Wrong {
    /// Lines for the terminal, escaped.
    pub(super) reports: Vec<String>,
    exit: Exit,
}

fn wrong(file: &Path, error: &LoadError, secrets: Secrets) -> Wrong {
    let name = file.display().to_string();
    match error {
        LoadError::Read(problem) => Wrong {
            reports: vec![format!("{}\n", escape_line(&format!("{name}: {problem}")))],
            exit: Exit::Input,
        },
        LoadError::Mistakes(mistakes) => Wrong {
            reports: reports(&name, mistakes, secrets),
            exit: Exit::Usage,
        },
    }
}

fn refused(wrong: Wrong) -> Exit {
    for report in wrong.reports {
        term::stderr(&format!("wsee: {report}"));
    }
    wrong.exit
}
