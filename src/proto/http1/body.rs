//! The body of a request or response: its framing (RFC 9112 §6) and the start of its content.

use super::Head;
use super::head::field_problem;

/// Reads a body in pieces and keeps its start.
#[derive(Debug)]
pub struct Body {
    framing: Framing,
    content: Vec<u8>,
    /// The most bytes of content to keep.
    limit: usize,
    /// Bytes of an incomplete chunk header or of the trailers.
    pending: Vec<u8>,
    truncated: bool,
    malformed: bool,
    /// Nothing is forgiven, as two readers of it could differ.
    strict: bool,
}

/// The longest chunk header, with extensions, in bytes: ample, as nobody uses extensions.
const MAX_CHUNK_HEADER: usize = 4 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// This many bytes are left.
    Length(u64),
    /// A chunk header comes next.
    ChunkHeader,
    /// This many bytes of a chunk are left.
    Chunk(u64),
    /// The line break after a chunk comes next.
    ChunkEnd,
    /// The last chunk is over; fields may follow, and an empty line ends the body.
    Trailers,
    /// Everything until the stream ends.
    UntilEnd,
    /// The body is complete, or the rest is malformed.
    Done,
}

impl Body {
    /// How many bytes of the body of a refusal are kept: a page of text, enough for an error message.
    pub const MAX_CONTENT: usize = 4 << 10;

    /// The body that follows `head`, a response; its start is kept.
    pub fn new(head: &Head) -> Self {
        Self::of_response(head, Self::MAX_CONTENT)
    }

    /// The body that follows `head`, a response, of which at most `limit` bytes are kept.
    pub fn of_response(head: &Head, limit: usize) -> Self {
        let framing = match head.text("Content-Length").map(|text| text.parse()) {
            _ if matches!(head.status(), Some(101 | 204 | 304)) => Framing::Done,
            _ if is_chunked(head) => Framing::ChunkHeader,
            Some(Ok(0)) => Framing::Done,
            Some(Ok(length)) => Framing::Length(length),
            Some(Err(_)) | None => Framing::UntilEnd,
        };
        Self::framed(framing, limit)
    }

    /// The body that follows `head`, a request, of which at most `limit` bytes are kept; `None` when its
    /// length cannot be known.
    pub fn of_request(head: &Head, limit: usize) -> Option<Self> {
        let framing = match Length::of(head)? {
            Length::None | Length::Known(0) => Framing::Done,
            // RFC 9112 §6.3: the length of such a request cannot be determined.
            Length::Coded { is_chunked: false } => return None,
            Length::Coded { .. } => Framing::ChunkHeader,
            Length::Known(length) => Framing::Length(length),
        };
        Some(Self {
            strict: true,
            ..Self::framed(framing, limit)
        })
    }

    /// The body that follows `head`, the final response to a request that `is_head` (HEAD), of which nothing is kept;
    /// `None` when its length cannot be known.
    pub fn of_final_response(head: &Head, is_head: bool) -> Option<Self> {
        let framing = match Length::of(head)? {
            // RFC 9112 §6.3, item 1.
            _ if is_head || matches!(head.status(), Some(204 | 304)) => Framing::Done,
            Length::Coded { is_chunked: true } => Framing::ChunkHeader,
            Length::Known(0) => Framing::Done,
            Length::Known(length) => Framing::Length(length),
            Length::None | Length::Coded { .. } => Framing::UntilEnd,
        };
        Some(Self::framed(framing, 0))
    }

    fn framed(framing: Framing, limit: usize) -> Self {
        Self {
            framing,
            content: Vec::new(),
            limit,
            pending: Vec::new(),
            truncated: false,
            malformed: false,
            strict: false,
        }
    }

    /// Processes the next bytes of the stream; returns how many belong to the body.
    pub fn push(&mut self, mut bytes: &[u8]) -> usize {
        let received = bytes.len();
        while !bytes.is_empty() {
            bytes = match self.framing {
                Framing::Done => break,
                Framing::UntilEnd => self.keep_up_to(bytes, bytes.len() as u64).1,
                Framing::Length(left) => {
                    let (taken, rest) = self.keep_up_to(bytes, left);
                    self.framing = match left - taken {
                        0 => Framing::Done,
                        left => Framing::Length(left),
                    };
                    rest
                }
                Framing::ChunkHeader => self.chunk_header(bytes),
                Framing::Chunk(left) => {
                    let (taken, rest) = self.keep_up_to(bytes, left);
                    self.framing = match left - taken {
                        0 => Framing::ChunkEnd,
                        left => Framing::Chunk(left),
                    };
                    rest
                }
                Framing::ChunkEnd => self.chunk_end(bytes),
                Framing::Trailers => self.trailers(bytes),
            };
        }
        received - bytes.len()
    }

    /// Whether all content was received, or more than is kept.
    pub fn is_done(&self) -> bool {
        matches!(self.framing, Framing::Done | Framing::Trailers) || self.truncated
    }

    /// Whether the next byte belongs to another message.
    pub fn is_complete(&self) -> bool {
        self.framing == Framing::Done
    }

    /// Whether the end of the stream is its end.
    pub fn ends_with_stream(&self) -> bool {
        self.framing == Framing::UntilEnd
    }

    /// Whether its framing is malformed, so that its end is unknown.
    pub fn is_malformed(&self) -> bool {
        self.malformed
    }

    /// The start of the content.
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// Takes the content that is kept, so that as much again is.
    pub fn take_content(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.content)
    }

    /// Whether there was more content than is kept.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Keeps the next `left` bytes, as far as they were received and fit.
    fn keep_up_to<'a>(&mut self, bytes: &'a [u8], left: u64) -> (u64, &'a [u8]) {
        let taken = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let room = (self.limit - self.content.len()).min(taken);
        self.content.extend_from_slice(&bytes[..room]);
        self.truncated |= room < taken;
        (taken as u64, &bytes[taken..])
    }

    fn chunk_header<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (is_line, rest) = self.line(bytes);
        // Others take a line without digits for something else than the last chunk.
        let is_size = self.pending.first().is_some_and(u8::is_ascii_hexdigit);
        if is_line && self.strict && !ends_in_order(&self.pending) {
            return self.fail();
        }
        match httparse::parse_chunk_size(&self.pending) {
            // A larger one becomes negative in other readers.
            Ok(httparse::Status::Complete((_, size)))
                if is_line && is_size && self.has_room() && i64::try_from(size).is_ok() =>
            {
                self.pending.clear();
                self.framing = match size {
                    0 => Framing::Trailers,
                    size => Framing::Chunk(size),
                };
                rest
            }
            Ok(httparse::Status::Partial) if !is_line && self.has_room() => rest,
            _ => self.fail(),
        }
    }

    /// RFC 9112 §7.1: a CRLF follows each chunk, and nothing else: who skips another byte sees another end.
    fn chunk_end<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (taken, rest) = bytes.split_at(bytes.len().min(2 - self.pending.len()));
        self.pending.extend_from_slice(taken);
        match &self.pending[..] {
            b"\r\n" => {
                self.pending.clear();
                self.framing = Framing::ChunkHeader;
                rest
            }
            b"\r" => rest,
            _ => self.fail(),
        }
    }

    /// Checks and skips the fields after the last chunk (RFC 9112 §7.1.2).
    fn trailers<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (is_line, rest) = self.line(bytes);
        if is_line && self.pending == b"\r\n" {
            self.framing = Framing::Done;
        } else if is_line && !is_field(&self.pending) || !self.has_room() {
            return self.fail();
        }
        if is_line {
            self.pending.clear();
        }
        rest
    }

    /// Collects a line in `pending`, with its line break; returns whether it is complete, and what follows.
    fn line<'a>(&mut self, bytes: &'a [u8]) -> (bool, &'a [u8]) {
        let end = memchr::memchr(b'\n', bytes).map(|feed| feed + 1);
        let (line, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        self.pending.extend_from_slice(line);
        (end.is_some(), rest)
    }

    fn has_room(&self) -> bool {
        self.pending.len() < MAX_CHUNK_HEADER
    }

    fn fail(&mut self) -> &'static [u8] {
        self.framing = Framing::Done;
        self.malformed = true;
        &[]
    }
}

fn is_field(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r\n");
    line.is_some_and(|line| field_problem(line).is_none())
}

/// Whether a CRLF or an extension follows the digits of a chunk header, and not the spaces that some servers pad with
/// (RFC 9112 §7.1.1).
fn ends_in_order(line: &[u8]) -> bool {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit());
    let rest = &line[digits.count()..];
    rest == b"\r\n" || rest.trim_ascii_start().starts_with(b";") && rest.ends_with(b"\r\n")
}

/// What a head says about the length of its body.
enum Length {
    None,
    Known(u64),
    /// `Transfer-Encoding`.
    Coded {
        is_chunked: bool,
    },
}

impl Length {
    /// `None` when two readers could understand it differently (RFC 9112 §6.1, §6.3).
    fn of(head: &Head) -> Option<Self> {
        let lengths: Vec<&[u8]> = head.values("Content-Length").collect();
        let mut codings = head.list("Transfer-Encoding");
        let has_coding = head.values("Transfer-Encoding").next().is_some();
        match lengths[..] {
            [] if !has_coding => Some(Self::None),
            // Both in one head may be an attempt at smuggling, and HTTP/1.0 knows no codings.
            [] if !head.is_http10() => {
                let is_chunk = |coding: &String| coding.eq_ignore_ascii_case("chunked");
                let is_chunked = codings.pop_if(|last| is_chunk(last)).is_some();
                let is_clear = !codings.iter().any(is_chunk) && (is_chunked || !codings.is_empty());
                is_clear.then_some(Self::Coded { is_chunked })
            }
            [length] if !has_coding && length.iter().all(u8::is_ascii_digit) => {
                let length = std::str::from_utf8(length).ok()?.parse().ok()?;
                Some(Self::Known(length))
            }
            _ => None,
        }
    }
}

fn is_chunked(head: &Head) -> bool {
    let codings = head.list("Transfer-Encoding");
    codings
        .last()
        .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(fields: &[(&str, &str)], bytes: &[u8], step: usize) -> Body {
        let head = Head::encode("HTTP/1.1 403 Forbidden", fields.iter().copied());
        let mut body = Body::new(&head);
        for piece in bytes.chunks(step) {
            body.push(piece);
        }
        body
    }

    #[test]
    fn keeps_content_length_bytes() {
        for step in [1, 3, 100] {
            let body = body(&[("content-length", "5")], b"hello, more", step);
            assert!(body.is_done());
            assert_eq!(body.content(), b"hello");
        }
    }

    #[test]
    fn decodes_chunks_at_every_split() {
        let extension = "x".repeat(100);
        let raw = format!("5\r\nhello\r\n7;{extension}=1\r\n, world\r\n0\r\n\r\n");
        let raw = raw.as_bytes();
        for step in 1..raw.len() {
            let body = body(&[("Transfer-Encoding", "gzip, chunked")], raw, step);
            assert_eq!(body.content(), b"hello, world", "in steps of {step}");
            assert!(body.is_done());
        }
    }

    #[test]
    fn keeps_no_more_than_its_limit() {
        let body = body(&[], &[b'x'; 10_000], 1000);
        assert_eq!(body.content().len(), Body::MAX_CONTENT);
        assert!(body.is_truncated());
    }

    #[test]
    fn a_request_ends_where_the_next_one_begins() {
        for (fields, raw) in [
            (("Content-Length", "5"), "hello"),
            (("Transfer-Encoding", "chunked"), "5\r\nhello\r\n0\r\n\r\n"),
            (
                ("Transfer-Encoding", "chunked"),
                "5\r\nhello\r\n0\r\nA: b\r\n\r\n",
            ),
        ] {
            let head = Head::encode("POST / HTTP/1.1", [fields]);
            let both = format!("{raw}GET / HTTP/1.1\r\n\r\n");
            for step in [1, 2, 7, both.len()] {
                let mut body = Body::of_request(&head, 100).expect("a body");
                let taken = both.as_bytes().chunks(step).map(|piece| body.push(piece));
                assert_eq!(
                    taken.sum::<usize>(),
                    raw.len(),
                    "{raw:?} in steps of {step}"
                );
                assert_eq!(body.content(), b"hello");
                assert!(body.is_complete() && !body.is_malformed());
            }
        }
    }

    #[test]
    fn refuses_a_request_whose_end_is_unknown() {
        let of_request = |fields: &[(&str, &str)]| {
            let head = Head::encode("POST / HTTP/1.1", fields.iter().copied());
            Body::of_request(&head, 100)
        };
        assert!(of_request(&[]).is_some_and(|body| body.is_complete()));
        for fields in [
            &[("Content-Length", "-1")][..],
            &[("Content-Length", "+1")],
            &[("Content-Length", "99999999999999999999")],
            &[("Content-Length", "1"), ("Content-Length", "1")],
            &[("Content-Length", "1"), ("Transfer-Encoding", "chunked")],
            &[("Transfer-Encoding", "gzip")],
            &[("Transfer-Encoding", "chunked, gzip")],
            &[
                ("Transfer-Encoding", "chunked"),
                ("Transfer-Encoding", "chunked"),
            ],
            &[("Transfer-Encoding", "")],
            &[("Content-Length", "")],
        ] {
            assert!(of_request(fields).is_none(), "{fields:?}");
        }
    }

    #[test]
    fn chunks_that_two_readers_could_cut_differently_are_malformed() {
        for raw in [
            "5\r\nhelloXX0\r\n\r\n",
            "5\r\nhello\n0\r\n\r\n",
            "5\nhello\r\n0\r\n\r\n",
            "5;a\nhello\r\n0\r\n\r\n",
            "\r\n\r\n",
            ";a\r\n\r\n",
            "-1\r\n",
            "0x5\r\nhello\r\n",
            "10000000000000000\r\n",
            "0\r\nA: b\n\r\n",
            "0\r\n\n",
            "FFFFFFFFFFFFFFFF\r\n",
            "8000000000000000\r\n",
            "0\r\nGET /evil HTTP/1.1\r\n\r\n",
            "0\r\nA: b\rc\r\n\r\n",
            "0\r\nA : b\r\n\r\n",
            "0\r\n A: b\r\n\r\n",
        ] {
            for step in [1, raw.len()] {
                let body = body(&[("Transfer-Encoding", "chunked")], raw.as_bytes(), step);
                assert!(body.is_malformed(), "{raw:?} in steps of {step}");
            }
        }
    }

    #[test]
    fn a_padded_chunk_size_is_malformed_in_a_request_only() {
        let coding = [("Transfer-Encoding", "chunked")];
        for (line, is_malformed) in [("1 \r\n", true), ("1\t\r\n", true), ("1 ; a=b\r\n", false)] {
            for step in [1, line.len()] {
                let mut of_request =
                    Body::of_request(&Head::encode("POST / HTTP/1.1", coding), 0).expect("a body");
                for piece in line.as_bytes().chunks(step) {
                    of_request.push(piece);
                }
                assert_eq!(of_request.is_malformed(), is_malformed, "{line:?}");
                assert!(!body(&coding, line.as_bytes(), step).is_malformed());
            }
        }
    }

    #[test]
    fn the_end_of_a_response_follows_from_its_status_its_fields_and_the_request() {
        let ends = |status: &str, fields: &[(&str, &str)], is_head| {
            let head = Head::encode(status, fields.iter().copied());
            let body = Body::of_final_response(&head, is_head)?;
            Some(match (body.is_complete(), body.ends_with_stream()) {
                (true, _) => "none",
                (_, true) => "stream",
                _ => "counted",
            })
        };
        let (ok, length) = ("HTTP/1.1 200 OK", ("Content-Length", "5"));
        let coding = ("Transfer-Encoding", "chunked");
        for (status, fields, is_head, end) in [
            (ok, &[length][..], false, Some("counted")),
            (ok, &[length], true, Some("none")),
            ("HTTP/1.1 204 No Content", &[], false, Some("none")),
            ("HTTP/1.1 304 Not Modified", &[length], false, Some("none")),
            (ok, &[], false, Some("stream")),
            (ok, &[("Transfer-Encoding", "gzip")], false, Some("stream")),
            (
                ok,
                &[("Transfer-Encoding", "gzip, chunked")],
                false,
                Some("counted"),
            ),
            (ok, &[length, coding], false, None),
            (ok, &[length, ("Content-Length", "6")], false, None),
            ("HTTP/1.0 200 OK", &[coding], false, None),
            (
                ok,
                &[("Transfer-Encoding", "chunked, chunked")],
                false,
                None,
            ),
        ] {
            assert_eq!(ends(status, fields, is_head), end, "{status} {fields:?}");
        }
    }

    #[test]
    fn endless_trailers_are_malformed() {
        let mut raw = b"0\r\n".to_vec();
        raw.resize(2 * MAX_CHUNK_HEADER, b'x');
        assert!(body(&[("Transfer-Encoding", "chunked")], &raw, 100).is_malformed());
    }

    #[test]
    fn a_chunk_header_has_the_same_bound_at_every_split() {
        let extension = "x".repeat(MAX_CHUNK_HEADER);
        let raw = format!("5;{extension}\r\nhello\r\n0\r\n\r\n");
        for step in [1, 1000, raw.len()] {
            let body = body(&[("Transfer-Encoding", "chunked")], raw.as_bytes(), step);
            assert!(body.is_malformed(), "in steps of {step}");
        }
    }

    #[test]
    fn ends_at_a_malformed_chunk_size() {
        assert!(body(&[("Transfer-Encoding", "chunked")], b"zz\r\n", 1).is_done());
    }
}
