//! What a client speaks in a tunnel, and its TLS.

use std::io;
use std::time::Duration;

use rustls::AlertDescription;
use rustls::server::Acceptor;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::HTTP1;
use super::authority::{Authority, names};
use super::early::Early;
use super::goal::Goal;
use super::request::fill;
use crate::dial::io_text;
use crate::proto::buffer::Buffer;
use crate::proto::http1::head::is_token_byte;
use crate::session::Transport;

/// How long a client may take for its TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How large the first message of a client may be, in bytes: far more than any is.
const MAX_HELLO: usize = 64 << 10;
/// How long the first line of a request may be whose method is none of the usual ones, in bytes.
const MAX_LINE: usize = 8 << 10;
/// How long a client may leave it open what it speaks, once it has said something: it may wait for an answer.
const UNDECIDED: Duration = Duration::from_secs(2);

/// What the first bytes of a client say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spoken {
    /// TLS, with this server name.
    Tls(Option<String>),
    /// TLS for another protocol than HTTP/1.1, such as HTTP/2 alone (RFC 7301), with this server name.
    OtherTls {
        name: Option<String>,
        offers: String,
    },
    Http,
    Other,
    /// The client has left.
    Nothing,
}

/// Reads until it is clear what the client speaks; what was read stays in `input`.
pub(super) async fn recognise(front: &mut dyn Transport, input: &mut Buffer) -> io::Result<Spoken> {
    loop {
        let is_silent = input.is_empty();
        match *input.filled() {
            [] => {}
            // RFC 8446 §5.1: the content type of a handshake record.
            [0x16, ..] => {
                let hello = tokio::time::timeout(HANDSHAKE, hello(front, input)).await;
                let slow = || io::Error::other("its ClientHello took longer than 10 s");
                return hello.unwrap_or_else(|_| Err(slow()));
            }
            _ => {
                if let Some(is_http) = is_http(input.filled()) {
                    return Ok(if is_http { Spoken::Http } else { Spoken::Other });
                }
            }
        }
        let more = fill(front, input);
        let n = if is_silent {
            more.await?
        } else {
            match tokio::time::timeout(UNDECIDED, more).await {
                Ok(n) => n?,
                Err(_) => return Ok(Spoken::Other),
            }
        };
        if n == 0 {
            let spoken = if input.is_empty() {
                Spoken::Nothing
            } else {
                Spoken::Other
            };
            return Ok(spoken);
        }
    }
}

/// Reads the start of what a client speaks in a tunnel that is to be opened for some names in TLS only: what is no
/// whole `ClientHello` is something else.
pub(super) async fn greeting(front: &mut dyn Transport, input: &mut Buffer) -> io::Result<Spoken> {
    if input.is_empty() && fill(front, input).await? == 0 {
        return Ok(Spoken::Nothing);
    }
    let [0x16, ..] = *input.filled() else {
        return Ok(Spoken::Other);
    };
    match tokio::time::timeout(HANDSHAKE, hello(front, input)).await {
        Ok(Err(error)) if error.raw_os_error().is_some() => Err(error),
        Ok(Ok(spoken)) => Ok(spoken),
        Ok(Err(_)) | Err(_) => Ok(Spoken::Other),
    }
}

/// Whether the start of a stream is that of a request; `None` if more is needed.
fn is_http(start: &[u8]) -> Option<bool> {
    // What most requests are; others are known by the end of their first line.
    const METHODS: [&[u8]; 9] = [
        b"GET ",
        b"HEAD ",
        b"POST ",
        b"PUT ",
        b"DELETE ",
        b"OPTIONS ",
        b"PATCH ",
        b"TRACE ",
        b"CONNECT ",
    ];
    if METHODS.iter().any(|it| start.starts_with(it)) {
        return Some(true);
    }
    let method = start.split(|&byte| byte == b' ').next()?;
    if method.is_empty() || !method.iter().copied().all(is_token_byte) {
        return Some(false);
    }
    let Some(end) = memchr::memchr(b'\n', start) else {
        return (start.len() > MAX_LINE).then_some(false);
    };
    let line = start[..end].trim_ascii_end();
    Some(line.ends_with(b" HTTP/1.1") || line.ends_with(b" HTTP/1.0"))
}

/// Reads the `ClientHello`.
async fn hello(front: &mut dyn Transport, input: &mut Buffer) -> io::Result<Spoken> {
    let mut acceptor = Acceptor::default();
    let mut fed = 0;
    while input.len() < MAX_HELLO {
        while fed < input.len() {
            fed += acceptor.read_tls(&mut &input.filled()[fed..])?;
            match acceptor.accept() {
                Ok(None) => {}
                Ok(Some(accepted)) => {
                    let hello = accepted.client_hello();
                    let name = hello.server_name().map(str::to_owned);
                    let Some(mut offers) = hello.alpn() else {
                        return Ok(Spoken::Tls(name));
                    };
                    if offers.any(|offer| offer == HTTP1) {
                        return Ok(Spoken::Tls(name));
                    }
                    let offers = hello
                        .alpn()
                        .into_iter()
                        .flatten()
                        .map(String::from_utf8_lossy);
                    let offers: Vec<_> = offers.collect();
                    let offers = offers.join(", ");
                    return Ok(Spoken::OtherTls { name, offers });
                }
                // The handshake itself says what is wrong, and sends the alert.
                Err(_) => return Ok(Spoken::Tls(None)),
            }
        }
        if fill(front, input).await? == 0 {
            return Err(io::Error::other(
                "the client left in the middle of its ClientHello",
            ));
        }
    }
    Err(io::Error::other("the ClientHello is too large"))
}

/// Speaks TLS with a client as the host that it asks for.
pub(super) async fn accept<S: Transport>(
    front: Early<S>,
    goal: &Goal,
    authority: &Authority,
) -> Result<TlsStream<Early<S>>, String> {
    let names = names(&goal.target.host, goal.server_name.as_deref());
    let config = authority.config(names).map_err(|error| error.to_string())?;
    let accepted = TlsAcceptor::from(config).accept(front);
    match tokio::time::timeout(HANDSHAKE, accepted).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(problem(&error)),
        Err(_) => Err("it took longer than 10 s".to_owned()),
    }
}

fn problem(error: &io::Error) -> String {
    const ADVICE: &str = "wsee proxy ca says how a program does";
    let inner = error.get_ref().and_then(|it| it.downcast_ref());
    let alert = match inner {
        Some(rustls::Error::AlertReceived(alert)) => *alert,
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            return format!(
                "the client left without a word; perhaps it does not trust the proxy's CA: {ADVICE}"
            );
        }
        _ => return io_text(error),
    };
    match alert {
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown => {
            format!("the client does not trust the proxy's CA; {ADVICE}")
        }
        _ => io_text(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_client_hello_that_does_not_end_is_not_waited_for() {
        let (mut client, mut front) = tokio::io::duplex(64);
        let begun = tokio::io::AsyncWriteExt::write_all(&mut client, &[0x16, 3, 1]).await;
        begun.expect("room");
        let mut input = crate::proto::receiver::small_input_buffer();
        let error = recognise(&mut front, &mut input).await.unwrap_err();
        assert_eq!(error.to_string(), "its ClientHello took longer than 10 s");
    }

    #[test]
    fn http_is_recognised_by_its_first_word_at_every_split() {
        for (start, expected) in [
            ("GET / HTTP/1.1", Some(true)),
            ("PO", None),
            ("P", None),
            ("PRI * HTTP/2.0\r\n", Some(false)),
            ("GETX", None),
            ("M-SEARCH * HTTP/1.1\r\n", Some(true)),
            ("HELO example.com\r\n", Some(false)),
            ("SSH-2.0-x\r\n", Some(false)),
            ("\0", Some(false)),
        ] {
            assert_eq!(is_http(start.as_bytes()), expected, "{start}");
        }
    }
}
