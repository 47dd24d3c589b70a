//! The body of a refused upgrade: its framing (RFC 9112 §6) and the start of its content.

use super::Head;

/// Reads a body in pieces and keeps its start.
#[derive(Debug)]
pub struct Body {
    framing: Framing,
    content: Vec<u8>,
    /// Bytes of an incomplete chunk header.
    pending: Vec<u8>,
    truncated: bool,
}

/// The longest chunk header, with extensions, in bytes: ample, as nobody uses extensions.
const MAX_CHUNK_HEADER: usize = 4 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// This many bytes are left.
    Length(u64),
    /// A chunk header comes next.
    ChunkHeader,
    /// This many bytes of a chunk are left, including its line break.
    Chunk(u64),
    /// Everything until the stream ends.
    UntilEnd,
    /// The body is complete, or the rest is malformed.
    Done,
}

impl Body {
    /// How many bytes of a body are kept: a page of text, enough for an error message.
    pub const MAX_CONTENT: usize = 4 << 10;

    /// The body that follows `head`, a response.
    pub fn new(head: &Head) -> Self {
        let chunked = head
            .list("Transfer-Encoding")
            .last()
            .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
        let framing = match head.text("Content-Length").map(|text| text.parse()) {
            _ if matches!(head.status(), Some(101 | 204 | 304)) => Framing::Done,
            _ if chunked => Framing::ChunkHeader,
            Some(Ok(0)) => Framing::Done,
            Some(Ok(length)) => Framing::Length(length),
            Some(Err(_)) | None => Framing::UntilEnd,
        };
        Self {
            framing,
            content: Vec::new(),
            pending: Vec::new(),
            truncated: false,
        }
    }

    /// Processes the next bytes of the stream.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = match self.framing {
                Framing::Done => return,
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
                Framing::Chunk(left) => self.chunk(bytes, left),
            };
        }
    }

    /// Whether the body is complete, or longer than what is kept.
    pub fn is_done(&self) -> bool {
        self.framing == Framing::Done || self.truncated
    }

    /// The start of the content.
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// Whether there was more content than is kept.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Keeps the next `left` bytes, as far as they were received and fit.
    fn keep_up_to<'a>(&mut self, bytes: &'a [u8], left: u64) -> (u64, &'a [u8]) {
        let taken = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let room = (Self::MAX_CONTENT - self.content.len()).min(taken);
        self.content.extend_from_slice(&bytes[..room]);
        self.truncated |= room < taken;
        (taken as u64, &bytes[taken..])
    }

    fn chunk_header<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let line = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |feed| feed + 1);
        let (line, rest) = bytes.split_at(line);
        self.pending.extend_from_slice(line);
        match httparse::parse_chunk_size(&self.pending) {
            Ok(httparse::Status::Complete((_, size))) => {
                self.pending.clear();
                self.framing = match size {
                    0 => Framing::Done,
                    size => Framing::Chunk(size.saturating_add(2)),
                };
                rest
            }
            Ok(httparse::Status::Partial) if self.pending.len() < MAX_CHUNK_HEADER => rest,
            _ => {
                self.framing = Framing::Done;
                &[]
            }
        }
    }

    /// Processes chunk data; the last two of the `left` bytes are its line break.
    fn chunk<'a>(&mut self, bytes: &'a [u8], left: u64) -> &'a [u8] {
        let (data, _) = self.keep_up_to(bytes, left.saturating_sub(2));
        let skipped = (left - data).min(bytes.len() as u64 - data).min(2);
        let break_comes = left - data <= 2;
        let taken = data + if break_comes { skipped } else { 0 };
        self.framing = match left - taken {
            0 => Framing::ChunkHeader,
            left => Framing::Chunk(left),
        };
        &bytes[usize::try_from(taken).unwrap_or(bytes.len())..]
    }
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
    fn ends_at_a_malformed_chunk_size() {
        assert!(body(&[("Transfer-Encoding", "chunked")], b"zz\r\n", 1).is_done());
    }
}
