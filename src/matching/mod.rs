//! Messages held against patterns, and the values of variables: what scenarios and rules share.

mod comparison;
pub mod matcher;
pub mod value;

pub use matcher::{CaptureError, Matcher, MatcherError, Miss, capture, glob};
pub use value::{Fill, Given, NoValue, Values};
