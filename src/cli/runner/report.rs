//! What is told about a test run.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::cli::heading::Heading;

/// Reports for machines; the one for people is always there.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = Heading::Reports)]
pub struct ReportArgs {
    /// Write a JUnit report to FILE; - is stdout
    ///
    /// A case that could not be run is an error in it, one that was not as expected a failure. Like
    /// the other reports it is written when the run is over, also after an interrupt, and takes
    /// FILE's place in one go. With a report on stdout the one for people goes to stderr.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report_junit: Option<PathBuf>,
    /// Write a TAP 14 report to FILE; - is stdout
    ///
    /// The Test Anything Protocol, with details of failures in YAML.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report_tap: Option<PathBuf>,
    /// Write a JSON report to FILE; - is stdout
    ///
    /// One object with counts and cases, as schema/report.schema.json in wsee's source says; 'version'
    /// is 1, and names will only be added.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report_json: Option<PathBuf>,
}
