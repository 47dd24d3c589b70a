//! The steps of a command line become a case.

use super::TestError;
use crate::cli::{Payload, Step, StepKind, TestArgs};
use crate::proto::frame::CloseCode;
use crate::scenario::argument;
use crate::scenario::ast::{Action, Content, Expect, Mood, Pattern};
use crate::scenario::case::{Act, ActKind, Answer, Connection};
use crate::scenario::{Case, Known, Mistake, Problem, Template, known, span};

/// The case that the steps are; without steps a ping and a close.
pub(super) fn case(
    args: &TestArgs,
    url: &str,
    shown: String,
    known: &Known,
) -> Result<Case, TestError> {
    let mut builder = Builder {
        known,
        connection: Connection {
            url: Template::literal(url),
            flags: Vec::new(),
            fields: Vec::new(),
            status: 101,
            answers: Vec::new(),
        },
        script: Vec::new(),
        is_closed: false,
    };
    for step in &args.steps.steps {
        builder.step(step)?;
    }
    Ok(builder.finish(shown))
}

struct Builder<'a> {
    known: &'a Known,
    connection: Connection,
    script: Vec<Act>,
    /// A step waits for the server to close.
    is_closed: bool,
}

impl Builder<'_> {
    fn step(&mut self, step: &Step) -> Result<(), TestError> {
        let value = step.value.as_str();
        let mistake = |mistake: Mistake| TestError::Step {
            flag: step.kind.flag(),
            mistake: Box::new(mistake),
        };
        let action = match step.kind {
            StepKind::Send => Action::Send(message(step)?),
            StepKind::SendHex => {
                Action::Send(Content::Binary(argument::bytes(value).map_err(mistake)?))
            }
            StepKind::Ping => Action::Ping {
                payload: argument::text(value).map_err(mistake)?,
                within: None,
            },
            StepKind::Expect(kind, is_next) => Action::Expect(Expect {
                mood: if is_next { Mood::Next } else { Mood::Some },
                pattern: argument::pattern(kind, value).map_err(mistake)?,
                within: None,
                captures: Vec::new(),
            }),
            StepKind::ExpectNone => Action::Expect(Expect {
                mood: Mood::None,
                pattern: Pattern::Any,
                within: Some(time(step)?),
                captures: Vec::new(),
            }),
            StepKind::ExpectClose => Action::ExpectClose(argument::close(value).map_err(mistake)?),
            StepKind::ExpectStatus => return self.status(step),
            StepKind::ExpectSubprotocol => {
                return self.answer(step, "Sec-WebSocket-Protocol", value);
            }
            StepKind::ExpectHeader => {
                let problem = "no ':' in the field; write 'Name: value'";
                let (name, value) = value.split_once(':').ok_or_else(|| wrong(step, problem))?;
                return self.answer(step, name.trim(), value.trim());
            }
        };
        self.push(step, action)
    }

    fn push(&mut self, step: &Step, action: Action) -> Result<(), TestError> {
        if self.connection.status != 101 {
            return Err(wrong(step, "no step can follow a refused upgrade"));
        }
        if self.is_closed {
            return Err(wrong(step, "no step can follow --expect-close"));
        }
        known::check(&action, self.known).map_err(|problem| match problem {
            Problem::NoValue(name) => {
                let text = format!("the variable {name} has no value; give it with --var {name}=…");
                wrong(step, &text)
            }
            problem => wrong(step, &problem),
        })?;
        self.is_closed = matches!(action, Action::ExpectClose(_));
        self.script.push(Act {
            line: 0,
            source: source(step),
            on: 0,
            kind: ActKind::Step(action),
        });
        Ok(())
    }

    fn status(&mut self, step: &Step) -> Result<(), TestError> {
        let Ok(status @ 100..=599) = step.value.parse() else {
            return Err(wrong(step, "not a status; write 101, or 401 and the like"));
        };
        if !self.script.is_empty() && status != 101 {
            return Err(wrong(
                step,
                "no other step can be done with a refused upgrade",
            ));
        }
        self.connection.status = status;
        Ok(())
    }

    fn answer(&mut self, step: &Step, name: &str, value: &str) -> Result<(), TestError> {
        let value = argument::text(value).map_err(|mistake| TestError::Step {
            flag: step.kind.flag(),
            mistake: Box::new(mistake),
        })?;
        self.connection.answers.push(Answer {
            line: 0,
            source: source(step),
            name: name.to_owned(),
            value,
        });
        Ok(())
    }

    fn finish(mut self, name: String) -> Case {
        let act = |source: &str, what| Act {
            line: 0,
            source: source.to_owned(),
            on: 0,
            kind: what,
        };
        let is_open = self.connection.status == 101;
        let has_steps = !self.script.is_empty();
        let mut script = vec![act(
            &format!("wsee test {name}"),
            ActKind::Connect(self.connection),
        )];
        script.append(&mut self.script);
        if is_open && !has_steps {
            let ping = Action::Ping {
                payload: Template::literal("wsee"),
                within: None,
            };
            script.push(act("--ping", ActKind::Step(ping)));
        }
        if is_open && !self.is_closed {
            script.push(act("the close at the end", ActKind::Step(close())));
        }
        Case {
            name,
            line: 0,
            connections: vec![None],
            script,
        }
    }
}

fn close() -> Action {
    Action::Close {
        code: Some(CloseCode::NORMAL.0),
        reason: Template::default(),
        within: None,
    }
}

/// `--send`: a text, or a file.
fn message(step: &Step) -> Result<Content, TestError> {
    let payload: Payload = step.value.parse().map_err(|error| wrong(step, &error))?;
    match payload {
        Payload::File(path) => Ok(Content::File {
            path: Template::literal(&path.to_string_lossy()),
            binary: false,
        }),
        Payload::Text(text) => {
            let text = argument::text(&text).map_err(|mistake| TestError::Step {
                flag: step.kind.flag(),
                mistake: Box::new(mistake),
            })?;
            Ok(Content::Text(text))
        }
    }
}

fn time(step: &Step) -> Result<std::time::Duration, TestError> {
    let time = span::parse(&step.value);
    time.ok_or_else(|| wrong(step, "not a time; write 500ms, 2s or 1m30s"))
}

fn wrong(step: &Step, problem: &(impl ToString + ?Sized)) -> TestError {
    TestError::StepValue {
        flag: step.kind.flag(),
        problem: problem.to_string(),
    }
}

/// The step as it is shown.
fn source(step: &Step) -> String {
    match step.value.as_str() {
        "" if matches!(step.kind, StepKind::Ping | StepKind::ExpectClose) => step.kind.flag(),
        value => format!("{} {value}", step.kind.flag()),
    }
}
