//! What is measured.

use crate::record::Series;

/// What a client is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Standard input to a server that takes it in, one line a text message.
    SendLines,
    /// The same, cut into binary messages of the record's size.
    SendBinary,
    /// Text messages of a server to standard output.
    Receive,
    /// Lines to an echo server and back, both directions at once.
    Echo,
    /// The same, but each line waits for the answer to the one before.
    RoundTrips,
    /// A process is started, sends a line and prints the answer; again for each record.
    Start,
}

/// How bytes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layer {
    Plain,
    Tls,
    Deflate,
    /// The server sends frames of this many bytes, or large ones.
    Http2 {
        piece: Option<usize>,
    },
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work {
    pub(crate) name: &'static str,
    pub(crate) task: Task,
    pub(crate) layer: Layer,
    pub(crate) series: Series,
    /// What the ratio of wsee to the limit, or to wsee over HTTP/1.1, has to be.
    pub(crate) target: f64,
}

impl Work {
    /// Whether a smaller figure is the better one.
    pub(crate) fn is_time(&self) -> bool {
        matches!(self.task, Task::RoundTrips | Task::Start)
    }

    /// Whether wsee may be at this ratio to the limit.
    pub(crate) fn is_met_by(&self, ratio: f64) -> bool {
        if self.is_time() {
            ratio <= self.target
        } else {
            ratio >= self.target
        }
    }

    /// The most memory that wsee may take for itself, in MiB.
    pub(crate) fn memory(&self) -> f64 {
        let messages = if self.series.size < 1 << 10 { 3.0 } else { 6.0 };
        match self.layer {
            Layer::Tls => messages + 2.0,
            // An idle connection may take 1 MiB more.
            Layer::Http2 { .. } => messages + 1.0,
            Layer::Plain | Layer::Deflate => messages,
        }
    }

    /// What the figures are in.
    pub(crate) fn unit(&self) -> &'static str {
        match self.task {
            Task::RoundTrips => "µs, median / p99",
            Task::Start => "ms",
            _ if self.series.size < 1 << 10 => "M msg/s",
            _ => "MB/s",
        }
    }
}

/// Every work, small enough for a check in CI when `quick`.
pub(crate) fn all(quick: bool) -> Vec<Work> {
    use Layer::{Deflate, Plain, Tls};
    use Task::{Echo, Receive, RoundTrips, SendBinary, SendLines, Start};
    let mib = 1 << 20;
    let h2 = Layer::Http2 { piece: None };
    // A message of 64 bytes with its header.
    let apart = Layer::Http2 { piece: Some(66) };
    [
        ("send 64 B lines", SendLines, Plain, 1_000_000, 64, 0.6),
        ("send 1 MiB binary", SendBinary, Plain, 1024, mib, 0.8),
        ("send 1 MiB lines", SendLines, Plain, 1024, mib, 0.8),
        ("receive 64 B text", Receive, Plain, 1_000_000, 64, 0.6),
        ("receive 1 MiB text", Receive, Plain, 1024, mib, 0.8),
        ("echo 100 B lines", Echo, Plain, 200_000, 100, 0.6),
        ("round trips", RoundTrips, Plain, 10_000, 64, 1.15),
        ("start to first echo", Start, Plain, 40, 64, 1.3),
        ("TLS: send 64 B lines", SendLines, Tls, 1_000_000, 64, 0.8),
        ("TLS: send 1 MiB binary", SendBinary, Tls, 512, mib, 0.8),
        ("TLS: receive 64 B text", Receive, Tls, 1_000_000, 64, 0.8),
        ("TLS: receive 1 MiB text", Receive, Tls, 512, mib, 0.8),
        (
            "deflate: send 1 MiB lines",
            SendLines,
            Deflate,
            48,
            mib,
            0.9,
        ),
        (
            "deflate: receive 1 MiB text",
            Receive,
            Deflate,
            48,
            mib,
            0.9,
        ),
        ("HTTP/2: send 64 B lines", SendLines, h2, 1_000_000, 64, 0.4),
        ("HTTP/2: receive 64 B text", Receive, h2, 1_000_000, 64, 0.4),
        (
            "HTTP/2: receive 64 B, a frame each",
            Receive,
            apart,
            1_000_000,
            64,
            0.4,
        ),
        ("HTTP/2: round trips", RoundTrips, h2, 10_000, 64, 1.5),
        ("HTTP/2: start to first echo", Start, h2, 40, 64, 1.5),
    ]
    .map(|(name, task, layer, count, size, target)| Work {
        name,
        task,
        layer,
        series: Series {
            count: if quick { (count / 100).max(3) } else { count },
            size,
        },
        target,
    })
    .to_vec()
}
