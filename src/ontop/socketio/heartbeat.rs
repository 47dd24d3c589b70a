//! The pings of Engine.IO, which keep a session alive.

use std::time::{Duration, Instant};

use super::engine::{Handshake, Version};

#[derive(Debug)]
pub(super) struct Heartbeat {
    version: Version,
    interval: Duration,
    timeout: Duration,
    /// When the session opened, or the last ping was received (version 4) or sent (version 3).
    last: Instant,
    /// The ping that was sent has no answer yet (version 3).
    is_awaited: bool,
    pub pings: u64,
    pub round_trip: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beat {
    Nothing,
    /// The client has to send a ping.
    Ping,
    /// The server has been silent for this long.
    Missing(Duration),
}

impl Heartbeat {
    pub(super) fn new(version: Version, handshake: &Handshake, now: Instant) -> Self {
        Self {
            version,
            interval: handshake.ping_interval,
            timeout: handshake.ping_timeout,
            last: now,
            is_awaited: false,
            pings: 0,
            round_trip: None,
        }
    }

    /// Notes a ping of the server; returns by how much it is late, if that is remarkable.
    pub(super) fn ping(&mut self, now: Instant) -> Option<Duration> {
        let since = now.saturating_duration_since(self.last);
        self.last = now;
        self.pings += 1;
        let late = since.saturating_sub(self.interval);
        // A quarter of what the client tolerates: less is the scheduling of a busy server.
        (late > self.timeout / 4 && late > Duration::ZERO).then_some(late)
    }

    /// Notes the answer to our ping.
    pub(super) fn pong(&mut self, now: Instant) {
        if std::mem::take(&mut self.is_awaited) {
            self.round_trip = Some(now.saturating_duration_since(self.last));
        }
    }

    /// Whether the server has taken part in it.
    pub(super) fn has_beaten(&self) -> bool {
        match self.version {
            Version::V4 => self.pings > 0,
            Version::V3 => self.round_trip.is_some(),
        }
    }

    /// Notes that nothing could be received until now.
    pub(super) fn pause(&mut self, now: Instant) {
        if self.version == Version::V4 || self.is_awaited {
            self.last = self.last.max(now);
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        self.last
            + match self.version {
                Version::V4 => self.interval + self.timeout,
                Version::V3 if self.is_awaited => self.timeout,
                Version::V3 => self.interval,
            }
    }

    pub(super) fn tick(&mut self, now: Instant) -> Beat {
        if now < self.deadline() {
            return Beat::Nothing;
        }
        if self.version == Version::V4 || self.is_awaited {
            return Beat::Missing(now.saturating_duration_since(self.last));
        }
        self.last = now;
        self.is_awaited = true;
        self.pings += 1;
        Beat::Ping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heartbeat(version: Version, now: Instant) -> Heartbeat {
        let handshake = Handshake {
            sid: String::new(),
            upgrades: Vec::new(),
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            max_payload: None,
        };
        Heartbeat::new(version, &handshake, now)
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn version_4_waits_for_pings_and_tells_late_ones() {
        let start = Instant::now();
        let mut beat = heartbeat(Version::V4, start);
        assert_eq!(beat.ping(start + seconds(26)), None);
        assert_eq!(beat.ping(start + seconds(60)), Some(seconds(9)));
        assert_eq!(beat.tick(start + seconds(104)), Beat::Nothing);
        let missing = Beat::Missing(seconds(45));
        assert_eq!(beat.tick(start + seconds(105)), missing);
        assert_eq!(beat.pings, 2);
    }

    #[test]
    fn version_3_pings_by_itself_and_waits_for_the_answer() {
        let start = Instant::now();
        let mut beat = heartbeat(Version::V3, start);
        assert_eq!(beat.tick(start + seconds(24)), Beat::Nothing);
        assert_eq!(beat.tick(start + seconds(25)), Beat::Ping);
        beat.pong(start + seconds(26));
        assert_eq!(beat.round_trip, Some(seconds(1)));
        assert_eq!(beat.tick(start + seconds(50)), Beat::Ping);
        let missing = Beat::Missing(seconds(20));
        assert_eq!(beat.tick(start + seconds(70)), missing);
    }

    #[test]
    fn time_in_which_nothing_was_read_is_no_silence() {
        let start = Instant::now();
        let mut beat = heartbeat(Version::V4, start);
        beat.pause(start + seconds(100));
        assert_eq!(beat.tick(start + seconds(101)), Beat::Nothing);
    }
}
