//! What a run may use at most: connections, bytes and time.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::time::{Duration, Instant};

use super::verdict::Untested;
use crate::render::quantity;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub connections: u32,
    /// What to do where they are not enough.
    pub(super) more_connections: &'static str,
    /// Sent and received.
    pub bytes: u64,
    pub time: Duration,
}

/// What is used of a [`Budget`].
#[derive(Debug)]
pub(super) struct Meter {
    budget: Budget,
    connections: Cell<u32>,
    bytes: Cell<u64>,
    deadline: Instant,
    /// The first limit that something ran into.
    exceeded: RefCell<Option<String>>,
}

impl Meter {
    pub(super) fn start(budget: Budget) -> Self {
        Self {
            budget,
            connections: Cell::new(0),
            bytes: Cell::new(0),
            deadline: Instant::now() + budget.time,
            exceeded: RefCell::new(None),
        }
    }

    pub(super) fn used(&self) -> (u32, u64) {
        (self.connections.get(), self.bytes.get())
    }

    pub(super) fn connections_left(&self) -> u32 {
        self.budget
            .connections
            .saturating_sub(self.connections.get())
    }

    pub(super) fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Counts a connection, for which time and bytes must be left as well: one that is made and not used is a burden.
    pub(super) fn connect(&self) -> Result<(), Untested> {
        if self.time_left().is_zero() {
            return Err(self.late());
        }
        self.room(1)?;
        let used = self.connections.get();
        if used >= self.budget.connections {
            let limit = quantity::plural(self.budget.connections.into(), "connection");
            let text = format!(
                "the run has used its {limit}; {}",
                self.budget.more_connections
            );
            return Err(self.exceed(text));
        }
        self.connections.set(used + 1);
        Ok(())
    }

    /// Counts bytes in either direction.
    pub(super) fn pass(&self, bytes: usize) -> Result<(), Untested> {
        self.bytes.set(self.bytes.get() + bytes as u64);
        self.room(0)
    }

    /// How many bytes may pass, of which there is at least one.
    pub(super) fn bytes_left(&self) -> Result<usize, Untested> {
        self.room(1)?;
        let left = self.budget.bytes - self.bytes.get();
        Ok(usize::try_from(left).unwrap_or(usize::MAX))
    }

    /// Whether `bytes` more may pass.
    pub(super) fn room(&self, bytes: usize) -> Result<(), Untested> {
        if self.bytes.get() + bytes as u64 > self.budget.bytes {
            let limit = quantity::size(self.budget.bytes);
            let text = format!("the run has used its {limit}; --max-bytes gives it more");
            return Err(self.exceed(text));
        }
        Ok(())
    }

    /// Waits for `future` for at most `limit`; `None` when that is over.
    pub(super) async fn wait<T>(
        &self,
        limit: Duration,
        future: impl Future<Output = T>,
    ) -> Result<Option<T>, Untested> {
        let limit = Instant::now() + limit;
        let end = limit.min(self.deadline);
        match tokio::time::timeout_at(end.into(), future).await {
            Ok(value) => Ok(Some(value)),
            Err(_) if end == limit => Ok(None),
            Err(_) => Err(self.late()),
        }
    }

    /// The end of the run.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    pub(super) fn late(&self) -> Untested {
        let limit = quantity::duration(self.budget.time);
        self.exceed(format!(
            "the run has used its {limit}; --max-time gives it more"
        ))
    }

    fn exceed(&self, text: String) -> Untested {
        self.exceeded.borrow_mut().get_or_insert(text.clone());
        Untested(text)
    }

    /// Why checks were not made that the run has no means for.
    pub(super) fn exceeded(&self) -> Option<String> {
        self.exceeded.borrow().clone()
    }
}
