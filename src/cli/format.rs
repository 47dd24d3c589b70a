//! What stdout gets instead of payload.

use clap::Args;

/// How what is received is printed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pipes")]
pub struct FormatArgs {
    /// Print events as JSON Lines on stdout instead of payload
    ///
    /// One object for each event, in both directions: open, message, ping, pong, close, error, with
    /// -vv frame, and at last closed, which has the exit status. Text stands in data, binary in
    /// base64; passwords and tokens are masked. The fields are described in
    /// schema/events.schema.json. --split events sends what such lines say. Never opens the REPL.
    #[arg(long, conflicts_with_all = ["raw", "null"], hide_short_help = true)]
    pub jsonl: bool,
}
