//! What a browser finds that takes the server's offer of WebSocket over HTTP/2.

use std::rc::Rc;

use super::auditor::Auditor;
use super::check::Check;
use super::cure;
use super::options::Level;
use super::severity::{Severity, Sure};
use super::trace::Trace;
use super::verdict::{Judged, found, passed, untested};
use super::wire::Wire;
use crate::dial::http2::Versions;
use crate::dial::{self, Http2Error};
use crate::event::Event;
use crate::proto::handshake::Outcome;
use crate::render::quantity;
use crate::session::{self, OpenError, OpenProblem};

pub(super) const CHECK: Check = Check {
    id: "transport-http2",
    level: Level::Polite,
    severity: Severity::Medium,
    title: "The server offers WebSocket over HTTP/2 and breaks it",
    rule: "RFC 8441 §3, §5",
    about: "Opens the same WebSocket over HTTP/2, as Firefox does where a server selects h2 (ALPN) and allows extended CONNECT in its SETTINGS. A finding if the server then refuses, resets or does not answer what works over HTTP/1.1. No HTTP/2, or HTTP/2 without the setting, is right, as browsers stay with HTTP/1.1 then.",
    risk: "A page works in some browsers only: Firefox takes the offer, and Chromium where it already has such a connection.",
    cures: cure::HTTP2,
    connections: 1,
    run: |it| Box::pin(http2(it)),
};

async fn http2(it: &mut Auditor) -> Judged {
    it.has_tls()?;
    it.agreed()?;
    if let Some(why) = it.barred() {
        return untested(why.clone());
    }
    it.meter.connect()?;
    let mut options = it.base().clone();
    options.dial.http = Versions::Http2;
    (options.follow, options.polling) = (None, None);
    let (mut trace, mut is_asked) = (Trace::default(), false);
    let mut observe = |event: Event<'_>| match event {
        Event::Request(head) => {
            is_asked = true;
            trace.sent.add_head(head.as_bytes());
        }
        Event::Response(head) => trace.received.add_head(head.as_bytes()),
        _ => {}
    };
    let meter = Rc::clone(&it.meter);
    let asking = Box::pin(session::ask(&options, &mut observe));
    let answer = meter.wait(it.timeout(), asking).await?;
    let failure = match answer {
        None if is_asked => {
            let limit = quantity::duration(it.timeout());
            format!("does not answer the CONNECT within {limit}")
        }
        None => return Err(it.failed("no connection in time")),
        Some(Ok(answered)) => match answered.outcome {
            Outcome::Agreed(_) => {
                let mut wire = Wire::new(answered.stream, meter);
                wire.open(answered.input.filled());
                wire.leave().await;
                return passed("over HTTP/2 as well");
            }
            Outcome::Refused(refusal) if refusal.status == 429 => {
                return untested("the server limits how often it is asked (429)");
            }
            Outcome::Refused(refusal) => format!("answers {}", refusal.status),
        },
        Some(Err(error)) => match missing(&error) {
            Some(missing) => return passed(missing),
            None if is_asked || is_closed(&error) => {
                trace.end = Some(error.to_string());
                format!("fails: {error}")
            }
            None => return Err(it.failed(&error.to_string())),
        },
    };
    let evidence =
        format!("over HTTP/2 the server offers extended CONNECT and {failure}; HTTP/1.1 works");
    found(Severity::Medium, Sure::Certain, evidence, [trace])
}

fn http2_problem(error: &OpenError) -> Option<&Http2Error> {
    match &error.problem {
        OpenProblem::Dial(dial::Error::Http2(problem)) => Some(problem),
        _ => None,
    }
}

/// Why browsers stay with HTTP/1.1.
fn missing(error: &OpenError) -> Option<String> {
    let problem = http2_problem(error)?;
    problem.is_missing().then(|| problem.to_string())
}

/// Whether the offer comes with a limit that allows no use of it.
fn is_closed(error: &OpenError) -> bool {
    matches!(http2_problem(error), Some(Http2Error::NoStreams))
}
