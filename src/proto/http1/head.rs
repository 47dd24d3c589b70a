//! Request and response heads.

use std::ops::Range;

/// A head as it is on the wire, with an index of its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    raw: Vec<u8>,
    start_line: Range<usize>,
    fields: Vec<(Range<usize>, Range<usize>)>,
}

impl Head {
    /// The most bytes a head may have.
    pub const MAX_BYTES: usize = 64 << 10;
    /// The most fields a head may have.
    pub const MAX_FIELDS: usize = 128;

    /// Encodes a head from its start line and fields, in which the caller has ruled out line breaks.
    pub fn encode<'a>(
        start_line: &str,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let mut raw = start_line.as_bytes().to_vec();
        let mut index = Vec::new();
        for (name, value) in fields {
            raw.extend_from_slice(b"\r\n");
            let name = append(&mut raw, name);
            raw.extend_from_slice(if value.is_empty() { b":" } else { b": " });
            index.push((name, append(&mut raw, value)));
        }
        raw.extend_from_slice(b"\r\n\r\n");
        Self {
            raw,
            start_line: 0..start_line.len(),
            fields: index,
        }
    }

    /// All of its bytes, including the empty line at its end.
    pub fn as_bytes(&self) -> &[u8] {
        &self.raw
    }

    /// The request line or status line, without its line break.
    pub fn start_line(&self) -> &[u8] {
        &self.raw[self.start_line.clone()]
    }

    /// Names and values of all fields in order.
    pub fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields
            .iter()
            .map(|(name, value)| (&self.raw[name.clone()], &self.raw[value.clone()]))
    }

    /// The values of all fields named `name`, case-insensitively.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.fields()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// The first value of `name` as text; invalid UTF-8 is replaced.
    pub fn text(&self, name: &str) -> Option<String> {
        let value = self.values(name).next()?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// The elements of the comma-separated lists in all fields named `name` (RFC 9110 §5.6.1).
    pub fn list(&self, name: &str) -> Vec<String> {
        self.values(name)
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(|element| String::from_utf8_lossy(element.trim_ascii()).into_owned())
            .filter(|element| !element.is_empty())
            .collect()
    }

    /// The status of a response.
    pub fn status(&self) -> Option<u16> {
        let digits = self.start_line().split(|&byte| byte == b' ').nth(1)?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }
}

fn append(raw: &mut Vec<u8>, text: &str) -> Range<usize> {
    let start = raw.len();
    raw.extend_from_slice(text.as_bytes());
    start..raw.len()
}

/// What is wrong with a head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// The first bytes, which are kept, cannot start an HTTP/1.1 message.
    #[error("{}", not_http(.0))]
    NotHttp(Vec<u8>),
    /// The head is larger than [`Head::MAX_BYTES`].
    #[error("the head is larger than {} KiB", Head::MAX_BYTES >> 10)]
    TooLarge,
    /// The head has more than [`Head::MAX_FIELDS`] fields.
    #[error("the head has more than {} headers", Head::MAX_FIELDS)]
    TooManyFields,
    /// A line that ends in a bare LF (RFC 9112 §2.2).
    #[error("a line of the head ends in LF instead of CRLF (RFC 9112 §2.2)")]
    BareLineFeed,
    /// Something else breaks the syntax of RFC 9112.
    #[error("malformed head: {0} (RFC 9112)")]
    Malformed(String),
}

/// Names the other protocol by its first bytes.
fn not_http(start: &[u8]) -> String {
    // RFC 8446 §5.1: an alert or handshake record of TLS.
    if let [0x15 | 0x16, 0x03, ..] = start {
        return "this port expects TLS, not HTTP".to_owned();
    }
    // RFC 9113 §3.4: the server's preface is a SETTINGS frame on stream 0.
    if let [_, _, _, 0x04, _, 0, 0, 0, 0, ..] = start {
        return "this port speaks HTTP/2 only; it sent a SETTINGS frame".to_owned();
    }
    format!(
        "the peer does not speak HTTP; it sent \"{}\"",
        String::from_utf8_lossy(start).trim_end()
    )
}

/// Whether a request or a response is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// A request.
    Request,
    /// A response.
    Response,
}

/// Finds the end of a head in bytes that arrive in pieces, in linear time.
#[derive(Debug)]
pub struct Reader {
    message: Message,
    /// The number of bytes that were searched for the end.
    searched: usize,
}

impl Reader {
    /// A reader of one head.
    pub fn new(message: Message) -> Self {
        Self {
            message,
            searched: 0,
        }
    }

    /// Reads the head at the start of `bytes`, which are all bytes so far; `None` when its end is missing.
    pub fn read(&mut self, bytes: &[u8]) -> Result<Option<Head>, HeadError> {
        self.check_start(bytes)?;
        let Some(end) = self.find_end(bytes) else {
            return if bytes.len() >= Head::MAX_BYTES {
                Err(HeadError::TooLarge)
            } else {
                Ok(None)
            };
        };
        if end > Head::MAX_BYTES {
            return Err(HeadError::TooLarge);
        }
        parse(self.message, &bytes[..end]).map(Some)
    }

    /// Refuses bytes that cannot become a head at once, instead of waiting for the rest.
    fn check_start(&self, bytes: &[u8]) -> Result<(), HeadError> {
        let fits = match self.message {
            Message::Response => {
                let known = bytes.len().min(b"HTTP/".len());
                bytes[..known] == b"HTTP/"[..known]
            }
            Message::Request => bytes
                .iter()
                .take_while(|&&byte| byte != b' ')
                .take(16)
                .all(u8::is_ascii_alphabetic),
        };
        if fits {
            Ok(())
        } else {
            Err(HeadError::NotHttp(bytes[..bytes.len().min(32)].to_vec()))
        }
    }

    /// The length of the head, including the first empty line.
    fn find_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut from = self.searched.saturating_sub(3);
        while let Some(found) = memchr::memchr(b'\n', &bytes[from..]) {
            let feed = from + found;
            match &bytes[feed + 1..] {
                [b'\n', ..] => return Some(feed + 2),
                [b'\r', b'\n', ..] => return Some(feed + 3),
                _ => from = feed + 1,
            }
        }
        self.searched = bytes.len();
        None
    }
}

fn parse(message: Message, raw: &[u8]) -> Result<Head, HeadError> {
    if memchr::memchr_iter(b'\n', raw).any(|at| at == 0 || raw[at - 1] != b'\r') {
        return Err(HeadError::BareLineFeed);
    }
    let mut storage = [httparse::EMPTY_HEADER; Head::MAX_FIELDS];
    let parsed = match message {
        Message::Request => {
            let mut request = httparse::Request::new(&mut storage);
            request.parse(raw).map(|_| request.headers)
        }
        Message::Response => {
            let mut response = httparse::Response::new(&mut storage);
            response.parse(raw).map(|_| response.headers)
        }
    };
    let headers = parsed.map_err(|error| match error {
        httparse::Error::TooManyHeaders => HeadError::TooManyFields,
        error => HeadError::Malformed(error.to_string()),
    })?;
    let start_line = memchr::memchr(b'\r', raw).unwrap_or(raw.len());
    let range = |part: &[u8]| {
        let start = part.as_ptr() as usize - raw.as_ptr() as usize;
        start..start + part.len()
    };
    let fields = headers
        .iter()
        .map(|header| (range(header.name.as_bytes()), range(header.value)))
        .collect();
    Ok(Head {
        raw: raw.to_vec(),
        start_line: 0..start_line,
        fields,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<Head>, HeadError> {
        Reader::new(Message::Response).read(bytes)
    }

    #[test]
    fn keeps_names_order_and_case() {
        let raw =
            b"HTTP/1.1 101 Switching Protocols\r\nuPGRADE: websocket\r\nA:1\r\nX:  y \r\n\r\nrest";
        let head = read(raw).unwrap().unwrap();
        let fields: Vec<_> = head.fields().collect();
        assert_eq!(
            fields,
            [
                (&b"uPGRADE"[..], &b"websocket"[..]),
                (b"A", b"1"),
                (b"X", b"y")
            ]
        );
        assert_eq!(head.as_bytes(), &raw[..raw.len() - 4]);
        assert_eq!(head.status(), Some(101));
    }

    #[test]
    fn one_byte_at_a_time_equals_all_at_once() {
        let raw = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
        let mut reader = Reader::new(Message::Response);
        for end in 0..raw.len() {
            assert_eq!(reader.read(&raw[..end]), Ok(None), "{end} bytes");
        }
        assert_eq!(reader.read(raw), read(raw));
    }

    #[test]
    fn names_another_protocol_by_its_first_bytes() {
        assert_eq!(read(b"SSH"), Err(HeadError::NotHttp(b"SSH".to_vec())));
        assert_eq!(
            read(b"\x15\x03\x03"),
            Err(HeadError::NotHttp(b"\x15\x03\x03".to_vec()))
        );
        assert_eq!(read(b"HT"), Ok(None));
    }

    #[test]
    fn bounds_size_and_number_of_fields() {
        let mut endless = b"HTTP/1.1 101 x\r\nA: ".to_vec();
        endless.resize(Head::MAX_BYTES, b'a');
        assert_eq!(read(&endless), Err(HeadError::TooLarge));
        let many = format!("HTTP/1.1 101 x\r\n{}\r\n", "A: b\r\n".repeat(129));
        assert_eq!(read(many.as_bytes()), Err(HeadError::TooManyFields));
    }

    #[test]
    fn refuses_bare_line_feeds_and_folded_lines() {
        assert_eq!(
            read(b"HTTP/1.1 101 x\nA: b\n\n"),
            Err(HeadError::BareLineFeed)
        );
        assert!(matches!(
            read(b"HTTP/1.1 101 x\r\nA: b\r\n c\r\n\r\n"),
            Err(HeadError::Malformed(_))
        ));
    }

    #[test]
    fn reads_back_what_it_encodes() {
        let head = Head::encode("HTTP/1.1 101 x", [("A", "b"), ("Empty", "")]);
        assert_eq!(head.as_bytes(), b"HTTP/1.1 101 x\r\nA: b\r\nEmpty:\r\n\r\n");
        assert_eq!(read(head.as_bytes()).unwrap().unwrap().list("a"), ["b"]);
    }
}
