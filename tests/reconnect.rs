//! Runs that outlive their connection, and messages that are repeated.

mod end;
mod every;
mod pipe;
mod repl;
