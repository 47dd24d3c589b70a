//! Runs the wsee binary, with a deadline.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::output::Output;
use super::{DEADLINE, binary};

/// How often a process is looked at while its end is awaited.
const POLL: Duration = Duration::from_millis(3);

/// A wsee with these arguments, to be run; its stdin is empty and its environment clean.
pub fn wsee(args: &[&str]) -> Run {
    let home = tempfile::tempdir().expect("a directory for HOME");
    let mut command = Command::new(binary());
    command
        .args(args)
        .env_clear()
        .env("HOME", home.path())
        .env("XDG_CONFIG_HOME", home.path().join("config"))
        .env("XDG_STATE_HOME", home.path().join("state"))
        .env("TERM", "xterm-256color");
    Run {
        command,
        home,
        input: Input::Empty,
        deadline: DEADLINE,
    }
}

/// Another program, to be run as wsee is, but in the environment of the test.
pub fn program(command: Command) -> Run {
    Run {
        command,
        home: tempfile::tempdir().expect("a directory"),
        input: Input::Empty,
        deadline: DEADLINE,
    }
}

/// A wsee that is not started yet.
#[derive(Debug)]
pub struct Run {
    command: Command,
    home: TempDir,
    input: Input,
    deadline: Duration,
}

#[derive(Debug)]
enum Input {
    Empty,
    Bytes(Vec<u8>),
    HeldOpen,
}

impl Run {
    /// Adds a flag with its value.
    pub fn arg(mut self, flag: &str, value: &str) -> Self {
        self.command.args([flag, value]);
        self
    }

    /// Gives it `bytes` on stdin, then the end of input.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Input::Bytes(bytes.into());
        self
    }

    /// Gives it a stdin that stays open and silent until the test writes to it.
    pub fn stdin_held_open(mut self) -> Self {
        self.input = Input::HeldOpen;
        self
    }

    /// Gives it more time than others have.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Gives it a configuration file that only its owner can read.
    pub fn config(self, text: &str) -> Self {
        self.config_with_mode(text, 0o600)
    }

    /// Gives it a configuration file with these permissions.
    pub fn config_with_mode(self, text: &str, mode: u32) -> Self {
        let folder = self.home.path().join("config/wsee");
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join("config.toml");
        std::fs::write(&file, text).expect("a file");
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&file, mode).expect("a file");
        self
    }

    /// Starts it in this directory.
    pub fn current_dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// The directory that is its HOME.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Keeps the terminal of the test's process out of its reach.
    pub fn without_terminal(mut self) -> Self {
        let mut command = Command::new("/usr/bin/setsid");
        command.arg(self.command.get_program());
        self.command = inherit(command, &self.command);
        self
    }

    /// Lets its output go, however much it is.
    pub fn without_output(self) -> Self {
        self.redirected(">/dev/null")
    }

    /// Redirects its standard streams, in a shell's notation.
    pub fn redirected(mut self, redirections: &str) -> Self {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("exec \"$@\" {redirections}"), "sh"]);
        command.arg(self.command.get_program());
        self.command = inherit(command, &self.command);
        self
    }

    /// Runs it to its end.
    pub fn run(self) -> Output {
        self.spawn().wait()
    }

    /// Starts it, and collects what it prints.
    pub fn spawn(self) -> Running {
        let (mut running, stdout) = self.spawn_with_stdout();
        running.stdout = Some(Stream::collect(stdout));
        running
    }

    /// Starts it, and leaves its stdout to the test.
    pub fn spawn_with_stdout(mut self) -> (Running, ChildStdout) {
        let stdin = match self.input {
            Input::Empty => Stdio::null(),
            Input::Bytes(_) | Input::HeldOpen => Stdio::piped(),
        };
        let mut child = self
            .command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.command.get_program().display()));
        let stdout = child.stdout.take().expect("a pipe");
        let stderr = Stream::collect(child.stderr.take().expect("a pipe"));
        let stdin = feed(child.stdin.take(), self.input);
        let child = Arc::new(Mutex::new(child));
        let running = Running {
            watchdog: watch(Arc::clone(&child), self.deadline),
            child,
            stdin,
            stdout: None,
            stderr,
            started: Instant::now(),
            deadline: self.deadline,
            _home: self.home,
        };
        (running, stdout)
    }
}

/// Gives `command` the arguments and the environment of another.
fn inherit(mut command: Command, other: &Command) -> Command {
    let set = other
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    command.args(other.get_args()).env_clear().envs(set);
    command
}

/// Writes the input in a thread of its own; gives back a stdin that is to be held open.
fn feed(stdin: Option<ChildStdin>, input: Input) -> Option<ChildStdin> {
    let mut stdin = stdin?;
    let Input::Bytes(bytes) = input else {
        return Some(stdin);
    };
    // wsee may end before it has read all of it.
    thread::spawn(move || stdin.write_all(&bytes));
    None
}

/// Kills `child` at the deadline, unless the sender is dropped before.
fn watch(child: Arc<Mutex<Child>>, deadline: Duration) -> Sender<()> {
    let (watchdog, ended) = mpsc::channel();
    thread::spawn(move || {
        if ended.recv_timeout(deadline) == Err(RecvTimeoutError::Timeout) {
            // An error means that it has ended just now.
            let _ = lock(&child).kill();
        }
    });
    watchdog
}

/// A wsee that runs; killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Arc<Mutex<Child>>,
    stdin: Option<ChildStdin>,
    stdout: Option<Stream>,
    stderr: Stream,
    started: Instant,
    deadline: Duration,
    watchdog: Sender<()>,
    _home: TempDir,
}

impl Running {
    /// Writes to its stdin.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let stdin = self.stdin.as_mut().expect("a stdin that is held open");
        stdin.write_all(bytes.as_ref()).expect("wsee reads stdin");
    }

    /// Ends its input.
    pub fn end_stdin(&mut self) {
        self.stdin = None;
    }

    /// Takes the stdin that is held open.
    pub fn take_stdin(&mut self) -> ChildStdin {
        self.stdin.take().expect("a stdin that is held open")
    }

    /// Waits until stdout contains `text`; gives back stdout up to then.
    #[track_caller]
    pub fn wait_for_stdout(&self, text: &str) -> String {
        let stdout = self.stdout.as_ref().expect("a stdout that is collected");
        self.wait_for(stdout, text)
    }

    /// Waits until stderr contains `text`; gives back stderr up to then.
    #[track_caller]
    pub fn wait_for_stderr(&self, text: &str) -> String {
        self.wait_for(&self.stderr, text)
    }

    #[track_caller]
    fn wait_for(&self, stream: &Stream, text: &str) -> String {
        let contents = stream.wait_until(self.deadline, |contents| contents.contains(text));
        assert!(
            contents.contains(text),
            "{text:?} never came, only {contents:?}; stderr:\n{}",
            self.stderr.so_far()
        );
        contents
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        lock(&self.child).id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&lock(&self.child)), signal).expect("wsee runs");
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(self) -> Output {
        let mut peak_memory = 0;
        let status = loop {
            let mut child = lock(&self.child);
            peak_memory = peak_memory.max(peak_memory_of(child.id()));
            if let Some(status) = child.try_wait().expect("a child") {
                break status;
            }
            drop(child);
            thread::sleep(POLL);
        };
        let took = self.started.elapsed();
        let stderr = self.stderr.so_far_and_rest();
        Output {
            status: status
                .code()
                .unwrap_or_else(|| panic!("{status} after {took:?}; stderr:\n{stderr}")),
            stdout: self.stdout.as_ref().map_or(Vec::new(), Stream::rest),
            stderr,
            took,
            peak_memory,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // An error means that it has ended.
        let _ = lock(&self.child).kill();
        let _ = lock(&self.child).wait();
        let _ = self.watchdog.send(());
    }
}

/// The most memory that a wsee took for itself so far, in bytes; 0 when it has ended, or on other systems.
#[cfg(target_os = "linux")]
pub fn peak_memory_of(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    if !status.starts_with("Name:\twsee") {
        // It has just been forked, and has this process's memory.
        return 0;
    }
    let field = |name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line: &str| line.trim().strip_suffix(" kB")?.parse::<u64>().ok())
            .map_or(0, |kib| kib << 10)
    };
    // Pages of the binary are shared and can be dropped; a peak is known of all pages only.
    field("VmHWM:").saturating_sub(field("RssFile:"))
}

/// The most memory that a wsee took for itself so far, in bytes; 0 when it has ended, or on other systems.
#[cfg(not(target_os = "linux"))]
pub fn peak_memory_of(_: u32) -> u64 {
    0
}

/// What came out of a pipe so far.
#[derive(Debug, Clone)]
struct Stream(Arc<(Mutex<Collected>, Condvar)>);

#[derive(Debug, Default)]
struct Collected {
    bytes: Vec<u8>,
    ended: bool,
}

impl Stream {
    fn collect(mut pipe: impl Read + Send + 'static) -> Self {
        let stream = Self(Arc::default());
        let writer = stream.clone();
        thread::spawn(move || {
            let mut block = [0; 16 << 10];
            loop {
                let n = pipe.read(&mut block).unwrap_or(0);
                let (collected, changed) = &*writer.0;
                let mut collected = lock(collected);
                collected.bytes.extend_from_slice(&block[..n]);
                collected.ended = n == 0;
                changed.notify_all();
                if n == 0 {
                    return;
                }
            }
        });
        stream
    }

    /// Waits until `is_enough` or the end, at most for `patience`.
    fn wait_until(&self, patience: Duration, is_enough: impl Fn(&str) -> bool) -> String {
        let (collected, changed) = &*self.0;
        let not_yet = |collected: &mut Collected| {
            !collected.ended && !is_enough(&String::from_utf8_lossy(&collected.bytes))
        };
        let waited = changed.wait_timeout_while(lock(collected), patience, not_yet);
        let (collected, _) = waited.unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&collected.bytes).into_owned()
    }

    fn so_far(&self) -> String {
        self.wait_until(Duration::ZERO, |_| true)
    }

    fn so_far_and_rest(&self) -> String {
        String::from_utf8_lossy(&self.rest()).into_owned()
    }

    /// All of it, once it has ended.
    fn rest(&self) -> Vec<u8> {
        let (collected, changed) = &*self.0;
        let ended = changed.wait_timeout_while(lock(collected), DEADLINE, |it| !it.ended);
        let (mut collected, _) = ended.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut collected.bytes)
    }
}

/// A test that failed elsewhere does not make this one fail.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
