//! Options of sockets, and what takes the place of those that Windows lacks.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};

/// A connection to a Unix socket: there is none, as tokio does not have them here.
#[derive(Debug)]
pub enum UnixStream {}

impl UnixStream {
    #[expect(clippy::unused_async, reason = "as elsewhere")]
    pub async fn connect(_: &Path) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl AsyncRead for UnixStream {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match *self {}
    }
}

impl AsyncWrite for UnixStream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        match *self {}
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match *self {}
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match *self {}
    }
}

/// Windows has no such limit.
pub fn set_user_timeout(_: &TcpStream, _: Duration) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Windows cannot bind to an interface by its name.
pub fn bind_interface(_: &TcpSocket, _name: &str, _peer: SocketAddr) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The index of the interface with this name.
pub fn interface_index(name: &str) -> Option<u32> {
    let mut all = if_addrs::get_if_addrs().ok()?.into_iter();
    all.find(|it| it.name == name)?.index
}
