//! The arguments of single commands, read without a line around them: scenarios share the grammar.
//!
//! Columns of an error count from the start of the arguments.

use super::args::Args;
use super::{CommandError, Outgoing, usage};

pub fn frame(text: &str) -> Result<Outgoing, CommandError> {
    let frame = args("frame", text)?.required()?.frame()?;
    Ok(Outgoing::Frame(frame))
}

pub fn raw(text: &str) -> Result<Outgoing, CommandError> {
    Ok(Outgoing::Raw(args("raw", text)?.required()?.hex()?))
}

pub fn fragment(text: &str) -> Result<Outgoing, CommandError> {
    args("fragment", text)?.required()?.fragment()
}

/// The bytes of `/bin`; none at all are an empty message.
pub fn bytes(text: &str) -> Result<Vec<u8>, CommandError> {
    args("bin", text)?.hex()
}

pub fn close_code(text: &str) -> Result<u16, CommandError> {
    args("close", text)?.close_code(text)
}

fn args<'a>(name: &str, text: &'a str) -> Result<Args<'a>, CommandError> {
    let unknown = || CommandError::Unknown {
        name: name.to_owned(),
    };
    let usage = usage::find(name).ok_or_else(unknown)?;
    let line = text;
    Ok(Args { line, text, usage })
}
