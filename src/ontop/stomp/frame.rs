//! Frames: a command, headers, an empty line, a body, NUL.

use serde_json::{Map, Value};

use crate::text::cut;

/// The version that the server has chosen, which decides how headers are escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V10,
    V11,
    V12,
}

impl Version {
    pub(super) fn find(text: &str) -> Option<Self> {
        Some(match text {
            "1.0" => Self::V10,
            "1.1" => Self::V11,
            "1.2" => Self::V12,
            _ => return None,
        })
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::V10 => "1.0",
            Self::V11 => "1.1",
            Self::V12 => "1.2",
        }
    }
}

/// Headers in their order; of one that repeats, the first counts (STOMP 1.2, "Repeated Header Entries").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Headers(pub Vec<(String, String)>);

impl Headers {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn add(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    pub(super) fn object(&self) -> Value {
        let mut object = Map::new();
        for (name, value) in &self.0 {
            object.entry(name).or_insert_with(|| value.as_str().into());
        }
        object.into()
    }

    /// Those that `is_wanted`, without repetitions.
    pub(super) fn only(&self, is_wanted: impl Fn(&str) -> bool) -> Self {
        let mut found = Self::default();
        for (name, value) in &self.0 {
            if is_wanted(name) && found.get(name).is_none() {
                found.add(name, value);
            }
        }
        found
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub command: String,
    pub headers: Headers,
    pub body: Vec<u8>,
}

impl Frame {
    pub(super) fn new(command: &str, headers: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            command: command.to_owned(),
            headers: Headers(headers.iter().map(owned).collect()),
            body: Vec::new(),
        }
    }
}

/// A frame, or a lone line feed that only shows that the peer is there.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Beat,
    Frame(Frame),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("it has no empty line after its headers")]
    NoBody,
    #[error("its headers are longer than {0} bytes")]
    LongHeaders(usize),
    #[error("its body has {0} bytes, more than the {1} of --max-message")]
    LongBody(u64, usize),
    #[error("it has no NUL after its body")]
    NoEnd,
    #[error("{0:?} is no command")]
    Command(String),
    #[error("its headers are not UTF-8")]
    NotUtf8,
    #[error("the header {0:?} has no colon")]
    NoColon(String),
    #[error("the header {0:?} has an escape that STOMP does not know")]
    Escape(String),
    #[error("it has more than {0} headers")]
    ManyHeaders(usize),
    #[error("content-length {0:?} is no number")]
    ContentLength(String),
}

/// The most frames of a message that are looked at: one of 64 MiB holds millions, each of which is larger in memory.
pub(super) const LOOKED_AT: usize = 20_000;
/// The longest command and headers, in bytes; brokers allow much less.
const HEADERS: usize = 64 << 10;
/// The most headers of a frame: each is larger in memory.
const MOST: usize = 200;
/// How much of a wrong header a fault quotes, in bytes.
const QUOTED: usize = 60;

/// Puts frames together: one may span messages.
#[derive(Debug)]
pub(super) struct Assembler {
    /// The start of a frame.
    held: Vec<u8>,
    /// The largest body, in bytes.
    limit: usize,
    version: Version,
}

impl Assembler {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            held: Vec::new(),
            limit,
            version: Version::V12,
        }
    }

    pub(super) fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    /// The next frame of `message`, which is shortened by it; `None` once it is used up.
    ///
    /// After a fault the rest of the message is lost: where the next frame begins is not known.
    pub(super) fn next(&mut self, message: &mut &[u8]) -> Option<Result<Piece, Fault>> {
        if message.is_empty() {
            return None;
        }
        if self.held.is_empty() {
            if let Some(rest) = without_line_end(message) {
                *message = rest;
                return Some(Ok(Piece::Beat));
            }
            return match split(message, self.limit) {
                Ok(Some(len)) => {
                    let (frame, rest) = message.split_at(len);
                    *message = rest;
                    Some(self.parse(frame, message))
                }
                Ok(None) => {
                    self.held.extend(std::mem::take(message));
                    None
                }
                Err(fault) => {
                    *message = &[];
                    Some(Err(fault))
                }
            };
        }
        let before = self.held.len();
        self.held.extend(*message);
        // A frame ends with NUL: without one there is no need to look at all of it again.
        let is_incomplete = memchr::memchr(0, message).is_none();
        if is_incomplete && self.held.len() <= self.limit {
            *message = &[];
            return None;
        }
        match split(&self.held, self.limit) {
            Ok(Some(len)) => {
                let mut held = std::mem::take(&mut self.held);
                held.truncate(len);
                *message = &message[len.saturating_sub(before)..];
                Some(self.parse(&held, message))
            }
            Ok(None) => {
                *message = &[];
                None
            }
            Err(fault) => {
                self.held = Vec::new();
                *message = &[];
                Some(Err(fault))
            }
        }
    }

    fn parse(&self, bytes: &[u8], message: &mut &[u8]) -> Result<Piece, Fault> {
        let parsed = parse(bytes, self.version);
        if parsed.is_err() {
            *message = &[];
        }
        parsed.map(Piece::Frame)
    }
}

fn without_line_end(bytes: &[u8]) -> Option<&[u8]> {
    bytes
        .strip_prefix(b"\r\n")
        .or_else(|| bytes.strip_prefix(b"\n"))
}

/// The length of the frame at the start, with its NUL; `None` if it is not complete.
fn split(bytes: &[u8], limit: usize) -> Result<Option<usize>, Fault> {
    let looked_at = &bytes[..bytes.len().min(HEADERS)];
    let Some(body) = body(looked_at) else {
        return if looked_at.contains(&0) {
            Err(Fault::NoBody)
        } else if bytes.len() >= HEADERS {
            Err(Fault::LongHeaders(HEADERS))
        } else {
            Ok(None)
        };
    };
    if let Some(len) = content_length(&bytes[..body])? {
        if len > limit as u64 {
            return Err(Fault::LongBody(len, limit));
        }
        let end = body + usize::try_from(len).unwrap_or(limit);
        return match bytes.get(end) {
            None => Ok(None),
            Some(0) => Ok(Some(end + 1)),
            Some(_) => Err(Fault::NoEnd),
        };
    }
    match memchr::memchr(0, &bytes[body..]) {
        Some(at) if at <= limit => Ok(Some(body + at + 1)),
        None if bytes.len() - body <= limit => Ok(None),
        _ => Err(Fault::LongBody((bytes.len() - body) as u64, limit)),
    }
}

/// Where the body begins.
fn body(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', bytes).find_map(|at| {
        let rest = &bytes[at + 1..];
        let after = without_line_end(rest)?;
        Some(bytes.len() - after.len())
    })
}

fn content_length(head: &[u8]) -> Result<Option<u64>, Fault> {
    let mut lines = head.split(|byte| *byte == b'\n');
    let value = lines.find_map(|line| line.strip_prefix(b"content-length:"));
    let Some(value) = value else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(value);
    let text = text.trim();
    let wrong = || Fault::ContentLength(cut(text, QUOTED));
    text.parse().map(Some).map_err(|_| wrong())
}

/// Reads a frame with its NUL.
fn parse(bytes: &[u8], version: Version) -> Result<Frame, Fault> {
    let start = body(bytes).ok_or(Fault::NoBody)?;
    let head = std::str::from_utf8(&bytes[..start]).map_err(|_| Fault::NotUtf8)?;
    let mut lines = head
        .split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line));
    let command = lines.next().unwrap_or_default();
    let is_command = !command.is_empty() && command.bytes().all(|it| it.is_ascii_uppercase());
    if !is_command {
        return Err(Fault::Command(cut(command, QUOTED)));
    }
    let version = written(command, version);
    let mut headers = Headers::default();
    for line in lines.filter(|line| !line.is_empty()) {
        if headers.0.len() >= MOST {
            return Err(Fault::ManyHeaders(MOST));
        }
        let quoted = || cut(line, QUOTED);
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| Fault::NoColon(quoted()))?;
        let unescaped = |text| unescape(text, version).ok_or_else(|| Fault::Escape(quoted()));
        headers.add(&unescaped(name)?, unescaped(value)?);
    }
    Ok(Frame {
        command: command.to_owned(),
        headers,
        body: bytes[start..bytes.len() - 1].to_vec(),
    })
}

/// The version whose escapes a frame has: those that open a session have none, for older peers (STOMP 1.2, "Value
/// Encoding").
fn written(command: &str, version: Version) -> Version {
    match command {
        "CONNECT" | "STOMP" | "CONNECTED" => Version::V10,
        _ => version,
    }
}

fn unescape(text: &str, version: Version) -> Option<String> {
    if version == Version::V10 {
        // Servers of that version put a blank after the colon.
        return Some(text.trim().to_owned());
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.push(match (chars.next()?, version) {
            ('n', _) => '\n',
            ('c', _) => ':',
            ('\\', _) => '\\',
            ('r', Version::V12) => '\r',
            _ => return None,
        });
    }
    Some(out)
}

fn escape(text: &str, version: Version) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match (c, version) {
            // Version 1.0 has no way to write them.
            ('\n' | '\r', Version::V10) => out.push(' '),
            (_, Version::V10) => out.push(c),
            ('\n', _) => out.push_str("\\n"),
            (':', _) => out.push_str("\\c"),
            ('\\', _) => out.push_str("\\\\"),
            ('\r', Version::V12) => out.push_str("\\r"),
            ('\r', Version::V11) => {}
            _ => out.push(c),
        }
    }
    out
}

pub(super) fn encode(frame: &Frame, version: Version) -> Vec<u8> {
    let version = written(&frame.command, version);
    let mut out = frame.command.clone();
    out.push('\n');
    for (name, value) in &frame.headers.0 {
        out.push_str(&escape(name, version));
        out.push(':');
        out.push_str(&escape(value, version));
        out.push('\n');
    }
    let mut out = out.into_bytes();
    // ActiveMQ takes a body with its length for binary data, so that it is sent only where it is needed.
    if frame.body.contains(&0) {
        out.extend(format!("content-length:{}\n", frame.body.len()).bytes());
    }
    out.push(b'\n');
    out.extend(&frame.body);
    out.push(0);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(assembler: &mut Assembler, mut message: &[u8]) -> Vec<Result<Piece, Fault>> {
        std::iter::from_fn(|| assembler.next(&mut message)).collect()
    }

    fn frame(command: &str, headers: &[(&str, &str)], body: &[u8]) -> Frame {
        let mut all = Headers::default();
        for (name, value) in headers {
            all.add(name, *value);
        }
        Frame {
            command: command.to_owned(),
            headers: all,
            body: body.to_vec(),
        }
    }

    #[test]
    fn one_byte_at_a_time_equals_all_at_once() {
        let stream =
            b"\nMESSAGE\r\na:1\r\ncontent-length:3\r\n\r\nx\0y\0\nRECEIPT\nreceipt-id:1\n\n\0";
        let whole = all(&mut Assembler::new(100), stream);
        assert_eq!(whole.len(), 4);
        let headers = [("a", "1"), ("content-length", "3")];
        let message = frame("MESSAGE", &headers, b"x\0y");
        assert_eq!(whole[1], Ok(Piece::Frame(message)));
        let mut assembler = Assembler::new(100);
        let parts = stream.chunks(1).flat_map(|it| all(&mut assembler, it));
        assert_eq!(parts.collect::<Vec<_>>(), whole);
    }

    #[test]
    fn headers_are_escaped_as_the_version_wants_it() {
        let headers = [("a:b", "c\\d\ne\rf")];
        for (version, written) in [
            (Version::V12, "S\na\\cb:c\\\\d\\ne\\rf\n\n\0"),
            (Version::V11, "S\na\\cb:c\\\\d\\nef\n\n\0"),
            (Version::V10, "S\na:b:c\\d e f\n\n\0"),
        ] {
            let bytes = encode(&frame("S", &headers, b""), version);
            assert_eq!(String::from_utf8_lossy(&bytes), written);
        }
        let bytes = encode(&frame("S", &headers, b"x"), Version::V12);
        assert_eq!(parse(&bytes, Version::V12), Ok(frame("S", &headers, b"x")));
        let connect = frame("CONNECT", &[("passcode", "a:b\\")], b"");
        assert_eq!(
            encode(&connect, Version::V12),
            b"CONNECT\npasscode:a:b\\\n\n\0"
        );
    }

    #[test]
    fn what_is_no_frame_has_a_named_fault_and_is_not_kept() {
        let long = [b"M\n".as_slice(), &vec![b'a'; HEADERS]].concat();
        let many = format!("M\n{}\n\0", "a:b\n".repeat(MOST + 1));
        for (bytes, fault) in [
            (b"M\n\0".as_slice(), Fault::NoBody),
            (b"hello\n\n\0", Fault::Command("hello".to_owned())),
            (b"M\nab\n\n\0", Fault::NoColon("ab".to_owned())),
            (b"M\na:\\t\n\n\0", Fault::Escape("a:\\t".to_owned())),
            (b"M\na:\\\n\n\0", Fault::Escape("a:\\".to_owned())),
            (b"M\na:\xff\n\n\0", Fault::NotUtf8),
            (b"M\ncontent-length:1\n\nab\0", Fault::NoEnd),
            (
                b"M\ncontent-length:-1\n\n\0",
                Fault::ContentLength("-1".to_owned()),
            ),
            (
                b"M\ncontent-length:2147483648\n\nx",
                Fault::LongBody(2_147_483_648, 100),
            ),
            (
                b"M\ncontent-length:18446744073709551615\n\nx",
                Fault::LongBody(u64::MAX, 100),
            ),
            (
                &[b"M\n\n".as_slice(), &[b'x'; 101]].concat(),
                Fault::LongBody(101, 100),
            ),
            (&long, Fault::LongHeaders(HEADERS)),
            (many.as_bytes(), Fault::ManyHeaders(MOST)),
        ] {
            let mut assembler = Assembler::new(100);
            assert_eq!(all(&mut assembler, bytes), [Err(fault)]);
            assert_eq!(assembler.held.len(), 0);
        }
    }
}
