//! The rules of RFC 6455 and RFC 7692 for what a peer may send.

use std::fmt;
use std::sync::OnceLock;

use super::Role;
use super::frame::{CloseCode, CloseFrame, Header, LengthForm, MAX_CONTROL, Opcode};

/// A rule of RFC 6455 that a frame can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A server's frame is masked.
    MaskedByServer,
    /// A client's frame is not masked.
    UnmaskedByClient,
    /// A reserved bit (1, 2 or 3) is set, although no negotiated extension defines it.
    ReservedBit(u8),
    /// A compressed message, although compression was not negotiated.
    CompressedUnasked,
    /// RSV1, which marks a compressed message, on a frame that does not start one.
    CompressedInside(Opcode),
    /// A compressed message that is not valid DEFLATE data.
    NotDeflate,
    /// The opcode is reserved.
    ReservedOpcode(u8),
    /// A control frame is fragmented.
    FragmentedControl(Opcode),
    /// A control frame carries more than 125 bytes.
    OversizedControl(Opcode, u64),
    /// A continuation frame without a message to continue.
    UnexpectedContinuation,
    /// A new message before the end of the last one.
    ExpectedContinuation,
    /// The length is not written in the shortest form.
    NonMinimalLength(u64),
    /// The most significant bit of a 64-bit length is set.
    LengthTooBig(u64),
    /// A text message is not UTF-8; holds the offset of the bad sequence.
    InvalidUtf8(u64),
    /// A Close frame with a body of one byte.
    CloseBodyOfOneByte,
    /// A close code that must not be sent.
    ForbiddenCloseCode(CloseCode),
    /// A close reason that is not UTF-8.
    CloseReasonNotUtf8,
    /// HTTP came after the 101, where frames begin.
    Http,
    /// Not a rule of an RFC: a message exceeds our limit, in bytes.
    MessageTooBig(u64),
}

impl Rule {
    /// The section of the RFC; `None` for a limit of our own.
    pub fn section(self) -> Option<&'static str> {
        Some(match self {
            Self::MaskedByServer | Self::UnmaskedByClient => "RFC 6455 §5.1",
            Self::CompressedInside(_) => "RFC 7692 §6.1",
            Self::NotDeflate => "RFC 7692 §7.2.2",
            Self::ReservedBit(_)
            | Self::CompressedUnasked
            | Self::ReservedOpcode(_)
            | Self::NonMinimalLength(_)
            | Self::LengthTooBig(_)
            | Self::Http => "RFC 6455 §5.2",
            Self::UnexpectedContinuation | Self::ExpectedContinuation => "RFC 6455 §5.4",
            Self::FragmentedControl(_) | Self::OversizedControl(..) => "RFC 6455 §5.5",
            Self::CloseBodyOfOneByte => "RFC 6455 §5.5.1",
            Self::ForbiddenCloseCode(_) => "RFC 6455 §7.4",
            Self::InvalidUtf8(_) | Self::CloseReasonNotUtf8 => "RFC 6455 §8.1",
            Self::MessageTooBig(_) => return None,
        })
    }

    /// The status code to fail the connection with (RFC 6455 §7.4.1).
    pub fn close_code(self) -> CloseCode {
        match self {
            Self::InvalidUtf8(_) | Self::CloseReasonNotUtf8 | Self::NotDeflate => {
                CloseCode::INVALID_PAYLOAD
            }
            Self::MessageTooBig(_) => CloseCode::TOO_BIG,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaskedByServer => f.write_str("a server must not mask its frames"),
            Self::UnmaskedByClient => f.write_str("a client must mask its frames"),
            Self::ReservedBit(bit) => {
                write!(f, "RSV{bit} is set, but no negotiated extension uses it")
            }
            Self::CompressedUnasked => {
                f.write_str("a compressed frame (RSV1), although compression was not negotiated")
            }
            Self::CompressedInside(opcode) => {
                write!(
                    f,
                    "RSV1 on a {opcode} frame, which does not start a message"
                )
            }
            Self::NotDeflate => f.write_str("a compressed message that is not valid DEFLATE data"),
            Self::ReservedOpcode(bits) => write!(f, "opcode {bits} is reserved"),
            Self::FragmentedControl(opcode) => write!(f, "a {opcode} frame must not be fragmented"),
            Self::OversizedControl(opcode, len) => {
                write!(f, "a {opcode} frame carries at most 125 bytes, not {len}")
            }
            Self::UnexpectedContinuation => {
                f.write_str("a continuation frame without a message to continue")
            }
            Self::ExpectedContinuation => {
                f.write_str("a new message before the end of the last one")
            }
            Self::NonMinimalLength(len) => {
                write!(f, "the length {len} is not written in its shortest form")
            }
            Self::LengthTooBig(_) => f.write_str("the top bit of a 64-bit length must be 0"),
            Self::InvalidUtf8(at) => write!(f, "text is not UTF-8 at byte {at}"),
            Self::CloseBodyOfOneByte => f.write_str(
                "a Close body of one byte; it must be empty or start with a 2-byte code",
            ),
            Self::ForbiddenCloseCode(code) => write!(f, "close code {} must not be sent", code.0),
            Self::CloseReasonNotUtf8 => f.write_str("the close reason is not UTF-8"),
            Self::Http => f.write_str("HTTP instead of a frame"),
            Self::MessageTooBig(limit) => {
                write!(f, "a message larger than the limit of {limit} bytes")
            }
        }
    }
}

impl Rule {
    /// Whether the connection can continue as if the rule had been kept.
    pub fn is_tolerable(self) -> bool {
        matches!(
            self,
            Self::MaskedByServer
                | Self::UnmaskedByClient
                | Self::ReservedBit(_)
                | Self::CompressedUnasked
                | Self::CompressedInside(_)
                | Self::NonMinimalLength(_)
                | Self::InvalidUtf8(_)
        )
    }
}

/// A broken rule, with the bytes that broke it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The broken rule.
    pub rule: Rule,
    /// The offending bytes, at most [`Self::MAX_BYTES`]: the frame's header, or the payload from the fault on.
    ///
    /// For [`Rule::Http`], the start of the response.
    pub bytes: Vec<u8>,
    /// Where these bytes start, counted from the first byte after the opening handshake.
    pub offset: u64,
}

impl Violation {
    /// The most offending bytes that are kept: a header (14), rounded up to a line of a hex dump.
    pub const MAX_BYTES: usize = 16;

    /// The most bytes of a response that are kept: a head and a short body.
    pub const MAX_RESPONSE: usize = 1 << 10;

    /// HTTP at the front of the first frame.
    pub(super) fn http(bytes: &[u8]) -> Self {
        Self {
            rule: Rule::Http,
            bytes: bytes[..bytes.len().min(Self::MAX_RESPONSE)].to_vec(),
            offset: 0,
        }
    }

    /// A broken rule with the start of `bytes`.
    pub fn new(rule: Rule, bytes: &[u8], offset: u64) -> Self {
        Self {
            rule,
            bytes: bytes[..bytes.len().min(Self::MAX_BYTES)].to_vec(),
            offset,
        }
    }
}

/// The state of the connection, on which a frame's validity depends.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// The role of the peer that sent the frame.
    pub sender: Role,
    /// Whether a message is unfinished.
    pub unfinished: bool,
    /// Whether permessage-deflate was negotiated.
    pub compression: bool,
}

/// Short frames that break no rule, by their first two bytes.
///
/// Nearly every frame is one of these, and a look-up costs less than the checks, which are done once per first byte.
#[derive(Debug)]
pub struct ShortFrameTable {
    /// Whether a frame with this first byte conforms: outside a message, and inside one.
    conforming: [[bool; 256]; 2],
    mask_bit: u8,
}

impl ShortFrameTable {
    /// The table for what `sender` sends: one for all connections, as it is larger than most of what they hold.
    pub fn of(sender: Role, compression: bool) -> &'static Self {
        static TABLES: [OnceLock<ShortFrameTable>; 4] = [const { OnceLock::new() }; 4];
        let index = usize::from(sender == Role::Client) * 2 + usize::from(compression);
        TABLES[index].get_or_init(|| Self::new(sender, compression))
    }

    /// Checks every short frame that `sender` can send.
    fn new(sender: Role, compression: bool) -> Self {
        let mask_bit = match sender {
            Role::Client => 0x80,
            Role::Server => 0,
        };
        let conforming = [false, true].map(|unfinished| {
            let context = Context {
                sender,
                unfinished,
                compression,
            };
            std::array::from_fn(|first| {
                let [first, ..] = first.to_le_bytes();
                let short = Header::decode(&[first, mask_bit, 0, 0, 0, 0]);
                short.is_some_and(|(header, _)| check(&header, context, Err).is_ok())
            })
        });
        Self {
            conforming,
            mask_bit,
        }
    }

    /// Whether these two bytes alone prove that the frame conforms; [`check`] decides the rest.
    #[inline]
    pub fn passes(&self, [first, second]: [u8; 2], unfinished: bool) -> bool {
        LengthForm::is_short(second ^ self.mask_bit)
            && self.conforming[usize::from(unfinished)][usize::from(first)]
    }
}

/// Checks a frame by its header; `tolerate` decides for each tolerable rule whether to continue.
pub fn check(
    header: &Header,
    context: Context,
    mut tolerate: impl FnMut(Rule) -> Result<(), Rule>,
) -> Result<(), Rule> {
    check_bits(header, context.compression).or_else(&mut tolerate)?;
    check_opcode(header.opcode)?;
    check_mask(header, context.sender).or_else(&mut tolerate)?;
    check_length(header).or_else(&mut tolerate)?;
    if header.opcode.is_control() {
        check_control(header)
    } else {
        check_sequence(header.opcode, context.unfinished)
    }
}

fn check_bits(header: &Header, compression: bool) -> Result<(), Rule> {
    // RFC 6455 §5.2: RSV bits MUST be 0 unless an extension is negotiated that defines meanings for them.
    if !(header.rsv1 || header.rsv2 || header.rsv3) {
        return Ok(());
    }
    let starts_message = header.opcode.starts_message();
    match (header.rsv1, compression) {
        // RFC 7692 §6.1: RSV1 is set on the first frame of a compressed message, and on no other.
        (true, true) if !starts_message => return Err(Rule::CompressedInside(header.opcode)),
        (true, false) if starts_message => return Err(Rule::CompressedUnasked),
        (true, false) => return Err(Rule::ReservedBit(1)),
        _ => {}
    }
    for (set, bit) in [(header.rsv2, 2), (header.rsv3, 3)] {
        if set {
            return Err(Rule::ReservedBit(bit));
        }
    }
    Ok(())
}

fn check_opcode(opcode: Opcode) -> Result<(), Rule> {
    // RFC 6455 §5.2: if an unknown opcode is received, the receiving endpoint MUST fail the connection.
    if opcode.is_reserved() {
        Err(Rule::ReservedOpcode(opcode.bits()))
    } else {
        Ok(())
    }
}

fn check_mask(header: &Header, sender: Role) -> Result<(), Rule> {
    // RFC 6455 §5.1: a client MUST mask all frames; a server MUST NOT mask any.
    match (sender, header.masking_key) {
        (Role::Server, Some(_)) => Err(Rule::MaskedByServer),
        (Role::Client, None) => Err(Rule::UnmaskedByClient),
        _ => Ok(()),
    }
}

fn check_length(header: &Header) -> Result<(), Rule> {
    // RFC 6455 §5.2: the most significant bit MUST be 0; the minimal number of bytes MUST be used.
    if header.payload_len >> 63 != 0 {
        Err(Rule::LengthTooBig(header.payload_len))
    } else if header.is_minimal() {
        Ok(())
    } else {
        Err(Rule::NonMinimalLength(header.payload_len))
    }
}

fn check_control(header: &Header) -> Result<(), Rule> {
    // RFC 6455 §5.5: control frames MUST have a payload of 125 bytes or less and MUST NOT be fragmented.
    if !header.fin {
        Err(Rule::FragmentedControl(header.opcode))
    } else if header.payload_len > MAX_CONTROL as u64 {
        Err(Rule::OversizedControl(header.opcode, header.payload_len))
    } else {
        Ok(())
    }
}

fn check_sequence(opcode: Opcode, unfinished: bool) -> Result<(), Rule> {
    // RFC 6455 §5.4: fragments of one message MUST NOT be interleaved with those of another.
    match (opcode.starts_message(), unfinished) {
        (false, false) => Err(Rule::UnexpectedContinuation),
        (true, true) => Err(Rule::ExpectedContinuation),
        _ => Ok(()),
    }
}

/// Reads the body of a Close frame; `None` when it is empty (RFC 6455 §5.5.1).
pub fn parse_close(body: &[u8]) -> Result<Option<CloseFrame>, Rule> {
    let Some((code, reason)) = body.split_first_chunk::<2>() else {
        return match body {
            [] => Ok(None),
            _ => Err(Rule::CloseBodyOfOneByte),
        };
    };
    let code = CloseCode(u16::from_be_bytes(*code));
    if !code.is_allowed_on_wire() {
        return Err(Rule::ForbiddenCloseCode(code));
    }
    let reason = std::str::from_utf8(reason).map_err(|_| Rule::CloseReasonNotUtf8)?;
    Ok(Some(CloseFrame::new(code, reason)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_agrees_with_the_checks_on_every_short_frame() {
        for sender in [Role::Client, Role::Server] {
            for (compression, unfinished) in
                [(false, false), (false, true), (true, false), (true, true)]
            {
                let table = ShortFrameTable::new(sender, compression);
                let context = Context {
                    sender,
                    unfinished,
                    compression,
                };
                for bytes in (0..=u16::MAX).map(u16::to_be_bytes) {
                    let [first, second] = bytes;
                    let wire = [first, second, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
                    let (header, _) = Header::decode(&wire).expect("a whole header");
                    let checked = check(&header, context, Err);
                    let is_short = header.length_form == LengthForm::Bits7;
                    let passes = table.passes(bytes, unfinished);
                    assert_eq!(
                        passes,
                        is_short && checked.is_ok(),
                        "{header:?} {context:?}"
                    );
                }
            }
        }
    }
}
