//! `wsee replay`: what a recording says the client sent, sent again; "Replay" in `wsee listen`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueHint};

use super::connect::DialArgs;
use super::heading::Heading;
use super::limit::RunArgs;
use super::output::OutputArgs;
use super::pipe::FormatArgs;
use super::value::Wait;
use crate::record::Speed;

/// Send again what the client of a recording sent
///
/// Sends the messages and pings that the client of a recording sent, with the same timing, and
/// prints the answers on stdout, like 'wsee URL' in a pipe; stdin is not read. wsee answers pings
/// as they arrive, and closes with --close-code. It offers the subprotocols and the origin of the
/// recording, unless --subprotocol and --origin override them. Other header fields and credentials
/// are not repeated; pass them as to 'wsee URL'. To play the server instead, use 'wsee listen
/// --replay'.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// A .jsonl or .har file from --record, or a .har file exported by a browser
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// The server to replay to; by default the URL of the recording
    #[arg(value_hint = ValueHint::Url)]
    pub url: Option<String>,
    #[command(flatten)]
    pub play: PlayArgs,
    #[command(flatten)]
    pub dial: DialArgs,
    #[command(flatten)]
    pub run: RunArgs,
    #[command(flatten)]
    pub format: FormatArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Replay)]
pub struct PlayArgs {
    /// Replay N times as fast (10x, 0.5x), or without waiting (max)
    ///
    /// By default messages keep the timing of the recording.
    #[arg(long, value_name = "Nx|max", default_value = "1x", value_parser = speed)]
    pub speed: Speed,
    /// Which connection of the recording to replay: its number, or part of its URL
    ///
    /// Needed if the recording has several; without it, wsee lists them with their numbers and
    /// exits.
    #[arg(long, value_name = "N|URL")]
    pub entry: Option<Entry>,
    /// Print how the answers differ from the recorded ones, instead of the answers
    ///
    /// Exit status 1 if they differ. Answers are compared in order; JSON is compared by value,
    /// whatever the order of its keys. With --jq the outputs of the filter are compared, so that
    /// --jq 'del(.time)' ignores what always differs. Pings, pongs and Close frames are not
    /// compared.
    #[arg(long, conflicts_with_all = ["raw", "null", "jsonl"])]
    pub diff: bool,
    /// After the recording ends, wait until no message arrives for TIME
    ///
    /// Then wsee sends Close, and prints what arrives before the peer's Close. The recording ends
    /// with its last event, even if that is the server's. With 'forever' (or -1) the server or
    /// --max-time ends the run.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "2s",
        allow_hyphen_values = true
    )]
    pub wait: Wait,
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Replay)]
pub struct ServeArgs {
    /// Play the server of a recording (.jsonl or .har) instead of echoing
    ///
    /// Every client gets the messages and pings that the recorded server sent, with the same
    /// timing, counted from its own opening. If that server closed the connection, so does wsee.
    /// Messages from clients are shown, but change nothing. The recorded subprotocol is selected,
    /// unless --subprotocol overrides it.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub replay: Option<PathBuf>,
    /// With --replay, play N times as fast (10x, 0.5x), or without waiting (max)
    ///
    /// By default messages keep the timing of the recording.
    #[arg(long, value_name = "Nx|max", default_value = "1x", value_parser = speed, requires = "replay")]
    pub speed: Speed,
    /// With --replay, which connection to play: its number, or part of its URL
    ///
    /// Needed if the recording has several; without it, wsee lists them with their numbers and
    /// exits.
    #[arg(long, value_name = "N|URL", requires = "replay")]
    pub entry: Option<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// By its position, starting at 1.
    Number(NonZeroUsize),
    /// By part of its URL.
    Url(String),
}

impl FromStr for Entry {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Self, EntryError> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(number) => Ok(Self::Number(number)),
            Err(_) if is_number || text.is_empty() => Err(EntryError),
            Err(_) => Ok(Self::Url(text.to_owned())),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a connection; write its number, starting at 1, or part of its URL")]
pub struct EntryError;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a speed; write 10x, 0.5x or max")]
struct SpeedError;

fn speed(text: &str) -> Result<Speed, SpeedError> {
    if text == "max" {
        return Ok(Speed::Max);
    }
    let number = text.strip_suffix('x').unwrap_or(text).parse::<f64>();
    match number {
        Ok(factor) if factor.is_normal() && factor > 0.0 => Ok(Speed::Times(factor)),
        _ => Err(SpeedError),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_a_number_or_a_part_of_a_url() {
        let two = NonZeroUsize::new(2).expect("not zero");
        assert_eq!("2".parse(), Ok(Entry::Number(two)));
        assert_eq!("chat".parse(), Ok(Entry::Url("chat".to_owned())));
        assert_eq!("2/a".parse(), Ok(Entry::Url("2/a".to_owned())));
        for text in ["0", "", "99999999999999999999999999"] {
            assert_eq!(text.parse::<Entry>(), Err(EntryError), "{text}");
        }
    }

    #[test]
    fn a_speed_is_a_factor_or_all_there_is() {
        assert_eq!(speed("10x"), Ok(Speed::Times(10.0)));
        assert_eq!(speed("0.5"), Ok(Speed::Times(0.5)));
        assert_eq!(speed("max"), Ok(Speed::Max));
        for text in ["0x", "-1x", "infx", "nanx", "x", "", "fast"] {
            assert_eq!(speed(text), Err(SpeedError), "{text}");
        }
    }
}
