//! The prompt of a proxy: a person sees what passes, and stops, changes or adds messages.

mod act;
mod execute;
mod hold;
mod row;

use std::io;
use std::sync::Arc;
use std::task::Context;

use super::desk::Desk;
use crate::acceptor::Board;
use crate::command::PROXY;
use crate::console::host::{Host, Tools};
use crate::console::variable::Variables;
use crate::matching::Given;
use crate::render::Role;
use crate::session::Signals;
use hold::Finder;
use row::Held;

/// What a person at the prompt can use.
#[derive(Debug)]
pub struct PromptOptions {
    /// Where connections are shown.
    pub board: Board,
    pub tools: Tools,
    /// Values of the variables in patterns.
    pub given: Given,
}

pub(super) struct ProxyPrompt {
    host: Host,
    desk: Desk,
    given: Given,
    /// What is held of each end, for people.
    holding: [Option<String>; 2],
    /// The changes of the desk that were looked at.
    version: Option<u64>,
    row: Held,
}

impl ProxyPrompt {
    /// Takes over the terminal; needs a tokio runtime.
    ///
    /// `signals` must exist before: rustyline restores the handlers that it finds.
    pub(super) fn open(options: PromptOptions, signals: Signals, desk: Desk) -> io::Result<Self> {
        let PromptOptions {
            board,
            tools,
            given,
        } = options;
        let values = Variables::new(true).values();
        let held = Arc::new(Finder::new(desk.stock()));
        let host = Host::open("proxy", board, tools, signals, PROXY, values, Some(held))?;
        let text = "/hold stops messages, /inject adds some; /help lists the commands, Ctrl-D ends the proxy";
        host.board.view(|view| view.print(Role::Hint, text));
        Ok(Self {
            host,
            row: Held::new(desk.clone()),
            desk,
            given,
            holding: [None, None],
            version: None,
        })
    }

    /// Notices what is open and what is held.
    fn follow_connections(&mut self, cx: &mut Context<'_>) {
        let version = self.desk.watch(cx);
        if self.version.replace(version) != Some(version) {
            let numbers = self.desk.list().into_iter().map(|it| it.number.to_string());
            // More than these are typed.
            let numbers: Vec<String> = numbers.take(1000).collect();
            let held: Vec<String> = {
                let stock = self.desk.stock();
                let stock = stock.lock();
                stock.keys().take(1000).map(ToString::to_string).collect()
            };
            self.host.words.speak(PROXY, &numbers, &held);
        }
    }
}
