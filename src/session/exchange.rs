//! Upgrade requests and their responses, following redirections.

use std::borrow::Cow;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use tokio::io::AsyncReadExt;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;

use super::credential::has_credentials;
use super::error::{Asked, OpenProblem, Refused};
use super::options::{Browser, Negotiation, Options};
use super::page;
use super::progress::Progress;
use super::redirect::{Trail, withholds};
use super::upgrade::upgrade;
use crate::dial::tls::late_failure;
use crate::dial::{
    self, ClientAuth, Dialed, Http2Error, Step, Stream, dial_http, http2, read_body_of,
};
use crate::event::{Event, Redirected};
use crate::proto::buffer::Buffer;
use crate::proto::handshake::client::Handshake;
use crate::proto::handshake::{ExtendedConnect, HandshakeError, Offer, Outcome};
use crate::proto::receiver::input_buffer;

pub(super) struct Exchange {
    pub(super) stream: Stream,
    pub(super) outcome: Outcome,
    pub(super) input: Buffer,
    /// With what the last request was made, for those that follow it.
    pub(super) options: Box<Options>,
}

/// Follows redirections to the server that answers with anything else.
pub(super) async fn exchange(
    first: &Options,
    observe: &mut dyn FnMut(Event<'_>),
    progress: &mut Progress,
) -> Result<Exchange, OpenProblem> {
    let mut trail = Trail::new(first);
    let mut hop = Cow::Borrowed(first);
    if let Some(Browser::List(list)) = &first.browser {
        let page = find_page(first, list, observe, progress).await?;
        hop = Cow::Owned(page.unwrap_or_else(|| Options {
            browser: None,
            ..first.clone()
        }));
        *progress = Progress::start(&hop);
    }
    loop {
        trail.record(&hop);
        let answer = request(&hop, observe, progress).await?;
        let response = answer.1.response();
        hop.credentials.learn(response, &hop.url);
        let (Some(follow), Some((status, location))) = (&first.follow, redirection(&answer.1))
        else {
            let (stream, outcome, input) = answer;
            return Ok(Exchange {
                stream,
                outcome,
                input,
                options: Box::new(hop.into_owned()),
            });
        };
        let next = trail.next(follow, &hop, &location)?;
        let credentials_dropped = withholds(first, &next);
        observe(Event::Redirected(&Redirected {
            status,
            to: next.url.to_string(),
            credentials_dropped,
            page: None,
        }));
        *progress = Progress::start(&next);
        progress.evidence.credentials_dropped = credentials_dropped;
        hop = Cow::Owned(next);
    }
}

/// The options for the page that the browser lists first; `None` if no browser answers.
async fn find_page(
    options: &Options,
    list: &str,
    observe: &mut dyn FnMut(Event<'_>),
    progress: &mut Progress,
) -> Result<Option<Options>, OpenProblem> {
    for list in page::lists(list) {
        let mut asked = options.clone();
        asked.browser = Some(Browser::List(list.to_owned()));
        // Extended CONNECT has no use here.
        asked.dial.http = http2::Versions::Http1;
        let asked = Box::pin(request(&asked, observe, progress));
        let answer = tokio::time::timeout(page::PATIENCE, asked).await;
        let (mut stream, refusal, input) = match answer {
            Ok(Ok((stream, Outcome::Refused(refusal), input))) => (stream, refusal, input),
            Ok(Err(problem @ OpenProblem::Dial(_))) => return Err(problem),
            Ok(_) | Err(_) => return Ok(None),
        };
        let (response, received) = (&refusal.response, input.filled());
        let body = read_body_of(&mut stream, response, received, page::LONGEST).await;
        if refusal.status == 200 {
            if let Some(page) = page::first(body.content()) {
                return Ok(Some(page.at(options, observe)));
            }
        } else if page::is_forbidden(body.content()) {
            return Err(OpenProblem::Refused(Box::new(Refused {
                refusal,
                body,
                asked: Asked::Pages,
            })));
        } else {
            return Ok(None);
        }
    }
    Ok(None)
}

/// Status and `Location` of a redirection (RFC 9110 §15.4).
fn redirection(outcome: &Outcome) -> Option<(u16, String)> {
    match outcome {
        Outcome::Refused(refusal) if matches!(refusal.status, 301..=303 | 307 | 308) => {
            Some((refusal.status, refusal.response.text("Location")?))
        }
        _ => None,
    }
}

type Answer = (Stream, Outcome, Buffer);

/// The body of a negotiation, as the official clients send it.
const NOTHING: (&str, usize) = ("text/plain;charset=UTF-8", 0);

async fn request(
    options: &Options,
    observe: &mut dyn FnMut(Event<'_>),
    progress: &mut Progress,
) -> Result<Answer, OpenProblem> {
    let mut offer = offer(options);
    let mut handshake = match (options.polling, &options.browser) {
        _ if matches!(options.negotiation, Some(Negotiation::Asked)) => {
            Handshake::plain(&offer, "POST", Some(NOTHING))
        }
        (Some(_), _) => {
            offer.target = fresh(&offer.target);
            Handshake::plain(&offer, "GET", None)
        }
        (None, Some(Browser::List(list))) => {
            offer.target.clone_from(list);
            Handshake::plain(&offer, "GET", None)
        }
        (None, Some(Browser::Page) | None) => Handshake::new(&offer, &generate_key()),
    };
    let has_login = options.credentials.login.is_some();
    if (has_login || has_credentials(handshake.request())) && is_exposed(options) {
        observe(Event::CredentialsInClear(&options.target.host));
    }
    let mut client_auth: Option<ClientAuth> = None;
    let mut step = |step: Step| {
        progress.advance(&step);
        if let Step::Tls(session) = &step {
            client_auth.clone_from(&session.client_auth);
        }
        observe(Event::Step(&step));
    };
    let dialed = dial_http(&options.target, &options.dial, &mut step).await;
    let answer = match dialed {
        Ok(Dialed::Http1(mut stream)) => {
            progress.request(handshake.request());
            let arrived = &mut progress.evidence.arrived;
            match upgrade(&mut stream, &mut handshake, arrived, observe).await {
                Ok((outcome, input)) => Ok((stream, outcome, input)),
                Err(OpenProblem::Stream(error)) => {
                    Err(OpenProblem::Stream(last_words(&mut stream, error).await))
                }
                Err(error) => Err(error),
            }
        }
        Ok(Dialed::Http2(client)) => {
            let handshake = ExtendedConnect::new(&offer, options.scheme());
            match extended_connect(*client, &handshake, observe, progress).await {
                Err(OpenProblem::Dial(dial::Error::Http2(problem)))
                    if options.dial.http == http2::Versions::Auto && problem.is_missing() =>
                {
                    observe(Event::Step(&Step::Http1(Arc::from(problem))));
                    let mut options = options.clone();
                    options.dial.http = http2::Versions::Http1;
                    return Box::pin(request(&options, observe, progress)).await;
                }
                answer => answer,
            }
        }
        Err(error) => Err(error.into()),
    };
    answer.map_err(|problem| explain(problem, options, client_auth.as_ref(), progress))
}

/// What is known of a problem that the stream alone does not know.
fn explain(
    problem: OpenProblem,
    options: &Options,
    client_auth: Option<&ClientAuth>,
    progress: &Progress,
) -> OpenProblem {
    let late = |error| late_failure(&options.target, &options.dial.tls, client_auth, error);
    match problem {
        OpenProblem::Stream(error) => match late(error) {
            Ok(failure) => dial::Error::from(failure).into(),
            Err(error) => ended(error, progress),
        },
        OpenProblem::Dial(dial::Error::Http2(problem)) => match *problem {
            Http2Error::Broken(error) => match late(error) {
                Ok(failure) => dial::Error::from(failure).into(),
                Err(error) => dial::Error::from(Http2Error::Broken(error)).into(),
            },
            problem => dial::Error::from(problem).into(),
        },
        OpenProblem::Handshake(HandshakeError::Truncated(0)) => OpenProblem::NoAnswer {
            after: progress.waited(),
            reset: false,
        },
        problem => problem,
    }
}

/// The opening handshake over HTTP/2.
async fn extended_connect(
    client: http2::Client,
    handshake: &ExtendedConnect,
    observe: &mut dyn FnMut(Event<'_>),
    progress: &mut Progress,
) -> Result<Answer, OpenProblem> {
    progress.request(handshake.request());
    let asked = client
        .request(handshake.request())
        .map_err(dial::Error::from)?;
    observe(Event::Request(handshake.request()));
    let mut step = |step: Step| observe(Event::Step(&step));
    let answer = asked.answer(&mut step).await;
    let (response, tunnel) = answer.map_err(dial::Error::from)?;
    let outcome = handshake.outcome(response)?;
    observe(Event::Response(outcome.response()));
    Ok((Stream::Http2(Box::new(tunnel)), outcome, input_buffer()))
}

/// The connection broke before the head of a response was complete.
fn ended(error: io::Error, progress: &Progress) -> OpenProblem {
    let reset = match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => true,
        // TLS without close_notify.
        io::ErrorKind::UnexpectedEof => false,
        _ => return OpenProblem::Stream(error),
    };
    let after = progress.waited();
    OpenProblem::NoAnswer { after, reset }
}

/// Why the peer ended the connection, if it sent an alert first.
async fn last_words(stream: &mut Stream, error: io::Error) -> io::Error {
    let is_end = matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    );
    if !is_end {
        return error;
    }
    // A TLS alert received before the end is the cause; any other read error is the same end.
    let read = stream.read(&mut [0; 1]).await;
    read.err().unwrap_or(error)
}

/// The request with the credentials of its URL.
pub(super) fn offer(options: &Options) -> Offer {
    let mut offer = options.offer.clone();
    offer
        .fields
        .extend(options.credentials.fields(&options.url));
    offer
}

/// The target of a poll, with what keeps caches from answering it: browsers send it with every one.
pub(super) fn fresh(target: &str) -> String {
    let joint = if target.contains('?') { '&' } else { '?' };
    format!("{target}{joint}t={:08x}", rand::random::<u32>())
}

/// Whether anybody between here and the server can read what is sent.
fn is_exposed(options: &Options) -> bool {
    let target = &options.target;
    let address = target.host.parse::<IpAddr>();
    let is_loopback = address.map_or_else(
        |_| dial::is_localhost(&target.host),
        |address| address.to_canonical().is_loopback(),
    );
    let stays_here = is_loopback || options.dial.route.unix_socket.is_some();
    !target.tls && !stays_here
}
