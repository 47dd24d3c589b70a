//! From a target to an open connection: dial, upgrade, all under one deadline.

use std::time::Instant;

use jiff::Timestamp;

use super::error::{OpenError, OpenProblem, Refused};
use super::exchange::{Exchange, exchange};
use super::options::Options;
use super::progress::Progress;
use crate::dial::{Stream, read_body};
use crate::event::{Event, Evidence, Open, Symptom};
use crate::proto::buffer::Buffer;
use crate::proto::connection::{Config, Connection};
use crate::proto::handshake::{Agreed, Outcome, Refusal};

#[derive(Debug)]
pub struct Opened {
    pub stream: Stream,
    pub connection: Connection,
    pub open: Open,
    pub at: Instant,
    pub evidence: Box<Evidence>,
}

/// Opens a connection and reports each step to `observe`.
pub async fn open(
    options: &Options,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Opened, OpenError> {
    let started = Instant::now();
    let mut progress = Progress::start(options);
    let opened = attempt(options, observe, &mut progress).await;
    let (stream, agreed, input) = match opened {
        Ok(opened) => opened,
        Err(problem) => return Err(OpenError::new(problem, progress.into_evidence().await)),
    };
    let at = Instant::now();
    let open = Open {
        subprotocol: agreed.subprotocol,
        ignored_subprotocols: agreed.ignored_subprotocols,
        deflate: agreed.deflate,
        tolerated: agreed.tolerated.iter().map(ToString::to_string).collect(),
        took: at - started,
    };
    observe(Event::Open(&open));
    let config = Config {
        deflate: open.deflate,
        ..options.connection.clone()
    };
    let evidence = Evidence {
        symptom: Symptom::Ended,
        time: Timestamp::now(),
        ..progress.evidence
    };
    Ok(Opened {
        stream,
        connection: Connection::new(config, input, rand::random(), at),
        open,
        at,
        evidence: Box::new(evidence),
    })
}

async fn attempt(
    options: &Options,
    observe: &mut dyn FnMut(Event<'_>),
    progress: &mut Progress,
) -> Result<(Stream, Agreed, Buffer), OpenProblem> {
    let exchange = exchange(options, observe, progress);
    let Ok(answer) = tokio::time::timeout(options.connect_timeout, exchange).await else {
        let (symptom, text) = progress.timed_out();
        return Err(OpenProblem::Timeout { symptom, text });
    };
    let Exchange {
        stream,
        outcome,
        input,
    } = answer?;
    match outcome {
        Outcome::Refused(refusal) => Err(refuse(stream, refusal, &input).await),
        Outcome::Agreed(agreed) => Ok((stream, agreed, input)),
    }
}

/// Reads the start of a refusal's body, if the server sends one.
async fn refuse(mut stream: Stream, refusal: Refusal, input: &Buffer) -> OpenProblem {
    let body = read_body(&mut stream, &refusal.response, input.filled()).await;
    OpenProblem::Refused(Box::new(Refused { refusal, body }))
}
