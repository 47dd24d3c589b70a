//! `--like`: the request of another client, as it was recorded.

use std::fs;

use super::request::request_to;
use crate::support::output::Output;
use crate::support::run::wsee;
use crate::support::server::Untouched;
use crate::support::wire::{before_handshake, requested};

const CHROME: &str = "\
GET /same HTTP/1.1
Host: HOST
Connection: Upgrade
Pragma: no-cache
Cache-Control: no-cache
Authorization: Basic dTpw
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36
Upgrade: websocket
Origin: http://HOST
Sec-WebSocket-Version: 13
Accept-Encoding: gzip, deflate, br, zstd
Accept-Language: en-US,en;q=0.9
Cookie: s=1
Sec-WebSocket-Key: KEY
Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits
Sec-WebSocket-Protocol: a, b";

const FIREFOX: &str = "\
GET /same HTTP/1.1
Host: HOST
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0
Accept: */*
Accept-Language: en-US,en;q=0.9
Accept-Encoding: gzip, deflate, br, zstd
Sec-WebSocket-Version: 13
Origin: http://HOST
Sec-WebSocket-Protocol: a, b
Sec-WebSocket-Extensions: permessage-deflate
Sec-WebSocket-Key: KEY
Connection: Upgrade
Cookie: s=1
Sec-Fetch-Dest: empty
Sec-Fetch-Mode: websocket
Sec-Fetch-Site: same-origin
Pragma: no-cache
Cache-Control: no-cache
Upgrade: websocket
Authorization: Basic dTpw";

const CURL: &str = "\
GET /same HTTP/1.1
Host: HOST
Authorization: Basic dTpw
User-Agent: curl/8.23.0
Accept: */*
Upgrade: websocket
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: KEY
Cookie: s=1
Sec-WebSocket-Protocol: a, b
Connection: Upgrade";

/// The request, with what differs from run to run named instead.
fn request(args: &[&str]) -> String {
    let lines = request_to("/same", args);
    let value = |name: &str| {
        let field = lines.iter().find_map(|line| line.strip_prefix(name));
        field.expect("the field").to_owned()
    };
    let (host, key) = (value("Host: "), value("Sec-WebSocket-Key: "));
    lines.join("\n").replace(&host, "HOST").replace(&key, "KEY")
}

#[test]
fn the_request_is_that_of_the_client_in_fields_order_and_values() {
    let given = ["-s", "a,b", "-b", "s=1", "-u", "u:p", "--like"];
    for (client, recorded) in [("chrome", CHROME), ("firefox", FIREFOX), ("curl", CURL)] {
        let args = [&given[..], &[client]].concat();
        assert_eq!(request(&args), recorded, "{client}");
    }
}

#[test]
fn other_flags_change_single_fields_in_their_places() {
    let args = ["-b", "s=1", "-u", "u:p", "-s", "a,b", "--like", "firefox"];
    let changes = ["-A", "X/1", "-o", "https://a.example", "--no-compress"];
    let fields = ["-H", "accept-language: de", "-H", "Pragma:", "-H", "X-A: 1"];
    let expected = FIREFOX
        .replace(
            "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
            "X/1",
        )
        .replace("http://HOST", "https://a.example")
        .replace("Accept-Language: en-US,en;q=0.9", "accept-language: de")
        .replace("Sec-WebSocket-Extensions: permessage-deflate\n", "")
        .replace("Pragma: no-cache\n", "")
        .replace("same-origin", "cross-site")
        .replace(
            "Connection: Upgrade",
            "Sec-Fetch-Storage-Access: none\nConnection: Upgrade",
        );
    let args = [&args[..], &changes, &fields].concat();
    assert_eq!(request(&args), expected + "\nX-A: 1");
}

#[test]
fn the_site_follows_the_origin_that_a_header_sets() {
    let origin = ["--like", "firefox", "-H", "Origin: http://a.example"];
    let request = request(&origin);
    assert!(request.contains("Origin: http://a.example\n"), "{request}");
    assert!(
        request.contains("Sec-Fetch-Site: cross-site\n"),
        "{request}"
    );
}

#[test]
fn curl_sends_other_fields_before_connection() {
    let request = request(&["--like", "curl", "-H", "X-A: 1", "-H", "X-B: 2"]);
    assert!(
        request.ends_with("KEY\nX-A: 1\nX-B: 2\nConnection: Upgrade"),
        "{request}"
    );
}

#[test]
fn a_redirect_to_a_host_elsewhere_is_cross_site() {
    let target = requested();
    let location = format!("http://localhost:{}/there", target.port());
    let first = before_handshake(move |mut wire| {
        wire.write(format!(
            "HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        ));
        wire.request().to_owned()
    });
    wsee(&[first.url(), "-L", "--like", "firefox"])
        .run()
        .exits(0);
    let page = format!("Origin: http://127.0.0.1:{}\r\n", first.port());
    let (first, second) = (first.finish(), target.finish());
    assert!(first.contains("Sec-Fetch-Site: same-origin\r\n"), "{first}");
    assert!(
        second.contains("Sec-Fetch-Site: cross-site\r\n"),
        "{second}"
    );
    assert!(second.contains(&page), "{second}");
}

#[test]
fn a_scenario_and_a_profile_can_be_like_a_browser() {
    let server = requested();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("like.wsee");
    let scenario = format!("connect {}\n  --like chrome\n< close 1000\n", server.url());
    fs::write(&file, scenario).expect("a scenario");
    wsee(&["test", file.to_str().expect("a path")])
        .run()
        .exits(0);
    assert!(server.finish().contains("Chrome/156"));

    let server = requested();
    let config = format!(
        "[profile.p]\nurl = {:?}\nlike = \"firefox\"\n",
        server.url()
    );
    wsee(&["@p"]).config(&config).run().exits(0);
    assert!(server.finish().contains("Firefox/153"));
}

#[track_caller]
fn refused(args: &[&str]) -> Output {
    let server = Untouched::start();
    let url = format!("ws://127.0.0.1:{}/", server.port());
    wsee(&[&[url.as_str(), "--no-stdin"], args].concat())
        .run()
        .exits(2)
}

#[test]
fn a_client_that_is_not_on_record_and_long_polling_are_refused() {
    refused(&["--like", "safari"]).says("chrome, firefox, curl");
    let polling = ["--as", "socket.io", "--like", "chrome", "--transport"];
    for transport in ["polling", "upgrade"] {
        let says = "wsee: --like is about the upgrade to WebSocket, and this session begins with long polling\n";
        refused(&[&polling[..], &[transport]].concat())
            .says(says)
            .ends_with_line("hint: --transport websocket begins with the upgrade");
    }
}
