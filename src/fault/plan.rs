//! All faults of a run, and which of them strike a connection.

use std::time::Instant;

use super::connection::Faults;
use super::dice::Dice;
use super::flap::Flap;
use super::kind::Kind;
use super::spec::Fault;
use crate::event::Side;

/// The faults of a run.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub faults: Vec<Fault>,
    /// What chances and jitter follow from.
    pub seed: u64,
    pub flap: Option<Flap>,
    pub growth: Growth,
    /// Clients may use HTTP/2.
    pub http2: bool,
    /// The number of the newest connection.
    pub newest: u64,
}

/// Whether connections get more faults while they are open, from rules or a script.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Growth {
    #[default]
    Never,
    /// None of them depends on the seed.
    Certain,
    Random,
}

impl Growth {
    pub fn of<'k>(faults: impl IntoIterator<Item = &'k Kind>) -> Self {
        let growth = faults.into_iter().map(|fault| {
            if fault.is_random() {
                Self::Random
            } else {
                Self::Certain
            }
        });
        growth.max().unwrap_or_default()
    }
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty() && self.flap.is_none()
    }

    /// The faults of what the client gets, and those of what the server gets, if wsee is between them.
    ///
    /// A fault without a side does what it does to the clients of a server.
    pub fn split(self) -> (Self, Self) {
        let strikes_server = |fault: &Fault| match fault.kind {
            // The one whose bytes are not read is the one that sends them.
            Kind::NoRead => fault.side == Some(Side::Server),
            _ => fault.side == Some(Side::Client),
        };
        let (server, client): (Vec<_>, Vec<_>) = self.faults.into_iter().partition(strikes_server);
        let server = Self {
            faults: server,
            // Other numbers than those of the other direction.
            seed: self.seed.wrapping_add(1 << 32),
            flap: None,
            growth: Growth::Never,
            http2: false,
            newest: 0,
        };
        let faults = client;
        (Self { faults, ..self }, server)
    }

    /// Whether another seed gives another run.
    pub fn is_random(&self) -> bool {
        self.growth == Growth::Random || self.faults.iter().any(|fault| fault.kind.is_random())
    }

    /// The faults that can strike another connection as they are written, one after the other.
    pub fn describe(&self) -> String {
        let flap = self.flap.map(|flap| format!("flap {flap}"));
        let may_strike = |fault: &&Fault| fault.connection.is_none_or(|only| only > self.newest);
        let faults = self.faults.iter().filter(may_strike);
        let faults = faults.map(ToString::to_string);
        faults.chain(flap).collect::<Vec<_>>().join(", ")
    }

    /// How to repeat the run, where it depends on chance.
    pub fn repeat(&self) -> String {
        if self.is_random() {
            format!("; to repeat the run: --seed {}", self.seed)
        } else {
            String::new()
        }
    }

    /// The faults of connection `number`, counted from 1, of a server that was started at `started`.
    ///
    /// `None` when none can strike it, so that it needs no [`Faulty`](super::Faulty) stream.
    pub fn connection(&self, number: u64, started: Instant, now: Instant) -> Option<Faults> {
        let strikes = |fault: &&Fault| match (&fault.kind, fault.connection) {
            (_, Some(only)) => only == number,
            (Kind::Refuse { first, .. }, None) => number <= *first,
            (_, None) => true,
        };
        let faults: Vec<&Fault> = self.faults.iter().filter(strikes).collect();
        if faults.is_empty() && self.flap.is_none() && self.growth == Growth::Never {
            return None;
        }
        let dice = Dice::new(self.seed).of(number);
        let down = self.flap.map(|flap| {
            let (_, change) = flap.phase(now.saturating_duration_since(started));
            (started + change, flap)
        });
        let faults = Faults::new(number, &faults, down, dice, now);
        if self.growth != Growth::Never {
            faults.may_grow();
        }
        Some(faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(faults: &[&str]) -> Plan {
        Plan {
            faults: faults.iter().map(|it| it.parse().unwrap()).collect(),
            ..Plan::default()
        }
    }

    #[test]
    fn a_connection_without_faults_has_none() {
        let now = Instant::now();
        let plan = plan(&["refuse 2", "fin after 1 message on connection 4"]);
        let struck = |number| plan.connection(number, now, now).is_some();
        assert_eq!(
            [1, 2, 3, 4, 5].map(struck),
            [true, true, false, true, false]
        );
    }

    #[test]
    fn faults_of_connections_that_have_been_are_not_described() {
        let plan = Plan {
            newest: 2,
            ..plan(&["cut in message 4 on connection 2", "cut in message 2"])
        };
        assert_eq!(plan.describe(), "cut in message 2");
    }

    #[test]
    fn only_chances_and_jitter_are_random() {
        assert!(!plan(&["latency 5ms", "cut in message 3"]).is_random());
        assert!(plan(&["latency 5ms±1ms"]).is_random());
        assert!(plan(&["drop 1%"]).is_random());
    }
}
