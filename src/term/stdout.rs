//! Standard output, written without blocking.

use std::future::poll_fn;
use std::io;
use std::task::{Poll, ready};
use std::time::Duration;

pub use crate::sys::stdout::Stdout;

/// Writes all of `bytes` to standard output; an error of kind [`io::ErrorKind::TimedOut`] when that takes longer.
///
/// Needs a tokio runtime.
pub async fn write_within(limit: Duration, bytes: &[u8]) -> io::Result<()> {
    let mut stdout = Stdout::open()?;
    let mut rest = bytes;
    let write = poll_fn(|cx| {
        while !rest.is_empty() {
            let written = ready!(stdout.poll_write(cx, rest))?;
            rest = &rest[written..];
        }
        Poll::Ready(Ok(()))
    });
    match tokio::time::timeout(limit, write).await {
        Ok(written) => written,
        Err(_elapsed) => Err(io::ErrorKind::TimedOut.into()),
    }
}
