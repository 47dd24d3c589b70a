//! Recordings: the events of a session, in a file.
//!
//! The ending of the file's name says what is in it: `.jsonl` holds the events of
//! [`render::jsonl`](crate::render::jsonl), with every frame; `.har` an HTTP Archive 1.2 whose entry has the
//! `_webSocketMessages` of Chrome's `DevTools`, which open it; `.wsee` a scenario that does the same again.
//! The first two are read again, to be played; a report can be made of each.

mod compare;
mod error;
mod event;
mod file;
mod format;
mod har;
mod jsonl;
mod lines;
mod play;
mod read;
mod recognize;
mod recorder;
mod report;
mod scenario;

pub use compare::Comparison;
pub use error::{LineError, ReadError};
pub use event::{Connection, RecordedKind};
pub use file::FileError;
pub use format::Format;
pub use har::HarError;
pub use play::{Play, Player, Speed};
pub use read::Recording;
pub use recognize::recognize;
pub use recorder::{Options, Recorder};
pub use report::{Recorded, RecordedMessage, Report, ReportError, recorded};
