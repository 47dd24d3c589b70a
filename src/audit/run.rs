//! A run: the first connection, then one check after the other.

use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::auditor::{Auditor, Baseline, complete};
use super::check::Check;
use super::list::{checks, connections, left_out};
use super::meter::{Budget, Meter};
use super::options::Options;
use super::request::Place;
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
use crate::session::{self, OpenError, OpenProblem};

/// How long the first connection is watched: what it does by itself is what others are held against.
const FIRST: Duration = Duration::from_millis(400);

/// What a run will use at most.
pub fn budget(options: &Options) -> Budget {
    options.budget(connections(options))
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
    if let Some(wire) = first.wire {
        watch(&mut auditor, wire).await;
    }
    let count = checks()
        .filter(|check| left_out(check, &auditor.options).is_none())
        .count();
    let mut number = 0;
    for check in checks() {
        let began = Instant::now();
        let status = if let Some(why) = left_out(check, &auditor.options) {
            Status::NotTested(why)
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
        known: auditor.options.known,
        fail_on: auditor.options.fail_on,
        checks: results,
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
        let entry = super::auditor::Entry::In;
        auditor.admitted(super::auditor::Admission {
            entry,
            trace: admission.trace,
        });
    }
}

/// The first connection, made as `wsee URL` makes it.
struct First {
    baseline: Baseline,
    wire: Option<Wire>,
    request: Option<Head>,
}

impl First {
    async fn ask(options: &Options, meter: &Rc<Meter>) -> Result<Self, OpenError> {
        let mut open = options.open.clone();
        // What is wrong with the answer is a finding, and no end.
        open.offer.lenient = true;
        open.polling = None;
        match Self::once(&open, meter).await {
            Err(error) if may_need_origin(&open, &error) => {
                let own = Place::own(&open.url, None).map(|own| own.text());
                open.offer.origin = own;
                match Self::once(&open, meter).await {
                    Ok(first) => Ok(first),
                    Err(_) => Self::refused(&options.open, error),
                }
            }
            Err(error) => Self::refused(&options.open, error),
            first => first,
        }
    }

    async fn once(open: &session::Options, meter: &Rc<Meter>) -> Result<Self, OpenError> {
        // Counted even beyond the budget, which has room for it.
        let _ = meter.connect();
        let (mut tls, mut request) = (None, None);
        let mut observe = |event: Event<'_>| match event {
            Event::Step(Step::Tls(session)) => tls = Some((**session).clone()),
            Event::Request(head) => request = Some(head.clone()),
            _ => {}
        };
        let answered = session::ask(open, &mut observe).await?;
        let agreed = match answered.outcome {
            Outcome::Agreed(agreed) => agreed,
            Outcome::Refused(refusal) => {
                let mut stream = answered.stream;
                let body =
                    crate::dial::read_body(&mut stream, &refusal.response, answered.input.filled())
                        .await;
                let refused = session::Refused {
                    refusal,
                    body,
                    is_poll: false,
                };
                return Err(OpenError::refused(refused, *answered.evidence));
            }
        };
        let mut wire = Wire::new(answered.stream, Rc::clone(meter));
        if let Some(request) = &request {
            wire.trace.sent.add_head(request.as_bytes());
        }
        wire.trace.received.add_head(agreed.response.as_bytes());
        let request_len = request.as_ref().map_or(0, |head| head.as_bytes().len());
        let _ = meter.pass(request_len + agreed.response.as_bytes().len());
        wire.open(answered.input.filled());
        Ok(Self {
            baseline: Baseline {
                base: *answered.options,
                tls,
                agreed: Some(agreed),
                refused: None,
                refusal: None,
            },
            wire: Some(wire),
            request,
        })
    }

    /// A server that refuses the upgrade is one all the same: some checks need no open connection.
    fn refused(open: &session::Options, error: OpenError) -> Result<Self, OpenError> {
        let OpenProblem::Refused(refused) = &error.problem else {
            return Err(error);
        };
        let status = refused.refusal.status;
        let head = refused.refusal.response.clone();
        Ok(Self {
            baseline: Baseline {
                base: open.clone(),
                tls: None,
                agreed: None,
                refused: Some(status),
                refusal: Some(head),
            },
            wire: None,
            request: None,
        })
    }

    /// Masks the secrets of the requests where the server repeats them.
    fn redactor(&self, options: &Options) -> Redactor {
        let mut redactor = options.secrets.redactor(&self.request);
        let offer = complete(&options.open);
        let own = crate::proto::handshake::client::Handshake::new(&offer, "");
        options.secrets.learn(&mut redactor, own.request());
        redactor
    }
}

fn may_need_origin(open: &session::Options, error: &OpenError) -> bool {
    let OpenProblem::Refused(refused) = &error.problem else {
        return false;
    };
    let has_origin =
        open.offer.origin.is_some() || open.offer.edits.iter().any(|it| it.sets("origin"));
    !has_origin && matches!(refused.refusal.status, 400 | 401 | 403)
}
