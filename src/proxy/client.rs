//! One client, from its connection to the end of it.

use std::future::pending;
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::journal::Journal;
use super::pair::{Ends, Pair};
use super::refuse::{BAD_GATEWAY, BAD_REQUEST, FORBIDDEN, NO_UPGRADE, answer, refuse};
use super::touch::{Compression, Touch};
use super::way::Way;
use super::{Options, Record, Signals, Visit, request, shown, wait};
use crate::acceptor::{Log, linger};
use crate::diagnostic::{Diagnostic, one_line};
use crate::dial::{Stream, io_text};
use crate::event::{Direction, Event, Evidence, NotOpen, Open, Side, Symptom};
use crate::exit::Exit;
use crate::fault::{Faults, Faulty, mute};
use crate::proto::Role as End;
use crate::proto::buffer::Buffer;
use crate::proto::deflate::Params;
use crate::proto::handshake::server::{Handshake, Upgrade};
use crate::proto::handshake::{Agreed, Outcome, Refusal};
use crate::proto::http1::{Body, Head};
use crate::proto::receiver::small_input_buffer;
use crate::proto::watcher::Watcher;
use crate::record::{self, Format, Recorder};
use crate::render::escape::escape_line;
use crate::render::{Role, quantity};
use crate::session::{self, Answered, OpenError, Refused, Transport};

/// How long a client may take for its request: more than any client needs, even by hand.
const OPENING: Duration = Duration::from_secs(10);
/// How much a client may send before the server has answered, in bytes: a client has to wait for the answer.
const EARLY: usize = 64 << 10;
/// How long the body of a refusal may pause.
const BODY: Duration = Duration::from_secs(10);
/// How much of a message is kept to be shown, in bytes: as much as is ever shown of one.
const SHOWN: usize = 64 << 10;

pub(super) async fn serve(stream: TcpStream, options: Rc<Options>, visit: Visit) {
    let now = Instant::now();
    let faults = options.faults.connection(visit.number, visit.started, now);
    if let Some(faults) = faults.as_ref().filter(|faults| faults.is_mute()) {
        visit.log.fault("mute");
        until_end(mute(stream), &visit.signals, faults).await;
        return visit.log.note(Role::Fact, "* disconnected");
    }
    let mut front: Box<dyn Transport> = match &options.identity {
        None => Box::new(stream),
        Some(identity) => {
            match tokio::time::timeout(OPENING, Box::pin(identity.accept(stream))).await {
                Ok(Ok(stream)) => Box::new(stream),
                Ok(Err(error)) => {
                    let text = format!("! TLS failed: {}", escape_line(&error.to_string()));
                    return visit.log.note(Role::Error, &text);
                }
                Err(_) => return visit.log.note(Role::Error, "! TLS took longer than 10 s"),
            }
        }
    };
    let Some(faults) = faults else {
        return connection(&mut *front, &options, &visit, None).await;
    };
    let mut front = Faulty::new(front, faults.clone());
    connection(&mut front, &options, &visit, Some(&faults)).await;
    finish(&mut front, &faults, &visit).await;
}

/// Sends what is delayed, and keeps the stream for as long as a fault wants it open.
async fn finish<S: Transport>(stream: &mut Faulty<S>, faults: &Faults, visit: &Visit) {
    let show = || {
        for note in faults.take_notes() {
            visit.log.fault(&note);
        }
    };
    faults.end();
    show();
    let finished = until_end(stream.finish(), &visit.signals, faults).await;
    show();
    if let Some(Some(kept)) = finished {
        let kept = quantity::duration(kept);
        visit.log.note(
            Role::Fact,
            &format!("* the stream was kept open for {kept}"),
        );
    }
}

/// Runs until the run ends or the proxy goes away; `None` if it did before.
async fn until_end<T>(
    work: impl Future<Output = T>,
    signals: &Signals,
    faults: &Faults,
) -> Option<T> {
    let down = async {
        match faults.down() {
            Some(at) => tokio::time::sleep_until(at.into()).await,
            None => pending().await,
        }
    };
    tokio::select! {
        done = work => Some(done),
        _ = wait(signals.clone()) => None,
        () = down => None,
    }
}

async fn connection(
    front: &mut dyn Transport,
    options: &Options,
    visit: &Visit,
    faults: Option<&Faults>,
) {
    let problem = match tokio::time::timeout(OPENING, read(front)).await {
        Ok(Ok((request, early))) => {
            let opened = opened(front, (&request, early), options, visit, faults);
            match Box::pin(opened).await {
                Ok(Some(connected)) => return pass(front, connected, options, visit, faults).await,
                Ok(None) => return,
                Err(error) => error,
            }
        }
        Ok(Err(error)) => error,
        Err(_) => io::Error::other("the opening handshake took longer than 10 s"),
    };
    let text = match problem.raw_os_error() {
        Some(_) => format!("lost the client: {}", io_text(&problem)),
        None => problem.to_string(),
    };
    let text = format!("! {}", escape_line(&text));
    visit.log.note(Role::Error, &text);
}

/// Reads the request; more than its head may have come.
async fn read(front: &mut dyn Transport) -> io::Result<(Head, Buffer)> {
    let mut handshake = Handshake::default();
    let mut input = small_input_buffer();
    loop {
        match handshake.read(input.filled()) {
            Ok(Some((request, used))) => {
                input.consume(used);
                return Ok((request, input));
            }
            Ok(None) => {}
            Err(error) => {
                answer(front, BAD_REQUEST, &error.to_string()).await?;
                return Err(io::Error::other(error));
            }
        }
        match front.read(input.spare(1)).await? {
            0 => {
                let text = "the client left before its request was complete";
                return Err(io::Error::other(text));
            }
            n => input.commit(n),
        }
    }
}

/// Both ends are connected.
struct Connected {
    server: Stream,
    faults: Option<Faults>,
    journal: Journal,
    deflate: Option<Params>,
    /// What came from the client, and from the server, right after the heads.
    early: (Buffer, Buffer),
    evidence: Box<Evidence>,
}

/// Opens the connection to the server; `None` if the client was refused.
async fn opened(
    front: &mut dyn Transport,
    (request, mut early): (&Head, Buffer),
    options: &Options,
    visit: &Visit,
    faults: Option<&Faults>,
) -> io::Result<Option<Connected>> {
    let log = &visit.log;
    if let Some((status, text)) = objection(request, options) {
        log.head(request, Direction::Sent);
        refuse(front, status, &text, log).await?;
        log.note(Role::Warning, &format!("! refused: {}", escape_line(&text)));
        return Ok(None);
    }
    if let Some(faults) = faults
        && refused_by_fault(front, request, log, faults).await?
    {
        return Ok(None);
    }
    let now = Instant::now();
    let server_faults = options
        .upstream_faults
        .connection(visit.number, visit.started, now);
    let all = faults.into_iter().chain(&server_faults);
    let compresses = !all.into_iter().any(Faults::declines_compression);
    let open = request::upstream(request, &options.upstream, &options.rewriting, compresses);
    let mut log = log.clone();
    log.learn(request);
    let mut journal = Journal::new(log, open.url.as_str(), now);
    if let Some(record) = &options.record {
        journal.recorder = recorder(record, visit);
    }
    let asked = tokio::select! {
        asked = ask(request, &open, options, &mut journal) => Some(asked),
        () = left(front, &mut early) => None,
    };
    let Some(asked) = asked else {
        let text = "the client left before the server answered";
        journal.not_open(
            &NotOpen::new(text.to_owned(), Exit::Abnormal),
            Instant::now(),
        );
        return Ok(None);
    };
    let Answered {
        stream,
        outcome,
        input,
        evidence,
        ..
    } = match asked {
        Ok(answered) => answered,
        Err(error) => {
            if error.evidence.request.is_none() {
                journal.log.head(request, Direction::Sent);
            }
            let text = match error.hint() {
                Some(hint) => format!("{error} ({hint})"),
                None => error.to_string(),
            };
            refuse(front, BAD_GATEWAY, &escape_line(&text), &journal.log).await?;
            journal.not_open(&why(&error), Instant::now());
            return Ok(None);
        }
    };
    match outcome {
        Outcome::Refused(refusal) => {
            pass_refusal(front, stream, refusal, &input, *evidence, &mut journal).await?;
            Ok(None)
        }
        Outcome::Agreed(agreed) => {
            let deflate = agreed.deflate;
            agree(front, request, agreed, options, &mut journal, faults).await?;
            Ok(Some(Connected {
                server: stream,
                faults: server_faults,
                journal,
                deflate,
                early: (early, input),
                evidence,
            }))
        }
    }
}

/// Completes when the client leaves; keeps what it sends until then.
async fn left(front: &mut dyn Transport, early: &mut Buffer) {
    while early.len() < EARLY {
        match front.read(early.spare(1)).await {
            Ok(n @ 1..) => early.commit(n),
            _ => return,
        }
    }
    // More is read once it can be passed on.
    pending::<()>().await;
}

/// Why a client is not passed on at all.
fn objection(request: &Head, options: &Options) -> Option<(&'static str, String)> {
    if !request::is_upgrade(request) {
        let text = "only WebSocket connections pass here; connect with a WebSocket client";
        return Some((NO_UPGRADE, text.to_owned()));
    }
    let origin = request.text("Origin");
    let is_allowed = |origin: &String| options.origins.contains(origin);
    if options.origins.is_empty() || origin.as_ref().is_some_and(is_allowed) {
        return None;
    }
    let origin = origin.unwrap_or_else(|| "(none)".to_owned());
    Some((FORBIDDEN, format!("the origin {origin} is not allowed")))
}

/// Lets a client wait, and refuses it, if these are its faults.
async fn refused_by_fault(
    front: &mut dyn Transport,
    request: &Head,
    log: &Log,
    faults: &Faults,
) -> io::Result<bool> {
    if let Some(late) = faults.late() {
        let text = quantity::duration(late);
        log.fault(&format!("late, the request is passed on in {text}"));
        tokio::time::sleep(late).await;
    }
    let Some((response, note)) = faults.refusal() else {
        return Ok(false);
    };
    log.head(request, Direction::Sent);
    log.head(&response, Direction::Received);
    log.fault(&note);
    front.write_all(response.as_bytes()).await?;
    front.flush().await?;
    linger(&mut &mut *front).await?;
    Ok(true)
}

/// Sends the request on, and shows it beside the one that came.
async fn ask(
    request: &Head,
    open: &session::Options,
    options: &Options,
    journal: &mut Journal,
) -> Result<Answered, OpenError> {
    let mut observe = |event: Event<'_>| {
        let now = Instant::now();
        journal.opening(&event, now);
        match &event {
            Event::Request(went) => journal.log.lines_with(|out, style, secrets| {
                shown::beside(out, (request, went), Direction::Sent, style, secrets);
            }),
            Event::Response(_) => {}
            Event::Step(_) if !options.shows_steps => {}
            event => journal.log.event(event, now),
        }
    };
    session::ask(open, &mut observe).await
}

fn why(error: &OpenError) -> NotOpen {
    NotOpen {
        hint: error.hint(),
        ..NotOpen::new(error.to_string(), error.exit())
    }
}

/// Passes a response other than 101 on, with its body.
async fn pass_refusal(
    front: &mut dyn Transport,
    mut server: Stream,
    refusal: Refusal,
    input: &Buffer,
    evidence: Evidence,
    journal: &mut Journal,
) -> io::Result<()> {
    journal.log.head(&refusal.response, Direction::Received);
    front.write_all(refusal.response.as_bytes()).await?;
    let mut body = Body::new(&refusal.response);
    let n = body.push(input.filled());
    front.write_all(&input.filled()[..n]).await?;
    let mut block = [0; 4 << 10];
    while !body.is_complete() && !body.is_malformed() {
        front.flush().await?;
        let read = tokio::time::timeout(BODY, server.read(&mut block)).await;
        let Ok(Ok(read @ 1..)) = read else {
            break;
        };
        let n = body.push(&block[..read]);
        front.write_all(&block[..n]).await?;
    }
    front.flush().await?;
    linger(&mut &mut *front).await?;
    let error = OpenError::refused(Refused { refusal, body }, evidence);
    journal.not_open(&why(&error), Instant::now());
    Ok(())
}

/// Passes the response on that opens the connection.
async fn agree(
    front: &mut dyn Transport,
    request: &Head,
    agreed: Agreed,
    options: &Options,
    journal: &mut Journal,
    faults: Option<&Faults>,
) -> io::Result<()> {
    let mut answer = Upgrade {
        request: request.clone(),
        response: if options.rewriting.loosens_cookies {
            request::loosen_cookies(&agreed.response)
        } else {
            agreed.response.clone()
        },
        subprotocol: agreed.subprotocol.clone(),
        deflate: agreed.deflate,
        refused: None,
    };
    for note in faults.map(|it| it.spoil(&mut answer)).unwrap_or_default() {
        journal.fault(&note);
    }
    journal.log.lines_with(|out, style, secrets| {
        let heads = (&agreed.response, &answer.response);
        shown::beside(out, heads, Direction::Received, style, secrets);
    });
    for broken in &agreed.tolerated {
        let text = format!(
            "! the response breaks a rule, and is passed on: {}",
            escape_line(&broken.to_string())
        );
        journal.log.note(Role::Warning, &text);
    }
    front.write_all(answer.response.as_bytes()).await?;
    front.flush().await?;
    let open = Open {
        subprotocol: agreed.subprotocol,
        ignored_subprotocols: false,
        deflate: agreed.deflate,
        tolerated: agreed.tolerated.iter().map(ToString::to_string).collect(),
        took: Duration::ZERO,
    };
    journal.opening(&Event::Open(&open), Instant::now());
    Ok(())
}

/// Passes everything on until the connection is over.
async fn pass(
    front: &mut dyn Transport,
    connected: Connected,
    options: &Options,
    visit: &Visit,
    faults: Option<&Faults>,
) {
    let Connected {
        mut server,
        faults: server_faults,
        mut journal,
        deflate,
        early,
        evidence,
    } = connected;
    let is_faulty = faults.is_some() || server_faults.is_some();
    let is_kept = journal.recorder.is_some() || journal.log.has_events();
    let touch = |side| touch(side, deflate, options);
    let touches = [touch(Side::Client), touch(Side::Server)];
    let is_touched = touches.iter().any(Option::is_some);
    let watcher = |role| {
        let limit = if is_kept || is_touched {
            usize::try_from(options.max_message).unwrap_or(usize::MAX)
        } else {
            SHOWN
        };
        let is_watched = is_kept || is_faulty || is_touched || journal.log.wants_messages();
        is_watched.then(|| Watcher::new(role, deflate, limit, options.max_message))
    };
    let [touch_client, touch_server] = touches;
    let mut pair = Pair {
        client: Way::new(
            Side::Client,
            watcher(End::Client),
            server_faults.is_some(),
            touch_client,
        ),
        server: Way::new(
            Side::Server,
            watcher(End::Server),
            faults.is_some(),
            touch_server,
        ),
        faults: [faults.cloned(), server_faults.clone()],
    };
    let now = Instant::now();
    for faults in pair.faults.iter().flatten() {
        faults.open(now);
    }
    journal.watch_for(&pair.faults);
    pair.client.begin(early.0.filled(), &mut journal);
    pair.server.begin(early.1.filled(), &mut journal);
    drop(early);
    let signals = visit.signals.clone();
    match server_faults {
        None => {
            let ends = Ends {
                client: front,
                server: &mut server,
            };
            pair.run(ends, &mut journal, signals).await;
        }
        Some(faults) => {
            let mut server = Faulty::new(server, faults.clone());
            let ends = Ends {
                client: front,
                server: &mut server,
            };
            pair.run(ends, &mut journal, signals).await;
            Box::pin(finish(&mut server, &faults, visit)).await;
        }
    }
    let evidence = Evidence {
        symptom: Symptom::Ended,
        time: Timestamp::now(),
        ..*evidence
    };
    let passed = (pair.client.traffic(), pair.server.traffic());
    journal.close(passed, pair.client.is_watched(), Box::new(evidence));
}

/// What rules need to touch the messages of one end; `None` if no rule is about them.
fn touch(side: Side, deflate: Option<Params>, options: &Options) -> Option<Touch> {
    if !options.rules.are_for(side) {
        return None;
    }
    let has_context = deflate.is_some_and(|params| match side {
        Side::Client => !params.client_no_context_takeover,
        Side::Server => !params.server_no_context_takeover,
    });
    let compression = if has_context {
        Compression::Context
    } else {
        Compression::Independent
    };
    let rules = Rc::clone(&options.rules);
    Some(Touch::new(side, rules, compression, options.max_message))
}

/// The recording of a connection; without one if it cannot be created.
fn recorder(record: &Record, visit: &Visit) -> Option<Recorder> {
    let ending = match record.format {
        Format::Jsonl => "jsonl",
        Format::Har => "har",
        Format::Scenario => "wsee",
    };
    let started = record.clock.started().strftime("%Y%m%dT%H%M%SZ");
    let name = format!("{started}-{:04}.{ending}", visit.number);
    let options = record::Options {
        path: record.folder.join(Path::new(&name)),
        format: record.format,
        overwritten: false,
    };
    match Recorder::create(&options, visit.log.secrets(), record.clock.clone()) {
        Ok(recorder) => Some(recorder),
        Err(error) => {
            let text = format!("! not recorded: {}", escape_line(&one_line(&error)));
            visit.log.note(Role::Error, &text);
            None
        }
    }
}
