//! What the user adds to one direction.

use super::Queue;
use crate::command::{FrameSpec, Masking, Outgoing};
use crate::proto::frame::{CloseCode, CloseFrame, Header, Opcode};
use crate::proxy::touch::{Note, encode};

impl Queue {
    /// Sends something ahead of what waits.
    pub(in crate::proxy::touch) fn inject(&mut self, what: &Outgoing) {
        if self.is_within {
            let text = "it leaves once the message has ended that is leaving now";
            self.notes.push(Note::Fact(text.to_owned()));
        }
        let text = |text: &str| (Opcode::TEXT, text.as_bytes().to_vec());
        let (opcode, payload) = match what {
            Outgoing::Line(line) | Outgoing::Text(line) => text(line),
            Outgoing::Binary(payload) => (Opcode::BINARY, payload.clone()),
            Outgoing::Ping(payload) => (Opcode::PING, payload.clone()),
            Outgoing::Pong(payload) => (Opcode::PONG, payload.clone()),
            Outgoing::Close { code, reason } => {
                let body = code.map(|code| CloseFrame::new(CloseCode(code), reason).encode());
                (Opcode::CLOSE, body.unwrap_or_default())
            }
            Outgoing::Fragment { frames, text } => return self.inject_fragments(*frames, text),
            Outgoing::Frame(spec) => return self.inject_frame(spec),
            Outgoing::Raw(bytes) => return self.injected.extend(bytes),
            // Refused where it is typed, or never typed here.
            Outgoing::File { .. } | Outgoing::Drop | Outgoing::Reset | Outgoing::Spoken(_) => {
                return;
            }
        };
        let frame = self.frame(true, opcode, &payload);
        self.injected.extend(frame);
    }

    fn inject_fragments(&mut self, frames: usize, text: &str) {
        let payload = text.as_bytes();
        let frames = frames.max(1);
        let mut from = 0;
        for number in 1..=frames {
            let to = payload.len() * number / frames;
            let opcode = if number == 1 {
                Opcode::TEXT
            } else {
                Opcode::CONTINUATION
            };
            let frame = self.frame(number == frames, opcode, &payload[from..to]);
            self.injected.extend(frame);
            from = to;
        }
    }

    fn inject_frame(&mut self, spec: &FrameSpec) {
        let masking_key = match spec.masking {
            Masking::Random => self.usual_key(),
            Masking::Off => None,
            Masking::Key(key) => Some(key),
        };
        let header = Header {
            masking_key,
            ..spec.header
        };
        self.injected.extend(encode(&header, &spec.payload));
    }
}
