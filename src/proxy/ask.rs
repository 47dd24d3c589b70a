//! What the server is asked for a client, and where the answer is recorded.

use std::future::pending;
use std::path::Path;
use std::time::Instant;

use tokio::io::AsyncReadExt;

use super::journal::Journal;
use super::{Options, Record, Visit};
use crate::diagnostic::{Diagnostic, one_line};
use crate::dial::Step;
use crate::dial::http2::{How, StreamEnd};
use crate::event::{Direction, Event, NotOpen};
use crate::proto::buffer::Buffer;
use crate::proto::http1::Head;
use crate::record::{self, Format, Recorder};
use crate::render::Role;
use crate::render::escape::escape_line;
use crate::session::{self, Answered, OpenError, Transport};

/// How much a client may send before the server has answered, in bytes: a client has to wait for the answer.
const EARLY: usize = 64 << 10;

/// Completes when the client leaves, with what it says last; keeps what it sends until then.
pub(super) async fn left(front: &mut dyn Transport, early: &mut Buffer) -> String {
    while early.len() < EARLY {
        match front.read(early.spare(1)).await {
            Ok(n @ 1..) => early.commit(n),
            Err(error) if matches!(StreamEnd::of(&error), Some(How::Code(_))) => {
                return error.to_string();
            }
            _ => return "the client left".to_owned(),
        }
    }
    // More is read once it can be passed on.
    pending().await
}

/// Sends the request on, and shows it beside the one that came.
pub(super) async fn ask(
    request: &Head,
    open: &session::Options,
    options: &Options,
    journal: &mut Journal,
) -> Result<Answered, OpenError> {
    let mut observe = |event: Event<'_>| {
        let now = Instant::now();
        journal.opening(&event, now);
        match &event {
            Event::Request(went) => journal.show_beside((request, went), Direction::Sent),
            Event::Response(_) => {}
            Event::Step(step @ (Step::Http2(_) | Step::Http1(_))) => {
                if let Some(mirror) = &options.http2 {
                    mirror.see(step);
                }
                journal.server_step(step);
            }
            Event::Step(_) if !options.shows_steps => {}
            event => journal.log.event(event, now),
        }
    };
    session::ask(open, &mut observe).await
}

pub(super) fn why(error: &OpenError) -> NotOpen {
    NotOpen {
        hint: error.hint(),
        ..NotOpen::new(error.to_string(), error.exit())
    }
}

/// The recording of a connection; without one if it cannot be created.
pub(super) fn recorder(record: &Record, visit: &Visit) -> Option<Recorder> {
    let ending = match record.format {
        Format::Jsonl => "jsonl",
        Format::Har => "har",
        Format::Scenario => "wsee",
    };
    let started = record.clock.started().strftime("%Y%m%dT%H%M%SZ");
    let name = format!("{started}-{:04}.{ending}", visit.number);
    let options = record::Options {
        path: record.folder.join(Path::new(&name)),
        format: record.format,
        overwritten: false,
    };
    match Recorder::create(&options, visit.log.secrets(), record.clock.clone()) {
        Ok(recorder) => Some(recorder),
        Err(error) => {
            let text = format!("! not recorded: {}", escape_line(&one_line(&error)));
            visit.log.note(Role::Error, &text);
            None
        }
    }
}
