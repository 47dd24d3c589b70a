//! What a run came to, or why it has no figures.

use std::error::Error;
use std::time::Duration;

use crate::client::{Memory, Usage};
use crate::record::Series;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// What one run came to.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// In the work's unit: one rate or time, or a median and a 99th percentile.
    pub(crate) figures: Vec<f64>,
    pub(crate) usage: Usage,
}

impl Sample {
    /// A series that one thread worked on for all of `elapsed`.
    pub(crate) fn of_series(series: Series, elapsed: Duration) -> Self {
        let usage = Usage {
            cpu: elapsed,
            memory: Memory::default(),
        };
        Self::of_rate(series, elapsed, usage)
    }

    pub(crate) fn of_rate(series: Series, elapsed: Duration, usage: Usage) -> Self {
        let amount = if series.size < 1 << 10 {
            series.count
        } else {
            series.bytes()
        };
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let rate = amount as f64 / elapsed.as_secs_f64() / 1e6;
        Self {
            figures: vec![rate],
            usage,
        }
    }
}
