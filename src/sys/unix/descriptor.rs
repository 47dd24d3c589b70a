//! Standard streams by kind of descriptor, and their use without blocking.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::{FileType, Mode, OFlags};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

#[derive(Debug)]
pub(super) enum Descriptor {
    /// An open file description of our own, which is non-blocking: a pipe or a terminal opened again.
    Own {
        fd: OwnedFd,
        /// Whether a read that returns less than was asked for has emptied it: not so for terminals.
        short_read_empties: bool,
    },
    /// A socket, which can be asked not to block call by call.
    Socket(OwnedFd),
    /// Something that is always ready: a regular file, `/dev/null`.
    File(OwnedFd),
    /// A pipe or terminal that could not be opened again; it is used only when it is ready.
    Shared(OwnedFd),
}

/// Finds out how `stream` can be used; `access` is how it would be opened again.
pub(super) fn classify(stream: BorrowedFd<'_>, access: OFlags) -> io::Result<Descriptor> {
    let kind = FileType::from_raw_mode(rustix::fs::fstat(stream)?.st_mode);
    let terminal = rustix::termios::isatty(stream);
    let copy = stream.try_clone_to_owned()?;
    Ok(match kind {
        FileType::Socket => Descriptor::Socket(copy),
        FileType::Fifo => match open_again(stream, access)? {
            Some(fd) => Descriptor::Own {
                fd,
                short_read_empties: true,
            },
            None => Descriptor::Shared(copy),
        },
        FileType::CharacterDevice if terminal => match open_again(stream, access)? {
            Some(fd) => Descriptor::Own {
                fd,
                short_read_empties: false,
            },
            None => Descriptor::Shared(copy),
        },
        _ => Descriptor::File(copy),
    })
}

/// Opens the file of `stream` again, so that it can be non-blocking for us alone.
///
/// `O_NONBLOCK` belongs to the open file description, which other processes share: setting it on the stream itself
/// would surprise them. `None` where the system only duplicates the descriptor, or opens something else.
fn open_again(stream: BorrowedFd<'_>, access: OFlags) -> io::Result<Option<OwnedFd>> {
    let path = format!("{DESCRIPTORS}/{}", stream.as_raw_fd());
    let flags = access | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(fd) => fd,
        // A pipe whose reader is gone.
        Err(rustix::io::Errno::NXIO) => return Err(io::ErrorKind::BrokenPipe.into()),
        Err(_) => return Ok(None),
    };
    let (ours, theirs) = (rustix::fs::fstat(fd.as_fd())?, rustix::fs::fstat(stream)?);
    let is_same = ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
    Ok((is_same && is_own(&fd, stream)).then_some(fd))
}

/// The folder of the open descriptors.
const DESCRIPTORS: &str = if cfg!(target_os = "linux") {
    "/proc/self/fd"
} else {
    "/dev/fd"
};

/// Whether `fd`, which was opened non-blocking, has flags of its own.
///
/// Linux opens a pipe or terminal again. macOS and FreeBSD duplicate most descriptors instead, and ignore the flags.
fn is_own(fd: &OwnedFd, stream: BorrowedFd<'_>) -> bool {
    let is_non_blocking = |flags: rustix::io::Result<OFlags>| {
        flags.is_ok_and(|flags| flags.contains(OFlags::NONBLOCK))
    };
    cfg!(target_os = "linux")
        || (is_non_blocking(rustix::fs::fcntl_getfl(fd))
            && !is_non_blocking(rustix::fs::fcntl_getfl(stream)))
}

/// The capacity that a busy pipe is asked to have, in bytes: what Linux allows without privileges.
#[cfg(target_os = "linux")]
const WIDE: usize = 1 << 20;

/// Raises the capacity of a pipe from the usual 64 KiB, so that its ends wait for each other less often.
///
/// Errors are ignored: the system has a limit, and only pipes have a capacity.
pub(super) fn widen(fd: &impl AsFd) {
    #[cfg(target_os = "linux")]
    let _ = rustix::pipe::fcntl_setpipe_size(fd, WIDE);
    #[cfg(not(target_os = "linux"))]
    let _ = fd;
}

/// Watches `fd` for `interest`; needs a tokio runtime.
#[expect(
    deprecated,
    reason = "its successor has the caller promise what OwnedFd guarantees: the descriptor stays open"
)]
pub(super) fn watch(fd: OwnedFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(fd, interest)
}
