//! Others' clients and servers with HTTP/2, and `wsee proxy` between them.

use rustix::process::Signal;

use super::DEADLINE;
use super::http2::{IMPLEMENTATIONS, Secure};
use super::http2_served::{Excepted, chromium_at, node_finds_an_echo, python, reports_everything};
use crate::listen::{Listening, listening_for};
use crate::proxying::proxying_for;
use crate::support::peer::{Received, recording};
use crate::support::run::wsee;
use crate::support::server::Server;
use crate::support::tls::path;

/// A server with TLS and both versions.
fn secure() -> (Listening, String) {
    let server = listening_for(DEADLINE, &["--http2", "--tls"]);
    let url = format!("wss://127.0.0.1:{}/", server.port);
    (server, url)
}

#[test]
#[ignore = "needs Python's h2"]
fn python_finds_an_echo_through_the_proxy() {
    let found = "extended CONNECT 1 streams 256\nstatus 200\nmessage hello\nclosed 1000\nended\n";
    let server = listening_for(DEADLINE, &["--http2"]);
    for over in [&[][..], &["--http2-prior-knowledge"]] {
        let proxy = proxying_for(DEADLINE, &server.url(), &[&["--http2"], over].concat());
        python(&proxy).run().exits(0).prints(found);
        proxy
            .stop(Signal::INT)
            .says("@1 * closed by client: 1000 normal closure after ")
            .never_says("passed on");
    }
}

#[test]
#[ignore = "needs Node"]
fn node_finds_an_echo_through_the_proxy() {
    let (_server, url) = secure();
    for http in ["1.1", "2", "auto"] {
        let proxy = proxying_for(DEADLINE, &url, &["--http2", "--tls", "-k", "--http", http]);
        node_finds_an_echo(&proxy);
        proxy
            .stop(Signal::INT)
            .says("@3 * HTTP/2, stream 5 of the connection of @1\n")
            .says("@3 * closed by client: 4000 ");
    }
}

#[test]
#[ignore = "needs hypercorn and Node"]
fn servers_answer_through_the_proxy_in_each_version() {
    for implementation in IMPLEMENTATIONS {
        let Secure {
            server, authority, ..
        } = &implementation.serve();
        let upstream = format!("wss://localhost:{}/echo", server.port);
        let large = "compress me ".repeat(100_000);
        for (http, over) in [("1.1", "2"), ("2", "2"), ("2", "auto"), ("2", "1.1")] {
            let args = [
                "--http2",
                "--tls",
                "--cacert",
                authority.path(),
                "--http",
                over,
            ];
            let proxy = proxying_for(DEADLINE, &upstream, &args);
            let url = format!("wss://127.0.0.1:{}/", proxy.port);
            wsee(&[&url, "-k", "--http", http, "-n", "2"])
                .stdin(format!("größer\n{large}\n"))
                .run()
                .exits(0)
                .prints(format!("größer\n{large}\n"));
            proxy
                .stop(Signal::INT)
                .says("* closed by client: 1000 normal closure after ")
                .never_says("passed on");
        }
        // What the server resets or refuses reaches the client as that.
        let upstream = format!("wss://localhost:{}/refuse", server.port);
        let args = [
            "--http2",
            "--tls",
            "--cacert",
            authority.path(),
            "--http",
            "2",
        ];
        let proxy = proxying_for(DEADLINE, &upstream, &args);
        let url = format!("wss://127.0.0.1:{}/", proxy.port);
        for http in ["1.1", "2"] {
            let run = wsee(&[&url, "-k", "--http", http]).stdin("").run();
            run.exits(22).says("403").says("not for you");
        }
    }
}

/// Claims that the page finds through the proxy what it finds without.
#[track_caller]
fn passes_everything(proxy: Listening, server: Listening, report: Server<Received>) {
    proxy.running.wait_for_stderr("@3 * HTTP/2, stream ");
    server.running.wait_for_stderr(" 4321 private use");
    proxy.running.wait_for_stderr("HTTP/2 200\n@3 < ");
    server.stop(Signal::TERM).exits(143);
    reports_everything(report);
    proxy
        .stop(Signal::INT)
        .says("@1 < HTTP/2 426\n")
        .says("@2 > sec-websocket-extensions: permessage-deflate")
        .says("@2 * closed by client: 4321 private use \"enough\" after ")
        .says("@3 * closed by server: 1001 going away after ")
        .never_says("passed on");
}

#[test]
#[ignore = "needs Chromium"]
fn chromium_finds_an_echo_through_the_proxy_over_http2() {
    for http in ["1.1", "auto"] {
        let (server, url) = secure();
        let proxy = proxying_for(DEADLINE, &url, &["--http2", "--tls", "-k", "--http", http]);
        let report = recording();
        let _chromium = chromium_at(proxy.port, &report).spawn();
        passes_everything(proxy, server, report);
    }
}

#[test]
#[ignore = "needs Firefox"]
fn firefox_finds_an_echo_through_the_proxy_over_http2() {
    for http in ["1.1", "auto"] {
        let (server, url) = secure();
        let excepted = Excepted::new();
        let own = [
            "--front-cert",
            path(&excepted.certificate),
            "--front-key",
            path(&excepted.key),
        ];
        let args = ["--http2", "-k", "--http", http];
        let proxy = proxying_for(DEADLINE, &url, &[&args[..], &own].concat());
        let report = recording();
        let _firefox = excepted.firefox_at(proxy.port, &report).spawn();
        passes_everything(proxy, server, report);
    }
}
