//! A web site: a server that answers one request after another as told, with redirects for example.

use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::server::Server;
use super::tls::{self, Identity};
use super::wire::read_head;

/// Starts a site that gives `answers` in their order, each to one connection; the requests' heads are what it has seen.
///
/// An answer is a status, with a blank and a Location behind it if there is one, and fields on lines of their own. PORT
/// is the site's port. After 101 it closes with 1000.
pub fn site(answers: &[&str]) -> Server<Vec<String>> {
    slow_site(Duration::ZERO, answers)
}

/// The same, but every answer takes its time.
pub fn slow_site(delay: Duration, answers: &[&str]) -> Server<Vec<String>> {
    let answers: Vec<String> = answers.iter().map(ToString::to_string).collect();
    Server::start_many(answers.len(), move |index, mut stream| {
        let port = stream.local_addr().expect("an address").port();
        let request = read_head(&mut stream);
        thread::sleep(delay);
        answer(
            stream,
            &request,
            &answers[index].replace("PORT", &port.to_string()),
        );
        request
    })
}

/// The same, for one connection over TLS.
pub fn tls_site(identity: Identity, told: &str) -> Server<String> {
    let told = told.to_owned();
    tls::serving(identity, move |mut stream| {
        let port = stream.sock.local_addr().expect("an address").port();
        let request = read_head(&mut stream);
        answer(
            &mut stream,
            &request,
            &told.replace("PORT", &port.to_string()),
        );
        request
    })
}

fn answer(mut stream: impl Read + Write, request: &str, told: &str) {
    let (first, fields) = told.split_once('\n').unwrap_or((told, ""));
    let (status, location) = first.split_once(' ').unwrap_or((first, ""));
    let is_open = status == "101";
    let mut lines = vec![format!("HTTP/1.1 {status} Told")];
    if !location.is_empty() {
        lines.push(format!("Location: {location}"));
    }
    lines.extend(fields.lines().map(str::to_owned));
    if is_open {
        lines.extend(["Upgrade: websocket", "Connection: Upgrade"].map(str::to_owned));
        let key = values(request, "Sec-WebSocket-Key")[0];
        let accept = derive_accept_key(key.as_bytes());
        lines.push(format!("Sec-WebSocket-Accept: {accept}"));
    } else {
        lines.push("Content-Length: 0".to_owned());
    }
    let mut response = (lines.join("\r\n") + "\r\n\r\n").into_bytes();
    if is_open {
        response.extend([0x88, 0x02, 0x03, 0xe8]);
    }
    stream.write_all(&response).expect("a client that reads");
    if is_open {
        // The client's Close; the server ends TCP first (RFC 6455 §7.1.1).
        let _ = stream.read(&mut [0; 64]);
    }
}

/// The values of the fields called `name` in the head of a request.
pub fn values<'a>(request: &'a str, name: &str) -> Vec<&'a str> {
    let fields = request.lines().filter_map(|line| line.split_once(": "));
    let called = fields.filter(|(other, _)| other.eq_ignore_ascii_case(name));
    called.map(|(_, value)| value).collect()
}

/// Path and query of a request.
pub fn target(request: &str) -> &str {
    request.split(' ').nth(1).expect("a request line")
}
