//! Idle connections: how many get in, and whether others still do.

use std::time::{Duration, Instant};

use crate::audit::auditor::{Auditor, Squeezed};
use crate::audit::reaction::{Taken, pongs, taken};
use crate::audit::severity::{Severity, Sure};
use crate::audit::verdict::{Judged, Untested, found, passed, untested};
use crate::audit::wire::{MOMENT, Wire};
use crate::render::quantity;

/// Connections besides the idle ones.
pub(super) const SPARE: u32 = 3;

pub(super) async fn crowd(it: &mut Auditor) -> Judged {
    it.agreed()?;
    it.lasts()?;
    let count = usize::try_from(it.options.idle_connections).unwrap_or(usize::MAX);
    let timeout = it.timeout();
    let mut wires: Vec<Wire> = Vec::new();
    let mut pings = false;
    let mut refusal = None;
    while wires.len() < count {
        match it.squeeze().await? {
            Squeezed::In(mut wire) => {
                if wires.is_empty() {
                    pings = pongs(&mut wire, timeout).await?;
                }
                it.provocations += 1;
                wires.push(*wire);
            }
            Squeezed::Refused(why) if wires.is_empty() => {
                return untested(format!("the server refuses another connection: {why}"));
            }
            Squeezed::Refused(why) => {
                let is_limit = is_refused_again(it).await?;
                refusal = Some((why, is_limit));
                break;
            }
            Squeezed::Unanswered(why) if wires.is_empty() => return untested(why),
            Squeezed::Unanswered(why) => return kept_out(it, wires, &why).await,
        }
    }
    let open = quantity::plural(wires.len() as u64, "idle connection");
    let verdict = match wires.first_mut() {
        Some(first) if pings => heard(first, &open, timeout).await?,
        _ => None,
    };
    leave(wires).await;
    match (verdict, refusal) {
        (Some(verdict), _) => verdict,
        (None, Some((why, true))) => passed(format!("with {open}, the next is refused: {why}")),
        (None, Some((why, false))) => untested(format!(
            "with {open}, the next is refused ({why}), and one after it is not"
        )),
        (None, None) => untested(format!(
            "accepts at least {open} of one address; --idle-connections N tries more"
        )),
    }
}

/// Whether some more are refused as well, as a busy server may refuse one by chance.
async fn is_refused_again(it: &mut Auditor) -> Result<bool, Untested> {
    // Those that the check has besides the idle ones.
    for _ in 0..SPARE {
        match it.squeeze().await? {
            Squeezed::In(wire) => {
                wire.leave().await;
                return Ok(false);
            }
            Squeezed::Refused(_) | Squeezed::Unanswered(_) => {}
        }
    }
    Ok(true)
}

/// Looks at the first of many connections; `None` if it is as before.
async fn heard(
    first: &mut Wire,
    open: &str,
    timeout: Duration,
) -> Result<Option<Judged>, Untested> {
    let mut seen = taken(first, timeout, Duration::ZERO).await?;
    if seen == Taken::Silent {
        seen = taken(first, timeout, Duration::ZERO).await?;
    }
    Ok(match seen {
        Taken::Accepted => None,
        Taken::Closed(_) | Taken::HalfCode | Taken::Dropped(_) => {
            let brief = seen.brief();
            Some(passed(format!("with {open}, the first is ended: {brief}")))
        }
        Taken::Silent => {
            let limit = quantity::duration(2 * timeout);
            let evidence = format!("with {open}, a ping on the first gets no pong within {limit}");
            let trace = first.trace.clone();
            Some(found(Severity::Medium, Sure::Certain, evidence, [trace]))
        }
    })
}

/// A request got no answer: asks again, before and after the others are closed.
async fn kept_out(it: &mut Auditor, wires: Vec<Wire>, why: &str) -> Judged {
    let open = quantity::plural(wires.len() as u64, "idle connection");
    let again = it.squeeze().await?;
    leave(wires).await;
    if !matches!(again, Squeezed::Unanswered(_)) {
        return untested(format!("with {open}: {why}, but it does the second time"));
    }
    match it.squeeze().await? {
        Squeezed::In(wire) => wire.leave().await,
        Squeezed::Refused(then) | Squeezed::Unanswered(then) => {
            return untested(format!("with {open}: {why}; and without them: {then}"));
        }
    }
    found(
        Severity::Medium,
        Sure::Likely,
        format!(
            "with {open}: {why}, twice, and it does without them; unless only those of one address are limited"
        ),
        [],
    )
}

/// Closes all at once: a server that does not answer is waited for only once.
async fn leave(mut wires: Vec<Wire>) {
    for wire in &mut wires {
        wire.send_close().await;
    }
    let until = Instant::now() + MOMENT;
    for wire in wires {
        wire.end_by(until).await;
    }
}
