//! Variables of a scenario: which there are, and whether something gives them a value.

use std::collections::HashSet;

use super::ast::{Action, Capture, Content, Extract, Pattern, Reason, Statement};
use super::error::Problem;
use super::template::{Template, Variable};

/// What has a value before a case begins.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Variables given with `--var` or `--var-file`.
    pub variables: HashSet<String>,
    /// Variables of the environment that may be read.
    pub environment: HashSet<String>,
}

/// Whether all variables of a step that is not in a file have values.
pub fn check(action: &Action, known: &Known) -> Result<(), Problem> {
    let templates = step_templates(action).into_iter();
    let mut variables = templates.flat_map(Template::variables);
    variables.try_for_each(|variable| check_variable(variable, known, &HashSet::new()))
}

/// Whether the variable has a value: one that is known, or one that was captured.
pub(super) fn check_variable(
    variable: &Variable,
    known: &Known,
    captured: &HashSet<String>,
) -> Result<(), Problem> {
    match variable {
        Variable::Named(name) if captured.contains(name) || known.variables.contains(name) => {
            Ok(())
        }
        Variable::Named(name) => Err(Problem::NoValue(name.clone())),
        Variable::Env(name) if known.environment.contains(name) => Ok(()),
        Variable::Env(name) => Err(Problem::NotAllowed(name.clone())),
        Variable::Uuid | Variable::Now => Ok(()),
    }
}

/// The variables of a statement.
pub(super) fn variables(statement: &Statement) -> Vec<&Variable> {
    let templates: Vec<&Template> = match statement {
        Statement::Connect { url, .. } => vec![url],
        Statement::Flag { value, .. } => value.iter().collect(),
        Statement::Field { value, .. } | Statement::Answer { value, .. } => vec![value],
        Statement::Step(step) => step_templates(&step.action),
        _ => Vec::new(),
    };
    templates
        .into_iter()
        .flat_map(Template::variables)
        .collect()
}

fn step_templates(action: &Action) -> Vec<&Template> {
    match action {
        Action::Send(Content::Text(text)) => vec![text],
        Action::Send(Content::File { path, .. }) => vec![path],
        Action::Expect(expect) => {
            let pattern = match &expect.pattern {
                Pattern::Text(it) | Pattern::Json(it) | Pattern::Re(it) | Pattern::Jq(it) => {
                    Some(it)
                }
                Pattern::Hex(_) | Pattern::Any => None,
            };
            let captures = expect
                .captures
                .iter()
                .map(|Capture { with, .. }| match with {
                    Extract::Jq(it) | Extract::Re(it) => it,
                });
            pattern.into_iter().chain(captures).collect()
        }
        Action::ExpectClose(close) => match &close.reason {
            Some(Reason::Text(it) | Reason::Re(it)) => vec![it],
            None => Vec::new(),
        },
        Action::ExpectControl { payload, .. } => payload.iter().collect(),
        Action::Ping { payload: it, .. }
        | Action::Pong(it)
        | Action::Close { reason: it, .. }
        | Action::Command { args: it, .. } => vec![it],
        _ => Vec::new(),
    }
}
