//! Checks a server: what it lets in, what it reveals about itself, and how it takes mistakes.
//!
//! A check is a row of a table (`check`), one file for each group of them. It makes connections within the budget
//! of the run (`auditor`, `wire`) and comes to a `verdict`; what cannot be decided is not tested, and never
//! passed. Results are values (`result`), of which reports are made (`report`).

mod admission;
mod answer;
mod auditor;
pub mod check;
mod credential;
mod cure;
mod entry;
mod first;
mod frame;
mod handshake;
mod http2;
mod known;
mod leak;
mod limit;
pub mod list;
mod liveness;
mod meter;
mod options;
mod origin;
mod raw;
mod reaction;
pub mod report;
mod request;
pub mod result;
mod run;
pub mod severity;
mod survival;
mod trace;
mod transport;
mod verdict;
mod wire;

pub use known::{Known, Standing};
pub use meter::Budget;
pub use options::{Level, Options};
pub use run::{audit, budget};
