//! Bytes that the library sends, on their way to the stream.

use crate::proto::http2::frame::{Frame, Reader};

/// Bytes that wait before the library has to: one system call for several of its frames.
const FULL: usize = 128 << 10;
const HEAD: usize = 9;
/// The client's preface before its first frame (RFC 9113 §3.4), in bytes.
const PREFACE: usize = 24;
/// RFC 9113 §6.2, §6.5, §6.10.
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

#[derive(Debug)]
pub(super) struct Output {
    bytes: Vec<u8>,
    written: usize,
    preface: usize,
    reader: Reader,
    /// Frames that are sent in place of the library's SETTINGS, and of its request.
    settings: Option<Vec<u8>>,
    request: Option<Vec<u8>>,
}

impl Default for Output {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            written: 0,
            preface: PREFACE,
            reader: Reader::default(),
            settings: None,
            request: None,
        }
    }
}

impl Output {
    /// Sends this frame in place of the library's first SETTINGS, which it has not written yet.
    pub(super) fn replace_settings(&mut self, frame: Vec<u8>) {
        self.settings = Some(frame);
    }

    /// Sends these frames in place of the library's next HEADERS, which it has not written yet.
    pub(super) fn replace_request(&mut self, frames: Vec<u8>) {
        self.request = Some(frames);
    }

    /// The library writes whole frames.
    pub(super) fn push(&mut self, bytes: &[u8], seen: &mut dyn FnMut(Frame)) {
        let (preface, mut frames) = bytes.split_at(self.preface.min(bytes.len()));
        self.preface -= preface.len();
        self.bytes.extend_from_slice(preface);
        while self.replaces() && self.reader.is_between_frames() && frames.len() >= HEAD {
            let length = u32::from_be_bytes([0, frames[0], frames[1], frames[2]]);
            let end = usize::try_from(length).unwrap_or(usize::MAX);
            let (frame, rest) = frames.split_at(frames.len().min(HEAD.saturating_add(end)));
            frames = rest;
            let is_last = frame[4] & END_HEADERS != 0;
            let other = match frame[3] {
                SETTINGS => self.settings.take(),
                HEADERS | CONTINUATION if !is_last && self.request.is_some() => Some(Vec::new()),
                HEADERS | CONTINUATION => self.request.take(),
                _ => None,
            };
            self.pass(other.as_deref().unwrap_or(frame), seen);
        }
        self.pass(frames, seen);
    }

    fn replaces(&self) -> bool {
        self.settings.is_some() || self.request.is_some()
    }

    fn pass(&mut self, frames: &[u8], seen: &mut dyn FnMut(Frame)) {
        self.bytes.extend_from_slice(frames);
        self.reader.push(frames, seen);
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() - self.written >= FULL
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What the stream did not take yet.
    pub(super) fn waiting(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    pub(super) fn take(&mut self, n: usize) {
        self.written += n;
        if self.written == self.bytes.len() {
            self.clear();
        }
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.written = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).unwrap();
        [&[0, 0, length, kind, flags, 0, 0, 0, 1], payload].concat()
    }

    #[test]
    fn a_request_is_replaced_and_nothing_else_is() {
        let mut output = Output::default();
        let mut seen = Vec::new();
        output.push(&[b'P'; PREFACE], &mut |frame| seen.push(frame));
        output.replace_request(frame(HEADERS, END_HEADERS, b"ours"));
        let settings = frame(4, 0, &[]);
        let data = frame(0, 0, b"data");
        for bytes in [
            [&settings[..], &frame(HEADERS, 0, b"its")].concat(),
            [&frame(CONTINUATION, END_HEADERS, b"own")[..], &data].concat(),
            frame(HEADERS, END_HEADERS, b"trailers"),
        ] {
            output.push(&bytes, &mut |frame| seen.push(frame));
        }
        let ours = frame(HEADERS, END_HEADERS, b"ours");
        let trailers = frame(HEADERS, END_HEADERS, b"trailers");
        let expected = [&[b'P'; PREFACE][..], &settings, &ours, &data, &trailers].concat();
        assert_eq!(output.waiting(), expected);
        assert_eq!(seen.len(), 4, "{seen:?}");
    }
}
