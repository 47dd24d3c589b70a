//! Writes a session as a scenario for `wsee test`.

mod opening;
mod varying;

use std::mem;
use std::time::{Duration, Instant};

use super::file::File;
use crate::event::{DisconnectReason, Ending, Event, NotOpen, Opening};
use crate::proto::connection::{self, End, Message, reported_code};
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::proto::message::Kind;
use crate::proto::sender::Control;
use crate::render::Secrets;
use crate::render::escape::{Layout, escape, escape_line};
use crate::render::quantity;
use crate::scenario::Template;
use crate::scenario::ast::{
    Action, Content, Expect, ExpectClose, Match, Pattern, Reason, Statement,
};
use crate::scenario::format::{hex, write_statement};
use crate::secret::Redactor;

/// Answers that took longer get a limit of twice their time.
const SOON: Duration = Duration::from_secs(2);

/// Messages above this many bytes are not written: a line takes several times their memory, and nobody reads it.
const LARGE: usize = 1 << 20;

#[derive(Debug)]
pub(super) struct Scenario {
    secrets: Secrets,
    /// Whether the connection is open according to the written lines.
    is_open: bool,
    gap: bool,
    last: Option<Instant>,
    /// What the current connection sent as a secret.
    redactor: Redactor,
}

impl Scenario {
    pub(super) fn new(secrets: Secrets, file: &mut File) -> Self {
        let mut scenario = Self {
            secrets,
            is_open: false,
            gap: false,
            last: None,
            redactor: Redactor::default(),
        };
        scenario.comment(file, "Recorded by wsee; wsee test runs it.");
        scenario
    }

    pub(super) fn event(
        &mut self,
        file: &mut File,
        event: &Event<'_>,
        opening: &Opening,
        now: Instant,
    ) {
        match event {
            Event::Retry(retry) => {
                if let DisconnectReason::Lost(ending) = retry.reason {
                    self.closed(file, ending, None);
                }
            }
            Event::Open(_) => {
                self.connect(file, opening, now);
                self.is_open = true;
            }
            Event::Connection(event) if self.is_open => self.connection(file, event, now),
            _ => {}
        }
    }

    pub(super) fn sent(&mut self, file: &mut File, message: &Message<'_>, now: Instant) {
        if !self.is_open {
            return;
        }
        self.last = Some(now);
        let text = std::str::from_utf8(message.payload);
        match (message.kind, text) {
            (Kind::Binary, _) => {
                let content = Content::Binary(message.payload.to_vec());
                self.action(file, Action::Send(content));
            }
            (Kind::Text, Ok(text)) if is_clean(text, Layout::Payload) => {
                let content = Content::Text(Template::literal(text));
                self.action(file, Action::Send(content));
            }
            // `>` takes text as is, and this text could act on a terminal.
            (Kind::Text, _) => self.line(file, &format!("frame {}", hex(message.payload))),
        }
    }

    pub(super) fn not_open(
        &mut self,
        file: &mut File,
        why: &NotOpen,
        opening: &Opening,
        now: Instant,
    ) {
        self.connect(file, opening, now);
        let is_refused = opening::status(opening).is_some_and(|status| status != 101);
        if !is_refused {
            self.comment(file, &why.message);
        }
    }

    pub(super) fn closed(&mut self, file: &mut File, ending: &Ending, message: Option<&str>) {
        if !mem::take(&mut self.is_open) {
            return;
        }
        match &ending.end {
            End::Lost { .. } => {
                let close = ExpectClose {
                    codes: vec![CloseCode::ABNORMAL.0],
                    ..ExpectClose::default()
                };
                self.action(file, Action::ExpectClose(close));
            }
            End::Abandoned { reset } => self.action(file, Action::Abandon { reset: *reset }),
            _ => {
                if let Some(message) = message {
                    self.comment(file, message);
                }
                self.action(file, Action::Abandon { reset: false });
            }
        }
    }

    fn connection(&mut self, file: &mut File, event: &connection::Event<'_>, now: Instant) {
        use connection::Event::{Close, Message, Sent, Violation};
        match event {
            Message(message) => self.received(file, message, now),
            Close(frame) => {
                self.is_open = false;
                let close = self.expected_close(frame.as_ref(), now);
                self.action(file, Action::ExpectClose(close));
            }
            Sent(Control::Close(frame)) => {
                self.is_open = false;
                self.action(file, close(frame.as_ref()));
            }
            Sent(Control::Ping(payload)) => match std::str::from_utf8(payload) {
                Ok(text) => {
                    let payload = Template::literal(text);
                    let within = None;
                    self.action(file, Action::Ping { payload, within });
                }
                Err(_) => self.line(file, &format!("frame opcode=ping {}", hex(payload))),
            },
            Sent(Control::Pong(payload)) => match std::str::from_utf8(payload) {
                Ok(text) => self.action(file, Action::Pong(Template::literal(text))),
                Err(_) => self.line(file, &format!("frame opcode=pong {}", hex(payload))),
            },
            Violation(_) => self.comment(file, "The server broke the protocol here."),
            _ => return,
        }
        self.last = Some(now);
    }

    fn received(&mut self, file: &mut File, message: &Message<'_>, now: Instant) {
        let size = message.payload.len();
        if size > LARGE {
            let size = quantity::size(size as u64);
            self.comment(file, &format!("received {size}, too large to write here:"));
        }
        let pattern = match (message.kind, std::str::from_utf8(message.payload)) {
            _ if size > LARGE => Pattern::Any,
            (Kind::Text, Ok(text)) => match varying::pattern(text) {
                Some(json) => Pattern::Json(Template::literal(&json)),
                None => Pattern::Text(Template::literal(text)),
            },
            _ => Pattern::Hex(message.payload.to_vec()),
        };
        let expect = Expect {
            matching: Match::Eventually,
            pattern,
            within: self.patience(now),
            captures: Vec::new(),
        };
        self.action(file, Action::Expect(expect));
    }

    fn expected_close(&self, frame: Option<&CloseFrame>, now: Instant) -> ExpectClose {
        let code = reported_code(frame).0;
        let reason = frame.map_or("", |frame| &frame.reason);
        let literal = || Reason::Text(Template::literal(reason));
        // A part of a reason cannot be left open.
        let repeats_secret = self.redactor.text(reason) != reason;
        ExpectClose {
            // With --lenient other codes may arrive, which the language does not know.
            codes: Some(code)
                .filter(|code| (1000..=4999).contains(code))
                .into_iter()
                .collect(),
            reason: (!reason.is_empty() && !repeats_secret).then(literal),
            within: self.patience(now),
        }
    }

    fn patience(&self, now: Instant) -> Option<Duration> {
        let took = now.saturating_duration_since(self.last?);
        (took > SOON).then(|| Duration::from_secs(took.as_secs() * 2))
    }

    fn connect(&mut self, file: &mut File, opening: &Opening, now: Instant) {
        self.gap = false;
        self.redactor = self.secrets.redactor(opening.requests());
        let text = opening::write(opening, self.secrets);
        self.write(file, &format!("\n{text}"));
        self.gap = opening::subprotocol(opening).is_some();
        self.last = Some(now);
    }

    fn action(&mut self, file: &mut File, action: Action) {
        let mut line = String::new();
        write_statement(&mut line, &Statement::Action { on: None, action });
        self.line(file, &line);
    }

    fn comment(&mut self, file: &mut File, text: &str) {
        let mut line = String::new();
        let text = escape_line(text.trim()).into_owned();
        write_statement(&mut line, &Statement::Comment(text));
        self.line(file, &line);
    }

    fn line(&mut self, file: &mut File, line: &str) {
        self.write(file, &format!("{line}\n"));
    }

    fn write(&mut self, file: &mut File, text: &str) {
        if mem::take(&mut self.gap) {
            file.pending().push(b'\n');
        }
        file.pending().extend_from_slice(text.as_bytes());
        file.end_unit();
    }
}

fn close(frame: Option<&CloseFrame>) -> Action {
    // With /frame other codes may be sent, which the language does not know.
    let frame = frame.filter(|frame| frame.code.is_allowed_on_wire());
    Action::Close {
        code: frame.map(|frame| frame.code.0),
        reason: Template::literal(frame.map_or("", |frame| &frame.reason)),
        within: None,
    }
}

fn is_clean(text: &str, layout: Layout) -> bool {
    escape(text.as_bytes(), layout) == text
}
