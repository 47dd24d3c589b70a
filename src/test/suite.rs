//! Files of cases: the cases of a file in order, files at the same time if that is wanted.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::task::LocalSet;

use super::case::{self, Context};
use super::result::{CaseResult, Failure, Kind, Outcome, Run};
use crate::event::Signal;
use crate::scenario::Case;

/// The cases of one file, or the steps of a command line.
#[derive(Debug, Clone)]
pub struct Group {
    /// The file as it was named; `None` for steps of the command line.
    pub file: Option<String>,
    /// The folder in which its files are looked for.
    pub folder: PathBuf,
    /// The cases.
    pub cases: Vec<Case>,
}

/// A run of cases.
pub struct Suite<'a> {
    /// What is run.
    pub groups: &'a [Group],
    /// How.
    pub context: Context<'a>,
}

/// What is known while it runs.
struct Progress<'p> {
    /// The results by group and case.
    results: RefCell<Vec<Vec<Option<CaseResult>>>>,
    /// When the case that runs in each group began.
    running: RefCell<Vec<Option<Instant>>>,
    /// The next group that nobody works on.
    next: Cell<usize>,
    failed: Cell<bool>,
    told: &'p dyn Fn(&CaseResult),
}

impl Suite<'_> {
    /// Runs all cases, or as many as there is time for before `signal` comes; each result is `told`.
    pub async fn run(
        &self,
        signal: impl Future<Output = Signal>,
        told: &dyn Fn(&CaseResult),
    ) -> Run {
        let (began, started) = (Instant::now(), jiff::Timestamp::now());
        let none = |group: &Group| vec![None; group.cases.len()];
        let progress = Progress {
            results: RefCell::new(self.groups.iter().map(none).collect()),
            running: RefCell::new(vec![None; self.groups.len()]),
            next: Cell::new(0),
            failed: Cell::new(false),
            told,
        };
        let local = LocalSet::new();
        let interrupted = tokio::select! {
            () = local.run_until(self.workers(&progress)) => None,
            signal = signal => Some(signal),
        };
        Run {
            cases: self.results(&progress, interrupted),
            took: began.elapsed(),
            started,
            interrupted,
        }
    }

    /// As many workers as files are to be run at the same time.
    async fn workers(&self, progress: &Progress<'_>) {
        let jobs = self.context.options.jobs.clamp(1, self.groups.len().max(1));
        let mut workers: Vec<_> = (0..jobs).map(|_| Box::pin(self.work(progress))).collect();
        // All of them wait for the network, in this one task.
        std::future::poll_fn(|cx| {
            workers.retain_mut(|worker| worker.as_mut().poll(cx).is_pending());
            if workers.is_empty() {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    }

    async fn work(&self, progress: &Progress<'_>) {
        loop {
            let index = progress.next.get();
            let Some(group) = self.groups.get(index) else {
                return;
            };
            progress.next.set(index + 1);
            for (number, case) in group.cases.iter().enumerate() {
                if progress.failed.get() && self.context.options.fail_fast {
                    return;
                }
                let began = Instant::now();
                progress.running.borrow_mut()[index] = Some(began);
                let outcome = case::run(case, &group.folder, &self.context).await;
                progress.running.borrow_mut()[index] = None;
                if matches!(outcome, Outcome::Failed(_)) {
                    progress.failed.set(true);
                }
                let result = result(group, case, outcome, began.elapsed());
                (progress.told)(&result);
                progress.results.borrow_mut()[index][number] = Some(result);
            }
        }
    }

    /// All results; cases that were not run are skipped, and the one that a signal ended has failed.
    fn results(&self, progress: &Progress<'_>, interrupted: Option<Signal>) -> Vec<CaseResult> {
        let mut all = Vec::new();
        let results = progress.results.take();
        for (index, (group, results)) in self.groups.iter().zip(results).enumerate() {
            let mut running = progress.running.borrow_mut()[index].take();
            for (case, known) in group.cases.iter().zip(results) {
                let unknown = || {
                    let (outcome, took) = not_run(interrupted, running.take());
                    let unknown = result(group, case, outcome, took);
                    (progress.told)(&unknown);
                    unknown
                };
                all.push(known.unwrap_or_else(unknown));
            }
        }
        all
    }
}

fn not_run(interrupted: Option<Signal>, running: Option<Instant>) -> (Outcome, Duration) {
    match (interrupted, running) {
        (Some(signal), Some(began)) => {
            let message = format!("ended by {signal}");
            let failure = Failure::new(Kind::Error, message, signal.exit());
            (Outcome::Failed(Box::new(failure)), began.elapsed())
        }
        (Some(_), None) => (Outcome::Skipped("the run was interrupted"), Duration::ZERO),
        (None, _) => (
            Outcome::Skipped("another case failed (--fail-fast)"),
            Duration::ZERO,
        ),
    }
}

fn result(group: &Group, case: &Case, outcome: Outcome, took: Duration) -> CaseResult {
    CaseResult {
        file: group.file.clone(),
        name: case.name.clone(),
        line: case.line,
        outcome,
        took,
    }
}
