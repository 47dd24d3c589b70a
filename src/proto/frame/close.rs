//! Close frames: status codes and reasons (RFC 6455 §5.5.1, §7.4).

use std::fmt;

/// The status code of a Close frame (RFC 6455 §7.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// 1000: the purpose of the connection is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// 1001: the endpoint is going away.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: a protocol error.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1005: not on the wire; stands for a Close frame without a code.
    pub const NO_STATUS: Self = Self(1005);
    /// 1006: not on the wire; stands for a connection that ended without a Close frame.
    pub const ABNORMAL: Self = Self(1006);
    /// 1007: data that does not match its type, such as text that is not UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// 1009: a message that is too big.
    pub const TOO_BIG: Self = Self(1009);
    /// 1011: an internal error at this end.
    pub const INTERNAL: Self = Self(1011);

    /// The code's registered name; `None` where the registry has none.
    pub fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            1000 => "normal closure",
            1001 => "going away",
            1002 => "protocol error",
            1003 => "unsupported data",
            1004 => "reserved",
            1005 => "no status received",
            1006 => "abnormal closure",
            1007 => "invalid frame payload data",
            1008 => "policy violation",
            1009 => "message too big",
            1010 => "mandatory extension",
            1011 => "internal error",
            1012 => "service restart",
            1013 => "try again later",
            1014 => "bad gateway",
            1015 => "TLS handshake",
            3000 => "unauthorized",
            3003 => "forbidden",
            3008 => "timeout",
            3001..=3999 => "registered with IANA",
            4000..=4999 => "private use",
            _ => return None,
        })
    }

    /// Whether the code may be sent in a Close frame (RFC 6455 §7.4.1, §7.4.2).
    pub fn is_allowed_on_wire(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }

    /// Whether a peer that closes with this code reports no error.
    pub fn is_ok(self) -> bool {
        matches!(self.0, 1000 | 1001 | 1005)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{} {name}", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

/// The body of a Close frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseFrame {
    /// Why the connection is closed.
    pub code: CloseCode,
    /// The reason; may be empty; at most [`Self::MAX_REASON`] bytes on the wire.
    pub reason: String,
}

impl CloseFrame {
    /// A control frame holds 125 bytes, two of which are the code (RFC 6455 §5.5).
    pub const MAX_REASON: usize = super::MAX_CONTROL - 2;

    /// A body with this code and reason.
    pub fn new(code: CloseCode, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }

    /// The bytes of the body.
    pub fn encode(&self) -> Vec<u8> {
        let mut body = self.code.0.to_be_bytes().to_vec();
        body.extend_from_slice(self.reason.as_bytes());
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_on_the_wire_are_those_of_rfc6455_section_7_4() {
        let allowed: Vec<u16> = (0..=u16::MAX)
            .filter(|&code| CloseCode(code).is_allowed_on_wire())
            .collect();
        let expected: Vec<u16> = (1000..=1003)
            .chain(1007..=1014)
            .chain(3000..=4999)
            .collect();
        assert_eq!(allowed, expected);
    }

    #[test]
    fn codes_print_with_their_names() {
        assert_eq!(CloseCode(1008).to_string(), "1008 policy violation");
        assert_eq!(CloseCode(999).to_string(), "999");
    }
}
