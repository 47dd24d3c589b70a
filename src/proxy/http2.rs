//! `--http2`: clients that come as streams of an HTTP/2 connection.

use std::rc::Rc;
use std::time::Instant;

use super::answer::be_late;
use super::front::Front;
use super::opening::{Connected, opened};
use super::passing::{finish, pass};
use super::request::is_upgrade;
use super::{OPENING, Options, Visit};
use crate::acceptor::http2::{Announced, Connection, Exchange, Request, Stream};
use crate::acceptor::{Admission, Guest, Host, Log, Streams, keep_mute, wait};
use crate::event::{Direction, Side};
use crate::fault::{Faults, Faulty};
use crate::proto::http1::Head;
use crate::proto::receiver::small_input_buffer;
use crate::render::Role;
use crate::render::escape::escape_line;
use crate::session::Transport;

/// Passes the streams of a connection on.
pub(super) async fn serve(
    stream: Box<dyn Transport>,
    options: Rc<Options>,
    visit: Visit,
    admission: Admission,
) {
    let now = Instant::now();
    let faults = options.faults.connection(visit.nth, visit.started, now);
    let has_none = faults.as_ref().is_some_and(Faults::has_no_streams);
    if has_none {
        visit.log.fault("http2-no-streams");
    }
    let announced = async {
        match &options.http2 {
            Some(mirror) => mirror.announced(&options.upstream, &visit.log).await,
            None => Announced::ALL,
        }
    };
    let mut announced = tokio::select! {
        announced = announced => announced,
        _ = wait(visit.signals.clone()) => return,
    };
    if has_none {
        announced.streams = 0;
    }
    let opened = Connection::open(stream, announced);
    let connection = match tokio::time::timeout(OPENING, Box::pin(opened)).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(why)) => {
            visit.log.note(Role::Error, &format!("! HTTP/2: {why}"));
            return;
        }
        Err(_) => {
            let text = "! the opening of HTTP/2 took longer than 10 s";
            visit.log.note(Role::Error, text);
            return;
        }
    };
    let mut log = visit.log.clone();
    log.turn_to(Some(Side::Client));
    let streams = Streams {
        number: visit.number,
        log,
        stop: visit.signals.clone(),
        down: faults.as_ref().and_then(Faults::down),
        admission,
        host: StreamProxy { options, visit },
    };
    streams.serve(connection).await;
}

/// What the streams of a connection get.
struct StreamProxy {
    options: Rc<Options>,
    /// That of the connection.
    visit: Visit,
}

impl Host for StreamProxy {
    fn serve(&self, guest: Guest) -> impl Future<Output = Option<Stream>> + 'static {
        let Guest {
            request,
            number,
            mut log,
            is_first: _,
        } = guest;
        log.turn_to(None);
        let visit = Visit {
            number,
            nth: number,
            log,
            ..self.visit.clone()
        };
        client(request, Rc::clone(&self.options), visit)
    }

    fn log(&self, number: u64) -> Log {
        self.options.log.of_connection(number)
    }
}

/// Passes a client on until it is gone; returns its stream if that is to end in order.
async fn client(mut request: Box<Request>, options: Rc<Options>, visit: Visit) -> Option<Stream> {
    let now = Instant::now();
    let faults = options.faults.connection(visit.nth, visit.started, now);
    let faults = faults.as_ref();
    if let Some(faults) = faults.filter(|faults| faults.is_mute()) {
        keep_mute(&mut *request, &visit.log, visit.signals, faults).await;
        return None;
    }
    let head = match request.head() {
        Ok(head) => head.clone(),
        Err(error) => {
            let text = format!("! {}", escape_line(&error.to_string()));
            visit.log.note(Role::Error, &text);
            let response = Head::encode("HTTP/2 400", [("content-length", "0")]);
            return request.refuse(&response, &[]).ok();
        }
    };
    let request = unbroken(request, &head, &visit, faults).await?;
    let mut exchange = Exchange::new(request);
    let front = Front::Http2(&mut exchange);
    let early = small_input_buffer();
    let opened = opened(front, (&head, early), &options, &visit, faults);
    match Box::pin(opened).await {
        Ok(Some(connected)) => {
            let stream = exchange.into_stream()?;
            open(stream, connected, &options, &visit, faults).await
        }
        Ok(None) => None,
        Err(error) => {
            visit.lost(&error);
            None
        }
    }
}

/// Resets a stream if that is its fault; `None` if it is over, for whatever reason.
async fn unbroken(
    mut request: Box<Request>,
    head: &Head,
    visit: &Visit,
    faults: Option<&Faults>,
) -> Option<Box<Request>> {
    if let Some(faults) = faults {
        // Its bytes are among those of other streams, so that they are not delayed one by one.
        tokio::time::sleep(faults.answer_takes()).await;
        if let Some((code, note)) = faults.http2_reset().filter(|_| is_upgrade(head)) {
            visit.log.head(head, Direction::Sent);
            be_late(&visit.log, faults).await;
            visit.log.fault(&note);
            request.reset(code);
            return None;
        }
    }
    if let Some(error) = request.failure() {
        visit.log.head(head, Direction::Sent);
        visit.lost(&error);
        return None;
    }
    Some(request)
}

/// Passes everything on until the connection is over; returns the stream if that is to end in order.
async fn open(
    mut stream: Stream,
    connected: Connected,
    options: &Options,
    visit: &Visit,
    faults: Option<&Faults>,
) -> Option<Stream> {
    match faults {
        None => pass(&mut stream, connected, options, visit, None).await,
        Some(faults) => {
            let mut spoiled = Faulty::new(&mut stream, faults.clone());
            pass(&mut spoiled, connected, options, visit, Some(faults)).await;
            finish(&mut spoiled, faults, visit).await;
        }
    }
    (!stream.is_reset()).then_some(stream)
}
