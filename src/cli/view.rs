//! `wsee view`: a recording in the full screen.

use std::path::PathBuf;

use clap::{Args, ColorChoice, ValueHint};

/// Look at recorded sessions in a full screen
///
/// The messages are a list, the newest at the bottom, with the selected one below it: as text, JSON
/// that folds, hexdump, base64, decoded or as frames, and the headers of its handshake. It can be
/// searched and filtered, by connection, regular expressions and jq; : takes the prompt's commands
/// that need no connection, and ? lists the keys. At the prompt, /view or F2 does the same with the
/// messages of the session.
#[derive(Debug, Args)]
pub struct ViewFileArgs {
    /// A recording from wsee URL --record, a folder of them, or a .har file exported by a browser
    ///
    /// Several, such as those of wsee proxy --record DIR, are one list in the order of their times. Each
    /// message then has the name of its connection in front: @N by the number at the end of the file's
    /// name, or else that name.
    #[arg(value_name = "FILE|DIR", required = true, value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// Show passwords, tokens and cookies that are in the recording, instead of ***
    ///
    /// Recordings of wsee have *** already, unless they were made with this flag, too.
    #[arg(long)]
    pub show_secrets: bool,
    /// When to color: auto, always or never
    ///
    /// With auto, NO_COLOR turns colors off.
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value_t = ColorChoice::Auto
    )]
    pub color: ColorChoice,
}
