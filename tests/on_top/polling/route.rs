//! The flags of a connection apply to every request.

use std::io::Write;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{io, thread};

use super::{INPUT, OUTPUT, polled, site, with};
use crate::listen::listening;
use crate::support::run::wsee;
use crate::support::tls::{Authority, path};
use crate::support::wire::read_head;

/// An HTTP proxy for tunnels; counts them.
fn proxy() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let tunnels = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&tunnels);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let count = Arc::clone(&count);
            thread::spawn(move || tunnel(stream, &count));
        }
    });
    (port, tunnels)
}

fn tunnel(mut near: TcpStream, count: &AtomicUsize) {
    let head = read_head(&mut near);
    let port = head
        .split(' ')
        .nth(1)
        .and_then(|it| it.rsplit(':').next()?.parse().ok());
    let far = TcpStream::connect(("127.0.0.1", port.expect("a port"))).expect("a server");
    count.fetch_add(1, Ordering::SeqCst);
    near.write_all(b"HTTP/1.1 200 OK\r\n\r\n")
        .expect("a client");
    let copy = |mut from: TcpStream, mut to: TcpStream| {
        // Either end may be reset when the other has gone.
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    };
    let clone = |stream: &TcpStream| stream.try_clone().expect("a socket");
    let (from, to) = (clone(&near), clone(&far));
    thread::spawn(move || copy(from, to));
    copy(far, near);
}

#[test]
fn every_request_goes_through_the_proxy_and_is_encrypted() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue(&["127.0.0.1"]).write();
    let args = [
        "--as",
        "socket.io",
        "--cert",
        path(&certificate),
        "--key",
        path(&key),
    ];
    let server = listening(&args);
    let (proxy, tunnels) = proxy();
    let proxy = format!("http://127.0.0.1:{proxy}");
    let usual = ["-x", &proxy, "--cacert", authority.path(), "-n", "4"];
    let run = polled("https", server.port, &usual).stdin(INPUT);
    run.run().exits(0).prints(OUTPUT);
    assert_eq!(tunnels.load(Ordering::SeqCst), 2, "GET and POST");
    let url = format!("https://127.0.0.1:{}", server.port);
    let args = ["--as", "socket.io", &url, "--transport", "upgrade"];
    let run = wsee(&[&args[..], &usual[..4]].concat());
    let mut run = run.stdin_held_open().spawn();
    run.send(INPUT);
    run.wait_for_stdout(OUTPUT);
    run.wait_for_stderr("a WebSocket took over");
    run.end_stdin();
    run.wait().exits(0);
    assert_eq!(
        tunnels.load(Ordering::SeqCst),
        5,
        "GET, POST and the WebSocket"
    );
    polled("https", server.port, &[]).run().exits(60);
}

#[test]
fn headers_and_credentials_go_to_every_request() {
    let server = super::session(|request| (!request.is("GET")).then(|| super::ok("ok")));
    let args = [
        "-u",
        "me:secret",
        "-H",
        "X-Tenant: 7",
        "-o",
        "http://a.example",
        "-m",
        "1",
    ];
    server.polled(&args).stdin("[\"a\"]\n").run().exits(28);
    let requests = server.requests.lock().expect("no panic");
    assert!(requests.iter().any(|it| it.is("POST")));
    for request in requests.iter() {
        for field in [
            "Authorization: Basic ",
            "X-Tenant: 7\r\n",
            "Origin: http://a.example\r\n",
        ] {
            assert!(request.has(field), "{field} {request:?}");
        }
    }
}

#[test]
fn a_redirect_of_the_first_request_is_followed_by_all() {
    let target = listening(&["--as", "socket.io"]);
    let location = format!(
        "Location: http://127.0.0.1:{}/socket.io/?EIO=4&transport=polling\r\n",
        target.port
    );
    let server = site(move |_| Some(with("307 Temporary Redirect", &location, "")));
    let run = server.polled(&["-L", "-n", "4"]).stdin(INPUT);
    run.run().exits(0).prints(OUTPUT);
    assert_eq!(server.requests.lock().expect("no panic").len(), 1);
}
