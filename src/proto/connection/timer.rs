//! Timers: pings, and ends of a connection that time brings.

use std::time::Instant;

use super::{Connection, End, Silence, State};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timer {
    Close,
    Ping,
    Pong,
    Idle,
}

impl Timer {
    const ALL: [Self; 4] = [Self::Close, Self::Ping, Self::Pong, Self::Idle];
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
        }
    }
}
