//! The process of a client: lines in, lines out, and its end. Threads move the bytes, as a pipe may block.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// A line from the process, without its line break.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Output {
    Message(Vec<u8>),
    /// From its standard error.
    Complaint(Vec<u8>),
}

#[derive(Debug)]
pub(super) struct Process(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    input: VecDeque<Vec<u8>>,
    input_bytes: usize,
    /// Nothing more follows for the process.
    input_ended: bool,
    output: VecDeque<Output>,
    output_bytes: usize,
    output_ended: bool,
    /// The exit status; -1 after a signal.
    exit: Option<i32>,
    waker: Option<Waker>,
}

/// Bytes that wait in one direction, from which on the other end has to wait.
const FULL: usize = 1 << 20;
/// The longest line, in bytes; a longer one is passed on in pieces.
const LONGEST: u64 = 16 << 20;
/// How long a process may go on without its client: it is gone within 4 s.
const FAREWELL: Duration = Duration::from_secs(3);
/// How often the end of a process is looked for, once it is near.
const LOOK: Duration = Duration::from_millis(20);

impl Process {
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let shared = Arc::new(Shared::default());
        if let Some(stdin) = child.stdin.take() {
            spawn(&shared, |shared| shared.feed(stdin));
        }
        if let Some(stderr) = child.stderr.take() {
            spawn(&shared, |shared| shared.collect(stderr, Output::Complaint));
        }
        if let Some(stdout) = child.stdout.take() {
            spawn(&shared, |shared| {
                shared.collect(stdout, Output::Message);
                shared.lock().output_ended = true;
                shared.notify();
            });
        }
        spawn(&shared, |shared| shared.keep(child));
        Ok(Self(shared))
    }

    /// Gives the process a line.
    pub(super) fn write(&self, line: Vec<u8>) {
        let mut state = self.0.lock();
        state.input_bytes += line.len();
        state.input.push_back(line);
        drop(state);
        self.0.notify();
    }

    /// Whether enough waits for the process.
    pub(super) fn is_full(&self) -> bool {
        self.0.lock().input_bytes >= FULL
    }

    /// The next line from the process, or the call of `cx` when something changes.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Option<Output> {
        let mut state = self.0.lock();
        let output = state.output.pop_front();
        match &output {
            Some(Output::Message(line) | Output::Complaint(line)) => {
                state.output_bytes -= line.len();
                drop(state);
                self.0.changed.notify_all();
            }
            None => state.waker = Some(cx.waker().clone()),
        }
        output
    }

    /// Its exit status, once everything that it said was taken.
    pub(super) fn exit(&self) -> Option<i32> {
        let state = self.0.lock();
        state.exit.filter(|_| state.output.is_empty())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.lock().input_ended = true;
        self.0.notify();
    }
}

fn spawn(shared: &Arc<Shared>, work: impl FnOnce(&Shared) + Send + 'static) {
    let shared = Arc::clone(shared);
    thread::spawn(move || work(&shared));
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No thread leaves the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the threads and the connection.
    fn notify(&self) {
        let waker = self.lock().waker.take();
        self.changed.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn wait<'s>(&'s self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn feed(&self, mut stdin: ChildStdin) {
        loop {
            let mut state = self.lock();
            let line = loop {
                if let Some(line) = state.input.pop_front() {
                    state.input_bytes -= line.len();
                    break line;
                }
                if state.input_ended || state.exit.is_some() {
                    return;
                }
                state = self.wait(state);
            };
            drop(state);
            self.notify();
            if stdin.write_all(&line).and_then(|()| stdin.flush()).is_err() {
                // It reads no more; what it says may still matter.
                return;
            }
        }
    }

    fn collect(&self, from: impl Read, output: impl Fn(Vec<u8>) -> Output) {
        let mut from = BufReader::new(from);
        loop {
            let mut line = Vec::new();
            let read = from.by_ref().take(LONGEST).read_until(b'\n', &mut line);
            if !matches!(read, Ok(1..)) {
                return;
            }
            if line.ends_with(b"\n") {
                line.pop();
                line.pop_if(|it| *it == b'\r');
            }
            let mut state = self.lock();
            while state.output_bytes >= FULL && !state.input_ended {
                state = self.wait(state);
            }
            if state.input_ended {
                // The client is gone: the rest is read, so that the process can end.
                continue;
            }
            state.output_bytes += line.len();
            state.output.push_back(output(line));
            drop(state);
            self.notify();
        }
    }

    /// Waits for the end of the process, or ends it when its client is gone.
    fn keep(&self, mut child: Child) {
        let mut state = self.lock();
        while !state.output_ended && !state.input_ended {
            state = self.wait(state);
        }
        drop(state);
        let mut since = None;
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status.code().unwrap_or(-1),
                Ok(None) => {}
                Err(_) => break -1,
            }
            let is_alone = self.lock().input_ended;
            let alone = is_alone.then(|| *since.get_or_insert_with(Instant::now));
            if alone.is_some_and(|since| since.elapsed() >= FAREWELL) {
                // It may end by itself just now, which is as good.
                let _ = child.kill();
            }
            thread::sleep(LOOK);
        };
        self.lock().exit = Some(status);
        self.notify();
    }
}
