//! `--http2`: clients that come as streams of an HTTP/2 connection.

use std::io;
use std::rc::Rc;
use std::time::Instant;

use tokio::net::TcpStream;

use super::behaviour::AnyStream;
use super::client::Serving;
use super::door::Response;
use super::opening::{self, Answer};
use super::{Further, OPENING, Options, Visit, connected, faulty, in_stages, opened};
use crate::acceptor::http2::{Announced, Connection, Request, Stream, is_spoken};
use crate::acceptor::{self, Guest, Host, Log, Streams};
use crate::event::Direction;
use crate::fault::{Faults, Faulty};
use crate::proto::handshake::server::Upgrade;
use crate::proto::http1::Head;
use crate::proto::http2::frame::ErrorCode;
use crate::proto::receiver::small_input_buffer;
use crate::render::Role;
use crate::render::escape::escape_line;

/// Finds out which version a client without TLS speaks.
pub(super) async fn recognise(
    stream: TcpStream,
    options: Rc<Options>,
    visit: Box<Visit>,
) -> Option<Serving<'static>> {
    let end = faulty::opening_ends(visit.faults.as_ref(), OPENING);
    match tokio::time::timeout_at(end.into(), is_spoken(&stream)).await {
        Ok(Ok(true)) => Some(serve(Box::new(stream), options, visit)),
        Ok(Ok(false)) => Some(connected(Box::new(stream), options, visit)),
        Ok(Err(error)) => {
            let text = format!("! {}", escape_line(&error.to_string()));
            visit.log.note(Role::Error, &text);
            None
        }
        Err(_) => {
            let usual = "! the opening handshake took longer than 10 s";
            let why = faulty::why_over(visit.faults.as_ref(), usual);
            visit.log.note(Role::Error, why);
            None
        }
    }
}

/// Serves a connection, whose streams are clients.
pub(super) fn serve(
    stream: AnyStream<'static>,
    options: Rc<Options>,
    visit: Box<Visit>,
) -> Serving<'static> {
    in_stages(async move {
        let faults = visit.faults.as_ref();
        let has_none = faults.is_some_and(Faults::has_no_streams);
        let mut announced = Announced::ALL;
        if has_none {
            visit.log.fault("http2-no-streams");
            announced.streams = 0;
        }
        let end = faulty::opening_ends(faults, OPENING);
        let opened = Connection::open(stream, announced);
        let connection = match tokio::time::timeout_at(end.into(), opened).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(why)) => {
                visit.log.note(Role::Error, &format!("! HTTP/2: {why}"));
                return None;
            }
            Err(_) => {
                let usual = "! the opening of HTTP/2 took longer than 10 s";
                let why = faulty::why_over(faults, usual);
                visit.log.note(Role::Error, why);
                return None;
            }
        };
        let visit = *visit;
        let further = visit.further.clone()?;
        let streams = Streams {
            number: visit.number,
            log: visit.log.clone(),
            stop: visit.signals.clone(),
            down: visit.faults.as_ref().and_then(Faults::down),
            admission: further.admission.clone(),
            host: StreamServer {
                options,
                visit,
                further,
            },
        };
        let serving: Serving<'static> = Box::pin(streams.serve(connection));
        Some(serving)
    })
}

/// What the clients of a connection get.
struct StreamServer {
    options: Rc<Options>,
    /// That of the connection.
    visit: Visit,
    further: Further,
}

impl Host for StreamServer {
    fn serve(&self, guest: Guest) -> impl Future<Output = Option<Stream>> + 'static {
        let Guest {
            request,
            number,
            log,
            is_first,
        } = guest;
        let connection = &self.visit;
        let faults = if is_first {
            connection.faults.clone()
        } else {
            let plan = self.options.faults.borrow();
            plan.connection(number, self.further.started, Instant::now())
        };
        let visit = Box::new(Visit {
            number,
            log,
            signals: connection.signals.clone(),
            faults,
            further: None,
            ..*connection
        });
        client(request, Rc::clone(&self.options), visit)
    }

    fn log(&self, number: u64) -> Log {
        self.options.log.of(number)
    }
}

/// Serves a client until it is gone; returns its stream if that is to end in order.
async fn client(
    mut request: Box<Request>,
    options: Rc<Options>,
    visit: Box<Visit>,
) -> Option<Stream> {
    let (log, faults) = (visit.log.clone(), visit.faults.clone());
    if let Some(faults) = faults.as_ref().filter(|it| it.is_mute()) {
        acceptor::keep_mute(&mut *request, &log, visit.signals, faults).await;
        return None;
    }
    let (mut stream, answer) = Box::pin(begin(request, &options, &visit)).await?;
    let Some(answer) = answer else {
        return Some(stream);
    };
    let input = small_input_buffer();
    match faults {
        None => {
            let serving = opened(Box::new(&mut stream), input, &answer, &options, visit);
            drop(answer);
            serving.await;
        }
        Some(faults) => {
            let signals = visit.signals.clone();
            let mut spoiled = Faulty::new(&mut stream, faults.clone());
            let spoiled_stream = Box::new(&mut spoiled);
            opened(spoiled_stream, input, &answer, &options, visit).await;
            let text = |kept: &str| format!("* the client left {kept} later");
            acceptor::finish(&mut spoiled, &faults, &log, signals, text).await;
        }
    }
    (!stream.is_reset()).then_some(stream)
}

/// Answers the request of a stream; without an upgrade, the client was not let in.
async fn begin(
    mut request: Box<Request>,
    options: &Options,
    visit: &Visit,
) -> Option<(Stream, Option<Upgrade>)> {
    let Visit { log, faults, .. } = visit;
    let faults = faults.as_ref();
    let end = faulty::opening_ends(faults, OPENING);
    let answered =
        match tokio::time::timeout_at(end.into(), answer(&mut request, options, log, faults)).await
        {
            Ok(Ok(Answer::Open(upgrade))) => {
                let stream = request.accept(&upgrade.response);
                stream.map(|stream| (stream, Some(upgrade)))
            }
            Ok(Ok(Answer::Refuse(Response { head, body }))) => {
                let stream = request.refuse(&head, body.as_bytes());
                stream.map(|stream| (stream, None))
            }
            Ok(Err(NoAnswer::Reset(code))) => {
                request.reset(code);
                return None;
            }
            Ok(Err(NoAnswer::Over(error))) => Err(error),
            Err(_) => {
                let usual = "! the opening handshake took longer than 10 s";
                log.note(Role::Error, faulty::why_over(faults, usual));
                return None;
            }
        };
    match answered {
        Ok(answered) => Some(answered),
        Err(error) => {
            let text = format!("! {}", escape_line(&error.to_string()));
            log.note(Role::Error, &text);
            None
        }
    }
}

/// What becomes of a stream whose request is not answered.
enum NoAnswer {
    Reset(ErrorCode),
    /// It is over already.
    Over(io::Error),
}

/// What the request is answered.
async fn answer(
    request: &mut Request,
    options: &Options,
    log: &Log,
    faults: Option<&Faults>,
) -> Result<Answer, NoAnswer> {
    let head = match request.head() {
        Ok(head) => head.clone(),
        Err(error) => {
            let text = format!("! {}", escape_line(&error.to_string()));
            log.note(Role::Error, &text);
            let response = Head::encode("HTTP/2 400", [("content-length", "0")]);
            return Ok(Answer::Refuse(Response::empty(response)));
        }
    };
    if let Some(faults) = faults {
        // Its bytes are among those of other streams, so that they are not delayed one by one.
        tokio::time::sleep(faults.answer_takes()).await;
        let is_connect = head.values(":protocol").next().is_some();
        if let Some((code, note)) = faults.http2_reset().filter(|_| is_connect) {
            log.head(&head, Direction::Received);
            faulty::wait(log, faults).await;
            log.fault(&note);
            return Err(NoAnswer::Reset(code));
        }
    }
    if let Some(error) = request.failure() {
        log.head(&head, Direction::Received);
        return Err(NoAnswer::Over(error));
    }
    Ok(opening::decide(head, options, log, faults).await)
}
