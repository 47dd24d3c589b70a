//! Servers that cannot be reached.

use std::net::TcpListener;

use crate::support::run::wsee;

/// A port on which nobody listens.
fn closed_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

#[test]
fn a_refused_connection_exits_7_and_names_the_address() {
    let port = closed_port();
    wsee(&[&format!("ws://127.0.0.1:{port}")])
        .stdin("never sent\n")
        .run()
        .exits(7)
        .prints("")
        .says(&format!("127.0.0.1:{port}"))
        .says("refused");
}

#[test]
fn a_refused_name_is_explained_by_each_of_its_addresses() {
    use std::net::ToSocketAddrs;
    let port = closed_port();
    let mut output = wsee(&[&format!("ws://localhost:{port}")]).run().exits(7);
    for address in ("localhost", port).to_socket_addrs().expect("localhost") {
        output = output.says(&format!("{} refused", address.ip()));
    }
    let lines: Vec<&str> = output.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{}", output.stderr);
    assert_eq!(lines[0], "hint: is the server running on this port?");
}

#[test]
fn an_unknown_host_exits_6_and_names_it() {
    wsee(&["ws://nosuch.invalid/"])
        .run()
        .exits(6)
        .prints("")
        .says("nosuch.invalid");
}

#[test]
fn a_proxy_that_refuses_is_not_taken_for_the_server() {
    let proxy = format!("127.0.0.1:{}", closed_port());
    wsee(&["--proxy", &proxy, "ws://server.invalid"])
        .run()
        .exits(7)
        .says("hint: is the proxy running on this port?\n");
}
