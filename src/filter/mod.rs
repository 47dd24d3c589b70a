//! jq filters on JSON that a peer sent.

mod budget;
mod compare;
pub mod error;
pub mod jq;
pub mod messages;
mod read;
pub mod subset;

pub use budget::Effort;
pub use compare::Difference;
pub use error::{CompileError, FilterError, ReadError};
pub use jq::{Jq, Output};
pub use messages::{Filter, Filtered};
pub use subset::{Json, Subset};
