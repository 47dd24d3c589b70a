//! Makes a case of the steps on the command line.

use super::TestError;
use crate::proto::frame::CloseCode;
use crate::scenario::{
    self, Action, Case, File, Known, Line, Mistake, Problem, Statement, Template,
};

/// The case of these steps, called `name`; without steps it is a ping and a close.
pub(super) fn case(
    steps: &[Line],
    url: &str,
    name: &str,
    known: &Known,
) -> Result<Vec<Case>, TestError> {
    let connect = Statement::Connect {
        name: None,
        on_top: None,
        url: Template::literal(url),
    };
    let (about_response, mut actions): (Vec<Line>, Vec<Line>) = steps
        .iter()
        .cloned()
        .partition(|step| !matches!(step.statement, Statement::Action { .. }));
    let is_open = |step: &Line| !matches!(step.statement, Statement::Status(it) if it != 101);
    if actions.is_empty() && about_response.iter().all(is_open) {
        actions = ping_and_close();
    }
    let mut lines = vec![line(&format!("wsee test {name}"), connect)];
    lines.extend(about_response);
    lines.extend(actions);
    scenario::cases(File { lines }, name, known).map_err(TestError::Steps)
}

/// With steps of its own, a case ends as one of a file does.
fn ping_and_close() -> Vec<Line> {
    let ping = Action::Ping {
        payload: Template::literal("wsee"),
        within: None,
    };
    let close = Action::Close {
        code: Some(CloseCode::NORMAL.0),
        reason: Template::default(),
        within: None,
    };
    vec![
        action("--ping", ping),
        action("the close at the end", close),
    ]
}

fn action(source: &str, action: Action) -> Line {
    line(source, Statement::Action { on: None, action })
}

fn line(source: &str, statement: Statement) -> Line {
    let source = source.to_owned();
    Line {
        file: None,
        number: 0,
        source,
        statement,
    }
}

pub(super) fn problems(mistakes: &[Mistake]) -> String {
    let problem = |it: &Mistake| {
        let flag = it.source.split_whitespace().next().unwrap_or_default();
        match &it.problem {
            // Unlike a scenario, flags cannot capture it.
            Problem::NoValue(name) => {
                format!("{flag}: the variable {name} has no value; give it with --var {name}=…")
            }
            problem => format!("{flag}: {problem}"),
        }
    };
    let problems: Vec<String> = mistakes.iter().map(problem).collect();
    problems.join("; ")
}
