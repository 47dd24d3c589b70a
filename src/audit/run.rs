//! A run: the first connection, then one check after the other.

use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::admission::{Admission, Entry};
use super::auditor::Auditor;
use super::check::Check;
use super::first::First;
use super::list::{checks, connections, has, is_asked_for, left_out};
use super::meter::{Budget, Meter};
use super::options::Options;
use super::request::{With, has_query};
use super::result::{Checked, Finding, Report, Status};
use super::trace::Trace;
use super::verdict::{Found, Judged, Untested, Verdict};
use super::wire::Wire;
use crate::event::Signal;
use crate::render::Secrets;
use crate::render::escape::escape_line;
use crate::secret::Redactor;
use crate::session::OpenError;

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
    let mut signal = pin!(signal);
    let first = tokio::select! {
        first = First::ask(&options, &meter) => first?,
        signal = &mut signal => {
            return Ok(interrupted(&options, started, signal));
        }
    };
    let url = shown_url(&options);
    let redactor = first.redactor(&options);
    let refused = first.baseline.refused;
    let mut auditor = Auditor::new(options, first.baseline, Rc::clone(&meter));
    auditor.refusals.extend(first.refusal);
    if let Some(wire) = first.wire {
        watch(&mut auditor, wire).await;
        learn_whether_spent(&mut auditor).await;
    }
    let (checks, interrupted) = run_checks(&mut auditor, &redactor, signal, begins).await;
    Ok(Report {
        url,
        started,
        took: began.elapsed(),
        budget,
        used: meter.used(),
        refused,
        interrupted,
        known: auditor.options.known.clone(),
        fail_on: auditor.options.fail_on,
        cut_short: meter.exceeded().or(auditor.left()),
        checks,
    })
}

const INTERRUPTED: &str = "the run was interrupted";

/// One check after the other, and the signal that ended them.
async fn run_checks(
    auditor: &mut Auditor,
    redactor: &Redactor,
    mut signal: Pin<&mut impl Future<Output = Signal>>,
    begins: &mut dyn FnMut(&'static Check, usize, usize),
) -> (Vec<Checked>, Option<Signal>) {
    let runs = |check: &&'static Check| left_out(check, &auditor.options).is_none();
    let count = checks().filter(runs).count();
    let (mut number, mut results, mut caught) = (0, Vec::new(), None);
    for check in checks() {
        let began = Instant::now();
        let status = if let Some(status) = not_run(check, &auditor.options) {
            status
        } else if caught.is_some() {
            Status::NotTested(INTERRUPTED.to_owned())
        } else {
            number += 1;
            begins(check, number, count);
            let (secrets, meter) = (auditor.options.secrets, Rc::clone(&auditor.meter));
            tokio::select! {
                judged = within(&meter, (check.run)(auditor)) => status(judged, secrets, redactor),
                it = &mut signal => {
                    caught = Some(it);
                    Status::NotTested(INTERRUPTED.to_owned())
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
    (results, caught)
}

/// The URL, with its secrets masked.
fn shown_url(options: &Options) -> String {
    escape_line(&*options.secrets.url(options.open.url.as_str())).into_owned()
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

fn status(judged: Judged, secrets: Secrets, redactor: &Redactor) -> Status {
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
            let lines = |side: fn(&Trace, Secrets, &Redactor) -> Vec<String>| {
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
    let not_run = |check| Checked {
        check,
        status: Status::NotTested(INTERRUPTED.to_owned()),
        took: Duration::ZERO,
    };
    Report {
        url: shown_url(options),
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
