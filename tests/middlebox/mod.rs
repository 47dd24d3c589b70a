//! What stands between wsee and a server in practice, as a distribution packages it.
//!
//! These tests need programs that not every machine has: `cargo test -- --ignored middlebox`, as `.ci/run` does.

mod apache;
mod front;
pub mod haproxy;
pub mod nginx;
mod tinyproxy;

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::DEADLINE;
use crate::support::server::Untouched;

/// A program with a directory of its own, which ends with the test.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    directory: TempDir,
}

impl Daemon {
    /// Starts `command` and waits until something listens on `port`.
    #[track_caller]
    pub fn start(mut command: Command, directory: TempDir, port: u16) -> Self {
        let log = fs::File::create(directory.path().join("log")).expect("a file");
        let errors = log.try_clone().expect("a file");
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", command.get_program().display()));
        let mut daemon = Self { child, directory };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = daemon.child.try_wait().expect("a process");
            let log = fs::read_to_string(daemon.path().join("log")).unwrap_or_default();
            assert!(ended.is_none(), "it ended: {log}");
            assert!(started.elapsed() < DEADLINE, "nothing listens: {log}");
            thread::sleep(Duration::from_millis(10));
        }
        daemon
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port at which nothing listens.
fn dead_port() -> u16 {
    Untouched::start().port()
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}
