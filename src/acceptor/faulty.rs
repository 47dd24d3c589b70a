//! Clients that are treated badly on purpose.

use std::future::pending;

use tokio::io::AsyncRead;

use super::{Log, Stop, wait};
use crate::fault::{Faults, Faulty, mute};
use crate::render::{Role, quantity};
use crate::session::Transport;

/// Says nothing to a client until it is gone.
pub async fn keep_mute(stream: impl AsyncRead + Unpin, log: &Log, stop: Stop, faults: &Faults) {
    log.fault("mute");
    until_end(mute(stream), stop, faults).await;
    log.note(Role::Fact, "* disconnected");
}

/// Sends what is delayed, and keeps the stream for as long as a fault wants it open; `text` says for how long it
/// was kept.
pub async fn finish<S: Transport>(
    stream: &mut Faulty<S>,
    faults: &Faults,
    log: &Log,
    stop: Stop,
    text: impl FnOnce(&str) -> String,
) {
    faults.end();
    show(faults, log);
    let finished = until_end(stream.finish(), stop, faults).await;
    show(faults, log);
    if let Some(Some(kept)) = finished {
        log.note(Role::Fact, &text(&quantity::duration(kept)));
    }
}

fn show(faults: &Faults, log: &Log) {
    for note in faults.take_notes() {
        log.fault(&note);
    }
}

/// Runs until the run ends or goes down; `None` if it did before.
async fn until_end<T>(work: impl Future<Output = T>, stop: Stop, faults: &Faults) -> Option<T> {
    let down = async {
        match faults.down() {
            Some(at) => tokio::time::sleep_until(at.into()).await,
            None => pending().await,
        }
    };
    tokio::select! {
        done = work => Some(done),
        _ = wait(stop) => None,
        () = down => None,
    }
}
