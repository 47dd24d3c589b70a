//! Errors of the system and of libraries, in words of this program.

use std::io;

/// A system's error in a few words, without its number and without words of libraries.
pub fn io_text(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionReset => return "TCP reset".to_owned(),
        io::ErrorKind::BrokenPipe => return "TCP closed by the peer".to_owned(),
        io::ErrorKind::TimedOut => return "TCP timed out".to_owned(),
        io::ErrorKind::UnexpectedEof => return "TLS ended without close_notify".to_owned(),
        _ => {}
    }
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
