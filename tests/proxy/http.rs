//! HTTP proxies: CONNECT for ws and wss, inside TLS too, and their refusals.

use crate::support::output::Output;
use crate::support::peer::{Peer, echoing, scripted};
use crate::support::proxy::{Answer, ESTABLISHED, http, https, url};
use crate::support::pty::terminal;
use crate::support::run::wsee;
use crate::support::server::{Server, Untouched};
use crate::support::tls::{self, Authority, TlsStream};

/// Sends a line through a proxy to a server that nobody but the proxy can resolve.
#[track_caller]
fn through(proxy: &str, scheme: &str, port: u16, args: &[&str]) -> Output {
    let url = format!("{scheme}://server.invalid:{port}/");
    wsee(&[&[url.as_str(), "-x", proxy, "-n", "1"], args].concat())
        .stdin("hello\n")
        .run()
}

fn echoing_tls(authority: &Authority) -> Server<()> {
    let identity = authority.issue(&["server.invalid"]);
    tls::serving(identity, |stream: TlsStream| {
        Peer::accept(stream).echo();
    })
}

#[test]
fn a_ws_url_is_reached_through_a_tunnel_that_is_shown() {
    let (server, proxy) = (echoing(), http(ESTABLISHED));
    let port = server.port();
    let shown = format!("* proxy {} (--proxy)", url("http", &proxy));
    through(&url("http", &proxy), "ws", port, &["-v"])
        .exits(0)
        .prints("hello\n")
        .says(&shown)
        .says(&format!("> CONNECT server.invalid:{port} HTTP/1.1\n"))
        .says("< HTTP/1.1 200 Connection established\n")
        .says(&format!("* tunnel to server.invalid:{port} "));
    let request = proxy.finish();
    let start = format!(
        "CONNECT server.invalid:{port} HTTP/1.1\r\nHost: server.invalid:{port}\r\nUser-Agent: wsee/"
    );
    assert!(request.starts_with(&start), "{request}");
}

#[test]
fn write_out_describes_the_tunnel() {
    let (server, proxy) = (echoing(), http(ESTABLISHED));
    let format = "%{http_connect} %{http_code} %{time_connect} %{time_proxy} %{time_open}";
    let args = ["-w", format];
    let output = through(&url("http", &proxy), "ws", server.port(), &args).exits(0);
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    let told = stdout.strip_prefix("hello\n200 101 ").expect("statuses");
    let times: Vec<f64> = told
        .split(' ')
        .map(|time| time.parse().expect("a number"))
        .collect();
    assert!(times[0] > 0.0 && times.is_sorted(), "{told}");
}

#[test]
fn a_scheme_is_not_needed() {
    let (server, proxy) = (echoing(), http(ESTABLISHED));
    let address = format!("127.0.0.1:{}", proxy.port());
    through(&address, "ws", server.port(), &[]).exits(0);
}

#[test]
fn bytes_after_the_proxys_response_head_belong_to_the_tunnel() {
    let together = "HTTP/1.1 204 x\r\nServer: y\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n";
    let (server, proxy) = (echoing(), http(Answer::Tunnel(together)));
    through(&url("http", &proxy), "ws", server.port(), &[])
        .exits(0)
        .prints("hello\n");
}

#[test]
fn tls_with_the_server_goes_through_the_tunnel() {
    let authority = Authority::new();
    let (server, proxy) = (echoing_tls(&authority), http(ESTABLISHED));
    let args = ["--cacert", authority.path()];
    through(&url("http", &proxy), "wss", server.port(), &args)
        .exits(0)
        .prints("hello\n");
}

#[test]
fn tls_with_the_server_goes_through_tls_with_the_proxy() {
    let (of_server, of_proxy) = (Authority::new(), Authority::new());
    let server = echoing_tls(&of_server);
    let proxy = https(of_proxy.issue(&["127.0.0.1"]), ESTABLISHED);
    let args = [
        "--cacert",
        of_server.path(),
        "--proxy-cacert",
        of_proxy.path(),
        "-v",
    ];
    through(&url("https", &proxy), "wss", server.port(), &args)
        .exits(0)
        .prints("hello\n")
        .says("* with the proxy: TLS 1.3")
        .says("* TLS 1.3");
}

#[test]
fn an_https_proxy_has_to_be_trusted_and_cacert_is_not_for_it() {
    let (authority, server) = (Authority::new(), Untouched::start());
    let identity = || authority.issue(&["127.0.0.1"]);
    for flag in [["--cacert", authority.path()], ["-k", "-v"]] {
        let proxy = https(identity(), ESTABLISHED);
        through(&url("https", &proxy), "ws", server.port(), &flag)
            .exits(60)
            .says("the proxy https://127.0.0.1:")
            .says("--proxy-cacert FILE");
    }
    let (server, proxy) = (echoing(), https(identity(), ESTABLISHED));
    through(
        &url("https", &proxy),
        "ws",
        server.port(),
        &["--proxy-insecure"],
    )
    .exits(0)
    .says("! not verified (--proxy-insecure): the issuer");
}

#[test]
fn a_proxy_without_tls_exits_35_and_http_is_offered() {
    let proxy = Server::start(|stream| {
        use std::io::{Read, Write};
        let mut stream = stream;
        stream.read_exact(&mut [0; 64]).expect("a ClientHello");
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .expect("a client");
    });
    through(&url("https", &proxy), "ws", 9, &[])
        .exits(35)
        .says("does not speak TLS\n")
        .says("hint: write http://");
}

#[test]
fn credentials_are_decoded_sent_and_masked() {
    // me:p@ss
    let login = "Basic bWU6cEBzcw==";
    let start = |args: &[&str], user: &str| {
        let (server, proxy) = (echoing(), http(Answer::TunnelFor(login)));
        let url = format!("http://{user}127.0.0.1:{}", proxy.port());
        through(&url, "ws", server.port(), args).exits(0)
    };
    start(&["-v"], "me:p%40ss@")
        .says("> Proxy-Authorization: Basic ***\n")
        .never_says("p@ss")
        .never_says("p%40ss")
        .never_says("bWU6");
    start(&["-v", "--show-secrets"], "me:p%40ss@").says(login);
    start(&["-U", "me:p@ss"], "");
    start(
        &["--proxy-header", &format!("Proxy-Authorization: {login}")],
        "",
    );
}

#[test]
fn a_password_that_is_missing_is_asked_for() {
    let server = scripted(|peer| peer.close(1000, ""));
    let proxy = http(Answer::TunnelFor("Basic bWU6cEBzcw=="));
    let address = url("http", &proxy);
    let mut terminal = terminal(&[server.url(), "-x", &address, "-U", "me"]).start();
    terminal.wait_for_line("password of me at 127.0.0.1: ");
    terminal.press("p@ss\r");
    assert_eq!(terminal.finish(), 0);
    assert!(!terminal.contents().contains("p@ss"));

    let proxy = Untouched::start();
    let address = format!("127.0.0.1:{}", proxy.port());
    wsee(&["ws://h.invalid", "-x", &address, "-U", "me"])
        .without_terminal()
        .run()
        .exits(2)
        .says("-U: no terminal to ask for the password; write -U USER:PASS");
}

#[test]
fn a_proxy_that_wants_credentials_exits_97_and_the_flag_is_offered() {
    let refused = |args: &[&str]| {
        let proxy = http(Answer::TunnelFor("Basic x"));
        through(&url("http", &proxy), "ws", 9, args)
            .exits(97)
            .prints("")
            .says("< HTTP/1.1 407 Proxy Authentication Required\n")
            .says("\n  who's it?\n")
            .says("refused the tunnel to server.invalid:9 with status 407")
    };
    refused(&[]).says("\nhint: the proxy wants credentials; add -U USER:PASS");
    refused(&["-U", "me:wrong"])
        .never_says("wrong")
        .says("\nhint: the proxy does not accept these credentials; check -U");
}

#[test]
fn a_refusal_by_the_proxy_is_distinguished_from_the_servers() {
    for (response, hint) in [
        (
            "HTTP/1.1 403 Filtered\r\nContent-Length: 0\r\n\r\n",
            "its rules",
        ),
        ("HTTP/1.0 502 Bad Gateway\r\n\r\n", "cannot reach"),
        ("HTTP/1.1 101 Switching\r\n\r\n", "status 101"),
        (
            "HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n",
            "status 302",
        ),
    ] {
        let proxy = http(Answer::Say(response));
        let status = response.lines().next().expect("a status line");
        through(&url("http", &proxy), "wss", 9, &[])
            .exits(97)
            .says(&format!("< {status}\n"))
            .says("(--proxy) refused the tunnel to server.invalid:9")
            .says(hint);
    }
    let server = crate::support::wire::before_handshake(|mut wire| {
        wire.write("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n");
    });
    let proxy = http(ESTABLISHED);
    through(&url("http", &proxy), "ws", server.port(), &[]).exits(22);
}

#[test]
fn fields_for_the_proxy_are_not_for_the_server() {
    let server = crate::support::wire::before_handshake(|mut wire| {
        let request = wire.request().to_owned();
        wire.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        request
    });
    let proxy = http(ESTABLISHED);
    let args = [
        "--proxy-header",
        "X-Route: a",
        "--proxy-header",
        "user-agent: b",
        "-H",
        "X-App: c",
    ];
    through(&url("http", &proxy), "ws", server.port(), &args).exits(22);
    let (request, connect) = (server.finish(), proxy.finish());
    assert!(
        connect.contains("\r\nuser-agent: b\r\nX-Route: a\r\n"),
        "{connect}"
    );
    assert!(!connect.contains("X-App"), "{connect}");
    assert!(request.contains("\r\nX-App: c\r\n"), "{request}");
    assert!(!request.contains("X-Route"), "{request}");
}

#[test]
fn a_control_character_in_a_field_for_the_proxy_is_a_usage_error() {
    let proxy = Untouched::start();
    let address = format!("127.0.0.1:{}", proxy.port());
    through(&address, "ws", 9, &["--proxy-header", "A: b\r\nC: d"])
        .exits(2)
        .says("--proxy-header A:");
}
