//! What goes in and comes out when wsee is a pipe.

use clap::Args;

use super::value::{Count, Split};

/// The flags that only a pipe has: each of them keeps the prompt from opening.
#[derive(Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Pipes")]
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
