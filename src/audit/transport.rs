//! What carries the connection: TLS, its versions and its certificate, and what goes without.

use std::future::ready;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;

use super::auditor::Auditor;
use super::check::{Check, Group};
use super::cure;
use super::http2;
use super::options::Level;
use super::request::{With, has_credentials, with};
use super::severity::{Severity, Sure};
use super::trace::Trace;
use super::verdict::{Judged, Untested, found, passed, untested};
use super::wire::Wire;
use crate::dial::tls::Session;
use crate::dial::{Certificate, is_localhost};
use crate::render::quantity;
use crate::session;

pub(super) const GROUP: Group = Group {
    name: "transport",
    about: "What carries the connection: TLS, its versions and its certificate, and what goes without",
    checks: &[
        Check {
            id: "transport-clear",
            level: Level::Polite,
            severity: Severity::Medium,
            title: "Credentials travel without TLS",
            rule: "RFC 6455 §10.6, CWE-319",
            about: "A finding if credentials were given for a URL with ws://: everybody on the way can read and use them. On this machine itself (loopback, a Unix socket) it is information.",
            risk: "Everybody on the way reads the credentials and connects with them.",
            cures: cure::TLS,
            connections: 0,
            run: |it| Box::pin(ready(clear(it))),
        },
        Check {
            id: "transport-plain",
            level: Level::Polite,
            severity: Severity::Medium,
            title: "The server with TLS is also reached without it",
            rule: "RFC 6455 §10.6, CWE-319, WSTG-CRYP-03",
            about: "Asks the host of a wss:// URL without TLS and without credentials: at port 80 if TLS is at 443, otherwise at the same port. A finding if the upgrade gets in; a redirection, a refusal or no connection is right.",
            risk: "A client that is led to ws://, by an old link or by an attacker on the way, speaks in clear text.",
            cures: cure::TLS_ONLY,
            connections: 1,
            run: |it| Box::pin(plain(it)),
        },
        Check {
            id: "transport-version",
            level: Level::Polite,
            severity: Severity::Medium,
            title: "The server still speaks TLS 1.0 or 1.1",
            rule: "RFC 8996, CWE-326, WSTG-CRYP-01",
            about: "Sends the first message of a handshake of TLS 1.1, and of 1.0, with the cipher suites that were common then, and looks at the version of the answer. The handshake is not completed. Not done through a proxy.",
            risk: "An attacker on the way makes both sides use an old version, whose known weaknesses break the encryption.",
            cures: cure::TLS_VERSIONS,
            connections: 2,
            run: |it| Box::pin(version(it)),
        },
        Check {
            id: "transport-certificate",
            level: Level::Polite,
            severity: Severity::Medium,
            title: "The certificate is not trusted",
            rule: "RFC 9525, RFC 5280 §6, CWE-295",
            about: "Needs --insecure, as without it there is no audit of such a server: says why the certificate would be refused, such as another name, an unknown issuer or its end.",
            risk: "An attacker on the way puts another server in between, and clients that ignore the warning do not notice.",
            cures: cure::CERTIFICATE,
            connections: 0,
            run: |it| Box::pin(ready(certificate(it))),
        },
        Check {
            id: "transport-expiry",
            level: Level::Polite,
            severity: Severity::Low,
            title: "The certificate ends soon",
            rule: "RFC 5280 §4.1.2.5, CWE-298",
            about: "A finding if the certificate is valid for fewer than 14 days, or less than a tenth of its whole time if it is a short one: whatever renews it did not yet.",
            risk: "All clients are refused from the day on which it ends.",
            cures: cure::RENEWAL,
            connections: 0,
            run: |it| Box::pin(ready(expiry(it))),
        },
        http2::CHECK,
    ],
};

fn clear(it: &Auditor) -> Judged {
    let base = it.base();
    if !has_credentials(base) {
        return untested("no credentials were given");
    }
    if base.target.tls {
        return passed("");
    }
    if stays_here(base) {
        return found(
            Severity::Info,
            Sure::Certain,
            "credentials over ws://, which stays on this machine",
            [],
        );
    }
    found(
        Severity::Medium,
        Sure::Certain,
        format!("credentials over ws:// to {}", base.target.host),
        [],
    )
}

/// Whether what is sent stays on this machine.
fn stays_here(base: &session::Options) -> bool {
    let address = base.target.host.parse::<IpAddr>();
    base.dial.route.unix_socket.is_some()
        || address.map_or_else(
            |_| is_localhost(&base.target.host),
            |address| address.to_canonical().is_loopback(),
        )
}

async fn plain(it: &mut Auditor) -> Judged {
    it.has_tls()?;
    let mut options = with(it.base(), With::Nothing);
    options.target.tls = false;
    if options.target.port == 443 {
        options.target.port = 80;
    }
    if options.dial.proxies.select(&options.target).is_some() {
        return untested("a proxy leads to the server, and may lead elsewhere without TLS");
    }
    if options.dial.route.is_redirected(&it.base().target) {
        return untested("--connect-to leads to the server, and says nothing about it without TLS");
    }
    let port = options.target.port;
    let answer = match it.ask(&options).await {
        Ok(answer) => answer,
        // No connection: nobody is there without TLS.
        Err(Untested(why)) => {
            it.forgive();
            return passed(why);
        }
    };
    let brief = answer.brief();
    let trace = answer.trace.clone();
    let is_open = answer.opens();
    if let Some(wire) = answer.wire {
        wire.leave().await;
    }
    if is_open {
        let evidence = format!("ws:// at port {port}, without credentials: 101");
        return found(Severity::Medium, Sure::Certain, evidence, [trace]);
    }
    passed(format!("at port {port}: {brief}"))
}

async fn version(it: &mut Auditor) -> Judged {
    it.has_tls()?;
    let base = it.base().clone();
    if base.dial.proxies.select(&base.target).is_some() {
        return untested("a proxy leads to the server");
    }
    let mut accepted = Vec::new();
    let mut traces = Vec::new();
    // RFC 4346 and RFC 2246: 3.2 is TLS 1.1, 3.1 is TLS 1.0.
    for (minor, name) in [(2, "TLS 1.1"), (1, "TLS 1.0")] {
        let (is_accepted, trace) = greet(it, &base, minor).await?;
        if is_accepted {
            accepted.push(name);
            traces.push(trace);
        }
    }
    if accepted.is_empty() {
        return passed("TLS 1.1 and 1.0 are refused");
    }
    let evidence = format!("a ServerHello of {}", accepted.join(" and of "));
    found(Severity::Medium, Sure::Certain, evidence, traces)
}

/// Sends a `ClientHello` of TLS 1.`minor - 1`; whether the server goes along.
async fn greet(
    it: &mut Auditor,
    base: &session::Options,
    minor: u8,
) -> Result<(bool, Trace), Untested> {
    let mut options = base.clone();
    options.target.tls = false;
    let stream = it.dial(&options).await?.map_err(Untested)?;
    let mut wire = Wire::new(stream, Rc::clone(&it.meter));
    let hello = client_hello(minor, &base.target.host);
    wire.send_raw(&hello, it.timeout()).await?;
    let mut answer = Vec::new();
    while answer.len() < 11 {
        match wire.read(it.timeout()).await? {
            Some(bytes) if !bytes.is_empty() => answer.extend(bytes),
            _ => break,
        }
    }
    if answer.is_empty() && wire.end().is_none() {
        let limit = quantity::duration(it.timeout());
        return Err(Untested(format!(
            "no answer to a ClientHello within {limit}"
        )));
    }
    wire.trace.received.add_raw(&answer);
    // RFC 5246 §7.4.1.3: a record of a handshake (22), a ServerHello (2), the server's version.
    let is_accepted = answer.first() == Some(&22)
        && answer.get(5) == Some(&2)
        && answer.get(9..11) == Some(&[3, minor]);
    Ok((is_accepted, wire.trace.clone()))
}

/// RFC 4346 §7.4.1.2, with the name of the server (RFC 6066 §3) and what curves need (RFC 8422 §5.1).
fn client_hello(minor: u8, host: &str) -> Vec<u8> {
    // ECDHE with RSA and ECDSA, then RSA alone: AES in CBC, and 3DES.
    const SUITES: [u16; 9] = [
        0xc014, 0xc013, 0xc00a, 0xc009, 0x0039, 0x0033, 0x0035, 0x002f, 0x000a,
    ];
    const CURVES: [u16; 4] = [0x001d, 0x0017, 0x0018, 0x0019];
    let words =
        |words: &[u16]| -> Vec<u8> { words.iter().flat_map(|word| word.to_be_bytes()).collect() };
    let mut extensions = Vec::new();
    if host.parse::<IpAddr>().is_err() {
        let name = [&[0][..], &sized(host.as_bytes())].concat();
        extensions.extend(extension(0, &sized(&name)));
    }
    extensions.extend(extension(10, &sized(&words(&CURVES))));
    extensions.extend(extension(11, &[1, 0]));
    let random: [u8; 32] = rand::random();
    let mut body = vec![3, minor];
    body.extend(random);
    // No session, no compression.
    body.push(0);
    body.extend(sized(&words(&SUITES)));
    body.extend([1, 0]);
    body.extend(sized(&extensions));
    let mut message = vec![1, 0];
    message.extend(sized(&body));
    [&[22, 3, 1][..], &sized(&message)].concat()
}

fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &sized(content)].concat()
}

/// With its length in two bytes before it.
fn sized(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes()[..], content].concat()
}

/// The TLS handshake of the first connection.
fn handshake(it: &Auditor) -> Result<&Session, Untested> {
    it.has_tls()?;
    let tls = it.baseline.tls.as_ref();
    tls.ok_or_else(|| Untested::because("the TLS handshake was not seen"))
}

fn certificate(it: &Auditor) -> Judged {
    let tls = handshake(it)?;
    let Some(distrust) = &tls.distrust else {
        return passed("");
    };
    let severity = if stays_here(it.base()) {
        Severity::Info
    } else {
        Severity::Medium
    };
    found(severity, Sure::Certain, distrust.clone(), [])
}

const DAY: i64 = 24 * 60 * 60;
/// Most certificates are renewed a month or more before their end.
const SOON: Duration = Duration::from_hours(14 * 24);

fn expiry(it: &Auditor) -> Judged {
    let tls = handshake(it)?;
    let Some(certificate) = &tls.certificate else {
        return untested("the certificate cannot be read");
    };
    let left = left(certificate, Timestamp::now());
    if left < 0 {
        return untested("it has ended already, as transport-certificate shows");
    }
    let days = quantity::plural(u64::try_from(left / DAY).unwrap_or_default(), "day");
    if !is_soon(certificate, left) {
        return passed(format!("{days} left"));
    }
    let evidence = format!(
        "{} ends {}, in {days}",
        certificate.subject, certificate.not_after
    );
    found(Severity::Low, Sure::Certain, evidence, [])
}

/// In seconds; negative once it has ended, of which the check of trust speaks.
fn left(certificate: &Certificate, now: Timestamp) -> i64 {
    certificate.not_after.as_second() - now.as_second()
}

fn is_soon(certificate: &Certificate, left: i64) -> bool {
    let whole = certificate.not_after.as_second() - certificate.not_before.as_second();
    let soon = i64::try_from(SOON.as_secs()).unwrap_or(i64::MAX);
    left < soon.min(whole / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lengths_of_a_client_hello_add_up() {
        let hello = client_hello(1, "example.com");
        assert_eq!(hello[..3], [22, 3, 1]);
        let record = usize::from(u16::from_be_bytes([hello[3], hello[4]]));
        assert_eq!(record, hello.len() - 5);
        let message = usize::from(u16::from_be_bytes([hello[7], hello[8]]));
        assert_eq!((hello[5], hello[6], message), (1, 0, record - 4));
        assert!(hello.windows(11).any(|it| it == b"example.com"));
    }
}
