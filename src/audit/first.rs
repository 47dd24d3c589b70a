//! The first connection, made as `wsee URL` makes it.

use std::rc::Rc;

use super::auditor::{Baseline, complete};
use super::meter::Meter;
use super::options::Options;
use super::request::{Place, has_origin};
use super::trace::Trace;
use super::wire::Wire;
use crate::dial::{self, Step};
use crate::event::Event;
use crate::proto::handshake::Outcome;
use crate::proto::handshake::client::Handshake;
use crate::proto::http1::Head;
use crate::secret::Redactor;
use crate::session::{self, OpenError};

pub(super) struct First {
    pub(super) baseline: Baseline,
    pub(super) wire: Option<Wire>,
    request: Option<Head>,
    /// The request and its refusal.
    pub(super) refusal: Option<Trace>,
}

impl First {
    pub(super) async fn ask(options: &Options, meter: &Rc<Meter>) -> Result<Self, OpenError> {
        let mut open = options.open.clone();
        // A mistake in the answer is a finding, and does not end the run.
        open.offer.lenient = true;
        open.polling = None;
        let first = Self::once(&open, meter).await?;
        if !first.may_need_origin(&open) {
            return Ok(first);
        }
        open.offer.origin = Place::own(&open.url, None).map(|own| own.text());
        let second = match meter.connections_left() {
            0 => None,
            _ => Self::once(&open, meter).await.ok(),
        };
        // Another refusal shows no more than the first.
        Ok(second
            .filter(|second| second.wire.is_some())
            .unwrap_or(first))
    }

    async fn once(open: &session::Options, meter: &Rc<Meter>) -> Result<Self, OpenError> {
        let mut open = open.clone();
        // Not beyond the time of the run, …
        let left = meter.time_left();
        if left < open.connect_timeout {
            (open.connect_timeout, open.timeout_flag) = (left, "--max-time");
        }
        // … and not beyond its connections, of which each redirection needs one.
        let hops = meter.connections_left().saturating_sub(1);
        if let Some(follow) = &mut open.follow {
            follow.limit = follow.limit.min(u16::try_from(hops).unwrap_or(u16::MAX));
        }
        let (mut tls, mut request) = (None, None);
        let mut observe = |event: Event<'_>| match event {
            Event::Step(Step::Tls(session)) => tls = Some((**session).clone()),
            Event::Request(head) => {
                let _ = meter.connect();
                request = Some(head.clone());
            }
            _ => {}
        };
        let answered = session::ask(&open, &mut observe).await?;
        let baseline = Baseline {
            base: *answered.options,
            tls,
            agreed: None,
            refused: None,
            refusal: None,
        };
        let mut first = Self {
            baseline,
            wire: None,
            request,
            refusal: None,
        };
        match answered.outcome {
            Outcome::Agreed(agreed) => {
                let mut wire = Wire::new(answered.stream, Rc::clone(meter));
                wire.trace = first.trace(&agreed.response, meter);
                wire.open(answered.input.filled());
                first.wire = Some(wire);
                first.baseline.agreed = Some(agreed);
            }
            Outcome::Refused(refusal) => {
                let mut stream = answered.stream;
                let input = answered.input.filled();
                let body = dial::read_body(&mut stream, &refusal.response, input);
                let body = tokio::time::timeout(meter.time_left(), body).await;
                let body = body.as_ref().map_or(&[][..], |body| body.content());
                let mut trace = first.trace(&refusal.response, meter);
                trace.received.add(body);
                let _ = meter.pass(body.len());
                first.refusal = Some(trace);
                first.baseline.refused = Some(refusal.status);
                first.baseline.refusal = Some(refusal.response);
            }
        }
        Ok(first)
    }

    /// The request and the head of its answer, which count.
    fn trace(&self, response: &Head, meter: &Meter) -> Trace {
        let mut trace = Trace::default();
        let request = self.request.as_ref().map(Head::as_bytes);
        if let Some(request) = request {
            trace.sent.add_head(request);
        }
        trace.received.add_head(response.as_bytes());
        let _ = meter.pass(request.map_or(0, <[u8]>::len) + response.as_bytes().len());
        trace
    }

    /// Whether a server that refused may let a page of its own in.
    fn may_need_origin(&self, open: &session::Options) -> bool {
        !has_origin(open) && matches!(self.baseline.refused, Some(400 | 401 | 403))
    }

    /// Masks the secrets of the requests where the server repeats them.
    pub(super) fn redactor(&self, options: &Options) -> Redactor {
        let mut redactor = options.secrets.redactor(&self.request);
        let offer = complete(&options.open);
        let own = Handshake::new(&offer, "");
        options.secrets.learn(&mut redactor, own.request());
        redactor.add_forms();
        redactor
    }
}
