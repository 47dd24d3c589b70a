//! The language of scenario files (`*.wsee`): what is sent to a server, and what must come back.
//!
//! A file is read line by line. [`parse()`] keeps every line, comments and blank lines too, so that
//! [`format`](mod@format) can write the file again; [`cases`] sorts the lines into what runs.
//! The language is described in the manual page wsee-scenario(5).

pub mod argument;
pub mod ast;
pub mod case;
pub mod error;
pub mod folder;
pub mod format;
pub mod known;
pub mod parse;
mod scan;
pub mod span;
pub mod template;
pub mod typed;
mod value;

#[cfg(test)]
mod tests;

pub use ast::{Action, Expect, File, Line, Match, Pattern, Statement};
pub use case::{Case, Step, cases};
pub use error::{Mistake, Problem};
pub use format::format;
pub use known::Known;
pub use parse::parse;
pub use template::{Form, Template, Variable};
