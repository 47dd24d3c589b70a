//! `--http2`: clients that come as streams of an HTTP/2 connection.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::behaviour::{AnyStream, Serving};
use super::door::Response;
use super::opening::{self, Answer};
use super::{Further, OPENING, Options, Visit, connected, faulty, in_stages, opened};
use crate::acceptor::http2::{
    Announced, Connection, MOST_STREAMS, Next, Request, Stream, is_spoken,
};
use crate::acceptor::{self, Admission, Log, NO_PLACE, Place, linger, refuse_stream, wait};
use crate::event::Direction;
use crate::fault::{Faults, Faulty};
use crate::proto::handshake::server::Upgrade;
use crate::proto::http1::Head;
use crate::proto::http2::frame::ErrorCode;
use crate::proto::receiver::small_input_buffer;
use crate::render::Role;
use crate::render::escape::escape_line;

/// How long a client may take to end a connection that the server ends.
const ENDING: Duration = Duration::from_secs(1);

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
        if has_none {
            visit.log.fault("http2-no-streams");
        }
        let announced = Announced {
            streams: if has_none { 0 } else { MOST_STREAMS },
        };
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
        let serving: Serving<'static> = Box::pin(Server::new(options, visit).run(connection));
        Some(serving)
    })
}

/// Where the clients of a connection are.
struct Server {
    options: Rc<Options>,
    /// The connection, whose number is that of its first client.
    visit: Visit,
    further: Option<Further>,
    places: Places,
    streams: JoinSet<()>,
    /// Whether a client came.
    is_used: bool,
}

impl Server {
    fn new(options: Rc<Options>, visit: Box<Visit>) -> Self {
        Self {
            options,
            places: Places::default(),
            streams: JoinSet::new(),
            is_used: false,
            further: visit.further.clone(),
            visit: *visit,
        }
    }

    async fn run(mut self, mut connection: Connection) {
        let mut log = self.visit.log.clone();
        let mut stopped = wait(self.visit.signals.clone());
        let mut down = self.visit.faults.as_ref().and_then(Faults::down);
        // When the connection is over that has no stream, or is to end.
        let mut limit = Some(Instant::now() + OPENING);
        let (mut is_ending, mut is_stopped) = (false, false);
        loop {
            tokio::select! {
                next = connection.next() => match next {
                    Next::Request(request) => {
                        self.admit(request);
                        limit = limit.filter(|_| is_ending);
                    }
                    Next::Seen(seen) => {
                        log.frame(seen, Instant::now());
                    }
                    Next::Refused(why) => {
                        log.note(Role::Warning, &format!("! HTTP/2: {why}"));
                    }
                    Next::Over(why) => {
                        if let Some(why) = why {
                            log.note(Role::Error, &format!("! HTTP/2: {why}"));
                        }
                        break;
                    }
                },
                Some(_) = self.streams.join_next() => if self.streams.is_empty() {
                    let patience = if is_ending { ENDING } else { OPENING };
                    limit = Some(Instant::now() + patience);
                },
                () = at(log.deadline()) => log.tick(Instant::now()),
                () = at(limit) => {
                    if is_ending {
                        break;
                    }
                    let text = if self.is_used {
                        "* HTTP/2: no stream for 10 s, the connection ends"
                    } else {
                        "! HTTP/2: no request within 10 s, the connection ends"
                    };
                    let role = if self.is_used { Role::Fact } else { Role::Error };
                    log.note(role, text);
                    is_ending = true;
                    connection.end();
                    limit = Some(Instant::now() + ENDING);
                }
                _ = &mut stopped, if !is_stopped => {
                    (is_stopped, is_ending) = (true, true);
                    connection.end();
                    limit = self.streams.is_empty().then(|| Instant::now() + ENDING);
                }
                () = at(down) => {
                    // The streams end by themselves then.
                    (down, is_ending) = (None, true);
                    connection.end();
                    limit = Some(Instant::now() + ENDING);
                }
            }
        }
        log.end_of_flood();
        // The streams end with their connection.
        drop(connection);
        while self.streams.join_next().await.is_some() {}
    }

    /// Serves a client, if there is a place for it.
    fn admit(&mut self, request: Box<Request>) {
        let stream = request.stream();
        let visit = Box::new(self.visit(stream));
        self.is_used = true;
        let admission = self.further.as_ref().map(|it| &it.admission);
        let Some(place) = self.places.enter(admission) else {
            visit.log.note(Role::Warning, NO_PLACE);
            self.streams.spawn_local(refuse_stream(request));
            return;
        };
        let options = Rc::clone(&self.options);
        // In a box, as it is large while the handshake lasts.
        let client = Box::pin(client(request, options, visit));
        self.streams.spawn_local(async move {
            let left = client.await;
            drop(place);
            if let Some(mut stream) = left {
                let _ = linger(&mut stream).await;
            }
        });
    }

    fn visit(&self, stream: u32) -> Visit {
        let connection = &self.visit;
        let Some(further) = self.further.as_ref().filter(|_| self.is_used) else {
            let log = connection.log.clone();
            log.note(Role::Fact, &format!("* HTTP/2, stream {stream}"));
            return Visit {
                log,
                signals: connection.signals.clone(),
                faults: connection.faults.clone(),
                further: None,
                ..*connection
            };
        };
        let number = further.admission.number();
        let log = self.options.log.of(number);
        let first = connection.number;
        log.note(
            Role::Fact,
            &format!("* HTTP/2, stream {stream} of the connection of @{first}"),
        );
        let faults = self.options.faults.borrow();
        Visit {
            number,
            log,
            signals: connection.signals.clone(),
            faults: faults.connection(number, further.started, Instant::now()),
            further: None,
            ..*connection
        }
    }
}

/// Completes at a moment, if there is one.
async fn at(limit: Option<Instant>) {
    match limit {
        Some(limit) => tokio::time::sleep_until(limit.into()).await,
        None => pending().await,
    }
}

/// The places of a connection: the first of its clients has that of the connection itself.
#[derive(Debug, Clone, Default)]
struct Places {
    clients: Rc<Cell<usize>>,
    further: Rc<RefCell<Vec<Place>>>,
}

/// The place of a client.
struct Seat(Places);

impl Places {
    fn enter(&self, admission: Option<&Admission>) -> Option<Seat> {
        if self.clients.get() > 0 {
            let place = admission.and_then(Admission::place)?;
            self.further.borrow_mut().push(place);
        }
        self.clients.set(self.clients.get() + 1);
        Some(Seat(self.clone()))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Self(places) = self;
        places.clients.set(places.clients.get() - 1);
        places.further.borrow_mut().pop();
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
