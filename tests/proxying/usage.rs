//! Mistakes on the command line.

use rustix::process::Signal;

use crate::listen::started;
use crate::support::run::wsee;

#[test]
fn mistakes_name_the_argument_and_what_to_write() {
    for (args, text) in [
        (
            &["proxy"][..],
            "the server is missing; write wsee proxy [LISTEN] UPSTREAM",
        ),
        (&["proxy", "-v"], "the server is missing"),
        (
            &["proxy", "9001", ":9001"],
            "UPSTREAM :9001 is where the proxy itself listens; write wsee proxy PORT",
        ),
        (
            &["proxy", "localhost:9001"],
            "is where the proxy itself listens",
        ),
        (&["proxy", "nowhere", "ws://h"], "LISTEN \"nowhere\": "),
        (
            &["proxy", "0", "ws://h", "--front-cert", "a.pem"],
            "--front-key",
        ),
        (
            &["proxy", "0", "ws://h", "--ping-interval", "3s"],
            "--ping-interval",
        ),
        (
            &["proxy", "0", "ws://h", "--record-format", "har"],
            "--record",
        ),
        (
            &["proxy", "0", "ws://h", "--keep-origin", "--origin", "x"],
            "--keep-origin",
        ),
        (
            &["proxy", "0", "ws://h", "--fault", "client mute"],
            "strikes before there is a direction",
        ),
        (
            &["proxy", "0", "ws://h", "--fault", "client"],
            "the fault is missing",
        ),
        (
            &["listen", "0", "--fault", "server drop 5%"],
            "client and server in front are for wsee proxy",
        ),
    ] {
        let output = wsee(args).run();
        assert!(output.stderr.contains(text), "{args:?}: {}", output.stderr);
        output.exits(2).prints("");
    }
    wsee(&["proxy", "0", "gopher://h"])
        .run()
        .exits(3)
        .prints("");
}

#[test]
fn flags_come_anywhere_among_the_arguments() {
    for args in [
        &["0", "-v", "ws://127.0.0.1:1/"][..],
        &["-v", "0", "ws://127.0.0.1:1/"],
        &["127.0.0.1:0", "--max-message", "1K", "ws://127.0.0.1:1/"],
    ] {
        let args = [&["proxy"], args].concat();
        let proxy = started(wsee(&args));
        proxy.stop(Signal::INT).says("ws://127.0.0.1:1/");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn events_that_cannot_be_written_end_a_server_with_23() {
    for args in [&["listen"][..], &["proxy"]] {
        let upstream = ["127.0.0.1:0", "ws://127.0.0.1:1/"];
        let count = if args == ["proxy"] { 2 } else { 1 };
        let args = [args, &upstream[..count], &["--jsonl"]].concat();
        let server = started(wsee(&args).redirected("> /dev/full"));
        // Any event will do: that of a client that is refused, or cannot be passed on.
        wsee(&["-q", "--send", "x", "--wait", "0", &server.url()]).run();
        let output = server.running.wait().exits(23);
        output.ends_with_line("wsee: cannot write to stdout: No space left on device");
    }
}
