//! Whether the server takes part: answers pings, closes as the protocol says, and keeps connections that only wait.

use std::time::{Duration, Instant};

use super::auditor::Auditor;
use super::check::{Check, Group};
use super::cure;
use super::options::Level;
use super::reaction::{Taken, outcome};
use super::severity::{Severity, Sure};
use super::trace::Trace;
use super::verdict::{Judged, Untested, found, passed, untested};
use super::wire::{CLOSED, Seen, Wire, frame};
use crate::proto::frame::Opcode;
use crate::render::quantity;

pub(super) const GROUP: Group = Group {
    name: "liveness",
    about: "Whether the server takes part: answers pings, closes as the protocol says, and keeps connections that only wait",
    checks: &[
        Check {
            id: "liveness-ping",
            level: Level::Polite,
            severity: Severity::Medium,
            title: "Pings are not answered",
            rule: "RFC 6455 §5.5.2, §5.5.3",
            about: "Sends a ping, and a second one if the first is not answered in time. Every endpoint answers with a pong that has the same payload, unless it has sent a Close; clients and proxies take a server that does not for dead.",
            risk: "Clients and proxies take the connection for dead, and connect again and again.",
            cures: cure::PING,
            connections: 1,
            run: |it| Box::pin(ping(it)),
        },
        Check {
            id: "liveness-close",
            level: Level::Polite,
            severity: Severity::Low,
            title: "A Close is not answered with a Close",
            rule: "RFC 6455 §5.5.1",
            about: "Sends a Close with the code 1000 and waits for the server's. A finding if none comes, twice, the second time within twice the time limit for an answer.",
            risk: "Clients wait for their time limit, and cannot know which messages arrived.",
            cures: cure::CLOSE,
            connections: 2,
            run: |it| Box::pin(twice(it, "a Close 1000", close)),
        },
        Check {
            id: "liveness-tcp",
            level: Level::Polite,
            severity: Severity::Low,
            title: "The server does not close TCP after the closing handshake",
            rule: "RFC 6455 §7.1.1",
            about: "After both Close frames the server closes TCP, so that the side with the known port does not keep the state of closed connections. A finding if the connection is still open after the time limit for an answer, and on a second connection after twice that time.",
            risk: "Closed connections add up until the server has no more of them.",
            cures: cure::CLOSE,
            connections: 2,
            run: |it| Box::pin(twice(it, "both Close frames", tcp)),
        },
        Check {
            id: "liveness-idle",
            level: Level::Polite,
            severity: Severity::Info,
            title: "A silent connection is cut without a ping",
            rule: "RFC 6455 §5.5.2, §7.4.1",
            about: "Sends nothing for the time of --idle-budget, and answers pings. A finding if the server, or a proxy before it, ends the connection without having sent a ping: clients then lose connections that only wait. A Close that says that the server is done, or that something is missing (1000, 1008, 3000 and above), is none. Not judged if the server sent messages before, as a heartbeat of another protocol may be one.",
            risk: "Clients that only wait lose their connection, and messages until they connect again.",
            cures: cure::IDLE,
            connections: 1,
            run: |it| Box::pin(idle(it)),
        },
    ],
};

/// What no server sends by itself, in a first ping and a second one.
const PAYLOADS: [&[u8]; 2] = [b"wsee audit", b"wsee audit again"];

async fn ping(it: &mut Auditor) -> Judged {
    it.lasts()?;
    let timeout = it.timeout();
    let mut wire = it.open().await?;
    let began = Instant::now();
    // A server that wakes up may be late once.
    for payload in PAYLOADS {
        wire.send(&frame(Opcode::PING, payload), timeout).await?;
        match pong(&mut wire, timeout).await? {
            Seen::Close(code, _) => {
                return untested(format!("{} first", Taken::Closed(code).brief()));
            }
            Seen::End(end) => return untested(format!("{end} first")),
            Seen::Silence => {}
            Seen::Data | Seen::Ping(_) | Seen::Pong(_) => {
                let took = began.elapsed();
                wire.leave().await;
                if took <= timeout {
                    return passed("");
                }
                let took = quantity::duration(took);
                return passed(format!("the first pong comes after {took}"));
            }
        }
    }
    let limit = quantity::duration(2 * timeout);
    wire.trace.end = Some(format!("no pong within {limit}"));
    let trace = wire.trace.clone();
    wire.leave().await;
    found(
        Severity::Medium,
        Sure::Certain,
        format!("two pings: no pong within {limit}, and the connection is open"),
        [trace],
    )
}

/// The pong of one of the pings, or why none came.
async fn pong(wire: &mut Wire, timeout: Duration) -> Result<Seen, Untested> {
    let until = Instant::now() + timeout;
    loop {
        match wire.next(until).await? {
            Seen::Pong(payload) if !PAYLOADS.contains(&&*payload) => {}
            Seen::Data | Seen::Ping(_) => {}
            seen => return Ok(seen),
        }
    }
}

/// A remark, or a fault and the connection that shows it.
type Look = Result<String, (String, Trace)>;

/// Looks twice, as an answer may be late or lost once; the second time for twice as long.
async fn twice(
    it: &mut Auditor,
    after: &str,
    look: impl AsyncFn(&mut Auditor, Duration) -> Result<Look, Untested>,
) -> Judged {
    it.lasts()?;
    let timeout = it.timeout();
    let (first, _) = match look(it, timeout).await? {
        Ok(remark) => return passed(remark),
        Err(fault) => fault,
    };
    match look(it, 2 * timeout).await? {
        Ok(remark) => {
            let limit = quantity::duration(2 * timeout);
            untested(format!(
                "{after}: {first}; the second time, within {limit}: {remark}"
            ))
        }
        Err((second, trace)) => found(
            Severity::Low,
            Sure::Certain,
            format!("{after}: {first}; on a second connection: {second}"),
            [trace],
        ),
    }
}

/// Opens a connection, and sends a Close.
async fn closing(it: &mut Auditor) -> Result<Wire, Untested> {
    let mut wire = it.open().await?;
    let close = frame(Opcode::CLOSE, &1000_u16.to_be_bytes());
    wire.send(&close, it.timeout()).await?;
    Ok(wire)
}

/// Whether a Close is answered, and how.
async fn close(it: &mut Auditor, patience: Duration) -> Result<Look, Untested> {
    let mut wire = closing(it).await?;
    let fault = match outcome(&mut wire, patience, Duration::ZERO).await? {
        Taken::Closed(code) => {
            let code = code.map_or("no code".to_owned(), |code| code.to_string());
            return Ok(Ok(format!("answered with {code}")));
        }
        Taken::HalfCode => return Ok(Ok("answered with half a code".to_owned())),
        end @ Taken::Dropped(CLOSED) => end.brief(),
        Taken::Dropped(end) => {
            return Err(Untested(format!("{end}, which may have overtaken a Close")));
        }
        Taken::Silent | Taken::Accepted => {
            let limit = quantity::duration(patience);
            wire.trace.end = Some(format!("no Close within {limit}"));
            format!("no Close within {limit}")
        }
    };
    Ok(Err((fault, wire.trace.clone())))
}

/// Whether TCP ends after both Close frames.
async fn tcp(it: &mut Auditor, patience: Duration) -> Result<Look, Untested> {
    let mut wire = closing(it).await?;
    match outcome(&mut wire, patience, Duration::ZERO).await? {
        Taken::Closed(_) | Taken::HalfCode => {}
        Taken::Dropped(_) => return Ok(Ok("closed".to_owned())),
        Taken::Silent | Taken::Accepted => {
            return Err(Untested::because("the Close is not answered"));
        }
    }
    let until = Instant::now() + patience;
    loop {
        match wire.next(until).await? {
            Seen::End(_) => return Ok(Ok("closed".to_owned())),
            Seen::Silence => break,
            Seen::Close(..) | Seen::Data | Seen::Ping(_) | Seen::Pong(_) => {}
        }
    }
    let limit = quantity::duration(patience);
    wire.trace.end = Some(format!("TCP is open {limit} after the Close"));
    Ok(Err((
        format!("TCP is open {limit} later"),
        wire.trace.clone(),
    )))
}

/// Messages that come later than this are no greeting; a heartbeat is one of them, as in Engine.IO 4.
const GREETING: Duration = Duration::from_secs(1);

async fn idle(it: &mut Auditor) -> Judged {
    let budget = it.options.idle_budget;
    it.lasts()?;
    let mut wire = it.open().await?;
    let began = Instant::now();
    let mut pings = 0_u32;
    let mut is_asked = false;
    let mut last: Option<Duration> = None;
    let end = loop {
        match wire.next(began + budget).await? {
            Seen::Ping(_) => {
                pings += 1;
                last = Some(began.elapsed());
            }
            // It is done, or misses a login or a first message.
            Seen::Close(Some(code @ (1000 | 1008 | 3000..)), _) => {
                let span = quantity::duration(began.elapsed());
                return passed(format!(
                    "closed with {code} after {span}, of its own accord"
                ));
            }
            Seen::Close(code, _) => break Taken::Closed(code).brief(),
            Seen::End(end) => break end.to_owned(),
            Seen::Silence => {
                wire.leave().await;
                let span = quantity::duration(budget);
                return passed(match last {
                    None => format!("open after {span} of silence; the server sent no ping"),
                    Some(last) => format!(
                        "open after {span}; {} of the server, the last after {}",
                        quantity::plural(pings.into(), "ping"),
                        quantity::duration(last)
                    ),
                });
            }
            Seen::Data => is_asked |= began.elapsed() > GREETING,
            Seen::Pong(_) => {}
        }
    };
    let span = quantity::duration(began.elapsed());
    if is_asked {
        return untested(format!(
            "{end} after {span}, and the server sent messages before, which may want an answer"
        ));
    }
    if pings > 0 {
        return passed(format!("{end} after {span}, with pings before"));
    }
    found(
        Severity::Info,
        Sure::Certain,
        format!("nothing sent: {end} after {span}"),
        [wire.trace.clone()],
    )
}
