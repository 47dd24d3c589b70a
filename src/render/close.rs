//! Why a connection closed, as a phrase within a line.

use std::fmt::Write as _;

use super::escape::escape_line;
use crate::proto::frame::CloseFrame;
use crate::proto::rules::{Rule, Violation};

/// Code, name and reason of a Close frame; says which codes are never on the wire.
pub fn close_text(frame: Option<&CloseFrame>) -> String {
    match frame {
        None => "without a code (reported as 1005, which is never on the wire)".to_owned(),
        Some(frame) if frame.reason.is_empty() => frame.code.to_string(),
        Some(frame) => format!("{} \"{}\"", frame.code, escape_line(&frame.reason)),
    }
}

pub fn violation_text(violation: &Violation) -> String {
    if violation.rule == Rule::Http {
        return response_text(&violation.bytes);
    }
    let mut text = violation.rule.to_string();
    if let Some(section) = violation.rule.section() {
        let _ = write!(text, " ({section})");
    }
    if !violation.bytes.is_empty() {
        let bytes = spaced_hex(&violation.bytes);
        let _ = write!(text, "; bytes {bytes} at offset {}", violation.offset);
    }
    text
}

/// The status line of a response and the first line of its body.
fn response_text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.lines().next().unwrap_or_default();
    let status = status.split_once(' ').map_or(status, |(_, status)| status);
    let body = body.lines().map(str::trim).find(|line| !line.is_empty());
    let body = body.map(|line| format!(" \"{}\"", escape_line(line)));
    format!("HTTP: {}{}", escape_line(status), body.unwrap_or_default())
}

pub(super) fn spaced_hex(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}
