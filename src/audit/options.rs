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
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Self::Polite => "polite",
            Self::Probe => "probe",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Options {
    pub open: session::Options,
    pub secrets: Secrets,
    pub probe: bool,
    /// Prefixes or IDs of checks; empty for all.
    pub only: Vec<String>,
    pub skip: Vec<String>,
    /// For each answer.
    pub timeout: Duration,
    /// How long a silent connection is watched.
    pub idle_budget: Duration,
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
        }
    }

    /// The most that checks which need so many connections may use.
    pub fn budget(&self, connections: u32) -> Budget {
        // Half a MiB for each of the connections: some servers send all they have to everybody who connects.
        let bytes = if self.probe { 32 << 20 } else { 16 << 20 };
        // A server that answers at once needs less than a third of it.
        let seconds = if self.probe { 60 } else { 30 };
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
