//! The negotiation of `SignalR`: requests over HTTP/1.1 that say where the WebSocket leads, and to which connection.

use std::time::{Duration, Instant};

use super::ask::{Answered, ask};
use super::error::{Asked, OpenError, OpenProblem, Refused};
use super::options::{Follow, Negotiation, Options};
use super::redirect::{elsewhere, withholds};
use crate::dial::http2::Versions;
use crate::dial::{read_body, read_rest};
use crate::duration::shown;
use crate::event::{Event, Evidence, Redirected, Symptom};
use crate::ontop::Refusal;
use crate::ontop::signalr::negotiation::{self, Answer};
use crate::proto::handshake::Outcome;
use crate::proto::http1::Body;
use crate::secret::Secret;

/// The largest answer, in bytes: a token in it goes into a request line, of which servers take 8 to 32 KiB.
const LARGEST: usize = 64 << 10;
const OK: u16 = 200;

/// Negotiates at the servers that the answers lead to; returns the options of the upgrade.
pub(super) async fn negotiate(
    first: &Options,
    follow: &Follow,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Options, OpenError> {
    let until = Until {
        start: Instant::now(),
        limit: first.connect_timeout,
    };
    let mut hop = first.clone();
    let mut token: Option<Secret<String>> = None;
    for _ in 0..follow.limit {
        hop.negotiation = None;
        hop.connect_timeout = until.left();
        if token.is_some() {
            hop.credentials.authorization = None;
        }
        let request = request(&hop, token.as_ref());
        let (answer, evidence) = answer(&request, &until, observe).await?;
        let (url, next_token) = match answer {
            Answer::Connect { token: id } => {
                hop.connect_timeout = until.left();
                return Ok(connecting(hop, &id, token.as_ref()));
            }
            Answer::Redirect { url, token } => (url, token),
        };
        let next = elsewhere(first, follow, &hop, &url)
            .map_err(|error| OpenError::new(error.into(), first.on_top, evidence))?;
        observe(Event::Redirected(&Redirected {
            status: OK,
            to: next.url.to_string(),
            credentials_dropped: withholds(first, &next),
            page: None,
        }));
        token = next_token.map(Secret::new).or(token);
        hop = next;
    }
    let refusal = negotiation::too_many(follow.limit);
    Err(on_top(refusal, first, Evidence::default()))
}

struct Until {
    start: Instant,
    limit: Duration,
}

impl Until {
    fn left(&self) -> Duration {
        self.limit.saturating_sub(self.start.elapsed())
    }
}

/// The request for a hub, with the access token of the one before.
fn request(hop: &Options, token: Option<&Secret<String>>) -> Options {
    let mut request = hop.clone();
    request.negotiation = Some(Negotiation::Asked);
    request.dial.http = Versions::Http1;
    request.offer.target = negotiation::target(&hop.offer.target);
    if let Some(token) = token {
        let bearer = format!("Bearer {}", token.expose());
        request.credentials.authorization = Some(Secret::new(bearer));
    }
    request
}

async fn answer(
    request: &Options,
    until: &Until,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<(Answer, Evidence), OpenError> {
    let Answered {
        mut stream,
        outcome,
        input,
        evidence,
        ..
    } = Box::pin(ask(request, observe)).await?;
    let evidence = *evidence;
    let Outcome::Refused(refusal) = outcome else {
        let refusal = negotiation::no_answer();
        return Err(on_top(refusal, request, evidence));
    };
    if refusal.status != OK {
        let body = read_body(&mut stream, &refusal.response, input.filled()).await;
        let asked = Asked::Negotiation;
        let refused = Refused {
            refusal,
            body,
            asked,
        };
        let problem = OpenProblem::Refused(Box::new(refused));
        return Err(OpenError::new(problem, request.on_top, evidence));
    }
    let mut body = Body::of_response(&refusal.response, LARGEST);
    body.push(input.filled());
    let left = until.left();
    if tokio::time::timeout(left, read_rest(&mut stream, &mut body))
        .await
        .is_err()
    {
        let problem = OpenProblem::Timeout {
            symptom: Symptom::NoResponse,
            text: format!(
                "the negotiation has no complete answer after {}",
                shown(until.limit)
            ),
        };
        return Err(OpenError::new(problem, request.on_top, evidence));
    }
    if body.is_truncated() {
        return Err(on_top(negotiation::too_long(LARGEST), request, evidence));
    }
    match negotiation::read(body.content()) {
        Ok(answer) => Ok((answer, evidence)),
        Err(refusal) => Err(on_top(refusal, request, evidence)),
    }
}

fn on_top(refusal: Refusal, options: &Options, evidence: Evidence) -> OpenError {
    OpenError::new(OpenProblem::OnTop(refusal), options.on_top, evidence)
}

/// The upgrade to the connection `id`, with an access token in the query, as browsers send it.
fn connecting(mut hop: Options, id: &str, token: Option<&Secret<String>>) -> Options {
    let token = token.map(|token| ("access_token", token.expose().as_str()));
    for (key, value) in [("id", id)].into_iter().chain(token) {
        hop.offer.target = negotiation::with_pair(&hop.offer.target, key, value);
        hop.url.query_pairs_mut().append_pair(key, value);
    }
    hop
}
