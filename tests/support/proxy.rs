//! Proxies on loopback for one connection. Whatever host they are asked for, they connect to this machine: what was
//! asked for is what the test looks at.

use std::net::TcpStream;
use std::sync::Arc;

use fast_socks5::ReplyError;
use fast_socks5::server::Socks5ServerProtocol;
use fast_socks5::util::target_addr::TargetAddr;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::runtime::Builder;
use tokio_rustls::TlsAcceptor;

use super::server::Server;
use super::tls::Identity;

/// What an HTTP proxy does about CONNECT.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    /// Connects, and writes this before anything else.
    Tunnel(&'static str),
    /// Connects if the request has this `Proxy-Authorization`, and answers 407 if not.
    TunnelFor(&'static str),
    /// Writes this, and waits for the end.
    Say(&'static str),
}

/// The answer of a proxy that does what it was asked.
pub const ESTABLISHED: Answer = Answer::Tunnel("HTTP/1.1 200 Connection established\r\n\r\n");

const LOGIN_WANTED: &str = "HTTP/1.1 407 Proxy Authentication Required\r\n\
    Proxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 9\r\n\r\nwho's it?";

/// Starts an HTTP proxy; it gives back the head of the request.
pub fn http(answer: Answer) -> Server<String> {
    Server::start(move |stream| block_on(stream, |stream| serve(stream, answer)))
}

/// Starts an HTTP proxy that speaks TLS as `identity`; it gives back nothing if the client does not trust it.
pub fn https(identity: Identity, answer: Answer) -> Server<String> {
    let acceptor = TlsAcceptor::from(Arc::new(identity.server_config()));
    Server::start(move |stream| {
        block_on(stream, async |stream| match acceptor.accept(stream).await {
            Ok(stream) => serve(stream, answer).await,
            Err(_) => String::new(),
        })
    })
}

/// The URL of a proxy.
pub fn url<T: Send + 'static>(scheme: &str, proxy: &Server<T>) -> String {
    format!("{scheme}://127.0.0.1:{}", proxy.port())
}

fn block_on<F: Future>(
    stream: TcpStream,
    serve: impl FnOnce(tokio::net::TcpStream) -> F,
) -> F::Output {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        stream.set_nonblocking(true).expect("a socket");
        let stream = tokio::net::TcpStream::from_std(stream);
        serve(stream.expect("a socket")).await
    })
}

async fn serve(mut client: impl AsyncRead + AsyncWrite + Unpin, answer: Answer) -> String {
    let request = read_head(&mut client).await;
    let (says, connects) = match answer {
        Answer::Tunnel(says) => (says, true),
        Answer::TunnelFor(login) => {
            let field = format!("\r\nProxy-Authorization: {login}\r\n");
            if request.contains(&field) {
                ("HTTP/1.1 200 OK\r\n\r\n", true)
            } else {
                (LOGIN_WANTED, false)
            }
        }
        Answer::Say(says) => (says, false),
    };
    if connects {
        let authority = request.split(' ').nth(1).expect("a request line");
        let port = authority.rsplit(':').next().expect("a port");
        let port = port.parse().expect("a port");
        relay(client, port, says.as_bytes()).await;
    } else {
        // The client may have seen enough before it has read everything.
        let _ = client.write_all(says.as_bytes()).await;
        let _ = client.flush().await;
        let _ = client.read_to_end(&mut Vec::new()).await;
    }
    request
}

async fn read_head(client: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.expect("a request"));
    }
    String::from_utf8(head).expect("a request in UTF-8")
}

/// Passes bytes on between the client and a server on this machine, until both have ended.
async fn relay(mut client: impl AsyncRead + AsyncWrite + Unpin, port: u16, first: &[u8]) {
    let server = tokio::net::TcpStream::connect(("127.0.0.1", port)).await;
    let mut server = server.expect("a server");
    client.write_all(first).await.expect("a client");
    client.flush().await.expect("a client");
    // How it ends is looked at on both sides of the proxy.
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

/// Starts a SOCKS5 proxy by fast-socks5; with a `login` it wants that. It gives back what it was asked to connect to.
pub fn socks5(login: Option<(&'static str, &'static str)>) -> Server<String> {
    Server::start(move |stream| {
        block_on(stream, async |stream| {
            let start = match login {
                None => Socks5ServerProtocol::accept_no_auth(stream).await,
                Some((user, password)) => {
                    let check = |u: String, p: String| u == user && p == password;
                    let accepted = Socks5ServerProtocol::accept_password_auth(stream, check).await;
                    accepted.map(|(start, _)| start)
                }
            };
            // The client is told why, and ends.
            let Ok(start) = start else {
                return "nothing".to_owned();
            };
            let (protocol, _, target) = start.read_command().await.expect("a command");
            let (shown, port) = match target {
                TargetAddr::Ip(address) => (format!("address {address}"), address.port()),
                TargetAddr::Domain(name, port) => (format!("name {name}:{port}"), port),
            };
            let bound = "127.0.0.1:1".parse().expect("an address");
            let client = protocol.reply_success(bound).await.expect("a client");
            relay(client, port, b"").await;
            shown
        })
    })
}

/// Starts a SOCKS5 proxy that answers the command with an error.
pub fn refusing_socks5(error: ReplyError) -> Server<()> {
    Server::start(move |stream| {
        block_on(stream, async |stream| {
            let start = Socks5ServerProtocol::accept_no_auth(stream).await;
            let command = start.expect("a client").read_command().await;
            let (protocol, ..) = command.expect("a command");
            protocol.reply_error(&error).await.expect("a client");
        });
    })
}
