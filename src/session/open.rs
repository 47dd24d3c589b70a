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
use crate::proto::handshake::Outcome;

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
    let Answered {
        mut stream,
        outcome,
        input,
        evidence,
    } = ask(options, observe).await?;
    let agreed = match outcome {
        Outcome::Agreed(agreed) => agreed,
        Outcome::Refused(refusal) => {
            let body = read_body(&mut stream, &refusal.response, input.filled()).await;
            return Err(OpenError::refused(Refused { refusal, body }, *evidence));
        }
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
        ..*evidence
    };
    Ok(Opened {
        stream,
        connection: Connection::new(config, input, rand::random(), at),
        open,
        at,
        evidence: Box::new(evidence),
    })
}

/// What a server has answered to an upgrade, whatever it is.
#[derive(Debug)]
pub struct Answered {
    pub stream: Stream,
    pub outcome: Outcome,
    /// What came after the head of the answer.
    pub input: Buffer,
    pub evidence: Box<Evidence>,
}

/// Sends the upgrade request, and follows redirections, up to the answer.
pub async fn ask(
    options: &Options,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Answered, OpenError> {
    let mut progress = Progress::start(options);
    let exchange = exchange(options, observe, &mut progress);
    let answer = tokio::time::timeout(options.connect_timeout, exchange).await;
    let problem = match answer {
        Ok(Ok(Exchange {
            stream,
            outcome: outcome @ Outcome::Agreed(_),
            input,
        })) => {
            return Ok(Answered {
                stream,
                outcome,
                input,
                evidence: Box::new(progress.evidence),
            });
        }
        Ok(Ok(Exchange {
            stream,
            outcome,
            input,
        })) => {
            return Ok(Answered {
                stream,
                outcome,
                input,
                evidence: Box::new(progress.into_evidence().await),
            });
        }
        Ok(Err(problem)) => problem,
        Err(_) => {
            let (symptom, text) = progress.timed_out();
            OpenProblem::Timeout { symptom, text }
        }
    };
    Err(OpenError::new(problem, progress.into_evidence().await))
}
