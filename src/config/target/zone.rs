//! The zone of an IPv6 address: `[fe80::1%25eth0]` (RFC 6874), or as people write it, `[fe80::1%eth0]`.

use std::net::Ipv6Addr;

use super::{TargetProblem, authority};

/// Removes the zone from the host of `rest`, a URL after its `//`: the URL Standard has no zones.
pub(in crate::config) fn split(rest: &str) -> Result<(String, Option<String>), TargetProblem> {
    let authority = authority(rest);
    let start = authority.rfind('@').map_or(0, |at| at + 1);
    let bracketed = authority[start..].strip_prefix('[');
    let Some((address, zone)) = bracketed
        .and_then(|it| it.split_once(']'))
        .and_then(|(inside, _)| inside.split_once('%'))
    else {
        return Ok((rest.to_owned(), None));
    };
    let end = start + 1 + address.len() + 1 + zone.len();
    // RFC 6874 §2: the `%` of the zone is written `%25`.
    let name = match zone.strip_prefix("25") {
        Some(name) if !name.is_empty() => name,
        _ => zone,
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    if name.is_empty() || !name.chars().all(is_name) {
        return Err(TargetProblem::Zone(name.to_owned()));
    }
    let without = format!("{}[{address}{}", &rest[..start], &rest[end..]);
    Ok((without, Some(name.to_owned())))
}

pub(in crate::config) fn join(address: Ipv6Addr, zone: Option<&str>) -> String {
    match zone {
        Some(zone) => format!("{address}%{zone}"),
        None => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_zone_out_of_the_host_and_of_nothing_else() {
        for (rest, without, zone) in [
            ("[fe80::1%25eth0]:80/x", "[fe80::1]:80/x", Some("eth0")),
            ("[fe80::1%eth0]", "[fe80::1]", Some("eth0")),
            ("[fe80::1%25]", "[fe80::1]", Some("25")),
            ("u:[%p]@[fe80::1%251]/", "u:[%p]@[fe80::1]/", Some("1")),
            ("[::1]/a%20b", "[::1]/a%20b", None),
            ("host/[a%b]", "host/[a%b]", None),
        ] {
            let zone = zone.map(str::to_owned);
            assert_eq!(split(rest), Ok((without.to_owned(), zone)), "{rest}");
        }
        let zone = |name: &str| Err(TargetProblem::Zone(name.to_owned()));
        assert_eq!(split("[fe80::1%]"), zone(""));
        assert_eq!(split("[fe80::1%a b]"), zone("a b"));
    }
}
