//! Proxies that cannot be reached, say nothing, or no sense.

use std::net::TcpListener;
use std::time::Duration;

use crate::support::output::Output;
use crate::support::run::wsee;
use crate::support::server::Server;
use crate::support::wire::{Wire, before_handshake};

#[track_caller]
fn against(scheme: &str, port: u16, args: &[&str]) -> Output {
    let proxy = format!("{scheme}://127.0.0.1:{port}");
    wsee(&[&["ws://server.invalid", "-x", &proxy], args].concat())
        .run()
        .prints("")
        .within(Duration::from_secs(4))
}

#[track_caller]
fn answered(script: impl FnOnce(Wire) + Send + 'static) -> Output {
    let proxy = before_handshake(script);
    against("http", proxy.port(), &[]).exits(97)
}

#[test]
fn a_proxy_that_cannot_be_reached_exits_7() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    for scheme in ["http", "https", "socks5h"] {
        against(scheme, port, &[])
            .exits(7)
            .says(&format!("the proxy {scheme}://127.0.0.1:{port} (--proxy)"))
            .says("127.0.0.1 refused");
    }
}

#[test]
fn a_proxy_without_an_address_exits_5() {
    wsee(&["ws://127.0.0.1:1", "-x", "nosuch.invalid"])
        .run()
        .exits(5)
        .says("the proxy http://nosuch.invalid:1080 (--proxy)");
}

#[test]
fn a_server_that_is_not_a_proxy_is_recognized_by_its_answer() {
    answered(|mut wire| {
        wire.write("SSH-2.0-OpenSSH_9.6\r\n");
        wire.wait_for_end();
    })
    .says("SSH-2.0-OpenSSH_9.6");
    answered(Wire::end).says("without answering CONNECT");
    answered(|mut wire| {
        wire.write("HTTP/1.1 200 O");
        wire.end();
    })
    .says("after 14 bytes");
}

#[test]
fn a_head_without_end_is_cut_off() {
    answered(|mut wire| {
        wire.write("HTTP/1.1 200 OK\r\nX: ");
        wire.flood(&[b'x'; 8 << 10]);
    })
    .says("64 KiB");
    answered(|mut wire| {
        let fields = "X: y\r\n".repeat(200);
        wire.write(format!("HTTP/1.1 200 OK\r\n{fields}\r\n"));
        wire.wait_for_end();
    })
    .says("128");
    answered(|mut wire| wire.flood(b"HTTP/1.1 100 Continue\r\n\r\n"))
        .says("interim (1xx) responses only");
}

#[test]
fn a_proxys_text_reaches_a_terminal_escaped_only() {
    answered(|mut wire| {
        wire.write("HTTP/1.1 403 \x1b[2J\r\nX: \x1b]0;x\x07\r\nContent-Length: 4\r\n\r\n\x1b[2J");
        wire.wait_for_end();
    })
    .never_says("\x1b");
}

#[test]
fn silence_and_dribble_run_into_the_connect_timeout() {
    let soon = ["--connect-timeout", "300ms"];
    for scheme in ["http", "socks5h"] {
        let proxy = Server::start(|stream| {
            use std::io::Read;
            let mut stream = stream;
            while matches!(stream.read(&mut [0; 64]), Ok(1..)) {}
        });
        against(scheme, proxy.port(), &soon)
            .exits(28)
            .says("the proxy did not answer CONNECT")
            .says("--connect-timeout");
    }
    let proxy = Server::start(|stream| {
        use std::io::Read;
        let mut stream = stream;
        while matches!(stream.read(&mut [0; 64]), Ok(1..)) {}
    });
    against("https", proxy.port(), &soon)
        .exits(28)
        .says("the proxy did not complete the TLS handshake");
    let proxy = before_handshake(|mut wire| {
        wire.write("HTTP/1.1 200 OK\r\nX: ");
        wire.dribble(Duration::from_millis(20));
    });
    against("http", proxy.port(), &soon).exits(28);
}

#[test]
fn garbage_instead_of_socks_is_reported() {
    for (bytes, words) in [
        (
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            "does not speak this version of SOCKS",
        ),
        (b"\x05\x02", "wants credentials"),
        (b"\x05\xff", "wants credentials"),
        (b"\x05\x07", "does not speak this version of SOCKS"),
        (
            b"\x05\x00\x05\x00\x00\x09",
            "does not speak this version of SOCKS",
        ),
        (
            b"\x05\x00\x05\x63\x00\x01",
            "does not speak this version of SOCKS",
        ),
        (b"\x05\x00\x05\x00\x00\x03\xff", "broke the connection"),
        (b"", "broke the connection"),
    ] {
        let proxy = Server::start(move |stream| {
            use std::io::{Read, Write};
            let mut stream = stream;
            stream.read_exact(&mut [0; 3]).expect("a greeting");
            stream.write_all(bytes).expect("a client");
            // The client may have seen enough.
            let _ = stream.shutdown(std::net::Shutdown::Write);
            while matches!(stream.read(&mut [0; 64]), Ok(1..)) {}
        });
        against("socks5h", proxy.port(), &[]).exits(97).says(words);
    }
}

#[test]
fn a_host_name_that_socks_cannot_carry_is_refused() {
    let name = format!("{}.example", "a".repeat(300));
    for scheme in ["socks5h", "socks4a"] {
        let proxy = Server::start(|stream| {
            use std::io::Read;
            let mut stream = stream;
            while matches!(stream.read(&mut [0; 64]), Ok(1..)) {}
        });
        let proxy_url = format!("{scheme}://127.0.0.1:{}", proxy.port());
        wsee(&[&format!("ws://{name}"), "-x", &proxy_url])
            .run()
            .exits(97)
            .says("255 bytes");
    }
}
