//! What `wsee listen` sends to its clients.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::replay::{Entry, speed};
use crate::record::Speed;

/// A recorded server instead of an echo.
#[derive(Debug, Args)]
#[command(next_help_heading = "Replay")]
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
