//! A request for an upgrade, and any answer to it.

use super::error::{OpenError, OpenProblem};
use super::exchange::{Exchange, exchange};
use super::options::Options;
use super::progress::Progress;
use crate::dial::Stream;
use crate::event::{Event, Evidence};
use crate::proto::buffer::Buffer;
use crate::proto::handshake::Outcome;

/// Any answer of a server to an upgrade.
#[derive(Debug)]
pub struct Answered {
    pub stream: Stream,
    pub outcome: Outcome,
    /// What came after the head of the answer.
    pub input: Buffer,
    pub evidence: Box<Evidence>,
    /// With what the last request was made.
    pub options: Box<Options>,
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
            outcome,
            input,
            options,
        })) => {
            let evidence = match outcome {
                Outcome::Agreed(_) => progress.evidence,
                Outcome::Refused(_) => progress.into_evidence().await,
            };
            return Ok(Answered {
                stream,
                outcome,
                input,
                evidence: Box::new(evidence),
                options,
            });
        }
        Ok(Err(problem)) => problem,
        Err(_) => {
            let (symptom, text) = progress.timed_out();
            OpenProblem::Timeout { symptom, text }
        }
    };
    let evidence = progress.into_evidence().await;
    Err(OpenError::new(problem, options.on_top, evidence))
}
