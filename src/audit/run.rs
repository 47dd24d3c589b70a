//! A run: the first connection, then one check after the other.

use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::admission::{Admission, Entry};
use super::auditor::{Auditor, Baseline, complete};
use super::check::Check;
use super::list::{checks, connections, has, is_asked_for, left_out};
use super::meter::{Budget, Meter};
use super::options::Options;
use super::request::{Place, With, has_origin, has_query};
use super::result::{Checked, Finding, Report, Status};
use super::trace::Trace;
use super::verdict::{Found, Judged, Untested, Verdict};
use super::wire::Wire;
use crate::dial::Step;
use crate::event::{Event, Signal};
use crate::proto::handshake::Outcome;
use crate::proto::http1::Head;
use crate::render::escape::escape_line;
use crate::secret::Redactor;
use crate::session::{self, OpenError};

/// How long the first connection is watched: what it does by itself is what others are held against.
const FIRST: Duration = Duration::from_millis(400);

/// What a run will use at most.
pub fn budget(options: &Options) -> Budget {
    options.budget(connections(options), &|level| has(level, options))
}

/// Runs all checks until `signal` is ready; `begins` is called before each with its number and their count.
///
/// # Errors
///
/// Why there is no server to audit.
pub async fn audit(
    options: Options,
    signal: impl Future<Output = Signal>,
    begins: &mut dyn FnMut(&'static Check, usize, usize),
) -> Result<Report, OpenError> {
    let (began, started) = (Instant::now(), Timestamp::now());
    let budget = budget(&options);
    let meter = Rc::new(Meter::start(budget));
    let secrets = options.secrets;
    let url = secrets.url(options.open.url.as_str()).into_owned();
    let mut signal = pin!(signal);
    let first = tokio::select! {
        first = First::ask(&options, &meter) => first?,
        signal = &mut signal => {
            return Ok(interrupted(&options, started, signal));
        }
    };
    let redactor = first.redactor(&options);
    let refused = first.baseline.refused;
    let mut auditor = Auditor::new(options, first.baseline, Rc::clone(&meter));
    let mut results = Vec::new();
    let mut caught = None;
    auditor.refusals.extend(first.refusal);
    if let Some(wire) = first.wire {
        watch(&mut auditor, wire).await;
        learn_whether_spent(&mut auditor).await;
    }
    let count = checks()
        .filter(|check| left_out(check, &auditor.options).is_none())
        .count();
    let mut number = 0;
    for check in checks() {
        let began = Instant::now();
        let status = if let Some(status) = not_run(check, &auditor.options) {
            status
        } else if caught.is_some() {
            Status::NotTested("the run was interrupted".to_owned())
        } else {
            number += 1;
            begins(check, number, count);
            let judging = within(&meter, (check.run)(&mut auditor));
            tokio::select! {
                judged = judging => status(judged, secrets, &redactor),
                it = &mut signal => {
                    caught = Some(it);
                    Status::NotTested("the run was interrupted".to_owned())
                }
            }
        };
        let took = began.elapsed();
        results.push(Checked {
            check,
            status,
            took,
        });
    }
    Ok(Report {
        url: escape_line(&url).into_owned(),
        started,
        took: began.elapsed(),
        budget,
        used: meter.used(),
        refused,
        interrupted: caught,
        known: auditor.options.known.clone(),
        fail_on: auditor.options.fail_on,
        cut_short: meter.exceeded().or(auditor.left()),
        checks: results,
    })
}

/// Why a check does not run; one that --only names is missed.
fn not_run(check: &Check, options: &Options) -> Option<Status> {
    let why = left_out(check, options)?;
    Some(if is_asked_for(check, options) {
        Status::NotTested(why)
    } else {
        Status::LeftOut(why)
    })
}

async fn within(meter: &Meter, judging: impl Future<Output = Judged>) -> Judged {
    let judged = tokio::time::timeout_at(meter.deadline().into(), judging).await;
    judged.unwrap_or_else(|_| Err(meter.late()))
}

fn status(judged: Judged, secrets: crate::render::Secrets, redactor: &Redactor) -> Status {
    let line = |text: &str| escape_line(&*redactor.text(text)).into_owned();
    match judged {
        Err(Untested(why)) => Status::NotTested(line(&why)),
        Ok(Verdict::Passed(remark)) => Status::Passed(line(&remark)),
        Ok(Verdict::Finding(found)) => {
            let Found {
                severity,
                sure,
                evidence,
                traces,
            } = *found;
            let lines = |side: fn(&Trace, crate::render::Secrets, &Redactor) -> Vec<String>| {
                traces
                    .iter()
                    .flat_map(|trace| side(trace, secrets, redactor))
                    .collect()
            };
            Status::Finding(Box::new(Finding {
                severity,
                sure,
                evidence: line(&evidence),
                sent: lines(Trace::sent),
                received: lines(Trace::received),
            }))
        }
    }
}

/// The report of a run that ended before its first answer.
fn interrupted(options: &Options, started: Timestamp, signal: Signal) -> Report {
    let url = options.secrets.url(options.open.url.as_str());
    let why = || Status::NotTested("the run was interrupted".to_owned());
    let not_run = |check| Checked {
        check,
        status: why(),
        took: Duration::ZERO,
    };
    Report {
        url: escape_line(&*url).into_owned(),
        started,
        took: Duration::ZERO,
        budget: budget(options),
        used: (0, 0),
        refused: None,
        interrupted: Some(signal),
        cut_short: None,
        known: options.known.clone(),
        fail_on: options.fail_on,
        checks: checks().map(not_run).collect(),
    }
}

/// Watches the first connection, and remembers that it was let in.
async fn watch(auditor: &mut Auditor, wire: Wire) {
    // What it does by itself is no fault of any request.
    if let Ok(admission) = auditor.settle(wire, FIRST).await {
        auditor.ends_soon = !admission.is_in();
        let entry = Entry::In;
        auditor.admitted(Admission { entry, ..admission });
    }
}

/// Learns whether the URL lets in only once: all that follows would then be refused, whatever it has.
async fn learn_whether_spent(auditor: &mut Auditor) {
    if !has_query(auditor.base()) {
        return;
    }
    let origin = auditor.base().offer.origin.clone();
    let settle = Duration::ZERO;
    let second = auditor
        .admit_for(With::All, origin.as_deref(), settle)
        .await;
    if let Ok(Admission {
        entry: Entry::Out(why),
        ..
    }) = second
    {
        auditor.spent = Some(format!(
            "the same URL is refused the second time ({why}); it may have a ticket that is valid once"
        ));
    }
}

/// The first connection, made as `wsee URL` makes it.
struct First {
    baseline: Baseline,
    wire: Option<Wire>,
    request: Option<Head>,
    /// The request and its refusal.
    refusal: Option<Trace>,
}

impl First {
    async fn ask(options: &Options, meter: &Rc<Meter>) -> Result<Self, OpenError> {
        let mut open = options.open.clone();
        // What is wrong with the answer is a finding, and no end.
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
        let request_len = request.as_ref().map_or(0, |head| head.as_bytes().len());
        let mut baseline = Baseline {
            base: *answered.options,
            tls,
            agreed: None,
            refused: None,
            refusal: None,
        };
        let agreed = match answered.outcome {
            Outcome::Agreed(agreed) => agreed,
            Outcome::Refused(refusal) => {
                let mut stream = answered.stream;
                let input = answered.input.filled();
                let body = crate::dial::read_body(&mut stream, &refusal.response, input);
                let body = tokio::time::timeout(meter.time_left(), body).await;
                let mut trace = Trace::default();
                if let Some(request) = &request {
                    trace.sent.add_head(request.as_bytes());
                }
                trace.received.add_head(refusal.response.as_bytes());
                let body = body.as_ref().map_or(&[][..], |body| body.content());
                trace.received.add(body);
                let _ = meter.pass(request_len + refusal.response.as_bytes().len() + body.len());
                baseline.refused = Some(refusal.status);
                baseline.refusal = Some(refusal.response);
                return Ok(Self {
                    baseline,
                    wire: None,
                    request,
                    refusal: Some(trace),
                });
            }
        };
        let mut wire = Wire::new(answered.stream, Rc::clone(meter));
        if let Some(request) = &request {
            wire.trace.sent.add_head(request.as_bytes());
        }
        wire.trace.received.add_head(agreed.response.as_bytes());
        let _ = meter.pass(request_len + agreed.response.as_bytes().len());
        wire.open(answered.input.filled());
        baseline.agreed = Some(agreed);
        Ok(Self {
            baseline,
            wire: Some(wire),
            request,
            refusal: None,
        })
    }

    /// Whether a server that refused may let a page of its own in.
    fn may_need_origin(&self, open: &session::Options) -> bool {
        !has_origin(open) && matches!(self.baseline.refused, Some(400 | 401 | 403))
    }

    /// Masks the secrets of the requests where the server repeats them.
    fn redactor(&self, options: &Options) -> Redactor {
        let mut redactor = options.secrets.redactor(&self.request);
        let offer = complete(&options.open);
        let own = crate::proto::handshake::client::Handshake::new(&offer, "");
        options.secrets.learn(&mut redactor, own.request());
        redactor.add_forms();
        redactor
    }
}
