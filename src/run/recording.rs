//! `--record`: the file is there before the connection is.

use std::time::Instant;

use super::complain;
use crate::config::{Connect, Environment};
use crate::event::NotOpen;
use crate::exit::Exit;
use crate::record::Recorder;

/// Makes the file of the recording, if there is to be one; a failure is said.
pub(super) fn start(
    connect: &Connect,
    environment: &Environment,
) -> Result<Option<Recorder>, NotOpen> {
    let Some(options) = &connect.record else {
        return Ok(None);
    };
    let clock = environment.clock.clone();
    let recorder = Recorder::create(
        options,
        &connect.dialing.url,
        connect.display.secrets,
        clock,
    );
    recorder.map(Some).map_err(|error| {
        let text = format!("--record: {error}");
        complain(&text);
        NotOpen::new(text, Exit::Write)
    })
}

/// Records why no connection was made.
pub(super) fn not_open(recorder: Option<Recorder>, why: &NotOpen) {
    if let Some(mut recorder) = recorder {
        recorder.not_open(why, Instant::now());
        tell(&mut recorder);
    }
}

/// Says that the recording cannot go on; nothing else does any more.
pub(super) fn tell(recorder: &mut Recorder) {
    if let Some(complaint) = recorder.complaint() {
        complain(&complaint);
    }
}
