//! A connection to the server for a client, or a refusal.

use std::io;
use std::time::Instant;

use super::answer::{agree, objection, pass_refusal, refused_by_fault};
use super::ask::{ask, left, recorder, why};
use super::front::Front;
use super::journal::Journal;
use super::refuse::{refuse, reset_code, unreached};
use super::{Options, Visit, request};
use crate::diagnostic::Diagnostic;
use crate::dial::Stream;
use crate::event::{Direction, Evidence, NotOpen};
use crate::exit::Exit;
use crate::fault::Faults;
use crate::proto::buffer::Buffer;
use crate::proto::deflate::Params;
use crate::proto::handshake::Outcome;
use crate::proto::http1::Head;
use crate::render::Role;
use crate::render::escape::escape_line;
use crate::session::Answered;

/// Both ends are connected.
pub(super) struct Connected {
    pub(super) server: Stream,
    pub(super) faults: Option<Faults>,
    pub(super) journal: Journal,
    pub(super) deflate: Option<Params>,
    /// What came from the client, and from the server, right after the heads.
    pub(super) early: (Buffer, Buffer),
    pub(super) evidence: Box<Evidence>,
    /// Path and query that the client asked for.
    pub(super) path: String,
}

/// Opens the connection to the server; `None` if the client was refused.
pub(super) async fn opened(
    mut front: Front<'_>,
    (request, mut early): (&Head, Buffer),
    options: &Options,
    visit: &Visit,
    faults: Option<&Faults>,
) -> io::Result<Option<Connected>> {
    let log = &visit.log;
    if let Some((status, text)) = objection(request, options) {
        log.head(request, Direction::Sent);
        refuse(&mut front, (status, &text), request, log).await?;
        log.note(Role::Warning, &format!("! refused: {}", escape_line(&text)));
        return Ok(None);
    }
    if let Some(faults) = faults
        && refused_by_fault(&mut front, request, log, faults).await?
    {
        return Ok(None);
    }
    let now = Instant::now();
    let server_faults = options
        .upstream_faults
        .connection(visit.nth, visit.started, now);
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
        asked = ask(request, &open, options, &mut journal) => Ok(asked),
        why = left(front.stream(), &mut early) => Err(why),
    };
    let asked = match asked {
        Ok(asked) => asked,
        Err(why) => {
            let text = format!("{why} before the server answered");
            journal.not_open(&NotOpen::new(text, Exit::Abnormal), Instant::now());
            return Ok(None);
        }
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
            let reset = reset_code(&error).filter(|_| front.is_http2());
            if let Some(code) = reset {
                front.stream().reset_with(code);
            } else {
                if let Some(mirror) = &options.http2 {
                    mirror.forget();
                }
                let text = match error.hint() {
                    Some(hint) => format!("{error} ({hint})"),
                    None => error.to_string(),
                };
                let answer = (unreached(&error), &*escape_line(&text));
                refuse(&mut front, answer, request, &journal.log).await?;
            }
            journal.not_open(&why(&error), Instant::now());
            return Ok(None);
        }
    };
    match outcome {
        Outcome::Refused(refusal) => {
            let (front, evidence) = (&mut front, *evidence);
            pass_refusal(
                front,
                request,
                stream,
                refusal,
                &input,
                evidence,
                &mut journal,
            )
            .await?;
            Ok(None)
        }
        Outcome::Agreed(agreed) => {
            let deflate = agreed.deflate;
            agree(&mut front, request, agreed, options, &mut journal, faults).await?;
            Ok(Some(Connected {
                server: stream,
                faults: server_faults,
                journal,
                deflate,
                early: (early, input),
                evidence,
                path: request::target(request),
            }))
        }
    }
}
