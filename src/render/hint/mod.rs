//! Hints that name flags, for what the layers below report: [`table`] for what servers do, one file each
//! for files, certificates and proxies.

mod access;
mod dial;
mod ended;
mod facts;
mod handshake;
mod proxy;
mod refused;
mod row;
mod signature;
pub mod table;
mod tls;
mod token;
mod unanswered;
mod value;
