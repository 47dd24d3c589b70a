//! The WebSocket that takes a polled session over, once it has answered a probe.

use std::io;
use std::rc::Rc;
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::failure::Failure;
use super::session::Session;
use super::shared::Shared;
use crate::dial::{Stream, io_text, read_body};
use crate::duration::shown;
use crate::event::{Carried, Event};
use crate::ontop::socketio::refusal;
use crate::proto::connection::{self, Config, Connection};
use crate::proto::handshake::Outcome;
use crate::proto::message::Kind;
use crate::session::exchange::exchange;
use crate::session::options::Options;
use crate::session::progress::Progress;

const PROBE: &[u8] = b"2probe";
const ANSWER: &[u8] = b"3probe";
const UPGRADE: &[u8] = b"5";

#[derive(Debug)]
pub(super) struct WebSocket {
    pub(super) stream: Stream,
    pub(super) connection: Box<Connection>,
}

/// Why long polling continues.
#[derive(Debug)]
pub(super) struct Failed {
    text: String,
    hint: Option<String>,
}

impl Failed {
    fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { text, hint: None }
    }

    pub(super) fn report(self, shared: &Shared) {
        let text = format!(
            "the upgrade to WebSocket failed, so long polling continues: {}",
            self.text
        );
        shared.report(Carried::Note(text));
        if let Some(hint) = self.hint {
            shared.report(Carried::Hint(hint));
        }
    }
}

/// Opens a WebSocket for the session, and sends a probe on it.
pub(super) async fn probe(session: &Session, shared: &Rc<Shared>) -> Result<WebSocket, Failed> {
    let limit = session.options.connect_timeout;
    match tokio::time::timeout(limit, open(session, shared)).await {
        Ok(result) => result,
        Err(_) => Err(Failed::new(format!("no answer within {}", shown(limit)))),
    }
}

async fn open(session: &Session, shared: &Rc<Shared>) -> Result<WebSocket, Failed> {
    let mut options = Options::clone(&session.options);
    options.polling = None;
    options.follow = None;
    options.offer.target = session.target("websocket");
    let mut progress = Progress::start(&options);
    let mut observe = |event: Event<'_>| match event {
        Event::Step(step) => shared.report(Carried::Step(step.clone())),
        Event::Request(head) => shared.report(Carried::Request(head.clone())),
        Event::Response(head) => shared.report(Carried::Response(head.clone())),
        _ => {}
    };
    let exchanged = exchange(&options, &mut observe, &mut progress).await;
    let mut exchanged = exchanged.map_err(|problem| Failed::new(problem.to_string()))?;
    let agreed = match exchanged.outcome {
        Outcome::Agreed(agreed) => agreed,
        Outcome::Refused(refused) => {
            let (head, input) = (&refused.response, exchanged.input.filled());
            let body = read_body(&mut exchanged.stream, head, input).await;
            let body = String::from_utf8_lossy(body.content());
            return Err(match refusal(&body) {
                Some(refusal) => Failed {
                    text: refusal.text,
                    hint: refusal.hint,
                },
                None => Failed::new(format!("status {}", refused.status)),
            });
        }
    };
    let config = Config {
        deflate: agreed.deflate,
        ..options.connection.clone()
    };
    let now = Instant::now();
    let connection = Connection::new(config, exchanged.input, rand::random(), now);
    let mut websocket = WebSocket {
        stream: exchanged.stream,
        connection: Box::new(connection),
    };
    websocket
        .send(PROBE)
        .await
        .map_err(|error| Failed::new(io_text(&error)))?;
    websocket.answer().await?;
    Ok(websocket)
}

impl WebSocket {
    /// Says that the session continues here.
    pub(super) async fn upgrade(&mut self) -> Result<(), Failure> {
        self.send(UPGRADE).await.map_err(Failure::WebSocket)
    }

    async fn send(&mut self, packet: &[u8]) -> io::Result<()> {
        let sender = self.connection.sender();
        // Fails only when the peer has closed, which reading reports.
        let _ = sender.message(Kind::Text, packet);
        let output = sender.output().to_vec();
        self.stream.write_all(&output).await?;
        self.stream.flush().await?;
        self.connection.written(output.len(), Instant::now());
        Ok(())
    }

    /// Waits for the answer to the probe.
    async fn answer(&mut self) -> Result<(), Failed> {
        loop {
            while let Some((event, _)) = self.connection.poll_event(Instant::now()) {
                match event {
                    connection::Event::Message(message) if message.payload == ANSWER => {
                        return Ok(());
                    }
                    connection::Event::Message(_) => {
                        return Err(Failed::new("the probe has another answer"));
                    }
                    connection::Event::Violation(violation) => {
                        return Err(Failed::new(violation.rule.to_string()));
                    }
                    connection::Event::Close(_) | connection::Event::Ended(_) => {
                        return Err(Failed::new(
                            "the server closed it instead of an answer to the probe",
                        ));
                    }
                    _ => {}
                }
            }
            match self.stream.read(self.connection.input()).await {
                Ok(0) => self.connection.lost(None),
                Ok(n) => self.connection.received(n, Instant::now()),
                Err(error) => return Err(Failed::new(io_text(&error))),
            }
        }
    }
}
