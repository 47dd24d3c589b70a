//! What is told of a run at its end: `--write-out` and `--timing`.

mod timing;
mod write_out;
