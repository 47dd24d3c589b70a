//! The `Sec-WebSocket-Extensions` field (RFC 6455 §9.1).

use std::fmt;

use crate::proto::http1::Head;
use crate::proto::http1::head::is_token_byte;

/// An extension with its parameters, as offered or selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// The registered name.
    pub name: String,
    /// Names and values of the parameters, in order.
    pub params: Vec<(String, Option<String>)>,
}

/// A list of extensions that breaks the grammar of RFC 6455 §9.1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a list of extensions (RFC 6455 §9.1){}", place(.rest))]
pub struct ExtensionSyntaxError {
    /// The start of the list.
    pub list: String,
    /// The start of the rest, from the fault on.
    pub rest: String,
}

/// The most characters of a list that are shown.
const SHOWN: usize = 80;

fn place(rest: &str) -> String {
    if rest.is_empty() {
        ": it ends too early".to_owned()
    } else {
        format!(" from {rest:?} on")
    }
}

/// All extensions in all `Sec-WebSocket-Extensions` fields of a head.
pub fn extensions(head: &Head) -> Result<Vec<Extension>, ExtensionSyntaxError> {
    let mut all = Vec::new();
    for value in head.values("Sec-WebSocket-Extensions") {
        all.extend(parse(&String::from_utf8_lossy(value))?);
    }
    Ok(all)
}

/// What is readable of the extensions of a head; faulty elements and parameters are left out.
pub fn readable(head: &Head) -> Vec<Extension> {
    let values = head.list("Sec-WebSocket-Extensions");
    let extensions = values.iter().filter_map(|element| {
        let mut parts = element.split(';').map(str::trim);
        let alone = parse(parts.next()?).ok()?.into_iter().next()?;
        let params = parts.filter_map(|param| {
            let whole = parse(&format!("{}; {param}", alone.name)).ok()?;
            whole.into_iter().next()?.params.into_iter().next()
        });
        Some(Extension {
            params: params.collect(),
            name: alone.name.clone(),
        })
    });
    extensions.collect()
}

/// Parses the value of a field.
pub fn parse(value: &str) -> Result<Vec<Extension>, ExtensionSyntaxError> {
    let mut cursor = Cursor {
        list: value,
        rest: value,
    };
    let mut list = Vec::new();
    loop {
        // RFC 9110 §5.6.1: a recipient MUST ignore empty elements of a list.
        while cursor.take(',') {}
        if cursor.rest.is_empty() {
            return Ok(list);
        }
        list.push(cursor.extension()?);
        if !cursor.rest.is_empty() && !cursor.take(',') {
            return Err(cursor.fault());
        }
    }
}

/// A field's value, and what is left of it.
struct Cursor<'a> {
    list: &'a str,
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn extension(&mut self) -> Result<Extension, ExtensionSyntaxError> {
        let name = self.token()?.to_owned();
        let mut params = Vec::new();
        while self.take(';') {
            let param = self.token()?.to_owned();
            let value = if self.take('=') {
                Some(self.value()?)
            } else {
                None
            };
            params.push((param, value));
        }
        Ok(Extension { name, params })
    }

    /// A token, or a quoted string whose content is one (RFC 6455 §9.1).
    fn value(&mut self) -> Result<String, ExtensionSyntaxError> {
        let Some(quoted) = self.rest.strip_prefix('"') else {
            return self.token().map(str::to_owned);
        };
        let Some((content, rest)) = quoted.split_once('"') else {
            return Err(self.fault());
        };
        if content.is_empty() || !content.bytes().all(is_token_byte) {
            return Err(self.fault());
        }
        self.rest = rest.trim_start_matches([' ', '\t']);
        Ok(content.to_owned())
    }

    fn token(&mut self) -> Result<&'a str, ExtensionSyntaxError> {
        self.skip_space();
        let len = self
            .rest
            .bytes()
            .take_while(|&byte| is_token_byte(byte))
            .count();
        if len == 0 {
            return Err(self.fault());
        }
        let (token, rest) = self.rest.split_at(len);
        self.rest = rest;
        self.skip_space();
        Ok(token)
    }

    fn take(&mut self, mark: char) -> bool {
        self.skip_space();
        let rest = self.rest.strip_prefix(mark);
        self.rest = rest.unwrap_or(self.rest);
        self.skip_space();
        rest.is_some()
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn fault(&self) -> ExtensionSyntaxError {
        let start = |text: &str| text.chars().take(SHOWN).collect();
        ExtensionSyntaxError {
            list: start(self.list),
            rest: start(self.rest),
        }
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (name, value) in &self.params {
            write!(f, "; {name}")?;
            if let Some(value) = value {
                write!(f, "={value}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_forms_of_rfc6455_section_9_1() {
        let list = parse("foo, bar; baz=2 ,, deflate-stream;a;b=\"10\"").unwrap();
        let shown: Vec<String> = list.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["foo", "bar; baz=2", "deflate-stream; a; b=10"]);
        assert_eq!(parse("").unwrap(), []);
    }

    #[test]
    fn refuses_lists_that_break_the_grammar() {
        for value in [
            "a;",
            "a;=1",
            "a;b=",
            "a b",
            "a;b=\"",
            "a;b=\"\"",
            "a;b=\"x y\"",
            ";a",
            "a;b=1 2",
            "a=1",
        ] {
            assert!(parse(value).is_err(), "{value}");
        }
        let told = |value| parse(value).unwrap_err().to_string();
        assert_eq!(
            told("a b"),
            "not a list of extensions (RFC 6455 §9.1) from \"b\" on"
        );
        assert!(told("a;").ends_with("(RFC 6455 §9.1): it ends too early"));
    }

    #[test]
    fn of_a_faulty_list_the_rest_is_readable() {
        let readable = |value: &str| {
            let head = Head::encode("HTTP/1.1 101 x", [("Sec-WebSocket-Extensions", value)]);
            let list: Vec<String> = readable(&head).iter().map(ToString::to_string).collect();
            list.join(", ")
        };
        assert_eq!(readable("permessage-deflate;"), "permessage-deflate");
        assert_eq!(readable("a; =1; b=2;, ;c, d e"), "a; b=2");
        assert_eq!(readable("a; b=\"2\""), "a; b=2");
    }
}
