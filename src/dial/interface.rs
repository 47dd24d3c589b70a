use std::io;
use std::net::{IpAddr, SocketAddr};

use if_addrs::get_if_addrs;
use rustix::net::{AddressFamily, SocketType, netdevice, socket};
use tokio::net::TcpSocket;

use super::Error;
use super::family::Family;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interface {
    Name(String),
    Address(IpAddr),
}

/// What to connect from; the interface exists.
#[derive(Debug)]
pub(super) struct Bound<'a>(&'a Interface);

impl<'a> Bound<'a> {
    pub(super) fn new(interface: &'a Interface) -> Result<Self, Error> {
        if let Interface::Name(name) = interface {
            index(name)?;
        }
        Ok(Self(interface))
    }

    pub(super) fn bind(&self, socket: &TcpSocket, peer: SocketAddr) -> io::Result<()> {
        match self.0 {
            Interface::Address(address) => socket.bind(SocketAddr::new(*address, 0)),
            Interface::Name(name) => match bind_device(socket, name) {
                // Not every user may bind to a device. Its address is the next best: routing then decides.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    socket.bind(SocketAddr::new(address_of(name, peer.ip())?, 0))
                }
                settled => settled,
            },
        }
    }
}

#[cfg(target_os = "linux")]
fn bind_device(socket: &TcpSocket, name: &str) -> io::Result<()> {
    socket.bind_device(Some(name.as_bytes()))
}

#[cfg(not(target_os = "linux"))]
fn bind_device(_: &TcpSocket, _: &str) -> io::Result<()> {
    Err(io::ErrorKind::PermissionDenied.into())
}

fn address_of(name: &str, peer: IpAddr) -> io::Result<IpAddr> {
    let family = Family::of(peer);
    let fits = |address: &IpAddr| Family::of(*address) == family;
    let own = get_if_addrs()?.into_iter().filter(|it| it.name == name);
    own.map(|it| it.ip()).find(fits).ok_or_else(|| {
        let text = format!("{name} has no {} address", family.name());
        io::Error::new(io::ErrorKind::AddrNotAvailable, text)
    })
}

pub(super) fn index(name: &str) -> Result<u32, Error> {
    socket(AddressFamily::INET, SocketType::DGRAM, None)
        .and_then(|any| netdevice::name_to_index(any, name))
        .map_err(|_| Error::Interface {
            name: name.to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn an_interface_has_an_address_for_peers_of_its_family() {
        let peer = "127.0.0.9".parse().unwrap();
        assert_eq!(
            address_of("lo", peer).unwrap(),
            "127.0.0.1".parse::<IpAddr>().unwrap()
        );
        let error = address_of("nosuch0", peer).unwrap_err();
        assert_eq!(error.to_string(), "nosuch0 has no IPv4 address");
    }
}
