//! Who gets what is typed, and the row above the prompt that says so.

use std::collections::BTreeSet;
use std::task::Context;
use std::time::Instant;

use super::ServerPrompt;
use crate::command::{SERVER, Whom};
use crate::console::host::Row;
use crate::observe::View;
use crate::render::escape::escape_line;
use crate::render::width::cut;
use crate::render::{Label, Role, Style};
use crate::serve::hub::About;
use crate::term::terminal;

#[derive(Debug, Default)]
pub(super) struct Choice {
    /// `None` while nobody is chosen.
    pub(super) whom: Option<Whom>,
    clients: Vec<About>,
    /// The state of the hub that `clients` are from.
    version: Option<u64>,
    /// The row has changed.
    is_new: bool,
    /// Lines go to those that are subscribed to something.
    is_on_top: bool,
}

impl Choice {
    pub(super) fn new(is_on_top: bool) -> Self {
        Self {
            is_on_top,
            ..Self::default()
        }
    }

    pub(super) fn set(&mut self, whom: Whom) {
        self.whom = Some(whom);
        self.is_new = true;
    }

    /// Whether there is a row that says who is connected.
    pub(super) fn is_shown(&self) -> bool {
        self.version.is_some()
    }

    fn update(&mut self, clients: Vec<About>) {
        self.is_new = true;
        self.clients = clients;
        if let Some(Whom::Client(number)) = self.whom
            && !self.clients.iter().any(|it| it.number == number)
        {
            self.whom = None;
        }
        // Nobody has to choose where there is no choice.
        if let (None, [only]) = (&self.whom, &self.clients[..]) {
            self.whom = Some(Whom::Client(only.number));
        }
    }
}

impl Row for Choice {
    fn update(&mut self, _: &mut View, _: Instant) -> bool {
        std::mem::take(&mut self.is_new)
    }

    /// Says who gets what is typed; `None` before the first client.
    fn painted(&self, style: Style) -> Option<String> {
        self.version?;
        let count = match self.clients.len() {
            0 => "no client is connected".to_owned(),
            1 => "1 client".to_owned(),
            count => format!("{count} clients"),
        };
        let (label, rest) = match &self.whom {
            _ if self.clients.is_empty() => (None, String::new()),
            _ if self.is_on_top => (None, "; lines go to those that are subscribed".to_owned()),
            None => (
                None,
                "; /use CLIENT chooses who gets what is typed".to_owned(),
            ),
            Some(Whom::Client(number)) => {
                let peer = self.clients.iter().find(|it| it.number == *number);
                let peer = peer.map_or_else(String::new, |it| format!(" ({})", it.peer));
                (Some(Label::new(&format!("@{number}"), *number)), peer)
            }
            Some(whom) => (None, format!("; lines go to {}", described(whom))),
        };
        let room = terminal::width().saturating_sub(1);
        let Some(label) = label else {
            let text = format!("{count}{rest}");
            return Some(style.paint(Role::Fact, cut(&text, room)).to_string());
        };
        let text = format!("{rest}, {count}");
        let left = room.saturating_sub("lines go to ".len() + label.text().len());
        let [before, after] = ["lines go to ", &cut(&text, left)]
            .map(|text| style.paint(Role::Fact, text).to_string());
        Some(format!("{before}{}{after}", label.paint(style)))
    }
}

pub(super) fn described(whom: &Whom) -> String {
    match whom {
        Whom::Client(number) => format!("@{number}"),
        Whom::All => "all clients".to_owned(),
        Whom::Path(path) => format!("those at {}", escape_line(path)),
        Whom::Room(room) => format!("the room {}", escape_line(room)),
    }
}

/// The most topics that are completed.
const TOPICS: usize = 1000;

impl ServerPrompt {
    /// What the clients are subscribed to, once each.
    fn topics(&self, clients: &[About]) -> Vec<String> {
        let topics = clients.iter().flat_map(|it| self.hub.topics(it.number));
        let topics: BTreeSet<_> = topics.take(TOPICS).collect();
        topics.iter().map(ToString::to_string).collect()
    }

    /// Notices who has come and gone.
    pub(super) fn follow_clients(&mut self, cx: &mut Context<'_>) {
        let version = self.hub.watch(cx);
        if self.choice.version != Some(version) {
            let is_first = self.choice.version.is_none() && version == 0;
            self.choice.version = (!is_first).then_some(version);
            let clients = self.hub.list();
            // More names than these are not completed, but typed.
            let names = clients.iter().take(1000).map(|it| it.number.to_string());
            let names: Vec<String> = names.chain(["*".to_owned()]).collect();
            self.host.words.speak(SERVER, &names, &[]);
            self.host
                .words
                .lead(&self.subject.verbs(), &self.topics(&clients));
            if !is_first {
                self.choice.update(clients);
            }
        }
    }
}
