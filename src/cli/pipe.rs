//! "Pipes": how stdin becomes messages, how messages become stdout, and when it is enough.

use clap::Args;

use super::heading::Heading;
use super::value::Count;
use crate::pipe::Split;

/// Flags that apply to pipes only: each of them keeps the prompt from opening.
#[derive(Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = Heading::Pipes)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag as typed")]
pub struct PipeArgs {
    /// Exit 0 as soon as N messages have arrived (-1 for one)
    ///
    /// Waits for them after stdin has ended, too, until --max-time or the end of the connection,
    /// unless --wait is given. If fewer arrive, the exit status is 1. A URL in the place of N is
    /// refused, because wscat's -n is -k here.
    #[arg(short = 'n', long, value_name = "N", allow_negative_numbers = true)]
    count: Option<Count>,
    /// Exit 0 as soon as one message has arrived
    ///
    /// The same as --count 1.
    #[arg(short = '1', conflicts_with = "count", hide_short_help = true)]
    one: bool,
    /// Send stdin as binary messages, and print the raw bytes received
    ///
    /// By default a text message is printed with a newline, and a binary one as a line of base64.
    #[arg(long, conflicts_with_all = ["hex", "base64"], hide_short_help = true)]
    pub binary: bool,
    /// Read lines of hexadecimal digits, and send them as binary messages
    ///
    /// Does not change the output.
    #[arg(long, conflicts_with = "base64", hide_short_help = true)]
    pub hex: bool,
    /// Read lines of base64, and send them as binary messages
    ///
    /// Does not change the output.
    #[arg(long, hide_short_help = true)]
    pub base64: bool,
    /// How to split stdin into messages: line, nul, none, json, events or SIZE
    ///
    /// line (the default): each line is a message, without its newline and a carriage return before
    /// it; an empty line is an empty message. nul: each message ends with NUL. none: all of stdin
    /// is one message. json: each JSON value is a text message, sent exactly as written; values may
    /// span lines or share one. events: each line is an event as --jsonl prints it; messages are
    /// sent, whether the event says sent or received, and other events are skipped;
    /// {"event":"message","data":"hi"} is enough. SIZE, with --binary only: chunks of SIZE bytes,
    /// with the units of --max-message.
    #[arg(
        long,
        value_name = "HOW",
        conflicts_with = "null",
        hide_short_help = true
    )]
    pub split: Option<Split>,
    /// Accept prompt commands such as /ping or /frame in lines of stdin
    ///
    /// A line that starts with / is a command: /text, /bin, /b64, /file, /fragment, /frame, /raw,
    /// /ping, /pong, /close, /drop, /reset or /quit. /wait TIME pauses before the next line. //x sends
    /// /x, and any other line is a text message. The server's reaction to a /frame or /raw is shown on
    /// stderr. Off by default, so that data is never mistaken for a command.
    #[arg(long, conflicts_with_all = ["binary", "hex", "base64", "split", "null", "echo"], hide_short_help = true)]
    pub commands: bool,
    /// Answer every message with itself; stdin is not read
    ///
    /// The answer has the same type as the message. Received messages are still printed.
    #[arg(long, conflicts_with_all = ["split", "hex", "base64"], hide_short_help = true)]
    pub echo: bool,
    /// Do not read stdin, as if it were empty
    ///
    /// For background jobs, which would be stopped when they read the terminal, and for loops such as
    /// 'while read', whose input wsee would take.
    #[arg(long, conflicts_with_all = ["split", "commands"], hide_short_help = true)]
    pub no_stdin: bool,
    /// Act as a pipe even on a terminal
    ///
    /// Typed lines are sent as they are, without prompt or commands.
    #[arg(long, hide_short_help = true)]
    pub no_repl: bool,
}

impl PipeArgs {
    pub fn is_given(&self) -> bool {
        *self != Self::default()
    }

    pub fn count(&self) -> Option<u64> {
        match (self.one, self.count) {
            (true, _) => Some(1),
            (false, count) => count.map(|Count(count)| count),
        }
    }

    /// A conflict that depends on a value, which clap cannot detect.
    pub(super) fn conflict(&self) -> Option<&'static str> {
        match self.split {
            Some(Split::Size(_)) if !self.binary => Some(
                "--split SIZE may cut a character in two; add --binary, or use --split line, nul or none",
            ),
            Some(Split::Json | Split::Events) if self.binary || self.hex || self.base64 => Some(
                "--split json and events determine the type of messages; drop --binary, --hex and --base64",
            ),
            _ => None,
        }
    }
}

#[derive(Debug, Args)]
pub struct FormatArgs {
    #[command(flatten)]
    pub print: PrintArgs,
    #[command(flatten)]
    pub filter: FilterArgs,
}

/// Formats that apply to pipes only: each of these flags keeps the prompt from opening.
#[derive(Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = Heading::Pipes)]
pub struct PrintArgs {
    /// Print events as JSON Lines on stdout instead of payload
    ///
    /// Each event is one object, in both directions: open, message, ping, pong, close, error, with
    /// -vv frame, and finally closed, which includes the exit status. Text is in data, binary
    /// payload in base64; passwords and tokens are masked. wsee schema events describes all
    /// fields. wsee URL --split events sends the messages of such lines. Never opens the prompt.
    #[arg(long, conflicts_with_all = ["raw", "null"], hide_short_help = true)]
    pub jsonl: bool,
    /// Print received payload as it is, with no newline or NUL after it
    ///
    /// Applies to both text and binary messages. Does not change the input.
    #[arg(long, conflicts_with = "null", hide_short_help = true)]
    pub raw: bool,
    /// End messages with NUL instead of a newline, on stdout and stdin
    ///
    /// For messages that contain newlines. wsee URL --split nul applies to stdin only.
    #[arg(short = '0', long, hide_short_help = true)]
    pub null: bool,
}

impl PrintArgs {
    pub fn is_given(&self) -> bool {
        *self != Self::default()
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Pipes)]
pub struct FilterArgs {
    /// Print the output of the jq filter FILTER for each received message
    ///
    /// Each output is one line of JSON, as with jq -c; numbers are printed as received. A message
    /// without output prints nothing, and does not count for wsee URL --count. Messages that are
    /// not JSON are printed unchanged (see --jq-strict). If the filter fails on a message, a note
    /// on stderr says why. jq's standard library is available, except for functions that reach
    /// outside, such as env and input. At the prompt the filter applies to what is shown, and
    /// /filter changes it.
    #[arg(long, value_name = "FILTER", conflicts_with_all = ["jsonl", "raw"], hide_short_help = true)]
    pub jq: Option<String>,
    /// With --jq, print strings without quotes
    ///
    /// Like jq -r. Other values are printed as JSON.
    #[arg(short, long, requires = "jq", hide_short_help = true)]
    pub raw_output: bool,
    /// With --jq, skip messages that are not JSON
    ///
    /// A note on stderr says why. By default they are printed unchanged.
    #[arg(long, requires = "jq", hide_short_help = true)]
    pub jq_strict: bool,
}

impl FormatArgs {
    /// Whether messages cannot be printed in pieces.
    pub fn needs_whole_messages(&self) -> bool {
        self.print.jsonl || self.filter.jq.is_some()
    }
}
