//! zlib-rs alone, which sets the pace of permessage-deflate (RFC 7692 §7.2).

use std::time::Instant;

use flate2::{
    Compress, Compression, Decompress, DecompressError, FlushCompress, FlushDecompress, Status,
};

use crate::record::{Blocks, Series};
use crate::sample::{Failure, Sample};
use crate::work::{Task, Work};

/// What ends a flushed block and is left out on the wire.
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// Does to the series' records what a client has to do to them, and nothing else.
pub(crate) fn alone(work: &Work) -> Result<Sample, Failure> {
    let (started, stopped) = if work.task == Task::Receive {
        let messages = deflate_all(work.series);
        let mut inflate = Decompress::new(false);
        let mut plain = Vec::with_capacity(work.series.size + 1);
        let started = Instant::now();
        for message in &messages {
            inflate_message(&mut inflate, message, &mut plain)?;
        }
        (started, Instant::now())
    } else {
        let started = Instant::now();
        deflate_all(work.series);
        (started, Instant::now())
    };
    Ok(Sample::of_series(work.series, stopped - started))
}

/// Every record of the series as the payload of a compressed message.
pub(crate) fn deflate_all(series: Series) -> Vec<Vec<u8>> {
    let mut deflate = Compress::new(Compression::default(), false);
    let mut blocks = Blocks::new(series, &[], &[]);
    let mut messages = Vec::new();
    while let Some(block) = blocks.next() {
        for record in block.chunks_exact(series.size) {
            messages.push(deflate_message(&mut deflate, record));
        }
    }
    messages
}

fn deflate_message(deflate: &mut Compress, record: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(record.len() / 2 + 64);
    let start = deflate.total_in();
    while message.len() == message.capacity() || message.is_empty() {
        message.reserve(record.len() / 2 + 64);
        let taken = usize::try_from(deflate.total_in() - start).unwrap_or(record.len());
        // The only error is one of calling it in a wrong state.
        let _ = deflate.compress_vec(&record[taken..], &mut message, FlushCompress::Sync);
    }
    message.truncate(message.len() - TAIL.len());
    message
}

/// Inflates a message to `plain`, which has room for it and one byte more.
pub(crate) fn inflate_message(
    inflate: &mut Decompress,
    message: &[u8],
    plain: &mut Vec<u8>,
) -> Result<Status, DecompressError> {
    plain.clear();
    inflate.decompress_vec(message, plain, FlushDecompress::None)?;
    inflate.decompress_vec(&TAIL, plain, FlushDecompress::Sync)
}
