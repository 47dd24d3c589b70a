//! `/file`: the progress of a file that is sent while the prompt stays usable.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::outbox::Upload;
use crate::proto::message::Kind;
use crate::render::quantity;

#[derive(Debug)]
pub(super) struct Transfer {
    path: PathBuf,
    kind: Kind,
    len: u64,
    frames: u64,
    since: Instant,
    bar_at: Instant,
}

/// A file that is sent sooner gets no bar: it would only flicker.
const MOMENT: Duration = Duration::from_millis(500);
/// How often the bar is drawn: seldom enough for a slow terminal.
const PACE: Duration = Duration::from_millis(100);
const BAR: (usize, usize) = (40, 8);

impl Transfer {
    pub(super) fn new(upload: &Upload, now: Instant) -> Self {
        Self {
            path: upload.path().to_owned(),
            kind: upload.kind(),
            len: upload.len(),
            frames: 0,
            since: now,
            bar_at: now + MOMENT,
        }
    }

    pub(super) fn sent(&mut self) {
        self.frames += 1;
    }

    pub(super) fn deadline(&self) -> Instant {
        self.bar_at
    }

    pub(super) fn bar(&mut self, upload: &Upload, columns: usize, now: Instant) -> Option<String> {
        if now < self.bar_at {
            return None;
        }
        self.bar_at = now + PACE;
        let took = now.saturating_duration_since(self.since);
        Some(bar(upload, took, columns))
    }

    /// Describes the sent file; `None` if it fit into one frame, which was shown like any message.
    pub(super) fn summary(&self, now: Instant) -> Option<String> {
        let took = now.saturating_duration_since(self.since);
        (self.frames > 1).then(|| {
            format!(
                "* /file sent {}: one {} message, {} in {} frames, in {} ({})",
                self.path.display(),
                self.kind,
                quantity::size(self.len),
                self.frames,
                quantity::duration(took),
                rate(self.len, took),
            )
        })
    }
}

/// Describes a file that was not sent completely; `is_stopped` if the user ended it.
pub(super) fn unfinished(upload: &Upload, is_stopped: bool) -> String {
    let (path, sent) = (upload.path().display(), upload.sent());
    if sent == 0 {
        return format!("! /file sent nothing of {path}");
    }
    let (sent, len) = (quantity::size(sent), quantity::size(upload.len()));
    let why = if is_stopped {
        "; a message cannot be abandoned half-sent, so the connection is closed"
    } else {
        ""
    };
    format!("! /file sent {sent} of {len} of {path}; the message is incomplete{why}")
}

fn bar(upload: &Upload, took: Duration, columns: usize) -> String {
    let (doing, done) = match upload.checked() {
        Some(checked) => ("checked", checked),
        None => ("sent", upload.sent()),
    };
    let len = upload.len().max(1);
    let percent = done.saturating_mul(100) / len;
    let mut text = format!(" {percent:>3} % {doing}");
    let facts = [
        format!(", {} of {}", quantity::size(done), quantity::size(len)),
        format!(", {}", rate(done, took)),
        "; Ctrl-C stops".to_owned(),
    ];
    for fact in facts {
        // The last column stays free, as a terminal may wrap after it.
        if text.len() + fact.len() + BAR.1 < columns {
            text.push_str(&fact);
        }
    }
    let room = columns.saturating_sub(text.len() + 1).min(BAR.0);
    if room < BAR.1 {
        return text
            .trim_start()
            .chars()
            .take(columns.saturating_sub(1))
            .collect();
    }
    let full = usize::try_from(done.saturating_mul(room as u64) / len).unwrap_or(room);
    let mut drawn = String::new();
    let _ = write!(
        drawn,
        "{}{}{text}",
        "█".repeat(full),
        "░".repeat(room - full)
    );
    drawn
}

fn rate(bytes: u64, took: Duration) -> String {
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    format!("{}/s", quantity::size(bytes.saturating_mul(1000) / millis))
}
