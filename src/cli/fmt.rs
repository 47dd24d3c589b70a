//! `wsee fmt`: scenarios in canonical form.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Rewrite scenario files in their canonical form
///
/// Changes spaces, blank lines and the quoting of texts, but never the meaning of a scenario;
/// comments are kept. Rules of wsee listen and wsee proxy are formatted as well. A file that is not
/// valid is left unchanged, with exit status 2 and the position of the mistake.
#[derive(Debug, Args)]
pub struct FmtArgs {
    /// Scenario files, or folders of *.wsee files; - formats stdin to stdout
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub files: Vec<PathBuf>,
    /// Change nothing; exit with status 1 if a file is not in canonical form
    ///
    /// Prints the names of these files on stdout. For CI jobs and pre-commit hooks.
    #[arg(long)]
    pub check: bool,
}
