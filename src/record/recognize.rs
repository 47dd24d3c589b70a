//! What a file is, by its name or else by how it begins.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use super::error::ReadError;
use super::format::Format;
use super::read::open;
use crate::render::jsonl;

/// Bytes at the start of a file that say what it is.
const START: u64 = 4 << 10;

/// Files that are taken for recordings, and how they begin.
const OTHERS: &[(&[u8], &str)] = &[
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"\x7fELF", "a program"),
    (b"\xd4\xc3\xb2\xa1", "a packet capture"),
    (b"\xa1\xb2\xc3\xd4", "a packet capture"),
    (b"\x0a\x0d\x0d\x0a", "a packet capture"),
    (b"<!DOCTYPE html", "an HTML page"),
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
];

/// The format of a recording.
///
/// The ending of its name decides. A file with another name is a recording if it begins as one: browsers and
/// shells give any name.
pub fn recognize(path: &Path) -> Result<Format, ReadError> {
    let file = open(path)?;
    if let Some(format) = Format::of(path) {
        return Ok(format);
    }
    let start = start(file).map_err(|error| ReadError::Io {
        path: path.to_owned(),
        error,
    })?;
    by_start(&start).map_err(|what| ReadError::NotRecording {
        path: path.to_owned(),
        what,
    })
}

fn start(file: BufReader<File>) -> std::io::Result<Vec<u8>> {
    let mut start = Vec::new();
    file.take(START).read_to_end(&mut start)?;
    Ok(start)
}

fn by_start(start: &[u8]) -> Result<Format, &'static str> {
    let other = OTHERS.iter().find(|(magic, _)| start.starts_with(magic));
    if let Some((_, what)) = other {
        return Err(what);
    }
    let text = start.trim_ascii_start();
    if text.is_empty() {
        return Err("empty");
    }
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or(text);
    let is_cut = first.len() == text.len() && start.len() as u64 == START;
    let is_event = jsonl::message(first).is_ok() || is_cut && text.starts_with(b"{\"v\":");
    // A HAR file is an object with only this member.
    let inside = text
        .strip_prefix(b"{")
        .unwrap_or_default()
        .trim_ascii_start();
    if inside.starts_with(b"\"log\"") {
        Ok(Format::Har)
    } else if is_event {
        Ok(Format::Jsonl)
    } else if text.starts_with(b"{") || text.starts_with(b"[") {
        Err("JSON of another kind")
    } else if String::from_utf8_lossy(start).contains('\0') {
        Err("binary data")
    } else {
        Err("a text file")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_recognized_by_how_it_begins() {
        for (start, format) in [
            (&b"{\"log\":{\"version\":\"1.2\""[..], Ok(Format::Har)),
            (b"\n{\r\n  \"log\": {", Ok(Format::Har)),
            (b"{\"v\":1,\"event\":\"open\"}\n{", Ok(Format::Jsonl)),
            (
                b"{\"event\":\"message\",\"data\":\"hi\"}",
                Ok(Format::Jsonl),
            ),
            (b"", Err("empty")),
            (b"[1]", Err("JSON of another kind")),
            (b"{\"a\":1}", Err("JSON of another kind")),
            (b"hello", Err("a text file")),
            (b"a\0b", Err("binary data")),
            (b"\x89PNG\r\n", Err("a PNG image")),
            (b"<!DOCTYPE html>", Err("an HTML page")),
        ] {
            let text = String::from_utf8_lossy(start);
            assert_eq!(by_start(start), format, "{text}");
        }
        let mut long = b"{\"v\":1,\"event\":\"message\",\"data\":\"".to_vec();
        long.resize(usize::try_from(START).unwrap(), b'x');
        assert_eq!(by_start(&long), Ok(Format::Jsonl));
    }
}
