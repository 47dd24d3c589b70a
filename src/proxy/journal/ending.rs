//! How a connection ended, and which side began.

use std::fmt::Write;
use std::io;
use std::time::Duration;

use super::Journal;
use crate::dial::io_text;
use crate::event::{Cause, Ending, Evidence, Side};
use crate::proto::connection::{End, reported_code};
use crate::proto::frame::CloseFrame;
use crate::proto::receiver::Partial;
use crate::proto::traffic::Traffic;
use crate::render::close::close_text;
use crate::render::escape::escape_line;
use crate::render::quantity;
use crate::session::mode::CloseMode;

/// That of a Close frame, which may be empty.
#[derive(Debug, Clone)]
pub(super) struct Body(pub(super) Option<CloseFrame>);

#[derive(Debug)]
pub(super) enum Began {
    Close(Side),
    Fin(Side, Option<Partial>),
    Failed(Side, String, Option<Partial>),
    /// A stream of HTTP/2 ended as the text says.
    Stream(Side, String, Option<Partial>),
    Stop(Cause),
    /// A fault, a rule or the user, as the text says.
    Proxy(String),
}

impl Journal {
    /// The stream from one end has ended in order.
    pub(in crate::proxy) fn ended(&mut self, side: Side, partial: Option<Partial>) {
        self.began.get_or_insert(Began::Fin(side, partial));
    }

    /// A stream of HTTP/2 has ended, in order or not.
    pub(in crate::proxy) fn stream_ended(
        &mut self,
        side: Side,
        end: &io::Error,
        partial: Option<Partial>,
    ) {
        let text = end.to_string();
        self.began.get_or_insert(Began::Stream(side, text, partial));
    }

    pub(in crate::proxy) fn failed(
        &mut self,
        side: Side,
        error: &io::Error,
        partial: Option<Partial>,
    ) {
        let text = io_text(error);
        self.began.get_or_insert(Began::Failed(side, text, partial));
    }

    /// The run ends.
    pub(in crate::proxy) fn stopped(&mut self, cause: Cause) {
        self.began.get_or_insert(Began::Stop(cause));
    }

    /// A fault, a rule or the user wants this end.
    pub(in crate::proxy) fn struck(&mut self, how: &CloseMode, by: &str) {
        let text = match how {
            CloseMode::Close { frame, .. } => {
                format!("closed by {by}: {}", close_text(frame.as_ref()))
            }
            CloseMode::Abandon { reset: true } => format!("reset by {by}"),
            CloseMode::Abandon { reset: false } => format!("ended by {by}"),
        };
        self.began.get_or_insert(Began::Proxy(text));
    }

    /// Shows and records the end.
    ///
    /// `passed` is what came from the client, and from the server; messages are counted if it `is_watched`.
    pub(in crate::proxy) fn close(
        &mut self,
        passed: (Traffic, Traffic),
        is_watched: bool,
        evidence: Box<Evidence>,
    ) {
        let now = self.now();
        let lasted = now.saturating_duration_since(self.opened);
        let (client, server) = passed;
        let text = format!(
            "{} after {} ({}; {})",
            self.how(),
            quantity::duration(lasted),
            amount(Side::Client, client, is_watched),
            amount(Side::Server, server, is_watched),
        );
        let (end, cause) = self.end();
        let ending = Ending {
            sent: client,
            received: server,
            evidence,
            ..Ending::new(end, cause, lasted)
        };
        self.log.turn_to(None);
        self.log.closed(&ending, &text);
        if let Some(recorder) = &mut self.recorder {
            recorder.closed(&ending, &text, now);
        }
        self.flush();
    }

    fn how(&self) -> String {
        match &self.began {
            Some(Began::Close(side)) => {
                let (frame, answer) = (
                    &self.closes[*side as usize],
                    &self.closes[side.other() as usize],
                );
                let frame = frame.as_ref().and_then(|it| it.0.as_ref());
                let mut text = format!("closed by {}: {}", side.name(), close_text(frame));
                let other = side.other().name();
                match answer {
                    None => {
                        let _ = write!(text, ", the {other} did not answer");
                    }
                    Some(Body(answer))
                        if reported_code(answer.as_ref()) != reported_code(frame) =>
                    {
                        let answer = close_text(answer.as_ref());
                        let _ = write!(text, ", the {other} answered {answer}");
                    }
                    Some(_) => {}
                }
                text
            }
            Some(Began::Fin(side, partial)) => {
                let place = place(*partial);
                format!("the {} ended TCP without a Close frame{place}", side.name())
            }
            Some(Began::Stream(_, text, partial)) => {
                format!("{}{}", escape_line(text), place(*partial))
            }
            Some(Began::Failed(side, text, partial)) => {
                let place = place(*partial);
                format!("lost the {}: {}{place}", side.name(), escape_line(text))
            }
            Some(Began::Stop(Cause::Signal(signal))) => {
                format!("closed by the proxy: 1001 going away, {signal},")
            }
            Some(Began::Stop(_)) => "closed by the proxy: 1001 going away".to_owned(),
            Some(Began::Proxy(text)) => text.clone(),
            None => "ended".to_owned(),
        }
    }

    /// The end as the client of a recording sees it.
    fn end(&self) -> (End, Option<Cause>) {
        let lost = |error, partial| End::Lost {
            error,
            partial,
            silence: Duration::ZERO,
            closing: false,
        };
        match &self.began {
            Some(Began::Close(side)) => {
                let end = End::Closed {
                    by_peer: *side == Side::Server,
                    sent: self.closes[0].clone().and_then(|it| it.0),
                    received: self.closes[1].clone().and_then(|it| it.0),
                };
                (end, (*side == Side::Client).then_some(Cause::Close))
            }
            Some(Began::Fin(Side::Server, partial)) => (lost(None, *partial), None),
            Some(
                Began::Failed(Side::Server, text, partial)
                | Began::Stream(Side::Server, text, partial),
            ) => (lost(Some(text.clone()), *partial), None),
            Some(Began::Fin(Side::Client, _) | Began::Stream(Side::Client, ..)) => {
                (End::Abandoned { reset: false }, Some(Cause::Close))
            }
            Some(Began::Failed(Side::Client, ..)) => {
                (End::Abandoned { reset: true }, Some(Cause::Close))
            }
            Some(Began::Stop(cause)) => (End::Abandoned { reset: false }, Some(cause.clone())),
            Some(Began::Proxy(_)) | None => (End::Abandoned { reset: false }, Some(Cause::Close)),
        }
    }
}

fn amount(side: Side, traffic: Traffic, is_watched: bool) -> String {
    let bytes = quantity::size(traffic.bytes);
    let what = if is_watched {
        quantity::plural(traffic.messages, "message")
    } else {
        quantity::plural(traffic.frames, "frame")
    };
    format!("{}: {what}, {bytes}", side.name())
}

fn place(partial: Option<Partial>) -> String {
    match partial {
        Some(Partial::Header { received }) => {
            let received = quantity::plural(received as u64, "byte");
            format!(" in the middle of a frame header ({received})")
        }
        Some(Partial::Payload { received, expected }) => {
            format!(" in the middle of a frame ({received} of {expected} bytes)")
        }
        Some(Partial::Message) => " in the middle of a fragmented message".to_owned(),
        None => String::new(),
    }
}
