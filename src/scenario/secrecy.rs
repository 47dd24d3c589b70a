//! Lines of a scenario as reports quote them: secrets that are written in a file are masked.

use std::borrow::Cow;

use crate::render::Secrets;
use crate::secret::MASK;

/// Flags below `connect` whose whole value is a secret, as the command line defines them.
const SECRET_FLAGS: [&str; 5] = ["bearer", "cookie", "pass", "proxy-user", "user"];
const FIELD_FLAGS: [&str; 2] = ["header", "proxy-header"];

impl Secrets {
    /// A line of a scenario, which need not be valid. Variables are no secrets.
    pub fn scenario_line(self, line: &str) -> Cow<'_, str> {
        if self == Self::Shown || masked(&without_variables(line)).is_none() {
            return Cow::Borrowed(line);
        }
        masked(line).map_or(Cow::Borrowed(line), Cow::Owned)
    }
}

/// `None` if no secret is in the line.
fn masked(line: &str) -> Option<String> {
    let text = line.trim_start();
    // What is sent or expected is shown, as everywhere.
    if text.starts_with(['>', '<', '#']) {
        return None;
    }
    let start = &line[..line.len() - text.len()];
    if let Some(shown) = condition(text) {
        return (shown != text).then(|| format!("{start}{shown}"));
    }
    let shown = match flag(text) {
        Some((name, value)) => format!(
            "{}{}",
            &text[..text.len() - value.len()],
            flag_value(name, value)
        ),
        None => match text.split_once(':') {
            Some((name, value)) if is_field(name) && !value.starts_with("//") => {
                format!("{name}:{}", field_value(name, value))
            }
            _ => words(text),
        },
    };
    (shown != text).then(|| format!("{start}{shown}"))
}

/// A line of rules that begins with `accept` or `reject`, with its credentials masked.
fn condition(text: &str) -> Option<String> {
    let (first, _) = text.split_once(' ')?;
    if !matches!(first, "accept" | "reject") {
        return None;
    }
    let mut before = ("", "");
    let words = text.split(' ').map(|word| {
        let shown = match before {
            (_, "basic" | "bearer") => Cow::Borrowed(MASK),
            ("header", name) => match name.strip_suffix(':') {
                Some(name) => Secrets::Masked.header_value(name, word),
                None => Cow::Borrowed(word),
            },
            _ => Cow::Borrowed(word),
        };
        before = (before.1, word);
        shown
    });
    Some(words.collect::<Vec<_>>().join(" "))
}

/// The name and the value of `--name value` or `--name=value`; one dash may be missing.
fn flag(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('-')?;
    let (name, value) = text.split_once([' ', '\t', '='])?;
    Some((name.trim_start_matches('-'), value.trim_start()))
}

fn flag_value(name: &str, value: &str) -> String {
    let bare = value.trim().trim_matches(['"', '\'']);
    if bare.is_empty() || name == "cookie" && bare.starts_with('@') {
        value.to_owned()
    } else if SECRET_FLAGS.contains(&name) {
        MASK.to_owned()
    } else if FIELD_FLAGS.contains(&name) {
        match bare.split_once(':') {
            Some((name, text)) => format!("{name}:{}", field_value(name, text)),
            None => value.to_owned(),
        }
    } else if name == "subprotocol" {
        Secrets::Masked.subprotocols(value).into_owned()
    } else {
        words(value)
    }
}

fn is_field(name: &str) -> bool {
    !name.is_empty() && !name.contains(char::is_whitespace)
}

fn field_value(name: &str, value: &str) -> String {
    let text = value.trim_start();
    if text.is_empty() {
        return value.to_owned();
    }
    let space = &value[..value.len() - text.len()];
    format!("{space}{}", Secrets::Masked.header_value(name, text))
}

/// Masks the URLs among the words.
fn words(text: &str) -> String {
    let words = text.split(' ').map(|word| match word {
        // A profile: the part before its @ is no userinfo.
        profile if profile.starts_with('@') => Cow::Borrowed(profile),
        url if url.contains(['?', '@', '/']) => Secrets::Masked.url(url),
        other => Cow::Borrowed(other),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn without_variables(line: &str) -> String {
    let mut rest = line;
    let mut out = String::new();
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((_, after)) = after.split_once("}}") else {
            break;
        };
        out.push_str(before);
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_a_line_are_masked() {
        for (line, shown) in [
            (
                "connect a ws://h/?token=S3CRET",
                "connect a ws://h/?token=***",
            ),
            ("connect ws://u:S3CRET@h/", "connect ws://***@h/"),
            ("ws://h/?token=S3CRET", "ws://h/?token=***"),
            ("--bearer S3CRET", "--bearer ***"),
            ("  --user=u:S3CRET", "  --user=***"),
            ("-bearer S3CRET", "-bearer ***"),
            ("--subprotocol bearer,S3CRET", "--subprotocol bearer,***"),
            ("--header Cookie: S3CRET", "--header Cookie: ***"),
            ("--proxy http://u:S3CRET@h", "--proxy http://***@h"),
            ("Authorization: Bearer S3CRET", "Authorization: Bearer ***"),
            ("accept path / bearer S3CRET", "accept path / bearer ***"),
            (
                "reject 401 basic u:S3CRET path /",
                "reject 401 basic *** path /",
            ),
            ("accept header Cookie: S3CRET", "accept header Cookie: ***"),
        ] {
            assert_eq!(Secrets::Masked.scenario_line(line), shown);
            assert_eq!(Secrets::Shown.scenario_line(line), line);
        }
    }

    #[test]
    fn variables_and_payload_are_shown() {
        for line in [
            "connect ws://h/?token={{env.TOKEN}}",
            "--bearer {{env.TOKEN}}",
            "--cookie @jar",
            "connect @staging",
            "Authorization: Bearer {{token}}",
            "> see ws://h/?token=x",
            "> Cookie: x",
            "expect text hello",
        ] {
            assert_eq!(Secrets::Masked.scenario_line(line), line);
        }
    }
}
