//! The fields of a pasted request: those that wsee generates, and those that have a flag.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    Kept,
    /// wsee generates it for every handshake.
    Replaced,
    /// It would do harm, or is not allowed in HTTP/1.1; its name is reported.
    Ignored(String),
    Flag(&'static str, String),
    /// The request offers no extension that wsee speaks.
    NoCompression,
    /// The value of `Host`, which may be that of the URL.
    Host(String),
}

impl Field {
    /// Looks at the value of `-H`.
    pub(super) fn parse(text: &str) -> Self {
        if text.starts_with('@') {
            return Self::Kept;
        }
        if let Some(name) = text.strip_prefix(':') {
            // HTTP/2 pseudo-header fields, such as `:authority`.
            let name = name.split(':').next().unwrap_or_default();
            return Self::Ignored(format!(":{name}"));
        }
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.trim();
        let lower = name.trim_end_matches(';').to_ascii_lowercase();
        match lower.as_str() {
            "upgrade"
            | "connection"
            | "sec-websocket-key"
            | "sec-websocket-version"
            | "sec-websocket-accept" => Self::Replaced,
            // wsee does not decompress the body of a refusal, so it could not be shown.
            "accept-encoding" | "content-length" | "transfer-encoding" | "expect"
            | "http2-settings" => Self::Ignored(name.to_owned()),
            "sec-websocket-extensions" => extensions(value),
            _ if value.is_empty() => Self::Kept,
            "sec-websocket-protocol" => Self::Flag("subprotocol", value.to_owned()),
            "origin" => Self::Flag("origin", value.to_owned()),
            // Without NAME=VALUE, --cookie would read a file.
            "cookie" if value.contains('=') && !value.starts_with('@') => {
                Self::Flag("cookie", value.to_owned())
            }
            "user-agent" => Self::Flag("user-agent", value.to_owned()),
            "host" => Self::Host(value.to_owned()),
            _ => Self::Kept,
        }
    }
}

/// wsee supports one of the extensions that browsers offer, permessage-deflate.
fn extensions(value: &str) -> Field {
    let is_deflate = |offer: &&str| {
        let name = offer.split(';').next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case("permessage-deflate")
    };
    let offers: Vec<&str> = value.split(',').map(str::trim).filter(is_deflate).collect();
    if offers.is_empty() {
        Field::NoCompression
    } else {
        Field::Flag("compress", offers.join(", "))
    }
}

/// Whether the field `Host` says what the URL says.
pub(super) fn is_host_of(url: &str, host: &str) -> bool {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let endpoint = authority.rsplit_once('@').map_or(authority, |(_, it)| it);
    let default_port = match scheme.to_ascii_lowercase().as_str() {
        "wss" | "https" => ":443",
        "ws" | "http" => ":80",
        _ => "",
    };
    let bare = |text: &str| {
        text.strip_suffix(default_port)
            .unwrap_or(text)
            .to_ascii_lowercase()
    };
    bare(endpoint) == bare(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flag(name: &'static str, value: &str) -> Field {
        Field::Flag(name, value.to_owned())
    }

    #[test]
    fn replaces_the_fields_that_every_handshake_generates() {
        for name in [
            "Upgrade: websocket",
            "connection: keep-alive, Upgrade",
            "Sec-WebSocket-Version: 13",
        ] {
            assert_eq!(Field::parse(name), Field::Replaced, "{name}");
        }
        assert_eq!(
            Field::parse("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
            Field::Replaced
        );
    }

    #[test]
    fn fields_with_a_flag_become_that_flag() {
        assert_eq!(
            Field::parse("Sec-WebSocket-Protocol: a, b"),
            flag("subprotocol", "a, b")
        );
        assert_eq!(
            Field::parse("origin:https://a"),
            flag("origin", "https://a")
        );
        assert_eq!(Field::parse("Cookie: a=1; b=2"), flag("cookie", "a=1; b=2"));
        assert_eq!(Field::parse("User-Agent: x"), flag("user-agent", "x"));
        assert_eq!(Field::parse("Cookie: a"), Field::Kept);
        assert_eq!(Field::parse("Cookie: @a=b"), Field::Kept);
        assert_eq!(Field::parse("User-Agent:"), Field::Kept);
        assert_eq!(Field::parse("X-Empty;"), Field::Kept);
        assert_eq!(Field::parse("@file"), Field::Kept);
    }

    #[test]
    fn offers_of_compression_are_kept_and_others_are_not() {
        let offer = "permessage-deflate; client_max_window_bits";
        assert_eq!(
            Field::parse(&format!(
                "Sec-WebSocket-Extensions: x-webkit-deflate-frame, {offer}"
            )),
            flag("compress", offer)
        );
        assert_eq!(
            Field::parse("Sec-WebSocket-Extensions: foo"),
            Field::NoCompression
        );
        assert_eq!(
            Field::parse("Sec-WebSocket-Extensions:"),
            Field::NoCompression
        );
    }

    #[test]
    fn ignores_what_cannot_be_sent() {
        assert_eq!(
            Field::parse(":authority: h"),
            Field::Ignored(":authority".to_owned())
        );
        let encoding = Field::Ignored("Accept-Encoding".to_owned());
        assert_eq!(Field::parse("Accept-Encoding: gzip, br"), encoding);
    }

    #[test]
    fn compares_hosts_with_their_ports() {
        assert!(is_host_of("wss://a.test/x", "A.test"));
        assert!(is_host_of("wss://a.test:443/x", "a.test"));
        assert!(is_host_of("https://u:p@a.test?x", "a.test:443"));
        assert!(is_host_of("ws://[::1]:9001/", "[::1]:9001"));
        assert!(!is_host_of("ws://a.test:443/", "a.test"));
        assert!(!is_host_of("wss://127.0.0.1/", "a.test"));
    }
}
