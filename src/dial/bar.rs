//! Where a connection must not lead that is made for somebody else.

use std::net::SocketAddr;

/// Where a connection must not lead; one by a proxy or a Unix socket is none of these.
#[derive(Debug, Clone, Copy)]
pub struct Bars {
    /// Where clients connect to us.
    pub listening: SocketAddr,
    /// Services that only this machine reaches are barred as well.
    pub loopback: bool,
}

/// Which bar is in the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Barred {
    #[error("the request leads to the proxy itself")]
    Itself,
    #[error("{0} is the proxy's own machine, which only its own programs reach")]
    Loopback(String),
}

impl Bars {
    /// Judges a connection, of which nothing has been sent.
    pub(super) fn check(
        self,
        host: &str,
        peer: SocketAddr,
        local: SocketAddr,
    ) -> Result<(), Barred> {
        let (peer, port) = (peer.ip().to_canonical(), peer.port());
        let listening = self.listening.ip();
        // An address of this machine's is its own end of the connection as well.
        let is_listening = listening.to_canonical() == peer
            || listening.is_unspecified()
                && (peer == local.ip().to_canonical() || peer.is_loopback());
        if is_listening && port == self.listening.port() {
            return Err(Barred::Itself);
        }
        if self.loopback && peer.is_loopback() {
            return Err(Barred::Loopback(host.to_owned()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_to_where_we_listen_is_barred_by_whatever_address() {
        let at = |text: &str| text.parse::<SocketAddr>().expect(text);
        for (listening, peer, local, is_itself) in [
            ("127.0.0.1:9", "127.0.0.1:9", "127.0.0.1:5", true),
            (
                "127.0.0.1:9",
                "[::ffff:127.0.0.1]:9",
                "[::ffff:127.0.0.1]:5",
                true,
            ),
            ("127.0.0.1:9", "127.0.0.1:8", "127.0.0.1:5", false),
            ("127.0.0.1:9", "127.0.0.2:9", "127.0.0.1:5", false),
            ("0.0.0.0:9", "192.0.2.1:9", "192.0.2.1:5", true),
            ("0.0.0.0:9", "192.0.2.1:9", "192.0.2.7:5", false),
            ("[::]:9", "192.0.2.1:9", "192.0.2.1:5", true),
            ("0.0.0.0:9", "127.0.0.2:9", "127.0.0.1:5", true),
        ] {
            let bars = Bars {
                listening: at(listening),
                loopback: false,
            };
            let barred = bars.check("h", at(peer), at(local));
            assert_eq!(
                barred == Err(Barred::Itself),
                is_itself,
                "{listening} {peer}"
            );
        }
    }
}
