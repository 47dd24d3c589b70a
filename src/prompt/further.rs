//! Several connections at one prompt: `/connect`, `/use`, `/to`, `/list`.
//!
//! Each further connection is a run of its own, with a [`Prompt`] that has a [`Seat`] in place of the terminal. The
//! first connection's prompt polls these runs with its own: there is one task, and none without a prompt.

use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use super::Prompt;
use super::connections::Connection;
use super::error::{FurtherError, LineError};
use super::seat::{Bar, Common, Order, Place, Seat, State};
use crate::command::{Command, CommandError, Further, Outgoing, PromptCommand};
use crate::console::editor::Entry;
use crate::console::show;
use crate::diagnostic::{Diagnostic, one_line};
use crate::event::Cause;
use crate::exit::Exit;
use crate::render::escape::escape_line;
use crate::render::{Label, Role};
use crate::session::Turn;

impl Prompt {
    /// Handles an entry: what is about all connections here, and the rest where the connection in use is.
    pub(super) fn route(&mut self, entry: Entry, turn: Option<&mut Turn<'_>>, now: Instant) {
        let seat = self.further.in_use().cloned();
        if !matches!(entry, Entry::Interrupt) {
            self.stopping.is_warned = false;
        }
        self.further.is_left |= matches!(entry, Entry::End | Entry::Line(_, Ok(Command::Quit)));
        if matches!(entry, Entry::Edited(..) | Entry::Returned(_)) {
            self.further.tell(|| Order::Returned);
        }
        match entry {
            Entry::Sync(taken) => drop(taken),
            Entry::Line(_, Ok(Command::Prompt(command))) if is_common(&command) => {
                self.common(command, turn, now);
            }
            Entry::Line(_, Ok(Command::Nothing)) => drop(self.resume()),
            Entry::Edited(written, taken) if let Some(seat) = &seat => {
                self.entry(Entry::Returned(taken), turn, now);
                match written {
                    Ok(draft) => seat.give(Order::Draft(draft)),
                    Err(why) => self.complain(&why),
                }
            }
            Entry::Line(line, command) if let Some(seat) = &seat => {
                self.pass_on(seat, line, command);
            }
            Entry::Again(_) if let Some(seat) = &seat => seat.give(Order::Entry(entry)),
            entry => self.entry(entry, turn, now),
        }
    }

    fn pass_on(&mut self, seat: &Rc<Seat>, line: String, command: Result<Command, CommandError>) {
        use Outgoing::{Close, Drop, Reset};
        match (seat.state(), &command) {
            (_, Ok(Command::Quit)) => self.stopping.quit(Cause::Quit),
            (State::Connecting, Ok(Command::Outgoing(Close { .. } | Drop | Reset))) => {
                seat.give_up();
            }
            (State::Closed, _) if !self.further.is_running(seat) => {
                let error = FurtherError::Ended(seat.label().text().to_owned());
                self.refuse(&error);
            }
            _ => seat.give(Order::Entry(Entry::Line(line, command))),
        }
    }

    /// Executes a command that is about the prompt or about all connections.
    fn common(&mut self, command: PromptCommand, turn: Option<&mut Turn<'_>>, now: Instant) {
        let done = match command {
            PromptCommand::Connect(further) => self.connect(&further),
            PromptCommand::Use(name) => self.use_connection(&name),
            PromptCommand::To { name, text } => self.send_to(&name, text, turn, now),
            PromptCommand::List => {
                self.list(turn.is_some());
                Ok(())
            }
            PromptCommand::StatusOfAll => {
                self.further.tell(|| Order::Status);
                self.status_with_name(turn.as_deref(), now);
                Ok(())
            }
            PromptCommand::CloseAll(close) => {
                self.close_all(&close, turn, now);
                Ok(())
            }
            PromptCommand::Show(setting) => {
                show::execute(setting, &mut self.observers.view);
                self.further.tell(|| Order::Show(setting));
                Ok(())
            }
            PromptCommand::Pause => {
                self.further.tell(|| Order::Pause);
                self.pause(now);
                Ok(())
            }
            PromptCommand::Record(record) => {
                self.record(record);
                let recording = &self.observers.recording;
                for it in &self.further.all {
                    it.seat.give(Order::Record(recording.of(it.seat.label())));
                }
                Ok(())
            }
            command => {
                let sender = turn.as_deref().map(|turn| &*turn.sender);
                self.execute_here(command, sender, now)
            }
        };
        if let Err(error) = done {
            self.refuse(&error);
        }
    }

    /// Complains about no connection in particular.
    fn refuse(&mut self, error: &dyn Diagnostic) {
        let text = escape_line(&one_line(error)).into_owned();
        self.print(Role::Error, &text);
    }

    fn connect(&mut self, further: &Further) -> Result<(), LineError> {
        let (Place::Terminal(editor), Some(connector)) = (&self.place, &self.further.connector)
        else {
            return Ok(());
        };
        let before = self.further.place_of(&further.name)?;
        let index = before.unwrap_or(self.further.all.len());
        let number = index as u64 + 1;
        let label = Label::new(&further.name, number);
        let feed = self.observers.memory.as_ref();
        let common = Common {
            desk: Rc::clone(&self.further.desk),
            numbers: self.observers.numbers.clone(),
            memory: feed.map(|feed| feed.memory().clone()),
            recording: Some(self.observers.recording.of(&label)).into(),
            values: self.variables.values(),
            words: self.voice.words.clone(),
            is_lent: editor.lent(),
            show: *self.observers.view.show(),
        };
        let seat = Rc::new(Seat::new(number, label, common));
        let run =
            (connector.connect)(&further.words, Rc::clone(&seat)).map_err(FurtherError::Line)?;
        seat.set_in_use(before.is_some() && self.further.in_use == before);
        if self.paused.is_on() {
            seat.give(Order::Pause);
        }
        let connection = Connection {
            seat,
            run: Some(run),
            exit: Exit::Done,
        };
        match before {
            Some(index) => self.further.all[index] = connection,
            None => self.further.all.push(connection),
        }
        self.further.update_roster();
        self.observers.view.set_label(self.further.roster.first());
        Ok(())
    }

    fn use_connection(&mut self, name: &str) -> Result<(), LineError> {
        let index = self.further.find(name)?;
        self.further.in_use = index;
        for (at, connection) in self.further.all.iter().enumerate() {
            connection.seat.set_in_use(Some(at) == index);
        }
        match self.further.in_use() {
            Some(seat) => seat.give(Order::Used),
            None => self.voice.has_new_words = true,
        }
        self.further.update_roster();
        Ok(())
    }

    fn send_to(
        &mut self,
        name: &str,
        text: String,
        turn: Option<&mut Turn<'_>>,
        now: Instant,
    ) -> Result<(), LineError> {
        let outgoing = Outgoing::Line(text);
        match self.further.find(name)? {
            Some(index) => {
                let connection = &self.further.all[index];
                if connection.run.is_none() {
                    return Err(FurtherError::Ended(name.to_owned()).into());
                }
                connection.seat.give(Order::Send(outgoing));
                Ok(())
            }
            None if self.stopping.is_closing() => Err(LineError::Offline),
            None => self.fill_and_send(outgoing, turn, now),
        }
    }

    fn close_all(&mut self, close: &Outgoing, turn: Option<&mut Turn<'_>>, now: Instant) {
        for connection in self.further.all.iter().filter(|it| it.run.is_some()) {
            match connection.seat.state() {
                State::Connecting => connection.seat.give_up(),
                State::Open => {
                    let command = Ok(Command::Outgoing(close.clone()));
                    let entry = Entry::Line(String::new(), command);
                    connection.seat.give(Order::Entry(entry));
                }
                State::Reconnecting | State::Closing | State::Closed => {}
            }
        }
        if turn.is_some() && !self.stopping.is_closing() {
            let command = Ok(Command::Outgoing(close.clone()));
            self.entry(Entry::Line(String::new(), command), turn, now);
        }
    }

    /// `/list`: each connection with its state and URL; `>` is before the one in use.
    fn list(&mut self, is_open: bool) {
        let view = &self.observers.view;
        let first = match (is_open, self.status.is_reconnecting()) {
            (true, _) if self.stopping.is_closing() => State::Closing,
            (true, _) => State::Open,
            (false, true) => State::Reconnecting,
            (false, false) => State::Closed,
        };
        let url = view
            .secrets()
            .url(self.observers.opening.url())
            .into_owned();
        let mut rows = vec![(self.further.roster.first(), first, url)];
        rows.extend(self.further.all.iter().map(|it| {
            let label = it.seat.label().clone();
            (label, it.seat.state(), it.seat.url())
        }));
        let in_use = self.further.in_use.map_or(0, |index| index + 1);
        let style = view.style();
        let longest = rows
            .iter()
            .map(|(label, ..)| label.shown(style).chars().count());
        let longest = longest.max().unwrap_or(0);
        for (at, (label, state, url)) in rows.iter().enumerate() {
            let mark = if at == in_use { '>' } else { ' ' };
            let gap = " ".repeat(longest - label.shown(style).chars().count());
            let name = label.painted(style);
            let state = format!("{:<10}", state.name());
            let state = style.paint(Role::Fact, state);
            let url = escape_line(url);
            let line = format!("{mark} {name}{gap}  {state}  {url}\n");
            self.observers.view.text().push_str(&line);
        }
    }

    /// `/status *`: which connection the rows are about comes first.
    pub(super) fn status_with_name(&mut self, turn: Option<&Turn<'_>>, now: Instant) {
        let view = &mut self.observers.view;
        if let Some(label) = view.label() {
            let name = label.painted(view.style()) + "\n";
            view.text().push_str(&name);
        }
        self.print_status(turn.map(|turn| &*turn.sender), now);
    }

    /// Lets the further connections do what they can, and takes their text.
    pub(super) fn poll_further(&mut self, cx: &mut Context<'_>) -> bool {
        if self.further.is_empty() {
            return false;
        }
        let has_ended = self.further.poll(cx);
        self.take_text();
        if let Some(Bar(bar)) = self.further.desk.take_bar() {
            self.place.set_bar(bar);
        }
        has_ended
    }

    /// Takes the text of further connections, and wakes those that waited for room.
    pub(super) fn take_text(&mut self) {
        if !self.observers.view.is_full() {
            let text = self.further.desk.take_text();
            self.observers.view.text().push_str(&text);
        }
    }

    pub(super) fn wake_further(&self, cx: &Context<'_>) {
        if self.further.desk.take_blocked() {
            cx.waker().wake_by_ref();
        }
    }

    /// Closes the further connections, and waits until they have ended.
    pub async fn leave(&mut self) {
        self.further.tell(|| Order::Leave);
        for connection in &self.further.all {
            if connection.seat.state() == State::Connecting {
                connection.seat.give_up();
            }
        }
        std::future::poll_fn(|cx| {
            self.further.poll(cx);
            // Printed with the last line: their closing handshakes take a second at most.
            let text = self.further.desk.take_text();
            self.observers.view.text().push_str(&text);
            self.wake_further(cx);
            if self.further.has_ended() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// The exit status of the connection in use, if that is not the first one and the user has left.
    pub fn exit_in_use(&self) -> Option<Exit> {
        if !self.further.is_left {
            return None;
        }
        let connection = self.further.all.get(self.further.in_use?)?;
        Some(connection.exit)
    }
}

/// Whether a command is about the prompt, or about all connections.
fn is_common(command: &PromptCommand) -> bool {
    matches!(
        command,
        PromptCommand::Connect(_)
            | PromptCommand::Use(_)
            | PromptCommand::To { .. }
            | PromptCommand::List
            | PromptCommand::StatusOfAll
            | PromptCommand::CloseAll(_)
            | PromptCommand::Show(_)
            | PromptCommand::Pause
            | PromptCommand::Resume
            | PromptCommand::Record(_)
            | PromptCommand::History(_)
    )
}
