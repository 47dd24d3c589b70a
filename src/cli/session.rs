//! What `wsee URL` and `wsee demo` do once they know where to connect.

use clap::{ArgAction, Args};

use super::config::ConfigArgs;
use super::display::DisplayArgs;
use super::format::FormatArgs;
use super::pipe::PipeArgs;
use super::reconnect::ReconnectArgs;
use super::record::RecordArgs;
use super::timing::TimingArgs;
use super::value::{CloseReason, CloseStatus, Payload, TimeLimit, Wait};

/// What to do once the connection is open.
#[derive(Debug, Args)]
pub struct SessionArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// Send a message first; @FILE sends a file's content
    ///
    /// May be repeated. Messages go out in the order given, before the REPL opens or stdin is sent. Each is one
    /// message of the kind stdin would be: text, or binary with --binary, --hex or --base64. @@
    /// at the start stands for one @ of the text.
    #[arg(long, help_heading = "Pipes", value_name = "TEXT|@FILE", action = ArgAction::Append)]
    pub send: Vec<Payload>,
    /// At the end of stdin, wait until no message came for TIME
    ///
    /// The end of stdin never drops replies: wsee keeps receiving until no message came for TIME,
    /// then sends Close 1000 and prints what still comes until the peer's Close. With 0 it closes
    /// at once, and still prints. 'forever' (or -1) leaves it to the peer, --count or --max-time.
    /// Empty stdin is listening only.
    #[arg(
        long,
        help_heading = "Pipes",
        value_name = "TIME",
        default_value = "2s",
        allow_hyphen_values = true
    )]
    pub wait: Wait,
    #[command(flatten)]
    pub pipe: PipeArgs,
    #[command(flatten)]
    pub format: FormatArgs,
    #[command(flatten)]
    pub reconnect: ReconnectArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Keep the REPL's history out of the state directory
    ///
    /// The lines typed in this run are not saved. Lines that start with a space never are.
    #[arg(long, hide_short_help = true, help_heading = "Output")]
    pub no_history: bool,
}

impl SessionArgs {
    /// Whether a flag is given that makes sense in a pipe only.
    pub fn is_pipe(&self) -> bool {
        self.pipe.is_given() || self.format.print.is_given()
    }
}

/// What a run shows and keeps besides its messages.
#[derive(Debug, Args)]
pub struct OutputArgs {
    #[command(flatten)]
    pub record: RecordArgs,
    #[command(flatten)]
    pub timing: TimingArgs,
    #[command(flatten)]
    pub display: DisplayArgs,
}

/// The limits of a run, and what its Close frame says.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits and timing")]
pub struct RunArgs {
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
