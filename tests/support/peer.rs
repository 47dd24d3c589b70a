//! The other end of a connection as tungstenite plays it: an implementation of RFC 6455 that is not ours.

use std::fmt::Debug;
use std::io::{Read, Write};
use std::net::TcpStream;

pub use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, WebSocket, accept};

use super::server::Server;

/// What a peer has received until the end.
#[derive(Debug, Default, PartialEq)]
pub struct Received {
    /// All messages, pings and pongs among them.
    pub messages: Vec<Message>,
    /// Status code and reason of the Close frame; `None` if it came without, or never.
    pub close: Option<(u16, String)>,
    /// Whether a Close frame came.
    pub is_closed: bool,
}

/// An open connection.
#[derive(Debug)]
pub struct Peer<S = TcpStream>(WebSocket<S>);

/// Starts a server that talks to its client by `script`.
pub fn scripted<T: Send + 'static>(script: impl FnOnce(Peer) -> T + Send + 'static) -> Server<T> {
    Server::start(|stream| script(Peer::accept(stream)))
}

/// The same on a port where another server was before.
pub fn scripted_on<T: Send + 'static>(
    port: u16,
    script: impl FnOnce(Peer) -> T + Send + 'static,
) -> Server<T> {
    Server::start_on(port, |stream| script(Peer::accept(stream)))
}

/// Starts a server that answers every text and binary message with itself.
pub fn echoing() -> Server<Received> {
    scripted(Peer::echo)
}

/// Starts a server that only listens.
pub fn recording() -> Server<Received> {
    scripted(Peer::record)
}

impl<S: Read + Write + Debug> Peer<S> {
    /// Answers the opening handshake of a client.
    pub fn accept(stream: S) -> Self {
        Self(accept(stream).expect("an opening handshake"))
    }

    /// A connection whose opening handshake is done.
    pub fn new(socket: WebSocket<S>) -> Self {
        Self(socket)
    }

    /// The next message.
    #[track_caller]
    pub fn receive(&mut self) -> Message {
        self.0.read().expect("a message")
    }

    /// Claims that the next message is `text`.
    #[track_caller]
    pub fn expect(&mut self, text: &str) {
        assert_eq!(self.receive(), Message::text(text));
    }

    /// Sends a message.
    pub fn send(&mut self, message: impl Into<Message>) {
        self.0.send(message.into()).expect("an open connection");
    }

    /// Sends a message; `false` once the client has left.
    pub fn try_send(&mut self, message: impl Into<Message>) -> bool {
        self.0.send(message.into()).is_ok()
    }

    /// Starts the closing handshake, and sees it through.
    pub fn close(mut self, code: u16, reason: &str) -> Received {
        let frame = CloseFrame {
            code: CloseCode::from(code),
            reason: reason.to_owned().into(),
        };
        self.0.close(Some(frame)).expect("an open connection");
        self.record()
    }

    /// Receives until the end.
    pub fn record(self) -> Received {
        self.run(|_, _| Ok(()))
    }

    /// Answers every text message with what `answer` makes of it until the end.
    pub fn answer(self, answer: impl Fn(&str) -> String) -> Received {
        self.run(|socket, message| match message {
            Message::Text(text) => socket.send(Message::text(answer(text))),
            _ => Ok(()),
        })
    }

    /// Answers every text and binary message with itself until the end.
    pub fn echo(self) -> Received {
        self.run(|socket, message| match message {
            Message::Text(_) | Message::Binary(_) => socket.send(message.clone()),
            _ => Ok(()),
        })
    }

    fn run(
        mut self,
        mut answer: impl FnMut(&mut WebSocket<S>, &Message) -> tungstenite::Result<()>,
    ) -> Received {
        let mut received = Received::default();
        while let Ok(message) = self.0.read() {
            if let Message::Close(frame) = message {
                received.is_closed = true;
                received.close = frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                continue;
            }
            if answer(&mut self.0, &message).is_err() {
                break;
            }
            received.messages.push(message);
        }
        received
    }
}
