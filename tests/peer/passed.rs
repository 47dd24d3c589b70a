//! Others' clients and servers with `wsee proxy` between them.

use rustix::process::Signal;

use super::{DEADLINE, LIBRARIES, browser};
use crate::listen::listening_for;
use crate::proxying::proxying_for;
use crate::support::peer::{Message, recording};

#[test]
#[ignore = "needs Python's websockets and npm's ws"]
fn clients_find_through_the_proxy_what_they_find_without() {
    for library in LIBRARIES {
        let server = listening_for(DEADLINE, &[]);
        let proxy = proxying_for(DEADLINE, &server.url(), &[]);
        let port = proxy.port.to_string();
        let client = library.script("client", &[&port]).spawn();
        client.wait_for_stdout("waiting for a close\n");
        server.stop(Signal::TERM).exits(143);
        client.wait().exits(0).prints(
            "all messages came back\nfragments came back whole\na pong came\n\
             10000 messages came back in order\nclosed 4321\nwaiting for a close\nclosed 1001\n",
        );
        proxy
            .stop(Signal::INT)
            .exits(130)
            .says("@1 * closed by client: 4321 private use \"enough\" after ")
            .says("* closed by server: 1001 going away after ")
            .never_says("passed on");
    }
}

#[test]
#[ignore = "needs Python's websockets and npm's ws"]
fn servers_answer_through_the_proxy() {
    for library in LIBRARIES {
        let server = library.serve(&[]);
        let proxy = proxying_for(DEADLINE, &server.url("/echo"), &["-v"]);
        let large = "0123456789".repeat(30_000);
        let args = [
            &proxy.url()[..],
            "--wait",
            "1s",
            "-q",
            "--close-code",
            "4000",
            "--close-reason",
            "enough",
        ];
        let client = crate::support::run::wsee(&args);
        client
            .stdin(format!("one\n{large}\n"))
            .run()
            .exits(0)
            .prints(format!("one\n{large}\n"));
        server.saw_end("4000 enough");
        proxy
            .stop(Signal::INT)
            .exits(130)
            .says("GET / HTTP/1.1  ⇒  GET /echo HTTP/1.1\n")
            .says("← text 293.0 KiB   (the first 1.0 KiB)\n")
            .never_says("passed on");
    }
}

#[test]
#[ignore = "needs Chromium"]
fn chromium_finds_through_the_proxy_what_it_finds_without() {
    let server = listening_for(DEADLINE, &[]);
    let proxy = proxying_for(DEADLINE, &server.url(), &[]);
    let report = recording();
    let _chromium = browser::talking(proxy.port, report.port()).spawn();
    server.running.wait_for_stderr("@2 > HTTP/1.1 101 ");
    server.stop(Signal::TERM).exits(143);
    let found = [
        "all messages came back",
        "10000 messages came back in order",
        "closed 4321 true",
        "closed 1001 true",
    ];
    assert_eq!(report.serve().messages, found.map(Message::text));
    proxy
        .stop(Signal::INT)
        .exits(130)
        .says("  ⇒  http://127.0.0.1:")
        .never_says("passed on");
}
