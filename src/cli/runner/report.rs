//! "Reports": results of a test for other programs.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::cli::heading::Heading;

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = Heading::Reports)]
pub struct ReportArgs {
    /// Write a JUnit report to FILE; - is stdout
    ///
    /// A case that could not be run is an error, a case that did not go as expected is a failure. Like
    /// the other reports, it replaces FILE atomically at the end of the run, also after an interrupt.
    /// With a report on stdout, the report for people goes to stderr.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report_junit: Option<PathBuf>,
    /// Write a TAP 14 report to FILE; - is stdout
    ///
    /// The Test Anything Protocol, with details of failures in YAML.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report_tap: Option<PathBuf>,
    /// Write a JSON report to FILE; - is stdout
    ///
    /// One object with counts and cases, described by wsee schema report.
    /// 'version' is 1; within a version, members are only added.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report_json: Option<PathBuf>,
    /// Write an HTML report to FILE; - is stdout
    ///
    /// One page to read or attach, with every case, its steps, what was expected and what came. It
    /// can be searched, folded and printed, loads nothing, and whatever a server sent is text in it.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report_html: Option<PathBuf>,
}
