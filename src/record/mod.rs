//! Recordings: the events of a session, in a file.
//!
//! The ending of the file's name says what is in it: `.jsonl` holds the events of
//! [`render::jsonl`](crate::render::jsonl), with every frame; `.har` an HTTP Archive 1.2 whose entry has the
//! `_webSocketMessages` of Chrome's `DevTools`, which open it.

mod file;
mod har;
mod opening;
mod recorder;

pub use file::FileError;
pub use opening::Opening;
pub use recorder::{Format, Options, Recorder};
