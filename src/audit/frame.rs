//! Frames that break a rule: whether the server fails the connection, with which code, and lives on.

use std::future::ready;
use std::time::Duration;

use super::auditor::Auditor;
use super::check::{Check, Group};
use super::cure;
use super::options::Level;
use super::reaction::{Taken, outcome, taken};
use super::severity::{Severity, Sure};
use super::survival::survives;
use super::verdict::{Judged, found, passed, untested};
use super::wire::{encoded, frame, part};
use crate::proto::frame::{Header, LengthForm, Opcode};
use crate::render::quantity;

/// The codes of a connection that is failed for the protocol, and for text.
const PROTOCOL: &[u16] = &[1002];
const TEXT: &[u16] = &[1007];
/// RFC 7692 names no code for data that does not inflate.
const INFLATE: &[u16] = &[1002, 1003, 1007, 1009, 1011];

macro_rules! check {
    ($id:literal, $severity:ident, $title:literal, $rule:literal, $about:literal, $risk:literal, $codes:ident, $frames:expr) => {
        Check {
            id: $id,
            level: Level::Probe,
            severity: Severity::$severity,
            title: $title,
            rule: $rule,
            about: $about,
            risk: $risk,
            cures: cure::$codes,
            connections: 1,
            run: |it| Box::pin(broken(it, ($id, Severity::$severity), $codes, $frames())),
        }
    };
}

pub(super) const GROUP: Group = Group {
    name: "frame",
    about: "How the server takes frames that break a rule. It should close the connection with the right code, and take another one afterwards",
    checks: &[
        check!(
            "frame-unmasked",
            Medium,
            "Frames without a mask are accepted",
            "RFC 6455 §5.1",
            "Sends a text message without a mask. The server must close the connection; masks keep proxies from taking what a page sends for HTTP.",
            "A page makes a proxy on the way take its message for an HTTP request, and fills the cache of the proxy.",
            PROTOCOL,
            unmasked
        ),
        check!(
            "frame-rsv1",
            Low,
            "RSV1 is accepted in a control frame",
            "RFC 6455 §5.2, RFC 7692 §6.1",
            "Sends a ping with RSV1, which no extension gives a meaning in control frames.",
            "A peer with an extension that was not agreed on is not noticed, and its data are taken for something else.",
            PROTOCOL,
            || bits(|header| header.rsv1 = true)
        ),
        check!(
            "frame-rsv2",
            Low,
            "RSV2 is accepted",
            "RFC 6455 §5.2",
            "Sends a text message with RSV2, for which no extension was agreed on.",
            "A peer with an extension that was not agreed on is not noticed, and its data are taken for something else.",
            PROTOCOL,
            || text_bits(|header| header.rsv2 = true)
        ),
        check!(
            "frame-rsv3",
            Low,
            "RSV3 is accepted",
            "RFC 6455 §5.2",
            "Sends a text message with RSV3, for which no extension was agreed on.",
            "A peer with an extension that was not agreed on is not noticed, and its data are taken for something else.",
            PROTOCOL,
            || text_bits(|header| header.rsv3 = true)
        ),
        check!(
            "frame-opcode",
            Low,
            "A reserved opcode of data is accepted",
            "RFC 6455 §5.2",
            "Sends a frame with opcode 3. An endpoint that receives an unknown opcode must fail the connection.",
            "A firewall that refuses unknown opcodes and a server that takes them see different messages.",
            PROTOCOL,
            || frame(Opcode::from_bits(3), b"audit")
        ),
        check!(
            "frame-opcode-control",
            Low,
            "A reserved opcode of control is accepted",
            "RFC 6455 §5.2",
            "Sends a frame with opcode 11. An endpoint that receives an unknown opcode must fail the connection.",
            "A firewall that refuses unknown opcodes and a server that takes them see different messages.",
            PROTOCOL,
            || frame(Opcode::from_bits(11), b"audit")
        ),
        check!(
            "frame-fragmented-control",
            Low,
            "A fragmented control frame is accepted",
            "RFC 6455 §5.5",
            "Sends a ping without FIN. Control frames must not be fragmented.",
            "A firewall and the server put the fragments of a message together in different ways.",
            PROTOCOL,
            || bits(|header| header.fin = false)
        ),
        check!(
            "frame-long-control",
            Low,
            "A control frame above 125 bytes is accepted",
            "RFC 6455 §5.5",
            "Sends a ping with 126 bytes of payload, one more than a control frame may have.",
            "Pings of megabytes, which nothing else limits, are kept and sent back.",
            PROTOCOL,
            || frame(Opcode::PING, &[b'a'; 126])
        ),
        check!(
            "frame-continuation",
            Low,
            "A continuation without a message is accepted",
            "RFC 6455 §5.4",
            "Sends a continuation frame though no message has begun.",
            "A message that a filter never saw the beginning of reaches the application.",
            PROTOCOL,
            || frame(Opcode::CONTINUATION, b"audit")
        ),
        check!(
            "frame-interleaved",
            Low,
            "A message inside another is accepted",
            "RFC 6455 §5.4",
            "Begins a fragmented message, and then another one. Fragments of one message must not be interleaved with those of another.",
            "A filter and the server put the two messages together in different ways, so that one passes unseen.",
            PROTOCOL,
            interleaved
        ),
        check!(
            "frame-length",
            Info,
            "A length in more bytes than it needs is accepted",
            "RFC 6455 §5.2",
            "Sends a ping of 5 bytes with the length in 16 bits. The minimal number of bytes must be used; most libraries do not look, and it is harmless unless two parts of a system read frames in different ways.",
            "A filter that reads the length in another way sees other frames than the server.",
            PROTOCOL,
            || bits(|header| header.length_form = LengthForm::Bits16)
        ),
        check!(
            "frame-close-short",
            Low,
            "A Close with one byte is taken for a valid one",
            "RFC 6455 §5.5.1",
            "Sends a Close whose payload is one byte, which is half a code.",
            "A broken client is not noticed, and a log has a code that was never sent.",
            PROTOCOL,
            || frame(Opcode::CLOSE, &[3])
        ),
        check!(
            "frame-close-code",
            Low,
            "A Close with a code that may not be sent is taken for a valid one",
            "RFC 6455 §7.4",
            "Sends a Close with the code 1005, which means that there is none and must not be sent.",
            "A log or an application takes a code for one that the library made up, such as a lost connection.",
            PROTOCOL,
            || frame(Opcode::CLOSE, &1005_u16.to_be_bytes())
        ),
        check!(
            "frame-close-range",
            Low,
            "A Close with a code out of range is taken for a valid one",
            "RFC 6455 §7.4.2",
            "Sends a Close with the code 999; codes begin with 1000.",
            "An application that trusts the code takes a way that it has for no valid one.",
            PROTOCOL,
            || frame(Opcode::CLOSE, &999_u16.to_be_bytes())
        ),
        check!(
            "frame-text-early",
            Low,
            "Text that is not UTF-8 is accepted",
            "RFC 6455 §8.1",
            "Sends a text message with a byte in its middle that no UTF-8 has.",
            "Text that no program expects reaches the application, where a filter and a database read it in different ways.",
            TEXT,
            || frame(Opcode::TEXT, b"audit\xffaudit")
        ),
        check!(
            "frame-text-late",
            Low,
            "Text that ends within a character is accepted",
            "RFC 6455 §8.1",
            "Sends a fragmented text message that ends in the middle of a character.",
            "Text that no program expects reaches the application, where a filter and a database read it in different ways.",
            TEXT,
            late_text
        ),
        Check {
            id: "frame-deflate",
            level: Level::Probe,
            severity: Severity::Low,
            title: "Compressed data that does not inflate is accepted",
            rule: "RFC 7692 §7.2.2",
            about: "Sends a compressed message with a block of a type that does not exist. Needs permessage-deflate.",
            risk: "What the library makes of broken data reaches the application as a message.",
            cures: cure::PROTOCOL,
            connections: 1,
            run: |it| Box::pin(deflate(it)),
        },
        Check {
            id: "frame-code",
            level: Level::Probe,
            severity: Severity::Info,
            title: "Broken frames are answered with another close code than the right one",
            rule: "RFC 6455 §7.4.1",
            about: "Looks at the codes with which the server closed connections in the other checks of this group: 1002 for what breaks the protocol, 1007 for text that is not UTF-8. A server that ends TCP without a Close is none.",
            risk: "The cause of a closed connection is looked for in the wrong place.",
            cures: cure::PROTOCOL,
            connections: 0,
            run: |it| Box::pin(ready(code(it))),
        },
        Check {
            id: "frame-survives",
            level: Level::Probe,
            severity: Severity::High,
            title: "After broken frames the server takes no connection",
            rule: "CWE-400, CWE-248",
            about: "Connects again after all broken frames, three times within some seconds if it has to. A finding if the server that let the first connection in does not answer any more.",
            risk: "Anybody ends the service with a frame of some bytes.",
            cures: cure::CRASH,
            connections: 3,
            run: |it| Box::pin(survives(it, "the broken frames")),
        },
    ],
};

fn unmasked() -> Vec<u8> {
    encoded(Header::new(true, Opcode::TEXT, None, 5), b"audit")
}

/// A ping with a header that is changed.
fn bits(change: fn(&mut Header)) -> Vec<u8> {
    changed(Opcode::PING, change)
}

fn text_bits(change: fn(&mut Header)) -> Vec<u8> {
    changed(Opcode::TEXT, change)
}

fn changed(opcode: Opcode, change: fn(&mut Header)) -> Vec<u8> {
    let mut header = Header::new(true, opcode, Some(rand::random()), 5);
    change(&mut header);
    encoded(header, b"audit")
}

fn interleaved() -> Vec<u8> {
    let first = part(false, Opcode::TEXT, b"one");
    [first, part(true, Opcode::TEXT, b"two")].concat()
}

fn late_text() -> Vec<u8> {
    let first = part(false, Opcode::TEXT, b"audit");
    [first, part(true, Opcode::CONTINUATION, b"\xe2\x82")].concat()
}

/// How long a Close may come after the pong, as servers may answer pings before they judge a message. Only what would
/// be a finding waits for all of it: 16 s with a server that looks at nothing, for which a run has the time.
const GRACE: Duration = Duration::from_secs(1);

async fn broken(
    it: &mut Auditor,
    (id, severity): (&'static str, Severity),
    codes: &[u16],
    bytes: Vec<u8>,
) -> Judged {
    let timeout = it.timeout();
    let mut wire = it.watched().await?;
    wire.send(&bytes, timeout).await?;
    let mut taken = taken(&mut wire, timeout, Duration::ZERO).await?;
    let is_answered = taken == Taken::Accepted;
    let grace = GRACE.min(timeout);
    if is_answered {
        let later = outcome(&mut wire, grace, Duration::ZERO).await?;
        taken = if later == Taken::Silent { taken } else { later };
    }
    let trace = wire.trace.clone();
    let brief = taken.brief();
    it.probed_frames |= matches!(taken, Taken::Closed(_) | Taken::HalfCode);
    match taken {
        Taken::Closed(Some(code)) if codes.contains(&code) => passed(brief),
        Taken::Closed(_) | Taken::HalfCode | Taken::Dropped(_) if is_answered => untested(format!(
            "{brief} some time after a pong, perhaps for another reason"
        )),
        Taken::Closed(_) | Taken::HalfCode => {
            let expected: Vec<String> = codes.iter().map(ToString::to_string).collect();
            let evidence = format!("{brief} instead of {}", expected.join(" or "));
            // What may not be sent comes back from a server that looks at nothing.
            let is_echo = matches!(taken, Taken::HalfCode | Taken::Closed(Some(999 | 1005)));
            if is_echo && id.starts_with("frame-close") {
                return found(severity, Sure::Certain, evidence, [trace]);
            }
            // It does end the connection.
            it.odd_codes.push((id, evidence.clone(), trace));
            passed(evidence)
        }
        Taken::Dropped(_) => passed(brief),
        Taken::Accepted => {
            wire.leave().await;
            let grace = quantity::duration(grace);
            let evidence = format!(
                "the ping that follows is answered, and the connection is open {grace} later"
            );
            found(severity, Sure::Certain, evidence, [trace])
        }
        Taken::Silent => {
            let limit = quantity::duration(timeout);
            untested(format!("neither closed nor answered within {limit}"))
        }
    }
}

async fn deflate(it: &mut Auditor) -> Judged {
    if it.agreed()?.deflate.is_none() {
        return untested("the server does not agree to permessage-deflate");
    }
    // RFC 1951 §3.2.3: the block type 11 is reserved.
    let mut header = Header::new(true, Opcode::TEXT, Some(rand::random()), 4);
    header.rsv1 = true;
    let bytes = encoded(header, &[0x07, 0xff, 0xff, 0xff]);
    broken(it, ("frame-deflate", Severity::Low), INFLATE, bytes).await
}

fn code(it: &Auditor) -> Judged {
    it.agreed()?;
    let Some((id, first, trace)) = it.odd_codes.first() else {
        return if it.probed_frames {
            passed("")
        } else {
            untested("no broken frame was answered")
        };
    };
    let mut evidence = format!("{id}: {first}");
    let more: Vec<&str> = it.odd_codes[1..].iter().map(|(id, ..)| *id).collect();
    if !more.is_empty() {
        evidence = format!("{evidence}; also {}", more.join(", "));
    }
    found(Severity::Info, Sure::Certain, evidence, [trace.clone()])
}
