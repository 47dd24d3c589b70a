//! Socket.IO, and Engine.IO below it, in the versions that are in use.

pub mod engine;
pub mod msgpack;
pub mod packet;
