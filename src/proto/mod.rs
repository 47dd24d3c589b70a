//! The WebSocket protocol without I/O, for both roles: bytes in, events out, commands in, bytes out.
//!
//! Time is a parameter and randomness is seeded from outside, so that every run can be repeated.
//! The verbs of [`connection::Connection`]: give it received bytes ([`Connection::input`]), take events
//! ([`Connection::poll_event`]), send ([`sender::Sender`]), write what it has to say ([`Sender::output`]),
//! and let time pass ([`Connection::poll_timeout`], [`Connection::handle_timeout`]).
//!
//! [`Connection::input`]: connection::Connection::input
//! [`Connection::poll_event`]: connection::Connection::poll_event
//! [`Connection::poll_timeout`]: connection::Connection::poll_timeout
//! [`Connection::handle_timeout`]: connection::Connection::handle_timeout
//! [`Sender::output`]: sender::Sender::output

#![warn(missing_docs)]

pub mod buffer;
pub mod connection;
pub mod deflate;
pub mod encoded;
pub mod extension;
pub mod frame;
pub mod handshake;
pub mod http1;
pub mod http2;
pub mod message;
pub mod passage;
pub mod receiver;
pub mod rules;
pub mod sender;
pub mod traffic;
pub mod watcher;

/// Which end of the connection this endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Opened the connection; masks what it sends (RFC 6455 §5.1).
    Client,
    /// Accepted the connection; never masks.
    Server,
}
