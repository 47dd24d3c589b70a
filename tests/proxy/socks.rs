//! SOCKS proxies: who resolves the name, credentials, and their refusals.

use std::io::{Read, Write};
use std::net::TcpStream;

use fast_socks5::ReplyError;

use crate::support::output::Output;
use crate::support::peer::{Peer, echoing};
use crate::support::proxy::{refusing_socks5, socks5, url};
use crate::support::run::wsee;
use crate::support::server::Server;
use crate::support::tls::{self, Authority};

#[track_caller]
fn through(proxy: &str, target: &str, args: &[&str]) -> Output {
    wsee(&[&[target, "-x", proxy, "-n", "1"], args].concat())
        .stdin("hello\n")
        .run()
}

#[test]
fn socks5h_leaves_the_name_to_the_proxy() {
    let (server, proxy) = (echoing(), socks5(None));
    let target = format!("ws://server.invalid:{}", server.port());
    let tunnel = format!("* tunnel to server.invalid:{}", server.port());
    through(&url("socks5h", &proxy), &target, &["-v"])
        .exits(0)
        .prints("hello\n")
        .says("* proxy socks5h://127.0.0.1:")
        .says(&tunnel);
    let asked = format!("name server.invalid:{}", server.port());
    assert_eq!(proxy.finish(), asked);
}

#[test]
fn socks5_resolves_the_name_here() {
    let (server, proxy) = (echoing(), socks5(None));
    let target = format!("ws://localhost:{}", server.port());
    through(&url("socks5", &proxy), &target, &["-4"]).exits(0);
    let asked = format!("address 127.0.0.1:{}", server.port());
    assert_eq!(proxy.finish(), asked);

    let nobody = crate::support::server::Untouched::start();
    let proxy = format!("socks5://127.0.0.1:{}", nobody.port());
    through(&proxy, "ws://nosuch.invalid", &[]).exits(6);
}

#[test]
fn tls_with_the_server_goes_through_socks() {
    let authority = Authority::new();
    let server = tls::serving(authority.issue(&["server.invalid"]), |stream| {
        Peer::accept(stream).echo()
    });
    let proxy = socks5(None);
    let target = format!("wss://server.invalid:{}", server.port());
    let args = ["--cacert", authority.path()];
    through(&url("socks5h", &proxy), &target, &args)
        .exits(0)
        .prints("hello\n");
}

#[test]
fn credentials_are_given_when_the_proxy_wants_them() {
    let login = Some(("me", "p@ss"));
    let (server, proxy) = (echoing(), socks5(login));
    let target = format!("ws://server.invalid:{}", server.port());
    let address = format!("socks5h://me:p%40ss@127.0.0.1:{}", proxy.port());
    through(&address, &target, &["-v"])
        .exits(0)
        .never_says("p@ss")
        .never_says("p%40ss");

    let proxy = socks5(login);
    through(
        &url("socks5h", &proxy),
        "ws://h.invalid",
        &["-U", "me:wrong"],
    )
    .exits(97)
    .never_says("wrong")
    .says("does not accept these credentials");
    let proxy = socks5(login);
    through(&url("socks5h", &proxy), "ws://h.invalid", &[])
        .exits(97)
        .says("wants credentials\n")
        .says("hint: add -U USER:PASS");
}

#[test]
fn every_reply_code_is_put_into_words() {
    use ReplyError as E;
    for (error, words) in [
        (E::GeneralFailure, "general failure (reply 1)"),
        (
            E::ConnectionNotAllowed,
            "not allowed by its rules (reply 2)",
        ),
        (E::NetworkUnreachable, "network unreachable (reply 3)"),
        (E::HostUnreachable, "host unreachable (reply 4)"),
        (E::ConnectionRefused, "connection refused (reply 5)"),
        (E::TtlExpired, "TTL expired (reply 6)"),
        (E::CommandNotSupported, "does not support CONNECT (reply 7)"),
        (E::AddressTypeNotSupported, "type of address (reply 8)"),
    ] {
        let proxy = refusing_socks5(error);
        through(&url("socks5h", &proxy), "ws://h.invalid", &[])
            .exits(97)
            .prints("")
            .says("(--proxy) cannot connect to h.invalid:80: ")
            .says(words);
    }
}

/// Starts a SOCKS4 proxy that reads a request of `expected` and answers with `code`.
fn socks4(expected: Vec<u8>, code: u8, server: Option<u16>) -> Server<()> {
    Server::start(move |mut client| {
        let mut request = vec![0; expected.len()];
        client.read_exact(&mut request).expect("a request");
        assert_eq!(request, expected);
        client
            .write_all(&[0, code, 0, 0, 0, 0, 0, 0])
            .expect("a client");
        if let Some(port) = server {
            relay(client, port);
        }
    })
}

fn relay(mut client: TcpStream, port: u16) {
    let mut server = TcpStream::connect(("127.0.0.1", port)).expect("a server");
    let (mut to, mut from) = (
        server.try_clone().expect("a socket"),
        client.try_clone().expect("a socket"),
    );
    let back = std::thread::spawn(move || std::io::copy(&mut server, &mut client));
    // How it ends is looked at on both sides of the proxy.
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(std::net::Shutdown::Write);
    let _ = back.join();
}

#[test]
fn socks4a_names_the_host_and_socks4_its_address() {
    let request = |port: u16, end: &[u8]| {
        let mut request = vec![4, 1];
        request.extend(port.to_be_bytes());
        request.extend(end);
        request
    };
    let server = echoing();
    let named = request(server.port(), b"\0\0\0\x01me\0server.invalid\0");
    let proxy = socks4(named, 0x5a, Some(server.port()));
    let target = format!("ws://server.invalid:{}", server.port());
    let address = format!("socks4a://me@127.0.0.1:{}", proxy.port());
    through(&address, &target, &[]).exits(0).prints("hello\n");

    let server = echoing();
    let addressed = request(server.port(), b"\x7f\0\0\x01\0");
    let proxy = socks4(addressed, 0x5a, Some(server.port()));
    let target = format!("ws://localhost:{}", server.port());
    through(&url("socks4", &proxy), &target, &[]).exits(0);

    let proxy = socks4(request(80, b"\x7f\0\0\x01\0"), 0x5b, None);
    through(&url("socks4", &proxy), "ws://127.0.0.1", &[])
        .exits(97)
        .says("rejected or failed (code 91)");
    through("socks4://127.0.0.1:1", "ws://[::1]", &[])
        .exits(7)
        .says("the proxy socks4://127.0.0.1:1");
}
