//! `wsee test`: scenarios and smoke tests.

mod connection;
mod report;
mod step;

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueHint};

use crate::cli::heading::Heading;

pub use connection::{ConnectionArgs, EndpointArgs};
pub use report::ReportArgs;
pub use step::StepArgs;
pub(super) use step::join_close_codes;

use super::config::ConfigArgs;
use super::output::DisplayArgs;
use super::value::{Period, TimeLimit, Variable};

/// Test a server: steps on the command line, or scenario files
///
/// TARGET is either a URL with steps (--send, --expect …), which run in the order given, or scenario
/// files and folders of *.wsee files, whose language is described in wsee-scenario(5) (wsee man
/// scenario). A URL without steps is tested for a valid handshake, a pong and a clean close. The
/// report goes to stdout. The exit status is 0 if everything was as expected, 1 if not, and 2 for a
/// mistake in a scenario; if a URL cannot be connected to, it is that of wsee URL.
/// The configuration file is read only for wsee test @NAME, as for wsee @NAME, and only for the flags
/// that wsee test has. Without @NAME a test does not depend on the user's settings.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// A URL, or scenario files and folders
    ///
    /// A name that ends with .wsee, begins with / or ., or exists in the file system is a file or
    /// folder, and so is a name that ends with / unless it looks like a host. FILE.wsee:LINE is the
    /// case at this line. Anything else is a URL, in the forms that wsee URL takes. @NAME is the URL
    /// of a profile, with its flags.
    #[arg(required = true, value_name = "TARGET", value_hint = ValueHint::AnyPath)]
    pub targets: Vec<String>,
    #[command(flatten)]
    pub steps: StepArgs,
    #[command(flatten)]
    pub run: TestRunArgs,
    #[command(flatten)]
    pub variables: VariableArgs,
    #[command(flatten)]
    pub report: ReportArgs,
    #[command(flatten)]
    pub display: DisplayArgs,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Running)]
pub struct TestRunArgs {
    /// Time limit for an expectation
    ///
    /// Counted from the start of the step. In a scenario, 'within 2s' at the end of a line overrides
    /// it for this step.
    #[arg(long, value_name = "TIME", default_value = "5s")]
    pub timeout: Period,
    /// Time limit for each case; 0 is no limit
    ///
    /// The steps of a command line are one case. Time spent on --retry does not count. For a URL, the
    /// exit status is 28 when the limit is reached.
    #[arg(short, long, value_name = "TIME", default_value = "30s")]
    pub max_time: TimeLimit,
    /// Retry up to N times while the server is not up yet
    ///
    /// That is: no connection, no address, no answer to the upgrade, or a proxy's 502, 503 or 504.
    /// A failed expectation is never retried. Once N retries were in vain, later cases try this server
    /// only once.
    #[arg(long, value_name = "N", default_value = "0")]
    pub retry: u32,
    /// Delay before each retry
    ///
    /// Has no effect without --retry.
    #[arg(long, value_name = "TIME", default_value = "1s", requires = "retry")]
    pub retry_delay: Period,
    /// Run up to N files at the same time
    ///
    /// The cases of one file always run in order.
    #[arg(short, long, value_name = "N", default_value = "1")]
    pub jobs: std::num::NonZeroUsize,
    /// Start no further case after a failure
    ///
    /// Cases not run are reported as skipped.
    #[arg(long)]
    pub fail_fast: bool,
    /// Run only cases whose name contains TEXT
    ///
    /// Case-insensitive. If repeated, one of the texts must match. It is an error if no case is left.
    #[arg(long, value_name = "TEXT", action = ArgAction::Append)]
    pub filter: Vec<String>,
    /// Only check the scenarios for mistakes
    ///
    /// Without connecting. The exit status is 0, or 2 with the places of all mistakes. Variables need
    /// no values; the flags that a run needs for them are listed.
    #[arg(long)]
    pub check: bool,
    /// Only list the cases, as FILE:LINE: NAME
    ///
    /// FILE:LINE as TARGET runs this case alone. --filter applies.
    #[arg(long, conflicts_with = "check")]
    pub list: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Variables)]
pub struct VariableArgs {
    /// Set the variable {{NAME}}; repeatable
    ///
    /// A value that a scenario captures overrides --var, and --var overrides --var-file.
    #[arg(long, value_name = "NAME=VALUE", action = ArgAction::Append)]
    pub var: Vec<Variable>,
    /// Read variables from FILE, one NAME=VALUE per line
    ///
    /// Blank lines and lines that start with # are skipped. Quotes are part of the value. If repeated,
    /// the last value counts.
    #[arg(long, value_name = "FILE", action = ArgAction::Append, value_hint = ValueHint::FilePath)]
    pub var_file: Vec<PathBuf>,
    /// Let scenarios read NAME from the environment, as {{env.NAME}}
    ///
    /// Since a scenario can send the value anywhere, every variable must be allowed by name. May be
    /// repeated, or a comma list. Reports mask the values, except values shorter than 4 bytes or with
    /// --show-secrets.
    #[arg(long, value_name = "NAME", action = ArgAction::Append, value_delimiter = ',')]
    pub allow_env: Vec<String>,
}
