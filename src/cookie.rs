//! Cookie jar (RFC 6265) and cookie files in the format of Netscape and curl.

use std::fmt;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cookie_store::{Cookie, CookieDomain, CookieExpiration, CookieStore, RawCookie};
use time::OffsetDateTime;
use url::Url;

/// A jar of cookies; clones are the same jar.
#[derive(Clone, Default)]
pub struct Jar(Arc<Mutex<CookieStore>>);

/// Cookies stay out of logs.
impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cookies = self.lock().iter_any().count();
        write!(f, "Jar({cookies} cookies)")
    }
}

/// Why a file is not a cookie jar; none of it is quoted, as it may hold secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct JarError {
    /// Counted from 1.
    pub line: usize,
    pub problem: &'static str,
}

/// Precedes the domain of a cookie that a page's scripts must not see.
const HTTP_ONLY: &str = "#HttpOnly_";
const NO_COOKIE: &str =
    "not a cookie of a Netscape file, which has 7 fields with tabs between them";
/// The last second that the library supports, in the year 9999; some programs write later ones for 'never'.
const NEVER: i64 = 253_402_300_799;
/// The most cookies a jar takes, and the most bytes of one, name and value (RFC 6265 §6.1 wants 3000 and 4096).
const MAX_COOKIES: usize = 3000;
const MAX_COOKIE: usize = 4 << 10;
/// Longer `Set-Cookie` fields are ignored, in bytes with attributes.
const MAX_FIELD: usize = 8 << 10;
const HEADER: &str = "# Netscape HTTP Cookie File\n# Written by wsee; it may be edited.\n\n";

impl Jar {
    pub fn read(&self, text: &str) -> Result<(), JarError> {
        let mut store = self.lock();
        for (index, line) in text.lines().enumerate() {
            let is_comment = line.starts_with('#') && !line.starts_with(HTTP_ONLY);
            if line.trim().is_empty() || is_comment {
                continue;
            }
            let (cookie, url) = parse(line).map_err(|problem| JarError {
                line: index + 1,
                problem,
            })?;
            // Only expired cookies fail here.
            let _ = store.insert_raw(&cookie, &url);
        }
        Ok(())
    }

    pub fn write(&self) -> String {
        let store = self.lock();
        let mut lines: Vec<String> = store.iter_unexpired().map(line).collect();
        lines.sort_unstable();
        HEADER.to_owned() + &lines.concat()
    }

    /// RFC 6265 §5.4: cookies with longer paths SHOULD be listed before those with shorter ones.
    pub fn header(&self, url: &Url) -> Option<String> {
        let store = self.lock();
        let mut cookies = store.matches(&http(url));
        cookies.sort_unstable_by_key(|it| (std::cmp::Reverse(it.path.len()), it.name()));
        let pairs = cookies
            .iter()
            .map(|it| format!("{}={}", it.name(), it.value()));
        let pairs: Vec<String> = pairs.collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Takes the values of `Set-Cookie` in a response from `url`; invalid ones are ignored (RFC 6265 §5.3).
    pub fn store<'a>(&self, values: impl Iterator<Item = &'a [u8]>, url: &Url) {
        let url = http(url);
        let mut store = self.lock();
        for value in values.filter(|value| value.len() <= MAX_FIELD) {
            let cookie = std::str::from_utf8(value).ok();
            let Some(cookie) = cookie.and_then(|value| RawCookie::parse(value).ok()) else {
                continue;
            };
            let is_full = store.iter_any().count() >= MAX_COOKIES;
            if !is_full && is_allowed(&cookie, &url) {
                let _ = store.insert_raw(&cookie, &url);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, CookieStore> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the library leaves to its caller: no cookie for a whole top-level domain, none that a file could
/// not hold or that is huge, and none for TLS from a server without it (RFC 6265bis §5.7).
fn is_allowed(cookie: &RawCookie<'_>, url: &Url) -> bool {
    let domain = cookie.domain().map(|domain| domain.trim_matches('.'));
    let is_given = cookie.domain().is_some_and(|domain| !domain.is_empty());
    let is_wide = is_given && domain.is_some_and(|domain| !domain.contains('.'));
    let own = url.host_str() == domain;
    let is_text = |text: &str| !text.contains(|c: char| c.is_control());
    let is_plain = [Some(cookie.name()), Some(cookie.value()), cookie.path()]
        .into_iter()
        .flatten()
        .all(is_text);
    let is_small = cookie.name().len() + cookie.value().len() <= MAX_COOKIE;
    let secure = cookie.secure().unwrap_or(false);
    is_plain && is_small && (!is_wide || own) && (!secure || url.scheme() == "https")
}

/// The library only knows the schemes of HTTP.
fn http(url: &Url) -> Url {
    let mut http = url.clone();
    // Between these schemes it cannot fail.
    let _ = http.set_scheme(if url.scheme() == "wss" {
        "https"
    } else {
        "http"
    });
    http
}

/// A line of a file as a cookie, and a URL that could have set it.
fn parse(line: &str) -> Result<(RawCookie<'static>, Url), &'static str> {
    let (line, http_only) = match line.strip_prefix(HTTP_ONLY) {
        Some(line) => (line, true),
        None => (line, false),
    };
    let fields: Vec<&str> = line.split('\t').collect();
    let [
        domain,
        subdomains,
        path,
        secure,
        expires,
        name,
        ref value @ ..,
    ] = fields[..]
    else {
        return Err(NO_COOKIE);
    };
    let value = match value {
        // Programs that trim their lines lose the tab in front of an empty value.
        [] => "",
        [value] => value,
        _ => return Err(NO_COOKIE),
    };
    let flag = |text: &str| match text {
        "TRUE" => Ok(true),
        "FALSE" => Ok(false),
        _ => Err("the second and fourth field must be TRUE or FALSE"),
    };
    let domain = domain.trim_start_matches('.');
    let url = format!("https://{domain}/");
    let url = Url::parse(&url).map_err(|_| "the first field is no domain")?;
    let mut cookie = RawCookie::build((name.to_owned(), value.to_owned()))
        .path(path.to_owned())
        .secure(flag(secure)?)
        .http_only(http_only);
    if flag(subdomains)? {
        cookie = cookie.domain(domain.to_owned());
    }
    let expires: i64 = expires.parse().map_err(|_| "the fifth field is no time")?;
    if expires != 0 {
        let end = OffsetDateTime::from_unix_timestamp(expires.min(NEVER));
        cookie = cookie.expires(end.map_err(|_| "the fifth field is no time")?);
    }
    let cookie = cookie.build();
    if [name, value, path].concat().contains(char::is_control) {
        return Err("a control character in the cookie");
    }
    Ok((cookie, url))
}

fn line(cookie: &Cookie<'_>) -> String {
    let flag = |is: bool| if is { "TRUE" } else { "FALSE" };
    let (dot, domain, subdomains) = match &cookie.domain {
        CookieDomain::Suffix(domain) => (".", domain.as_str(), true),
        CookieDomain::HostOnly(domain) => ("", domain.as_str(), false),
        CookieDomain::NotPresent | CookieDomain::Empty => ("", "", false),
    };
    let expires = match cookie.expires {
        CookieExpiration::AtUtc(end) => end.unix_timestamp(),
        CookieExpiration::SessionEnd => 0,
    };
    let prefix = if cookie.http_only().unwrap_or(false) {
        HTTP_ONLY
    } else {
        ""
    };
    let (subdomains, secure) = (flag(subdomains), flag(cookie.secure().unwrap_or(false)));
    let (path, name, value) = (&*cookie.path, cookie.name(), cookie.value());
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{prefix}{dot}{domain}\t{subdomains}\t{path}\t{secure}\t{expires}\t{name}\t{value}"
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(url: &str) -> Url {
        Url::parse(url).expect("a URL")
    }

    /// A jar with a cookie that a server at `from` set.
    fn set(from: &str, cookie: &str) -> Jar {
        let jar = Jar::default();
        jar.store([cookie.as_bytes()].into_iter(), &url(from));
        jar
    }

    fn file(text: &str) -> Jar {
        let jar = Jar::default();
        jar.read(text).expect("a cookie file");
        jar
    }

    #[test]
    fn cookies_go_where_rfc6265_sends_them() {
        let cases = [
            ("ws://a.example/x/y", "n=v", "ws://a.example/x/z?q", true),
            ("ws://a.example/x/y", "n=v", "ws://a.example/xy", false),
            ("ws://a.example/x/y", "n=v", "ws://b.a.example/x/", false),
            ("ws://a.example/", "n=v", "ws://a.example:8080/", true),
            ("wss://a.example/", "n=v", "ws://a.example/", true),
            ("wss://a.example/", "n=v; HttpOnly", "ws://a.example/", true),
            ("wss://a.example/", "n=v; Secure", "ws://a.example/", false),
            ("wss://a.example/", "n=v; Secure", "wss://a.example/", true),
            (
                "wss://a.example/",
                "n=v; Path=/p",
                "wss://a.example/",
                false,
            ),
            (
                "wss://a.example/",
                "n=v; Path=/p",
                "wss://a.example/p/q",
                true,
            ),
            (
                "ws://b.a.example/",
                "n=v; Domain=a.example",
                "ws://c.a.example/",
                true,
            ),
            (
                "ws://b.a.example/",
                "n=v; Domain=.A.example",
                "ws://a.example/",
                true,
            ),
            (
                "ws://b.a.example/",
                "n=v; Domain=a.example",
                "ws://ba.example/",
                false,
            ),
            (
                "ws://b.a.example/",
                "n=v; Domain=a.example",
                "ws://xa.example/",
                false,
            ),
            ("ws://10.0.0.1/", "n=v", "ws://10.0.0.1/", true),
            (
                "ws://10.0.0.1/",
                "n=v; Domain=0.0.1",
                "ws://10.0.0.1/",
                false,
            ),
            (
                "ws://a.example/",
                "n=v; Max-Age=60",
                "ws://a.example/",
                true,
            ),
            (
                "ws://a.example/",
                "n=v; Max-Age=0",
                "ws://a.example/",
                false,
            ),
            (
                "ws://a.example/",
                "n=v; Expires=Wed, 21 Oct 2015 07:28:00 GMT",
                "ws://a.example/",
                false,
            ),
        ];
        for (from, cookie, to, goes) in cases {
            let header = set(from, cookie).header(&url(to));
            assert_eq!(header.is_some(), goes, "{cookie} of {from} to {to}");
        }
    }

    #[test]
    fn ignores_cookies_that_a_server_may_not_set() {
        let huge = format!("n={}", "v".repeat(MAX_COOKIE));
        let path = format!("n=v; Path=/{}", "p".repeat(MAX_FIELD));
        let cases = [
            ("ws://a.example/", "n=v; Domain=b.example"),
            ("ws://a.example/", "n=v; Domain=c.a.example"),
            ("ws://a.example/", "n=v; Domain=example"),
            ("ws://a.example./", "n=v; Domain=.."),
            ("ws://a.example/", &path),
            ("ws://a.example/", "n=v; Secure"),
            ("ws://a.example/", "n=a\tb"),
            ("ws://a.example/", "n=v; Path=/a\u{1}"),
            ("ws://a.example/", "no cookie"),
            ("ws://a.example/", &huge),
        ];
        for (from, cookie) in cases {
            assert_eq!(set(from, cookie).write(), HEADER, "{cookie} of {from}");
        }
        let jar = Jar::default();
        jar.store([&b"n=\xff"[..]].into_iter(), &url("ws://a.example/"));
        assert_eq!(jar.write(), HEADER);
    }

    #[test]
    fn longer_paths_come_first() {
        let jar = file(
            "a.example\tFALSE\t/\tFALSE\t0\tb\t1\n\
             a.example\tFALSE\t/x/y\tFALSE\t0\ta\t2\n\
             a.example\tFALSE\t/\tFALSE\t0\ta\t3\n",
        );
        let header = jar.header(&url("ws://a.example/x/y/z"));
        assert_eq!(header.as_deref(), Some("a=2; a=3; b=1"));
    }

    #[test]
    fn a_file_is_written_as_it_was_read() {
        let lines = "#HttpOnly_a.example\tFALSE\t/p\tTRUE\t253402300799\tid\t=x y=\n\
                     .b.example\tTRUE\t/\tFALSE\t0\tempty\t\n\
                     127.0.0.1\tFALSE\t/\tFALSE\t0\tn\tv\n";
        let text = format!("# comment\n\n{lines}old.example\tTRUE\t/\tFALSE\t1\tn\tv\n");
        assert_eq!(file(&text).write(), HEADER.to_owned() + lines);
        let header = file(lines).header(&url("wss://a.example/p"));
        assert_eq!(header.as_deref(), Some("id==x y="));
        let header = file(lines).header(&url("ws://sub.b.example/"));
        assert_eq!(header.as_deref(), Some("empty="));
    }

    #[test]
    fn reads_what_other_programs_write() {
        let line = "b.example\tTRUE\t/\tFALSE\t9007199254740991\tn";
        let jar = file(&format!("{line}\r\n"));
        assert!(jar.header(&url("ws://a.b.example/")).is_some());
    }

    #[test]
    fn names_the_line_but_nothing_of_a_broken_file() {
        for line in [
            "Set-Cookie: n=s3cret",
            "a\tTRUE\t/\tFALSE\t0\tn\ts3cret\tmore",
            "a\tyes\t/\tFALSE\t0\tn\ts3cret",
            "a\tTRUE\t/\tFALSE\tnever\tn\ts3cret",
            "\tTRUE\t/\tFALSE\t0\tn\ts3cret",
            "a\tTRUE\t/\tFALSE\t0\tn\ts3cret\u{1}",
        ] {
            let error = Jar::default().read(&format!("# c\n{line}\n"));
            let error = error.expect_err(line);
            assert_eq!(error.line, 2, "{line}");
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn a_later_cookie_replaces_or_removes_an_earlier_one() {
        let at = url("ws://a.example/");
        let jar = set("ws://a.example/", "n=1");
        jar.store([&b"n=2"[..]].into_iter(), &at);
        assert_eq!(jar.clone().header(&at).as_deref(), Some("n=2"));
        jar.store([&b"n=; Max-Age=0"[..]].into_iter(), &at);
        assert_eq!(jar.header(&at), None);
    }

    #[test]
    fn prints_nothing_of_its_cookies() {
        let jar = set("ws://a.example/", "n=s3cret");
        assert_eq!(format!("{jar:?}"), "Jar(1 cookies)");
    }
}
