//! `/file`: a file that goes out while the prompt stays usable.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::Prompt;
use crate::command::upload::{Step, Upload};
use crate::event::Cause;
use crate::proto::sender::Sender;
use crate::render::escape::escape_line;
use crate::render::{Role, quantity};
use crate::session::mode::OUTPUT_FULL;
use crate::term::terminal;

/// A file that is going out.
#[derive(Debug)]
pub(super) struct Sending {
    upload: Box<Upload>,
    frames: u64,
    since: Instant,
    /// When the bar is to be drawn next.
    bar_at: Instant,
}

/// How long a file is on its way without a bar.
const MOMENT: Duration = Duration::from_millis(500);
/// How often the bar is drawn.
const PACE: Duration = Duration::from_millis(100);
/// Pieces of a file after which keys and the socket have their turn.
const PIECES: usize = 64;
/// The longest and the shortest bar, in columns.
const BAR: (usize, usize) = (40, 8);

impl Prompt {
    /// Begins to send a file.
    pub(super) fn start_file(&mut self, upload: Box<Upload>, now: Instant) {
        self.sending = Some(Sending {
            upload,
            frames: 0,
            since: now,
            bar_at: now + MOMENT,
        });
    }

    /// Sends the next pieces of a file, as many as there is room for.
    pub(super) fn send_file(&mut self, sender: &mut Sender, now: Instant) -> bool {
        let Some(mut sending) = self.sending.take() else {
            return false;
        };
        if sender.is_closing() {
            self.sending = Some(sending);
            self.end_file(false);
            return true;
        }
        let mut moved = false;
        for _ in 0..PIECES {
            if sender.output().len() >= OUTPUT_FULL {
                break;
            }
            moved = true;
            match sending.upload.step(sender) {
                Ok(Step::Checked) => {}
                Ok(Step::Sent(message)) => {
                    sending.frames += 1;
                    let (bytes, end) = (message.payload.len() as u64, message.end);
                    self.stats.sent(u64::from(end), bytes, now);
                    self.recording.sent(&message, now);
                    if message.start && end {
                        self.human.sent(&mut self.out, &message, now);
                    }
                    if end {
                        self.file_sent(&sending, now);
                        return true;
                    }
                }
                Err(error) => {
                    self.complain(&error.to_string());
                    if sending.upload.sent() > 0 {
                        self.sending = Some(sending);
                        self.quit(Cause::Input(error.to_string()));
                    } else {
                        self.editor.set_bar(None);
                    }
                    return true;
                }
            }
        }
        self.draw_bar(&mut sending, now);
        self.sending = Some(sending);
        moved
    }

    /// When the bar is to be drawn.
    pub(super) fn bar_deadline(&self) -> Option<Instant> {
        Some(self.sending.as_ref()?.bar_at)
    }

    /// Tells of a file that has gone out in more than one frame.
    fn file_sent(&mut self, sending: &Sending, now: Instant) {
        self.editor.set_bar(None);
        if sending.frames == 1 {
            return;
        }
        let took = now.saturating_duration_since(sending.since);
        let text = format!(
            "* /file sent {}: one {} message, {} in {} frames, in {} ({})",
            sending.upload.path().display(),
            sending.upload.kind(),
            quantity::size(sending.upload.len()),
            sending.frames,
            quantity::duration(took),
            rate(sending.upload.len(), took),
        );
        self.print(Role::Fact, &escape_line(&text));
    }

    /// Tells of a file that will not go out any more, if one was on its way; `stopped` by whom is at the prompt.
    pub(super) fn end_file(&mut self, stopped: bool) {
        let Some(sending) = self.sending.take() else {
            return;
        };
        self.editor.set_bar(None);
        self.unfinished += 1;
        let (path, sent) = (sending.upload.path().display(), sending.upload.sent());
        let text = match sent {
            0 => format!("! /file sent nothing of {path}"),
            sent => {
                let (sent, len) = (quantity::size(sent), quantity::size(sending.upload.len()));
                let why = if stopped {
                    "; what has begun cannot be taken back, so the connection is closed"
                } else {
                    ""
                };
                format!("! /file sent {sent} of {len} of {path}, and no end of the message{why}")
            }
        };
        self.print(Role::Warning, &escape_line(&text));
    }

    fn draw_bar(&mut self, sending: &mut Sending, now: Instant) {
        if now < sending.bar_at {
            return;
        }
        sending.bar_at = now + PACE;
        let took = now.saturating_duration_since(sending.since);
        let text = bar(&sending.upload, took, terminal::width());
        let text = self.human.style().paint(Role::Fact, &text).to_string();
        self.editor.set_bar(Some(text));
    }
}

/// How far it is, in one row of `columns`.
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
        // The last column stays free: in it a terminal may go to the next row.
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
