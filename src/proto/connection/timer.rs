//! Timers: pings, and ends of a connection that time brings.

use std::time::{Duration, Instant};

use super::{Connection, End, Silence, State};
use crate::proto::Role;

/// How long a server's connection is quiet before its buffers and its compressor's 320 KiB are given back: questions and
/// answers keep what they have in common, and thousands of clients that only listen cost little.
const REST: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timer {
    Close,
    Ping,
    Pong,
    Idle,
    Rest,
}

impl Timer {
    const ALL: [Self; 5] = [Self::Close, Self::Ping, Self::Pong, Self::Idle, Self::Rest];
}

impl Connection {
    /// The latest time for the next call of [`handle_timeout`](Self::handle_timeout).
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.is_over() {
            return None;
        }
        Timer::ALL
            .into_iter()
            .filter_map(|timer| self.deadline(timer))
            .min()
    }

    /// Handles the timers that have expired at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        for timer in Timer::ALL {
            if self.deadline(timer).is_some_and(|deadline| deadline <= now) {
                self.expire(timer, now);
            }
        }
    }

    fn deadline(&self, timer: Timer) -> Option<Instant> {
        let open = self.state() == State::Open;
        match timer {
            Timer::Close => self.sender.closed_with().map(|close| close.deadline),
            Timer::Ping => self
                .config
                .ping_interval
                .filter(|_| open)
                .map(|interval| self.last_ping + interval),
            // Any byte from the peer shows that it is alive and restarts the wait.
            Timer::Pong => {
                let timeout = self.config.ping_timeout.filter(|_| open)?;
                let asked = self.sender.oldest_ping()?;
                Some(asked.max(self.last_received) + timeout)
            }
            Timer::Idle => self
                .config
                .idle_timeout
                .filter(|_| open && self.silence == Silence::Unnoticed)
                .map(|timeout| self.last_received + timeout),
            Timer::Rest => {
                let is_warm = self.sender.is_warm() || self.receiver.is_warm();
                let can_rest =
                    self.config.role == Role::Server && !self.receiver.is_within_message();
                let quiet = self.last_received.max(self.last_written);
                (open && is_warm && can_rest).then(|| quiet + REST)
            }
        }
    }

    fn expire(&mut self, timer: Timer, now: Instant) {
        match timer {
            Timer::Close => self.end_wait(),
            Timer::Ping => {
                self.last_ping = now;
                self.pings += 1;
                let payload = self.pings.to_string();
                // The timer runs only while the connection is open.
                let _ = self.sender.ping(payload.as_bytes(), now);
            }
            Timer::Pong => {
                let waited = self.config.ping_timeout.unwrap_or_default();
                self.end_as(End::NoPong(waited));
            }
            Timer::Idle => self.silence = Silence::Noticed,
            Timer::Rest => {
                self.sender.rest();
                self.receiver.rest();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::proto::Role;
    use crate::proto::connection::Config;
    use crate::proto::connection::tests::{config, engine};

    #[test]
    fn pings_go_out_on_time_and_measure_the_round_trip() {
        let mut client = engine(Config {
            ping_interval: Some(Duration::from_secs(30)),
            ping_timeout: Some(Duration::from_secs(20)),
            ..config(Role::Client)
        });
        assert_eq!(client.pass(29_999), [""; 0]);
        assert_eq!(client.pass(1), ["sent ping 1"]);
        client.now += Duration::from_millis(12);
        assert_eq!(client.feed_hex("8a 01 31"), ["pong 1 Some(12ms)"]);
        assert_eq!(client.pass(29_987), [""; 0]);
        assert_eq!(client.pass(1), ["sent ping 2"]);
        assert_eq!(client.pass(20_000), ["ended NoPong(20s)"]);
    }

    #[test]
    fn any_frame_from_the_peer_delays_the_pong_timeout() {
        let mut client = engine(Config {
            ping_timeout: Some(Duration::from_secs(20)),
            ..config(Role::Client)
        });
        let now = client.now;
        client.connection.sender().ping(b"x", now).unwrap();
        client.pass(19_000);
        client.feed_hex("82");
        assert_eq!(client.pass(19_999), [""; 0]);
        assert_eq!(client.pass(1), ["ended NoPong(20s)"]);
    }

    #[test]
    fn silence_is_reported_once() {
        let mut client = engine(Config {
            idle_timeout: Some(Duration::from_secs(5)),
            ..config(Role::Client)
        });
        client.pass(4000);
        client.feed_hex("81 00");
        assert_eq!(client.pass(4999), [""; 0]);
        assert_eq!(client.pass(1), ["idle 5s"]);
        assert_eq!(client.pass(60_000), [""; 0]);
    }
}
