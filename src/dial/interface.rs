use std::io;
use std::net::{IpAddr, SocketAddr};

use if_addrs::get_if_addrs;
use tokio::net::TcpSocket;

use super::Error;
use super::family::Family;
use crate::sys::net;

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
            Interface::Name(name) => match net::bind_interface(socket, name, peer) {
                // Not every user may bind to an interface. Its address is the next best: routing then decides.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    socket.bind(SocketAddr::new(address_of(name, peer.ip())?, 0))
                }
                settled => settled,
            },
        }
    }
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
    net::interface_index(name).ok_or_else(|| Error::Interface {
        name: name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_has_an_address_for_peers_of_its_family() {
        let all = get_if_addrs().unwrap();
        let loopback = all
            .iter()
            .find(|it| it.is_loopback() && it.ip().is_ipv4())
            .unwrap();
        let peer = "127.0.0.9".parse().unwrap();
        assert_eq!(address_of(&loopback.name, peer).unwrap(), loopback.ip());
        let error = address_of("nosuch0", peer).unwrap_err();
        assert_eq!(error.to_string(), "nosuch0 has no IPv4 address");
    }
}
