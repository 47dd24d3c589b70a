//! What to do next when a server refuses the upgrade.

use crate::render::mask::Secrets;

/// Where a Socket.IO server listens, with the query it demands.
const SOCKET_IO: &str = "/socket.io/?EIO=4&transport=websocket";
const STRIPPED: &str = "a proxy on the way may have dropped the Upgrade header";

const NO_CERTIFICATE: &str =
    "the server asked for a client certificate, and there is none; add --cert FILE and --key FILE";

#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct Refusal<'a> {
    pub status: u16,
    /// Host and, unless it is the default, port, as in the Host header.
    pub host: &'a str,
    /// The request target: path and query.
    pub target: &'a str,
    pub is_tls: bool,
    pub has_origin: bool,
    pub has_subprotocol: bool,
    /// Whether the user's credentials stayed behind, as a redirection led to another origin.
    pub credentials_dropped: bool,
    /// Whether the server asked for a client certificate and got none.
    pub wants_certificate: bool,
}

/// One line on what usually causes a refusal and what to do next, if that is known.
///
/// `header` looks up a header of the response. The line quotes the peer: escape it to show it.
pub fn refused(
    refusal: &Refusal<'_>,
    header: impl Fn(&str) -> Option<String>,
    secrets: Secrets,
) -> Option<String> {
    let later = || retry(header("Retry-After"));
    let hint = match refusal.status {
        200..300 => refusal.wrong_path("is an ordinary page, not a WebSocket endpoint"),
        300..400 => refusal.redirected(header("Location"), secrets),
        401 | 403 if refusal.credentials_dropped => refusal.not_trusted(),
        400 | 401 | 403 if refusal.wants_certificate => NO_CERTIFICATE.to_owned(),
        400 => refusal.bad_request(),
        401 => "the server wants credentials; add -u USER:PASS or --bearer TOKEN".to_owned(),
        403 => refusal.forbidden(),
        404 | 410 => refusal.wrong_path("does not exist on this server"),
        405 => refusal.wrong_path("does not take GET, so it is not a WebSocket endpoint"),
        407 => "a proxy on the way wants credentials; add -H 'Proxy-Authorization: …'".to_owned(),
        426 => upgrade_required(header("Sec-WebSocket-Version")),
        429 => format!("too many requests; {}", later()),
        500 => "the server failed to handle the request; check its log".to_owned(),
        502 | 504 => refusal.upstream(),
        503 => format!("the service is not available; {}", later()),
        _ => return None,
    };
    Some(hint)
}

impl Refusal<'_> {
    fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or(self.target)
    }

    fn is_socket_io(&self) -> bool {
        self.path().starts_with("/socket.io")
    }

    fn wrong_path(&self, what: &str) -> String {
        let path = self.path();
        let other = match path.strip_suffix('/') {
            Some("") => "add the endpoint's path, often /ws".to_owned(),
            Some(without) => format!("check the path, try {without}"),
            None => format!("check the path, try {path}/"),
        };
        if self.is_socket_io() {
            return format!("{path} {what}; {other}");
        }
        format!("{path} {what}; {other} or, for Socket.IO, {SOCKET_IO}")
    }

    fn redirected(&self, location: Option<String>, secrets: Secrets) -> String {
        let Some(location) = location else {
            return "redirected, but no Location header says where to; check the URL".to_owned();
        };
        let url = self.resolve(&location);
        let shown = secrets.url(&url);
        if self.is_followed(&url) {
            format!("redirected to {shown}; connect there, or follow with -L")
        } else {
            format!("redirected to {shown}; connect there")
        }
    }

    fn is_followed(&self, url: &str) -> bool {
        let scheme = url.split(':').next().unwrap_or_default();
        let is_plain = ["http", "ws"]
            .iter()
            .any(|it| it.eq_ignore_ascii_case(scheme));
        matches!(self.status, 301..=303 | 307 | 308) && !(self.is_tls && is_plain)
    }

    /// Completes a Location that is relative to this host, so that it can be typed.
    fn resolve(&self, location: &str) -> String {
        let scheme = if self.is_tls { "wss" } else { "ws" };
        if location.starts_with("//") {
            format!("{scheme}:{location}")
        } else if location.starts_with('/') {
            format!("{scheme}://{}{location}", self.host)
        } else {
            location.to_owned()
        }
    }

    fn not_trusted(&self) -> String {
        format!(
            "credentials and -H fields were not sent to {}, as a redirect led there; \
             connect to it directly, or trust it with --location-trusted",
            self.host
        )
    }

    fn bad_request(&self) -> String {
        if self.is_socket_io() && !self.target.contains("transport=websocket") {
            format!("Socket.IO wants its query; connect to {SOCKET_IO}")
        } else if self.has_subprotocol {
            format!("the server may not know the subprotocol in -s, or {STRIPPED}; try each")
        } else {
            format!("the server may demand a subprotocol, try -s NAME; or {STRIPPED}")
        }
    }

    fn forbidden(&self) -> String {
        if self.has_origin {
            return "the server may not allow this Origin, or wants credentials; \
                    try another --origin, -u USER:PASS or --bearer TOKEN"
                .to_owned();
        }
        let scheme = if self.is_tls { "https" } else { "http" };
        format!(
            "the server may allow only its own pages; try --origin {scheme}://{}",
            self.host
        )
    }

    fn upstream(&self) -> String {
        format!(
            "a proxy answered because the server behind it did not; \
             check that the server runs and that the proxy's route for {} leads to it",
            self.path()
        )
    }
}

/// RFC 6455 §4.2.2: 426 names the versions that the server is willing to use.
fn upgrade_required(versions: Option<String>) -> String {
    match versions {
        None => format!("{STRIPPED}; try to connect to the server behind it"),
        Some(list) if list.split(',').any(|version| version.trim() == "13") => {
            format!("the server speaks version 13, so {STRIPPED}; connect to it directly")
        }
        Some(list) => format!(
            "the server wants Sec-WebSocket-Version {list}, wsee speaks 13 (RFC 6455); \
             connect to a newer server"
        ),
    }
}

/// RFC 9110 §10.2.3: Retry-After is a number of seconds or a date.
fn retry(retry_after: Option<String>) -> String {
    match retry_after {
        None => "try again later".to_owned(),
        Some(time) if time.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("try again in {time} s (Retry-After)")
        }
        Some(time) => format!("try again after {time} (Retry-After)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, target: &'static str) -> Refusal<'static> {
        Refusal {
            status,
            host: "example.com:8443",
            target,
            is_tls: true,
            has_origin: false,
            has_subprotocol: false,
            credentials_dropped: false,
            wants_certificate: false,
        }
    }

    fn hint(refusal: &Refusal<'_>, name: &str, value: &str) -> String {
        let header = |wanted: &str| (wanted == name).then(|| value.to_owned());
        refused(refusal, header, Secrets::Masked).expect("a hint")
    }

    #[test]
    fn names_the_path_and_its_likely_forms() {
        assert_eq!(
            hint(&refusal(404, "/chat?a=1"), "", ""),
            "/chat does not exist on this server; check the path, try /chat/ \
             or, for Socket.IO, /socket.io/?EIO=4&transport=websocket"
        );
        assert!(hint(&refusal(200, "/chat/"), "", "").contains("try /chat or"));
        assert!(hint(&refusal(200, "/"), "", "").contains("often /ws"));
    }

    #[test]
    fn shows_a_socket_io_client_its_query() {
        let shown = hint(&refusal(400, "/socket.io/"), "", "");
        assert!(shown.ends_with("/socket.io/?EIO=4&transport=websocket"));
        assert!(!hint(&refusal(404, SOCKET_IO), "", "").contains("Socket.IO"));
    }

    #[test]
    fn suggests_the_origin_only_if_none_was_sent() {
        let without = refusal(403, "/");
        let with = Refusal {
            has_origin: true,
            ..without
        };
        assert!(hint(&without, "", "").ends_with("try --origin https://example.com:8443"));
        assert!(hint(&with, "", "").contains("try another --origin"));
    }

    #[test]
    fn completes_a_relative_location_and_masks_it() {
        let moved = refusal(301, "/");
        let cases = [
            (
                "/b/?token=x",
                "redirected to wss://example.com:8443/b/?token=***; connect there, or follow with -L",
            ),
            (
                "//cdn/b",
                "redirected to wss://cdn/b; connect there, or follow with -L",
            ),
            (
                "https://u:p@h/",
                "redirected to https://***@h/; connect there, or follow with -L",
            ),
        ];
        for (location, shown) in cases {
            assert_eq!(hint(&moved, "Location", location), shown);
        }
        let shown = "redirected to http://h/; connect there";
        assert_eq!(hint(&moved, "Location", "http://h/"), shown);
        let shown = "redirected to wss://h/; connect there";
        assert_eq!(hint(&refusal(300, "/"), "Location", "wss://h/"), shown);
    }

    #[test]
    fn names_the_version_that_the_server_wants() {
        let shown = hint(&refusal(426, "/"), "Sec-WebSocket-Version", "8, 7");
        assert!(shown.starts_with("the server wants Sec-WebSocket-Version 8, 7"));
        let shown = hint(&refusal(426, "/"), "Sec-WebSocket-Version", "8, 13");
        assert!(shown.starts_with("the server speaks version 13"));
    }

    #[test]
    fn says_when_to_try_again() {
        let (busy, down) = (refusal(429, "/"), refusal(503, "/"));
        assert!(hint(&busy, "Retry-After", "30").ends_with("try again in 30 s (Retry-After)"));
        assert!(hint(&down, "Retry-After", "Fri, 07 Nov 2031").contains("after Fri, 07 Nov 2031"));
        assert!(hint(&down, "", "").ends_with("try again later"));
    }

    #[test]
    fn every_hint_is_one_line() {
        for status in [
            200, 301, 400, 401, 403, 404, 405, 407, 426, 429, 500, 502, 503, 504,
        ] {
            assert_eq!(hint(&refusal(status, "/chat"), "", "").lines().count(), 1);
        }
    }

    #[test]
    fn knows_nothing_of_other_statuses() {
        for status in [101, 402, 418, 599] {
            assert_eq!(
                refused(&refusal(status, "/"), |_| None, Secrets::Masked),
                None
            );
        }
    }
}
