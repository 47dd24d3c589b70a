//! A message that is encoded once for many connections.

use super::frame::{Header, Opcode};
use super::message::Kind;

/// A server's message as one frame, neither masked nor compressed.
///
/// RFC 7692 §6: an endpoint may send any message uncompressed, so the same frame fits every connection.
#[derive(Debug)]
pub struct Encoded {
    kind: Kind,
    frame: Vec<u8>,
    header: usize,
}

impl Encoded {
    /// Encodes `payload`.
    pub fn new(kind: Kind, payload: &[u8]) -> Self {
        let opcode: Opcode = kind.opcode();
        let header = Header::new(true, opcode, None, payload.len() as u64);
        let mut frame = vec![0; Header::MAX + payload.len()];
        let size = header.encode(&mut frame);
        frame.truncate(size);
        frame.extend_from_slice(payload);
        Self {
            kind,
            frame,
            header: size,
        }
    }

    /// Whether it is text.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The payload, without the header of its frame.
    pub fn payload(&self) -> &[u8] {
        &self.frame[self.header..]
    }

    /// All bytes on the wire.
    pub fn frame(&self) -> &[u8] {
        &self.frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_the_bytes_of_rfc6455_section_5_7() {
        let message = Encoded::new(Kind::Text, b"Hello");
        assert_eq!(message.frame(), [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
        assert_eq!(message.payload(), b"Hello");
    }
}
