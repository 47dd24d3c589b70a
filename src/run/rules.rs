//! Reads the rules of `wsee listen`, and reports the mistakes in them.

use std::path::Path;

use super::complain;
use super::fmt::report;
use crate::config::RuleSource;
use crate::exit::Exit;
use crate::render::Secrets;
use crate::scenario::rules::{LoadError, RuleStep};
use crate::scenario::{Rules, argument, rules};

/// The rules of `source`; reports what is wrong with them.
pub(super) fn load(source: &RuleSource, secrets: Secrets) -> Result<Rules, Exit> {
    let file = source.file.as_deref();
    let loaded = argument::rules(&source.on)
        .map_err(LoadError::from)
        .and_then(|lines| rules::load(file, lines, &source.known));
    loaded.map_err(|error| refused(file.unwrap_or(Path::new("--on")), &error, secrets))
}

/// The steps of a script.
pub(super) fn script(source: &RuleSource, secrets: Secrets) -> Result<Vec<RuleStep>, Exit> {
    let file = source.file.as_deref().unwrap_or(Path::new(""));
    let loaded = rules::load_script(file, &source.known);
    loaded.map_err(|error| refused(file, &error, secrets))
}

fn refused(file: &Path, error: &LoadError, secrets: Secrets) -> Exit {
    let name = file.display().to_string();
    match error {
        LoadError::Read(problem) => {
            complain(&format!("{name}: {problem}"));
            Exit::Input
        }
        LoadError::Mistakes(mistakes) => {
            report(&name, mistakes, secrets);
            Exit::Usage
        }
    }
}
