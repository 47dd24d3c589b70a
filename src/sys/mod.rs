//! What differs between systems, behind one interface: a folder for each family, with the same files.
//!
//! Nothing else in the crate asks which system this is; `tests/layers.rs` checks that.

mod blocks;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::{file, net, place, process, signal, stderr, stdin, stdout, terminal};
#[cfg(windows)]
pub use windows::{file, net, place, process, signal, stderr, stdin, stdout, terminal};

use std::io;

#[cfg(target_env = "musl")]
use dlmalloc::GlobalDlmalloc;

/// musl's own asks the kernel for the memory of each record of TLS, and gives it back at once: rustls receives 1.6
/// times as fast with this one.
///
/// mimalloc is faster still, but C, and keeps 18 MiB after a buffer that grew to 3 MiB, where this one keeps 6.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: GlobalDlmalloc = GlobalDlmalloc;

/// Why a file is not used for what only its owner may read.
#[derive(Debug)]
pub enum Unfit {
    Exists,
    Link,
    NotFile,
    /// It belongs to another user.
    Foreign,
    Io(io::Error),
}

impl From<io::Error> for Unfit {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What asks the process to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGHUP; on Windows, the end of the console window or of the user's session.
    Hangup,
    /// SIGINT, or Ctrl-C at the prompt.
    Interrupt,
    /// SIGTERM; on Windows, Ctrl-Break.
    Terminate,
}

/// Why a terminal does not say where its cursor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswered {
    /// Keys that were pressed before the answer would be lost.
    KeysWaiting,
    Silent,
}

/// Something that not every system can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// Connections to Unix sockets.
    UnixSocket,
    /// Connections that are bound to the name of an interface.
    InterfaceName,
    /// A limit for unacknowledged bytes (RFC 5482).
    UserTimeout,
}

impl Feature {
    pub fn is_here(self) -> bool {
        !place::LACKING.contains(&self)
    }
}
