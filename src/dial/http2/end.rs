//! How a stream ends, as the error of a read.

use std::fmt;
use std::io;

use crate::proto::http2::frame::ErrorCode;

/// Why nothing more comes on a stream.
#[derive(Debug)]
pub struct StreamEnd {
    how: How,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// In order, with `END_STREAM`.
    Ended,
    /// By `RST_STREAM` or GOAWAY, of either end.
    Code(ErrorCode),
    /// With its connection, which ended like this.
    Lost(io::ErrorKind),
}

impl StreamEnd {
    /// The end as an error; `text` is not escaped.
    pub fn error(how: How, text: impl Into<String>) -> io::Error {
        let text = text.into();
        io::Error::other(Self { how, text })
    }

    /// How the stream ended, if it is one of HTTP/2 and this is the error of its end.
    pub fn of(error: &io::Error) -> Option<How> {
        let end: &Self = error.get_ref()?.downcast_ref()?;
        Some(end.how)
    }
}

impl fmt::Display for StreamEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for StreamEnd {}
