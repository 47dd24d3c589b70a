//! From a target to an open connection: dial, upgrade, all under one deadline.

use std::time::Instant;

use super::error::{Asked, OpenError, Refused};
use super::exchange::{Exchange, exchange};
use super::options::Options;
use super::progress::Progress;
use super::redirect::withholds;
use crate::dial::{Stream, read_body};
use crate::event::{Event, Open};
use crate::proto::buffer::Buffer;
use crate::proto::connection::{Config, Connection};
use crate::proto::handshake::{Outcome, Refusal};

#[derive(Debug)]
pub struct Opened {
    pub stream: Stream,
    pub connection: Connection,
    pub open: Open,
    pub at: Instant,
}

pub async fn open(
    options: &Options,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Opened, OpenError> {
    let started = Instant::now();
    let mut progress = Progress::start(options);
    let limit = options.connect_timeout;
    let exchange = exchange(options, observe, &mut progress);
    let Ok(answer) = tokio::time::timeout(limit, exchange).await else {
        return Err(OpenError::Timeout {
            phase: progress.name(),
            limit,
            flag: options.timeout_flag,
        });
    };
    let (answer, hop) = answer?;
    let Exchange {
        stream,
        outcome,
        input,
        client_auth,
    } = answer;
    match outcome {
        Outcome::Refused(refusal) => {
            let asked = Asked {
                host: hop.offer.host.clone(),
                target: hop.offer.target.clone(),
                tls: hop.target.tls,
                credentials_dropped: withholds(options, &hop),
                wants_certificate: client_auth.is_some_and(|it| !it.is_answered()),
            };
            Err(refuse(stream, refusal, &input, asked).await)
        }
        Outcome::Agreed(agreed) => {
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
            Ok(Opened {
                stream,
                connection: Connection::new(config, input, rand::random(), at),
                open,
                at,
            })
        }
    }
}

async fn refuse(mut stream: Stream, refusal: Refusal, input: &Buffer, asked: Asked) -> OpenError {
    let body = read_body(&mut stream, &refusal.response, input.filled()).await;
    OpenError::Refused(Box::new(Refused {
        refusal,
        body,
        asked,
    }))
}
