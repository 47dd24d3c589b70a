//! What is on the wire, bit by bit: sent on command, shown, tolerated, and passed on.

mod command;
mod lenient;
mod mask;
mod shown;
mod streamed;
