//! `--write-out`: the user's format, filled in at the end of a run.

mod template;
mod variable;

pub use template::{Template, TemplateError};
pub use variable::Report;

use super::escape::escape_line;
use template::Piece;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

impl Template {
    /// The text for each stream, in order; text from the peer is escaped where `is_escaped` says so.
    pub fn fill(
        &self,
        report: &Report<'_>,
        is_escaped: impl Fn(Stream) -> bool,
    ) -> Vec<(Stream, String)> {
        let mut parts = vec![(Stream::Stdout, String::new())];
        for piece in &self.pieces {
            let Some((stream, out)) = parts.last_mut() else {
                break;
            };
            let value = match piece {
                Piece::To(stream) => {
                    parts.push((*stream, String::new()));
                    continue;
                }
                Piece::OnError if report.exit.status() == 0 => break,
                Piece::OnError => continue,
                Piece::Text(text) => {
                    out.push_str(text);
                    continue;
                }
                Piece::Json => report.json(),
                Piece::Variable(variable) => variable.value(report).plain(),
                Piece::Header(name) => report.header(name).plain(),
            };
            if is_escaped(*stream) {
                out.push_str(&escape_line(&value));
            } else {
                out.push_str(&value);
            }
        }
        parts.retain(|(_, text)| !text.is_empty());
        parts
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::event::{Event, Opening};
    use crate::exit::Exit;
    use crate::proto::http1::Head;
    use crate::render::Secrets;

    fn opening() -> Opening {
        let start = Instant::now();
        let mut opening = Opening::new("ws://h/", start);
        let fields = [("Server", "a\x1b[2Jb"), ("Set-Cookie", "id=1")];
        let head = Head::encode("HTTP/1.1 403 Forbidden", fields);
        opening.observe(&Event::Response(&head), start + Duration::from_millis(3));
        opening
    }

    fn report(opening: &Opening) -> Report<'_> {
        Report {
            opening,
            ending: None,
            exit: Exit::Refused,
            error: "refused",
            url: "ws://me:pw@h/?token=x",
            total: Duration::from_micros(1_500_001),
            secrets: Secrets::Masked,
        }
    }

    fn filled(format: &str) -> Vec<(Stream, String)> {
        let template = Template::parse(format).unwrap_or_else(|error| panic!("{error}"));
        template.fill(&report(&opening()), |stream| stream == Stream::Stderr)
    }

    fn text(format: &str) -> String {
        filled(format).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn variables_hold_what_happened() {
        assert_eq!(
            text("%{http_code} %{exitcode} %{errormsg} %{time_total}"),
            "403 22 refused 1.500001"
        );
    }

    #[test]
    fn missing_values_are_zero_or_empty_as_in_curl() {
        assert_eq!(
            text("[%{time_connect} %{messages_in} %{close_code} %{close_reason}%{subprotocol}]"),
            "[0.000000 0 0 ]"
        );
    }

    #[test]
    fn a_round_trip_that_was_not_measured_is_empty() {
        assert_eq!(text("[%{rtt_avg}%{rtt_min}%{rtt_max}]"), "[]");
        let json: serde_json::Value = serde_json::from_str(&text("%{json}")).expect("JSON");
        assert_eq!(json["rtt_avg"], serde_json::Value::Null);
    }

    #[test]
    fn escapes_are_those_of_curl() {
        assert_eq!(text(r"a\tb\r\n%%{x}%z 5% \q"), "a\tb\r\n%{x}%z 5% \\q");
        assert_eq!(text(r"\\n"), r"\n");
        assert_eq!(text("é%%é"), "é%é");
    }

    #[test]
    fn the_stream_switches() {
        assert_eq!(
            filled("a%{stderr}b%{stdout}c"),
            [
                (Stream::Stdout, "a".to_owned()),
                (Stream::Stderr, "b".to_owned()),
                (Stream::Stdout, "c".to_owned()),
            ]
        );
    }

    #[test]
    fn the_peers_text_is_escaped_where_it_could_steer() {
        assert_eq!(text("%header{server}"), "a\x1b[2Jb");
        assert_eq!(text("%{stderr}%header{SERVER}"), r"a\x1b[2Jb");
    }

    #[test]
    fn secrets_are_masked() {
        assert_eq!(
            text("%header{set-cookie} %{url}"),
            "*** ws://***@h/?token=***"
        );
        assert!(!text("%{json}").contains("pw"));
    }

    #[test]
    fn output_after_onerror_is_for_failures_only() {
        assert_eq!(text("a%{onerror}b"), "ab");
        let template = Template::parse("a%{onerror}b").unwrap();
        let opening = opening();
        let done = Report {
            exit: Exit::Done,
            ..report(&opening)
        };
        let stdout = (Stream::Stdout, "a".to_owned());
        assert_eq!(template.fill(&done, |_| false), [stdout]);
    }

    #[test]
    fn json_has_every_variable_once() {
        let json: serde_json::Value = serde_json::from_str(&text("%{json}")).expect("JSON");
        assert_eq!(json["http_code"], 403);
        assert_eq!(json["time_open"], serde_json::Value::Null);
        assert_eq!(json["time_total"], 1.500_001);
        let names = json.as_object().map(serde_json::Map::len);
        assert_eq!(names, Some(variable::Variable::ALL.len()));
    }

    #[test]
    fn unknown_names_are_refused_with_a_suggestion() {
        let error = |format| Template::parse(format).expect_err("an error").to_string();
        assert_eq!(
            error("%{time_opne}"),
            "unknown variable %{time_opne}; did you mean %{time_open}?"
        );
        assert_eq!(
            error("%{speed_download}"),
            "unknown variable %{speed_download}; wsee --help lists them all"
        );
        assert_eq!(error("%{url"), "%{ without }; write %% for a percent sign");
        assert!(error("%header{}").contains("%header{server}"));
    }
}
