//! Frames of HTTP/2, as one line each.

use std::fmt::Write;

use super::escape::escape_line;
use crate::dial::http2::Seen;
use crate::event::Side;
use crate::proto::http2::frame::{Frame, Setting};

/// Whether a frame says how the connection fares, rather than that it does.
pub fn is_telling(seen: &Seen) -> bool {
    matches!(
        seen.frame,
        Frame::Settings(_) | Frame::RstStream { .. } | Frame::GoAway(_)
    )
}

/// The frame and its direction, safe to print; with whom it is exchanged, where there are two.
pub(super) fn seen(seen: &Seen, with: Option<Side>) -> String {
    let text = text(&seen.frame);
    match (with.map(Side::name), seen.is_sent) {
        (None, true) => format!("HTTP/2 → {text}"),
        (None, false) => format!("HTTP/2 ← {text}"),
        (Some(name), true) => format!("HTTP/2 to the {name}: {text}"),
        (Some(name), false) => format!("HTTP/2 from the {name}: {text}"),
    }
}

fn text(frame: &Frame) -> String {
    match frame {
        Frame::Settings(settings) if settings.is_empty() => "SETTINGS without a value".to_owned(),
        Frame::Settings(settings) => {
            let settings: Vec<String> = settings.iter().map(Setting::to_string).collect();
            format!("SETTINGS {}", settings.join(", "))
        }
        Frame::SettingsAck => "SETTINGS ACK".to_owned(),
        Frame::RstStream { stream, code } => format!("RST_STREAM {code}, stream {stream}"),
        Frame::GoAway(go_away) => {
            let mut text = format!(
                "GOAWAY {}, last stream {}",
                go_away.code, go_away.last_stream
            );
            if !go_away.debug.is_empty() {
                let _ = write!(text, " \"{}\"", escape_line(&go_away.debug[..]));
            }
            text
        }
        Frame::WindowUpdate {
            stream: 0,
            increment,
        } => {
            format!("WINDOW_UPDATE +{increment}, connection")
        }
        Frame::WindowUpdate { stream, increment } => {
            format!("WINDOW_UPDATE +{increment}, stream {stream}")
        }
        Frame::Ping { is_ack: true } => "PING ACK, not a WebSocket pong".to_owned(),
        Frame::Ping { is_ack: false } => "PING, not a WebSocket ping".to_owned(),
        Frame::Data { stream, length, .. } => format!("DATA {length} bytes, stream {stream}"),
        Frame::Headers { stream, .. } => format!("HEADERS, stream {stream}"),
        Frame::Other { kind, stream } => format!("frame of type 0x{kind:x}, stream {stream}"),
    }
}
