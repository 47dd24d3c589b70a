//! A client that is served, as a mode sees it.

use std::rc::Rc;
use std::time::Instant;

use super::notice::What;
use super::served::Due;
use super::{Half, Hall, Hello, Notice, Served, Server, Topic, Why};
use crate::ontop::{Action, Seen};
use crate::proto::frame::CloseFrame;
use crate::proto::message::Kind;
use crate::secret::Redactor;

#[derive(Debug)]
pub struct Session {
    half: &'static Half,
    server: Box<dyn Server>,
    served: Served,
    /// Of the subscriptions that were listed last.
    listed: u64,
}

impl Session {
    pub fn new(half: &'static Half, shared: Hall, now: Instant) -> Self {
        Self {
            half,
            server: (half.serve)(),
            served: Served::new(half, shared, now),
            listed: 0,
        }
    }

    pub fn opened(&mut self, hello: &Hello<'_>, now: Instant) {
        self.server.open(hello, self.served.at(now));
    }

    /// Understands a message, and returns what it is; [`take`](Self::take) has the answers.
    pub fn received(&mut self, kind: Kind, payload: &[u8], now: Instant) -> Vec<Rc<Seen>> {
        self.served.heard(now);
        let was_closing = self.served.is_closing;
        self.server.hear(kind, payload, &mut self.served);
        if was_closing {
            // It was refused, and says nothing to others any more.
            self.served.passed.clear();
        }
        let seen = self
            .served
            .actions
            .list
            .iter()
            .filter_map(|action| match action {
                Action::See(seen) => Some(Rc::clone(seen)),
                _ => None,
            });
        seen.collect()
    }

    /// What is not shown of what the client sends.
    pub fn secrets(&self) -> &Redactor {
        &self.served.secrets
    }

    /// Sends what the client says itself, if it is subscribed to it.
    pub fn deliver_own(&mut self, notice: &Notice, now: Instant) {
        if notice.to_sender {
            self.served.is_own = true;
            self.deliver(notice, now);
            self.served.is_own = false;
        }
    }

    /// Sends what somebody says, if it is for this client.
    pub fn deliver(&mut self, notice: &Notice, now: Instant) {
        let served = self.served.at(now);
        if !served.is_open() {
            return;
        }
        let about = notice.topic.as_deref();
        let is_meant = |topic: &&Topic| {
            let covers = |name| match notice.what {
                What::Said(..) => (self.half.covers)(&topic.name, name),
                What::End => topic.name == name,
            };
            about.is_some_and(covers)
        };
        let topics: Vec<Topic> = served.topics.iter().filter(is_meant).cloned().collect();
        if about.is_some() && topics.is_empty() {
            return;
        }
        match notice.what {
            What::Said(..) => self.server.hand(notice, &topics, served),
            What::End => {
                for topic in &topics {
                    served.unsubscribe(&topic.id);
                    self.server.end(topic, served);
                }
            }
        }
    }

    /// The server ends: says so, if the protocol can.
    pub fn leave(&mut self, now: Instant) {
        self.server.part(Why::Leaving, self.served.at(now));
    }

    /// The client is gone: what is left to say to others is in [`take`](Self::take).
    pub fn lost(&mut self, now: Instant) {
        self.server.lost(self.served.at(now));
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.served.deadline()
    }

    /// Does what is due; returns whether anything was.
    pub fn tick(&mut self, now: Instant) -> bool {
        let served = self.served.at(now);
        match served.due() {
            None => return false,
            Some(Due::Ping) => self.server.ping(served),
            Some(Due::End(why)) => {
                self.server.part(why, served);
                // Whatever else is said, the session is over.
                served.close(1000, "");
            }
        }
        true
    }

    /// Notes that nothing could be received until now.
    pub fn pause(&mut self, now: Instant) {
        self.served.pause(now);
    }

    /// What is to be done, and said to others.
    pub fn take(&mut self) -> (Vec<Action>, Vec<Notice>) {
        self.served.waiting = 0;
        let actions = std::mem::take(&mut self.served.actions.list);
        (actions, std::mem::take(&mut self.served.passed))
    }

    /// How the connection ends from this side, once.
    pub fn take_close(&mut self) -> Option<CloseFrame> {
        self.served.close.take()
    }

    /// Whether more is for the client at once than is sent.
    pub fn is_flooded(&self) -> bool {
        self.served.is_flooded
    }

    /// The names of what the client is subscribed to, if they have changed.
    pub fn new_topics(&mut self) -> Option<Vec<Rc<str>>> {
        if self.listed == self.served.version {
            return None;
        }
        self.listed = self.served.version;
        let names = self.served.topics.iter();
        Some(names.map(|it| it.name.as_str().into()).collect())
    }
}
