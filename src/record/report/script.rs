//! Entries of a scenario, which has neither times nor frames.

use super::entry::{Body, Control, Entry, Message, Open, What};
use crate::event::Direction;
use crate::proto::message::Kind;
use crate::record::event::Head;
use crate::render::Secrets;
use crate::scenario::ast::{Action, Content, Expect, Match, Pattern, Statement};
use crate::scenario::format::write_statement;
use crate::scenario::{File, Line, Template};

pub(super) fn entries(file: &File, secrets: Secrets) -> Vec<Entry> {
    let mut entries = Vec::new();
    for line in &file.lines {
        let opening = match entries.last_mut() {
            Some(Entry {
                what: What::Open(open),
                ..
            }) => Some(&mut **open),
            _ => None,
        };
        if let Some(what) = read(line, opening, secrets) {
            entries.push(Entry {
                time: None,
                connection: None,
                what,
            });
        }
    }
    entries
}

/// The entry of a line; none if it belongs to the opening before it.
fn read(line: &Line, opening: Option<&mut Open>, secrets: Secrets) -> Option<What> {
    match (&line.statement, opening) {
        (Statement::Blank, _) => None,
        (Statement::Connect { url, .. }, _) => Some(What::Open(Box::new(Open {
            url: Some(url.to_string()),
            request: Some(Head {
                line: written(line, secrets),
                headers: Vec::new(),
            }),
            ..Open::default()
        }))),
        (Statement::Flag { .. } | Statement::RequestField { .. }, Some(open)) => {
            push_line(
                open.request.get_or_insert_default(),
                &written(line, secrets),
            );
            None
        }
        (Statement::Status(_) | Statement::ResponseField { .. }, Some(open)) => {
            push_line(
                open.response.get_or_insert_default(),
                &written(line, secrets),
            );
            None
        }
        (Statement::Action { action, .. }, _) => {
            Some(action_entry(action).unwrap_or_else(|| What::Note(written(line, secrets))))
        }
        _ => Some(What::Note(written(line, secrets))),
    }
}

fn push_line(head: &mut Head, line: &str) {
    if !head.line.is_empty() {
        head.line.push('\n');
    }
    head.line.push_str(line);
}

/// The statement in its canonical form.
fn written(line: &Line, secrets: Secrets) -> String {
    let mut text = String::new();
    write_statement(&mut text, &line.statement);
    secrets.scenario_line(&text).into_owned()
}

/// `None` for what is shown as it is written.
fn action_entry(action: &Action) -> Option<What> {
    use Direction::{Received, Sent};
    let text = |direction, template: &Template| {
        let payload = template.to_string().into_bytes();
        message(direction, Kind::Text, payload)
    };
    let control = |direction, body| What::Control(Control { direction, body });
    Some(match action {
        Action::Send(Content::Text(template)) => text(Sent, template),
        Action::Send(Content::Binary(bytes)) => message(Sent, Kind::Binary, bytes.clone()),
        Action::Expect(Expect {
            matching: Match::Eventually | Match::Next,
            pattern,
            captures,
            ..
        }) if captures.is_empty() => match pattern {
            Pattern::Text(template) | Pattern::Json(template) => text(Received, template),
            Pattern::Hex(bytes) => message(Received, Kind::Binary, bytes.clone()),
            _ => return None,
        },
        Action::Ping { payload, .. } => control(Sent, Body::Ping(payload.to_string().into())),
        Action::Pong(payload) => control(Sent, Body::Pong(Some(payload.to_string().into()), None)),
        Action::ExpectControl { pong, payload, .. } => {
            let payload = payload.as_ref().map(ToString::to_string);
            let payload = payload.unwrap_or_default().into_bytes();
            let body = if *pong {
                Body::Pong(Some(payload), None)
            } else {
                Body::Ping(payload)
            };
            control(Received, body)
        }
        _ => return None,
    })
}

fn message(direction: Direction, kind: Kind, payload: Vec<u8>) -> What {
    What::Message(Message {
        number: None,
        direction,
        kind,
        payload,
        deflated: None,
        on_top: None,
    })
}
