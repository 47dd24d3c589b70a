//! The last line: how a session ended.

use std::fmt::Write;
use std::time::Duration;

use super::close::{close_text, violation_text};
use super::escape::escape_line;
use super::hint::table;
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
            let end = stuck_text(ending, peer).unwrap_or_else(|| end_text(ending, peer));
            match (&ending.cause, &ending.end) {
                // What the protocol on top says is all that is known: no Close frame was due.
                (Some(Cause::OnTop { text, .. }), End::Lost { .. }) => {
                    format!("{}; open for ", escape_line(text))
                }
                _ => format!("{cause}{end}{}", joint(ending)),
            }
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
    if ending.is_unsent() || ending.is_stuck() || ending.is_held_back() {
        let _ = write!(text, "; {}", unsent_text(ending));
    }
    text
}

pub fn hint(ending: &Ending) -> Option<String> {
    match (&ending.gave_up, &ending.cause, &ending.end) {
        (Some(gave_up), ..) => gave_up.hint.clone(),
        (None, Some(Cause::Input { hint, .. } | Cause::OnTop { hint, .. }), _) => {
            let hint = hint.as_deref()?;
            let rest = hint.strip_suffix(AGAIN).filter(|_| ending.ours.is_lasting);
            Some(rest.unwrap_or(hint).to_owned())
        }
        _ => table::of_ending(ending),
    }
}

/// Advice that a connection which lasts does not need.
const AGAIN: &str = "; --reconnect connects again";

/// What joins the end and its duration: an abnormal end may have a duration of its own.
fn joint(ending: &Ending) -> &'static str {
    match &ending.end {
        _ if ending.is_stuck() => "; open for ",
        End::Closed { .. } | End::NotAwaited { .. } | End::Failed(_) => " after ",
        // Time without a connection counts too.
        _ if ending.connections > 1 => "; ",
        _ => "; open for ",
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
    }
    // The end of a single connection is its own warning, unless the server may only have seemed to live.
    if ending.connections > 1 || ending.cause.as_ref().is_some_and(Cause::is_silence) {
        risk(&mut text, ending.at_risk);
    }
    text
}

pub(super) fn loss(ending: &Ending) -> String {
    let lasted = quantity::duration(ending.lasted);
    let why = match &ending.end {
        // The protocol on top has said why.
        End::Lost { .. } if matches!(ending.cause, Some(Cause::OnTop { .. })) => {
            format!("connection lost after {lasted}")
        }
        End::Lost {
            error,
            partial,
            silence,
            closing,
        } => {
            let why = lost_text(error.as_deref(), *partial, *silence, *closing, "server");
            format!("connection lost after {lasted}: {why}")
        }
        _ => format!("{}{}{lasted}", end_text(ending, "server"), joint(ending)),
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
        (Some(sent), None) => format!("; compressed to {sent} out"),
        (None, Some(received)) => format!("; compressed to {received} in"),
        (Some(sent), Some(received)) => format!("; compressed to {sent} out, {received} in"),
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
        Cause::Quit | Cause::Close | Cause::Reconnect | Cause::EndOfInput => String::new(),
        Cause::Count(count) => format!("got {}; ", quantity::plural(*count, "message")),
        Cause::OutputClosed => "stdout was closed; ".to_owned(),
        Cause::Signal(Signal::Interrupt) => "interrupted; ".to_owned(),
        Cause::Signal(Signal::Terminate) => format!("terminated ({}); ", Signal::Terminate),
        Cause::Signal(Signal::Hangup) => format!("hung up ({}); ", Signal::Hangup),
        Cause::MaxTime(limit) => {
            format!("stopped by --max-time ({}); ", quantity::duration(*limit))
        }
        Cause::Idle(limit) => {
            let limit = quantity::duration(*limit);
            format!("nothing received for {limit} (--idle-timeout); ")
        }
        Cause::Input { problem, .. } => format!("{}; ", escape_line(problem)),
        Cause::OnTop { text, .. } => format!("{}; ", escape_line(text)),
        Cause::Write(text) => format!("cannot write to stdout ({}); ", escape_line(text)),
    }
}

fn end_text(ending: &Ending, peer: &str) -> String {
    match &ending.end {
        End::Closed { .. } if ending.ours.is_polled => "closed the session".to_owned(),
        End::Closed {
            by_peer: true,
            received,
            ..
        } => {
            let within = if ending.is_cut {
                " in the middle of a fragmented message"
            } else {
                ""
            };
            format!(
                "closed by {peer}{within}: {}",
                close_text(received.as_ref())
            )
        }
        End::Closed { sent, received, .. } => closed_text(sent.as_ref(), received.as_ref(), peer),
        End::Failed(violation) if matches!(violation.rule, Rule::MessageTooBig(_)) => {
            format!("limit exceeded: {}; closed with 1009", violation.rule)
        }
        End::Failed(violation) if violation.rule == Rule::Http => {
            format!(
                "after its 101 the {peer} sent {}",
                violation_text(violation)
            )
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
        End::Abandoned { reset } => {
            let by = match (is_http2(ending), reset) {
                (true, true) => "RST_STREAM CANCEL",
                (true, false) => "END_STREAM",
                (false, true) => "TCP RST",
                (false, false) => "TCP FIN",
            };
            format!("connection dropped by us ({by}), no Close frame sent")
        }
        End::NotAwaited { sent } => {
            if ending.ours.is_polled {
                return "closed the session, without waiting for the answer".to_owned();
            }
            format!(
                "closed: {}, without waiting for the answer",
                close_text(sent.as_ref())
            )
        }
        End::CloseTimeout if ending.ours.is_polled => {
            format!("the {peer} did not answer the last request in time")
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

/// The end of a connection on which the peer had stopped reading.
fn stuck_text(ending: &Ending, peer: &str) -> Option<String> {
    let stuck = ending.stuck.filter(|_| ending.is_stuck())?;
    let stuck = quantity::duration(stuck);
    Some(format!("the {peer} has read nothing for {stuck}"))
}

/// A closing handshake that this side began; an answer is shown only if it is not an echo.
fn closed_text(sent: Option<&CloseFrame>, received: Option<&CloseFrame>, peer: &str) -> String {
    let mut text = format!("closed: {}", close_text(sent));
    if received.map(|frame| frame.code) != sent.map(|frame| frame.code) {
        let _ = write!(text, ", the {peer} answered {}", close_text(received));
    }
    text
}

/// Whether the connection is a stream of HTTP/2, which extended CONNECT opened (RFC 8441 §4).
fn is_http2(ending: &Ending) -> bool {
    let request = ending.evidence.request.as_ref();
    ending.ours.is_http2 || request.is_some_and(|request| request.text(":protocol").is_some())
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
            let received = quantity::plural(received as u64, "byte");
            let _ = write!(text, " in the middle of a frame header ({received})");
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
            " after {} without a frame",
            quantity::duration(silence)
        );
    }
    text
}

fn unsent_text(ending: &Ending) -> String {
    let unsent = ending.unsent;
    match (unsent.messages, unsent.bytes) {
        (0, 0) => "the Close frame was not sent".to_owned(),
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
    use crate::exit::Exit;
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
    fn a_connection_that_lasts_is_not_advised_to_connect_again() {
        let reset = End::Lost {
            error: Some("TCP reset".to_owned()),
            partial: None,
            silence: Duration::ZERO,
            closing: false,
        };
        let on_top = Cause::OnTop {
            text: "gone".to_owned(),
            hint: Some("the server may have ended; --reconnect connects again".to_owned()),
            exit: Exit::Abnormal,
            may_pass: true,
        };
        for cause in [None, Some(on_top)] {
            let mut ending = ended(reset.clone(), cause);
            ending.evidence.symptom = crate::event::Symptom::Ended;
            let advice = hint(&ending).expect("a hint");
            assert!(advice.ends_with("--reconnect connects again"), "{advice}");
            ending.ours.is_lasting = true;
            let advice = hint(&ending).expect("a hint");
            assert!(!advice.contains("--reconnect"), "{advice}");
        }
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
    fn the_duration_of_an_abnormal_end_is_apart_from_that_of_its_cause() {
        let lost = End::Lost {
            error: None,
            partial: None,
            silence: Duration::from_secs(2),
            closing: false,
        };
        let pong = End::NoPong(Duration::from_secs(20));
        for (end, text) in [
            (&lost, " without a Close frame after 2.0 s without a frame"),
            (&pong, " from the server for 20.0 s"),
            (&End::Abandoned { reset: false }, ", no Close frame sent"),
            (&End::CloseTimeout, " the Close frame in time"),
        ] {
            let line = line(end.clone(), None);
            let totals = format!("{text}; open for 12.3 s (4 sent, 17 received)");
            assert!(line.ends_with(&totals), "{line}");
        }
        assert!(loss(&ended(pong, None)).ends_with(" for 20.0 s; open for 12.3 s"));
        let mut second = ended(lost, None);
        second.add(&closed(1012));
        let line = ending(&second, "server");
        assert!(line.contains(" without a frame; 12.3 s (8 sent"), "{line}");
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
