//! The last line: how a session ended.

use std::fmt::Write;
use std::time::Duration;

use super::close::{close_text, violation_text};
use super::escape::escape_line;
use super::quantity;
use crate::event::{Cause, Compared, Ending, GaveUp, Signal};
use crate::proto::connection::End;
use crate::proto::frame::CloseFrame;
use crate::proto::receiver::Partial;
use crate::proto::rules::Rule;
use crate::proto::traffic::Deflated;

/// The last line of a session with `peer`, "server" or "client".
pub fn ending(ending: &Ending, peer: &str) -> String {
    let mut text = match (&ending.gave_up, &ending.cause) {
        (Some(gave_up), _) => gave_up_text(gave_up),
        (None, cause) => {
            let cause = cause.as_ref().map(cause_text).unwrap_or_default();
            format!("{cause}{} after ", end_text(&ending.end, peer))
        }
    };
    text.push_str(&totals(ending));
    if let Some(missed) = ending.missed_count {
        let expected = quantity::plural(missed.expected, "message");
        let _ = write!(text, "; expected {expected}, got {}", missed.got);
    }
    if let Some(compared) = ending.compared {
        let _ = write!(text, "; {}", compared_text(compared));
    }
    if ending.unwritten > 0 {
        let bytes = quantity::size(ending.unwritten as u64);
        let _ = write!(text, "; {bytes} of output not written");
    }
    if ending.unrecorded {
        text.push_str("; the recording is incomplete");
    }
    if ending.is_unsent() {
        let _ = write!(text, "; {}", unsent_text(ending));
    }
    text
}

pub fn hint(ending: &Ending) -> Option<String> {
    match (&ending.gave_up, &ending.cause, &ending.end) {
        (Some(gave_up), ..) => gave_up.hint.clone(),
        (None, Some(Cause::Input { hint, .. }), _) => hint.clone(),
        (None, None, End::Failed(violation))
            if matches!(violation.rule, Rule::MessageTooBig(_)) =>
        {
            Some("--max-message sets the limit".to_owned())
        }
        (
            None,
            None,
            End::Lost {
                silence,
                closing: false,
                ..
            },
        ) if is_proxy_timeout(*silence) => Some("try --ping-interval 25s".to_owned()),
        _ => None,
    }
}

/// The end of reconnecting, up to the totals.
fn gave_up_text(gave_up: &GaveUp) -> String {
    let attempts = quantity::plural(gave_up.attempts.into(), "attempt");
    format!("gave up after {attempts}; ")
}

fn compared_text(compared: Compared) -> String {
    let same = quantity::plural(compared.same, "answer");
    match compared.different {
        0 => format!("{same} as recorded"),
        different => format!("{same} as recorded, {different} different"),
    }
}

fn totals(ending: &Ending) -> String {
    let mut text = format!(
        "{} ({} sent, {} received{})",
        quantity::duration(ending.lasted),
        ending.sent.messages,
        ending.received.messages,
        ratios(ending)
    );
    if ending.connections > 1 {
        let _ = write!(text, " on {} connections", ending.connections);
        risk(&mut text, ending.at_risk);
    }
    text
}

pub(super) fn loss(ending: &Ending) -> String {
    let lasted = quantity::duration(ending.lasted);
    let why = match &ending.end {
        End::Lost {
            error,
            partial,
            silence,
            closing,
        } => {
            let why = lost_text(error.as_deref(), *partial, *silence, *closing, "server");
            format!("connection lost after {lasted}: {why}")
        }
        end => format!("{} after {lasted}", end_text(end, "server")),
    };
    let cause = ending.cause.as_ref().map(cause_text).unwrap_or_default();
    let mut text = format!("{cause}{why}");
    risk(&mut text, ending.at_risk);
    text
}

fn risk(text: &mut String, messages: u64) {
    if messages > 0 {
        let messages = quantity::plural(messages, "message");
        let _ = write!(text, "; up to {messages} sent may be lost");
    }
}

/// Bytes in one direction from which the ratio of compression is shown: a few short messages only grow.
const TELLING: u64 = 1 << 10;

/// The ratio of compression in each direction; empty without compression.
fn ratios(ending: &Ending) -> String {
    let telling = |it: Deflated| ratio(it).filter(|_| it.plain >= TELLING);
    match (
        telling(ending.sent.deflated),
        telling(ending.received.deflated),
    ) {
        (None, None) => String::new(),
        (Some(sent), None) => format!("; deflated to {sent} out"),
        (None, Some(received)) => format!("; deflated to {received} in"),
        (Some(sent), Some(received)) => format!("; deflated to {sent} out, {received} in"),
    }
}

pub fn ratio(deflated: Deflated) -> Option<String> {
    let percent = deflated
        .wire
        .saturating_mul(100)
        .checked_div(deflated.plain)?;
    Some(format!("{percent} %"))
}

/// Why this side ended it, up to the semicolon.
fn cause_text(cause: &Cause) -> String {
    match cause {
        Cause::Quit | Cause::Reconnect | Cause::EndOfInput => String::new(),
        Cause::Count(count) => format!("got {}; ", quantity::plural(*count, "message")),
        Cause::OutputClosed => "the reader of stdout is gone; ".to_owned(),
        Cause::Signal(Signal::Interrupt) => "interrupted; ".to_owned(),
        Cause::Signal(Signal::Terminate) => "terminated (SIGTERM); ".to_owned(),
        Cause::Signal(Signal::Hangup) => "hung up (SIGHUP); ".to_owned(),
        Cause::MaxTime(limit) => {
            format!("stopped by --max-time ({}); ", quantity::duration(*limit))
        }
        Cause::Idle(limit) => {
            let limit = quantity::duration(*limit);
            format!("nothing received for {limit} (--idle-timeout); ")
        }
        Cause::Input { problem, .. } => format!("{}; ", escape_line(problem)),
        Cause::Write(text) => format!("cannot write to stdout ({}); ", escape_line(text)),
    }
}

fn end_text(end: &End, peer: &str) -> String {
    match end {
        End::Closed {
            by_peer: true,
            received,
            ..
        } => format!("closed by {peer}: {}", close_text(received.as_ref())),
        End::Closed { sent, received, .. } => closed_text(sent.as_ref(), received.as_ref(), peer),
        End::Failed(violation) if matches!(violation.rule, Rule::MessageTooBig(_)) => {
            format!("limit exceeded: {}; closed with 1009", violation.rule)
        }
        End::Failed(violation) => {
            let code = violation.rule.close_code().0;
            format!(
                "protocol violation by the {peer}: {}; closed with {code}",
                violation_text(violation)
            )
        }
        End::Lost {
            error,
            partial,
            silence,
            closing,
        } => {
            let why = lost_text(error.as_deref(), *partial, *silence, *closing, peer);
            format!("abnormal closure (1006, which is never on the wire): {why}")
        }
        End::Abandoned { reset: true } => {
            "connection dropped by us (TCP RST), no Close frame sent".to_owned()
        }
        End::Abandoned { reset: false } => {
            "connection dropped by us (TCP FIN), no Close frame sent".to_owned()
        }
        End::NotAwaited { sent } => {
            format!(
                "closed: {}, without waiting for the answer",
                close_text(sent.as_ref())
            )
        }
        End::CloseTimeout => format!("the {peer} did not answer the Close frame in time"),
        End::NoPong(limit) => {
            format!(
                "no pong (or anything else) from the {peer} for {}",
                quantity::duration(*limit)
            )
        }
    }
}

/// A closing handshake that this side began; an answer is shown only if it is not an echo.
fn closed_text(sent: Option<&CloseFrame>, received: Option<&CloseFrame>, peer: &str) -> String {
    let mut text = format!("closed: {}", close_text(sent));
    if received.map(|frame| frame.code) != sent.map(|frame| frame.code) {
        let _ = write!(text, ", the {peer} answered {}", close_text(received));
    }
    text
}

fn lost_text(
    error: Option<&str>,
    partial: Option<Partial>,
    silence: Duration,
    closing: bool,
    peer: &str,
) -> String {
    let mut text = match error {
        Some(error) => escape_line(error).into_owned(),
        None => format!("the {peer} ended TCP without a Close frame"),
    };
    match partial {
        Some(Partial::Header { received }) => {
            let _ = write!(text, " in the middle of a frame header ({received} bytes)");
        }
        Some(Partial::Payload { received, expected }) => {
            let _ = write!(
                text,
                " in the middle of a frame ({received} of {expected} bytes)"
            );
        }
        Some(Partial::Message) => text.push_str(" in the middle of a fragmented message"),
        None if closing => text.push_str(", in answer to our Close frame"),
        None => {}
    }
    if silence >= Duration::from_secs(1) {
        let _ = write!(
            text,
            ", {} after the last frame",
            quantity::duration(silence)
        );
    }
    if !closing && is_proxy_timeout(silence) {
        text.push_str(" (typical of a proxy's idle timeout)");
    }
    text
}

/// Default idle timeouts of proxies and load balancers, in seconds.
///
/// `HAProxy`'s examples 30 and 50, Heroku 55, nginx and AWS ALB 60, nginx keep-alive 75, Cloudflare 100,
/// Apache's proxy 120 and 300, Azure 230 and 240, AWS NLB 350, Google and API gateways 600, Envoy 3600.
const PROXY_TIMEOUTS: [u32; 14] = [
    30, 50, 55, 60, 75, 90, 100, 120, 230, 240, 300, 350, 600, 3600,
];

/// Whether a silence is as long as a proxy's idle timeout, give or take: proxies check every few seconds.
fn is_proxy_timeout(silence: Duration) -> bool {
    let secs = silence.as_secs_f64();
    let is_near = |timeout: &u32| (-1.0..=3.0).contains(&(secs - f64::from(*timeout)));
    PROXY_TIMEOUTS.iter().any(is_near)
}

fn unsent_text(ending: &Ending) -> String {
    let unsent = ending.unsent;
    match (unsent.messages, unsent.bytes) {
        (0, bytes) => format!("{} were not sent", quantity::size(bytes as u64)),
        (messages, 0) => format!(
            "{} of input not sent",
            quantity::plural(messages, "message")
        ),
        (messages, bytes) => format!(
            "{} of input and {} of frames not sent",
            quantity::plural(messages, "message"),
            quantity::size(bytes as u64)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::frame::CloseCode;
    use crate::proto::rules::Violation;
    use crate::proto::traffic::Traffic;

    fn ended(end: End, cause: Option<Cause>) -> Ending {
        Ending {
            sent: Traffic {
                messages: 4,
                ..Traffic::default()
            },
            received: Traffic {
                messages: 17,
                ..Traffic::default()
            },
            ..Ending::new(end, cause, Duration::from_millis(12_300))
        }
    }

    fn closed(code: u16) -> Ending {
        let end = End::Closed {
            by_peer: true,
            sent: Some(frame(code, "")),
            received: Some(frame(code, "")),
        };
        ended(end, None)
    }

    fn line(end: End, cause: Option<Cause>) -> String {
        ending(&ended(end, cause), "server")
    }

    fn frame(code: u16, reason: &str) -> CloseFrame {
        CloseFrame::new(CloseCode(code), reason)
    }

    #[test]
    fn shows_who_closed_and_with_which_code() {
        let end = End::Closed {
            by_peer: true,
            sent: Some(frame(1008, "")),
            received: Some(frame(1008, "token expired")),
        };
        assert_eq!(
            line(end, None),
            "closed by server: 1008 policy violation \"token expired\" after 12.3 s (4 sent, 17 received)"
        );
        let end = End::Closed {
            by_peer: false,
            sent: Some(frame(1000, "")),
            received: Some(frame(1000, "")),
        };
        assert_eq!(
            line(end, Some(Cause::Signal(Signal::Interrupt))),
            "interrupted; closed: 1000 normal closure after 12.3 s (4 sent, 17 received)"
        );
    }

    #[test]
    fn says_of_1005_that_it_is_never_on_the_wire() {
        let end = End::Closed {
            by_peer: true,
            sent: None,
            received: None,
        };
        assert!(line(end, None).contains("1005, which is never on the wire"));
    }

    #[test]
    fn recognises_the_idle_timeout_of_a_proxy() {
        let end = End::Lost {
            error: Some("TCP reset".to_owned()),
            partial: Some(Partial::Payload {
                received: 17,
                expected: 400,
            }),
            silence: Duration::from_mins(1),
            closing: false,
        };
        assert_eq!(
            line(end.clone(), None),
            "abnormal closure (1006, which is never on the wire): TCP reset in the middle of a frame \
             (17 of 400 bytes), 1 min 0 s after the last frame (typical of a proxy's idle timeout) \
             after 12.3 s (4 sent, 17 received)"
        );
        let hint = hint(&ended(end, None));
        assert_eq!(hint.as_deref(), Some("try --ping-interval 25s"));
    }

    #[test]
    fn silences_that_no_proxy_cuts_are_not_blamed_on_one() {
        for secs in [30, 50, 55, 62, 76, 100, 120, 300, 350, 602, 3601] {
            assert!(is_proxy_timeout(Duration::from_secs(secs)), "{secs} s");
        }
        for secs in [0, 1, 10, 25, 40, 70, 85, 110, 150, 400, 1000] {
            assert!(!is_proxy_timeout(Duration::from_secs(secs)), "{secs} s");
        }
    }

    #[test]
    fn a_lost_connection_reports_unconfirmed_messages() {
        let lost = Ending {
            end: End::Lost {
                error: Some("TCP reset".to_owned()),
                partial: None,
                silence: Duration::ZERO,
                closing: false,
            },
            cause: None,
            at_risk: 3,
            ..closed(1000)
        };
        assert_eq!(
            loss(&lost),
            "connection lost after 12.3 s: TCP reset; up to 3 messages sent may be lost"
        );
        let restarted = closed(1012);
        assert_eq!(
            loss(&restarted),
            "closed by server: 1012 service restart after 12.3 s"
        );
    }

    #[test]
    fn the_last_line_counts_several_connections() {
        let mut last = closed(1000);
        last.add(&Ending {
            at_risk: 2,
            ..closed(1012)
        });
        assert_eq!(
            ending(&last, "server"),
            "closed by server: 1000 normal closure after 12.3 s (8 sent, 34 received) on 2 connections; \
             up to 2 messages sent may be lost"
        );
    }

    #[test]
    fn names_the_rule_the_section_and_the_bytes() {
        let end = End::Failed(Violation::new(Rule::MaskedByServer, &[0x81, 0x85], 120));
        assert_eq!(
            line(end, None),
            "protocol violation by the server: a server must not mask its frames (RFC 6455 §5.1); \
             bytes 81 85 at offset 120; closed with 1002 after 12.3 s (4 sent, 17 received)"
        );
    }
}
