//! `SockJS`: strings in frames that begin with a letter.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::desk::{Desk, Scheme, Turn};
use crate::exit::Exit;
use crate::ontop::jsonrpc::Batch;
use crate::ontop::verb::usage;
use crate::ontop::{Lines, Name, Opening, Refusal, SayError, SayResult, Seen, Verb, container};
use crate::render::quantity;
use crate::text::cut;

pub const VERBS: &[Verb] = &[Verb {
    name: "message",
    args: "TEXT",
    help: "send a message in a frame, as a line does",
    example: "/message hello",
    lines: Lines::Json,
    check: |args| content(args).map(drop),
}];

/// How long the open frame may take; servers send it at once.
const PATIENCE: Duration = Duration::from_secs(10);
/// The codes of a close that is none of the client's mistakes: `SockJS`'s own, and WebSocket's.
const ORDERLY: [u64; 2] = [3000, 1000];
/// Another connection of the same session.
const TAKEN: u64 = 2010;
const HINT: &str =
    "a path that ends in /websocket without a server and a session before it needs no --as";
/// How much of the reason the last line quotes, in bytes.
const QUOTED: usize = 300;

#[derive(Debug, Default)]
pub(in crate::ontop) struct SockJs {
    is_open: bool,
    /// Until then the server has to send its open frame.
    until: Option<Instant>,
    heartbeats: u64,
}

fn content(args: &str) -> Result<&str, SayError> {
    match args.trim() {
        "" => Err(usage(VERBS, "message")),
        text => Ok(text),
    }
}

fn seen(kind: &str) -> Seen {
    Seen::new(Name::SockJs, kind, kind)
}

fn message(text: &str) -> Seen {
    let mut seen = seen("message").with("message", text).carrying(text);
    let json = container(text);
    if let Some(json) = &json {
        seen = seen.with("json", json.clone());
    }
    seen.printing(json.unwrap_or_else(|| text.into()))
}

impl SockJs {
    fn messages(array: &str, turn: &mut Turn<'_>) -> Result<(), String> {
        let Batch::Many(parts, more) = Batch::parse(array)? else {
            return Err("its messages are no array".to_owned());
        };
        if parts.is_empty() {
            return Err("it has no messages".to_owned());
        }
        for part in parts {
            match part.as_str() {
                Some(text) => turn.see(message(text)),
                None => turn.see(message(&part.to_string()).noting("no string")),
            }
        }
        if more > 0 {
            let text = format!("{more} more messages of the frame are not looked at");
            turn.actions.note(text);
        }
        Ok(())
    }

    fn close(frame: &str, turn: &mut Turn<'_>) -> Result<(), String> {
        let parsed: Value = serde_json::from_str(frame).map_err(|error| error.to_string())?;
        let code = parsed[0].as_u64().ok_or("its close frame has no code")?;
        let reason = cut(parsed[1].as_str().unwrap_or_default(), QUOTED);
        let label = format!("close {code} {reason:?}");
        let seen = Seen {
            label,
            ..seen("close")
        };
        turn.see(seen.with("code", code).with("reason", reason.as_str()));
        let is_orderly = ORDERLY.contains(&code);
        turn.actions.end(Refusal {
            text: format!("the server closed the SockJS session: {code} {reason:?}"),
            hint: (code == TAKEN)
                .then(|| "a session has one connection; leave it out of the path".to_owned()),
            exit: if is_orderly {
                Exit::Done
            } else {
                Exit::ClosedWithError
            },
            may_pass: !is_orderly,
        });
        Ok(())
    }
}

impl Scheme for SockJs {
    const NAME: Name = Name::SockJs;
    const TITLE: &'static str = "SockJS";
    const LINE: &'static str = "a line is sent as a message in a frame";

    fn greet(&mut self, _: Opening<'_>, turn: &mut Turn<'_>) {
        self.is_open = false;
        self.until = Some(turn.now + PATIENCE);
    }

    fn adopt(&mut self, _: Instant) {
        self.is_open = true;
    }

    fn is_ready(&self, _: &Desk) -> bool {
        self.is_open
    }

    fn hear(&mut self, text: &str, turn: &mut Turn<'_>) -> Result<(), String> {
        let Some(first) = text.chars().next() else {
            return Err("it is empty".to_owned());
        };
        let rest = &text[first.len_utf8()..];
        match first {
            'o' if rest.is_empty() => {
                (self.is_open, self.until) = (true, None);
                turn.see(seen("open"));
                Ok(())
            }
            'h' if rest.is_empty() => {
                self.heartbeats += 1;
                turn.see(Seen::keepalive(Name::SockJs, "heartbeat"));
                Ok(())
            }
            'a' => Self::messages(rest, turn),
            // Of servers that have one message in a frame.
            'm' => {
                let text: String = serde_json::from_str(rest).map_err(|it| it.to_string())?;
                turn.see(message(&text));
                Ok(())
            }
            'c' => Self::close(rest, turn),
            other => Err(format!("{other:?} begins no frame")),
        }
    }

    fn say(&mut self, _: &str, args: &str, turn: &mut Turn<'_>) -> SayResult {
        self.line(content(args)?, turn)
    }

    fn line(&mut self, line: &str, turn: &mut Turn<'_>) -> SayResult {
        // A printed message that is no JSON is a string, and the same message when it is sent back.
        let text = serde_json::from_str(line).unwrap_or_else(|_| line.to_owned());
        let frame = Value::from(vec![text.as_str()]).to_string();
        turn.send(frame, message(&text));
        Ok(())
    }

    fn closing(&self, code: u16) -> Option<Refusal> {
        // The same number has another meaning in WebSocket's registry.
        (code == 3000).then(|| {
            let text = "the server ended the SockJS session".to_owned();
            Refusal::refused(text, "-v shows the frames that were sent")
        })
    }

    fn deadline(&self) -> Option<Instant> {
        self.until
    }

    fn overdue(&mut self, now: Instant) -> Option<Refusal> {
        self.until.take_if(|until| *until <= now)?;
        let patience = quantity::duration(PATIENCE);
        let text = format!("no open frame came within {patience}");
        Some(Refusal::silent(text, HINT))
    }

    fn notes(&self) -> Vec<String> {
        vec![format!("{} heartbeats", self.heartbeats)]
    }
}
