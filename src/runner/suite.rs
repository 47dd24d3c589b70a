//! Runs files of cases: the cases of a file in order, several files at the same time with `--jobs`.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::task::LocalSet;

use super::case::{self, Context};
use super::dial::Prepared;
use super::result::{CaseResult, Failure, Kind, Outcome, Run};
use crate::event::Signal;
use crate::scenario::Step;

/// The cases of one file, or the steps of a command line.
#[derive(Debug)]
pub struct Group {
    /// As given by the user; `None` for steps of the command line.
    pub file: Option<String>,
    /// Paths in the cases are relative to it.
    pub folder: PathBuf,
    pub cases: Vec<Prepared>,
}

pub struct Suite<'a> {
    pub groups: &'a [Group],
    pub context: Context<'a>,
}

struct Progress<'p> {
    /// In the order of the files and their cases.
    results: RefCell<Vec<Option<CaseResult>>>,
    /// The number of reported results; those of later cases wait for their turn.
    reported: Cell<usize>,
    /// The start of the case that runs in each group.
    running: RefCell<Vec<Option<Running>>>,
    next: Cell<usize>,
    failed: Cell<bool>,
    report: &'p dyn Fn(&CaseResult),
}

/// When a case began, and the index of its step.
#[derive(Debug, Clone, Copy)]
struct Running {
    began: Instant,
    step: usize,
}

impl Progress<'_> {
    fn add(&self, index: usize, result: CaseResult) {
        let mut results = self.results.borrow_mut();
        results[index] = Some(result);
        while let Some(Some(result)) = results.get(self.reported.get()) {
            (self.report)(result);
            self.reported.set(self.reported.get() + 1);
        }
    }
}

impl Suite<'_> {
    /// Runs all cases, until `signal` is ready.
    ///
    /// `report` is called for each result, in order.
    pub async fn run(
        &self,
        signal: impl Future<Output = Signal>,
        report: &dyn Fn(&CaseResult),
    ) -> Run {
        let (began, started) = (Instant::now(), jiff::Timestamp::now());
        let count = self.groups.iter().map(|group| group.cases.len()).sum();
        let progress = Progress {
            results: RefCell::new(vec![None; count]),
            reported: Cell::new(0),
            running: RefCell::new(vec![None; self.groups.len()]),
            next: Cell::new(0),
            failed: Cell::new(false),
            report,
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

    async fn workers(&self, progress: &Progress<'_>) {
        let jobs = self.context.options.jobs.clamp(1, self.groups.len().max(1));
        let mut workers: Vec<_> = (0..jobs).map(|_| Box::pin(self.work(progress))).collect();
        // In one task: they mostly wait for the network.
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
            let first = self.groups[..index].iter().map(|group| group.cases.len());
            for (number, case) in (first.sum::<usize>()..).zip(&group.cases) {
                if progress.failed.get() && self.context.options.fail_fast {
                    return;
                }
                let began = Instant::now();
                let begins = |step| {
                    progress.running.borrow_mut()[index] = Some(Running { began, step });
                };
                begins(0);
                let (outcome, steps) = case::run(case, &group.folder, &self.context, &begins).await;
                progress.running.borrow_mut()[index] = None;
                if matches!(outcome, Outcome::Failed(_)) {
                    progress.failed.set(true);
                }
                let result = result(group, case, outcome, began.elapsed());
                progress.add(number, CaseResult { steps, ..result });
            }
        }
    }

    /// All results: cases not run are skipped, and one ended by a signal has failed.
    fn results(&self, progress: &Progress<'_>, interrupted: Option<Signal>) -> Vec<CaseResult> {
        let mut number = 0;
        for (index, group) in self.groups.iter().enumerate() {
            let mut running = progress.running.borrow_mut()[index].take();
            for case in &group.cases {
                let is_known = progress.results.borrow()[number].is_some();
                if !is_known {
                    let (outcome, took) = self.not_run(interrupted, case, running.take());
                    progress.add(number, result(group, case, outcome, took));
                }
                number += 1;
            }
        }
        progress.results.take().into_iter().flatten().collect()
    }

    fn not_run(
        &self,
        interrupted: Option<Signal>,
        Prepared { case, .. }: &Prepared,
        running: Option<Running>,
    ) -> (Outcome, Duration) {
        let skipped = |reason| (Outcome::Skipped(reason), Duration::ZERO);
        match (interrupted, running) {
            (Some(signal), Some(Running { began, step })) => {
                let message = format!("ended by {signal}");
                let mut failure = Failure::new(Kind::Error, message, signal.exit());
                if let Some(Step { line, .. }) = case.steps.get(step) {
                    failure.step = self.context.given.line(&line.source);
                    failure.line = (line.number > 0).then_some(line.number);
                    failure.file = line.file.as_deref().map(str::to_owned);
                }
                (Outcome::Failed(Box::new(failure.cut())), began.elapsed())
            }
            (Some(_), None) => skipped("the run was interrupted"),
            (None, _) => skipped("another case failed (--fail-fast)"),
        }
    }
}

fn result(
    group: &Group,
    Prepared { case, .. }: &Prepared,
    outcome: Outcome,
    took: Duration,
) -> CaseResult {
    CaseResult {
        file: group.file.clone(),
        name: case.name.clone(),
        line: case.line,
        outcome,
        took,
        steps: Vec::new(),
    }
}
