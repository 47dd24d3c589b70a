//! Rules for messages that pass, ready to be used: patterns and filters are compiled once for all connections.

use std::time::Duration;

use crate::event::Side;
use crate::filter::{CompileError, Effort, Jq};
use crate::matching::{Fill, Matcher, MatcherError, NoValue};
use crate::proto::frame::CloseCode;
use crate::proto::message::Kind;
use crate::scenario::Form;
use crate::scenario::passing::{PassRule, PassStep};

/// All rules of a run.
#[derive(Debug, Default)]
pub struct Rules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    place: String,
    side: Option<Side>,
    matcher: Matcher,
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Delay(Duration),
    Drop,
    Replace(String),
    Set(Jq),
    Duplicate,
    Corrupt,
    Close(CloseCode),
    Reset,
}

/// Why rules cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct RuleError {
    place: String,
    problem: RuleProblem,
}

#[derive(Debug, thiserror::Error)]
enum RuleProblem {
    #[error(transparent)]
    Matcher(#[from] MatcherError),
    #[error(transparent)]
    NoValue(#[from] NoValue),
    #[error("after filling in its variables: {0}")]
    Jq(#[from] CompileError),
}

/// What becomes of a message.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) delay: Duration,
    /// How often it passes.
    pub(super) copies: usize,
    /// Another kind and payload.
    pub(super) changed: Option<(Kind, Vec<u8>)>,
    pub(super) end: Option<End>,
    /// What was done, for the log.
    pub(super) notes: Vec<String>,
}

/// How a rule ends the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Close(CloseCode),
    Reset,
}

/// The most copies of a message: a rule may double it a few times, but must not fill the memory.
const MOST_COPIES: usize = 64;

impl Rules {
    /// Compiles rules, with values for their variables.
    pub fn new(rules: &[PassRule], values: &impl Fill) -> Result<Self, RuleError> {
        let compile = |rule: &PassRule| {
            Rule::new(rule, values).map_err(|problem| RuleError {
                place: rule.place.clone(),
                problem,
            })
        };
        rules
            .iter()
            .map(compile)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether messages from this end are looked at.
    pub(super) fn are_for(&self, side: Side) -> bool {
        self.0.iter().any(|rule| rule.is_for(side))
    }

    /// What the first rule that matches does; `None` without one.
    pub(super) fn judge(&self, side: Side, kind: Kind, payload: &[u8]) -> Option<Verdict> {
        let matches = |rule: &&Rule| rule.is_for(side) && rule.matcher.check(kind, payload).is_ok();
        self.0
            .iter()
            .find(matches)
            .map(|rule| rule.apply(kind, payload))
    }
}

impl Rule {
    fn new(rule: &PassRule, values: &impl Fill) -> Result<Self, RuleProblem> {
        let steps = rule.steps.iter().map(|step| Step::new(step, values));
        Ok(Self {
            place: rule.place.clone(),
            side: rule.side,
            matcher: Matcher::new(&rule.pattern, values)?.with(Effort::Shared),
            steps: steps.collect::<Result<_, _>>()?,
        })
    }

    fn is_for(&self, side: Side) -> bool {
        self.side.is_none_or(|own| own == side)
    }

    fn apply(&self, kind: Kind, payload: &[u8]) -> Verdict {
        let mut verdict = Verdict {
            copies: 1,
            ..Verdict::default()
        };
        for step in &self.steps {
            let note = step.apply(&mut verdict, kind, payload);
            verdict.notes.push(format!("{}: {note}", self.place));
        }
        verdict
    }
}

impl Step {
    fn new(step: &PassStep, values: &impl Fill) -> Result<Self, RuleProblem> {
        Ok(match step {
            PassStep::Delay(time) => Self::Delay(*time),
            PassStep::Drop => Self::Drop,
            PassStep::Replace(text) => Self::Replace(values.fill(text, Form::Plain)?),
            PassStep::Set(filter) => {
                let filter = Jq::compile(&values.fill(filter, Form::Quoted)?)?;
                Self::Set(filter.with(Effort::Shared))
            }
            PassStep::Duplicate => Self::Duplicate,
            PassStep::Corrupt => Self::Corrupt,
            PassStep::Close(code) => Self::Close(*code),
            PassStep::Reset => Self::Reset,
        })
    }

    /// Does it to a message; returns what to note.
    fn apply(&self, verdict: &mut Verdict, kind: Kind, payload: &[u8]) -> String {
        match self {
            Self::Delay(time) => {
                verdict.delay += *time;
                format!("delay {}", crate::duration::typed(*time))
            }
            Self::Drop => {
                verdict.copies = 0;
                "drop".to_owned()
            }
            Self::Duplicate => {
                verdict.copies = (verdict.copies * 2).min(MOST_COPIES);
                "duplicate".to_owned()
            }
            Self::Replace(text) => {
                verdict.changed = Some((Kind::Text, text.clone().into_bytes()));
                "replace".to_owned()
            }
            Self::Set(filter) => {
                let (kind, payload) = verdict.current(kind, payload);
                match set(filter, payload) {
                    Ok(changed) => {
                        verdict.changed = Some((kind, changed));
                        "set".to_owned()
                    }
                    Err(problem) => format!("set changes nothing, {problem}"),
                }
            }
            Self::Corrupt => {
                let (kind, payload) = verdict.current(kind, payload);
                match corrupt(kind, payload) {
                    Some((changed, at)) => {
                        verdict.changed = Some((kind, changed));
                        format!("corrupt at byte {}", at + 1)
                    }
                    None => "corrupt changes nothing, as there is no byte to flip".to_owned(),
                }
            }
            Self::Close(code) => {
                verdict.end = Some(End::Close(*code));
                format!("close {}", code.0)
            }
            Self::Reset => {
                verdict.end = Some(End::Reset);
                "reset".to_owned()
            }
        }
    }
}

impl Verdict {
    /// The message as the steps before have left it.
    fn current<'a>(&'a self, kind: Kind, payload: &'a [u8]) -> (Kind, &'a [u8]) {
        self.changed
            .as_ref()
            .map_or((kind, payload), |(kind, payload)| (*kind, payload))
    }
}

fn set(filter: &Jq, payload: &[u8]) -> Result<Vec<u8>, String> {
    let mut outputs = filter.run(payload).map_err(|error| error.to_string())?;
    match outputs.next() {
        Some(Ok(output)) => Ok(output.json().into_bytes()),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("the filter has no output".to_owned()),
    }
}

/// Flips a bit near the middle; a text stays one, as another letter or digit takes the place of one.
fn corrupt(kind: Kind, payload: &[u8]) -> Option<(Vec<u8>, usize)> {
    let middle = payload.len() / 2;
    let at = match kind {
        Kind::Binary => middle,
        Kind::Text => {
            let is_plain = |at: &usize| payload[*at].is_ascii_alphanumeric();
            let before = (0..middle).rev();
            (middle..payload.len()).chain(before).find(is_plain)?
        }
    };
    let mut changed = payload.to_vec();
    *changed.get_mut(at)? ^= 1;
    Some((changed, at))
}
