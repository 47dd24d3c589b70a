//! One run: one client does one work once.

use std::io::{self, PipeReader, Read, Write};
use std::process::{ChildStdin, ChildStdout, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::client::{Client, Process, Usage};
use crate::record::{Blocks, Check, Series};
use crate::sample::{Failure, Sample};
use crate::server::Server;
use crate::stream::Identity;
use crate::work::{Task, Work};
use crate::zlib;

/// Runs clients against servers of its own.
pub(crate) struct Runner {
    pub(crate) identity: Arc<Identity>,
    /// Every byte is compared.
    pub(crate) thorough: bool,
}

impl Runner {
    pub(crate) fn run(&self, work: &Work, client: Client) -> Result<Sample, Failure> {
        if client == Client::Zlib {
            return zlib::alone(work);
        }
        match work.task {
            Task::SendLines | Task::SendBinary => self.send(work, client),
            Task::Receive => self.receive(work, client),
            Task::Echo => self.echo(work, client),
            Task::RoundTrips => self.round_trips(work, client),
            Task::Start => self.start(work, client),
        }
    }

    fn send(&self, work: &Work, client: Client) -> Result<Sample, Failure> {
        let mut session = self.session(work, client, Stdio::piped(), Stdio::null())?;
        let suffix = if work.task == Task::SendBinary {
            ""
        } else {
            "\n"
        };
        let feeder = feed(work.series, suffix, session.stdin()?);
        let opened = session.server.reports.recv();
        let arrived = session.server.reports.recv();
        let (Ok(opened), Ok(arrived)) = (opened, arrived) else {
            return Err(session.fail("not everything arrived"));
        };
        let usage = session.process.usage()?;
        feeder.join().map_err(|_| "feeding panicked")??;
        session.end(client)?;
        Ok(Sample::of_rate(work.series, arrived - opened, usage))
    }

    fn receive(&self, work: &Work, client: Client) -> Result<Sample, Failure> {
        // wsee only listens when there is no input; others end with it, and get one that never comes.
        let stdin = match client {
            Client::Limit | Client::Wsee | Client::Http1 => Stdio::null(),
            _ => Stdio::piped(),
        };
        let mut session = self.session(work, client, stdin, Stdio::piped())?;
        let mut stdout = session.stdout()?;
        let Ok(opened) = session.server.reports.recv() else {
            return Err(session.fail("no connection"));
        };
        let check = Check::new(work.series, client.terminator(), self.thorough);
        read_all(&mut stdout, check)?;
        let elapsed = opened.elapsed();
        let usage = session.process.usage()?;
        session.end(client)?;
        Ok(Sample::of_rate(work.series, elapsed, usage))
    }

    fn echo(&self, work: &Work, client: Client) -> Result<Sample, Failure> {
        let mut session = self.session(work, client, Stdio::piped(), Stdio::piped())?;
        let mut stdout = session.stdout()?;
        let feeder = feed(work.series, "\n", session.stdin()?);
        let Ok(opened) = session.server.reports.recv() else {
            return Err(session.fail("no connection"));
        };
        let check = Check::new(work.series, client.terminator(), self.thorough);
        read_all(&mut stdout, check)?;
        let elapsed = opened.elapsed();
        let usage = session.process.usage()?;
        feeder.join().map_err(|_| "feeding panicked")??;
        session.end(client)?;
        Ok(Sample::of_rate(work.series, elapsed, usage))
    }

    fn round_trips(&self, work: &Work, client: Client) -> Result<Sample, Failure> {
        let mut session = self.session(work, client, Stdio::piped(), Stdio::piped())?;
        let (mut stdin, mut stdout) = (session.stdin()?, session.stdout()?);
        let mut line = work.series.template();
        line.push(b'\n');
        let mut answer = vec![0; line.len()];
        let mut times = Vec::new();
        for _ in 0..work.series.count {
            let asked = Instant::now();
            stdin.write_all(&line)?;
            stdout.read_exact(&mut answer)?;
            times.push(asked.elapsed());
            if answer != line {
                return Err("an answer is not what was sent".into());
            }
        }
        times.sort_unstable();
        let micros = |at: usize| times[at].as_secs_f64() * 1e6;
        let figures = vec![micros(times.len() / 2), micros(times.len() * 99 / 100)];
        let usage = session.process.usage()?;
        drop((stdin, stdout));
        session.end(client)?;
        Ok(Sample { figures, usage })
    }

    /// Starts as many processes as the series has records.
    fn start(&self, work: &Work, client: Client) -> Result<Sample, Failure> {
        let mut line = work.series.template();
        line.push(b'\n');
        let (mut times, mut usage) = (Vec::new(), Usage::default());
        for _ in 0..work.series.count {
            let (input, mut writer) = io::pipe()?;
            writer.write_all(&line)?;
            drop(writer);
            let (elapsed, used) = self.start_once(work, client, input, &line)?;
            times.push(elapsed.as_secs_f64() * 1e3);
            usage.cpu += used.cpu;
            usage.memory = usage.memory.max(used.memory);
        }
        times.sort_unstable_by(f64::total_cmp);
        Ok(Sample {
            figures: vec![times[times.len() / 2]],
            usage,
        })
    }

    fn start_once(
        &self,
        work: &Work,
        client: Client,
        input: PipeReader,
        line: &[u8],
    ) -> Result<(Duration, Usage), Failure> {
        let started = Instant::now();
        let mut session = self.session(work, client, input.into(), Stdio::piped())?;
        let mut answer = vec![0; line.len()];
        session.stdout()?.read_exact(&mut answer)?;
        let elapsed = started.elapsed();
        if answer != line {
            return Err("the answer is not what was sent".into());
        }
        let usage = session.process.usage()?;
        session.end(client)?;
        Ok((elapsed, usage))
    }

    fn session(
        &self,
        work: &Work,
        client: Client,
        stdin: Stdio,
        stdout: Stdio,
    ) -> Result<Session, Failure> {
        let server = Server::start(work, &self.identity, self.thorough)?;
        let mut command = client.command(work, server.port, &self.identity.certificate)?;
        command.stdin(stdin).stdout(stdout).stderr(Stdio::null());
        Ok(Session {
            process: Process::spawn(command)?,
            server,
        })
    }
}

/// A client and its server.
struct Session {
    process: Process,
    server: Server,
}

impl Session {
    fn stdin(&mut self) -> Result<ChildStdin, Failure> {
        Ok(self.process.child.stdin.take().ok_or("no stdin")?)
    }

    fn stdout(&mut self) -> Result<ChildStdout, Failure> {
        Ok(self.process.child.stdout.take().ok_or("no stdout")?)
    }

    /// Lets the server close; a client that is not ours may end as it likes.
    fn end(mut self, client: Client) -> Result<(), Failure> {
        let ours = matches!(client, Client::Limit | Client::Wsee | Client::Http1);
        if !ours {
            drop(self.process);
            // Nor is it its fault when the server finds it gone.
            let _ = self.server.release();
            return Ok(());
        }
        self.server.release()?;
        match self.process.end()? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(format!("it ended with {status}").into()),
            None => Err("it did not end".into()),
        }
    }

    /// The server's reason to give up, or `otherwise`.
    fn fail(self, otherwise: &str) -> Failure {
        drop(self.process);
        let reason = self.server.release().err();
        reason.unwrap_or_else(|| otherwise.into())
    }
}

/// Writes a series to `stdin` from a thread of its own.
fn feed(series: Series, suffix: &str, mut stdin: ChildStdin) -> JoinHandle<io::Result<()>> {
    let mut blocks = Blocks::new(series, &[], suffix.as_bytes());
    std::thread::spawn(move || {
        while let Some(block) = blocks.next() {
            stdin.write_all(block)?;
        }
        Ok(())
    })
}

fn read_all(stdout: &mut ChildStdout, mut check: Check) -> Result<(), Failure> {
    let mut buffer = vec![0; 256 << 10];
    while !check.is_complete() {
        match stdout.read(&mut buffer)? {
            0 => return Err("the output ended before the last record".into()),
            n => check.push(&buffer[..n])?,
        }
    }
    Ok(())
}
