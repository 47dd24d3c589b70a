//! The bytes of a connection, both ways, as evidence.

use std::fmt::Write as _;

use crate::proto::frame::{CloseCode, Header, Opcode, mask};
use crate::proto::http1::head::Message;
use crate::proto::http1::{Head, Reader};
use crate::render::Secrets;
use crate::render::escape::{escape_line, escape_payload};
use crate::render::quantity;
use crate::secret::Redactor;

/// In bytes: a head with its body, or dozens of frames, and nothing that fills a screen for minutes.
const KEPT: usize = 4 << 10;
/// Bytes of a frame in hex: its header and the payload of a Close with a short reason.
const HEX: usize = 32;
/// Bytes of a line of a head; some tokens are longer, and masked anyway.
const LONG: usize = 400;
/// Lines of frames of one side; a flood is summed up.
const LINES: usize = 24;

/// What passed in one direction: an HTTP head, then a body or frames.
#[derive(Debug, Clone, Default)]
pub(super) struct Side {
    head: Vec<u8>,
    rest: Vec<u8>,
    /// Bytes that are not kept.
    cut: u64,
    has_head: bool,
    /// What follows is neither text nor frames.
    is_raw: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Trace {
    pub(super) sent: Side,
    pub(super) received: Side,
    /// What follows are frames.
    pub(super) is_open: bool,
    /// How it ended, or what did not come.
    pub(super) end: Option<String>,
}

impl Side {
    pub(super) fn add_head(&mut self, bytes: &[u8]) {
        keep(&mut self.head, &mut self.cut, bytes);
        self.has_head = true;
    }

    pub(super) fn add_raw(&mut self, bytes: &[u8]) {
        self.is_raw = true;
        self.add(bytes);
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        keep(&mut self.rest, &mut self.cut, bytes);
    }

    /// The head, if it is one of an answer and all of it was kept.
    pub(super) fn parsed(&self) -> Option<Head> {
        Reader::new(Message::Response).read(&self.head).ok()?
    }

    /// The text of the body.
    pub(super) fn body(&self) -> &[u8] {
        &self.rest
    }

    fn lines(&self, is_open: bool, secrets: Secrets, redactor: &Redactor) -> Vec<String> {
        let mut lines = Vec::new();
        if self.has_head {
            lines.extend(head_lines(&self.head, secrets));
        }
        if self.is_raw {
            lines.push(hex(&self.rest, redactor));
        } else if is_open || !self.has_head {
            frame_lines(&self.rest, redactor, &mut lines);
        } else {
            let body = redactor.bytes(&self.rest);
            let body = escape_payload(body.trim_ascii());
            lines.extend(body.lines().map(|line| format!("  {}", line.trim_end())));
        }
        if self.cut > 0 {
            lines.push(format!("… {} more", quantity::size(self.cut)));
        }
        lines
    }
}

impl Trace {
    /// What was sent, masked and escaped.
    pub(super) fn sent(&self, secrets: Secrets, redactor: &Redactor) -> Vec<String> {
        self.sent.lines(self.is_open, secrets, redactor)
    }

    /// What came, and how it ended.
    pub(super) fn received(&self, secrets: Secrets, redactor: &Redactor) -> Vec<String> {
        let mut lines = self.received.lines(self.is_open, secrets, redactor);
        for line in &mut lines {
            *line = redactor.text(line).into_owned();
        }
        lines.extend(self.end.as_ref().map(|end| format!("({end})")));
        lines
    }
}

fn keep(kept: &mut Vec<u8>, cut: &mut u64, bytes: &[u8]) {
    let room = KEPT.saturating_sub(kept.len()).min(bytes.len());
    kept.extend_from_slice(&bytes[..room]);
    *cut += (bytes.len() - room) as u64;
}

fn head_lines(head: &[u8], secrets: Secrets) -> Vec<String> {
    let text = String::from_utf8_lossy(head);
    let lines = text.trim_end().split("\r\n").enumerate();
    lines
        .map(|(number, line)| {
            let line = match split_field(line) {
                Some((name, value)) if number > 0 => {
                    let value = secrets.header_value(name, value.trim());
                    format!("{name}: {value}")
                }
                _ => secrets.start_line(line),
            };
            escape_line(&shortened(line)).into_owned()
        })
        .collect()
}

/// A line that fits on some rows of a terminal.
fn shortened(mut line: String) -> String {
    if line.len() > LONG {
        let cut = line.split_off(line.floor_char_boundary(LONG));
        let _ = write!(line, " … {} more", quantity::size(cut.len() as u64));
    }
    line
}

/// A field's name and value; names of HTTP/2's pseudo-header fields begin with a colon.
fn split_field(line: &str) -> Option<(&str, &str)> {
    let colon = line.bytes().skip(1).position(|byte| byte == b':')? + 1;
    Some((&line[..colon], &line[colon + 1..]))
}

/// A line for each frame, and the bytes that are no whole frame.
fn frame_lines(mut bytes: &[u8], redactor: &Redactor, lines: &mut Vec<String>) {
    let mut count = 0;
    while !bytes.is_empty() {
        if count == LINES {
            lines.push(format!(
                "… {} in more frames",
                quantity::size(bytes.len() as u64)
            ));
            return;
        }
        count += 1;
        let Some((header, size)) = Header::decode(bytes) else {
            lines.push(format!("incomplete header  {}", hex(bytes, redactor)));
            return;
        };
        let length = usize::try_from(header.payload_len).unwrap_or(usize::MAX);
        let end = size.saturating_add(length).min(bytes.len());
        lines.push(frame_line(&header, &bytes[..end], size, redactor));
        bytes = &bytes[end..];
    }
}

fn frame_line(header: &Header, bytes: &[u8], size: usize, redactor: &Redactor) -> String {
    let mut payload = bytes[size..].to_vec();
    if let Some(key) = header.masking_key {
        mask::apply(&mut payload, key, 0);
    }
    let mut line = header.opcode.to_string();
    let flags = [
        (!header.fin, " fin=0"),
        (header.rsv1, " rsv1"),
        (header.rsv2, " rsv2"),
        (header.rsv3, " rsv3"),
    ];
    for (is_set, flag) in flags {
        line.push_str(if is_set { flag } else { "" });
    }
    // Writing to a String cannot fail.
    let _ = write!(line, " {}", quantity::size(header.payload_len));
    if header.opcode == Opcode::CLOSE
        && let Some((code, reason)) = payload.split_first_chunk()
    {
        let _ = write!(line, " {}", CloseCode(u16::from_be_bytes(*code)).0);
        if !reason.is_empty() {
            let reason = redactor.bytes(reason);
            let _ = write!(line, " \"{}\"", escape_line(&*reason));
        }
    }
    format!("{line}  {}", hex(bytes, redactor))
}

fn hex(bytes: &[u8], redactor: &Redactor) -> String {
    let bytes = redactor.bytes(bytes);
    let (shown, cut) = bytes.split_at(HEX.min(bytes.len()));
    let dots = if cut.is_empty() { "" } else { " …" };
    let digits: Vec<String> = shown.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}{dots}", digits.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace() -> Trace {
        let mut trace = Trace::default();
        trace.sent.add_head(
            b"GET /?token=s3cret-value HTTP/1.1\r\nCookie: sid=s3cret-value\r\nHost: h\r\n\r\n",
        );
        trace
            .received
            .add_head(b"HTTP/1.1 101 OK\r\nA: \x1b[2J s3cret-value\r\n\r\n");
        trace.is_open = true;
        trace.received.add(b"\x88\x0e\x03\xeas3cret-value\x81\x7e");
        trace
    }

    #[test]
    fn secrets_and_controls_of_evidence_are_hidden() {
        let mut redactor = Redactor::default();
        redactor.add("s3cret-value");
        let trace = trace();
        let sent = trace.sent(Secrets::Masked, &redactor);
        assert_eq!(sent, ["GET /?token=*** HTTP/1.1", "Cookie: ***", "Host: h"]);
        let received = trace.received(Secrets::Masked, &redactor);
        assert_eq!(received[..2], ["HTTP/1.1 101 OK", "A: \\x1b[2J ***"]);
        assert!(
            received[2].starts_with("close 14 B 1002 \"***"),
            "{received:?}"
        );
        assert!(
            !received.join("").contains(&hex::encode("s3cret")),
            "{received:?}"
        );
        assert_eq!(received[3], "incomplete header  81 7e");
    }

    #[test]
    fn pseudo_header_fields_are_shown_without_secrets() {
        let mut trace = Trace::default();
        trace
            .sent
            .add_head(b"CONNECT /?token=s3cret HTTP/2\r\n:path: /?token=s3cret\r\n\r\n");
        let sent = trace.sent(Secrets::Masked, &Redactor::default());
        assert_eq!(sent, ["CONNECT /?token=*** HTTP/2", ":path: /?token=***"]);
    }

    #[test]
    fn a_flood_of_frames_is_summed_up() {
        let mut trace = Trace::default();
        trace.received.add(&[0x8a, 0].repeat(100_000));
        let lines = trace.received(Secrets::Masked, &Redactor::default());
        assert_eq!(lines.len(), LINES + 2, "{lines:?}");
    }
}
