//! Rules that are ready to be played: patterns without variables are compiled once for all clients.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Instant;

use super::door;
use super::hub::{Content, Post};
use super::variable::Variables;
use crate::acceptor::Log;
use crate::command::Outgoing;
use crate::event::Cause;
use crate::fault::Growth;
use crate::filter::{Effort, FilterError};
use crate::matching::{Given, Matcher, MatcherError};
use crate::outbox::{Outbox, SendError, SendObserver};
use crate::proto::connection::Message;
use crate::proto::message::Kind;
use crate::scenario::rule::Trigger;
use crate::scenario::rules::RuleStep;
use crate::scenario::{Pattern, Rules};
use crate::session::mode::CloseMode;
use crate::session::{Stop, Turn};

/// The rules in use; `/rules reload` replaces them. Clones are the same.
#[derive(Debug, Clone)]
pub struct Book(Rc<RefCell<Page>>);

#[derive(Debug)]
struct Page {
    program: Rc<Program>,
    wakers: HashMap<u64, Waker>,
}

#[derive(Debug)]
pub(super) struct Program {
    pub(super) rules: Rules,
    /// In the order of the messages; `None` where variables have to be filled in.
    matchers: Vec<Option<Matcher>>,
}

/// Names a list of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Open,
    Close,
    Every(usize),
    Message(usize),
}

impl Book {
    pub fn new(rules: Rules) -> Self {
        Self(Rc::new(RefCell::new(Page {
            program: Rc::new(Program::new(rules)),
            wakers: HashMap::new(),
        })))
    }

    /// From now on every client is served by these rules; what waits of the old ones is dropped.
    pub fn replace(&self, rules: Rules) {
        let wakers = {
            let mut page = self.0.borrow_mut();
            page.program = Rc::new(Program::new(rules));
            std::mem::take(&mut page.wakers)
        };
        wakers.into_values().for_each(Waker::wake);
    }

    /// The faults that rules add to their connection.
    pub fn growth(&self) -> Growth {
        self.program().rules.growth()
    }

    /// How many rules there are.
    pub fn count(&self) -> usize {
        self.program().rules.count()
    }

    /// A path at which the rules let a client in that sends nothing special; `None` if no line has one.
    pub fn example(&self, given: &Rc<Given>) -> Option<String> {
        let program = self.program();
        let values = Variables::new(Rc::clone(given));
        let paths = door::paths(&program.rules.doors, &values);
        let mut paths = std::iter::once("/".to_owned()).chain(paths);
        paths.find(|path| door::lets_in(&program.rules.doors, path, &values))
    }

    pub(super) fn program(&self) -> Rc<Program> {
        Rc::clone(&self.0.borrow().program)
    }

    /// Wakes the client when other rules replace these.
    pub(super) fn watch(&self, client: u64, cx: &mut Context<'_>) {
        let wakers = &mut self.0.borrow_mut().wakers;
        let known = wakers
            .get(&client)
            .is_some_and(|it| it.will_wake(cx.waker()));
        if !known {
            wakers.insert(client, cx.waker().clone());
        }
    }

    pub(super) fn forget(&self, client: u64) {
        self.0.borrow_mut().wakers.remove(&client);
    }
}

impl Program {
    fn new(rules: Rules) -> Self {
        let none = Variables::default();
        let compile = |(trigger, _): &(Trigger, Vec<RuleStep>)| {
            is_literal(&trigger.pattern)
                .then(|| matcher(&trigger.pattern, &none).ok())
                .flatten()
        };
        Self {
            matchers: rules.messages.iter().map(compile).collect(),
            rules,
        }
    }

    pub(super) fn steps(&self, which: Which) -> &[RuleStep] {
        let steps = match which {
            Which::Open => Some(&self.rules.open),
            Which::Close => Some(&self.rules.close),
            Which::Every(index) => self.rules.every.get(index).map(|(_, steps)| steps),
            Which::Message(index) => self.rules.messages.get(index).map(|(_, steps)| steps),
        };
        steps.map_or(&[], Vec::as_slice)
    }

    /// Whether a message is what a rule reacts to; a pattern whose variable has no value matches nothing.
    pub(super) fn matches(
        &self,
        index: usize,
        kind: Kind,
        payload: &[u8],
        values: &Variables,
    ) -> Result<bool, FilterError> {
        if let Some(matcher) = &self.matchers[index] {
            return matcher.matches(kind, payload);
        }
        let matcher = matcher(&self.rules.messages[index].0.pattern, values);
        matcher.map_or(Ok(false), |it| it.matches(kind, payload))
    }
}

/// Clients wait for each other's filters.
fn matcher(pattern: &Pattern, values: &Variables) -> Result<Matcher, MatcherError> {
    Ok(Matcher::new(pattern, values)?.with(Effort::Shared))
}

fn is_literal(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Text(it)
        | Pattern::Json(it)
        | Pattern::Re(it)
        | Pattern::Jq(it)
        | Pattern::OnTop(it)
        | Pattern::Event(it) => it.as_literal().is_some(),
        Pattern::Hex(_) | Pattern::Any => true,
    }
}

/// Shows what is sent, and keeps an end for the driver.
pub(super) struct Answer<'a> {
    log: &'a mut Log,
    stop: &'a mut Option<Stop>,
}

impl<'a> Answer<'a> {
    pub(super) fn new(log: &'a mut Log, stop: &'a mut Option<Stop>) -> Self {
        Self { log, stop }
    }

    /// Sends what another client, a rule or the user left for this one.
    pub(super) fn deliver(
        &mut self,
        post: &Post,
        outbox: &mut Outbox,
        turn: &mut Turn<'_>,
    ) -> Result<(), SendError> {
        if !post.is_typed {
            return self.send(&post.content, outbox, turn);
        }
        self.log.set_answering(true);
        let sent = self.send(&post.content, outbox, turn);
        self.log.set_answering(false);
        if let Content::Other(outgoing) = &post.content {
            match **outgoing {
                Outgoing::Ping(_) => self.log.await_control(true),
                Outgoing::Pong(_) => self.log.await_control(false),
                _ => {}
            }
        }
        sent
    }

    fn send(
        &mut self,
        content: &Content,
        outbox: &mut Outbox,
        turn: &mut Turn<'_>,
    ) -> Result<(), SendError> {
        match content {
            Content::Message(encoded) => {
                let deflated = turn.sender.encoded(encoded)?;
                let message = Message::whole(encoded.kind(), encoded.payload(), deflated);
                self.log.sent(&message, turn.now);
                Ok(())
            }
            Content::Other(outgoing) => outbox.send(outgoing, turn, self),
            // Only who speaks a protocol on top makes one of it.
            Content::Notice(_) => Ok(()),
        }
    }
}

impl SendObserver for Answer<'_> {
    fn sent(&mut self, message: &Message<'_>, now: Instant) {
        self.log.sent(message, now);
    }

    fn misbehaved(&mut self, command: &'static str, _: Instant) {
        self.log.misbehaved(command);
    }

    fn end(&mut self, how: CloseMode) {
        let cause = Cause::Close;
        *self.stop = Some(Stop { cause, how });
    }
}
