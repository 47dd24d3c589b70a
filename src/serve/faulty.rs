//! Clients that the server treats badly on purpose.

use std::borrow::Cow;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::behaviour::AnyStream;
use super::{Options, Visit};
use crate::acceptor::{self, Log};
use crate::event::Direction;
use crate::fault::{Faults, Faulty};
use crate::proto::handshake::server::{Policy, Upgrade, in_version_of};
use crate::proto::http1::Head;
use crate::render::quantity;

/// Serves a client whose connection has faults.
pub(super) async fn serve(
    stream: AnyStream<'_>,
    options: Rc<Options>,
    visit: Box<Visit>,
    faults: Faults,
) {
    let mut stream = Faulty::new(stream, faults.clone());
    let (log, signals) = (visit.log.clone(), visit.signals.clone());
    super::connection(Box::new(&mut stream), options, visit).await;
    let text = |kept: &str| format!("* the client left {kept} later");
    acceptor::finish(&mut stream, &faults, &log, signals, text).await;
}

/// Lets a client wait if that is one of its faults.
pub(super) async fn wait(log: &Log, faults: &Faults) {
    if let Some(late) = faults.late() {
        let late_text = quantity::duration(late);
        log.fault(&format!("late, the answer follows in {late_text}"));
        tokio::time::sleep(late).await;
    }
}

/// The response to a client that is refused because of its faults.
pub(super) async fn refusal(request: &Head, log: &Log, faults: &Faults) -> Option<Head> {
    wait(log, faults).await;
    let is_connect = request.values(":protocol").next().is_some();
    let of_http2 = || faults.http2_refusal().filter(|_| is_connect);
    let (response, note) = faults.refusal().or_else(of_http2)?;
    let response = in_version_of(request, response);
    log.head(&response, Direction::Sent);
    log.fault(&note);
    Some(response)
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
