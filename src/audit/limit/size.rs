//! Messages and frames that grow, announce too much, come in pieces, or inflate.

use std::iter;
use std::time::{Duration, Instant};

use crate::audit::auditor::Auditor;
use crate::audit::reaction::{Limit, Taken, outcome, taken};
use crate::audit::severity::{Severity, Sure};
use crate::audit::trace::Trace;
use crate::audit::verdict::{Judged, Untested, found, passed, untested};
use crate::audit::wire::{CLOSED, encoded, part};
use crate::proto::deflate::Deflater;
use crate::proto::frame::{Header, Opcode};
use crate::render::quantity;

/// In bytes: enough to see whether the server minds messages at all.
const SMALL: u64 = 16;
const FIRST: u64 = 4 << 10;
/// The defaults of most servers are below it; those of ws and tungstenite are at 100 and 64 MiB.
const LAST: u64 = 16 << 20;
/// How long a Close may come after a pong: servers look at the size of a frame before they look at the next one.
const STEP: Duration = Duration::from_millis(30);
/// The same after a message that takes the server some time.
const GRACE: Duration = Duration::from_secs(1);

/// A message that grew.
struct Growth {
    /// The most bytes that were accepted.
    accepted: u64,
    /// What came of how many bytes, unless all were accepted.
    end: Option<(u64, Taken)>,
    trace: Trace,
}

/// What a message without an end grows to: a little, and then twice as much each time.
fn sizes() -> impl Iterator<Item = u64> {
    let doubled = iter::successors(Some(FIRST), |size| Some(2 * size));
    iter::once(SMALL).chain(doubled.take_while(|size| *size <= LAST))
}

/// Sends a message without an end, which grows.
async fn grow(
    it: &mut Auditor,
    opcode: Opcode,
    sizes: impl Iterator<Item = u64>,
) -> Result<Growth, Untested> {
    let timeout = it.timeout();
    let mut wire = it.watched().await?;
    let mut accepted = 0;
    for size in sizes {
        let opcode = if accepted == 0 {
            opcode
        } else {
            Opcode::CONTINUATION
        };
        let text = vec![b'a'; usize::try_from(size - accepted).unwrap_or(0)];
        let sent = wire.send(&part(false, opcode, &text), timeout).await;
        let is_sent = sent.map_err(|why| at_least(accepted, &why))?;
        if !is_sent && wire.end().is_none() {
            let (size, limit) = (quantity::size(size), quantity::duration(timeout));
            let why = format!("{size} could not be sent within {limit}");
            return Err(at_least(accepted, &Untested(why)));
        }
        let taken = taken(&mut wire, timeout, STEP).await;
        match taken.map_err(|why| at_least(accepted, &why))? {
            Taken::Accepted => accepted = size,
            Taken::Silent => {
                let (size, limit) = (quantity::size(size), quantity::duration(timeout));
                let why = format!("at {size} a ping is not answered within {limit}");
                return Err(at_least(accepted, &Untested(why)));
            }
            end => {
                let trace = wire.trace.clone();
                let end = Some((size, end));
                return Ok(Growth {
                    accepted,
                    end,
                    trace,
                });
            }
        }
    }
    let trace = wire.trace.clone();
    Ok(Growth {
        accepted,
        end: None,
        trace,
    })
}

fn at_least(accepted: u64, Untested(why): &Untested) -> Untested {
    match accepted {
        0 => Untested(why.clone()),
        _ => Untested(format!(
            "accepts at least {}; {why}",
            quantity::size(accepted)
        )),
    }
}

pub(super) async fn message(it: &mut Auditor) -> Judged {
    let mut opcode = Opcode::TEXT;
    let mut growth = grow(it, opcode, sizes()).await?;
    if growth.accepted == 0 {
        // A server may take only binary messages.
        opcode = Opcode::BINARY;
        growth = grow(it, opcode, sizes()).await?;
    }
    let Growth {
        accepted,
        end,
        trace,
    } = growth;
    let Some((size, end)) = end else {
        let most = quantity::size(accepted);
        return untested(format!(
            "accepts at least {most}, the most that is sent; its limit is not reached"
        ));
    };
    if accepted == 0 {
        let (brief, size) = (end.brief(), quantity::size(size));
        return untested(format!("{brief} after {size} of a message of any kind"));
    }
    it.limit = Some(match end {
        Taken::Closed(Some(1009)) => Limit::At(size),
        _ => Limit::Perhaps(size),
    });
    let brief = format!(
        "{} at {}; {} are accepted",
        end.brief(),
        quantity::size(size),
        quantity::size(accepted)
    );
    // A reset may have overtaken a Close.
    if end != Taken::Dropped(CLOSED) {
        return passed(brief);
    }
    // At once, as a server may end every connection after a while.
    let again = grow(it, opcode, [SMALL, size].into_iter()).await?;
    if again.end != Some((size, end)) {
        return untested(format!("{brief}, and not there the second time"));
    }
    found(
        Severity::Info,
        Sure::Likely,
        format!("{brief}; twice; unless the server limits the bytes of a connection"),
        [trace],
    )
}

/// In bytes: no computer has room for it, and every library can count that far.
const HUGE: u64 = 1 << 40;

pub(super) async fn length(it: &mut Auditor) -> Judged {
    // A pong took up to the one half of it.
    let timeout = 2 * it.timeout();
    let mut wire = it.watched().await?;
    let header = Header::new(true, Opcode::TEXT, Some(rand::random()), HUGE);
    wire.send(&encoded(header, b"audit"), timeout).await?;
    let end = outcome(&mut wire, timeout, Duration::ZERO).await?;
    if end != Taken::Silent {
        return passed(end.brief());
    }
    if let Some(Limit::At(size) | Limit::Perhaps(size)) = it.limit {
        let size = quantity::size(size);
        return passed(format!(
            "not refused at once; the limit of {size} counts what has come"
        ));
    }
    let limit = quantity::duration(timeout);
    wire.trace.end = Some(format!("neither a Close nor an end within {limit}"));
    found(
        Severity::Low,
        Sure::Likely,
        format!(
            "a frame that announces {}: no Close within {limit}; unless the server counts what has come",
            quantity::size(HUGE)
        ),
        [wire.trace.clone()],
    )
}

/// With their headers 112 KiB, which every network carries in a moment.
const FRAGMENTS: usize = 16 << 10;

pub(super) async fn fragments(it: &mut Auditor) -> Judged {
    let timeout = it.timeout();
    let mut bytes = part(false, Opcode::TEXT, b"a");
    for _ in 1..FRAGMENTS {
        bytes.extend(part(false, Opcode::CONTINUATION, b"a"));
    }
    let mut wire = it.watched().await?;
    let began = Instant::now();
    wire.send(&bytes, timeout).await?;
    let mut end = taken(&mut wire, timeout, Duration::ZERO).await?;
    let took = began.elapsed();
    if end == Taken::Silent {
        // A ping of this time and one of the next: twice the time.
        end = taken(&mut wire, timeout, Duration::ZERO).await?;
    }
    let trace = wire.trace.clone();
    match end {
        Taken::Accepted => {
            let took = quantity::duration(took);
            return passed(format!(
                "accepts at least {FRAGMENTS}; a ping after them is answered after {took}"
            ));
        }
        Taken::Closed(_) | Taken::HalfCode | Taken::Dropped(_) => return passed(end.brief()),
        Taken::Silent => {}
    }
    drop(wire);
    let mut other = it.watched().await?;
    let whole = part(false, Opcode::TEXT, &vec![b'a'; bytes.len()]);
    other.send(&whole, timeout).await?;
    if taken(&mut other, timeout, Duration::ZERO).await? == Taken::Silent {
        return untested("as many bytes in one fragment are not answered in time either");
    }
    let limit = quantity::duration(2 * timeout);
    found(
        Severity::Medium,
        Sure::Likely,
        format!(
            "{FRAGMENTS} fragments of a byte, then a ping: no pong within {limit}, and as many bytes in one fragment are no trouble; unless the server was busy otherwise"
        ),
        [trace],
    )
}

pub(super) async fn inflated(it: &mut Auditor) -> Judged {
    let Some(deflate) = it.agreed()?.deflate else {
        return untested("the server does not agree to permessage-deflate");
    };
    let bits = deflate.client_max_window_bits;
    let timeout = it.timeout();
    let mut wire = it.watched().await?;
    wire.send(&compressed(SMALL, bits), timeout).await?;
    let small = taken(&mut wire, timeout, GRACE).await?;
    if small != Taken::Accepted {
        let brief = small.brief();
        return untested(format!("a compressed message of {SMALL} bytes: {brief}"));
    }
    let size = match it.limit {
        Some(Limit::At(size)) => (2 * size).min(LAST),
        _ => LAST,
    };
    let bomb = compressed(size, bits);
    let brief = format!(
        "{} that inflate to {}",
        quantity::size(bomb.len() as u64),
        quantity::size(size)
    );
    wire.send(&bomb, timeout).await?;
    let taken = taken(&mut wire, 2 * timeout, GRACE).await?;
    let trace = wire.trace.clone();
    match (taken, it.limit) {
        (Taken::Closed(_) | Taken::HalfCode | Taken::Dropped(_), _) => {
            passed(format!("{brief}: {}", taken.brief()))
        }
        (Taken::Silent, _) => untested(format!("{brief}: a ping is not answered in time")),
        (Taken::Accepted, Some(Limit::At(limit))) if limit < size => {
            wire.leave().await;
            let limit = quantity::size(limit);
            let evidence = format!(
                "{brief} are accepted, while a plain message of {limit} is closed with 1009"
            );
            found(Severity::Medium, Sure::Certain, evidence, [trace])
        }
        (Taken::Accepted, _) => {
            wire.leave().await;
            untested(format!(
                "{brief} are accepted, and no lower limit of plain messages is known"
            ))
        }
    }
}

/// A compressed message that inflates to `size` times the same letter.
fn compressed(size: u64, bits: u8) -> Vec<u8> {
    const PIECE: u64 = 64 << 10;
    let mut deflater = Deflater::new(bits, false);
    let (mut out, mut left) = (Vec::new(), size);
    while left > 0 {
        let piece = left.min(PIECE);
        left -= piece;
        let text = vec![b'a'; usize::try_from(piece).unwrap_or(0)];
        deflater.push(&text, left == 0, &mut out);
    }
    let mut header = Header::new(true, Opcode::TEXT, Some(rand::random()), out.len() as u64);
    header.rsv1 = true;
    encoded(header, &out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bomb_is_small() {
        assert!(compressed(LAST, 15).len() < 64 << 10);
    }
}
