//! Options of sockets.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

pub use tokio::net::UnixStream;
use tokio::net::{TcpSocket, TcpStream};

/// Limits how long sent bytes may remain unacknowledged (RFC 5482).
#[cfg(target_os = "linux")]
pub fn set_user_timeout(tcp: &TcpStream, limit: Duration) -> io::Result<()> {
    let millis = u32::try_from(limit.as_millis()).unwrap_or(u32::MAX);
    Ok(rustix::net::sockopt::set_tcp_user_timeout(tcp, millis)?)
}

/// Limits how long sent bytes may remain unacknowledged (RFC 5482).
#[cfg(not(target_os = "linux"))]
pub fn set_user_timeout(_: &TcpStream, _: Duration) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Binds a socket for `_peer` to an interface.
///
/// An error of kind [`io::ErrorKind::PermissionDenied`] means that the user, or the system, cannot do that.
#[cfg(target_os = "linux")]
pub fn bind_interface(socket: &TcpSocket, name: &str, _peer: SocketAddr) -> io::Result<()> {
    socket.bind_device(Some(name.as_bytes()))
}

/// Binds a socket for `peer` to an interface.
#[cfg(target_vendor = "apple")]
pub fn bind_interface(socket: &TcpSocket, name: &str, peer: SocketAddr) -> io::Result<()> {
    let index = interface_index(name).and_then(std::num::NonZeroU32::new);
    let socket = socket2::SockRef::from(socket);
    match peer {
        SocketAddr::V4(_) => socket.bind_device_by_index_v4(index),
        SocketAddr::V6(_) => socket.bind_device_by_index_v6(index),
    }
}

/// Binds a socket to an interface, where that exists.
#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
pub fn bind_interface(_: &TcpSocket, _name: &str, _peer: SocketAddr) -> io::Result<()> {
    Err(io::ErrorKind::PermissionDenied.into())
}

/// The index of the interface with this name.
#[cfg(target_os = "linux")]
pub fn interface_index(name: &str) -> Option<u32> {
    use rustix::net::{AddressFamily, SocketType, netdevice, socket};
    // Unlike the list of all addresses, this finds one without an address.
    let any = socket(AddressFamily::INET, SocketType::DGRAM, None).ok()?;
    netdevice::name_to_index(any, name).ok()
}

/// The index of the interface with this name.
#[cfg(not(target_os = "linux"))]
pub fn interface_index(name: &str) -> Option<u32> {
    let mut all = if_addrs::get_if_addrs().ok()?.into_iter();
    all.find(|it| it.name == name)?.index
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_user_timeout_reaches_the_socket() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap());
        let tcp = tcp.await.unwrap();
        set_user_timeout(&tcp, Duration::from_millis(2500)).unwrap();
        let millis = rustix::net::sockopt::tcp_user_timeout(&tcp).unwrap();
        assert_eq!(millis, 2500);
    }
}
