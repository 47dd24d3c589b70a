//! The opening, and what passes then.

use super::{CLEAR, echo, run};
use crate::support::http2::{Http2, asked, opened};
use crate::support::output::Output;
use crate::support::proxy;
use crate::support::run::wsee;
use crate::support::server::Server;
use crate::support::tls;

#[test]
fn a_message_comes_back_in_one_stream() {
    let server = opened(|http2| http2.websocket().echo());
    echo(&server, &["-w", "%{http_version} %{http_code}"])
        .run()
        .exits(0)
        .prints("hello\n2 200");
    server.finish();
}

#[test]
fn a_message_larger_than_the_windows_comes_back_whole() {
    let server = opened(|http2| http2.websocket().echo());
    let line = "x".repeat(400_000);
    echo(&server, &["--no-compress"])
        .stdin(format!("{line}\n"))
        .run()
        .exits(0)
        .prints(format!("{line}\n"));
    server.finish();
}

#[test]
fn a_burst_of_small_messages_in_a_frame_each_is_read_to_its_end() {
    const COUNT: usize = 100_000;
    let server = opened(|mut http2| {
        let frame = b"\0\0\x07\0\0\0\0\0\x01\x81\x05small";
        http2.write_raw(&frame.repeat(COUNT));
        http2.read_to_end()
    });
    wsee(&[server.url(), CLEAR, "-q", "-n", &COUNT.to_string()])
        .stdin_held_open()
        .run()
        .exits(0)
        .prints("small\n".repeat(COUNT));
    server.finish();
}

#[test]
fn everything_is_shown_in_the_order_of_the_wire() {
    let server = opened(|mut http2| {
        http2.write_frame(crate::support::http2::PING, 0, 0, b"12345678");
        http2.websocket().echo()
    });
    let output = echo(&server, &["-vv", "-H", "X-One: 1"]).run().exits(0);
    server.finish();
    let lines = [
        "* HTTP/2 → SETTINGS ENABLE_PUSH 0, INITIAL_WINDOW_SIZE 6291456, ",
        "* HTTP/2 ← SETTINGS ENABLE_CONNECT_PROTOCOL 1\n",
        "> CONNECT / HTTP/2\n> :method: CONNECT\n> :scheme: http\n> :authority: 127.0.0.1:",
        "\n> :path: /\n> :protocol: websocket\n> sec-websocket-version: 13\n",
        "\n> x-one: 1\n>\n",
        "< HTTP/2 200\n<\n",
        "* HTTP/2 ← PING, not a WebSocket ping\n* HTTP/2 → PING ACK, not a WebSocket pong\n",
    ];
    let mut rest = output.stderr.as_str();
    for line in lines {
        let (_, after) = rest
            .split_once(line)
            .unwrap_or_else(|| panic!("{line}; {rest}"));
        rest = after;
    }
}

#[test]
fn one_v_leaves_out_what_only_says_that_it_works() {
    let server = opened(|http2| http2.websocket().echo());
    echo(&server, &["-v"])
        .run()
        .exits(0)
        .says("HTTP/2 ← SETTINGS")
        .never_says("ACK")
        .never_says("WINDOW_UPDATE");
    server.finish();
}

#[test]
fn a_browser_is_imitated_over_http2() {
    let server = opened(|http2| http2.websocket().echo());
    echo(&server, &["--like", "firefox", "-v"])
        .run()
        .exits(0)
        .says("→ SETTINGS HEADER_TABLE_SIZE 65536, ENABLE_PUSH 0, INITIAL_WINDOW_SIZE 131072, MAX_FRAME_SIZE 16384\n")
        .says("> :method: CONNECT\n> :path: /\n> :authority: 127.0.0.1:")
        .says("> user-agent: Mozilla/5.0 ")
        .says("\n> origin: http://127.0.0.1:")
        .never_says("> connection:")
        .never_says("> sec-websocket-key:");
    server.finish();
}

#[test]
fn resolve_gives_the_address_and_the_url_the_authority() {
    let server = opened(|http2| http2.websocket().echo());
    let port = server.port();
    let url = format!("ws://server.invalid:{port}");
    let resolve = format!("*:{port}:127.0.0.1");
    wsee(&[&url, CLEAR, "--resolve", &resolve, "-v", "-n", "1"])
        .stdin("hello\n")
        .run()
        .exits(0)
        .prints("hello\n")
        .says(&format!("> :authority: server.invalid:{port}\n"));
    server.finish();
}

#[test]
fn events_have_the_version() {
    let server = opened(|http2| http2.websocket().echo());
    let output = echo(&server, &["--jsonl"]).run();
    let events = String::from_utf8_lossy(&output.stdout);
    assert!(events.contains(r#""http_version":"2""#), "{events}");
    server.finish();
}

#[test]
fn a_secret_in_the_path_is_shown_nowhere() {
    let server = opened(|http2| http2.websocket().echo());
    let url = format!("{}/?token=s3cret", server.url());
    wsee(&[&url, CLEAR, "-v", "-n", "1", "-u", "me:s3cret"])
        .stdin("hello\n")
        .run()
        .exits(0)
        .says("> :path: /?token=***")
        .says("> authorization: Basic ***")
        .never_says("s3cret");
    server.finish();
}

/// An answer that refuses, with a body.
fn refuses(mut http2: Http2) -> Vec<u8> {
    http2.respond("502");
    http2.write_frame(0, 1, 1, b"no route");
    http2.read_to_end()
}

#[test]
fn a_refusal_exits_22_with_its_body() {
    let server = asked(refuses);
    run(&server, &[])
        .exits(22)
        .says("no route")
        .says("status 502");
    server.finish();
}

#[test]
fn a_redirect_is_followed_over_another_connection() {
    let server = Server::start_many(2, |index, stream| {
        let mut http2 = Http2::asked(stream);
        if index == 0 {
            // 302 with `location: /b`; the name is number 46 of the static table.
            http2.write_frame(1, 5, 1, b"\x08\x03302\x0f\x1f\x02/b");
            drop(http2.read_to_end());
            return;
        }
        http2.respond("200");
        http2.websocket().echo();
    });
    echo(&server, &["-L", "-v"])
        .run()
        .exits(0)
        .prints("hello\n")
        .says("> :path: /b");
    server.finish();
}

#[test]
fn a_lost_connection_is_made_again_over_http2() {
    let server = Server::start_many(2, |index, stream| {
        let mut http2 = Http2::asked(stream);
        http2.respond("200");
        if index == 0 {
            http2.reset(2);
            drop(http2.read_to_end());
            return;
        }
        http2.websocket().echo();
    });
    let output = wsee(&[server.url(), CLEAR, "-v", "--reconnect", "--wait", "500ms"])
        .stdin_held_open()
        .spawn();
    output.wait_for_stderr("reconnected");
    output.signal(rustix::process::Signal::TERM);
    output
        .wait()
        .says("reset the HTTP/2 stream with INTERNAL_ERROR");
    server.finish();
}

#[test]
fn a_proxy_makes_the_tunnel_first() {
    let server = opened(|http2| http2.websocket().echo());
    let proxy = proxy::http(proxy::ESTABLISHED);
    let through = proxy::url("http", &proxy);
    echo(&server, &["-x", &through])
        .run()
        .exits(0)
        .prints("hello\n");
    assert!(proxy.finish().starts_with("CONNECT 127.0.0.1:"));
    server.finish();
}

#[test]
fn a_test_and_a_profile_use_it() {
    let serve = || opened(|http2| http2.websocket().echo());
    let server = serve();
    let url = server.url();
    let scenario = format!("connect {url}\n  {CLEAR}\n\n> hello\n< text hello\n");
    let file = tls::file(scenario);
    wsee(&["test", tls::path(&file)]).run().exits(0);
    server.finish();

    let server = serve();
    let profile = format!(
        "[profile.x]\nurl = \"{}\"\nhttp2-prior-knowledge = true\n",
        server.url()
    );
    let output: Output = wsee(&["@x", "-n", "1"])
        .config(&profile)
        .stdin("hello\n")
        .run();
    output.exits(0).prints("hello\n");
    server.finish();
}
