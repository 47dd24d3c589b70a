//! From a host to the addresses to try, in order.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::lookup_host;
use tokio::time::Instant;

use super::{Error, Step, Target};

/// The addresses of `target`, in the order in which to try them; never empty.
pub(super) async fn resolve(
    target: &Target,
    step: &mut dyn FnMut(Step),
) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(address) = target.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, target.port)]);
    }
    let started = Instant::now();
    let addresses = interleave(&lookup(&target.host, target.port).await?);
    step(Step::Resolved {
        host: target.host.clone(),
        addresses: addresses.iter().map(SocketAddr::ip).collect(),
        took: started.elapsed(),
    });
    Ok(addresses)
}

async fn lookup(host: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
    let answer = match lookup_host((host, port)).await {
        Ok(addresses) => Ok(addresses.collect::<Vec<_>>()),
        Err(error) => Err(error),
    };
    match answer {
        Ok(addresses) if !addresses.is_empty() => Ok(addresses),
        // RFC 6761 §6.3: `localhost.` and names below it always are the loopback address.
        _ if is_localhost(host) => Ok(loopback(port)),
        Ok(_) => Err(Error::Dns {
            host: host.to_owned(),
            source: io::Error::new(io::ErrorKind::NotFound, "the name has no address"),
        }),
        Err(source) => Err(Error::Dns {
            host: host.to_owned(),
            source,
        }),
    }
}

fn is_localhost(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    let top_level = name.rsplit_once('.').map_or(name, |(_, last)| last);
    top_level.eq_ignore_ascii_case("localhost")
}

fn loopback(port: u16) -> Vec<SocketAddr> {
    vec![
        (Ipv6Addr::LOCALHOST, port).into(),
        (Ipv4Addr::LOCALHOST, port).into(),
    ]
}

/// Alternates address families and drops repetitions.
///
/// RFC 8305 §4: the family that the resolver put first goes first.
fn interleave(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let first_is_ipv6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses
        .iter()
        .copied()
        .partition(|address| address.is_ipv6() == first_is_ipv6);

    let mut ordered = Vec::with_capacity(addresses.len());
    for index in 0..first.len().max(second.len()) {
        for address in [first.get(index), second.get(index)].into_iter().flatten() {
            if !ordered.contains(address) {
                ordered.push(*address);
            }
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn alternates_families_and_begins_with_the_resolvers_first() {
        let answer = addresses(&["[2001:db8::1]:1", "[2001:db8::2]:1", "192.0.2.1:1"]);
        let wanted = addresses(&["[2001:db8::1]:1", "192.0.2.1:1", "[2001:db8::2]:1"]);
        assert_eq!(interleave(&answer), wanted);

        let answer = addresses(&["192.0.2.1:1", "[2001:db8::1]:1", "[2001:db8::2]:1"]);
        assert_eq!(interleave(&answer), answer);
    }

    #[test]
    fn tries_a_repeated_address_once() {
        let answer = addresses(&["127.0.0.1:1", "127.0.0.1:1"]);
        assert_eq!(interleave(&answer), addresses(&["127.0.0.1:1"]));
    }

    #[test]
    fn knows_the_names_that_always_are_loopback() {
        for name in ["localhost", "localhost.", "LOCALHOST", "api.localhost"] {
            assert!(is_localhost(name), "{name}");
        }
        for name in ["localhost.example", "notlocalhost", ""] {
            assert!(!is_localhost(name), "{name}");
        }
    }

    #[tokio::test]
    async fn finds_loopback_for_a_name_below_localhost() {
        let found = lookup("wsee-test.localhost", 80).await.unwrap();
        assert!(found.iter().all(|address| address.ip().is_loopback()));
    }
}
