//! What a typed line does.

use std::fmt::Write as _;
use std::rc::Rc;
use std::task::Context;
use std::time::Instant;

use super::ServerPrompt;
use super::choice::described;
use super::send::SayError;
use crate::command::{
    Command, CommandError, FaultCommand, Outgoing, PromptCommand, Rejection, SERVER, ServerCommand,
    Whom, parse_for_server,
};
use crate::console::editor::Draft;
use crate::console::help;
use crate::console::host::{Host, Row};
use crate::console::hosted::Hosted;
use crate::diagnostic::one_line;
use crate::event::Cause;
use crate::fault::Fault;
use crate::ontop::Verb;
use crate::render::escape::escape_line;
use crate::render::{Label, Role, quantity};
use crate::speaker::is_meant;

impl Hosted for ServerPrompt {
    fn parts(&mut self) -> (&mut Host, &mut dyn Row) {
        (&mut self.host, &mut self.choice)
    }

    fn into_host(self) -> Host {
        self.host
    }

    fn follow(&mut self, cx: &mut Context<'_>) {
        self.follow_clients(cx);
    }

    fn send_again(&mut self, outgoing: Outgoing, now: Instant) {
        self.try_to_send(None, outgoing, now);
    }

    fn take_draft(&mut self, draft: Draft, now: Instant) {
        if let Err(error) = self.send(None, Outgoing::Line(draft.text.clone()), now) {
            self.host
                .complain(&format!("{}; {}", one_line(&error), draft.keep()));
        }
    }

    fn line(
        &mut self,
        line: &str,
        command: Result<Command, CommandError>,
        now: Instant,
    ) -> Option<Cause> {
        if let Some(verb) = self.asked(line) {
            return self.explain(verb);
        }
        let on_top = self.subject.on_top.as_ref();
        let is_verb = |line: &str| {
            let verb = on_top.and_then(|it| it.half.verb(line));
            verb.is_some_and(|(verb, args)| is_meant(verb.name, args))
        };
        if let Some(parsed) = parse_for_server(line, is_verb) {
            match parsed {
                Ok(command) => self.server_command(command, now),
                Err(error) => self.host.complain(&one_line(&error)),
            }
            return None;
        }
        match command {
            Ok(Command::Nothing) => {
                self.host.board.view(|view| view.resume(false));
            }
            Ok(Command::Outgoing(outgoing)) => self.try_to_send(None, outgoing, now),
            Ok(Command::Prompt(command)) => self.prompt_command(command, now),
            Ok(Command::Quit) => return Some(Cause::Quit),
            Err(error) => self.host.complain(&one_line(&error)),
        }
        None
    }
}

impl ServerPrompt {
    /// The verb of the protocol on top that `/help` is asked about.
    fn asked(&self, line: &str) -> Option<&'static Verb> {
        let name = line.strip_prefix("/help ")?.trim().trim_start_matches('/');
        self.subject
            .verbs()
            .into_iter()
            .find(|verb| verb.name == name)
    }

    fn explain(&self, verb: &'static Verb) -> Option<Cause> {
        let board = &self.host.board;
        board.view(|view| help::explain_verb(verb, "", view.text()));
        None
    }

    fn try_to_send(&self, whom: Option<Whom>, outgoing: Outgoing, now: Instant) {
        if let Err(error) = self.send(whom, outgoing, now) {
            self.host.complain(&one_line(&error));
        }
    }

    fn server_command(&mut self, command: ServerCommand, now: Instant) {
        match command {
            ServerCommand::To { whom, what } => self.try_to_send(whom, what, now),
            ServerCommand::Use(whom) => self.choose(whom),
            ServerCommand::Clients => self.list_clients(now),
            ServerCommand::Reject(rejection) => self.reject(rejection),
            ServerCommand::Rules { reload } => self.rules(reload),
            ServerCommand::Fault(fault) => self.fault(fault),
            ServerCommand::Help(topic) => {
                let (verbs, line) = (self.subject.verbs(), &self.subject.line);
                self.host
                    .board
                    .view(|view| help::dialect(SERVER, &verbs, line, topic, view.text()));
            }
        }
    }

    fn prompt_command(&mut self, command: PromptCommand, now: Instant) {
        let PromptCommand::Set(assignment) = command else {
            return self.host.command(command, now);
        };
        let variables = &mut self.variables;
        self.host
            .board
            .view(|view| match variables.set(assignment, view.time_at(now)) {
                Ok(lines) => lines.iter().for_each(|it| view.print(Role::Fact, it)),
                Err(error) => view.complain(&one_line(&SayError::from(error))),
            });
    }

    fn choose(&mut self, whom: Option<Whom>) {
        if let Some(Whom::Client(number)) = whom
            && !self.hub.has(number)
        {
            let text = format!("client {number} is not connected; /clients lists the clients");
            return self.host.complain(&text);
        }
        if let Some(whom) = whom {
            self.choice.set(whom);
        }
        let text = match &self.choice.whom {
            Some(whom) => format!("lines go to {}", described(whom)),
            None => "nobody gets what is typed; /use CLIENT chooses".to_owned(),
        };
        self.host.say(&text);
    }

    fn list_clients(&self, now: Instant) {
        let clients = self.hub.list();
        self.host.board.view(|view| {
            if clients.is_empty() {
                // The row above the prompt says so, once somebody was there.
                let text = if self.choice.is_shown() {
                    "nothing to list"
                } else {
                    "no client is connected"
                };
                return view.print(Role::Fact, text);
            }
            let style = view.style();
            let is_used = |number| match &self.choice.whom {
                Some(Whom::Client(used)) => *used == number,
                Some(Whom::All) => true,
                _ => false,
            };
            for it in &clients {
                let mark = if is_used(it.number) { '>' } else { ' ' };
                let label = Label::new(&format!("@{}", it.number), it.number);
                let since = quantity::duration(now.saturating_duration_since(it.opened));
                let mut rest = format!("{}  {}", it.peer, escape_line(&it.path));
                if let Some(name) = &it.name {
                    let _ = write!(rest, "  {}", escape_line(name));
                }
                let rooms = self.hub.rooms(it.number);
                let topics = self.hub.topics(it.number);
                if !topics.is_empty() {
                    let _ = write!(rest, "  subscribed to {}", listed(&topics));
                }
                if !rooms.is_empty() {
                    let _ = write!(rest, "  in {}", listed(&rooms));
                }
                let line = format!("{mark} {}  {rest}  for {since}", label.paint(style));
                let _ = writeln!(view.text(), "{line}");
            }
        });
    }

    fn reject(&self, rejection: Rejection) {
        match rejection {
            Rejection::Show => {}
            Rejection::Next(status) => self.hub.reject_next(Some(status)),
            Rejection::Off => self.hub.reject_next(None),
        }
        self.host.say(&match self.hub.rejection() {
            Some(status) => format!("the next client is refused with {status}"),
            None => "the next client is let in".to_owned(),
        });
    }

    fn rules(&self, reload: bool) {
        let Some(book) = &self.subject.book else {
            return self
                .host
                .complain("there are no rules; --rules FILE and --on give some");
        };
        if reload {
            let Some(read) = &self.reload else {
                return self
                    .host
                    .complain("the rules are not from a file; --rules FILE names one");
            };
            match read() {
                Ok(rules) => {
                    let growth = &mut self.faults.borrow_mut().growth;
                    *growth = rules.growth().max(*growth);
                    book.replace(rules);
                }
                Err(text) => {
                    return self.host.board.view(|view| {
                        for line in text.lines() {
                            view.print(Role::Error, line);
                        }
                        view.print(Role::Fact, "the rules are as before");
                    });
                }
            }
        }
        let count = quantity::plural(book.count() as u64, "rule");
        let again = if reload { " now" } else { "" };
        self.host.say(&format!("there are{again} {count}"));
    }

    fn fault(&self, command: FaultCommand) {
        let mut plan = self.faults.borrow_mut();
        match command {
            FaultCommand::List => {}
            FaultCommand::Off => plan.faults.clear(),
            FaultCommand::Add { spec, column } => match spec.parse::<Fault>() {
                Ok(fault) if fault.side.is_some() => {
                    let text = "client and server in front are for wsee proxy";
                    return self.host.complain(&format!("column {column}: {text}"));
                }
                Ok(fault) => match fault.kind.misfit(plan.http2) {
                    None => plan.faults.push(fault),
                    Some(why) => {
                        return self.host.complain(&format!("column {column}: {why}"));
                    }
                },
                Err(error) => {
                    let column = column + error.at;
                    return self
                        .host
                        .complain(&format!("column {column}: {}", error.problem()));
                }
            },
        }
        let text = plan.describe();
        self.host.say(&if text.is_empty() {
            "no faults from the next connection on; /fault SPEC adds one".to_owned()
        } else {
            let repeat = plan.repeat();
            format!(
                "from the next connection on: {}{repeat}",
                escape_line(&text)
            )
        });
    }
}

/// The most names on the line of a client.
const LISTED: usize = 20;

fn listed(names: &[Rc<str>]) -> String {
    let some = names.iter().take(LISTED);
    let some: Vec<_> = some.map(|it| escape_line(&**it).into_owned()).collect();
    let more = if names.len() > LISTED { " …" } else { "" };
    some.join(", ") + more
}
