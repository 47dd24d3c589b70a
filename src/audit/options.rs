//! What a run is asked for.

use std::time::Duration;

use super::known::Known;
use super::meter::Budget;
use super::severity::Severity;
use crate::render::Secrets;
use crate::session;

/// How far a check goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Only well-formed traffic.
    Polite,
    /// Malformed handshakes and frames.
    Probe,
    /// Long requests and messages, unfinished ones, and many connections.
    Stress,
    /// A compressed message that inflates to megabytes.
    Bomb,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Self::Polite => "polite",
            Self::Probe => "probe",
            Self::Stress => "stress",
            Self::Bomb => "bomb",
        }
    }

    /// The flags that it needs.
    pub fn flags(self) -> &'static str {
        match self {
            Self::Polite => "",
            Self::Probe => "--probe",
            Self::Stress => "--stress",
            Self::Bomb => "--stress --bomb",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Options {
    pub open: session::Options,
    pub secrets: Secrets,
    pub probe: bool,
    pub stress: bool,
    pub bomb: bool,
    /// Names of groups or checks; empty for all.
    pub only: Vec<String>,
    pub skip: Vec<String>,
    /// For each answer.
    pub timeout: Duration,
    /// How long a silent connection is watched.
    pub idle_budget: Duration,
    /// When an unfinished request or frame must be cut; `None` without --cut-within.
    pub cut_within: Option<Duration>,
    /// How many connections are opened at once.
    pub idle_connections: u32,
    /// Limits of the run; `None` for those of its levels.
    pub max_time: Option<Duration>,
    pub max_connections: Option<u32>,
    pub max_bytes: Option<u64>,
    /// Findings that are accepted, if any were given.
    pub known: Option<Known>,
    /// The least severity of a finding that fails the run.
    pub fail_on: Option<Severity>,
}

impl Options {
    pub fn runs(&self, level: Level) -> bool {
        match level {
            Level::Polite => true,
            Level::Probe => self.probe,
            Level::Stress => self.stress,
            Level::Bomb => self.stress && self.bomb,
        }
    }

    /// How long an unfinished request or frame is watched without --cut-within: by default 11 s, as many servers cut
    /// after 10.
    pub fn watch(&self) -> Duration {
        11 * self.idle_budget / 2
    }

    /// The most that checks of these levels may use, if they need this many connections.
    pub fn budget(&self, connections: u32, has: &dyn Fn(Level) -> bool) -> Budget {
        let mut mebibytes = 0;
        let mut time = 4 * self.idle_budget;
        let watch = self.cut_within.unwrap_or(self.watch());
        // A server that answers at once needs less than a third of the time.
        for (level, more, span) in [
            // Half a MiB for each of the connections: some servers send all they have to every client.
            (Level::Polite, 16, Duration::from_secs(30)),
            (Level::Probe, 16, Duration::from_secs(30)),
            // 8 MiB of requests, and two messages of 16 MiB.
            (Level::Stress, 48, Duration::from_secs(45) + 2 * watch),
            // The message that inflates comes back from servers that echo.
            (Level::Bomb, 20, Duration::from_secs(10)),
        ] {
            if level == Level::Polite || has(level) {
                mebibytes += more;
                time += span;
            }
        }
        let (connections, more_connections) = match self.max_connections {
            Some(most) if most < connections => (most, "raise --max-connections"),
            _ => (connections, "--only runs the rest"),
        };
        Budget {
            connections,
            more_connections,
            bytes: self.max_bytes.unwrap_or(mebibytes << 20),
            time: self.max_time.unwrap_or(time),
        }
    }
}
