//! What `wsee URL` and `wsee demo` do once they know where to connect.

use clap::Args;

use super::config::ConfigArgs;
use super::display::DisplayArgs;
use super::format::FormatArgs;
use super::limit::LimitArgs;
use super::pipe::PipeArgs;
use super::reconnect::ReconnectArgs;
use super::record::RecordArgs;
use super::timing::TimingArgs;
use super::value::{CloseReason, CloseStatus, TimeLimit};

/// One run of the client.
#[derive(Debug, Args)]
pub struct SessionArgs {
    /// How long the run may take, and how it closes.
    #[command(flatten)]
    pub run: RunArgs,
    /// What an endpoint puts up with.
    #[command(flatten)]
    pub limit: LimitArgs,
    /// What goes in and comes out.
    #[command(flatten)]
    pub pipe: PipeArgs,
    /// How what comes out is printed.
    #[command(flatten)]
    pub format: FormatArgs,
    /// What keeps the run going.
    #[command(flatten)]
    pub reconnect: ReconnectArgs,
    /// What is kept of it.
    #[command(flatten)]
    pub record: RecordArgs,
    /// What is told of the run at its end.
    #[command(flatten)]
    pub timing: TimingArgs,
    /// What is shown.
    #[command(flatten)]
    pub display: DisplayArgs,
    /// Where options come from.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Keep the REPL's history out of the state directory
    ///
    /// The lines typed in this run are not saved. Lines that start with a space never are.
    #[arg(long, hide_short_help = true, help_heading = "Output")]
    pub no_history: bool,
}

/// The limits of a run, and what its Close frame says.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits and timing")]
pub struct RunArgs {
    /// Time for the handshake, from DNS to the 101 response
    ///
    /// 500ms, 2s, 1m or 1m30s; a bare number is seconds; 0 is no limit. Exit status 28.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "10s",
        hide_short_help = true
    )]
    pub connect_timeout: TimeLimit,
    /// Time for the whole run
    ///
    /// By default, and with 0, there is no limit. When it runs out wsee closes and exits with
    /// status 28.
    #[arg(short, long, value_name = "TIME")]
    pub max_time: Option<TimeLimit>,
    /// Status code of the Close frame wsee sends by itself
    ///
    /// 1000-1003, 1007-1014 or 3000-4999. The default is 1000, and 1001 after SIGTERM.
    #[arg(long, value_name = "CODE", hide_short_help = true)]
    pub close_code: Option<CloseStatus>,
    /// Reason in the Close frame wsee sends by itself
    ///
    /// At most 123 bytes of UTF-8. By default there is none.
    #[arg(long, value_name = "TEXT", hide_short_help = true)]
    pub close_reason: Option<CloseReason>,
}
