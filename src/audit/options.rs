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
    /// Limits.
    Stress,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Self::Polite => "polite",
            Self::Probe => "probe",
            Self::Stress => "stress",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Options {
    pub open: session::Options,
    pub secrets: Secrets,
    pub probe: bool,
    pub stress: bool,
    /// Prefixes or IDs of checks; empty for all.
    pub only: Vec<String>,
    pub skip: Vec<String>,
    /// For each answer.
    pub timeout: Duration,
    /// How long a silent connection is watched.
    pub idle_budget: Duration,
    /// The size that a message of the stress level inflates to.
    pub inflate: Option<u64>,
    /// Connections that are held idle.
    pub idle_connections: u32,
    /// Limits of the run; `None` for those of its levels.
    pub max_time: Option<Duration>,
    pub max_connections: Option<u32>,
    pub max_bytes: Option<u64>,
    /// Findings that are accepted.
    pub known: Known,
    /// The least severity of a finding that fails the run.
    pub fail_on: Option<Severity>,
}

impl Options {
    pub fn runs(&self, level: Level) -> bool {
        match level {
            Level::Polite => true,
            Level::Probe => self.probe,
            Level::Stress => self.stress,
        }
    }

    /// The most that checks which need so many connections may use.
    pub fn budget(&self, connections: u32) -> Budget {
        // What the checks of a level send and get back, and as much again for servers that talk by themselves.
        let bytes: u64 = match (self.probe, self.stress) {
            (false, false) => 2 << 20,
            (true, false) => 4 << 20,
            (_, true) => (64 << 20) + 2 * self.inflate.unwrap_or(0),
        };
        // A server that answers at once needs less than a third of it.
        let seconds = match (self.probe, self.stress) {
            (false, false) => 30,
            (true, false) => 60,
            (_, true) => 120,
        };
        let time = Duration::from_secs(seconds) + 4 * self.idle_budget;
        let connections = self
            .max_connections
            .map_or(connections, |most| most.min(connections));
        Budget {
            connections,
            bytes: self.max_bytes.unwrap_or(bytes),
            time: self.max_time.unwrap_or(time),
        }
    }
}
