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
/// Sends the messages and pings that the client of a recording sent, when it sent them, and prints what comes
/// back on stdout, as 'wsee URL' does in a pipe; stdin is not read. Pongs go out for the pings that come
/// now, and the Close frame is that of --close-code. The subprotocols and the origin of the
/// recording are offered again, unless --subprotocol and --origin say others; other header fields
/// and credentials are not: give them as to 'wsee URL'. 'wsee listen --replay' plays the server instead.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// A .jsonl or .har file that --record made, or a .har that a browser exported
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Where to play it; by default the URL of the recording
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

/// What is played, how fast, and what becomes of the answers.
#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Replay)]
pub struct PlayArgs {
    /// Play it N times as fast (10x, 0.5x), or without waiting (max)
    ///
    /// By default the times between the messages are those of the recording.
    #[arg(long, value_name = "Nx|max", default_value = "1x", value_parser = speed)]
    pub speed: Speed,
    /// Which connection of a recording that has several: its number, or a part of its URL
    ///
    /// Without it such a recording is refused, and its connections are listed with their numbers.
    #[arg(long, value_name = "N|URL")]
    pub entry: Option<Entry>,
    /// Print how the answers differ from those that are recorded, instead of the answers
    ///
    /// Exit status 1 if they do. Answers are compared in their order; JSON is the same if its values are, whatever the
    /// order of its keys. With --jq what the filter makes of both is compared: --jq 'del(.time)' leaves
    /// out what always differs. Pings, pongs and Close frames are not compared.
    #[arg(long, conflicts_with_all = ["raw", "null", "jsonl"])]
    pub diff: bool,
    /// When the recording is over, wait until no message came for TIME
    ///
    /// Then Close is sent, and what still comes until the peer's Close is printed. The recording is over when
    /// its last event is, also one of the server. 'forever' (or -1) leaves the end to the server or --max-time.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "2s",
        allow_hyphen_values = true
    )]
    pub wait: Wait,
}

/// A recorded server instead of an echo.
#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Replay)]
pub struct ServeArgs {
    /// Play the server of a recording (.jsonl or .har) instead of echoing
    ///
    /// Every client gets the messages and pings that the recorded server sent, when it sent them, counted
    /// from its own opening; if that server closed the connection, this one does too. What clients send is
    /// shown, and changes nothing. The recorded subprotocol is selected, unless --subprotocol says others.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub replay: Option<PathBuf>,
    /// With --replay, play it N times as fast (10x, 0.5x), or without waiting (max)
    ///
    /// By default the times between the messages are those of the recording.
    #[arg(long, value_name = "Nx|max", default_value = "1x", value_parser = speed, requires = "replay")]
    pub speed: Speed,
    /// With --replay, which connection of several: its number, or a part of its URL
    ///
    /// Without it such a recording is refused, and its connections are listed with their numbers.
    #[arg(long, value_name = "N|URL", requires = "replay")]
    pub entry: Option<Entry>,
}

/// A connection of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// By its place, from 1 on.
    Number(NonZeroUsize),
    /// By a part of its URL.
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

/// Why a connection of a recording was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a connection; write its number, from 1 on, or a part of its URL")]
pub struct EntryError;

/// Why a speed was refused.
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
