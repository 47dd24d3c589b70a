//! Requests and frames that never end: whether the server cuts them.

use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::audit::auditor::Auditor;
use crate::audit::raw::Raw;
use crate::audit::reaction::{Taken, outcome};
use crate::audit::severity::{Severity, Sure};
use crate::audit::trace::Trace;
use crate::audit::verdict::{Judged, Untested, found, passed, untested};
use crate::audit::wire::{Wire, encoded};
use crate::proto::frame::{Header, Opcode};
use crate::render::quantity;

/// Between the bytes of a slow request: it is never silent for longer.
const BEAT: Duration = Duration::from_millis(500);

/// How an unfinished thing ended, and when; `None` if it is open.
type Cut = Option<(String, Duration)>;

/// How long is watched, and whether the server must have cut until then.
fn patience(it: &Auditor) -> (Duration, bool) {
    match it.options.cut_within {
        Some(limit) => (limit, true),
        None => (it.options.watch(), false),
    }
}

pub(super) async fn handshake(it: &mut Auditor) -> Judged {
    it.lives().await?;
    it.provocations += 1;
    let (patience, _) = patience(it);
    // In a value, where each byte more is allowed.
    let mut request = Raw::new(it);
    request
        .fields
        .push(("X-Wsee-Audit".to_owned(), "a".to_owned()));
    let request = request.bytes();
    let half = request.trim_ascii_end();
    let options = it.base().clone();
    let mut dialed = Vec::new();
    for _ in 0..2 {
        match it.dial(&options).await? {
            Ok(stream) => dialed.push(Wire::new(stream, Rc::clone(&it.meter))),
            Err(problem) => return untested(problem),
        }
    }
    let [mut silent, mut slow] = <[Wire; 2]>::try_from(dialed)
        .map_err(|_| Untested::because("the connections do not open"))?;
    silent.trace.sent.add_head(half);
    slow.trace.sent.add_head(half);
    let (first, second) = tokio::join!(
        feed(&mut silent, half, false, patience),
        feed(&mut slow, half, true, patience)
    );
    let ends = [("half a request", first?), ("one byte by byte", second?)];
    let traces = [silent, slow].map(|wire| wire.trace);
    judge(it, &ends, traces.to_vec())
}

/// Sends the beginning of a request, perhaps continues slowly, and waits for the server's end of it.
async fn feed(
    wire: &mut Wire,
    head: &[u8],
    is_slow: bool,
    patience: Duration,
) -> Result<Cut, Untested> {
    let began = Instant::now();
    let _ = wire.write(head, patience).await?;
    loop {
        let left = patience.saturating_sub(began.elapsed());
        let wait = if is_slow { left.min(BEAT) } else { left };
        if let Some(bytes) = wire.read(wait).await? {
            wire.trace.received.add_head(&bytes);
            let end = match status(&bytes) {
                Some(status) => format!("answered with {status}"),
                None => wire.end().unwrap_or("answered").to_owned(),
            };
            return Ok(Some((end, began.elapsed())));
        }
        if left <= wait {
            return Ok(None);
        }
        let _ = wire.write(b"a", wait).await?;
        if let Some(end) = wire.end() {
            return Ok(Some((end.to_owned(), began.elapsed())));
        }
    }
}

/// The status of an answer of which the beginning has come.
fn status(bytes: &[u8]) -> Option<&str> {
    let line = bytes.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    let text = std::str::from_utf8(line).ok()?;
    text.bytes().all(|b| b.is_ascii_digit()).then_some(text)
}

pub(super) async fn frame(it: &mut Auditor) -> Judged {
    /// In bytes; below the limits of all servers, and above what answers to pings add up to.
    const SIZE: u64 = 4 << 10;
    it.lasts()?;
    let (patience, _) = patience(it);
    let timeout = it.timeout();
    let mut wire = it.open().await?;
    it.provocations += 1;
    let header = Header::new(true, Opcode::TEXT, Some(rand::random()), SIZE);
    wire.send(&encoded(header, b"wsee audit"), timeout).await?;
    let began = Instant::now();
    let cut = match outcome(&mut wire, patience, Duration::ZERO).await? {
        Taken::Silent | Taken::Accepted => None,
        end => Some((end.brief(), began.elapsed())),
    };
    judge(it, &[("half a frame", cut)], vec![wire.trace.clone()])
}

fn judge(it: &Auditor, ends: &[(&str, Cut)], traces: Vec<Trace>) -> Judged {
    let (patience, is_demanded) = patience(it);
    let limit = quantity::duration(patience);
    let words = ends.iter().map(|(what, cut)| match cut {
        Some((end, after)) => format!("{what}: {end} after {}", quantity::duration(*after)),
        None => format!("{what}: open after {limit}"),
    });
    let text = words.collect::<Vec<_>>().join("; ");
    if ends.iter().all(|(_, cut)| cut.is_some()) {
        return passed(text);
    }
    if !is_demanded {
        return untested(format!("{text}; --cut-within TIME watches for longer"));
    }
    let open = ends
        .iter()
        .zip(traces)
        .filter(|((_, cut), _)| cut.is_none());
    let traces = open.map(|(_, mut trace)| {
        trace.end = Some(format!("open after {limit}"));
        trace
    });
    found(
        Severity::Low,
        Sure::Certain,
        text,
        traces.collect::<Vec<_>>(),
    )
}
