//! Resolves a host to the addresses to try, in order.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::lookup_host;
use tokio::time::Instant;

use super::endpoint::{Endpoint, literal};
use super::family::Family;
use super::{Error, Route, Step, interface};

/// The addresses of `endpoint`, in the order in which to try them; never empty.
pub(super) async fn resolve(
    endpoint: &Endpoint,
    route: &Route,
    step: &mut dyn FnMut(Step),
) -> Result<Vec<SocketAddr>, Error> {
    let Endpoint { host, port } = endpoint;
    let started = Instant::now();
    let pinned = route.pinned(endpoint);
    let found = if let Some(addresses) = pinned {
        let with_port = |address: &IpAddr| SocketAddr::new(*address, *port);
        addresses.iter().map(with_port).collect()
    } else if let Some((address, zone)) = literal(host) {
        let address = with_zone(SocketAddr::new(address, *port), zone)?;
        return of_family(&[address], route.family(), host);
    } else {
        interleave(&lookup(host, *port).await?)
    };
    let addresses = of_family(&found, route.family(), host)?;
    step(Step::Resolved {
        host: host.clone(),
        addresses: addresses.iter().map(SocketAddr::ip).collect(),
        took: started.elapsed(),
        pinned: pinned.is_some(),
    });
    Ok(addresses)
}

fn with_zone(address: SocketAddr, zone: Option<&str>) -> Result<SocketAddr, Error> {
    let (SocketAddr::V6(mut address), Some(zone)) = (address, zone) else {
        return Ok(address);
    };
    address.set_scope_id(match zone.parse() {
        Ok(index) => index,
        Err(_) => interface::index(zone)?,
    });
    Ok(address.into())
}

fn of_family(
    addresses: &[SocketAddr],
    family: Option<Family>,
    host: &str,
) -> Result<Vec<SocketAddr>, Error> {
    let Some(family) = family else {
        return Ok(addresses.to_vec());
    };
    let fits = |address: &&SocketAddr| Family::of(address.ip()) == family;
    let addresses: Vec<_> = addresses.iter().filter(fits).copied().collect();
    if addresses.is_empty() {
        let host = host.to_owned();
        return Err(Error::Family { host, family });
    }
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

/// Alternates address families and drops duplicates.
///
/// RFC 8305 §4: the family of the resolver's first address goes first.
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
    use super::super::route::ResolveOverride;
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

    fn resolved(route: &Route, host: &str) -> Result<Vec<SocketAddr>, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let host = host.to_owned();
        let endpoint = Endpoint { host, port: 1 };
        runtime.block_on(resolve(&endpoint, route, &mut |_| {}))
    }

    #[test]
    fn only_addresses_of_the_wanted_family_are_left() {
        let only = |family| Route {
            family: Some(family),
            ..Route::default()
        };
        let mut v4 = only(Family::V4);
        assert_eq!(
            resolved(&v4, "127.0.0.1").unwrap(),
            addresses(&["127.0.0.1:1"])
        );
        let error = resolved(&only(Family::V6), "127.0.0.1").unwrap_err();
        assert_eq!(error.to_string(), "127.0.0.1 has no IPv6 address");
        v4.overrides = vec![ResolveOverride {
            host: None,
            port: 1,
            addresses: vec!["::1".parse().unwrap(), "192.0.2.1".parse().unwrap()],
        }];
        let found = resolved(&v4, "nowhere.invalid").unwrap();
        assert_eq!(found, addresses(&["192.0.2.1:1"]));
    }

    #[test]
    fn the_zone_of_an_address_is_an_index_or_the_name_of_an_interface() {
        let scope = |host| match resolved(&Route::default(), host)?[..] {
            [SocketAddr::V6(address)] => Ok::<_, Error>(address.scope_id()),
            ref other => panic!("{other:?}"),
        };
        let all = if_addrs::get_if_addrs().unwrap();
        let any = all.iter().find(|it| it.index.is_some()).unwrap();
        let host = format!("fe80::1%{}", any.name);
        let named = scope(&host).unwrap();
        assert_eq!(Some(named), any.index);
        assert_eq!(scope("fe80::1%1").unwrap(), 1);
        assert_eq!(scope("fe80::1").unwrap(), 0);
        let error = scope("fe80::1%nosuch0").unwrap_err();
        assert!(error.to_string().contains("nosuch0"), "{error}");
    }

    #[tokio::test]
    async fn finds_loopback_for_a_name_below_localhost() {
        let found = lookup("wsee-test.localhost", 80).await.unwrap();
        assert!(found.iter().all(|address| address.ip().is_loopback()));
    }
}
