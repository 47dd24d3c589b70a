//! The types that packets are made of (MQTT 5 §1.5), and what is wrong with bytes that are no packet.

/// The largest remaining length (MQTT 5 §2.1.4).
pub(super) const LONGEST: usize = 268_435_455;

/// The names of the packet types, by their number.
const NAMES: [&str; 16] = [
    "packet 0",
    "CONNECT",
    "CONNACK",
    "PUBLISH",
    "PUBACK",
    "PUBREC",
    "PUBREL",
    "PUBCOMP",
    "SUBSCRIBE",
    "SUBACK",
    "UNSUBSCRIBE",
    "UNSUBACK",
    "PINGREQ",
    "PINGRESP",
    "DISCONNECT",
    "AUTH",
];

/// The name of the packet that begins with this byte.
pub(super) fn name(first: u8) -> &'static str {
    NAMES[usize::from(first >> 4)]
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("it is text, and MQTT's packets are binary")]
    Text,
    #[error("its remaining length has more than 4 bytes")]
    Length,
    #[error("its remaining length is {0}, more than the {1} of --max-message")]
    TooLong(usize, usize),
    #[error("{0} is cut off")]
    Short(&'static str),
    #[error("{0} has {1} bytes too many")]
    Surplus(&'static str, usize),
    #[error("{0} has a text that is not UTF-8")]
    NotUtf8(&'static str),
    #[error("{0} has the unknown property {1}")]
    Property(&'static str, u8),
    #[error("{0} has more than {1} properties")]
    Properties(&'static str, usize),
    #[error("{0} has QoS 3")]
    QoS(&'static str),
    #[error("{0} has the packet identifier 0")]
    NoId(&'static str),
    #[error("{0} is no packet that a server sends")]
    Direction(&'static str),
    #[error("{0} is no packet that a client sends")]
    OfServer(&'static str),
    #[error("{0} has wrong flags")]
    Flags(&'static str),
    #[error("{0} has more than {1} topics, or none")]
    Topics(&'static str, usize),
}

/// What is left of a packet, whose name is in the faults.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'p> {
    pub of: &'static str,
    rest: &'p [u8],
}

impl<'p> Reader<'p> {
    pub(super) fn new(of: &'static str, bytes: &'p [u8]) -> Self {
        Self { of, rest: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn rest(&mut self) -> &'p [u8] {
        std::mem::take(&mut self.rest)
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'p [u8], Fault> {
        let (taken, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or(Fault::Short(self.of))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn number(&mut self, len: usize) -> Result<u32, Fault> {
        let bytes = self.take(len)?;
        Ok(bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
    }

    pub(super) fn byte(&mut self) -> Result<u8, Fault> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn id(&mut self) -> Result<u16, Fault> {
        match self.take(2)? {
            [0, 0] => Err(Fault::NoId(self.of)),
            bytes => Ok(u16::from_be_bytes([bytes[0], bytes[1]])),
        }
    }

    /// A variable byte integer.
    pub(super) fn variable(&mut self) -> Result<usize, Fault> {
        match variable(self.rest)? {
            Some((value, len)) => {
                self.take(len)?;
                Ok(value)
            }
            None => Err(Fault::Short(self.of)),
        }
    }

    pub(super) fn binary(&mut self) -> Result<&'p [u8], Fault> {
        let len = self.number(2)?;
        self.take(len as usize)
    }

    pub(super) fn text(&mut self) -> Result<&'p str, Fault> {
        std::str::from_utf8(self.binary()?).map_err(|_| Fault::NotUtf8(self.of))
    }

    pub(super) fn finish(self) -> Result<(), Fault> {
        match self.rest.len() {
            0 => Ok(()),
            surplus => Err(Fault::Surplus(self.of, surplus)),
        }
    }
}

/// A variable byte integer at the start, and its length; `None` if it is not complete.
pub(super) fn variable(bytes: &[u8]) -> Result<Option<(usize, usize)>, Fault> {
    let mut value = 0;
    for (at, byte) in bytes.iter().take(4).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(Some((value, at + 1)));
        }
    }
    if bytes.len() < 4 {
        Ok(None)
    } else {
        Err(Fault::Length)
    }
}

pub(super) fn put_variable(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let byte = u8::try_from(value & 0x7f).unwrap_or_default();
        value >>= 7;
        if value == 0 {
            return out.push(byte);
        }
        out.push(byte | 0x80);
    }
}

/// Bytes with their length in front; those that are too long are refused before.
pub(super) fn put_binary(out: &mut Vec<u8>, bytes: &[u8]) {
    let len = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    out.extend(len.to_be_bytes());
    out.extend(&bytes[..usize::from(len)]);
}

/// A packet: its first byte, and all that follows the remaining length.
pub(super) fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 5);
    out.push(first);
    put_variable(&mut out, body.len());
    out.extend(body);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_byte_integer_has_up_to_four_bytes() {
        for value in [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, LONGEST] {
            let mut out = Vec::new();
            put_variable(&mut out, value);
            assert_eq!(variable(&out), Ok(Some((value, out.len()))));
            assert_eq!(variable(&out[..out.len() - 1]), Ok(None));
        }
        assert_eq!(variable(b"\x80\x80\x80\x80\x01"), Err(Fault::Length));
    }
}
