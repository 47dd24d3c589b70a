//! What everything that accepts connections shares: the address, the listener, TLS, and the log of clients.

mod accept;
mod board;
mod events;
mod faulty;
mod flood;
mod full;
pub mod http2;
mod identity;
mod lines;
mod listener;
mod log;
mod pending;
mod recording;
mod refuse;
mod streams;

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

pub use accept::{Admission, Arrival, Reception, Stop, Stopped, accept, dismiss, wait};
pub use board::Board;
pub use faulty::{finish, keep_mute};
pub use full::Refusing;
pub use identity::{Identity, IdentityError};
pub use lines::{Lines, with_events};
pub use listener::Listener;
pub use log::Log;
pub use recording::{Recorded, numbered};
pub use refuse::{BAD_REQUEST, answer, plain_response, read_request, turn_away};
pub use streams::{Guest, Host, Streams};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// A name or an IP address, without brackets.
    pub host: String,
    /// 0 for any free port.
    pub port: u16,
}

/// How long a refused client may take to end the stream.
const LINGER: Duration = Duration::from_secs(1);
/// How much more is read from a refused client, in bytes.
const LINGER_BYTES: u64 = 64 << 10;

/// Ends the stream and reads what still arrives: closing a socket with unread bytes would reset it, and
/// the client could lose the answer.
pub async fn linger<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    stream.shutdown().await?;
    let mut rest = stream.take(LINGER_BYTES);
    let mut block = [0; 4 << 10];
    let rest = async { while matches!(rest.read(&mut block).await, Ok(1..)) {} };
    let _ = tokio::time::timeout(LINGER, rest).await;
    Ok(())
}
