//! Header fields as typed: curl's `-H` syntax, and the checks that keep every value on its line.

use std::io;
use std::path::Path;

use url::Url;

use crate::cli::{Field, Subprotocols};
use crate::proto::handshake::client::Edit;
use crate::render::Secrets;
use crate::secret::MASK;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct HeaderError {
    pub place: String,
    pub problem: HeaderProblem,
}

impl HeaderError {
    fn new(place: &str, problem: HeaderProblem) -> Self {
        Self {
            place: place.to_owned(),
            problem,
        }
    }
}

/// Values are never quoted, because they may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderProblem {
    #[error(
        "no ':' in the field; write 'Name: value', 'Name:' to remove or 'Name;' to send it empty"
    )]
    NoColon,
    #[error("the name is empty; write a token such as X-Name or chat.v2")]
    EmptyToken,
    #[error(
        "{token:?} has {found:?} at character {position}; a name may contain only letters, digits and !#$%&'*+-.^_`|~ (RFC 9110 §5.6.2)"
    )]
    NotToken {
        token: String,
        found: char,
        /// Counted in characters, from 1.
        position: usize,
    },
    /// Servers exist that choose by such names.
    #[error(
        "{token:?} has {found:?}, which a subprotocol may not have (RFC 6455 §4.1); to send it all the same: -H 'Sec-WebSocket-Protocol: VALUE'"
    )]
    NotSubprotocol { token: String, found: char },
    #[error(
        "{found:?} at byte {position} of the value; remove it, because it could forge another field (RFC 9110 §5.5)"
    )]
    Control {
        found: char,
        /// Counted in bytes, from 1.
        position: usize,
    },
    #[error("{}", not_origin(origin, sent.as_deref()))]
    NotOrigin {
        origin: String,
        /// What browsers send for it.
        sent: Option<String>,
    },
    #[error("{0:?} is offered twice; RFC 6455 §4.1 allows each subprotocol once")]
    Duplicate(String),
    #[error("cannot read it: {0}; write @FILE with a readable text file")]
    File(String),
}

fn not_origin(origin: &str, sent: Option<&str>) -> String {
    let sent = sent.map_or_else(
        || "write SCHEME://HOST[:PORT], such as https://app.example".to_owned(),
        |sent| format!("write {sent}"),
    );
    format!("no browser sends {origin:?} as an Origin, so it never matches; {sent}")
}

pub fn parse_headers(
    flag: &str,
    args: &[Field],
    mut read: impl FnMut(&Path) -> io::Result<String>,
) -> Result<Vec<Edit>, HeaderError> {
    let mut edits = Vec::with_capacity(args.len());
    for Field(arg) in args {
        match arg.strip_prefix('@') {
            None => edits.push(parse_header(flag, arg)?),
            Some(path) => {
                let text = read(Path::new(path)).map_err(|error| {
                    let problem = HeaderProblem::File(error.to_string());
                    HeaderError::new(&format!("{flag} {arg:?}"), problem)
                })?;
                parse_lines(path, &text, &mut edits)?;
            }
        }
    }
    Ok(edits)
}

fn parse_lines(path: &str, text: &str, edits: &mut Vec<Edit>) -> Result<(), HeaderError> {
    for (index, line) in text.lines().enumerate() {
        if !line.trim().is_empty() {
            edits.push(parse_header(&format!("{path:?} line {}", index + 1), line)?);
        }
    }
    Ok(())
}

pub fn parse_header(place: &str, text: &str) -> Result<Edit, HeaderError> {
    let Some((name, value)) = text.split_once(':') else {
        let Some(name) = text.strip_suffix(';') else {
            return Err(HeaderError::new(place, HeaderProblem::NoColon));
        };
        check_token(place, name)?;
        return Ok(Edit::Set {
            name: name.to_owned(),
            value: String::new(),
        });
    };
    check_token(place, name)?;
    check_value(&format!("{place} {name}"), value)?;
    let (name, value) = (name.to_owned(), value.trim_matches([' ', '\t']).to_owned());
    Ok(if value.is_empty() {
        Edit::Remove { name }
    } else {
        Edit::Set { name, value }
    })
}

/// Checks that `value` stays on its line: no control character but the tab (RFC 9110 §5.5).
/// Other text, including non-ASCII text, is sent as UTF-8.
pub fn check_value(place: &str, value: &str) -> Result<(), HeaderError> {
    match value
        .char_indices()
        .find(|&(_, c)| c.is_ascii_control() && c != '\t')
    {
        None => Ok(()),
        Some((index, found)) => {
            let position = index + 1;
            Err(HeaderError::new(
                place,
                HeaderProblem::Control { found, position },
            ))
        }
    }
}

/// Checks an origin that clients are let in by: one that no browser sends never matches.
pub fn check_origin(place: &str, origin: &str) -> Result<(), HeaderError> {
    check_value(place, origin)?;
    let sent = sent_origin(origin);
    if sent.as_deref() == Some(origin) {
        return Ok(());
    }
    let origin = origin.to_owned();
    Err(HeaderError::new(
        place,
        HeaderProblem::NotOrigin { origin, sent },
    ))
}

/// The origin of a page at this URL as browsers write it (RFC 6454 §6.2).
fn sent_origin(text: &str) -> Option<String> {
    if text == "null" {
        return Some(text.to_owned());
    }
    let text = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let url = Url::parse(&text).ok()?;
    let host = url.host_str()?;
    if host.is_empty() || host.contains('*') {
        return None;
    }
    let origin = url.origin();
    if origin.is_tuple() {
        // That of the page, which is not the URL of the WebSocket.
        let origin = origin.ascii_serialization();
        let page = origin.strip_prefix("ws").map(|rest| format!("http{rest}"));
        return Some(page.unwrap_or(origin));
    }
    // That of an extension, whose scheme no standard knows.
    Some(format!("{}://{host}", url.scheme()))
}

pub fn check_token(place: &str, token: &str) -> Result<(), HeaderError> {
    if token.is_empty() {
        return Err(HeaderError::new(place, HeaderProblem::EmptyToken));
    }
    match token.chars().zip(1..).find(|&(c, _)| !is_token_char(c)) {
        None => Ok(()),
        Some((found, position)) => {
            let token = token.to_owned();
            let problem = HeaderProblem::NotToken {
                token,
                found,
                position,
            };
            Err(HeaderError::new(place, problem))
        }
    }
}

fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

/// Parses the values of all `--subprotocol`, each one name or a comma list, in order.
///
/// RFC 6455 §4.1: subprotocols are tokens and MUST all be unique.
pub fn parse_subprotocols(args: &[Subprotocols]) -> Result<Vec<String>, HeaderError> {
    let place = "--subprotocol";
    let args: Vec<&str> = args.iter().map(|Subprotocols(arg)| &**arg).collect();
    let list = args.join(",");
    let masked = Secrets::Masked.subprotocols(&list);
    let names = args.iter().flat_map(|arg| arg.split(','));
    let mut subprotocols: Vec<String> = Vec::new();
    for (name, shown) in names.zip(masked.split(',')) {
        let name = name.trim_matches([' ', '\t']);
        let shown = shown.trim_matches([' ', '\t']);
        check_token(place, name).map_err(|error| as_subprotocol(error, shown))?;
        if subprotocols.iter().any(|known| known == name) {
            let problem = HeaderProblem::Duplicate(shown.to_owned());
            return Err(HeaderError::new(place, problem));
        }
        subprotocols.push(name.to_owned());
    }
    Ok(subprotocols)
}

/// Names the field that takes what `-s` does not; no field takes a control character.
///
/// `shown` is the masked name. What follows a space in it may be a token, as in `bearer TOKEN`.
fn as_subprotocol(error: HeaderError, shown: &str) -> HeaderError {
    let HeaderError { place, problem } = error;
    let shown = match shown.split_once([' ', '\t', '\n', '\r']) {
        Some((word, _)) => format!("{word} {MASK}"),
        None => shown.to_owned(),
    };
    let problem = match problem {
        HeaderProblem::NotToken { token, found, .. } if !token.contains(char::is_control) => {
            HeaderProblem::NotSubprotocol {
                token: shown,
                found,
            }
        }
        HeaderProblem::NotToken {
            found, position, ..
        } => HeaderProblem::NotToken {
            token: shown,
            found,
            position,
        },
        problem => problem,
    };
    HeaderError { place, problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_send_it() {
        for origin in [
            "https://app.example",
            "http://localhost:3000",
            "http://[::1]:3000",
            "chrome-extension://abcdef",
            "null",
        ] {
            assert_eq!(check_origin("--origin", origin), Ok(()), "{origin}");
        }
        for (origin, sent) in [
            ("https://app.example/", "https://app.example"),
            ("https://App.example", "https://app.example"),
            ("https://app.example:443", "https://app.example"),
            ("https://app.example/path", "https://app.example"),
            ("app.example", "https://app.example"),
            ("ws://app.example", "http://app.example"),
            ("wss://app.example", "https://app.example"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
        ] {
            let checked = check_origin("--origin", origin);
            let text = checked.expect_err(origin).to_string();
            assert!(
                text.ends_with(&format!("never matches; write {sent}")),
                "{text}"
            );
        }
        let text = check_origin("--origin", "*").expect_err("*").to_string();
        assert!(
            text.contains("never matches; write SCHEME://HOST"),
            "{text}"
        );
    }

    fn set(name: &str, value: &str) -> Edit {
        Edit::Set {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    fn header(text: &str) -> Result<Edit, HeaderProblem> {
        parse_header("-H", text).map_err(|error| error.problem)
    }

    fn fields(values: &[&str]) -> Vec<Field> {
        let fields = values.iter().map(|&value| Field(value.to_owned()));
        fields.collect()
    }

    fn args(values: &[&str]) -> Vec<String> {
        values.iter().map(|&value| value.to_owned()).collect()
    }

    #[test]
    fn sets_removes_and_empties_fields() {
        let name = || "X-a".to_owned();
        assert_eq!(header("X-a: b"), Ok(set("X-a", "b")));
        assert_eq!(header("X-a:b:c\t"), Ok(set("X-a", "b:c")));
        assert_eq!(header("X-a: b;"), Ok(set("X-a", "b;")));
        assert_eq!(header("X-a:"), Ok(Edit::Remove { name: name() }));
        assert_eq!(header("X-a:  "), Ok(Edit::Remove { name: name() }));
        assert_eq!(header("X-a;"), Ok(set("X-a", "")));
    }

    #[test]
    fn sends_text_beyond_ascii_and_inner_tabs() {
        assert_eq!(header("X: é\t→"), Ok(set("X", "é\t→")));
    }

    #[test]
    fn refuses_fields_without_colon() {
        assert_eq!(header("X-a"), Err(HeaderProblem::NoColon));
        assert_eq!(header(""), Err(HeaderProblem::NoColon));
    }

    #[test]
    fn refuses_names_that_are_not_tokens() {
        assert_eq!(header(": b"), Err(HeaderProblem::EmptyToken));
        assert_eq!(header(";"), Err(HeaderProblem::EmptyToken));
        for (text, token, found, position) in [
            ("X a: b", "X a", ' ', 2),
            ("X-a : b", "X-a ", ' ', 4),
            ("é: b", "é", 'é', 1),
            ("X\r\nY: b", "X\r\nY", '\r', 2),
        ] {
            let token = token.to_owned();
            let problem = HeaderProblem::NotToken {
                token,
                found,
                position,
            };
            assert_eq!(header(text), Err(problem), "{text:?}");
        }
    }

    #[test]
    fn refuses_control_characters_in_values() {
        for (text, found, position) in [
            ("X: a\r\nEvil: b", '\r', 3),
            ("X: a\nb", '\n', 3),
            ("X:\0", '\0', 1),
            ("X: \u{1b}[2J", '\u{1b}', 2),
            ("X: a\u{7f}", '\u{7f}', 3),
        ] {
            let problem = HeaderProblem::Control { found, position };
            assert_eq!(header(text), Err(problem), "{text:?}");
        }
    }

    #[test]
    fn an_error_names_the_field_but_not_its_value() {
        let error = parse_header("-H", "Authorization: Bearer s3cr3t\n").expect_err("a newline");
        let text = error.to_string();
        assert!(
            text.starts_with("-H Authorization: '\\n' at byte 15"),
            "{text}"
        );
        assert!(!text.contains("s3cr3t"), "{text}");
    }

    #[test]
    fn reads_fields_from_files_in_order() {
        let read = |_: &Path| Ok("A: 1\r\n\r\nB: 2\n".to_owned());
        let edits = parse_headers("-H", &fields(&["X: 0", "@f.txt", "Y: 3"]), read);
        let expected = vec![set("X", "0"), set("A", "1"), set("B", "2"), set("Y", "3")];
        assert_eq!(edits, Ok(expected));
    }

    #[test]
    fn names_file_and_line_of_a_bad_field() {
        let error = parse_headers("-H", &fields(&["@f.txt"]), |_| {
            Ok("A: 1\n\n folded\n".to_owned())
        });
        assert_eq!(error.expect_err("folded").place, "\"f.txt\" line 3");
        let error = parse_headers("-H", &fields(&["@none"]), |_| {
            Err(io::ErrorKind::NotFound.into())
        });
        let text = error.expect_err("missing").to_string();
        assert!(text.starts_with("-H \"@none\": cannot read it: "), "{text}");
    }

    fn names(values: &[&str]) -> Vec<Subprotocols> {
        let names = values.iter().map(|&value| Subprotocols(value.to_owned()));
        names.collect()
    }

    #[test]
    fn a_wrong_subprotocol_is_not_quoted_where_it_may_be_a_token() {
        for values in [
            &["a b S3CRET"] as &[&str],
            &["bearer S3CRET"],
            &["bearer,S3CRET/x=="],
            &["bearer", "S3CRET/x=="],
            &["bearer,S3CRET,jwt,S3CRET"],
            &["bearer\nS3CRET"],
        ] {
            let error = parse_subprotocols(&names(values)).expect_err("a mistake");
            let text = error.to_string();
            assert!(text.contains(MASK) && !text.contains("S3CRET"), "{text}");
        }
    }

    #[test]
    fn offers_subprotocols_from_lists_and_repeats() {
        let names = parse_subprotocols(&names(&["chat.v2, chat.v1", "mqtt"]));
        assert_eq!(names, Ok(args(&["chat.v2", "chat.v1", "mqtt"])));
    }

    #[test]
    fn refuses_empty_malformed_and_duplicate_subprotocols() {
        let problem = |values| parse_subprotocols(&names(values)).map_err(|error| error.problem);
        assert_eq!(problem(&[]), Ok(Vec::new()));
        assert_eq!(problem(&["a,,b"]), Err(HeaderProblem::EmptyToken));
        assert_eq!(problem(&["a,a"]), Err(HeaderProblem::Duplicate("a".into())));
        assert!(matches!(
            problem(&["a b"]),
            Err(HeaderProblem::NotSubprotocol { .. })
        ));
        assert!(matches!(
            problem(&["a\nb"]),
            Err(HeaderProblem::NotToken { .. })
        ));
    }
}
