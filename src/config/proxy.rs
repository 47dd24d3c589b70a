use url::Host;

use super::ConfigError;
use super::credential::{self, Ask};
use super::environment::{ProxyVariables, Variable};
use super::header::parse_headers;
use super::target::{is_port, percent_decoded, split_port, zone};
use crate::cli::ProxyArgs;
use crate::dial::is_localhost;
use crate::dial::proxy::{Bypass, HttpOptions, Kind, Proxies, Proxy};
use crate::dial::tls;
use crate::secret::Secret;
use crate::text;

/// The value is never quoted as a whole, because it may contain a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{source_name}: {problem}")]
pub struct ProxyUrlError {
    /// The flag or environment variable it came from.
    pub source_name: &'static str,
    pub problem: ProxyUrlProblem,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyUrlProblem {
    #[error("{0:?} is not a proxy scheme; write http, https, socks4, socks4a, socks5 or socks5h")]
    Scheme(String),
    /// wscat's flag to send a text, or a host without port.
    #[error(
        "a word, not a proxy; write HOST:PORT, or --send TEXT for a message (wscat's -x is --send)"
    )]
    Word,
    #[error("no valid host; write [SCHEME://][USER:PASS@]HOST[:PORT]")]
    Host,
    #[error("the port is not a number from 1 to 65535; write [SCHEME://][USER:PASS@]HOST[:PORT]")]
    Port,
    #[error("{0}; percent-encode them in a URL, or use -U USER:PASS")]
    Userinfo(String),
    #[error("SOCKS5 takes a user name and a password of 1 to 255 bytes each (RFC 1929)")]
    SocksLogin,
    /// Credentials that SOCKS4 cannot carry.
    #[error("SOCKS4 takes a user name of 1 to 200 bytes, and no password; use socks5://")]
    Socks4Login,
}

const PROXY: &str = "--proxy";
const PROXY_USER: &str = "--proxy-user";
/// curl's default port for proxies, except https.
const DEFAULT_PORT: u16 = 1080;

pub(super) fn resolve(
    args: &ProxyArgs,
    variables: &ProxyVariables,
    user_agent: Option<String>,
    ask: Ask<'_>,
) -> Result<Proxies, ConfigError> {
    let edits = parse_headers("--proxy-header", &args.proxy_header, text::read)?;
    let (mut ws, mut wss) = match &args.proxy {
        Some(none) if none.0.expose().is_empty() => (None, None),
        Some(url) => {
            let proxy = given(url.0.expose())?;
            (Some(proxy.clone()), Some(proxy))
        }
        None => {
            let parse = |it: &Variable| parse(it.name, it.value.expose());
            let (ws, wss) = (variables.ws.as_ref(), variables.wss.as_ref());
            (ws.map(parse).transpose()?, wss.map(parse).transpose()?)
        }
    };
    if let Some(user) = &args.proxy_user
        && let Some(any) = ws.as_ref().or(wss.as_ref())
    {
        let login = login(user, any, ask)?;
        for proxy in [&mut ws, &mut wss].into_iter().flatten() {
            proxy.credentials = Some(login.clone());
        }
    }
    for proxy in [&ws, &wss].into_iter().flatten() {
        let flag = args.proxy_user.is_some().then_some(PROXY_USER);
        check_login(flag.unwrap_or(proxy.source), proxy)?;
    }
    let bypass = args.noproxy.as_ref().or(variables.bypass.as_ref());
    Ok(Proxies {
        ws,
        wss,
        bypass: bypass.map_or_else(Bypass::default, |list| Bypass::parse(list)),
        http: HttpOptions { user_agent, edits },
        tls: tls::Options {
            insecure: args.proxy_insecure,
            cacert: args.proxy_cacert.clone(),
            ..tls::Options::default()
        },
    })
}

/// The value of `--proxy`.
fn given(url: &str) -> Result<Proxy, ProxyUrlError> {
    let is_text = url.contains(char::is_whitespace) || url.starts_with(['{', '[', '"', '\'']);
    let is_host = url.contains(['.', ':', '/']) || is_localhost(url);
    let is_address = url.starts_with('[') && parse(PROXY, url).is_ok();
    if (is_text || !is_host) && !is_address {
        let (source_name, problem) = (PROXY, ProxyUrlProblem::Word);
        return Err(ProxyUrlError {
            source_name,
            problem,
        });
    }
    parse(PROXY, url)
}

/// The value of `--proxy-user`; asks for a missing password.
fn login(
    user: &Secret<String>,
    proxy: &Proxy,
    ask: Ask<'_>,
) -> Result<Secret<(String, String)>, ConfigError> {
    let (user, password) = match user.expose().split_once(':') {
        Some((user, password)) => (user, password.to_owned()),
        // SOCKS4 has no passwords.
        None if matches!(proxy.kind, Kind::Socks4 | Kind::Socks4a) => {
            (user.expose().as_str(), String::new())
        }
        None => {
            let user = user.expose().as_str();
            (user, credential::ask("-U", user, &proxy.host, ask)?)
        }
    };
    Ok(checked_login(PROXY_USER, user.to_owned(), password)?)
}

fn parse(source: &'static str, url: &str) -> Result<Proxy, ProxyUrlError> {
    let error = |problem| ProxyUrlError {
        source_name: source,
        problem,
    };
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let kind = kind(scheme).ok_or_else(|| {
        // The text before the colon may be a user and a password.
        let shown = scheme.rsplit('@').next().unwrap_or_default();
        error(ProxyUrlProblem::Scheme(shown.to_owned()))
    })?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (userinfo, endpoint) = match authority.rsplit_once('@') {
        Some((userinfo, endpoint)) => (Some(userinfo), endpoint),
        None => (None, authority),
    };
    let (host, port) = split_port(endpoint).map_err(|_| error(ProxyUrlProblem::Host))?;
    let port = match port {
        None | Some("") if kind == Kind::Https => 443,
        None | Some("") => DEFAULT_PORT,
        Some(port) if is_port(port) => port.parse().unwrap_or(DEFAULT_PORT),
        Some(_) => return Err(error(ProxyUrlProblem::Port)),
    };
    Ok(Proxy {
        kind,
        host: self::host(host).ok_or_else(|| error(ProxyUrlProblem::Host))?,
        port,
        credentials: userinfo.map(|it| userinfo_login(source, it)).transpose()?,
        source,
    })
}

fn kind(scheme: &str) -> Option<Kind> {
    let scheme = scheme.to_ascii_lowercase();
    // curl accepts it, and some desktops set it.
    if scheme == "socks" {
        return Some(Kind::Socks4);
    }
    Kind::ALL.into_iter().find(|kind| kind.scheme() == scheme)
}

fn host(text: &str) -> Option<String> {
    let (text, zone) = zone::split(text).ok()?;
    match Host::parse(&text).ok()? {
        Host::Ipv6(address) => Some(zone::join(address, zone.as_deref())),
        Host::Domain(name) if name.is_empty() => None,
        host => Some(host.to_string()),
    }
}

fn userinfo_login(
    source: &'static str,
    userinfo: &str,
) -> Result<Secret<(String, String)>, ProxyUrlError> {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let decoded = |text| {
        percent_decoded(text).map_err(|_| ProxyUrlError {
            source_name: source,
            problem: ProxyUrlProblem::Userinfo("user and password are not UTF-8".to_owned()),
        })
    };
    checked_login(source, decoded(user)?, decoded(password)?)
}

fn checked_login(
    source: &'static str,
    user: String,
    password: String,
) -> Result<Secret<(String, String)>, ProxyUrlError> {
    if user.chars().chain(password.chars()).any(char::is_control) {
        let text = "user or password contains a control character".to_owned();
        return Err(ProxyUrlError {
            source_name: source,
            problem: ProxyUrlProblem::Userinfo(text),
        });
    }
    Ok(Secret::new((user, password)))
}

/// SOCKS has less room for credentials than HTTP.
fn check_login(source: &'static str, proxy: &Proxy) -> Result<(), ProxyUrlError> {
    let Some(login) = &proxy.credentials else {
        return Ok(());
    };
    let (user, password) = login.expose();
    let problem = match proxy.kind {
        Kind::Http | Kind::Https => None,
        Kind::Socks4 | Kind::Socks4a => {
            let fits = (1..=200).contains(&user.len()) && password.is_empty();
            (!fits).then_some(ProxyUrlProblem::Socks4Login)
        }
        Kind::Socks5 | Kind::Socks5h => {
            let fits = [user, password]
                .iter()
                .all(|it| (1..=255).contains(&it.len()));
            (!fits).then_some(ProxyUrlProblem::SocksLogin)
        }
    };
    problem.map_or(Ok(()), |problem| {
        Err(ProxyUrlError {
            source_name: source,
            problem,
        })
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::dial::Target;

    fn parsed(url: &str) -> Result<Proxy, ProxyUrlProblem> {
        parse(PROXY, url).map_err(|error| error.problem)
    }

    #[test]
    fn a_message_is_not_a_proxy() {
        for text in ["hello", "hello there.", "{\"op\":1}", "[1, 2]"] {
            let error = given(text).expect_err(text);
            assert_eq!(error.problem, ProxyUrlProblem::Word, "{text}");
        }
        for url in [
            "proxy.example",
            "localhost",
            "squid:3128",
            "http://squid",
            "[::1]:3128",
        ] {
            assert!(given(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn a_url_without_scheme_and_port_is_http_on_curls_port() {
        for (url, kind, host, port) in [
            ("proxy.example", Kind::Http, "proxy.example", 1080),
            ("Proxy.Example:80/", Kind::Http, "proxy.example", 80),
            ("https://proxy.example", Kind::Https, "proxy.example", 443),
            ("HTTP://10.0.0.1:3128", Kind::Http, "10.0.0.1", 3128),
            ("socks://h", Kind::Socks4, "h", 1080),
            ("socks4a://h", Kind::Socks4a, "h", 1080),
            ("socks5://[::1]:9050", Kind::Socks5, "::1", 9050),
            (
                "socks5h://[fe80::1%25eth0]",
                Kind::Socks5h,
                "fe80::1%eth0",
                1080,
            ),
            (
                "http://bücher.example:1",
                Kind::Http,
                "xn--bcher-kva.example",
                1,
            ),
        ] {
            let proxy = parsed(url).unwrap_or_else(|problem| panic!("{url}: {problem}"));
            assert_eq!(
                (proxy.kind, proxy.host.as_str(), proxy.port),
                (kind, host, port),
                "{url}"
            );
            assert_eq!(proxy.credentials, None, "{url}");
        }
    }

    #[test]
    fn credentials_are_decoded_and_never_shown() {
        let proxy = parsed("http://me:p%40ss@w:1@h:3128").unwrap();
        let login = proxy.credentials.as_ref().unwrap().expose();
        assert_eq!((login.0.as_str(), login.1.as_str()), ("me", "p@ss@w:1"));
        assert!(!format!("{proxy} {proxy:?}").contains("p@ss"), "{proxy:?}");
        assert_eq!(proxy.to_string(), "http://h:3128");
    }

    #[test]
    fn an_invalid_proxy_is_reported_without_its_credentials() {
        for (url, start) in [
            ("gopher://me:hunter2@h", "\"gopher\" is not a proxy scheme"),
            ("me:hunter2@", "no valid host"),
            ("http://", "no valid host"),
            ("http://me:hunter2@a b", "no valid host"),
            ("http://::1:80", "no valid host"),
            ("http://me:hunter2@h:0", "the port"),
            (
                "http://me:hunter2%0A@h",
                "user or password contains a control",
            ),
            ("http://%ff@h", "user and password are not UTF-8"),
        ] {
            let problem = parsed(url).expect_err(url).to_string();
            assert!(problem.starts_with(start), "{url}: {problem}");
            assert!(!problem.contains("hunter2"), "{url}: {problem}");
        }
    }

    fn proxies(flags: &[&str], variables: &[(&str, &str)]) -> Result<Proxies, ConfigError> {
        let mut args = ProxyArgs::default();
        for flag in flags {
            let (name, value) = flag.split_once('=').expect("NAME=VALUE");
            match name {
                "-x" => args.proxy = value.parse().ok(),
                "-U" => args.proxy_user = value.parse().ok(),
                "--noproxy" => args.noproxy = Some(value.to_owned()),
                other => panic!("{other}"),
            }
        }
        let variables = ProxyVariables::read(&|name| {
            let mut set = variables.iter().filter(|(_, value)| !value.is_empty());
            let variable = set.find(|(own, _)| *own == name);
            variable.map(|(_, value)| OsString::from(value))
        });
        let ask = |_: &str| panic!("nothing is asked for");
        resolve(&args, &variables, None, &ask)
    }

    /// Flags, variables, the URL, and where the proxy for it comes from.
    type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str, &'a str);

    #[test]
    fn environment_and_flags_choose_the_proxy_as_in_curl() {
        let all = [
            ("ws_proxy", "a"),
            ("WSS_PROXY", "b"),
            ("http_proxy", "c"),
            ("HTTPS_PROXY", "d"),
            ("all_proxy", "e"),
        ];
        let around = [("all_proxy", "e"), ("NO_PROXY", "local,10.0.0.0/8:80")];
        let cases: &[Case<'_>] = &[
            (&[], &[], "ws://h", ""),
            (&[], &all, "ws://h", "ws_proxy"),
            (&[], &all, "wss://h", "WSS_PROXY"),
            (&[], &all[2..], "ws://h", "http_proxy"),
            (&[], &all[2..], "wss://h", "HTTPS_PROXY"),
            (&[], &all[4..], "ws://h", "all_proxy"),
            (&[], &all[4..], "wss://h", "all_proxy"),
            (&[], &[("HTTP_PROXY", "a")], "ws://h", ""),
            (&[], &[("http_proxy", "a")], "wss://h", ""),
            (
                &[],
                &[("ws_proxy", ""), ("http_proxy", "a")],
                "ws://h",
                "http_proxy",
            ),
            (&["-x=a:1"], &all, "ws://h", "--proxy"),
            (&["-x=a:1"], &all, "wss://h", "--proxy"),
            (&["-x="], &all, "ws://h", ""),
            (&[], &around, "ws://local", ""),
            (&[], &around, "wss://api.local", ""),
            (&[], &around, "ws://10.1.1.1", ""),
            (&[], &around, "wss://10.1.1.1", "all_proxy"),
            (&["-x=a:1"], &around, "ws://local", ""),
            (&["--noproxy="], &around, "ws://local", "all_proxy"),
            (&["--noproxy=*"], &around, "ws://h", ""),
            (
                &["--noproxy=h"],
                &[("no_proxy", "*"), ("all_proxy", "e")],
                "ws://local",
                "all_proxy",
            ),
        ];
        for (flags, variables, url, source) in cases {
            let proxies = proxies(flags, variables).unwrap();
            let (scheme, host) = url.split_once("://").unwrap();
            let tls = scheme == "wss";
            let target = Target {
                host: host.to_owned(),
                port: if tls { 443 } else { 80 },
                tls,
            };
            let found = proxies.select(&target).map_or("", |proxy| proxy.source);
            assert_eq!(found, *source, "{flags:?} {variables:?} {url}");
        }
    }

    #[test]
    fn the_flag_for_credentials_comes_before_those_in_the_url() {
        let login = |flags: &[&str], variables: &[(&str, &str)]| {
            let proxy = proxies(flags, variables).unwrap().ws.unwrap();
            proxy.credentials.unwrap().expose().clone()
        };
        let pair = |user: &str, password: &str| (user.to_owned(), password.to_owned());
        let url = [("http_proxy", "a:b@h")];
        assert_eq!(login(&[], &url), pair("a", "b"));
        assert_eq!(login(&["-U=c:d:e"], &url), pair("c", "d:e"));
        assert_eq!(login(&["-U=c:", "-x=a:b@h"], &[]), pair("c", ""));
    }

    #[test]
    fn socks_is_not_given_credentials_that_it_cannot_carry() {
        let refused = |flags: &[&str]| proxies(flags, &[]).unwrap_err().to_string();
        assert!(refused(&["-x=socks5://h", "-U=me:"]).starts_with("--proxy-user: SOCKS5"));
        assert!(refused(&["-x=socks5h://:p@h"]).starts_with("--proxy: SOCKS5"));
        assert!(refused(&["-x=socks4://a:b@h"]).starts_with("--proxy: SOCKS4"));
        assert!(proxies(&["-x=socks4://a@h"], &[]).is_ok());
        assert!(proxies(&["-x=socks4://h", "-U=a"], &[]).is_ok());
    }
}
