//! A row of the table: evidence, cause, step.

use super::facts::Facts;

pub(super) struct Row {
    pub(super) seen: fn(&Facts) -> bool,
    /// What was seen, and what causes it; several causes are in the order of likelihood.
    pub(super) cause: &'static str,
    /// What to do, in the order of the causes.
    pub(super) step: &'static str,
}

/// Names in braces are filled in by [`Facts::value`].
pub(super) const fn row(seen: fn(&Facts) -> bool, cause: &'static str, step: &'static str) -> Row {
    Row { seen, cause, step }
}

impl Row {
    /// Cause and step in one line.
    pub(super) fn text(&self, facts: &Facts) -> String {
        let cause = fill(self.cause, facts);
        format!("{cause}; {}", fill(self.step, facts))
    }
}

/// Fills in values; what they contain is not looked at again.
fn fill(template: &str, facts: &Facts) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        match after.split_once('}') {
            Some((name, after)) if !name.is_empty() && is_name(name) => {
                text.push_str(&facts.value(name).unwrap_or_default());
                rest = after;
            }
            // JSON to be sent.
            _ => {
                text.push('{');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}
