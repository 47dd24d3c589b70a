//! Writes a scenario in its canonical form.

use std::fmt::Write;

use super::ast::{
    Action, Capture, Content, Expect, ExpectClose, Extract, File, Match, Pattern, Reason, Statement,
};
use super::rule::{Condition, Otherwise, Rule, Target};
use super::scan::{Allowed, block_end, doubtful, find_word};
use super::span;
use super::template::Template;
use crate::render::escape::{Layout, escape};
use crate::render::jsonl::inert;

/// Text that [`parse`](super::parse()) reads as the same file, with single blank lines: one before
/// each case and one after the lines that belong to `connect`.
pub fn format(file: &File) -> String {
    write_all(file.lines.iter().map(|line| &line.statement))
}

/// Statements with the blank lines of [`format()`].
pub fn write_all<'a>(statements: impl Iterator<Item = &'a Statement>) -> String {
    let statements: Vec<&Statement> = statements.collect();
    let mut out = String::new();
    let mut blank = false;
    let mut previous: Option<&Statement> = None;
    let mut has_rule = false;
    for (at, &statement) in statements.iter().enumerate() {
        if *statement == Statement::Blank {
            blank = true;
            continue;
        }
        let wanted = blank || previous.is_some_and(|previous| parts(previous, statement));
        if wanted && previous.is_some() {
            out.push('\n');
        }
        has_rule |= matches!(statement, Statement::Rule(_));
        if has_rule && is_step(&statements[at..]) {
            out.push_str(INDENT);
        }
        write_statement(&mut out, statement);
        out.push('\n');
        blank = false;
        previous = Some(statement);
    }
    out
}

/// Before the lines that belong to a rule.
const INDENT: &str = "  ";

/// Whether the first statement belongs to a rule; a comment is where the line after it is.
fn is_step(statements: &[&Statement]) -> bool {
    let mut lines = statements
        .iter()
        .filter(|it| !matches!(it, Statement::Blank | Statement::Comment(_)));
    let ends_apart = match statements {
        // With a blank line after it, it is not about the step.
        [Statement::Comment(_), Statement::Blank, ..] => true,
        _ => false,
    };
    !ends_apart
        && lines.next().is_some_and(|line| {
            matches!(
                line,
                Statement::Action { .. } | Statement::AnswerField { .. } | Statement::Body(_)
            )
        })
}

fn parts(previous: &Statement, next: &Statement) -> bool {
    use Statement::{Case, Comment, Connect, Flag, RequestField, ResponseField, Status};
    let of_request = matches!(previous, Connect { .. } | Flag { .. } | RequestField { .. });
    match next {
        Case(_) => !matches!(previous, Comment(_)),
        Status(_) => of_request,
        Statement::Action { .. } => of_request || matches!(previous, ResponseField { .. }),
        Connect { .. } => !matches!(previous, Case(_) | Comment(_) | Connect { .. }),
        _ => false,
    }
}

pub fn write_statement(out: &mut String, statement: &Statement) {
    // Writing to a String cannot fail.
    let _ = match statement {
        Statement::Blank => Ok(()),
        Statement::Comment(text) => {
            write_comment(out, text);
            Ok(())
        }
        Statement::Case(name) => write!(out, "### {name}"),
        Statement::Include(path) => write!(out, "include {path}"),
        Statement::Connect { name, on_top, url } => {
            out.push_str("connect ");
            if let Some(name) = name {
                let _ = write!(out, "{name} ");
            }
            if let Some(on_top) = on_top {
                let _ = write!(out, "--as {on_top} ");
            }
            write!(out, "{url}")
        }
        Statement::Flag { name, value: None } => write!(out, "--{name}"),
        Statement::Flag {
            name,
            value: Some(value),
        } => write_flag(out, name, &value.to_string()),
        Statement::RequestField { name, value }
        | Statement::ResponseField { name, value }
        | Statement::AnswerField { name, value } => {
            let value = value.to_string();
            let blank = if value.is_empty() { "" } else { " " };
            write!(out, "{name}:{blank}{value}")
        }
        Statement::Status(status) => write!(out, "{status}"),
        Statement::Rule(rule) => {
            write_rule(out, rule);
            Ok(())
        }
        Statement::Body(body) => {
            let body = body.to_string();
            if body.contains('\n') || body.starts_with("\"\"\"") {
                out.push_str("body ");
                write_block(out, &body);
            } else {
                write_words(out, "body", &body);
            }
            Ok(())
        }
        Statement::Action { on, action } => {
            write_action(out, on.as_deref(), action);
            Ok(())
        }
    };
}

pub(super) fn write_comment(out: &mut String, text: &str) {
    // Writing to a String cannot fail.
    let _ = match text {
        "" => write!(out, "#"),
        // `###` would begin a case.
        text if text.starts_with('#') && !text.starts_with("##") => write!(out, "#{text}"),
        text => write!(out, "# {text}"),
    };
}

/// A value that is empty or begins or ends with a blank needs `=`.
fn write_flag(out: &mut String, name: &str, value: &str) -> std::fmt::Result {
    let takes_blank = !value.is_empty() && value.trim() == value;
    let between = if takes_blank { ' ' } else { '=' };
    write!(out, "--{name}{between}{value}")
}

fn write_action(out: &mut String, on: Option<&str>, action: &Action) {
    let is_arrow = matches!(
        action,
        Action::Send(_) | Action::Expect(_) | Action::ExpectClose(_) | Action::ExpectControl { .. }
    );
    if let Some(name) = on {
        out.push_str(name);
        if !is_arrow {
            out.push(' ');
        }
    }
    match action {
        Action::Send(content) => write_send(out, content),
        Action::Expect(expect) => write_expect(out, expect),
        Action::ExpectClose(close) => write_expect_close(out, close),
        Action::ExpectControl {
            pong,
            payload,
            within,
        } => {
            out.push_str(if *pong { "< pong" } else { "< ping" });
            write_payload(out, payload.as_ref());
            write_span(out, "within", *within);
        }
        Action::Ping { payload, within } => {
            out.push_str("ping");
            write_payload(out, Some(payload));
            write_span(out, "within", *within);
        }
        Action::Pong(payload) => {
            out.push_str("pong");
            write_payload(out, Some(payload));
        }
        Action::Close {
            code,
            reason,
            within,
        } => {
            let code = code.map(|code| code.to_string());
            write_words(out, "close", code.as_deref().unwrap_or_default());
            write_payload(out, Some(reason));
            write_span(out, "within", *within);
        }
        Action::Typed(typed) => write_words(out, typed.grammar.name(), &typed.args.to_string()),
        Action::Say(say) => write_words(out, say.verb, &say.args.to_string()),
        Action::Abandon { reset } => out.push_str(if *reset { "reset" } else { "drop" }),
        Action::Wait(time) => {
            let _ = write!(out, "wait {}", span::write(*time));
        }
        Action::To { target, action } => {
            match target {
                Target::All => out.push_str("to all "),
                Target::Others => out.push_str("to others "),
                Target::Path(name) | Target::Room(name) => {
                    let _ = write!(out, "to {name} ");
                }
            }
            write_action(out, None, action);
        }
        Action::Join(room) => write_words(out, "join", &room.to_string()),
        Action::Leave(room) => write_words(out, "leave", &room.to_string()),
        Action::State { name, value } => {
            let _ = write!(out, "state {name} = {value}");
        }
        Action::Fault(fault) => {
            let _ = write!(out, "fault {fault}");
        }
    }
}

fn write_words(out: &mut String, name: &str, args: &str) {
    out.push_str(name);
    if !args.is_empty() {
        let _ = write!(out, " {args}");
    }
}

fn write_span(out: &mut String, word: &str, time: Option<std::time::Duration>) {
    if let Some(time) = time {
        let _ = write!(out, " {word} {}", span::write(time));
    }
}

fn write_send(out: &mut String, content: &Content) {
    match content {
        Content::Text(text) => {
            let text = text.to_string();
            if text.contains('\n') || text.starts_with("\"\"\"") {
                out.push_str("> ");
                write_block(out, &text);
            } else if text.is_empty() {
                out.push('>');
            } else {
                let at = if text.starts_with('@') { "@" } else { "" };
                let _ = write!(out, "> {at}{text}");
            }
        }
        Content::Binary(bytes) => write_words(out, ">b", &hex(bytes)),
        Content::File { path, binary } => {
            let arrow = if *binary { ">b" } else { ">" };
            let _ = write!(out, "{arrow} @{path}");
        }
    }
}

/// Hex digits, with a blank after each byte.
pub fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}

/// Writes a text between more quotes than any of its lines begins with.
pub(super) fn write_block(out: &mut String, text: &str) {
    let mut quotes = "\"\"\"".to_owned();
    while text
        .split('\n')
        .any(|line| block_end(line, &quotes).is_some())
    {
        quotes.push('"');
    }
    let _ = write!(out, "{quotes}\n{text}\n{quotes}");
}

fn write_rule(out: &mut String, rule: &Rule) {
    let _ = match rule {
        Rule::Accept(conditions) => {
            out.push_str("accept");
            write_conditions(out, conditions);
            Ok(())
        }
        Rule::Reject { status, conditions } => {
            let _ = write!(out, "reject {status}");
            write_conditions(out, conditions);
            Ok(())
        }
        Rule::Open => write!(out, "on open"),
        Rule::Close => write!(out, "on close"),
        Rule::Message(trigger) => {
            out.push_str("on ");
            write_pattern(out, &trigger.pattern, &trigger.captures, Match::Eventually);
            Ok(())
        }
        Rule::Every(period) => write!(out, "every {}", span::write(*period)),
        Rule::Otherwise(Otherwise::Echo) => write!(out, "otherwise echo"),
        Rule::Otherwise(Otherwise::Ignore) => write!(out, "otherwise ignore"),
        Rule::Otherwise(Otherwise::Close(code)) => write!(out, "otherwise close {code}"),
    };
}

fn write_conditions(out: &mut String, conditions: &[Condition]) {
    for condition in conditions {
        let _ = write!(out, " {} ", condition.word());
        if let Condition::Header { name, .. } = condition {
            let _ = write!(out, "{name}: ");
        }
        let value = condition.value().to_string();
        let is_word = !value.is_empty()
            && !value.starts_with('"')
            && !value.contains(char::is_whitespace)
            && is_clean(&value, Layout::Line);
        out.push_str(&if is_word { value } else { quoted(&value) });
    }
}

fn write_expect(out: &mut String, expect: &Expect) {
    out.push_str(expect.matching.arrow());
    out.push(' ');
    write_pattern(out, &expect.pattern, &expect.captures, expect.matching);
    let word = match expect.matching {
        Match::Never => "for",
        Match::Eventually | Match::Next => "within",
    };
    write_span(out, word, expect.within);
}

pub(super) fn write_pattern(
    out: &mut String,
    pattern: &Pattern,
    captures: &[Capture],
    matching: Match,
) {
    match pattern {
        Pattern::Text(text) => write_text(out, "text", &text.to_string(), matching),
        Pattern::Json(text) => write_operand(out, "json", text, matching),
        Pattern::Jq(text) => write_operand(out, "jq", text, matching),
        Pattern::Re(regex) => write_regex(out, regex),
        Pattern::Hex(bytes) => write_words(out, "hex", &hex(bytes)),
        Pattern::Any => out.push_str("any"),
        Pattern::OnTop(text) => write_operand(out, "as", text, matching),
        Pattern::Event(text) => write_operand(out, "event", text, matching),
    }
    for Capture { name, with } in captures {
        let _ = write!(out, " capture {name} = ");
        match with {
            Extract::Jq(filter) => {
                let _ = write!(out, "{filter}");
            }
            Extract::Re(regex) => write_regex(out, regex),
        }
    }
}

fn write_operand(out: &mut String, kind: &str, text: &Template, matching: Match) {
    let text = text.to_string();
    let _ = write!(out, "{kind} ");
    let hides_words = find_word(&text, modifiers(matching), true).is_some();
    if text.contains('\n') || text.starts_with("\"\"\"") || hides_words {
        write_block(out, &text);
    } else {
        out.push_str(&text);
    }
}

/// Words that would end a text without quotes.
fn modifiers(matching: Match) -> &'static [&'static str] {
    match matching {
        Match::Never => Allowed::For.words(),
        Match::Eventually | Match::Next => Allowed::All.words(),
    }
}

fn write_text(out: &mut String, kind: &str, text: &str, matching: Match) {
    let _ = write!(out, "{kind} ");
    if text.contains('\n') && is_clean(text, Layout::Payload) {
        write_block(out, text);
    } else if is_plain(text, matching) {
        out.push_str(text);
    } else {
        out.push_str(&quoted(text));
    }
}

fn is_plain(text: &str, matching: Match) -> bool {
    !text.is_empty()
        && text.trim() == text
        && !text.starts_with('"')
        && is_clean(text, Layout::Line)
        && find_word(text, modifiers(matching), false).is_none()
        && doubtful(text).is_none()
}

fn write_regex(out: &mut String, regex: &Template) {
    let _ = write!(out, "re \"{}\"", regex.to_string().replace('"', "\\\""));
}

fn write_payload(out: &mut String, payload: Option<&Template>) {
    let Some(payload) = payload else {
        return;
    };
    let text = payload.to_string();
    if is_plain(&text, Match::Eventually) && !text.contains('"') {
        let _ = write!(out, " {text}");
    } else if !text.is_empty() {
        let _ = write!(out, " {}", quoted(&text));
    }
}

fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = inert(&text, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Whether a text has no characters that control a terminal or deceive a reader.
fn is_clean(text: &str, layout: Layout) -> bool {
    escape(text.as_bytes(), layout) == text
}

fn write_expect_close(out: &mut String, close: &ExpectClose) {
    out.push_str("< close");
    let codes: Vec<String> = close.codes.iter().map(u16::to_string).collect();
    if !codes.is_empty() {
        let _ = write!(out, " {}", codes.join(","));
    }
    match &close.reason {
        Some(Reason::Text(text)) => {
            let _ = write!(out, " {}", quoted(&text.to_string()));
        }
        Some(Reason::Re(regex)) => {
            out.push(' ');
            write_regex(out, regex);
        }
        None => {}
    }
    write_span(out, "within", close.within);
}
