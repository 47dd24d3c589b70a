//! HTTP/1.1 heads, kept verbatim: names, order and case as on the wire (RFC 9112).

pub mod body;
pub mod head;

pub use body::Body;
pub use head::{Head, HeadError, Reader, status_line};
