//! The process of a client: lines in, lines out, and its end. Threads move the bytes, as a pipe may block.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use crate::sys::process;

/// A line from the process, without its line break.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Output {
    Message(Vec<u8>),
    /// From its standard error.
    Complaint(Vec<u8>),
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exit {
    pub(super) is_success: bool,
    /// Such as `ended with 3`.
    pub(super) words: String,
}

/// The command of a server, and its processes, of which none outlives the server.
#[derive(Debug)]
pub struct Commands {
    /// The program and its arguments.
    pub(super) line: Vec<String>,
    running: RefCell<Vec<Weak<Shared>>>,
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
    audience: Audience,
    output: VecDeque<Output>,
    output_bytes: usize,
    output_ended: bool,
    complaints_ended: bool,
    /// The server is over, too: the process is ended at this time at the latest.
    ends_by: Option<Instant>,
    exit: Option<Exit>,
    waker: Option<Waker>,
}

/// Who gets what the process says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Audience {
    #[default]
    Client,
    /// The client is gone: nothing more follows for the process, and its complaints go to the log.
    Log,
    Nobody,
}

/// Bytes that wait in one direction, from which on the other end has to wait.
const FULL: usize = 1 << 20;
/// The longest line, in bytes; a longer one is passed on in pieces.
const LONGEST: u64 = 16 << 20;
/// How long a process may go on without its client: it is gone within 4 s.
const FAREWELL: Duration = Duration::from_secs(3);
/// The same when the server ends, for which its user waits: enough to note the end of stdin.
const HURRY: Duration = Duration::from_millis(500);
/// How long the server waits until a process that it has killed is gone.
const GONE: Duration = Duration::from_secs(1);
/// How long the last words on standard error of a process that has ended are waited for: they are in the pipe, which
/// only a process that it has left behind keeps open.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// How often the end of a process is looked for, once it is near.
const LOOK: Duration = Duration::from_millis(20);

impl Commands {
    pub fn new(line: Vec<String>) -> Self {
        Self {
            line,
            running: RefCell::default(),
        }
    }

    pub(super) fn start(&self, command: &mut Command) -> io::Result<Process> {
        let process = Process::start(command)?;
        let mut running = self.running.borrow_mut();
        running.retain(|it| it.strong_count() > 0);
        running.push(Arc::downgrade(&process.0));
        Ok(process)
    }
}

impl Drop for Commands {
    fn drop(&mut self) {
        let running: Vec<_> = self
            .running
            .get_mut()
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        let end = Instant::now() + HURRY;
        for shared in &running {
            let mut state = shared.lock();
            state.audience = Audience::Nobody;
            state.ends_by = Some(end);
            drop(state);
            shared.notify();
        }
        for shared in &running {
            shared.await_exit(end + GONE);
        }
    }
}

impl Process {
    fn start(command: &mut Command) -> io::Result<Self> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = process::spawn_group(command)?;
        let this = Self(Arc::default());
        // Where that fails, the threads that there are end with it.
        attend(&this.0, child)?;
        Ok(this)
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

    /// Nothing more follows for it, and nobody gets what it prints; it has to end.
    pub(super) fn end_input(&self) {
        self.0.turn_to(Audience::Log);
    }

    /// How it ended, once everything that it said was taken.
    pub(super) fn exit(&self) -> Option<Exit> {
        let state = self.0.lock();
        state.exit.clone().filter(|_| state.output.is_empty())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.turn_to(Audience::Nobody);
    }
}

/// Starts the threads for a process, of which there may be too many.
fn attend(shared: &Arc<Shared>, mut child: Child) -> io::Result<()> {
    if let Some(stdin) = child.stdin.take() {
        spawn(shared, |shared| shared.feed(stdin))?;
    }
    if let Some(stderr) = child.stderr.take() {
        spawn(shared, |shared| {
            shared.collect(stderr, Output::Complaint);
            shared.lock().complaints_ended = true;
            shared.notify();
        })?;
    }
    if let Some(stdout) = child.stdout.take() {
        spawn(shared, |shared| {
            shared.collect(stdout, Output::Message);
            shared.lock().output_ended = true;
            shared.notify();
        })?;
    }
    spawn(shared, |shared| shared.keep(child))
}

fn spawn(shared: &Arc<Shared>, work: impl FnOnce(&Shared) + Send + 'static) -> io::Result<()> {
    let shared = Arc::clone(shared);
    let thread = thread::Builder::new();
    thread.spawn(move || work(&shared)).map(drop)
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No thread leaves the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn_to(&self, audience: Audience) {
        let mut state = self.lock();
        // A later one has less to hear.
        state.audience = state.audience.max(audience);
        drop(state);
        self.notify();
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
                if state.audience > Audience::Client || state.exit.is_some() {
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
            let len = line.len();
            let output = output(line);
            let is_dropped = |state: &State| match output {
                Output::Message(_) => state.audience > Audience::Client,
                Output::Complaint(_) => state.audience > Audience::Log,
            };
            let mut state = self.lock();
            while state.output_bytes >= FULL && !is_dropped(&state) {
                state = self.wait(state);
            }
            if is_dropped(&state) {
                // The rest is read, so that the process can end.
                continue;
            }
            state.output_bytes += len;
            state.output.push_back(output);
            drop(state);
            self.notify();
        }
    }

    /// Waits for the end of the process, or ends it when its client is gone.
    fn keep(&self, mut child: Child) {
        let mut state = self.lock();
        while !state.output_ended && state.audience == Audience::Client {
            state = self.wait(state);
        }
        drop(state);
        let mut since = None;
        let mut is_killed = false;
        let status = loop {
            match child.try_wait() {
                Ok(Some(_)) if is_killed => {
                    break Exit {
                        is_success: false,
                        words: "was killed, as it did not end without its client".to_owned(),
                    };
                }
                Ok(Some(status)) => break exit(status),
                Ok(None) => {}
                Err(error) => {
                    break Exit {
                        is_success: false,
                        words: format!("is lost ({error})"),
                    };
                }
            }
            let (is_alone, ends_by) = {
                let state = self.lock();
                (state.audience > Audience::Client, state.ends_by)
            };
            let alone = is_alone.then(|| *since.get_or_insert_with(|| Instant::now() + FAREWELL));
            let end = ends_by.or(alone);
            if end.is_some_and(|end| end <= Instant::now()) {
                // It may end by itself just now, which is as good.
                is_killed |= process::kill_all(&mut child).is_ok();
            }
            thread::sleep(LOOK);
        };
        let has_said_all =
            |state: &State| state.complaints_ended || state.audience == Audience::Nobody;
        let mut state = self.wait_until(Instant::now() + LAST_WORDS, has_said_all);
        state.exit = Some(status);
        drop(state);
        self.notify();
    }

    /// Returns when the process has ended, at `deadline` at the latest.
    fn await_exit(&self, deadline: Instant) {
        drop(self.wait_until(deadline, |state| state.exit.is_some()));
    }

    fn wait_until(
        &self,
        deadline: Instant,
        is_reached: impl Fn(&State) -> bool,
    ) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        while !is_reached(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.changed.wait_timeout(state, left);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state
    }
}

fn exit(status: ExitStatus) -> Exit {
    Exit {
        is_success: status.success(),
        words: match status.code() {
            Some(code) => format!("ended with {code}"),
            // `signal: 9 (SIGKILL)`
            None => format!("was ended by {}", status.to_string().replace(':', "")),
        },
    }
}
