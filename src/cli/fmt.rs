//! `wsee fmt`: scenarios in their canonical form.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Rewrite scenario files in their canonical form
///
/// Changes blanks and blank lines, and the way texts are quoted, but never what a scenario means;
/// comments are kept. A file that is no scenario is not touched: exit status 2, with the place.
#[derive(Debug, Args)]
pub struct FmtArgs {
    /// Scenario files, or folders with files *.wsee; - is stdin to stdout
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub files: Vec<PathBuf>,
    /// Change nothing; exit status 1 if a file is not in its canonical form
    ///
    /// Prints the names of these files on stdout. For a CI job or a hook before a commit.
    #[arg(long)]
    pub check: bool,
}
