//! Clients that the server treats badly on purpose.

use std::borrow::Cow;
use std::future::pending;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Options, Signals, Visit, wait};
use crate::acceptor::{Log, linger};
use crate::event::Direction;
use crate::fault::{Faults, Faulty, mute};
use crate::proto::handshake::server::{Policy, Upgrade};
use crate::render::Role;
use crate::render::quantity;
use crate::session::Transport;

/// Serves a client whose connection has faults.
pub(super) async fn serve<S: Transport>(
    stream: S,
    options: Rc<Options>,
    visit: Visit,
    faults: Faults,
) {
    let mut stream = Faulty::new(stream, faults.clone());
    let (log, signals) = (visit.log.clone(), visit.signals.clone());
    super::connection(&mut stream, options, visit).await;
    faults.end();
    show(&faults, &log);
    let finished = until_end(stream.finish(), signals, &faults).await;
    show(&faults, &log);
    if let Some(Some(kept)) = finished {
        let kept = quantity::duration(kept);
        log.note(Role::Fact, &format!("* the client left {kept} later"));
    }
}

fn show(faults: &Faults, log: &Log) {
    for note in faults.take_notes() {
        log.fault(&note);
    }
}

/// Says nothing to a client until it is gone.
pub(super) async fn keep_mute(stream: TcpStream, visit: &Visit, faults: &Faults) {
    visit.log.fault("mute");
    until_end(mute(stream), visit.signals.clone(), faults).await;
    visit.log.note(Role::Fact, "* disconnected");
}

/// Runs until the server ends or goes away; `None` if it did before.
async fn until_end<T>(
    work: impl Future<Output = T>,
    signals: Signals,
    faults: &Faults,
) -> Option<T> {
    let down = async {
        match faults.down() {
            Some(at) => tokio::time::sleep_until(at.into()).await,
            None => pending().await,
        }
    };
    tokio::select! {
        done = work => Some(done),
        _ = wait(signals) => None,
        () = down => None,
    }
}

/// Lets a client wait, and refuses it, if these are its faults; returns whether it was refused.
pub(super) async fn refuse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    log: &Log,
    faults: &Faults,
) -> io::Result<bool> {
    if let Some(late) = faults.late() {
        let late_text = quantity::duration(late);
        log.fault(&format!("late, the answer follows in {late_text}"));
        tokio::time::sleep(late).await;
    }
    let Some((response, note)) = faults.refusal() else {
        return Ok(false);
    };
    log.head(&response, Direction::Sent);
    log.fault(&note);
    stream.write_all(response.as_bytes()).await?;
    stream.flush().await?;
    linger(stream).await?;
    Ok(true)
}

/// The policy for a client; messages that may be changed are not compressed.
pub(super) fn policy<'p>(usual: &'p Policy, faults: Option<&Faults>) -> Cow<'p, Policy> {
    if faults.is_some_and(Faults::declines_compression) {
        Cow::Owned(Policy {
            compression: None,
            ..usual.clone()
        })
    } else {
        Cow::Borrowed(usual)
    }
}

/// Answers an upgrade wrongly, if that is a fault of its client.
pub(super) fn spoil(answer: &mut Upgrade, log: &Log, faults: Option<&Faults>) {
    for note in faults.map(|it| it.spoil(answer)).unwrap_or_default() {
        log.fault(&note);
    }
}

/// Until when an opening may last that would be allowed to last for `usual`.
pub(super) fn opening_ends(faults: Option<&Faults>, usual: Duration) -> Instant {
    let (more, down) = match faults {
        Some(faults) => (faults.opening_takes(), faults.down()),
        None => (Duration::ZERO, None),
    };
    let end = Instant::now() + usual + more;
    down.map_or(end, |down| down.min(end))
}

/// Why an opening that did not end in time is over.
pub(super) fn why_over(faults: Option<&Faults>, usual: &'static str) -> &'static str {
    let is_down = |at: Instant| at <= Instant::now();
    if faults.and_then(Faults::down).is_some_and(is_down) {
        "! fault: flap, down"
    } else {
        usual
    }
}
