//! Request and response heads.

use std::ops::Range;

use http::StatusCode;

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
        let fields = fields.into_iter();
        let bytes = fields.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        Self::encode_bytes(start_line.as_bytes(), bytes)
    }

    /// The same with fields that need not be UTF-8.
    pub fn encode_bytes<'a>(
        start_line: &[u8],
        fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Self {
        let mut raw = start_line.to_vec();
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

    /// Whether the start line, of a request or a response, says HTTP/1.0.
    pub fn is_http10(&self) -> bool {
        let line = self.start_line();
        line.starts_with(b"HTTP/1.0 ") || line.ends_with(b" HTTP/1.0")
    }

    /// Whether the start line, of a request or a response, says HTTP/2.
    pub fn is_http2(&self) -> bool {
        let line = self.start_line();
        line.starts_with(b"HTTP/2 ") || line.ends_with(b" HTTP/2")
    }

    /// The host of a request: its field, or what HTTP/2 has in its place (RFC 9113 §8.3.1).
    pub fn host(&self) -> Option<String> {
        self.text(":authority").or_else(|| self.text("Host"))
    }

    /// The version in the status line of a response, such as `1.1`.
    pub fn version(&self) -> Option<String> {
        let word = self.start_line().split(|&byte| byte == b' ').next()?;
        let version = word.strip_prefix(b"HTTP/")?;
        Some(String::from_utf8_lossy(version).into_owned())
    }

    /// The status of a response.
    pub fn status(&self) -> Option<u16> {
        let words = self.start_line().split(|&byte| byte == b' ');
        let digits = words.filter(|word| !word.is_empty()).nth(1)?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }
}

/// The status line of a response, with the usual reason.
pub fn status_line(status: u16) -> String {
    let reason = StatusCode::from_u16(status).ok();
    let reason = reason.and_then(|it| it.canonical_reason()).unwrap_or("");
    format!("HTTP/1.1 {status} {reason}")
}

fn append(raw: &mut Vec<u8>, text: &[u8]) -> Range<usize> {
    let start = raw.len();
    raw.extend_from_slice(text);
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
    /// This line ends in a bare LF (RFC 9112 §2.2).
    #[error("the line {0:?} of the head ends in LF instead of CRLF (RFC 9112 §2.2)")]
    BareLineFeed(String),
    /// Something else breaks the syntax of RFC 9112.
    #[error("malformed line {line:?} in the head: {problem}")]
    Malformed {
        /// The line, perhaps cut.
        line: String,
        /// What is wrong with it, and the section of the RFC.
        problem: String,
    },
}

impl HeadError {
    /// The same without what may be a secret: of a line, only the name of the field or the method is left.
    #[must_use]
    pub fn without_values(self) -> Self {
        match self {
            Self::NotHttp(start) if !is_named(&start) => Self::NotHttp("…".into()),
            Self::BareLineFeed(line) => Self::BareLineFeed(without_value(&line)),
            Self::Malformed { line, problem } => Self::Malformed {
                line: without_value(&line),
                problem,
            },
            other => other,
        }
    }
}

fn without_value(line: &str) -> String {
    let name = line.split_once(':').map(|(name, _)| name.trim_end());
    let is_name = |name: &&str| !name.is_empty() && name.bytes().all(is_token_byte);
    if let Some(name) = name.filter(is_name) {
        return format!("{name}: …");
    }
    let method = line.split_once(' ').map(|(method, _)| method);
    let is_method =
        |word: &&str| !word.is_empty() && word.bytes().all(|it| it.is_ascii_uppercase());
    match method.filter(is_method) {
        Some(method) => format!("{method} …"),
        None => "…".to_owned(),
    }
}

/// Whether it is a protocol that an error names instead of its bytes.
fn is_named(start: &[u8]) -> bool {
    matches!(
        start,
        [0x15 | 0x16, 0x03, ..] | [_, _, _, 0x04, _, 0, 0, 0, 0, ..]
    )
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
        let end = self.end(bytes)?;
        end.map(|end| parse(self.message, &bytes[..end]))
            .transpose()
    }

    /// Like [`read`](Self::read), but accepts what can be understood, and returns what is wrong with it.
    pub fn read_leniently(
        &mut self,
        bytes: &[u8],
    ) -> Result<Option<(Head, Option<HeadError>)>, HeadError> {
        let Some(end) = self.end(bytes)? else {
            return Ok(None);
        };
        let raw = &bytes[..end];
        match parse(self.message, raw) {
            Ok(head) => Ok(Some((head, None))),
            Err(fault) => match parse_with(&lenient(), self.message, raw) {
                Ok(head) => Ok(Some((head, Some(fault)))),
                Err(_) => Err(fault),
            },
        }
    }

    /// The length of the head, once all of it is there.
    fn end(&mut self, bytes: &[u8]) -> Result<Option<usize>, HeadError> {
        self.check_start(bytes)?;
        let end = self.find_end(bytes);
        if end.unwrap_or(bytes.len()) > Head::MAX_BYTES - usize::from(end.is_none()) {
            return Err(HeadError::TooLarge);
        }
        Ok(end)
    }

    /// Refuses bytes that cannot become a head at once, instead of waiting for the rest.
    fn check_start(&self, bytes: &[u8]) -> Result<(), HeadError> {
        let fits = match self.message {
            Message::Response => {
                let known = bytes.len().min(b"HTTP/".len());
                bytes[..known] == b"HTTP/"[..known]
            }
            // RFC 9110 §9.1: a method is any token, such as M-SEARCH or VERSION-CONTROL.
            Message::Request => bytes
                .iter()
                .copied()
                .take_while(|&byte| byte != b' ')
                .take(32)
                .all(is_token_byte),
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
    let is_bare = |&at: &usize| at == 0 || raw[at - 1] != b'\r';
    if let Some(at) = memchr::memchr_iter(b'\n', raw).find(is_bare) {
        let line = raw[..at].rsplit(|&byte| byte == b'\n').next();
        return Err(HeadError::BareLineFeed(shown(line.unwrap_or_default())));
    }
    parse_with(&httparse::ParserConfig::default(), message, raw)
}

/// Accepts what servers get wrong without changing the meaning.
fn lenient() -> httparse::ParserConfig {
    let mut config = httparse::ParserConfig::default();
    config
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .allow_space_before_first_header_name(true)
        .ignore_invalid_headers_in_responses(true);
    config
}

fn parse_with(
    config: &httparse::ParserConfig,
    message: Message,
    raw: &[u8],
) -> Result<Head, HeadError> {
    let mut storage = [httparse::EMPTY_HEADER; Head::MAX_FIELDS];
    let parsed = match message {
        Message::Request => {
            let mut request = httparse::Request::new(&mut storage);
            config
                .parse_request(&mut request, raw)
                .map(|_| request.headers)
        }
        Message::Response => {
            let mut response = httparse::Response::new(&mut storage);
            config
                .parse_response(&mut response, raw)
                .map(|_| response.headers)
        }
    };
    let headers = parsed.map_err(|error| match error {
        httparse::Error::TooManyHeaders => HeadError::TooManyFields,
        error => malformed(raw, error),
    })?;
    let start_line = memchr::memchr(b'\n', raw).unwrap_or(raw.len());
    let start_line = raw[..start_line].trim_ascii_end().len();
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

/// Names the first line that breaks the syntax; `error` is about the start line if no field does.
fn malformed(raw: &[u8], error: httparse::Error) -> HeadError {
    let mut lines = raw.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end);
    let start_line = lines.next().unwrap_or_default();
    let fault = lines.find_map(|line| Some((line, field_problem(line)?)));
    let (line, problem) = match fault {
        Some((line, problem)) => (line, problem.to_owned()),
        None => (start_line, format!("{error} (RFC 9112)")),
    };
    HeadError::Malformed {
        line: shown(line),
        problem,
    }
}

pub(super) fn field_problem(line: &[u8]) -> Option<&'static str> {
    let is_visible = |&byte: &u8| byte == b'\t' || byte >= b' ' && byte != 0x7f;
    let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
    if line.is_empty() {
        None
    } else if line[0].is_ascii_whitespace() {
        Some("it continues the line before (RFC 9112 §5.2)")
    } else if name.len() == line.len() {
        Some("it has no colon (RFC 9112 §5)")
    } else if name.last().is_some_and(u8::is_ascii_whitespace) {
        Some("whitespace before the colon (RFC 9112 §5.1)")
    } else if name.is_empty() || !name.iter().copied().all(is_token_byte) {
        Some("not a valid field name (RFC 9110 §5.1)")
    } else if !line.iter().all(is_visible) {
        Some("a control character in the value (RFC 9110 §5.5)")
    } else {
        None
    }
}

/// The start of a line, for an error.
fn shown(line: &[u8]) -> String {
    String::from_utf8_lossy(line)
        .trim_end()
        .chars()
        .take(80)
        .collect()
}

/// Whether a byte may be in a token (RFC 9110 §5.6.2).
pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
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
    fn an_error_without_values_has_names_only() {
        for (line, left) in [
            ("Cookie : sid=secret", "Cookie: …"),
            ("Authorization: Bearer secret", "Authorization: …"),
            ("GET http://h/?token=secret HTTP/1.7", "GET …"),
            (" secret: x", "…"),
            ("secret", "…"),
            ("", "…"),
        ] {
            let error = HeadError::BareLineFeed(line.to_owned());
            let expected = HeadError::BareLineFeed(left.to_owned());
            assert_eq!(error.without_values(), expected, "{line:?}");
        }
        let tls = HeadError::NotHttp(b"\x16\x03\x01".to_vec());
        assert_eq!(tls.clone().without_values(), tls);
        let other = HeadError::NotHttp(b"sid=secret".to_vec());
        assert!(!other.without_values().to_string().contains("secret"));
    }

    #[test]
    fn a_method_is_any_token() {
        let read = |raw: &str| Reader::new(Message::Request).read(raw.as_bytes());
        for method in ["GET", "M-SEARCH", "VERSION-CONTROL", "x!2"] {
            let head = read(&format!("{method} / HTTP/1.1\r\n\r\n"));
            assert!(head.unwrap().is_some(), "{method}");
        }
        for start in ["\x16\x03", "{\"a\"", "*1\r\n", "G(T /"] {
            assert!(matches!(read(start), Err(HeadError::NotHttp(_))), "{start}");
        }
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
            Err(HeadError::BareLineFeed("HTTP/1.1 101 x".to_owned()))
        );
        for (line, problem) in [
            (" c", "continues the line before"),
            ("Server : x", "whitespace before the colon"),
            ("Server", "no colon"),
            ("S(r: x", "not a valid field name"),
            ("A: b\x01", "control character"),
        ] {
            let raw = format!("HTTP/1.1 101 x\r\nA: b\r\n{line}\r\n\r\n");
            let error = read(raw.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(&format!("{line:?}")), "{error}");
            assert!(error.contains(problem), "{error}");
        }
    }

    #[test]
    fn leniently_reads_what_can_be_understood_and_says_what_is_wrong() {
        for raw in [
            "HTTP/1.1 101 x\nServer: x\nUpgrade: websocket\n\n",
            "HTTP/1.1 101 x\r\nServer : x\r\nUpgrade: websocket\r\n\r\n",
            "HTTP/1.1 101 x\r\nServer: x\r\nno colon\r\nUpgrade: websocket\r\n\r\n",
            "HTTP/1.1  101  x\r\nServer: x\r\nUpgrade: websocket\r\n\r\n",
        ] {
            let mut reader = Reader::new(Message::Response);
            let (head, fault) = reader.read_leniently(raw.as_bytes()).unwrap().unwrap();
            assert!(fault.is_some(), "{raw:?}");
            assert_eq!(head.text("Server").as_deref(), Some("x"), "{raw:?}");
            assert_eq!(head.list("upgrade"), ["websocket"], "{raw:?}");
            assert_eq!(head.as_bytes().len(), raw.len());
        }
        let head = "HTTP/1.1 101 x\r\nA: b\r\n\r\n".as_bytes();
        let read = Reader::new(Message::Response).read_leniently(head);
        assert_eq!(read.unwrap().unwrap().1, None);
    }

    #[test]
    fn reads_back_what_it_encodes() {
        let head = Head::encode("HTTP/1.1 101 x", [("A", "b"), ("Empty", "")]);
        assert_eq!(head.as_bytes(), b"HTTP/1.1 101 x\r\nA: b\r\nEmpty:\r\n\r\n");
        assert_eq!(read(head.as_bytes()).unwrap().unwrap().list("a"), ["b"]);
    }
}
