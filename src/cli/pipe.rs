//! "Pipes": how stdin becomes messages, how messages become stdout, and when it is enough.

use clap::Args;

use super::heading::Heading;
use super::value::Count;
use crate::pipe::Split;

/// The flags that only a pipe has: each of them keeps the prompt from opening.
#[derive(Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = Heading::Pipes)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag as typed")]
pub struct PipeArgs {
    /// Exit 0 as soon as N messages arrived (-1 for one)
    ///
    /// Exit status 1 if the connection closes before. A URL in its place is refused: wscat's -n is -k here.
    #[arg(short = 'n', long, value_name = "N", allow_negative_numbers = true)]
    count: Option<Count>,
    /// Exit 0 as soon as one message arrived
    ///
    /// The same as --count 1.
    #[arg(short = '1', conflicts_with = "count", hide_short_help = true)]
    one: bool,
    /// stdin is sent as binary messages, stdout gets raw bytes
    ///
    /// Without it a text message is printed with a newline, and a binary one as a line of base64.
    #[arg(long, conflicts_with_all = ["hex", "base64"], hide_short_help = true)]
    pub binary: bool,
    /// Lines of stdin are hexadecimal, sent as binary messages
    ///
    /// Changes nothing about the output.
    #[arg(long, conflicts_with = "base64", hide_short_help = true)]
    pub hex: bool,
    /// Lines of stdin are base64, sent as binary messages
    ///
    /// Changes nothing about the output.
    #[arg(long, hide_short_help = true)]
    pub base64: bool,
    /// Where stdin is cut into messages: line, nul, none, json, events or SIZE
    ///
    /// line: one line is one message, without its newline and one carriage return before it; an
    /// empty line is an empty message. nul: NUL ends a message. none: all of stdin is one message.
    /// json: a stream of JSON values, each a text message exactly as it was typed, over several lines
    /// or several on a line. events: lines as --jsonl prints them; the messages they tell of are sent,
    /// those that were received like those that were sent, and other events are skipped.
    /// {"event":"message","data":"hi"} is enough. SIZE, with --binary only: chunks of that many bytes,
    /// with the units of --max-message. The default is line.
    #[arg(
        long,
        value_name = "HOW",
        conflicts_with = "null",
        hide_short_help = true
    )]
    pub split: Option<Split>,
    /// Lines of stdin may be commands of the REPL, such as /ping or /frame
    ///
    /// A line that starts with / is a command that sends: /text, /bin, /b64, /file, /fragment,
    /// /frame, /raw, /ping, /pong, /close, /drop, /reset or /quit; //x sends /x, and any other line
    /// is a text message. What the server does after a /frame or /raw is told on stderr. Off by
    /// default, so that data is never taken for a command.
    #[arg(long, conflicts_with_all = ["binary", "hex", "base64", "split", "null", "echo"], hide_short_help = true)]
    pub commands: bool,
    /// Answer every message with itself; stdin is not read
    ///
    /// The answer has the type of the message. Messages are still printed.
    #[arg(long, conflicts_with_all = ["split", "hex", "base64"], hide_short_help = true)]
    pub echo: bool,
    /// Be a pipe also when stdin and stdout are a terminal
    ///
    /// Lines typed are sent as they are, with no prompt and no commands.
    #[arg(long, hide_short_help = true)]
    pub no_repl: bool,
}

impl PipeArgs {
    /// Whether any of the flags is given.
    pub fn is_given(&self) -> bool {
        *self != Self::default()
    }

    /// The number of messages after which the run is done, if there is one.
    pub fn count(&self) -> Option<u64> {
        match (self.one, self.count) {
            (true, _) => Some(1),
            (false, count) => count.map(|Count(count)| count),
        }
    }

    /// A contradiction that depends on a value, so that clap cannot find it.
    pub(super) fn conflict(&self) -> Option<&'static str> {
        match self.split {
            Some(Split::Size(_)) if !self.binary => Some(
                "--split SIZE cuts text anywhere; add --binary, or use --split line, nul or none",
            ),
            Some(Split::Json | Split::Events) if self.binary || self.hex || self.base64 => Some(
                "--split json and events say themselves what is text; leave out --binary, --hex and --base64",
            ),
            _ => None,
        }
    }
}

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
#[command(next_help_heading = Heading::Pipes)]
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

impl PrintArgs {
    /// Whether any of the flags is given.
    pub fn is_given(&self) -> bool {
        *self != Self::default()
    }
}

/// Which part of received messages is printed, or shown at the prompt.
#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Pipes)]
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

impl FormatArgs {
    /// Whether a message cannot be printed piece by piece.
    pub fn needs_whole_messages(&self) -> bool {
        self.print.jsonl || self.filter.jq.is_some()
    }
}
