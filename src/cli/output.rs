//! "Output": what a run shows and keeps besides its messages.

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::PossibleValue;
use clap::{ArgAction, Args, ColorChoice, ValueEnum, ValueHint};

use super::heading::Heading;
use super::value::ValueError;
use crate::duration;
use crate::render::{Decode, Timestamps};

#[derive(Debug, Args)]
pub struct OutputArgs {
    #[command(flatten)]
    pub record: RecordArgs,
    #[command(flatten)]
    pub timing: TimingArgs,
    #[command(flatten)]
    pub display: DisplayArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Output)]
pub struct RecordArgs {
    /// Record the session in FILE, in the format of its name: .jsonl, .har or .wsee
    ///
    /// .jsonl is the output of --jsonl -vv: every event, including every frame. .har is an HTTP
    /// Archive 1.2 that Chrome's DevTools can open, with the messages as they export them. .wsee is
    /// a scenario for wsee test that sends the same messages and expects the same answers; secrets
    /// of the request become environment variables in it, and what /frame and /raw send is left
    /// out. A .har and a .wsee file are about one connection: those of /connect NAME get a file each,
    /// such as session.NAME.har.
    ///
    /// FILE is created before the connection, readable by its owner only; an existing file is
    /// overwritten only with --force. It is complete up to the last event, even if wsee is killed.
    /// Secrets in URLs and header fields are masked (see --show-secrets); payload is recorded as it
    /// is. If writing fails, the session continues without recording, and the exit status is 23.
    /// wsee URL --raw, --binary or --echo then handles a message once it is complete, and
    /// --max-message applies.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, hide_short_help = true)]
    pub record: Option<PathBuf>,
    /// Overwrite the FILE of --record
    ///
    /// Overwrites only regular files that you own, never a symbolic link.
    #[arg(long, requires = "record", hide_short_help = true)]
    pub force: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Output)]
pub struct TimingArgs {
    /// Print FORMAT on stdout after the run, even if it failed
    ///
    /// As in curl, %{name} is a variable, %header{name} a field of the server's response, and %% a
    /// percent sign; \n, \r and \t are as in C. @FILE reads the format from a file and ignores its
    /// line breaks. The output follows the received payload on stdout, and the last line on stderr.
    /// %{stderr} sends the rest to stderr, and %{stdout} switches back. Text after %{onerror} is
    /// printed only if the exit status is not 0.
    ///
    /// Times are in seconds since the start of the (latest) opening: time_namelookup, time_connect
    /// (TCP), time_proxy (the tunnel), time_appconnect (TLS), time_open (the 101 response),
    /// time_first_message; time_total is the whole run. rtt_avg, rtt_min and rtt_max are measured
    /// from pings to their pongs, and need --ping-interval or /ping. messages_in and messages_out,
    /// bytes_in and bytes_out (payload), wire_in and wire_out (all bytes of frames) count the
    /// traffic. Other variables are url, url_effective and num_redirects (see wsee URL --location),
    /// exitcode, errormsg, http_code (or response_code), http_version (1.1 or 2), http_connect (the
    /// proxy's), subprotocol, extensions, close_code, close_reason, remote_ip, remote_port, local_ip and local_port. json
    /// is all of them as one object. A missing value is null in JSON; elsewhere a missing number is 0
    /// as in curl, and missing text or rtt is empty. Secrets are masked (see --show-secrets).
    #[arg(short, long, value_name = "FORMAT|@FILE", hide_short_help = true)]
    pub write_out: Option<Format>,
    /// Draw how long DNS, TCP, TLS, the upgrade and the first message took
    ///
    /// Printed on stderr after the run, above the last line, even with --quiet. On a terminal the
    /// bars fill its width. The bar of a late first message is cut, so that the others remain
    /// readable.
    #[arg(long, hide_short_help = true)]
    pub timing: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Output)]
pub struct DisplayArgs {
    /// Show the handshake, pings, pongs and closes; -vv shows every frame
    ///
    /// On stderr. The prompt shows them without -v. With -vv each frame is one line: FIN, RSV1-3,
    /// opcode, mask key, length and wire bytes.
    #[arg(short, long, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    #[command(flatten)]
    pub style: StyleArgs,
    #[command(flatten)]
    pub view: ViewArgs,
}

/// How every command shows what it shows.
#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Output)]
pub struct StyleArgs {
    /// Print only errors on stderr
    ///
    /// Omits notes, and the last line if the connection ended well. The exit status and the display
    /// at the prompt do not change.
    #[arg(short, long, hide_short_help = true)]
    pub quiet: bool,
    /// When to use colour
    ///
    /// auto uses colour on a terminal, unless NO_COLOR is set; CLICOLOR_FORCE turns it on
    /// elsewhere.
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
    /// By default they are masked in all header fields and URLs that are printed: Authorization,
    /// Proxy-Authorization, Cookie, Set-Cookie, the userinfo of URLs, and query keys such as token,
    /// access_token, api_key, key, sig and password.
    #[arg(long, hide_short_help = true)]
    pub show_secrets: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Output)]
pub struct ViewArgs {
    /// The time shown before each event: none, time, iso, rel or delta
    ///
    /// At the prompt, with 'listen', and on stderr with -v. time is the local time of day, iso the
    /// date and time in UTC, rel seconds since wsee started, delta seconds since the previous
    /// event. At the prompt, /show time changes it. Events of wsee URL --jsonl have their own.
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
    /// At the prompt, with 'listen', and on stderr with -vv. auto decodes JSON, MessagePack, CBOR
    /// and protocol buffers if a message can hardly be anything else, names the guessed format, and
    /// shows the rest as a hexdump. msgpack, cbor and protobuf say why a message cannot be decoded;
    /// without a schema, fields of protocol buffers are numbered. hex always shows a hexdump. At
    /// the prompt, /show decode changes it.
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    Text(String),
    File(PathBuf),
}

impl FromStr for Format {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text.strip_prefix('@') {
            None if duration::parse(text).is_ok() => Err(ValueError::FormatIsTime),
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
    fn an_at_sign_names_a_file_and_a_time_is_wscats() {
        assert_eq!("a".parse(), Ok(Format::Text("a".to_owned())));
        assert_eq!("5".parse::<Format>(), Err(ValueError::FormatIsTime));
        assert_eq!(
            "%{exitcode}".parse(),
            Ok(Format::Text("%{exitcode}".to_owned()))
        );
        assert_eq!("@a".parse(), Ok(Format::File("a".into())));
        assert_eq!("@".parse::<Format>(), Err(ValueError::NoFormatFile));
        assert_eq!("@-".parse::<Format>(), Err(ValueError::FormatOnStdin));
    }
}
