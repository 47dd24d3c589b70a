//! `wsee report`: a recording as a page to read and to attach.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Write an HTML report of a recorded session
///
/// The report is one page to attach to a bug report, with everything in it: the handshake, every
/// message, ping and Close frame with its time and size, round trips, and how the session ended. It
/// can be searched, folded and printed. It loads nothing and runs no script but its own; whatever
/// the peer sent is text in it, with control characters made visible.
///
/// Payloads are in it as they were recorded: look through them before you give the report away.
/// Very long sessions are cut: a report has at most 200 000 rows and about 64 MiB of payload, and
/// says what is left out.
#[derive(Debug, Args)]
pub struct RecordingReportArgs {
    /// A recording from wsee URL --record, or a .har file exported by a browser
    ///
    /// .jsonl has every frame and all times. .har has messages with times, and .wsee messages
    /// without.
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Write the report to FILE, replacing it; - is stdout
    ///
    /// Without it, the name is that of the recording with the ending .html, and an existing file is
    /// not replaced. Only its owner can read the file.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Show passwords, tokens and cookies that are in the recording, instead of ***
    ///
    /// Recordings of wsee have *** already, unless they were made with this flag, too; archives that
    /// browsers export do not.
    #[arg(long)]
    pub show_secrets: bool,
}
