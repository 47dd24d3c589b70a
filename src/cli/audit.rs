//! `wsee audit`: checks of a server.

use std::path::PathBuf;

use clap::{ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueEnum, ValueHint};

use super::config::ConfigArgs;
use super::heading::Heading;
use super::output::StyleArgs;
use super::runner::{ConnectionArgs, EndpointArgs};
use super::subset::Subset;
use super::value::{Period, Size, TimeLimit, url_argument};
use crate::audit::severity::Severity;

/// Check a server's conformance and security, with evidence
///
/// Makes one connection after the other to the host of URL, and to no other, and judges the answers: who
/// gets in, what the server says about itself, how it takes mistakes. By default only well-formed requests
/// are sent, over at most 30 connections; --probe adds malformed ones, and --stress looks for limits. What a
/// run uses at most is printed first. Each finding has the bytes that show it (-v), the rule, and a fix; a
/// check without a verdict is reported as not tested, never as passed. A finding is 'certain' if the
/// bytes prove it, and 'likely' if it depends on what cannot be seen from outside, which its evidence names.
/// The table goes to stdout. --list and wsee-audit(7) explain each check. Audit only servers that are yours,
/// or whose owner agreed.
///
/// The exit status is 0 whatever was found; with --fail-on it is 1 for such a finding, and 28 if a limit
/// or a failing server cut the run short; 22 if the server refuses the upgrade, so that most was not
/// tested; if there is no server, it is that of wsee URL.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// The server's URL, its scheme optional; @NAME is that of a profile, with its flags
    #[arg(required_unless_present = "list", value_parser = url_argument, value_hint = ValueHint::Url)]
    pub url: Option<String>,
    #[command(flatten)]
    pub checks: AuditChecksArgs,
    #[command(flatten)]
    pub limits: AuditLimitArgs,
    #[command(flatten)]
    pub report: AuditReportArgs,
    #[command(flatten)]
    pub display: AuditDisplayArgs,
    #[command(flatten)]
    pub connection: AuditedArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// The flags of `wsee URL` that say how to connect, as far as they have a meaning for one question.
#[derive(Debug)]
pub struct AuditedArgs(pub ConnectionArgs);

/// Flags of a session, and HTTP/2, which the checks do not speak.
const OF_SESSIONS: [&str; 13] = [
    "http",
    "http2_prior_knowledge",
    "require_subprotocol",
    "cookie_jar",
    "idle_timeout",
    "close_timeout",
    "ping_interval",
    "ping_timeout",
    "fragment",
    "no_auto_pong",
    "max_message",
    "init",
    "subscribe",
];

fn subset() -> Subset {
    Subset::of::<EndpointArgs>(&OF_SESSIONS)
}

impl Args for AuditedArgs {
    fn augment_args(command: Command) -> Command {
        subset().add_to(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for AuditedArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let tokens = subset().typed(matches);
        Ok(Self(ConnectionArgs { tokens }))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Output)]
pub struct AuditDisplayArgs {
    /// Show the bytes of each finding, and its fixes
    ///
    /// What was sent and what came back, in the table on stdout.
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
    #[command(flatten)]
    pub style: StyleArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Checks)]
pub struct AuditChecksArgs {
    /// Run only these checks or groups of checks; repeatable
    ///
    /// ID is that of a check, such as origin-null, or of a group, such as origin. May be a comma list.
    #[arg(long, value_name = "ID", action = ArgAction::Append, value_delimiter = ',')]
    pub only: Vec<String>,
    /// Leave these checks or groups of checks out; repeatable
    ///
    /// As --only; may be a comma list.
    #[arg(long, value_name = "ID", action = ArgAction::Append, value_delimiter = ',')]
    pub skip: Vec<String>,
    #[command(flatten)]
    pub levels: AuditLevelArgs,
    /// Explain all checks, and connect to nothing
    ///
    /// Each with its severity, its level, what it does, the risk, the rule and fixes. wsee man findings is
    /// the same as a manual page.
    #[arg(long)]
    pub list: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Checks)]
pub struct AuditLevelArgs {
    /// Send malformed handshakes and frames as well
    ///
    /// Each over a connection of its own, which a server refuses or closes with the right code; then
    /// whether it still takes connections. Some servers fall over from that, so try it where nobody works.
    #[arg(long)]
    pub probe: bool,
    /// Look for the limits of the server as well
    ///
    /// Long URLs and fields, a message that grows to 16 MiB and never ends, a frame that announces a
    /// terabyte, thousands of fragments, requests and frames that are never finished, and idle
    /// connections. It takes half a minute, and the server feels it: try it where nobody works. A limit
    /// that is not reached is not tested, and the reason says what the server accepts at least.
    #[arg(long)]
    pub stress: bool,
    /// With --stress, send a compressed message that inflates to at most 16 MiB
    ///
    /// The application gets it if no limit of the server stops it.
    #[arg(long, requires = "stress")]
    pub bomb: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Limits)]
pub struct AuditLimitArgs {
    /// Time limit for each answer
    ///
    /// An answer that takes longer is none: the check is not tested. After three such failures in a row
    /// the server is left alone. The first connection has --connect-timeout.
    #[arg(long, value_name = "TIME", default_value = "3s")]
    pub timeout: Period,
    /// How long a silent connection is watched
    ///
    /// Whether the server cuts a connection that only waits, and whether it sends pings, is seen only
    /// within this time.
    #[arg(long, value_name = "TIME", default_value = "2s")]
    pub idle_budget: Period,
    /// With --stress, when unfinished requests and frames must be cut
    ///
    /// One that is still open then is a finding. By default they are watched for five and a half
    /// times --idle-budget, and one that is open then is not tested, as servers commonly wait for 10 to 90
    /// seconds.
    #[arg(long, value_name = "TIME", requires = "stress")]
    pub cut_within: Option<Period>,
    /// With --stress, the idle connections that are opened at once
    ///
    /// At most 200.
    #[arg(long, value_name = "N", default_value_t = 20, requires = "stress",
        value_parser = clap::value_parser!(u32).range(1..=200))]
    pub idle_connections: u32,
    /// Time limit for the run (30s, more with --probe and --stress)
    ///
    /// By default 30 seconds and four times --idle-budget; --probe adds 30 seconds, and --stress 45 and
    /// twice the time for which unfinished requests are watched. Checks that would be later are not tested.
    #[arg(short, long, value_name = "TIME")]
    pub max_time: Option<TimeLimit>,
    /// The most connections of the run
    ///
    /// By default as many as the chosen checks need, which are at most 30 without --probe and --stress.
    #[arg(long, value_name = "N")]
    pub max_connections: Option<u32>,
    /// The most bytes of the run, sent and received (16M, more with --probe and --stress)
    ///
    /// --probe adds 16 MiB, --stress 48, and --bomb 20. A server that sends much by itself needs more.
    #[arg(long, value_name = "SIZE")]
    pub max_bytes: Option<Size>,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = Heading::Reports)]
pub struct AuditReportArgs {
    /// Exit with status 1 if there is a finding of this severity or a higher one
    ///
    /// A finding of the --baseline does not count.
    #[arg(long, value_name = "SEVERITY", value_enum)]
    pub fail_on: Option<FailOn>,
    /// Take the findings of FILE, an earlier --report-json, for known
    ///
    /// Findings are marked as known, new, or worse than known; those that are known do not count for
    /// --fail-on. A known finding that is not found any more is named.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub baseline: Option<PathBuf>,
    /// Write a JSON report to FILE; - is stdout
    ///
    /// One object with findings and checks, described by wsee schema audit. 'version' is 1; within a
    /// version, members are only added. Like the other reports, it replaces FILE atomically at the end
    /// of the run, also after an interrupt. With a report on stdout, the table goes to stderr.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report_json: Option<PathBuf>,
    /// Write a SARIF 2.1.0 report to FILE; - is stdout
    ///
    /// For code scanning. High, medium, low and info are error, warning, note and none. A fingerprint is
    /// made of the check and the URL without its query. Checks without a verdict are notifications.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report_sarif: Option<PathBuf>,
    /// Write a report in Markdown to FILE; - is stdout
    ///
    /// A table of findings, their evidence to unfold, and all checks.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report_md: Option<PathBuf>,
    /// Write a JUnit report to FILE; - is stdout
    ///
    /// A test case for each check. A finding is a failure if it counts for --fail-on; without that, from
    /// low severity on. What is not tested is skipped.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report_junit: Option<PathBuf>,
    /// Write an HTML report to FILE; - is stdout
    ///
    /// One page to read or attach, with every check, its evidence and its fixes. It can be searched,
    /// folded and printed, loads nothing, and whatever a server sent is text in it.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report_html: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    High,
    Medium,
    Low,
    Info,
}

impl FailOn {
    pub fn severity(self) -> Severity {
        match self {
            Self::High => Severity::High,
            Self::Medium => Severity::Medium,
            Self::Low => Severity::Low,
            Self::Info => Severity::Info,
        }
    }
}
