//! Every bit of a frame header, as text.

use std::fmt::Write;

use super::close::spaced_hex;
use crate::proto::frame::{Header, LengthForm};
use crate::proto::receiver::WireHeader;

/// All about a header, with its bytes and their place in the stream.
pub fn frame_text(frame: &WireHeader) -> String {
    let bytes = spaced_hex(&frame.bytes[..frame.size]);
    let header = header_text(&frame.header);
    format!("{header}, header {bytes} at offset {}", frame.offset)
}

/// FIN, reserved bits, opcode, masking key, and the length with its form.
pub fn header_text(header: &Header) -> String {
    let mut text = if header.fin {
        "FIN ".to_owned()
    } else {
        String::new()
    };
    for (set, bit) in [(header.rsv1, 1), (header.rsv2, 2), (header.rsv3, 3)] {
        if set {
            let _ = write!(text, "RSV{bit} ");
        }
    }
    let _ = write!(text, "{}, ", header.opcode);
    match header.masking_key {
        Some(key) => {
            let _ = write!(text, "mask {}, ", hex::encode(key));
        }
        None => text.push_str("no mask, "),
    }
    let form = match header.length_form {
        LengthForm::Bits7 => "7-bit",
        LengthForm::Bits16 => "16-bit",
        LengthForm::Bits64 => "64-bit",
    };
    let minimal = if header.is_minimal() {
        ""
    } else {
        ", not minimal"
    };
    let _ = write!(text, "{} B ({form}{minimal})", header.payload_len);
    text
}
