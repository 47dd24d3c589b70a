//! What the checks work with: connections within the budget, and answers that several checks look at.

use std::rc::Rc;
use std::time::Duration;

use tokio_tungstenite::tungstenite::handshake::client::generate_key;

use super::admission::Admissions;
use super::answer::{Answer, Reply, answer};
use super::meter::Meter;
use super::options::Options;
use super::reaction::{Limit, pongs};
use super::request::Place;
use super::trace::Trace;
use super::verdict::Untested;
use super::wire::Wire;
use crate::dial::tls::Session;
use crate::dial::{self, Stream};
use crate::proto::handshake::client::{Edit, Handshake};
use crate::proto::handshake::{Agreed, Offer};
use crate::proto::http1::Head;
use crate::render::quantity;
use crate::session;

/// Failures in a row after which the server is left alone.
const FAILURES: u32 = 3;
/// The longest `Retry-After` that is waited for.
const LONGEST_RETRY: Duration = Duration::from_secs(2);
/// Refusals that are kept to be looked at.
const REFUSALS: usize = 40;

/// What came of one connection more.
#[derive(Debug)]
pub(super) enum Squeezed {
    In(Box<Wire>),
    Refused(String),
    /// TCP is connected, and nothing comes.
    Unanswered(String),
}

/// What was learned before the checks.
#[derive(Debug)]
pub(super) struct Baseline {
    /// The options of the server that answered, perhaps after redirections.
    pub(super) base: session::Options,
    pub(super) tls: Option<Session>,
    pub(super) agreed: Option<Agreed>,
    /// Why the connection did not open; the status of a refusal.
    pub(super) refused: Option<u16>,
    /// That refusal.
    pub(super) refusal: Option<Head>,
}

#[derive(Debug)]
pub(super) struct Auditor {
    pub(super) options: Options,
    pub(super) baseline: Baseline,
    pub(super) meter: Rc<Meter>,
    /// The server ends every connection soon, so that an end says nothing.
    pub(super) ends_soon: bool,
    pub(super) refusals: Vec<Trace>,
    /// How often something was sent that may have ended the server, since it was last looked at.
    pub(super) provocations: u32,
    /// A broken frame was answered with a Close.
    pub(super) probed_frames: bool,
    /// Checks whose broken frames were closed with another code than the right one: which, and the bytes.
    pub(super) odd_codes: Vec<(&'static str, String, Trace)>,
    pub(super) admissions: Admissions,
    /// The longest message that the server takes.
    pub(super) limit: Option<Limit>,
    /// Why the credentials of the URL no longer get in.
    pub(super) spent: Option<String>,
    failures: u32,
    /// Refusals in a row of what the baseline was let in with, between which mistakes may be refused as well.
    kept_out: u32,
    /// The last failure is that the server asked for a pause.
    is_limited: bool,
    /// Why nothing more is asked.
    left: Option<String>,
    /// The same of an earlier part of the run.
    was_left: Option<String>,
}

impl Auditor {
    pub(super) fn new(options: Options, mut baseline: Baseline, meter: Rc<Meter>) -> Self {
        // An Origin of -H is one like that of --origin.
        let offer = &mut baseline.base.offer;
        for edit in &offer.edits {
            if let Edit::Set { name, value } = edit
                && name.eq_ignore_ascii_case("origin")
            {
                offer.origin = Some(value.clone());
            }
        }
        offer.edits.retain(|edit| !edit.sets("origin"));
        Self {
            options,
            baseline,
            meter,
            ends_soon: false,
            refusals: Vec::new(),
            provocations: 0,
            probed_frames: false,
            odd_codes: Vec::new(),
            admissions: Admissions::default(),
            limit: None,
            spent: None,
            failures: 0,
            kept_out: 0,
            is_limited: false,
            left: None,
            was_left: None,
        }
    }

    pub(super) fn base(&self) -> &session::Options {
        &self.baseline.base
    }

    pub(super) fn timeout(&self) -> Duration {
        self.options.timeout
    }

    /// What was agreed on, or why nothing was.
    pub(super) fn agreed(&self) -> Result<&Agreed, Untested> {
        let refused = self.baseline.refused;
        self.baseline.agreed.as_ref().ok_or_else(|| {
            Untested(match refused {
                Some(status) => format!("the server refuses the upgrade with {status}"),
                None => "the connection does not open".to_owned(),
            })
        })
    }

    /// Whether the URL is one with TLS.
    pub(super) fn has_tls(&self) -> Result<(), Untested> {
        if !self.base().target.tls {
            return Err(Untested::because("the URL is not wss://"));
        }
        Ok(())
    }

    /// Whether connections last, as otherwise their end says nothing.
    pub(super) fn lasts(&self) -> Result<(), Untested> {
        if self.ends_soon {
            return Err(Untested::because("the server ends every connection soon"));
        }
        Ok(())
    }

    pub(super) fn own(&self) -> Result<Place, Untested> {
        let base = self.base();
        let own = Place::own(&base.url, base.offer.origin.as_deref());
        own.ok_or_else(|| Untested::because("the URL has no host"))
    }

    /// Sends a well-formed upgrade.
    pub(super) async fn ask(&mut self, options: &session::Options) -> Result<Answer, Untested> {
        let offer = complete(options);
        let handshake = Handshake::new(&offer, &generate_key());
        let request = handshake.request().as_bytes().to_vec();
        self.exchange(options, &request).await
    }

    /// Opens a connection as the baseline did; the server must let it in.
    pub(super) async fn open(&mut self) -> Result<Wire, Untested> {
        self.agreed()?;
        let options = self.base().clone();
        let answer = self.ask(&options).await?;
        if let Some(wire) = answer.wire {
            self.kept_out = 0;
            return Ok(wire);
        }
        let brief = answer.brief();
        let why = format!("the server refuses another connection: {brief}");
        self.kept_out += 1;
        self.leave_after(self.kept_out, &why);
        Err(Untested(why))
    }

    /// Opens a connection on which it is seen whether the server continues; what follows may end it.
    pub(super) async fn watched(&mut self) -> Result<Wire, Untested> {
        self.lasts()?;
        let timeout = self.timeout();
        let mut wire = self.open().await?;
        if !pongs(&mut wire, timeout).await? {
            return Err(Untested::because(
                "pings are not answered, so that it cannot be seen whether the server continues",
            ));
        }
        self.provocations += 1;
        Ok(wire)
    }

    /// Makes sure that the server still lets in, as an end of one that is gone says nothing.
    pub(super) async fn lives(&mut self) -> Result<(), Untested> {
        self.open().await?.leave().await;
        Ok(())
    }

    /// Sends any request and reads the head of the answer; waits and asks again where the server asks for that.
    pub(super) async fn exchange(
        &mut self,
        options: &session::Options,
        request: &[u8],
    ) -> Result<Answer, Untested> {
        if let Some(why) = &self.spent {
            return Err(Untested(why.clone()));
        }
        let mut is_again = false;
        loop {
            let answer = self.exchange_once(options, request).await?;
            let (Some(status @ (429 | 503)), Reply::Head(head)) = (answer.status(), &answer.reply)
            else {
                self.failures = 0;
                return Ok(answer);
            };
            let pause = head.text("Retry-After").and_then(|text| text.parse().ok());
            let pause = Duration::from_secs(pause.unwrap_or(1));
            if !is_again && pause <= LONGEST_RETRY {
                is_again = true;
                let meter = Rc::clone(&self.meter);
                meter.wait(pause, std::future::pending::<()>()).await?;
                continue;
            }
            let why = match status {
                429 => "the server limits how often it is asked (429)",
                _ => "the server is not available (503)",
            };
            self.is_limited = true;
            return Err(self.failed(why));
        }
    }

    async fn exchange_once(
        &mut self,
        options: &session::Options,
        request: &[u8],
    ) -> Result<Answer, Untested> {
        let stream = match self.dial(options).await? {
            Ok(stream) => stream,
            Err(problem) => {
                return Ok(Answer {
                    reply: Reply::Tls(problem),
                    wire: None,
                    trace: Trace::default(),
                });
            }
        };
        self.exchange_over(stream, request).await
    }

    /// Sends a request over a new connection.
    async fn exchange_over(&mut self, stream: Stream, request: &[u8]) -> Result<Answer, Untested> {
        let mut wire = Wire::new(stream, Rc::clone(&self.meter));
        let (timeout, meter) = (self.timeout(), Rc::clone(&self.meter));
        wire.trace.sent.add_head(request);
        wire.write(request, timeout).await?;
        let Some(answer) = meter.wait(timeout, answer(wire, timeout)).await? else {
            let limit = quantity::duration(timeout);
            return Err(self.failed(&format!("the server does not answer within {limit}")));
        };
        let answer = answer?;
        self.keep(&answer);
        Ok(answer)
    }

    /// Opens a connection besides others that stay open. That there is no room for it is no failure.
    pub(super) async fn squeeze(&mut self) -> Result<Squeezed, Untested> {
        let options = self.base().clone();
        let before = (self.failures, self.is_limited, self.left.clone());
        let stream = match self.dial(&options).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(problem)) => return Ok(Squeezed::Refused(problem)),
            Err(Untested(why)) if self.failures > before.0 => {
                (self.failures, self.is_limited, self.left) = before;
                return Ok(Squeezed::Refused(why));
            }
            Err(why) => return Err(why),
        };
        let offer = complete(&options);
        let handshake = Handshake::new(&offer, &generate_key());
        let request = handshake.request().as_bytes().to_vec();
        match self.exchange_over(stream, &request).await {
            Ok(answer) => {
                let brief = answer.brief();
                let refused = Squeezed::Refused(brief);
                Ok(answer
                    .wire
                    .map_or(refused, |wire| Squeezed::In(Box::new(wire))))
            }
            Err(Untested(why)) if self.failures > before.0 => {
                (self.failures, self.is_limited, self.left) = before;
                Ok(Squeezed::Unanswered(why))
            }
            Err(why) => Err(why),
        }
    }

    fn keep(&mut self, answer: &Answer) {
        if !answer.opens() && self.refusals.len() < REFUSALS {
            self.refusals.push(answer.trace.clone());
        }
    }

    /// Connects; a TLS handshake that fails is an answer of the server.
    pub(super) async fn dial(
        &mut self,
        options: &session::Options,
    ) -> Result<Result<Stream, String>, Untested> {
        if let Some(why) = &self.left {
            return Err(Untested(why.clone()));
        }
        self.meter.connect()?;
        let meter = Rc::clone(&self.meter);
        let mut ignore = |_| {};
        let dialing = dial::dial(&options.target, &options.dial, &mut ignore);
        match meter.wait(self.timeout(), dialing).await? {
            Some(Ok(stream)) => Ok(Ok(stream)),
            Some(Err(dial::Error::Tls(failure))) => Ok(Err(failure.to_string())),
            Some(Err(error)) => Err(self.failed(&error.to_string())),
            None => Err(self.failed("no connection in time")),
        }
    }

    /// Takes back the last failure, which was an answer.
    pub(super) fn forgive(&mut self) {
        self.failures = self.failures.saturating_sub(1);
    }

    /// Asks a server again that was left alone.
    pub(super) fn forgive_all(&mut self) {
        self.was_left = self.was_left.take().or(self.left.take());
        (self.failures, self.kept_out, self.is_limited) = (0, 0, false);
    }

    /// Why the server was left alone for a part of the run.
    pub(super) fn left(self) -> Option<String> {
        self.was_left.or(self.left)
    }

    /// Why nothing more is asked.
    pub(super) fn barred(&self) -> Option<&String> {
        self.spent.as_ref().or(self.left.as_ref())
    }

    /// Whether the server did not answer, since all was forgiven.
    pub(super) fn has_failed(&self) -> bool {
        self.failures > 0 && !self.is_limited
    }

    /// Counts a failure that says nothing about a check; after some in a row the server is left alone.
    pub(super) fn failed(&mut self, why: &str) -> Untested {
        self.failures += 1;
        self.leave_after(self.failures, why);
        Untested::because(why)
    }

    fn leave_after(&mut self, failures: u32, why: &str) {
        if failures >= FAILURES && self.left.is_none() {
            self.left = Some(format!(
                "left alone after {FAILURES} failures in a row: {why}"
            ));
        }
    }
}

/// The offer with its credentials.
pub(super) fn complete(options: &session::Options) -> Offer {
    let mut offer = options.offer.clone();
    offer
        .fields
        .extend(options.credentials.fields(&options.url));
    offer
}
