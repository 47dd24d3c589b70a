//! What is kept of a run.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// A recording, and whether it may replace what is there.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
#[expect(
    clippy::doc_markdown,
    reason = "clap prints these comments as they are"
)]
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
