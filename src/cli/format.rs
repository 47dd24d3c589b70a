//! What stdout gets instead of payload.

use clap::Args;

/// How received messages are printed on stdout.
#[derive(Debug, Args)]
pub struct FormatArgs {
    #[command(flatten)]
    pub print: PrintArgs,
    #[command(flatten)]
    pub filter: FilterArgs,
}

/// The forms of stdout that only a pipe has: each of these flags keeps the prompt from opening.
#[derive(Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Pipes")]
pub struct PrintArgs {
    /// Print events as JSON Lines on stdout instead of payload
    ///
    /// One object for each event, in both directions: open, message, ping, pong, close, error, with
    /// -vv frame, and at last closed, which has the exit status. Text stands in data, binary in
    /// base64; passwords and tokens are masked. The fields are described in
    /// schema/events.schema.json. wsee URL --split events sends what such lines say. Never opens the REPL.
    #[arg(long, conflicts_with_all = ["raw", "null"], hide_short_help = true)]
    pub jsonl: bool,
    /// Print received payload as it is, with no newline or NUL after it
    ///
    /// For text and binary messages alike. Changes nothing about the input.
    #[arg(long, conflicts_with = "null", hide_short_help = true)]
    pub raw: bool,
    /// NUL instead of newline ends a message on stdout, and on stdin where it is read
    ///
    /// For messages that contain newlines. wsee URL --split nul is the same for stdin only.
    #[arg(short = '0', long, hide_short_help = true)]
    pub null: bool,
}

/// Which part of received messages is printed, or shown at the prompt.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pipes")]
#[expect(
    clippy::doc_markdown,
    reason = "clap prints these comments as they are"
)]
pub struct FilterArgs {
    /// Print what the jq filter FILTER gives for each received message
    ///
    /// Every output is one line of JSON, as with jq -c; numbers are printed as they were received. A
    /// message without output prints nothing, and does not count for wsee URL --count. Messages that are not
    /// JSON are printed as they are (see --jq-strict). If the filter fails on a message a note on stderr
    /// says why. jq's standard library is there, but for what reaches outside, such as env and input. In
    /// the REPL it says what is shown, and /filter changes it.
    #[arg(long, value_name = "FILTER", conflicts_with_all = ["jsonl", "raw"], hide_short_help = true)]
    pub jq: Option<String>,
    /// With --jq, print strings without quotes
    ///
    /// As jq -r does. Other values are printed as JSON.
    #[arg(short, long, requires = "jq", hide_short_help = true)]
    pub raw_output: bool,
    /// With --jq, leave out messages that are not JSON
    ///
    /// A note on stderr says why. Without it they pass as they are.
    #[arg(long, requires = "jq", hide_short_help = true)]
    pub jq_strict: bool,
}

impl PrintArgs {
    /// Whether any of the flags is given.
    pub fn is_given(&self) -> bool {
        *self != Self::default()
    }
}

impl FormatArgs {
    /// Whether a message cannot be printed piece by piece.
    pub fn needs_whole_messages(&self) -> bool {
        self.print.jsonl || self.filter.jq.is_some()
    }
}
