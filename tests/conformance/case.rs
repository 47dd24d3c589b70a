//! A case: what the peer sends, and what the engine is to make of it.

use wsee::proto::Role;
use wsee::proto::deflate::Params;

/// A frame of the peer's; masked as its role demands, unless it says otherwise.
#[derive(Debug, Clone)]
pub struct Frame {
    start: u8,
    payload: Vec<u8>,
    form: Option<u8>,
    declared: Option<u64>,
    is_mask_wrong: bool,
    key: [u8; 4],
}

pub fn frame(opcode: u8, payload: impl AsRef<[u8]>) -> Frame {
    Frame {
        start: 0x80 | opcode,
        payload: payload.as_ref().to_vec(),
        form: None,
        declared: None,
        is_mask_wrong: false,
        key: [0x37, 0xfa, 0x21, 0x3d],
    }
}

pub fn continuation(payload: impl AsRef<[u8]>) -> Frame {
    frame(0, payload)
}

pub fn text(payload: impl AsRef<[u8]>) -> Frame {
    frame(1, payload)
}

pub fn binary(payload: impl AsRef<[u8]>) -> Frame {
    frame(2, payload)
}

pub fn ping(payload: impl AsRef<[u8]>) -> Frame {
    frame(9, payload)
}

pub fn pong(payload: impl AsRef<[u8]>) -> Frame {
    frame(10, payload)
}

pub fn close(code: u16, reason: impl AsRef<[u8]>) -> Frame {
    frame(8, [&code.to_be_bytes()[..], reason.as_ref()].concat())
}

/// A text frame with RSV1; its payload is compressed data in hexadecimal.
pub fn deflated(hex: &str) -> Frame {
    text(bytes(hex)).rsv(0b100)
}

/// Bytes that are given in hexadecimal; blanks do not count.
pub fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex.replace(' ', "")).expect("hexadecimal digits")
}

impl Frame {
    /// Without FIN.
    pub fn more(mut self) -> Self {
        self.start &= 0x7f;
        self
    }

    /// With these of the bits RSV1, RSV2 and RSV3.
    pub fn rsv(mut self, bits: u8) -> Self {
        self.start |= bits << 4;
        self
    }

    /// With its length in 16 or 64 bits.
    pub fn form(mut self, bits: u8) -> Self {
        self.form = Some(bits);
        self
    }

    /// With this length in its header, whatever follows.
    pub fn declares(mut self, len: u64) -> Self {
        self.declared = Some(len);
        self
    }

    /// Masked by a server, or not masked by a client.
    pub fn wrongly_masked(mut self) -> Self {
        self.is_mask_wrong = true;
        self
    }

    /// With this masking key, if it is masked.
    pub fn key(&self, key: [u8; 4]) -> Self {
        Self {
            key,
            ..self.clone()
        }
    }

    /// The frame as `sender` writes it.
    pub fn encode(&self, sender: Role) -> Vec<u8> {
        let is_masked = (sender == Role::Client) != self.is_mask_wrong;
        let mut out = vec![self.start];
        self.encode_length(if is_masked { 0x80 } else { 0 }, &mut out);
        if !is_masked {
            out.extend(&self.payload);
            return out;
        }
        out.extend(self.key);
        let key = self.key.iter().cycle();
        out.extend(self.payload.iter().zip(key).map(|(byte, key)| byte ^ key));
        out
    }

    #[expect(clippy::cast_possible_truncation, reason = "the form has the bits")]
    fn encode_length(&self, mask: u8, out: &mut Vec<u8>) {
        let len = self.declared.unwrap_or(self.payload.len() as u64);
        let form = self.form.unwrap_or(match len {
            0..126 => 7,
            126..0x1_0000 => 16,
            _ => 64,
        });
        match form {
            7 => out.push(mask | len as u8),
            16 => {
                out.push(mask | 0x7e);
                out.extend((len as u16).to_be_bytes());
            }
            _ => {
                out.push(mask | 0x7f);
                out.extend(len.to_be_bytes());
            }
        }
    }
}

/// What the engine tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>),
}

pub fn is_text(payload: impl AsRef<[u8]>) -> Told {
    Told::Text(payload.as_ref().to_vec())
}

pub fn is_binary(payload: impl AsRef<[u8]>) -> Told {
    Told::Binary(payload.as_ref().to_vec())
}

pub fn is_ping(payload: impl AsRef<[u8]>) -> Told {
    Told::Ping(payload.as_ref().to_vec())
}

pub fn is_pong(payload: impl AsRef<[u8]>) -> Told {
    Told::Pong(payload.as_ref().to_vec())
}

/// How it ends when the peer then ends the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Without any Close frame: 1006.
    Lost,
    /// With this code in both Close frames, or with none in both.
    Closed(Option<u16>),
    /// With this code in the Close frame of the receiver, who fails the connection.
    Failed(u16),
}

/// What a peer sends, and what is to come of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// Where the RFC says so; a limit of wsee's own has none.
    pub section: Option<&'static str>,
    /// What is special about it.
    pub name: String,
    pub frames: Vec<Frame>,
    /// The parameters of permessage-deflate, if it was agreed on.
    pub deflate: Option<Params>,
    pub max_message: u64,
    pub tells: Vec<Told>,
    pub end: End,
}

/// A case whose frames break no rule and end nothing.
pub fn case(
    section: &'static str,
    name: impl Into<String>,
    frames: impl IntoIterator<Item = Frame>,
) -> Case {
    Case {
        section: Some(section),
        name: name.into(),
        frames: frames.into_iter().collect(),
        deflate: None,
        max_message: 1 << 20,
        tells: Vec::new(),
        end: End::Lost,
    }
}

impl Case {
    /// These events come, in this order; a Close or a violation may follow.
    pub fn tells(mut self, told: impl IntoIterator<Item = Told>) -> Self {
        self.tells.extend(told);
        self
    }

    /// The last event is a Close, which is answered with the same code.
    pub fn closes(mut self, code: Option<u16>) -> Self {
        self.tells.push(Told::Close(code));
        self.end = End::Closed(code);
        self
    }

    /// The connection is failed with `code`, and the violation names the section.
    pub fn fails(mut self, code: u16) -> Self {
        self.end = End::Failed(code);
        self
    }

    /// A message may have so many bytes; to break that limit breaks no rule of the RFC.
    pub fn limited(mut self, max_message: u64) -> Self {
        self.max_message = max_message;
        self.section = None;
        self
    }

    /// permessage-deflate was agreed on.
    pub fn with(mut self, params: Params) -> Self {
        self.deflate = Some(params);
        self
    }

    /// All bytes as `sender` writes them.
    pub fn encode(&self, sender: Role) -> Vec<u8> {
        let frames = self.frames.iter();
        frames.flat_map(|frame| frame.encode(sender)).collect()
    }
}
