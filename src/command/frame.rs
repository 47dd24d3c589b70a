//! The arguments of `/frame`: every part of a frame can be invalid.

use super::CommandError;
use super::args::Args;
use super::outgoing::{FrameSpec, Masking};
use crate::proto::frame::{Header, LengthForm, Opcode};

impl Args<'_> {
    /// `KEY=VALUE` words, then the payload in hex or in quotes.
    pub(super) fn frame(mut self) -> Result<FrameSpec, CommandError> {
        let mut frame = FrameSpec {
            header: Header::new(true, Opcode::TEXT, None, 0),
            masking: Masking::Random,
            payload: Vec::new(),
        };
        let (mut len, mut form) = (None, None);
        loop {
            let (word, rest) = self.split_word();
            let Some((key, value)) = word.split_once('=').filter(|_| !word.starts_with('"')) else {
                break;
            };
            match key {
                "fin" => frame.header.fin = self.bit(value)?,
                "rsv1" => frame.header.rsv1 = self.bit(value)?,
                "rsv2" => frame.header.rsv2 = self.bit(value)?,
                "rsv3" => frame.header.rsv3 = self.bit(value)?,
                "opcode" => frame.header.opcode = self.opcode(value)?,
                "mask" => frame.masking = self.masking(value)?,
                "len" => len = self.length(value)?,
                "lenform" => form = Some(self.length_form(value)?),
                _ => {
                    return Err(
                        self.not_known("fin, rsv1, rsv2, rsv3, opcode, mask, len or lenform")
                    );
                }
            }
            self = rest;
        }
        frame.payload = self.payload()?;
        frame.header.payload_len = len.unwrap_or(frame.payload.len() as u64);
        frame.header.length_form =
            form.unwrap_or_else(|| LengthForm::minimal(frame.header.payload_len));
        Ok(frame)
    }

    fn payload(self) -> Result<Vec<u8>, CommandError> {
        let text = self.text.trim();
        match text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
        {
            Some(text) => Ok(text.as_bytes().to_vec()),
            None => self.hex(),
        }
    }

    fn bit(self, value: &str) -> Result<bool, CommandError> {
        match value {
            "0" => Ok(false),
            "1" => Ok(true),
            _ => Err(self.not_known("0 or 1")),
        }
    }

    fn opcode(self, value: &str) -> Result<Opcode, CommandError> {
        let named = [
            Opcode::CONTINUATION,
            Opcode::TEXT,
            Opcode::BINARY,
            Opcode::CLOSE,
            Opcode::PING,
            Opcode::PONG,
        ];
        if let Some(opcode) = named.into_iter().find(|opcode| opcode.to_string() == value) {
            return Ok(opcode);
        }
        match value.parse::<u8>() {
            Ok(bits @ 0..=15) => Ok(Opcode::from_bits(bits)),
            _ => Err(self.not_known("0 to 15, or continuation, text, binary, close, ping, pong")),
        }
    }

    fn masking(self, value: &str) -> Result<Masking, CommandError> {
        let mut key = [0; 4];
        match value {
            "random" => Ok(Masking::Random),
            "off" => Ok(Masking::Off),
            value => match hex::decode_to_slice(value, &mut key) {
                Ok(()) => Ok(Masking::Key(key)),
                Err(_) => Err(self.not_known("random, off or a key of 8 hex digits")),
            },
        }
    }

    fn length(self, value: &str) -> Result<Option<u64>, CommandError> {
        match value {
            "auto" => Ok(None),
            value => match value.parse() {
                Ok(len) => Ok(Some(len)),
                Err(_) => Err(self.not_known("auto or a number of bytes")),
            },
        }
    }

    fn length_form(self, value: &str) -> Result<LengthForm, CommandError> {
        match value {
            "7" => Ok(LengthForm::Bits7),
            "16" => Ok(LengthForm::Bits16),
            "64" => Ok(LengthForm::Bits64),
            _ => Err(self.not_known("7, 16 or 64")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Command, Outgoing, parse};
    use crate::diagnostic::one_line;

    fn frame(line: &str) -> Result<FrameSpec, String> {
        match parse(line) {
            Ok(Command::Outgoing(Outgoing::Frame(frame))) => Ok(frame),
            Ok(other) => Err(format!("{other:?}")),
            Err(error) => Err(one_line(&error)),
        }
    }

    #[test]
    fn every_part_of_a_frame_can_be_set() {
        let spec =
            frame("/frame fin=0 rsv1=1 rsv3=1 opcode=11 mask=01020304 len=9 lenform=64 de ad")
                .unwrap();
        assert!(!spec.header.fin && spec.header.rsv1 && !spec.header.rsv2 && spec.header.rsv3);
        assert_eq!(spec.header.opcode, Opcode::from_bits(11));
        assert_eq!(
            (spec.header.payload_len, spec.header.length_form),
            (9, LengthForm::Bits64)
        );
        assert_eq!(spec.masking, Masking::Key([1, 2, 3, 4]));
        assert_eq!(spec.payload, [0xde, 0xad]);
    }

    #[test]
    fn without_keys_it_is_a_valid_text_frame() {
        let spec = frame("/frame \"a=b c\"").unwrap();
        assert_eq!(spec.header, Header::new(true, Opcode::TEXT, None, 5));
        assert_eq!(
            (spec.masking, &spec.payload[..]),
            (Masking::Random, &b"a=b c"[..])
        );
        assert_eq!(
            frame("/frame opcode=ping 6869").unwrap().header.opcode,
            Opcode::PING
        );
    }

    #[test]
    fn rejects_unknown_keys_and_values() {
        for (line, part) in [
            (
                "/frame fin=2 00",
                "column 8: \"fin=2\" is not known to /frame; use 0 or 1",
            ),
            ("/frame opcode=16 00", "0 to 15"),
            ("/frame x=1 00", "use fin, rsv1"),
            ("/frame mask=12 00", "8 hex digits"),
            ("/frame 0g", "not a hex digit"),
        ] {
            let error = frame(line).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
