//! jq filters on JSON that a peer sent.

pub mod error;
pub mod jq;
mod read;

pub use error::{CompileError, FilterError, ReadError};
pub use jq::{Jq, Output};
