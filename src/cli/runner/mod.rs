//! `wsee test`: scenarios and smoke tests.

mod connection;
mod report;
mod step;

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueHint};

use crate::cli::heading::Heading;

pub use connection::ConnectionArgs;
pub use report::ReportArgs;
pub use step::StepArgs;
pub(super) use step::join_close_codes;

use super::config::ConfigArgs;
use super::output::DisplayArgs;
use super::value::{Period, TimeLimit, Variable};

/// Test a server: steps on the command line, or scenario files
///
/// TARGET is a URL with steps (--send, --expect …), which are done in the order given; or scenario
/// files, and folders with files *.wsee, whose language is described in wsee-scenario(5) (wsee man
/// scenario). A URL without steps is asked for a valid handshake, the answer to a ping and a clean
/// close. The report goes to stdout. Exit status 0 if everything was as expected, 1 if not, 2 for a
/// scenario with a mistake; for a URL that cannot be connected to it is that of wsee URL.
/// The configuration file is read only for wsee test @NAME, where it counts as for wsee @NAME as far as
/// wsee test has the same flags: any other test is the same everywhere.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// A URL, or scenario files and folders of them
    ///
    /// A name that ends with .wsee, that begins with / or ., or that there is in the file system, is a
    /// file or folder; any other one is a URL, in the forms that wsee URL takes. @NAME is the URL of a
    /// profile, with its flags.
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

/// Which cases are run, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Running)]
pub struct TestRunArgs {
    /// Time for an expectation that does not say its own
    ///
    /// It counts from the beginning of the step. In a scenario 'within 2s' at the end of a line
    /// says another.
    #[arg(long, value_name = "TIME", default_value = "5s")]
    pub timeout: Period,
    /// Time for each case; 0 is no limit
    ///
    /// The steps of a command line are one case. Waiting for a server that is not up yet (--retry)
    /// does not count. When it runs out for a URL the exit status is 28.
    #[arg(short, long, value_name = "TIME", default_value = "30s")]
    pub max_time: TimeLimit,
    /// Try N times more if the server is not up yet
    ///
    /// That is: no connection, no address, no answer to the upgrade, or a proxy's 502, 503 or 504.
    /// Nothing else is tried again: an expectation that failed has failed.
    #[arg(long, value_name = "N", default_value = "0")]
    pub retry: u32,
    /// Time before each further try
    ///
    /// Has no effect without --retry.
    #[arg(long, value_name = "TIME", default_value = "1s", requires = "retry")]
    pub retry_delay: Period,
    /// Run up to N files at the same time
    ///
    /// The cases of one file are always run in order. The default is 1.
    #[arg(short, long, value_name = "N", default_value = "1")]
    pub jobs: std::num::NonZeroUsize,
    /// Start no more cases when one has failed
    ///
    /// Cases that are not run are told as skipped.
    #[arg(long)]
    pub fail_fast: bool,
    /// Run only cases whose name contains TEXT
    ///
    /// In any case of its letters. May be repeated: one of the texts is enough. It is an error if
    /// no case is left.
    #[arg(long, value_name = "TEXT", action = ArgAction::Append)]
    pub filter: Vec<String>,
    /// Only look for mistakes in the scenarios
    ///
    /// Nothing is connected to. Exit status 0, or 2 with the places of all mistakes. Variables need
    /// their values for this, too (--var).
    #[arg(long)]
    pub check: bool,
}

/// Values for variables.
#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Variables)]
pub struct VariableArgs {
    /// Give the variable {{NAME}} a value; repeatable
    ///
    /// A value that a scenario captures counts more, and --var counts more than --var-file.
    #[arg(long, value_name = "NAME=VALUE", action = ArgAction::Append)]
    pub var: Vec<Variable>,
    /// Read variables from FILE, one NAME=VALUE on each line
    ///
    /// Blank lines and lines that start with # are skipped. Nothing is unquoted. May be repeated;
    /// the last value counts.
    #[arg(long, value_name = "FILE", action = ArgAction::Append, value_hint = ValueHint::FilePath)]
    pub var_file: Vec<PathBuf>,
    /// Let scenarios read NAME from the environment, as {{env.NAME}}
    ///
    /// A scenario can send what it reads anywhere, so that every variable has to be named; repeat, or
    /// a comma list. The values are masked in reports, unless they are shorter than 4 bytes or
    /// --show-secrets is given.
    #[arg(long, value_name = "NAME", action = ArgAction::Append, value_delimiter = ',')]
    pub allow_env: Vec<String>,
}
