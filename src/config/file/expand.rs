//! `${NAME}` in a value.

use super::error::FileProblem;

/// Replaces variables; `$${` is a literal `${`, and any other `$` is itself.
pub(super) fn expand(
    text: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<String, FileProblem> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if let Some(before) = rest[..at].strip_suffix('$') {
            out.push_str(before);
            out.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        out.push_str(&rest[..at]);
        let (name, after) = rest[at + 2..]
            .split_once('}')
            .filter(|(name, _)| is_name(name))
            .ok_or(FileProblem::VariableName)?;
        let value = variable(name).ok_or_else(|| FileProblem::Variable(name.to_owned()))?;
        out.push_str(&value);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn is_name(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text.is_empty() && !text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, String> {
        let variable = |name: &str| (name == "A").then(|| "1${A}".to_owned());
        expand(text, variable).map_err(|problem| problem.to_string())
    }

    #[test]
    fn puts_a_variable_in_its_place_once() {
        assert_eq!(expanded("x${A}y${A}"), Ok("x1${A}y1${A}".to_owned()));
        assert_eq!(expanded("$A $ 5$ {A}"), Ok("$A $ 5$ {A}".to_owned()));
        assert_eq!(expanded("$${A} ${A}"), Ok("${A} 1${A}".to_owned()));
    }

    #[test]
    fn a_variable_that_is_not_set_is_an_error() {
        assert!(expanded("${B}").is_err_and(|text| text.contains("variable B is not set") && text.contains("$${B}")));
        for text in ["${", "${}", "${A", "${A-b}", "${1}", "${ A}"] {
            assert!(
                expanded(text).is_err_and(|text| text.contains("write ${NAME}")),
                "{text}"
            );
        }
    }
}
