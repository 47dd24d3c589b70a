//! Converts the types of a session to the objects of the format.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;

use super::wire::{self, Connection, Error, Payload, Timings, Tls};
use crate::dial::tls;
use crate::event::{Direction, Ending, Opening, Phase};
use crate::proto::connection::{AutoPong, End, Message, reported_code};
use crate::proto::frame::{CloseCode, CloseFrame, LengthForm};
use crate::proto::message::Kind;
use crate::proto::receiver::WireHeader;
use crate::proto::rules::Violation;
use crate::proto::traffic::Traffic;
use crate::secret::Redactor;

impl From<&tls::Session> for Tls {
    fn from(session: &tls::Session) -> Self {
        Self {
            version: session.version.clone(),
            cipher_suite: session.cipher_suite.clone(),
            verified: session.distrust.is_none(),
            distrust: session.distrust.clone(),
        }
    }
}

pub(super) fn timings(opening: &Opening, total: Duration) -> Timings {
    let took = |phase| opening.took(phase).map(ms);
    Timings {
        dns_ms: took(Phase::Resolve),
        connect_ms: took(Phase::Tcp).or_else(|| took(Phase::Unix)),
        proxy_tls_ms: took(Phase::ProxyTls),
        tunnel_ms: took(Phase::Tunnel),
        tls_ms: took(Phase::Tls),
        upgrade_ms: took(Phase::Upgrade),
        total_ms: Some(ms(total)),
    }
}

/// A message, and what a protocol on top makes of it.
pub(super) fn whole<'a>(
    direction: Direction,
    message: &Message<'a>,
    number: u64,
    on_top: Option<&'a Value>,
) -> wire::Event<'a> {
    let (r#type, payload) = match message.kind {
        Kind::Text => (wire::Type::Text, Payload::text(message.payload)),
        Kind::Binary => (wire::Type::Binary, Payload::Base64(message.payload)),
    };
    wire::Event::Message(wire::Message {
        n: number,
        direction,
        r#type,
        size: message.payload.len(),
        deflated_size: message.deflated,
        on_top,
        payload,
    })
}

pub(super) fn ping(
    direction: Direction,
    payload: &[u8],
    answer: Option<AutoPong>,
) -> wire::Event<'_> {
    wire::Event::Ping(wire::Control {
        answer: answer.and_then(|answer| match answer {
            AutoPong::Sent => Some(wire::Answer::Sent),
            AutoPong::Queued => Some(wire::Answer::Queued),
            AutoPong::None => Some(wire::Answer::None),
            AutoPong::NotOurs => None,
        }),
        ..control(direction, payload)
    })
}

pub(super) fn pong(direction: Direction, payload: &[u8], rtt: Option<Duration>) -> wire::Event<'_> {
    wire::Event::Pong(wire::Control {
        rtt_ms: rtt.map(ms),
        ..control(direction, payload)
    })
}

fn control(direction: Direction, payload: &[u8]) -> wire::Control<'_> {
    wire::Control {
        direction,
        size: payload.len(),
        payload: Payload::text(payload),
        answer: None,
        rtt_ms: None,
    }
}

pub(super) fn closing<'a>(
    direction: Direction,
    close: Option<&'a CloseFrame>,
    redactor: &Redactor,
) -> wire::Event<'a> {
    wire::Event::Close(wire::Close {
        direction,
        code: close.map(|close| close.code.0),
        name: close.and_then(|close| close.code.name()),
        reason: close.map(|close| redactor.text(&close.reason)),
    })
}

pub(super) fn frame<'a>(direction: Direction, frame: &WireHeader) -> wire::Event<'a> {
    let header = &frame.header;
    wire::Event::Frame(wire::Frame {
        direction,
        fin: header.fin,
        rsv1: header.rsv1,
        rsv2: header.rsv2,
        rsv3: header.rsv3,
        opcode: header.opcode.bits(),
        mask: header.masking_key.map(hex::encode),
        length: header.payload_len,
        length_bits: match header.length_form {
            LengthForm::Bits7 => 7,
            LengthForm::Bits16 => 16,
            LengthForm::Bits64 => 64,
        },
        header: hex::encode(&frame.bytes[..frame.size]),
        offset: frame.offset,
    })
}

pub(super) fn broken<'a>(violation: &Violation, fatal: bool) -> wire::Event<'a> {
    let has_bytes = !violation.bytes.is_empty();
    wire::Event::Error(Box::new(Error {
        message: Cow::Owned(violation.rule.to_string()),
        fatal,
        section: violation.rule.section(),
        bytes: has_bytes.then(|| hex::encode(&violation.bytes)),
        offset: has_bytes.then_some(violation.offset),
        ..Error::default()
    }))
}

pub(super) fn ended<'a>(ending: &'a Ending, redactor: &Redactor) -> Connection<'a> {
    let (code, reason, clean) = match &ending.end {
        End::Closed { received, .. } => {
            let reason = received.as_ref().map(|close| close.reason.as_str());
            (reported_code(received.as_ref()), reason, true)
        }
        _ => (CloseCode::ABNORMAL, None, false),
    };
    Connection {
        code: code.0,
        reason: reason
            .filter(|reason| !reason.is_empty())
            .map(|reason| redactor.text(reason)),
        clean,
        duration_ms: ms(ending.lasted),
        sent: traffic(ending.sent),
        received: traffic(ending.received),
    }
}

fn traffic(traffic: Traffic) -> wire::Traffic {
    wire::Traffic {
        messages: traffic.messages,
        frames: traffic.frames,
        payload_bytes: traffic.payload,
        wire_bytes: traffic.bytes,
    }
}

/// Milliseconds, to the microsecond.
pub(super) fn ms(span: Duration) -> f64 {
    (span.as_secs_f64() * 1e6).round() / 1e3
}
