//! The prompt of a server: a person sees the clients, and answers by hand.

mod choice;
mod execute;
mod send;

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;

use super::hub::Hub;
use super::on_top::OnTop;
use super::program::Book;
use crate::acceptor::Board;
use crate::command::SERVER;
use crate::console::host::{Host, Tools};
use crate::console::variable::Variables;
use crate::fault::Plan;
use crate::ontop::Verb;
use crate::render::Role;
use crate::scenario::Rules;
use crate::session::Signals;
use choice::Choice;

/// What a person at the prompt can use.
pub struct PromptOptions {
    /// Where clients are shown.
    pub board: Board,
    pub tools: Tools,
    /// Reads the rules again; `None` without a file.
    pub reload: Option<Reload>,
}

/// Reads a file of rules; an error says what is wrong with it, in escaped lines.
pub type Reload = Box<dyn Fn() -> Result<Rules, String>>;

/// What the server does, as far as it matters at the prompt.
pub(super) struct Subject {
    /// What a line does.
    pub(super) line: String,
    /// The rules, if there are any.
    pub(super) book: Option<Book>,
    /// The protocol on top, other than Socket.IO.
    pub(super) on_top: Option<OnTop>,
}

impl Subject {
    fn verbs(&self) -> Vec<&'static Verb> {
        let on_top = self.on_top.as_ref();
        on_top.map_or_else(Vec::new, |it| it.half.verbs().collect())
    }
}

pub(super) struct ServerPrompt {
    host: Host,
    hub: Hub,
    subject: Subject,
    reload: Option<Reload>,
    faults: Rc<RefCell<Plan>>,
    variables: Variables,
    home: Option<PathBuf>,
    choice: Choice,
}

impl ServerPrompt {
    /// Takes over the terminal; needs a tokio runtime.
    ///
    /// `signals` must exist before: rustyline restores the handlers that it finds.
    pub(super) fn open(
        options: PromptOptions,
        subject: Subject,
        signals: Signals,
        hub: Hub,
        faults: Rc<RefCell<Plan>>,
    ) -> io::Result<Self> {
        let PromptOptions {
            board,
            tools,
            reload,
        } = options;
        let (variables, home) = (Variables::new(true), tools.home.clone());
        let values = variables.values();
        let host = Host::open("server", board, tools, signals, SERVER, values, None)?;
        host.words.lead(&subject.verbs(), &[]);
        let line = &subject.line;
        let text = format!("{line}; /help lists the commands, Ctrl-D ends the server");
        host.board.view(|view| view.print(Role::Hint, &text));
        Ok(Self {
            host,
            hub,
            choice: Choice::new(subject.on_top.is_some()),
            subject,
            reload,
            faults,
            variables,
            home,
        })
    }
}
