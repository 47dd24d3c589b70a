//! A WebSocket server for debugging clients: it echoes messages or plays a recorded server, and shows
//! what its clients do.

mod client;
mod echo;
mod identity;
mod log;
mod replay;

use std::io;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use client::{Client, Ended};
use echo::Echo;
pub use identity::{Identity, IdentityError};
pub use log::Log;

use crate::event::{Direction, Signal};
use crate::proto::buffer::Buffer;
use crate::proto::connection::{Config, Connection};
use crate::proto::deflate::Params;
use crate::proto::handshake::server::{Handshake, Policy, Upgrade};
use crate::proto::receiver::small_input_buffer;
use crate::record::Play;
use crate::render::Role;
use crate::render::escape::escape_line;
use crate::session::{self, Transport};
use replay::Replay;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// A name or an IP address, without brackets.
    pub host: String,
    /// 0 for any free port.
    pub port: u16,
}

#[derive(Debug, Clone)]
pub struct Options {
    pub policy: Policy,
    pub identity: Option<Identity>,
    pub connection: Config,
    /// The recorded server to play; without one the server echoes.
    pub play: Option<Play>,
    pub log: Log,
}

/// How long a client may take for its opening handshake: more than any client needs, even by hand.
const OPENING: Duration = Duration::from_secs(10);
/// How long a refused client may take to end the stream.
const LINGER: Duration = Duration::from_secs(1);
/// How much more is read from a refused client, in bytes.
const LINGER_BYTES: u64 = 64 << 10;
const BAD_REQUEST: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
/// How long clients may take for the closing handshake when the server ends; the user is waiting.
const CLOSING: Duration = Duration::from_secs(2);

/// Serves clients until `signals` has a signal, then closes their connections.
pub async fn serve(
    listener: TcpListener,
    options: Options,
    signals: watch::Receiver<Option<Signal>>,
) {
    let mut clients = JoinSet::new();
    let mut number = 0;
    let mut ended = wait(signals.clone());
    loop {
        tokio::select! {
            _ = &mut ended => break,
            Some(_) = clients.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    number += 1;
                    let log = options.log.of(number);
                    log.note(Role::Fact, &format!("* connected from {peer}"));
                    let options = options.clone();
                    clients.spawn(client(stream, options, log, wait(signals.clone())));
                }
                Err(error) => {
                    // Most likely out of file descriptors: clients that disconnect return some.
                    options.log.note(Role::Error, &format!("! cannot accept a client: {error}"));
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
    drop(listener);
    let closed = async { while clients.join_next().await.is_some() {} };
    // Slower clients are disconnected.
    let _ = tokio::time::timeout(CLOSING, closed).await;
}

fn wait(mut signals: watch::Receiver<Option<Signal>>) -> Ended {
    Box::pin(async move {
        let signal = signals
            .wait_for(Option::is_some)
            .await
            .map(|signal| *signal);
        match signal {
            Ok(Some(signal)) => signal,
            // The sender is gone, so no signal will come.
            _ => std::future::pending().await,
        }
    })
}

async fn client(stream: TcpStream, options: Options, log: Log, ended: Ended) {
    let _ = stream.set_nodelay(true);
    let Some(identity) = options.identity.clone() else {
        // Boxed, as the task would otherwise keep room for the other way, with TLS, for as long as it runs.
        return Box::pin(connection(stream, &options, log, ended)).await;
    };
    let accepted = tokio::time::timeout(OPENING, Box::pin(identity.accept(stream))).await;
    match accepted {
        Ok(Ok(stream)) => Box::pin(connection(stream, &options, log, ended)).await,
        Ok(Err(error)) => {
            let text = error.to_string();
            log.note(
                Role::Error,
                &format!("! TLS failed: {}", escape_line(&text)),
            );
        }
        Err(_) => log.note(Role::Error, "! TLS took longer than 10 s"),
    }
}

async fn connection<S>(mut stream: S, options: &Options, log: Log, ended: Ended)
where
    S: Transport,
{
    let opening = Box::pin(open(&mut stream, options, &log));
    let (input, deflate) = match tokio::time::timeout(OPENING, opening).await {
        Ok(Ok(Some(opened))) => opened,
        Ok(Ok(None)) => return,
        Ok(Err(error)) => {
            let text = error.to_string();
            return log.note(Role::Error, &format!("! {}", escape_line(&text)));
        }
        Err(_) => return log.note(Role::Error, "! the opening handshake took longer than 10 s"),
    };
    let now = Instant::now();
    let config = Config {
        deflate,
        ..options.connection.clone()
    };
    let connection = || Connection::new(config, input, rand::random(), now);
    let client = Client::new(log.clone(), ended);
    let ending = match options.play.clone() {
        None => {
            let mut echo = Echo::new(client);
            Box::pin(session::run(stream, connection(), now, &mut echo)).await
        }
        Some(play) => {
            let mut replay = Replay::new(client, play);
            Box::pin(session::run(stream, connection(), now, &mut replay)).await
        }
    };
    log.ending(&ending);
}

type Opened = (Buffer, Option<Params>);

/// Performs the opening handshake; `None` if the client was refused.
async fn open<S>(stream: &mut S, options: &Options, log: &Log) -> io::Result<Option<Opened>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut handshake = Handshake::new(options.policy.clone());
    let mut input = small_input_buffer();
    loop {
        match handshake.read(input.filled()) {
            Ok(Some((answer, used))) => {
                input.consume(used);
                let refused = reply(stream, &answer, log).await?;
                return Ok((!refused).then_some((input, answer.deflate)));
            }
            Ok(None) => {}
            Err(error) => {
                stream.write_all(BAD_REQUEST).await?;
                linger(stream).await?;
                return Err(io::Error::other(error));
            }
        }
        match stream.read(input.spare(1)).await? {
            0 => {
                return Err(io::Error::other(
                    "the client left before its request was complete",
                ));
            }
            n => input.commit(n),
        }
    }
}

/// Answers the request; returns whether the client was refused.
async fn reply<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    answer: &Upgrade,
    log: &Log,
) -> io::Result<bool> {
    log.head(&answer.request, Direction::Received);
    log.head(&answer.response, Direction::Sent);
    stream.write_all(answer.response.as_bytes()).await?;
    stream.flush().await?;
    let Some(refused) = &answer.refused else {
        return Ok(false);
    };
    let text = refused.to_string();
    log.note(Role::Warning, &format!("! refused: {}", escape_line(&text)));
    linger(stream).await?;
    Ok(true)
}

/// Ends the stream and reads what still arrives: closing a socket with unread bytes would reset it, and
/// the client could lose the answer.
async fn linger<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    stream.shutdown().await?;
    let mut rest = stream.take(LINGER_BYTES);
    let mut block = [0; 4 << 10];
    let rest = async { while matches!(rest.read(&mut block).await, Ok(1..)) {} };
    let _ = tokio::time::timeout(LINGER, rest).await;
    Ok(())
}
