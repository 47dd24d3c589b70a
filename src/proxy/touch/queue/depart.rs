//! How a message leaves: as it came, or encoded again.

use super::{Compression, Leaving, Queue, What};
use crate::event::Side;
use crate::memory::Fate;
use crate::proto::frame::{CloseCode, Header, Opcode};
use crate::proxy::rules::End;
use crate::proxy::touch::{Note, Plain, encode};

impl Queue {
    pub(super) fn depart(&mut self, what: What) {
        match what {
            What::Message(leaving) => {
                self.is_within = false;
                self.message(&leaving);
            }
            What::Bytes {
                bytes,
                is_within,
                is_compressed,
                is_close,
            } => {
                if is_close && self.records {
                    self.notes.push(Note::Closed);
                }
                if is_compressed && self.compression == Compression::Broken {
                    self.fail();
                }
                self.is_within = is_within;
                self.out.extend(bytes);
            }
        }
    }

    /// Encodes a message again if it is not the one that came, or if it refers to one that is not.
    fn message(&mut self, leaving: &Leaving) {
        let side = self.side.name();
        let is_lost = leaving.copies == 0 || leaving.is_changed;
        let is_orphan = leaving.is_compressed && self.compression == Compression::Broken;
        if let Some(number) = leaving.number.filter(|_| leaving.was_held) {
            if leaving.copies == 0 {
                self.notes.push(Note::Discarded(number));
                self.notes.push(Note::Fate(number, Some(Fate::NeverLeft)));
            } else if let (Some(before), Some(after)) = (&leaving.before, &leaving.plain) {
                let (before, after) = (before.clone(), after.clone());
                self.notes.push(Note::Edited {
                    number,
                    before,
                    after,
                });
            }
        }
        if leaving.is_close && leaving.copies > 0 && self.records {
            self.notes.push(Note::Closed);
        }
        if is_lost && leaving.is_compressed && self.compression == Compression::Context {
            self.compression = Compression::Broken;
            let text = format!(
                "later compressed messages from the {side} leave uncompressed, as they refer to it"
            );
            self.notes.push(if leaving.was_held {
                Note::Wanted(text)
            } else {
                Note::Mark(text)
            });
        }
        for copy in 0..leaving.copies {
            let is_first = copy == 0;
            let is_as_it_came = is_first && !leaving.is_changed && !is_orphan;
            if is_as_it_came {
                self.out.extend_from_slice(&leaving.frames);
            } else if let Some(plain) = &leaving.plain {
                // RFC 7692 §6: any message may be sent uncompressed.
                let frame = self.frame(true, plain.kind.opcode(), &plain.payload);
                self.out.extend(frame);
            } else {
                return self.fail();
            }
            let is_recorded = is_first && leaving.before.is_some();
            if let Some(plain) = leaving
                .plain
                .as_ref()
                .filter(|_| self.records && !is_recorded)
            {
                let deflated = plain.deflated.filter(|_| is_as_it_came);
                self.notes.push(Note::Left(Plain {
                    deflated,
                    ..plain.clone()
                }));
            }
        }
    }

    /// A compressed message refers to one that the other end does not have, and cannot be encoded again.
    fn fail(&mut self) {
        let side = self.side.name();
        let text = format!(
            "a compressed message from the {side} cannot be encoded again, as it is not valid or larger than --max-message"
        );
        self.notes.push(Note::Warning(text));
        self.end.get_or_insert(End::Close(CloseCode::INTERNAL));
    }

    /// A frame of the proxy's own.
    pub(super) fn frame(&mut self, fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
        let key = self.usual_key();
        let header = Header::new(fin, opcode, key, payload.len() as u64);
        encode(&header, payload)
    }

    pub(super) fn usual_key(&mut self) -> Option<[u8; 4]> {
        (self.side == Side::Client).then(|| self.key())
    }
}
