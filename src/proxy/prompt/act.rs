//! Commands about messages and connections.

use std::fmt::Write as _;
use std::time::Instant;

use super::ProxyPrompt;
use super::hold::compile;
use super::row::{described, rest};
use crate::command::{Holding, Outgoing, Passed, Reference};
use crate::diagnostic::one_line;
use crate::event::{Direction, Side};
use crate::proxy::desk::{Content, Hold, Order};
use crate::proxy::touch::{control_name, passes};
use crate::render::escape::escape_line;
use crate::render::{Label, Role, quantity};

/// How many held messages are listed: about a screen.
const MOST_LISTED: usize = 20;

impl ProxyPrompt {
    /// Changes what is held; returns what to say.
    pub(super) fn hold(&mut self, side: Option<Side>, what: Holding) -> Result<String, String> {
        let hold = match &what {
            Holding::All => Some(Hold::All),
            Holding::Off => None,
            Holding::Matching { pattern, column } => {
                let command =
                    side.map_or_else(|| "/hold".to_owned(), |it| format!("/hold {}", it.name()));
                Some(compile(&command, pattern, *column, &self.given)?)
            }
        };
        let sides = side.map_or(vec![Side::Client, Side::Server], |side| vec![side]);
        for side in &sides {
            self.desk.set_hold(*side, hold.clone());
            self.holding[*side as usize] = match &what {
                Holding::All => Some("all messages".to_owned()),
                Holding::Matching { pattern, .. } => {
                    let (what, matching) = matched(pattern);
                    Some(format!("{what}{matching}"))
                }
                Holding::Off => None,
            };
        }
        let whose = side.map_or_else(|| "both ends".to_owned(), |it| format!("the {}", it.name()));
        Ok(match what {
            Holding::All => format!("messages from {whose} are held; /hold off ends it"),
            Holding::Matching { pattern, .. } => {
                let (what, matching) = matched(&pattern);
                format!("{what} from {whose}{matching} are held; /hold off ends it")
            }
            Holding::Off => {
                let passed = self.pass_all(|held| sides.contains(&held));
                let text = format!("messages from {whose} are no longer held");
                match passed {
                    0 => text,
                    count => format!("{text}; {} now", passes(count)),
                }
            }
        })
    }

    fn pass_all(&mut self, is_wanted: impl Fn(Side) -> bool) -> usize {
        let wanted: Vec<u64> = {
            let stock = self.desk.stock();
            let stock = stock.lock();
            let wanted = stock.iter().filter(|(_, held)| is_wanted(held.side));
            wanted.map(|(number, _)| *number).collect()
        };
        let passed = wanted
            .iter()
            .filter(|it| self.take(**it, Order::Pass(**it)).is_ok());
        passed.count()
    }

    /// Gives the connection of a held message an order about it.
    fn take(&self, number: u64, order: Order) -> Result<(u64, Side), String> {
        let held = self.desk.stock().lock().remove(&number);
        let held = held.ok_or_else(|| format!("#{number} is not held"))?;
        if self.desk.order(held.connection, order) {
            Ok((held.connection, held.side))
        } else {
            Err(format!("#{number} is lost: @{} has ended", held.connection))
        }
    }

    pub(super) fn pass(&mut self, which: Passed) -> Result<String, String> {
        let first = || {
            let stock = self.desk.stock();
            let stock = stock.lock();
            stock.first_key_value().map(|(number, _)| *number)
        };
        let number = match which {
            Passed::All => {
                return match self.pass_all(|_| true) {
                    0 => Err("no message is held".to_owned()),
                    count => Ok(passes(count)),
                };
            }
            Passed::Oldest => first().ok_or("no message is held")?,
            Passed::Number(number) => number,
        };
        let place = self.take(number, Order::Pass(number))?;
        Ok(match self.before(number, place) {
            Some(earlier) => format!("#{number} leaves after #{earlier}, which is still held"),
            None => format!("#{number} passes"),
        })
    }

    /// The last held message that this one waits for.
    fn before(&self, number: u64, place: (u64, Side)) -> Option<u64> {
        let stock = self.desk.stock();
        let stock = stock.lock();
        let mut earlier = stock.range(..number).rev();
        let found = earlier.find(|(_, held)| (held.connection, held.side) == place);
        found.map(|(number, _)| *number)
    }

    /// Throws a held message away; returns what to say if its turn comes later.
    pub(super) fn discard(&mut self, number: u64) -> Result<Option<String>, String> {
        let place = self.take(number, Order::Discard(number))?;
        let earlier = self.before(number, place);
        Ok(earlier.map(|it| format!("#{number} is discarded after #{it}, which is still held")))
    }

    /// Lets a held message leave with another payload.
    pub(super) fn change(&mut self, number: u64, payload: Vec<u8>) -> Result<(), String> {
        let place = self.take(number, Order::Change(number, payload))?;
        if let Some(earlier) = self.before(number, place) {
            self.host.say(&format!(
                "#{number} leaves after #{earlier}, which is still held"
            ));
        }
        Ok(())
    }

    pub(super) fn inject(
        &mut self,
        connection: Option<u64>,
        side: Side,
        what: Outgoing,
    ) -> Result<(), String> {
        let connection = match (connection, &self.desk.list()[..]) {
            (Some(number), _) => number,
            (None, [only]) => only.number,
            (None, []) => return Err("no connection is open".to_owned()),
            (None, several) => {
                let first = several[0].number;
                return Err(format!(
                    "{} connections are open; name one, as in /inject @{first} {} TEXT",
                    several.len(),
                    side.name()
                ));
            }
        };
        self.order(connection, Order::Inject(side, what))
    }

    fn order(&self, connection: u64, order: Order) -> Result<(), String> {
        if self.desk.order(connection, order) {
            return Ok(());
        }
        Err(format!(
            "@{connection} is not open; /conns lists the connections"
        ))
    }

    pub(super) fn resend(&mut self, reference: Reference) -> Result<(), String> {
        let memory = self.host.board.memory();
        let entry = memory.lock().find(reference);
        let entry = entry.map_err(|error| one_line(&error))?;
        let side = match entry.direction {
            Direction::Sent => Side::Client,
            Direction::Received => Side::Server,
        };
        let label = entry.label.as_ref().map_or("", Label::text);
        let connection = label.trim_start_matches('@').parse().unwrap_or_default();
        let order = Order::Repeat(side, entry.number, entry.kind, entry.payload.clone());
        self.order(connection, order)
    }

    pub(super) fn kill(&mut self, connection: u64, code: Option<u16>) -> Result<(), String> {
        self.order(connection, Order::Kill(code))
    }

    /// Lists what is held of each end, and the messages that wait.
    pub(super) fn list_held(&self, now: Instant) {
        let stock = self.desk.stock();
        let stock = stock.lock();
        self.host.board.view(|view| {
            for side in [Side::Client, Side::Server] {
                let what = self.holding[side as usize].as_deref().unwrap_or("nothing");
                let text = format!("held from the {}: {what}", side.name());
                view.print(Role::Fact, &text);
            }
            for (number, held) in stock.iter().take(MOST_LISTED) {
                let what = match &held.content {
                    Content::Message(kind, payload) => {
                        format!("{kind} {}", quantity::size(payload.len() as u64))
                    }
                    Content::Control(opcode) => control_name(*opcode).to_owned(),
                };
                let place = described(*number, held, now);
                view.print(Role::Fact, &format!("  {place}, {what}"));
            }
            if let Some(more @ 1..) = stock.len().checked_sub(MOST_LISTED) {
                view.print(Role::Fact, &format!("  and {more} more"));
            }
        });
    }

    pub(super) fn list(&self, now: Instant) {
        let connections = self.desk.list();
        let stock = self.desk.stock();
        self.host.board.view(|view| {
            if connections.is_empty() {
                return view.print(Role::Fact, "no connection is open");
            }
            let style = view.style();
            for it in &connections {
                let label = Label::new(&format!("@{}", it.number), it.number);
                let since = quantity::duration(now.saturating_duration_since(it.opened));
                let mut line = format!(
                    "  {}  {}  {}  for {since}",
                    label.paint(style),
                    it.peer,
                    escape_line(&it.path)
                );
                for side in [Side::Client, Side::Server] {
                    let stock = stock.lock();
                    let mut held = stock
                        .iter()
                        .filter(|(_, held)| held.connection == it.number && held.side == side);
                    let Some((first, _)) = held.next() else {
                        continue;
                    };
                    let more = rest(held.count(), self.desk.behind(it.number, side));
                    let _ = write!(line, "  held from the {}: #{first}{more}", side.name());
                }
                let _ = writeln!(view.text(), "{line}");
            }
        });
    }
}

/// What a pattern holds, and which of it.
fn matched(pattern: &str) -> (&'static str, String) {
    match pattern {
        "ping" => ("pings", String::new()),
        "pong" => ("pongs", String::new()),
        "close" => ("Close frames", String::new()),
        _ => ("messages", format!(" that match {}", escape_line(pattern))),
    }
}
