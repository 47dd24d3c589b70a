//! Checks before the run that every variable has a value.

use std::collections::HashSet;

use super::ast::{Action, Capture, Content, Extract, Pattern, Reason, Statement};
use super::rule::{Condition, Rule, Target};
use super::template::{Template, Variable};

/// The variables that have a value before a case begins.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Given with `--var` or `--var-file`.
    pub variables: HashSet<String>,
    /// Variables of the environment that may be read.
    pub environment: HashSet<String>,
    /// Any other variable will have a value as well.
    pub is_open: bool,
}

/// The variables of a statement that have no value, each once.
pub(super) fn missing<'s>(
    statement: &'s Statement,
    known: &Known,
    captured: &HashSet<String>,
) -> Vec<&'s Variable> {
    let mut missing = Vec::new();
    for variable in templates(statement)
        .into_iter()
        .flat_map(Template::variables)
    {
        let has_value = match variable {
            Variable::Named(name) => captured.contains(name) || known.variables.contains(name),
            Variable::Env(name) => known.environment.contains(name),
            Variable::Uuid | Variable::Now => true,
        };
        if !has_value && !missing.contains(&variable) {
            missing.push(variable);
        }
    }
    missing
}

fn templates(statement: &Statement) -> Vec<&Template> {
    match statement {
        Statement::Connect { url: it, .. }
        | Statement::RequestField { value: it, .. }
        | Statement::ResponseField { value: it, .. }
        | Statement::AnswerField { value: it, .. }
        | Statement::Body(it) => vec![it],
        Statement::Flag { value, .. } => value.iter().collect(),
        Statement::Action { action, .. } => of_action(action),
        Statement::Rule(rule) => of_rule(rule),
        Statement::Blank
        | Statement::Comment(_)
        | Statement::Case(_)
        | Statement::Include(_)
        | Statement::Status(_) => Vec::new(),
    }
}

fn of_rule(rule: &Rule) -> Vec<&Template> {
    match rule {
        Rule::Accept(conditions) | Rule::Reject { conditions, .. } => {
            conditions.iter().map(Condition::value).collect()
        }
        Rule::Message(trigger) => of_message(&trigger.pattern, &trigger.captures),
        Rule::Open | Rule::Close | Rule::Every(_) | Rule::Otherwise(_) => Vec::new(),
    }
}

fn of_action(action: &Action) -> Vec<&Template> {
    match action {
        Action::Send(Content::Text(it) | Content::File { path: it, .. })
        | Action::Ping { payload: it, .. }
        | Action::Pong(it)
        | Action::Close { reason: it, .. }
        | Action::Join(it)
        | Action::Leave(it)
        | Action::State { value: it, .. } => vec![it],
        Action::Typed(typed) => vec![&typed.args],
        Action::Say(say) => vec![&say.args],
        Action::Expect(expect) => of_message(&expect.pattern, &expect.captures),
        Action::To { target, action } => {
            let mut templates = of_action(action);
            if let Target::Path(it) | Target::Room(it) = target {
                templates.push(it);
            }
            templates
        }
        Action::ExpectClose(close) => match &close.reason {
            Some(Reason::Text(it) | Reason::Re(it)) => vec![it],
            None => Vec::new(),
        },
        Action::ExpectControl { payload, .. } => payload.iter().collect(),
        Action::Send(Content::Binary(_))
        | Action::Abandon { .. }
        | Action::Wait(_)
        | Action::Fault(_) => Vec::new(),
    }
}

fn of_message<'p>(pattern: &'p Pattern, captures: &'p [Capture]) -> Vec<&'p Template> {
    let pattern = match pattern {
        Pattern::Text(it)
        | Pattern::Json(it)
        | Pattern::Re(it)
        | Pattern::Jq(it)
        | Pattern::OnTop(it)
        | Pattern::Event(it) => Some(it),
        Pattern::Hex(_) | Pattern::Any => None,
    };
    let captures = captures.iter().map(|Capture { with, .. }| match with {
        Extract::Jq(it) | Extract::Re(it) => it,
    });
    pattern.into_iter().chain(captures).collect()
}
