//! "Output": what a run shows and keeps besides its messages.

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::PossibleValue;
use clap::{ArgAction, Args, ColorChoice, ValueEnum, ValueHint};

use super::heading::Heading;
use super::value::ValueError;
use crate::render::{Decode, Timestamps};

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

/// A recording, and whether it may replace what is there.
#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Output)]
pub struct RecordArgs {
    /// Record the session in FILE, as its name says: .jsonl, .har or .wsee
    ///
    /// .jsonl holds what --jsonl -vv prints: every event, with every frame. .har is an HTTP Archive 1.2
    /// with the messages as Chrome's DevTools write them, which open it. .wsee is a scenario for wsee test
    /// that sends the same and expects the same answers; secrets of the request become variables of the
    /// environment. What /frame and /raw send is not in it.
    ///
    /// The file is made before the connection, for its owner only; one that is there is not overwritten
    /// without --force. It is complete up to the last event whatever happens to wsee. Secrets of URLs
    /// and header fields are masked (see --show-secrets); payload is recorded as it is. If the file
    /// cannot be written to, the session continues without it, and the exit status is 23. wsee URL --raw,
    /// --binary or --echo then handles a message once it is complete, and --max-message applies.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, hide_short_help = true)]
    pub record: Option<PathBuf>,
    /// Overwrite the FILE of --record
    ///
    /// Only a regular file of your own, and no symbolic link.
    #[arg(long, requires = "record", hide_short_help = true)]
    pub force: bool,
}

/// Numbers for scripts, and a picture for people.
#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Output)]
pub struct TimingArgs {
    /// Print FORMAT on stdout when the run is over, also when it failed
    ///
    /// As in curl: %{name} stands for a variable, %header{name} for a field of the server's response,
    /// %% for a percent sign, and \n, \r and \t for what they are in C. @FILE reads the format from a
    /// file, whose line breaks do not count. It follows the received payload on stdout, and the last
    /// line on stderr; what stands behind %{stderr} goes there instead, and %{stdout} switches back.
    /// What stands behind %{onerror} is printed only if the exit status is not 0.
    ///
    /// Times are in seconds and count from the start of the (latest) opening: time_namelookup,
    /// time_connect (TCP), time_proxy (the tunnel), time_appconnect (TLS), time_open (the 101 response), time_first_message;
    /// time_total is the whole run. rtt_avg, rtt_min and rtt_max are from pings to their pongs, and
    /// need --ping-interval or /ping. messages_in and messages_out, bytes_in and bytes_out (payload),
    /// wire_in and wire_out (bytes of all frames) count what went over the connection. Then there are url,
    /// url_effective and num_redirects (see wsee URL --location), exitcode, errormsg, http_code (or response_code), http_connect (the proxy's), subprotocol, extensions, close_code,
    /// close_reason, remote_ip, remote_port, local_ip and local_port. json is all of them as one object.
    /// What there is not is 0 or empty, and null in JSON. Secrets are masked (see --show-secrets).
    #[arg(short, long, value_name = "FORMAT|@FILE", hide_short_help = true)]
    pub write_out: Option<Format>,
    /// Draw how long DNS, TCP, TLS, the upgrade and the first message took
    ///
    /// On stderr when the run is over, above its last line, also with --quiet. At a terminal as bars of its
    /// width. A first message that takes long is cut short, so that the other bars can be told apart.
    #[arg(long, hide_short_help = true)]
    pub timing: bool,
}

/// What is shown on stderr and at the terminal.
#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Output)]
pub struct DisplayArgs {
    /// Show handshake, pings, pongs and closes; -vv shows every frame
    ///
    /// On stderr. The REPL shows them without -v. With -vv there is one line for each frame: FIN,
    /// RSV1-3, opcode, mask key, length and wire bytes.
    #[arg(short, long, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    /// Print only errors on stderr
    ///
    /// Leaves out notes, and how the connection ended if it ended well. The exit status is the
    /// same, and so is what the REPL shows.
    #[arg(short, long)]
    pub quiet: bool,
    /// When to use colour
    ///
    /// auto is colour on a terminal, unless NO_COLOR is set; CLICOLOR_FORCE asks for it elsewhere.
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value_t = ColorChoice::Auto,
        hide_short_help = true
    )]
    pub color: ColorChoice,
    /// Print passwords, tokens and cookies instead of ***
    ///
    /// By default they are masked wherever header fields or URLs are printed: Authorization,
    /// Proxy-Authorization, Cookie, Set-Cookie, the userinfo of URLs, and query keys such as
    /// token, access_token, api_key, key, sig and password.
    #[arg(long, hide_short_help = true)]
    pub show_secrets: bool,
    #[command(flatten)]
    pub view: ViewArgs,
}

/// How messages are shown in the REPL, on stderr and by `listen`.
#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Output)]
pub struct ViewArgs {
    /// The time in front of what is shown: none, time, iso, rel or delta
    ///
    /// In the REPL, by 'listen', and on stderr with -v. time is the local time of day, iso the date and
    /// time in UTC; rel is in seconds since wsee started, delta since what was shown before. In the REPL
    /// /show time changes it. Events of wsee URL --jsonl have their own.
    #[arg(
        long,
        value_name = "FORM",
        value_enum,
        default_value_t = Timestamps::Time,
        hide_possible_values = true,
        hide_short_help = true
    )]
    pub timestamps: Timestamps,
    /// How binary messages are shown: auto, msgpack, cbor, protobuf or hex
    ///
    /// In the REPL, by 'listen', and on stderr with -vv. auto shows JSON, MessagePack, CBOR and protocol
    /// buffers decoded where a message can hardly be anything else, and says what it looks like; the rest
    /// is a hexdump. msgpack, cbor and protobuf say why a message is none; without a schema the fields of
    /// a protocol buffer have numbers for names. hex is always a hexdump. /show decode changes it.
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t = Decode::Auto,
        hide_possible_values = true,
        hide_short_help = true
    )]
    pub decode: Decode,
}

impl ValueEnum for Timestamps {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

impl ValueEnum for Decode {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

/// A format for `--write-out`, or the file that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// The format itself.
    Text(String),
    /// The file it is read from.
    File(PathBuf),
}

impl FromStr for Format {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text.strip_prefix('@') {
            None => Ok(Self::Text(text.to_owned())),
            Some("") => Err(ValueError::NoFormatFile),
            Some("-") => Err(ValueError::FormatOnStdin),
            Some(path) => Ok(Self::File(path.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_at_sign_names_a_file() {
        assert_eq!("a".parse(), Ok(Format::Text("a".to_owned())));
        assert_eq!("@a".parse(), Ok(Format::File("a".into())));
        assert_eq!("@".parse::<Format>(), Err(ValueError::NoFormatFile));
        assert_eq!("@-".parse::<Format>(), Err(ValueError::FormatOnStdin));
    }
}
